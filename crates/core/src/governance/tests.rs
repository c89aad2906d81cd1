//! Documents, nonconformities, competence, comparisons and reviews through commands.

use std::collections::BTreeSet;

use super::*;
use crate::people::Role;
use crate::testkit::{Trial, by, user};

fn document(trial: &Trial, edition: u32) -> PublishDocument {
    PublishDocument {
        document: DocumentId::parse("SOP-TX-012").unwrap(),
        edition,
        title: "交叉配血".into(),
        place: "files/sop-012.pdf".into(),
        digest: Some("A".repeat(64)),
        effective: trial.at,
        readers: BTreeSet::from([Role::Technologist]),
    }
}

fn sign(edition: u32) -> SignDocument {
    SignDocument {
        document: DocumentId::parse("SOP-TX-012").unwrap(),
        edition,
    }
}

fn reported(trial: &mut Trial) -> NonconformityId {
    let id = trial.hospital.next.nonconformity;
    let report = ReportNonconformity {
        source: NonconformitySource::NearMiss,
        weight: Weight::Major,
        text: "标本贴错标签，核对时发现".into(),
        about: None,
        happened: trial.at,
    };
    trial.run(by("nurse"), report);
    id
}

fn stage(trial: &Trial, id: NonconformityId) -> Stage {
    trial
        .hospital
        .governance
        .nonconformities
        .get(&id)
        .unwrap()
        .stage()
}

fn analyse(id: NonconformityId) -> AnalyseNonconformity {
    AnalyseNonconformity {
        nonconformity: id,
        cause: "两名患者同时采血".into(),
    }
}

fn plan(trial: &Trial, id: NonconformityId) -> PlanAction {
    PlanAction {
        nonconformity: id,
        kind: ActionKind::Corrective,
        text: "床旁扫码后才打印标签".into(),
        who: user("technologist"),
        due: trial.minutes(60),
    }
}

fn done(id: NonconformityId) -> CompleteAction {
    CompleteAction {
        nonconformity: id,
        action: 0,
        done: "已经改为床旁打印".into(),
    }
}

fn judge(id: NonconformityId, effective: bool) -> JudgeEffectiveness {
    JudgeEffectiveness {
        nonconformity: id,
        effective,
        evidence: "两个月没有再发生".into(),
    }
}

