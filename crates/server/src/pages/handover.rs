//! The hand-over: the gate's verdict, the scan-back, two signatures; and the bag's way back.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use lifeline_core::blood::{Celsius, UnitId};
use lifeline_core::event::Event;
use lifeline_core::finding::{Finding, Rule, Severity};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{IssueId, LocationId, PatientNumber, RequestId, UserId};
use lifeline_core::issue::{
    Issue, IssueEvent, IssueUnit, Purpose, ReturnIssue, emergency_level, gate, minutes_out,
};
use lifeline_core::people::Action;
use lifeline_core::request::{EmergencyLevel, Urgency};
use lifeline_core::subject::Subject;
use lifeline_core::unit::{Appearance, Checked, Status};
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::parts::{Named, RequestRow, answered, request_row, verdict};
use crate::pages::person::Strip;
use crate::pages::unit::{Row, row};
use crate::pages::{scan, stock, timeline};
use crate::web::{
    Banner, Form, Frame, Moment, PageError, Posted, Room, TimelineEntry, Tone, Visit, render, words,
};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/issue", get(list))
        .route("/issue/new", get(new).post(issue))
        .route("/issue/{issue}", get(show).post(give_back))
}

/// The address of a hand-over.
pub fn address(issue: IssueId) -> String {
    format!("/issue/{issue}")
}

/// A hand-over in one row.
pub struct IssueRow {
    /// Its page.
    pub href: String,
    /// Number.
    pub id: String,
    /// The unit.
    pub unit: String,
    /// For whom.
    pub patient: String,
    /// Where to.
    pub place: String,
    /// When.
    pub at: Moment,
    /// How loud.
    pub tone: Tone,
    /// Where the unit stands.
    pub status: String,
}

/// A hand-over as a row.
pub fn issue_row(frame: &Frame, hospital: &Hospital, issue: &Issue) -> IssueRow {
    let (tone, status) = hospital
        .units
        .get(&issue.unit)
        .map(|unit| crate::pages::blood::status(frame, unit.status))
        .unwrap_or((Tone::Note, String::new()));
    IssueRow {
        href: address(issue.id),
        id: issue.id.to_string(),
        unit: issue.unit.to_string(),
        patient: hospital
            .record_of(issue.patient)
            .map(|record| record.standing().demographics.name.clone())
            .unwrap_or_default(),
        place: issue.destination.to_string(),
        at: frame.moment(issue.issued.at),
        tone,
        status,
    }
}

#[derive(Template)]
#[template(path = "issue/list.html")]
struct ListPage {
    form: Form,
    rows: Vec<IssueRow>,
    may_issue: bool,
    frame: Frame,
}

/// The most hand-overs on the list.
const LISTED_MOST: usize = 100;

async fn list(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    frame.room = Some(Room::Issue);
    let hospital = app.state();
    let rows = hospital
        .issues
        .open()
        .take(LISTED_MOST)
        .map(|issue| issue_row(&frame, &hospital, issue))
        .collect();
    Ok(render(&ListPage {
        form: Form::blank(&frame),
        rows,
        may_issue: app.may(&visit, Action::UnitIssue),
        frame,
    }))
}

/// What is handed over to whom, once both are known.
struct Case {
    bag: Row,
    row: RequestRow,
    strip: Strip,
    verdict: Banner,
    emergency: bool,
    levels: Vec<(String, String)>,
    reasons: Vec<(String, String)>,
    may_go_on: bool,
    label: String,
}

#[derive(Template)]
#[template(path = "issue/new.html")]
struct NewPage {
    case: Option<Case>,
    appearances: Vec<(String, String)>,
    places: Vec<String>,
    form: Form,
    frame: Frame,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    level: String,
}

async fn new(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitIssue)?;
    let hospital = app.state();
    let t = frame.t;
    let mut form = Form::blank(&frame);
    let unit = (!asked.unit.is_empty()).then(|| scan::unit(&t, &asked.unit));
    let held = match &unit {
        Some(Ok(unit)) => hospital
            .units
            .get(unit)
            .and_then(|unit| unit.reservation.as_ref())
            .map(|held| held.request.to_string()),
        _ => None,
    };
    let request = match asked.request.trim() {
        "" => held.unwrap_or_default(),
        request => request.to_owned(),
    };
    let level = match (
        EmergencyLevel::parse(&asked.level),
        request.parse::<RequestId>(),
    ) {
        (Some(level), _) => level.as_str(),
        (None, Ok(id)) => hospital
            .requests
            .get(id)
            .filter(|request| request.order.urgency == Urgency::Emergency)
            .map(|request| emergency_level(&hospital, request.patient, frame.now).as_str())
            .unwrap_or_default(),
        _ => "",
    };
    let name = match &unit {
        Some(Ok(unit)) => unit.to_string(),
        _ => asked.unit.clone(),
    };
    form = form.with_fields(Posted::of([
        ("unit", name.as_str()),
        ("request", request.as_str()),
        ("level", level),
        ("appearance", Appearance::Normal.as_str()),
    ]));
    if let Some(Err(words)) = unit {
        form.refuse("unit", words);
    }
    new_page(&app, frame, form, None)
}

