//! The mistakes others make, and what each choice of a rule profile changes.

use lifeline_qc::series::{Row, evaluate};
use lifeline_qc::{
    Change, Deviation, Engine, Gate, Group, OnMean, Pairing, Reading, Rejected, Reset, Rule,
    RuleProfile, Status, Streaks,
};

use crate::vectors::{limits, number, profile, runs, told};

/// Inputs on which other programs answer wrongly (open projects read for this purpose).
#[test]
fn mistakes_that_others_make() {
    let all = profile(&[Rule::TwoTwoS, Rule::R4s, Rule::FourOneS, Rule::TenX]);
    // 2-2s and 4-1s without regard to the side.
    assert!(told(&runs(&all, &[&["2.5"], &["-2.5"]])).is_empty());
    assert!(told(&runs(&all, &[&["1.5"], &["-1.5"], &["1.5"], &["-1.5"]])).is_empty());
    // R-4s between runs, and as a product of neighbours.
    assert!(told(&runs(&all, &[&["2.5"], &["-1.9"]])).is_empty());
    assert!(told(&runs(&all, &[&["-4.1"], &["1.1"]])).is_empty());
    // 10x upwards only.
    let below: &[&[&str]] = &[&["-0.1"] as &[&str]; 10];
    assert_eq!(
        told(&runs(&all, below)),
        ["10 10x within 1,2,3,4,5,6,7,8,9,10"]
    );
    // A point on the mean counted to a side.
    let mut nine: Vec<&[&str]> = vec![&["0.1"]; 9];
    nine.push(&["0"]);
    nine.push(&["0.1"]);
    assert!(told(&runs(&all, &nine)).is_empty());
    // 2-2s across materials only when all levels agree; and between the last level of a run and the first of the next.
    assert_eq!(
        told(&runs(&all, &[&["2.5", "2.5", "0"]])),
        ["2 2-2s across 1,2"]
    );
    assert!(told(&runs(&all, &[&["0", "2.5"], &["2.5", "0"]])).is_empty());
    // 2-2s as a warning.
    assert_eq!(runs(&all, &[&["2.5"], &["2.5"]])[1].status, Status::Reject);
}

#[test]
fn materials_are_counted_together_in_the_order_of_their_levels() {
    let rules = profile(&[
        Rule::FourOneS,
        Rule::TenX,
        Rule::TwoOfThreeTwoS,
        Rule::ThreeOneS,
    ]);
    let two = runs(&rules, &[&["1.5", "1.2"], &["1.1", "1.3"]]);
    assert_eq!(told(&two), ["4 4-1s across 1,2,3,4"]);
    let five: &[&[&str]] = &[&["-0.5", "-0.1"] as &[&str]; 5];
    assert_eq!(
        told(&runs(&rules, five)),
        ["10 10x across 1,2,3,4,5,6,7,8,9,10"]
    );
    let three = runs(&rules, &[&["2.5", "0", "2.1"], &["1.1", "1.1", "1.1"]]);
    assert_eq!(
        told(&three),
        [
            "3 2of3-2s across 1,2,3",
            "6 3-1s across 4,5,6",
            "6 4-1s across 3,4,5,6"
        ]
    );
}

#[test]
fn every_choice_of_a_profile_is_heard() {
    let mut rules = profile(&[Rule::TwoTwoS]);
    let apart: &[&[&str]] = &[&["2.5", "0", "2.5"], &["2.5", "2.5", "2.5"]];
    assert_eq!(
        told(&runs(&rules, apart)),
        [
            "4 2-2s within 1,4",
            "5 2-2s across 4,5",
            "6 2-2s within 3,6",
            "6 2-2s across 5,6"
        ]
    );
    rules.pairing = Pairing::AnyPair;
    assert_eq!(told(&runs(&rules, apart))[0], "3 2-2s across 1,3");
    rules.pairing = Pairing::AllLevels;
    assert_eq!(
        told(&runs(&rules, apart)),
        [
            "4 2-2s within 1,4",
            "6 2-2s within 3,6",
            "6 2-2s across 4,5,6"
        ]
    );

    let mut rules = profile(&[Rule::SixX]);
    let mut row: Vec<&[&str]> = vec![&["0.1"]; 4];
    row.extend([&["0"] as &[&str], &["0.1"], &["0.1"], &["0.1"]]);
    assert!(told(&runs(&rules, &row)).is_empty());
    rules.on_mean = OnMean::Neutral;
    assert_eq!(
        told(&runs(&rules, &row)),
        ["7 6x within 1,2,3,4,6,7", "8 6x within 2,3,4,6,7,8"]
    );
    rules.streaks = Streaks::FirstOnly;
    assert_eq!(told(&runs(&rules, &row)), ["7 6x within 1,2,3,4,6,7"]);

    let mut rules = profile(&[Rule::OneThreeS, Rule::TwoTwoS]);
    let far: &[&[&str]] = &[&["3.5"], &["2.5"], &["2.5"]];
    assert_eq!(
        told(&runs(&rules, far)),
        ["1 1-3s run 1", "2 2-2s within 1,2", "3 2-2s within 2,3"]
    );
    rules.rejected = Rejected::Leave;
    assert_eq!(
        told(&runs(&rules, far)),
        ["1 1-3s run 1", "3 2-2s within 2,3"]
    );
}

