//! Controls by a link: what a machine sends becomes a run with a verdict, and what cannot be one waits in the error queue with its
//! reason and place.

use jiff::SignedDuration;

use super::*;
use crate::blood::Grade;
use crate::finding::Rule;
use crate::id::{ControlCode, LotId, MessageId};
use crate::quality::{
    AnnotateRun, Place, Reads, RecordControlRun, RunDraft, Shown, Verdict, control,
};
use crate::testing::{LotKind, Material, OpenLot, Origin, Reading, ReceiveLot, TestKind};
use crate::testkit::{Trial, by, reaction};

const MESSAGE: MessageId = MessageId(1);

fn machine() -> DeviceId {
    DeviceId::parse("echo-1").unwrap()
}

/// A bench with a registered machine whose controls nobody has run.
fn department() -> Trial {
    let mut trial = Trial::with_card();
    let register = RegisterDevice {
        device: machine(),
        name: "分析仪".into(),
        profile: "immucor-echo".into(),
        serial: "1".into(),
    };
    trial.run(by("administrator"), register);
    stored(&mut trial);
    trial
}

/// Stores one more message of the machine.
fn stored(trial: &mut Trial) -> MessageId {
    let message = trial.hospital.next.message;
    let store = StoreMessage {
        device: Some(machine()),
        link: "echo".into(),
        raw: Raw::Text("H".into()),
        fingerprint: message.to_string(),
        length: 1,
    };
    trial.run(by("device"), store);
    message
}

/// What the machine's group control shows on a good day, each level at an offset of its own: 100, 200, 300.
fn good(trial: &Trial) -> Vec<ObservedControl> {
    let code = ControlCode::parse("analyser-group").unwrap();
    let Reads::Graded(levels) = &control(&trial.hospital, &code, trial.at).unwrap().reads else {
        panic!("graded")
    };
    (1..)
        .zip(levels)
        .map(|(place, level)| ObservedControl {
            named: format!("{}/QC-1", level.level),
            control: "group".into(),
            level: Some(level.level.to_string()),
            material: Some("QC-1".into()),
            shown: ControlShown::Graded(
                level
                    .wells
                    .iter()
                    .map(|well| Reading {
                        well: well.well,
                        grade: well.grade,
                    })
                    .collect(),
            ),
            lots: Default::default(),
            read: Some(trial.at),
            edited: false,
            operator: Some("brentp".into()),
            apart: false,
            at: place * 100,
        })
        .collect()
}

fn file(trial: &mut Trial, message: MessageId, controls: Vec<ObservedControl>) {
    let command = FileMessage {
        message,
        observed: Vec::new(),
        problems: Vec::new(),
        crossmatches: Vec::new(),
        measured: Vec::new(),
        controls,
        asked_by: None,
    };
    trial.run(by("device"), command);
}

/// What waits in the queue: offset and rules of each problem.
fn queued(trial: &Trial, message: MessageId) -> Vec<(u64, Vec<Rule>)> {
    match &trial.hospital.devices.message(message).unwrap().state {
        MessageState::Failed(problems) => problems
            .iter()
            .map(|problem| {
                let rules = problem.findings.iter().map(|finding| finding.rule);
                (problem.at, rules.collect())
            })
            .collect(),
        MessageState::Filed => Vec::new(),
        other => panic!("{other:?}"),
    }
}

/// Levels recorded from a message.
fn taken(trial: &Trial, message: MessageId) -> Vec<String> {
    let runs = &trial.hospital.devices.message(message).unwrap().controls;
    runs.iter()
        .filter_map(|run| trial.hospital.quality.run(*run))
        .flat_map(|run| run.levels.iter().map(|level| level.level.to_string()))
        .collect()
}

