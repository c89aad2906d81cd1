use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{DeviceId, LotId, SampleId};
use crate::measured::{Draft, Reported, Work, assay, prepare};
use crate::testing::Origin;

/// One measured value of a patient's sample as a device reports it. Nothing of it is guessed: another item, another unit or a text
/// that is no number is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedMeasurement {
    /// The sample as the device names it.
    pub specimen: String,
    /// The assay's code, in the profile's word.
    pub assay: String,
    /// The value as sent, with a point where the device writes a decimal comma.
    pub value: String,
    /// The unit as sent.
    pub unit: Option<String>,
    /// Reagents.
    pub lots: BTreeSet<LotId>,
    /// When it was read; the time of storage where the device does not say.
    pub read: Option<Timestamp>,
    /// Whether a person changed the value on the device.
    pub edited: bool,
    /// Who worked the device, in its own words.
    pub operator: Option<String>,
    /// Byte offset of its record.
    pub at: u64,
}

impl ObservedMeasurement {
    /// What is recorded of it; nothing when this message made it before.
    pub(super) fn record(
        &self,
        hospital: &Hospital,
        (device, message): (&DeviceId, &Message),
        at: Timestamp,
    ) -> Result<Option<(Draft, Work)>, Vec<Finding>> {
        let mut findings = Vec::new();
        let stored = message.stored.at;
        // A device whose clock runs ahead must not stop its own results; its offset shows on the device's page.
        let read = self.read.filter(|read| *read <= stored).unwrap_or(stored);
        let sample = SampleId::parse(&self.specimen)
            .ok()
            .filter(|sample| hospital.samples.get(sample).is_some());
        if sample.is_none() {
            findings.push(
                Finding::new(Rule::SubjectUnmatched).with("specimen", self.specimen.as_str()),
            );
        }
        let known = assay(hospital, &self.assay, read)
            .map_err(|finding| findings.push(finding))
            .ok();
        let unit = self.unit.as_deref().unwrap_or_default();
        if let Some(assay) = known.filter(|assay| !assay.writes(unit)) {
            findings.push(
                Finding::bad_value("unit", "why-another-unit")
                    .with("value", unit)
                    .with("expected", assay.unit.as_str()),
            );
        }
        let value = Reported::parse(&self.value)
            .map_err(|_| {
                findings.push(
                    Finding::bad_value("value", "why-not-a-number")
                        .with("value", self.value.as_str()),
                );
            })
            .ok();
        let (Some(sample), Some(assay), Some(value), true) =
            (sample, known, value, findings.is_empty())
        else {
            return Err(findings);
        };
        let before = message
            .measured
            .iter()
            .filter_map(|id| hospital.measurements.get(*id))
            .any(|one| {
                let first = one.versions.first().map(|version| &version.work);
                one.assay == assay.code
                    && one.sample == sample
                    && first.is_some_and(|work| work.value == value && work.read == read)
            });
        if before {
            return Ok(None);
        }
        let draft = Draft {
            assay: assay.code.clone(),
            sample,
            value,
            lots: self.lots.clone(),
            read,
        };
        let origin = Origin::Device {
            device: device.clone(),
            message: message.id,
            edited: self.edited,
            operator: self.operator.clone(),
        };
        let work = prepare(hospital, &draft, origin, at)?;
        Ok(Some((draft, work)))
    }
}
