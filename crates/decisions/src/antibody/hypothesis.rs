use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use serde::Serialize;

use super::frequency::negative_frequency;
use super::knowledge::{Effect, Knowledge, Model, Population, Thermal};
use super::panel::{Cell, Panel, PhaseKind};

/// The most antibodies that are combined; panels have fewer columns.
const CANDIDATES_MOST: usize = 48;
/// Explanations whose strengths are looked at closely.
const REFINED_MOST: usize = 96;
/// Scores that differ by less are the same.
const TIED: f64 = 1e-6;
/// How far the products may fall before they are kept as logarithms.
const SMALL: f64 = 1e-200;

/// What is behind the reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The named alloantibodies.
    Alloantibodies,
    /// Against the patient's own cells too; no specificity.
    Autoantibody,
    /// Against an antigen nearly everybody has and the panel does not tell apart.
    HighPrevalence,
    /// Against an antigen hardly anybody has, or HLA; no specificity.
    LowPrevalence,
    /// No antibody, or reactions without pattern.
    Unspecific,
}

/// One explanation with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// What is behind it.
    pub cause: Cause,
    /// The antibodies named, in the order of [`Antigen::ALL`]; empty for every other cause.
    pub antibodies: Vec<Antigen>,
    /// Share among all explanations, 0 to 1.
    pub posterior: f64,
}

/// What the likelihood asks of one tested cell.
struct Seen {
    reactive: bool,
    /// Index of the strength: 0 none, 1 w+, 2 1+, … 5 4+.
    strength: usize,
    /// The factor of the phases where nothing explains the cell.
    plain: f64,
}

/// What the likelihood asks of one cell and one antigen.
#[derive(Clone, Copy, Default)]
struct Meeting {
    /// Chance to stay quiet, ordinary and strict dosage.
    quiet: [f64; 2],
    /// Whether the antigen is there at all.
    carried: bool,
    /// Whether only from one parent, where that matters.
    single: bool,
    /// How well the phases suit this antibody.
    phases: f64,
}

/// The chance that a cell with the antigen reacts; index 1 under strict dosage.
fn reacts(knowledge: &Knowledge, cell: &Cell, antigen: Antigen, weak: bool) -> ([f64; 2], bool) {
    let model = &knowledge.model;
    let dosage = knowledge.facts(antigen).is_some_and(|facts| facts.dosage);
    let single = dosage && !cell.double_dose(knowledge, antigen);
    let known = match cell.typed.typing(antigen) {
        Typing::Positive => 1.0,
        Typing::NotTested => 0.5,
        Typing::Negative => 0.0,
    };
    let share = match (single, weak) {
        (false, _) => model.reacts_double,
        (true, true) => model.reacts_single_weak,
        (true, false) => model.reacts_single,
    };
    let strict = if single {
        model.reacts_single_strict
    } else {
        share
    };
    ([share * known, strict * known], single)
}

/// How the reactive phases of a cell suit an antibody, and what they weigh without one. Only where both sorts were tested.
fn phases(knowledge: &Knowledge, panel: &Panel, cell: &Cell, antigen: Option<Antigen>) -> f64 {
    let facts = antigen.and_then(|antigen| knowledge.facts(antigen));
    let state = |wanted: &[PhaseKind]| {
        let mut tested = false;
        let mut reacted = false;
        for (phase, grade) in panel.phases.iter().zip(&cell.reactions) {
            if let Some(grade) = grade.filter(|_| wanted.contains(&phase.kind)) {
                tested = true;
                reacted |= grade != lifeline_core::blood::Grade::Negative;
            }
        }
        tested.then_some(reacted)
    };
    let warm = state(&[PhaseKind::Antiglobulin, PhaseKind::Warm]);
    let mut weight = 1.0;
    if let (Some(cold), Some(warm)) = (state(&[PhaseKind::Cold]), warm) {
        weight *= match (facts.map(|facts| facts.thermal), cold, warm) {
            (None, ..) | (_, false, false) => 1.0 / 3.0,
            (Some(Thermal::Cold), true, false) => 0.45,
            (Some(Thermal::Cold), true, true) => 0.35,
            (Some(Thermal::Cold), false, true) => 0.20,
            (Some(Thermal::Warm), true, false) => 0.03,
            (Some(Thermal::Warm), true, true) => 0.22,
            (Some(Thermal::Warm), false, true) => 0.75,
        };
    }
    let treated = [
        (PhaseKind::Enzyme, facts.map(|facts| facts.enzyme)),
        (PhaseKind::Dtt, facts.map(|facts| facts.dtt)),
    ];
    for (kind, effect) in treated {
        if let (Some(treated), Some(plain)) = (state(&[kind]), warm) {
            weight *= match (effect, plain, treated) {
                (None | Some(Effect::Variable), ..) | (_, false, false) => 1.0 / 3.0,
                (Some(Effect::Down), true, false) => 0.90,
                (Some(Effect::Down), ..) => 0.05,
                (Some(Effect::Up), true, true) => 0.75,
                (Some(Effect::Up), false, true) => 0.20,
                (Some(Effect::Up), true, false) => 0.05,
                (Some(Effect::None), true, true) => 0.80,
                (Some(Effect::None), ..) => 0.10,
            };
        }
    }
    weight
}

