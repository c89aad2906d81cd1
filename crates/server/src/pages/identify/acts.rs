use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::blood::Antigen;
use lifeline_core::command::Command;
use lifeline_core::identification::{
    ConcludeIdentification, EndIdentification, Found, ReopenIdentification, VerifyIdentification,
    Workup,
};
use lifeline_core::patient::Specificity;
use lifeline_core::people::Action;

use super::grid::View;
use super::workbench::{filled, find, page};
use crate::app::App;
use crate::pages::person::Strip;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

fn antibodies(form: &Form) -> Vec<Found> {
    let minor = |name: &str| form.has("minor", name);
    let mut found: Vec<Found> = form
        .posted()
        .all("antibody")
        .filter_map(Antigen::parse)
        .map(|antigen| Found {
            specificity: Specificity::Antigen(antigen),
            significant: !minor(antigen.name()),
        })
        .collect();
    let words = form.value("other").trim();
    if !words.is_empty() {
        found.push(Found {
            specificity: Specificity::Other(words.into()),
            significant: !minor("other"),
        });
    }
    found
}

async fn decide(
    app: App,
    frame: Frame,
    visit: Visit,
    id: &str,
    posted: Posted,
    command: impl FnOnce(&Workup, &Form) -> Command,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let workup = find(&hospital, id)?;
    let view = View::of(&hospital, workup, &posted, &frame);
    let mut form = Form::sent(&frame, posted.clone())?;
    let command = command(workup, &form);
    let to = |_: &[_]| format!("/identifications/{}", workup.id);
    match send(&app, &frame, &visit, &mut form, Some(command), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            // The grid shows what is on file; the conclusion what was sent.
            let form = filled(&frame, &hospital, workup, &view).with_fields(posted);
            page(&app, frame, &visit, workup, view, form, answer).await
        }
    }
}

/// `POST /identifications/{workup}/conclude`.
pub(super) async fn conclude(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    decide(app, frame, visit, &id, posted, |workup, form| {
        ConcludeIdentification {
            workup: workup.id,
            antibodies: antibodies(form),
            note: form.value("note").into(),
        }
        .into()
    })
    .await
}

/// `POST /identifications/{workup}/verify`.
pub(super) async fn verify(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    decide(app, frame, visit, &id, posted, |workup, _| {
        VerifyIdentification { workup: workup.id }.into()
    })
    .await
}

#[derive(Clone, Copy)]
enum Act {
    Reopen,
    End,
}

fn sheet(
    app: &App,
    frame: Frame,
    workup: &Workup,
    act: Act,
    form: Form,
    answer: Answer,
) -> Result<Response, PageError> {
    let t = frame.t;
    let word = match act {
        Act::Reopen => "reopen",
        Act::End => "end",
    };
    let back = format!("/identifications/{}", workup.id);
    let sheet = Sheet {
        form,
        title: format!("{} · {}", t.m(&format!("identify-{word}")), workup.id),
        note: t.m(&format!("identify-{word}-note")),
        action: format!("{back}/{word}"),
        back,
        submit: t.m(&format!("identify-{word}")),
        strip: Some(Strip::find(&frame, &app.state(), workup.patient)?),
        answer,
        inputs: vec![Input::must(Kind::Text, "why", t.m("act-reason"))],
        second: None,
        frame,
    };
    Ok(sheet.show())
}

fn ask(app: &App, frame: Frame, visit: &Visit, id: &str, act: Act) -> Result<Response, PageError> {
    app.look(visit, Action::TestCorrect)?;
    let hospital = app.state();
    let workup = find(&hospital, id)?;
    let form = Form::blank(&frame).seeing(hospital.seq);
    sheet(app, frame, workup, act, form, Answer::default())
}

async fn answer(
    app: App,
    frame: Frame,
    visit: Visit,
    id: &str,
    posted: Posted,
    act: Act,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let workup = find(&hospital, id)?;
    let mut form = Form::sent(&frame, posted)?;
    let reason = form.value("why").to_owned();
    let command: Command = match act {
        Act::Reopen => ReopenIdentification {
            workup: workup.id,
            reason,
        }
        .into(),
        Act::End => EndIdentification {
            workup: workup.id,
            reason,
        }
        .into(),
    };
    let to = |_: &[_]| format!("/identifications/{}", workup.id);
    match send(&app, &frame, &visit, &mut form, Some(command), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => sheet(&app, frame, workup, act, form, answer),
    }
}

/// `GET /identifications/{workup}/reopen`.
pub(super) async fn ask_reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    ask(&app, frame, &visit, &id, Act::Reopen)
}

/// `POST /identifications/{workup}/reopen`.
pub(super) async fn reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    answer(app, frame, visit, &id, posted, Act::Reopen).await
}

/// `GET /identifications/{workup}/end`.
pub(super) async fn ask_end(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    ask(&app, frame, &visit, &id, Act::End)
}

/// `POST /identifications/{workup}/end`.
pub(super) async fn end(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    answer(app, frame, visit, &id, posted, Act::End).await
}
