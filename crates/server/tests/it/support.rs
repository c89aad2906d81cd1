//! A hospital on a journal in a temporary folder.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use jiff::Timestamp;
use lifeline_core::command::Initialise;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_journal::Journal;
use lifeline_server::app::{App, SYSTEM_USER, site};
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Submission};
use lifeline_server::entrance::{Keeper, digest};
use lifeline_server::links::{Lines, Profiles};
use lifeline_server::web::frame::Site;
use tower::ServiceExt;

/// A folder that goes with the test.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    /// A new, empty one.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("lifeline-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The address of a journal in it.
    pub fn database(&self) -> String {
        format!("sqlite:{}", self.0.join("journal.sqlite").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A login.
pub fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// Where tests sit.
pub fn bench() -> WorkstationId {
    WorkstationId::parse("bench-1").unwrap()
}

/// The moment tests begin.
pub fn start() -> Timestamp {
    "2026-11-22T02:40:00Z".parse().unwrap()
}

/// The command every installation begins with.
pub fn initialise() -> Submission {
    let command = Initialise {
        policies: lifeline_policy::builtin().unwrap(),
        system: user("lifeline"),
        administrator: user("admin"),
        name: "管理员".into(),
        latin: "Administrator".into(),
    };
    Submission::new(command, user("admin"), bench())
}

/// An open desk on a new journal, not initialised.
pub async fn desk(folder: &Folder, clock: Clock) -> Desk {
    let journal = Journal::open(&folder.database()).await.unwrap();
    let desk = Desk::open(journal, clock, format!("test-{}", uuid::Uuid::now_v7()))
        .await
        .unwrap();
    desk.writing().await.unwrap();
    desk
}

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
        profiles: Profiles::default(),
        lines: Lines::default(),
    };
    (site(app.clone()), app)
}

/// A browser as far as cookies go.
pub struct Browser {
    /// The site.
    pub site: Router,
    /// Its cookies.
    pub cookies: Vec<(String, String)>,
}

impl Browser {
    /// A browser that never was here before.
    pub fn at(site: Router) -> Self {
        Self {
            site,
            cookies: Vec::new(),
        }
    }

    /// The text of a page that must be there.
    pub async fn read(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        text(answer).await
    }

    /// Opens the page `form`, takes its hidden fields, and posts them with these to `path`.
    pub async fn post(
        &mut self,
        form: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Response<Body> {
        let html = self.read(form).await;
        let mut body = form_urlencoded::Serializer::new(String::new());
        for name in ["_csrf", "_command"] {
            body.append_pair(name, &hidden(&html, name));
        }
        if html.contains("name=\"_seen\"") {
            body.append_pair("_seen", &hidden(&html, "_seen"));
        }
        for (name, value) in fields {
            body.append_pair(name, value);
        }
        self.send(
            Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded"),
            body.finish(),
        )
        .await
    }

    /// Sends a request with the cookies.
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

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Response<Body> {
        self.send(Request::get(path), String::new()).await
    }

    /// Signs in through the sign-in page.
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

/// What a page says.
pub async fn text(answer: Response<Body>) -> String {
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The value of a hidden field.
pub fn hidden(html: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let at = html
        .find(&mark)
        .unwrap_or_else(|| panic!("no field {name}"))
        + mark.len();
    html[at..].split('"').next().unwrap().to_owned()
}
