//! The board: what is wrong now, what waits, and what is in stock. Read at three in the morning from a metre away.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::due::alarms;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::request::{Request, Urgency};
use lifeline_core::subject::Subject;
use lifeline_core::unit::{Hold, Status};

use crate::app::App;
use crate::links::Lines;
use crate::pages::{alarms as alarm_pages, blood, stock};
use crate::web::words::address;
use crate::web::{Frame, GroupMark, Moment, PageError, Tone, Visit, render};

/// Urgent alarms shown; all of them are on the alarm page.
const ALARMS_MOST: usize = 6;
/// Open requests shown; all of them are in the crossmatch room.
const REQUESTS_MOST: usize = 12;

/// The route of this page.
pub fn routes() -> Router<App> {
    Router::new().route("/board", get(show))
}

struct RequestLine {
    href: String,
    name: String,
    tone: Tone,
    urgency: String,
    needed: Moment,
    patient: String,
    group: Option<GroupMark>,
    wanted: String,
    ward: String,
    state: String,
}

/// Work of one kind that waits: how much, and where it begins.
struct Queue {
    words: String,
    icon: &'static str,
    tone: Tone,
    count: usize,
    href: String,
    first: Option<First>,
}

struct First {
    href: String,
    name: String,
    at: Moment,
    deadline: bool,
}

#[derive(Template)]
#[template(path = "board/board.html")]
struct BoardPage {
    urgent: Vec<alarm_pages::Line>,
    urgent_count: usize,
    requests: Option<Vec<RequestLine>>,
    request_count: usize,
    queues: Vec<Queue>,
    stock: Option<stock::Grid>,
    in_department: bool,
    frame: Frame,
}

async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewBoard)?;
    let hospital = app.state();
    let list = alarms(&hospital, frame.now);
    let urgent: Vec<_> = list.iter().filter(|alarm| alarm.kind.urgent()).collect();
    let may = |action| app.may(&visit, action);
    let open = || hospital.requests.open();
    let requests = may(Action::ViewRequest).then(|| {
        open()
            .take(REQUESTS_MOST)
            .map(|request| request_line(&frame, &hospital, request, may(Action::ViewPatient)))
            .collect()
    });
    let page = BoardPage {
        urgent_count: urgent.len(),
        urgent: urgent
            .into_iter()
            .take(ALARMS_MOST)
            .map(|alarm| alarm_pages::line(&app, &frame, &hospital, &visit, alarm))
            .collect(),
        requests,
        request_count: open().count(),
        queues: queues(&frame, &hospital, &app.lines, &may),
        stock: may(Action::ViewStock).then(|| stock::grid_of(&frame, &hospital)),
        in_department: may(Action::ViewCrossmatch),
        frame: frame.clone(),
    };
    Ok(render(&page))
}

fn request_line(
    frame: &Frame,
    hospital: &Hospital,
    request: &Request,
    with_patient: bool,
) -> RequestLine {
    let t = &frame.t;
    let order = &request.order;
    let record = hospital.record_of(request.patient).filter(|_| with_patient);
    let left = lifeline_core::blood::Amount {
        hundredths: request.outstanding(),
        ..order.amount
    };
    RequestLine {
        href: address(&Subject::from(request.id)),
        name: request.id.to_string(),
        tone: match order.urgency {
            Urgency::Emergency => Tone::Stop,
            Urgency::Urgent => Tone::Warn,
            Urgency::Routine => Tone::Note,
        },
        urgency: t.m(&format!("urgency-{}", order.urgency.as_str())),
        needed: frame.moment(order.needed),
        patient: record
            .as_ref()
            .map(|record| record.standing().demographics.name.clone())
            .unwrap_or_default(),
        group: record
            .and_then(|record| record.group(frame.now).group())
            .map(GroupMark::from),
        wanted: format!(
            "{} {}",
            blood::component(frame, order.component),
            blood::amount(frame, left)
        ),
        ward: super::parts::ward(frame, hospital, &order.ward),
        state: t.m(&format!("request-state-{}", request.state.as_str())),
    }
}

