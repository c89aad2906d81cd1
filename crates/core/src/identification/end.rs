use serde::{Deserialize, Serialize};

use super::{IdentificationEvent, WorkupState, in_state};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::WorkupId;
use crate::people::Action;
use crate::subject::Subject;

/// Takes a conclusion back before it is verified, so that testing goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReopenIdentification {
    /// Which work-up.
    pub workup: WorkupId,
    /// Why.
    pub reason: String,
}

impl Decide for ReopenIdentification {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.workup.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let workup = checks.take(in_state(hospital, self.workup, WorkupState::Concluded));
        checks.settle()?;
        Ok(workup
            .map(|workup| {
                IdentificationEvent::Reopened {
                    workup: workup.id,
                    patient: workup.patient,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// Ends a work-up without conclusion: a wrong tube, too little plasma, continued elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndIdentification {
    /// Which work-up.
    pub workup: WorkupId,
    /// Why.
    pub reason: String,
}

impl Decide for EndIdentification {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.workup.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let Some(workup) = hospital.identifications.get(self.workup) else {
            return Err(Finding::not_found(self.workup).into());
        };
        let going = matches!(workup.state, WorkupState::Open | WorkupState::Concluded);
        checks.require(going, || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(workup.id))
                .word("state", workup.state.word())
        });
        checks.settle()?;
        Ok(vec![
            IdentificationEvent::Ended {
                workup: workup.id,
                patient: workup.patient,
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}
