use serde::{Deserialize, Serialize};

use crate::blood::{Abo, Component, LabelGroup, RhD};
use crate::finding::{Finding, Rule, Severity};
use crate::policy::{Compatibility, Key, Policies, Rhd};

/// Whether a bag's group suits a recipient's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// May be given.
    Compatible,
    /// May be given when somebody entitled to it answers for the findings.
    Conditional,
    /// Must not be given.
    Incompatible,
}

/// A verdict with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict, the heaviest of the findings.
    pub verdict: Verdict,
    /// What stands against it; empty when compatible.
    pub findings: Vec<Finding>,
}

impl From<Vec<Finding>> for Judgement {
    fn from(findings: Vec<Finding>) -> Self {
        let verdict = match findings.iter().map(|finding| finding.severity).max() {
            None => Verdict::Compatible,
            Some(Severity::Warning) => Verdict::Conditional,
            Some(Severity::Stop) => Verdict::Incompatible,
        };
        Self { verdict, findings }
    }
}

/// Where the rule no policy can change comes from.
const BIOLOGY: &str =
    "Landsteiner 1901: plasma holds the antibodies against the ABO antigens its own cells lack";

/// Judges by the table in force at a moment. Without a table nothing is compatible.
pub fn judge(
    policies: &Policies,
    component: Component,
    recipient: Option<LabelGroup>,
    unit: LabelGroup,
    at: jiff::Timestamp,
) -> Judgement {
    match policies.compatibility(component, at) {
        Ok(table) => {
            let mut judgement = compatibility(table, component, recipient, unit);
            let source = policies.source(Key::Compatibility, at);
            for finding in &mut judgement.findings {
                if finding.source.is_none() {
                    finding.source = source.clone().map(Into::into);
                }
            }
            judgement
        }
        Err(missing) => vec![missing.word("component", word(component))].into(),
    }
}

/// Judges a bag's group for a recipient's, on two channels that both must agree: the policy table, and the biology of the
/// ABO antigens, which stops lethal red cells even where a table allowed them. A recipient of unknown group is `None`; an
/// RhD that is not stated is never taken for positive in a recipient nor for negative in a unit.
pub fn compatibility(
    table: &Compatibility,
    component: Component,
    recipient: Option<LabelGroup>,
    unit: LabelGroup,
) -> Judgement {
    let mut findings: Vec<Finding> = abo(table, component, recipient, unit).into_iter().collect();
    findings.extend(rhd(table, component, recipient, unit));
    findings.into()
}

fn word(component: Component) -> String {
    format!("component-{}", component.as_str())
}

fn facts(
    rule: Rule,
    component: Component,
    recipient: Option<LabelGroup>,
    unit: LabelGroup,
) -> Finding {
    let finding = Finding::new(rule)
        .word("component", word(component))
        .with("unit_group", unit);
    match recipient {
        Some(group) => finding.with("patient_group", group),
        None => finding.word("patient_group", "group-unknown"),
    }
}

fn abo(
    table: &Compatibility,
    component: Component,
    recipient: Option<LabelGroup>,
    unit: LabelGroup,
) -> Option<Finding> {
    let lethal = component.carries_red_cells()
        && match recipient {
            Some(group) => unit.abo.cells_lethal_to(group.abo),
            None => Abo::ALL.iter().any(|abo| unit.abo.cells_lethal_to(*abo)),
        };
    if lethal {
        return Some(facts(Rule::AboIncompatible, component, recipient, unit).source(BIOLOGY));
    }
    let listed = |list: Option<&Vec<Abo>>| list.is_some_and(|list| list.contains(&unit.abo));
    let (allowed, conditional) = match recipient {
        Some(group) => (
            listed(table.abo.get(&group.abo)),
            listed(table.conditional.get(&group.abo)),
        ),
        None => (table.unknown.contains(&unit.abo), false),
    };
    match (allowed, conditional) {
        (true, _) => None,
        (false, true) => Some(facts(Rule::GroupConditional, component, recipient, unit)),
        (false, false) => Some(facts(Rule::GroupNotInTable, component, recipient, unit)),
    }
}

