//! What people do next. One table holds every command: how often, and who makes it up.

mod answers;
mod assessment;
mod bench;
mod care;
mod devices;
mod governance;
mod identification;
mod measured;
mod patients;
mod people;
mod policy;
mod quality;
mod samples;
mod units;
mod workup;

use lifeline_core::command::{Command, Initialise};
use lifeline_core::id::UserId;
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::policy::{Key, Value};
use rand::Rng;

use crate::world::{Draft, Intent, World, id};

type Step = fn(&mut World) -> Option<Draft>;

/// Every command but the one that opens a hospital, with its share and what makes it up.
pub(crate) const STEPS: &[(&str, u32, Step)] = &[
    ("save-user", 2, people::save),
    ("set-user-active", 6, people::set_active),
    ("note-password", 1, people::note_password),
    ("note-sign-in", 3, people::note_sign_in),
    ("open-delivery", 6, units::open_delivery),
    ("end-delivery", 2, units::end_delivery),
    ("receive-unit", 60, units::receive),
    ("hold-unit", 5, units::hold),
    ("lift-hold", 14, units::lift),
    ("move-units", 8, units::relocate),
    ("modify-unit", 16, units::modify),
    ("discard-unit", 6, units::discard),
    ("return-unit-to-station", 3, units::send_back),
    ("recall-donation", 2, units::recall),
    ("lose-unit", 2, units::lose),
    ("find-unit", 3, units::find),
    ("register-patient", 14, patients::register),
    ("amend-patient", 4, patients::amend),
    ("record-antibody", 2, patients::antibody),
    ("type-patient-antigen", 3, patients::antigen),
    ("raise-need", 2, patients::raise_need),
    ("end-need", 2, patients::end_need),
    ("state-exposure", 10, patients::exposure),
    ("record-consent", 20, patients::consent),
    ("record-historic-group", 3, patients::historic),
    ("withdraw-historic-group", 2, patients::withdraw_historic),
    ("merge-patients", 3, patients::merge),
    ("unmerge-patients", 2, patients::unmerge),
    ("receive-sample", 45, samples::receive),
    ("reject-sample", 4, samples::reject),
    ("end-sample", 2, samples::end),
    ("store-sample", 3, samples::store),
    ("settle-suspicion", 6, samples::settle),
    ("record-test", 150, bench::record),
    ("verify-test", 170, bench::verify),
    ("correct-test", 8, bench::correct),
    ("invalidate-test", 6, bench::invalidate),
    ("record-measurements", 26, measured::record),
    ("verify-measurement", 34, measured::verify),
    ("correct-measurement", 4, measured::correct),
    ("invalidate-measurement", 3, measured::invalidate),
    ("receive-lot", 4, bench::receive_lot),
    ("accept-lot", 5, bench::accept_lot),
    ("change-packs", 2, bench::change_packs),
    ("open-lot", 4, bench::open_lot),
    ("block-lot", 2, bench::block_lot),
    ("unblock-lot", 3, bench::unblock_lot),
    ("place-request", 30, care::place),
    ("amend-request", 3, care::amend),
    ("accept-request", 30, care::accept),
    ("return-request", 2, care::send_back),
    ("cancel-request", 2, care::cancel),
    ("close-request", 3, care::close),
    ("declare-emergency", 5, care::emergency),
    ("reserve-unit", 70, care::reserve),
    ("end-reservation", 2, care::end_reservation),
    ("lapse-reservations", 3, care::lapse),
    ("record-crossmatch", 60, care::record),
    ("review-crossmatch", 60, care::review),
    ("void-crossmatch", 3, care::void),
    ("grant-electronic-crossmatch", 60, care::grant),
    ("issue-unit", 60, care::issue),
    ("return-issue", 6, care::come_back),
    ("receive-on-ward", 35, care::arrive),
    ("start-transfusion", 35, care::start),
    ("record-fate", 35, care::fate),
    ("acknowledge-incompatible", 3, care::acknowledge),
    ("withdraw-recall", 2, answers::withdraw_recall),
    ("answer-rejection", 3, answers::answer_rejection),
    ("ask-least-incompatible", 4, answers::ask),
    ("agree-least-incompatible", 6, answers::agree),
    ("approve-least-incompatible", 6, answers::approve),
    ("link-patients", 2, answers::link),
    ("unlink-patients", 1, answers::unlink),
    ("report-near-miss", 2, answers::report),
    ("close-near-miss", 2, answers::close),
    ("note-export", 1, answers::export),
    ("file-antigram", 6, identification::file_antigram),
    ("open-identification", 6, identification::open),
    ("record-panel", 14, identification::read),
    ("conclude-identification", 10, identification::conclude),
    ("reopen-identification", 3, identification::reopen),
    ("verify-identification", 7, identification::verify),
    ("end-identification", 2, identification::end),
    ("withdraw-antibody", 3, identification::withdraw),
    ("save-programme", 2, assessment::save),
    ("open-round", 6, assessment::open),
    ("carry-over-round", 2, assessment::carry),
    ("receive-panel", 10, assessment::receive),
    ("enter-results", 10, assessment::enter),
    ("take-results", 4, assessment::take),
    ("submit-round", 8, assessment::submit),
    ("record-absence", 2, assessment::absent),
    ("record-report", 8, assessment::report),
    ("appeal-round", 2, assessment::appeal),
    ("settle-appeal", 3, assessment::settle),
    ("take-step", 10, assessment::step),
    ("close-round", 5, assessment::close),
    ("publish-document", 2, governance::publish),
    ("sign-document", 2, governance::sign),
    ("retire-document", 1, governance::retire),
    ("report-nonconformity", 3, governance::report),
    ("analyse-nonconformity", 3, governance::analyse),
    ("plan-action", 3, governance::plan),
    ("complete-action", 3, governance::complete),
    ("judge-effectiveness", 4, governance::judge),
    ("record-competence", 2, governance::assess),
    ("record-comparison", 2, governance::compare),
    ("record-review", 1, governance::review),
    ("register-device", 4, devices::register),
    ("set-device-service", 3, devices::service),
    ("store-message", 25, devices::store),
    ("store-part", 4, devices::part),
    ("file-message", 28, devices::file),
    ("dismiss-message", 3, devices::dismiss),
    ("record-control-run", 60, quality::run),
    ("annotate-run", 1, quality::annotate),
    ("record-change", 1, quality::change),
    ("set-target", 3, quality::target),
    ("adopt-target", 4, quality::adopt),
    ("waive-control", 3, quality::waive),
    ("correct-case", 6, quality::correct),
    ("decide-affected", 20, quality::decide),
    ("close-case", 8, quality::close),
    ("hand-over-shift", 2, answers::hand_over),
    ("open-discrepancy", 6, workup::open),
    ("record-discrepancy-step", 30, workup::step),
    ("conclude-discrepancy", 8, workup::conclude),
    ("verify-discrepancy", 8, workup::verify),
    ("reopen-discrepancy", 2, workup::reopen),
    ("record-rhd-genotype", 2, workup::genotype),
    ("dispute-proposal", 2, care::dispute),
    ("type-unit-antigens", 4, units::type_antigens),
    (
        "record-platelet-antibodies",
        1,
        patients::platelet_antibodies,
    ),
    ("record-response", 6, care::response),
    ("file-registry", 1, identification::file_registry),
    ("propose-policy", 3, policy::propose),
    ("activate-policy", 3, policy::activate),
    ("withdraw-policy", 1, policy::withdraw),
];

