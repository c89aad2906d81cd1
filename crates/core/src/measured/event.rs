use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Measurement, Measurements, Version, Work};
use crate::hospital::{Hospital, Stamp};
use crate::id::{AssayCode, MeasurementId, SampleId};
use crate::subject::Subject;
use crate::testing::{Origin, TestState};

/// Facts about measured results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredEvent {
    /// A value was entered, or came from a machine.
    Recorded {
        /// Number.
        measurement: MeasurementId,
        /// Of what.
        assay: AssayCode,
        /// In which sample.
        sample: SampleId,
        /// The value.
        work: Work,
    },
    /// Another person verified the newest version.
    Verified {
        /// Which.
        measurement: MeasurementId,
        /// In which sample.
        sample: SampleId,
    },
    /// A new version replaced the one before; it waits for verification again.
    Corrected {
        /// Which.
        measurement: MeasurementId,
        /// In which sample.
        sample: SampleId,
        /// The new value.
        work: Work,
        /// Why.
        reason: String,
    },
    /// Declared void.
    Invalidated {
        /// Which.
        measurement: MeasurementId,
        /// In which sample.
        sample: SampleId,
        /// Why.
        reason: String,
    },
}

kinds!(MeasuredEvent, "measured" {
    Recorded => "recorded", Verified => "verified", Corrected => "corrected", Invalidated => "invalidated",
});

impl MeasuredEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        let (Self::Recorded {
            measurement,
            sample,
            ..
        }
        | Self::Verified {
            measurement,
            sample,
        }
        | Self::Corrected {
            measurement,
            sample,
            ..
        }
        | Self::Invalidated {
            measurement,
            sample,
            ..
        }) = self;
        let mut subjects = vec![Subject::from(*measurement), sample.clone().into()];
        if let Self::Recorded { work, .. } | Self::Corrected { work, .. } = self {
            subjects.extend(work.lots.iter().cloned().map(Subject::from));
            if let Origin::Device {
                device, message, ..
            } = &work.origin
            {
                subjects.extend([device.clone().into(), (*message).into()]);
            }
        }
        subjects
    }
}

impl Measurements {
    /// Changes a result and keeps its place in the streams right.
    fn change(&mut self, stamp: &Stamp, id: MeasurementId, change: impl FnOnce(&mut Measurement)) {
        let Some(one) = self.all.get_mut(&id).map(Arc::make_mut) else {
            return;
        };
        let key = |one: &Measurement| {
            let (place, read) = one.place()?;
            Some((one.assay.clone(), place, read, one.id))
        };
        let before = key(one);
        change(one);
        one.changed = stamp.clone();
        let after = key(one).filter(|_| one.state != TestState::Invalidated);
        let waits = one.state == TestState::Entered;
        if let Some(key) = before {
            self.by_stream.remove(&key);
        }
        self.by_stream.extend(after);
        if waits {
            self.pending.insert(id);
        } else {
            self.pending.remove(&id);
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &MeasuredEvent) {
    let all = &mut hospital.measurements;
    let version = |work: &Work, reason: Option<&String>| Version {
        work: work.clone(),
        reason: reason.cloned(),
        entered: stamp.clone(),
        verified: None,
    };
    match event {
        MeasuredEvent::Recorded {
            measurement,
            assay,
            sample,
            work,
        } => {
            hospital.next.measurement = measurement.next();
            all.by_sample.insert((sample.clone(), *measurement));
            all.all.insert(
                *measurement,
                Arc::new(Measurement {
                    id: *measurement,
                    assay: assay.clone(),
                    sample: sample.clone(),
                    versions: vec![version(work, None)],
                    state: TestState::Entered,
                    changed: stamp.clone(),
                }),
            );
            // Takes its place in the list of what waits and in its stream.
            all.change(stamp, *measurement, |_| {});
        }
        MeasuredEvent::Verified { measurement, .. } => all.change(stamp, *measurement, |one| {
            one.state = TestState::Verified;
            if let Some(version) = one.versions.last_mut() {
                version.verified = Some(stamp.clone());
            }
        }),
        MeasuredEvent::Corrected {
            measurement,
            work,
            reason,
            ..
        } => all.change(stamp, *measurement, |one| {
            one.state = TestState::Entered;
            one.versions.push(version(work, Some(reason)));
        }),
        MeasuredEvent::Invalidated { measurement, .. } => all.change(stamp, *measurement, |one| {
            one.state = TestState::Invalidated;
        }),
    }
}
