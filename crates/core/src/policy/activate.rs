use serde::{Deserialize, Serialize};

use super::{Entry, PolicyEvent, sound};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::ProposalId;
use crate::people::Action;
use crate::subject::{PolicyName, Subject};

/// Puts a proposal in force, from its date on but never from before now: what was decided yesterday was decided by
/// yesterday's policy. Done by another person than the one who proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivatePolicy {
    /// Which.
    pub proposal: ProposalId,
}

impl Decide for ActivatePolicy {
    fn action(&self) -> Action {
        Action::PolicyActivate
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.proposal.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(proposal) = hospital.policies.proposals.get(&self.proposal) else {
            return Err(Finding::not_found(self.proposal).into());
        };
        let entry = Entry {
            effective: proposal.entry.effective.max(context.at),
            ..proposal.entry.clone()
        };
        let mut checks = Checks::new(hospital, context);
        checks.require(proposal.stamp.by != context.actor, || {
            Finding::new(Rule::SecondPersonSame).with("user", context.actor.as_str())
        });
        let taken = hospital
            .policies
            .at(entry.key, entry.effective)
            .is_some_and(|other| other.entry.effective == entry.effective);
        checks.require(!taken, || {
            Finding::bad_value("effective", "why-moment-taken")
                .with("policy", Subject::from(PolicyName(entry.key)))
        });
        sound::check(&mut checks, hospital, &entry);
        checks.settle()?;
        Ok(vec![
            PolicyEvent::Activated {
                proposal: self.proposal,
                entry,
                proposed_by: proposal.stamp.by.clone(),
            }
            .into(),
        ])
    }
}
