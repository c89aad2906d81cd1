//! Who gets in at which address, tried with every route, every role and nobody signed in, on the furnished demonstration.
//!
//! The table is written from what the policy's text (`policy/grants.toml`) says of looking at things and of doing them, not from the
//! handlers. A route of the source without a row fails here: add one line, `("METHOD", "/address", ROLES)`. In an address, `{unit}` and
//! the like stand for a thing of the demonstration (see [`things`]; a new kind gets a line there) and `{act:hold}` for the word `hold`;
//! `{none:1}` is a thing that the demonstration has not, where whoever may look is told so.
//!
//! Inside means: the page, a redirect on, or what is wrong with the empty form. Outside means 403 and nothing else. A form opens to
//! whoever may see its page, because its answer may be that page again; whether the deed itself is allowed the desk decides, which is
//! tried with every command and role in the simulation's `roles.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::Router;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{Request, StatusCode};
use lifeline_core::blood::Component;
use lifeline_core::device::{FileMessage, Problem, Raw, StoreMessage, Trouble};
use lifeline_core::id::{DeviceId, MessageId};
use lifeline_core::policy::{Entry, Key, ProposePolicy, Standing, Value};
use lifeline_server::app::{App, site};

use crate::demonstration::{give, ready_to_issue};
use crate::support::{Browser, Folder, hidden};

/// Open to everybody, signed in or not.
const PUBLIC: &str = "public";
/// Everybody who is signed in.
const ALL: &str =
    "technologist senior head clinician nurse quality equipment auditor administrator";
/// The department's own bench.
const BENCH: &str = "technologist senior head";
/// Who works in the crossmatch room, and who looks over their shoulders.
const CROSSMATCH: &str = "technologist senior head quality auditor";
/// Near misses: everybody who may report, and who reads how the department governs itself.
const NEAR: &str = "technologist senior head clinician nurse quality equipment auditor";
const BOARD: &str = ALL;
const STOCK: &str = "technologist senior head clinician nurse quality equipment auditor";
/// Patients, samples, tests, requests.
const PATIENT: &str = "technologist senior head clinician nurse quality auditor";
const DEVICE: &str = "technologist senior head quality equipment auditor administrator";
const JOURNAL: &str = "senior head quality auditor administrator";
const GOVERNANCE: &str = "technologist senior head quality equipment auditor";
const EXPORT: &str = "head quality auditor";
const POLICY: &str = "technologist senior head quality equipment auditor administrator";
const PEOPLE: &str = JOURNAL;

/// Logins of the demonstration, one a role.
const STAFF: [(&str, &str); 9] = [
    ("technologist", "chen"),
    ("senior", "zhao"),
    ("head", "liu"),
    ("clinician", "sun"),
    ("nurse", "he"),
    ("quality", "qian"),
    ("equipment", "gu"),
    ("auditor", "shen"),
    ("administrator", "admin"),
];

