use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use lifeline_core::command::Command;
use lifeline_core::id::{MeasurementId, TestId};
use lifeline_core::measured::VerifyMeasurement;
use lifeline_core::people::Action;
use lifeline_core::testing::{Origin, VerifyTest};

use crate::app::{App, Done};
use crate::pages::measured::MeasuredLine;
use crate::pages::results::TestLine;
use crate::pages::sheet::answered;
use crate::web::components::Banner;
use crate::web::{Form, Frame, PageError, Posted, Visit, render, words};

/// The most results shown at once.
const LINES_MOST: usize = 60;

/// A measured result that waits.
struct WaitingMeasured {
    line: MeasuredLine,
    form: Form,
}

struct Waiting {
    line: TestLine,
    form: Form,
    own: bool,
}

#[derive(Template)]
#[template(path = "bench/verify.html")]
struct VerifyPage {
    waiting: Vec<Waiting>,
    measured: Vec<WaitingMeasured>,
    banner: Option<Banner>,
    may_verify: bool,
    frame: Frame,
}

fn page(app: &App, visit: &Visit, frame: Frame, banner: Option<Banner>) -> Response {
    let hospital = app.state();
    let waiting = hospital
        .tests
        .pending()
        .take(LINES_MOST)
        .filter_map(|test| {
            let version = test.latest()?;
            let entered = version.entered.by.as_str() == &*visit.person.id;
            Some(Waiting {
                line: TestLine::of(&frame, &hospital, test)?,
                form: Form::blank(&frame).seeing(hospital.seq),
                own: entered && version.origin == Origin::Bench,
            })
        })
        .collect();
    let measured = hospital
        .measurements
        .pending()
        .take(LINES_MOST)
        .filter_map(|one| {
            Some(WaitingMeasured {
                line: MeasuredLine::of(&frame, &hospital, one, &visit.person.id)?,
                form: Form::blank(&frame).seeing(hospital.seq),
            })
        })
        .collect();
    let wrong = banner.is_some();
    let page = render(&VerifyPage {
        waiting,
        measured,
        banner,
        may_verify: app.may(visit, Action::TestVerify),
        frame,
    });
    answered(page, wrong)
}

/// `GET /bench/verify`: results that wait for a second person, the wells beside what they say.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    Ok(page(&app, &visit, frame, None))
}

/// `POST /tests/{test}/verify`.
pub(super) async fn verify(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let test: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    let form = Form::sent(&frame, posted)?;
    let version = version(&frame, &form)?;
    carry_out(&app, frame, &visit, form, VerifyTest { test, version }).await
}

/// `POST /measurements/{measurement}/verify`.
pub(super) async fn verify_measured(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let measurement: MeasurementId = measurement.parse().map_err(|_| PageError::NotFound)?;
    let form = Form::sent(&frame, posted)?;
    let version = version(&frame, &form)?;
    let command = VerifyMeasurement {
        measurement,
        version,
    };
    carry_out(&app, frame, &visit, form, command).await
}

fn version(frame: &Frame, form: &Form) -> Result<usize, PageError> {
    let unreadable = |_| PageError::Unreadable(frame.t.m("error-not-understood"));
    form.value("version").parse().map_err(unreadable)
}

async fn carry_out(
    app: &App,
    frame: Frame,
    visit: &Visit,
    mut form: Form,
    command: impl Into<Command>,
) -> Result<Response, PageError> {
    match app.carry_out(&frame, visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let back = crate::web::pages::local_address(form.value("back"));
            let to = if back == "/" { "/bench/verify" } else { back };
            Ok(Redirect::to(to).into_response())
        }
        Done::Refused(refusal) => {
            let banner = words::refusal(&frame, &refusal);
            Ok(page(app, visit, frame, Some(banner)))
        }
        Done::Wrong => Ok(page(app, visit, frame, None)),
    }
}
