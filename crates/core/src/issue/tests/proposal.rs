//! What a person did with a proposal is on record, and so is every proposal that the gate stops.

use super::Scene;
use crate::blood::Component;
use crate::crossmatch::{Chosen, DisputeProposal, ReserveUnit};
use crate::event::Event;
use crate::finding::Rule;
use crate::testkit::by;
use crate::unit::UnitEvent;

fn reserve(scene: &Scene, chosen: Chosen) -> ReserveUnit {
    ReserveUnit {
        unit: scene.unit,
        request: scene.request,
        chosen: Some(chosen),
    }
}

#[test]
fn another_bag_than_proposed_needs_a_reason_and_the_reason_is_kept() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let instead = |reason: &str| Chosen::Instead {
        of: None,
        reason: reason.into(),
    };
    let silent = reserve(&scene, instead(""));
    assert_eq!(
        scene.trial.refused(by("technologist"), silent),
        ["bad-value"]
    );
    let told = reserve(&scene, instead("先用近效期血"));
    let facts = scene.trial.run(by("technologist"), told);
    assert!(facts.iter().any(|fact| matches!(
        fact,
        Event::Unit(UnitEvent::Reserved { chosen: Some(Chosen::Instead { reason, .. }), .. }) if reason == "先用近效期血"
    )));
}

#[test]
fn a_proposal_the_gate_stops_becomes_an_incident_and_no_other_does() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let dispute = |scene: &Scene| DisputeProposal {
        unit: scene.unit,
        request: scene.request,
    };
    let groundless = dispute(&scene);
    assert_eq!(
        scene.trial.refused(by("technologist"), groundless),
        ["proposal-agreed"]
    );
    scene.unit = scene.stock(2, Component::RedCells, "B+");
    let real = dispute(&scene);
    scene.trial.run(by("technologist"), real);
    let disputes: Vec<_> = scene.trial.hospital.crossmatches.disputes().collect();
    assert_eq!(disputes.len(), 1);
    assert_eq!(disputes[0].unit, scene.unit);
    assert!(!disputes[0].findings.is_empty());
    assert!(
        disputes[0]
            .findings
            .iter()
            .all(|finding| finding.rule != Rule::ProposalAgreed)
    );
}
