use super::*;
use crate::policy::Modification;
use crate::testkit::{by, donation};
use crate::unit::{Hold, LiftHold, ModifyUnit, RecallDonation};

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
