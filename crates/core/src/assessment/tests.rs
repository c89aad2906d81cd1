//! A round from its plan to its close, and everything that must not be done on the way.

mod records;
mod tubes;

use jiff::SignedDuration;
use lifeline_qc::eqa::{ErrorKind, Performance, Submitted, Verdict};

use super::*;
use crate::due::{AlarmKind, DueKind, alarms, due};
use crate::finding::Rule;
use crate::testkit::{By, Trial, by, sample_id, user};

const DAY: i64 = 1440;
const CODES: [&str; 5] = ["01", "02", "03", "04", "05"];
const GROUPS: [&str; 5] = ["A", "B", "O", "AB", "A"];

fn programme_id() -> ProgrammeId {
    ProgrammeId::parse("NCCL-ABO").unwrap()
}

fn programme() -> SaveProgramme {
    let graded = |code: &str| Item {
        code: code.into(),
        measure: Measure::Graded,
    };
    SaveProgramme {
        programme: programme_id(),
        name: "输血相容性检测".into(),
        latin: "Transfusion compatibility".into(),
        provider: "NCCL".into(),
        table: "china".into(),
        items: vec![
            graded("abo"),
            graded("screen"),
            Item {
                code: "haemoglobin".into(),
                measure: Measure::Measured { unit: "g/L".into() },
            },
        ],
        active: true,
    }
}

/// A trial with the programme, entered by the quality officer.
fn trial() -> Trial {
    let mut trial = Trial::new();
    trial.run(by("quality"), programme());
    trial
}

fn open(trial: &mut Trial, label: &str) -> RoundId {
    let round = trial.hospital.next.round;
    let deadline = trial.minutes(14 * DAY);
    trial.run(
        by("quality"),
        OpenRound {
            programme: programme_id(),
            label: label.into(),
            deadline,
            samples: 5,
        },
    );
    round
}

fn panel(trial: &Trial, round: RoundId) -> ReceivePanel {
    ReceivePanel {
        round,
        received: trial.at,
        samples: CODES
            .iter()
            .map(|code| BlindSample {
                code: (*code).into(),
                tube: tube(round, code),
            })
            .collect(),
        intact: true,
        note: String::new(),
    }
}

fn tube(round: RoundId, code: &str) -> SampleId {
    sample_id(&format!("Q{}-{code}", round.0))
}

/// What a careful bench finds: groups right, screens negative, haemoglobin 120.
fn found(trial: &Trial, round: RoundId, tester: &str) -> EnterResults {
    let mut results = Vec::new();
    for (code, group) in CODES.iter().zip(GROUPS) {
        let entry = |item: &str, answer| Entered {
            tube: tube(round, code),
            item: item.into(),
            answer,
        };
        results.push(entry("abo", Answer::Word(group.into())));
        results.push(entry("screen", Answer::Word("阴性".into())));
        results.push(entry("haemoglobin", Answer::Figure(number("120.0"))));
    }
    EnterResults {
        round,
        tester: user(tester),
        tested: trial.at,
        device: None,
        results,
        correction: String::new(),
    }
}

fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// The provider's report: screens negative, haemoglobin as given.
fn told(round: RoundId, groups: [&str; 5], haemoglobin: &str) -> RecordReport {
    let mut targets = Vec::new();
    for (code, group) in CODES.iter().zip(groups) {
        let target = |item: &str, target| Told {
            code: (*code).into(),
            item: item.into(),
            target,
        };
        targets.push(target("abo", Target::Expected(group.into())));
        targets.push(target("screen", Target::Expected("negative".into())));
        let assigned = Target::Assigned {
            x_pt: number(haemoglobin),
            sigma_pt: number("2.0"),
            u_x_pt: None,
        };
        targets.push(target("haemoglobin", assigned));
    }
    RecordReport {
        round,
        reference: "R-1".into(),
        targets,
    }
}

fn both() -> By {
    by("senior").with("head")
}

fn send(round: RoundId) -> SubmitRound {
    SubmitRound {
        round,
        reference: "receipt 77".into(),
    }
}

/// A round tested and sent in time; the tester is one of two so that they take turns.
fn sent(trial: &mut Trial, label: &str, tester: &str) -> RoundId {
    let round = open(trial, label);
    trial.run(by("quality"), panel(trial, round));
    trial.run(by("technologist"), found(trial, round, tester));
    trial.run(both(), send(round));
    round
}

