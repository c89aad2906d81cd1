use super::*;
use crate::testkit::by;
use crate::unit::{Hold, HoldUnit, LiftHold, Regroup};

fn lift(unit: UnitId, hold: &str) -> LiftHold {
    LiftHold {
        unit,
        hold: Hold::from_code(hold),
        note: "asked the station, in order".into(),
    }
}

#[test]
fn every_reason_must_go_before_a_bag_is_available() {
    let mut trial = Trial::new();
    let unit = trial.bag_in(1, Status::Reserved);
    for reason in ["appearance", "inquiry"] {
        trial.run(
            by("technologist"),
            HoldUnit {
                unit,
                reason: reason.into(),
                note: String::new(),
            },
        );
    }
    assert_eq!(trial.bagged(unit).status, Status::Quarantined);
    assert_eq!(trial.bagged(unit).reservation, None);
    let again = HoldUnit {
        unit,
        reason: "inquiry".into(),
        note: String::new(),
    };
    assert_eq!(trial.refused(by("technologist"), again), ["already-exists"]);
    trial.run(by("senior"), lift(unit, "appearance"));
    assert_eq!(trial.bagged(unit).status, Status::Quarantined);
    assert_eq!(
        trial.refused(by("senior"), lift(unit, "appearance")),
        ["wrong-state"]
    );
    trial.run(by("senior"), lift(unit, "inquiry"));
    assert_eq!(trial.bagged(unit).status, Status::Available);
}

#[test]
fn only_the_bench_ends_the_wait_for_the_regroup() {
    let mut trial = Trial::new();
    let unit = trial.bag(1, Component::RedCells, "A+");
    assert_eq!(
        trial.refused(by("head").with("senior"), lift(unit, "awaiting_regroup")),
        ["unit-group-unconfirmed"]
    );
}

#[test]
fn a_mismatch_stands_until_a_test_agrees_and_then_two_people_lift_it() {
    let mut trial = Trial::new();
    let unit = trial.bag(1, Component::RedCells, "A+");
    trial.given(UnitEvent::GroupMismatched {
        unit,
        test: TestId(1),
        tested: crate::blood::LabelGroup::parse("B+").unwrap(),
    });
    assert_eq!(
        trial.refused(by("head").with("senior"), lift(unit, "group_mismatch")),
        ["unit-group-mismatch"]
    );
    trial.given(UnitEvent::GroupConfirmed {
        unit,
        test: TestId(2),
    });
    assert_eq!(trial.bagged(unit).status, Status::Quarantined);
    assert_eq!(
        trial.refused(by("head"), lift(unit, "group_mismatch")),
        ["second-person-needed"]
    );
    trial.run(by("head").with("senior"), lift(unit, "group_mismatch"));
    assert_eq!(trial.bagged(unit).status, Status::Available);
    assert_eq!(trial.bagged(unit).regroup, Regroup::Confirmed(TestId(2)));
}

#[test]
fn a_hold_names_a_listed_reason_and_lifting_says_what_was_found() {
    let mut trial = Trial::new();
    let unit = trial.stocked(1, "A+");
    let hold = HoldUnit {
        unit,
        reason: "awaiting_regroup".into(),
        note: String::new(),
    };
    assert_eq!(trial.refused(by("technologist"), hold), ["bad-value"]);
    let mut silent = lift(unit, "inquiry");
    silent.note = " ".into();
    assert_eq!(
        trial.refused(by("senior"), silent),
        ["bad-value", "wrong-state"]
    );
    assert_eq!(
        trial.refused(
            by("technologist"),
            lift(crate::testkit::unit(9, "E0336V00"), "inquiry")
        ),
        ["not-permitted"]
    );
}