/// The policies of a new hospital and everybody who works there.
pub(crate) fn opening(world: &mut World, seed: u64) -> Vec<Draft> {
    let (Some(system), Some(administrator)) = (id("system"), id::<UserId>("administrator1")) else {
        return Vec::new();
    };
    let mut policies = lifeline_policy::builtin().unwrap_or_default();
    // Every second hospital has validated the electronic crossmatch.
    for entry in &mut policies {
        if entry.key == Key::ElectronicCrossmatch {
            entry.value = Value::Flag(seed % 2 == 1);
        }
    }
    let draft = |command: Command, actor: &UserId| Draft {
        command,
        actor: actor.clone(),
        second: None,
        reasons: Vec::new(),
        intent: Intent::None,
    };
    let initialise = Initialise {
        policies,
        system,
        administrator: administrator.clone(),
        name: "管理员".into(),
        latin: "Administrator".into(),
    };
    let mut drafts = vec![draft(initialise.into(), &administrator)];
    drafts.extend(world.staff.iter().map(|(login, role)| {
        let hired = SaveUser {
            user: login.clone(),
            new: *login != administrator,
            name: format!("职工{login}"),
            latin: login.as_str().into(),
            roles: [*role].into(),
            location: id(place_of(*role)),
        };
        draft(hired.into(), &administrator)
    }));
    drafts
}

fn place_of(role: Role) -> &'static str {
    match role {
        Role::Nurse | Role::Clinician => "ward-3",
        _ => "department",
    }
}

/// The next command: mostly something sensible, sometimes one given before, by the same person or another.
pub(crate) fn next(world: &mut World) -> Option<Draft> {
    if world.one_in(30) && !world.given.is_empty() {
        let place = world.rng.random_range(0..world.given.len());
        let mut again = world.given.get(place).cloned()?;
        if world.one_in(2) {
            again.actor = world.someone(again.command.action())?;
        }
        return Some(again);
    }
    // Once in a hospital's life somebody tries to set it up anew.
    if world.one_in(20_000) {
        let command = Initialise {
            policies: Vec::new(),
            system: id("system")?,
            administrator: id("administrator1")?,
            name: "again".into(),
            latin: "again".into(),
        };
        return world.draft(command);
    }
    let all: u32 = STEPS.iter().map(|(_, share, _)| share).sum();
    let mut drawn = world.rng.random_range(0..all);
    for (_, share, step) in STEPS {
        if drawn < *share {
            return step(world);
        }
        drawn -= share;
    }
    None
}
