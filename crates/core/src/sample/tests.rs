//! Reception, validity, and the tube that holds somebody else's blood.

use jiff::SignedDuration;

use super::*;
use crate::finding::Rule;
use crate::patient::{GroupOnFile, Said, StateExposure};
use crate::policy::{Entry, Key, PolicyEvent, Standing, Value};
use crate::testing::{InvalidateTest, Material, RecordTest, TestKind, TestState};
use crate::testkit::{Trial, by, reaction, sample_id};
use crate::unit::Checked;

const DAY: i64 = 1440;

/// A hospital whose samples last three days at risk and seven otherwise.
fn trial() -> Trial {
    let mut trial = Trial::with_card();
    for (key, minutes) in [
        (Key::SampleValidity, 7 * DAY),
        (Key::SampleValidityAtRisk, 3 * DAY),
        (Key::SampleRiskWindow, 90 * DAY),
    ] {
        trial.given(PolicyEvent::Adopted {
            entry: Entry {
                key,
                value: Value::Minutes(minutes),
                effective: trial.at,
                source: "test".into(),
                standing: Standing::Provisional,
            },
        });
    }
    trial
}

fn expires(trial: &Trial, sample: &SampleId) -> Timestamp {
    trial.hospital.samples.get(sample).unwrap().expires
}

#[test]
fn validity_follows_the_history_also_when_it_comes_in_later() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let drawn = trial.at;
    let days = |days: i64| {
        drawn
            .checked_add(SignedDuration::from_mins(days * DAY))
            .unwrap()
    };
    let tube = trial.tube(patient, "S1");
    assert_eq!(
        expires(&trial, &tube),
        days(3),
        "unknown history counts as exposed"
    );
    let state = |trial: &mut Trial, said| {
        trial.run(by("technologist"), StateExposure { patient, said });
    };
    state(&mut trial, Said::Neither);
    assert_eq!(expires(&trial, &tube), days(7));
    state(&mut trial, Said::Last(days(-91)));
    assert_eq!(expires(&trial, &tube), days(7));
    state(&mut trial, Said::Last(days(-89)));
    assert_eq!(expires(&trial, &tube), days(3));
    state(&mut trial, Said::Unknown);
    assert_eq!(expires(&trial, &tube), days(3));
}

#[test]
fn a_statement_older_than_the_window_is_no_statement() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let said = StateExposure {
        patient,
        said: Said::Neither,
    };
    trial.run(by("technologist"), said);
    trial.pass(SignedDuration::from_mins(91 * DAY));
    let tube = trial.tube(patient, "S1");
    assert_eq!(expires(&trial, &tube), trial.minutes(3 * DAY));
}

#[test]
fn blood_given_here_shortens_the_sample_for_the_gate_at_once() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let said = StateExposure {
        patient,
        said: Said::Neither,
    };
    trial.run(by("technologist"), said);
    let tube = trial.tube(patient, "S1");
    trial.pass(SignedDuration::from_mins(4 * DAY));
    let rule = |trial: &Trial| {
        let record = trial.hospital.record_of(patient).unwrap();
        record
            .current_sample(trial.at)
            .map(|s| s.id.clone())
            .map_err(|f| f.rule)
    };
    assert_eq!(rule(&trial), Ok(tube));
    let stamp = trial.journal.last().unwrap().0.clone();
    let at = trial.at;
    trial
        .hospital
        .patients
        .change(patient, &stamp, |p| p.transfused = Some(at));
    assert_eq!(rule(&trial), Err(Rule::SampleExpired));
}

