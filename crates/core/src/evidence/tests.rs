//! The evidence of periods that were lived through.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lifeline_qc::eqa::Submitted;

use super::*;
use crate::assessment::{
    Carried, CarryOverRound, Item, Measure as ItemMeasure, OpenRound, SaveProgramme,
};
use crate::governance::{
    AssessmentMethod, RecordComparison, RecordCompetence, RecordReview, ReportNonconformity,
    ReviewKind, Row, Scale, Versus, Weight,
};
use crate::id::ProgrammeId;
use crate::people::Role;
use crate::policy::{Entry, Key, ProposePolicy, Standing, Value};
use crate::quality::{
    Affected, CloseCase, CorrectCase, DecideAffected, Place, RecordControlRun, Ruling, Shown,
};
use crate::testing::{Material, TestEvent, TestKind};
use crate::testkit::{Trial, by, reaction, user};

/// The day that the trial begins on.
fn day(trial: &Trial) -> Period {
    Period {
        from: trial.minutes(-1440),
        until: trial.minutes(1440),
    }
}

fn seen(trial: &Trial) -> Evidence {
    let mut period = day(trial);
    period.from = trial.minutes(-2 * 1440);
    evidence(&trial.hospital, period, trial.at)
}

fn scored(evidence: &Evidence) -> &Scored {
    evidence.score.as_ref().unwrap()
}

fn points(evidence: &Evidence, code: &str) -> u32 {
    let line = scored(evidence)
        .lines
        .iter()
        .find(|line| line.criterion.code == code);
    line.unwrap().points
}

/// A released group of a patient.
fn grouped(trial: &mut Trial) -> crate::id::TestId {
    let patient = trial.patient(1);
    let tube = Material::Sample(trial.tube(patient, "S1"));
    trial.tested(reaction(trial, TestKind::Group, tube, "A+"))
}

/// The group control of the bench reads nothing anywhere.
fn goes_out(trial: &mut Trial) {
    let mut draft = trial.control_run("bench-group", Place::Bench);
    for level in &mut draft.levels {
        if let Shown::Graded(wells) = &mut level.shown {
            for well in wells {
                well.grade = crate::blood::Grade::Negative;
            }
        }
    }
    trial.run(by("technologist"), RecordControlRun { draft });
}

#[test]
fn an_empty_hospital_has_nothing_to_show_and_earns_nothing_for_it() {
    let trial = Trial::new();
    let found = evidence(&trial.hospital, day(&trial), trial.at);
    assert_eq!(found.controls.results, Share::default());
    assert_eq!(found.controls.indicator.hundredths(), None);
    assert_eq!(found.rounds.indicator.hundredths(), None);
    assert_eq!(found.controls.not_performed.len(), 5);
    let score = scored(&found);
    for line in &score.lines {
        let nothing_to_mend = matches!(
            line.criterion.measure,
            Measure::CasesClosed | Measure::Nonconformities
        );
        assert_eq!(line.lost == 0, nothing_to_mend, "{}", line.criterion.code);
        assert_eq!(line.points + line.lost, line.criterion.most());
    }
    assert_eq!(score.most, 100);
    assert_eq!(score.award, None);
}

#[test]
fn released_results_count_by_item_with_the_controls_they_stood_on() {
    let mut trial = Trial::with_card();
    trial.wait(SignedDuration::from_mins(1));
    let test = grouped(&mut trial);
    let found = seen(&trial);
    let items: Vec<_> = found
        .controls
        .items
        .iter()
        .map(|line| (line.item, line.covered))
        .collect();
    let one = Share { part: 1, whole: 1 };
    use CompatibilityItem as I;
    assert_eq!(
        items,
        [(I::AboForward, one), (I::AboReverse, one), (I::Rhd, one)]
    );
    assert_eq!(found.controls.indicator, Share { part: 3, whole: 3 });
    assert_eq!(found.controls.not_performed, [I::Screen, I::Crossmatch]);
    assert_eq!(points(&found, "coverage"), 10);
    // A result that was never verified is waiting, not counted.
    let other = trial.patient(2);
    let tube = Material::Sample(trial.tube(other, "S2"));
    trial.entered(reaction(&trial, TestKind::Screen, tube, "A+"));
    let found = seen(&trial);
    assert_eq!((found.controls.results, found.controls.waiting), (one, 1));
    let before = Period {
        from: trial.minutes(-1440),
        until: trial.minutes(-720),
    };
    let earlier = evidence(&trial.hospital, before, trial.at);
    assert_eq!(earlier.controls.results, Share::default());
    let _ = test;
}

