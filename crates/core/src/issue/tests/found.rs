//! The faults that the simulation of whole histories found, each kept by a test of its own.

use super::*;
use crate::blood::{Celsius, Millilitres};
use crate::issue::{ReceiveOnWard, ReturnIssue, StartTransfusion};
use crate::policy::Modification;
use crate::unit::{Checked, FindUnit, Hold, LoseUnit, ModifyUnit, Status, Unit};

fn bag(scene: &Scene) -> &Unit {
    scene.trial.hospital.units.get(&scene.unit).unwrap()
}

/// A bag handed over, and then its group is called into question while it is out.
fn doubted() -> (Scene, IssueId) {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    let issue = scene.issue();
    let unit = scene.unit;
    scene.trial.given(UnitEvent::Held {
        unit,
        hold: Hold::AwaitingRegroup,
        note: String::new(),
    });
    (scene, issue)
}

#[test]
fn a_bag_that_comes_back_while_its_group_is_in_question_is_not_restocked() {
    let (mut scene, issue) = doubted();
    let back = ReturnIssue {
        issue,
        temperature: Celsius::parse("5"),
        seal: Checked::Good,
        appearance: Appearance::Normal,
        reason: "手术取消".into(),
        location: place("fridge-1"),
    };
    scene
        .trial
        .run(by("technologist").with("technologist2"), back);
    assert_eq!(bag(&scene).status, Status::Quarantined);
}

#[test]
fn a_bag_in_doubt_is_not_started() {
    let (mut scene, issue) = doubted();
    let location = place("ward-3");
    scene
        .trial
        .run(by("nurse"), ReceiveOnWard { issue, location });
    let start = StartTransfusion {
        issue,
        wristband: PatientNumber::parse("H1").unwrap(),
    };
    assert_eq!(
        scene.trial.refused(by("nurse"), start),
        ["unit-quarantined"]
    );
}

#[test]
fn a_bag_lost_on_its_way_and_found_comes_back_from_that_hand_over() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    let issue = scene.issue();
    let unit = scene.unit;
    let note = || "电梯间".to_owned();
    scene
        .trial
        .run(by("technologist"), LoseUnit { unit, note: note() });
    let location = place("department");
    let found = FindUnit {
        unit,
        location,
        note: note(),
    };
    scene.trial.run(by("technologist"), found);
    let hospital = &scene.trial.hospital;
    assert!(hospital.issues.get(issue).unwrap().returned.is_some());
    assert_eq!(hospital.issues.open().count(), 0, "it is out on none");
    assert!(!bag(&scene).status.may_become(Status::Issued));
}

#[test]
fn a_part_does_not_stand_as_crossmatched_by_what_was_made_of_the_whole() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    assert_eq!(bag(&scene).status, Status::Crossmatched);
    let split = ModifyUnit {
        kind: Modification::Split,
        units: vec![scene.unit],
        into: None,
        parts: vec![Millilitres(100), Millilitres(100)],
        volume: None,
    };
    scene
        .trial
        .run(by("technologist").with("technologist2"), split);
    let parts = bag(&scene).children.clone();
    assert_eq!(parts.len(), 2);
    for part in parts {
        let part = scene.trial.hospital.units.get(&part).unwrap();
        assert_eq!(part.status, Status::Reserved);
        let held = part.reservation.as_ref().unwrap();
        assert_eq!(held.crossmatch, None);
        let mut of_part = scene.clone();
        of_part.unit = part.id;
        assert!(of_part.refused().contains(&"crossmatch-missing"));
    }
}
