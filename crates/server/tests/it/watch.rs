//! Proposal and gate side by side: a disagreement becomes an incident by itself, and once.

use lifeline_core::blood::Component;
use lifeline_core::finding::Rule;
use lifeline_core::issue::{Purpose, gate};
use lifeline_core::near_miss::PROPOSAL_DISPUTED;
use lifeline_server::app::site;
use lifeline_server::watch::{proposed, report};

use crate::demonstration::ready_to_issue;
use crate::support::{Browser, Folder, bench};

#[tokio::test]
async fn a_broken_proposal_becomes_an_incident_once_and_an_honest_plan_none() {
    let folder = Folder::new();
    let (app, _) = ready_to_issue(&folder).await;
    let state = app.state();
    let at = app.desk.clock().now();
    let plan = proposed(&state, at);
    assert!(!plan.is_empty());
    let told = |proposals: Vec<_>| {
        let (app, state) = (app.clone(), app.state());
        async move {
            let on = (&*state, at);
            report(&app.desk, &app.system, &bench(), on, &proposals)
                .await
                .unwrap()
        }
    };
    assert_eq!(told(plan.clone()).await, 0, "the two channels agree");
    // What a recommender that forgot ABO would say.
    let (request, _) = plan[0];
    let wrong = state
        .units
        .shelf()
        .filter(|unit| unit.component == Component::RedCells)
        .find(|unit| {
            gate(&state, &unit.id, request, Purpose::Reserve, at)
                .iter()
                .any(|finding| finding.rule == Rule::AboIncompatible)
        })
        .unwrap()
        .id;
    let before = state.near_misses.iter().count();
    assert_eq!(told(vec![(request, wrong)]).await, 1);
    assert_eq!(told(vec![(request, wrong)]).await, 0, "once");
    let found: Vec<_> = app
        .state()
        .near_misses
        .iter()
        .skip(before)
        .cloned()
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, PROPOSAL_DISPUTED);
    assert!(found[0].by_rule && found[0].reported.by == app.system);
    let mut browser = Browser::at(site(app.clone()));
    browser.sign_in("qian", "lifeline-demo").await;
    browser.get("/preferences/language/en").await;
    let id = found[0].id.to_string();
    for page in ["/near-misses", "/crossmatch", &format!("/near-misses/{id}")] {
        let html = browser.read(page).await;
        assert!(html.contains(&id) && html.contains("ABO"), "{page}");
        assert!(
            html.contains(&wrong.to_string()) || page.ends_with(&id),
            "{page}"
        );
    }
}

#[tokio::test]
async fn what_changed_since_the_plan_is_no_disagreement() {
    let folder = Folder::new();
    let (app, issue) = ready_to_issue(&folder).await;
    let before = app.state();
    let at = app.desk.clock().now();
    // The bag leaves after the plan was made.
    crate::demonstration::give(&app, "chen", Some("wang"), issue.clone()).await;
    let other = before
        .requests
        .open()
        .find(|request| request.id != issue.request)
        .unwrap();
    let on = (&*before, at);
    let pairs = [(other.id, issue.unit)];
    let told = report(&app.desk, &app.system, &bench(), on, &pairs).await;
    assert_eq!(told.unwrap(), 0);
    assert_eq!(app.state().crossmatches.disputes().count(), 0);
}
