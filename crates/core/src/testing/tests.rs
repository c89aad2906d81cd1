//! Results from entry to verification, correction and voiding; lots.

mod lots;

use jiff::SignedDuration;

use super::*;
use crate::blood::Component;
use crate::finding::Rule;
use crate::patient::GroupOnFile;
use crate::testkit::{Trial, by, reaction, sample_id, wells};
use crate::unit::{Regroup, Status};

fn tube(trial: &mut Trial) -> Material {
    let patient = trial.patient(1);
    Material::Sample(trial.tube(patient, "S1"))
}

fn record(reaction: Reaction) -> RecordTest {
    RecordTest { reaction }
}

#[test]
fn every_needed_well_must_be_read_and_no_other() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    for kind in [TestKind::Group, TestKind::Screen, TestKind::Dat] {
        let full = reaction(&trial, kind, tube.clone(), "A+");
        assert!(
            trial
                .decide(&by("technologist"), record(full.clone()))
                .is_ok()
        );
        for well in kind.needed() {
            let mut short = full.clone();
            short.readings.retain(|reading| reading.well != *well);
            assert_eq!(
                trial.refused(by("technologist"), record(short)),
                ["well-missing"]
            );
        }
        let mut strange = full.clone();
        strange.readings.extend(wells("xm_major=0"));
        assert_eq!(
            trial.refused(by("technologist"), record(strange)),
            ["bad-value"]
        );
        let mut twice = full;
        twice.readings.extend(twice.readings.first().copied());
        assert_eq!(
            trial.refused(by("technologist"), record(twice)),
            ["bad-value"]
        );
    }
}

#[test]
fn what_is_stated_must_be_what_the_wells_say() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let mut reading = reaction(&trial, TestKind::Group, tube, "A+");
    reading.stated = Some(Interpretation::Group {
        abo: Some(Abo::B),
        rhd: Some(RhD::Positive),
    });
    assert_eq!(
        trial.refused(by("technologist"), record(reading.clone())),
        ["interpretation-differs"]
    );
    reading.stated = Some(Interpretation::Group {
        abo: Some(Abo::A),
        rhd: None,
    });
    assert!(trial.decide(&by("technologist"), record(reading)).is_ok());
}

#[test]
fn a_discrepancy_goes_on_record_but_never_becomes_a_group() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    for (text, code) in [
        (
            "anti_a=4 anti_b=0 anti_d=4 control=0 a1_cells=1 b_cells=4",
            "test-discrepant",
        ),
        (
            "anti_a=1 anti_b=0 anti_d=4 control=0 a1_cells=0 b_cells=4",
            "test-discrepant",
        ),
        (
            "anti_a=4 anti_b=4 anti_d=4 control=w a1_cells=0 b_cells=0",
            "control-reactive",
        ),
    ] {
        let mut reading = reaction(&trial, TestKind::Group, tube.clone(), "A+");
        reading.readings = wells(text);
        let test = trial.entered(reading);
        let verify = VerifyTest { test, version: 1 };
        assert_eq!(trial.refused(by("technologist2"), verify), [code]);
    }
    assert_eq!(trial.hospital.tests.pending().count(), 3);
}

#[test]
fn cells_only_is_for_newborns() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let forward = reaction(&trial, TestKind::ForwardGroup, tube.clone(), "A+");
    assert_eq!(
        trial.refused(by("technologist"), record(forward.clone())),
        ["well-missing"]
    );
    let abo = reaction(&trial, TestKind::AboForward, tube, "A+");
    assert_eq!(
        trial.refused(by("technologist"), record(abo)),
        ["bad-value"]
    );

    let born = |trial: &mut Trial, birth: Option<&str>| {
        let patient = trial
            .hospital
            .patients
            .get(crate::id::PatientId(1))
            .unwrap();
        let mut demographics = patient.demographics.clone();
        demographics.birth = birth.map(|date| date.parse().unwrap());
        let amend = crate::patient::AmendPatient {
            patient: patient.id,
            numbers: patient.numbers.clone(),
            demographics,
            unidentified: false,
        };
        trial.run(by("technologist"), amend);
    };
    born(&mut trial, Some("2026-11-20"));
    assert!(
        trial
            .decide(&by("technologist"), record(forward.clone()))
            .is_ok()
    );
    born(&mut trial, None);
    assert_eq!(
        trial.refused(by("technologist"), record(forward)),
        ["well-missing"]
    );
}

