use serde::{Deserialize, Serialize};

use super::{MeasuredEvent, open};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::MeasurementId;
use crate::people::Action;
use crate::subject::Subject;

/// Declares a measured result void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidateMeasurement {
    /// Which.
    pub measurement: MeasurementId,
    /// The version that was looked at, counted from 1.
    pub version: usize,
    /// Why.
    pub reason: String,
}

impl Decide for InvalidateMeasurement {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.measurement.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let found = checks.take_all(open(hospital, self.measurement, self.version));
        checks.settle()?;
        Ok(found
            .map(|one| {
                MeasuredEvent::Invalidated {
                    measurement: one.id,
                    sample: one.sample.clone(),
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
