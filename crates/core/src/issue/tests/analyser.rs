//! Crossmatches that an analyser reports.

use std::collections::BTreeSet;

use super::Scene;
use crate::blood::{Component, Grade};
use crate::crossmatch::{Outcome, Proof, ReviewCrossmatch, Side};
use crate::device::{
    FileMessage, MessageState, ObservedCrossmatch, Raw, RegisterDevice, StoreMessage,
};
use crate::finding::Rule;
use crate::id::{DeviceId, LotId, MessageId};
use crate::testing::Origin;
use crate::testkit::by;

const MESSAGE: MessageId = MessageId(1);

fn machine() -> DeviceId {
    DeviceId::parse("ECHO-1").unwrap()
}

/// A scene with a registered analyser and one stored message.
fn ready() -> Scene {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let register = RegisterDevice {
        device: machine(),
        name: "Echo".into(),
        profile: "immucor-echo".into(),
        serial: "1".into(),
    };
    scene.trial.run(by("equipment"), register);
    scene.trial.controls();
    let stored = StoreMessage {
        device: Some(machine()),
        link: "echo".into(),
        raw: Raw::Text("H".into()),
        fingerprint: "f".into(),
        length: 1,
    };
    scene.trial.run(by("device"), stored);
    scene
}

fn observed(scene: &Scene) -> ObservedCrossmatch {
    ObservedCrossmatch {
        sample: "S2".into(),
        unit: scene.unit.to_string(),
        method: "gel_ahg".into(),
        major: Side::Read(Grade::Negative),
        minor: Side::Read(Grade::Negative),
        stated: Some(Outcome::Compatible),
        lots: BTreeSet::from([LotId::parse("CARD-1").unwrap()]),
        edited: true,
        operator: Some("brentp".into()),
        at: 77,
    }
}

fn file(scene: &mut Scene, crossmatches: Vec<ObservedCrossmatch>) {
    let command = FileMessage {
        message: MESSAGE,
        observed: Vec::new(),
        problems: Vec::new(),
        crossmatches,
        measured: Vec::new(),
        controls: Vec::new(),
        asked_by: None,
    };
    scene.trial.run(by("device"), command);
}

/// The rules found against what the message carried.
fn found(scene: &Scene) -> Vec<Rule> {
    let message = scene.trial.hospital.devices.message(MESSAGE).unwrap();
    let MessageState::Failed(problems) = &message.state else {
        panic!("{:?}", message.state)
    };
    assert!(problems.iter().all(|problem| problem.at == 77));
    let findings = problems.iter().flat_map(|problem| &problem.findings);
    findings.map(|finding| finding.rule).collect()
}

#[test]
fn it_counts_for_the_request_the_unit_is_held_for_and_a_person_reviews_it() {
    let mut scene = ready();
    scene.reserve();
    let one = observed(&scene);
    file(&mut scene, vec![one.clone()]);
    let hospital = &scene.trial.hospital;
    let message = hospital.devices.message(MESSAGE).unwrap();
    assert_eq!(message.state, MessageState::Filed);
    let [crossmatch] = message.crossmatches[..] else {
        panic!("{:?}", message.crossmatches)
    };
    let made = hospital.crossmatches.get(crossmatch).unwrap();
    assert_eq!(
        (
            made.unit,
            made.request,
            made.outcome,
            made.reviewed.is_none()
        ),
        (scene.unit, scene.request, Outcome::Compatible, true)
    );
    assert!(
        matches!(&made.proof, Proof::Serological { origin: Origin::Device { device, message, edited: true, operator: Some(who) }, .. }
            if *device == machine() && *message == MESSAGE && who == "brentp")
    );
    assert!(scene.refused().contains(&"crossmatch-unreviewed"));

    file(&mut scene, vec![one]);
    let count = scene.trial.hospital.crossmatches.iter().count();
    assert_eq!(count, 1, "filing twice makes nothing twice");

    scene
        .trial
        .run(by("technologist"), ReviewCrossmatch { crossmatch });
    scene.issue();
}

#[test]
fn a_donation_number_names_the_one_unit_that_waits() {
    let mut scene = ready();
    scene.reserve();
    let mut one = observed(&scene);
    one.unit = format!("={}00", scene.unit.din);
    file(&mut scene, vec![one]);
    assert_eq!(scene.trial.hospital.crossmatches.iter().count(), 1);
}

#[test]
fn what_cannot_be_placed_or_contradicts_itself_waits_in_the_error_queue() {
    let scene = ready();
    let attempt = |change: fn(&mut ObservedCrossmatch), held: bool| {
        let mut scene = scene.clone();
        if held {
            scene.reserve();
        }
        let mut one = observed(&scene);
        change(&mut one);
        file(&mut scene, vec![one]);
        assert_eq!(scene.trial.hospital.crossmatches.iter().count(), 0);
        found(&scene)
    };
    assert_eq!(attempt(|_| {}, false), [Rule::UnitNotHeld]);
    assert_eq!(
        attempt(|one| one.sample = "S9".into(), true),
        [Rule::SubjectUnmatched]
    );
    assert_eq!(
        attempt(|one| one.unit = "R02460".into(), true),
        [Rule::SubjectUnmatched]
    );
    assert_eq!(
        attempt(|one| one.stated = Some(Outcome::Incompatible), true),
        [Rule::InterpretationDiffers]
    );
    assert_eq!(
        attempt(|one| one.minor = Side::NotRead, true),
        [Rule::WellMissing],
        "the policy asks for both sides"
    );
    assert_eq!(
        attempt(|one| one.lots.clear(), true),
        [Rule::BadValue],
        "a crossmatch names its card"
    );
    assert_eq!(
        attempt(|one| one.method = "magic".into(), true),
        [Rule::BadValue]
    );
}
