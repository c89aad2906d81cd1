//! What stands between the network and a handler: who is asking, forged forms, headers, and errors turned into pages.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::errors::{self, PageError};
use super::frame::{BODY_BYTES_MAX, Doorkeeper, Frame, Site, Theme, cookie};
use super::i18n::{Lang, Text};
use super::rooms::Room;

/// The addresses that need nobody signed in: an address is public when it equals one of these or lies below it. Everything else is refused.
pub const PUBLIC: &[&str] = &[
    "/sign-in",
    "/assets",
    "/preferences",
    "/health",
    "/styleguide",
    crate::api::SESSION,
];

/// The header in which htmx and API callers with a cookie bring the form secret.
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// The hidden field in which forms bring it.
pub const CSRF_FIELD: &str = "_csrf";
/// The cookie that holds the secret of somebody not yet signed in.
const ENTRY_COOKIE: &str = "entry";

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// What the guard needs to know.
#[derive(Clone)]
pub struct Guard<D> {
    /// The installation.
    pub site: Arc<Site>,
    /// Who knows the sessions.
    pub doorkeeper: D,
}

/// Identifies the visitor, refuses strangers and forged forms, gives handlers their [`Frame`], and words errors.
pub async fn guard<D: Doorkeeper>(
    State(guard): State<Guard<D>>,
    mut request: Request,
    next: Next,
) -> Response {
    let (frame, fresh_entry) = match frame_of(&guard, &mut request).await {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    let asked = errors::Asked::of(&request);
    request.extensions_mut().insert(frame.clone());

    let signed_in = frame.person.is_some();
    let answer = if !signed_in && !is_public(request.uri().path()) {
        PageError::SignInNeeded.into_response()
    } else {
        match refuse_forgery(request, &frame.csrf, signed_in).await {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    let mut answer = errors::word(answer, &frame, &asked);
    if fresh_entry
        && let Ok(value) = HeaderValue::from_str(&format!(
            "{ENTRY_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict",
            frame.csrf
        ))
    {
        answer.headers_mut().append(SET_COOKIE, value);
    }
    answer
}

async fn frame_of<D: Doorkeeper>(
    guard: &Guard<D>,
    request: &mut Request,
) -> Result<(Frame, bool), PageError> {
    let headers = request.headers();
    let lang = Lang::of_request(headers);
    let theme = cookie(headers, "theme")
        .and_then(Theme::from_code)
        .unwrap_or_default();
    let entry = cookie(headers, ENTRY_COOKIE)
        .filter(|secret| secret.len() == 2 * SECRET_BYTES)
        .map(Arc::from);
    let visit = guard.doorkeeper.visit(headers).await;
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned());
    let fresh_entry = visit.is_none() && entry.is_none();
    let csrf = match (&visit, entry) {
        (Some(visit), _) => visit.csrf.clone(),
        (None, Some(entry)) => entry,
        (None, None) => secret()?,
    };
    let mut frame = Frame {
        t: Text::new(lang),
        theme,
        person: None,
        rooms: Vec::new(),
        room: Room::of_path(&path),
        shift: None,
        alarms: 0,
        csrf,
        path,
        now: guard.doorkeeper.now(),
        idle_seconds: None,
        site: guard.site.clone(),
    };
    if let Some(visit) = visit {
        frame.person = Some(visit.person.clone());
        frame.rooms = Room::ALL
            .into_iter()
            .filter(|room| room.is_open() && visit.rooms.contains(room))
            .collect();
        frame.shift = visit.shift.clone();
        frame.alarms = visit.alarms;
        frame.idle_seconds = Some(visit.idle_limit.as_secs());
        request.extensions_mut().insert(visit);
    }
    Ok((frame, fresh_entry))
}

fn is_public(path: &str) -> bool {
    PUBLIC.iter().any(|public| {
        path.strip_prefix(public)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

const SECRET_BYTES: usize = 32;

/// A new unguessable secret, in hexadecimal.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn secret() -> Result<Arc<str>, PageError> {
    let mut bytes = [0u8; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(PageError::internal)?;
    Ok(bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        .into())
}

/// Lets a state-changing request pass only when it brings the form secret, in the header or in the hidden field.
/// A call that proves itself with an `Authorization` header and no session cannot be forged by a foreign page and passes.
async fn refuse_forgery(
    request: Request,
    expected: &str,
    signed_in: bool,
) -> Result<Request, PageError> {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) || (!signed_in && request.headers().contains_key(AUTHORIZATION))
    {
        return Ok(request);
    }
    if let Some(brought) = request.headers().get(CSRF_HEADER) {
        return if same(brought.as_bytes(), expected.as_bytes()) {
            Ok(request)
        } else {
            Err(PageError::Forged)
        };
    }
    if !is_form(request.headers()) {
        return Err(PageError::Forged);
    }
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| PageError::TooLarge)?;
    let genuine = form_urlencoded::parse(&body)
        .any(|(name, value)| name == CSRF_FIELD && same(value.as_bytes(), expected.as_bytes()));
    if genuine {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(PageError::Forged)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .starts_with("application/x-www-form-urlencoded")
        })
}

/// Compares without telling by the time taken where the two differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .fold(0u8, |differs, (x, y)| differs | (x ^ y))
            == 0
}

/// The headers that tell a browser what these pages never do. Answers are not kept by any cache unless they say so themselves.
pub async fn security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
