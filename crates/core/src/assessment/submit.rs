use serde::{Deserialize, Serialize};

use super::receive::{known, stands};
use super::{AssessmentEvent, RoundState, TEXT_MOST};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::RoundId;
use crate::people::Action;
use crate::subject::Subject;

/// Says that the results went to the provider, checked by a second person against what was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitRound {
    /// Which.
    pub round: RoundId,
    /// The provider's receipt number, or how it was sent.
    pub reference: String,
}

impl Decide for SubmitRound {
    fn action(&self) -> Action {
        Action::AssessmentSubmit
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        stands(&mut checks, round, &[RoundState::Testing]);
        checks.text("reference", &self.reference, 1, TEXT_MOST);
        for (sample, item) in round.missing() {
            checks.find(
                Finding::new(Rule::AssessmentIncomplete)
                    .with("sample", sample.tube.as_str())
                    .with("item", item.code.as_str()),
            );
        }
        let late = context.at > round.deadline;
        checks.require(!late, || {
            Finding::new(Rule::AssessmentLate).with("deadline", round.deadline)
        });
        let checked_by = checks.second(Action::AssessmentSubmit);
        let settled = checks.settle()?;
        Ok(checked_by
            .map(|checked_by| {
                AssessmentEvent::Submitted {
                    round: self.round,
                    reference: self.reference.trim().into(),
                    checked_by,
                    late,
                    reason: settled.into_iter().next().map(|(_, reason)| reason.text),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
