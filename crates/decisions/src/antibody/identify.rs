use std::collections::BTreeMap;

use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use serde::Serialize;

use super::advice::Advice;
use super::exclusion::{Excluded, How, exclude};
use super::hypothesis::{Cause, Hypothesis, rank};
use super::knowledge::{Knowledge, Population, RuleOutPolicy};
use super::panel::{Cell, Panel};
use super::statistics::Table;

/// Explanations that are told.
pub const EXPLANATIONS_MOST: usize = 10;
/// An explanation that is this close to the first is named as a rival.
const RIVAL: f64 = 0.2;
/// Explanations among which one against the patient's own antigen is worth a word.
const RIVALS_MOST: usize = 3;
/// The fewest reactive cells that make a pattern of "all".
const ALL_LEAST: usize = 3;
/// Fisher's probability below which an antibody counts as shown.
const SHOWN: f64 = 0.05;

/// The shape of the reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Nothing reacted.
    Negative,
    /// One or more alloantibodies explain it.
    Allo,
    /// The patient's own cells react with all others.
    Auto,
    /// All cells react and the autocontrol does not, or was not tested.
    Panreactive,
    /// No explanation names a specificity.
    Undetermined,
}

impl Pattern {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Allo => "allo",
            Self::Auto => "auto",
            Self::Panreactive => "panreactive",
            Self::Undetermined => "undetermined",
        }
    }
}

/// How far the evidence for one antibody goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sufficiency {
    /// Over all tested cells.
    pub table: Table,
    /// Only over cells that no other antibody of the explanation explains.
    pub alone: Table,
    /// One-sided Fisher exact probability over all cells.
    pub fisher_p: f64,
    /// The same over the cells of `alone`.
    pub fisher_p_alone: f64,
    /// Harris and Hochman over the cells of `alone`, where none contradicts.
    pub harris_hochman: Option<f64>,
    /// Three reactive positives and three non-reactive negatives, of the cells of `alone`.
    pub three_and_three: bool,
    /// Two and two.
    pub two_and_two: bool,
}

/// One explanation with what it leaves open.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What is behind it.
    pub cause: Cause,
    /// The antibodies named.
    pub antibodies: Vec<Antigen>,
    /// Share among all explanations, 0 to 1.
    pub posterior: f64,
    /// Explains every reactive cell, and no non-reactive cell contradicts it.
    pub fits: bool,
    /// Reactive cells without any of the antigens, then non-reactive double-dose cells with one.
    pub unexplained: Vec<String>,
    /// Reactive cells that carry an antigen of it.
    pub explained: Vec<String>,
    /// By antibody.
    pub sufficiency: BTreeMap<Antigen, Sufficiency>,
}

/// How much may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The first explanation fits, is shown by enough cells, and has no rival.
    Supported,
    /// It fits, but more cells are needed.
    Tentative,
    /// Nothing may be named.
    None,
}

impl Conclusion {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Tentative => "tentative",
            Self::None => "none",
        }
    }
}

/// What a panel says.
#[derive(Debug, Clone, PartialEq)]
pub struct Identification {
    /// The rule-out policy used.
    pub policy: String,
    /// The population whose priors were used.
    pub population: String,
    /// The shape of the reactions.
    pub pattern: Pattern,
    /// Excluded, with the cells that did it.
    pub excluded: BTreeMap<Antigen, Excluded>,
    /// Everything else on the panel, in the order of its columns.
    pub not_excluded: Vec<Antigen>,
    /// Those of them no cell of the panel could have shown.
    pub never_tested: Vec<Antigen>,
    /// Likeliest first; the first is the answer.
    pub explanations: Vec<Explanation>,
    /// All explanations with their weights, for choosing cells.
    pub hypotheses: Vec<Hypothesis>,
    /// How much may be said.
    pub conclusion: Conclusion,
    /// What to do next.
    pub advice: Vec<Advice>,
}