#[test]
fn a_document_comes_into_force_by_two_people_and_waits_for_its_readers() {
    let mut trial = Trial::new();
    let first = document(&trial, 1);
    assert_eq!(
        trial.refused(by("quality"), first.clone()),
        ["second-person-needed"]
    );
    assert_eq!(
        trial.refused(by("quality").with("technologist"), first.clone()),
        ["second-person-not-permitted"]
    );
    assert_eq!(
        trial.refused(by("technologist").with("head"), first.clone()),
        ["not-permitted"]
    );
    assert_eq!(
        trial.refused(by("quality").with("head"), document(&trial, 2)),
        ["bad-value"]
    );
    trial.run(by("quality").with("head"), first);
    let waiting = trial.hospital.governance.unread(&trial.hospital, trial.at);
    let waiting: Vec<&str> = waiting.iter().map(|(_, reader)| reader.as_str()).collect();
    assert_eq!(waiting, ["technologist", "technologist2"]);
    assert_eq!(trial.refused(by("technologist"), sign(2)), ["wrong-state"]);
    trial.run(by("technologist"), sign(1));
    assert!(trial.run(by("technologist"), sign(1)).is_empty());
    assert_eq!(
        trial
            .hospital
            .governance
            .unread(&trial.hospital, trial.at)
            .len(),
        1
    );
    // A new edition that is not in force yet leaves the old one to be read; afterwards everybody reads again.
    let second = PublishDocument {
        effective: trial.minutes(60),
        ..document(&trial, 2)
    };
    trial.run(by("quality").with("head"), second);
    assert_eq!(
        trial
            .hospital
            .governance
            .unread(&trial.hospital, trial.at)
            .len(),
        1
    );
    let later = trial.minutes(60);
    assert_eq!(
        trial
            .hospital
            .governance
            .unread(&trial.hospital, later)
            .len(),
        2
    );
    let retire = RetireDocument {
        document: DocumentId::parse("SOP-TX-012").unwrap(),
        reason: "并入新的程序".into(),
    };
    trial.run(by("quality").with("head"), retire.clone());
    assert!(
        trial
            .hospital
            .governance
            .unread(&trial.hospital, later)
            .is_empty()
    );
    assert_eq!(
        trial.refused(by("quality").with("head"), retire),
        ["wrong-state"]
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_nonconformity_goes_from_cause_to_effect_in_that_order_only() {
    let mut trial = Trial::new();
    let id = reported(&mut trial);
    assert_eq!(stage(&trial, id), Stage::Cause);
    let (plan_it, wrong) = (plan(&trial, id), ["wrong-state"]);
    assert_eq!(trial.refused(by("quality"), plan_it.clone()), wrong);
    assert_eq!(trial.refused(by("quality"), done(id)), wrong);
    assert_eq!(trial.refused(by("quality"), judge(id, true)), wrong);
    assert_eq!(trial.refused(by("nurse"), analyse(id)), ["not-permitted"]);
    trial.run(by("quality"), analyse(id));
    assert_eq!(stage(&trial, id), Stage::Plan);
    trial.run(by("quality"), plan_it);
    assert_eq!(stage(&trial, id), Stage::Action);
    assert_eq!(trial.refused(by("quality"), judge(id, true)), wrong);
    // Whoever was given the action may say that it is done; a stranger may not.
    assert_eq!(trial.refused(by("nurse"), done(id)), ["not-permitted"]);
    trial.run(by("technologist"), done(id));
    assert_eq!(stage(&trial, id), Stage::Effect);
    trial.run(by("quality"), judge(id, false));
    assert_eq!(stage(&trial, id), Stage::Cause);
    trial.run(by("quality"), analyse(id));
    let again = plan(&trial, id);
    trial.run(by("quality"), again);
    trial.run(by("quality"), done(id));
    assert_eq!(
        trial.refused(by("quality"), judge(id, true)),
        ["second-person-same"]
    );
    trial.run(by("head"), judge(id, true));
    assert_eq!(stage(&trial, id), Stage::Closed);
    assert_eq!(trial.hospital.governance.open().count(), 0);
    assert_eq!(trial.refused(by("quality"), analyse(id)), wrong);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn competence_is_judged_by_another_and_the_newest_counts() {
    let mut trial = Trial::new();
    let assess = |trial: &Trial, passed| RecordCompetence {
        person: user("technologist"),
        item: "交叉配血".into(),
        method: AssessmentMethod::BlindSamples,
        passed,
        until: trial.minutes(600),
        note: String::new(),
    };
    let own = RecordCompetence {
        person: user("senior"),
        ..assess(&trial, true)
    };
    assert_eq!(trial.refused(by("senior"), own), ["second-person-same"]);
    let competent = |trial: &Trial, at| {
        let person = user("technologist");
        trial.hospital.governance.competent(&person, "交叉配血", at)
    };
    assert!(!competent(&trial, trial.at));
    let first = assess(&trial, true);
    trial.run(by("senior"), first);
    assert!(competent(&trial, trial.at));
    assert!(!competent(&trial, trial.minutes(600)));
    let second = assess(&trial, false);
    trial.run(by("senior"), second);
    assert!(!competent(&trial, trial.at));
}

fn rows(results: &[&[&str]]) -> Vec<Row> {
    let row = |(number, results): (usize, &&[&str])| Row {
        sample: format!("S{number}"),
        results: results.iter().map(|text| (*text).into()).collect(),
    };
    results.iter().enumerate().map(row).collect()
}

fn compared(trial: &mut Trial, item: &str, scale: Scale, rows: Vec<Row>) -> Verdict {
    let command = RecordComparison {
        versus: Versus::Instruments,
        item: item.into(),
        scale,
        parties: vec!["Echo".into(), "手工".into()],
        rows,
    };
    match trial.run(by("senior"), command).pop() {
        Some(crate::event::Event::Governance(GovernanceEvent::Compared { verdict, .. })) => verdict,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_comparison_of_words_is_the_share_of_samples_that_agree() {
    let mut trial = Trial::new();
    let same: &[&str] = &["A", "a"];
    let other: &[&str] = &["A", "B"];
    let all = compared(&mut trial, "ABO", Scale::Words, rows(&[same; 5]));
    assert!(all.acceptable());
    assert!(matches!(all, Verdict::Words { agreed: 5, .. }));
    let most = rows(&[same, same, same, same, other]);
    assert!(!compared(&mut trial, "ABO", Scale::Words, most).acceptable());
}

#[test]
fn a_comparison_of_grades_allows_a_step_but_no_change_of_sign() {
    let mut trial = Trial::new();
    let near: &[&str] = &["3+", "4"];
    let verdict = compared(&mut trial, "screen", Scale::Grades, rows(&[near; 5]));
    assert!(verdict.acceptable());
    let Verdict::Grades { agreed, exact, .. } = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!((agreed, exact), (5, 0));
    let missed: &[&str] = &["w", "0"];
    let two: &[&str] = &["1", "3"];
    let mixed: &[&str] = &["mf", "1"];
    for wrong in [missed, two, mixed] {
        let rows = rows(&[near, near, near, near, wrong]);
        let verdict = compared(&mut trial, "screen", Scale::Grades, rows);
        assert!(!verdict.acceptable(), "{wrong:?}");
    }
}

#[test]
fn a_comparison_of_numbers_asks_for_a_small_bias_and_for_few_outliers() {
    let mut trial = Trial::new();
    let mut numbers =
        |results: &[&[&str]]| compared(&mut trial, "fibrinogen", Scale::Numbers, rows(results));
    // 1 % more than the reference in every sample is within 10 %; a tenth and a thousandth less is not.
    let near: &[&str] = &["100", "101"];
    let verdict = numbers(&[near; 5]);
    let Verdict::Numbers {
        bias_permille,
        within,
        ..
    } = &verdict
    else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        (bias_permille.as_slice(), within.as_slice()),
        (&[10][..], &[5][..])
    );
    assert!(verdict.acceptable());
    let limit: &[&str] = &["1000", "900"];
    assert!(numbers(&[limit; 5]).acceptable());
    let beyond: &[&str] = &["1000", "899"];
    assert!(!numbers(&[beyond; 5]).acceptable());
    // Opposite differences cancel in the mean; the samples outside their own limit still count.
    let (up, down): (&[&str], &[&str]) = (&["100", "120"], &["100", "80"]);
    assert!(numbers(&[up, near, near, near, near]).acceptable());
    assert!(!numbers(&[up, down, near, near, near]).acceptable());
}

#[test]
fn the_limits_of_an_item_are_its_own() {
    let mut trial = Trial::new();
    let high: &[&str] = &["100", "105"];
    assert!(compared(&mut trial, "TEG-R", Scale::Numbers, rows(&[high; 5])).acceptable());
    assert!(!compared(&mut trial, " hb ", Scale::Numbers, rows(&[high; 5])).acceptable());
}

#[test]
fn a_comparison_with_holes_is_refused_with_the_row() {
    let trial = Trial::new();
    let whole: &[&str] = &["A", "A"];
    let zero: &[&str] = &["0", "0.1"];
    let words = |rows| (Scale::Words, rows);
    let cases: [(Scale, Vec<Row>); 7] = [
        words(rows(&[whole; 4])),
        words(rows(&[whole, whole, whole, whole, &["A"]])),
        words(rows(&[whole, whole, whole, whole, &["A", " "]])),
        words({
            let mut twice = rows(&[whole; 5]);
            twice[4].sample = "S0".into();
            twice
        }),
        (Scale::Numbers, rows(&[whole; 5])),
        (Scale::Numbers, rows(&[zero; 5])),
        (Scale::Grades, rows(&[whole; 5])),
    ];
    for (scale, rows) in cases {
        let command = RecordComparison {
            versus: Versus::Operators,
            item: "ABO".into(),
            scale,
            parties: vec!["甲".into(), "乙".into()],
            rows,
        };
        assert_eq!(trial.refused(by("senior"), command), ["bad-value"]);
    }
}

#[test]
fn a_review_names_cases_that_exist() {
    let mut trial = Trial::new();
    let id = reported(&mut trial);
    let review = |nonconformities| RecordReview {
        kind: ReviewKind::InternalAudit,
        held: "2026-11-20".parse().unwrap(),
        scope: "全部程序".into(),
        conclusion: "发现一项不符合".into(),
        nonconformities,
    };
    assert_eq!(
        trial.refused(by("quality").with("head"), review(vec![id.next()])),
        ["not-found"]
    );
    trial.run(by("quality").with("head"), review(vec![id]));
    assert_eq!(trial.hospital.governance.reviews.len(), 1);
    assert_eq!(trial.replayed(), trial.hospital);
}
