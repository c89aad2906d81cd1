//! Published verdicts and worked boundary cases.

use lifeline_qc::series::{Judged, Row, evaluate};
use lifeline_qc::{Boundary, Decimal, Limits, R4s, Rule, RuleProfile, Scope, Status};

pub fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub fn limits(mean: &str, sd: &str) -> Limits {
    Limits::new(number(mean), number(sd)).unwrap()
}

/// Runs of one or several materials, each level's z score as text, mean 0 and SD 1.
pub fn runs(profile: &RuleProfile, runs: &[&[&str]]) -> Vec<Judged> {
    const NAMES: [&str; 4] = ["L1", "L2", "L3", "L4"];
    let names: Vec<String> = (1..=runs.len()).map(|run| run.to_string()).collect();
    let mut rows = Vec::new();
    for (run, values) in names.iter().zip(runs) {
        for (material, value) in NAMES.iter().zip(*values) {
            if value.is_empty() {
                continue;
            }
            rows.push(Row {
                run,
                material,
                value: number(value),
                limits: limits("0", "1"),
            });
        }
    }
    evaluate(profile, &rows).unwrap()
}

pub fn profile(rules: &[Rule]) -> RuleProfile {
    RuleProfile::usual("test", rules.iter().copied())
}

/// Rows, counted from 1, at which a rule fires.
fn fires(judged: &[Judged], rule: Rule) -> Vec<usize> {
    let hit = |judged: &Judged| judged.violations.iter().any(|found| found.rule == rule);
    let numbered = (1..).zip(judged);
    numbered
        .filter(|(_, judged)| hit(judged))
        .map(|(row, _)| row)
        .collect()
}

/// Every violation as `row rule scope rows`, rows counted from 1.
pub fn told(judged: &[Judged]) -> Vec<String> {
    let mut lines = Vec::new();
    for (row, judged) in (1..).zip(judged) {
        for found in &judged.violations {
            let rows: Vec<String> = found.rows.iter().map(|row| (row + 1).to_string()).collect();
            let scope = match found.scope {
                Scope::WithinMaterial => "within",
                Scope::AcrossMaterials => "across",
                Scope::Run => "run",
            };
            lines.push(format!("{row} {} {scope} {}", found.rule, rows.join(",")));
        }
    }
    lines
}

/// Westgard, "Break All the Rules", part 1: one level, mean 47, SD 3.
const PART_1: &str = "42.5 55.1 46.4 47.0 43.1 56.9 41.3 44.9 45.5 41.3 47.0 37.7 41.6 53.3 55.4 44.6 47.3 48.2 41.3 42.8 44.3
47.6 44.3 45.8 47.6 39.8 39.8 50.9 49.7 45.5 45.2 47.3 47.9 44.3 40.1 48.2 40.7 41.9 43.4 43.7 49.7 42.2
52.1 44.6 45.2 45.8 41.6 41.3 44.9 43.7 45.2 50.6 50.3 51.2 51.5 44.3 41.6 53.9 48.8 48.2 50.6 48.2";

fn part_1(boundary: Boundary, rules: &[Rule]) -> Vec<Judged> {
    let names: Vec<String> = (1..=62).map(|run| run.to_string()).collect();
    let rows: Vec<Row<'_>> = names
        .iter()
        .zip(PART_1.split_whitespace())
        .map(|(run, value)| Row {
            run,
            material: "L1",
            value: number(value),
            limits: limits("47", "3"),
        })
        .collect();
    assert_eq!(rows.len(), 62);
    let mut profile = profile(rules);
    profile.boundary = boundary;
    evaluate(&profile, &rows).unwrap()
}

#[test]
fn break_all_the_rules_part_1() {
    use Rule::{
        EightX, FourOneS, OneThreeS, SevenT, SixX, TenX, ThreeOneS, TwoOfThreeTwoS, TwoTwoS,
    };
    for boundary in [Boundary::Strict, Boundary::Inclusive] {
        let judged = part_1(boundary, &[OneThreeS, TwoTwoS, FourOneS, EightX, TenX]);
        let told = told(&judged);
        let expected = [
            "6 1-3s run 6",
            "12 1-3s run 12",
            "15 2-2s within 14,15",
            "27 2-2s within 26,27",
            "40 4-1s within 37,38,39,40",
            "51 8x within 44,45,46,47,48,49,50,51",
            "55 4-1s within 52,53,54,55",
        ];
        assert_eq!(told, expected, "{boundary:?}");
        let rejected = judged
            .iter()
            .filter(|judged| judged.status == Status::Reject);
        assert_eq!(rejected.count(), 7);
    }
    for boundary in [Boundary::Strict, Boundary::Inclusive] {
        let judged = part_1(boundary, &[TwoOfThreeTwoS, ThreeOneS, SixX, SevenT]);
        assert_eq!(fires(&judged, TwoOfThreeTwoS), [15, 16, 27, 28, 37]);
        assert_eq!(fires(&judged, ThreeOneS), [39, 40, 54, 55]);
        assert_eq!(fires(&judged, SixX), [49, 50, 51]);
        assert!(fires(&judged, SevenT).is_empty());
    }
}

