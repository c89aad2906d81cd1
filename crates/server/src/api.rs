//! The JSON API: a session for a program, and the one way a program hands in a command. It holds no rule: the desk decides,
//! and may refuse every command that a page could have sent. Described in docs/api.md.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lifeline_core::command::{Command, Seen};
use lifeline_core::event::Event;
use lifeline_core::finding::{Finding, Reason, Refusal};
use lifeline_core::hospital::Stamp;
use lifeline_core::id::WorkstationId;
use lifeline_core::people::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::{App, desk_error};
use crate::desk::{Outcome, Submission};
use crate::entrance::{SESSION_COOKIE, SignInError};
use crate::web::{Doorkeeper, Frame, PageError, Visit};

/// The most reasons or versions one command may carry.
pub const LIST_MOST: usize = 100;

/// The routes of the API.
pub fn routes() -> Router<App> {
    Router::new()
        .route(SESSION, get(whose).post(sign_in).delete(sign_out))
        .route("/api/commands", post(command))
}

/// Where sessions are opened; open to strangers, who bring a password.
pub const SESSION: &str = "/api/session";

/// Who is signed in, and the secret that state-changing calls bring back in the header `X-CSRF-Token`.
#[derive(Debug, Serialize)]
struct Session {
    user: Arc<str>,
    name: Arc<str>,
    roles: Vec<Role>,
    csrf: Arc<str>,
}

impl From<Visit> for Session {
    fn from(visit: Visit) -> Self {
        Self {
            user: visit.person.id,
            name: visit.person.name,
            roles: visit.person.roles,
            csrf: visit.csrf,
        }
    }
}

async fn whose(visit: Visit) -> Json<Session> {
    Json(visit.into())
}

/// Login and password of an `Authorization: Basic` header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

/// What a failed proof of a person becomes.
fn sign_in_error(frame: &Frame, error: SignInError) -> PageError {
    match error {
        SignInError::Wrong => PageError::SignInNeeded,
        SignInError::Wait(_) => PageError::Busy,
        error => crate::app::sign_in_words(frame, &error)
            .err()
            .unwrap_or(PageError::SignInNeeded),
    }
}

async fn sign_in(
    State(app): State<App>,
    frame: Frame,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let (login, password) = basic(&headers).ok_or(PageError::SignInNeeded)?;
    let workstation = WorkstationId::parse("api:sign-in").map_err(PageError::internal)?;
    let token = app
        .keeper
        .sign_in(&login, &password, &workstation)
        .await
        .map_err(|error| sign_in_error(&frame, error))?;
    let value = |text: String| HeaderValue::from_str(&text).map_err(PageError::internal);
    let mut own = HeaderMap::new();
    own.insert(COOKIE, value(format!("{SESSION_COOKIE}={token}"))?);
    let visit = app.keeper.visit(&own).await.ok_or(PageError::Unavailable)?;
    let cookie = value(format!(
        "{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    ))?;
    let session = Json(Session::from(visit));
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie)], session).into_response())
}

async fn sign_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    headers: HeaderMap,
) -> Result<StatusCode, PageError> {
    let workstation = app.workstation(&visit)?;
    app.keeper
        .sign_out(&headers, &workstation)
        .await
        .map_err(|error| sign_in_error(&frame, error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The body of `POST /api/commands`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// Idempotency key: the same id answers the first outcome.
    id: Uuid,
    /// What is to be done, `{"NAME": {…}}`.
    command: Command,
    /// A second person, who proves it here.
    #[serde(default)]
    second: Option<Second>,
    /// Reasons for going on past warnings.
    #[serde(default)]
    reasons: Vec<Reason>,
    /// Versions the caller had seen.
    #[serde(default)]
    seen: Vec<Seen>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Second {
    login: String,
    password: String,
}

#[derive(Serialize)]
struct Accepted<'a> {
    id: Uuid,
    facts: Vec<Fact<'a>>,
}

#[derive(Serialize)]
struct Fact<'a> {
    seq: u64,
    at: jiff::Timestamp,
    by: &'a str,
    kind: &'static str,
    event: &'a Event,
}

impl<'a> From<&'a (Stamp, Event)> for Fact<'a> {
    fn from((stamp, event): &'a (Stamp, Event)) -> Self {
        Self {
            seq: stamp.seq,
            at: stamp.at,
            by: stamp.by.as_str(),
            kind: event.kind(),
            event,
        }
    }
}

/// RFC 9457 with every finding beside it.
#[derive(Serialize)]
struct Refused<'a> {
    r#type: &'static str,
    title: String,
    status: u16,
    code: &'static str,
    id: Uuid,
    findings: &'a [Finding],
}

async fn command(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    body: Bytes,
) -> Result<Response, PageError> {
    let sent: Sent =
        serde_json::from_slice(&body).map_err(|error| PageError::Unreadable(error.to_string()))?;
    if sent.reasons.len() > LIST_MOST || sent.seen.len() > LIST_MOST {
        return Err(PageError::TooLarge);
    }
    let workstation = app.workstation(&visit)?;
    let second = match &sent.second {
        Some(second) => Some(
            app.keeper
                .prove(&second.login, &second.password, &workstation)
                .await
                .map_err(|error| sign_in_error(&frame, error))?,
        ),
        None => None,
    };
    let id = sent.id;
    let submission = Submission {
        id,
        command: sent.command,
        actor: app.actor(&visit)?,
        workstation,
        second,
        reasons: sent.reasons,
        seen: sent.seen,
    };
    match app.desk.submit(submission).await.map_err(desk_error)? {
        Outcome::Accepted { facts } => Ok(Json(Accepted {
            id,
            facts: facts.iter().map(Fact::from).collect(),
        })
        .into_response()),
        Outcome::Refused(refusal) => Ok(refused(&frame, id, &refusal)),
    }
}

fn refused(frame: &Frame, id: Uuid, refusal: &Refusal) -> Response {
    let problem = Refused {
        r#type: "urn:lifeline:problem:refused",
        title: frame.t.m("error-title"),
        status: StatusCode::CONFLICT.as_u16(),
        code: "refused",
        id,
        findings: &refusal.findings,
    };
    let content = HeaderValue::from_static("application/problem+json");
    (
        StatusCode::CONFLICT,
        [(CONTENT_TYPE, content)],
        Json(problem),
    )
        .into_response()
}
