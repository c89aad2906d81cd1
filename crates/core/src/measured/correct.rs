use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Draft, MeasuredEvent, Reported, open, prepare};
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::{LotId, MeasurementId};
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::Origin;

/// Replaces the newest version of a measured result. The old version stays; the new one waits for verification. What an analyser
/// measured stays that analyser's, marked as changed by this hand: its controls are the ones that cover it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectMeasurement {
    /// Which.
    pub measurement: MeasurementId,
    /// The version that is replaced, counted from 1.
    pub version: usize,
    /// The value as it should be.
    pub value: Reported,
    /// Reagents used.
    pub lots: BTreeSet<LotId>,
    /// When it was read.
    pub read: Timestamp,
    /// Why.
    pub reason: String,
}

impl Decide for CorrectMeasurement {
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
        let corrected = found.and_then(|one| {
            let origin = match &one.latest()?.work.origin {
                Origin::Bench => Origin::Bench,
                Origin::Device {
                    device, message, ..
                } => Origin::Device {
                    device: device.clone(),
                    message: *message,
                    edited: true,
                    operator: Some(context.actor.as_str().into()),
                },
            };
            let draft = Draft {
                assay: one.assay.clone(),
                sample: one.sample.clone(),
                value: self.value,
                lots: self.lots.clone(),
                read: self.read,
            };
            let work = checks.take_all(prepare(hospital, &draft, origin, context.at))?;
            Some(MeasuredEvent::Corrected {
                measurement: one.id,
                sample: one.sample.clone(),
                work,
                reason: self.reason.trim().into(),
            })
        });
        checks.settle()?;
        Ok(corrected.map(Into::into).into_iter().collect())
    }
}
