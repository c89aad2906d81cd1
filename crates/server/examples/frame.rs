//! The frame without a hospital behind it: `cargo run -p lifeline-server --example frame`, then open /styleguide. For those who draw pages.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use lifeline_core::people::Role;
use lifeline_server::web::pages::{DemoLogin, SignInPage};
use lifeline_server::web::{
    Doorkeeper, Form, Frame, PageError, Person, Posted, Room, Site, Visit, assemble, render,
};

#[derive(Clone)]
struct Anyone;

impl Doorkeeper for Anyone {
    async fn visit(&self, _: &HeaderMap) -> Option<Visit> {
        let person = Person {
            id: "T-1024".into(),
            name: "李晓梅".into(),
            latin: "".into(),
            roles: vec![Role::Technologist, Role::Senior],
        };
        let idle_limit = Duration::from_secs(600);
        Some(Visit {
            person,
            csrf: Arc::from("example"),
            rooms: Room::ALL.to_vec(),
            shift: None,
            alarms: 2,
            idle_limit,
        })
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_795_327_500).unwrap_or_default()
    }
}

fn sign_in_page(frame: Frame, form: Form) -> Response {
    let login = |login: &str, role: &str, words: &str| DemoLogin {
        login: login.into(),
        password: "lifeline".into(),
        role: role.into(),
        words: words.into(),
    };
    let demo_logins = vec![
        login("t1024", "technologist", "李晓梅 · 技师 Technologist"),
        login("h0001", "head", "王建国 · 科主任 Head of department"),
    ];
    render(&SignInPage {
        form,
        next: "/".into(),
        demo_logins,
        frame,
    })
}

async fn sign_in(frame: Frame) -> Response {
    sign_in_page(frame.clone(), Form::blank(&frame))
}

async fn refuse(frame: Frame, posted: Posted) -> Result<Response, PageError> {
    let mut form = Form::sent(&frame, posted)?;
    form.refuse("login", frame.t.m("error-forbidden"));
    Ok(sign_in_page(frame, form))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let name = [
        "第一人民医院 输血科".to_owned(),
        "First People's Hospital, Transfusion".to_owned(),
    ];
    let site = Site {
        name,
        demo: true,
        zone: TimeZone::fixed(offset(8)),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await?;
    let routes = Router::new().route("/sign-in", get(sign_in).post(refuse));
    axum::serve(listener, assemble(routes, site, Anyone)).await?;
    Ok(())
}
