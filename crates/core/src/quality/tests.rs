//! Controls through commands: what no run may be, and what a run that is out or missing keeps from being released.

use jiff::SignedDuration;

use super::*;
use crate::command::Command;
use crate::testing::{Material, RecordTest, TestKind, VerifyTest};
use crate::testkit::{Trial, by, reaction};

const CONTROL: &str = "bench-group";

fn run(trial: &Trial) -> RunDraft {
    trial.control_run(CONTROL, Place::Bench)
}

/// A run in which nothing reacts.
fn out(trial: &Trial) -> RunDraft {
    let mut draft = run(trial);
    for level in &mut draft.levels {
        if let Shown::Graded(wells) = &mut level.shown {
            for well in wells {
                well.grade = crate::blood::Grade::Negative;
            }
        }
    }
    draft
}

fn refused(trial: &Trial, draft: RunDraft) -> bool {
    let command: Command = RecordControlRun { draft }.into();
    trial.decide(&by("technologist"), command).is_err()
}

#[test]
fn a_run_that_cannot_be_is_refused_and_nothing_is_recorded() {
    let mut trial = Trial::with_card();
    assert!(
        refused(&trial, run(&trial)),
        "the same control at the same moment once more"
    );
    trial.wait(SignedDuration::from_mins(1));
    assert!(!refused(&trial, run(&trial)), "a faultless run is taken");
    let mut none = run(&trial);
    none.levels.clear();
    let mut short = run(&trial);
    short.levels.pop();
    let mut twice = run(&trial);
    twice.levels.extend(twice.levels.first().cloned());
    let mut strange = run(&trial);
    for level in &mut strange.levels {
        level.material = crate::id::LotId::parse("NO-SUCH-LOT").unwrap();
    }
    let mut reagent = run(&trial);
    reagent
        .lots
        .insert(crate::id::LotId::parse("NO-SUCH-LOT").unwrap());
    let mut future = run(&trial);
    future.ran = trial.minutes(5);
    let cases = [
        ("no level", none),
        ("a level missing", short),
        ("a level twice", twice),
        ("unknown control lot", strange),
        ("unknown reagent", reagent),
        ("in the future", future),
    ];
    for (what, draft) in cases {
        assert!(refused(&trial, draft), "{what}");
    }
}

#[test]
fn a_control_that_went_out_keeps_what_it_covers_from_being_released() {
    let mut trial = Trial::with_card();
    trial.wait(SignedDuration::from_mins(1));
    let patient = trial.patient(1);
    let tube = Material::Sample(trial.tube(patient, "S1"));
    let reading = reaction(&trial, TestKind::Group, tube, "A+");
    let test = trial.hospital.next.test;
    trial.run(by("technologist"), RecordTest { reaction: reading });
    let verify = VerifyTest { test, version: 1 };
    assert!(
        trial.decide(&by("technologist2"), verify.clone()).is_ok(),
        "with the morning's controls it is released"
    );
    trial.wait(SignedDuration::from_mins(1));
    let draft = out(&trial);
    trial.run(by("technologist"), RecordControlRun { draft });
    assert_eq!(trial.hospital.quality.cases().count(), 1);
    assert!(trial.decide(&by("technologist2"), verify).is_err());
    assert_eq!(trial.replayed(), trial.hospital);
}

/// A clock has no more than its digits: what was read at the moment of the accepted run, or of the one that is out, may have come
/// between them.
#[test]
fn a_result_read_at_the_very_moment_of_a_run_is_affected() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    let tube = trial.tube(patient, "S1");
    let read = |trial: &mut Trial| {
        let reading = reaction(trial, TestKind::Group, Material::Sample(tube.clone()), "A+");
        trial.entered(reading)
    };
    trial.wait(SignedDuration::from_mins(1));
    let before = read(&mut trial);
    trial.wait(SignedDuration::from_mins(1));
    let draft = run(&trial);
    trial.run(by("technologist"), RecordControlRun { draft });
    let with_the_accepted = read(&mut trial);
    trial.wait(SignedDuration::from_mins(1));
    let with_the_one_out = read(&mut trial);
    let draft = out(&trial);
    trial.run(by("technologist"), RecordControlRun { draft });
    let held = trial.held();
    assert!(!held.contains(&Affected::Test(before)));
    assert!(held.contains(&Affected::Test(with_the_accepted)));
    assert!(held.contains(&Affected::Test(with_the_one_out)));
}
