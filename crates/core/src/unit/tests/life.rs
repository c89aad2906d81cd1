use std::collections::BTreeSet;

use super::*;
use crate::command::Command;
use crate::policy::Modification;
use crate::testkit::{by, place};
use crate::unit::{
    DiscardUnit, FindUnit, Hold, HoldUnit, LiftHold, LoseUnit, ModifyUnit, MoveUnits,
    RecallDonation, ReturnUnitToStation, WithdrawRecall,
};

/// INV-09, written from the life of a bag and not from the code: a row a status, a column a status it may become, in the order
/// Quarantined Available Reserved Crossmatched · Issued OnWard Transfusing Transfused Returned ·
/// Discarded Recalled Missing ReturnedToStation Consumed.
const STEPS: [(Status, &str); 14] = [
    // Leaves quarantine by release, or for good.
    (Status::Quarantined, ".X.. ..... XXXX."),
    // On the shelf everything may be done that needs no hand-over first.
    (Status::Available, "X.XX X.... XXXXX"),
    // Promised to somebody: taken off the promise before it is sent back to the station.
    (Status::Reserved, "XX.X X.... XXX.X"),
    (Status::Crossmatched, "XXX. X.... XXX.X"),
    // Out of the department: on to the patient, back, or lost.
    (Status::Issued, ".... .XXXX XXX.."),
    (Status::OnWard, ".... ..XXX XXX.."),
    // Once it runs it cannot come back, and it cannot get lost.
    (Status::Transfusing, ".... ...X. X...."),
    (Status::Transfused, ".... ..... ....."),
    (Status::Returned, "XX.. ..... XX..."),
    (Status::Discarded, ".... ..... ....."),
    // Called back: cleared into quarantine, destroyed, or sent back; from a ward it comes back, or was given all the same.
    (Status::Recalled, "X... XX.XX X..X."),
    (Status::Missing, "X... ..... XX..."),
    (Status::ReturnedToStation, ".... ..... ....."),
    (Status::Consumed, ".... ..... ....."),
];

