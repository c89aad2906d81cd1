//! What people do on the pages of receipt, moving, hand-over of the shift, near misses and least incompatible blood; and what a form says
//! that came too late.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Request, Response, StatusCode};
use lifeline_core::SignedDuration;
use lifeline_core::blood::{Grade, UnitId};
use lifeline_core::crossmatch::{
    RecordCrossmatch, ReserveUnit, ReviewCrossmatch, Side, candidates,
};
use lifeline_core::id::{LotId, NearMissId};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::policy::{ActivatePolicy, Entry, Key, ProposePolicy, Standing, Value};
use lifeline_core::unit::Status;
use lifeline_server::app::{App, site};
use lifeline_server::clock::Clock;
use lifeline_server::entrance::digest;

use crate::demonstration::{give, ready_to_issue};
use crate::support::{Browser, Folder, hidden, start, text, visit};

const PASSWORD: &str = "correct horse";

/// A site with one person of every role, whose login is the role's word, and a second technologist.
async fn staffed(folder: &Folder, clock: Clock) -> (Router, App) {
    let (site, app) = visit(folder, clock).await;
    let secret = digest(PASSWORD).unwrap();
    let logins = Role::ALL
        .iter()
        .filter(|role| !matches!(role, Role::Device | Role::Administrator))
        .map(|role| (role.as_str().to_owned(), *role))
        .chain([("technologist2".to_owned(), Role::Technologist)]);
    for (login, role) in logins {
        let hired = SaveUser {
            user: login.parse().unwrap(),
            new: true,
            name: format!("某{login}"),
            latin: login.clone(),
            roles: BTreeSet::from([role]),
            location: None,
        };
        give(&app, "admin", None, hired).await;
        app.desk
            .journal()
            .set_credential(&login, &secret)
            .await
            .unwrap();
    }
    (site, app)
}

async fn enter(site: &Router, login: &str, password: &str) -> Browser {
    let mut browser = Browser::at(site.clone());
    let answer = browser.sign_in(login, password).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{login} signs in");
    browser.get("/preferences/language/en").await;
    browser
}

fn target(answer: &Response<Body>) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// What the page says that came back because something was wrong.
async fn wrong(answer: Response<Body>) -> String {
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    text(answer).await
}

fn opening<'a>(second: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("supplier", "省血液中心"),
        ("delivery", "SD-7"),
        ("temperature", "22"),
        ("second_name", second),
        ("second_password", password),
    ]
}

/// A bag's form, as the page of an open delivery sends it.
fn bag<'a>(under: &'a str, din: &'a str, expires: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("under", under),
        ("din", din),
        ("product", "E3087V00"),
        ("group", "A+"),
        ("expires", expires),
        ("place", "agitator-1"),
        ("appearance", "normal"),
        ("seal", "good"),
        ("label", "good"),
    ]
}

const EXPIRES: &str = "2026-11-25T15:59:59Z";

fn unit(din: &str) -> UnitId {
    format!("{din}-E3087V00").parse().unwrap()
}

/// Opens a delivery and takes these bags in under it.
async fn receive(browser: &mut Browser, dins: &[&str]) {
    let answer = browser
        .post(
            "/receipt",
            "/receipt/open",
            &opening("technologist2", PASSWORD),
        )
        .await;
    target(&answer);
    let under = hidden(&browser.read("/receipt").await, "under");
    for din in dins {
        let answer = browser
            .post("/receipt", "/receipt", &bag(&under, din, EXPIRES))
            .await;
        assert!(target(&answer).contains("last="));
    }
}

#[tokio::test]
async fn the_checker_signs_a_delivery_once_and_every_bag_names_both() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, app) = staffed(&folder, clock.clone()).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    let with_oneself = browser
        .post(
            "/receipt",
            "/receipt/open",
            &opening("technologist", PASSWORD),
        )
        .await;
    assert!(wrong(with_oneself).await.contains("second person"));
    let dins = ["W000026000001", "W000026000002"];
    receive(&mut browser, &dins).await;
    for din in dins {
        let state = app.state();
        let bag = state.units.get(&unit(din)).unwrap();
        assert_eq!(bag.received.by.as_str(), "technologist");
        assert_eq!(bag.checked_by.as_ref().unwrap().as_str(), "technologist2");
        assert_eq!(bag.status, Status::Available);
    }
    let page = browser.read("/deliveries/D000001").await;
    assert!(
        page.contains("省血液中心") && page.contains("000002") && page.contains("technologist2")
    );

    // Out of time in the middle of a bag: refused in words, and what was scanned goes on with the next signature.
    let html = browser.read("/receipt").await;
    clock.advance(SignedDuration::from_mins(9));
    let third = "W000026000003";
    let answer = browser
        .post("/receipt", "/receipt", &bag("D000001", third, EXPIRES))
        .await;
    target(&answer);
    assert!(html.contains("name=\"under\" value=\"D000001\""));
    clock.advance(SignedDuration::from_mins(9));
    target(
        &browser
            .post("/receipt", "/receipt/end", &[("under", "D000001")])
            .await,
    );
    let late = browser
        .post(
            "/receipt",
            "/receipt",
            &bag("D000001", "W000026000004", EXPIRES),
        )
        .await;
    let late = wrong(late).await;
    assert!(late.contains("no longer serves"), "{late}");
    assert_eq!(hidden(&late, "din"), "W000026000004");
    assert!(late.contains("Open a delivery"));
    assert!(app.state().units.get(&unit("W000026000004")).is_none());
}

