use std::collections::BTreeMap;

use lifeline_core::blood::{Antigen, Typing};

use super::exclusion::{How, excludes_alone};
use super::hypothesis::{Cause, Hypothesis};
use super::knowledge::{Knowledge, RuleOutPolicy};
use super::panel::Cell;

/// Up to so many antigens the smallest set of cells is found for certain; above, greedily.
pub const EXACT_MOST: usize = 20;
/// States the exact search looks at before it settles for the greedy answer.
const STATES_MOST: usize = 1 << 18;

/// One chosen cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The place in the pool.
    pub index: usize,
    /// What it settles, and by which dose.
    pub resolves: BTreeMap<Antigen, How>,
    /// What its reaction is expected to tell, in bits.
    pub information: f64,
}

/// Cells that settle what is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// In the order they settle most.
    pub choices: Vec<Choice>,
    /// What no cell of the pool settles.
    pub unresolved: Vec<Antigen>,
    /// Whether no smaller set would do.
    pub exact: bool,
}

/// Chance that a cell reacts if an explanation is true.
fn reacts(knowledge: &Knowledge, cell: &Cell, hypothesis: &Hypothesis) -> f64 {
    let model = &knowledge.model;
    match hypothesis.cause {
        Cause::Autoantibody => model.autoantibody_reacts,
        Cause::HighPrevalence => model.high_prevalence_reacts,
        Cause::LowPrevalence => model.low_prevalence_reacts,
        Cause::Unspecific => 0.02,
        Cause::Alloantibodies => {
            let quiet: f64 = hypothesis
                .antibodies
                .iter()
                .map(|antigen| {
                    let dosage = knowledge.facts(*antigen).is_some_and(|facts| facts.dosage);
                    let full = !dosage || cell.double_dose(knowledge, *antigen);
                    let share = if full {
                        model.reacts_double
                    } else {
                        model.reacts_single
                    };
                    match cell.typed.typing(*antigen) {
                        Typing::Positive => 1.0 - share,
                        Typing::NotTested => 1.0 - share / 2.0,
                        Typing::Negative => 1.0,
                    }
                })
                .product();
            1.0 - 0.98 * quiet
        }
    }
}

fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// What a cell's reaction is expected to tell about which explanation is true, in bits.
pub fn information(knowledge: &Knowledge, cell: &Cell, hypotheses: &[Hypothesis]) -> f64 {
    let mut mean = 0.0;
    let mut inside = 0.0;
    for hypothesis in hypotheses {
        let p = reacts(knowledge, cell, hypothesis);
        mean += hypothesis.posterior * p;
        inside += hypothesis.posterior * entropy(p);
    }
    (entropy(mean.clamp(0.0, 1.0)) - inside).max(0.0)
}

/// What each cell of the pool settles of the open antigens.
///
/// To exclude one, a cell must lack every identified antigen; to confirm one that is identified, every other identified one. Where
/// nothing is identified yet, a cell that lacks the other open ones separates better, and is preferred.
fn settles(
    knowledge: &Knowledge,
    policy: &RuleOutPolicy,
    cell: &Cell,
    open: &[Antigen],
    identified: &[Antigen],
) -> BTreeMap<Antigen, How> {
    open.iter()
        .filter(|antigen| {
            identified
                .iter()
                .filter(|other| other != antigen)
                .all(|other| cell.typed.typing(*other) == Typing::Negative)
        })
        .filter(|antigen| {
            if identified.contains(antigen) {
                cell.typed.typing(**antigen) == Typing::Positive
            } else {
                excludes_alone(knowledge, policy, cell, **antigen)
            }
        })
        .map(|antigen| {
            let how = if cell.double_dose(knowledge, *antigen) {
                How::DoubleDose
            } else {
                How::SingleDose
            };
            (*antigen, how)
        })
        .collect()
}

