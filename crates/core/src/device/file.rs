use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::control::Controls;
use super::{
    DeviceEvent, ObservedControl, ObservedCrossmatch, ObservedMeasurement, Problem, Trouble,
};
use crate::blood::{Din, UnitId};
use crate::command::{Context, Decide, Decision, authorised};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{CrossmatchId, DeviceId, LotId, MessageId, SampleId, TestId, UserId};
use crate::measured::MeasuredEvent;
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::{
    Interpretation, Material, Origin, Reaction, Reading, TestEvent, TestKind, Well, prepare,
};
use crate::unit::Regroup;

/// One test as a device reports it, its words already read by the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The sample or unit as the device names it.
    pub specimen: String,
    /// What the test is for.
    pub kind: TestKind,
    /// The wells.
    pub readings: Vec<Reading>,
    /// What the device says it is.
    pub stated: Option<Interpretation>,
    /// Reagents and cards.
    pub lots: BTreeSet<LotId>,
    /// When it was read; the time of storage where the device does not say.
    pub read: Option<Timestamp>,
    /// Whether a person changed a reading on the device.
    pub edited: bool,
    /// Who worked the device, in its own words.
    pub operator: Option<String>,
    /// Byte offset of its first record.
    pub at: u64,
}

/// Makes tests of a stored message. What cannot be made into a test is put in the error queue with its reason and offset.
/// Filing a message again (after a profile was mended, or the sample arrived) makes only what is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMessage {
    /// Which.
    pub message: MessageId,
    /// What the profile could read.
    pub observed: Vec<Observed>,
    /// What it could not.
    pub problems: Vec<Problem>,
    /// Crossmatches it could read.
    #[serde(default)]
    pub crossmatches: Vec<ObservedCrossmatch>,
    /// Measured values it could read.
    #[serde(default)]
    pub measured: Vec<ObservedMeasurement>,
    /// Controls it could read.
    #[serde(default)]
    pub controls: Vec<ObservedControl>,
    /// The person at whose word a message of the error queue is read again. The program files it all the same, so that nobody
    /// can put readings into a device's mouth.
    #[serde(default)]
    pub asked_by: Option<UserId>,
}

impl Decide for FileMessage {
    fn action(&self) -> Action {
        Action::MessageFile
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.message.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(message) = hospital.devices.message(self.message) else {
            return Err(Finding::not_found(self.message).into());
        };
        if let Some(person) = &self.asked_by {
            authorised(hospital, person, Action::MessageHandle, context.at)?;
        }
        let asked_by = self.asked_by.clone();
        let mut problems = self.problems.clone();
        // A message that only asks for work or says "alive" needs no registered machine.
        let nothing = self.observed.is_empty()
            && self.crossmatches.is_empty()
            && self.measured.is_empty()
            && self.controls.is_empty();
        let device = if nothing {
            None
        } else {
            serving(hospital, message.device.as_ref())
                .map_err(|finding| {
                    problems.push(Problem {
                        at: 0,
                        reason: Trouble::Refused(String::new()),
                        findings: vec![finding],
                    })
                })
                .ok()
        };
        let mut events: Vec<Event> = Vec::new();
        let mut tests = Vec::new();
        let mut samples = BTreeSet::new();
        let mut next = hospital.next.test;
        let (mut crossmatches, mut controls) = (Vec::new(), Vec::new());
        let mut measured = Vec::new();
        if let Some(device) = device {
            self.crossmatched(
                hospital,
                context,
                &device,
                &mut events,
                &mut crossmatches,
                &mut problems,
            );
            for observed in &self.observed {
                match self.record(hospital, context, message.stored.at, &device, observed) {
                    Ok(None) => {}
                    Ok(Some((kind, material, work))) => {
                        if let Material::Sample(sample) = &material {
                            samples.insert(sample.clone());
                        }
                        events.push(
                            TestEvent::Recorded {
                                test: next,
                                kind,
                                material,
                                work,
                            }
                            .into(),
                        );
                        tests.push(next);
                        next = next.next();
                    }
                    Err(findings) => {
                        problems.push(Problem {
                            at: observed.at,
                            reason: Trouble::Refused(observed.specimen.clone()),
                            findings,
                        });
                    }
                }
            }
            let mut next = hospital.next.measurement;
            for found in &self.measured {
                let from = (&device, &**message);
                match found.record(hospital, from, context.at) {
                    Ok(None) => {}
                    Ok(Some((draft, work))) => {
                        samples.insert(draft.sample.clone());
                        events.push(
                            MeasuredEvent::Recorded {
                                measurement: next,
                                assay: draft.assay,
                                sample: draft.sample,
                                work,
                            }
                            .into(),
                        );
                        measured.push(next);
                        next = next.next();
                    }
                    Err(findings) => problems.push(Problem {
                        at: found.at,
                        reason: Trouble::Refused(found.specimen.clone()),
                        findings,
                    }),
                }
            }
            if !self.controls.is_empty() {
                let door = Controls {
                    hospital,
                    context,
                    device: &device,
                    message: self.message,
                    stored: message.stored.at,
                };
                let (facts, made) = door.record(&self.controls, &events, &mut problems);
                events.extend(facts);
                controls = made;
            }
        }
        let message = self.message;
        events.push(if problems.is_empty() {
            DeviceEvent::MessageFiled {
                message,
                tests,
                crossmatches,
                measured,
                controls,
                samples: samples.into_iter().collect(),
                asked_by,
            }
            .into()
        } else {
            let named: BTreeSet<String> = self
                .observed
                .iter()
                .map(|observed| observed.specimen.clone())
                .chain(
                    self.crossmatches
                        .iter()
                        .flat_map(|found| [found.sample.clone(), found.unit.clone()]),
                )
                .chain(self.measured.iter().map(|found| found.specimen.clone()))
                .chain(self.controls.iter().map(|control| control.named.clone()))
                .collect();
            DeviceEvent::MessageFailed {
                message,
                tests,
                crossmatches,
                measured,
                controls,
                problems,
                named: named.into_iter().collect(),
                asked_by,
            }
            .into()
        });
        Ok(events)
    }
}

