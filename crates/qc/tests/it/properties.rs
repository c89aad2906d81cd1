//! What must hold for every stream: one pass, any chunking, bit slices and replay agree; verdicts do not depend on units; streams do
//! not meet; simulated false rejections are those of the theory.

use lifeline_qc::patients::Seeded;
use lifeline_qc::series::{Row, evaluate};
use lifeline_qc::sliced::Sliced;
use lifeline_qc::{
    Boundary, Change, Decimal, Deviation, Engine, Gate, Group, Limits, MaterialState, OnMean,
    Pairing, R4s, Reading, Rejected, Reset, Rule, RuleProfile, RuleSet, RunOrder, Scope, Status,
    Streaks, Verdict,
};
use proptest::prelude::*;

use crate::vectors::{limits, number, profile, runs, told};

/// Distances in tenths of an SD that fall on limits often.
fn distance() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -25_i64..=25, 2 => -40_i64..=40, 1 => prop::sample::select(vec![-35, -30, -25, -20, -10, 0, 10, 20, 25, 30, 35])]
}

fn any_profile() -> impl Strategy<Value = RuleProfile> {
    (any::<[bool; 6]>(), 0..3_usize).prop_map(
        |([inclusive, neutral, range, first, leave, given], pairing)| {
            let mut profile = profile(Rule::ALL);
            profile.boundary = if inclusive {
                Boundary::Inclusive
            } else {
                Boundary::Strict
            };
            profile.on_mean = if neutral {
                OnMean::Neutral
            } else {
                OnMean::Breaks
            };
            profile.r4s = if range { R4s::Range } else { R4s::Strict };
            profile.streaks = if first {
                Streaks::FirstOnly
            } else {
                Streaks::KeepFiring
            };
            profile.rejected = if leave {
                Rejected::Leave
            } else {
                Rejected::StayUntilClosed
            };
            profile.run_order = if given {
                RunOrder::AsGiven
            } else {
                RunOrder::Levels
            };
            profile.pairing = [Pairing::Adjacent, Pairing::AnyPair, Pairing::AllLevels][pairing];
            profile
        },
    )
}

fn reading(level: u8, distance: i64) -> Reading {
    Reading {
        level,
        at: Deviation::new(i128::from(distance), 10).unwrap(),
    }
}

/// Runs of one to three levels.
fn any_runs() -> impl Strategy<Value = Vec<Vec<i64>>> {
    prop::collection::vec(prop::collection::vec(distance(), 1..=3), 1..40)
}

fn whole(engine: &Engine, runs: &[Vec<i64>]) -> (Vec<Verdict>, Group) {
    let mut group = Group::new();
    let mut verdicts = Vec::new();
    for (run, values) in (1..).zip(runs) {
        let readings: Vec<Reading> = (0..)
            .zip(values)
            .map(|(level, value)| reading(level, *value))
            .collect();
        verdicts.extend(engine.step(&mut group, run, &readings));
    }
    (verdicts, group)
}

