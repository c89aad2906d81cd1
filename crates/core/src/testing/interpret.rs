//! The truth tables. What a type is follows from the wells alone; whatever does not fit one row of the table is no type.

use super::group::{Reach, Strengths, read};
use super::{Call, Interpretation, Reading, TestKind, Well};
use crate::blood::Grade;

struct Wells<'a>(&'a [Reading]);

impl Wells<'_> {
    fn grade(&self, well: Well) -> Option<Grade> {
        self.0
            .iter()
            .find(|reading| reading.well == well)
            .map(|reading| reading.grade)
    }

    /// Whether a well was read and reacted in any way.
    fn reacts(&self, well: Well) -> bool {
        self.grade(well)
            .is_some_and(|grade| grade != Grade::Negative)
    }
}

/// What the wells say. Total: every combination of wells has an answer, and a doubtful one has no type in it.
pub fn interpret(kind: TestKind, readings: &[Reading], strengths: Strengths) -> Interpretation {
    let wells = Wells(readings);
    match kind {
        TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward => {
            let found = read(kind.reach(), readings, strengths);
            Interpretation::Group {
                abo: found.abo,
                rhd: found.rhd,
            }
        }
        TestKind::Screen => Interpretation::Screen(screen(&wells)),
        TestKind::Dat => Interpretation::Dat(dat(&wells)),
    }
}

/// Whether a control of the test reacted, which makes all its wells worthless.
pub fn control_reactive(readings: &[Reading]) -> bool {
    let wells = Wells(readings);
    wells.reacts(Well::Control) || wells.reacts(Well::DatControl)
}

fn screen(wells: &Wells<'_>) -> Call {
    let cells = [Well::Screen1, Well::Screen2, Well::Screen3];
    let reacts = cells
        .into_iter()
        .chain([Well::Screen4, Well::Autocontrol])
        .any(|well| wells.reacts(well));
    let complete = cells.into_iter().all(|well| wells.grade(well).is_some());
    let positive_control_failed = wells.grade(Well::ScreenPositive) == Some(Grade::Negative);
    if reacts {
        Call::Positive
    } else if !complete || positive_control_failed {
        Call::Indeterminate
    } else {
        Call::Negative
    }
}

fn dat(wells: &Wells<'_>) -> Call {
    if wells.reacts(Well::DatControl) || wells.grade(Well::DatControl).is_none() {
        return Call::Indeterminate;
    }
    let reagents = [Well::DatPoly, Well::DatIgg, Well::DatC3d];
    if reagents.into_iter().any(|well| wells.reacts(well)) {
        Call::Positive
    } else if wells.grade(Well::DatPoly).is_some() {
        Call::Negative
    } else {
        Call::Indeterminate
    }
}

impl TestKind {
    /// How far a group test of this kind looks.
    pub fn reach(self) -> Reach {
        match self {
            Self::Group => Reach::CellsAndPlasma,
            _ => Reach::Cells,
        }
    }
}

impl Interpretation {
    /// Whether everything the test is for was reached, so that it can be verified.
    pub fn reached(&self, kind: TestKind) -> bool {
        match self {
            Self::Group { abo, rhd } => {
                abo.is_some() && (rhd.is_some() || kind == TestKind::AboForward)
            }
            Self::Screen(call) | Self::Dat(call) => *call != Call::Indeterminate,
        }
    }

    /// Whether what somebody says contradicts what the wells say. What is not said contradicts nothing.
    pub fn contradicted_by(&self, stated: &Self) -> bool {
        match (self, stated) {
            (
                Self::Group { abo, rhd },
                Self::Group {
                    abo: said_abo,
                    rhd: said_rhd,
                },
            ) => said_abo.is_some() && said_abo != abo || said_rhd.is_some() && said_rhd != rhd,
            (Self::Screen(call), Self::Screen(said)) | (Self::Dat(call), Self::Dat(said)) => {
                *said != Call::Indeterminate && said != call
            }
            _ => true,
        }
    }
}

#[cfg(test)]
#[path = "interpret_tests.rs"]
mod tests;