fn queues(
    frame: &Frame,
    hospital: &Hospital,
    lines: &Lines,
    may: &dyn Fn(Action) -> bool,
) -> Vec<Queue> {
    let now = frame.now;
    let mut queues = Vec::new();
    let mut put = |word: &str,
                   icon: &'static str,
                   tone: Tone,
                   href: &str,
                   deadline: bool,
                   found: &mut dyn Iterator<Item = (Timestamp, Subject)>| {
        let mut first: Option<(Timestamp, Subject)> = None;
        let mut count = 0;
        for (at, subject) in found {
            count += 1;
            if first.as_ref().is_none_or(|(oldest, _)| at < *oldest) {
                first = Some((at, subject));
            }
        }
        queues.push(Queue {
            words: frame.t.m(word),
            icon,
            tone: if count == 0 { Tone::Good } else { tone },
            count,
            href: href.to_owned(),
            first: first.map(|(at, subject)| First {
                href: address(&subject),
                name: alarm_pages::named(frame, hospital, &subject),
                at: frame.moment(at),
                deadline,
            }),
        });
    };
    let issue_due = hospital
        .policies
        .span(lifeline_core::policy::Key::StartWithin, now)
        .unwrap_or_default();
    let fate_due = hospital
        .policies
        .span(lifeline_core::policy::Key::FateWithin, now)
        .unwrap_or_default();
    if may(Action::ViewPatient) {
        put(
            "board-samples",
            "test-pipe",
            Tone::Note,
            "/samples",
            false,
            &mut hospital
                .samples
                .expiring(now)
                .filter(|sample| sample.tests.is_empty())
                .map(|sample| (sample.received.at, sample.id.clone().into())),
        );
        put(
            "board-results",
            "microscope",
            Tone::Note,
            "/bench",
            false,
            &mut hospital
                .tests
                .pending()
                .map(|test| (test.changed.at, test.id.into())),
        );
    }
    if may(Action::ViewCrossmatch) {
        put(
            "board-crossmatches",
            "arrows-cross",
            Tone::Note,
            "/crossmatch",
            false,
            &mut hospital
                .crossmatches
                .unreviewed()
                .map(|found| (found.recorded.at, found.id.into())),
        );
    }
    if may(Action::ViewRequest) {
        put(
            "board-retrospective",
            "clock",
            Tone::Stop,
            "/issue/emergency",
            true,
            &mut hospital
                .issues
                .retrospective()
                .filter_map(|issue| Some((issue.retrospective_due?, issue.id.into()))),
        );
        put(
            "board-not-received",
            "truck-delivery",
            Tone::Warn,
            "/issue",
            true,
            &mut hospital.issues.open().filter_map(|issue| {
                let unit = hospital.units.get(&issue.unit)?;
                (issue.on_ward.is_none() && unit.status == Status::Issued)
                    .then(|| (issue.issued.at + issue_due, issue.id.into()))
            }),
        );
        put(
            "board-no-fate",
            "bed",
            Tone::Note,
            "/ward",
            true,
            &mut hospital.issues.open().filter_map(|issue| {
                let unit = hospital.units.get(&issue.unit)?;
                (issue.on_ward.is_some() || unit.status != Status::Issued)
                    .then(|| (issue.issued.at + fate_due, issue.id.into()))
            }),
        );
    }
    if may(Action::ViewStock) {
        let waits = |hold: &Hold| *hold == Hold::AwaitingRegroup;
        put(
            "board-regroup",
            "droplet",
            Tone::Note,
            "/stock/list?status=quarantined",
            false,
            &mut hospital
                .units
                .quarantined()
                .filter(|unit| unit.holds.iter().any(waits))
                .map(|unit| (unit.changed.at, unit.id.into())),
        );
        put(
            "board-quarantine",
            "shield-lock",
            Tone::Warn,
            "/stock/list?status=quarantined",
            false,
            &mut hospital
                .units
                .quarantined()
                .filter(|unit| unit.holds.iter().any(|hold| !waits(hold)))
                .map(|unit| (unit.changed.at, unit.id.into())),
        );
    }
    if may(Action::ViewQuality) {
        put(
            "board-controls",
            "alert-octagon",
            Tone::Stop,
            "/qc/cases",
            false,
            &mut hospital
                .quality
                .open_cases()
                .map(|case| (case.opened.at, case.id.into())),
        );
        put(
            "board-controls-due",
            "checkup-list",
            Tone::Warn,
            "/qc",
            false,
            &mut lifeline_core::quality::due_lines(hospital, now)
                .into_iter()
                .filter(|line| {
                    use lifeline_core::quality::Light;
                    matches!(line.light, Light::Due | Light::Running)
                })
                .filter_map(|line| Some((line.last?.ran, line.control.code.clone().into()))),
        );
    }
    if may(Action::ViewDevice) {
        put(
            "board-messages",
            "alert-triangle",
            Tone::Warn,
            "/messages?state=failed",
            false,
            &mut hospital
                .devices
                .failed()
                .map(|message| (message.changed.at, message.id.into())),
        );
        put(
            "board-lines-down",
            "alert-triangle",
            Tone::Warn,
            "/equipment",
            false,
            &mut lines
                .down()
                .into_iter()
                .map(|line| (line.since, line.device.into())),
        );
    }
    // What waits comes before what does not; within each, the order of the work.
    queues.sort_by_key(|queue| queue.count == 0);
    queues
}
