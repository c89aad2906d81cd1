//! The green channel: what an emergency eases, and what it never does.

use jiff::SignedDuration;

use super::*;
use crate::blood::{Antigen, Typing};
use crate::command::Command;
use crate::crossmatch::{CrossmatchEvent, Outcome, Proof};
use crate::due::{AlarmKind, alarms, clock};
use crate::finding::Rule;
use crate::issue::{AcknowledgeIncompatible, StartTransfusion};
use crate::patient::{NumberKind, Sex, Specificity};
use crate::people::Role;
use crate::request::{DeclareEmergency, EmergencyPatient, Order};
use crate::testkit::By;
use crate::unit::Hold;
use EmergencyLevel::{Abbreviated, TypeSpecific, Uncrossmatched};

fn declare(trial: &mut Trial, patient: EmergencyPatient) -> RequestId {
    let request = trial.hospital.next.request;
    let amount =
        |component, trial: &Trial| -> Order { order(component, Urgency::Emergency, trial) };
    let cells = amount(Component::RedCells, trial).amount;
    let plasma = amount(Component::Plasma, trial).amount;
    trial.run(
        by("clinician"),
        DeclareEmergency {
            patient,
            needs: vec![(Component::RedCells, cells), (Component::Plasma, plasma)],
            ward: "emergency".into(),
            doctor: "王医生".into(),
            note: "车祸".into(),
        },
    );
    request
}

/// Somebody nobody knows, and the request for red cells.
fn unknown() -> Scene {
    let mut trial = Trial::with_card();
    let patient = trial.hospital.next.patient;
    let request = declare(
        &mut trial,
        EmergencyPatient::Unidentified {
            sex: Sex::Unknown,
            description: "蓝色外套".into(),
        },
    );
    Scene {
        trial,
        patient,
        request,
        unit: UnitId::LOWEST,
    }
}

fn signed(login: &str) -> By {
    by(login)
        .with("technologist2")
        .because(Rule::EmergencyUncrossmatched, "抢救生命")
        .because(Rule::EmergencyGroupUnproven, "抢救生命")
}

/// Somebody on file with everything proven, and an emergency request.
fn known(patient_group: &str, unit_group: &str) -> Scene {
    let mut scene = Scene::ready(Component::RedCells, patient_group, unit_group);
    let patient = EmergencyPatient::Known(scene.patient);
    scene.request = declare(&mut scene.trial, patient);
    scene
}

