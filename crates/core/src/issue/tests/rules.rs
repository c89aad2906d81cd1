//! Every rule of the gate provoked alone, and what no role and no reason can get past.

use jiff::SignedDuration;

use super::*;
use crate::blood::{Antigen, Attribute, RhD, Typing};
use crate::finding::{Finding, Rule};
use crate::issue::{Purpose, gate};
use crate::patient::{NeedKind, Sex, Specificity};
use crate::policy::Key;
use crate::request::RequestEvent;
use crate::sample::SampleEvent;
use crate::testkit::{By, wells};
use crate::unit::Hold;

pub(super) fn red(patient: &str, unit: &str) -> Scene {
    Scene::ready(Component::RedCells, patient, unit)
}

pub(super) fn antibody(scene: &mut Scene, antigen: Antigen) {
    scene.trial.given(PatientEvent::AntibodyRecorded {
        patient: scene.patient,
        specificity: Specificity::Antigen(antigen),
        significant: true,
        test: None,
        workup: None,
    });
}

pub(super) fn typed(scene: &mut Scene, antigen: Antigen, typing: Typing) {
    let mut antigens = scene
        .trial
        .hospital
        .units
        .get(&scene.unit)
        .unwrap()
        .antigens;
    antigens.set(antigen, typing);
    scene.trial.given(UnitEvent::AntigensTyped {
        platelet: None,
        report: String::new(),
        second: None,
        unit: scene.unit,
        antigens,
    });
}

pub(super) fn need(scene: &mut Scene, kind: NeedKind) {
    scene.trial.given(PatientEvent::NeedRaised {
        patient: scene.patient,
        kind,
        from: scene.trial.at,
        until: None,
        reason: "骨髓移植".into(),
        rule: None,
    });
}

pub(super) fn demographics(
    scene: &mut Scene,
    change: impl FnOnce(&mut crate::patient::Demographics),
) {
    let patient = scene.trial.hospital.patients.get(scene.patient).unwrap();
    let (numbers, mut demographics) = (patient.numbers.clone(), patient.demographics.clone());
    change(&mut demographics);
    scene.trial.given(PatientEvent::Amended {
        patient: scene.patient,
        numbers,
        demographics,
        unidentified: false,
    });
}

/// Given as a fact, past every rule of reservation and recording: the gate alone must hold.
pub(super) fn crossmatch_given(scene: &mut Scene, outcome: crate::crossmatch::Outcome) {
    let trial = &mut scene.trial;
    trial.given(crate::crossmatch::CrossmatchEvent::Recorded {
        crossmatch: trial.hospital.next.crossmatch,
        unit: scene.unit,
        patient: scene.patient,
        sample: sample_id("S2"),
        request: scene.request,
        proof: crate::crossmatch::Proof::Serological {
            method: "gel_ahg".into(),
            major: Side::Read(Grade::Negative),
            minor: Side::Read(Grade::Negative),
            lots: BTreeSet::new(),
            origin: Default::default(),
        },
        outcome,
        expires: trial.minutes(1440),
        retrospective: false,
        review: false,
    });
}

/// A patient who is fit for everything, and a bag of that group that the gate lets through but for what is then changed.
pub(super) fn proven(patient: &str, unit: &str) -> Scene {
    let mut scene = red(patient, unit);
    crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
    scene
}

#[test]
fn a_suspect_sample_puts_the_whole_group_in_doubt() {
    let mut scene = proven("A+", "A+");
    scene.trial.given(SampleEvent::Suspected {
        sample: sample_id("S1"),
        test: TestId(1),
        patient: scene.patient,
        found: crate::blood::BloodGroup::parse("O+").unwrap(),
        on_file: crate::blood::BloodGroup::parse("A+").unwrap(),
    });
    let refused = scene.refused();
    assert!(refused.contains(&"sample-wrong-blood"), "{refused:?}");
    assert!(refused.contains(&"patient-group-discordant"), "{refused:?}");
}

