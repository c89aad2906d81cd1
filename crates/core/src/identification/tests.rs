//! Antigrams, reactions, conclusion and verification through the door of [`decide`](crate::command::decide).

use jiff::SignedDuration;

use super::*;
use crate::blood::{Antigen, Typing};
use crate::id::SampleId;
use crate::patient::{PatientEvent, RecordAntibody, TypePatientAntigen, WithdrawAntibody};
use crate::testing::{BlockLot, LotKind, OpenLot, ReceiveLot};
use crate::testkit::{Trial, by, sample_id};

const PANEL: &str = "PANEL-1";

fn lot(text: &str) -> LotId {
    LotId::parse(text).unwrap()
}

fn cell(id: &str, label: &str, positive: &str, negative: &str) -> ReagentCell {
    let mut antigens = AntigenProfile::default();
    for (names, typing) in [(positive, Typing::Positive), (negative, Typing::Negative)] {
        for name in names.split_whitespace() {
            antigens.set(Antigen::parse(name).unwrap(), typing);
        }
    }
    ReagentCell {
        id: CellId::parse(id).unwrap(),
        label: label.into(),
        antigens,
    }
}

fn cells() -> Vec<ReagentCell> {
    vec![
        cell("1", "R1R1", "D C e k", "c E K"),
        cell("2", "R2R2", "D E c K k", "C e"),
        cell("3", "rr", "c e k", "D C E K"),
    ]
}

fn received(trial: &mut Trial, kind: LotKind, id: &str, days: i64) {
    trial.run(
        by("technologist"),
        ReceiveLot {
            lot: lot(id),
            kind,
            name: "谱细胞".into(),
            expires: trial.minutes(days * 1440),
            packs: 4,
        },
    );
    let open = OpenLot {
        lot: lot(id),
        until: None,
    };
    trial.run(by("technologist"), open);
    trial.accept_lot(id);
}

/// A patient with a tube, a panel in date, and an open work-up.
fn begun() -> (Trial, WorkupId, PatientId, SampleId) {
    let mut trial = Trial::with_card();
    received(&mut trial, LotKind::Cells, PANEL, 20);
    let file = FileAntigram {
        lot: lot(PANEL),
        cells: cells(),
    };
    trial.run(by("technologist"), file);
    let patient = trial.patient(1);
    let sample = trial.tube(patient, "S1");
    let workup = trial.hospital.next.workup;
    let open = OpenIdentification {
        sample: sample.clone(),
    };
    trial.run(by("technologist"), open);
    (trial, workup, patient, sample)
}

fn read(workup: WorkupId, grades: &str) -> RecordPanel {
    RecordPanel {
        workup,
        readings: grades
            .split_whitespace()
            .enumerate()
            .map(|(n, grade)| PanelReading {
                cell: Some((lot(PANEL), CellId::parse(&(n + 1).to_string()).unwrap())),
                phase: Phase::Antiglobulin,
                grade: Grade::parse(grade),
            })
            .collect(),
    }
}

fn conclude(workup: WorkupId, antigen: &str) -> ConcludeIdentification {
    ConcludeIdentification {
        workup,
        antibodies: vec![Found {
            specificity: Specificity::Antigen(Antigen::parse(antigen).unwrap()),
            significant: true,
        }],
        note: String::new(),
    }
}

