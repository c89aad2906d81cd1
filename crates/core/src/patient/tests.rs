//! The record of a person through merges, groups and history.

use super::*;
use crate::blood::{BloodGroup, Typing};
use crate::finding::Rule;
use crate::testkit::{Trial, by};

fn group(text: &str) -> BloodGroup {
    BloodGroup::parse(text).unwrap()
}

fn merge(from: PatientId, into: PatientId) -> MergePatients {
    MergePatients {
        from,
        into,
        reason: "同一人".into(),
    }
}

fn antibody(patient: PatientId, antigen: Antigen) -> RecordAntibody {
    RecordAntibody {
        patient,
        specificity: Specificity::Antigen(antigen),
        significant: true,
        test: None,
    }
}

fn on_file(trial: &Trial, patient: PatientId) -> GroupOnFile {
    trial.hospital.record_of(patient).unwrap().group(trial.at)
}

#[test]
fn two_independent_samples_prove_a_group_and_one_does_not() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    assert_eq!(on_file(&trial, patient), GroupOnFile::Unknown);
    trial.grouped(patient, "S1", "A+");
    assert_eq!(on_file(&trial, patient), GroupOnFile::Once(group("A+")));
    // Another tube of the same draw by the same hand proves nothing new.
    trial.grouped(patient, "S2", "A+");
    assert_eq!(on_file(&trial, patient), GroupOnFile::Once(group("A+")));
    trial.pass(jiff::SignedDuration::from_mins(11));
    trial.grouped(patient, "S3", "A+");
    assert_eq!(on_file(&trial, patient), GroupOnFile::Twice(group("A+")));
}

#[test]
fn a_group_carried_over_never_counts_and_can_be_taken_back() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    let historic = |group| RecordHistoricGroup {
        patient,
        group,
        determined: "2019-01-01T00:00:00Z".parse().unwrap(),
    };
    trial.run(by("senior"), historic(group("A+")));
    assert_eq!(on_file(&trial, patient), GroupOnFile::Historic(group("A+")));
    assert_eq!(on_file(&trial, patient).group(), None);
    trial.grouped(patient, "S1", "A+");
    assert_eq!(on_file(&trial, patient), GroupOnFile::Once(group("A+")));
    trial.run(by("senior"), historic(group("B+")));
    assert_eq!(on_file(&trial, patient), GroupOnFile::Discordant);
    let back = WithdrawHistoricGroup {
        patient,
        reason: "外院录入错误".into(),
    };
    trial.run(by("senior"), back.clone());
    assert_eq!(on_file(&trial, patient), GroupOnFile::Once(group("A+")));
    assert_eq!(trial.refused(by("senior"), back), ["wrong-state"]);
}

#[test]
fn records_with_different_abo_cannot_be_merged_by_anybody() {
    let mut trial = Trial::with_card();
    let (one, other) = (trial.patient(1), trial.patient(2));
    trial.grouped(one, "S1", "A+");
    trial.grouped(other, "S2", "B+");
    for login in ["senior", "head"] {
        let pressed = by(login).because(Rule::MergeDiscordant, "坚持合并");
        assert_eq!(
            trial.refused(pressed, merge(one, other)),
            ["merge-discordant"]
        );
    }
}

