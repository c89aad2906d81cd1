//! Reservation, serological and electronic crossmatch, and the list to choose from.

use jiff::SignedDuration;

use super::*;
use crate::blood::{Antigen, Typing};
use crate::crossmatch::{
    EndReservation, GrantElectronicCrossmatch, LapseReservations, Outcome, Rank, VoidCrossmatch,
    candidates, criteria, outcome,
};
use crate::patient::Specificity;
use crate::policy::{Entry, Key, PolicyEvent, Standing, Value};
use crate::unit::Status;

#[test]
fn the_grades_decide_and_nobody_else() {
    for major in Grade::ALL {
        for minor in Grade::ALL {
            for same_abo in [true, false] {
                let expected = match (major, minor, same_abo) {
                    (Grade::Negative, Grade::Negative, _) | (Grade::Negative, _, false) => {
                        Outcome::Compatible
                    }
                    _ => Outcome::Incompatible,
                };
                let found = outcome(Side::Read(major), Side::Read(minor), same_abo);
                assert_eq!(found, expected, "{major} {minor} {same_abo}");
            }
        }
    }
    assert_eq!(
        outcome(Side::NotRead, Side::NotRead, true),
        Outcome::Incompatible
    );
}

#[test]
fn a_unit_is_held_for_one_request_and_lapses_with_its_time() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let (unit, request) = (scene.unit, scene.request);
    let again = ReserveUnit {
        unit,
        request,
        chosen: None,
    };
    assert_eq!(
        scene.trial.refused(by("technologist"), again),
        ["already-exists"]
    );
    let other = Scene::bare(
        scene.trial.clone(),
        scene.patient,
        Component::RedCells,
        Urgency::Urgent,
    );
    let taken = ReserveUnit {
        unit,
        request: other.request,
        chosen: None,
    };
    assert_eq!(
        other.trial.refused(by("technologist"), taken),
        ["unit-reserved-elsewhere"]
    );
    let until = scene.trial.hospital.units.held().next().unwrap().0;
    scene.trial.at = until.checked_sub(SignedDuration::from_secs(1)).unwrap();
    assert!(
        scene
            .trial
            .run(by("system"), LapseReservations {})
            .is_empty()
    );
    scene.trial.at = until;
    assert_eq!(
        crate::due::due(&scene.trial.hospital, scene.trial.at)[0].at,
        until
    );
    assert_eq!(scene.trial.run(by("system"), LapseReservations {}).len(), 1);
    let bag = scene.trial.hospital.units.get(&unit).unwrap();
    assert_eq!(bag.status, Status::Available);
    assert_eq!(scene.trial.hospital.units.held().count(), 0);
    let end = EndReservation { unit };
    assert_eq!(
        scene.trial.refused(by("technologist"), end),
        ["wrong-state"]
    );
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn what_a_crossmatch_needs() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let good = scene.reading(Grade::Negative, Grade::Negative);
    let refused = |scene: &Scene, reading| scene.trial.refused(by("technologist"), reading);
    assert_eq!(refused(&scene, good.clone()), ["unit-not-held"]);
    scene.reserve();
    let spoil = |change: fn(&mut RecordCrossmatch)| {
        let mut reading = good.clone();
        change(&mut reading);
        refused(&scene, reading)
    };
    assert_eq!(spoil(|x| x.major = Side::NotRead), ["well-missing"]);
    assert_eq!(spoil(|x| x.minor = Side::NotRead), ["well-missing"]);
    assert_eq!(spoil(|x| x.method = "saline".into()), ["bad-value"]);
    assert_eq!(spoil(|x| x.method = "by eye".into()), ["bad-value"]);
    assert_eq!(spoil(|x| x.lots.clear()), ["bad-value"]);
    assert_eq!(
        spoil(|x| x.lots = BTreeSet::from([LotId::parse("OLD").unwrap()])),
        ["lot-unusable"]
    );
    assert_eq!(spoil(|x| x.sample = sample_id("NONE")), ["not-found"]);
    let mut other = scene.clone();
    let stranger = other.trial.patient(2);
    other.trial.tube(stranger, "S9");
    let mut reading = good.clone();
    reading.sample = sample_id("S9");
    assert_eq!(refused(&other, reading), ["sample-wrong-patient"]);
    assert!(scene.trial.decide(&by("technologist"), good).is_ok());
}

