use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PatientEvent;
use crate::blood::BloodGroup;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Carries over a group from an older system or another hospital. It never counts as one of the two samples; it serves to find
/// a sample that is somebody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHistoricGroup {
    /// Which patient.
    pub patient: PatientId,
    /// What is said to have been found.
    pub group: BloodGroup,
    /// When it was determined.
    pub determined: Timestamp,
}

impl Decide for RecordHistoricGroup {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        checks.past("determined", self.determined);
        checks.settle()?;
        Ok(vec![
            PatientEvent::GroupDetermined {
                patient: self.patient,
                group: self.group,
                sample: None,
                test: None,
                drawn: self.determined,
                edited: false,
            }
            .into(),
        ])
    }
}

/// Takes back the groups carried over to a record, because they were shown to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawHistoricGroup {
    /// Which patient.
    pub patient: PatientId,
    /// Why.
    pub reason: String,
}

impl Decide for WithdrawHistoricGroup {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        match hospital.patients.get(self.patient) {
            None => checks.find(Finding::not_found(self.patient)),
            Some(patient) => {
                let carried = patient.determinations.iter().any(|d| d.sample.is_none());
                checks.require(carried, || {
                    Finding::new(Rule::WrongState)
                        .with("subject", Subject::from(self.patient))
                        .word("state", "patient-no-historic-group")
                });
            }
        }
        checks.settle()?;
        Ok(vec![
            PatientEvent::HistoricGroupWithdrawn {
                patient: self.patient,
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}