#[test]
fn one_command_opens_the_record_the_requests_and_the_clock() {
    let scene = unknown();
    let patient = scene.trial.hospital.patients.get(scene.patient).unwrap();
    assert!(patient.unidentified);
    let (number, kind) = patient.numbers.iter().next().unwrap();
    assert_eq!(
        (number.as_str(), *kind),
        ("E20261122000001", NumberKind::Temporary)
    );
    assert_eq!(scene.trial.hospital.requests.open().count(), 2);
    let clock = clock(&scene.trial.hospital, scene.request, scene.trial.at)
        .unwrap()
        .unwrap();
    assert_eq!(clock.started, scene.trial.at);
    assert_eq!(clock.deadline, scene.trial.minutes(15));
    assert_eq!(clock.stopped, None);
    let board = alarms(&scene.trial.hospital, scene.trial.at);
    let running = board
        .iter()
        .filter(|alarm| alarm.kind == AlarmKind::EmergencyClock);
    assert_eq!(running.count(), 2);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn an_unknown_patient_gets_group_o_cells_and_ab_plasma_and_nothing_else() {
    for group in ["O+", "O-", "A+", "A-", "B+", "B-", "AB+", "AB-"] {
        for (component, allowed) in [(Component::RedCells, "O"), (Component::Plasma, "AB")] {
            for level in EmergencyLevel::ALL {
                let mut scene = unknown();
                if component == Component::Plasma {
                    scene.request = scene.request.next();
                }
                scene.unit = scene.stock(1, component, group);
                let suits = group.trim_end_matches(['+', '-']) == allowed;
                // The abbreviated level asks for a crossmatch that nobody has made.
                let made = level != Abbreviated || component == Component::Plasma;
                let decided = scene
                    .trial
                    .decide(&signed("technologist"), scene.hand_over(Some(level)));
                assert_eq!(
                    decided.is_ok(),
                    suits && made,
                    "{component:?} {group} {level:?}: {decided:?}"
                );
            }
        }
    }
}

#[test]
fn what_may_follow_later_is_one_recorded_warning_each() {
    let mut scene = unknown();
    scene.unit = scene.stock(1, Component::RedCells, "O-");
    let command = scene.hand_over(Some(Uncrossmatched));
    let plain = by("technologist").with("technologist2");
    assert_eq!(
        scene.trial.refused(plain, command.clone()),
        ["emergency-group-unproven", "emergency-uncrossmatched"]
    );
    let events = scene.trial.run(signed("technologist"), command);
    let IssueEvent::Issued {
        warnings,
        retrospective_due,
        emergency,
        ..
    } = issued(&events)
    else {
        panic!("no hand-over");
    };
    assert_eq!(*emergency, Some(Uncrossmatched));
    assert_eq!(*retrospective_due, Some(scene.trial.minutes(1440)));
    assert_eq!(warnings.len(), 2);
    let kept = format!("{warnings:?}");
    for put_off in [
        "crossmatch-missing",
        "sample-missing",
        "screen-missing",
        "consent-missing",
        "patient-group-unknown",
    ] {
        assert!(kept.contains(&format!("rule-{put_off}")), "{put_off}");
    }
    let clock = clock(&scene.trial.hospital, scene.request, scene.trial.at).unwrap();
    assert_eq!(clock.unwrap().stopped, Some(scene.trial.at));
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn ordinary_requests_do_not_take_the_green_channel() {
    let scene = Scene::ready(Component::RedCells, "A+", "O-");
    let command = scene.hand_over(Some(Uncrossmatched));
    let refused = scene.trial.refused(signed("technologist"), command);
    assert!(refused.contains(&"wrong-state"), "{refused:?}");
}

#[test]
fn a_group_on_a_sample_in_date_opens_the_specific_level() {
    let scene = known("A+", "A+");
    let at = |scene: &Scene, level| {
        let decided = scene
            .trial
            .decide(&signed("technologist"), scene.hand_over(Some(level)));
        decided.map_err(|refusal| refusal.findings.iter().map(|f| f.rule).collect::<Vec<_>>())
    };
    assert_eq!(
        at(&scene, Uncrossmatched).unwrap_err()[0],
        Rule::EmergencyGroup
    );
    assert!(at(&scene, TypeSpecific).is_ok());
    assert_eq!(
        at(&scene, Abbreviated).unwrap_err()[0],
        Rule::EmergencyUnmet
    );
    let mut abbreviated = scene.clone();
    abbreviated.reserve();
    let mut reading = abbreviated.reading(Grade::Negative, Grade::Negative);
    reading.method = "saline".into();
    abbreviated.record(reading);
    assert!(at(&abbreviated, Abbreviated).is_ok());
    // An abbreviated crossmatch is none: the full one stays due.
    let mut done = abbreviated.clone();
    let events = done.trial.run(
        signed("technologist"),
        abbreviated.hand_over(Some(Abbreviated)),
    );
    let IssueEvent::Issued {
        retrospective_due, ..
    } = issued(&events)
    else {
        panic!("no hand-over");
    };
    assert!(retrospective_due.is_some());
    let mut late = scene.clone();
    late.trial.pass(SignedDuration::from_hours(200));
    late.unit = late.stock(7, Component::RedCells, "A+");
    assert_eq!(
        at(&late, TypeSpecific).unwrap_err()[0],
        Rule::EmergencyGroup
    );
}

#[test]
fn what_no_emergency_no_role_and_no_reason_can_get_past() {
    let deadly: [(Rule, fn() -> Scene); 9] = [
        (Rule::AboIncompatible, || known("O+", "A+")),
        (Rule::UnitExpired, || {
            let mut scene = known("O+", "O+");
            scene.trial.at = scene.trial.hospital.units.get(&scene.unit).unwrap().expires;
            scene
        }),
        (Rule::UnitQuarantined, || {
            let mut scene = known("O+", "O+");
            scene.trial.given(UnitEvent::Held {
                unit: scene.unit,
                hold: Hold::Temperature,
                note: String::new(),
            });
            scene
        }),
        (Rule::UnitTransition, || {
            let mut scene = known("O+", "O+");
            scene.trial.given(UnitEvent::Recalled {
                din: scene.unit.din,
                units: vec![scene.unit],
                beyond: Vec::new(),
                reason: "donor".into(),
                reference: "N-1".into(),
            });
            scene
        }),
        (Rule::AntigenPositive, || {
            let mut scene = known("O+", "O+");
            scene.trial.given(PatientEvent::AntibodyRecorded {
                patient: scene.patient,
                specificity: Specificity::Antigen(Antigen::BigE),
                significant: true,
                test: None,
                workup: None,
            });
            let mut antigens = crate::blood::AntigenProfile::default();
            antigens.set(Antigen::BigE, Typing::Positive);
            scene.trial.given(UnitEvent::AntigensTyped {
                platelet: None,
                report: String::new(),
                second: None,
                unit: scene.unit,
                antigens,
            });
            scene
        }),
        (Rule::RhdForbidden, || {
            let mut scene = known("O-", "O+");
            scene.trial.given(PatientEvent::AntibodyRecorded {
                patient: scene.patient,
                specificity: Specificity::Antigen(Antigen::D),
                significant: true,
                test: None,
                workup: None,
            });
            scene
        }),
        (Rule::CrossmatchIncompatible, || {
            let mut scene = known("O+", "O+");
            scene.trial.given(CrossmatchEvent::Recorded {
                crossmatch: scene.trial.hospital.next.crossmatch,
                unit: scene.unit,
                patient: scene.patient,
                sample: sample_id("S2"),
                request: scene.request,
                proof: Proof::Electronic { criteria: vec![] },
                outcome: Outcome::Incompatible,
                expires: scene.trial.minutes(60),
                retrospective: false,
                review: false,
            });
            scene
        }),
        (Rule::UnitReservedElsewhere, || {
            let mut scene = known("O+", "O+");
            scene.trial.given(UnitEvent::Reserved {
                unit: scene.unit,
                request: RequestId(77),
                patient: PatientId(77),
                until: scene.trial.minutes(60),
                chosen: None,
            });
            scene
        }),
        (Rule::RequestComponent, || {
            let mut scene = known("O+", "O+");
            scene.request = scene.request.next();
            scene
        }),
    ];
    for (rule, scene) in deadly {
        let scene = scene();
        for level in EmergencyLevel::ALL {
            for role in Role::ALL {
                let mut who = signed(role.as_str());
                for rule in Rule::ALL {
                    who = who.because(*rule, "抢救生命，主任同意");
                }
                let refusal = scene
                    .trial
                    .decide(&who, scene.hand_over(Some(level)))
                    .unwrap_err();
                let found = refusal.findings.iter().any(|finding| finding.rule == rule);
                let denied = [Rule::NotPermitted, Rule::PersonUnknown];
                let stranger = refusal.findings.iter().any(|f| denied.contains(&f.rule));
                assert!(
                    found || stranger,
                    "{rule:?} {level:?} {role:?}: {refusal:?}"
                );
            }
        }
    }
}

#[test]
fn positive_cells_for_a_negative_woman_are_a_privileged_warning_in_an_emergency_only() {
    let scene = known("O-", "O+");
    let command = scene.hand_over(Some(TypeSpecific));
    assert_eq!(
        scene.trial.refused(signed("technologist"), command.clone()),
        ["emergency-uncrossmatched", "rhd-incompatible"]
    );
    let senior = signed("senior").because(Rule::RhdIncompatible, "无RhD阴性库存");
    assert!(scene.trial.decide(&senior, command.clone()).is_ok());
    let technologist = signed("technologist").because(Rule::RhdIncompatible, "无RhD阴性库存");
    assert!(scene.trial.decide(&technologist, command).is_err());
}

#[test]
fn only_who_may_release_before_the_tests_does() {
    let mut scene = unknown();
    scene.unit = scene.stock(1, Component::RedCells, "O-");
    let command = scene.hand_over(Some(Uncrossmatched));
    for role in Role::ALL {
        let allowed = [Role::Technologist, Role::Senior, Role::Head].contains(&role);
        let decided = scene.trial.decide(&signed(role.as_str()), command.clone());
        assert_eq!(decided.is_ok(), allowed, "{role:?}");
    }
}

/// Released uncrossmatched; then a sample is drawn and grouped.
fn released() -> (Scene, IssueId) {
    let mut scene = unknown();
    scene.unit = scene.stock(1, Component::RedCells, "O-");
    let issue = scene.trial.hospital.next.issue;
    let command = scene.hand_over(Some(Uncrossmatched));
    scene.trial.run(signed("technologist"), command);
    scene.trial.grouped(scene.patient, "S2", "O-");
    (scene, issue)
}

#[test]
fn the_crossmatch_that_follows_closes_the_worklist() {
    let (mut scene, issue) = released();
    let kinds = |scene: &Scene| -> Vec<AlarmKind> {
        alarms(&scene.trial.hospital, scene.trial.at)
            .iter()
            .map(|alarm| alarm.kind)
            .filter(|kind| *kind <= AlarmKind::RetrospectiveWaiting)
            .filter(|kind| *kind != AlarmKind::EmergencyClock)
            .collect()
    };
    assert_eq!(kinds(&scene), [AlarmKind::RetrospectiveWaiting]);
    let mut overdue = scene.clone();
    overdue.trial.pass(SignedDuration::from_hours(24));
    assert_eq!(kinds(&overdue), [AlarmKind::RetrospectiveOverdue]);
    let mut igm = scene.reading(Grade::Negative, Grade::Negative);
    igm.method = "saline".into();
    assert_eq!(scene.trial.refused(by("technologist"), igm), ["bad-value"]);
    scene.record(scene.reading(Grade::Negative, Grade::Negative));
    assert!(kinds(&scene).is_empty());
    let kept = scene.trial.hospital.issues.get(issue).unwrap();
    assert!(kept.retrospective_due.is_none() && kept.crossmatch.is_some());
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn found_incompatible_afterwards_is_the_alarm_of_alarms() {
    let (mut scene, issue) = released();
    scene.record(scene.reading(Grade::Three, Grade::Negative));
    let board = |scene: &Scene| alarms(&scene.trial.hospital, scene.trial.at)[0].kind;
    assert_eq!(board(&scene), AlarmKind::FoundIncompatible);
    let number = scene.hand_over(None).label_patient;
    let start = StartTransfusion {
        issue,
        wristband: number,
    };
    assert_eq!(
        scene.trial.refused(by("nurse"), start),
        ["crossmatch-incompatible"]
    );
    let answer: Command = AcknowledgeIncompatible {
        issue,
        answer: "已电话通知急诊停止输注，王医生".into(),
    }
    .into();
    scene.trial.run(by("senior"), answer.clone());
    assert_ne!(board(&scene), AlarmKind::FoundIncompatible);
    assert_eq!(scene.trial.refused(by("senior"), answer), ["wrong-state"]);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn a_void_crossmatch_under_a_bag_that_is_out_is_due_again() {
    let (mut scene, issue) = released();
    let crossmatch = scene.record(scene.reading(Grade::Three, Grade::Negative));
    scene.trial.run(
        by("senior"),
        crate::crossmatch::VoidCrossmatch {
            crossmatch,
            reason: "加错样本".into(),
        },
    );
    let kept = scene.trial.hospital.issues.get(issue).unwrap();
    assert_eq!(kept.retrospective_due, Some(scene.trial.minutes(1440)));
    assert!(!kept.alarm);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn the_request_of_an_unidentified_patient_follows_the_merge() {
    let (mut scene, _) = released();
    let into = scene.trial.patient(2);
    scene.trial.given(PatientEvent::Merged {
        from: scene.patient,
        into,
        reason: "家属确认".into(),
    });
    scene.unit = scene.stock(2, Component::RedCells, "O-");
    let decided = scene.trial.decide(
        &signed("technologist"),
        scene.hand_over(Some(Uncrossmatched)),
    );
    assert!(decided.is_ok(), "{decided:?}");
}
