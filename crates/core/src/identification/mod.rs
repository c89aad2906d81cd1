//! Antibody identification: reagent cells by lot, what a patient's plasma did to them, the conclusion and its verification.
//!
//! Which antibody explains the reactions is proposed elsewhere. Here stands what was seen and what two people made of it, with
//! plain checks of its own, so that a slip of the proposal is caught by another door.

mod antigram;
mod conclude;
mod end;
mod event;
mod open;
mod react;
mod registry;
mod verify;

pub use antigram::{CELLS_MOST, FileAntigram, LABEL_MOST, doubtful, haplotypes, impossible};
pub use conclude::{ANTIBODIES_MOST, ConcludeIdentification};
pub use end::{EndIdentification, ReopenIdentification};
pub use event::{IdentificationEvent, apply};
pub use open::OpenIdentification;
pub use react::{READINGS_MOST, RecordPanel};
pub use registry::{DONOR_NAME_MOST, DONORS_MOST, DonorRegistry, FileRegistry, RareDonor};
pub use verify::VerifyIdentification;

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::blood::{AntigenProfile, Grade};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{LotId, PatientId, SampleId, WorkupId};
use crate::patient::Specificity;
use crate::testing::{Call, Interpretation, TestKind};

pub use crate::id::CellId;

/// A reagent red cell as the maker typed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReagentCell {
    /// Its name on the panel.
    pub id: CellId,
    /// Rh label as printed; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Its antigens; what is not named was not typed.
    pub antigens: AntigenProfile,
}

/// The cells of a lot. Expiry and blocking are the lot's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Antigram {
    /// Which lot.
    pub lot: LotId,
    /// In the maker's order.
    pub cells: Vec<ReagentCell>,
    /// Who filed it and when.
    pub filed: Stamp,
}

impl Antigram {
    /// A cell by name.
    pub fn cell(&self, id: &CellId) -> Option<&ReagentCell> {
        self.cells.iter().find(|cell| cell.id == *id)
    }
}

macro_rules! phases {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// How the reaction of plasma and cell was read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Phase {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Phase {
            /// All of them, in the order of the work.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The short name on worksheets.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Reads the short name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|phase| phase.as_str() == text.trim())
            }
        }
    };
}

phases! {
    /// Saline, immediate spin.
    ImmediateSpin = "IS",
    /// 37 °C.
    Warm = "37",
    /// Antiglobulin, in tube, gel or solid phase.
    Antiglobulin = "AHG",
    /// Antiglobulin on cells treated with papain or ficin.
    Enzyme = "ENZ",
    /// Antiglobulin on cells treated with dithiothreitol.
    Dtt = "DTT",
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelReading {
    /// Of which lot's cell; `None` is the patient's own cell.
    pub cell: Option<(LotId, CellId)>,
    /// In which phase.
    pub phase: Phase,
    /// How it reacted; `None` takes an entry back.
    pub grade: Option<Grade>,
}

/// Readings of one cell by phase.
pub type ByPhase = BTreeMap<Phase, Grade>;

/// An antibody two people stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Against what.
    pub specificity: Specificity,
    /// Clinically significant, so that antigen-negative cells are needed.
    pub significant: bool,
}

/// What was concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The antibodies; empty where none was found or none may be named.
    pub antibodies: Vec<Found>,
    /// In words: what remains open, what was sent on.
    pub note: String,
    /// Warnings that were gone past, with the reasons.
    pub settled: Vec<(Finding, Reason)>,
    /// Who concluded it and when.
    pub by: Stamp,
    /// Who verified it and when.
    pub verified: Option<Stamp>,
    /// What was taken back since.
    pub withdrawn: Vec<Specificity>,
}

/// Where a work-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkupState {
    /// Cells are being tested.
    Open,
    /// Somebody concluded; a second person must verify.
    Concluded,
    /// Verified; stands.
    Verified,
    /// Ended without conclusion.
    Ended,
}

impl WorkupState {
    /// The key in the message files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "identification-state-open",
            Self::Concluded => "identification-state-concluded",
            Self::Verified => "identification-state-verified",
            Self::Ended => "identification-state-ended",
        }
    }
}

