use std::collections::BTreeSet;

use lifeline_core::command::Command;

use super::{Report, run, steps};

#[track_caller]
fn kept(report: &Report) {
    if let Some(violation) = &report.violation {
        panic!("{}", serde_json::to_string_pretty(violation).unwrap());
    }
}

/// Commands the simulation does not make up yet; their own tests in the core are all they have.
const NOT_DRAWN: [&str; 0] = [];

/// Every command has somebody who gives it: a new one fails here until the generator learns it.
#[test]
fn every_command_is_made_up() {
    let made: BTreeSet<&str> = steps::STEPS
        .iter()
        .map(|(name, _, _)| *name)
        .chain(["initialise"])
        .chain(NOT_DRAWN)
        .collect();
    let known: BTreeSet<&str> = Command::NAMES.iter().copied().collect();
    assert_eq!(made, known);
}

#[test]
fn twenty_hospitals_keep_every_invariant() {
    for seed in 0..20 {
        let report = run(seed, 2_000, |_| {});
        kept(&report);
        assert_eq!(report.commands, report.accepted + report.refused);
    }
}

/// Long enough that every command succeeds at least once; otherwise the deep states were never reached.
#[test]
fn a_long_history_reaches_every_command() {
    let report = run(3, 40_000, |_| {});
    kept(&report);
    assert_eq!(report.never_accepted, NOT_DRAWN);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    assert_eq!(run(7, 2_000, |_| {}), run(7, 2_000, |_| {}));
    assert_ne!(run(7, 2_000, |_| {}), run(8, 2_000, |_| {}));
}
