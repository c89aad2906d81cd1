//! The board, the search, the journal, the policies, the people and the equipment, through the pages.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Response, StatusCode};
use futures_util::StreamExt;
use lifeline_core::SignedDuration;
use lifeline_core::command::Command;
use lifeline_core::device::{FileMessage, Problem, Raw, RegisterDevice, StoreMessage, Trouble};
use lifeline_core::id::{DeviceId, MessageId};
use lifeline_core::patient::{Demographics, RegisterPatient, Sex};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::policy::{Key, Value};
use lifeline_server::app::App;
use lifeline_server::clock::Clock;
use lifeline_server::desk::Submission;
use lifeline_server::entrance::digest;

use crate::support::{Browser, Folder, bench, start, text, user, visit};

const PASSWORD: &str = "correct horse";

async fn give(app: &App, by: &str, command: impl Into<Command>) {
    let outcome = app
        .desk
        .submit(Submission::new(command, user(by), bench()))
        .await
        .unwrap();
    outcome.accepted().unwrap();
}

/// A site with one person of every role, whose login is the role's word.
async fn staffed(folder: &Folder, clock: Clock) -> (Router, App) {
    let (site, app) = visit(folder, clock).await;
    let secret = digest(PASSWORD).unwrap();
    for role in Role::ALL {
        if matches!(role, Role::Device | Role::Administrator) {
            continue;
        }
        let login = role.as_str();
        give(
            &app,
            "admin",
            SaveUser {
                user: user(login),
                new: true,
                name: format!("某{login}"),
                latin: login.into(),
                roles: BTreeSet::from([role]),
                location: None,
            },
        )
        .await;
        app.desk
            .journal()
            .set_credential(login, &secret)
            .await
            .unwrap();
    }
    (site, app)
}

async fn enter(site: &Router, login: &str) -> Browser {
    let mut browser = Browser::at(site.clone());
    let answer = browser.sign_in(login, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{login} signs in");
    browser.get("/preferences/language/en").await;
    browser
}

fn target(answer: &Response<Body>) -> &str {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[LOCATION].to_str().unwrap()
}

/// A machine with one message in the error queue.
async fn failed_message(app: &App) {
    let device = DeviceId::parse("echo-1").unwrap();
    give(
        app,
        "equipment",
        RegisterDevice {
            device: device.clone(),
            name: "Echo".into(),
            profile: "immucor-echo".into(),
            serial: "7".into(),
        },
    )
    .await;
    give(
        app,
        "lifeline",
        StoreMessage {
            device: Some(device),
            link: "echo".into(),
            raw: Raw::Text("H|\\^&\rQ|broken <b>\r".into()),
            fingerprint: "f1".into(),
            length: 19,
        },
    )
    .await;
    give(
        app,
        "lifeline",
        FileMessage {
            message: MessageId(1),
            observed: Vec::new(),
            crossmatches: Vec::new(),
            measured: Vec::new(),
            controls: Vec::new(),
            problems: vec![Problem {
                at: 6,
                reason: Trouble::Unreadable("no such record".into()),
                findings: Vec::new(),
            }],
            asked_by: None,
        },
    )
    .await;
}

#[tokio::test]
async fn the_board_is_quiet_when_nothing_waits_and_names_what_does() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut head = enter(&site, "head").await;
    let quiet = head.read("/board").await;
    assert!(quiet.contains("Nothing urgent"), "{quiet}");
    assert!(quiet.contains("No open request"));
    failed_message(&app).await;
    let board = head.read("/board").await;
    assert!(board.contains("M000001"), "the failed message is named");
    let alarms = head.read("/alarms").await;
    assert!(alarms.contains("Device message could not be acted on"));
    assert!(alarms.contains("you may act"));
}

