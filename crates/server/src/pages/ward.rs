//! The ward's side, for one thumb on a PDA: received, started, what became of it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::Millilitres;
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{IssueId, LocationId, PatientNumber};
use lifeline_core::issue::{Fate, Issue, ReceiveOnWard, RecordFate, StartTransfusion};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::sample::{Sample, SampleState};
use lifeline_core::unit::{Checked, Status};
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::answers::rejected_address;
use crate::pages::handover::{IssueRow, issue_row};
use crate::pages::parts::{Named, answered, field_time, listed, read_time};
use crate::pages::person::Strip;
use crate::pages::unit::{Row, row};
use crate::pages::{scan, timeline};
use crate::web::{Banner, Form, Frame, Moment, PageError, Posted, Room, Visit, render, words};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/ward", get(list))
        .route("/ward/{issue}", get(show))
        .route("/ward/{issue}/{act}", post(carry_out))
}

/// The most bags on the list.
const LISTED_MOST: usize = 100;

#[derive(Template)]
#[template(path = "ward/list.html")]
struct ListPage {
    rows: Vec<IssueRow>,
    rejected: Vec<Rejected>,
    form: Form,
    frame: Frame,
}

/// A rejected sample that its ward has not answered.
struct Rejected {
    href: String,
    sample: String,
    patient: String,
    ward: String,
    reason: String,
    at: Moment,
}

fn rejected(frame: &Frame, hospital: &Hospital, sample: &Sample) -> Rejected {
    let who = hospital.record_of(sample.patient);
    let who = who.as_ref().map(|record| &record.standing().demographics);
    let asked = sample.request.and_then(|id| hospital.requests.get(id));
    let ward = asked
        .map(|request| request.order.ward.as_str())
        .or_else(|| who.and_then(|who| who.ward.as_deref()))
        .unwrap_or_default();
    Rejected {
        href: rejected_address(&sample.id),
        sample: sample.id.to_string(),
        patient: who.map(|who| who.name.clone()).unwrap_or_default(),
        ward: crate::pages::parts::ward(frame, hospital, ward),
        reason: match &sample.state {
            SampleState::Rejected(code) => {
                timeline::worded(frame, &format!("sample-reject-{code}"), code)
            }
            _ => String::new(),
        },
        at: frame.moment(sample.received.at),
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    unit: String,
}

async fn list(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    frame.room = Some(Room::Ward);
    let t = frame.t;
    let hospital = app.state();
    let mut form = Form::filled(&frame, Posted::of([("unit", asked.unit.as_str())]));
    if !asked.unit.is_empty() {
        match scan::unit(&t, &asked.unit) {
            Ok(id) => match hospital.units.get(&id).and_then(|unit| unit.issue) {
                Some(issue) => return Ok(Redirect::to(&format!("/ward/{issue}")).into_response()),
                None => form.refuse("unit", t.m("ward-not-issued")),
            },
            Err(words) => form.refuse("unit", words),
        }
    }
    let rows = hospital
        .issues
        .open()
        .take(LISTED_MOST)
        .map(|issue| {
            let mut row = issue_row(&frame, &hospital, issue);
            row.href = format!("/ward/{}", issue.id);
            row
        })
        .collect();
    let rejected = hospital
        .samples
        .unanswered()
        .take(LISTED_MOST)
        .map(|sample| rejected(&frame, &hospital, sample))
        .collect();
    let page = ListPage {
        rows,
        rejected,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, false))
}

#[derive(Template)]
#[template(path = "ward/show.html")]
struct WardPage {
    href: String,
    row: IssueRow,
    bag: Row,
    strip: Strip,
    step: String,
    reactions: Vec<(String, String)>,
    discards: Vec<(String, String)>,
    banner: Option<Banner>,
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
    let hospital = app.state();
    let issue = hospital.issues.get(id).ok_or(PageError::NotFound)?;
    let form = Form::filled(&frame, filled(&frame, &hospital, issue));
    page(&app, frame, &visit, id, form, None)
}

