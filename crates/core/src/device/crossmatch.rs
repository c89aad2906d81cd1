use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::blood::{Din, UnitId};
use crate::command::Context;
use crate::crossmatch::{Outcome, RecordCrossmatch, Side};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{CrossmatchId, DeviceId, LotId, MessageId, RequestId, SampleId};
use crate::testing::Origin;
use crate::unit::Unit;

/// One crossmatch as a device reports it. For which request is not the device's to say: it is the one the unit is held for, or the
/// one it left on in an emergency and still waits for its crossmatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedCrossmatch {
    /// The sample as the device names it.
    pub sample: String,
    /// The unit as the device names it.
    pub unit: String,
    /// The device's method, by the profile; a word of `crossmatch.methods`.
    pub method: String,
    /// Patient plasma with donor cells.
    pub major: Side,
    /// Donor plasma with patient cells.
    pub minor: Side,
    /// What the device says it is.
    pub stated: Option<Outcome>,
    /// Reagents and cards.
    pub lots: BTreeSet<LotId>,
    /// Whether a person changed a reading on the device.
    pub edited: bool,
    /// Who worked the device, in its own words.
    pub operator: Option<String>,
    /// Byte offset of its first record.
    pub at: u64,
}

impl ObservedCrossmatch {
    /// The facts of recording it under this number; nothing when this message made it before.
    pub(super) fn record(
        &self,
        hospital: &Hospital,
        context: &Context,
        device: &DeviceId,
        message: MessageId,
        number: CrossmatchId,
    ) -> Result<Vec<Event>, Vec<Finding>> {
        let unmatched =
            |text: &str| vec![Finding::new(Rule::SubjectUnmatched).with("specimen", text)];
        let sample = SampleId::parse(&self.sample)
            .ok()
            .filter(|sample| hospital.samples.get(sample).is_some())
            .ok_or_else(|| unmatched(&self.sample))?;
        let candidates = named(hospital, &self.unit);
        let made = hospital.devices.message(message);
        let before = made.is_some_and(|made| {
            made.crossmatches
                .iter()
                .filter_map(|id| hospital.crossmatches.get(*id))
                .any(|known| {
                    known.sample == sample && candidates.iter().any(|u| u.id == known.unit)
                })
        });
        if before {
            return Ok(Vec::new());
        }
        let [unit] = candidates.as_slice() else {
            return Err(unmatched(&self.unit));
        };
        let request = wanted_for(hospital, unit)
            .ok_or_else(|| vec![Finding::new(Rule::UnitNotHeld).with("unit", unit.id)])?;
        let origin = Origin::Device {
            device: device.clone(),
            message,
            edited: self.edited,
            operator: self.operator.clone(),
        };
        RecordCrossmatch {
            unit: unit.id,
            request,
            sample,
            method: self.method.clone(),
            major: self.major,
            minor: self.minor,
            lots: self.lots.clone(),
        }
        .facts(hospital, context, number, origin, self.stated)
        .map_err(|refusal| refusal.findings)
    }
}

/// The request a unit is to be crossmatched for.
fn wanted_for(hospital: &Hospital, unit: &Unit) -> Option<RequestId> {
    let late = || {
        let issue = hospital.issues.get(unit.issue?)?;
        issue.retrospective_due.map(|_| issue.request)
    };
    let held = unit.reservation.as_ref().map(|held| held.request);
    held.or_else(late)
}

/// The units a text may mean: a unit's full name, or a donation number, of which only units that somebody waits for count.
fn named<'a>(hospital: &'a Hospital, text: &str) -> Vec<&'a Unit> {
    if let Ok(id) = text.parse::<UnitId>() {
        return hospital
            .units
            .get(&id)
            .map(|unit| &**unit)
            .into_iter()
            .collect();
    }
    Din::scanned(text)
        .into_iter()
        .flat_map(|din| hospital.units.of_donation(din))
        .map(|unit| &**unit)
        .filter(|unit| wanted_for(hospital, unit).is_some())
        .collect()
}