#[test]
fn warnings_stand_until_somebody_entitled_gives_a_reason_and_are_kept() {
    type Warned = (Rule, &'static str, fn() -> Scene);
    let warned: [Warned; 4] = [
        (Rule::RhdIncompatible, "senior", || {
            let mut scene = proven("A-", "A+");
            demographics(&mut scene, |who| who.sex = Sex::Male);
            scene
        }),
        (Rule::UnitNearExpiry, "technologist", || {
            let mut scene = red("A+", "A+");
            let mut delivery = scene.trial.delivery(9, Component::RedCells, "A+");
            delivery.expires = scene.trial.minutes(1440);
            scene.unit = delivery.unit;
            scene
                .trial
                .run(by("technologist").with("technologist2"), delivery);
            scene.trial.given(UnitEvent::GroupConfirmed {
                unit: scene.unit,
                test: TestId(1),
            });
            crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
            scene
        }),
        (Rule::RequestExceeded, "senior", || {
            let mut scene = proven("A+", "A+");
            let mut less = order(Component::RedCells, Urgency::Routine, &scene.trial);
            less.amount.hundredths = 100;
            scene.trial.given(RequestEvent::Amended {
                request: scene.request,
                order: less,
                reason: "less".into(),
            });
            scene
        }),
        (Rule::ConsentMissing, "senior", || {
            let mut trial = Trial::with_card();
            let patient = trial.patient(1);
            trial.grouped(patient, "S1", "A+");
            trial.pass(SignedDuration::from_mins(30));
            trial.grouped(patient, "S2", "A+");
            let tube = Material::Sample(sample_id("S2"));
            let screen = reaction(&trial, TestKind::Screen, tube, "A+");
            trial.tested(screen);
            let mut scene = Scene::bare(trial, patient, Component::RedCells, Urgency::Routine);
            scene.unit = scene.stock(1, Component::RedCells, "A+");
            crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
            scene
        }),
    ];
    for (rule, entitled, scene) in warned {
        let scene = scene();
        assert_eq!(scene.refused(), [rule.code()], "{rule:?}");
        let signed =
            |login: &str, text: &str| -> By { by(login).with("senior2").because(rule, text) };
        let command = scene.hand_over(None);
        assert!(
            scene
                .trial
                .decide(&signed(entitled, " "), command.clone())
                .is_err(),
            "{rule:?}: a blank is no reason"
        );
        let events = scene
            .trial
            .decide(&signed(entitled, "家属知情同意"), command.clone());
        let events = events.unwrap_or_else(|refusal| panic!("{rule:?}: {refusal:#?}"));
        let IssueEvent::Issued { warnings, .. } = issued(&events) else {
            panic!("no hand-over");
        };
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].0.rule, rule);
        assert_eq!(warnings[0].1.text, "家属知情同意");
        if rule.overridden_by() != Some(crate::people::Action::OverrideStock) {
            let denied = scene
                .trial
                .decide(&signed("technologist", "家属知情同意"), command);
            assert!(
                denied.is_err(),
                "{rule:?}: a technologist lacks the privilege"
            );
        }
    }
}

#[test]
fn who_may_bear_children_or_has_anti_d_gets_no_positive_cells() {
    let forbidden = |change: fn(&mut Scene)| {
        let mut scene = proven("A-", "A+");
        change(&mut scene);
        scene.refused()
    };
    let old = |scene: &mut Scene, sex| {
        demographics(scene, |who| {
            who.sex = sex;
            who.birth = "1950-01-02".parse().ok();
        });
    };
    assert_eq!(forbidden(|_| {}), ["rhd-forbidden"]);
    assert_eq!(
        forbidden(|scene| demographics(scene, |who| who.sex = Sex::Unknown)),
        ["rhd-forbidden"]
    );
    assert_eq!(
        forbidden(|scene| demographics(scene, |who| who.birth = None)),
        ["rhd-forbidden"]
    );
    for sex in [Sex::Female, Sex::Male] {
        let mut scene = proven("A-", "A+");
        old(&mut scene, sex);
        assert_eq!(scene.refused(), ["rhd-incompatible"], "{sex:?} of 76");
        antibody(&mut scene, Antigen::D);
        assert_eq!(scene.refused(), ["antigen-positive", "rhd-forbidden"]);
    }
}

