//! Lots of reagents, cells and cards: what may be used, what is blocked, and why.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::command::Command;
use lifeline_core::id::LotId;
use lifeline_core::people::Action;
use lifeline_core::testing::{BlockLot, Lot, LotKind, OpenLot, ReceiveLot, UnblockLot};
use serde::Deserialize;

use super::sheet::{
    Answer, Input, Kind, Sheet, bad_identifier, moment, optional_moment, part, send,
};
use crate::app::App;
use crate::web::components::{Moment, Tone};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The most lots of the list.
const LINES_MOST: usize = 300;

/// The routes of these pages. A lot's number may hold a slash, so it stands in the query.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/lots", get(list))
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
    acts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "lots/list.html")]
struct ListPage {
    q: String,
    lots: Vec<LotLine>,
    may_manage: bool,
    frame: Frame,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Open,
    Block,
    Unblock,
}

impl Act {
    const ALL: [Self; 3] = [Self::Open, Self::Block, Self::Unblock];

    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    fn offered(self, lot: &Lot, frame: &Frame) -> bool {
        match self {
            Self::Open => lot.opened.is_none() && lot.blocked.is_none() && frame.now < lot.expires,
            Self::Block => lot.blocked.is_none(),
            Self::Unblock => lot.blocked.is_some(),
        }
    }

    fn read(self, frame: &Frame, lot: LotId, form: &mut Form) -> Command {
        let reason = form.value("why").to_owned();
        match self {
            Self::Open => {
                let until = optional_moment(frame, form, "until");
                OpenLot { lot, until }.into()
            }
            Self::Block => BlockLot { lot, reason }.into(),
            Self::Unblock => UnblockLot { lot, reason }.into(),
        }
    }

    fn sheet(self, frame: Frame, lot: &Lot, form: Form, answer: Answer) -> Sheet {
        let t = frame.t;
        let inputs = match self {
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
            note: lot.name.clone(),
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
            second: None,
            frame,
        }
    }
}

fn line(frame: &Frame, lot: &Lot, may_manage: bool, wants_antigram: bool) -> LotLine {
    let t = frame.t;
    let state = match lot.unusable(frame.now) {
        None => (Tone::Good, t.m("lot-usable")),
        Some(why @ "lot-state-not-opened") => (Tone::Note, t.m(why)),
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
    Ok(render(&ListPage {
        q,
        lots,
        may_manage,
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
        ],
        second: None,
        frame,
    }
}

/// `GET /lots/new`.
async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let form = Form::blank(&frame);
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
    let command = lot.zip(expires).zip(kind).map(|((lot, expires), kind)| {
        ReceiveLot {
            lot,
            kind,
            name: form.value("name").into(),
            expires,
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
    match send(&app, &frame, &visit, &mut form, Some(command), |_| {
        "/lots".into()
    })
    .await?
    {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(act.sheet(frame, &lot, form, answer).show()),
    }
}
