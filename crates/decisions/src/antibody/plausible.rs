use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use lifeline_core::identification::{doubtful, impossible};

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

/// Refuses a row no cell can have.
pub(super) fn possible(row: usize, cell: &Cell) -> Result<(), PanelError> {
    match impossible(&cell.label, &cell.typed) {
        Some((one, other)) => Err(PanelError::Impossible {
            row,
            cell: cell.id.clone(),
            one: one.name(),
            other: other.name(),
        }),
        None => Ok(()),
    }
}

/// Compares a cell's Rh label with its columns.
pub fn check(cell: &str, label: &str, typed: &AntigenProfile) -> Vec<Doubt> {
    doubtful(label, typed)
        .into_iter()
        .map(|(antigen, column)| Doubt {
            cell: cell.into(),
            label: label.into(),
            antigen,
            column,
        })
        .collect()
}