#[test]
fn a_control_by_the_link_is_a_run_of_the_machine_and_covers_its_results() {
    let mut trial = department();
    let patient = trial.patient(1);
    let tube = trial.tube(patient, "S1");
    let shown = good(&trial);
    file(&mut trial, MESSAGE, shown);
    assert_eq!(queued(&trial, MESSAGE), []);
    let [run] = trial.hospital.devices.message(MESSAGE).unwrap().controls[..] else {
        panic!("one run")
    };
    let run = trial.hospital.quality.run(run).unwrap();
    assert_eq!(run.verdict(), Verdict::Accepted);
    assert_eq!(run.place, Place::Device(machine()));
    assert!(
        matches!(&run.origin, Origin::Device { message, operator: Some(who), .. } if *message == MESSAGE && who == "brentp")
    );
    // A result of the machine is released on it, and on nothing else.
    let second = stored(&mut trial);
    let read = reaction(
        &trial,
        TestKind::Group,
        Material::Sample(tube.clone()),
        "A+",
    );
    let result = FileMessage {
        message: second,
        observed: vec![Observed {
            specimen: tube.to_string(),
            kind: TestKind::Group,
            readings: read.readings,
            stated: None,
            lots: Default::default(),
            read: Some(trial.at),
            edited: false,
            operator: None,
            at: 1,
        }],
        problems: Vec::new(),
        crossmatches: Vec::new(),
        measured: Vec::new(),
        controls: Vec::new(),
        asked_by: None,
    };
    trial.run(by("device"), result);
    let test = trial.hospital.devices.message(second).unwrap().tests[0];
    let verify = crate::testing::VerifyTest { test, version: 1 };
    assert!(trial.decide(&by("technologist"), verify).is_ok());
    assert_eq!(trial.replayed(), trial.hospital);
}

/// One thing that is wrong with a level.
type Fault = fn(&mut ObservedControl, &Trial);

#[test]
fn what_no_run_can_be_made_of_waits_with_its_reason_and_the_rest_is_recorded() {
    let faults: [(&str, Fault, Rule); 8] = [
        (
            "a lot nobody knows",
            |one, _| one.material = Some("NO-SUCH".into()),
            Rule::LotUnusable,
        ),
        (
            "a text that is no lot",
            |one, _| one.material = Some("Q C".into()),
            Rule::LotUnusable,
        ),
        (
            "a lot that is no control",
            |one, _| one.material = Some("CARD-1".into()),
            Rule::LotUnusable,
        ),
        ("no lot", |one, _| one.material = None, Rule::BadValue),
        ("no level", |one, _| one.level = None, Rule::BadValue),
        (
            "a level that is none",
            |one, _| one.level = Some("l9".into()),
            Rule::BadValue,
        ),
        (
            "a time in the future",
            |one, trial| one.read = Some(trial.minutes(30)),
            Rule::BadValue,
        ),
        (
            "a control the plan does not have",
            |one, _| one.control = "platelet-count".into(),
            Rule::ControlUnplanned,
        ),
    ];
    for (what, fault, rule) in faults {
        let mut trial = department();
        let mut shown = good(&trial);
        fault(&mut shown[1], &trial);
        file(&mut trial, MESSAGE, shown);
        let queued = queued(&trial, MESSAGE);
        assert!(
            queued
                .iter()
                .any(|(at, rules)| *at == 200 && rules.contains(&rule)),
            "{what}: {queued:?}"
        );
        assert_eq!(taken(&trial, MESSAGE), ["a-pos", "weak"], "{what}");
        assert_eq!(trial.replayed(), trial.hospital, "{what}");
    }
}

#[test]
fn a_number_that_is_none_is_a_finding_by_the_link() {
    let mut trial = department();
    let mut shown = good(&trial);
    shown[0].shown = ControlShown::Measured("<0.5".into());
    file(&mut trial, MESSAGE, shown);
    assert_eq!(queued(&trial, MESSAGE), [(100, vec![Rule::BadValue])]);
    // A number where grades belong.
    trial.wait(SignedDuration::from_mins(1));
    let second = stored(&mut trial);
    let mut shown = good(&trial);
    shown[0].shown = ControlShown::Measured("4.0".into());
    file(&mut trial, second, shown);
    assert_eq!(queued(&trial, second), [(100, vec![Rule::BadValue])]);
}

#[test]
fn a_level_that_is_missing_is_said_and_the_others_stand() {
    let mut trial = department();
    let mut shown = good(&trial);
    let last = shown.pop().unwrap();
    file(&mut trial, MESSAGE, shown);
    assert_eq!(
        queued(&trial, MESSAGE),
        [(100, vec![Rule::ControlLevelMissing])]
    );
    assert_eq!(taken(&trial, MESSAGE), ["a-pos", "b-neg"]);
    // A machine that sends its levels one by one lacks nothing; what has not come does not cover.
    let second = stored(&mut trial);
    trial.wait(SignedDuration::from_mins(1));
    file(
        &mut trial,
        second,
        vec![ObservedControl {
            apart: true,
            ..last
        }],
    );
    assert_eq!(queued(&trial, second), []);
    assert_eq!(taken(&trial, second), ["weak"]);
}