#[test]
fn special_needs_bind_only_where_they_make_sense() {
    let asked = [
        (Component::Plasma, Attribute::Irradiated, false),
        (Component::Plasma, Attribute::CmvNegative, false),
        (Component::Platelets, Attribute::Irradiated, true),
        (Component::Platelets, Attribute::HlaMatched, true),
        (Component::RedCells, Attribute::HlaMatched, false),
        (Component::RedCells, Attribute::Washed, true),
        (Component::Plasma, Attribute::Washed, false),
        (Component::Plasma, Attribute::VirusInactivated, true),
    ];
    for (component, attribute, binds) in asked {
        let mut scene = Scene::ready(component, "AB+", "AB+");
        need(&mut scene, NeedKind::Attribute(attribute));
        let found = gate(
            &scene.trial.hospital,
            &scene.unit,
            scene.request,
            Purpose::Reserve,
            scene.trial.at,
        );
        let rules: Vec<Rule> = found.iter().map(|finding| finding.rule).collect();
        let expected = if binds {
            vec![Rule::NeedNotMet]
        } else {
            vec![]
        };
        assert_eq!(rules, expected, "{attribute:?} for {component:?}");
    }
}

#[test]
fn plasma_needs_no_crossmatch_and_platelets_of_an_unstated_rhd_are_advised() {
    let mut plasma = Scene::ready(Component::Plasma, "A-", "A+");
    plasma.issue();
    let mut platelets = Scene::ready(Component::Platelets, "A-", "A+");
    assert_eq!(platelets.refused(), ["rhd-advised"]);
    platelets.unit = platelets.stock(2, Component::Platelets, "A-");
    platelets.issue();
}

#[test]
fn red_cells_whose_label_states_no_rhd_stop_for_a_positive_patient_too() {
    let mut scene = red("A+", "A+");
    let mut unit = (**scene.trial.hospital.units.get(&scene.unit).unwrap()).clone();
    unit.group.rhd = None;
    scene.trial.hospital.units.insert(unit);
    crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
    assert_eq!(scene.refused(), ["rhd-unknown"]);
}

#[test]
fn weak_d_follows_the_policy_on_both_sides() {
    let mut scene = proven("A+", "A+");
    let mut unit = (**scene.trial.hospital.units.get(&scene.unit).unwrap()).clone();
    unit.group.rhd = Some(RhD::Weak);
    scene.trial.hospital.units.insert(unit);
    assert!(
        scene
            .trial
            .decide(
                &by("technologist").with("technologist2"),
                scene.hand_over(None)
            )
            .is_ok()
    );
}

#[test]
fn a_refusal_names_everything_at_once_with_its_evidence() {
    let mut scene = red("O+", "A+");
    antibody(&mut scene, Antigen::BigE);
    scene.trial.given(UnitEvent::Held {
        unit: scene.unit,
        hold: Hold::Temperature,
        note: String::new(),
    });
    let mut command = scene.hand_over(None);
    command.appearance = Appearance::Clotted;
    command.label_patient = PatientNumber::parse("H999").unwrap();
    command.collector = user("nobody");
    let findings: Vec<Finding> = scene.trial.findings(by("technologist"), command);
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.code()).collect();
    let expected = BTreeSet::from([
        "abo-incompatible",
        "antigen-untyped",
        "appearance-bad",
        "crossmatch-missing",
        "label-mismatch",
        "person-unknown",
        "second-person-needed",
        "unit-quarantined",
    ]);
    assert_eq!(codes, expected);
    assert!(findings.iter().all(|finding| !finding.facts.is_empty()));
}