fn table(cells: &[&Cell], antigen: Antigen) -> Table {
    let mut table = Table::default();
    for cell in cells {
        let slot = match (cell.typed.typing(antigen), cell.reactive()) {
            (Typing::Positive, Some(true)) => &mut table.pos_reactive,
            (Typing::Positive, Some(false)) => &mut table.pos_non,
            (Typing::Negative, Some(true)) => &mut table.neg_reactive,
            (Typing::Negative, Some(false)) => &mut table.neg_non,
            _ => continue,
        };
        *slot += 1;
    }
    table
}

fn explanation(
    knowledge: &Knowledge,
    panel: &Panel,
    excluded: &BTreeMap<Antigen, Excluded>,
    hypothesis: &Hypothesis,
) -> Explanation {
    let tested: Vec<&Cell> = panel
        .cells
        .iter()
        .filter(|cell| cell.reactive().is_some())
        .collect();
    let set = &hypothesis.antibodies;
    let carries = |cell: &Cell| {
        set.iter()
            .any(|antigen| cell.typed.typing(*antigen) == Typing::Positive)
    };
    let names = |wanted: &dyn Fn(&Cell) -> bool| -> Vec<String> {
        let chosen = tested.iter().filter(|cell| wanted(cell));
        chosen.map(|cell| cell.id.clone()).collect()
    };
    let reactive = |cell: &Cell| cell.reactive() == Some(true);
    let (explained, unexplained) = match hypothesis.cause {
        Cause::Alloantibodies => {
            let mut open = names(&|cell| reactive(cell) && !carries(cell));
            let against = |cell: &Cell| {
                set.iter().any(|antigen| {
                    let dosage = knowledge.facts(*antigen).is_some_and(|facts| facts.dosage);
                    cell.double_dose(knowledge, *antigen)
                        || (!dosage && cell.typed.typing(*antigen) == Typing::Positive)
                })
            };
            open.extend(names(&|cell| !reactive(cell) && against(cell)));
            (names(&|cell| reactive(cell) && carries(cell)), open)
        }
        Cause::Autoantibody | Cause::HighPrevalence => {
            (names(&reactive), names(&|cell| !reactive(cell)))
        }
        Cause::LowPrevalence | Cause::Unspecific => (Vec::new(), names(&reactive)),
    };
    let sufficiency = set
        .iter()
        .map(|antigen| {
            let others: Vec<&Cell> = tested
                .iter()
                .copied()
                .filter(|cell| {
                    set.iter()
                        .filter(|other| *other != antigen)
                        .all(|other| cell.typed.typing(*other) == Typing::Negative)
                })
                .collect();
            let (table, alone) = (table(&tested, *antigen), self::table(&others, *antigen));
            let sufficiency = Sufficiency {
                table,
                alone,
                fisher_p: table.fisher(),
                fisher_p_alone: alone.fisher(),
                harris_hochman: alone.harris_hochman(),
                three_and_three: alone.reaches(3),
                two_and_two: alone.reaches(2),
            };
            (*antigen, sufficiency)
        })
        .collect();
    Explanation {
        cause: hypothesis.cause,
        fits: unexplained.is_empty() && set.iter().all(|antigen| !excluded.contains_key(antigen)),
        antibodies: set.clone(),
        posterior: hypothesis.posterior,
        unexplained,
        explained,
        sufficiency,
    }
}

