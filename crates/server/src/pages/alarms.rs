//! Everything that must be seen by somebody: what, since when or until when, who must act, what to do.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lifeline_core::due::{Alarm, AlarmKind, alarms};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::{Action, Role};
use lifeline_core::subject::Subject;

use crate::alarms::{acted_on_by, answers};
use crate::app::App;
use crate::pages::timeline::person;
use crate::web::words::address;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// The route of this page.
pub fn routes() -> Router<App> {
    Router::new().route("/alarms", get(list))
}

/// One alarm in words.
pub struct Line {
    /// How loud.
    pub tone: Tone,
    /// What.
    pub what: String,
    /// Which thing, as people call it.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Deadline, or since when.
    pub at: Moment,
    /// Whether `at` is a deadline.
    pub deadline: bool,
    /// The roles that may act.
    pub who: String,
    /// What to do.
    pub todo: String,
    /// Whether the person who looks may act.
    pub mine: bool,
}

/// Whether the moment of an alarm is a deadline.
pub(super) fn has_deadline(kind: AlarmKind) -> bool {
    matches!(
        kind,
        AlarmKind::EmergencyClock
            | AlarmKind::RetrospectiveOverdue
            | AlarmKind::RetrospectiveWaiting
            | AlarmKind::NotReceived
            | AlarmKind::NoFate
            | AlarmKind::AssessmentOverdue
            | AlarmKind::AssessmentLast
            | AlarmKind::AssessmentSecond
            | AlarmKind::AssessmentFirst
            | AlarmKind::LotEnding
    )
}

pub(super) fn tone(kind: AlarmKind) -> Tone {
    match kind {
        AlarmKind::FoundIncompatible
        | AlarmKind::EmergencyClock
        | AlarmKind::RetrospectiveOverdue => Tone::Stop,
        kind if kind.urgent() => Tone::Warn,
        AlarmKind::RetrospectiveWaiting
        | AlarmKind::FailedMessage
        | AlarmKind::AssessmentOverdue
        | AlarmKind::AssessmentLast
        | AlarmKind::AssessmentUnsolved => Tone::Warn,
        _ => Tone::Note,
    }
}

/// The roles that may act on a kind, in the page's language.
fn roles(frame: &Frame, hospital: &Hospital, kind: AlarmKind) -> String {
    let may = |role: &Role| {
        acted_on_by(kind)
            .iter()
            .any(|action| hospital.policies.grants(*role, *action, frame.now))
    };
    let names: Vec<String> = Role::ALL
        .into_iter()
        .filter(|role| *role != Role::Device && may(role))
        .map(|role| frame.t.m(&format!("role-{}", role.as_str())))
        .collect();
    names.join(&frame.t.m("list-separator"))
}

/// A thing by the name people call it by, with what tells it from others.
pub fn named(frame: &Frame, hospital: &Hospital, subject: &Subject) -> String {
    match subject {
        Subject::Unit(id) => format!("{} {}", id.din.grouped(), id.product),
        Subject::Issue(id) => match hospital.issues.get(*id) {
            Some(issue) => format!(
                "{id} · {} → {}",
                issue.unit.din.grouped(),
                issue.destination
            ),
            None => id.to_string(),
        },
        Subject::Test(id) => match hospital.tests.get(*id) {
            Some(test) => format!("{id} · {}", test.material.subject().identifier()),
            None => id.to_string(),
        },
        Subject::Measurement(id) => match hospital.measurements.get(*id) {
            Some(one) => format!("{id} · {}", one.sample),
            None => id.to_string(),
        },
        Subject::Crossmatch(id) => match hospital.crossmatches.get(*id) {
            Some(found) => format!("{id} · {}", found.unit.din.grouped()),
            None => id.to_string(),
        },
        Subject::Message(id) => match hospital.devices.message(*id) {
            Some(message) => format!("{id} · {}", message.link),
            None => id.to_string(),
        },
        Subject::Request(id) => match hospital.requests.get(*id) {
            Some(request) => format!(
                "{id} · {}",
                super::parts::ward(frame, hospital, &request.order.ward)
            ),
            None => id.to_string(),
        },
        Subject::Round(id) => match hospital.assessments.round(*id) {
            Some(round) => format!("{} · {}", round.programme, round.label),
            None => id.to_string(),
        },
        Subject::User(id) => person(frame, hospital, id.as_str()),
        other => other.identifier(),
    }
}

/// Where one acts on an alarm: the page of the thing, except where the work is done elsewhere.
pub(super) fn place(hospital: &Hospital, alarm: &Alarm) -> String {
    match (alarm.kind, &alarm.subject) {
        (AlarmKind::FoundIncompatible | AlarmKind::EmergencyClock, _) => "/issue/emergency".into(),
        (
            AlarmKind::RetrospectiveOverdue | AlarmKind::RetrospectiveWaiting,
            Subject::Issue(issue),
        ) => match hospital.issues.get(*issue) {
            Some(issue) => address(&Subject::from(issue.request)),
            None => address(&alarm.subject),
        },
        (AlarmKind::SampleRejected, Subject::Sample(sample)) => {
            super::answers::rejected_address(sample)
        }
        (_, subject) => address(subject),
    }
}

/// An alarm in words, for one who looks.
pub fn line(app: &App, frame: &Frame, hospital: &Hospital, visit: &Visit, alarm: &Alarm) -> Line {
    let key = alarm.kind.as_str().replace('_', "-");
    let t = &frame.t;
    Line {
        tone: tone(alarm.kind),
        what: t.m(&format!("alarm-{key}")),
        name: named(frame, hospital, &alarm.subject),
        href: place(hospital, alarm),
        at: frame.moment(alarm.at),
        deadline: has_deadline(alarm.kind),
        who: roles(frame, hospital, alarm.kind),
        todo: t.m(&format!("alarm-{key}-do")),
        mine: app
            .actor(visit)
            .is_ok_and(|user| answers(hospital, &user, alarm.kind, frame.now)),
    }
}

struct Group {
    what: String,
    todo: String,
    who: String,
    tone: Tone,
    mine: bool,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "board/alarms.html")]
struct AlarmsPage {
    groups: Vec<Group>,
    frame: Frame,
}

async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewBoard)?;
    let hospital = app.state();
    let mut by_kind: BTreeMap<AlarmKind, Vec<Line>> = BTreeMap::new();
    for alarm in alarms(&hospital, frame.now) {
        by_kind
            .entry(alarm.kind)
            .or_default()
            .push(line(&app, &frame, &hospital, &visit, &alarm));
    }
    let groups: Vec<Group> = by_kind
        .into_iter()
        .filter_map(|(kind, lines)| {
            let first = lines.first()?;
            Some(Group {
                what: first.what.clone(),
                todo: first.todo.clone(),
                who: first.who.clone(),
                tone: tone(kind),
                mine: first.mine,
                lines,
            })
        })
        .collect();
    Ok(render(&AlarmsPage { groups, frame }))
}
