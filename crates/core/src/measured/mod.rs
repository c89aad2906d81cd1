//! Measured results of patients: a number with its unit, exactly as it was read, through its versions; verified only under the
//! controls that cover the assay.

mod assay;
mod correct;
mod event;
mod invalidate;
mod monitor;
mod record;
mod reported;
#[cfg(test)]
mod tests;
mod verify;

pub use assay::{ASSAYS_MOST, Assay, Flag, Interval, Reference, assay, assays};
pub use correct::CorrectMeasurement;
pub use event::{MeasuredEvent, apply};
pub use invalidate::InvalidateMeasurement;
pub use monitor::{
    FarValues, MonitorPoint, PatientMonitor, Statistic, VALUES_MOST, monitored, monitors,
};
pub use record::{Draft, RecordMeasurements, prepare};
pub use reported::{Bound, NotReported, Reported};
pub use verify::VerifyMeasurement;
pub(crate) use {assay::unsound as assays_unsound, monitor::unsound as monitors_unsound};

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::hospital::{Hospital, Stamp};
use crate::id::{AssayCode, LotId, MeasurementId, SampleId};
use crate::quality::Place;
use crate::testing::{Origin, TestState};

/// A value and its circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// As reported.
    pub value: Reported,
    /// Its unit, of the assay in force when it was read.
    pub unit: String,
    /// What it says beside the limits in force when it was read.
    pub flags: BTreeSet<Flag>,
    /// Reagents used.
    pub lots: BTreeSet<LotId>,
    /// Where it came from.
    pub origin: Origin,
    /// When it was read.
    pub read: Timestamp,
}

/// One version of a result. Corrections add versions; nothing is overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The value.
    pub work: Work,
    /// Why this version replaced the one before.
    pub reason: Option<String>,
    /// Who entered it and when.
    pub entered: Stamp,
    /// Who verified it and when.
    pub verified: Option<Stamp>,
}

/// A measured result of a patient, through all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Number.
    pub id: MeasurementId,
    /// Of what.
    pub assay: AssayCode,
    /// In which sample.
    pub sample: SampleId,
    /// Versions, oldest first; never empty.
    pub versions: Vec<Version>,
    /// Where it stands.
    pub state: TestState,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Measurement {
    /// The newest version.
    pub fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Where its newest version was measured, and when.
    fn place(&self) -> Option<(Place, Timestamp)> {
        let work = &self.latest()?.work;
        Some((Place::of(&work.origin), work.read))
    }
}

/// All measured results.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measurements {
    pub(crate) all: OrdMap<MeasurementId, Arc<Measurement>>,
    /// Waiting for verification.
    pub(crate) pending: OrdSet<MeasurementId>,
    pub(crate) by_sample: OrdSet<(SampleId, MeasurementId)>,
    /// What is not void, by assay and place in the order of its time.
    pub(crate) by_stream: OrdSet<(AssayCode, Place, Timestamp, MeasurementId)>,
}

impl Measurements {
    /// One result.
    pub fn get(&self, id: MeasurementId) -> Option<&Arc<Measurement>> {
        self.all.get(&id)
    }

    /// Every result, in the order in which they were recorded.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Measurement>> {
        self.all.values()
    }

    /// Results waiting for verification, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &Arc<Measurement>> {
        self.pending.iter().filter_map(|id| self.all.get(id))
    }

    /// Results of a sample, oldest first.
    pub fn of_sample(
        &self,
        sample: &SampleId,
    ) -> impl DoubleEndedIterator<Item = &Arc<Measurement>> {
        let from = (sample.clone(), MeasurementId(0));
        let to = (sample.clone(), MeasurementId(u64::MAX));
        self.by_sample
            .range(from..=to)
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Results of an assay in a place that are not void, in the order in which they were read.
    pub fn stream(
        &self,
        assay: &AssayCode,
        place: &Place,
    ) -> impl DoubleEndedIterator<Item = &Arc<Measurement>> {
        let key = |read, id| (assay.clone(), place.clone(), read, MeasurementId(id));
        self.by_stream
            .range(key(Timestamp::MIN, 0)..=key(Timestamp::MAX, u64::MAX))
            .filter_map(|(.., id)| self.all.get(id))
    }

    /// The places with results of an assay.
    pub fn places(&self, assay: &AssayCode) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        // One step for each place, however many results it has.
        let mut from = (
            assay.clone(),
            Place::Bench,
            Timestamp::MIN,
            MeasurementId(0),
        );
        while let Some((code, place, ..)) = self.by_stream.range(from..).next() {
            if code != assay {
                break;
            }
            from = (
                assay.clone(),
                place.clone(),
                Timestamp::MAX,
                MeasurementId(u64::MAX),
            );
            if places.last() == Some(place) {
                break;
            }
            places.push(place.clone());
        }
        places
    }
}

/// A result that can be acted on: known, not void, and looked at in its newest version.
fn open(
    hospital: &Hospital,
    id: MeasurementId,
    version: usize,
) -> Result<&Measurement, Vec<Finding>> {
    let found = hospital
        .measurements
        .get(id)
        .ok_or_else(|| vec![Finding::not_found(id)])?;
    let mut findings = Vec::new();
    findings.extend(crate::testing::newest(id, found.versions.len(), version).err());
    if found.state == TestState::Invalidated {
        findings.push(crate::testing::wrong(id, found.state));
    }
    if findings.is_empty() {
        Ok(found)
    } else {
        Err(findings)
    }
}