#[tokio::test]
async fn a_checkers_password_is_throttled_like_any_other() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    let now = app.desk.clock().now();
    let most = app
        .state()
        .policies
        .count(Key::SignInAttempts, now)
        .unwrap();
    for _ in 0..most {
        let tried = browser
            .post(
                "/receipt",
                "/receipt/open",
                &opening("technologist2", "guess"),
            )
            .await;
        let page = wrong(tried).await;
        assert!(page.contains("Name or password is wrong"));
        assert!(page.contains("value=\"SD-7\""), "what was typed is kept");
        assert!(!page.contains("guess"));
    }
    let right = browser
        .post(
            "/receipt",
            "/receipt/open",
            &opening("technologist2", PASSWORD),
        )
        .await;
    assert!(wrong(right).await.contains("Too many wrong passwords"));
    assert!(app.state().units.deliveries().next().is_none());
}

#[tokio::test]
async fn signing_out_ends_the_delivery() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    receive(&mut browser, &[]).await;
    assert!(
        app.state()
            .units
            .opening(&"technologist".parse().unwrap())
            .is_some()
    );
    browser.post("/me", "/sign-out", &[]).await;
    assert!(
        app.state()
            .units
            .opening(&"technologist".parse().unwrap())
            .is_none()
    );
}

/// Sends what the page's script sends for one scan.
async fn scan(browser: &mut Browser, text_scanned: &str, units: &[&str]) -> String {
    let html = browser.read("/stock/move").await;
    let mut body = form_urlencoded::Serializer::new(String::new());
    for name in ["_csrf", "_command"] {
        body.append_pair(name, &hidden(&html, name));
    }
    body.append_pair("scan", text_scanned);
    for unit in units {
        body.append_pair("unit", unit);
    }
    let request = Request::post("/stock/move")
        .header("x-label-only", "1")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = browser.send(request, body.finish()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    text(answer).await
}

#[tokio::test]
async fn many_bags_are_moved_by_scans_all_or_none() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    let dins = ["W000026000001", "W000026000002", "W000026000003"];
    receive(&mut browser, &dins).await;
    let units: Vec<String> = dins.iter().map(|din| unit(din).to_string()).collect();
    let one = scan(&mut browser, "=W00002600000100", &[]).await;
    assert!(
        one.contains("On the list") && one.contains(&units[0]),
        "{one}"
    );
    let twice = scan(&mut browser, &units[0], &[&units[0]]).await;
    assert!(twice.contains("already"));
    let unknown = scan(&mut browser, "=W00002699999900", &[&units[0]]).await;
    assert!(unknown.contains("not in the department") && unknown.contains(&units[0]));
    let other = scan(&mut browser, "&>0263652359", &[]).await;
    assert!(other.contains("This is a expiry") || other.contains("expiry"));

    let send = |to: &'static str| {
        let mut fields = vec![("to", to)];
        fields.extend(units.iter().map(|unit| ("unit", unit.as_str())));
        fields
    };
    let nowhere = browser
        .post("/stock/move", "/stock/move", &[("to", "fridge-9")])
        .await;
    assert!(wrong(nowhere).await.contains("Scan at least one bag"));
    // One of them is there already: nothing moves, and the bag is named.
    let moved = [("to", "agitator-2"), ("unit", units[1].as_str())];
    let answer = browser.post("/stock/move", "/stock/move", &moved).await;
    assert!(target(&answer).contains("moved=1"));
    let refused = wrong(
        browser
            .post("/stock/move", "/stock/move", &send("agitator-2"))
            .await,
    )
    .await;
    assert!(refused.contains("already there") && refused.contains(&units[1]));
    let places = || -> Vec<String> {
        let state = app.state();
        dins.iter()
            .map(|din| state.units.get(&unit(din)).unwrap().location.to_string())
            .collect()
    };
    assert_eq!(places(), ["agitator-1", "agitator-2", "agitator-1"]);
    let answer = browser
        .post("/stock/move", "/stock/move", &send("agitator-3"))
        .await;
    let done = target(&answer);
    assert!(
        browser
            .read(&done)
            .await
            .contains("3 bags moved to agitator-3")
    );
    assert_eq!(places(), ["agitator-3"; 3]);
}