#[rustfmt::skip]
const ROWS: &[(&str, &str, &str)] = &[
    ("GET", "/", ALL),
    ("GET", "/sign-in", PUBLIC),
    ("GET", "/api/session", ALL),
    ("POST", "/api/commands", ALL),
    ("GET", "/me", ALL),
    ("POST", "/me", ALL),
    ("GET", "/board", BOARD),
    ("GET", "/alarms", BOARD),
    ("GET", "/events", ALL),
    ("GET", "/find", ALL),
    ("GET", "/requests/{request}", ALL),
    ("GET", "/crossmatches/{crossmatch}", ALL),
    ("GET", "/issues/{issue}", ALL),
    ("GET", "/lots/{lot}", ALL),
    ("GET", "/receipt", BENCH),
    ("POST", "/receipt", BENCH),
    ("POST", "/receipt/open", BENCH),
    ("POST", "/receipt/end", BENCH),
    ("GET", "/deliveries/{none:1}", STOCK),
    ("GET", "/stock/move", "technologist senior head equipment"),
    ("POST", "/stock/move", "technologist senior head equipment"),
    ("GET", "/shift", CROSSMATCH),
    ("POST", "/shift", CROSSMATCH),
    ("GET", "/shifts/{none:1}", CROSSMATCH),
    ("GET", "/stock", STOCK),
    ("GET", "/stock/counts", STOCK),
    ("GET", "/stock/list", STOCK),
    ("GET", "/stock/outlook", STOCK),
    ("GET", "/stock/search", STOCK),
    ("GET", "/stock/donors", STOCK),
    ("POST", "/stock/donors", STOCK),
    ("GET", "/units/{unit}", STOCK),
    ("POST", "/units/{unit}/{act:hold}", STOCK),
    ("GET", "/units/{unit}/type", BENCH),
    ("POST", "/units/{unit}/type", BENCH),
    ("GET", "/donations/{din}", STOCK),
    ("POST", "/donations/{din}", STOCK),
    ("GET", "/patients", PATIENT),
    ("GET", "/patients/new", "technologist senior head clinician"),
    ("POST", "/patients/new", "technologist senior head clinician"),
    ("GET", "/patients/{patient}", PATIENT),
    ("GET", "/patients/{patient}/{act:need}", "technologist senior head clinician"),
    ("POST", "/patients/{patient}/{act:need}", "technologist senior head clinician"),
    ("GET", "/samples", PATIENT),
    ("GET", "/samples/new", BENCH),
    ("POST", "/samples/new", BENCH),
    ("GET", "/samples/reject", BENCH),
    ("POST", "/samples/reject", BENCH),
    ("GET", "/samples/{sample}", PATIENT),
    ("GET", "/samples/{sample}/{act:end}", BENCH),
    ("POST", "/samples/{sample}/{act:end}", BENCH),
    ("GET", "/bench", PATIENT),
    ("GET", "/bench/enter?kind=group&sample={sample}", BENCH),
    ("POST", "/bench/enter", BENCH),
    ("POST", "/bench/derive", BENCH),
    ("GET", "/bench/verify", PATIENT),
    ("GET", "/tests/{test}", PATIENT),
    ("POST", "/tests/{test}/verify", PATIENT),
    ("GET", "/bench/measure?sample={sample}", BENCH),
    ("POST", "/bench/measure?sample={sample}", BENCH),
    ("GET", "/measurements/{measurement}", PATIENT),
    ("POST", "/measurements/{measurement}/verify", PATIENT),
    ("GET", "/measurements/{measurement}/correct", BENCH),
    ("POST", "/measurements/{measurement}/correct", BENCH),
    ("GET", "/measurements/{measurement}/invalidate", BENCH),
    ("POST", "/measurements/{measurement}/invalidate", BENCH),
    ("GET", "/tests/{test}/correct", BENCH),
    ("POST", "/tests/{test}/correct", BENCH),
    ("GET", "/tests/{test}/invalidate", BENCH),
    ("POST", "/tests/{test}/invalidate", BENCH),
    ("GET", "/bench/discrepancies", PATIENT),
    ("GET", "/bench/discrepancies/{none:1}", PATIENT),
    ("GET", "/bench/discrepancies/{none:1}/{act:conclude}", BENCH),
    ("POST", "/bench/discrepancies/{none:1}/{act:conclude}", BENCH),
    ("GET", "/bench/discrepancies/{none:1}/{act:reopen}", BENCH),
    ("POST", "/bench/discrepancies/{none:1}/{act:reopen}", BENCH),
    ("GET", "/bench/discrepancies/{none:1}/{act:step}", BENCH),
    ("POST", "/bench/discrepancies/{none:1}/{act:step}", BENCH),
    ("POST", "/bench/discrepancies/{none:1}/verify", BENCH),
    ("GET", "/tests/{test}/work-up", BENCH),
    ("POST", "/tests/{test}/work-up", BENCH),
    ("GET", "/clinical/calculators", ALL),
    ("GET", "/clinical/calculators/{what:bsa}", ALL),
    ("GET", "/evidence", "technologist senior head quality auditor"),
    ("GET", "/evidence/report", "technologist senior head quality auditor"),
    ("GET", "/comparisons/{comparison}", GOVERNANCE),
    ("GET", "/governance", GOVERNANCE),
    ("GET", "/governance/new/{what:case}", GOVERNANCE),
    ("POST", "/governance/new/{what:case}", GOVERNANCE),
    ("GET", "/nonconformities/{nonconformity}", GOVERNANCE),
    ("GET", "/nonconformities/{nonconformity}/{act:analyse}", GOVERNANCE),
    ("POST", "/nonconformities/{nonconformity}/{act:analyse}", GOVERNANCE),
    ("GET", "/documents/{document}", GOVERNANCE),
    ("GET", "/documents/{document}/{act:retire}", "head quality"),
    ("POST", "/documents/{document}/{act:retire}", "head quality"),
    ("GET", "/eqa", "technologist senior head quality auditor"),
    ("GET", "/eqa/programmes/{programme}", "technologist senior head quality auditor"),
    ("GET", "/eqa/rounds/{round}", "technologist senior head quality auditor"),
    ("GET", "/eqa/programme", "senior head quality"),
    ("POST", "/eqa/programme", "senior head quality"),
    ("GET", "/eqa/plan", "senior head quality"),
    ("POST", "/eqa/plan", "senior head quality"),
    ("GET", "/eqa/carry", "senior head quality"),
    ("POST", "/eqa/carry", "senior head quality"),
    ("GET", "/eqa/rounds/{round}/receive", "senior head quality"),
    ("POST", "/eqa/rounds/{round}/receive", "senior head quality"),
    ("GET", "/eqa/rounds/{round}/enter", "technologist senior head"),
    ("POST", "/eqa/rounds/{round}/enter", "technologist senior head"),
    ("GET", "/eqa/rounds/{round}/report", "senior head quality"),
    ("POST", "/eqa/rounds/{round}/report", "senior head quality"),
    ("GET", "/eqa/rounds/{round}/{act:submit}", "technologist senior head quality"),
    ("POST", "/eqa/rounds/{round}/{act:submit}", "technologist senior head quality"),
    ("GET", "/qc", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/runs/{run}", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/controls/{control}", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/cases", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/cases/{case}", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/chart?control=hb&place=bench", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/points?control=hb&place=bench", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/patients", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/patients/{assay:teg-ma}", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/month", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/adopt?control=hb", "senior head quality"),
    ("POST", "/qc/adopt?control=hb", "senior head quality"),
    ("GET", "/qc/proof", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/recorded?runs={run}", "technologist senior head quality equipment auditor administrator"),
    ("GET", "/qc/bench?bench=gel&place=bench", "technologist senior head quality"),
    ("POST", "/qc/bench?bench=gel&place=bench", "technologist senior head quality"),
    ("GET", "/qc/cases/{case}/decisions", "senior head quality"),
    ("POST", "/qc/cases/{case}/decisions", "senior head quality"),
    ("GET", "/qc/enter?control=hb&place=bench", "technologist senior head quality"),
    ("POST", "/qc/enter?control=hb&place=bench", "technologist senior head quality"),
    ("GET", "/qc/runs/{run}/note", "technologist senior head quality"),
    ("POST", "/qc/runs/{run}/note", "technologist senior head quality"),
    ("GET", "/qc/cases/{case}/{act:correct}", "technologist senior head quality"),
    ("POST", "/qc/cases/{case}/{act:correct}", "technologist senior head quality"),
    ("GET", "/qc/waive?control=hb&place=bench", "senior head quality"),
    ("POST", "/qc/waive?control=hb&place=bench", "senior head quality"),
    ("GET", "/qc/change?place=bench", "technologist senior head quality"),
    ("POST", "/qc/change?place=bench", "technologist senior head quality"),
    ("GET", "/qc/target?control=hb", "senior head quality"),
    ("POST", "/qc/target?control=hb", "senior head quality"),
    ("GET", "/lots", PATIENT),
    ("GET", "/lots/show?lot={lot}", PATIENT),
    ("GET", "/lots/new", "technologist senior head quality"),
    ("POST", "/lots/new", "technologist senior head quality"),
    ("GET", "/lots/act?lot={lot}&do=block", "technologist senior head quality"),
    ("POST", "/lots/act", "technologist senior head quality"),
    ("GET", "/crossmatch", CROSSMATCH),
    ("GET", "/crossmatch/plan", CROSSMATCH),
    ("GET", "/crossmatch/{request}", CROSSMATCH),
    ("GET", "/crossmatch/{platelets}/platelets", BENCH),
    ("POST", "/crossmatch/{request}/{act:reserve}", BENCH),
    ("GET", "/issue", PATIENT),
    ("GET", "/issue/new", BENCH),
    ("POST", "/issue/new", BENCH),
    ("GET", "/issue/{issue}", PATIENT),
    ("POST", "/issue/{issue}", BENCH),
    ("GET", "/issue/{issue}/slip", PATIENT),
    ("GET", "/issue/labels/{unit}/{request}", BENCH),
    ("GET", "/issue/emergency", PATIENT),
    ("POST", "/issue/emergency", "technologist senior head clinician nurse"),
    ("POST", "/issue/emergency/answer", BENCH),
    ("GET", "/ward", PATIENT),
    ("GET", "/ward/{issue}", PATIENT),
    ("POST", "/ward/{issue}/{act:receive}", "clinician nurse"),
    ("GET", "/clinical", PATIENT),
    ("GET", "/clinical/new", "clinician"),
    ("POST", "/clinical/new", "clinician"),
    ("GET", "/clinical/requests/{request}", PATIENT),
    ("POST", "/clinical/requests/{request}/{act:cancel}", PATIENT),
    ("GET", "/equipment", DEVICE),
    ("POST", "/equipment", DEVICE),
    ("GET", "/devices/{device}", DEVICE),
    ("POST", "/devices/{device}", DEVICE),
    ("POST", "/devices/{device}/service", DEVICE),
    ("GET", "/messages", DEVICE),
    ("GET", "/messages/{message}", DEVICE),
    ("POST", "/messages/{message}/dismiss", DEVICE),
    ("POST", "/messages/{message}/replay", DEVICE),
    ("GET", "/journal", JOURNAL),
    ("GET", "/journal/verify", JOURNAL),
    ("POST", "/journal/verify", JOURNAL),
    ("POST", "/journal/export", EXPORT),
    ("GET", "/journal/{seq}", JOURNAL),
    ("GET", "/policy", POLICY),
    ("GET", "/policy/{key}", POLICY),
    ("POST", "/policy/{key}", POLICY),
    ("POST", "/policy/proposals/{proposal}/activate", POLICY),
    ("POST", "/policy/proposals/{proposal}/withdraw", POLICY),
    ("GET", "/people", PEOPLE),
    ("GET", "/people/new", "administrator"),
    ("POST", "/people/new", "administrator"),
    ("GET", "/people/{user}", PEOPLE),
    ("POST", "/people/{user}", PEOPLE),
    ("POST", "/people/{user}/active", PEOPLE),
    ("POST", "/people/{user}/password", "administrator"),
    ("GET", "/rejected-samples/{none:S-none}", PATIENT),
    ("POST", "/rejected-samples/{none:S-none}", "clinician nurse"),
    ("GET", "/crossmatches/{crossmatch}/least", PATIENT),
    // The empty form asks; the head approves with a filled one.
    ("POST", "/crossmatches/{crossmatch}/least", "clinician"),
    ("GET", "/bench/identify", PATIENT),
    ("POST", "/bench/identify", PATIENT),
    ("GET", "/identifications/{workup}", PATIENT),
    ("POST", "/identifications/{workup}/read", PATIENT),
    ("POST", "/identifications/{workup}/derive", PATIENT),
    ("POST", "/identifications/{workup}/conclude", PATIENT),
    ("POST", "/identifications/{workup}/verify", PATIENT),
    ("GET", "/identifications/{workup}/reopen", BENCH),
    ("POST", "/identifications/{workup}/reopen", BENCH),
    ("GET", "/identifications/{workup}/end", BENCH),
    ("POST", "/identifications/{workup}/end", BENCH),
    ("GET", "/identifications/{workup}/report", PATIENT),
    ("GET", "/lots/antigram?lot={lot}", "technologist senior head quality"),
    ("POST", "/lots/antigram?lot={lot}", "technologist senior head quality"),
    ("GET", "/near-misses", NEAR),
    ("GET", "/near-misses/new", "technologist senior head clinician nurse quality equipment"),
    ("POST", "/near-misses/new", "technologist senior head clinician nurse quality equipment"),
    ("GET", "/near-misses/{none:1}", NEAR),
    ("POST", "/near-misses/{none:1}", "senior head quality"),
    ("POST", "/donations/{din}/withdraw", STOCK),
    // What ends the session comes last.
    ("POST", "/sign-in", PUBLIC),
    ("POST", "/lock", ALL),
    ("POST", "/sign-out", ALL),
    ("POST", "/api/session", PUBLIC),
    ("DELETE", "/api/session", ALL),
];

/// A row's address as the source writes it, whatever its placeholders are called.
fn shape(address: &str) -> String {
    let address = address.split('?').next().unwrap();
    let parts = address
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Every method and address of the source: `.route("/address", get(…).post(…))`.
fn of_source() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 60, "{}", found.len());
    found
}

