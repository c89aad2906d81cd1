//! What must hold for every stream: one pass, any chunking, bit slices and replay agree; verdicts do not depend on units; streams do
//! not meet.

use lifeline_qc::series::{Row, evaluate};
use lifeline_qc::sliced::Sliced;
use lifeline_qc::{
    Boundary, Decimal, Deviation, Engine, Group, Limits, MaterialState, OnMean, Pairing, R4s,
    Reading, Rejected, Rule, RuleProfile, RuleSet, RunOrder, Scope, Streaks, Verdict,
};
use proptest::prelude::*;

use crate::vectors::{limits, profile};

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