#[test]
fn the_classic_gate_asks_the_rules_only_beyond_two_sd() {
    let classic = RuleProfile::preset("classic-n2").unwrap();
    assert_eq!(classic.gate, Gate::OneTwoS);
    let ten: &[&[&str]] = &[&["0.5", "0.5"] as &[&str]; 5];
    assert!(told(&runs(&classic, ten)).is_empty());
    let mut eleven = ten.to_vec();
    eleven.push(&["0.5", "2.1"]);
    let judged = runs(&classic, &eleven);
    // The gate is that of the run: its first point is judged too.
    assert_eq!(judged[10].status, Status::Reject);
    assert_eq!(judged[11].status, Status::Reject);
    let warned = runs(&classic, &[&["0.5", "2.1"]]);
    assert_eq!(
        warned
            .iter()
            .map(|judged| judged.status)
            .collect::<Vec<_>>(),
        [Status::Accept, Status::Warning]
    );
}

#[test]
fn changes_end_the_look_back_as_configured() {
    let at = |distance: i64| Reading {
        level: 0,
        at: Deviation::new(i128::from(distance), 10).unwrap(),
    };
    let told = |reset: Option<Change>, configured: Reset| {
        let mut profile = profile(&[Rule::TwoTwoS, Rule::FourOneS]);
        profile.resets.calibration = configured;
        let engine = Engine::new(&profile);
        let mut group = Group::new();
        for run in 1..=3 {
            engine.step(&mut group, run, &[at(if run == 3 { 25 } else { 15 })]);
        }
        if let Some(change) = reset {
            engine.change(&mut group, change, None);
        }
        let verdict = engine.step(&mut group, 4, &[at(25)]).remove(0);
        verdict
            .violations
            .iter()
            .map(|violation| violation.rule)
            .collect::<Vec<_>>()
    };
    let both = [Rule::TwoTwoS, Rule::FourOneS];
    assert_eq!(told(None, Reset::Keep), both);
    assert_eq!(told(Some(Change::Calibration), Reset::Keep), both);
    assert_eq!(
        told(Some(Change::Calibration), Reset::Systematic),
        [Rule::TwoTwoS]
    );
    assert_eq!(told(Some(Change::Calibration), Reset::All), []);
    for change in [
        Change::CorrectiveAction,
        Change::ControlLot,
        Change::Limits,
        Change::Instrument,
    ] {
        assert_eq!(told(Some(change), Reset::Keep), [], "{change:?}");
    }
    for change in [Change::ReagentLot, Change::Maintenance] {
        assert_eq!(told(Some(change), Reset::All), both, "{change:?}");
    }
}

#[test]
fn new_limits_in_a_series_begin_a_new_look_back() {
    let profile = profile(&[Rule::TwoTwoS]);
    let row = |run, mean, sd| Row {
        run,
        material: "L1",
        value: number("12.5"),
        limits: limits(mean, sd),
    };
    let same = evaluate(&profile, &[row("1", "10", "1"), row("2", "10.0", "1.00")]).unwrap();
    assert_eq!(same[1].status, Status::Reject);
    assert!(!same[1].new_limits);
    let changed = evaluate(&profile, &[row("1", "10", "1"), row("2", "10", "1.1")]).unwrap();
    assert_eq!(changed[1].status, Status::Accept);
    assert!(changed[1].new_limits);
}

#[test]
fn a_series_out_of_order_is_refused_whole() {
    let profile = profile(&[Rule::TwoTwoS]);
    let row = |run, value| Row {
        run,
        material: "L1",
        value: number(value),
        limits: limits("0", "1"),
    };
    let error = evaluate(&profile, &[row("1", "0"), row("2", "0"), row("1", "0")]).unwrap_err();
    assert_eq!(error.row, 2);
    let error = evaluate(&profile, &[row("1", "0"), row("2", "1e17")]);
    assert!(error.is_ok(), "a large whole number is no problem");
    let far = Row {
        limits: limits("0", "1e-20"),
        ..row("2", "1e15")
    };
    assert_eq!(
        evaluate(&profile, &[row("1", "0"), far]).unwrap_err().row,
        1
    );
}

/// B9: what is there is judged across materials, whichever level is missing.
#[test]
fn a_missing_level_does_not_hide_the_others() {
    let rules = profile(&[Rule::TwoTwoS, Rule::FourOneS]);
    let one_missing = runs(&rules, &[&["1.5", "1.2"], &["", "1.1"], &["1.3", ""]]);
    assert_eq!(told(&one_missing), ["4 4-1s across 1,2,3,4"]);
    let middle = runs(&rules, &[&["2.5", "", "2.5"]]);
    assert_eq!(told(&middle), ["2 2-2s across 1,2"]);
}

#[test]
fn presets_hold_the_rules_their_names_say() {
    use Rule::{
        EightX, FourOneS, NineX, OneThreeS, R4s, SixX, TenX, ThreeOneS, TwoOfThreeTwoS, TwoTwoS,
    };
    let table: [(&str, Gate, &[Rule]); 5] = [
        (
            "classic-n2",
            Gate::OneTwoS,
            &[OneThreeS, TwoTwoS, R4s, FourOneS, TenX],
        ),
        (
            "modern-n2",
            Gate::None,
            &[OneThreeS, TwoTwoS, R4s, FourOneS, EightX],
        ),
        (
            "classic-n3",
            Gate::OneTwoS,
            &[OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS, SixX],
        ),
        (
            "modern-n3",
            Gate::None,
            &[OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS, SixX],
        ),
        (
            "sigma-3-n3-r3",
            Gate::None,
            &[OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS, NineX],
        ),
    ];
    for (name, gate, rules) in table {
        let preset = RuleProfile::preset(name).unwrap();
        let held: Vec<Rule> = preset.rules.iter().map(|used| used.rule).collect();
        assert_eq!((preset.gate, held.as_slice()), (gate, rules), "{name}");
    }
}
