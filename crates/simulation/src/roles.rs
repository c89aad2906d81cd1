//! Who may give which command, tried with every command and every role through the core's one door.
//!
//! The table is written from the text of `policy/grants.toml`, not from the code. A new command fails here until it has a row: add one
//! line to [`MAY`], `("name-of-the-command", "the roles that may give it")`, from what the policy says of its action. Its example
//! comes from the simulation by itself; a command that the simulation does not give yet needs a line in [`BY_HAND`] too.

use std::collections::{BTreeMap, BTreeSet};

use lifeline_core::Timestamp;
use lifeline_core::command::{Command, Context, decide};
use lifeline_core::finding::Rule;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::UserId;
use lifeline_core::people::{PeopleEvent, Role};

use crate::examples;

#[rustfmt::skip]
const MAY: &[(&str, &str)] = &[
    ("initialise", "technologist senior head clinician nurse quality equipment auditor administrator device"),
    ("save-user", "administrator"),
    ("set-user-active", "administrator"),
    ("propose-policy", "senior head quality administrator"),
    ("activate-policy", "head quality"),
    ("withdraw-policy", "senior head quality administrator"),
    ("note-password", "administrator"),
    ("note-sign-in", "device"),
    ("register-device", "senior head equipment administrator"),
    ("set-device-service", "senior head equipment administrator"),
    ("store-message", "device"),
    ("store-part", "device"),
    ("file-message", "device"),
    ("dismiss-message", "technologist senior head"),
    ("open-delivery", "technologist senior head"),
    ("end-delivery", "technologist senior head"),
    ("receive-unit", "technologist senior head"),
    ("hold-unit", "technologist senior head quality equipment"),
    ("lift-hold", "senior head"),
    ("hand-over-shift", "technologist senior head"),
    ("move-units", "technologist senior head equipment"),
    ("modify-unit", "technologist senior head"),
    ("discard-unit", "technologist senior head"),
    ("return-unit-to-station", "technologist senior head"),
    ("recall-donation", "senior head"),
    ("lose-unit", "technologist senior head quality equipment"),
    ("find-unit", "technologist senior head quality equipment"),
    ("register-patient", "technologist senior head clinician"),
    ("amend-patient", "technologist senior head clinician"),
    ("record-antibody", "technologist senior head clinician"),
    ("type-patient-antigen", "technologist senior head clinician"),
    ("raise-need", "technologist senior head clinician"),
    ("end-need", "technologist senior head clinician"),
    ("state-exposure", "technologist senior head clinician"),
    ("record-consent", "technologist senior head clinician"),
    ("record-historic-group", "technologist senior head clinician"),
    ("withdraw-historic-group", "technologist senior head"),
    ("merge-patients", "senior head"),
    ("unmerge-patients", "senior head"),
    ("receive-sample", "technologist senior head"),
    ("reject-sample", "technologist senior head"),
    ("end-sample", "technologist senior head"),
    ("store-sample", "technologist senior head"),
    ("settle-suspicion", "technologist senior head"),
    ("record-test", "technologist senior head"),
    ("verify-test", "technologist senior head"),
    ("correct-test", "technologist senior head"),
    ("invalidate-test", "technologist senior head"),
    ("record-measurements", "technologist senior head"),
    ("verify-measurement", "technologist senior head"),
    ("correct-measurement", "technologist senior head"),
    ("invalidate-measurement", "technologist senior head"),
    ("receive-lot", "technologist senior head quality"),
    ("accept-lot", "technologist senior head quality"),
    ("change-packs", "technologist senior head quality"),
    ("open-lot", "technologist senior head quality"),
    ("block-lot", "technologist senior head quality"),
    ("unblock-lot", "technologist senior head quality"),
    ("place-request", "clinician"),
    ("amend-request", "clinician"),
    ("accept-request", "technologist senior head"),
    ("return-request", "technologist senior head"),
    ("cancel-request", "clinician"),
    ("close-request", "technologist senior head"),
    ("declare-emergency", "technologist senior head clinician nurse"),
    ("reserve-unit", "technologist senior head"),
    ("end-reservation", "technologist senior head"),
    ("lapse-reservations", "device"),
    ("record-crossmatch", "technologist senior head"),
    ("review-crossmatch", "technologist senior head"),
    ("void-crossmatch", "technologist senior head"),
    ("grant-electronic-crossmatch", "technologist senior head"),
    ("issue-unit", "technologist senior head"),
    ("return-issue", "technologist senior head"),
    ("receive-on-ward", "clinician nurse"),
    ("start-transfusion", "clinician nurse"),
    ("record-fate", "clinician nurse"),
    ("acknowledge-incompatible", "technologist senior head"),
    ("save-programme", "senior head quality"),
    ("open-round", "senior head quality"),
    ("carry-over-round", "senior head quality"),
    ("receive-panel", "senior head quality"),
    ("enter-results", "technologist senior head"),
    ("take-results", "technologist senior head"),
    ("submit-round", "technologist senior head quality"),
    ("record-absence", "senior head quality"),
    ("record-report", "senior head quality"),
    ("appeal-round", "senior head quality"),
    ("settle-appeal", "senior head quality"),
    ("take-step", "senior head quality"),
    ("close-round", "senior head quality"),
    ("agree-least-incompatible", "clinician"),
    ("ask-least-incompatible", "clinician"),
    ("approve-least-incompatible", "head"),
    ("answer-rejection", "clinician nurse"),
    ("file-antigram", "technologist senior head quality"),
    ("open-identification", "technologist senior head"),
    ("record-panel", "technologist senior head"),
    ("conclude-identification", "technologist senior head"),
    ("reopen-identification", "technologist senior head"),
    ("verify-identification", "technologist senior head"),
    ("end-identification", "technologist senior head"),
    ("withdraw-antibody", "technologist senior head"),
    ("report-near-miss", "technologist senior head clinician nurse quality equipment"),
    ("close-near-miss", "senior head quality"),
    ("link-patients", "technologist senior head clinician"),
    ("unlink-patients", "technologist senior head clinician"),
    ("withdraw-recall", "senior head"),
    ("note-export", "head quality auditor"),
    ("record-control-run", "technologist senior head quality"),
    ("annotate-run", "technologist senior head quality"),
    ("record-change", "technologist senior head quality"),
    ("set-target", "senior head quality"),
    ("adopt-target", "senior head quality"),
    ("waive-control", "senior head quality"),
    ("correct-case", "technologist senior head quality"),
    ("decide-affected", "senior head quality"),
    ("close-case", "senior head quality"),
    ("publish-document", "head quality"),
    ("sign-document", "technologist senior head clinician nurse quality equipment auditor administrator device"),
    ("retire-document", "head quality"),
    ("report-nonconformity", "technologist senior head clinician nurse quality equipment auditor administrator device"),
    ("analyse-nonconformity", "senior head quality"),
    ("plan-action", "senior head quality"),
    ("complete-action", "senior head quality"),
    ("judge-effectiveness", "head quality"),
    ("record-competence", "senior head quality"),
    ("record-comparison", "technologist senior head quality"),
    ("record-review", "head quality"),
    ("dispute-proposal", "technologist senior head device"),
    ("open-discrepancy", "technologist senior head"),
    ("record-discrepancy-step", "technologist senior head"),
    ("conclude-discrepancy", "technologist senior head"),
    ("verify-discrepancy", "technologist senior head"),
    ("reopen-discrepancy", "technologist senior head"),
    ("record-rhd-genotype", "technologist senior head clinician"),
    ("type-unit-antigens", "technologist senior head"),
    ("record-platelet-antibodies", "technologist senior head clinician"),
    ("record-response", "clinician nurse"),
    ("file-registry", "technologist senior head quality"),
];

