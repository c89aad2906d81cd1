use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::governance::{Document, RetireDocument, SignDocument};
use lifeline_core::id::{DocumentId, UserId};
use lifeline_core::people::Action;

use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, part, send};
use crate::pages::timeline;
use crate::web::components::{Moment, Tone};
use crate::web::{Form, Frame, PageError, Posted, Room, TimelineEntry, Visit, render};

struct EditionRow {
    number: u32,
    title: String,
    place: String,
    digest: String,
    effective: Moment,
    author: String,
    approved: String,
    state: (Tone, String),
}

#[derive(Template)]
#[template(path = "governance/document.html")]
struct DocumentPage {
    id: String,
    title: String,
    editions: Vec<EditionRow>,
    read: Vec<(String, Moment)>,
    missing: Vec<String>,
    sign: Option<String>,
    retire: Option<String>,
    form: Form,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn find(app: &App, document: &str) -> Result<Arc<Document>, PageError> {
    DocumentId::parse(document)
        .ok()
        .and_then(|id| app.state().governance.documents.get(&id).cloned())
        .ok_or(PageError::NotFound)
}

fn address(document: &Document) -> String {
    format!("/documents/{}", part(document.id.as_str()))
}

/// `GET /documents/{document}`. Whoever must read it may look at it.
pub(super) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(document): Path<String>,
) -> Result<Response, PageError> {
    let document = find(&app, &document)?;
    let hospital = app.state();
    let me = UserId::parse(&visit.person.id).map_err(PageError::internal)?;
    let unread: Vec<UserId> = hospital
        .governance
        .unread(&hospital, frame.now)
        .into_iter()
        .filter(|(id, _)| *id == document.id)
        .map(|(_, reader)| reader)
        .collect();
    if !unread.contains(&me) {
        app.look(&visit, Action::ViewGovernance)?;
    }
    frame.room = Some(Room::Governance);
    let t = frame.t;
    let name = |id: &UserId| timeline::person(&frame, &hospital, id.as_str());
    let in_force = document.in_force(frame.now);
    let editions = document
        .editions
        .iter()
        .rev()
        .map(|edition| {
            let state = if in_force.is_some_and(|known| known.number == edition.number) {
                (Tone::Good, t.m("document-in-force"))
            } else if edition.effective > frame.now && document.retired.is_none() {
                (Tone::Warn, t.m("document-to-come"))
            } else {
                (Tone::Note, t.m("document-out-of-force"))
            };
            EditionRow {
                number: edition.number,
                title: edition.title.clone(),
                place: edition.place.clone(),
                digest: edition.digest.clone().unwrap_or_default(),
                effective: frame.moment(edition.effective),
                author: name(&edition.published.by),
                approved: name(&edition.approved),
                state,
            }
        })
        .collect();
    let read = in_force.map_or_else(Vec::new, |edition| {
        let read = edition.read.iter();
        read.map(|(id, at)| (name(id), frame.moment(*at))).collect()
    });
    let may_retire = app.may(&visit, Action::DocumentManage) && document.retired.is_none();
    Ok(render(&DocumentPage {
        id: document.id.to_string(),
        title: in_force
            .or(document.editions.last())
            .map_or_else(String::new, |edition| edition.title.clone()),
        editions,
        read,
        missing: unread.iter().map(name).collect(),
        sign: unread
            .contains(&me)
            .then(|| format!("{}/sign", address(&document))),
        retire: may_retire.then(|| format!("{}/retire", address(&document))),
        form: Form::blank(&frame).seeing(hospital.seq),
        timeline: timeline::of(&app, &frame, &[document.id.clone().into()]).await?,
        frame,
    }))
}

/// Whoever must read the document, and whoever looks at documents anyway.
fn may_sign(app: &App, frame: &Frame, visit: &Visit, document: &Document) -> Result<(), PageError> {
    let me = UserId::parse(&visit.person.id).map_err(PageError::internal)?;
    let hospital = app.state();
    let unread = hospital.governance.unread(&hospital, frame.now);
    if unread.contains(&(document.id.clone(), me)) {
        return Ok(());
    }
    app.look(visit, Action::ViewGovernance)
}

fn retire_sheet(frame: Frame, document: &Document, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    Sheet {
        form,
        title: format!("{} · {}", t.m("document-do-retire"), document.id),
        note: String::new(),
        action: format!("{}/retire", address(document)),
        back: address(document),
        submit: t.m("document-do-retire"),
        strip: None,
        answer,
        inputs: vec![Input::must(Kind::Text, "why", t.m("act-reason"))],
        second: Some(t.m("governance-approve")),
        frame,
    }
}

fn sign_sheet(frame: Frame, document: &Document, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    Sheet {
        form,
        title: format!("{} · {}", t.m("document-do-sign"), document.id),
        note: String::new(),
        action: format!("{}/sign", address(document)),
        back: address(document),
        submit: t.m("document-do-sign"),
        strip: None,
        answer,
        inputs: Vec::new(),
        second: None,
        frame,
    }
}

/// `GET /documents/{document}/{act}`.
pub(super) async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((document, act)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let document = find(&app, &document)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    match act.as_str() {
        "retire" => {
            app.look(&visit, Action::DocumentManage)?;
            Ok(retire_sheet(frame, &document, form, Answer::default()).show())
        }
        "sign" => {
            may_sign(&app, &frame, &visit, &document)?;
            Ok(sign_sheet(frame, &document, form, Answer::default()).show())
        }
        _ => Err(PageError::NotFound),
    }
}

/// The page of a form that came back.
type Again = fn(Frame, &Document, Form, Answer) -> Sheet;

/// `POST /documents/{document}/{act}`.
pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((document, act)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let document = find(&app, &document)?;
    let mut form = Form::sent(&frame, posted)?;
    let id = document.id.clone();
    let (command, sheet): (Command, Again) = match act.as_str() {
        "retire" => {
            app.look(&visit, Action::DocumentManage)?;
            let reason = form.value("why").to_owned();
            let command = RetireDocument {
                document: id,
                reason,
            };
            (command.into(), retire_sheet)
        }
        "sign" => {
            may_sign(&app, &frame, &visit, &document)?;
            let edition = document.in_force(frame.now).ok_or(PageError::NotFound)?;
            let command = SignDocument {
                document: id,
                edition: edition.number,
            };
            (command.into(), sign_sheet)
        }
        _ => return Err(PageError::NotFound),
    };
    let back = address(&document);
    match send(&app, &frame, &visit, &mut form, Some(command), |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(frame, &document, form, answer).show()),
    }
}
