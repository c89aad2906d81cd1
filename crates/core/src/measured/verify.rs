use serde::{Deserialize, Serialize};

use super::{MeasuredEvent, open};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::MeasurementId;
use crate::people::Action;
use crate::sample::SampleState;
use crate::subject::Subject;
use crate::testing::{TestState, entered_by, wrong};

/// Verifies the newest version of a measured result, as somebody other than who entered it, under controls that stood when it was
/// read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyMeasurement {
    /// Which.
    pub measurement: MeasurementId,
    /// The version that was looked at, counted from 1.
    pub version: usize,
}

impl Decide for VerifyMeasurement {
    fn action(&self) -> Action {
        Action::TestVerify
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.measurement.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = checks.take_all(open(hospital, self.measurement, self.version));
        if let Some((one, version)) = found.and_then(|one| Some((one, one.latest()?))) {
            checks.require(one.state == TestState::Entered, || wrong(one.id, one.state));
            let own = entered_by(&version.work.origin, &version.entered, &context.actor);
            checks.require(!own, || {
                Finding::new(Rule::VerifierIsEnterer)
                    .with("test", one.id)
                    .with("user", context.actor.clone())
            });
            checks
                .findings
                .extend(crate::quality::findings_of_measurement(hospital, one));
            match hospital
                .samples
                .get(&one.sample)
                .map(|sample| &sample.state)
            {
                Some(SampleState::Accepted) => {}
                None => checks.find(Finding::not_found(one.sample.clone())),
                // While it is asked whose blood this is, nothing measured in it is a result of the patient.
                Some(state) => checks.find(
                    Finding::new(Rule::WrongState)
                        .with("subject", Subject::from(one.sample.clone()))
                        .word("state", state.word()),
                ),
            }
        }
        checks.settle()?;
        Ok(found
            .map(|one| {
                MeasuredEvent::Verified {
                    measurement: one.id,
                    sample: one.sample.clone(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