/// Examples of commands that the simulation does not give, as the API takes them.
#[rustfmt::skip]
const BY_HAND: &[&str] = &[
    r#"{"reopen-identification": {"workup": 1, "reason": "新反应"}}"#,
    r#"{"agree-least-incompatible": {"crossmatch": 1}}"#,
    r#"{"approve-least-incompatible": {"crossmatch": 1}}"#,
    r#"{"adopt-target": {"control": "hb", "material": "C-1", "level": "low", "basis": "initial", "seen": {"mean": "100", "sd": "2"}, "reason": "满20次"}}"#,
    r#"{"decide-affected": {"case": 1, "result": {"test": 1}, "ruling": "stands", "reason": "复检一致"}}"#,
    r#"{"dispute-proposal": {"unit": "W000026000001-E0336V00", "request": 1}}"#,
    r#"{"save-programme": {"programme": "nccl-bg", "name": "血型", "latin": "Blood groups", "provider": "NCCL", "table": "t", "items": [], "active": true}}"#,
    r#"{"open-round": {"programme": "nccl-bg", "label": "2026-2", "deadline": "2026-12-22T00:00:00Z", "samples": 5}}"#,
    r#"{"receive-panel": {"round": 1, "received": "2026-11-22T00:00:00Z", "samples": [], "intact": true, "note": ""}}"#,
    r#"{"enter-results": {"round": 1, "tester": "technologist1", "tested": "2026-11-22T00:00:00Z", "device": null, "results": [], "correction": ""}}"#,
    r#"{"submit-round": {"round": 1, "reference": "R-1"}}"#,
    r#"{"record-report": {"round": 1, "reference": "R-1", "targets": []}}"#,
    r#"{"appeal-round": {"round": 1, "grounds": "标本混浊"}}"#,
    r#"{"settle-appeal": {"round": 1, "upheld": true, "answer": "同意"}}"#,
    r#"{"take-step": {"round": 1, "step": {"cause": "加样错误"}}}"#,
    r#"{"close-round": {"round": 1, "note": ""}}"#,
    r#"{"open-discrepancy": {"test": 1, "version": 1, "stated": {"transfused": null, "transplanted": false, "disease": false}}}"#,
    r#"{"record-discrepancy-step": {"discrepancy": 1, "step": "repeat", "outcome": "unclear", "note": ""}}"#,
    r#"{"conclude-discrepancy": {"discrepancy": 1, "cause": "technical", "ruling": "file_stands", "note": ""}}"#,
    r#"{"verify-discrepancy": {"discrepancy": 1}}"#,
    r#"{"reopen-discrepancy": {"discrepancy": 1, "reason": "新标本"}}"#,
    r#"{"record-rhd-genotype": {"patient": 1, "genotype": null}}"#,
];