#[test]
fn reception_tolerates_nothing() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let good = trial.draw(patient, "S1");
    let refused =
        |trial: &Trial, command: ReceiveSample| trial.refused(by("technologist"), command);
    let with = |change: &dyn Fn(&mut ReceiveSample)| {
        let mut command = good.clone();
        change(&mut command);
        command
    };
    let future = trial.minutes(1);
    let old = trial.minutes(-4 * DAY);
    assert_eq!(refused(&trial, with(&|c| c.drawn = future)), ["bad-value"]);
    assert_eq!(
        refused(&trial, with(&|c| c.drawn = old)),
        ["sample-expired"]
    );
    assert_eq!(
        refused(&trial, with(&|c| c.drawn_by = " ".into())),
        ["bad-value"]
    );
    assert_eq!(
        refused(&trial, with(&|c| c.identity = Checked::NotChecked)),
        ["bad-value"]
    );
    assert_eq!(
        refused(&trial, with(&|c| c.identity = Checked::Bad)),
        ["sample-wrong-patient"]
    );
    assert_eq!(
        refused(&trial, with(&|c| c.patient = PatientId(9))),
        ["not-found"]
    );
    assert_eq!(
        refused(&trial, with(&|c| c.request = Some(RequestId(9)))),
        ["not-found"]
    );
    trial.run(by("technologist"), good.clone());
    assert_eq!(refused(&trial, good), ["already-exists"]);
}

#[test]
fn a_rejected_tube_has_a_listed_reason_and_is_never_tested() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let reject = RejectSample {
        sample: sample_id("S1"),
        patient,
        request: None,
        reason: "because".into(),
        note: String::new(),
        drawn: None,
        drawn_by: String::new(),
    };
    assert_eq!(
        trial.refused(by("technologist"), reject.clone()),
        ["bad-value"]
    );
    let reject = RejectSample {
        reason: "haemolysed".into(),
        ..reject
    };
    trial.run(by("technologist"), reject);
    let reading = reaction(
        &trial,
        TestKind::Group,
        Material::Sample(sample_id("S1")),
        "A+",
    );
    let record = RecordTest { reaction: reading };
    assert_eq!(
        trial.refused(by("technologist"), record),
        ["sample-rejected"]
    );
}

#[test]
fn a_group_that_differs_from_the_history_makes_the_tube_suspect_and_not_the_patient() {
    for wrong in ["B+", "A-"] {
        let mut trial = trial();
        let patient = trial.patient(1);
        trial.grouped(patient, "S1", "A+");
        let test = trial.grouped(patient, "S2", wrong);
        let tube = sample_id("S2");
        let record = trial.hospital.record_of(patient).unwrap();
        assert_eq!(
            trial.hospital.samples.get(&tube).unwrap().state,
            SampleState::Suspect(test)
        );
        assert_eq!(record.determinations().len(), 1);
        assert_eq!(
            record.group(trial.at),
            GroupOnFile::Discordant,
            "nothing is issued meanwhile"
        );
        // No screen on a suspected tube, but grouping again is how it is looked into.
        let again = |kind| RecordTest {
            reaction: reaction(&trial, kind, Material::Sample(tube.clone()), wrong),
        };
        assert_eq!(
            trial.refused(by("technologist"), again(TestKind::Screen)),
            ["sample-wrong-blood"]
        );
        assert!(
            trial
                .decide(&by("technologist"), again(TestKind::Group))
                .is_ok()
        );
    }
}

#[test]
fn a_tube_shown_to_be_wrong_takes_everything_tested_on_it_along() {
    let mut trial = trial();
    let patient = trial.patient(1);
    trial.grouped(patient, "S1", "A+");
    let tube = trial.tube(patient, "S2");
    let screen = reaction(
        &trial,
        TestKind::Screen,
        Material::Sample(tube.clone()),
        "A+",
    );
    let screen = trial.tested(screen);
    let wrong = reaction(
        &trial,
        TestKind::Group,
        Material::Sample(tube.clone()),
        "B+",
    );
    let group = trial.tested(wrong);
    let settle = SettleSuspicion {
        sample: tube.clone(),
        right: false,
        finding: "采血错床".into(),
    };
    assert_eq!(
        trial.refused(by("senior"), settle.clone()),
        ["second-person-needed"]
    );
    trial.run(by("senior").with("head"), settle);
    for test in [screen, group] {
        assert_eq!(
            trial.hospital.tests.get(test).unwrap().state,
            TestState::Invalidated
        );
    }
    assert!(matches!(
        trial.hospital.samples.get(&tube).unwrap().state,
        SampleState::Ended(_)
    ));
    let record = trial.hospital.record_of(patient).unwrap();
    assert!(matches!(record.group(trial.at), GroupOnFile::Once(_)));
}