#[test]
fn a_released_result_that_did_not_stand_on_its_controls_is_named() {
    // No command releases it; the fact is put in by hand.
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    let tube = Material::Sample(trial.tube(patient, "S1"));
    trial.wait(SignedDuration::from_hours(48));
    let mut late = reaction(&trial, TestKind::Screen, tube.clone(), "A+");
    late.read = trial.minutes(-5);
    let test = trial.entered(late);
    trial.given(TestEvent::Verified {
        test,
        material: tube,
        interpretation: crate::testing::Interpretation::Screen(crate::testing::Call::Negative),
    });
    let found = seen(&trial);
    assert_eq!(found.controls.results, Share { part: 0, whole: 1 });
    let screen = found.controls.items.first().unwrap();
    assert_eq!(screen.bare, [Affected::Test(test)]);
    assert_eq!(found.controls.indicator, Share { part: 0, whole: 1 });
    assert_eq!(points(&found, "coverage"), 0);
    let line = scored(&found)
        .lines
        .iter()
        .find(|l| l.criterion.code == "iqc-items")
        .unwrap();
    assert_eq!((line.lost, line.missing), (15, Some(1)));
}

#[test]
fn a_control_that_went_out_costs_until_another_person_has_closed_its_case() {
    let mut trial = Trial::with_card();
    trial.wait(SignedDuration::from_mins(1));
    let test = grouped(&mut trial);
    let all = seen(&trial).controls.in_control;
    assert!(all.all());
    trial.wait(SignedDuration::from_mins(1));
    goes_out(&mut trial);
    let found = seen(&trial);
    let [case] = found.controls.cases.as_slice() else {
        panic!()
    };
    assert_eq!((case.closed, case.affected, case.undecided), (None, 1, 1));
    assert!(found.controls.in_control.part < found.controls.in_control.whole);
    let control = found
        .controls
        .controls
        .iter()
        .find(|one| one.rejected_count > 0)
        .unwrap();
    assert_eq!(control.rejected, [case.runs[0]]);
    assert_eq!(points(&found, "cases"), 0);
    let id = case.case;
    trial.run(
        by("technologist"),
        CorrectCase {
            case: id,
            cause: "reagent".into(),
            action: "更换试剂后重做".into(),
        },
    );
    trial.wait(SignedDuration::from_mins(90));
    let out = found.controls.cases[0].runs[0];
    let mut again = trial.control_run("bench-group", Place::Bench);
    again.repeat = Some((out, "更换试剂".into()));
    trial.run(by("technologist"), RecordControlRun { draft: again });
    trial.run(
        by("senior"),
        DecideAffected {
            case: id,
            result: Affected::Test(test),
            ruling: Ruling::Stands,
            reason: "复查结果一致".into(),
        },
    );
    trial.run(
        by("quality"),
        CloseCase {
            case: id,
            note: "在控".into(),
        },
    );
    let found = seen(&trial);
    let [case] = found.controls.cases.as_slice() else {
        panic!()
    };
    assert_eq!(
        (case.minutes, case.cause.as_deref()),
        (Some(90), Some("reagent"))
    );
    assert_eq!(points(&found, "cases"), 7);
    // Whoever looks at the hour before sees it open.
    let before = Period {
        from: trial.minutes(-2880),
        until: trial.minutes(-30),
    };
    let earlier = evidence(&trial.hospital, before, trial.at);
    assert_eq!(earlier.controls.cases[0].closed, None);
}

fn programme(trial: &mut Trial) -> ProgrammeId {
    let id = ProgrammeId::parse("NCCL-ABO").unwrap();
    let item = |code: &str| Item {
        code: code.into(),
        measure: ItemMeasure::Graded,
    };
    trial.run(
        by("quality"),
        SaveProgramme {
            programme: id.clone(),
            name: "输血相容性检测".into(),
            latin: "Transfusion compatibility".into(),
            provider: "NCCL".into(),
            table: "china".into(),
            items: vec![item("abo"), item("screen")],
            active: true,
        },
    );
    id
}

fn carried(trial: &mut Trial, days: i64, label: &str, abo: u32, submitted: Submitted) {
    let item = |code: &str, acceptable| Carried {
        item: code.into(),
        acceptable,
        challenges: 5,
    };
    let round = CarryOverRound {
        programme: ProgrammeId::parse("NCCL-ABO").unwrap(),
        label: label.into(),
        deadline: trial.minutes(-days * 1440),
        reference: label.into(),
        submitted,
        items: vec![item("abo", abo), item("screen", 5)],
    };
    trial.run(by("quality").with("head"), round);
}

