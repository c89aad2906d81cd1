//! A bag: what it is, what may be done with it now, and its whole life.

mod act;
mod typing;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::{Din, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_core::unit::{EntryPath, RecallDonation, Status, Unit, WithdrawRecall};
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::{blood, timeline};
use crate::web::{
    Banner, Form, Frame, GroupMark, Moment, PageError, Posted, Room, TimelineEntry, Tone, Visit,
    render, words,
};
use act::Act;
pub(crate) use typing::names;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/units/{unit}", get(show))
        .route("/units/{unit}/type", get(typing::show).post(typing::record))
        .route("/units/{unit}/{act}", post(act::carry_out))
        .route("/donations/{din}", get(donation).post(recall))
        .route("/donations/{din}/withdraw", post(withdraw))
}

/// The address of a unit's page.
pub fn address(unit: UnitId) -> String {
    format!("/units/{unit}")
}

/// A thing beside the bag, with its address; the address is empty where there is no page yet.
struct Line {
    href: String,
    name: String,
    words: String,
}

/// A button of what may be done now.
struct Offer {
    act: Act,
    href: String,
    open: bool,
}

/// A bag in one row: parents, children, components of a donation.
pub struct Row {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Group.
    pub group: GroupMark,
    /// Product in words.
    pub product: String,
    /// Expiry.
    pub expires: Moment,
    /// How loud the status is.
    pub tone: Tone,
    /// The status in words.
    pub status: String,
    /// Where it is.
    pub place: String,
}

/// A unit as a row.
pub fn row(frame: &Frame, hospital: &Hospital, unit: &Unit) -> Row {
    let (tone, status) = blood::status(frame, unit.status);
    Row {
        href: address(unit.id),
        name: format!("{} {}", unit.id.din.grouped(), unit.id.product),
        group: GroupMark::from(unit.group),
        product: blood::product(frame, hospital, unit.id.product),
        expires: frame.moment(unit.expires),
        tone,
        status,
        place: unit.location.to_string(),
    }
}

#[derive(Template)]
#[template(path = "unit/show.html")]
struct UnitPage {
    bag: Row,
    din: String,
    check: char,
    code: String,
    donation: String,
    facts: Vec<(String, String)>,
    holds: Vec<String>,
    relatives: Vec<(String, Vec<Row>)>,
    lines: Vec<(String, Vec<Line>)>,
    offers: Vec<Offer>,
    open: Option<Act>,
    choices: act::Choices,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    expired: bool,
    form: Form,
    frame: Frame,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default, rename = "do")]
    act: String,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(unit): Path<UnitId>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let open = Act::parse(&asked.act);
    let form = Form::blank(&frame).seeing(app.state().seq);
    page(&app, frame, &visit, unit, open, form, None).await
}

