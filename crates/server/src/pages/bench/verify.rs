use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use lifeline_core::id::TestId;
use lifeline_core::people::Action;
use lifeline_core::testing::{Origin, VerifyTest};

use crate::app::{App, Done};
use crate::pages::results::TestLine;
use crate::pages::sheet::answered;
use crate::web::components::Banner;
use crate::web::{Form, Frame, PageError, Posted, Visit, render, words};

/// The most results shown at once.
const LINES_MOST: usize = 60;

struct Waiting {
    line: TestLine,
    form: Form,
    own: bool,
}

#[derive(Template)]
#[template(path = "bench/verify.html")]
struct VerifyPage {
    waiting: Vec<Waiting>,
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
    let wrong = banner.is_some();
    let page = render(&VerifyPage {
        waiting,
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
    let mut form = Form::sent(&frame, posted)?;
    let test: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    let unreadable = |_| PageError::Unreadable(frame.t.m("error-not-understood"));
    let version = form.value("version").parse().map_err(unreadable)?;
    let command = VerifyTest { test, version };
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let back = crate::web::pages::local_address(form.value("back"));
            let to = if back == "/" { "/bench/verify" } else { back };
            Ok(Redirect::to(to).into_response())
        }
        Done::Refused(refusal) => {
            let banner = words::refusal(&frame, &refusal);
            Ok(page(&app, &visit, frame, Some(banner)))
        }
        Done::Wrong => Ok(page(&app, &visit, frame, None)),
    }
}
