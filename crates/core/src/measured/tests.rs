//! Measured results through the public door: what is taken, what is refused, and what their controls let out.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeline_qc::Decimal;

use super::*;
use crate::command::Command;
use crate::device::{FileMessage, MessageState, ObservedMeasurement, Raw, StoreMessage};
use crate::id::{CaseId, ControlCode, DeviceId, MessageId};
use crate::quality::{
    Affected, Basis, DecideAffected, Level, RecordControlRun, Ruling, RunDraft, SetTarget, Shown,
    coverage, due_lines,
};
use crate::testkit::{Trial, by, lot, sample_id};

fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn draft(trial: &Trial, assay: &str, value: &str) -> Draft {
    Draft {
        assay: AssayCode::parse(assay).unwrap(),
        sample: sample_id("S1"),
        value: Reported::parse(value).unwrap(),
        lots: BTreeSet::new(),
        read: trial.at,
    }
}

fn values(drafts: Vec<Draft>) -> RecordMeasurements {
    RecordMeasurements { drafts }
}

/// A hospital with one tube `S1` of a grown woman.
fn trial() -> Trial {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    trial.tube(patient, "S1");
    trial
}

fn levels(names: &[&str], value: &str) -> Vec<Level> {
    names
        .iter()
        .map(|name| Level {
            level: ControlCode::parse(name).unwrap(),
            material: lot("QC-1"),
            shown: Shown::Measured(number(value)),
        })
        .collect()
}

/// Target 100 ± 2 of both levels of the haemoglobin control.
fn targets(trial: &mut Trial) {
    for level in ["l1", "l2"] {
        let set = SetTarget {
            control: ControlCode::parse("hb").unwrap(),
            material: lot("QC-1"),
            level: ControlCode::parse(level).unwrap(),
            mean: number("100"),
            sd: number("2"),
            basis: Basis::Maker,
            values: 20,
            reason: "说明书定值".into(),
        };
        trial.run(by("senior"), set);
    }
    trial.wait(SignedDuration::from_mins(1));
}

fn control(trial: &mut Trial, value: &str) {
    let draft = RunDraft {
        control: ControlCode::parse("hb").unwrap(),
        place: Place::Bench,
        lots: BTreeSet::new(),
        levels: levels(&["l1", "l2"], value),
        ran: trial.at,
        repeat: None,
    };
    trial.run(by("technologist"), RecordControlRun { draft });
    trial.wait(SignedDuration::from_mins(1));
}

fn recorded(trial: &mut Trial, assay: &str, value: &str) -> MeasurementId {
    let id = trial.hospital.next.measurement;
    let draft = draft(trial, assay, value);
    trial.run(by("technologist"), values(vec![draft]));
    id
}

fn flags(trial: &Trial, id: MeasurementId) -> Vec<&'static str> {
    let one = trial.hospital.measurements.get(id).unwrap();
    let flags = &one.latest().unwrap().work.flags;
    flags.iter().map(|flag| flag.as_str()).collect()
}

fn verify(measurement: MeasurementId, version: usize) -> VerifyMeasurement {
    VerifyMeasurement {
        measurement,
        version,
    }
}

#[test]
fn a_value_keeps_its_digits_and_a_bound_never_becomes_a_number() {
    for (written, kept) in [
        ("1.20", "1.20"),
        (" 0.05 ", "0.05"),
        ("<0.05", "<0.05"),
        ("＜ 0.05", "<0.05"),
        ("≥1000", ">=1000"),
        ("<=7", "<=7"),
    ] {
        let value = Reported::parse(written).unwrap();
        assert_eq!(value.to_string(), kept);
        assert_eq!(Reported::parse(kept), Ok(value));
        assert_eq!(value.exact().is_some(), kept.parse::<f64>().is_ok());
    }
    for wrong in ["", "<", "阴性", "1,2", "<<1", "1.2 g", "-", "1/8"] {
        assert_eq!(Reported::parse(wrong), Err(NotReported), "{wrong:?}");
    }
}