fn state(trial: &Trial, round: RoundId) -> RoundState {
    trial.hospital.assessments.round(round).unwrap().state()
}

#[test]
fn a_good_round_from_plan_to_close() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    assert_eq!(state(&trial, round), RoundState::Awaited);
    trial.run(by("quality"), panel(&trial, round));
    assert_eq!(state(&trial, round), RoundState::Testing);
    trial.run(by("technologist"), found(&trial, round, "technologist"));
    trial.run(both(), send(round));
    assert_eq!(state(&trial, round), RoundState::Submitted);
    trial.pass(SignedDuration::from_mins(30 * DAY));
    trial.run(by("quality"), told(round, GROUPS, "121.0"));
    let held = trial.hospital.assessments.round(round).unwrap();
    let outcome = held.outcome().unwrap();
    assert!(outcome.satisfactory);
    assert_eq!(
        (outcome.score, outcome.submitted),
        (10_000, Submitted::OnTime)
    );
    assert_eq!(held.state(), RoundState::Settled);
    let close = CloseRound {
        round,
        note: String::new(),
    };
    // Whoever sent the results does not close the round.
    assert_eq!(
        trial.refused(by("senior"), close.clone()),
        ["assessment-closer-involved"]
    );
    trial.run(by("quality"), close);
    assert_eq!(state(&trial, round), RoundState::Closed);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn one_wrong_group_is_worked_up_before_the_round_is_closed() {
    let mut trial = trial();
    let round = sent(&mut trial, "2026-3", "technologist");
    trial.run(
        by("quality"),
        told(round, ["A", "B", "O", "AB", "O"], "125.0"),
    );
    let held = trial.hospital.assessments.round(round).unwrap().clone();
    let outcome = held.outcome().unwrap();
    let item = |code: &str| outcome.items.iter().find(|item| item.item == code).unwrap();
    assert_eq!(
        (item("abo").score(), item("abo").satisfactory),
        (8_000, false)
    );
    assert_eq!(item("abo").marks["05"], Mark::Wrong(ErrorKind::Wrong));
    let warning = Mark::Scored {
        score: Score(-2500),
        prime: false,
        verdict: Verdict::Warning,
    };
    assert_eq!(item("haemoglobin").marks["01"], warning);
    assert_eq!(held.state(), RoundState::Unsatisfactory);
    let kinds = |trial: &Trial| -> Vec<AlarmKind> {
        alarms(&trial.hospital, trial.at)
            .iter()
            .map(|alarm| alarm.kind)
            .collect()
    };
    assert_eq!(kinds(&trial), [AlarmKind::AssessmentUnsolved]);
    let step = |step| TakeStep { round, step };
    let close = CloseRound {
        round,
        note: String::new(),
    };
    let effect = |effective| Step::Effect {
        effective,
        finding: "五份质控样本复测".into(),
    };
    assert_eq!(
        trial.refused(by("head"), close.clone()),
        ["assessment-unsolved"]
    );
    assert_eq!(
        trial.refused(by("quality"), step(Step::Correction("培训".into()))),
        ["assessment-unsolved"]
    );
    trial.run(
        by("quality"),
        step(Step::Cause("05 号样本与 03 号放反".into())),
    );
    trial.run(
        by("quality"),
        step(Step::Correction("双人核对上机位置".into())),
    );
    trial.run(by("quality"), step(effect(false)));
    assert_eq!(state(&trial, round), RoundState::Unsatisfactory);
    assert_eq!(
        trial.refused(by("head"), close.clone()),
        ["assessment-unsolved"]
    );
    // The same correction is not judged twice.
    assert_eq!(
        trial.refused(by("quality"), step(effect(true))),
        ["assessment-unsolved"]
    );
    trial.run(by("quality"), step(Step::Correction("改用条码架".into())));
    trial.run(by("quality"), step(effect(true)));
    assert_eq!(state(&trial, round), RoundState::Settled);
    assert_eq!(
        trial.refused(by("quality"), close.clone()),
        ["assessment-closer-involved"]
    );
    trial.run(by("head"), close);
    assert!(kinds(&trial).is_empty());
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn late_is_nothing_and_must_be_meant() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    trial.run(by("quality"), panel(&trial, round));
    trial.run(by("technologist"), found(&trial, round, "technologist"));
    trial.pass(SignedDuration::from_mins(14 * DAY + 1));
    assert_eq!(trial.refused(both(), send(round)), ["assessment-late"]);
    trial.run(
        both().because(Rule::AssessmentLate, "平台故障"),
        send(round),
    );
    trial.run(by("quality"), told(round, GROUPS, "120.0"));
    let held = trial.hospital.assessments.round(round).unwrap();
    let outcome = held.outcome().unwrap();
    assert_eq!((outcome.score, outcome.submitted), (0, Submitted::Late));
    assert_eq!(held.state(), RoundState::Unsatisfactory);
}

