use serde::{Deserialize, Serialize};

use super::{CellId, IdentificationEvent, ReagentCell};
use crate::blood::{Antigen, AntigenProfile, Typing};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::LotId;
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::LotKind;

/// The most cells of one antigram.
pub const CELLS_MOST: usize = 60;
/// The longest Rh label, in characters.
pub const LABEL_MOST: usize = 40;

/// Pairs of which every ordinary cell carries one. Nobody without both gives a reagent cell, unless its label says so.
const PAIRS: [(Antigen, Antigen); 3] = [
    (Antigen::BigC, Antigen::LittleC),
    (Antigen::BigE, Antigen::LittleE),
    (Antigen::BigK, Antigen::LittleK),
];

/// Cells that are kept because they lack a whole system, by what their labels say.
const NULLS: [&str; 4] = ["null", "--", "K0", "Ko"];

/// A pair of antithetical antigens of which a cell carries neither, although its label does not say that it is a null cell.
pub fn impossible(label: &str, typed: &AntigenProfile) -> Option<(Antigen, Antigen)> {
    if NULLS.iter().any(|word| label.contains(word)) {
        return None;
    }
    PAIRS.into_iter().find(|(one, other)| {
        typed.typing(*one) == Typing::Negative && typed.typing(*other) == Typing::Negative
    })
}

/// What one Rh haplotype carries: D, C (else c), E (else e), Cw.
fn carried(word: &str) -> Option<[bool; 4]> {
    Some(match word {
        "R0" => [true, false, false, false],
        "R1" => [true, true, false, false],
        "R1w" => [true, true, false, true],
        "R2" => [true, false, true, false],
        "Rz" | "RZ" => [true, true, true, false],
        "r" => [false, false, false, false],
        "r'" => [false, true, false, false],
        "r'w" => [false, true, false, true],
        "r''" => [false, false, true, false],
        "ry" => [false, true, true, false],
        _ => return None,
    })
}

/// The two haplotypes of a label such as `R1R2`, `r'r` or `R1wR1`; `None` where it is none.
pub fn haplotypes(label: &str) -> Option<(String, String)> {
    let plain: String = label
        .trim()
        .replace(['’', '′', '`'], "'")
        .replace(['"', '″', '”'], "''")
        .replace('₀', "0")
        .replace('₁', "1")
        .replace('₂', "2")
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '/')
        .collect();
    (1..plain.len())
        .filter_map(|at| plain.split_at_checked(at))
        .find(|(one, other)| carried(one).is_some() && carried(other).is_some())
        .map(|(one, other)| (one.to_owned(), other.to_owned()))
}

/// Columns that contradict the cell's Rh label, with what they say. Antigrams contain misprints.
pub fn doubtful(label: &str, typed: &AntigenProfile) -> Vec<(Antigen, Typing)> {
    let words = haplotypes(label);
    let both = words.and_then(|(one, other)| carried(&one).zip(carried(&other)));
    let Some(([d1, c1, e1, w1], [d2, c2, e2, w2])) = both else {
        return Vec::new();
    };
    let expected = [
        (Antigen::D, d1 || d2),
        (Antigen::BigC, c1 || c2),
        (Antigen::LittleC, !c1 || !c2),
        (Antigen::BigE, e1 || e2),
        (Antigen::LittleE, !e1 || !e2),
        // c and e on one haplotype.
        (Antigen::LittleF, (!c1 && !e1) || (!c2 && !e2)),
        (Antigen::Cw, w1 || w2),
    ];
    expected
        .into_iter()
        .map(|(antigen, present)| (antigen, typed.typing(antigen), present))
        .filter(|(_, column, _)| *column != Typing::NotTested)
        .filter(|(_, column, present)| (*column == Typing::Positive) != *present)
        .map(|(antigen, column, _)| (antigen, column))
        .collect()
}

/// Puts the maker's antigram of a lot of panel or screening cells on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAntigram {
    /// Of which lot; it was received as red cells.
    pub lot: LotId,
    /// Its cells, in the maker's order.
    pub cells: Vec<ReagentCell>,
}

impl Decide for FileAntigram {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        match hospital.lots.get(&self.lot) {
            None => checks.find(Finding::not_found(self.lot.clone())),
            Some(lot) => {
                checks.require(lot.kind == LotKind::Cells, || {
                    Finding::bad_value("lot", "why-not-cells")
                });
                checks.require(context.at < lot.expires, || {
                    Finding::new(Rule::LotUnusable)
                        .with("lot", self.lot.clone())
                        .word("why", "lot-state-expired")
                });
            }
        }
        checks.require(
            !hospital.identifications.antigrams.contains_key(&self.lot),
            || Finding::new(Rule::AlreadyExists).with("subject", Subject::from(self.lot.clone())),
        );
        checks.require(!self.cells.is_empty(), || {
            Finding::bad_value("cells", "why-missing")
        });
        checks.require(self.cells.len() <= CELLS_MOST, || {
            Finding::bad_value("cells", "why-too-many")
        });
        let mut seen = std::collections::BTreeSet::<&CellId>::new();
        for cell in &self.cells {
            let about = |finding: Finding| finding.with("cell", cell.id.as_str());
            checks.require(seen.insert(&cell.id), || {
                about(Finding::bad_value("cell", "why-given-twice"))
            });
            checks.text("label", &cell.label, 0, LABEL_MOST);
            checks.require(!cell.antigens.is_empty(), || {
                about(Finding::bad_value("cell", "why-missing"))
            });
            if let Some((one, other)) = impossible(&cell.label, &cell.antigens) {
                checks.find(
                    about(Finding::new(Rule::AntigramImpossible))
                        .with("antigen", one.name())
                        .with("antithetical", other.name()),
                );
            }
            for (antigen, _) in doubtful(&cell.label, &cell.antigens) {
                checks.find(
                    about(Finding::new(Rule::AntigramDoubtful))
                        .with("label", cell.label.as_str())
                        .with("antigen", antigen.name()),
                );
            }
        }
        checks.settle()?;
        Ok(vec![
            IdentificationEvent::AntigramFiled {
                lot: self.lot.clone(),
                cells: self.cells.clone(),
            }
            .into(),
        ])
    }
}