fn walk(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What stands around every page (assets, preferences, health) is tested with the frame.
            if path.file_name().is_none_or(|name| name != "web") {
                walk(&path, found);
            }
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for rest in text.split(".route(").skip(1) {
            let arguments = balanced(rest);
            let (address, methods) = arguments.split_once(',').unwrap();
            let address = match address.trim() {
                "SESSION" => "/api/session",
                text => text
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'))
                    .unwrap_or_else(|| panic!("{path:?}: write the address as a text: {text}")),
            };
            let mut any = false;
            for method in ["get", "post", "put", "patch", "delete"] {
                let begins = |at: usize| {
                    !methods[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                };
                if methods
                    .match_indices(&format!("{method}("))
                    .any(|(at, _)| begins(at))
                {
                    found.insert((method.to_uppercase(), shape(address)));
                    any = true;
                }
            }
            assert!(
                any,
                "{path:?}: {address} has no method that this test knows"
            );
        }
    }
}

/// The text up to the parenthesis that closes it.
fn balanced(text: &str) -> &str {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<(String, String)> = ROWS
        .iter()
        .map(|(method, address, _)| ((*method).to_owned(), shape(address)))
        .collect();
    // One route may have several rows: one for each act that is a part of its address.
    let said: BTreeSet<(&str, &str)> = ROWS
        .iter()
        .map(|(method, address, _)| (*method, *address))
        .collect();
    assert_eq!(said.len(), ROWS.len(), "a row twice");
    let source = of_source();
    let missing: Vec<_> = source.difference(&rows).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
    let gone: Vec<_> = rows.difference(&source).collect();
    assert!(gone.is_empty(), "rows without a route: {gone:?}");
}

