//! Errors of pages and calls. A handler returns a [`PageError`]; the guard, which knows the language and who asks, words it:
//! a page for a browser, a banner for an htmx swap, RFC 9457 problem details for a program.

use std::fmt::Display;

use askama::Template;
use axum::extract::Request;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use super::components::{Banner, FindingLine, Tone};
use super::frame::Frame;
use super::i18n::Text;

/// Why a page or call cannot be answered. A refusal by a rule is not among them: that is a value which a page shows as a banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// Nobody is signed in.
    SignInNeeded,
    /// This person's roles do not open this.
    Forbidden,
    /// There is nothing at this address.
    NotFound,
    /// The address exists but not for this method.
    MethodNotAllowed,
    /// The request cannot be read; the text says what is wrong, in the person's language when it came from a form.
    Unreadable(String),
    /// The form did not bring the session's secret: it is old, or another site sent it.
    Forged,
    /// The body is larger than its bound.
    TooLarge,
    /// What was to be changed has changed meanwhile.
    Conflict(String),
    /// Somebody else gave a command under this id.
    IdTaken,
    /// More work waits than may wait; try again shortly.
    Busy,
    /// The database or disk does not answer. Nothing was recorded.
    Unavailable,
    /// The answer took longer than it may. Whether it was recorded must be looked up.
    TookTooLong,
    /// A fault of ours, found in the server's log by this reference.
    Internal(Uuid),
}

impl PageError {
    /// A fault of ours: its cause goes to the log, its reference to the person.
    pub fn internal(cause: impl Display) -> Self {
        let reference = Uuid::now_v7();
        tracing::error!(%reference, %cause, "request failed");
        PageError::Internal(reference)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            PageError::SignInNeeded => StatusCode::UNAUTHORIZED,
            PageError::Forbidden | PageError::Forged => StatusCode::FORBIDDEN,
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            PageError::Unreadable(_) => StatusCode::BAD_REQUEST,
            PageError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::Conflict(_) | PageError::IdTaken => StatusCode::CONFLICT,
            PageError::Busy | PageError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            PageError::TookTooLong => StatusCode::GATEWAY_TIMEOUT,
            PageError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code of the problem, as programs see it.
    pub fn code(&self) -> &'static str {
        match self {
            PageError::SignInNeeded => "sign-in-needed",
            PageError::Forbidden => "forbidden",
            PageError::NotFound => "not-found",
            PageError::MethodNotAllowed => "method-not-allowed",
            PageError::Unreadable(_) => "unreadable",
            PageError::Forged => "form-secret-missing",
            PageError::TooLarge => "too-large",
            PageError::Conflict(_) => "conflict",
            PageError::IdTaken => "command-id-taken",
            PageError::Busy => "busy",
            PageError::Unavailable => "unavailable",
            PageError::TookTooLong => "took-too-long",
            PageError::Internal(_) => "internal",
        }
    }

    /// What happened, in one line.
    pub fn title(&self, t: &Text) -> String {
        match self {
            PageError::SignInNeeded => t.m("error-sign-in-needed"),
            PageError::Forbidden => t.m("error-forbidden"),
            PageError::NotFound => t.m("error-not-found"),
            PageError::MethodNotAllowed => t.m("error-method-not-allowed"),
            PageError::Unreadable(_) => t.m("error-unreadable"),
            PageError::Forged => t.m("error-forged"),
            PageError::TooLarge => t.m("error-too-large"),
            PageError::Conflict(_) => t.m("error-conflict"),
            PageError::IdTaken => t.m("error-id-taken"),
            PageError::Busy => t.m("error-busy"),
            PageError::Unavailable => t.m("error-unavailable"),
            PageError::TookTooLong => t.m("error-took-too-long"),
            PageError::Internal(_) => t.m("error-internal"),
        }
    }

    /// What to do about it.
    pub fn advice(&self, t: &Text) -> String {
        match self {
            PageError::SignInNeeded => t.m("error-sign-in-needed-do"),
            PageError::Forbidden => t.m("error-forbidden-do"),
            PageError::NotFound => t.m("error-not-found-do"),
            PageError::MethodNotAllowed => t.m("error-method-not-allowed-do"),
            PageError::Unreadable(_) => t.m("error-unreadable-do"),
            PageError::Forged => t.m("error-forged-do"),
            PageError::TooLarge => t.m("error-too-large-do"),
            PageError::Conflict(_) => t.m("error-conflict-do"),
            PageError::IdTaken => t.m("error-id-taken-do"),
            PageError::Busy => t.m("error-busy-do"),
            PageError::Unavailable => t.m("error-unavailable-do"),
            PageError::TookTooLong => t.m("error-took-too-long-do"),
            PageError::Internal(reference) => t.a(
                "error-internal-do",
                &[("reference", &reference.to_string())],
            ),
        }
    }

