//! What every page knows before it says anything of its own: who is here, in which language, and what they may see.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, OptionalFromRequestParts};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lifeline_core::people::Role;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use super::components::Moment;
use super::errors::PageError;
use super::i18n::{Lang, Text};
use super::rooms::Room;
use super::{assets, guard, pages};

/// The largest request body that any page or API call may send, in bytes. Uploads that need more state their own bound on their route.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The longest a request may take before it is answered with an error. A live stream counts only until it starts.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// What is the same for every request of this installation.
#[derive(Clone, Debug)]
pub struct Site {
    /// The hospital's name in Chinese and in English, for the rail, slips and reports.
    pub name: [String; 2],
    /// A demonstration hospital: shows its logins, the style guide, and a mark on every page.
    pub demo: bool,
    /// The hospital's time zone, in which every page shows times.
    pub zone: TimeZone,
}

/// A person who is signed in, as far as pages show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The staff id, as journal entries carry it.
    pub id: Arc<str>,
    /// The name as it is shown.
    pub name: Arc<str>,
    /// The name in Latin letters, for English pages; empty where none is known.
    pub latin: Arc<str>,
    /// The roles held today.
    pub roles: Vec<Role>,
}

/// One request of somebody signed in. Handlers that take it as an argument can be reached by nobody else.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who is asking.
    pub person: Person,
    /// The secret of this session that state-changing forms must bring back.
    pub csrf: Arc<str>,
    /// The rooms this person's roles open, by the policy of today.
    pub rooms: Vec<Room>,
    /// The shift in words of the policy, when shifts are kept.
    pub shift: Option<Arc<str>>,
    /// Alarms that wait for this person.
    pub alarms: usize,
    /// How long the session stays open without a sign of life.
    pub idle_limit: Duration,
}

/// Knows who is at the door. The session keeper implements it; the frame asks it once a request.
pub trait Doorkeeper: Clone + Send + Sync + 'static {
    /// The visit that these headers (the session cookie) prove; none when nobody is signed in or the session is locked.
    fn visit(&self, headers: &HeaderMap) -> impl Future<Output = Option<Visit>> + Send;
    /// The time that pages show and count from.
    fn now(&self) -> Timestamp;
}

/// Light, dark, or as the device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Dark letters on light ground.
    Light,
    /// For the night shift.
    Dark,
}

impl Theme {
    /// The value of the `theme` cookie and of the `data-theme` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Reads a cookie or an address; anything unknown is none.
    pub fn from_code(code: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark]
            .into_iter()
            .find(|theme| theme.code() == code)
    }

    /// The theme that the switch leads to next.
    pub fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Dark,
            Theme::Dark => Theme::Light,
            Theme::Light => Theme::Auto,
        }
    }
}

/// The part of a page that is the same on every page; every page's template struct holds it as `frame`.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The words.
    pub t: Text,
    /// The theme chosen on this device.
    pub theme: Theme,
    /// Who is signed in.
    pub person: Option<Person>,
    /// The rooms in the rail.
    pub rooms: Vec<Room>,
    /// The room of this page.
    pub room: Option<Room>,
    /// The shift, when shifts are kept.
    pub shift: Option<Arc<str>>,
    /// Alarms that wait for this person.
    pub alarms: usize,
    /// The secret that forms carry in the hidden field `_csrf`, and htmx in the header `X-CSRF-Token`.
    pub csrf: Arc<str>,
    /// Path and query of this page.
    pub path: String,
    /// The time of the request.
    pub now: Timestamp,
    /// After how many seconds without a sign of life the screen locks; none when nobody is signed in.
    pub idle_seconds: Option<u64>,
    /// The installation.
    pub site: Arc<Site>,
}

impl Frame {
    /// The language of the page.
    pub fn lang(&self) -> Lang {
        self.t.lang
    }

    /// The address of a style sheet or script.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The hospital's name in the page's language.
    pub fn site_name(&self) -> &str {
        let [chinese, english] = &self.site.name;
        match self.t.lang {
            Lang::ZhCn => chinese,
            Lang::En => english,
        }
    }

    /// A point in time as pages show it.
    pub fn moment(&self, at: impl Borrow<Timestamp>) -> Moment {
        Moment::new(*at.borrow(), &self.site.zone)
    }

    /// Whether the page lies in this room.
    pub fn is_in(&self, room: &Room) -> bool {
        self.room.as_ref() == Some(room)
    }

    /// The name of whoever is signed in, in the page's language; empty when nobody is.
    pub fn person_name(&self) -> &str {
        match &self.person {
            Some(person) if self.t.lang == Lang::En && !person.latin.is_empty() => &person.latin,
            Some(person) => &person.name,
            None => "",
        }
    }

    /// The names of the roles held, in the page's language.
    pub fn role_names(&self) -> String {
        let names = self
            .person
            .iter()
            .flat_map(|person| &person.roles)
            .map(|role| self.t.m(&format!("role-{}", role.as_str())));
        names.collect::<Vec<_>>().join(&self.t.m("list-separator"))
    }

    /// The address that switches a preference (`language` or `theme`) and comes back here.
    pub fn preference(&self, kind: &str, value: &str) -> String {
        let back: String = form_urlencoded::byte_serialize(self.path.as_bytes()).collect();
        format!("/preferences/{kind}/{value}?back={back}")
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

impl<S: Sync> FromRequestParts<S> for Frame {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts
            .extensions
            .get::<Frame>()
            .cloned()
            .ok_or_else(|| PageError::internal("page served outside `assemble`"))
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts
            .extensions
            .get::<Visit>()
            .cloned()
            .ok_or(PageError::SignInNeeded)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Visit>().cloned())
    }
}

/// Puts the frame around the routes: assets, preferences, error pages, the style guide (demonstration only), who is asking, protection against forged forms,
/// security headers, bounds on body and time, compression. Every address outside [`guard::PUBLIC`] needs somebody signed in.
pub fn assemble<D: Doorkeeper>(routes: Router, site: Site, doorkeeper: D) -> Router {
    let site = Arc::new(site);
    let routes = routes
        .merge(pages::routes(&site))
        .fallback(async || PageError::NotFound);
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            REQUEST_TIME_MAX,
        ))
        .layer(from_fn_with_state(
            guard::Guard { site, doorkeeper },
            guard::guard::<D>,
        ))
        .layer(CompressionLayer::new())
        .layer(axum::middleware::map_response(guard::security_headers))
}