struct Evidence<'a> {
    model: &'a Model,
    candidates: Vec<Antigen>,
    seen: Vec<Seen>,
    /// By candidate, then cell.
    meetings: Vec<Vec<Meeting>>,
    dosage: Vec<bool>,
    prior: Vec<f64>,
    /// By first, then second.
    further: Vec<Vec<f64>>,
    autocontrol: Option<bool>,
    likeness: [[f64; 6]; 6],
}

fn strength_index(cell: &Cell) -> usize {
    match cell.strength() {
        s if s <= 0.0 => 0,
        s if s < 1.0 => 1,
        s => 1 + s as usize,
    }
}

/// Chance of a strength (row) where another is expected (column), both by index; row 0 is not used.
fn likeness(spread: f64) -> [[f64; 6]; 6] {
    let grade = |index: usize| {
        if index <= 1 { 0.5 } else { index as f64 - 1.0 }
    };
    let mut table = [[0.0; 6]; 6];
    for expected in 1..6 {
        let weight =
            |seen: usize| (-((grade(seen) - grade(expected)) / spread).powi(2) / 2.0).exp();
        let all: f64 = (1..6).map(weight).sum();
        for (seen, row) in table.iter_mut().enumerate().skip(1) {
            if let Some(cell) = row.get_mut(expected) {
                *cell = weight(seen) / all;
            }
        }
    }
    table
}

impl<'a> Evidence<'a> {
    fn new(
        knowledge: &'a Knowledge,
        population: &Population,
        panel: &Panel,
        patient: &AntigenProfile,
        candidates: &[Antigen],
    ) -> Self {
        let model = &knowledge.model;
        let tested: Vec<&Cell> = panel
            .cells
            .iter()
            .filter(|cell| cell.reactive().is_some())
            .collect();
        let weak = tested.iter().all(|cell| cell.strength() <= 1.0);
        let mut candidates = candidates.to_vec();
        // The order of the columns must not matter, not even to the last digit.
        candidates.sort_unstable();
        candidates.truncate(CANDIDATES_MOST);
        let seen = tested
            .iter()
            .map(|cell| Seen {
                reactive: cell.reactive() == Some(true),
                strength: strength_index(cell),
                plain: phases(knowledge, panel, cell, None),
            })
            .collect();
        let meeting = |antigen: Antigen, cell: &Cell| {
            let (share, single) = reacts(knowledge, cell, antigen, weak);
            Meeting {
                quiet: share.map(|share| 1.0 - share),
                carried: cell.typed.typing(antigen) != Typing::Negative,
                single,
                phases: phases(knowledge, panel, cell, Some(antigen)),
            }
        };
        let weight = |antigen: Antigen| {
            population
                .antibodies
                .get(&antigen)
                .copied()
                .unwrap_or(model.unlisted)
        };
        let prior = |antigen: Antigen| {
            weight(antigen)
                * match patient.typing(antigen) {
                    Typing::Positive => model.patient_positive,
                    Typing::NotTested => 1.0,
                    Typing::Negative => negative_frequency(knowledge, population, &[antigen])
                        .map_or(1.0, |share| {
                            (1.0 / share.max(1e-6)).min(model.patient_negative_most)
                        }),
                }
        };
        let dosage = |antigen: Antigen| knowledge.facts(antigen).is_some_and(|f| f.dosage);
        let further = |first: Antigen, second: Antigen| {
            let least = if dosage(second)
                || weight(second) >= 0.005
                || matches!(second, Antigen::D | Antigen::BigK)
            {
                model.further_least_common
            } else {
                model.further_least_rare
            };
            let together = model
                .companions
                .iter()
                .find(|pair| pair.first == first && pair.second == second);
            let share = together.map_or((weight(second) * model.further).max(least), |pair| {
                pair.share
            });
            let positive = patient.typing(second) == Typing::Positive;
            let pair = knowledge.antithetical(first) == Some(second);
            share
                * if positive {
                    model.patient_positive
                } else {
                    1.0
                }
                * if pair { model.antithetical_pair } else { 1.0 }
        };
        Self {
            model,
            seen,
            meetings: candidates
                .iter()
                .map(|antigen| tested.iter().map(|cell| meeting(*antigen, cell)).collect())
                .collect(),
            dosage: candidates.iter().map(|a| dosage(*a)).collect(),
            prior: candidates.iter().map(|a| prior(*a)).collect(),
            further: candidates
                .iter()
                .map(|first| {
                    candidates
                        .iter()
                        .map(|second| further(*first, *second))
                        .collect()
                })
                .collect(),
            autocontrol: panel.autocontrol_reactive(),
            likeness: likeness(model.strength_spread),
            candidates,
        }
    }

