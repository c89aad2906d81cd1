//! The ward's side, for one thumb on a PDA: received, started, what became of it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::Component;
use lifeline_core::blood::Millilitres;
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{IssueId, LocationId, PatientNumber};
use lifeline_core::issue::{
    Fate, Issue, ReceiveOnWard, RecordFate, RecordResponse, Response as Effect, StartTransfusion,
};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::request::lab_asked;
use lifeline_core::sample::{Sample, SampleState};
use lifeline_core::unit::{Checked, Status};
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::answers::rejected_address;
use crate::pages::calculators::offers::{self, Offer};
use crate::pages::handover::{IssueRow, issue_row};
use crate::pages::parts::{Named, answered, field_time, listed, read_hundredths, read_time};
use crate::pages::person::Strip;
use crate::pages::unit::{Row, row};
use crate::pages::{scan, timeline};
use crate::web::{
    Banner, Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render, words,
};

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
    effect: Option<EffectView>,
    reactions: Vec<(String, String)>,
    discards: Vec<(String, String)>,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

/// What the transfusion did, and the form for the next value.
struct EffectView {
    /// What is measured.
    lab: String,
    /// Platelets: surface and dose are asked for.
    platelets: bool,
    may_record: bool,
    rows: Vec<EffectRow>,
    /// Calculators with the newest values.
    offers: Vec<Offer>,
}

/// One value after the transfusion.
struct EffectRow {
    taken: Moment,
    after_hours: String,
    values: String,
    /// Corrected count increment with its judgement, for platelets.
    cci: Option<(Tone, String)>,
    by: String,
}

fn hundredths(value: u32) -> String {
    let text = format!("{}.{:02}", value / 100, value % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn effect(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    hospital: &Hospital,
    issue: &Issue,
) -> Option<EffectView> {
    let t = frame.t;
    let Some((_, Fate::Transfused { ended, .. })) = &issue.fate else {
        return None;
    };
    let unit = hospital.units.get(&issue.unit)?;
    let lab = lab_asked(unit.component)?;
    let platelets = unit.component == Component::Platelets;
    let numbers = lifeline_decisions::proposal::platelets::numbers(hospital, frame.now).ok();
    let rows = issue
        .responses
        .iter()
        .map(|(stamp, one)| {
            let minutes = one.taken.duration_since(*ended).as_mins();
            let cci = lifeline_decisions::proposal::platelets::cci(one).map(|cci| {
                let least = numbers.as_ref().map(|numbers| {
                    if minutes <= i64::from(numbers.early_minutes) {
                        numbers.success_1h
                    } else {
                        numbers.success_24h
                    }
                });
                let tone = match least {
                    Some(least) if cci < least => Tone::Warn,
                    Some(_) => Tone::Good,
                    None => Tone::Note,
                };
                let (cci, least) = (format!("{cci:.1}"), least.unwrap_or(0.0));
                (tone, t.a("effect-cci", &[("cci", &cci), ("least", &least)]))
            });
            EffectRow {
                taken: frame.moment(one.taken),
                after_hours: t.a(
                    "effect-after",
                    &[("hours", &format!("{:.1}", minutes as f64 / 60.0))],
                ),
                values: format!("{} → {}", hundredths(one.before), hundredths(one.after)),
                cci,
                by: timeline::person(frame, hospital, stamp.by.as_str()),
            }
        })
        .collect();
    let last = issue.responses.last().map(|(_, one)| one);
    let offers = match last.filter(|_| platelets) {
        None => Vec::new(),
        Some(one) => {
            let number = |value: Option<u32>| value.map(hundredths).unwrap_or_default();
            let gained = i64::from(one.after) - i64::from(one.before);
            let known = [
                ("pre_1e9_l", hundredths(one.before)),
                ("post_1e9_l", hundredths(one.after)),
                ("increment_1e9_l", format!("{:.2}", gained as f64 / 100.0)),
                ("bsa_m2", number(one.area)),
                ("dose_1e11", number(one.dose)),
            ];
            ["platelet_cci", "platelet_ppr"]
                .into_iter()
                .filter_map(|name| offers::offer(frame, name, &known))
                .collect()
        }
    };
    Some(EffectView {
        lab: t.m(&format!("field-{lab}")),
        platelets,
        may_record: app.may(visit, Action::UnitFate),
        rows,
        offers,
    })
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
    // The value before is the one the blood was asked for with; the surface as it was entered last.
    let asked = hospital.requests.get(issue.request);
    let before = unit
        .and_then(|unit| lab_asked(unit.component))
        .and_then(|lab| asked?.order.labs.get(lab).cloned())
        .unwrap_or_default();
    let patient = hospital.record_of(issue.patient);
    let area = patient
        .iter()
        .flat_map(|record| record.issues())
        .flat_map(|issue| &issue.responses)
        .filter_map(|(stamp, one)| Some((stamp.seq, one.area?)))
        .max()
        .map(|(_, area)| hundredths(area))
        .unwrap_or_default();
    Posted::of([
        ("before", before.as_str()),
        ("taken", ended.as_str()),
        ("area", area.as_str()),
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
        effect: effect(app, &frame, visit, &hospital, issue),
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

fn response(frame: &Frame, form: &mut Form) -> Option<Effect> {
    let t = frame.t;
    let number =
        |form: &mut Form, name: &str| form.read(name, read_hundredths, |_| t.m("request-number"));
    let before = number(form, "before");
    let after = number(form, "after");
    let taken = form.read(
        "taken",
        |text| read_time(frame, text),
        |_| t.m("request-time"),
    );
    let may = |form: &mut Form, name: &str| match form.value(name) {
        "" => Some(None),
        _ => number(form, name).map(Some),
    };
    let area = may(form, "area");
    let dose = may(form, "dose");
    Some(Effect {
        before: before?,
        after: after?,
        taken: taken?,
        area: area?,
        dose: dose?,
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
        "response" => response(&frame, &mut form).map(|response| {
            RecordResponse {
                issue: id,
                response,
            }
            .into()
        }),
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