#[test]
fn absent_is_nothing_and_known_only_after_the_deadline() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    let report = told(round, GROUPS, "120.0");
    assert_eq!(
        trial.refused(by("quality"), report.clone()),
        ["wrong-state"]
    );
    trial.pass(SignedDuration::from_mins(15 * DAY));
    trial.run(by("quality"), report.clone());
    let held = trial.hospital.assessments.round(round).unwrap();
    let outcome = held.outcome().unwrap();
    assert_eq!((outcome.score, outcome.submitted), (0, Submitted::Absent));
    assert!(!outcome.satisfactory);
    assert_eq!(trial.refused(by("quality"), report), ["wrong-state"]);
    assert!(trial.hospital.assessments.due().next().is_none());
}

#[test]
fn a_deadline_comes_nearer_in_three_alerts() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    let deadline = trial.hospital.assessments.round(round).unwrap().deadline;
    let kinds = |trial: &Trial| -> Vec<AlarmKind> {
        alarms(&trial.hospital, trial.at)
            .iter()
            .map(|alarm| alarm.kind)
            .collect()
    };
    let mut seen = Vec::new();
    loop {
        let next = due(&trial.hospital, trial.at)
            .into_iter()
            .find(|due| due.kind == DueKind::AssessmentDeadline);
        let Some(next) = next else { break };
        trial.at = next.at;
        seen.push((
            deadline.duration_since(trial.at).as_mins() / DAY,
            kinds(&trial),
        ));
    }
    let wanted = [
        (7, vec![AlarmKind::AssessmentFirst]),
        (3, vec![AlarmKind::AssessmentSecond]),
        (1, vec![AlarmKind::AssessmentLast]),
        (0, vec![AlarmKind::AssessmentOverdue]),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn the_bench_does_not_know_and_takes_turns() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-2");
    let mut bare = panel(&trial, round);
    bare.samples[0].tube = sample_id("01");
    assert_eq!(trial.refused(by("quality"), bare), ["assessment-not-blind"]);
    trial.run(by("senior"), panel(&trial, round));
    // The senior unpacked the panel.
    assert_eq!(
        trial.refused(by("technologist"), found(&trial, round, "senior")),
        ["assessment-not-blind"]
    );
    trial.run(by("technologist"), found(&trial, round, "technologist"));
    trial.run(both(), send(round));
    trial.pass(SignedDuration::from_mins(20 * DAY));
    let next = open(&mut trial, "2026-3");
    trial.run(by("quality"), panel(&trial, next));
    let again = found(&trial, next, "technologist");
    assert_eq!(
        trial.refused(by("senior"), again.clone()),
        ["assessment-rotation"]
    );
    let reason = |login: &str| by(login).because(Rule::AssessmentRotation, "只此一人会做");
    // A reason alone does not do: it takes the privilege.
    assert!(
        trial
            .refused(reason("technologist"), again.clone())
            .contains(&"not-permitted")
    );
    trial.run(reason("senior"), again);
}

#[test]
fn a_changed_answer_keeps_the_reason_and_the_journal_the_old_one() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    trial.run(by("quality"), panel(&trial, round));
    trial.run(by("technologist"), found(&trial, round, "technologist"));
    let mut change = found(&trial, round, "technologist");
    change.results.truncate(1);
    change.results[0].answer = Answer::Word("B".into());
    assert_eq!(
        trial.refused(by("technologist"), change.clone()),
        ["bad-value"]
    );
    change.correction = "抄写错误".into();
    trial.run(by("technologist"), change);
    let held = trial.hospital.assessments.round(round).unwrap();
    let reported = &held.results[&(tube(round, "01"), "abo".to_owned())];
    assert_eq!(reported.answer, Answer::Word("B".into()));
    assert_eq!(reported.correction.as_deref(), Some("抄写错误"));
    let told = trial
        .journal
        .iter()
        .filter(|(_, event)| event.kind() == "assessment.results_entered");
    assert_eq!(told.count(), 2);
}