    fn further(&self, first: usize, second: usize) -> f64 {
        self.further
            .get(first)
            .and_then(|row| row.get(second))
            .copied()
            .unwrap_or(0.0)
    }

    /// The prior of antibodies together: the least of what each of them as the first one lets expect, so that a rare antibody does
    /// not become likely by standing beside a common one.
    fn prior_of(&self, set: &[usize]) -> f64 {
        let own = |i: usize| self.prior.get(i).copied().unwrap_or(0.0);
        let chain = |x: usize, y: usize, z: usize| {
            let last = self.further(x, z).max(self.further(y, z));
            self.further(x, y) * last
        };
        let prior = match *set {
            [a] => return own(a),
            [a, b] => (own(a) * self.further(a, b)).min(own(b) * self.further(b, a)),
            [a, b, c] => [[a, b, c], [b, a, c], [c, a, b]]
                .into_iter()
                .map(|[x, y, z]| own(x) * chain(x, y, z).max(chain(x, z, y)))
                .fold(f64::MAX, f64::min),
            _ => 0.0,
        };
        // Two against an antithetical pair stay next to impossible whatever the third is.
        let pairs = set
            .iter()
            .enumerate()
            .flat_map(|(n, i)| set.iter().skip(n + 1).map(move |j| (*i, *j)));
        pairs.fold(prior, |prior, (i, j)| prior.min(self.further(i, j)))
    }

    fn background(&self, strength: usize) -> f64 {
        self.model.background.get(strength).copied().unwrap_or(0.02)
    }

    /// Log likelihood of a set, without the strengths.
    fn likelihood(&self, set: &[usize]) -> f64 {
        let strict_matters = set.iter().any(|i| self.dosage.get(*i) == Some(&true));
        let ordinary = self.likelihood_under(set, 0);
        if !strict_matters {
            return ordinary;
        }
        let strict = self.likelihood_under(set, 1);
        let share = self.model.strict_dosage;
        let most = ordinary.max(strict);
        most + ((1.0 - share) * (ordinary - most).exp() + share * (strict - most).exp()).ln()
    }

    fn likelihood_under(&self, set: &[usize], dose: usize) -> f64 {
        let mut log = 0.0;
        let mut product = 1.0;
        for (n, seen) in self.seen.iter().enumerate() {
            let mut quiet = 1.0 - self.background(seen.strength);
            let mut phases: f64 = 0.0;
            for i in set {
                let Some(meeting) = self.meetings.get(*i).and_then(|row| row.get(n)) else {
                    continue;
                };
                quiet *= meeting.quiet.get(dose).copied().unwrap_or(1.0);
                if meeting.carried {
                    phases = phases.max(meeting.phases);
                }
            }
            product *= if seen.reactive {
                (1.0 - quiet) * if phases > 0.0 { phases } else { seen.plain }
            } else {
                quiet
            };
            if product < SMALL {
                log += product.max(f64::MIN_POSITIVE).ln();
                product = 1.0;
            }
        }
        log + product.ln()
    }

    /// What the strengths add for a set: how alike they are to some level of each antibody, against no idea at all.
    fn strengths(&self, set: &[usize]) -> f64 {
        const BLIND: f64 = 0.2;
        let mut sum = 0.0;
        let combinations = 4_usize.pow(u32::try_from(set.len()).unwrap_or(0));
        for code in 0..combinations {
            let level = |place: usize| 2 + (code >> (2 * place)) % 4;
            let mut product = 1.0;
            for (n, seen) in self
                .seen
                .iter()
                .enumerate()
                .filter(|(_, seen)| seen.reactive)
            {
                let expected = set
                    .iter()
                    .enumerate()
                    .filter_map(|(place, i)| {
                        let meeting = self.meetings.get(*i)?.get(n)?;
                        let less = usize::from(meeting.single);
                        meeting.carried.then_some(level(place) - less)
                    })
                    .max();
                if let Some(expected) = expected {
                    product *= self.alike(seen.strength, expected) / BLIND;
                }
            }
            sum += product;
        }
        (sum / combinations as f64).max(f64::MIN_POSITIVE).ln()
    }