#[tokio::test]
async fn a_shift_is_handed_over_with_what_was_shown_and_no_more() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    let sign = |notes: &'static str| {
        [
            ("notes", notes),
            ("second_name", "technologist2"),
            ("second_password", PASSWORD),
        ]
    };
    let report = [
        ("kind", "mislabelled_sample"),
        ("happened", "2026-11-22 10:00"),
        ("account", "Two labels were swapped"),
        ("about", ""),
    ];
    browser
        .post("/near-misses/new", "/near-misses/new", &report)
        .await;
    assert_eq!(
        app.state().near_misses.open().count(),
        0,
        "the hospital's clock is behind that"
    );
    let report = report.map(|(name, value)| match name {
        "happened" => (name, "2026-11-22 02:00"),
        _ => (name, value),
    });
    target(
        &browser
            .post("/near-misses/new", "/near-misses/new", &report)
            .await,
    );
    let shift = browser.read("/shift").await;
    assert!(shift.contains("Near miss not closed") && shift.contains("N000001"));
    // The list that was sent showed nothing.
    let refused = wrong(
        browser
            .post("/shift", "/shift", &sign("fridge 2 repaired"))
            .await,
    )
    .await;
    assert!(refused.contains("More waits than this page showed"));
    assert!(refused.contains("fridge 2 repaired"), "the note is kept");
    let mut seen = sign("fridge 2 repaired").to_vec();
    seen.push(("shown.near_miss_open", "1"));
    let page = target(&browser.post("/shift", "/shift", &seen).await);
    assert_eq!(page, "/shifts/SH000001");
    let kept = browser.read(&page).await;
    assert!(kept.contains("fridge 2 repaired") && kept.contains("technologist2"));
    let mut auditor = enter(&site, "auditor", PASSWORD).await;
    let list = auditor.read("/shift").await;
    assert!(list.contains("SH000001") && !list.contains("second_password"));
}

#[tokio::test]
async fn near_misses_are_reported_by_anybody_and_closed_by_quality() {
    let folder = Folder::new();
    let (site, app) = staffed(&folder, Clock::set_at(start())).await;
    let mut nurse = enter(&site, "nurse", PASSWORD).await;
    assert!(
        nurse
            .read("/near-misses")
            .await
            .contains("/near-misses/new")
    );
    let report = |about: &'static str| {
        [
            ("kind", "mislabelled_sample"),
            ("happened", "2026-11-22 02:00"),
            ("account", "Two labels were swapped"),
            ("about", about),
        ]
    };
    let unknown = nurse
        .post("/near-misses/new", "/near-misses/new", &report("P000077"))
        .await;
    let unknown = wrong(unknown).await;
    assert!(unknown.contains("not known here") && unknown.contains("Two labels were swapped"));
    target(
        &nurse
            .post("/near-misses/new", "/near-misses/new", &report(""))
            .await,
    );
    assert!(nurse.read("/near-misses").await.contains("N000001"));
    let close = [
        ("cause", "Two at one table"),
        ("measure", "One patient at a time"),
    ];
    let page = "/near-misses/N000001";
    assert!(!nurse.read(page).await.contains("name=\"cause\""));
    let denied = nurse.post(page, page, &close).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    // Whoever reads everything reads these; the buttons are not theirs.
    let mut auditor = enter(&site, "auditor", PASSWORD).await;
    let list = auditor.read("/near-misses").await;
    assert!(list.contains("N000001") && !list.contains("/near-misses/new"));
    assert!(!auditor.read(page).await.contains("name=\"cause\""));
    let mut quality = enter(&site, "quality", PASSWORD).await;
    let short = quality
        .post(page, page, &[("cause", "x"), ("measure", "")])
        .await;
    wrong(short).await;
    target(&quality.post(page, page, &close).await);
    let found = app.state().near_misses.get(NearMissId(1)).cloned().unwrap();
    assert_eq!(found.closed.as_ref().unwrap().cause, "Two at one table");
    assert!(
        nurse
            .read("/near-misses")
            .await
            .contains("One patient at a time")
    );
}