fn rhd(
    table: &Compatibility,
    component: Component,
    recipient: Option<LabelGroup>,
    unit: LabelGroup,
) -> Option<Finding> {
    // Only a positive recipient is safe with positive cells; weak is settled by policy before it comes here.
    let positive = recipient.and_then(|group| group.rhd) == Some(RhD::Positive);
    let mode = match table.rhd {
        Rhd::Ignore if component.carries_red_cells() => Rhd::Match,
        mode => mode,
    };
    let rule = match (mode, unit.rhd) {
        (Rhd::Ignore, _) | (_, Some(RhD::Negative)) => return None,
        (Rhd::Match, None) => Rule::RhdUnknown,
        (Rhd::Match | Rhd::Advise, _) if positive => return None,
        (Rhd::Match, Some(RhD::Positive | RhD::Weak)) => Rule::RhdIncompatible,
        (Rhd::Advise, _) => Rule::RhdAdvised,
    };
    Some(facts(rule, component, recipient, unit))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const RECIPIENTS: [&str; 9] = ["unknown", "O+", "O-", "A+", "A-", "B+", "B-", "AB+", "AB-"];
    const UNITS: [&str; 12] = [
        "O+", "O-", "O", "A+", "A-", "A", "B+", "B-", "B", "AB+", "AB-", "AB",
    ];

    /// Written from section B5 of the feature sheet (features.md), rows recipient, columns the ABO of the unit.
    fn book(component: Component, recipient: &str) -> &'static [&'static str] {
        let plasma: &[&str] = match recipient {
            "O" => &["O", "A", "B", "AB"],
            "A" => &["A", "AB"],
            "B" => &["B", "AB"],
            _ => &["AB"],
        };
        match component {
            Component::RedCells | Component::Granulocytes => match recipient {
                "A" => &["A", "O"],
                "B" => &["B", "O"],
                "AB" => &["AB", "A", "B", "O"],
                _ => &["O"],
            },
            Component::WholeBlood => match recipient {
                "O" => &["O"],
                "A" => &["A"],
                "B" => &["B"],
                "AB" => &["AB"],
                _ => &[],
            },
            Component::Plasma | Component::Cryo | Component::Platelets => plasma,
        }
    }

    fn table(component: Component) -> Compatibility {
        let list = |recipient: &str| -> Vec<Abo> {
            book(component, recipient)
                .iter()
                .filter_map(|abo| Abo::parse(abo))
                .collect()
        };
        Compatibility {
            abo: Abo::ALL
                .iter()
                .map(|abo| (*abo, list(abo.as_str())))
                .collect(),
            unknown: list("unknown"),
            conditional: BTreeMap::new(),
            rhd: match component {
                Component::RedCells | Component::WholeBlood | Component::Granulocytes => Rhd::Match,
                Component::Platelets => Rhd::Advise,
                Component::Plasma | Component::Cryo => Rhd::Ignore,
            },
        }
    }

    fn group(text: &str) -> Option<LabelGroup> {
        (text != "unknown").then(|| LabelGroup::parse(text).unwrap())
    }

    /// The answer of the book, by words on paper: the first ground that applies.
    fn expected(component: Component, recipient: &str, unit: &str) -> Verdict {
        let abo = |text: &'static str| text.trim_end_matches(['+', '-']);
        let (recipient_abo, unit_abo) = (
            abo(RECIPIENTS.iter().find(|r| **r == recipient).unwrap()),
            abo(UNITS.iter().find(|u| **u == unit).unwrap()),
        );
        if !book(component, recipient_abo).contains(&unit_abo) {
            return Verdict::Incompatible;
        }
        let stated = unit.ends_with(['+', '-']);
        let recipient_positive = recipient.ends_with('+');
        match component {
            Component::RedCells | Component::WholeBlood | Component::Granulocytes => {
                if !stated {
                    Verdict::Incompatible
                } else if unit.ends_with('-') || recipient_positive {
                    Verdict::Compatible
                } else {
                    Verdict::Conditional
                }
            }
            Component::Platelets if unit.ends_with('-') || recipient_positive => {
                Verdict::Compatible
            }
            Component::Platelets => Verdict::Conditional,
            Component::Plasma | Component::Cryo => Verdict::Compatible,
        }
    }

    #[test]
    fn every_component_recipient_and_unit_answers_as_the_book_says() {
        let mut asked = 0;
        for component in Component::ALL {
            for recipient in RECIPIENTS {
                for unit in UNITS {
                    let found = compatibility(
                        &table(component),
                        component,
                        group(recipient),
                        LabelGroup::parse(unit).unwrap(),
                    );
                    let wanted = expected(component, recipient, unit);
                    assert_eq!(
                        found.verdict, wanted,
                        "{component:?}: {unit} into {recipient}: {:?}",
                        found.findings
                    );
                    assert_eq!(found.findings.is_empty(), wanted == Verdict::Compatible);
                    asked += 1;
                }
            }
        }
        assert_eq!(asked, 6 * 9 * 12);
    }

    #[test]
    fn a_table_that_allows_everything_still_lets_no_lethal_cells_through() {
        let open = Compatibility {
            abo: Abo::ALL.iter().map(|abo| (*abo, Abo::ALL.into())).collect(),
            unknown: Abo::ALL.into(),
            conditional: BTreeMap::new(),
            rhd: Rhd::Ignore,
        };
        let lethal = [
            "A into O",
            "B into O",
            "AB into O",
            "B into A",
            "AB into A",
            "A into B",
            "AB into B",
            "A into unknown",
            "B into unknown",
            "AB into unknown",
        ];
        for component in Component::ALL {
            for recipient in ["O+", "A+", "B+", "AB+", "unknown"] {
                for unit in ["O-", "A-", "B-", "AB-"] {
                    let found = compatibility(
                        &open,
                        component,
                        group(recipient),
                        LabelGroup::parse(unit).unwrap(),
                    );
                    let pair = format!(
                        "{} into {}",
                        unit.trim_end_matches('-'),
                        recipient.trim_end_matches('+')
                    );
                    let stopped = found
                        .findings
                        .iter()
                        .any(|finding| finding.rule == Rule::AboIncompatible);
                    let cells = matches!(
                        component,
                        Component::RedCells | Component::WholeBlood | Component::Granulocytes
                    );
                    assert_eq!(
                        stopped,
                        cells && lethal.contains(&pair.as_str()),
                        "{component:?} {pair}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_table_that_ignores_rhd_is_not_believed_for_red_cells() {
        let careless = Compatibility {
            rhd: Rhd::Ignore,
            ..table(Component::RedCells)
        };
        let found = compatibility(
            &careless,
            Component::RedCells,
            group("O-"),
            LabelGroup::parse("O+").unwrap(),
        );
        assert_eq!(found.verdict, Verdict::Conditional);
    }

    #[test]
    fn a_recipient_of_unknown_rhd_counts_as_negative_and_a_weak_unit_as_positive() {
        let table = table(Component::RedCells);
        let judge = |recipient: Option<LabelGroup>, unit: LabelGroup| {
            compatibility(&table, Component::RedCells, recipient, unit).verdict
        };
        let weak = |abo| LabelGroup {
            abo,
            rhd: Some(RhD::Weak),
        };
        assert_eq!(
            judge(group("A"), group("A+").unwrap()),
            Verdict::Conditional
        );
        assert_eq!(judge(group("A"), group("A-").unwrap()), Verdict::Compatible);
        assert_eq!(judge(group("A-"), weak(Abo::A)), Verdict::Conditional);
        assert_eq!(
            judge(Some(weak(Abo::A)), group("A+").unwrap()),
            Verdict::Conditional
        );
    }

    #[test]
    fn without_a_table_nothing_is_compatible() {
        let found = judge(
            &Policies::default(),
            Component::RedCells,
            group("O+"),
            LabelGroup::parse("O+").unwrap(),
            jiff::Timestamp::UNIX_EPOCH,
        );
        assert_eq!(found.verdict, Verdict::Incompatible);
        assert_eq!(found.findings[0].rule, Rule::PolicyMissing);
    }
}