#[test]
fn a_verified_conclusion_goes_on_file_and_survives_replay() {
    let (mut trial, workup, patient, _) = begun();
    trial.run(by("technologist"), read(workup, "0 2+ 0"));
    trial.run(by("technologist"), conclude(workup, "K"));
    assert_eq!(
        trial.refused(by("technologist"), VerifyIdentification { workup }),
        ["verifier-is-enterer"]
    );
    let record = |trial: &Trial| {
        trial
            .hospital
            .record_of(patient)
            .unwrap()
            .antibodies()
            .count()
    };
    // One person's word is not on file.
    assert_eq!(record(&trial), 0);
    trial.run(by("senior"), VerifyIdentification { workup });
    let hospital = trial.hospital.clone();
    let antibody = hospital
        .record_of(patient)
        .unwrap()
        .antibodies()
        .next()
        .unwrap()
        .clone();
    assert_eq!(antibody.specificity, Specificity::Antigen(Antigen::BigK));
    assert_eq!(
        (antibody.significant, antibody.workup),
        (true, Some(workup))
    );
    assert_eq!(hospital.identifications.open().count(), 0);
    assert_eq!(trial.replayed(), hospital);
    // Nothing changes what stands verified.
    assert_eq!(
        trial.refused(by("technologist"), read(workup, "0")),
        ["wrong-state"]
    );
    let reason = "又看了一遍".to_owned();
    let reopen = ReopenIdentification { workup, reason };
    assert_eq!(trial.refused(by("technologist"), reopen), ["wrong-state"]);
}

#[test]
fn what_is_on_file_already_is_not_recorded_twice() {
    let (mut trial, workup, patient, _) = begun();
    let known = RecordAntibody {
        patient,
        specificity: Specificity::Antigen(Antigen::BigK),
        significant: true,
        test: None,
    };
    trial.run(by("technologist"), known);
    trial.run(by("technologist"), read(workup, "0 2+ 0"));
    trial.run(by("technologist"), conclude(workup, "K"));
    let events = trial.run(by("senior"), VerifyIdentification { workup });
    assert_eq!(events.len(), 1);
}

