//! Lots of reagents, cells and cards: what may be used, what is blocked, and why.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::blood::Grade;
use lifeline_core::command::Command;
use lifeline_core::governance::grades_agree;
use lifeline_core::id::{LotId, UserId};
use lifeline_core::people::Action;
use lifeline_core::testing::{
    AcceptLot, AcceptanceRow, BlockLot, ChangePacks, Lot, LotKind, OpenLot, PackChange, ReceiveLot,
    UnblockLot, reorders,
};
use serde::Deserialize;

use super::sheet::{
    Answer, Input, Kind, Sheet, bad_identifier, moment, optional_moment, part, send,
};
use crate::app::App;
use crate::pages::timeline;
use crate::web::components::{Moment, Tone};
use crate::web::{Form, Frame, PageError, Posted, Room, TimelineEntry, Visit, render};

/// The most lots of the list.
const LINES_MOST: usize = 300;

/// The routes of these pages. A lot's number may hold a slash, so it stands in the query.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/lots", get(list))
        .route("/lots/show", get(lot_page))
        .route("/lots/new", get(show).post(receive))
        .route("/lots/act", get(ask).post(carry_out))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    lot: String,
    #[serde(default, rename = "do")]
    act: String,
}

struct LotLine {
    id: String,
    kind: String,
    name: String,
    state: (Tone, String),
    reason: String,
    expires: Moment,
    until: Option<Moment>,
    acceptance: (Tone, String),
    packs: u32,
    acts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "lots/list.html")]
struct ListPage {
    q: String,
    lots: Vec<LotLine>,
    reorders: Vec<String>,
    may_manage: bool,
    frame: Frame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Accept,
    Open,
    Packs,
    Block,
    Unblock,
}

impl Act {
    const ALL: [Self; 5] = [
        Self::Accept,
        Self::Open,
        Self::Packs,
        Self::Block,
        Self::Unblock,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Packs => "packs",
            Self::Open => "open",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    fn offered(self, lot: &Lot, frame: &Frame) -> bool {
        match self {
            Self::Accept => {
                lot.must_be_accepted
                    && !lot.accepted()
                    && lot.blocked.is_none()
                    && frame.now < lot.expires
            }
            Self::Packs => true,
            Self::Open => lot.opened.is_none() && lot.blocked.is_none() && frame.now < lot.expires,
            Self::Block => lot.blocked.is_none(),
            Self::Unblock => lot.blocked.is_some(),
        }
    }

    fn read(self, frame: &Frame, lot: LotId, form: &mut Form) -> Option<Command> {
        let reason = form.value("why").to_owned();
        Some(match self {
            Self::Accept => accept(frame, lot, form)?.into(),
            Self::Packs => {
                let wrong = frame.t.m("sheet-choose");
                let change = form.read(
                    "change",
                    |word| PackChange::parse(word).ok_or(()),
                    |()| wrong,
                );
                let wrong = frame.t.m("lot-packs-wrong");
                let packs = form.read("packs", str::parse, |_: std::num::ParseIntError| wrong);
                ChangePacks {
                    lot,
                    change: change?,
                    packs: packs?,
                    note: form.value("note").to_owned(),
                }
                .into()
            }
            Self::Open => {
                let until = optional_moment(frame, form, "until");
                OpenLot { lot, until }.into()
            }
            Self::Block => BlockLot { lot, reason }.into(),
            Self::Unblock => UnblockLot { lot, reason }.into(),
        })
    }

    fn sheet(self, frame: Frame, lot: &Lot, form: Form, answer: Answer) -> Sheet {
        let t = frame.t;
        let inputs = match self {
            Self::Accept => vec![
                Input::may(Kind::Scan("any"), "against", t.m("lot-against"))
                    .note(t.m("lot-against-note")),
                Input::must(Kind::Lines, "rows", t.m("lot-rows")).note(t.m("lot-rows-note")),
                Input::may(Kind::Text, "note", t.m("lot-note")),
            ],
            Self::Packs => vec![
                Input::must(Kind::Choice, "change", t.m("lot-change")).of(PackChange::ALL.map(
                    |change| {
                        let words = t.m(&format!("lot-change-{}", change.as_str()));
                        (change.as_str().to_owned(), words)
                    },
                )),
                Input::must(Kind::Text, "packs", t.m("lot-how-many")),
                Input::may(Kind::Text, "note", t.m("lot-note")),
            ],
            Self::Open => vec![
                Input::may(Kind::Moment, "until", t.m("lot-until")).note(t.m("lot-until-note")),
            ],
            Self::Block | Self::Unblock => {
                vec![Input::must(Kind::Text, "why", t.m("act-reason"))]
            }
        };
        Sheet {
            form,
            title: format!("{} · {}", t.m(&format!("lot-do-{}", self.as_str())), lot.id),
            note: match self {
                Self::Accept => format!("{} · {}", lot.name, t.m("lot-accept-note")),
                Self::Open => format!("{} · {}", lot.name, t.m("lot-do-open-note")),
                _ => lot.name.clone(),
            },
            action: format!(
                "/lots/act?do={}&lot={}",
                self.as_str(),
                part(lot.id.as_str())
            ),
            back: "/lots".into(),
            submit: t.m(&format!("lot-do-{}", self.as_str())),
            strip: None,
            answer,
            inputs,
            second: (self == Self::Accept).then(|| t.m("lot-accept-second")),
            frame,
        }
    }
}

/// Reads an acceptance test: a line `sample, expected, found` for each sample.
fn accept(frame: &Frame, lot: LotId, form: &mut Form) -> Option<AcceptLot> {
    let against = match form.value("against") {
        "" => None,
        _ => {
            let bad = bad_identifier(frame);
            Some(form.read("against", LotId::parse, |_| bad)?)
        }
    };
    let text = form.value("rows").to_owned();
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line
            .split([',', '，', ';', '；', '\t'])
            .map(str::trim)
            .collect();
        let row = match cells.as_slice() {
            [sample, expected, found] => {
                Grade::parse(expected)
                    .zip(Grade::parse(found))
                    .map(|(expected, found)| AcceptanceRow {
                        sample: (*sample).to_owned(),
                        expected,
                        found,
                    })
            }
            _ => None,
        };
        let Some(row) = row else {
            form.refuse(
                "rows",
                frame.t.a("lot-rows-wrong", &[("line", &(number + 1))]),
            );
            return None;
        };
        rows.push(row);
    }
    Some(AcceptLot {
        lot,
        against,
        rows,
        note: form.value("note").to_owned(),
    })
}

