use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::register::{check, cleaned};
use super::{Demographics, Facts, NumberKind, PatientEvent, raised};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::{PatientId, PatientNumber};
use crate::people::Action;
use crate::subject::Subject;

/// Changes demographics or numbers. The name before stays on file; what is known of the blood is not touched, so an
/// unidentified patient keeps every sample and test when the person becomes known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendPatient {
    /// Which.
    pub patient: PatientId,
    /// Numbers from now on.
    pub numbers: BTreeMap<PatientNumber, NumberKind>,
    /// Who they are from now on.
    pub demographics: Demographics,
    /// Whether the person is still unidentified.
    pub unidentified: bool,
}

impl Decide for AmendPatient {
    fn action(&self) -> Action {
        Action::PatientRegister
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let demographics = cleaned(&self.demographics);
        checks.take(hospital.patients.standing(self.patient));
        check(
            &mut checks,
            hospital,
            context,
            Some(self.patient),
            &self.numbers,
            &demographics,
        );
        let facts = Facts {
            demographics: &demographics,
            diagnosis: "",
            ward: "",
        };
        let needs = checks.take(raised(hospital, self.patient, &facts, context.at));
        checks.settle()?;
        let mut events = vec![
            PatientEvent::Amended {
                patient: self.patient,
                numbers: self.numbers.clone(),
                demographics,
                unidentified: self.unidentified,
            }
            .into(),
        ];
        events.extend(needs.unwrap_or_default());
        Ok(events)
    }
}
