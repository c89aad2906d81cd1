//! Tubes of a panel at the bench, and rounds nobody answered.

use super::*;

/// A tube of the panel, grouped at the bench and verified.
fn benched(trial: &mut Trial, tube: &SampleId, group: &str) -> crate::id::TestId {
    let material = crate::testing::Material::Sample(tube.clone());
    let kind = crate::testing::TestKind::Group;
    let reaction = crate::testkit::reaction(trial, kind, material, group);
    trial.tested(reaction)
}

/// A round at the bench, its panel received by the quality officer, with the controls of the day run.
fn at_the_bench() -> (Trial, RoundId) {
    let mut trial = Trial::with_card();
    trial.run(by("quality"), programme());
    let round = open(&mut trial, "2026-2");
    let panel = panel(&trial, round);
    trial.run(by("quality"), panel);
    trial.wait(SignedDuration::from_mins(1));
    (trial, round)
}

#[test]
fn tubes_of_a_panel_are_samples_like_any_other() {
    let (trial, round) = at_the_bench();
    let first = tube(round, "01");
    let sample = trial.hospital.samples.get(&first).unwrap();
    let record = trial.hospital.patients.get(sample.patient).unwrap();
    assert!(record.unidentified);
    assert_eq!(
        record.demographics.name,
        first.as_str(),
        "nothing tells what it is"
    );
    let people: std::collections::BTreeSet<_> = CODES
        .iter()
        .filter_map(|code| trial.hospital.samples.get(&tube(round, code)))
        .map(|sample| sample.patient)
        .collect();
    assert_eq!(people.len(), 5, "each somebody else");
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_tube_may_be_tested_until_the_deadline_of_its_round() {
    let (mut trial, round) = at_the_bench();
    let deadline = trial.hospital.assessments.round(round).unwrap().deadline;
    let first = tube(round, "01");
    assert_eq!(
        trial.hospital.samples.get(&first).unwrap().expires,
        deadline
    );
    // Ten days on, when a patient's tube would be long past its use.
    trial.pass(SignedDuration::from_hours(10 * 24));
    assert!(trial.at < deadline);
    benched(&mut trial, &first, "A+");
    let take = TakeResults {
        round,
        correction: String::new(),
    };
    trial.run(by("technologist2"), take);
    let known = trial.hospital.assessments.round(round).unwrap();
    assert!(known.results.contains_key(&(first, "abo".to_owned())));
}

#[test]
fn a_patients_tube_is_never_taken_for_one_of_the_panel() {
    let mut trial = Trial::with_card();
    trial.run(by("quality"), programme());
    let round = open(&mut trial, "2026-2");
    let patient = trial.patient(1);
    trial.tube(patient, &format!("Q{}-01", round.0));
    assert_eq!(
        trial.refused(by("quality"), panel(&trial, round)),
        ["already-exists"]
    );
}

#[test]
fn answers_come_from_the_verified_tests_of_the_tubes() {
    let (mut trial, round) = at_the_bench();
    let take = |correction: &str| TakeResults {
        round,
        correction: correction.into(),
    };
    let bench = || by("technologist2");
    assert_eq!(
        trial.refused(bench(), take("")),
        ["bad-value"],
        "nothing yet"
    );
    let test = benched(&mut trial, &tube(round, "01"), "A+");
    trial.run(bench(), take(""));
    let known = trial.hospital.assessments.round(round).unwrap().clone();
    let found = &known.results[&(tube(round, "01"), "abo".to_owned())];
    assert_eq!((found.answer.text(), found.test), ("A".into(), Some(test)));
    assert_eq!(found.tester, user("technologist"));
    assert_eq!(
        trial.refused(bench(), take("")),
        ["bad-value"],
        "all is taken"
    );
    // What a test answers is not typed; what none answers is.
    let mut typed = found_all(&trial, round);
    assert_eq!(
        trial.refused(by("technologist2"), typed.clone()),
        ["bad-value"]
    );
    typed
        .results
        .retain(|one| one.item != "abo" || one.tube != tube(round, "01"));
    trial.run(by("technologist2"), typed);
    assert_eq!(
        trial
            .hospital
            .assessments
            .round(round)
            .unwrap()
            .missing()
            .count(),
        0
    );
    // A test made again replaces what was taken, with a reason.
    let again = benched(&mut trial, &tube(round, "01"), "B+");
    assert_eq!(trial.refused(bench(), take("")), ["bad-value"]);
    trial.run(bench(), take("复检后更正"));
    let known = trial.hospital.assessments.round(round).unwrap();
    let found = &known.results[&(tube(round, "01"), "abo".to_owned())];
    assert_eq!((found.answer.text(), found.test), ("B".into(), Some(again)));
    assert_eq!(trial.replayed(), trial.hospital);
}

fn found_all(trial: &Trial, round: RoundId) -> EnterResults {
    found(trial, round, "technologist2")
}

#[test]
fn whoever_unpacked_the_panel_does_not_answer_for_it() {
    let mut trial = Trial::with_card();
    trial.run(by("quality"), programme());
    let round = open(&mut trial, "2026-2");
    let panel = panel(&trial, round);
    trial.run(by("senior"), panel);
    trial.wait(SignedDuration::from_mins(1));
    let material = crate::testing::Material::Sample(tube(round, "01"));
    let kind = crate::testing::TestKind::Group;
    let reaction = crate::testkit::reaction(&trial, kind, material, "A+");
    let test = trial.hospital.next.test;
    trial.run(by("senior"), crate::testing::RecordTest { reaction });
    trial.run(
        by("technologist2"),
        crate::testing::VerifyTest { test, version: 1 },
    );
    let take = TakeResults {
        round,
        correction: String::new(),
    };
    assert_eq!(
        trial.refused(by("technologist2"), take),
        ["assessment-not-blind"]
    );
}

#[test]
fn a_round_nobody_answered_counts_as_nothing_for_every_item() {
    let mut trial = trial();
    let absence = |round| RecordAbsence {
        round,
        reference: "2026-1 缺考".into(),
    };
    let first = open(&mut trial, "2026-1");
    assert_eq!(trial.refused(by("quality"), absence(first)), ["bad-value"]);
    assert_eq!(
        trial.refused(by("technologist"), absence(first)),
        ["not-permitted"]
    );
    trial.wait(SignedDuration::from_hours(15 * 24));
    trial.run(by("quality"), absence(first));
    let round = trial.hospital.assessments.round(first).unwrap();
    let outcome = round.outcome().unwrap();
    assert_eq!((outcome.score, outcome.satisfactory), (0, false));
    assert_eq!(outcome.submitted, Submitted::Absent);
    assert!(
        outcome
            .items
            .iter()
            .all(|item| !item.satisfactory && item.challenges == 5)
    );
    assert_eq!(round.state(), RoundState::Unsatisfactory);
    assert_eq!(
        trial.refused(by("quality"), absence(first)),
        ["wrong-state"]
    );
    // Two in a row, and the laboratory stands as unsuccessful.
    assert_eq!(
        standing(&trial.hospital, &programme_id()),
        Ok(Performance::Successful)
    );
    let second = open(&mut trial, "2026-2");
    trial.wait(SignedDuration::from_hours(15 * 24));
    trial.run(by("quality"), absence(second));
    assert_eq!(
        standing(&trial.hospital, &programme_id()),
        Ok(Performance::UnsuccessfulInARow)
    );
    assert_eq!(trial.replayed(), trial.hospital);
}
