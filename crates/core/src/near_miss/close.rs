use serde::{Deserialize, Serialize};

use super::NearMissEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::NearMissId;
use crate::people::Action;
use crate::subject::Subject;

/// Ends the look into a near miss: why it happened and what was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseNearMiss {
    /// Which.
    pub near_miss: NearMissId,
    /// Why it happened.
    pub cause: String,
    /// What was changed so that it does not happen again.
    pub measure: String,
}

impl Decide for CloseNearMiss {
    fn action(&self) -> Action {
        Action::NearMissClose
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.near_miss.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("cause", &self.cause);
        checks.told("measure", &self.measure);
        let found = checks.take(
            hospital
                .near_misses
                .get(self.near_miss)
                .ok_or_else(|| Finding::not_found(self.near_miss)),
        );
        if let Some(found) = found {
            checks.require(found.closed.is_none(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(found.id))
                    .word("state", "near-miss-closed")
            });
        }
        checks.settle()?;
        Ok(vec![
            NearMissEvent::Closed {
                near_miss: self.near_miss,
                cause: self.cause.trim().into(),
                measure: self.measure.trim().into(),
            }
            .into(),
        ])
    }
}
