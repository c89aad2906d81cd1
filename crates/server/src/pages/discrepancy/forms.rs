//! The short forms of a work-up: opened, a step taken, concluded, opened again.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use lifeline_core::blood::BloodGroup;
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::TestId;
use lifeline_core::people::Action;
use lifeline_core::testing::Test;
use lifeline_core::testing::discrepancy::{
    ConcludeDiscrepancy, Discrepancy, DiscrepancyEvent, OpenDiscrepancy, Outcome,
    RecordDiscrepancyStep, ReopenDiscrepancy, Ruling, Stated,
};
use lifeline_core::testing::group::{Cause, Step};
use serde::Deserialize;

use super::{Lead, address, known};
use crate::app::App;
use crate::pages::person::Strip;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::components::GroupMark;
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// A short form about a work-up or the test it is to be opened on.
struct Asked {
    action: String,
    back: String,
    title: String,
    note: String,
    submit: String,
    inputs: Vec<Input>,
}

fn sheet(frame: Frame, strip: Option<Strip>, asked: Asked, form: Form, answer: Answer) -> Response {
    Sheet {
        strip,
        form,
        title: asked.title,
        note: asked.note,
        action: asked.action,
        back: asked.back,
        submit: asked.submit,
        answer,
        inputs: asked.inputs,
        second: None,
        frame,
    }
    .show()
}

fn groups(frame: &Frame) -> Vec<(String, String)> {
    ["O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-"]
        .into_iter()
        .filter_map(|text| {
            let group = BloodGroup::parse(text).ok()?;
            Some((text.to_owned(), GroupMark::from(group).words(&frame.t)))
        })
        .collect()
}

fn known_test(hospital: &Hospital, test: &str) -> Result<std::sync::Arc<Test>, PageError> {
    let id: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    hospital.tests.get(id).cloned().ok_or(PageError::NotFound)
}

fn asked_open(frame: &Frame, test: &Test, lead: Option<&Lead>) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("/tests/{}/work-up", test.id),
        back: format!("/tests/{}", test.id),
        title: t.m("workup-open"),
        note: lead.map(|lead| lead.category.clone()).unwrap_or_default(),
        submit: t.m("workup-open"),
        inputs: vec![
            Input::may(Kind::Select, "transfused", t.m("workup-transfused"))
                .note(t.m("workup-transfused-note"))
                .of(groups(frame)),
            Input::may(Kind::Tick, "transplanted", t.m("workup-transplanted")),
            Input::may(Kind::Tick, "disease", t.m("workup-disease")),
        ],
    }
}