#[test]
fn a_bound_says_only_what_follows_from_it() {
    let limit = number("1.0");
    for (value, reaches, exceeds) in [
        ("0.99", Some(false), Some(false)),
        ("1.00", Some(true), Some(false)),
        ("1.01", Some(true), Some(true)),
        ("<1.0", Some(false), Some(false)),
        ("<1.1", None, None),
        ("<=1.0", None, Some(false)),
        ("<=0.9", Some(false), Some(false)),
        (">1.0", Some(true), Some(true)),
        (">0.9", None, None),
        (">=1.0", Some(true), None),
        (">=1.1", Some(true), Some(true)),
    ] {
        let reported = Reported::parse(value).unwrap();
        assert_eq!(
            (reported.reaches(limit), reported.exceeds(limit)),
            (reaches, exceeds),
            "{value}"
        );
    }
}

#[test]
fn flags_are_told_by_threshold_reference_and_critical_limits() {
    let mut trial = trial();
    for (assay, value, told) in [
        ("hb", "120", vec![]),
        ("hb", "114", vec!["low"]),
        ("hb", "151", vec!["high"]),
        ("hb", "49", vec!["low", "critical-low"]),
        ("hb", "<60", vec!["low", "undecided"]),
        ("hb", ">210", vec!["high", "critical-high"]),
        ("teg-ma", "50.0", vec![]),
        ("teg-ma", "49.9", vec!["low"]),
    ] {
        let id = recorded(&mut trial, assay, value);
        assert_eq!(flags(&trial, id), told, "{assay} {value}");
    }
    for (value, told) in [("1.00", "reactive"), ("0.99", "non-reactive")] {
        let id = trial.hospital.next.measurement;
        let mut draft = draft(&trial, "hbsag-sco", value);
        draft.lots = [lot("CARD-1")].into();
        trial.run(by("technologist"), values(vec![draft]));
        assert_eq!(flags(&trial, id), [told]);
    }
}

#[test]
fn a_value_needs_a_known_assay_a_sample_in_date_and_lots_where_the_control_has_some() {
    let mut trial = trial();
    let good = draft(&trial, "hb", "120");
    let refused =
        |trial: &Trial, draft: Draft| trial.refused(by("technologist"), values(vec![draft]));
    let mut other = draft(&trial, "potassium", "4.1");
    assert_eq!(refused(&trial, other), ["assay-unknown"]);
    other = good.clone();
    other.sample = sample_id("S9");
    assert_eq!(refused(&trial, other), ["not-found"]);
    other = good.clone();
    other.read = trial.minutes(5);
    assert_eq!(refused(&trial, other), ["bad-value"]);
    assert_eq!(
        refused(&trial, draft(&trial, "hbsag-sco", "0.2")),
        ["bad-value"],
        "its control is run with reagent lots"
    );
    other = good.clone();
    other.lots = [lot("NONE-1")].into();
    assert_eq!(refused(&trial, other), ["lot-unusable"]);
    assert_eq!(
        trial.refused(by("technologist"), values(Vec::new())),
        ["bad-value"]
    );
    assert_eq!(
        trial.refused(by("nurse"), values(vec![good.clone()])),
        ["not-permitted"]
    );
    // One that cannot stand keeps the others off the record too.
    let both = values(vec![good.clone(), draft(&trial, "potassium", "4.1")]);
    assert_eq!(trial.refused(by("technologist"), both), ["assay-unknown"]);
    assert_eq!(trial.hospital.measurements.iter().count(), 0);
    trial.wait(SignedDuration::from_hours(24 * 30));
    let late = Draft {
        read: trial.at,
        ..good
    };
    assert_eq!(refused(&trial, late), ["sample-expired"]);
}

