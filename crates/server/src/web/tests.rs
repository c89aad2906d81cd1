//! The frame from outside: requests in, answers out.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use lifeline_core::people::Role;
use tower::ServiceExt;

use super::frame::{BODY_BYTES_MAX, cookie};
use super::{Doorkeeper, Form, Frame, PageError, Person, Posted, Site, Visit, assemble};

const SECRET: &str = "secret-of-this-session";

/// Knows one session: the cookie `session=1`.
#[derive(Clone)]
struct OneSession;

impl Doorkeeper for OneSession {
    async fn visit(&self, headers: &HeaderMap) -> Option<Visit> {
        let person = Person {
            id: "T-1".into(),
            name: "李晓梅".into(),
            latin: "Li Xiaomei".into(),
            roles: vec![Role::Technologist],
        };
        let visit = Visit {
            person,
            csrf: SECRET.into(),
            rooms: vec![],
            shift: None,
            alarms: 0,
            idle_limit: Duration::from_secs(60),
        };
        cookie(headers, "session")
            .filter(|value| *value == "1")
            .map(|_| visit)
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn app(demo: bool) -> Router {
    let routes = Router::new()
        .route(
            "/stock",
            get(async |visit: Visit| visit.person.id.to_string()),
        )
        .route("/broken", get(async || PageError::internal("the cause")))
        .route("/busy", get(async || PageError::Busy))
        .route(
            "/sign-in",
            get(async || "sign in").post(async || "signed in"),
        )
        .route(
            "/receipt",
            post(async |frame: Frame, posted: Posted| {
                Form::sent(&frame, posted).map(|form| form.value("din").to_owned())
            }),
        );
    let site = Site {
        name: ["某院".into(), "A hospital".into()],
        demo,
        zone: TimeZone::fixed(offset(8)),
    };
    assemble(routes, site, OneSession)
}

struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: String,
}

async fn ask(asked: Asked<'_>) -> Response {
    let mut request = Request::builder().method(asked.method).uri(asked.path);
    for (name, value) in asked.headers {
        request = request.header(*name, *value);
    }
    app(false)
        .oneshot(request.body(Body::from(asked.body)).unwrap())
        .await
        .unwrap()
}

async fn get_page(path: &str, headers: &[(&str, &str)]) -> Response {
    ask(Asked {
        method: "GET",
        path,
        headers,
        body: String::new(),
    })
    .await
}

async fn text(response: Response) -> String {
    String::from_utf8(
        to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap()
            .to_vec(),
    )
    .unwrap()
}

const SIGNED_IN: (&str, &str) = ("cookie", "session=1");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_stranger_reaches_nothing_but_the_entrance() {
    for path in [
        "/stock",
        "/receipt",
        "/nothing-here",
        "/",
        "/sign-in-not",
        "/assetsx",
    ] {
        let response = get_page(path, &[]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(
            response.headers()[header::LOCATION]
                .to_str()
                .unwrap()
                .starts_with("/sign-in"),
            "{path}"
        );
    }
    assert_eq!(get_page("/sign-in", &[]).await.status(), StatusCode::OK);
    assert_eq!(
        get_page("/assets/lifeline.css", &[]).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        get_page("/stock", &[("accept", "application/json")])
            .await
            .status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(text(get_page("/stock", &[SIGNED_IN]).await).await, "T-1");
}

#[tokio::test]
async fn a_form_without_the_session_secret_is_refused() {
    let command = "_command=01931c3e-0000-7000-8000-000000000000&din=W1";
    let genuine = format!("_csrf={SECRET}&{command}");
    for (headers, body, status) in [
        (
            vec![SIGNED_IN, FORM],
            command.to_owned(),
            StatusCode::FORBIDDEN,
        ),
        (
            vec![SIGNED_IN, FORM],
            format!("_csrf=other&{command}"),
            StatusCode::FORBIDDEN,
        ),
        (
            vec![SIGNED_IN, ("content-type", "text/plain")],
            genuine.clone(),
            StatusCode::FORBIDDEN,
        ),
        (
            vec![SIGNED_IN, ("content-type", "application/json")],
            "{}".to_owned(),
            StatusCode::FORBIDDEN,
        ),
        (
            vec![SIGNED_IN, ("authorization", "Bearer x"), FORM],
            command.to_owned(),
            StatusCode::FORBIDDEN,
        ),
        (vec![SIGNED_IN, FORM], genuine.clone(), StatusCode::OK),
        (
            vec![SIGNED_IN, FORM, ("x-csrf-token", SECRET)],
            command.to_owned(),
            StatusCode::OK,
        ),
        (
            vec![SIGNED_IN, FORM],
            format!("_csrf={SECRET}&din=W1"),
            StatusCode::BAD_REQUEST,
        ),
        (vec![FORM], genuine.clone(), StatusCode::SEE_OTHER),
        (
            vec![SIGNED_IN, FORM],
            format!("{genuine}&more={}", "x".repeat(BODY_BYTES_MAX)),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ] {
        let what = format!("{headers:?} {:.80}", body);
        let response = ask(Asked {
            method: "POST",
            path: "/receipt",
            headers: &headers,
            body,
        })
        .await;
        assert_eq!(response.status(), status, "{what}");
    }
}

#[tokio::test]
async fn the_sign_in_form_is_protected_before_there_is_a_session() {
    let first = get_page("/sign-in", &[]).await;
    let given = first.headers()[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        given.contains("HttpOnly") && given.contains("SameSite=Strict"),
        "{given}"
    );
    let entry = given.split(';').next().unwrap();
    let secret = entry.strip_prefix("entry=").unwrap();
    assert_eq!(secret.len(), 64);
    for (headers, status) in [
        (vec![FORM, ("cookie", entry)], StatusCode::OK),
        (vec![FORM], StatusCode::FORBIDDEN),
    ] {
        let response = ask(Asked {
            method: "POST",
            path: "/sign-in",
            headers: &headers,
            body: format!("_csrf={secret}"),
        })
        .await;
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn an_error_is_worded_for_whoever_asked() {
    let page = get_page("/nothing-here", &[SIGNED_IN, ("accept-language", "en")]).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let html = text(page).await;
    assert!(
        html.contains("There is nothing here") && html.contains("<nav"),
        "{html}"
    );

    let fragment =
        text(get_page("/nothing-here", &[SIGNED_IN, ("hx-request", "true")]).await).await;
    assert!(
        fragment.contains("此处没有内容") && !fragment.contains("<nav"),
        "{fragment}"
    );

    let problem = get_page(
        "/broken",
        &[
            SIGNED_IN,
            ("accept", "application/json"),
            ("accept-language", "en"),
        ],
    )
    .await;
    assert_eq!(
        problem.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let body = text(problem).await;
    assert!(
        body.contains("\"code\":\"internal\"") && !body.contains("the cause"),
        "{body}"
    );

    assert_eq!(
        get_page("/busy", &[SIGNED_IN]).await.headers()[header::RETRY_AFTER],
        "1"
    );
    let wrong_method = ask(Asked {
        method: "GET",
        path: "/receipt",
        headers: &[SIGNED_IN],
        body: String::new(),
    })
    .await;
    assert_eq!(wrong_method.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong_method.headers().contains_key(header::ALLOW));
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_these_pages_never_do() {
    for path in [
        "/stock",
        "/nothing-here",
        "/assets/lifeline.css",
        "/sign-in",
    ] {
        let response = get_page(path, &[SIGNED_IN]).await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("default-src 'self'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(
            response.headers()[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff"
        );
        assert!(response.headers().contains_key(header::CACHE_CONTROL));
    }
    assert_eq!(
        get_page("/stock", &[SIGNED_IN]).await.headers()[header::CACHE_CONTROL],
        "no-store"
    );
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_only_under_the_hash_of_its_content() {
    let address = super::assets::url("lifeline.css");
    let kept = get_page(&address, &[("accept-encoding", "gzip")]).await;
    assert!(
        kept.headers()[header::CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(kept.headers()[header::CONTENT_ENCODING], "gzip");
    let other = get_page("/assets/lifeline.css?v=0000000000000000", &[]).await;
    assert_eq!(other.headers()[header::CACHE_CONTROL], "no-cache");
    assert!(text(other).await.contains(".verdict"));
    assert_eq!(
        get_page("/assets/..%2Fmessages%2Fen%2Fcommon.ftl", &[SIGNED_IN])
            .await
            .status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_preference_is_remembered_and_leads_back_to_this_site_only() {
    let response = get_page("/preferences/language/en?back=%2Fstock%3Fgroup%3DA", &[]).await;
    assert_eq!(response.headers()[header::LOCATION], "/stock?group=A");
    assert!(
        response.headers()[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .starts_with("lang=en;")
    );
    assert_eq!(
        get_page("/preferences/theme/dark?back=//evil.example", &[])
            .await
            .headers()[header::LOCATION],
        "/"
    );
    for unknown in ["/preferences/language/xx", "/preferences/colour/red"] {
        assert_eq!(get_page(unknown, &[]).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_style_guide_is_there_in_a_demonstration_only_and_whole_in_both_languages() {
    assert_eq!(
        get_page("/styleguide", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
    for lang in ["zh-CN", "en"] {
        let request = Request::get("/styleguide")
            .header("cookie", format!("lang={lang}"))
            .body(Body::empty())
            .unwrap();
        let html = text(app(true).oneshot(request).await.unwrap()).await;
        assert!(
            html.contains(&format!("<html lang=\"{lang}\"")) && !html.contains('⟦'),
            "{lang}"
        );
    }
}
