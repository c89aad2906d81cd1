use serde::{Deserialize, Serialize};

use super::Category;
use super::read::{Reach, Serology, Strengths, read};
use super::steps::{Step, steps};
use crate::blood::{Abo, BloodGroup, RhD};
use crate::testing::{Reading, Well};

/// Whose blood was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Typed {
    /// A patient.
    #[default]
    Patient,
    /// A donor whose group will stand on a label.
    Donor,
}

/// What is known of the person beside the wells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// Patient or donor.
    pub typed: Typed,
    /// So young that the plasma holds only the mother's antibodies (policy `group.newborn_age`).
    pub newborn: bool,
    /// Age in days, where it is known.
    pub age_days: Option<u32>,
    /// The group on file.
    pub history: Option<BloodGroup>,
    /// Transfused lately, with red cells of this group.
    pub transfused: Option<BloodGroup>,
    /// Had a transplant of haematopoietic stem cells.
    pub transplanted: bool,
    /// A disease that weakens antigens or antibodies, or that clumps cells, is known.
    pub disease: bool,
}

/// What may be given while the group is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interim {
    /// Red cells of this type.
    pub red_cells: Abo,
    /// Plasma of this type.
    pub plasma: Abo,
    /// Red cells of this RhD.
    pub rhd: RhD,
}

/// What follows from a vector of reactions and the circumstances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// ABO, where it may be used.
    pub abo: Option<Abo>,
    /// RhD, where it may be used.
    pub rhd: Option<RhD>,
    /// Whether a group may be reported.
    pub reportable: bool,
    /// What is wrong; `None` where a well that is needed was not read, so that nothing can be said.
    pub category: Option<Category>,
    /// What to do next, in this order.
    pub next: Vec<Step>,
    /// What may be given meanwhile; `None` once the group can be reported.
    pub interim: Option<Interim>,
}

/// Decides: report, or not and why not, what to do next, what to give meanwhile. Total.
pub fn resolve(
    reach: Reach,
    readings: &[Reading],
    strengths: Strengths,
    known: &Circumstances,
) -> Resolution {
    let mut found = read(reach, readings, strengths);
    if known.newborn {
        found = newborn(found, readings, strengths);
    }
    let tested_d = readings.iter().any(|reading| reading.well == Well::AntiD);
    let by_iat = readings.iter().any(|reading| reading.well == Well::WeakD);
    let donor_negative = known.typed == Typed::Donor && found.rhd == Some(RhD::Negative);
    if donor_negative {
        if found.abo.is_some() {
            found.category = Some(Category::DelScreen);
        }
        if !by_iat {
            // A label must not say negative before the weak-D test has.
            found.rhd = None;
        }
    }
    let conflict = matches!((known.history, found.abo), (Some(file), Some(abo))
        if file.abo != abo || found.rhd.is_some_and(|rhd| rhd != file.rhd));
    if conflict {
        found.category = Some(Category::HistoryConflict);
    }
    let whole = found.abo.is_some() && (found.rhd.is_some() || !tested_d);
    let reportable = whole && !conflict;
    Resolution {
        // A type that is not the one on file belongs to nobody until it is known whose blood this is.
        abo: found.abo.filter(|_| !conflict),
        rhd: found.rhd.filter(|_| !conflict),
        reportable,
        category: found.category,
        next: steps(&found, readings, known, reportable),
        interim: (!reportable).then_some(Interim {
            red_cells: Abo::O,
            plasma: Abo::Ab,
            // Whose cells were seen is in doubt as well, so anti-D says nothing of the patient yet.
            rhd: RhD::Negative,
        }),
    }
}

/// A newborn's plasma is the mother's: the cells alone give the type, and what the plasma shows is only worth a word.
fn newborn(whole: Serology, readings: &[Reading], strengths: Strengths) -> Serology {
    if whole.abo.is_some() {
        return whole;
    }
    let cells = read(Reach::Cells, readings, strengths);
    match cells.abo {
        Some(_) if cells.category == Some(Category::Agreed) => Serology {
            category: Some(Category::Newborn),
            ..cells
        },
        _ => cells,
    }
}