#[test]
fn the_same_control_once_more_is_a_finding_and_not_a_second_run() {
    let mut trial = department();
    let shown = good(&trial);
    file(&mut trial, MESSAGE, shown.clone());
    let second = stored(&mut trial);
    file(&mut trial, second, shown);
    let exists = |at| (at, vec![Rule::AlreadyExists]);
    assert_eq!(
        queued(&trial, second),
        [exists(100), exists(200), exists(300)]
    );
    assert_eq!(taken(&trial, second), [""; 0]);
}

#[test]
fn reading_it_again_makes_only_what_was_not_there_yet() {
    let mut trial = department();
    let mut shown = good(&trial);
    shown[1].material = Some("QC-2".into());
    file(&mut trial, MESSAGE, shown.clone());
    assert_eq!(taken(&trial, MESSAGE), ["a-pos", "weak"]);
    let lot = LotId::parse("QC-2").unwrap();
    trial.control_lot("QC-2");
    assert!(trial.hospital.lots.contains_key(&lot));
    trial.wait(SignedDuration::from_mins(5));
    file(&mut trial, MESSAGE, shown.clone());
    assert_eq!(queued(&trial, MESSAGE), []);
    assert_eq!(taken(&trial, MESSAGE), ["a-pos", "weak", "b-neg"]);
    file(&mut trial, MESSAGE, shown);
    assert_eq!(taken(&trial, MESSAGE), ["a-pos", "weak", "b-neg"]);
}

#[test]
fn a_clock_a_little_ahead_counts_as_now_and_one_far_ahead_never_does() {
    let mut trial = department();
    let mut shown = good(&trial);
    for one in &mut shown {
        one.read = Some(trial.minutes(4));
    }
    file(&mut trial, MESSAGE, shown);
    assert_eq!(queued(&trial, MESSAGE), []);
    let run = trial.hospital.quality.runs().next_back().unwrap();
    assert_eq!(run.ran, trial.at);

    let second = stored(&mut trial);
    let mut shown = good(&trial);
    for one in &mut shown {
        one.read = Some(trial.minutes(60));
    }
    file(&mut trial, second, shown.clone());
    assert_eq!(queued(&trial, second).len(), 3);
    // Not even when that hour has come: it was stored before.
    trial.wait(SignedDuration::from_mins(90));
    file(&mut trial, second, shown);
    assert_eq!(queued(&trial, second).len(), 3);
    assert_eq!(taken(&trial, second), [""; 0]);
}

fn out(one: &mut ObservedControl) {
    let ControlShown::Graded(readings) = &mut one.shown else {
        panic!("graded")
    };
    for reading in readings {
        reading.grade = Grade::Negative;
    }
}

#[test]
fn a_level_that_comes_twice_is_two_runs_and_the_second_repeats_the_first() {
    let mut trial = department();
    let first = trial.at;
    trial.wait(SignedDuration::from_mins(10));
    let message = stored(&mut trial);
    let mut shown = good(&trial);
    for one in &mut shown {
        one.read = Some(first);
    }
    out(&mut shown[2]);
    let mut again = shown[2].clone();
    again.shown = good(&trial)[2].shown.clone();
    again.read = Some(trial.at);
    again.at = 400;
    shown.push(again);
    file(&mut trial, message, shown);
    assert_eq!(queued(&trial, message), []);
    let runs = trial
        .hospital
        .devices
        .message(message)
        .unwrap()
        .controls
        .clone();
    let [first, second] = runs[..] else {
        panic!("{runs:?}")
    };
    let quality = &trial.hospital.quality;
    assert_eq!(quality.run(first).unwrap().verdict(), Verdict::Rejected);
    let repeat = quality.run(second).unwrap();
    assert_eq!(repeat.verdict(), Verdict::Accepted);
    assert_eq!(repeat.repeat.as_ref().map(|(run, _)| *run), Some(first));
    assert_eq!(quality.open_cases().count(), 1);
}

#[test]
fn a_bad_level_does_not_hide_one_that_is_out() {
    let mut trial = department();
    let mut shown = good(&trial);
    shown[0].material = Some("NO-SUCH".into());
    out(&mut shown[2]);
    file(&mut trial, MESSAGE, shown);
    assert_eq!(trial.hospital.quality.open_cases().count(), 1);
}