/// The rules written down a second time, slowly, over the whole history of a material.
fn by_the_book(history: &[i64], beyond: impl Fn(i64, i64) -> bool) -> RuleSet {
    let newest = history[history.len() - 1];
    let one_side = |points: usize, tenths: i64| {
        history.len() >= points && {
            let window = &history[history.len() - points..];
            let side = |sign: i64| {
                window.iter().all(|value| {
                    if tenths == 0 {
                        sign * value > 0
                    } else {
                        beyond(sign * value, tenths)
                    }
                })
            };
            side(1) || side(-1)
        }
    };
    let far = |tenths: i64| beyond(newest.abs(), tenths);
    let hit = |rule: &Rule| match rule {
        Rule::OneTwoS => far(20),
        Rule::OneTwoHalfS => far(25),
        Rule::OneThreeS => far(30),
        Rule::OneThreeHalfS => far(35),
        Rule::TwoTwoS => one_side(2, 20),
        Rule::ThreeOneS => one_side(3, 10),
        Rule::FourOneS => one_side(4, 10),
        Rule::SixX => one_side(6, 0),
        Rule::EightX => one_side(8, 0),
        Rule::NineX => one_side(9, 0),
        Rule::TenX => one_side(10, 0),
        Rule::TwelveX => one_side(12, 0),
        Rule::TwoOfThreeTwoS => {
            history.len() >= 3 && {
                let window = &history[history.len() - 3..];
                let side = |sign: i64| {
                    window
                        .iter()
                        .filter(|value| beyond(sign * **value, 20))
                        .count()
                        >= 2
                };
                side(1) || side(-1)
            }
        }
        Rule::SevenT => {
            history.len() >= 7 && {
                let window = &history[history.len() - 7..];
                window.windows(2).all(|pair| pair[0] < pair[1])
                    || window.windows(2).all(|pair| pair[0] > pair[1])
            }
        }
        Rule::R4s => false,
    };
    Rule::ALL.iter().copied().filter(hit).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn engine_book_and_bit_slices_agree(values in prop::collection::vec(distance(), 0..400), inclusive in any::<bool>()) {
        let mut profile = profile(Rule::ALL);
        profile.boundary = if inclusive { Boundary::Inclusive } else { Boundary::Strict };
        let engine = Engine::new(&profile);
        let beyond = |value: i64, tenths: i64| if inclusive { value >= tenths } else { value > tenths };
        let mut state = MaterialState::default();
        let mut scalar = Vec::new();
        for place in 0..values.len() {
            let hits = engine.push(&mut state, Deviation::new(i128::from(values[place]), 10).unwrap());
            prop_assert_eq!(hits, by_the_book(&values[..=place], beyond), "place {}", place);
            scalar.push(hits);
        }
        let sliced = Sliced::new(&engine).unwrap();
        let mut words = Vec::new();
        let took = sliced.evaluate(&values, 10, |block, points| {
            words.extend((0..points as u32).map(|point| block.rules(point)));
            for point in points as u32..64 {
                assert!(block.rules(point).is_empty(), "behind the last point");
            }
        });
        prop_assert!(took);
        prop_assert_eq!(&words, &scalar);
        let narrow: Vec<i32> = values.iter().map(|value| *value as i32).collect();
        words.clear();
        sliced.evaluate(&narrow, 10, |block, points| {
            words.extend((0..points as u32).map(|point| block.rules(point)));
        });
        prop_assert_eq!(words, scalar);
    }

    #[test]
    fn any_chunking_and_replay_from_storage_agree(runs in any_runs(), profile in any_profile(), cuts in any::<u64>()) {
        let engine = Engine::new(&profile);
        let (verdicts, group) = whole(&engine, &runs);
        let mut other = Group::new();
        let mut parts = Vec::new();
        for (run, values) in (1..).zip(&runs) {
            let readings: Vec<Reading> = (0..).zip(values).map(|(level, value)| reading(level, *value)).collect();
            let cut = (cuts >> (run % 60)) as usize % (readings.len() + 1);
            for part in [&readings[..cut], &readings[cut..]] {
                parts.extend(engine.step(&mut other, run, part));
                let stored = serde_json::to_string(&other).unwrap();
                other = serde_json::from_str(&stored).unwrap();
            }
        }
        prop_assert_eq!(parts, verdicts);
        prop_assert_eq!(other, group);
    }

    #[test]
    fn units_and_origin_do_not_matter(
        values in prop::collection::vec(distance(), 1..60),
        power in 0_u32..12,
        shift in -1_000_000_000_i64..1_000_000_000,
        inclusive in any::<bool>(),
    ) {
        let mut profile = profile(Rule::ALL);
        profile.boundary = if inclusive { Boundary::Inclusive } else { Boundary::Strict };
        let names: Vec<String> = (0..values.len()).map(|run| run.to_string()).collect();
        let judge = |shift: i64, scale: u8| {
            let decimal = |whole: i64| Decimal::new(i128::from(whole), scale).unwrap();
            let limits = Limits::new(decimal(shift), decimal(10)).unwrap();
            let rows: Vec<Row<'_>> = names.iter().zip(&values)
                .map(|(run, value)| Row { run, material: "L1", value: decimal(shift + value), limits })
                .collect();
            evaluate(&profile, &rows).unwrap()
        };
        let plain = judge(0, 0);
        prop_assert_eq!(&judge(shift, 0), &plain);
        prop_assert_eq!(&judge(shift, power as u8), &plain);
    }

    #[test]
    fn other_groups_and_later_points_change_nothing(runs in any_runs(), others in any_runs(), profile in any_profile()) {
        let engine = Engine::new(&profile);
        let (verdicts, group) = whole(&engine, &runs);
        let mut groups = [Group::new(), Group::new()];
        let mut own = Vec::new();
        for run in 0..runs.len().max(others.len()) {
            for (group, all) in groups.iter_mut().zip([&runs, &others]) {
                let Some(values) = all.get(run) else { continue };
                let readings: Vec<Reading> = (0..).zip(values).map(|(level, value)| reading(level, *value)).collect();
                let verdicts = engine.step(group, run as u32 + 1, &readings);
                if std::ptr::eq(all, &runs) {
                    own.extend(verdicts);
                }
            }
        }
        prop_assert_eq!(&own, &verdicts);
        prop_assert_eq!(&groups[0], &group);
        let (before, _) = whole(&engine, &runs[..runs.len() - 1]);
        prop_assert_eq!(&verdicts[..before.len()], &before[..]);
    }

    #[test]
    fn a_window_names_points_that_break_the_rule(runs in any_runs(), profile in any_profile()) {
        let names: Vec<String> = (0..runs.len()).map(|run| run.to_string()).collect();
        let mut rows = Vec::new();
        for (run, values) in names.iter().zip(&runs) {
            for (material, value) in ["L1", "L2", "L3"].iter().zip(values) {
                let value = Decimal::new(i128::from(*value), 1).unwrap();
                rows.push(Row { run, material, value, limits: limits("0", "1") });
            }
        }
        let judged = evaluate(&profile, &rows).unwrap();
        for (row, judged) in judged.iter().enumerate() {
            for found in &judged.violations {
                prop_assert_eq!(found.rows.last(), Some(&row));
                let tenths: Vec<i128> = found.rows.iter().map(|row| {
                    let value = rows[*row].value;
                    value.mantissa() * if value.scale() == 0 { 10 } else { 1 }
                }).collect();
                let beyond = |value: i128, limit: i128| if profile.boundary == Boundary::Inclusive { value >= limit } else { value > limit };
                let side = |limit: i128, least: usize| [1, -1].iter().any(|sign| {
                    tenths.iter().filter(|value| if limit == 0 { *value * sign > 0 } else { beyond(*value * sign, limit) }).count() >= least
                });
                let materials: std::collections::BTreeSet<&str> = found.rows.iter().map(|row| rows[*row].material).collect();
                let in_runs: std::collections::BTreeSet<&str> = found.rows.iter().map(|row| rows[*row].run).collect();
                match found.scope {
                    Scope::WithinMaterial => prop_assert_eq!(materials.len(), 1),
                    Scope::AcrossMaterials => prop_assert!(materials.len() > 1),
                    Scope::Run => prop_assert_eq!(in_runs.len(), 1),
                }
                let all = found.rows.len();
                match found.rule {
                    Rule::R4s => {
                        prop_assert_eq!(all, 2);
                        let strict = [1, -1].iter().any(|sign| beyond(tenths[0] * sign, 20) && beyond(tenths[1] * -sign, 20));
                        match found.r4s {
                            Some(R4s::Strict) => prop_assert!(strict),
                            _ => prop_assert!(!strict && beyond((tenths[0] - tenths[1]).abs(), 40)),
                        }
                    }
                    Rule::TwoTwoS => prop_assert!(all >= 2 && side(20, all)),
                    Rule::TwoOfThreeTwoS => prop_assert!(all == 3 && side(20, 2)),
                    Rule::ThreeOneS => prop_assert!(all == 3 && side(10, 3)),
                    Rule::FourOneS => prop_assert!(all == 4 && side(10, 4)),
                    Rule::SevenT => prop_assert_eq!(all, 7),
                    Rule::SixX | Rule::EightX | Rule::NineX | Rule::TenX | Rule::TwelveX => prop_assert!(side(0, all)),
                    _ => prop_assert_eq!(all, 1),
                }
            }
        }
    }
}