#[test]
fn a_result_needs_lots_and_every_one_usable_when_it_was_read() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let good = reaction(&trial, TestKind::Group, tube, "A+");
    let with = |lots: &[&str]| {
        let lots = lots.iter().map(|lot| LotId::parse(lot).unwrap()).collect();
        record(Reaction {
            lots,
            ..good.clone()
        })
    };
    assert_eq!(trial.refused(by("technologist"), with(&[])), ["bad-value"]);
    assert_eq!(
        trial.refused(by("technologist"), with(&["CARD-1", "CARD-9"])),
        ["lot-unusable"]
    );
    let lot = LotId::parse("CARD-2").unwrap();
    let receive = ReceiveLot {
        lot: lot.clone(),
        kind: LotKind::Card,
        name: "card".into(),
        expires: trial.minutes(60),
        packs: 4,
    };
    trial.run(by("technologist"), receive.clone());
    assert_eq!(
        trial.refused(by("technologist"), receive),
        ["already-exists"]
    );
    assert_eq!(
        trial.refused(by("technologist"), with(&["CARD-2"])),
        ["lot-unusable"]
    );
    let open = OpenLot {
        lot: lot.clone(),
        until: Some(trial.minutes(900)),
    };
    trial.run(by("technologist"), open.clone());
    assert_eq!(
        trial.hospital.lots.get(&lot).unwrap().opened.unwrap().1,
        trial.minutes(60)
    );
    assert_eq!(trial.refused(by("technologist"), open), ["wrong-state"]);
    assert_eq!(
        trial.refused(by("technologist"), with(&["CARD-2"])),
        ["lot-unusable"],
        "not accepted yet"
    );
    trial.accept_lot("CARD-2");
    assert!(trial.decide(&by("technologist"), with(&["CARD-2"])).is_ok());
    let block = BlockLot {
        lot: lot.clone(),
        reason: "质控失控".into(),
    };
    trial.run(by("technologist"), block);
    assert_eq!(
        trial.refused(by("technologist"), with(&["CARD-2"])),
        ["lot-unusable"]
    );
    let unblock = UnblockLot {
        lot,
        reason: "复测合格".into(),
    };
    trial.run(by("technologist"), unblock.clone());
    assert_eq!(trial.refused(by("technologist"), unblock), ["wrong-state"]);
    assert!(trial.decide(&by("technologist"), with(&["CARD-2"])).is_ok());
    trial.pass(SignedDuration::from_mins(61));
    let late = record(Reaction {
        read: trial.at,
        lots: [LotId::parse("CARD-2").unwrap()].into(),
        ..good.clone()
    });
    assert_eq!(trial.refused(by("technologist"), late), ["lot-unusable"]);
}

#[test]
fn whoever_entered_a_result_cannot_verify_it_and_only_its_newest_version_counts() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let reading = reaction(&trial, TestKind::Group, tube, "A+");
    let test = trial.entered(reading);
    let verify = |version| VerifyTest { test, version };
    assert_eq!(
        trial.refused(by("technologist"), verify(1)),
        ["verifier-is-enterer"]
    );
    assert_eq!(
        trial.refused(by("technologist2"), verify(0)),
        ["version-superseded"]
    );
    trial.run(by("technologist2"), verify(1));
    assert_eq!(
        trial.refused(by("technologist2"), verify(1)),
        ["wrong-state"]
    );
}

