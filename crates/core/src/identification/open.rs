use serde::{Deserialize, Serialize};

use super::{IdentificationEvent, WorkupState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::SampleId;
use crate::people::Action;
use crate::subject::Subject;

/// Begins to identify the antibodies in a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIdentification {
    /// Which tube.
    pub sample: SampleId,
}

impl Decide for OpenIdentification {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.sample.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let Some(sample) = hospital.samples.get(&self.sample) else {
            return Err(Finding::not_found(self.sample.clone()).into());
        };
        let Some(record) = hospital.record_of(sample.patient) else {
            return Err(Finding::not_found(sample.patient).into());
        };
        checks.take(record.sample_in_date(sample, context.at));
        for part in record.parts() {
            for workup in hospital.identifications.of_patient(part.id) {
                let going = matches!(workup.state, WorkupState::Open | WorkupState::Concluded);
                checks.require(!(going && workup.sample == self.sample), || {
                    Finding::new(Rule::AlreadyExists).with("subject", Subject::from(workup.id))
                });
            }
        }
        checks.settle()?;
        Ok(vec![
            IdentificationEvent::Opened {
                workup: hospital.next.workup,
                patient: record.id(),
                sample: self.sample.clone(),
            }
            .into(),
        ])
    }
}