#[tokio::test]
async fn each_role_enters_the_rooms_it_may_and_no_other() {
    let folder = Folder::new();
    let (site, _) = staffed(&folder, Clock::set_at(start())).await;
    let rooms = [
        ("/board", vec!["technologist", "head", "nurse", "auditor"]),
        ("/journal", vec!["head", "auditor"]),
        ("/journal/1", vec!["head", "auditor"]),
        ("/policy", vec!["technologist", "head", "auditor"]),
        ("/people", vec!["head", "auditor"]),
        ("/equipment", vec!["technologist", "head", "auditor"]),
        ("/messages", vec!["technologist", "head", "auditor"]),
    ];
    for login in ["technologist", "head", "nurse", "auditor"] {
        let mut browser = enter(&site, login).await;
        for (path, who) in &rooms {
            let expected = if who.contains(&login) {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(browser.get(path).await.status(), expected, "{login} {path}");
        }
    }
}

#[tokio::test]
async fn a_search_goes_to_the_one_thing_lists_several_and_explains_none() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    for (name, number) in [("张三", "H001"), ("张三丰", "H002")] {
        give(
            &app,
            "technologist",
            RegisterPatient {
                demographics: Demographics {
                    name: name.into(),
                    sex: Sex::Male,
                    birth: None,
                    ward: None,
                    bed: None,
                    address: None,
                    phone: None,
                    diagnosis: None,
                },
                numbers: [(
                    lifeline_core::id::PatientNumber::parse(number).unwrap(),
                    lifeline_core::patient::NumberKind::Hospital,
                )]
                .into(),
                unidentified: false,
            },
        )
        .await;
    }
    let mut browser = enter(&site, "technologist").await;
    let q = |text: &str| {
        let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        format!("/find?q={text}")
    };
    for (asked, page) in [
        ("H002", "/patients/P000002"),
        ("p000001", "/patients/P000001"),
        ("patient:P000001", "/patients/P000001"),
        ("sample.validity", "/policy/sample.validity"),
    ] {
        assert_eq!(target(&browser.get(&q(asked)).await), page, "{asked}");
    }
    let both = browser.read(&q("张三")).await;
    assert!(both.contains("P000001") && both.contains("P000002"));
    let none = browser.read(&q("=W00002600000100")).await;
    assert!(none.contains("donation number") && none.contains("href=\"/receipt\""));
    let none = browser.read(&q("<script>")).await;
    assert!(none.contains("Nothing found") && !none.contains("<script>”"));
    // A nurse is not led to the staff list, an equipment officer not to patients.
    let mut other = enter(&site, "equipment").await;
    assert_eq!(other.get(&q("H002")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_journal_is_filtered_walked_proved_and_exported() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut auditor = enter(&site, "auditor").await;
    let page = auditor.read("/journal?kind=people.&actor=admin").await;
    assert!(page.contains("Account opened"), "{page}");
    assert!(!page.contains("put in force at set-up"));
    let page = auditor.read("/journal?kind=policy.").await;
    assert!(page.contains("put in force at set-up"));
    let wrong = auditor.read("/journal?from=yesterday").await;
    assert!(wrong.contains("is not a date"));
    let nothing = auditor.read("/journal?until=2000-01-01").await;
    assert!(nothing.contains("No entry fits"));

    // Walking back and forth shows every entry once.
    let mut seen = Vec::new();
    let mut next = Some("/journal".to_owned());
    while let Some(path) = next {
        let page = auditor.read(&path).await;
        for part in page.split("data-href=\"/journal/").skip(1) {
            seen.push(part.split('"').next().unwrap().parse::<u64>().unwrap());
        }
        next = page.split("rel=\"next\" href=\"").nth(1).map(|rest| {
            rest.split('"')
                .next()
                .unwrap()
                .replace("&amp;", "&")
                .replace("&#38;", "&")
        });
    }
    let last = app.desk.state().seq;
    assert_eq!(seen, (1..=last).rev().collect::<Vec<_>>());

    let entry = auditor.read("/journal/1").await;
    assert!(entry.contains("content gives this hash"));
    assert_eq!(
        auditor.get("/journal/999999").await.status(),
        StatusCode::NOT_FOUND
    );

    let begun = auditor.post("/journal", "/journal/verify", &[]).await;
    assert_eq!(target(&begun), "/journal#proof");
    let mut told = String::new();
    for _ in 0..200 {
        told = auditor.read("/journal/verify").await;
        if !told.contains("Proving") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(told.contains("The journal is what was written"), "{told}");

    let copy = auditor.post("/journal", "/journal/export", &[]).await;
    assert!(
        copy.headers()[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .contains("ndjson")
    );
    let copy = text(copy).await;
    let lines: Vec<serde_json::Value> = copy
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len() as u64, app.desk.state().seq);
    assert_eq!(lines[0]["seq"], 1);
    assert_eq!(lines[1]["prev_hash"], lines[0]["hash"]);
}

#[tokio::test]
async fn a_policy_is_proposed_on_its_page_and_put_in_force_by_another() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, app) = staffed(&folder, clock.clone()).await;
    let mut head = enter(&site, "head").await;
    let page = "/policy/people.session_idle";
    let fields = |value: &'static str| {
        [
            ("value", value),
            ("effective", "2026-11-22T02:40"),
            ("source", "Decision 9"),
            ("standing", "verified"),
            ("reason", "shared screens"),
        ]
    };
    let wrong = head.post(page, page, &fields("soon")).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = text(wrong).await;
    assert!(wrong.contains("whole number") && wrong.contains("Decision 9"));
    let refused = text(head.post(page, page, &fields("0")).await).await;
    assert!(refused.contains("outside the range"), "{refused}");
    assert_eq!(target(&head.post(page, page, &fields("7")).await), page);
    let own = text(
        head.post("/policy", "/policy/proposals/Q000001/activate", &[])
            .await,
    )
    .await;
    assert!(own.contains("second person"), "not one's own");
    let mut quality = enter(&site, "quality").await;
    let done = quality
        .post("/policy", "/policy/proposals/Q000001/activate", &[])
        .await;
    assert_eq!(target(&done), "/policy");
    let state = app.desk.state();
    let now = state.policies.at(Key::SessionIdle, clock.now()).unwrap();
    assert_eq!(now.entry.value, Value::Minutes(7));
    assert!(quality.read("/policy").await.contains("7 min"));
    assert!(quality.read(page).await.contains("put in force by quality"));

    // A table that would kill is refused with the reason, and nothing that was typed is lost.
    let tables = "/policy/compatibility.tables";
    let form = head.read(tables).await;
    let area = form.split("<textarea").nth(1).unwrap();
    let json = area
        .split_once('>')
        .unwrap()
        .1
        .split("</textarea>")
        .next()
        .unwrap();
    let json = json.replace("&#34;", "\"").replace("&quot;", "\"");
    let mut table: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    table["red_cells"]["abo"]["O"] = serde_json::json!(["O", "A"]);
    let table = table.to_string();
    let mut sent = fields("");
    sent[0].1 = "";
    let mut sent: Vec<(&str, &str)> = sent.to_vec();
    sent[0] = ("value", &table);
    let refused = text(head.post(tables, tables, &sent).await).await;
    assert!(refused.contains("these red cells would kill"), "{refused}");
}