#[test]
fn the_allow_list_is_the_one_of_the_book_for_all_pairs() {
    let mut pairs = 0;
    for (row, (from, steps)) in STEPS.iter().enumerate() {
        assert_eq!(
            Status::ALL[row],
            *from,
            "the table is in the order of the statuses"
        );
        let steps: Vec<char> = steps.chars().filter(|c| *c != ' ').collect();
        assert_eq!(steps.len(), 14, "{from:?}");
        for (to, allowed) in Status::ALL.into_iter().zip(steps) {
            assert_eq!(from.may_become(to), allowed == 'X', "{from:?} → {to:?}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 14 * 14);
}

fn commands(unit: UnitId) -> Vec<Command> {
    let note = || "looked into it".to_owned();
    let modify = |kind, parts: &[u32]| ModifyUnit {
        kind,
        units: vec![unit],
        into: None,
        parts: parts
            .iter()
            .map(|ml| crate::blood::Millilitres(*ml))
            .collect(),
        volume: None,
    };
    let mut commands: Vec<Command> = vec![
        HoldUnit {
            unit,
            reason: "appearance".into(),
            note: note(),
        }
        .into(),
        MoveUnits {
            units: vec![unit],
            to: place("fridge-9"),
        }
        .into(),
        modify(Modification::Irradiate, &[]).into(),
        modify(Modification::Wash, &[]).into(),
        modify(Modification::Split, &[100, 100]).into(),
        DiscardUnit {
            unit,
            reason: "damaged".into(),
            note: note(),
        }
        .into(),
        ReturnUnitToStation {
            unit,
            reason: "quality".into(),
            note: note(),
        }
        .into(),
        RecallDonation {
            din: unit.din,
            reason: note(),
            reference: String::new(),
        }
        .into(),
        WithdrawRecall {
            din: unit.din,
            reason: note(),
            reference: String::new(),
        }
        .into(),
        LoseUnit { unit, note: note() }.into(),
        FindUnit {
            unit,
            location: place("fridge-9"),
            note: note(),
        }
        .into(),
    ];
    for hold in ["inquiry", "awaiting_regroup", "group_mismatch", "found"] {
        commands.push(
            LiftHold {
                unit,
                hold: Hold::from_code(hold),
                note: note(),
            }
            .into(),
        );
    }
    commands
}

/// Every command on a bag in every status: what is accepted walks only steps of the allow-list, and this is all it walks.
#[test]
fn no_command_takes_a_step_that_is_not_listed() {
    let mut walked = BTreeSet::new();
    for from in Status::ALL {
        let mut trial = Trial::new();
        let unit = trial.bag_in(7, from);
        for command in commands(unit) {
            let mut trial = trial.clone();
            let Ok(events) = trial.decide(&by("head").with("senior"), command.clone()) else {
                continue;
            };
            for event in events {
                let before = trial.bagged(unit).status;
                trial.given(event);
                let after = trial.bagged(unit).status;
                if before != after {
                    assert!(
                        before.may_become(after),
                        "{} takes {before:?} to {after:?}",
                        command.name()
                    );
                    walked.insert((command.name(), before, after));
                }
            }
        }
    }
    use Status::*;
    let mut expected = BTreeSet::from([
        ("hold-unit", Available, Quarantined),
        ("lift-hold", Quarantined, Available),
        ("modify-unit", Available, Consumed),
        ("modify-unit", Reserved, Consumed),
        ("modify-unit", Crossmatched, Consumed),
        ("return-unit-to-station", Quarantined, ReturnedToStation),
        ("return-unit-to-station", Available, ReturnedToStation),
        ("return-unit-to-station", Recalled, ReturnedToStation),
        ("find-unit", Missing, Quarantined),
        ("recall-donation", Missing, Recalled),
    ]);
    for from in [Quarantined, Available, Returned, Recalled, Missing] {
        expected.insert(("discard-unit", from, Discarded));
    }
    for from in [Quarantined, Available, Issued, OnWard] {
        expected.insert(("lose-unit", from, Missing));
    }
    expected.insert(("withdraw-recall", Recalled, Quarantined));
    for from in [Quarantined, Available, Issued, OnWard, Returned] {
        expected.insert(("recall-donation", from, Recalled));
    }
    // A promise is ended first, as a fact of its own.
    for promised in [Reserved, Crossmatched] {
        for command in ["hold-unit", "discard-unit", "lose-unit", "recall-donation"] {
            expected.insert((command, promised, Available));
        }
    }
    assert_eq!(walked, expected);
}

#[test]
fn nobody_without_the_right_gets_anything_done() {
    let mut trial = Trial::new();
    let unit = trial.stocked(1, "A+");
    for command in commands(unit) {
        for login in ["auditor", "administrator", "clinician", "nurse"] {
            assert_eq!(
                trial.refused(by(login).with("senior"), command.clone()),
                ["not-permitted"],
                "{login} {}",
                command.name()
            );
        }
    }
}

#[test]
fn discarding_and_sending_back_take_two_people_and_a_listed_reason() {
    let mut trial = Trial::new();
    let unit = trial.stocked(1, "A+");
    let discard = |reason: &str| DiscardUnit {
        unit,
        reason: reason.into(),
        note: String::new(),
    };
    assert_eq!(
        trial.refused(by("senior"), discard("damaged")),
        ["second-person-needed"]
    );
    assert_eq!(
        trial.refused(by("senior").with("senior"), discard("damaged")),
        ["second-person-same"]
    );
    assert_eq!(
        trial.refused(by("senior").with("nurse"), discard("damaged")),
        ["second-person-not-permitted"]
    );
    assert_eq!(
        trial.refused(by("senior").with("senior2"), discard("bored")),
        ["bad-value"]
    );
    let back = ReturnUnitToStation {
        unit,
        reason: "bored".into(),
        note: String::new(),
    };
    assert_eq!(
        trial.refused(by("senior"), back),
        ["bad-value", "second-person-needed"]
    );
    trial.run(by("senior").with("senior2"), discard("damaged"));
    assert_eq!(
        trial.refused(by("senior").with("senior2"), discard("damaged")),
        ["unit-transition"]
    );
}

#[test]
fn a_bag_on_a_ward_is_not_discarded_here_but_by_its_fate() {
    let mut trial = Trial::new();
    let unit = trial.bag_in(1, Status::OnWard);
    let discard = DiscardUnit {
        unit,
        reason: "damaged".into(),
        note: String::new(),
    };
    assert_eq!(
        trial.refused(by("senior").with("senior2"), discard),
        ["unit-out"]
    );
}

#[test]
fn a_bag_that_was_lost_comes_back_into_quarantine_with_its_promise_gone() {
    let mut trial = Trial::new();
    let unit = trial.bag_in(1, Status::Reserved);
    let lost = LoseUnit {
        unit,
        note: "not on shelf 3".into(),
    };
    trial.run(by("senior"), lost);
    assert_eq!(trial.bagged(unit).reservation, None);
    let found = FindUnit {
        unit,
        location: place("fridge-2"),
        note: "behind the drawer".into(),
    };
    trial.run(by("senior"), found.clone());
    let bag = trial.bagged(unit);
    assert_eq!(bag.status, Status::Quarantined);
    assert_eq!(bag.location, place("fridge-2"));
    assert_eq!(trial.refused(by("senior"), found), ["unit-transition"]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn bags_move_together_or_not_at_all() {
    let mut trial = Trial::new();
    let (a, b) = (trial.stocked(1, "A+"), trial.stocked(2, "B+"));
    let out = trial.bag_in(3, Status::Issued);
    let to = |units: &[UnitId]| MoveUnits {
        units: units.to_vec(),
        to: place("fridge-2"),
    };
    assert_eq!(
        trial.refused(by("technologist"), to(&[a, b, out])),
        ["wrong-state"]
    );
    assert_eq!(trial.refused(by("technologist"), to(&[])), ["bad-value"]);
    let events = trial.run(by("technologist"), to(&[a, b, a]));
    assert_eq!(events.len(), 2);
    assert_eq!(trial.bagged(b).location, place("fridge-2"));
    assert_eq!(trial.refused(by("technologist"), to(&[a])), ["unit-there"]);
    let many = vec![a; crate::unit::LIST_MOST + 1];
    assert!(
        trial
            .refused(by("technologist"), to(&many))
            .contains(&"bad-value")
    );
}
