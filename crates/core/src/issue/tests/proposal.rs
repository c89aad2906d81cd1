//! What a person did with a proposal is on record, and so is every proposal that the gate stops.

use super::Scene;
use crate::blood::Component;
use crate::crossmatch::{Chosen, DisputeProposal, ReserveUnit};
use crate::event::Event;
use crate::finding::Rule;
use crate::id::NearMissId;
use crate::near_miss::PROPOSAL_DISPUTED;
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
    let incident = disputes[0].near_miss.unwrap();
    let found = scene.trial.hospital.near_misses.get(incident).unwrap();
    assert!(found.by_rule && found.closed.is_none());
    assert_eq!(found.kind, PROPOSAL_DISPUTED);
    assert!(found.about.contains(&scene.unit.into()));
    assert!(found.about.contains(&scene.request.into()));
    assert!(found.about.contains(&scene.patient.into()));
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn a_disagreement_is_one_incident_a_rule_however_often_it_is_met() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.unit = scene.stock(2, Component::RedCells, "B+");
    let dispute = DisputeProposal {
        unit: scene.unit,
        request: scene.request,
    };
    scene.trial.run(by("technologist"), dispute.clone());
    assert_eq!(
        scene.trial.refused(by("senior"), dispute.clone()),
        ["proposal-agreed"],
        "the same rule again is no news"
    );
    // Another rule of the same pair is.
    let expires = scene.trial.hospital.units.get(&scene.unit).unwrap().expires;
    scene.trial.pass(expires.duration_since(scene.trial.at));
    scene.trial.run(by("technologist"), dispute.clone());
    assert_eq!(
        scene.trial.refused(by("senior"), dispute),
        ["proposal-agreed"]
    );
    assert_eq!(scene.trial.hospital.near_misses.open().count(), 2);
    let disputes: Vec<_> = scene.trial.hospital.crossmatches.disputes().collect();
    let rules: Vec<Rule> = disputes[0].findings.iter().map(|one| one.rule).collect();
    assert!(rules.contains(&Rule::AboIncompatible) && rules.contains(&Rule::UnitExpired));
    assert_eq!(disputes.len(), 1);
    assert_eq!(
        scene.trial.hospital.crossmatches.dispute_of(NearMissId(2)),
        Some(disputes[0])
    );
}