/// Independent normal points.
struct Normal(Seeded);

impl Normal {
    fn draw(&mut self) -> f64 {
        let mut unit = || ((self.0.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let (a, b) = (unit(), unit());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    fn at(&mut self, shift: f64, spread: f64) -> Deviation {
        let millionths = ((self.draw() * spread + shift) * 1e6).round();
        Deviation::new(millionths as i128, 1_000_000).unwrap()
    }
}

/// Share of runs of `levels` independent points that any of the rules rejects or warns of, against the exact probability.
fn share_of_runs(
    profile: &RuleProfile,
    levels: u8,
    shift: f64,
    spread: f64,
    exact: f64,
    seed: u64,
) {
    const RUNS: u32 = 60_000;
    let engine = Engine::new(profile);
    let mut normal = Normal(Seeded::new(seed));
    let mut hit = 0;
    for run in 0..RUNS {
        let mut group = Group::new();
        let readings: Vec<Reading> = (0..levels)
            .map(|level| Reading {
                level,
                at: normal.at(shift, spread),
            })
            .collect();
        let verdicts = engine.step(&mut group, run, &readings);
        hit += u32::from(
            verdicts
                .iter()
                .any(|verdict| verdict.status != Status::Accept),
        );
    }
    let error = (exact * (1.0 - exact) / f64::from(RUNS)).sqrt();
    let off = (f64::from(hit) / f64::from(RUNS) - exact).abs();
    assert!(
        off < 4.0 * error,
        "{levels} levels, shift {shift}: off by {off}, error {error}"
    );
}

#[test]
fn simulated_rejection_of_one_run_is_that_of_the_theory() {
    for (levels, exact) in [(1, 0.0455), (2, 0.08893), (3, 0.130384), (4, 0.169952)] {
        share_of_runs(&profile(&[Rule::OneTwoS]), levels, 0.0, 1.0, exact, 11);
    }
    for (levels, exact) in [(1, 0.0027), (2, 0.005392), (3, 0.008078), (4, 0.010756)] {
        share_of_runs(&profile(&[Rule::OneThreeS]), levels, 0.0, 1.0, exact, 12);
    }
    for (shift, exact) in [
        (1.0, 0.045045),
        (2.0, 0.29214),
        (3.0, 0.75),
        (4.0, 0.974829),
    ] {
        share_of_runs(&profile(&[Rule::OneThreeS]), 2, shift, 1.0, exact, 13);
    }
    for (shift, exact) in [
        (0.0, 0.001035),
        (1.0, 0.025173),
        (2.0, 0.25),
        (3.0, 0.707861),
        (4.0, 0.955017),
    ] {
        share_of_runs(&profile(&[Rule::TwoTwoS]), 2, shift, 1.0, exact, 14);
    }
    let three = profile(&[Rule::OneThreeS, Rule::TwoTwoS, Rule::R4s]);
    for (shift, exact) in [
        (0.0, 0.007224),
        (1.0, 0.063875),
        (2.0, 0.408677),
        (3.0, 0.866516),
        (4.0, 0.993299),
    ] {
        share_of_runs(&three, 2, shift, 1.0, exact, 15);
    }
    share_of_runs(&profile(&[Rule::R4s]), 2, 0.0, 1.0, 0.001035, 16);
    let mut range = profile(&[Rule::R4s]);
    range.r4s = R4s::Range;
    for shift in [0.0, 3.0] {
        share_of_runs(&range, 2, shift, 1.0, 0.004678, 17);
    }
    share_of_runs(&profile(&[Rule::OneThreeS]), 2, 0.0, 2.0, 0.2496, 18);
    share_of_runs(&three, 2, 0.0, 2.0, 0.2834, 19);
    share_of_runs(&three, 2, 0.0, 3.0, 0.5690, 20);
}

#[test]
fn simulated_full_windows_are_those_of_the_theory() {
    // Windows of fresh points, so that the trials are independent.
    let table = [
        (Rule::TwoTwoS, 0.00103514),
        (Rule::ThreeOneS, 0.00798718),
        (Rule::FourOneS, 0.00126721),
        (Rule::SixX, 0.03125),
        (Rule::EightX, 0.0078125),
        (Rule::NineX, 0.00390625),
        (Rule::TenX, 0.001953125),
        (Rule::TwelveX, 0.00048828125),
        (Rule::TwoOfThreeTwoS, 0.00305831),
        (Rule::SevenT, 0.000396825),
    ];
    const TRIALS: u32 = 100_000;
    let engine = Engine::new(&profile(Rule::ALL));
    let mut normal = Normal(Seeded::new(21));
    let mut hits = [0_u32; 10];
    for _ in 0..TRIALS {
        let mut state = MaterialState::default();
        for points in 1..=12 {
            let found = engine.push(&mut state, normal.at(0.0, 1.0));
            for ((rule, _), hit) in table.iter().zip(&mut hits) {
                *hit += u32::from(points == rule.window() && found.contains(*rule));
            }
        }
    }
    for ((rule, exact), hit) in table.iter().zip(hits) {
        let error = (exact * (1.0 - exact) / f64::from(TRIALS)).sqrt();
        let off = (f64::from(hit) / f64::from(TRIALS) - exact).abs();
        assert!(off < 4.0 * error, "{rule}: off by {off}, error {error}");
    }
}

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
