//! Graded controls: every pair of expected and seen, the weak positive, the drift.

use lifeline_qc::Status;
use lifeline_qc::graded::{
    Drift, DriftRule, DriftSign, Expected, GradedFault, Reaction, Strength, has_weak_positive,
    judge, status,
};

const fn grade(strength: Strength) -> Reaction {
    Reaction::Grade(strength)
}

#[test]
fn every_grade_against_every_target() {
    use GradedFault::{FalseNegative, FalsePositive, Grade};
    // Rows: target 0, w+, 1+, 2+, 3+, 4+; columns: seen, the same; tolerance one grade.
    let ok = None;
    let (negative, positive, far) = (Some(FalseNegative), Some(FalsePositive), Some(Grade));
    let table = [
        [ok, positive, positive, positive, positive, positive],
        [negative, ok, ok, far, far, far],
        [negative, ok, ok, ok, far, far],
        [negative, far, ok, ok, ok, far],
        [negative, far, far, ok, ok, ok],
        [negative, far, far, far, ok, ok],
    ];
    for (target, row) in Strength::ALL.into_iter().zip(table) {
        for (seen, fault) in Strength::ALL.into_iter().zip(row) {
            let expected = Expected {
                reaction: grade(target),
                tolerance: 1,
            };
            assert_eq!(judge(expected, grade(seen)), fault, "{target:?} {seen:?}");
            let exact = Expected {
                tolerance: 0,
                ..expected
            };
            assert_eq!(judge(exact, grade(seen)).is_none(), target == seen);
        }
    }
}

#[test]
fn mixed_field_and_haemolysis_are_out_unless_expected() {
    let expected = |reaction| Expected {
        reaction,
        tolerance: 6,
    };
    for target in Strength::ALL {
        assert_eq!(
            judge(expected(grade(target)), Reaction::MixedField),
            Some(GradedFault::MixedField)
        );
        assert_eq!(
            judge(expected(grade(target)), Reaction::Haemolysis),
            Some(GradedFault::Haemolysis)
        );
        assert_eq!(
            judge(expected(Reaction::MixedField), grade(target)),
            Some(GradedFault::NotSeen)
        );
    }
    assert_eq!(
        judge(expected(Reaction::MixedField), Reaction::MixedField),
        None
    );
    assert_eq!(
        judge(expected(Reaction::Haemolysis), Reaction::Haemolysis),
        None
    );
    assert_eq!(
        judge(expected(Reaction::Haemolysis), Reaction::MixedField),
        Some(GradedFault::MixedField)
    );
}

#[test]
fn strong_controls_alone_do_not_see_a_weak_reagent() {
    let set = |strengths: &[Strength]| -> Vec<Expected> {
        let each = strengths.iter();
        each.map(|strength| Expected {
            reaction: grade(*strength),
            tolerance: 1,
        })
        .collect()
    };
    assert!(!has_weak_positive(&set(&[
        Strength::Negative,
        Strength::Four,
        Strength::Two
    ])));
    assert!(has_weak_positive(&set(&[
        Strength::Negative,
        Strength::One
    ])));
    assert!(has_weak_positive(&set(&[Strength::Weak])));
    assert!(!has_weak_positive(&[]));
}

#[test]
fn a_row_of_weaker_readings_is_a_drift_and_a_reading_on_target_ends_it() {
    let rule = DriftRule { row: 3 };
    let signs = |seen: &[Reaction]| {
        let mut drift = Drift::default();
        seen.iter()
            .map(|seen| drift.add(Strength::Three, *seen, rule))
            .collect::<Vec<_>>()
    };
    let (two, three, four) = (
        grade(Strength::Two),
        grade(Strength::Three),
        grade(Strength::Four),
    );
    let weak = Some(DriftSign::Weakening);
    assert_eq!(signs(&[two, two, two, two]), [None, None, weak, weak]);
    assert_eq!(signs(&[two, two, three, two, two]), [None; 5]);
    assert_eq!(signs(&[two, two, four, two, two]), [None; 5]);
    assert_eq!(
        signs(&[two, two, Reaction::MixedField, two, two]),
        [None; 5]
    );
    assert_eq!(
        signs(&[four, four, four])[2],
        Some(DriftSign::Strengthening)
    );
    assert_eq!(status(None, weak), Status::Warning);
    assert_eq!(status(Some(GradedFault::Grade), weak), Status::Reject);
    assert_eq!(status(None, None), Status::Accept);
}

#[test]
fn scores_rise_with_the_grade() {
    let scores = Strength::ALL.map(Strength::score);
    assert_eq!(scores, [0, 3, 5, 8, 10, 12]);
    assert_eq!(Strength::Negative.steps_from(Strength::Four), -5);
    assert_eq!(serde_json::to_string(&Strength::Weak).unwrap(), "\"w+\"");
}