/// The identification of a patient's antibodies on one sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workup {
    /// Number.
    pub id: WorkupId,
    /// Whose.
    pub patient: PatientId,
    /// From which sample.
    pub sample: SampleId,
    /// Lots in the order they came in.
    pub lots: Vec<LotId>,
    /// What each cell did.
    pub readings: BTreeMap<LotId, BTreeMap<CellId, ByPhase>>,
    /// What the patient's own cell did.
    pub autocontrol: ByPhase,
    /// Where it stands.
    pub state: WorkupState,
    /// What was concluded.
    pub conclusion: Option<Conclusion>,
    /// Who opened it and when.
    pub opened: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Workup {
    /// Every tested cell with its antigens and whether it reacted in a phase.
    pub fn tested<'a>(
        &'a self,
        hospital: &'a Hospital,
    ) -> impl Iterator<Item = (&'a ReagentCell, bool)> {
        self.readings
            .iter()
            .filter_map(|(lot, cells)| Some((hospital.identifications.antigram(lot)?, cells)))
            .flat_map(|(antigram, cells)| {
                cells.iter().filter_map(move |(id, phases)| {
                    let reacted = phases.values().any(|grade| *grade != Grade::Negative);
                    (!phases.is_empty())
                        .then(|| antigram.cell(id))
                        .flatten()
                        .map(|cell| (cell, reacted))
                })
            })
    }
}

/// Antigrams and work-ups.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Identifications {
    pub(crate) antigrams: OrdMap<LotId, Arc<Antigram>>,
    pub(crate) all: OrdMap<WorkupId, Arc<Workup>>,
    /// Not verified and not ended.
    pub(crate) open: OrdSet<WorkupId>,
    pub(crate) by_patient: OrdSet<(PatientId, WorkupId)>,
    #[serde(default)]
    pub(crate) registry: Option<Arc<DonorRegistry>>,
}

impl Identifications {
    /// The cells of a lot, where its antigram is on file.
    pub fn antigram(&self, lot: &LotId) -> Option<&Antigram> {
        self.antigrams.get(lot).map(|antigram| &**antigram)
    }

    /// The registry of rare donors, where one was filed.
    pub fn registry(&self) -> Option<&Arc<DonorRegistry>> {
        self.registry.as_ref()
    }

    /// Every antigram, by lot.
    pub fn antigrams(&self) -> impl Iterator<Item = &Antigram> {
        self.antigrams.values().map(|antigram| &**antigram)
    }

    /// One work-up.
    pub fn get(&self, id: WorkupId) -> Option<&Workup> {
        self.all.get(&id).map(|workup| &**workup)
    }

    /// Work-ups that are not verified and not ended, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Workup> {
        self.open.iter().filter_map(|id| self.get(*id))
    }

    /// A patient's work-ups, oldest first; ask for every record of the person.
    pub fn of_patient(&self, patient: PatientId) -> impl DoubleEndedIterator<Item = &Workup> {
        self.by_patient
            .range((patient, WorkupId(0))..=(patient, WorkupId(u64::MAX)))
            .filter_map(|(_, id)| self.get(*id))
    }

    fn change(&mut self, stamp: &Stamp, id: WorkupId, change: impl FnOnce(&mut Workup)) {
        if let Some(workup) = self.all.get_mut(&id).map(Arc::make_mut) {
            change(workup);
            workup.changed = stamp.clone();
        }
    }
}

/// Samples in date whose verified screen is positive and on which nobody has begun to identify the antibody.
pub fn to_identify(hospital: &Hospital, at: jiff::Timestamp) -> Vec<&crate::sample::Sample> {
    hospital
        .samples
        .iter()
        .filter(|sample| {
            sample.tests.iter().any(|id| {
                hospital.tests.get(*id).is_some_and(|test| {
                    test.kind == TestKind::Screen
                        && test.standing().is_some_and(|version| {
                            version.interpretation == Interpretation::Screen(Call::Positive)
                        })
                })
            })
        })
        .filter(|sample| {
            let record = hospital.record_of(sample.patient);
            record.is_some_and(|record| {
                record.sample_in_date(sample, at).is_ok()
                    && !record.parts().any(|part| {
                        hospital
                            .identifications
                            .of_patient(part.id)
                            .any(|workup| workup.sample == sample.id)
                    })
            })
        })
        .map(|sample| &**sample)
        .collect()
}

/// The work-up, if it stands where a step needs it.
fn in_state(hospital: &Hospital, id: WorkupId, state: WorkupState) -> Result<&Workup, Finding> {
    let workup = hospital
        .identifications
        .get(id)
        .ok_or_else(|| Finding::not_found(id))?;
    if workup.state == state {
        Ok(workup)
    } else {
        Err(Finding::new(Rule::WrongState)
            .with("subject", crate::subject::Subject::from(id))
            .word("state", workup.state.word()))
    }
}

#[cfg(test)]
mod tests;