fn filled(frame: &Frame, hospital: &Hospital, issue: &Issue) -> Posted {
    let unit = hospital.units.get(&issue.unit);
    let started = unit
        .filter(|unit| unit.status == Status::Transfusing)
        .map(|unit| field_time(frame, unit.changed.at))
        .unwrap_or_default();
    let ended = field_time(frame, frame.now);
    let volume = unit
        .map(|unit| unit.volume.0.to_string())
        .unwrap_or_default();
    Posted::of([
        ("place", issue.destination.as_str()),
        ("started", started.as_str()),
        ("ended", ended.as_str()),
        ("volume", volume.as_str()),
    ])
}

/// What comes next for the bag, by where it stands.
fn step(status: Status, out: bool) -> &'static str {
    match status {
        _ if !out => "over",
        Status::Issued => "receive",
        Status::OnWard => "start",
        Status::Transfusing => "fate",
        Status::Recalled => "recalled",
        _ => "over",
    }
}

fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: IssueId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Ward);
    let t = frame.t;
    let hospital = app.state();
    let issue = hospital.issues.get(id).ok_or(PageError::NotFound)?;
    let unit = hospital.units.get(&issue.unit).ok_or(PageError::NotFound)?;
    let out = unit.issue == Some(id) && issue.returned.is_none();
    let step = if app.may(visit, Action::UnitFate) {
        step(unit.status, out)
    } else {
        "over"
    };
    let refused = banner.is_some();
    let page = WardPage {
        href: format!("/ward/{id}"),
        row: issue_row(&frame, &hospital, issue),
        bag: row(&frame, &hospital, unit),
        strip: Strip::find(&frame, &hospital, issue.patient)?,
        step: step.into(),
        reactions: [
            (Checked::Good, "ward-no-reaction"),
            (Checked::Bad, "ward-reaction"),
        ]
        .into_iter()
        .map(|(one, key)| (one.as_str().into(), t.m(key)))
        .collect(),
        discards: listed(&frame, &hospital, Key::DiscardReasons, "reason"),
        banner,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

fn fate(frame: &Frame, form: &mut Form) -> Option<Fate> {
    let t = frame.t;
    let time = |form: &mut Form, name: &str| {
        form.read(name, |text| read_time(frame, text), |_| t.m("request-time"))
    };
    let started = time(form, "started");
    let ended = time(form, "ended");
    let volume = form.read("volume", str::parse::<u32>, |_| t.m("request-number"));
    let reaction = form.read(
        "reaction",
        |text| Checked::parse(text).ok_or(()),
        |()| t.m("field-choose"),
    );
    Some(Fate::Transfused {
        started: started?,
        ended: ended?,
        volume: Millilitres(volume?),
        reaction: reaction?,
    })
}

async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((Named(id), act)): Path<(Named<IssueId>, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitFate)?;
    let t = frame.t;
    let mut form = Form::sent(&frame, posted)?;
    let command: Option<Command> = match act.as_str() {
        "receive" => form
            .read("place", LocationId::parse, |_| t.m("place-wrong"))
            .map(|location| {
                ReceiveOnWard {
                    issue: id,
                    location,
                }
                .into()
            }),
        "start" => form
            .read("wristband", PatientNumber::parse, |_| {
                t.m("ward-wristband-wrong")
            })
            .map(|wristband| {
                StartTransfusion {
                    issue: id,
                    wristband,
                }
                .into()
            }),
        "fate" => fate(&frame, &mut form).map(|fate| RecordFate { issue: id, fate }.into()),
        "discard" => Some(
            RecordFate {
                issue: id,
                fate: Fate::DiscardedOnWard {
                    reason: form.value("reason").to_owned(),
                },
            }
            .into(),
        ),
        _ => return Err(PageError::NotFound),
    };
    let Some(command) = command else {
        return page(&app, frame, &visit, id, form, None);
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to(&format!("/ward/{id}")).into_response()),
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, id, form, banner)
}
