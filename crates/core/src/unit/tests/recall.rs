use super::*;
use crate::id::IssueId;
use crate::issue::{Fate, ReceiveOnWard, RecordFate, ReturnIssue, StartTransfusion};
use crate::policy::Modification;
use crate::testkit::{by, donation};
use crate::unit::{
    Appearance, Checked, DiscardUnit, Hold, LiftHold, ModifyUnit, RecallDonation, WithdrawRecall,
};

fn recall(serial: u32) -> RecallDonation {
    RecallDonation {
        din: donation(serial),
        reason: "donor reported fever".into(),
        reference: "BC-2026-17".into(),
    }
}

#[test]
fn a_recall_reaches_every_component_child_and_pool_and_lists_what_is_beyond_reach() {
    let mut trial = Trial::new();
    let red = trial.bag_in(1, Status::Reserved);
    let gone = trial.bag(1, Component::Plasma, "A+");
    trial.given(UnitEvent::Discarded {
        unit: gone,
        reason: "other".into(),
        note: String::new(),
        second: crate::testkit::user("senior"),
    });
    let (mine, other) = (
        trial.bag(1, Component::Platelets, "A+"),
        trial.bag(2, Component::Platelets, "A+"),
    );
    trial.run(
        by("technologist").with("technologist2"),
        ModifyUnit {
            kind: Modification::Pool,
            units: vec![other, mine],
            into: Some(crate::testkit::unit(3, "P0210V00")),
            parts: Vec::new(),
            volume: None,
        },
    );
    let pool = crate::testkit::unit(3, "P0210V00");
    let events = trial.run(by("senior"), recall(1));
    let Some(crate::event::Event::Unit(UnitEvent::Recalled { units, beyond, .. })) = events.last()
    else {
        panic!("{events:?}");
    };
    assert_eq!(*units, vec![red, pool]);
    assert_eq!(*beyond, vec![gone]);
    assert_eq!(trial.bagged(pool).status, Status::Recalled);
    assert_eq!(trial.bagged(red).reservation, None);
    assert_eq!(trial.bagged(other).status, Status::Consumed);
    assert_eq!(trial.refused(by("senior"), recall(1)), ["already-exists"]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_bag_that_arrives_after_its_recall_is_held_until_two_people_clear_it() {
    let mut trial = Trial::new();
    trial.run(by("senior"), recall(4));
    let unit = trial.bag(4, Component::Plasma, "A+");
    let hold = Hold::Other(Hold::RECALLED.into());
    assert_eq!(trial.bagged(unit).status, Status::Quarantined);
    assert!(trial.bagged(unit).holds.contains(&hold));
    let lift = LiftHold {
        unit,
        hold,
        note: "station withdrew the notice".into(),
    };
    assert_eq!(
        trial.refused(by("senior"), lift.clone()),
        ["second-person-needed"]
    );
    trial.run(by("senior").with("head"), lift);
    assert_eq!(trial.bagged(unit).status, Status::Available);
    // A second notice reaches it again.
    trial.run(by("senior"), recall(4));
    assert_eq!(trial.bagged(unit).status, Status::Recalled);
}

fn given(trial: &Trial, serial: u32) -> RecordFate {
    RecordFate {
        issue: IssueId(u64::from(serial)),
        fate: Fate::Transfused {
            started: trial.at,
            ended: trial.at,
            volume: crate::blood::Millilitres(100),
            reaction: Checked::Good,
        },
    }
}

#[test]
fn a_bag_that_runs_is_beyond_recall_and_its_fate_is_recorded() {
    let mut trial = Trial::new();
    let unit = trial.bag_in(1, Status::Transfusing);
    let events = trial.run(by("senior"), recall(1));
    let Some(crate::event::Event::Unit(UnitEvent::Recalled { units, beyond, .. })) = events.last()
    else {
        panic!("{events:?}");
    };
    assert!(units.is_empty());
    assert_eq!(*beyond, [unit]);
    assert_eq!(trial.bagged(unit).status, Status::Transfusing);
    trial.run(by("nurse"), given(&trial, 1));
    assert_eq!(trial.bagged(unit).status, Status::Transfused);
    assert_eq!(trial.hospital.issues.open().count(), 0);
}

#[test]
fn a_bag_called_back_from_a_ward_comes_back_recalled_or_turns_out_to_have_been_given() {
    let mut trial = Trial::new();
    let (here, there) = (
        trial.bag_in(1, Status::OnWard),
        trial.bag_in(2, Status::Issued),
    );
    trial.run(by("senior"), recall(1));
    trial.run(by("senior"), recall(2));
    let start = StartTransfusion {
        issue: IssueId(1),
        wristband: crate::id::PatientNumber::parse("H1").unwrap(),
    };
    assert!(
        trial
            .refused(by("nurse"), start)
            .contains(&"unit-transition")
    );
    let arrive = ReceiveOnWard {
        issue: IssueId(2),
        location: crate::testkit::place("ward-7"),
    };
    assert_eq!(trial.refused(by("nurse"), arrive), ["unit-transition"]);
    // It is destroyed by its hand-over and not behind its back.
    let discard = DiscardUnit {
        unit: here,
        reason: "damaged".into(),
        note: String::new(),
    };
    assert_eq!(
        trial.refused(by("senior").with("senior2"), discard.clone()),
        ["unit-out"]
    );
    trial.run(
        by("technologist").with("technologist2"),
        ReturnIssue {
            issue: IssueId(1),
            temperature: crate::blood::Celsius::parse("4"),
            seal: Checked::Good,
            appearance: Appearance::Normal,
            reason: "血站召回".into(),
            location: crate::testkit::place("fridge-1"),
        },
    );
    assert_eq!(trial.bagged(here).status, Status::Recalled);
    trial.run(by("senior").with("senior2"), discard);
    trial.run(by("nurse"), given(&trial, 2));
    assert_eq!(trial.bagged(there).status, Status::Transfused);
    assert_eq!(trial.hospital.issues.open().count(), 0);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_recall_is_withdrawn_by_two_people_and_no_bag_goes_straight_back() {
    let mut trial = Trial::new();
    let (shelf, ward) = (trial.stocked(1, "A+"), trial.bag_in(2, Status::OnWard));
    let withdraw = |serial| WithdrawRecall {
        din: donation(serial),
        reason: "血站更正：号码错".into(),
        reference: "BC-2026-18".into(),
    };
    assert_eq!(
        trial.refused(by("senior").with("head"), withdraw(1)),
        ["wrong-state"]
    );
    trial.run(by("senior"), recall(1));
    trial.run(by("senior"), recall(2));
    let late = trial.bag(1, Component::Plasma, "A+");
    assert_eq!(
        trial.refused(by("senior"), withdraw(1)),
        ["second-person-needed"]
    );
    assert_eq!(
        trial.refused(by("senior").with("technologist"), withdraw(1)),
        ["second-person-not-permitted"]
    );
    trial.run(by("senior").with("head"), withdraw(1));
    trial.run(by("senior").with("head"), withdraw(2));
    let held = Hold::Other(Hold::RECALL_WITHDRAWN.into());
    assert_eq!(trial.bagged(shelf).status, Status::Quarantined);
    assert!(trial.bagged(shelf).holds.contains(&held));
    assert_eq!(trial.bagged(late).status, Status::Available);
    // On the ward it is held where it is: it may come back, and may not be started.
    assert_eq!(trial.bagged(ward).status, Status::OnWard);
    let start = StartTransfusion {
        issue: IssueId(2),
        wristband: crate::id::PatientNumber::parse("H1").unwrap(),
    };
    assert!(
        trial
            .refused(by("nurse"), start)
            .contains(&"unit-quarantined")
    );
    assert!(trial.hospital.units.recalled(donation(1)).is_none());
    trial.run(
        by("senior"),
        LiftHold {
            unit: shelf,
            hold: held,
            note: "looked at".into(),
        },
    );
    assert_eq!(trial.bagged(shelf).status, Status::Available);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_pool_of_two_recalled_donations_stays_recalled_when_one_notice_is_withdrawn() {
    let mut trial = Trial::new();
    let (one, two) = (
        trial.bag(1, Component::Platelets, "A+"),
        trial.bag(2, Component::Platelets, "A+"),
    );
    let pool = crate::testkit::unit(3, "P0210V00");
    trial.run(
        by("technologist").with("technologist2"),
        ModifyUnit {
            kind: Modification::Pool,
            units: vec![one, two],
            into: Some(pool),
            parts: Vec::new(),
            volume: None,
        },
    );
    trial.run(by("senior"), recall(1));
    trial.run(by("senior"), recall(2));
    for (serial, expected) in [(1, Status::Recalled), (2, Status::Quarantined)] {
        let withdraw = WithdrawRecall {
            din: donation(serial),
            reason: "更正".into(),
            reference: String::new(),
        };
        trial.run(by("senior").with("head"), withdraw);
        assert_eq!(trial.bagged(pool).status, expected);
    }
}
