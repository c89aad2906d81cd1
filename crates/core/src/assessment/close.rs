use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::receive::{known, stands};
use super::{AssessmentEvent, RoundState, STEPS_MOST, Step};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::{RoundId, UserId};
use crate::people::Action;
use crate::subject::Subject;

/// Records the cause of an unsatisfactory round, what is done about it, or whether that worked. In this order; after a
/// correction that did not work comes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeStep {
    /// Which round.
    pub round: RoundId,
    /// The step.
    pub step: Step,
}

impl Decide for TakeStep {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        stands(&mut checks, round, &[RoundState::Unsatisfactory]);
        checks.told("step", self.step.text());
        checks.require(round.steps.len() < STEPS_MOST, || {
            Finding::bad_value("step", "why-too-many").with("most", STEPS_MOST as i64)
        });
        let taken = |word: &str| {
            round
                .steps
                .iter()
                .rposition(|(step, _)| step.as_str() == word)
        };
        let before = match &self.step {
            Step::Cause(_) => None,
            Step::Correction(_) => taken("cause").is_none().then_some("cause"),
            // A correction is judged once; the next judgement needs the next correction.
            Step::Effect { .. } => (taken("correction") <= taken("effect")).then_some("correction"),
        };
        if let Some(before) = before {
            checks.find(
                Finding::new(Rule::AssessmentUnsolved)
                    .word("missing", format!("round-step-{before}")),
            );
        }
        checks.settle()?;
        let step = match &self.step {
            Step::Cause(text) => Step::Cause(text.trim().into()),
            Step::Correction(text) => Step::Correction(text.trim().into()),
            Step::Effect { effective, finding } => Step::Effect {
                effective: *effective,
                finding: finding.trim().into(),
            },
        };
        Ok(vec![
            AssessmentEvent::StepTaken {
                round: self.round,
                step,
            }
            .into(),
        ])
    }
}

/// Closes a scored round. Somebody else than those who sent it and those who worked on its errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRound {
    /// Which.
    pub round: RoundId,
    /// Remarks; may be empty.
    pub note: String,
}

impl Decide for CloseRound {
    fn action(&self) -> Action {
        Action::AssessmentClose
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        checks.text("note", &self.note, 0, Reason::MOST);
        if round.state() == RoundState::Unsatisfactory {
            let taken = |word: &str| round.steps.iter().any(|(step, _)| step.as_str() == word);
            let missing = ["cause", "correction"]
                .into_iter()
                .find(|word| !taken(word))
                .unwrap_or("effect");
            checks.find(
                Finding::new(Rule::AssessmentUnsolved)
                    .word("missing", format!("round-step-{missing}")),
            );
        } else {
            stands(&mut checks, round, &[RoundState::Settled]);
        }
        let mut involved: BTreeSet<&UserId> =
            round.steps.iter().map(|(_, stamp)| &stamp.by).collect();
        involved.extend(round.submission.iter().map(|sent| &sent.stamp.by));
        checks.require(!involved.contains(&context.actor), || {
            Finding::new(Rule::AssessmentCloserInvolved).with("user", context.actor.as_str())
        });
        checks.settle()?;
        let event = AssessmentEvent::RoundClosed {
            round: self.round,
            note: self.note.trim().into(),
        };
        Ok(vec![event.into()])
    }
}