#[test]
fn rounds_count_by_their_deadline_and_an_unsent_one_is_absent() {
    let mut trial = Trial::new();
    programme(&mut trial);
    carried(&mut trial, 6 * 366, "2020-1", 5, Submitted::OnTime);
    carried(&mut trial, 400, "2025-2", 5, Submitted::OnTime);
    carried(&mut trial, 100, "2026-1", 4, Submitted::OnTime);
    let deadline = trial.minutes(1440);
    let open = OpenRound {
        programme: ProgrammeId::parse("NCCL-ABO").unwrap(),
        label: "2026-2".into(),
        deadline,
        samples: 5,
    };
    trial.run(by("quality"), open);
    let year = |trial: &Trial| {
        let period = Period {
            from: trial.minutes(-365 * 1440),
            until: trial.minutes(10 * 1440),
        };
        evidence(&trial.hospital, period, trial.at)
    };
    let found = year(&trial);
    let labels: Vec<_> = found
        .rounds
        .rounds
        .iter()
        .map(|r| (r.label.as_str(), r.submitted))
        .collect();
    assert_eq!(
        labels,
        [("2026-1", Some(Submitted::OnTime)), ("2026-2", None)]
    );
    assert_eq!(found.rounds.passed, Share { part: 0, whole: 1 });
    assert_eq!(found.rounds.items_passed, Share { part: 1, whole: 2 });
    assert_eq!(found.rounds.indicator, Share { part: 2, whole: 2 });
    let trend: Vec<_> = found.rounds.programmes[0]
        .trend
        .iter()
        .map(|r| r.label.as_str())
        .collect();
    assert_eq!(
        trend,
        ["2025-2", "2026-1"],
        "five years back and no further"
    );
    // The deadline passes and nothing was sent.
    trial.wait(SignedDuration::from_hours(25));
    let found = year(&trial);
    assert_eq!(found.rounds.rounds[1].submitted, Some(Submitted::Absent));
    assert_eq!(found.rounds.in_time, Share { part: 1, whole: 2 });
    let line = scored(&found)
        .lines
        .iter()
        .find(|l| l.criterion.code == "eqa-in-time")
        .unwrap();
    assert_eq!((line.points, line.lost, line.missing), (0, 5, Some(1)));
}

/// Puts a policy in force.
fn adopt(trial: &mut Trial, key: Key, value: Value) {
    let entry = Entry {
        key,
        value,
        effective: trial.at,
        source: "试验".into(),
        standing: Standing::Provisional,
    };
    let proposal = trial
        .hospital
        .policies
        .proposals
        .keys()
        .next_back()
        .copied();
    trial.run(
        by("quality"),
        ProposePolicy {
            entry,
            reason: "按省里的要求".into(),
        },
    );
    let new = trial
        .hospital
        .policies
        .proposals
        .keys()
        .next_back()
        .copied();
    assert_ne!(proposal, new);
    trial.run(
        by("head"),
        crate::policy::ActivatePolicy {
            proposal: new.unwrap(),
        },
    );
}

#[test]
fn what_a_provider_offers_and_we_do_not_enter_lowers_indicator_five() {
    let mut trial = Trial::new();
    programme(&mut trial);
    carried(&mut trial, 1, "2026-1", 5, Submitted::OnTime);
    assert!(!seen(&trial).rounds.offered_listed);
    adopt(
        &mut trial,
        Key::EvidenceOffered,
        Value::Words(vec!["NCCL-ABO abo".into(), "NCCL-ABO crossmatch".into()]),
    );
    let found = seen(&trial);
    assert!(found.rounds.offered_listed);
    assert_eq!(found.rounds.indicator, Share { part: 2, whole: 3 });
    let missing: Vec<_> = found
        .rounds
        .participation
        .iter()
        .filter(|p| !p.entered)
        .map(|p| p.item.as_str())
        .collect();
    assert_eq!(missing, ["crossmatch"]);
}

#[test]
fn an_absent_round_is_no_participation() {
    let mut trial = Trial::new();
    programme(&mut trial);
    carried(&mut trial, 1, "2026-1", 0, Submitted::Absent);
    let found = seen(&trial);
    assert_eq!(found.rounds.indicator, Share { part: 0, whole: 2 });
    assert_eq!(points(&found, "eqa-items"), 0);
}

