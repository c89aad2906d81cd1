use serde::{Deserialize, Serialize};

use super::keep::{known, wrong};
use super::{SampleEvent, SampleState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::SampleId;
use crate::people::Action;
use crate::subject::Subject;

/// The ward has read that its sample was rejected, and says what it does. Until then the rejection stays an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRejection {
    /// Which.
    pub sample: SampleId,
    /// What is done: drawn again, or why not.
    pub answer: String,
}

impl Decide for AnswerRejection {
    fn action(&self) -> Action {
        Action::WardAnswer
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.sample.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("answer", &self.answer);
        let sample = checks.take(known(hospital, &self.sample));
        if let Some(sample) = sample {
            let waits =
                matches!(sample.state, SampleState::Rejected(_)) && sample.answered.is_none();
            checks.require(waits, || wrong(sample));
        }
        checks.settle()?;
        Ok(sample
            .map(|sample| {
                SampleEvent::RejectionAnswered {
                    sample: sample.id.clone(),
                    patient: sample.patient,
                    answer: self.answer.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