/// The fewest cells of a pool that settle every open antigen that can be settled.
///
/// With `apart`, each open antigen needs a cell of its own: one that lacks the other open ones, where the pool has such a cell.
pub fn select(
    knowledge: &Knowledge,
    policy: &RuleOutPolicy,
    pool: &[&Cell],
    open: &[Antigen],
    identified: &[Antigen],
    hypotheses: &[Hypothesis],
    apart: bool,
) -> Selection {
    let mut table: Vec<BTreeMap<Antigen, How>> = pool
        .iter()
        .map(|cell| settles(knowledge, policy, cell, open, identified))
        .collect();
    if apart {
        for antigen in open {
            let pure = |cell: &&Cell| {
                open.iter()
                    .filter(|other| *other != antigen)
                    .all(|other| cell.typed.typing(*other) == Typing::Negative)
            };
            let any = pool
                .iter()
                .zip(&table)
                .any(|(cell, settled)| settled.contains_key(antigen) && pure(cell));
            for (cell, settled) in pool.iter().zip(&mut table) {
                if any && !pure(cell) {
                    settled.remove(antigen);
                }
            }
        }
    }
    let bits: Vec<f64> = pool
        .iter()
        .map(|cell| information(knowledge, cell, hypotheses))
        .collect();
    // Double dose first, then what tells most, then the order of the pool.
    let worth = |index: usize| {
        let doubles = table.get(index).map_or(0, |settled| {
            settled
                .values()
                .filter(|how| **how == How::DoubleDose)
                .count()
        });
        (doubles, bits.get(index).copied().unwrap_or(0.0))
    };
    let better = |one: usize, other: usize| {
        let (a, b) = (worth(one), worth(other));
        (b.0.cmp(&a.0))
            .then_with(|| b.1.total_cmp(&a.1))
            .then(one.cmp(&other))
    };
    let masks: Vec<u64> = table
        .iter()
        .map(|settled| {
            let places = open.iter().enumerate().take(64);
            places
                .filter(|(_, antigen)| settled.contains_key(antigen))
                .fold(0, |mask, (place, _)| mask | 1 << place)
        })
        .collect();
    let reachable = masks.iter().fold(0, |all, mask| all | mask);
    let mut order: Vec<usize> = (0..pool.len())
        .filter(|i| masks.get(*i).is_some_and(|mask| *mask != 0))
        .collect();
    order.sort_by(|one, other| better(*one, *other));
    let greedy = greedy(&masks, &order, reachable);
    let exact = (open.len() <= EXACT_MOST)
        .then(|| smallest(&masks, &order, reachable))
        .flatten();
    let found = exact.is_some();
    let mut chosen = exact.unwrap_or(greedy);
    chosen.sort_by(|one, other| {
        let count = |i: &usize| masks.get(*i).map_or(0, |mask| mask.count_ones());
        count(other).cmp(&count(one)).then(one.cmp(other))
    });
    Selection {
        choices: chosen
            .into_iter()
            .map(|index| Choice {
                index,
                resolves: table.get(index).cloned().unwrap_or_default(),
                information: bits.get(index).copied().unwrap_or(0.0),
            })
            .collect(),
        unresolved: open
            .iter()
            .enumerate()
            .filter(|(place, _)| *place >= 64 || reachable >> place & 1 == 0)
            .map(|(_, antigen)| *antigen)
            .collect(),
        exact: found,
    }
}

fn greedy(masks: &[u64], order: &[usize], reachable: u64) -> Vec<usize> {
    let mut left = reachable;
    let mut chosen = Vec::new();
    while left != 0 {
        let gain = |i: &usize| masks.get(*i).map_or(0, |mask| (mask & left).count_ones());
        let most = order.iter().map(gain).max().unwrap_or(0);
        let Some(best) = order.iter().find(|i| gain(i) == most && most > 0) else {
            break;
        };
        left &= !masks.get(*best).copied().unwrap_or(0);
        chosen.push(*best);
    }
    chosen
}

/// Breadth first over what is covered: the first way to reach everything is a smallest one. `None` when it grows too large.
fn smallest(masks: &[u64], order: &[usize], reachable: u64) -> Option<Vec<usize>> {
    let mut paths: BTreeMap<u64, Vec<usize>> = BTreeMap::from([(0, Vec::new())]);
    let mut layer: Vec<u64> = vec![0];
    while !paths.contains_key(&reachable) {
        let mut next = Vec::new();
        for covered in layer {
            let path = paths.get(&covered).cloned().unwrap_or_default();
            for index in order {
                let wider = covered | masks.get(*index).copied().unwrap_or(0);
                if wider == covered || paths.contains_key(&wider) {
                    continue;
                }
                let mut longer = path.clone();
                longer.push(*index);
                paths.insert(wider, longer);
                next.push(wider);
                if paths.len() > STATES_MOST {
                    return None;
                }
            }
        }
        if next.is_empty() {
            return None;
        }
        layer = next;
    }
    paths.remove(&reachable)
}