#[test]
fn who_recorded_cannot_review_and_what_is_void_counts_no_more() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let crossmatch = scene.record(scene.reading(Grade::Negative, Grade::Negative));
    let review = ReviewCrossmatch { crossmatch };
    assert_eq!(
        scene.trial.refused(by("technologist"), review.clone()),
        ["verifier-is-enterer"]
    );
    scene.trial.run(by("technologist2"), review.clone());
    assert_eq!(
        scene.trial.refused(by("senior"), review.clone()),
        ["wrong-state"]
    );
    let void = VoidCrossmatch {
        crossmatch,
        reason: "看错卡".into(),
    };
    scene.trial.run(by("technologist"), void);
    assert_eq!(scene.trial.refused(by("senior"), review), ["wrong-state"]);
    assert_eq!(scene.refused(), ["crossmatch-missing"]);
}

#[test]
fn an_incompatible_bag_goes_back_and_never_to_this_patient() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let crossmatch = scene.record(scene.reading(Grade::Weak, Grade::Negative));
    let found = scene.trial.hospital.crossmatches.get(crossmatch).unwrap();
    assert_eq!(found.outcome, Outcome::Incompatible);
    let unit = scene.trial.hospital.units.get(&scene.unit).unwrap();
    assert_eq!(unit.status, Status::Available);
    let again = ReserveUnit {
        unit: scene.unit,
        request: scene.request,
        chosen: None,
    };
    assert_eq!(
        scene.trial.refused(by("technologist"), again),
        ["crossmatch-incompatible"]
    );
    let now = scene.trial.at;
    assert!(candidates(&scene.trial.hospital, scene.request, now, 9).is_empty());
}

fn switch_on(scene: &mut Scene) {
    scene.trial.given(PolicyEvent::Adopted {
        entry: Entry {
            key: Key::ElectronicCrossmatch,
            value: Value::Flag(true),
            effective: scene.trial.at,
            source: "validated here".into(),
            standing: Standing::Verified,
        },
    });
}

fn unmet(scene: &Scene) -> Vec<String> {
    criteria(
        &scene.trial.hospital,
        &scene.unit,
        scene.request,
        scene.trial.at,
    )
    .unwrap()
    .into_iter()
    .filter(|criterion| !criterion.met)
    .map(|criterion| criterion.code)
    .collect()
}

#[test]
fn the_electronic_crossmatch_is_computed_and_off_by_default() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let grant = |scene: &Scene| GrantElectronicCrossmatch {
        unit: scene.unit,
        request: scene.request,
    };
    assert_eq!(unmet(&scene), ["switched-on"]);
    assert_eq!(
        scene.trial.refused(by("technologist"), grant(&scene)),
        ["electronic-not-eligible"]
    );
    switch_on(&mut scene);
    assert!(unmet(&scene).is_empty());
    let mut granted = scene.clone();
    let command = grant(&granted);
    granted.trial.run(by("technologist"), command);
    granted.issue();

    type Spoiled = (&'static str, fn(&mut Scene));
    let spoiled: [Spoiled; 4] = [
        ("no-antibody-ever", |scene| {
            scene.trial.given(PatientEvent::AntibodyRecorded {
                patient: scene.patient,
                specificity: Specificity::Other("cold".into()),
                significant: false,
                test: None,
                workup: None,
            });
        }),
        ("not-newborn", |scene| {
            let old = scene.trial.hospital.patients.get(scene.patient).unwrap();
            let (numbers, mut demographics) = (old.numbers.clone(), old.demographics.clone());
            demographics.birth = "2026-10-02".parse().ok();
            scene.trial.given(PatientEvent::Amended {
                patient: scene.patient,
                numbers,
                demographics,
                unidentified: false,
            });
        }),
        ("dat-not-positive", |scene| {
            let mut dat = reaction(
                &scene.trial,
                TestKind::Dat,
                Material::Sample(sample_id("S2")),
                "A+",
            );
            dat.readings = crate::testkit::wells("dat_poly=2 dat_control=0");
            scene.trial.tested(dat);
        }),
        ("no-antigen-matching", |scene| {
            scene.trial.given(PatientEvent::NeedRaised {
                patient: scene.patient,
                kind: crate::patient::NeedKind::Lacks(Antigen::BigK),
                from: scene.trial.at,
                until: None,
                reason: "镰状细胞病".into(),
                rule: None,
            });
        }),
    ];
    for (code, spoil) in spoiled {
        let mut scene = scene.clone();
        spoil(&mut scene);
        let unmet = unmet(&scene);
        assert!(unmet.iter().any(|found| found == code), "{code}: {unmet:?}");
        let command = grant(&scene);
        let refused = scene.trial.refused(by("head"), command);
        assert_eq!(refused, ["electronic-not-eligible"], "{code}");
    }

    // Granted, then an antibody comes to light before the bag has left.
    let mut later = scene.clone();
    let command = grant(&later);
    later.trial.run(by("technologist"), command);
    spoiled[0].1(&mut later);
    assert_eq!(later.refused(), ["electronic-not-eligible"]);
}