/// The gate's purpose as the form states it.
fn purpose(form: &Form) -> Purpose {
    match EmergencyLevel::parse(form.value("level")) {
        Some(level) => Purpose::Emergency(level),
        None => Purpose::Issue,
    }
}

/// The two warnings of an emergency are one decision, so one reason answers both.
const EMERGENCY: [Rule; 2] = [Rule::EmergencyUncrossmatched, Rule::EmergencyGroupUnproven];

fn case(
    frame: &Frame,
    hospital: &Hospital,
    form: &Form,
    refusal: Option<Vec<Finding>>,
) -> Option<Case> {
    let t = frame.t;
    let unit: UnitId = form.value("unit").parse().ok()?;
    let request: RequestId = form.value("request").parse().ok()?;
    let bag = hospital.units.get(&unit)?;
    let asked = hospital.requests.get(request)?;
    let gated = gate(hospital, &unit, request, purpose(form), frame.now);
    let stopped = gated.iter().any(|f| f.severity == Severity::Stop);
    let findings = refusal.unwrap_or_else(|| gated.clone());
    let mut reasons: Vec<(String, String)> = Vec::new();
    for finding in gated.iter().filter(|f| f.severity == Severity::Warning) {
        let (name, words) = if EMERGENCY.contains(&finding.rule) {
            ("reason-emergency".into(), t.m("issue-reason-emergency"))
        } else {
            let code = finding.rule.code();
            (format!("reason.{code}"), t.m(&format!("rule-{code}")))
        };
        if !reasons.iter().any(|(known, _)| *known == name) {
            reasons.push((name, words));
        }
    }
    Some(Case {
        bag: row(frame, hospital, bag),
        row: request_row(frame, hospital, asked),
        strip: Strip::find(frame, hospital, asked.patient).ok()?,
        verdict: verdict(frame, findings),
        emergency: asked.order.urgency == Urgency::Emergency,
        levels: EmergencyLevel::ALL
            .iter()
            .map(|level| {
                let words = t.m(&format!("emergency-level-{}", level.as_str()));
                (level.as_str().into(), words)
            })
            .collect(),
        reasons,
        may_go_on: !stopped,
        label: format!("/issue/labels/{unit}/{request}"),
    })
}

fn new_page(
    app: &App,
    mut frame: Frame,
    form: Form,
    refusal: Option<Vec<Finding>>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Issue);
    let hospital = app.state();
    let refused = refusal.is_some();
    let page = NewPage {
        case: case(&frame, &hospital, &form, refusal),
        appearances: appearances(&frame),
        places: stock::places(&hospital),
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

fn appearances(frame: &Frame) -> Vec<(String, String)> {
    Appearance::ALL
        .iter()
        .map(|one| {
            let words = frame.t.m(&format!("appearance-{}", one.as_str()));
            (one.as_str().into(), words)
        })
        .collect()
}

fn command(frame: &Frame, form: &mut Form) -> Option<IssueUnit> {
    let t = frame.t;
    let unit = form.read("unit", |text| scan::unit(&t, text), |words| words);
    let request = form.read("request", str::parse::<RequestId>, |_| {
        t.m("issue-request-wrong")
    });
    let label_unit = form.read("label_unit", |text| scan::unit(&t, text), |words| words);
    let label_patient = form.read("label_patient", PatientNumber::parse, |_| {
        t.m("issue-label-patient-wrong")
    });
    let appearance = form.read(
        "appearance",
        |text| Appearance::parse(text).ok_or(()),
        |()| t.m("field-choose"),
    );
    let collector = form.read("collector", UserId::parse, |_| t.m("issue-badge-wrong"));
    let destination = form.read("destination", LocationId::parse, |_| t.m("place-wrong"));
    if !form.is_ok() {
        return None;
    }
    Some(IssueUnit {
        unit: unit?,
        request: request?,
        label_unit: label_unit?,
        label_patient: label_patient?,
        appearance: appearance?,
        collector: collector?,
        destination: destination?,
        emergency: EmergencyLevel::parse(form.value("level")),
    })
}

async fn issue(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitIssue)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = command(&frame, &mut form) else {
        return new_page(&app, frame, form, None);
    };
    let reason = form.value("reason-emergency").to_owned();
    if !reason.is_empty() {
        let names = EMERGENCY.map(|rule| format!("reason.{}", rule.code()));
        form = form.with_fields(Posted::of(
            names.iter().map(|name| (name.as_str(), reason.as_str())),
        ));
    }
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(facts) => {
            let issue = facts.iter().find_map(|(_, event)| match event {
                Event::Issue(IssueEvent::Issued { issue, .. }) => Some(*issue),
                _ => None,
            });
            let to = issue.map_or_else(|| "/issue".into(), address);
            Ok(Redirect::to(&to).into_response())
        }
        Done::Refused(refusal) => new_page(&app, frame, form, Some(refusal.findings)),
        Done::Wrong => new_page(&app, frame, form, None),
    }
}