/// The demonstration, gone on with until there is one of everything.
async fn furnished(folder: &Folder) -> (Router, App) {
    let (app, issue) = ready_to_issue(folder).await;
    let now = app.desk.clock().now();
    give(&app, "chen", Some("wang"), issue).await;
    let stored = StoreMessage {
        device: Some(DeviceId::parse("echo-1").unwrap()),
        link: "echo".into(),
        raw: Raw::Text("H|\\^&\rQ|broken\r".into()),
        fingerprint: "f1".into(),
        length: 15,
    };
    give(&app, "lifeline", None, stored).await;
    let problem = Problem {
        at: 6,
        reason: Trouble::Unreadable("no such record".into()),
        findings: Vec::new(),
    };
    let failed = FileMessage {
        message: MessageId(1),
        observed: Vec::new(),
        crossmatches: Vec::new(),
        measured: Vec::new(),
        controls: Vec::new(),
        problems: vec![problem],
        asked_by: None,
    };
    give(&app, "lifeline", None, failed).await;
    let propose = ProposePolicy {
        entry: Entry {
            key: Key::ReturnWithin,
            value: Value::Minutes(20),
            effective: now,
            source: "试行".into(),
            standing: Standing::Provisional,
        },
        reason: "试行更短时限".into(),
    };
    give(&app, "zhao", None, propose).await;
    (site(app.clone()), app)
}