/// Where the acceptance of a lot stands.
fn acceptance(frame: &Frame, lot: &Lot) -> (Tone, String) {
    let t = frame.t;
    match &lot.acceptance {
        Some(test) => {
            let (tone, key) = if test.passed {
                (Tone::Good, "lot-accepted")
            } else {
                (Tone::Stop, "lot-acceptance-failed")
            };
            let words = format!("{} {}", t.m(key), frame.moment(test.tested.at).text);
            (tone, words)
        }
        None if lot.must_be_accepted => (Tone::Warn, t.m("lot-acceptance-wanted")),
        None => (Tone::Note, t.m("lot-acceptance-not-needed")),
    }
}

fn line(frame: &Frame, lot: &Lot, may_manage: bool, wants_antigram: bool) -> LotLine {
    let t = frame.t;
    let state = match lot.unusable(frame.now) {
        None => (Tone::Good, t.m("lot-usable")),
        Some(why @ "lot-state-not-opened") => (Tone::Note, t.m(why)),
        Some(why @ "lot-state-not-accepted") => (Tone::Warn, t.m(why)),
        Some(why) => (Tone::Stop, t.m(why)),
    };
    let antigram = (may_manage && wants_antigram).then(|| {
        let href = format!("/lots/antigram?lot={}", part(lot.id.as_str()));
        (href, t.m("antigram-do"))
    });
    let acts = Act::ALL
        .into_iter()
        .filter(|act| may_manage && act.offered(lot, frame))
        .map(|act| {
            let href = format!(
                "/lots/act?do={}&lot={}",
                act.as_str(),
                part(lot.id.as_str())
            );
            (href, t.m(&format!("lot-do-{}", act.as_str())))
        })
        .chain(antigram)
        .collect();
    LotLine {
        id: lot.id.to_string(),
        kind: t.m(&format!("lot-kind-{}", lot.kind.as_str())),
        name: lot.name.clone(),
        state,
        reason: lot.blocked.clone().unwrap_or_default(),
        expires: frame.moment(lot.expires),
        until: lot.opened.map(|(_, until)| frame.moment(until)),
        acceptance: acceptance(frame, lot),
        packs: lot.packs,
        acts,
    }
}

/// `GET /lots?q=`.
async fn list(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let may_manage = app.may(&visit, Action::LotManage);
    let q = asked.q.trim().to_owned();
    let mut lots: Vec<_> = hospital
        .lots
        .values()
        .filter(|lot| lot.id.as_str().starts_with(&q) || lot.name.contains(&q))
        .collect();
    // What can be used stands first, what ended long ago last.
    lots.sort_by_key(|lot| (lot.expires <= frame.now, lot.expires));
    let lots = lots
        .into_iter()
        .take(LINES_MOST)
        .map(|lot| {
            let wants_antigram = lot.kind == LotKind::Cells
                && lot.expires > frame.now
                && hospital.identifications.antigram(&lot.id).is_none();
            line(&frame, lot, may_manage, wants_antigram)
        })
        .collect();
    let reorders = reorders(&hospital, frame.now)
        .into_iter()
        .map(|found| {
            frame.t.a(
                "lot-reorder-line",
                &[
                    ("name", &found.name),
                    ("onhand", &found.on_hand),
                    ("level", &found.level),
                ],
            )
        })
        .collect();
    Ok(render(&ListPage {
        q,
        reorders,
        lots,
        may_manage,
        frame,
    }))
}