#[test]
fn after_a_merge_what_either_record_knew_counts_and_an_unmerge_gives_each_its_own() {
    let mut trial = Trial::with_card();
    let (from, into) = (trial.patient(1), trial.patient(2));
    trial.run(by("technologist"), antibody(from, Antigen::BigE));
    trial.run(by("technologist"), antibody(into, Antigen::Jka));
    let need = RaiseNeed {
        patient: from,
        kind: NeedKind::Attribute(Attribute::Irradiated),
        from: None,
        until: None,
        reason: "移植后".into(),
    };
    trial.run(by("technologist"), need);
    trial.grouped(from, "S1", "O-");
    trial.pass(jiff::SignedDuration::from_mins(60));
    trial.grouped(into, "S2", "O-");
    trial.run(by("senior"), merge(from, into));

    let record = trial.hospital.record_of(from).unwrap();
    assert_eq!(record.id(), into);
    assert_eq!(record.antibodies().count(), 2);
    assert_eq!(record.needs(trial.at).count(), 1);
    assert_eq!(record.samples().len(), 2);
    assert_eq!(record.numbers().len(), 2);
    assert_eq!(record.group(trial.at), GroupOnFile::Twice(group("O-")));

    // The record that was merged away takes nothing new, and the antibody is known already.
    assert_eq!(
        trial.refused(by("technologist"), antibody(from, Antigen::M)),
        ["patient-merged"]
    );
    assert_eq!(
        trial.refused(by("technologist"), antibody(into, Antigen::BigE)),
        ["already-exists"]
    );
    assert_eq!(
        trial.refused(by("senior"), merge(into, from)),
        ["patient-merged"]
    );
    let end = EndNeed {
        patient: into,
        kind: NeedKind::Attribute(Attribute::Irradiated),
        reason: "不再需要".into(),
    };
    trial.run(by("technologist"), end.clone());
    assert_eq!(trial.refused(by("technologist"), end), ["wrong-state"]);

    let apart = UnmergePatients {
        from,
        reason: "同名不同人".into(),
    };
    trial.run(by("senior"), apart.clone());
    assert_eq!(trial.refused(by("senior"), apart), ["wrong-state"]);
    for patient in [from, into] {
        assert_eq!(
            trial
                .hospital
                .record_of(patient)
                .unwrap()
                .antibodies()
                .count(),
            1
        );
        assert_eq!(on_file(&trial, patient), GroupOnFile::Once(group("O-")));
    }
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_merge_shortens_the_samples_that_the_other_records_history_puts_at_risk() {
    let mut trial = Trial::new();
    let (from, into) = (trial.patient(1), trial.patient(2));
    let day = 1440;
    for (key, minutes) in [
        (crate::policy::Key::SampleValidity, 7 * day),
        (crate::policy::Key::SampleValidityAtRisk, 3 * day),
    ] {
        trial.given(crate::policy::PolicyEvent::Adopted {
            entry: crate::policy::Entry {
                key,
                value: crate::policy::Value::Minutes(minutes),
                effective: trial.at,
                source: "test".into(),
                standing: crate::policy::Standing::Provisional,
            },
        });
    }
    let state = |patient, said| StateExposure { patient, said };
    trial.run(by("technologist"), state(into, Said::Neither));
    let tube = trial.tube(into, "S1");
    let expires = |trial: &Trial| trial.hospital.samples.get(&tube).unwrap().expires;
    assert_eq!(expires(&trial), trial.minutes(7 * day));
    let last = Said::Last(trial.minutes(-20 * day));
    trial.run(by("technologist"), state(from, last));
    trial.run(by("senior"), merge(from, into));
    assert_eq!(expires(&trial), trial.minutes(3 * day));
}

#[test]
fn antigens_two_records_contradict_each_other_in_count_as_untested() {
    let mut trial = Trial::new();
    let (from, into) = (trial.patient(1), trial.patient(2));
    for (patient, antigen, typing) in [
        (from, Antigen::BigE, Typing::Positive),
        (into, Antigen::BigE, Typing::Negative),
        (from, Antigen::BigK, Typing::Negative),
    ] {
        let command = TypePatientAntigen {
            patient,
            antigen,
            typing,
        };
        trial.run(by("technologist"), command);
    }
    trial.run(by("senior"), merge(from, into));
    let antigens = trial.hospital.record_of(into).unwrap().antigens();
    assert_eq!(antigens.typing(Antigen::BigE), Typing::NotTested);
    assert_eq!(antigens.typing(Antigen::BigK), Typing::Negative);
}

#[test]
fn an_unmerge_gives_each_sample_the_life_its_own_history_allows() {
    let mut trial = Trial::new();
    let (from, into) = (trial.patient(1), trial.patient(2));
    let day = 1440;
    for (key, minutes) in [
        (crate::policy::Key::SampleValidity, 7 * day),
        (crate::policy::Key::SampleValidityAtRisk, 3 * day),
    ] {
        trial.given(crate::policy::PolicyEvent::Adopted {
            entry: crate::policy::Entry {
                key,
                value: crate::policy::Value::Minutes(minutes),
                effective: trial.at,
                source: "test".into(),
                standing: crate::policy::Standing::Provisional,
            },
        });
    }
    let state = |patient, said| StateExposure { patient, said };
    trial.run(by("technologist"), state(into, Said::Neither));
    let last = Said::Last(trial.minutes(-20 * day));
    trial.run(by("technologist"), state(from, last));
    let (mine, other) = (trial.tube(into, "S1"), trial.tube(from, "S2"));
    let expires =
        |trial: &Trial, tube: &SampleId| trial.hospital.samples.get(tube).unwrap().expires;
    trial.run(by("senior"), merge(from, into));
    assert_eq!(expires(&trial, &mine), trial.minutes(3 * day));
    trial.run(
        by("senior"),
        UnmergePatients {
            from,
            reason: "同名不同人".into(),
        },
    );
    assert_eq!(expires(&trial, &mine), trial.minutes(7 * day));
    assert_eq!(expires(&trial, &other), trial.minutes(3 * day));
    assert_eq!(trial.replayed(), trial.hospital);
}

fn admitted(trial: &Trial, number: &str, birth: &str, diagnosis: &str) -> RegisterPatient {
    RegisterPatient {
        numbers: [(PatientNumber::parse(number).unwrap(), NumberKind::Hospital)].into(),
        demographics: Demographics {
            name: format!("病人{number}"),
            sex: Sex::Male,
            birth: birth.parse().ok(),
            ward: None,
            bed: None,
            address: None,
            phone: None,
            diagnosis: Some(diagnosis.into()),
        },
        unidentified: trial.hospital.seq == 0,
    }
}

fn in_force(trial: &Trial, patient: PatientId) -> Vec<NeedKind> {
    let record = trial.hospital.record_of(patient).unwrap();
    record.needs(trial.at).map(|need| need.kind).collect()
}

#[test]
fn diagnosis_and_age_raise_requirements_by_themselves_until_outgrown_or_ended() {
    let mut trial = Trial::new();
    let irradiated = NeedKind::Attribute(Attribute::Irradiated);
    let patient = trial.hospital.next.patient;
    let ill = admitted(&trial, "H1", "1980-01-01", "霍奇金淋巴瘤 II期");
    trial.run(by("technologist"), ill);
    assert_eq!(in_force(&trial, patient), [irradiated]);
    // Ended by a person, it is not raised again behind their back.
    trial.run(
        by("senior"),
        EndNeed {
            patient,
            kind: irradiated,
            reason: "诊断已更正".into(),
        },
    );
    let record = trial.hospital.patients.get(patient).unwrap();
    let again = AmendPatient {
        patient,
        numbers: record.numbers.clone(),
        demographics: record.demographics.clone(),
        unidentified: false,
    };
    trial.run(by("technologist"), again);
    assert!(in_force(&trial, patient).is_empty());
    // A newborn outgrows the requirement on the day; twice admitted, it is raised once.
    let child = trial.hospital.next.patient;
    trial.run(
        by("technologist"),
        admitted(&trial, "H2", "2026-11-12", "早产"),
    );
    let cmv = NeedKind::Attribute(Attribute::CmvNegative);
    assert_eq!(in_force(&trial, child), [cmv]);
    let record = trial.hospital.patients.get(child).unwrap();
    let again = AmendPatient {
        patient: child,
        numbers: record.numbers.clone(),
        demographics: record.demographics.clone(),
        unidentified: false,
    };
    trial.run(by("technologist"), again);
    assert_eq!(in_force(&trial, child), [cmv]);
    // The eighteenth day from now is the twenty-eighth of life.
    trial.pass(jiff::SignedDuration::from_hours(24 * 18 - 9));
    assert_eq!(in_force(&trial, child), [cmv]);
    trial.pass(jiff::SignedDuration::from_hours(1));
    assert!(in_force(&trial, child).is_empty());
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_request_raises_what_its_own_diagnosis_asks_for() {
    let mut trial = Trial::new();
    let patient = trial.patient(1);
    let mut order = crate::issue::tests::order(
        crate::blood::Component::RedCells,
        crate::request::Urgency::Routine,
        &trial,
    );
    order.diagnosis = "Bone marrow transplant, day 3".into();
    trial.run(
        by("clinician"),
        crate::request::PlaceRequest { patient, order },
    );
    assert_eq!(
        in_force(&trial, patient),
        [NeedKind::Attribute(Attribute::Irradiated)]
    );
}

#[test]
fn linked_people_know_each_other_and_a_child_has_one_mother() {
    let mut trial = Trial::new();
    let (mother, child, other) = (trial.patient(1), trial.patient(2), trial.patient(3));
    let link = |patient, kind, other| LinkPatients {
        patient,
        kind,
        other,
    };
    trial.run(by("clinician"), link(mother, LinkKind::MotherOf, child));
    let linked =
        |trial: &Trial, patient, kind| trial.hospital.record_of(patient).unwrap().linked(kind);
    assert_eq!(linked(&trial, child, LinkKind::ChildOf), [mother]);
    assert_eq!(
        trial.refused(by("clinician"), link(child, LinkKind::ChildOf, mother)),
        ["already-exists"]
    );
    assert_eq!(
        trial.refused(by("clinician"), link(child, LinkKind::ChildOf, other)),
        ["wrong-state"]
    );
    assert_eq!(
        trial.refused(by("clinician"), link(child, LinkKind::PartnerOf, child)),
        ["bad-value"]
    );
    let wrong = UnlinkPatients {
        patient: child,
        kind: LinkKind::ChildOf,
        other: mother,
        reason: "母亲是另一人".into(),
    };
    trial.run(by("clinician"), wrong.clone());
    assert!(linked(&trial, mother, LinkKind::MotherOf).is_empty());
    assert_eq!(trial.refused(by("clinician"), wrong), ["wrong-state"]);
    assert_eq!(trial.replayed(), trial.hospital);
}
