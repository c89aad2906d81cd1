use std::collections::BTreeSet;

use axum::body::to_bytes;
use axum::http::StatusCode;
use lifeline_core::SignedDuration;
use lifeline_core::blood::{AntigenProfile, Celsius, LabelGroup, UnitId};
use lifeline_core::command::Command;
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::policy::Modification;
use lifeline_core::unit::{
    Appearance, Checked, DiscardUnit, EntryPath, HoldUnit, LiftHold, LoseUnit, ModifyUnit,
    MoveUnits, RecallDonation, ReceiptChecks, ReceiveUnit,
};
use lifeline_server::app::App;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Outcome, Submission};
use lifeline_server::entrance::digest;

use crate::support::{Browser, visit};
use crate::support::{Folder, bench, start, user};

/// Everybody by role, all with one password; `senior2` besides.
async fn hire(app: &App) {
    let digest = digest("correct horse").unwrap();
    let logins = Role::ALL
        .iter()
        .map(|role| (role.as_str().to_owned(), *role))
        .chain([("senior2".to_owned(), Role::Senior)]);
    for (login, role) in logins {
        let command = SaveUser {
            user: user(&login),
            new: true,
            name: login.clone(),
            latin: login.clone(),
            roles: BTreeSet::from([role]),
            location: None,
        };
        submit(app, "admin", None, command).await.unwrap();
        app.desk
            .journal()
            .set_credential(&login, &digest)
            .await
            .unwrap();
    }
}

async fn submit(
    app: &App,
    actor: &str,
    second: Option<&str>,
    command: impl Into<Command>,
) -> Result<(), String> {
    let mut submission = Submission::new(command, user(actor), bench());
    submission.second = second.map(user);
    match app.desk.submit(submission).await.unwrap() {
        Outcome::Accepted { .. } => Ok(()),
        Outcome::Refused(refusal) => Err(format!("{refusal:?}")),
    }
}

fn platelets(unit: UnitId) -> ReceiveUnit {
    ReceiveUnit {
        unit,
        group: LabelGroup::parse("B-").unwrap(),
        collected: None,
        expires: start().checked_add(SignedDuration::from_hours(72)).unwrap(),
        entry: EntryPath::Scanned,
        amount: None,
        volume: None,
        location: "agitator-1".parse().unwrap(),
        locked_to: None,
        antigens: AntigenProfile::default(),
        delivery: Some("D-1".into()),
        under: None,
        checks: ReceiptChecks {
            temperature: Celsius::parse("22"),
            appearance: Appearance::Normal,
            seal: Checked::Good,
            label: Checked::Good,
        },
    }
}

async fn html(browser: &mut Browser, path: &str) -> (StatusCode, String) {
    let answer = browser.get(path).await;
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const UNIT: &str = "W000026000001-E3087V00";

#[tokio::test]
async fn each_page_opens_for_the_roles_that_work_with_it_and_no_other() {
    let folder = Folder::new();
    let (site, app) = visit(&folder, Clock::set_at(start())).await;
    hire(&app).await;
    submit(
        &app,
        "senior",
        Some("senior2"),
        platelets(UNIT.parse().unwrap()),
    )
    .await
    .unwrap();
    let receive = ["technologist", "senior", "head"];
    let blind = ["administrator"];
    // A device link has no pages: it cannot even sign in.
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Device) {
        let mut browser = Browser {
            site: site.clone(),
            cookies: Vec::new(),
        };
        browser.sign_in(role.as_str(), "correct horse").await;
        for (path, open) in [
            ("/stock", !blind.contains(&role.as_str())),
            ("/stock/counts", !blind.contains(&role.as_str())),
            ("/stock/list?band=near", !blind.contains(&role.as_str())),
            (&format!("/units/{UNIT}"), !blind.contains(&role.as_str())),
            ("/donations/W000026000001", !blind.contains(&role.as_str())),
            ("/receipt", receive.contains(&role.as_str())),
        ] {
            let (status, _) = html(&mut browser, path).await;
            let expected = if open {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(status, expected, "{role:?} {path}");
        }
    }
}

/// A bag that lived through everything a page can do; its timeline says it in both languages, with no field left empty.
#[tokio::test]
async fn the_life_of_a_bag_is_told_in_both_languages() {
    let folder = Folder::new();
    let (site, app) = visit(&folder, Clock::set_at(start())).await;
    hire(&app).await;
    let unit: UnitId = UNIT.parse().unwrap();
    let note = || "looked into it".to_owned();
    let steps: [Command; 7] = [
        platelets(unit).into(),
        MoveUnits {
            units: vec![unit],
            to: "agitator-2".parse().unwrap(),
        }
        .into(),
        ModifyUnit {
            kind: Modification::Irradiate,
            units: vec![unit],
            into: None,
            parts: Vec::new(),
            volume: None,
        }
        .into(),
        HoldUnit {
            unit,
            reason: "inquiry".into(),
            note: note(),
        }
        .into(),
        LiftHold {
            unit,
            hold: lifeline_core::unit::Hold::from_code("inquiry"),
            note: note(),
        }
        .into(),
        LoseUnit { unit, note: note() }.into(),
        RecallDonation {
            din: unit.din,
            reason: note(),
            reference: "BC-17".into(),
        }
        .into(),
    ];
    for step in steps {
        submit(&app, "senior", Some("senior2"), step).await.unwrap();
    }
    let again = DiscardUnit {
        unit,
        reason: "bored".into(),
        note: String::new(),
    };
    submit(&app, "senior", None, again).await.unwrap_err();
    let mut browser = Browser {
        site,
        cookies: Vec::new(),
    };
    browser.sign_in("head", "correct horse").await;
    for (language, said) in [
        (
            "en",
            [
                "Moved from agitator-1 to agitator-2",
                "Under inquiry",
                "Refused: ",
            ],
        ),
        (
            "zh-CN",
            ["由 agitator-1 移至 agitator-2", "调查", "被拒绝："],
        ),
    ] {
        browser.cookies.retain(|(name, _)| name != "lang");
        browser.cookies.push(("lang".into(), language.into()));
        for path in [
            format!("/units/{unit}"),
            format!("/donations/{}", unit.din),
            format!("/units/{unit}?do=discard"),
        ] {
            let (status, page) = html(&mut browser, &path).await;
            assert_eq!(status, StatusCode::OK);
            assert!(
                !page.contains('⟦') && !page.contains("{$"),
                "{language} {path}"
            );
            for words in said {
                assert!(page.contains(words), "{language} {path}: {words}");
            }
            assert_eq!(page.matches("class=\"timeline-what\"").count(), 8, "{path}");
            assert_eq!(page.matches("href=\"/journal/").count(), 8, "{path}");
        }
    }
}
