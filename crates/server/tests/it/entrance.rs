use axum::http::StatusCode;
use axum::http::header::LOCATION;
use lifeline_core::SignedDuration;
use lifeline_server::app::SYSTEM_USER;
use lifeline_server::clock::Clock;
use lifeline_server::entrance::digest;

use crate::support::{Browser, Folder, start, visit};

#[tokio::test]
async fn the_right_password_opens_and_idleness_closes() {
    let folder = Folder::new();
    let clock = Clock::set_at(start());
    let (site, app) = visit(&folder, clock.clone()).await;
    let mut browser = Browser::at(site);
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
    let mut browser = Browser::at(site);
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
    let mut browser = Browser::at(site);
    assert_eq!(
        browser.sign_in(SYSTEM_USER, "correct horse").await.status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