#[test]
fn the_departments_own_records_count() {
    let mut trial = Trial::new();
    let report = ReportNonconformity {
        source: crate::governance::NonconformitySource::Work,
        weight: Weight::Minor,
        text: "离心机转速记录漏填".into(),
        about: None,
        happened: trial.at,
    };
    trial.run(by("nurse"), report);
    let row = |n: u32| Row {
        sample: format!("S{n}"),
        results: vec!["A".into(), "A".into()],
    };
    let compare = |versus| RecordComparison {
        versus,
        item: "ABO".into(),
        scale: Scale::Words,
        parties: vec!["甲".into(), "乙".into()],
        rows: (0..5).map(row).collect(),
    };
    trial.run(by("senior"), compare(Versus::Operators));
    trial.run(by("senior"), compare(Versus::Methods));
    let review = RecordReview {
        kind: ReviewKind::InternalAudit,
        held: trial.hospital.today(trial.at),
        scope: "全部程序".into(),
        conclusion: "基本符合".into(),
        nonconformities: vec![],
    };
    trial.run(by("quality").with("head"), review);
    let mut bench: BTreeSet<_> = BTreeSet::new();
    for person in trial.hospital.people.values() {
        if person
            .roles
            .iter()
            .any(|role| matches!(role, Role::Technologist | Role::Senior | Role::Head))
        {
            bench.insert(person.id.clone());
        }
    }
    let assess = |person: &crate::id::UserId, passed, until| RecordCompetence {
        person: person.clone(),
        item: "交叉配血".into(),
        method: AssessmentMethod::Observation,
        passed,
        until,
        note: String::new(),
    };
    let until = trial.minutes(600);
    for person in bench
        .iter()
        .filter(|person| **person != user("technologist2"))
    {
        trial.run(by("quality"), assess(person, true, until));
    }
    let found = seen(&trial);
    assert_eq!(
        found.governance.competence.part + 1,
        found.governance.competence.whole
    );
    trial.run(by("quality"), assess(&user("technologist2"), false, until));
    assert!(
        !seen(&trial).governance.competence.all(),
        "failed is not in order"
    );
    trial.run(by("quality"), assess(&user("technologist2"), true, until));
    let found = seen(&trial);
    assert!(found.governance.competence.all());
    assert_eq!(found.governance.comparison_kinds, 2);
    assert_eq!(
        found.governance.nonconformities_closed,
        Share { part: 0, whole: 1 }
    );
    assert_eq!(
        (
            found.governance.internal_audits,
            found.governance.management_reviews
        ),
        (1, 0)
    );
    let wants: Vec<_> = ["comparison-kinds", "review"]
        .map(|code| {
            scored(&found)
                .lines
                .iter()
                .find(|l| l.criterion.code == code)
                .unwrap()
        })
        .iter()
        .map(|line| (line.points, line.next.map(|step| step.points), line.missing))
        .collect();
    assert_eq!(wants, [(2, Some(4), Some(1)), (0, Some(2), Some(1))]);
    trial.wait(SignedDuration::from_hours(11));
    assert_eq!(seen(&trial).governance.competence.part, 0, "it has run out");
}

#[test]
fn the_sheet_of_the_day_scores_and_a_share_is_never_rounded_up_to_its_step() {
    let mut trial = Trial::new();
    programme(&mut trial);
    carried(&mut trial, 1, "2026-1", 5, Submitted::OnTime);
    let sheet = |effective: &str, least| ScoringSheet {
        effective: effective.parse().unwrap(),
        zh: "表".into(),
        en: "Sheet".into(),
        source: "省".into(),
        provisional: false,
        awards: vec![Award {
            least: 10,
            zh: "优".into(),
            en: "A".into(),
        }],
        criteria: vec![Criterion {
            code: "eqa".into(),
            zh: "室间质评".into(),
            en: "EQA".into(),
            measure: Measure::EqaPassed,
            hours: None,
            steps: vec![Step { least, points: 10 }],
            provisional: false,
        }],
    };
    adopt(
        &mut trial,
        Key::EvidenceScoring,
        Value::ScoringSheets(vec![sheet("2026-01-01", 10_000), sheet("2027-01-01", 1)]),
    );
    let found = seen(&trial);
    let score = scored(&found);
    assert_eq!((score.points, score.most), (10, 10));
    assert_eq!(
        score.award.as_ref().map(|award| award.en.as_str()),
        Some("A")
    );
    assert_eq!(score.sheet.effective.to_string(), "2026-01-01");
    assert_eq!(
        Share {
            part: 99_999,
            whole: 100_000
        }
        .hundredths(),
        Some(9_999)
    );
    let wrong = |sheets: Vec<ScoringSheet>| {
        let entry = Entry {
            key: Key::EvidenceScoring,
            value: Value::ScoringSheets(sheets),
            effective: trial.at,
            source: "试验".into(),
            standing: Standing::Provisional,
        };
        trial.refused(
            by("quality"),
            ProposePolicy {
                entry,
                reason: "按省里的要求".into(),
            },
        )
    };
    let mut rising = sheet("2026-01-01", 5_000);
    rising.criteria[0].steps.push(Step {
        least: 9_000,
        points: 20,
    });
    let mut above = sheet("2026-01-01", 10_001);
    above.awards.clear();
    let mut twice = sheet("2026-01-01", 1);
    twice.criteria.push(twice.criteria[0].clone());
    for sheets in [
        vec![],
        vec![rising],
        vec![above],
        vec![twice],
        vec![sheet("2026-01-01", 1), sheet("2026-01-01", 2)],
    ] {
        assert_eq!(wrong(sheets), ["bad-value"]);
    }
}