fn test_strip(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Strip> {
    match &test.material {
        lifeline_core::testing::Material::Sample(id) => {
            Strip::find(frame, hospital, hospital.samples.get(id)?.patient).ok()
        }
        lifeline_core::testing::Material::Unit(_) => None,
    }
}

/// `GET /tests/{test}/work-up`.
pub(super) async fn ask_open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let lead = Lead::of(&frame, &hospital, &test);
    let asked = asked_open(&frame, &test, lead.as_ref());
    let strip = test_strip(&frame, &hospital, &test);
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /tests/{test}/work-up`.
pub(super) async fn open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let mut form = Form::sent(&frame, posted)?;
    let transfused = match form.value("transfused") {
        "" => None,
        _ => {
            let wrong = frame.t.m("sheet-choose");
            form.read("transfused", BloodGroup::parse, |_| wrong)
        }
    };
    let command = OpenDiscrepancy {
        test: test.id,
        version: test.versions.len(),
        stated: Stated {
            transfused,
            transplanted: form.has("transplanted", "yes"),
            disease: form.has("disease", "yes"),
        },
    };
    let to = |facts: &[(_, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Discrepancy(DiscrepancyEvent::Opened { discrepancy, .. }) => {
                    Some(address(*discrepancy))
                }
                _ => None,
            })
            .unwrap_or_else(|| "/bench/discrepancies".into())
    };
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let lead = Lead::of(&frame, &hospital, &test);
            let asked = asked_open(&frame, &test, lead.as_ref());
            let strip = test_strip(&frame, &hospital, &test);
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    step: String,
}

fn asked_step(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("{}/step", address(found.id)),
        back: address(found.id),
        title: t.m("workup-step-title"),
        note: t.m("workup-step-note"),
        submit: t.m("sheet-record"),
        inputs: vec![
            Input::must(Kind::Select, "step", t.m("workup-step")).of(Step::ALL
                .iter()
                .map(|step| (step.as_str().to_owned(), t.m(step.word())))),
            Input::must(Kind::Choice, "outcome", t.m("workup-outcome")).of(Outcome::ALL.map(
                |outcome| {
                    let words = t.m(&format!("outcome-{}", outcome.as_str()));
                    (outcome.as_str().to_owned(), words)
                },
            )),
            Input::must(Kind::Lines, "result", t.m("workup-result")),
        ],
    }
}

/// `GET /bench/discrepancies/{id}/step?step=`.
pub(super) async fn ask_step(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_step(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::filled(&frame, Posted::of([("step", which.step.as_str())]));
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// Reads a choice; one that was not made is told beside its field.
fn chosen<T>(
    frame: &Frame,
    form: &mut Form,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = read(form.value(name));
    if found.is_none() {
        form.refuse(name, frame.t.m("sheet-choose"));
    }
    found
}

/// `POST /bench/discrepancies/{id}/step`.
pub(super) async fn take_step(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let step = chosen(&frame, &mut form, "step", Step::parse);
    let outcome = chosen(&frame, &mut form, "outcome", Outcome::parse);
    let command = step.zip(outcome).map(|(step, outcome)| {
        Command::from(RecordDiscrepancyStep {
            discrepancy: found.id,
            step,
            outcome,
            note: form.value("result").into(),
        })
    });
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_step(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

fn asked_conclusion(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    let rulings = groups(frame)
        .into_iter()
        .map(|(value, group)| (value, t.a("ruling-group-of", &[("group", &group)])))
        .chain([
            ("file_stands".into(), t.m("ruling-file_stands")),
            ("interim".into(), t.m("ruling-interim")),
        ]);
    Asked {
        action: format!("{}/conclude", address(found.id)),
        back: address(found.id),
        title: t.m("workup-conclude"),
        note: t.m("workup-conclude-note"),
        submit: t.m("workup-conclude"),
        inputs: vec![
            Input::must(Kind::Select, "cause", t.m("workup-cause")).of(Cause::ALL
                .iter()
                .map(|cause| (cause.as_str().to_owned(), t.m(cause.word())))),
            Input::must(Kind::Select, "ruling", t.m("workup-ruling")).of(rulings),
            Input::must(Kind::Lines, "result", t.m("workup-conclusion")),
        ],
    }
}

fn ruling(text: &str) -> Option<Ruling> {
    match text {
        "file_stands" => Some(Ruling::FileStands),
        "interim" => Some(Ruling::Interim),
        text => BloodGroup::parse(text).ok().map(Ruling::Group),
    }
}

/// `GET /bench/discrepancies/{id}/conclude`.
pub(super) async fn ask_conclusion(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_conclusion(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /bench/discrepancies/{id}/conclude`.
pub(super) async fn conclude(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let cause = chosen(&frame, &mut form, "cause", Cause::parse);
    let ruled = chosen(&frame, &mut form, "ruling", ruling);
    let command = cause.zip(ruled).map(|(cause, ruling)| {
        Command::from(ConcludeDiscrepancy {
            discrepancy: found.id,
            cause,
            ruling,
            note: form.value("result").into(),
        })
    });
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_conclusion(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

fn asked_reopen(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("{}/reopen", address(found.id)),
        back: address(found.id),
        title: t.m("workup-reopen"),
        note: t.m("workup-reopen-note"),
        submit: t.m("workup-reopen"),
        inputs: vec![Input::must(Kind::Lines, "why", t.m("act-reason"))],
    }
}

/// `GET /bench/discrepancies/{id}/reopen`.
pub(super) async fn ask_reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestVerify)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_reopen(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /bench/discrepancies/{id}/reopen`.
pub(super) async fn reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestVerify)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = ReopenDiscrepancy {
        discrepancy: found.id,
        reason: form.value("why").into(),
    };
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_reopen(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}
