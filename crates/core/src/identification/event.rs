use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Antigram, Conclusion, DonorRegistry, Found, PanelReading, RareDonor, ReagentCell, Workup,
    WorkupState,
};
use crate::finding::{Finding, Reason};
use crate::hospital::{Hospital, Stamp};
use crate::id::{LotId, PatientId, SampleId, WorkupId};
use crate::patient::Specificity;
use crate::subject::Subject;

/// Facts about the identification of antibodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentificationEvent {
    /// The maker's antigram of a lot was put on file.
    AntigramFiled {
        /// Which lot.
        lot: LotId,
        /// Its cells.
        cells: Vec<ReagentCell>,
    },
    /// A registry of rare donors was put in the place of the one before.
    RegistryFiled {
        /// Where it came from and of which day.
        source: String,
        /// The donors.
        donors: Vec<RareDonor>,
    },
    /// A work-up began.
    Opened {
        /// Number.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// On which tube.
        sample: SampleId,
    },
    /// Reactions were read, or single entries taken back.
    Read {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// On which tube.
        sample: SampleId,
        /// What was read.
        readings: Vec<PanelReading>,
    },
    /// Somebody said which antibodies there are.
    Concluded {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// On which tube.
        sample: SampleId,
        /// The antibodies.
        antibodies: Vec<Found>,
        /// What remains open.
        note: String,
        /// Warnings that were gone past.
        settled: Vec<(Finding, Reason)>,
    },
    /// The conclusion was taken back before verification.
    Reopened {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// Why.
        reason: String,
    },
    /// A second person verified the conclusion.
    Verified {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// On which tube.
        sample: SampleId,
    },
    /// Ended without conclusion.
    Ended {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// Why.
        reason: String,
    },
    /// An antibody of a verified conclusion was taken back.
    Withdrawn {
        /// Which work-up.
        workup: WorkupId,
        /// Whose.
        patient: PatientId,
        /// Which antibody.
        specificity: Specificity,
        /// Why.
        reason: String,
    },
}

kinds!(IdentificationEvent, "identification" {
    AntigramFiled => "antigram_filed", Opened => "opened", Read => "read", Concluded => "concluded",
    Reopened => "reopened", Verified => "verified", Ended => "ended", Withdrawn => "withdrawn",
    RegistryFiled => "registry_filed",
});

impl IdentificationEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::AntigramFiled { lot, .. } => vec![lot.clone().into()],
            Self::RegistryFiled { .. } => Vec::new(),
            Self::Opened {
                workup,
                patient,
                sample,
            }
            | Self::Concluded {
                workup,
                patient,
                sample,
                ..
            }
            | Self::Verified {
                workup,
                patient,
                sample,
            } => vec![(*workup).into(), (*patient).into(), sample.clone().into()],
            Self::Read {
                workup,
                patient,
                sample,
                readings,
            } => {
                let mut subjects = vec![(*workup).into(), (*patient).into(), sample.clone().into()];
                let lots: BTreeSet<&LotId> = readings
                    .iter()
                    .filter_map(|reading| reading.cell.as_ref().map(|(lot, _)| lot))
                    .collect();
                subjects.extend(lots.into_iter().cloned().map(Subject::from));
                subjects
            }
            Self::Reopened {
                workup, patient, ..
            }
            | Self::Ended {
                workup, patient, ..
            }
            | Self::Withdrawn {
                workup, patient, ..
            } => vec![(*workup).into(), (*patient).into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &IdentificationEvent) {
    let state = &mut hospital.identifications;
    match event {
        IdentificationEvent::AntigramFiled { lot, cells } => {
            state.antigrams.insert(
                lot.clone(),
                Arc::new(Antigram {
                    lot: lot.clone(),
                    cells: cells.clone(),
                    filed: stamp.clone(),
                }),
            );
        }
        IdentificationEvent::RegistryFiled { source, donors } => {
            state.registry = Some(Arc::new(DonorRegistry {
                source: source.clone(),
                donors: Arc::new(donors.clone()),
                filed: stamp.clone(),
            }));
        }
        IdentificationEvent::Opened {
            workup,
            patient,
            sample,
        } => {
            hospital.next.workup = workup.next();
            state.open.insert(*workup);
            state.by_patient.insert((*patient, *workup));
            state.all.insert(
                *workup,
                Arc::new(Workup {
                    id: *workup,
                    patient: *patient,
                    sample: sample.clone(),
                    lots: Vec::new(),
                    readings: BTreeMap::new(),
                    autocontrol: BTreeMap::new(),
                    state: WorkupState::Open,
                    conclusion: None,
                    opened: stamp.clone(),
                    changed: stamp.clone(),
                }),
            );
        }
        IdentificationEvent::Read {
            workup, readings, ..
        } => state.change(stamp, *workup, |workup| {
            for reading in readings {
                enter(workup, reading);
            }
        }),
        IdentificationEvent::Concluded {
            workup,
            antibodies,
            note,
            settled,
            ..
        } => state.change(stamp, *workup, |workup| {
            workup.state = WorkupState::Concluded;
            workup.conclusion = Some(Conclusion {
                antibodies: antibodies.clone(),
                note: note.clone(),
                settled: settled.clone(),
                by: stamp.clone(),
                verified: None,
                withdrawn: Vec::new(),
            });
        }),
        IdentificationEvent::Reopened { workup, .. } => state.change(stamp, *workup, |workup| {
            workup.state = WorkupState::Open;
            workup.conclusion = None;
        }),
        IdentificationEvent::Verified { workup, .. } => {
            state.open.remove(workup);
            state.change(stamp, *workup, |workup| {
                workup.state = WorkupState::Verified;
                if let Some(conclusion) = &mut workup.conclusion {
                    conclusion.verified = Some(stamp.clone());
                }
            });
        }
        IdentificationEvent::Ended { workup, .. } => {
            state.open.remove(workup);
            state.change(stamp, *workup, |workup| workup.state = WorkupState::Ended);
        }
        IdentificationEvent::Withdrawn {
            workup,
            specificity,
            ..
        } => state.change(stamp, *workup, |workup| {
            if let Some(conclusion) = &mut workup.conclusion {
                conclusion.withdrawn.push(specificity.clone());
            }
        }),
    }
}

fn enter(workup: &mut Workup, reading: &PanelReading) {
    let phases = match &reading.cell {
        None => &mut workup.autocontrol,
        Some((lot, cell)) => {
            if !workup.lots.contains(lot) {
                workup.lots.push(lot.clone());
            }
            let cells = workup.readings.entry(lot.clone()).or_default();
            cells.entry(cell.clone()).or_default()
        }
    };
    match reading.grade {
        Some(grade) => {
            phases.insert(reading.phase, grade);
        }
        None => {
            phases.remove(&reading.phase);
        }
    }
}
