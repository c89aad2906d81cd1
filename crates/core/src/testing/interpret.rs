//! The truth tables. What a type is follows from the wells alone; whatever does not fit one row of the table is no type.

use serde::{Deserialize, Serialize};

use super::{Call, Interpretation, Reading, TestKind, Well};
use crate::blood::{Abo, Grade, RhD};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::policy::Key;

/// The reaction strengths the department accepts without work-up (policies `group.forward_least`, `group.anti_d_least`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strengths {
    /// The weakest reaction with anti-A, anti-B or anti-A,B that is taken as positive, 1 to 4.
    pub forward: u8,
    /// The weakest reaction with anti-D that is taken as positive, 1 to 4.
    pub anti_d: u8,
}

impl Strengths {
    /// What is in force at a moment.
    pub fn in_force(hospital: &Hospital, at: jiff::Timestamp) -> Result<Self, Finding> {
        let read = |key| {
            hospital
                .policies
                .count(key, at)
                .map(|count| u8::try_from(count).unwrap_or(u8::MAX))
        };
        Ok(Self {
            forward: read(Key::ForwardLeast)?,
            anti_d: read(Key::AntiDLeast)?,
        })
    }
}

/// A well as a table reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Positive,
    Negative,
    /// Reacted, but not as a clear type does: too weak, mixed field, haemolysed cells.
    Odd,
    /// No such well was read.
    Absent,
}

struct Wells<'a>(&'a [Reading]);

impl Wells<'_> {
    fn grade(&self, well: Well) -> Option<Grade> {
        self.0
            .iter()
            .find(|reading| reading.well == well)
            .map(|reading| reading.grade)
    }

    /// Cells with a reagent: strength matters, two populations and haemolysis are never a clear type.
    fn cells(&self, well: Well, least: u8) -> Read {
        match self.grade(well) {
            None => Read::Absent,
            Some(Grade::Negative) => Read::Negative,
            Some(grade) => match strength(grade) {
                Some(strength) if strength > 0 && strength >= least => Read::Positive,
                _ => Read::Odd,
            },
        }
    }

    /// Plasma with reagent cells: an antibody may be weak, and haemolysis is a reaction; a mixed field is not explained.
    fn plasma(&self, well: Well) -> Read {
        match self.grade(well) {
            None => Read::Absent,
            Some(Grade::Negative) => Read::Negative,
            Some(Grade::MixedField) => Read::Odd,
            Some(_) => Read::Positive,
        }
    }

    /// Whether a well was read and reacted in any way.
    fn reacts(&self, well: Well) -> bool {
        self.grade(well)
            .is_some_and(|grade| grade != Grade::Negative)
    }
}

/// Strength of an agglutination, `w` as 0; `None` where there is no one strength.
fn strength(grade: Grade) -> Option<u8> {
    match grade {
        Grade::Weak => Some(0),
        Grade::One => Some(1),
        Grade::Two => Some(2),
        Grade::Three => Some(3),
        Grade::Four => Some(4),
        Grade::Negative | Grade::MixedField | Grade::Haemolysis => None,
    }
}

/// What the wells say. Total: every combination of wells has an answer, and a doubtful one has no type in it.
pub fn interpret(kind: TestKind, readings: &[Reading], strengths: Strengths) -> Interpretation {
    let wells = Wells(readings);
    match kind {
        TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward => {
            if wells.reacts(Well::Control) || wells.reacts(Well::Autocontrol) {
                return Interpretation::Group {
                    abo: None,
                    rhd: None,
                };
            }
            Interpretation::Group {
                abo: abo(kind, &wells, strengths.forward),
                rhd: rhd(&wells, strengths.anti_d),
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

fn abo(kind: TestKind, wells: &Wells<'_>, least: u8) -> Option<Abo> {
    let forward = match (
        wells.cells(Well::AntiA, least),
        wells.cells(Well::AntiB, least),
    ) {
        (Read::Negative, Read::Negative) => Abo::O,
        (Read::Positive, Read::Negative) => Abo::A,
        (Read::Negative, Read::Positive) => Abo::B,
        (Read::Positive, Read::Positive) => Abo::Ab,
        _ => return None,
    };
    // Cells that clump by themselves look like AB: without a negative well beside them AB is not shown.
    if forward == Abo::Ab && wells.grade(Well::Control).is_none() {
        return None;
    }
    let agrees = |read: Read, expected: bool| match read {
        Read::Absent => true,
        Read::Positive => expected,
        Read::Negative => !expected,
        Read::Odd => false,
    };
    if !agrees(wells.cells(Well::AntiAB, least), forward != Abo::O) {
        return None;
    }
    if kind == TestKind::Group {
        let reverse = match (wells.plasma(Well::A1Cells), wells.plasma(Well::BCells)) {
            (Read::Positive, Read::Positive) => Abo::O,
            (Read::Negative, Read::Positive) => Abo::A,
            (Read::Positive, Read::Negative) => Abo::B,
            (Read::Negative, Read::Negative) => Abo::Ab,
            _ => return None,
        };
        let others_agree = agrees(wells.plasma(Well::A2Cells), !forward.has_a())
            && agrees(wells.plasma(Well::OCells), false);
        if reverse != forward || !others_agree {
            return None;
        }
    }
    Some(forward)
}

fn rhd(wells: &Wells<'_>, least: u8) -> Option<RhD> {
    let weak_test = wells.grade(Well::WeakD).map(|grade| match grade {
        Grade::Negative => Read::Negative,
        Grade::MixedField | Grade::Haemolysis => Read::Odd,
        _ => Read::Positive,
    });
    let first = wells.cells(Well::AntiD, least);
    let second = match wells.cells(Well::AntiD2, least) {
        Read::Absent => first,
        read => read,
    };
    let stray = [Well::AntiD, Well::AntiD2]
        .into_iter()
        .filter_map(|well| wells.grade(well))
        .any(|grade| matches!(grade, Grade::MixedField | Grade::Haemolysis));
    match (first, second) {
        _ if stray => None,
        (Read::Absent, _) => None,
        (Read::Positive, Read::Positive) => match weak_test {
            None | Some(Read::Positive) => Some(RhD::Positive),
            _ => None,
        },
        (Read::Negative, Read::Negative) => match weak_test {
            None | Some(Read::Negative) => Some(RhD::Negative),
            Some(Read::Positive) => Some(RhD::Weak),
            _ => None,
        },
        // Too weak, or the two reagents differ (a partial D): D is there if the weak-D test says so.
        _ => match weak_test {
            Some(Read::Positive) => Some(RhD::Weak),
            _ => None,
        },
    }
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