/// Reads a panel: what is excluded, what explains it, whether that suffices.
pub fn identify(
    knowledge: &Knowledge,
    policy: &RuleOutPolicy,
    population: &Population,
    panel: &Panel,
    patient: &AntigenProfile,
) -> Identification {
    let excluded = exclude(knowledge, policy, panel);
    let not_excluded: Vec<Antigen> = panel
        .antigens
        .iter()
        .copied()
        .filter(|antigen| !excluded.contains_key(antigen))
        .collect();
    let carried = |antigen: &Antigen| {
        let mut tested = panel.cells.iter().filter(|cell| cell.reactive().is_some());
        tested.any(|cell| cell.typed.typing(*antigen) != Typing::Negative)
    };
    let (candidates, never_tested): (Vec<Antigen>, Vec<Antigen>) =
        not_excluded.iter().copied().partition(carried);
    let mut hypotheses = rank(knowledge, population, panel, patient, &candidates);
    let reactive = panel
        .cells
        .iter()
        .filter(|cell| cell.reactive() == Some(true))
        .count();
    let tested = panel
        .cells
        .iter()
        .filter(|cell| cell.reactive().is_some())
        .count();
    let all = reactive == tested && reactive >= ALL_LEAST;
    if reactive == 0 {
        first(&mut hypotheses, &[Cause::Unspecific]);
    } else if all && panel.autocontrol_reactive() == Some(true) {
        // Panreactive with the patient's own cells: no specificity may be named.
        hypotheses.retain(|hypothesis| hypothesis.antibodies.is_empty());
        first(&mut hypotheses, &[Cause::Autoantibody]);
    }
    let explanations: Vec<Explanation> = hypotheses
        .iter()
        .take(EXPLANATIONS_MOST)
        .map(|hypothesis| explanation(knowledge, panel, &excluded, hypothesis))
        .collect();
    let top = explanations.first();
    let pattern = match top.map(|top| top.cause) {
        _ if reactive == 0 => Pattern::Negative,
        Some(Cause::Autoantibody) => Pattern::Auto,
        Some(Cause::HighPrevalence) => Pattern::Panreactive,
        Some(Cause::Alloantibodies) if all => Pattern::Panreactive,
        Some(Cause::Alloantibodies) => Pattern::Allo,
        _ => Pattern::Undetermined,
    };
    let rival = rival(&hypotheses);
    let conclusion = match top {
        Some(top) if top.cause == Cause::Alloantibodies && top.fits => {
            let shown = top
                .sufficiency
                .values()
                .all(|s| s.two_and_two && (s.three_and_three || s.fisher_p_alone <= SHOWN));
            if shown && !rival {
                Conclusion::Supported
            } else {
                Conclusion::Tentative
            }
        }
        Some(top) if top.cause == Cause::Alloantibodies => Conclusion::Tentative,
        _ => Conclusion::None,
    };
    let mut answer = Identification {
        policy: policy.name.clone(),
        population: population.name.clone(),
        pattern,
        excluded,
        not_excluded,
        never_tested,
        explanations,
        hypotheses,
        conclusion,
        advice: Vec::new(),
    };
    answer.advice = advise(knowledge, panel, patient, &answer, rival);
    answer
}

/// Puts the hypotheses of some causes first, keeping the order among the others.
fn first(hypotheses: &mut [Hypothesis], causes: &[Cause]) {
    hypotheses.sort_by_key(|hypothesis| !causes.contains(&hypothesis.cause));
}

/// Whether a second explanation is nearly as likely and says something else, not only one antibody more.
fn rival(hypotheses: &[Hypothesis]) -> bool {
    let mut ranked = hypotheses.iter();
    let Some(top) = ranked.next() else {
        return false;
    };
    ranked.any(|other| {
        let more = top.antibodies.iter().all(|a| other.antibodies.contains(a));
        let apart = !more || other.cause != top.cause;
        apart && other.posterior >= RIVAL * top.posterior
    })
}