/// The page, with one action's form open and what stands against it.
async fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: UnitId,
    open: Option<Act>,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Stock);
    let hospital = app.state();
    let unit = hospital.units.get(&id).ok_or(PageError::NotFound)?;
    let family = family(&hospital, id);
    let subjects: Vec<Subject> = family.iter().copied().map(Subject::from).collect();
    let timeline = timeline::of(app, &frame, &subjects).await?;
    let offers: Vec<Offer> = Act::ALL
        .into_iter()
        .filter(|act| act.possible(unit) && app.may(visit, act.action()))
        .map(|act| Offer {
            act,
            href: format!("{}?do={}", address(id), act.word()),
            open: open == Some(act),
        })
        .collect();
    let refused = banner.is_some() || !form.is_ok();
    let page = UnitPage {
        bag: row(&frame, &hospital, unit),
        din: id.din.grouped(),
        check: id.din.check_character(),
        code: id.product.to_string(),
        donation: format!("/donations/{}", id.din),
        facts: facts(&frame, &hospital, unit),
        holds: unit
            .holds
            .iter()
            .map(|hold| blood::hold(&frame, hold))
            .collect(),
        relatives: relatives(&frame, &hospital, unit),
        lines: lines(&frame, &hospital, unit),
        open: open.filter(|open| offers.iter().any(|offer| offer.act == *open)),
        choices: act::Choices::of(&frame, &hospital, unit),
        offers,
        banner,
        timeline,
        expired: unit.expires <= frame.now,
        form,
        frame,
    };
    let mut answer = render(&page);
    if refused {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// The bag with everything it was made from and everything made from it: their histories belong to its own.
fn family(hospital: &Hospital, id: UnitId) -> BTreeSet<UnitId> {
    let mut found = BTreeSet::from([id]);
    for up in [true, false] {
        let mut waiting = vec![id];
        while let Some(unit) = waiting.pop().and_then(|id| hospital.units.get(&id)) {
            let next = if up { &unit.parents } else { &unit.children };
            waiting.extend(next.iter().copied().filter(|id| found.insert(*id)));
        }
    }
    found
}

fn facts(frame: &Frame, hospital: &Hospital, unit: &Unit) -> Vec<(String, String)> {
    let t = &frame.t;
    let person = |login: &str| timeline::person(frame, hospital, login);
    let mut facts = vec![
        (
            t.m("unit-component"),
            blood::component(frame, unit.component),
        ),
        (t.m("unit-amount"), blood::amount(frame, unit.amount)),
        (
            t.m("unit-volume"),
            format!("{} {}", unit.volume.0, t.m("unit-ml")),
        ),
    ];
    let attributes = blood::attributes(frame, unit.attributes);
    if !attributes.is_empty() {
        facts.push((t.m("unit-attributes"), attributes));
    }
    let antigens: Vec<String> = unit
        .antigens
        .typed()
        .map(|(antigen, typing)| {
            let sign = match typing {
                lifeline_core::blood::Typing::Positive => "+",
                _ => "−",
            };
            format!("{}{sign}", antigen.name())
        })
        .collect();
    if !antigens.is_empty() {
        facts.push((t.m("unit-antigens"), antigens.join(" ")));
    }
    if let Some(collected) = unit.collected {
        facts.push((t.m("unit-collected"), frame.moment(collected).text));
    }
    if let Some(patient) = unit.locked_to {
        facts.push((t.m("unit-locked-to"), patient.to_string()));
    }
    if unit.minutes_out > 0 {
        let minutes = t.a("fact-minutes", &[("minutes", &unit.minutes_out)]);
        facts.push((t.m("unit-minutes-out"), minutes));
    }
    let entry = t.m(match unit.entry {
        EntryPath::Scanned => "entry-scanned",
        EntryPath::Keyed => "entry-keyed",
    });
    let by = t.a(
        "unit-received-by",
        &[
            ("at", &frame.moment(unit.received.at).text),
            ("by", &person(unit.received.by.as_str())),
            (
                "second",
                &unit
                    .checked_by
                    .as_ref()
                    .map_or("—".into(), |second| person(second.as_str())),
            ),
            ("entry", &entry),
        ],
    );
    facts.push((t.m("unit-received"), by));
    facts
}

fn relatives(frame: &Frame, hospital: &Hospital, unit: &Unit) -> Vec<(String, Vec<Row>)> {
    let rows = |ids: &[UnitId]| -> Vec<Row> {
        ids.iter()
            .filter_map(|id| hospital.units.get(id))
            .map(|unit| row(frame, hospital, unit))
            .collect()
    };
    [
        (frame.t.m("unit-parents"), rows(&unit.parents)),
        (frame.t.m("unit-children"), rows(&unit.children)),
    ]
    .into_iter()
    .filter(|(_, rows)| !rows.is_empty())
    .collect()
}

/// Reservation, tests, crossmatches, hand-over: each a line that leads to its own page.
fn lines(frame: &Frame, hospital: &Hospital, unit: &Unit) -> Vec<(String, Vec<Line>)> {
    let t = &frame.t;
    let find = |text: &dyn std::fmt::Display| crate::web::words::subject_address(&text.to_string());
    let mut lines = Vec::new();
    let mut section = |title: String, found: Vec<Line>| {
        if !found.is_empty() {
            lines.push((title, found));
        }
    };
    let held = unit.reservation.iter().map(|held| Line {
        href: find(&Subject::from(held.request)),
        name: held.request.to_string(),
        words: t.a(
            "unit-reserved-for",
            &[
                ("patient", &held.patient.to_string()),
                ("until", &frame.moment(held.until).text),
            ],
        ),
    });
    section(t.m("unit-reservation"), held.collect());
    let issued = unit
        .issue
        .and_then(|issue| hospital.issues.get(issue))
        .map(|issue| Line {
            href: find(&Subject::from(issue.id)),
            name: issue.id.to_string(),
            words: t.a(
                "unit-issued-to",
                &[
                    ("place", &issue.destination.to_string()),
                    ("patient", &issue.patient.to_string()),
                    ("at", &frame.moment(issue.issued.at).text),
                ],
            ),
        });
    section(t.m("unit-issue"), issued.into_iter().collect());
    let tests = hospital.tests.of_unit(unit.id).map(|test| {
        let said = test.latest().map(|version| {
            timeline::value(frame, hospital, "interpretation", &version.interpretation)
        });
        Line {
            href: find(&Subject::from(test.id)),
            name: test.id.to_string(),
            words: format!(
                "{} · {} · {}",
                frame.t.m(test.kind.word()),
                said.unwrap_or_default(),
                frame.t.m(test.state.word()),
            ),
        }
    });
    section(t.m("unit-tests"), tests.collect());
    let crossmatches = hospital.crossmatches.of_unit(unit.id).rev().map(|one| {
        let outcome = timeline::value(frame, hospital, "outcome", &one.outcome);
        Line {
            href: find(&Subject::from(one.id)),
            name: one.id.to_string(),
            words: t.a(
                "unit-crossmatch",
                &[
                    ("patient", &one.patient.to_string()),
                    ("outcome", &outcome),
                    ("until", &frame.moment(one.expires).text),
                ],
            ),
        }
    });
    section(t.m("unit-crossmatches"), crossmatches.collect());
    lines
}

#[derive(Template)]
#[template(path = "unit/donation.html")]
struct DonationPage {
    raw: String,
    may_recall: bool,
    open: bool,
    form: Form,
    din: String,
    check: char,
    rows: Vec<Row>,
    recalled: Option<Moment>,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

async fn donation(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(din): Path<Din>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let form = Form::blank(&frame);
    donation_page(&app, frame, &visit, din, form, None).await
}

/// Recalls a donation, also one that no bag has come of yet.
async fn recall(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(din): Path<Din>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = RecallDonation {
        din,
        reason: form.value("note").to_owned(),
        reference: form.value("reference").to_owned(),
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            return Ok(Redirect::to(&format!("/donations/{din}")).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    donation_page(&app, frame, &visit, din, form, banner).await
}

/// Takes a recall back, signed by two people.
async fn withdraw(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(din): Path<Din>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = WithdrawRecall {
        din,
        reason: form.value("note").to_owned(),
        reference: form.value("reference").to_owned(),
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            return Ok(Redirect::to(&format!("/donations/{din}")).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    donation_page(&app, frame, &visit, din, form, banner).await
}

async fn donation_page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    din: Din,
    form: Form,
    refused: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Stock);
    let hospital: Arc<Hospital> = app.state();
    let ids: BTreeSet<UnitId> = lifeline_core::unit::descendants(&hospital, din);
    let units: Vec<&Arc<Unit>> = ids.iter().filter_map(|id| hospital.units.get(id)).collect();
    let mut subjects = vec![Subject::from(din)];
    subjects.extend(ids.iter().copied().map(Subject::from));
    let recalled = hospital
        .units
        .recalled(din)
        .map(|stamp| frame.moment(stamp.at));
    let beyond = units
        .iter()
        .filter(|unit| unit.status.is_final() && unit.status != Status::Consumed)
        .count();
    let open = refused.is_some();
    let standing = recalled.as_ref().map(|_| Banner {
        tone: Tone::Stop,
        title: frame.t.a("donation-recalled", &[("beyond", &beyond)]),
        findings: Vec::new(),
    });
    let timeline = timeline::of(app, &frame, &subjects).await?;
    let mut answer = render(&DonationPage {
        raw: din.to_string(),
        may_recall: app.may(visit, Action::UnitRecall),
        open,
        form,
        din: din.grouped(),
        check: din.check_character(),
        rows: units
            .iter()
            .map(|unit| row(&frame, &hospital, unit))
            .collect(),
        recalled,
        banner: refused.or(standing),
        timeline,
        frame,
    });
    if open {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}