#[test]
fn one_group_on_file_is_no_proof_for_the_computer() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    trial.grouped(patient, "S2", "A+");
    let mut scene = Scene::bare(trial, patient, Component::RedCells, Urgency::Routine);
    scene.unit = scene.stock(1, Component::RedCells, "A+");
    switch_on(&mut scene);
    assert_eq!(unmet(&scene), ["two-groups", "screen-negative"]);
}

#[test]
fn the_list_spares_what_others_need_and_offers_the_oldest_first() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let groups = ["A-", "O+", "O-", "A+", "B+", "AB+"];
    for (n, group) in groups.iter().enumerate() {
        scene.stock(10 + n as u32, Component::RedCells, group);
    }
    let mut locked = scene.trial.delivery(40, Component::RedCells, "A+");
    locked.locked_to = Some(scene.patient);
    scene
        .trial
        .run(by("technologist").with("technologist2"), locked.clone());
    scene.trial.given(UnitEvent::GroupConfirmed {
        unit: locked.unit,
        test: TestId(1),
    });
    let mut older = scene.trial.delivery(41, Component::RedCells, "A+");
    older.expires = scene.trial.minutes(9 * 1440);
    scene
        .trial
        .run(by("technologist").with("technologist2"), older.clone());
    scene.trial.given(UnitEvent::GroupConfirmed {
        unit: older.unit,
        test: TestId(2),
    });
    let list = candidates(&scene.trial.hospital, scene.request, scene.trial.at, 20);
    let shown: Vec<(Rank, String)> = list
        .iter()
        .map(|found| {
            let unit = scene.trial.hospital.units.get(&found.unit).unwrap();
            (found.rank, unit.group.to_string())
        })
        .collect();
    let expected = [
        (Rank::Locked, "A+"),
        (Rank::Identical, "A+"),
        (Rank::Identical, "A+"),
        (Rank::Identical, "A+"),
        (Rank::SparesNoNegative, "A-"),
        (Rank::Substitute, "O+"),
        (Rank::Substitute, "O-"),
    ];
    let expected: Vec<(Rank, String)> = expected
        .into_iter()
        .map(|(rank, group)| (rank, group.to_string()))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(list[1].unit, older.unit, "the oldest of the identical ones");

    // Anti-E from years ago: only bags typed E negative are left.
    scene.trial.given(PatientEvent::AntibodyRecorded {
        patient: scene.patient,
        specificity: Specificity::Antigen(Antigen::BigE),
        significant: true,
        test: None,
        workup: None,
    });
    assert!(candidates(&scene.trial.hospital, scene.request, scene.trial.at, 20).is_empty());
    let mut antigens = crate::blood::AntigenProfile::default();
    antigens.set(Antigen::BigE, Typing::Negative);
    scene.trial.given(UnitEvent::AntigensTyped {
        platelet: None,
        report: String::new(),
        second: None,
        unit: older.unit,
        antigens,
    });
    let list = candidates(&scene.trial.hospital, scene.request, scene.trial.at, 20);
    assert_eq!(list.len(), 1);
    assert!(list[0].antigen_negative && list[0].unit == older.unit);
}
