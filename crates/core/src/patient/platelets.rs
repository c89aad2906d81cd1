use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PatientEvent;
use crate::blood::PlateletAntigen;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::{Hospital, Stamp};
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Antibodies against platelets, as a laboratory reported them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateletAntibodies {
    /// Mean fluorescence by antigen; empty where none was found.
    pub mfi: BTreeMap<PlateletAntigen, u32>,
    /// The laboratory and the number of its report.
    pub report: String,
    /// Put on file.
    pub stamp: Stamp,
}

/// Puts a laboratory's report on antibodies against platelets on file. It stands in the place of the report before it, which
/// stays in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPlateletAntibodies {
    /// Which patient.
    pub patient: PatientId,
    /// Mean fluorescence by antigen; empty where none was found.
    pub antibodies: BTreeMap<PlateletAntigen, u32>,
    /// The laboratory and the number of its report.
    pub report: String,
}

impl RecordPlateletAntibodies {
    /// The most antigens of one report: what a bead panel tells apart.
    pub const ANTIGENS_MOST: usize = 150;
    /// The highest fluorescence a bead reader gives.
    pub const MFI_MOST: u32 = 50_000;
}

impl Decide for RecordPlateletAntibodies {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        checks.told("report", &self.report);
        checks.require(self.antibodies.len() <= Self::ANTIGENS_MOST, || {
            Finding::bad_value("antibodies", "why-too-many")
                .with("most", Self::ANTIGENS_MOST as i64)
        });
        for (antigen, mfi) in &self.antibodies {
            checks.require(*mfi <= Self::MFI_MOST, || {
                Finding::bad_value("antibodies", "why-out-of-range")
                    .with("value", format!("{antigen} {mfi}"))
                    .with("most", i64::from(Self::MFI_MOST))
            });
        }
        checks.settle()?;
        Ok(vec![
            PatientEvent::PlateletAntibodiesFiled {
                patient: self.patient,
                antibodies: self.antibodies.clone(),
                report: self.report.trim().into(),
            }
            .into(),
        ])
    }
}