#[test]
fn what_a_machine_sent_can_be_verified_by_its_operator_unless_a_hand_edited_it() {
    for edited in [false, true] {
        let mut trial = Trial::with_card();
        let tube = tube(&mut trial);
        trial.machine("VISION-1");
        let reading = reaction(&trial, TestKind::Group, tube.clone(), "A+");
        let origin = Origin::Device {
            device: DeviceId::parse("VISION-1").unwrap(),
            message: MessageId(1),
            edited,
            operator: Some("technologist".into()),
        };
        let work = prepare(&trial.hospital, &reading, origin, trial.at).unwrap();
        let test = trial.hospital.next.test;
        trial.given(TestEvent::Recorded {
            test,
            kind: reading.kind,
            material: tube,
            work,
        });
        let verify = VerifyTest { test, version: 1 };
        let decided = trial.decide(&by("technologist"), verify);
        assert_eq!(decided.is_err(), edited);
        trial.run(by("technologist2"), verify_of(test));
        let patient = trial
            .hospital
            .patients
            .get(crate::id::PatientId(1))
            .unwrap();
        assert_eq!(patient.determinations[0].edited, edited);
    }
}

fn verify_of(test: TestId) -> VerifyTest {
    VerifyTest { test, version: 1 }
}

#[test]
fn a_correction_is_a_new_version_and_withdraws_what_the_old_one_had_established() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let wrong = reaction(&trial, TestKind::Group, tube.clone(), "A+");
    let test = trial.tested(wrong);
    let patient = crate::id::PatientId(1);
    let on_file = |trial: &Trial| trial.hospital.record_of(patient).unwrap().group(trial.at);
    assert!(matches!(on_file(&trial), GroupOnFile::Once(_)));
    let correct = CorrectTest {
        test,
        version: 1,
        reaction: reaction(&trial, TestKind::Group, tube.clone(), "AB+"),
        reason: "看错孔".into(),
    };
    let other = CorrectTest {
        reaction: reaction(&trial, TestKind::Screen, tube, "A+"),
        ..correct.clone()
    };
    assert_eq!(trial.refused(by("technologist"), other), ["bad-value"]);
    trial.run(by("technologist"), correct.clone());
    assert_eq!(on_file(&trial), GroupOnFile::Unknown);
    assert_eq!(
        trial.refused(by("technologist"), correct),
        ["version-superseded"]
    );
    let verify = VerifyTest { test, version: 2 };
    assert_eq!(
        trial.refused(by("technologist"), verify.clone()),
        ["verifier-is-enterer"]
    );
    trial.run(by("technologist2"), verify);
    assert_eq!(on_file(&trial).group().unwrap().abo, Abo::Ab);
    let versions = &trial.hospital.tests.get(test).unwrap().versions;
    assert_eq!(versions.len(), 2);
    assert!(
        versions[0].verified.is_some(),
        "the old version stays as it was"
    );
    let void = InvalidateTest {
        test,
        version: 2,
        reason: "试剂失效".into(),
    };
    trial.run(by("technologist"), void.clone());
    assert_eq!(on_file(&trial), GroupOnFile::Unknown);
    assert_eq!(trial.refused(by("technologist"), void), ["wrong-state"]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_bag_becomes_available_by_a_verified_group_that_agrees_with_its_label() {
    let mut trial = Trial::with_card();
    let bag = trial.bag(1, Component::RedCells, "A+");
    let status = |trial: &Trial| trial.hospital.units.get(&bag).unwrap().status;
    assert_eq!(status(&trial), Status::Quarantined);
    let abo = reaction(&trial, TestKind::AboForward, Material::Unit(bag), "A+");
    let test = trial.tested(abo);
    assert_eq!(status(&trial), Status::Available);
    let void = InvalidateTest {
        test,
        version: 1,
        reason: "卡过期".into(),
    };
    trial.run(by("technologist"), void);
    assert_eq!(status(&trial), Status::Quarantined);
    assert_eq!(
        trial.hospital.units.get(&bag).unwrap().regroup,
        Regroup::Awaited
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_bag_whose_group_differs_from_its_label_stays_held_whatever_another_test_says() {
    for (label, tested) in [("A+", "O+"), ("A+", "A-"), ("A-", "A+")] {
        let mut trial = Trial::with_card();
        let bag = trial.bag(1, Component::RedCells, label);
        let differs = reaction(&trial, TestKind::ForwardGroup, Material::Unit(bag), tested);
        let test = trial.tested(differs);
        let unit = |trial: &Trial| trial.hospital.units.get(&bag).unwrap().clone();
        assert_eq!(unit(&trial).regroup, Regroup::Mismatch(test));
        assert_eq!(unit(&trial).status, Status::Quarantined);
        let agrees = reaction(&trial, TestKind::ForwardGroup, Material::Unit(bag), label);
        trial.tested(agrees);
        assert_eq!(unit(&trial).regroup, Regroup::Mismatch(test));
        assert_eq!(unit(&trial).status, Status::Quarantined);
    }
}

#[test]
fn a_bag_labelled_rhd_negative_is_not_confirmed_on_abo_alone() {
    let mut trial = Trial::with_card();
    let bag = trial.bag(1, Component::RedCells, "O-");
    let abo = reaction(&trial, TestKind::AboForward, Material::Unit(bag), "O-");
    let test = trial.entered(abo);
    assert_eq!(
        trial.refused(by("technologist2"), verify_of(test)),
        ["well-missing"]
    );
    let mut weak = reaction(&trial, TestKind::ForwardGroup, Material::Unit(bag), "O-");
    weak.readings.extend(wells("weak_d=2"));
    let test = trial.tested(weak);
    assert_eq!(
        trial.hospital.units.get(&bag).unwrap().regroup,
        Regroup::Mismatch(test)
    );
}

#[test]
fn a_bag_is_not_screened() {
    let mut trial = Trial::with_card();
    let bag = trial.bag(1, Component::RedCells, "O-");
    for kind in [TestKind::Screen, TestKind::Dat] {
        let reading = reaction(&trial, kind, Material::Unit(bag), "O-");
        assert_eq!(
            trial.refused(by("technologist"), record(reading)),
            ["bad-value"]
        );
    }
}

#[test]
fn the_screen_on_file_is_verified_in_date_and_positive_if_any_is() {
    let mut trial = Trial::with_card();
    let tube = tube(&mut trial);
    let patient = crate::id::PatientId(1);
    let found = |trial: &Trial| {
        let record = trial.hospital.record_of(patient).unwrap();
        screen_on_file(&trial.hospital, &record, trial.at).map(|screen| screen.call)
    };
    let mut positive = reaction(&trial, TestKind::Screen, tube.clone(), "A+");
    positive.readings = wells("screen_1=0 screen_2=1 screen_3=0");
    let test = trial.entered(positive);
    assert_eq!(found(&trial), None);
    trial.run(by("technologist2"), verify_of(test));
    assert_eq!(found(&trial), Some(Call::Positive));
    let negative = reaction(&trial, TestKind::Screen, tube, "A+");
    trial.tested(negative);
    assert_eq!(found(&trial), Some(Call::Positive));
    let void = InvalidateTest {
        test,
        version: 1,
        reason: "加错样".into(),
    };
    trial.run(by("technologist"), void);
    assert_eq!(found(&trial), Some(Call::Negative));
    trial.pass(SignedDuration::from_hours(24 * 8));
    assert_eq!(found(&trial), None);
}

#[test]
fn results_of_tubes_nobody_knows_are_refused_whole() {
    let trial = Trial::with_card();
    let unknown = Material::Sample(sample_id("S404"));
    let mut reading = reaction(&trial, TestKind::Group, unknown, "A+");
    reading.read = trial.minutes(5);
    reading.lots = Default::default();
    let rules: Vec<Rule> = prepare(&trial.hospital, &reading, Origin::Bench, trial.at)
        .unwrap_err()
        .into_iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(rules, [Rule::BadValue, Rule::NotFound, Rule::BadValue]);
}