    fn detail(&self) -> &str {
        match self {
            PageError::Unreadable(detail) | PageError::Conflict(detail) => detail,
            _ => "",
        }
    }

    /// The error behind a bare answer of the router or a layer, such as its 404 or its time-out.
    fn of_status(status: StatusCode, text: impl FnOnce() -> String) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => PageError::SignInNeeded,
            StatusCode::FORBIDDEN => PageError::Forbidden,
            StatusCode::NOT_FOUND => PageError::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => PageError::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
            StatusCode::CONFLICT => PageError::Conflict(text()),
            StatusCode::SERVICE_UNAVAILABLE => PageError::Unavailable,
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => PageError::TookTooLong,
            status if status.is_client_error() => PageError::Unreadable(text()),
            status => PageError::internal(status),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// How the request wants its error worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A browser opening a page.
    Page,
    /// htmx swapping a fragment.
    Fragment,
    /// A program.
    Data,
}

impl Asked {
    /// Reads it from the request.
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let accept = request
            .headers()
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if path.starts_with("/api/")
            || path.starts_with("/fhir/")
            || (accept.contains("json") && !accept.contains("text/html"))
        {
            Asked::Data
        } else if request.headers().contains_key("hx-request") {
            Asked::Fragment
        } else {
            Asked::Page
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: String,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    banner: Banner,
    status: u16,
}

#[derive(Template)]
#[template(path = "error_fragment.html")]
struct ErrorFragment<'a> {
    frame: &'a Frame,
    banner: Banner,
}

/// Words an error for whoever asked; leaves every other answer as it is.
pub fn word(answer: Response, frame: &Frame, asked: &Asked) -> Response {
    let status = answer.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let error = match answer.extensions().get::<PageError>() {
        Some(error) => error.clone(),
        None if is_worded(&answer) => return answer,
        None => PageError::of_status(status, || frame.t.m("error-not-understood")),
    };
    let allow = answer.headers().get(ALLOW).cloned();
    let mut response = match asked {
        Asked::Data => problem(&error, frame),
        Asked::Fragment => fragment(&error, frame),
        Asked::Page if error == PageError::SignInNeeded => to_sign_in(frame),
        Asked::Page => page(&error, frame),
    };
    if error == PageError::Busy {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// Whether a handler has already said what is wrong, as a page showing a refused form does.
fn is_worded(answer: &Response) -> bool {
    answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("text/html") || value.contains("json"))
}

fn banner(error: &PageError, t: &Text) -> Banner {
    let line = FindingLine {
        why: error.detail().to_owned(),
        todo: error.advice(t),
        ..FindingLine::new(Tone::Stop, error.title(t))
    };
    Banner {
        tone: Tone::Stop,
        title: t.m("error-title"),
        findings: vec![line],
    }
}

fn problem(error: &PageError, frame: &Frame) -> Response {
    let body = Problem {
        r#type: format!("urn:lifeline:problem:{}", error.code()),
        title: error.title(&frame.t),
        status: error.status().as_u16(),
        detail: if error.detail().is_empty() {
            &error.advice(&frame.t)
        } else {
            error.detail()
        },
        instance: &frame.path,
        code: error.code(),
    };
    let mut response = (error.status(), axum::Json(body)).into_response();
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

fn page(error: &PageError, frame: &Frame) -> Response {
    let page = ErrorPage {
        frame,
        banner: banner(error, &frame.t),
        status: error.status().as_u16(),
    };
    html(error.status(), page.render())
}

fn fragment(error: &PageError, frame: &Frame) -> Response {
    let mut response = html(
        error.status(),
        ErrorFragment {
            frame,
            banner: banner(error, &frame.t),
        }
        .render(),
    );
    if *error == PageError::SignInNeeded {
        response.headers_mut().insert(
            HeaderName::from_static("hx-redirect"),
            HeaderValue::from_static("/sign-in"),
        );
    }
    response
}

fn html(status: StatusCode, rendered: askama::Result<String>) -> Response {
    match rendered {
        Ok(text) => (status, Html(text)).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "error page failed");
            status.into_response()
        }
    }
}

fn to_sign_in(frame: &Frame) -> Response {
    let back: String = form_urlencoded::byte_serialize(frame.path.as_bytes()).collect();
    let target = if frame.path == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?next={back}")
    };
    match HeaderValue::from_str(&target) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
