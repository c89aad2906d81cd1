//! Handing the shift over: what the next shift must know on one page, signed by both; and every hand-over as it was.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::due::{Alarm, AlarmKind};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::ShiftId;
use lifeline_core::people::Action;
use lifeline_core::shift::{HandOverShift, Item, Matter, Shift, counts, matters};
use lifeline_core::subject::Subject;

use super::parts::Named;
use super::sheet::{Answer, answered, send};
use super::{alarms, timeline};
use crate::app::App;
use crate::web::words::address;
use crate::web::{Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render};

/// Things of one kind shown on the page; the alarm page and the rooms have them all.
const OF_A_KIND: usize = 8;
/// Former hand-overs listed.
const FORMER: usize = 10;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/shift", get(show).post(hand_over))
        .route("/shifts/{shift}", get(one))
}

struct Line {
    name: String,
    href: String,
    at: Moment,
    deadline: bool,
}

struct Group {
    word: &'static str,
    count: u64,
    what: String,
    todo: String,
    tone: Tone,
    lines: Vec<Line>,
    more: u64,
}

/// What waits, by kind, the gravest first.
fn groups(frame: &Frame, hospital: &Hospital, items: &[Item], shown: usize) -> Vec<Group> {
    let mut by_matter: BTreeMap<Matter, Vec<&Item>> = BTreeMap::new();
    for item in items {
        by_matter.entry(item.matter).or_default().push(item);
    }
    let t = frame.t;
    by_matter
        .into_iter()
        .map(|(matter, found)| {
            let key = match matter {
                Matter::Alarm(kind) => format!("alarm-{}", kind.as_str().replace('_', "-")),
                other => format!("matter-{}", other.as_str().replace('_', "-")),
            };
            let lines = found.iter().take(shown).map(|item| Line {
                name: alarms::named(frame, hospital, &item.subject),
                href: place(hospital, item),
                at: frame.moment(item.at),
                deadline: deadline(matter),
            });
            Group {
                word: matter.as_str(),
                count: found.len() as u64,
                what: t.m(&key),
                todo: t.m(&format!("{key}-do")),
                tone: tone(matter),
                lines: lines.collect(),
                more: found.len().saturating_sub(shown) as u64,
            }
        })
        .collect()
}

fn place(hospital: &Hospital, item: &Item) -> String {
    match item.matter {
        Matter::Alarm(kind) => alarms::place(
            hospital,
            &Alarm {
                kind,
                at: item.at,
                subject: item.subject.clone(),
            },
        ),
        _ => address(&item.subject),
    }
}

fn deadline(matter: Matter) -> bool {
    match matter {
        Matter::Alarm(kind) => alarms::has_deadline(kind),
        Matter::Request => true,
        Matter::Case | Matter::Discrepancy | Matter::Identification => false,
    }
}

fn tone(matter: Matter) -> Tone {
    match matter {
        Matter::Alarm(AlarmKind::Quarantined) => Tone::Note,
        Matter::Alarm(kind) => alarms::tone(kind),
        Matter::Case => Tone::Warn,
        Matter::Request | Matter::Discrepancy | Matter::Identification => Tone::Note,
    }
}

/// A hand-over that was.
struct Former {
    id: String,
    href: String,
    at: Moment,
    giver: String,
    taker: String,
    notes: String,
    count: u64,
}

impl Former {
    fn of(frame: &Frame, hospital: &Hospital, shift: &Shift) -> Self {
        let person = |login: &str| timeline::person(frame, hospital, login);
        Self {
            id: shift.id.to_string(),
            href: address(&Subject::from(shift.id)),
            at: frame.moment(shift.signed.at),
            giver: person(shift.signed.by.as_str()),
            taker: person(shift.taker.as_str()),
            notes: shift.notes.clone(),
            count: shift.items.len() as u64 + shift.beyond,
        }
    }
}

#[derive(Template)]
#[template(path = "board/shift.html")]
struct ShiftPage {
    groups: Vec<Group>,
    former: Vec<Former>,
    may: bool,
    answer: Answer,
    form: Form,
    frame: Frame,
}

fn page(app: &App, visit: &Visit, mut frame: Frame, form: Form, answer: Answer) -> Response {
    frame.room = Some(Room::Board);
    let hospital = app.state();
    let wrong = answer.banner.is_some() || !form.is_ok();
    let items = matters(&hospital, frame.now);
    let page = ShiftPage {
        groups: groups(&frame, &hospital, &items, OF_A_KIND),
        former: hospital
            .shifts
            .iter()
            .rev()
            .take(FORMER)
            .map(|shift| Former::of(&frame, &hospital, shift))
            .collect(),
        may: app.may(visit, Action::ShiftHandOver),
        answer,
        form,
        frame,
    };
    answered(render(&page), wrong)
}

/// Both read what names patients and results, so who may look at patients may look here.
async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    let form = Form::blank(&frame);
    Ok(page(&app, &visit, frame, form, Answer::default()))
}

async fn hand_over(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    let mut form = Form::sent(&frame, posted)?;
    let shown = form
        .posted()
        .below("shown.")
        .filter_map(|(word, count)| Some((Matter::parse(word)?, count.parse().ok()?)))
        .collect();
    let command = HandOverShift {
        notes: form.value("notes").to_owned(),
        shown,
    };
    let to = |facts: &[_]| match facts {
        [] => "/shift".to_owned(),
        _ => format!(
            "/shifts/{}",
            app.state()
                .shifts
                .iter()
                .next_back()
                .map(|shift| shift.id.to_string())
                .unwrap_or_default()
        ),
    };
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(page(&app, &visit, frame, form, answer)),
    }
}

#[derive(Template)]
#[template(path = "board/handed_over.html")]
struct OnePage {
    shift: Former,
    groups: Vec<Group>,
    counts: usize,
    beyond: u64,
    frame: Frame,
}

async fn one(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<ShiftId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    frame.room = Some(Room::Board);
    let hospital = app.state();
    let found = hospital.shifts.get(id).ok_or(PageError::NotFound)?;
    Ok(render(&OnePage {
        shift: Former::of(&frame, &hospital, found),
        groups: groups(&frame, &hospital, &found.items, usize::MAX),
        counts: counts(&found.items).len(),
        beyond: found.beyond,
        frame,
    }))
}