#[test]
fn who_stood_at_the_machine_does_not_close_its_case() {
    let mut trial = department();
    let mut shown = good(&trial);
    for one in &mut shown {
        one.operator = Some("quality".into());
    }
    out(&mut shown[2]);
    file(&mut trial, MESSAGE, shown);
    let case = trial.hospital.quality.open_cases().next().unwrap().id;
    let correct = crate::quality::CorrectCase {
        case,
        cause: "reagent".into(),
        action: "更换试剂".into(),
    };
    trial.run(by("technologist"), correct);
    trial.wait(SignedDuration::from_mins(5));
    let again = stored(&mut trial);
    let shown = good(&trial);
    file(&mut trial, again, shown);
    let close = crate::quality::CloseCase {
        case,
        note: "重做在控".into(),
    };
    assert_eq!(
        trial.refused(by("quality"), close.clone()),
        [Rule::CaseOwnWork.code()]
    );
    trial.run(by("quality2"), close);
}

#[test]
fn both_doors_find_the_same_things_wrong() {
    let mut trial = department();
    let covered = trial.at;
    trial.wait(SignedDuration::from_mins(5));
    let faultless = RunDraft {
        ran: trial.minutes(-1),
        ..trial.control_run("bench-group", Place::Bench)
    };
    let found = |change: &dyn Fn(&mut RunDraft)| {
        let mut draft = faultless.clone();
        change(&mut draft);
        match trial.decide(&by("technologist"), RecordControlRun { draft }) {
            Ok(_) => Vec::new(),
            Err(refusal) => refusal
                .findings
                .into_iter()
                .map(|finding| finding.rule)
                .collect(),
        }
    };
    let lot = |text: &str| LotId::parse(text).unwrap();
    assert_eq!(found(&|_| {}), []);
    assert_eq!(
        found(&|draft| draft.levels[1].material = lot("NO-SUCH")),
        [Rule::LotUnusable]
    );
    assert_eq!(
        found(&|draft| draft.levels[1].material = lot("CARD-1")),
        [Rule::LotUnusable]
    );
    assert_eq!(
        found(&|draft| draft.levels[1].level = ControlCode::parse("l9").unwrap()),
        [Rule::BadValue, Rule::ControlLevelMissing]
    );
    assert_eq!(
        found(&|draft| drop(draft.levels.pop())),
        [Rule::ControlLevelMissing]
    );
    assert_eq!(
        found(&|draft| draft.control = ControlCode::parse("platelet-count").unwrap()),
        [Rule::NotFound]
    );
    assert_eq!(
        found(&|draft| draft.ran = trial.minutes(1)),
        [Rule::BadValue]
    );
    assert_eq!(found(&|draft| draft.ran = covered), [Rule::AlreadyExists]);
    assert_eq!(
        found(&|draft| draft.levels[0].shown =
            Shown::Measured(lifeline_qc::Decimal::parse("4").unwrap())),
        [Rule::BadValue]
    );
    // A text that is no number is no command at all.
    let mut text =
        serde_json::to_value(Shown::Measured(lifeline_qc::Decimal::parse("4").unwrap())).unwrap();
    assert!(serde_json::from_value::<Shown>(text.clone()).is_ok());
    text["measured"] = "four".into();
    let error = serde_json::from_value::<Shown>(text).unwrap_err();
    assert!(error.to_string().contains("not a number"), "{error}");
}

#[test]
fn a_remark_can_be_made_on_what_a_machine_sent() {
    let mut trial = department();
    let shown = good(&trial);
    file(&mut trial, MESSAGE, shown);
    let run = trial.hospital.devices.message(MESSAGE).unwrap().controls[0];
    trial.run(
        by("technologist"),
        AnnotateRun {
            run,
            level: None,
            text: "新试剂第一天".into(),
        },
    );
    let other = ReceiveLot {
        lot: LotId::parse("CARD-9").unwrap(),
        kind: LotKind::Card,
        name: "卡".into(),
        expires: trial.minutes(9000),
        packs: 1,
    };
    trial.run(by("technologist"), other);
    let lot = LotId::parse("CARD-9").unwrap();
    trial.run(by("technologist"), OpenLot { lot, until: None });
    // Results with a lot the control did not name are not covered by it.
    assert_eq!(trial.hospital.quality.run(run).unwrap().lots.len(), 0);
}