#[test]
fn a_wrong_conclusion_is_taken_back_by_two_people_with_a_reason() {
    let (mut trial, workup, patient, _) = begun();
    trial.run(by("technologist"), read(workup, "0 2+ 0"));
    trial.run(by("technologist"), conclude(workup, "K"));
    trial.run(by("senior"), VerifyIdentification { workup });
    let back = |antigen, reason: &str| WithdrawAntibody {
        patient,
        specificity: Specificity::Antigen(antigen),
        reason: reason.into(),
    };
    let right = back(Antigen::BigK, "管子是别人的");
    assert_eq!(
        trial.refused(by("technologist"), right.clone()),
        ["second-person-needed"]
    );
    assert_eq!(
        trial.refused(by("technologist").with("technologist"), right.clone()),
        ["second-person-same"]
    );
    assert_eq!(
        trial.refused(by("technologist").with("nurse"), right.clone()),
        ["second-person-not-permitted"]
    );
    assert_eq!(
        trial.refused(by("technologist").with("senior"), back(Antigen::BigK, " ")),
        ["bad-value"]
    );
    assert_eq!(
        trial.refused(
            by("technologist").with("senior"),
            back(Antigen::Fya, "没有")
        ),
        ["wrong-state"]
    );
    assert_eq!(
        trial.refused(by("clinician").with("senior"), right.clone()),
        ["not-permitted"]
    );
    trial.run(by("technologist").with("senior"), right);
    assert_eq!(
        trial
            .hospital
            .record_of(patient)
            .unwrap()
            .antibodies()
            .count(),
        0
    );
    let conclusion = trial
        .hospital
        .identifications
        .get(workup)
        .unwrap()
        .conclusion
        .clone();
    assert_eq!(
        conclusion.unwrap().withdrawn,
        [Specificity::Antigen(Antigen::BigK)]
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn an_antibody_of_a_merged_record_is_taken_back_where_it_stands() {
    let (mut trial, _, patient, _) = begun();
    let other = trial.patient(2);
    trial.given(PatientEvent::AntibodyRecorded {
        patient,
        specificity: Specificity::Antigen(Antigen::Mur),
        significant: true,
        test: None,
        workup: None,
    });
    trial.given(PatientEvent::Merged {
        from: patient,
        into: other,
        reason: "同一人".into(),
    });
    let back = WithdrawAntibody {
        patient: other,
        specificity: Specificity::Antigen(Antigen::Mur),
        reason: "录错患者".into(),
    };
    trial.run(by("technologist").with("senior"), back);
    assert_eq!(
        trial
            .hospital
            .record_of(other)
            .unwrap()
            .antibodies()
            .count(),
        0
    );
}

#[test]
fn an_antigram_is_checked_cell_by_cell() {
    let mut trial = Trial::with_card();
    received(&mut trial, LotKind::Cells, PANEL, 20);
    let file = |trial: &Trial, id: &str, cells: Vec<ReagentCell>| {
        trial.refused(
            by("technologist"),
            FileAntigram {
                lot: lot(id),
                cells,
            },
        )
    };
    assert_eq!(file(&trial, PANEL, vec![]), ["bad-value"]);
    assert_eq!(file(&trial, "NONE", cells()), ["not-found"]);
    assert_eq!(file(&trial, "CARD-1", cells()), ["bad-value"]);
    assert_eq!(
        file(&trial, PANEL, vec![cell("4", "r'r", "C c E e", "D")]),
        ["antigram-doubtful"]
    );
    assert_eq!(
        file(&trial, PANEL, vec![cell("4", "", "D", "K k")]),
        ["antigram-impossible"]
    );
    let twice = vec![cell("1", "rr", "c", "D"), cell("1", "rr", "c", "D")];
    assert_eq!(file(&trial, PANEL, twice), ["bad-value"]);
    let most = (0..=CELLS_MOST)
        .map(|n| cell(&n.to_string(), "rr", "c", "D"))
        .collect();
    assert_eq!(file(&trial, PANEL, most), ["bad-value"]);
    let null = FileAntigram {
        lot: lot(PANEL),
        cells: vec![cell("1", "Rhnull", "k", "D C c E e")],
    };
    trial.run(by("technologist"), null);
    assert_eq!(file(&trial, PANEL, cells()), ["already-exists"]);
    trial.pass(SignedDuration::from_hours(24 * 21));
    received(&mut trial, LotKind::Cells, "PANEL-2", 1);
    trial.pass(SignedDuration::from_hours(25));
    assert_eq!(file(&trial, "PANEL-2", cells()), ["lot-unusable"]);
}

#[test]
fn expired_panels_unknown_cells_and_old_tubes_are_found() {
    let (mut trial, workup, ..) = begun();
    received(&mut trial, LotKind::Cells, "BARE", 20);
    let reading = |id: &str, name: &str| RecordPanel {
        workup,
        readings: vec![PanelReading {
            cell: Some((lot(id), CellId::parse(name).unwrap())),
            phase: Phase::Antiglobulin,
            grade: Some(Grade::Two),
        }],
    };
    assert_eq!(
        trial.refused(by("technologist"), reading(PANEL, "9")),
        ["cell-unknown"]
    );
    assert_eq!(
        trial.refused(by("technologist"), reading("BARE", "1")),
        ["antigram-missing"]
    );
    assert_eq!(
        trial.refused(by("technologist"), reading("NONE", "1")),
        ["antigram-missing", "lot-unusable"]
    );
    assert_eq!(
        trial.refused(by("technologist"), read(workup, "")),
        ["bad-value"]
    );
    let mut twice = read(workup, "0");
    twice.readings.extend(twice.readings.clone());
    assert_eq!(trial.refused(by("technologist"), twice), ["bad-value"]);
    trial.run(by("technologist"), read(workup, "2+"));
    let block = BlockLot {
        lot: lot(PANEL),
        reason: "溶血".into(),
    };
    trial.run(by("senior"), block);
    assert_eq!(
        trial.refused(by("technologist"), reading(PANEL, "1")),
        ["lot-unusable"]
    );
    // What stands there may still be taken back.
    let mut back = read(workup, "0");
    back.readings[0].grade = None;
    trial.run(by("technologist"), back);
    assert_eq!(
        trial.refused(by("senior"), conclude(workup, "K")),
        ["antibody-unsupported", "nothing-tested"]
    );
    trial.pass(SignedDuration::from_hours(24 * 21));
    let findings = trial.refused(by("technologist"), reading(PANEL, "1"));
    assert_eq!(findings, ["lot-unusable", "sample-expired"]);
}

#[test]
fn a_conclusion_against_what_was_seen_needs_a_reason_and_the_privilege() {
    let (mut trial, workup, patient, _) = begun();
    assert_eq!(
        trial.refused(by("senior"), conclude(workup, "K")),
        ["antibody-unsupported", "nothing-tested"]
    );
    trial.run(by("technologist"), read(workup, "2+ 2+ 0"));
    // Cell 1 carries no K; Fya stands on no reactive cell; the patient is D positive.
    assert_eq!(
        trial.refused(by("senior"), conclude(workup, "K")),
        ["reaction-unexplained"]
    );
    assert_eq!(
        trial.refused(by("senior"), conclude(workup, "Fya")),
        ["antibody-unsupported"]
    );
    let typed = TypePatientAntigen {
        patient,
        antigen: Antigen::D,
        typing: Typing::Positive,
    };
    trial.run(by("technologist"), typed);
    let d = conclude(workup, "D");
    assert_eq!(
        trial.refused(by("senior"), d.clone()),
        ["antibody-own-antigen"]
    );
    let reason = |login: &str| by(login).because(Rule::AntibodyOwnAntigen, "弱D变异型");
    assert_eq!(
        trial.refused(reason("technologist"), d.clone()),
        ["antibody-own-antigen", "not-permitted"]
    );
    trial.run(reason("senior"), d);
    let conclusion = trial
        .hospital
        .identifications
        .get(workup)
        .unwrap()
        .conclusion
        .clone();
    assert_eq!(conclusion.unwrap().settled.len(), 1);
}

#[test]
fn nothing_named_needs_a_note_and_records_nothing() {
    let (mut trial, workup, patient, _) = begun();
    trial.run(by("technologist"), read(workup, "2+ 2+ 2+"));
    let none = |note: &str| ConcludeIdentification {
        workup,
        antibodies: Vec::new(),
        note: note.into(),
    };
    assert_eq!(trial.refused(by("technologist"), none("")), ["bad-value"]);
    trial.run(by("technologist"), none("全部反应，送上级实验室"));
    trial.run(by("senior"), VerifyIdentification { workup });
    assert_eq!(
        trial
            .hospital
            .record_of(patient)
            .unwrap()
            .antibodies()
            .count(),
        0
    );
}

#[test]
fn a_conclusion_can_be_reopened_and_a_work_up_ended() {
    let (mut trial, workup, _, sample) = begun();
    let open = OpenIdentification { sample };
    assert_eq!(
        trial.refused(by("technologist"), open.clone()),
        ["already-exists"]
    );
    trial.run(by("technologist"), read(workup, "0 2+ 0"));
    trial.run(by("technologist"), conclude(workup, "K"));
    assert_eq!(
        trial.refused(by("technologist"), conclude(workup, "K")),
        ["wrong-state"]
    );
    let reason = "漏读一孔".to_owned();
    trial.run(
        by("technologist"),
        ReopenIdentification {
            workup,
            reason: reason.clone(),
        },
    );
    trial.run(by("technologist"), read(workup, "0 3+ 0"));
    trial.run(
        by("technologist"),
        EndIdentification {
            workup,
            reason: reason.clone(),
        },
    );
    assert_eq!(
        trial.refused(by("technologist"), EndIdentification { workup, reason }),
        ["wrong-state"]
    );
    // The same tube may be begun anew.
    trial.run(by("technologist"), open);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_positive_screen_waits_for_its_identification() {
    use crate::testing::{Material, TestKind};
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    let sample = trial.tube(patient, "S1");
    let mut screen = crate::testkit::reaction(
        &trial,
        TestKind::Screen,
        Material::Sample(sample_id("S1")),
        "A+",
    );
    screen.readings = crate::testkit::wells("screen_1=0 screen_2=2 screen_3=0");
    trial.tested(screen);
    let waiting = |trial: &Trial| -> usize { to_identify(&trial.hospital, trial.at).len() };
    assert_eq!(waiting(&trial), 1);
    trial.run(by("technologist"), OpenIdentification { sample });
    assert_eq!(waiting(&trial), 0);
}