/// A thing of the demonstration for every placeholder.
fn things(app: &App) -> BTreeMap<&'static str, String> {
    let state = app.state();
    let issue = state.issues.iter().next().unwrap();
    BTreeMap::from([
        ("unit", issue.unit.to_string()),
        ("din", issue.unit.din.to_string()),
        ("patient", issue.patient.to_string()),
        ("request", issue.request.to_string()),
        (
            "platelets",
            state
                .requests
                .open()
                .find(|request| request.order.component == Component::Platelets)
                .unwrap()
                .id
                .to_string(),
        ),
        (
            "crossmatch",
            state.crossmatches.iter().next().unwrap().id.to_string(),
        ),
        ("issue", issue.id.to_string()),
        (
            "sample",
            state.samples.iter().next().unwrap().id.to_string(),
        ),
        ("test", state.tests.iter().next().unwrap().id.to_string()),
        (
            "measurement",
            state.measurements.iter().next().unwrap().id.to_string(),
        ),
        ("lot", "AHG-2611".into()),
        ("workup", "AB000001".into()),
        ("nonconformity", "NC000001".into()),
        (
            "comparison",
            state
                .governance
                .comparisons
                .keys()
                .next()
                .unwrap()
                .to_string(),
        ),
        ("document", "SOP-TX-01".into()),
        ("device", "echo-1".into()),
        (
            "message",
            state.devices.messages().next().unwrap().id.to_string(),
        ),
        (
            "proposal",
            state.policies.proposals.keys().next().unwrap().to_string(),
        ),
        ("key", "issue.return_within".into()),
        ("user", "xu".into()),
        ("programme", "NAT-BT".into()),
        (
            "round",
            state.assessments.due().next().unwrap().id.to_string(),
        ),
        ("run", "K000001".into()),
        ("control", "hb".into()),
        (
            "case",
            state.quality.cases().next_back().unwrap().id.to_string(),
        ),
        ("seq", "1".into()),
    ])
}