#[tokio::test]
async fn accounts_are_opened_changed_and_closed_and_a_closed_one_is_out_at_once() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut admin = Browser::at(site.clone());
    admin.sign_in("admin", PASSWORD).await;
    admin.get("/preferences/language/en").await;
    let none = [("user", "new.one"), ("name", "新人"), ("latin", "Xin Ren")];
    let refused = text(admin.post("/people/new", "/people/new", &none).await).await;
    assert!(refused.contains("Xin Ren") && refused.contains("verdict-stop"));
    let mut fields = none.to_vec();
    fields.push(("roles", "nurse"));
    let made = admin.post("/people/new", "/people/new", &fields).await;
    assert_eq!(target(&made), "/people/new.one");
    let page = "/people/new.one";
    let short = [("password", "short"), ("again", "short")];
    let short = admin.post(page, "/people/new.one/password", &short).await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let good = [("password", PASSWORD), ("again", PASSWORD)];
    let good = admin.post(page, "/people/new.one/password", &good).await;
    assert_eq!(target(&good), page);
    let mut nurse = enter(&site, "new.one").await;
    assert_eq!(nurse.get("/board").await.status(), StatusCode::OK);
    assert_eq!(nurse.get("/people").await.status(), StatusCode::FORBIDDEN);
    let closed = admin
        .post(page, "/people/new.one/active", &[("active", "no")])
        .await;
    assert_eq!(target(&closed), page);
    assert_eq!(target(&nurse.get("/board").await), "/sign-in?next=%2Fboard");
    assert!(
        !app.desk
            .state()
            .people
            .get(&user("new.one"))
            .unwrap()
            .active
    );
}

