use serde::{Deserialize, Serialize};

use super::PolicyEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::ProposalId;
use crate::people::Action;
use crate::subject::Subject;

/// Drops a proposal, by whoever proposed it or anybody else who may propose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawPolicy {
    /// Which.
    pub proposal: ProposalId,
    /// Why.
    pub reason: String,
}

impl Decide for WithdrawPolicy {
    fn action(&self) -> Action {
        Action::PolicyPropose
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.proposal.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(proposal) = hospital.policies.proposals.get(&self.proposal) else {
            return Err(Finding::not_found(self.proposal).into());
        };
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        checks.settle()?;
        Ok(vec![
            PolicyEvent::Withdrawn {
                proposal: self.proposal,
                key: proposal.entry.key,
                reason: self.reason.trim().to_owned(),
            }
            .into(),
        ])
    }
}