/// A row's address with things in it.
fn filled(address: &str, things: &BTreeMap<&str, String>) -> String {
    let mut path = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, more) = after.split_once('}').unwrap();
        path += before;
        path += match name.split_once(':') {
            Some((_, word)) => word,
            None => things
                .get(name)
                .unwrap_or_else(|| panic!("no example of {name}")),
        };
        rest = more;
    }
    path + rest
}

/// Sends a row's request; the forms are empty but for their secret and id.
async fn knock(
    browser: &mut Browser,
    csrf: &str,
    method: &str,
    path: &str,
) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-csrf-token", csrf)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = if method == "GET" {
        String::new()
    } else {
        format!("_csrf={csrf}&_command={}&_seen=1", uuid::Uuid::now_v7())
    };
    let answer = browser.send(request, body).await;
    let to = answer
        .headers()
        .get(LOCATION)
        .and_then(|to| to.to_str().ok())
        .unwrap_or_default();
    (answer.status(), to.to_owned())
}

async fn enter(site: &Router, login: &str) -> (Browser, String) {
    let mut browser = Browser::at(site.clone());
    let answer = browser.sign_in(login, lifeline_demo::PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{login} signs in");
    let csrf = hidden(&browser.read("/me").await, "_csrf");
    (browser, csrf)
}

#[tokio::test]
async fn every_route_opens_to_exactly_the_roles_of_the_table() {
    let folder = Folder::new();
    let (site, app) = furnished(&folder).await;
    let things = things(&app);
    let mut wrong = Vec::new();

    let mut stranger = Browser::at(site.clone());
    let csrf = hidden(&stranger.read("/sign-in").await, "_csrf");
    for (method, address, roles) in ROWS {
        let path = filled(address, &things);
        let (status, to) = knock(&mut stranger, &csrf, method, &path).await;
        let turned_away = status == StatusCode::UNAUTHORIZED
            || (status == StatusCode::SEE_OTHER && to.starts_with("/sign-in"));
        // Opening a session takes a password: without one a program is turned away at the open door.
        let open = *roles == PUBLIC && !address.starts_with("/api/");
        if turned_away == open {
            wrong.push(format!("{method} {address} signed out: {status} {to}"));
        }
    }

    let ends = |address: &str| ["/lock", "/sign-out", "/api/session"].contains(&address);
    for (role, login) in STAFF {
        let (mut browser, mut csrf) = enter(&site, login).await;
        for (method, address, roles) in ROWS {
            if *method != "GET" && ends(address) {
                (browser, csrf) = enter(&site, login).await;
            }
            let path = filled(address, &things);
            let (status, to) = knock(&mut browser, &csrf, method, &path).await;
            let inside = [PUBLIC, ALL].contains(roles) || roles.split(' ').any(|may| may == role);
            let fits = match status {
                StatusCode::FORBIDDEN => !inside,
                // A thing that was settled by the role before is gone for the next; a program's empty body is unreadable.
                StatusCode::NOT_FOUND => inside && (*method != "GET" || address.contains("{none:")),
                StatusCode::BAD_REQUEST => {
                    inside && (address.starts_with("/api/") || *method != "GET")
                }
                StatusCode::UNAUTHORIZED => *address == "/api/session" && *method == "POST",
                StatusCode::SEE_OTHER if to.starts_with("/sign-in") => {
                    *method != "GET" && ends(address)
                }
                status => inside && !status.is_server_error(),
            };
            if !fits {
                wrong.push(format!("{method} {address} {role}: {status} {to}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn a_form_without_the_sessions_secret_is_refused_at_every_address() {
    let folder = Folder::new();
    let (site, app) = furnished(&folder).await;
    let things = things(&app);
    let (mut browser, _) = enter(&site, "liu").await;
    let seq = app.state().seq;
    for (method, address, _) in ROWS.iter().filter(|(method, ..)| *method != "GET") {
        let path = filled(address, &things);
        let (status, _) = knock(&mut browser, "forged", method, &path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {address}");
    }
    assert_eq!(app.state().seq, seq, "and nothing was recorded");
}