#[test]
fn nothing_is_sent_incomplete_or_alone() {
    let mut trial = trial();
    let round = open(&mut trial, "2026-3");
    trial.run(by("quality"), panel(&trial, round));
    let mut part = found(&trial, round, "technologist");
    part.results.truncate(13);
    trial.run(by("technologist"), part);
    let findings = trial.findings(both(), send(round));
    let missing = findings
        .iter()
        .filter(|finding| finding.rule == Rule::AssessmentIncomplete);
    assert_eq!(missing.count(), 2, "every missing answer is named");
    trial.run(by("technologist2"), {
        let mut rest = found(&trial, round, "technologist2");
        rest.results.drain(..13);
        rest
    });
    assert_eq!(
        trial.refused(by("senior"), send(round)),
        ["second-person-needed"]
    );
    assert_eq!(
        trial.refused(by("senior").with("senior"), send(round)),
        ["second-person-same"]
    );
    assert_eq!(
        trial.refused(by("senior").with("nurse"), send(round)),
        ["second-person-not-permitted"]
    );
    trial.run(both(), send(round));
    assert_eq!(trial.refused(both(), send(round)), ["wrong-state"]);
}

#[test]
fn an_appeal_brings_a_second_report_and_the_first_stays() {
    let mut trial = trial();
    let round = sent(&mut trial, "2026-3", "technologist");
    trial.run(
        by("quality"),
        told(round, ["A", "B", "O", "AB", "B"], "120.0"),
    );
    let appeal = AppealRound {
        round,
        grounds: "05 号样本全国 A 型".into(),
    };
    trial.run(by("quality"), appeal);
    assert_eq!(state(&trial, round), RoundState::Appealed);
    let settle = |upheld| SettleAppeal {
        round,
        upheld,
        answer: "更正靶值".into(),
    };
    let corrected = told(round, GROUPS, "120.0");
    assert_eq!(
        trial.refused(by("quality"), corrected.clone()),
        ["wrong-state"]
    );
    trial.run(by("quality"), settle(true));
    trial.run(by("quality"), corrected.clone());
    let held = trial.hospital.assessments.round(round).unwrap();
    assert_eq!(held.reports.len(), 2);
    assert!(!held.reports[0].outcome.satisfactory && held.outcome().unwrap().satisfactory);
    assert_eq!(held.state(), RoundState::Settled);
    assert_eq!(trial.refused(by("quality"), corrected), ["wrong-state"]);
    assert_eq!(trial.refused(by("quality"), settle(true)), ["wrong-state"]);
}

#[test]
fn two_bad_rounds_in_a_row_are_one_performance_too_few() {
    let mut trial = trial();
    let mut standings = Vec::new();
    let bad = ["A", "B", "O", "AB", "O"];
    let testers = ["technologist", "technologist2"];
    for (number, groups) in [GROUPS, bad, GROUPS, bad, bad].into_iter().enumerate() {
        let label = format!("2026-{number}");
        let round = sent(&mut trial, &label, testers[number % 2]);
        trial.run(by("quality"), told(round, groups, "120.0"));
        standings.push(standing(&trial.hospital, &programme_id()).unwrap());
        trial.pass(SignedDuration::from_mins(60 * DAY));
    }
    use Performance::{Successful, UnsuccessfulAmongLast, UnsuccessfulInARow};
    let wanted = [
        Successful,
        Successful,
        Successful,
        UnsuccessfulAmongLast,
        UnsuccessfulInARow,
    ];
    assert_eq!(standings, wanted);
    let points = trend(&trial.hospital, &programme_id(), Timestamp::MIN).unwrap();
    let scores: Vec<u32> = points.iter().map(|point| point.score).collect();
    assert_eq!(scores, [10_000, 9_333, 10_000, 9_333, 9_333]);
    assert_eq!(
        points.iter().map(|p| p.standing).collect::<Vec<_>>(),
        wanted
    );
    let late = trend(&trial.hospital, &programme_id(), points[3].at).unwrap();
    assert_eq!(late.len(), 2);
}