#[tokio::test]
async fn everybody_changes_their_own_password_and_nobody_elses() {
    let folder = Folder::new();
    let (site, _) = staffed(&folder, Clock::set_at(start())).await;
    let mut nurse = enter(&site, "nurse").await;
    let new = [("password", "battery staple"), ("again", "battery staple")];
    let mut wrong = new.to_vec();
    wrong.push(("old", "guess"));
    let wrong = nurse.post("/me", "/me", &wrong).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let mut right = new.to_vec();
    right.push(("old", PASSWORD));
    let right = nurse.post("/me", "/me", &right).await;
    assert_eq!(target(&right), "/sign-in?next=/me");
    let mut again = Browser::at(site.clone());
    let old = again.sign_in("nurse", PASSWORD).await;
    assert_eq!(old.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let new = again.sign_in("nurse", "battery staple").await;
    assert_eq!(new.status(), StatusCode::SEE_OTHER);
    let foreign = [("password", PASSWORD), ("again", PASSWORD)];
    let foreign = again.post("/me", "/people/head/password", &foreign).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn locking_ends_the_session_and_keeps_name_and_place() {
    let folder = Folder::new();
    let (site, _) = staffed(&folder, Clock::set_at(start())).await;
    let mut head = enter(&site, "head").await;
    let answer = head
        .post("/me", "/lock", &[("next", "/journal?kind=unit.")])
        .await;
    let door = target(&answer).to_owned();
    assert_eq!(door, "/sign-in?login=head&next=%2Fjournal%3Fkind%3Dunit.");
    assert_eq!(head.get("/board").await.status(), StatusCode::SEE_OTHER);
    let page = head.read(&door).await;
    assert!(page.contains("value=\"head\""));
    assert!(page.contains("value=\"/journal?kind=unit.\""));
}

#[tokio::test]
async fn a_page_that_asks_by_itself_is_no_sign_of_life() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, _) = staffed(&folder, clock.clone()).await;
    let mut head = enter(&site, "head").await;
    clock.advance(SignedDuration::from_mins(14));
    let request = axum::http::Request::get("/board").header("X-Unattended", "1");
    let alone = head.send(request, String::new()).await;
    assert_eq!(alone.status(), StatusCode::OK, "still in time");
    clock.advance(SignedDuration::from_mins(2));
    assert_eq!(head.get("/board").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_error_queue_shows_the_wrong_byte_and_is_settled_by_a_person() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    failed_message(&app).await;
    let mut browser = enter(&site, "technologist").await;
    let queue = browser.read("/messages?state=failed").await;
    assert!(queue.contains("no such record") && queue.contains("M000001"));
    let page = browser.read("/messages/M000001").await;
    assert!(page.contains("<mark id=\"wrong\">Q</mark>"), "{page}");
    assert!(page.contains('␍') && !page.contains("<b>\r"));

    let mut auditor = enter(&site, "auditor").await;
    let refused = auditor
        .post("/journal", "/messages/M000001/replay", &[])
        .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let replayed = browser
        .post("/messages/M000001", "/messages/M000001/replay", &[])
        .await;
    assert_eq!(target(&replayed), "/messages/M000001");
    let told = browser.read("/messages/M000001").await;
    assert!(told.contains("at the word of"), "who asked is on record");
    if app.desk.state().devices.failed().next().is_some() {
        let done = browser
            .post(
                "/messages/M000001",
                "/messages/M000001/dismiss",
                &[("reason", "a test of the line")],
            )
            .await;
        assert_eq!(target(&done), "/messages?state=failed");
    }
    assert!(app.desk.state().devices.failed().next().is_none());
    let out = browser
        .post(
            "/me",
            "/devices/echo-1/service",
            &[("in_service", "no"), ("reason", "leaks")],
        )
        .await;
    assert_eq!(
        out.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "not a technologist's to do"
    );
    let mut gu = enter(&site, "equipment").await;
    let out = gu
        .post(
            "/devices/echo-1",
            "/devices/echo-1/service",
            &[("in_service", "no"), ("reason", "leaks")],
        )
        .await;
    assert_eq!(target(&out), "/devices/echo-1");
    assert!(
        gu.read("/equipment")
            .await
            .contains("out of service: leaks")
    );
}

async fn next(stream: &mut BodyDataStream) -> String {
    let wait = std::time::Duration::from_secs(20);
    let chunk = tokio::time::timeout(wait, stream.next()).await.unwrap();
    String::from_utf8(chunk.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_live_stream_names_what_changed_and_nothing_more() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut head = enter(&site, "head").await;
    let answer = head.get("/events").await;
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/event-stream");
    let mut stream = answer.into_body().into_data_stream();
    failed_message(&app).await;
    let mut said = String::new();
    while !said.contains("event: device") {
        said += &next(&mut stream).await;
    }
    assert!(said.contains("event: alarms"), "{said}");
    assert!(
        !said.contains("echo") && !said.contains("M000001"),
        "{said}"
    );
    let mut stranger = Browser::at(site);
    assert_eq!(
        stranger.get("/events").await.status(),
        StatusCode::SEE_OTHER
    );
}