#[test]
fn a_tube_shown_to_be_right_leaves_the_record_discordant_until_the_wrong_history_is_voided() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let first = trial.grouped(patient, "S1", "A+");
    trial.grouped(patient, "S2", "B+");
    let settle = SettleSuspicion {
        sample: sample_id("S2"),
        right: true,
        finding: "首份标本采错".into(),
    };
    trial.run(by("senior").with("head"), settle);
    let on_file = |trial: &Trial| trial.hospital.record_of(patient).unwrap().group(trial.at);
    assert_eq!(on_file(&trial), GroupOnFile::Discordant);
    let void = InvalidateTest {
        test: first,
        version: 1,
        reason: "标本不是本人".into(),
    };
    trial.run(by("senior"), void);
    assert_eq!(
        on_file(&trial)
            .group()
            .map(|group| group.to_string())
            .as_deref(),
        Some("B+")
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn an_ended_tube_stays_ended_and_a_stored_one_is_found() {
    let mut trial = trial();
    let patient = trial.patient(1);
    let tube = trial.tube(patient, "S1");
    let store = StoreSample {
        sample: tube.clone(),
        place: "冰箱2-3".into(),
    };
    trial.run(by("technologist"), store);
    assert_eq!(
        trial.hospital.samples.get(&tube).unwrap().stored.as_deref(),
        Some("冰箱2-3")
    );
    let end = EndSample {
        sample: tube.clone(),
        reason: "用完".into(),
    };
    trial.run(by("technologist"), end.clone());
    assert_eq!(trial.refused(by("technologist"), end), ["wrong-state"]);
    let reading = reaction(&trial, TestKind::Group, Material::Sample(tube), "A+");
    let record = RecordTest { reaction: reading };
    assert_eq!(trial.refused(by("technologist"), record), ["wrong-state"]);
}

#[test]
fn the_bench_finds_the_tubes_in_date_and_the_suspected_ones() {
    let mut trial = trial();
    let patient = trial.patient(1);
    trial.grouped(patient, "S1", "A+");
    let in_date = |trial: &Trial| trial.hospital.samples.expiring(trial.at).count();
    let suspect = |trial: &Trial| trial.hospital.samples.suspect().count();
    assert_eq!((in_date(&trial), suspect(&trial)), (1, 0));
    trial.grouped(patient, "S2", "B+");
    assert_eq!((in_date(&trial), suspect(&trial)), (1, 1));
    let settle = SettleSuspicion {
        sample: sample_id("S2"),
        right: false,
        finding: "采错".into(),
    };
    trial.run(by("senior").with("head"), settle);
    assert_eq!((in_date(&trial), suspect(&trial)), (1, 0));
    trial.pass(SignedDuration::from_mins(3 * DAY));
    assert_eq!(in_date(&trial), 0);
}

#[test]
fn a_rejection_waits_for_the_ward_until_it_has_answered() {
    let mut trial = trial();
    let patient = trial.patient(9);
    let reject = RejectSample {
        sample: sample_id("S9"),
        patient,
        request: None,
        reason: "unlabelled".into(),
        note: String::new(),
        drawn: None,
        drawn_by: String::new(),
    };
    trial.run(by("technologist"), reject);
    let waiting = |trial: &Trial| {
        crate::due::alarms(&trial.hospital, trial.at)
            .iter()
            .filter(|alarm| alarm.kind == crate::due::AlarmKind::SampleRejected)
            .count()
    };
    assert_eq!(waiting(&trial), 1);
    let answer = |text: &str| AnswerRejection {
        sample: sample_id("S9"),
        answer: text.into(),
    };
    assert_eq!(trial.refused(by("nurse"), answer("")), ["bad-value"]);
    assert_eq!(
        trial.refused(by("auditor"), answer("已重新采血")),
        ["not-permitted"]
    );
    trial.run(by("nurse"), answer("已重新采血"));
    assert_eq!(waiting(&trial), 0);
    assert_eq!(
        trial.refused(by("nurse"), answer("再答一次")),
        ["wrong-state"]
    );
    assert_eq!(trial.replayed(), trial.hospital);
}