#[test]
fn nothing_is_verified_without_its_controls_nor_by_whoever_entered_it() {
    let mut trial = trial();
    let id = recorded(&mut trial, "hb", "120");
    assert_eq!(
        trial.refused(by("technologist2"), verify(id, 1)),
        ["control-uncovered"],
        "the control was never run"
    );
    targets(&mut trial);
    control(&mut trial, "100");
    let read = recorded(&mut trial, "hb", "121");
    assert_eq!(
        trial.refused(by("technologist"), verify(read, 1)),
        ["verifier-is-enterer"]
    );
    assert_eq!(
        trial.refused(by("technologist2"), verify(read, 0)),
        ["version-superseded"]
    );
    trial.run(by("technologist2"), verify(read, 1));
    let one = trial.hospital.measurements.get(read).unwrap();
    assert_eq!(one.state, TestState::Verified);
    assert_eq!(
        trial.refused(by("technologist2"), verify(read, 1)),
        ["wrong-state"]
    );
    // Another assay has other controls.
    let other = recorded(&mut trial, "teg-ma", "60.0");
    assert_eq!(
        trial.refused(by("technologist2"), verify(other, 1)),
        ["control-uncovered"]
    );
    // The day's proof holds both, the one covered and released.
    let lines = coverage(&trial.hospital, trial.minutes(-60), trial.minutes(60));
    let released: Vec<_> = lines
        .iter()
        .filter(|line| line.released && matches!(line.result, Affected::Measured(_)))
        .collect();
    assert_eq!(released.len(), 1);
    assert!(released[0].covered());
    trial.wait(SignedDuration::from_hours(25));
    let late = recorded(&mut trial, "hb", "122");
    assert_eq!(
        trial.refused(by("technologist2"), verify(late, 1)),
        ["control-uncovered"],
        "the run ran out"
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_control_that_goes_out_holds_what_was_measured_since_and_a_ruling_lets_it_go() {
    let mut trial = trial();
    targets(&mut trial);
    control(&mut trial, "100");
    trial.wait(SignedDuration::from_mins(10));
    let kept = recorded(&mut trial, "hb", "118");
    let void = recorded(&mut trial, "hb", "119");
    let aside = recorded(&mut trial, "teg-ma", "60.0");
    trial.run(by("technologist2"), verify(void, 1));
    trial.wait(SignedDuration::from_mins(10));
    control(&mut trial, "120");
    assert_eq!(
        trial.held(),
        [Affected::Measured(kept), Affected::Measured(void)],
        "not {aside}"
    );
    assert!(
        trial
            .refused(by("technologist2"), verify(kept, 1))
            .contains(&"result-held")
    );
    let decide = |result, ruling| DecideAffected {
        case: CaseId(1),
        result,
        ruling,
        reason: "复测一致".into(),
    };
    trial.run(
        by("senior"),
        decide(Affected::Measured(kept), Ruling::Stands),
    );
    trial.run(by("senior"), decide(Affected::Measured(void), Ruling::Void));
    let state = |id| trial.hospital.measurements.get(id).unwrap().state;
    assert_eq!(state(kept), TestState::Entered);
    assert_eq!(state(void), TestState::Invalidated);
    assert_eq!(trial.held(), []);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_correction_is_a_new_version_that_waits_again() {
    let mut trial = trial();
    targets(&mut trial);
    control(&mut trial, "100");
    let id = recorded(&mut trial, "hb", "12");
    trial.run(by("technologist2"), verify(id, 1));
    let correct = |trial: &Trial, version| CorrectMeasurement {
        measurement: id,
        version,
        value: Reported::parse("120").unwrap(),
        lots: BTreeSet::new(),
        read: trial.at,
        reason: "少录一位".into(),
    };
    let mut short = correct(&trial, 1);
    short.reason = "x".into();
    assert_eq!(trial.refused(by("technologist"), short), ["bad-value"]);
    trial.run(by("technologist"), correct(&trial, 1));
    assert_eq!(
        trial.refused(by("technologist"), correct(&trial, 1)),
        ["version-superseded"]
    );
    assert_eq!(
        trial.refused(by("technologist"), verify(id, 2)),
        ["verifier-is-enterer"]
    );
    trial.run(by("technologist2"), verify(id, 2));
    let one = trial.hospital.measurements.get(id).unwrap().clone();
    assert_eq!(one.versions.len(), 2);
    assert!(
        one.versions[0].verified.is_some(),
        "the old version stays as it was"
    );
    assert_eq!(one.versions[1].work.value.to_string(), "120");
    let gone = InvalidateMeasurement {
        measurement: id,
        version: 2,
        reason: "溶血".into(),
    };
    trial.run(by("technologist"), gone.clone());
    assert_eq!(trial.refused(by("technologist"), gone), ["wrong-state"]);
    let assay = AssayCode::parse("hb").unwrap();
    assert_eq!(
        trial
            .hospital
            .measurements
            .stream(&assay, &Place::Bench)
            .count(),
        0
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

fn observed(assay: &str, value: &str, unit: Option<&str>) -> ObservedMeasurement {
    ObservedMeasurement {
        specimen: "S1".into(),
        assay: assay.into(),
        value: value.into(),
        unit: unit.map(str::to_owned),
        lots: BTreeSet::new(),
        read: None,
        edited: false,
        operator: Some("brentp".into()),
        at: 120,
    }
}

fn file(trial: &mut Trial, measured: Vec<ObservedMeasurement>) -> MessageId {
    let message = trial.hospital.next.message;
    trial.run(
        by("device"),
        StoreMessage {
            device: Some(DeviceId::parse("HB-1").unwrap()),
            link: "hb".into(),
            raw: Raw::Text(message.to_string()),
            fingerprint: message.to_string(),
            length: 4,
        },
    );
    refile(trial, message, measured);
    message
}

fn refile(trial: &mut Trial, message: MessageId, measured: Vec<ObservedMeasurement>) {
    let command = FileMessage {
        message,
        observed: Vec::new(),
        problems: Vec::new(),
        crossmatches: Vec::new(),
        measured,
        controls: Vec::new(),
        asked_by: None,
    };
    trial.run(by("device"), command);
}

#[test]
fn what_an_analyser_sends_is_recorded_once_or_waits_with_its_reason_and_place() {
    let mut trial = trial();
    trial.machine("HB-1");
    let good = observed("hb", "131", Some("g/L"));
    let message = file(&mut trial, vec![good.clone()]);
    let one = trial.hospital.measurements.iter().next().unwrap().clone();
    assert_eq!(one.latest().unwrap().work.value.to_string(), "131");
    let filed = trial.hospital.devices.message(message).unwrap().clone();
    assert_eq!(
        (&filed.state, filed.measured.as_slice()),
        (&MessageState::Filed, [one.id].as_slice())
    );
    refile(&mut trial, message, vec![good]);
    assert_eq!(trial.hospital.measurements.iter().count(), 1);
    assert_eq!(
        trial.refused(by("technologist"), verify(one.id, 1)),
        ["control-unplanned"],
        "the plan has no control of haemoglobin on this machine"
    );
    for (wrong, rule) in [
        (
            observed("potassium", "4.1", Some("mmol/L")),
            "assay-unknown",
        ),
        (observed("hb", "13.1", Some("g/dL")), "bad-value"),
        (observed("hb", "131", None), "bad-value"),
        (observed("hb", "clotted", Some("g/L")), "bad-value"),
        (
            ObservedMeasurement {
                specimen: "S9".into(),
                ..observed("hb", "131", Some("g/L"))
            },
            "subject-unmatched",
        ),
    ] {
        let message = file(&mut trial, vec![wrong.clone()]);
        let MessageState::Failed(problems) = trial
            .hospital
            .devices
            .message(message)
            .unwrap()
            .state
            .clone()
        else {
            panic!("filed: {wrong:?}")
        };
        let rules: Vec<&str> = problems[0]
            .findings
            .iter()
            .map(|finding| finding.rule.code())
            .collect();
        assert_eq!((problems[0].at, rules.as_slice()), (120, [rule].as_slice()));
    }
    assert_eq!(trial.hospital.measurements.iter().count(), 1);
    // A hand's correction of an analyser's value stays that analyser's.
    trial.run(
        by("technologist"),
        CorrectMeasurement {
            measurement: one.id,
            version: 1,
            value: Reported::parse("132").unwrap(),
            lots: BTreeSet::new(),
            read: trial.at,
            reason: "重新离心".into(),
        },
    );
    let corrected = trial.hospital.measurements.get(one.id).unwrap();
    let origin = &corrected.latest().unwrap().work.origin;
    assert!(origin.edited());
    assert_eq!(Place::of(origin).to_string(), "HB-1");
    let refused = trial.refused(by("technologist"), verify(one.id, 2));
    assert!(refused.contains(&"verifier-is-enterer"));
}

#[test]
fn a_monitor_follows_the_values_of_one_place_and_tells_a_shift() {
    let mut trial = trial();
    let monitor = monitors(&trial.hospital, trial.at)
        .unwrap()
        .iter()
        .find(|monitor| monitor.assay.as_str() == "hb")
        .unwrap()
        .clone();
    for value in 0..60_i64 {
        trial.wait(SignedDuration::from_mins(1));
        let shifted = if value < 40 { 0 } else { 15 };
        recorded(&mut trial, "hb", &(108 + value % 5 + shifted).to_string());
    }
    let bound = recorded(&mut trial, "hb", "<60");
    let points = monitored(&trial.hospital, &monitor, &Place::Bench);
    assert_eq!(points.len(), 61);
    assert!(
        points[18].seen.statistic.is_none(),
        "the first block is not full"
    );
    assert_eq!(points[19].seen.statistic, Some(110.0));
    assert!(points[..40].iter().all(|point| point.seen.signal.is_none()));
    assert!(points[59].seen.signal.is_some());
    let last = points.last().unwrap();
    assert_eq!((last.measurement, last.seen.counted), (bound, None));
    let machine = Place::Device(DeviceId::parse("HB-1").unwrap());
    assert_eq!(monitored(&trial.hospital, &monitor, &machine), []);
    let assay = AssayCode::parse("hb").unwrap();
    assert_eq!(trial.hospital.measurements.places(&assay), [Place::Bench]);
}

#[test]
fn a_tube_of_somebody_else_takes_its_values_with_it() {
    let mut trial = trial();
    let id = recorded(&mut trial, "hb", "120");
    let patient = trial
        .hospital
        .samples
        .get(&sample_id("S1"))
        .unwrap()
        .patient;
    trial.given(crate::sample::SampleEvent::Suspected {
        sample: sample_id("S1"),
        test: crate::id::TestId(1),
        patient,
        found: crate::blood::BloodGroup::parse("A+").unwrap(),
        on_file: crate::blood::BloodGroup::parse("B+").unwrap(),
    });
    assert!(
        trial
            .refused(by("technologist2"), verify(id, 1))
            .contains(&"wrong-state")
    );
    let settle: Command = crate::sample::SettleSuspicion {
        sample: sample_id("S1"),
        right: false,
        finding: "采错病人".into(),
    }
    .into();
    trial.run(by("senior").with("senior2"), settle);
    let one = trial.hospital.measurements.get(id).unwrap();
    assert_eq!(one.state, TestState::Invalidated);
}

#[test]
fn an_assay_s_lots_are_those_its_control_is_due_with() {
    let mut trial = trial();
    let mut draft = draft(&trial, "hbsag-sco", "0.2");
    draft.lots = [lot("CARD-1")].into();
    trial.run(by("technologist"), values(vec![draft]));
    let line = due_lines(&trial.hospital, trial.at)
        .into_iter()
        .find(|line| line.control.code.as_str() == "hbsag-sco")
        .unwrap();
    assert_eq!(line.lots, [lot("CARD-1")].into());
}
