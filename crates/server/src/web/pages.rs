//! The pages that belong to the frame itself: preferences, the sign-in page, and the style guide of the demonstration.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lifeline_core::blood::{Abo, BloodGroup, LabelGroup, RhD};
use serde::Deserialize;

use super::components::{Banner, FindingLine, GroupMark, Pager, TimelineEntry, Tone};
use super::errors::PageError;
use super::forms::{Form, Posted};
use super::frame::{Frame, Site, Theme};
use super::i18n::Lang;
use super::{assets, render};

pub(super) fn routes(site: &Arc<Site>) -> Router {
    let routes = Router::new()
        .route("/assets/{name}", get(assets::serve))
        .route("/preferences/{kind}/{value}", get(preference));
    if site.demo {
        routes.route("/styleguide", get(style_guide))
    } else {
        routes
    }
}

/// A login that a demonstration shows on its sign-in page.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// What to type as the name.
    pub login: String,
    /// What to type as the password.
    pub password: String,
    /// The code of the role, for scripts and tests.
    pub role: String,
    /// Who it is, in the page's language: name and role.
    pub words: String,
}

/// The sign-in page. Its form posts `login`, `password` and `next` to `/sign-in`; the session keeper answers.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub frame: Frame,
    /// The form; an error under the field `login` says why signing in did not work.
    pub form: Form,
    /// Where to go afterwards; see [`local_address`].
    pub next: String,
    /// Shown in a demonstration only.
    pub demo_logins: Vec<DemoLogin>,
}

/// An address of this site, from outside: `/` when the text is anything else.
pub fn local_address(text: &str) -> &str {
    let local =
        text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '\r', '\n']);
    if local { text } else { "/" }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

/// A year, in seconds: how long a device remembers language and theme.
const PREFERENCE_SECONDS: u32 = 31_536_000;

/// `GET /preferences/language/en?back=/board`: remembers the choice on this device and goes back.
async fn preference(
    Path((kind, value)): Path<(String, String)>,
    Query(query): Query<Back>,
) -> Response {
    let chosen = match kind.as_str() {
        "language" => Lang::from_tag(&value).map(|lang| ("lang", lang.code())),
        "theme" => Theme::from_code(&value).map(|theme| ("theme", theme.code())),
        _ => None,
    };
    let Some((cookie, code)) = chosen else {
        return PageError::NotFound.into_response();
    };
    let cookie = HeaderValue::from_str(&format!(
        "{cookie}={code}; Path=/; Max-Age={PREFERENCE_SECONDS}; SameSite=Lax"
    ));
    let target = HeaderValue::from_str(local_address(&query.back));
    match (cookie, target) {
        (Ok(cookie), Ok(target)) => (
            StatusCode::SEE_OTHER,
            [(SET_COOKIE, cookie), (LOCATION, target)],
        )
            .into_response(),
        _ => PageError::NotFound.into_response(),
    }
}

#[derive(Template)]
#[template(path = "styleguide.html")]
struct StyleGuide {
    frame: Frame,
    form: Form,
    banners: Vec<Banner>,
    groups: Vec<GroupMark>,
    dins: Vec<String>,
    timeline: Vec<TimelineEntry>,
    pager: Pager,
}

/// `GET /styleguide`: every component once, so that authors and reviewers see what there is.
async fn style_guide(frame: Frame) -> Response {
    let t = frame.t;
    let finding = |tone: Tone, what: String, why: String, todo: String| FindingLine {
        why,
        todo,
        source: t.m("guide-source"),
        ..FindingLine::new(tone, what)
    };
    let stop = finding(
        Tone::Stop,
        t.m("guide-stop-what"),
        t.m("guide-stop-why"),
        t.m("guide-stop-do"),
    );
    let warn = finding(
        Tone::Warn,
        t.m("guide-warn-what"),
        t.m("guide-warn-why"),
        t.m("guide-warn-do"),
    );
    let banners = vec![
        Banner {
            tone: Tone::Good,
            title: t.m("verdict-may-issue"),
            findings: vec![finding(
                Tone::Good,
                t.m("guide-good-what"),
                t.m("guide-good-why"),
                String::new(),
            )],
        },
        Banner {
            tone: Tone::Warn,
            title: t.m("verdict-needs-reason"),
            findings: vec![warn.clone()],
        },
        Banner {
            tone: Tone::Stop,
            title: t.m("verdict-stop"),
            findings: vec![stop, warn],
        },
        Banner {
            tone: Tone::Note,
            title: t.m("guide-note"),
            findings: vec![],
        },
    ];
    let groups: Vec<_> = [RhD::Positive, RhD::Negative]
        .into_iter()
        .flat_map(|rhd| {
            [Abo::A, Abo::B, Abo::O, Abo::Ab].map(|abo| GroupMark::from(BloodGroup::new(abo, rhd)))
        })
        .chain([
            BloodGroup::new(Abo::A, RhD::Weak).into(),
            LabelGroup {
                abo: Abo::A,
                rhd: None,
            }
            .into(),
            GroupMark::UNKNOWN,
        ])
        .collect();
    let dins = (1..=groups.len())
        .map(|serial| format!("W1234 26 {serial:06}"))
        .collect();
    let entry = |tone, what: String, detail: String| TimelineEntry {
        at: frame.moment(frame.now),
        tone,
        what,
        who: t.m("guide-who"),
        detail,
        href: "/styleguide#timeline".into(),
    };
    let timeline = vec![
        entry(
            Tone::Note,
            t.m("guide-line-received"),
            t.m("guide-line-received-detail"),
        ),
        entry(Tone::Good, t.m("guide-line-tested"), String::new()),
        entry(
            Tone::Stop,
            t.m("guide-line-refused"),
            t.m("guide-stop-what"),
        ),
    ];
    let mut form = Form::filled(
        &frame,
        Posted::of([
            ("din", "=<E8404"),
            ("volume", "200"),
            ("kind", "b"),
            ("checked", "yes"),
        ]),
    )
    .seeing(1);
    form.refuse("din", t.m("guide-field-error"));
    let pager = Pager {
        page: 2,
        pages: 7,
        previous: "/styleguide?page=1".into(),
        next: "/styleguide?page=3".into(),
    };
    render(&StyleGuide {
        form,
        banners,
        groups,
        dins,
        timeline,
        pager,
        frame,
    })
}

#[cfg(test)]
mod tests {
    use super::local_address;

    #[test]
    fn only_addresses_of_this_site_are_gone_back_to() {
        assert_eq!(local_address("/stock?group=A"), "/stock?group=A");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(local_address(foreign), "/", "{foreign:?}");
        }
    }
}
