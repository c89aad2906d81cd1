use serde::{Deserialize, Serialize};

use super::receive::TEXT_MOST;
use super::{Sample, SampleEvent, SampleState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::SampleId;
use crate::people::Action;
use crate::subject::Subject;

/// Ends the use of a sample before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSample {
    /// Which.
    pub sample: SampleId,
    /// Why.
    pub reason: String,
}

impl Decide for EndSample {
    fn action(&self) -> Action {
        Action::SampleReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.sample.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        if let Some(sample) = checks.take(known(hospital, &self.sample)) {
            checks.require(sample.state == SampleState::Accepted, || wrong(sample));
        }
        checks.settle()?;
        Ok(vec![
            SampleEvent::Ended {
                sample: self.sample.clone(),
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}

/// Says where a tube is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSample {
    /// Which.
    pub sample: SampleId,
    /// Where.
    pub place: String,
}

impl Decide for StoreSample {
    fn action(&self) -> Action {
        Action::SampleReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.sample.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("place", &self.place, 1, TEXT_MOST);
        checks.take(known(hospital, &self.sample));
        checks.settle()?;
        Ok(vec![
            SampleEvent::Stored {
                sample: self.sample.clone(),
                place: self.place.trim().into(),
            }
            .into(),
        ])
    }
}

/// The sample, or `NotFound`.
pub(super) fn known<'a>(hospital: &'a Hospital, id: &SampleId) -> Result<&'a Sample, Finding> {
    hospital
        .samples
        .get(id)
        .map(|sample| &**sample)
        .ok_or_else(|| Finding::not_found(id.clone()))
}

/// The sample is not in the state a step needs.
pub(super) fn wrong(sample: &Sample) -> Finding {
    Finding::new(Rule::WrongState)
        .with("subject", Subject::from(sample.id.clone()))
        .word("state", sample.state.word())
}