struct ReadingLine {
    sample: String,
    expected: String,
    found: String,
    agrees: bool,
}

/// An acceptance test in words.
struct AcceptanceView {
    against: Option<String>,
    rows: Vec<ReadingLine>,
    steps: u8,
    who: String,
    at: Moment,
    note: String,
}

#[derive(Template)]
#[template(path = "lots/show.html")]
struct LotPage {
    lot: LotLine,
    acceptance: Option<AcceptanceView>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

/// `GET /lots/show?lot=`: what the lot is, how its acceptance test read, what happened to it.
async fn lot_page(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    frame.room = Some(Room::Bench);
    let hospital = app.state();
    let lot = LotId::parse(&asked.lot)
        .ok()
        .and_then(|id| hospital.lots.get(&id).cloned())
        .ok_or(PageError::NotFound)?;
    let who = |login: &UserId| timeline::person(&frame, &hospital, login.as_str());
    let view = lot.acceptance.as_ref().map(|test| AcceptanceView {
        against: test.against.as_ref().map(ToString::to_string),
        rows: test
            .rows
            .iter()
            .map(|row| ReadingLine {
                sample: row.sample.clone(),
                expected: row.expected.to_string(),
                found: row.found.to_string(),
                agrees: grades_agree(row.expected, row.found, test.steps),
            })
            .collect(),
        steps: test.steps,
        who: format!("{} / {}", who(&test.tested.by), who(&test.second)),
        at: frame.moment(test.tested.at),
        note: test.note.clone(),
    });
    let may_manage = app.may(&visit, Action::LotManage);
    Ok(render(&LotPage {
        lot: line(&frame, &lot, may_manage, false),
        acceptance: view,
        timeline: timeline::of(&app, &frame, &[lot.id.clone().into()]).await?,
        frame,
    }))
}

fn new_sheet(frame: Frame, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    let kinds = LotKind::ALL.map(|kind| {
        let words = t.m(&format!("lot-kind-{}", kind.as_str()));
        (kind.as_str().to_owned(), words)
    });
    Sheet {
        form,
        title: t.m("lot-receive"),
        note: t.m("lot-receive-note"),
        action: "/lots/new".into(),
        back: "/lots".into(),
        submit: t.m("lot-receive"),
        strip: None,
        answer,
        inputs: vec![
            Input::must(Kind::Scan("any"), "lot", t.m("lot-number")),
            Input::must(Kind::Choice, "kind", t.m("lot-kind")).of(kinds),
            Input::must(Kind::Text, "name", t.m("lot-name")),
            Input::must(Kind::Moment, "expires", t.m("lot-expires")),
            Input::must(Kind::Text, "packs", t.m("lot-packs-came")),
        ],
        second: None,
        frame,
    }
}

/// `GET /lots/new`.
async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let form = Form::filled(&frame, Posted::of([("packs", "1")]));
    Ok(new_sheet(frame, form, Answer::default()).show())
}

/// `POST /lots/new`.
async fn receive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let lot = form.read("lot", LotId::parse, |_| bad);
    let expires = moment(&frame, &mut form, "expires");
    let kind = LotKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == form.value("kind"));
    if kind.is_none() {
        form.refuse("kind", frame.t.m("sheet-choose"));
    }
    let wrong = frame.t.m("lot-packs-wrong");
    let packs = form.read("packs", str::parse, |_: std::num::ParseIntError| wrong);
    let whole = lot.zip(expires).zip(kind).zip(packs);
    let command = whole.map(|(((lot, expires), kind), packs)| {
        ReceiveLot {
            lot,
            kind,
            name: form.value("name").into(),
            expires,
            packs,
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, |_| "/lots".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(new_sheet(frame, form, answer).show()),
    }
}

fn asked_for(app: &App, asked: &Asked) -> Result<(Act, std::sync::Arc<Lot>), PageError> {
    let act = Act::ALL
        .into_iter()
        .find(|act| act.as_str() == asked.act)
        .ok_or(PageError::NotFound)?;
    let lot = LotId::parse(&asked.lot)
        .ok()
        .and_then(|id| app.state().lots.get(&id).cloned())
        .ok_or(PageError::NotFound)?;
    Ok((act, lot))
}

/// `GET /lots/act?do=&lot=`.
async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let (act, lot) = asked_for(&app, &asked)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    Ok(act.sheet(frame, &lot, form, Answer::default()).show())
}

/// `POST /lots/act?do=&lot=`.
async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let (act, lot) = asked_for(&app, &asked)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = act.read(&frame, lot.id.clone(), &mut form);
    match send(&app, &frame, &visit, &mut form, command, |_| "/lots".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(act.sheet(frame, &lot, form, answer).show()),
    }
}
