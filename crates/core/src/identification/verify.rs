use serde::{Deserialize, Serialize};

use super::{IdentificationEvent, WorkupState, in_state};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::WorkupId;
use crate::patient::PatientEvent;
use crate::people::Action;
use crate::subject::Subject;

/// Verifies a conclusion, as somebody other than who concluded. The antibodies go on the patient's file for life, and every
/// gate asks for antigen-negative cells from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyIdentification {
    /// Which work-up.
    pub workup: WorkupId,
}

impl Decide for VerifyIdentification {
    fn action(&self) -> Action {
        Action::TestVerify
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.workup.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let workup = in_state(hospital, self.workup, WorkupState::Concluded)?;
        let Some(conclusion) = &workup.conclusion else {
            return Err(Finding::not_found(self.workup).into());
        };
        checks.require(conclusion.by.by != context.actor, || {
            Finding::new(Rule::VerifierIsEnterer)
                .with("workup", self.workup)
                .with("user", context.actor.clone())
        });
        let Some(record) = hospital.record_of(workup.patient) else {
            return Err(Finding::not_found(workup.patient).into());
        };
        checks.settle()?;
        let mut events: Vec<Event> = vec![
            IdentificationEvent::Verified {
                workup: workup.id,
                patient: workup.patient,
                sample: workup.sample.clone(),
            }
            .into(),
        ];
        for found in &conclusion.antibodies {
            let known = record.antibodies().any(|antibody| {
                antibody.specificity == found.specificity
                    && antibody.significant == found.significant
            });
            if !known {
                events.push(
                    PatientEvent::AntibodyRecorded {
                        // Merged meanwhile or not, the record that stands now keeps it.
                        patient: record.id(),
                        specificity: found.specificity.clone(),
                        significant: found.significant,
                        test: None,
                        workup: Some(workup.id),
                    }
                    .into(),
                );
            }
        }
        Ok(events)
    }
}
