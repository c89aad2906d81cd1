use serde::{Deserialize, Serialize};

use super::receive::{known, stands};
use super::{AssessmentEvent, RoundState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::RoundId;
use crate::people::Action;
use crate::subject::Subject;

/// Contests a score with the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealRound {
    /// Which.
    pub round: RoundId,
    /// Why.
    pub grounds: String,
}

impl Decide for AppealRound {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        let scored = [RoundState::Unsatisfactory, RoundState::Settled];
        stands(&mut checks, round, &scored);
        checks.told("grounds", &self.grounds);
        checks.settle()?;
        let event = AssessmentEvent::Appealed {
            round: self.round,
            grounds: self.grounds.trim().into(),
        };
        Ok(vec![event.into()])
    }
}

/// Records the provider's answer. If the appeal was upheld, the corrected report is entered next; until then the old score
/// stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleAppeal {
    /// Which.
    pub round: RoundId,
    /// Whether the provider agreed.
    pub upheld: bool,
    /// The answer.
    pub answer: String,
}

impl Decide for SettleAppeal {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        stands(&mut checks, round, &[RoundState::Appealed]);
        checks.told("answer", &self.answer);
        checks.settle()?;
        let event = AssessmentEvent::AppealSettled {
            round: self.round,
            upheld: self.upheld,
            answer: self.answer.trim().into(),
        };
        Ok(vec![event.into()])
    }
}