#[test]
fn a_point_on_the_limit_is_decided_by_the_profile_alone() {
    let mut profile = profile(&[
        Rule::OneTwoS,
        Rule::OneThreeS,
        Rule::TwoTwoS,
        Rule::FourOneS,
        Rule::R4s,
    ]);
    let series: &[&[&str]] = &[
        &["2.0"],
        &["2.00"],
        &["-3"],
        &["1"],
        &["1"],
        &["1"],
        &["1.0"],
    ];
    assert_eq!(told(&runs(&profile, series)), ["3 1-2s run 3"]);
    profile.boundary = Boundary::Inclusive;
    let told = told(&runs(&profile, series));
    let expected = [
        "1 1-2s run 1",
        "2 1-2s run 2",
        "2 2-2s within 1,2",
        "3 1-2s run 3",
        "3 1-3s run 3",
        "7 4-1s within 4,5,6,7",
    ];
    assert_eq!(told, expected);
}

#[test]
fn opposite_points_in_different_runs_are_two_warnings_and_nothing_else() {
    for (boundary, r4s) in [
        (Boundary::Strict, R4s::Strict),
        (Boundary::Strict, R4s::Range),
        (Boundary::Inclusive, R4s::Range),
    ] {
        let mut profile = profile(&[Rule::OneTwoS, Rule::TwoTwoS, Rule::R4s]);
        (profile.boundary, profile.r4s) = (boundary, r4s);
        let judged = runs(&profile, &[&["2.3"], &["-2.4"]]);
        assert_eq!(told(&judged), ["1 1-2s run 1", "2 1-2s run 2"]);
        assert!(judged.iter().all(|judged| judged.status == Status::Warning));
    }
}

/// Part 2, run 14 of the same lesson: z −2.33 and +1.90.
#[test]
fn r_4s_by_range_is_told_apart_from_the_strict_one() {
    let mut profile = profile(&[Rule::R4s]);
    let series: &[&[&str]] = &[&["-2.33", "1.90"], &["2.1", "-2.1"], &["2", "-2"]];
    assert_eq!(told(&runs(&profile, series)), ["4 R-4s run 3,4"]);
    profile.r4s = R4s::Range;
    let judged = runs(&profile, series);
    assert_eq!(told(&judged), ["2 R-4s run 1,2", "4 R-4s run 3,4"]);
    let fired: Vec<_> = judged
        .iter()
        .flat_map(|j| &j.violations)
        .map(|found| found.r4s)
        .collect();
    assert_eq!(fired, [Some(R4s::Range), Some(R4s::Strict)]);
    profile.boundary = Boundary::Inclusive;
    assert_eq!(fires(&runs(&profile, series), Rule::R4s), [2, 4, 6]);
}

#[test]
fn limits_are_met_in_decimals() {
    // In binary the first is 2.0000000000000018 SD out and the second 1.999999999999999.
    for (value, mean, sd) in [
        ("2.2", "2.0", "0.1"),
        ("4.6", "4.0", "0.3"),
        ("0.3", "0.1", "0.1"),
        ("1.1", "0.3", "0.4"),
    ] {
        let row = |run| Row {
            run,
            material: "L1",
            value: number(value),
            limits: limits(mean, sd),
        };
        let rows = [row("1"), row("2")];
        let mut profile = profile(&[Rule::OneTwoS, Rule::TwoTwoS]);
        let strict = evaluate(&profile, &rows).unwrap();
        assert!(
            strict
                .iter()
                .all(|judged| judged.status == Status::Accept && judged.z == 2.0)
        );
        profile.boundary = Boundary::Inclusive;
        let inclusive = evaluate(&profile, &rows).unwrap();
        assert_eq!(
            told(&inclusive),
            ["1 1-2s run 1", "2 1-2s run 2", "2 2-2s within 1,2"]
        );
    }
}
