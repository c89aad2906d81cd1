use lifeline_core::blood::{Antigen, AntigenProfile, Typing};

use super::panel::{Cell, PanelError};

/// A column that the Rh label contradicts. Antigrams contain misprints; what is doubtful counts as not typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Which cell.
    pub cell: String,
    /// Its label.
    pub label: String,
    /// Which column.
    pub antigen: Antigen,
    /// What the column says.
    pub column: Typing,
}

/// Pairs of which every ordinary cell carries one. Nobody without both gives a reagent cell, unless its label says so.
const PAIRS: [(Antigen, Antigen); 3] = [
    (Antigen::BigC, Antigen::LittleC),
    (Antigen::BigE, Antigen::LittleE),
    (Antigen::BigK, Antigen::LittleK),
];

/// Cells that are kept because they lack a whole system, by what their labels say.
const NULLS: [&str; 4] = ["null", "--", "K0", "Ko"];

/// Refuses a row no cell can have.
pub(super) fn possible(row: usize, cell: &Cell) -> Result<(), PanelError> {
    if NULLS.iter().any(|word| cell.label.contains(word)) {
        return Ok(());
    }
    match lacking_pair(&cell.typed) {
        Some((one, other)) => Err(PanelError::Impossible {
            row,
            cell: cell.id.clone(),
            one: one.name(),
            other: other.name(),
        }),
        None => Ok(()),
    }
}

fn lacking_pair(typed: &AntigenProfile) -> Option<(Antigen, Antigen)> {
    PAIRS.into_iter().find(|(one, other)| {
        typed.typing(*one) == Typing::Negative && typed.typing(*other) == Typing::Negative
    })
}

/// What one haplotype word carries of D, C, c, E, e and Cw.
fn carried(word: &str) -> Option<(bool, bool, bool, bool)> {
    // D, C (else c), E (else e), Cw.
    Some(match word {
        "R0" => (true, false, false, false),
        "R1" => (true, true, false, false),
        "R1w" => (true, true, false, true),
        "R2" => (true, false, true, false),
        "Rz" | "RZ" => (true, true, true, false),
        "r" => (false, false, false, false),
        "r'" => (false, true, false, false),
        "r'w" => (false, true, false, true),
        "r''" => (false, false, true, false),
        "ry" => (false, true, true, false),
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
        .filter(|at| plain.is_char_boundary(*at))
        .map(|at| plain.split_at(at))
        .find(|(one, other)| carried(one).is_some() && carried(other).is_some())
        .map(|(one, other)| (one.to_owned(), other.to_owned()))
}

/// Compares a cell's Rh label with its columns.
pub fn check(cell: &str, label: &str, typed: &AntigenProfile) -> Vec<Doubt> {
    let Some((one, other)) = haplotypes(label) else {
        return Vec::new();
    };
    let (Some(one), Some(other)) = (carried(&one), carried(&other)) else {
        return Vec::new();
    };
    let expected = [
        (Antigen::D, one.0 || other.0),
        (Antigen::BigC, one.1 || other.1),
        (Antigen::LittleC, !one.1 || !other.1),
        (Antigen::BigE, one.2 || other.2),
        (Antigen::LittleE, !one.2 || !other.2),
        // c and e on one haplotype.
        (
            Antigen::LittleF,
            (!one.1 && !one.2) || (!other.1 && !other.2),
        ),
        (Antigen::Cw, one.3 || other.3),
    ];
    expected
        .into_iter()
        .filter(|(antigen, present)| {
            let column = typed.typing(*antigen);
            column != Typing::NotTested && (column == Typing::Positive) != *present
        })
        .map(|(antigen, _)| Doubt {
            cell: cell.into(),
            label: label.into(),
            antigen,
            column: typed.typing(antigen),
        })
        .collect()
}
