use std::collections::BTreeMap;

use lifeline_core::blood::{Antigen, Typing};
use serde::Serialize;

use super::knowledge::{Dose, Effect, Knowledge, RuleOut, RuleOutPolicy, Thermal};
use super::panel::{Cell, Panel, PhaseKind};

/// By which dose an antibody was excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// On at least one cell with the antigen from both parents.
    DoubleDose,
    /// On cells whose dose is single or not known, as the policy allows.
    SingleDose,
}

/// Why an antibody is excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// The non-reactive cells, in the order of the panel.
    pub cells: Vec<String>,
    /// By which dose.
    pub how: How,
}

/// Whether a non-reactive cell says anything about an antibody: some tested phase must be able to show it.
fn telling(knowledge: &Knowledge, panel: &Panel, cell: &Cell, antigen: Antigen) -> bool {
    let Some(facts) = knowledge.facts(antigen) else {
        return false;
    };
    panel
        .phases
        .iter()
        .zip(&cell.reactions)
        .filter(|(_, grade)| grade.is_some())
        .any(|(phase, _)| match phase.kind {
            PhaseKind::Antiglobulin => true,
            PhaseKind::Enzyme => matches!(facts.enzyme, Effect::Up | Effect::None),
            PhaseKind::Dtt => facts.dtt == Effect::None,
            // Without antiglobulin only cold antibodies would have shown.
            PhaseKind::Cold | PhaseKind::Warm => facts.thermal == Thermal::Cold,
        })
}

/// Whether a cell is of the kind a rule asks for.
fn suits(knowledge: &Knowledge, cell: &Cell, antigen: Antigen, rule: &RuleOut) -> bool {
    let dose = match rule.dose {
        Dose::Any => cell.typed.typing(antigen) == Typing::Positive,
        Dose::Double => cell.double_dose(knowledge, antigen),
    };
    let lacks = |antigen: &Antigen| cell.typed.typing(*antigen) == Typing::Negative;
    dose && rule.lacking.iter().all(lacks) && rule.all_positive_react.iter().all(lacks)
}

/// Whether one cell alone would exclude the antibody if it did not react.
pub fn excludes_alone(
    knowledge: &Knowledge,
    policy: &RuleOutPolicy,
    cell: &Cell,
    antigen: Antigen,
) -> bool {
    policy.of(antigen).any(|rule| {
        rule.cells <= 1
            && rule.all_positive_react.is_none()
            && !rule.unless_double_reacts
            && suits(knowledge, cell, antigen, rule)
    })
}

/// Which antibodies a policy excludes, and by which cells. A cell counts only when it reacted in no tested phase.
pub fn exclude(
    knowledge: &Knowledge,
    policy: &RuleOutPolicy,
    panel: &Panel,
) -> BTreeMap<Antigen, Excluded> {
    let reactive = |cell: &&Cell| cell.reactive() == Some(true);
    let mut excluded = BTreeMap::new();
    for antigen in &panel.antigens {
        let quiet: Vec<&Cell> = panel
            .cells
            .iter()
            .filter(|cell| cell.reactive() == Some(false))
            .filter(|cell| telling(knowledge, panel, cell, *antigen))
            .collect();
        for rule in policy.of(*antigen) {
            let double_reacts = || {
                let mut reacting = panel.cells.iter().filter(reactive);
                reacting.any(|cell| cell.double_dose(knowledge, *antigen))
            };
            if rule.unless_double_reacts && double_reacts() {
                continue;
            }
            if let Some(other) = rule.all_positive_react {
                let mut positive = panel
                    .cells
                    .iter()
                    .filter(|cell| cell.typed.typing(other) == Typing::Positive)
                    .filter_map(Cell::reactive)
                    .peekable();
                if positive.peek().is_none() || !positive.all(|reacted| reacted) {
                    continue;
                }
            }
            let cells: Vec<&Cell> = quiet
                .iter()
                .copied()
                .filter(|cell| suits(knowledge, cell, *antigen, rule))
                .collect();
            if cells.is_empty() || cells.len() < rule.cells {
                continue;
            }
            let double = cells
                .iter()
                .any(|cell| cell.double_dose(knowledge, *antigen));
            excluded.insert(
                *antigen,
                Excluded {
                    cells: cells.iter().map(|cell| cell.id.clone()).collect(),
                    how: if double {
                        How::DoubleDose
                    } else {
                        How::SingleDose
                    },
                },
            );
            break;
        }
    }
    excluded
}
