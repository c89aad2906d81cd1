use serde::{Deserialize, Serialize};

use super::PatientEvent;
use crate::blood::{Antigen, Typing};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Puts the typing of one of the patient's own antigens on file, or takes it back as not tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypePatientAntigen {
    /// Which patient.
    pub patient: PatientId,
    /// Antigen.
    pub antigen: Antigen,
    /// Result.
    pub typing: Typing,
}

impl Decide for TypePatientAntigen {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        checks.settle()?;
        Ok(vec![
            PatientEvent::AntigenTyped {
                patient: self.patient,
                antigen: self.antigen,
                typing: self.typing,
            }
            .into(),
        ])
    }
}