#[derive(Template)]
#[template(path = "issue/show.html")]
struct IssuePage {
    row: IssueRow,
    bag: Row,
    strip: Strip,
    facts: Vec<(String, String)>,
    warnings: Vec<(crate::web::FindingLine, String)>,
    alarm: bool,
    due: Option<Moment>,
    may_return: bool,
    out: String,
    seals: Vec<(String, String)>,
    appearances: Vec<(String, String)>,
    places: Vec<String>,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    form: Form,
    frame: Frame,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<IssueId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let form = Form::filled(
        &frame,
        Posted::of([("appearance", Appearance::Normal.as_str())]),
    );
    page(&app, frame, &visit, id, form, None).await
}

async fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: IssueId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Issue);
    let t = frame.t;
    let hospital = app.state();
    let issue = hospital.issues.get(id).ok_or(PageError::NotFound)?;
    let unit = hospital.units.get(&issue.unit).ok_or(PageError::NotFound)?;
    let timeline = timeline::of(app, &frame, &[Subject::from(id)]).await?;
    let out = issue.returned.is_none()
        && unit.issue == Some(id)
        && unit.status.may_become(Status::Returned);
    let refused = banner.is_some();
    let page = IssuePage {
        row: issue_row(&frame, &hospital, issue),
        bag: row(&frame, &hospital, unit),
        strip: Strip::find(&frame, &hospital, issue.patient)?,
        facts: facts(&frame, &hospital, issue),
        warnings: issue
            .warnings
            .iter()
            .map(|(finding, reason)| (words::finding(&frame, finding), reason.text.clone()))
            .collect(),
        alarm: issue.alarm,
        due: issue.retrospective_due.map(|due| frame.moment(due)),
        may_return: out && app.may(visit, Action::UnitReturn),
        out: t.a(
            "fact-minutes",
            &[("minutes", &minutes_out(issue, frame.now))],
        ),
        seals: Checked::ALL
            .iter()
            .map(|one| {
                let words = t.m(&format!("checked-{}", one.as_str()));
                (one.as_str().into(), words)
            })
            .collect(),
        appearances: appearances(&frame),
        places: stock::places(&hospital),
        banner,
        timeline,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

/// Who, where to, on what ground.
pub fn facts(frame: &Frame, hospital: &Hospital, issue: &Issue) -> Vec<(String, String)> {
    let t = frame.t;
    let person = |login: &UserId| timeline::person(frame, hospital, login.as_str());
    let mut facts = vec![
        (t.m("issue-issuer"), person(&issue.issued.by)),
        (t.m("issue-second"), person(&issue.second)),
        (t.m("issue-collector"), person(&issue.collector)),
        (t.m("issue-destination"), issue.destination.to_string()),
        (t.m("request-request"), issue.request.to_string()),
    ];
    if let Some(crossmatch) = issue.crossmatch {
        facts.push((t.m("fact-crossmatch"), crossmatch.to_string()));
    }
    if let Some(level) = issue.emergency {
        let words = t.m(&format!("emergency-level-{}", level.as_str()));
        facts.push((t.m("emergency-level"), words));
    }
    if let Some(stamp) = &issue.on_ward {
        facts.push((t.m("ward-received"), frame.moment(stamp.at).text));
    }
    facts
}

async fn give_back(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<IssueId>>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReturn)?;
    let t = frame.t;
    let mut form = Form::sent(&frame, posted)?;
    let choose = |()| t.m("field-choose");
    let temperature = form.read_optional(
        "temperature",
        |text| Celsius::parse(text).ok_or(()),
        |()| t.m("issue-temperature-wrong"),
    );
    let seal = form.read("seal", |text| Checked::parse(text).ok_or(()), choose);
    let appearance = form.read(
        "appearance",
        |text| Appearance::parse(text).ok_or(()),
        choose,
    );
    let location = form.read("place", |text| scan::place(&t, text), |words| words);
    let (Some(seal), Some(appearance), Some(location), true) =
        (seal, appearance, location, form.is_ok())
    else {
        return page(&app, frame, &visit, id, form, None).await;
    };
    let command = ReturnIssue {
        issue: id,
        temperature,
        seal,
        appearance,
        reason: form.value("reason").to_owned(),
        location,
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to(&address(id)).into_response()),
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, id, form, banner).await
}
