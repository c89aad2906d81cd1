use serde::{Deserialize, Serialize};

use super::{PatientEvent, Specificity};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{PatientId, TestId};
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::Material;

/// Puts an antibody on file, for life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAntibody {
    /// Which patient.
    pub patient: PatientId,
    /// Against what.
    pub specificity: Specificity,
    /// Clinically significant, so that antigen-negative cells are needed.
    pub significant: bool,
    /// By which test here, where there was one.
    pub test: Option<TestId>,
}

impl Decide for RecordAntibody {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        if let Specificity::Other(words) = &self.specificity {
            checks.told("specificity", words);
        }
        if let Some(record) = hospital.record_of(self.patient) {
            let known = record.antibodies().any(|antibody| {
                antibody.specificity == self.specificity && antibody.significant == self.significant
            });
            checks.require(!known, || {
                Finding::new(Rule::AlreadyExists).with("subject", Subject::from(self.patient))
            });
            if let Some(id) = self.test {
                let own = hospital.tests.get(id).is_some_and(|test| {
                    matches!(&test.material, Material::Sample(sample) if record.sample(sample).is_some())
                });
                checks.require(own, || Finding::not_found(id));
            }
        }
        checks.settle()?;
        Ok(vec![
            PatientEvent::AntibodyRecorded {
                patient: self.patient,
                specificity: self.specificity.clone(),
                significant: self.significant,
                test: self.test,
                workup: None,
            }
            .into(),
        ])
    }
}