fn advise(
    knowledge: &Knowledge,
    panel: &Panel,
    patient: &AntigenProfile,
    answer: &Identification,
    rival: bool,
) -> Vec<Advice> {
    let mut advice = Vec::new();
    let mut add = |list: Vec<Antigen>, make: fn(Vec<Antigen>) -> Advice| {
        if !list.is_empty() {
            advice.push(make(list));
        }
    };
    let Some(top) = answer.explanations.first() else {
        return advice;
    };
    let named = &top.antibodies;
    match answer.pattern {
        Pattern::Negative => {}
        Pattern::Auto => {}
        _ => {
            let filter = |wanted: &dyn Fn(Antigen) -> bool| -> Vec<Antigen> {
                named.iter().copied().filter(|a| wanted(*a)).collect()
            };
            let mut positive: Vec<Antigen> = answer
                .explanations
                .iter()
                .take(RIVALS_MOST)
                .flat_map(|explanation| explanation.antibodies.iter().copied())
                .filter(|a| patient.typing(*a) == Typing::Positive)
                .collect();
            positive.sort_unstable();
            positive.dedup();
            add(positive, Advice::PatientPositive);
            let short = |a: &Antigen| top.sufficiency.get(a).is_some_and(|s| !s.three_and_three);
            add(filter(&|a| short(&a)), Advice::MoreCells);
            add(filter(&|a| dosage(knowledge, panel, a)), Advice::Dosage);
            let masked: Vec<Antigen> = if named.is_empty() {
                Vec::new()
            } else {
                let hidden = answer.not_excluded.iter().copied();
                hidden
                    .filter(|a| !named.contains(a) && masked(panel, named, *a))
                    .collect()
            };
            add(masked, Advice::Masked);
            let open = answer.not_excluded.iter().copied();
            add(
                open.filter(|a| !named.contains(a)).collect(),
                Advice::Exclude,
            );
            add(
                filter(&|a| patient.typing(a) == Typing::NotTested),
                Advice::TypePatient,
            );
        }
    }
    match answer.pattern {
        Pattern::Negative => advice.push(Advice::NothingReacts),
        Pattern::Auto => advice.insert(0, Advice::CannotConclude),
        Pattern::Panreactive => advice.insert(0, Advice::HighPrevalence),
        Pattern::Undetermined => advice.insert(0, Advice::Undetermined),
        Pattern::Allo => {
            if panel.autocontrol_reactive() == Some(true) {
                advice.insert(0, Advice::AutocontrolReactive);
            }
            if [Antigen::D, Antigen::BigC]
                .iter()
                .all(|a| named.contains(a))
            {
                advice.push(Advice::AntiG);
            }
            if rival {
                advice.push(Advice::Ambiguous);
            }
        }
    }
    if panel.autocontrol_reactive().is_none() && answer.pattern != Pattern::Negative {
        advice.push(Advice::AutocontrolMissing);
    }
    if !panel.doubts.is_empty() {
        let words = panel
            .doubts
            .iter()
            .map(|doubt| format!("{} {} {}", doubt.cell, doubt.label, doubt.antigen.name()));
        advice.push(Advice::Doubtful(words.collect()));
    }
    advice
}

/// Every tested cell with the antigen also carries an identified one, so that it could not have shown.
fn masked(panel: &Panel, named: &[Antigen], antigen: Antigen) -> bool {
    let mut with = panel
        .cells
        .iter()
        .filter(|cell| cell.reactive().is_some())
        .filter(|cell| cell.typed.typing(antigen) == Typing::Positive)
        .peekable();
    with.peek().is_some()
        && with.all(|cell| {
            named
                .iter()
                .any(|known| cell.typed.typing(*known) == Typing::Positive)
        })
}

/// Double-dose cells react stronger than single-dose ones, or only they react.
fn dosage(knowledge: &Knowledge, panel: &Panel, antigen: Antigen) -> bool {
    if !knowledge.facts(antigen).is_some_and(|facts| facts.dosage) {
        return false;
    }
    let mean = |double: bool| {
        let strengths: Vec<f64> = panel
            .cells
            .iter()
            .filter(|cell| cell.reactive().is_some())
            .filter(|cell| cell.typed.typing(antigen) == Typing::Positive)
            .filter(|cell| cell.double_dose(knowledge, antigen) == double)
            .map(Cell::strength)
            .collect();
        (!strengths.is_empty()).then(|| strengths.iter().sum::<f64>() / strengths.len() as f64)
    };
    matches!((mean(true), mean(false)), (Some(double), Some(single)) if double > single)
}

impl Excluded {
    /// Whether the exclusion rests on a double-dose cell.
    pub fn double(&self) -> bool {
        self.how == How::DoubleDose
    }
}