/// A patient of group A positive on file whose newest sample shows a mixed field.
fn unsettled(component: Component, unit: &str) -> Scene {
    let mut scene = Scene::ready(component, "A+", unit);
    let tube = Material::Sample(sample_id("S2"));
    let mut reading = reaction(&scene.trial, TestKind::Group, tube, "A+");
    reading.readings =
        wells("anti_a=mf anti_b=0 anti_d=4 control=0 a1_cells=0 b_cells=4 o_cells=0");
    scene.trial.entered(reading);
    scene
}

#[test]
fn a_discrepancy_puts_the_patient_on_group_o_red_cells_and_ab_plasma_whatever_is_on_file() {
    let rules = |scene: &Scene| -> Vec<&'static str> {
        gate(
            &scene.trial.hospital,
            &scene.unit,
            scene.request,
            crate::issue::Purpose::Reserve,
            scene.trial.at,
        )
        .iter()
        .map(|finding| finding.rule.code())
        .collect()
    };
    use Component::{Plasma, RedCells};
    for (component, unit, expected) in [
        (
            RedCells,
            "A-",
            vec!["patient-group-unsettled", "abo-incompatible"],
        ),
        (RedCells, "O-", vec![]),
        // The person is a woman of child-bearing age, and her RhD is not settled either.
        (RedCells, "O+", vec!["rhd-forbidden"]),
        (
            Plasma,
            "A+",
            vec!["patient-group-unsettled", "group-not-in-table"],
        ),
        (Plasma, "AB+", vec![]),
    ] {
        assert_eq!(
            rules(&unsettled(component, unit)),
            expected,
            "{component:?} {unit}"
        );
    }
    // In an emergency it changes nothing that can be given.
    let scene = unsettled(RedCells, "A-");
    let emergency = gate(
        &scene.trial.hospital,
        &scene.unit,
        scene.request,
        crate::issue::Purpose::Emergency(crate::request::EmergencyLevel::Uncrossmatched),
        scene.trial.at,
    );
    assert!(
        emergency
            .iter()
            .any(|finding| finding.rule == Rule::AboIncompatible)
    );
}

