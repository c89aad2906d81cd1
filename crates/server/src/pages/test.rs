//! One result: every version with its wells, lots, machine, message, who entered and who verified it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::TestId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_core::testing::{InvalidateTest, Material, Origin, Test, TestState, Version};

use super::discrepancy::Lead;
use super::person::Strip;
use super::results::{Particulars, Said, TestLine, wells};
use super::sheet::{Answer, Input, Kind, Sheet, send};
use super::timeline;
use crate::app::App;
use crate::web::components::TimelineEntry;
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The routes of this page.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/tests/{test}", get(show))
        .route("/tests/{test}/invalidate", get(ask).post(invalidate))
}

struct VersionLine {
    number: usize,
    said: Said,
    stated: String,
    wells: Vec<(String, String)>,
    edited: bool,
    particulars: Particulars,
}

#[derive(Template)]
#[template(path = "bench/test.html")]
struct TestPage {
    strip: Option<Strip>,
    line: TestLine,
    versions: Vec<VersionLine>,
    verify: Option<Form>,
    may_correct: bool,
    waiting: bool,
    lead: Option<Lead>,
    may_work_up: bool,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn known(hospital: &Hospital, test: &str) -> Result<std::sync::Arc<Test>, PageError> {
    let id: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    hospital.tests.get(id).cloned().ok_or(PageError::NotFound)
}

fn strip(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Strip> {
    match &test.material {
        Material::Sample(id) => {
            Strip::find(frame, hospital, hospital.samples.get(id)?.patient).ok()
        }
        Material::Unit(_) => None,
    }
}

fn version_line(
    frame: &Frame,
    hospital: &Hospital,
    test: &Test,
    number: usize,
    version: &Version,
) -> VersionLine {
    VersionLine {
        number,
        said: Said::of(
            frame,
            &version.interpretation,
            version.interpretation.reached(test.kind),
        ),
        stated: version
            .stated
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        wells: wells(frame, &version.readings),
        edited: version.origin.edited(),
        particulars: Particulars::of(
            (frame, hospital),
            &version.origin,
            &version.lots,
            version.read,
            (&version.entered, version.verified.as_ref()),
            version.reason.as_deref(),
        ),
    }
}

/// `GET /tests/{test}`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let test = known(&hospital, &test)?;
    let timeline = timeline::of(&app, &frame, &[Subject::from(test.id)]).await?;
    let versions = test
        .versions
        .iter()
        .enumerate()
        .rev()
        .map(|(index, version)| version_line(&frame, &hospital, &test, index + 1, version))
        .collect();
    let own = test.latest().is_some_and(|version| {
        version.origin == Origin::Bench && version.entered.by.as_str() == &*visit.person.id
    });
    let waiting = test.state == TestState::Entered;
    let may_verify = waiting && !own && app.may(&visit, Action::TestVerify);
    Ok(render(&TestPage {
        strip: strip(&frame, &hospital, &test),
        line: TestLine::of(&frame, &hospital, &test).ok_or(PageError::NotFound)?,
        versions,
        verify: may_verify.then(|| Form::blank(&frame).seeing(hospital.seq)),
        may_correct: test.state != TestState::Invalidated && app.may(&visit, Action::TestCorrect),
        waiting,
        lead: Lead::of(&frame, &hospital, &test),
        may_work_up: app.may(&visit, Action::TestRecord),
        timeline,
        frame,
    }))
}

fn sheet(frame: Frame, hospital: &Hospital, test: &Test, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    Sheet {
        strip: strip(&frame, hospital, test),
        form,
        title: t.a("test-invalidate-title", &[("test", &test.id.to_string())]),
        note: t.m("test-invalidate-note"),
        action: format!("/tests/{}/invalidate", test.id),
        back: format!("/tests/{}", test.id),
        submit: t.m("test-invalidate"),
        answer,
        inputs: vec![Input::must(Kind::Lines, "why", t.m("act-reason"))],
        second: None,
        frame,
    }
}

/// `GET /tests/{test}/invalidate`.
async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let test = known(&hospital, &test)?;
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, &hospital, &test, form, Answer::default()).show())
}

/// `POST /tests/{test}/invalidate`.
async fn invalidate(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let test = known(&hospital, &test)?;
    let mut form = Form::sent(&frame, posted)?;
    // What was seen is told by the journal position; a version that came since makes the form stale.
    let command = InvalidateTest {
        test: test.id,
        version: test.versions.len(),
        reason: form.value("why").into(),
    };
    let to = |_: &[_]| format!("/tests/{}", test.id);
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(frame, &hospital, &test, form, answer).show()),
    }
}
