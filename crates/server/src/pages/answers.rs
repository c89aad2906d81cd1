//! Short answers that somebody is waited for: the ward's to a rejected sample, the doctors' and the head's to an incompatible
//! crossmatch.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::command::Command;
use lifeline_core::crossmatch::{
    AgreeLeastIncompatible, ApproveLeastIncompatible, AskLeastIncompatible, Crossmatch,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{CrossmatchId, SampleId};
use lifeline_core::people::Action;
use lifeline_core::sample::{AnswerRejection, Sample, SampleState};

use super::parts::Named;
use super::person::Strip;
use super::sheet::{Answer, Input, Kind, Sheet, part, send};
use super::timeline;
use crate::app::App;
use crate::web::{Form, Frame, PageError, Posted, Room, Visit};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/rejected-samples/{sample}", get(rejected).post(answer))
        .route("/crossmatches/{id}/least", get(least).post(sign))
}

/// Where a rejected sample is answered.
pub fn rejected_address(sample: &SampleId) -> String {
    format!("/rejected-samples/{}", part(sample.as_str()))
}

fn rejection(
    mut frame: Frame,
    hospital: &Hospital,
    sample: &Sample,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    frame.room = Some(Room::Ward);
    let t = frame.t;
    let reason = match &sample.state {
        SampleState::Rejected(code) => {
            timeline::worded(&frame, &format!("sample-reject-{code}"), code)
        }
        _ => String::new(),
    };
    let waits = sample.answered.is_none() && matches!(sample.state, SampleState::Rejected(_));
    let at = frame.moment(sample.received.at).text;
    let by = timeline::person(&frame, hospital, sample.received.by.as_str());
    let note = t.a(
        "rejected-note",
        &[
            ("sample", &sample.id.to_string()),
            ("reason", &reason),
            ("at", &at),
            ("by", &by),
        ],
    );
    Ok(Sheet {
        form,
        title: t.m("rejected-title"),
        note,
        action: rejected_address(&sample.id),
        back: "/ward".into(),
        submit: if waits {
            t.m("rejected-answer")
        } else {
            String::new()
        },
        strip: Some(Strip::find(&frame, hospital, sample.patient)?),
        answer,
        inputs: if waits {
            vec![
                Input::must(Kind::Text, "answer", t.m("rejected-answer-field"))
                    .note(t.m("rejected-answer-note")),
            ]
        } else {
            Vec::new()
        },
        second: None,
        frame,
    })
}

async fn rejected(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<SampleId>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let hospital = app.state();
    let sample = hospital.samples.get(&id).ok_or(PageError::NotFound)?;
    let form = Form::blank(&frame);
    Ok(rejection(frame, &hospital, sample, form, Answer::default())?.show())
}

async fn answer(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<SampleId>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::WardAnswer)?;
    let hospital = app.state();
    let sample = hospital.samples.get(&id).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = AnswerRejection {
        sample: id.clone(),
        answer: form.value("answer").to_owned(),
    };
    let to = |_: &[_]| "/ward".to_owned();
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(rejection(frame, &hospital, sample, form, answer)?.show()),
    }
}

/// What the visitor may sign next: the word of the step.
fn step(app: &App, visit: &Visit, found: &Crossmatch) -> &'static str {
    let signs = |action| app.may(visit, action);
    match &found.exception {
        None if signs(Action::LeastAsk) => "ask",
        Some(asked) if asked.agreed.is_none() && signs(Action::LeastAsk) => "agree",
        Some(asked)
            if asked.agreed.is_some()
                && asked.approved.is_none()
                && signs(Action::LeastApprove) =>
        {
            "approve"
        }
        _ => "look",
    }
}

fn exception(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    hospital: &Hospital,
    found: &Crossmatch,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    frame.room = Some(Room::Clinical);
    let t = frame.t;
    let step = step(app, visit, found);
    let mut lines = vec![
        t.m("least-note"),
        t.a(
            "least-which",
            &[
                ("crossmatch", &found.id.to_string()),
                ("unit", &found.unit.to_string()),
            ],
        ),
    ];
    if let Some(asked) = &found.exception {
        let who = |login: &str| timeline::person(&frame, hospital, login);
        lines.push(t.a(
            "least-asked",
            &[
                ("by", &who(asked.asked.by.as_str())),
                ("reason", &asked.reason),
            ],
        ));
        if let Some(stamp) = &asked.agreed {
            lines.push(t.a("least-agreed", &[("by", &who(stamp.by.as_str()))]));
        }
        if let Some(stamp) = &asked.approved {
            lines.push(t.a("least-approved", &[("by", &who(stamp.by.as_str()))]));
        }
    }
    Ok(Sheet {
        form,
        title: t.m("least-title"),
        note: lines.join(" "),
        action: format!("/crossmatches/{}/least", found.id),
        back: format!("/crossmatches/{}", found.id),
        submit: if step == "look" {
            String::new()
        } else {
            t.m(&format!("least-{step}"))
        },
        strip: Some(Strip::find(&frame, hospital, found.patient)?),
        answer,
        inputs: match step {
            "ask" => {
                vec![Input::must(Kind::Lines, "why", t.m("least-why")).note(t.m("least-why-note"))]
            }
            "agree" | "approve" => vec![
                Input::must(Kind::Tick, "sure", t.m(&format!("least-{step}-meaning")))
                    .of([("yes".into(), String::new())]),
            ],
            _ => Vec::new(),
        },
        second: None,
        frame,
    })
}

async fn least(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<CrossmatchId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let hospital = app.state();
    let found = hospital.crossmatches.get(id).ok_or(PageError::NotFound)?;
    let form = Form::blank(&frame);
    Ok(exception(
        &app,
        frame,
        &visit,
        &hospital,
        found,
        form,
        Answer::default(),
    )?
    .show())
}

async fn sign(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<CrossmatchId>>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let hospital = app.state();
    let found = hospital.crossmatches.get(id).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let step = step(&app, &visit, found);
    let sure = form.has("sure", "yes");
    if matches!(step, "agree" | "approve") && !sure {
        form.refuse("sure", frame.t.m("sheet-choose"));
    }
    let command: Option<Command> = match step {
        "ask" => Some(
            AskLeastIncompatible {
                crossmatch: id,
                reason: form.value("why").to_owned(),
            }
            .into(),
        ),
        "agree" => Some(AgreeLeastIncompatible { crossmatch: id }.into()),
        "approve" => Some(ApproveLeastIncompatible { crossmatch: id }.into()),
        _ => return Err(PageError::Forbidden),
    };
    let to = |_: &[_]| format!("/crossmatches/{id}/least");
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(exception(&app, frame, &visit, &hospital, found, form, answer)?.show()),
    }
}