type Recorded = (TestKind, Material, crate::testing::Work);

impl FileMessage {
    fn crossmatched(
        &self,
        hospital: &Hospital,
        context: &Context,
        device: &DeviceId,
        events: &mut Vec<Event>,
        made: &mut Vec<CrossmatchId>,
        problems: &mut Vec<Problem>,
    ) {
        let mut next = hospital.next.crossmatch;
        for found in &self.crossmatches {
            match found.record(hospital, context, device, self.message, next) {
                Ok(facts) if facts.is_empty() => {}
                Ok(facts) => {
                    events.extend(facts);
                    made.push(next);
                    next = next.next();
                }
                Err(findings) => problems.push(Problem {
                    at: found.at,
                    reason: Trouble::Refused(format!("{} + {}", found.sample, found.unit)),
                    findings,
                }),
            }
        }
    }

    fn record(
        &self,
        hospital: &Hospital,
        context: &Context,
        stored: Timestamp,
        device: &DeviceId,
        observed: &Observed,
    ) -> Result<Option<Recorded>, Vec<Finding>> {
        let material = material(hospital, &observed.specimen).map_err(|finding| vec![finding])?;
        let kind = match material {
            Material::Sample(_) => observed.kind,
            Material::Unit(_) => unit_kind(observed.kind, &observed.readings),
        };
        if filed_before(hospital, self.message, kind, &material) {
            return Ok(None);
        }
        let reaction = Reaction {
            kind,
            material,
            readings: observed.readings.clone(),
            stated: observed.stated.clone(),
            lots: observed.lots.clone(),
            // A device whose clock runs ahead must not stop its own results; its offset shows on the device's page.
            read: observed
                .read
                .filter(|read| *read <= stored)
                .unwrap_or(stored),
        };
        let origin = Origin::Device {
            device: device.clone(),
            message: self.message,
            edited: observed.edited,
            operator: observed.operator.clone(),
        };
        let work = prepare(hospital, &reaction, origin, context.at)?;
        Ok(Some((reaction.kind, reaction.material, work)))
    }
}

/// The machine, if registered and in service.
fn serving(hospital: &Hospital, device: Option<&DeviceId>) -> Result<DeviceId, Finding> {
    let id = device
        .ok_or_else(|| Finding::new(Rule::SubjectUnmatched).word("what", "subject-device"))?;
    let device = hospital
        .devices
        .all
        .get(id)
        .ok_or_else(|| Finding::not_found(id.clone()))?;
    match &device.out_of_service {
        None => Ok(id.clone()),
        Some(reason) => Err(Finding::new(Rule::DeviceOutOfService)
            .with("device", id.clone())
            .with("reason", reason.as_str())),
    }
}

/// Exact match only: a sample by its barcode, a unit by its full name, or by its donation number when exactly one of its
/// units waits for its group. Two candidates are as bad as none.
fn material(hospital: &Hospital, specimen: &str) -> Result<Material, Finding> {
    let unmatched = || Finding::new(Rule::SubjectUnmatched).with("specimen", specimen);
    if let Ok(sample) = SampleId::parse(specimen)
        && hospital.samples.get(&sample).is_some()
    {
        return Ok(Material::Sample(sample));
    }
    if let Ok(unit) = specimen.parse::<UnitId>()
        && hospital.units.get(&unit).is_some()
    {
        return Ok(Material::Unit(unit));
    }
    let mut waiting = Din::scanned(specimen)
        .into_iter()
        .flat_map(|din| hospital.units.of_donation(din))
        .filter(|unit| unit.regroup == Regroup::Awaited)
        .map(|unit| unit.id);
    match (waiting.next(), waiting.next()) {
        (Some(unit), None) => Ok(Material::Unit(unit)),
        _ => Err(unmatched()),
    }
}

/// A unit's regroup is on cells, with as much as the device read.
fn unit_kind(asked: TestKind, readings: &[Reading]) -> TestKind {
    let has = |well| readings.iter().any(|reading| reading.well == well);
    match asked {
        TestKind::Group if has(Well::A1Cells) || has(Well::BCells) => TestKind::Group,
        TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward => {
            if has(Well::AntiD) && has(Well::Control) {
                TestKind::ForwardGroup
            } else {
                TestKind::AboForward
            }
        }
        other => other,
    }
}

fn filed_before(
    hospital: &Hospital,
    message: MessageId,
    kind: TestKind,
    material: &Material,
) -> bool {
    let made: &[TestId] = hospital
        .devices
        .message(message)
        .map(|message| message.tests.as_slice())
        .unwrap_or_default();
    made.iter()
        .filter_map(|id| hospital.tests.get(*id))
        .any(|test| test.kind == kind && test.material == *material)
}