    fn alike(&self, seen: usize, expected: usize) -> f64 {
        self.likeness
            .get(seen)
            .and_then(|row| row.get(expected))
            .copied()
            .unwrap_or(0.2)
    }

    /// Log likelihood when every cell reacts with the same chance, and how alike the strengths are.
    fn general(&self, share: f64, one_level: bool) -> f64 {
        let mut log = 0.0;
        for seen in &self.seen {
            let quiet = (1.0 - share) * (1.0 - self.background(seen.strength));
            log += if seen.reactive {
                ((1.0 - quiet) * seen.plain).ln()
            } else {
                quiet.max(f64::MIN_POSITIVE).ln()
            };
        }
        if one_level {
            let levels = (2..6).map(|level| {
                self.seen
                    .iter()
                    .filter(|seen| seen.reactive)
                    .map(|seen| self.alike(seen.strength, level) / 0.2)
                    .product::<f64>()
            });
            log += (levels.sum::<f64>() / 4.0).max(f64::MIN_POSITIVE).ln();
        }
        log
    }

    fn autocontrol(&self, auto: bool) -> f64 {
        let share = if auto {
            self.model.autocontrol_auto
        } else {
            self.model.autocontrol_allo
        };
        match self.autocontrol {
            None => 0.0,
            Some(true) => share.ln(),
            Some(false) => (1.0 - share).ln(),
        }
    }
}

/// Every set of at most three antibodies among the candidates, and the causes without specificity, likeliest first.
pub fn rank(
    knowledge: &Knowledge,
    population: &Population,
    panel: &Panel,
    patient: &AntigenProfile,
    candidates: &[Antigen],
) -> Vec<Hypothesis> {
    let evidence = Evidence::new(knowledge, population, panel, patient, candidates);
    let model = &knowledge.model;
    let mut sets: Vec<(f64, Vec<usize>)> = Vec::new();
    let count = evidence.candidates.len();
    let allo = evidence.autocontrol(false);
    let mut add = |set: &[usize]| {
        let score = evidence.prior_of(set).max(f64::MIN_POSITIVE).ln() + evidence.likelihood(set);
        sets.push((score + allo, set.to_vec()));
    };
    for a in 0..count {
        add(&[a]);
        for b in a + 1..count {
            add(&[a, b]);
            for c in b + 1..count {
                add(&[a, b, c]);
            }
        }
    }
    sets.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let least = sets.get(REFINED_MOST).map_or(f64::MIN, |(score, _)| *score);
    for (score, set) in sets
        .iter_mut()
        .take_while(|(score, _)| *score >= least - TIED)
    {
        *score += evidence.strengths(set);
    }
    let mut all: Vec<(f64, Cause, Vec<usize>)> = sets
        .into_iter()
        .map(|(score, set)| (score, Cause::Alloantibodies, set))
        .collect();
    let general = [
        (
            Cause::Autoantibody,
            model.autoantibody,
            model.autoantibody_reacts,
            true,
        ),
        (
            Cause::HighPrevalence,
            model.high_prevalence,
            model.high_prevalence_reacts,
            true,
        ),
        (
            Cause::LowPrevalence,
            model.low_prevalence,
            model.low_prevalence_reacts,
            false,
        ),
        (Cause::Unspecific, model.unspecific, 0.0, false),
    ];
    for (cause, prior, share, one_level) in general {
        let score = prior.ln()
            + evidence.general(share, one_level)
            + evidence.autocontrol(cause == Cause::Autoantibody);
        all.push((score, cause, Vec::new()));
    }
    all.sort_by(|one, other| {
        (other.0.total_cmp(&one.0)).then_with(|| (one.1, &one.2).cmp(&(other.1, &other.2)))
    });
    let best = all.first().map_or(0.0, |(score, ..)| *score);
    let sum: f64 = all.iter().map(|(score, ..)| (score - best).exp()).sum();
    all.into_iter()
        .map(|(score, cause, set)| Hypothesis {
            cause,
            antibodies: set
                .iter()
                .filter_map(|i| evidence.candidates.get(*i).copied())
                .collect(),
            posterior: (score - best).exp() / sum,
        })
        .collect()
}