/// Commands in the history that the examples are taken from: enough for every command to be given.
const COMMANDS: u64 = 12_000;

/// Somebody of this role and no other, whose account is open.
fn somebody(hospital: &Hospital, role: Role) -> UserId {
    hospital
        .people
        .values()
        .find(|user| user.active && user.roles == BTreeSet::from([role]))
        .map(|user| user.id.clone())
        .unwrap_or_else(|| panic!("nobody is only {role:?}"))
}

/// A hospital, its clock, and an example of every command.
fn tried() -> (Hospital, Timestamp, BTreeMap<&'static str, Command>) {
    let (hospital, at, mut examples) = examples(1, COMMANDS);
    for text in BY_HAND {
        let command: Command =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        examples.entry(command.name()).or_insert(command);
    }
    (hospital, at, examples)
}

#[test]
fn every_command_is_open_to_exactly_the_roles_the_policy_names() {
    let (hospital, at, examples) = tried();
    let rows: BTreeMap<&str, BTreeSet<&str>> = MAY
        .iter()
        .map(|(name, roles)| (*name, roles.split(' ').collect()))
        .collect();
    assert_eq!(rows.len(), MAY.len(), "one row a command");
    let known: BTreeSet<&str> = Command::NAMES.iter().copied().collect();
    assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(examples.keys().copied().collect::<BTreeSet<_>>(), known);
    let mut wrong = Vec::new();
    for (name, command) in &examples {
        for role in Role::ALL {
            let actor = somebody(&hospital, role);
            // Everybody may set their own password: the row is about somebody else's.
            let command = match command {
                Command::NotePassword(note) if note.user == actor => {
                    let mut other = note.clone();
                    other.user = somebody(&hospital, Role::Device);
                    if other.user == actor {
                        other.user = somebody(&hospital, Role::Auditor);
                    }
                    Command::from(other)
                }
                other => other.clone(),
            };
            let context = Context::new(at, actor);
            let refused = decide(&hospital, &command, &context)
                .err()
                .map(|refusal| refusal.findings)
                .unwrap_or_default();
            let denied = refused.iter().any(|f| f.rule == Rule::NotPermitted);
            if denied {
                assert_eq!(refused.len(), 1, "who may not give it learns nothing else");
            }
            let may = rows[name].contains(role.as_str());
            if denied == may {
                wrong.push(format!(
                    "{name}: {} {}",
                    role.as_str(),
                    if may { "must" } else { "must not" }
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_stranger_and_a_closed_account_may_give_nothing() {
    let (mut hospital, at, examples) = tried();
    let closed = somebody(&hospital, Role::Head);
    let stamp = Stamp {
        seq: hospital.seq + 1,
        at,
        by: closed.clone(),
    };
    let user = closed.clone();
    hospital.apply(&stamp, &PeopleEvent::UserDisabled { user }.into());
    let strangers = [UserId::parse("nobody-of-that-name").unwrap(), closed];
    for (name, command) in examples.iter().filter(|(name, _)| **name != "initialise") {
        for stranger in &strangers {
            let context = Context::new(at, stranger.clone());
            let findings = decide(&hospital, command, &context).unwrap_err().findings;
            assert_eq!(
                findings.iter().map(|f| f.rule).collect::<Vec<_>>(),
                [Rule::PersonUnknown],
                "{name} by {stranger}"
            );
        }
    }
}