#[test]
fn a_genotype_lets_positive_cells_through_only_where_the_policy_says_so_and_never_past_anti_d() {
    use crate::blood::{RhdAllele, RhdGenotype};
    use crate::patient::RecordRhdGenotype;
    let genotyped = |group: &str, alleles: [RhdAllele; 2]| {
        let mut scene = red(group, "A+");
        let command = RecordRhdGenotype {
            patient: scene.patient,
            genotype: Some(RhdGenotype {
                alleles,
                report: "中心血站 2026-118".into(),
            }),
        };
        assert_eq!(
            scene.trial.refused(by("technologist"), command.clone()),
            ["second-person-needed"]
        );
        let signed = by("technologist").with("technologist2");
        scene.trial.run(signed, command);
        scene
    };
    let positive = |scene: &Scene| {
        gate(
            &scene.trial.hospital,
            &scene.unit,
            scene.request,
            crate::issue::Purpose::Reserve,
            scene.trial.at,
        )
        .is_empty()
    };
    let weak = |scene: &mut Scene| {
        let patient = scene.patient;
        scene.trial.given(PatientEvent::GroupWithdrawn {
            patient,
            test: TestId(1),
        });
        scene.trial.given(PatientEvent::GroupWithdrawn {
            patient,
            test: TestId(2),
        });
        for sample in ["S1", "S2"] {
            scene.trial.given(PatientEvent::GroupDetermined {
                patient,
                group: crate::blood::BloodGroup::new(crate::blood::Abo::A, crate::blood::RhD::Weak),
                sample: Some(sample_id(sample)),
                test: None,
                drawn: scene
                    .trial
                    .hospital
                    .samples
                    .get(&sample_id(sample))
                    .unwrap()
                    .drawn,
                edited: false,
            });
        }
    };
    for (alleles, expected) in [
        ([RhdAllele::Weak1, RhdAllele::Deletion], true),
        ([RhdAllele::Weak2, RhdAllele::Weak3], true),
        ([RhdAllele::Weak1, RhdAllele::Other], false),
        ([RhdAllele::Weak15, RhdAllele::Deletion], false),
        ([RhdAllele::PartialVi3, RhdAllele::Deletion], false),
    ] {
        let mut scene = genotyped("A+", alleles);
        weak(&mut scene);
        assert_eq!(positive(&scene), expected, "{alleles:?}");
        antibody(&mut scene, Antigen::D);
        assert!(!positive(&scene), "{alleles:?} with anti-D");
        // The gate stops by the antibody as well; the management must say it by itself.
        let record = scene.trial.hospital.record_of(scene.patient).unwrap();
        for serology in [RhD::Positive, RhD::Weak, RhD::Negative] {
            assert_eq!(
                record.rhd_managed(serology, scene.trial.at),
                (RhD::Negative, crate::patient::RhdReason::AntiD)
            );
        }
    }
    for (alleles, expected) in [
        ([RhdAllele::AsianDel, RhdAllele::Deletion], true),
        ([RhdAllele::AsianDel, RhdAllele::AsianDel], true),
        ([RhdAllele::AsianDel, RhdAllele::OtherDel], false),
        ([RhdAllele::OtherDel, RhdAllele::Deletion], false),
        ([RhdAllele::Deletion, RhdAllele::Deletion], false),
        // A weak D allele does not make a serologic negative positive.
        ([RhdAllele::Weak1, RhdAllele::Deletion], false),
    ] {
        let mut scene = genotyped("A-", alleles);
        assert!(!positive(&scene), "{alleles:?} before the sign-off");
        let mut entry = scene
            .trial
            .hospital
            .policies
            .at(Key::AsianDelPositive, scene.trial.at)
            .unwrap()
            .entry
            .clone();
        entry.value = crate::policy::Value::Flag(true);
        scene
            .trial
            .given(crate::policy::PolicyEvent::Adopted { entry });
        assert_eq!(positive(&scene), expected, "{alleles:?}");
        antibody(&mut scene, Antigen::D);
        assert!(!positive(&scene), "{alleles:?} with anti-D");
        // The gate stops by the antibody as well; the management must say it by itself.
        let record = scene.trial.hospital.record_of(scene.patient).unwrap();
        for serology in [RhD::Positive, RhD::Weak, RhD::Negative] {
            assert_eq!(
                record.rhd_managed(serology, scene.trial.at),
                (RhD::Negative, crate::patient::RhdReason::AntiD)
            );
        }
    }
}

#[test]
fn a_newborns_mother_counts_with_her_antibodies_until_the_child_has_grown() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    let mother = scene.trial.patient(2);
    scene.trial.given(PatientEvent::AntibodyRecorded {
        patient: mother,
        specificity: Specificity::Antigen(Antigen::BigE),
        significant: true,
        test: None,
        workup: None,
    });
    scene.trial.given(PatientEvent::Linked {
        patient: mother,
        kind: crate::patient::LinkKind::MotherOf,
        other: scene.patient,
    });
    scene
        .trial
        .decide(
            &by("technologist").with("technologist2"),
            scene.hand_over(None),
        )
        .unwrap();
    let born = scene
        .trial
        .hospital
        .today(scene.trial.at)
        .yesterday()
        .unwrap();
    demographics(&mut scene, |who| who.birth = Some(born));
    assert_eq!(scene.refused(), ["antigen-untyped"]);
    demographics(&mut scene, |who| who.birth = None);
    assert_eq!(scene.refused(), ["antigen-untyped"]);
}
