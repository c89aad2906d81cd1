//! Signing in and out.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::id::{UserId, WorkstationId};
use serde::Deserialize;

use crate::app::{App, demo_logins, sign_in_words};
use crate::entrance::SESSION_COOKIE;
use crate::web::pages::{SignInPage, local_address};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The routes of this page.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/lock", post(lock))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
    /// Who had locked the screen.
    #[serde(default)]
    login: String,
}

/// The first room the person may enter.
async fn home(visit: Option<Visit>) -> Redirect {
    let room = visit.and_then(|visit| visit.rooms.into_iter().find(|room| room.is_open()));
    Redirect::to(room.map_or("/sign-in", |room| room.path()))
}

fn page(app: &App, frame: Frame, form: Form, next: &str) -> Response {
    let demo_logins = demo_logins(app, &frame);
    render(&SignInPage {
        next: local_address(next).to_owned(),
        form,
        demo_logins,
        frame,
    })
}

async fn show(State(app): State<App>, frame: Frame, Query(asked): Query<Asked>) -> Response {
    let login: String = asked.login.chars().take(UserId::MOST).collect();
    let form = Form::filled(&frame, Posted::of([("login", login.as_str())]));
    page(&app, frame, form, &asked.next)
}

async fn sign_in(
    State(app): State<App>,
    frame: Frame,
    posted: Posted,
) -> Result<Response, PageError> {
    let mut form = Form::sent(&frame, posted)?;
    let next = form.value("next").to_owned();
    let workstation = WorkstationId::parse("web:sign-in").map_err(PageError::internal)?;
    match app
        .keeper
        .sign_in(form.value("login"), form.value("password"), &workstation)
        .await
    {
        Ok(token) => {
            let cookie = format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
            let cookie = HeaderValue::from_str(&cookie).map_err(PageError::internal)?;
            let target =
                HeaderValue::from_str(local_address(&next)).map_err(PageError::internal)?;
            Ok((
                StatusCode::SEE_OTHER,
                [(SET_COOKIE, cookie), (LOCATION, target)],
            )
                .into_response())
        }
        Err(error) => {
            let words = sign_in_words(&frame, &error)?;
            form.refuse("login", words);
            let mut answer = page(&app, frame, form, &next);
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
    }
}

async fn sign_out(
    State(app): State<App>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    leave(&app, &visit, &headers, "/sign-in").await
}

/// Ends the session as signing out does; whoever had it need only type the password to come back to the same page.
async fn lock(
    State(app): State<App>,
    visit: Visit,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, PageError> {
    let target = form_urlencoded::Serializer::new(String::new())
        .append_pair("login", &visit.person.id)
        .append_pair("next", local_address(posted.get("next")))
        .finish();
    leave(&app, &visit, &headers, &format!("/sign-in?{target}")).await
}

async fn leave(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    target: &str,
) -> Result<Response, PageError> {
    let workstation = app.workstation(visit)?;
    if let Err(error) = app.keeper.sign_out(headers, &workstation).await {
        tracing::error!(%error, "sign-out");
        return Err(PageError::Unavailable);
    }
    let gone = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    let cookie = HeaderValue::from_str(&gone).map_err(PageError::internal)?;
    Ok((
        StatusCode::SEE_OTHER,
        [
            (SET_COOKIE, cookie),
            (
                LOCATION,
                HeaderValue::from_str(target).map_err(PageError::internal)?,
            ),
        ],
    )
        .into_response())
}