#[tokio::test]
async fn a_form_that_came_too_late_says_what_changed_and_who_changed_it() {
    let folder = Folder::new();
    let (site, _) = staffed(&folder, Clock::set_at(start())).await;
    let mut browser = enter(&site, "technologist", PASSWORD).await;
    receive(&mut browser, &["W000026000001"]).await;
    let page = format!("/units/{}?do=move", unit("W000026000001"));
    let to = format!("/units/{}/move", unit("W000026000001"));
    let html = browser.read(&page).await;
    let mut other = enter(&site, "senior", PASSWORD).await;
    let answer = other.post(&page, &to, &[("place", "agitator-7")]).await;
    target(&answer);
    // The form of before is sent now.
    let mut body = form_urlencoded::Serializer::new(String::new());
    for name in ["_csrf", "_command", "_seen"] {
        body.append_pair(name, &hidden(&html, name));
    }
    body.append_pair("place", "agitator-8");
    let request = Request::post(&to).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let late = wrong(browser.send(request, body.finish()).await).await;
    assert!(late.contains("Somebody changed this after the form was opened"));
    assert!(
        late.contains("Moved from agitator-1 to agitator-7 (senior"),
        "{late}"
    );
    assert!(
        late.contains("value=\"agitator-8\""),
        "what was typed is kept"
    );
}

#[tokio::test]
async fn least_incompatible_blood_takes_two_doctors_and_the_head_on_its_page() {
    let folder = Folder::new();
    let (app, issue) = ready_to_issue(&folder).await;
    let now = app.desk.clock().now();
    let allow = Entry {
        key: Key::LeastIncompatible,
        value: Value::Flag(true),
        effective: now,
        source: "Committee".into(),
        standing: Standing::Verified,
    };
    give(
        &app,
        "liu",
        None,
        ProposePolicy {
            entry: allow,
            reason: "the committee decided".into(),
        },
    )
    .await;
    let proposal = *app.state().policies.proposals.keys().next_back().unwrap();
    give(&app, "qian", None, ActivatePolicy { proposal }).await;
    let (chosen, sample) = {
        let state = app.state();
        let request = state.requests.get(issue.request).unwrap();
        let chosen = candidates(&state, issue.request, app.desk.clock().now(), 5)
            .into_iter()
            .map(|one| one.unit)
            .find(|unit| *unit != issue.unit)
            .unwrap();
        let record = state.record_of(request.patient).unwrap();
        let now = app.desk.clock().now();
        (chosen, record.current_sample(now).unwrap().id.clone())
    };
    let reserve = ReserveUnit {
        unit: chosen,
        request: issue.request,
        chosen: None,
    };
    give(&app, "chen", None, reserve).await;
    let reacted = RecordCrossmatch {
        unit: chosen,
        request: issue.request,
        sample,
        method: "gel_ahg".into(),
        major: Side::Read(Grade::One),
        minor: Side::Read(Grade::Negative),
        lots: [LotId::parse("AHG-2611").unwrap()].into(),
    };
    give(&app, "chen", None, reacted).await;
    let crossmatch = app.state().crossmatches.iter().next_back().unwrap().id;
    give(&app, "wang", None, ReviewCrossmatch { crossmatch }).await;
    let page = format!("/crossmatches/{crossmatch}/least");
    let site = site(app.clone());
    let password = lifeline_demo::PASSWORD;
    let mut first = enter(&site, "sun", password).await;
    let empty = first.post(&page, &page, &[("why", "")]).await;
    wrong(empty).await;
    let why = [(
        "why",
        "No compatible bag in the province; warm autoantibody",
    )];
    assert_eq!(target(&first.post(&page, &page, &why).await), page);
    // Whoever asked does not agree with themselves.
    wrong(first.post(&page, &page, &[("sure", "yes")]).await).await;
    let mut second = enter(&site, "xu", password).await;
    assert!(second.read(&page).await.contains("warm autoantibody"));
    wrong(second.post(&page, &page, &[]).await).await;
    target(&second.post(&page, &page, &[("sure", "yes")]).await);
    let mut head = enter(&site, "liu", password).await;
    target(&head.post(&page, &page, &[("sure", "yes")]).await);
    let state = app.state();
    let found = state.crossmatches.get(crossmatch).unwrap();
    assert!(found.exception.as_ref().unwrap().approved.is_some());
    // The patient of another ward's nurse sees no button.
    let mut nurse = enter(&site, "he", password).await;
    assert!(!nurse.read(&page).await.contains("name=\"sure\""));
}
