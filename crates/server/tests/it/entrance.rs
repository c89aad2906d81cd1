use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use lifeline_core::SignedDuration;
use lifeline_server::app::{App, SYSTEM_USER, site};
use lifeline_server::clock::Clock;
use lifeline_server::entrance::{Keeper, digest};
use lifeline_server::web::frame::Site;
use tower::ServiceExt;

use crate::support::{Folder, desk, initialise, start, user};

/// A site with one administrator, `admin` / `correct horse`.
pub async fn visit(folder: &Folder, clock: Clock) -> (Router, App) {
    let desk = desk(folder, clock).await;
    desk.submit(initialise()).await.unwrap();
    desk.journal()
        .set_credential("admin", &digest("correct horse").unwrap())
        .await
        .unwrap();
    let app = App {
        keeper: Keeper::new(desk.clone(), user(SYSTEM_USER)),
        desk,
        site: Arc::new(Site {
            name: ["示范医院".into(), "Model Hospital".into()],
            demo: false,
            zone: jiff::tz::TimeZone::UTC,
        }),
        demo_logins: Arc::new([]),
        system: user(SYSTEM_USER),
    };
    (site(app.clone()), app)
}

/// A browser as far as cookies go.
pub struct Browser {
    pub site: Router,
    pub cookies: Vec<(String, String)>,
}

impl Browser {
    pub async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: String,
    ) -> Response<Body> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let request = request
            .header(COOKIE, cookies.join("; "))
            .body(Body::from(body))
            .unwrap();
        let answer = self.site.clone().oneshot(request).await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.into(), value.into()));
            }
        }
        answer
    }

    pub async fn get(&mut self, path: &str) -> Response<Body> {
        self.send(Request::get(path), String::new()).await
    }

    pub async fn sign_in(&mut self, login: &str, password: &str) -> Response<Body> {
        let page = self.get("/sign-in").await;
        let html =
            String::from_utf8(to_bytes(page.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        let hidden = |name: &str| {
            let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap() + name.len() + 15;
            html[at..].split('"').next().unwrap().to_owned()
        };
        let body = format!(
            "_csrf={}&_command={}&login={login}&password={}",
            hidden("_csrf"),
            hidden("_command"),
            password.replace(' ', "+")
        );
        self.send(
            Request::post("/sign-in").header(CONTENT_TYPE, "application/x-www-form-urlencoded"),
            body,
        )
        .await
    }
}

#[tokio::test]
async fn the_right_password_opens_and_idleness_closes() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, app) = visit(&folder, clock.clone()).await;
    let mut browser = Browser {
        site,
        cookies: Vec::new(),
    };
    assert_eq!(
        browser.get("/nowhere").await.status(),
        StatusCode::SEE_OTHER,
        "strangers are sent to the door"
    );
    assert_eq!(
        browser.sign_in("admin", "wrong one").await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let welcome = browser.sign_in("admin", "correct horse").await;
    assert_eq!(welcome.status(), StatusCode::SEE_OTHER);
    assert_eq!(welcome.headers()[LOCATION], "/");
    assert_eq!(
        browser.get("/nowhere").await.status(),
        StatusCode::NOT_FOUND,
        "signed in"
    );
    clock.advance(SignedDuration::from_mins(14));
    assert_eq!(
        browser.get("/nowhere").await.status(),
        StatusCode::NOT_FOUND,
        "still there"
    );
    clock.advance(SignedDuration::from_mins(16));
    assert_eq!(
        browser.get("/nowhere").await.status(),
        StatusCode::SEE_OTHER,
        "idle too long"
    );
    let kinds: Vec<String> = app
        .desk
        .journal()
        .read(1, 4000)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert!(
        kinds.ends_with(&["people.sign_in_failed".into(), "people.signed_in".into()]),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn wrong_passwords_are_throttled_and_the_right_one_then_waits_too() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, _) = visit(&folder, clock.clone()).await;
    let mut browser = Browser {
        site,
        cookies: Vec::new(),
    };
    for _ in 0..5 {
        browser.sign_in("admin", "guess").await;
    }
    let answer = browser.sign_in("admin", "correct horse").await;
    assert_eq!(
        answer.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "even the right password waits"
    );
    clock.advance(SignedDuration::from_mins(6));
    assert_eq!(
        browser.sign_in("admin", "correct horse").await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_programs_own_account_never_signs_in() {
    let folder = Folder::new();
    let (site, app) = visit(&folder, Clock::set_at(start())).await;
    app.desk
        .journal()
        .set_credential(SYSTEM_USER, &digest("correct horse").unwrap())
        .await
        .unwrap();
    let mut browser = Browser {
        site,
        cookies: Vec::new(),
    };
    assert_eq!(
        browser.sign_in(SYSTEM_USER, "correct horse").await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
