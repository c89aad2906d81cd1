use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PatientEvent;
use super::register::TEXT_MOST;
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Puts the signed consent to transfusion on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordConsent {
    /// Which patient.
    pub patient: PatientId,
    /// Signed at.
    pub signed: Timestamp,
    /// The form's reference.
    pub reference: String,
}

impl Decide for RecordConsent {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        checks.past("signed", self.signed);
        checks.text("reference", &self.reference, 1, TEXT_MOST);
        checks.settle()?;
        Ok(vec![
            PatientEvent::ConsentRecorded {
                patient: self.patient,
                signed: self.signed,
                reference: self.reference.trim().into(),
            }
            .into(),
        ])
    }
}
