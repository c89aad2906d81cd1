//! Machines and what they send.

mod control;
#[cfg(test)]
mod control_tests;
mod crossmatch;
mod file;
mod machine;
mod measured;
mod store;
mod trouble;

pub use control::{ControlShown, ObservedControl};
pub use crossmatch::ObservedCrossmatch;
pub use file::{FileMessage, Observed};
pub use machine::{RegisterDevice, SetDeviceService};
pub use measured::ObservedMeasurement;
pub use store::{DismissMessage, PARTS_MOST, StoreMessage, StorePart};
pub use trouble::Trouble;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::hospital::{Hospital, Stamp};
use crate::id::{
    CrossmatchId, DeviceId, MeasurementId, MessageId, RunId, SampleId, TestId, UserId,
};
use crate::subject::Subject;

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Our name for it.
    pub id: DeviceId,
    /// What it is.
    pub name: String,
    /// Its dialect profile in `drivers/`.
    pub profile: String,
    /// Serial number.
    pub serial: String,
    /// Why it is out of service.
    pub out_of_service: Option<String>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// The bytes of a message as they came, kept exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Raw {
    /// Valid UTF-8.
    Text(String),
    /// Anything else, base64.
    Base64(String),
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Stored, not acted on yet.
    Stored,
    /// Everything in it became tests, or needed none.
    Filed,
    /// Something in it could not be acted on.
    Failed(Vec<Problem>),
    /// A person decided that nothing is to be done.
    Dismissed(String),
}

/// Why a message, or a part of it, could not be acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Byte offset into the raw message.
    pub at: u64,
    /// What is wrong.
    pub reason: Trouble,
    /// What the rules found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// A message from a device. The raw bytes are in the journal entry `stored.seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Number.
    pub id: MessageId,
    /// From which machine; `None` when the link could not tell.
    pub device: Option<DeviceId>,
    /// Over which link (port, file).
    pub link: String,
    /// Where it stands.
    pub state: MessageState,
    /// Tests made of it.
    pub tests: Vec<TestId>,
    /// Crossmatches made of it.
    #[serde(default)]
    pub crossmatches: Vec<CrossmatchId>,
    /// Measured results made of it.
    #[serde(default)]
    pub measured: Vec<MeasurementId>,
    /// Runs of controls made of it.
    #[serde(default)]
    pub controls: Vec<RunId>,
    /// Samples, units and controls it named.
    pub named: Vec<String>,
    /// Length in bytes.
    pub length: u64,
    /// The journal entry that holds the bytes.
    pub stored: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// Machines and messages.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Devices {
    /// Every machine.
    pub all: OrdMap<DeviceId, Arc<Device>>,
    pub(crate) messages: OrdMap<MessageId, Arc<Message>>,
    /// Stored and not acted on yet: what a restart must pick up.
    pub(crate) waiting: OrdSet<MessageId>,
    /// The error queue.
    pub(crate) failed: OrdSet<MessageId>,
    /// The stored fingerprints, so that a repeated message counts as seen and is not filed twice.
    pub(crate) fingerprints: OrdMap<String, MessageId>,
    /// Journal entries with parts of a message that is not complete yet, by link.
    pub(crate) parts: OrdMap<String, Vec<u64>>,
}

impl Devices {
    /// One message.
    pub fn message(&self, id: MessageId) -> Option<&Arc<Message>> {
        self.messages.get(&id)
    }

    /// Every message, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.messages.values()
    }

    /// Stored and not acted on yet, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.waiting.iter().filter_map(|id| self.messages.get(id))
    }

    /// The error queue, oldest first.
    pub fn failed(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.failed.iter().filter_map(|id| self.messages.get(id))
    }

    /// Journal entries with the parts of a message that never became complete, by link: what a restart must put together.
    pub fn parts(&self) -> impl Iterator<Item = (&String, &Vec<u64>)> {
        self.parts.iter()
    }

    /// The message that carried these bytes before.
    pub fn seen(&self, fingerprint: &str) -> Option<MessageId> {
        self.fingerprints.get(fingerprint).copied()
    }
}

/// Facts about machines and messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceEvent {
    /// A machine was registered, or its data changed.
    Registered {
        /// Our name.
        device: DeviceId,
        /// What it is.
        name: String,
        /// Its profile.
        profile: String,
        /// Serial number.
        serial: String,
    },
    /// Taken out of service: its results are refused.
    OutOfService {
        /// Which.
        device: DeviceId,
        /// Why.
        reason: String,
    },
    /// Back in service.
    InService {
        /// Which.
        device: DeviceId,
        /// What was done.
        reason: String,
    },
    /// A message came in and is stored, before anything was made of it.
    MessageStored {
        /// Number.
        message: MessageId,
        /// From which machine.
        device: Option<DeviceId>,
        /// Over which link.
        link: String,
        /// The bytes.
        raw: Raw,
        /// SHA-256 of link and bytes, in hex.
        fingerprint: String,
        /// Length in bytes.
        length: u64,
    },
    /// A part of a message came in and is stored; the device does not say where its messages end.
    PartStored {
        /// Over which link.
        link: String,
        /// The bytes that follow the part before.
        raw: Raw,
    },
    /// The same bytes came again over the same link: seen, not filed twice.
    MessageRepeated {
        /// The message that carried them first.
        message: MessageId,
        /// Over which link.
        link: String,
    },
    /// Something was made of the message.
    MessageFiled {
        /// Which.
        message: MessageId,
        /// Tests made of it.
        tests: Vec<TestId>,
        /// Crossmatches made of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        crossmatches: Vec<CrossmatchId>,
        /// Measured results made of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        measured: Vec<MeasurementId>,
        /// Runs of controls made of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        controls: Vec<RunId>,
        /// Samples it named.
        samples: Vec<SampleId>,
        /// At whose word it was read again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<UserId>,
    },
    /// All or part of it could not be acted on; it waits in the error queue.
    MessageFailed {
        /// Which.
        message: MessageId,
        /// Tests made of the parts that could.
        tests: Vec<TestId>,
        /// Crossmatches made of the parts that could.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        crossmatches: Vec<CrossmatchId>,
        /// Measured results made of the parts that could.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        measured: Vec<MeasurementId>,
        /// Runs of controls made of the parts that could.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        controls: Vec<RunId>,
        /// Everything that is wrong.
        problems: Vec<Problem>,
        /// What it named, for the reader of the queue.
        named: Vec<String>,
        /// At whose word it was read again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<UserId>,
    },
    /// A person decided that nothing is to be done.
    MessageDismissed {
        /// Which.
        message: MessageId,
        /// Why.
        reason: String,
    },
}

kinds!(DeviceEvent, "device" {
    Registered => "registered", OutOfService => "out_of_service", InService => "in_service",
    MessageStored => "message_stored", PartStored => "part_stored", MessageRepeated => "message_repeated", MessageFiled => "message_filed",
    MessageFailed => "message_failed", MessageDismissed => "message_dismissed",
});

impl DeviceEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Registered { device, .. }
            | Self::OutOfService { device, .. }
            | Self::InService { device, .. } => {
                vec![device.clone().into()]
            }
            Self::MessageStored {
                message, device, ..
            } => {
                let mut subjects = vec![Subject::from(*message)];
                subjects.extend(device.clone().map(Subject::from));
                subjects
            }
            Self::MessageFiled {
                message,
                tests,
                crossmatches,
                measured,
                controls,
                samples,
                ..
            } => {
                let mut subjects = vec![Subject::from(*message)];
                subjects.extend(tests.iter().copied().map(Subject::from));
                subjects.extend(crossmatches.iter().copied().map(Subject::from));
                subjects.extend(measured.iter().copied().map(Subject::from));
                subjects.extend(controls.iter().copied().map(Subject::from));
                subjects.extend(samples.iter().cloned().map(Subject::from));
                subjects
            }
            Self::MessageFailed {
                message,
                tests,
                crossmatches,
                measured,
                controls,
                ..
            } => {
                let mut subjects = vec![Subject::from(*message)];
                subjects.extend(tests.iter().copied().map(Subject::from));
                subjects.extend(crossmatches.iter().copied().map(Subject::from));
                subjects.extend(measured.iter().copied().map(Subject::from));
                subjects.extend(controls.iter().copied().map(Subject::from));
                subjects
            }
            Self::PartStored { .. } => Vec::new(),
            Self::MessageRepeated { message, .. } | Self::MessageDismissed { message, .. } => {
                vec![(*message).into()]
            }
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &DeviceEvent) {
    let devices = &mut hospital.devices;
    match event {
        DeviceEvent::Registered {
            device,
            name,
            profile,
            serial,
        } => {
            let out_of_service = devices
                .all
                .get(device)
                .and_then(|old| old.out_of_service.clone());
            devices.all.insert(
                device.clone(),
                Arc::new(Device {
                    id: device.clone(),
                    name: name.clone(),
                    profile: profile.clone(),
                    serial: serial.clone(),
                    out_of_service,
                    changed: stamp.clone(),
                }),
            );
        }
        DeviceEvent::OutOfService { device, reason } => {
            service(devices, stamp, device, Some(reason.clone()))
        }
        DeviceEvent::InService { device, .. } => {
            service(devices, stamp, device, None);
            // A machine that was repaired proves nothing until its controls are run.
            hospital.quality.note_change(
                crate::quality::Changed::Place(crate::quality::Place::Device(device.clone())),
                stamp.at,
                "in-service",
            );
        }
        DeviceEvent::MessageStored {
            message,
            device,
            link,
            fingerprint,
            length,
            ..
        } => {
            hospital.next.message = message.next();
            devices.parts.remove(link);
            devices.waiting.insert(*message);
            devices.fingerprints.insert(fingerprint.clone(), *message);
            devices.messages.insert(
                *message,
                Arc::new(Message {
                    id: *message,
                    device: device.clone(),
                    link: link.clone(),
                    state: MessageState::Stored,
                    tests: Vec::new(),
                    crossmatches: Vec::new(),
                    measured: Vec::new(),
                    controls: Vec::new(),
                    named: Vec::new(),
                    length: *length,
                    stored: stamp.clone(),
                    changed: stamp.clone(),
                }),
            );
        }
        DeviceEvent::PartStored { link, .. } => {
            let mut parts = devices.parts.get(link).cloned().unwrap_or_default();
            parts.push(stamp.seq);
            devices.parts.insert(link.clone(), parts);
        }
        DeviceEvent::MessageRepeated { link, .. } => {
            devices.parts.remove(link);
        }
        DeviceEvent::MessageFiled {
            message,
            tests,
            crossmatches,
            measured,
            controls,
            samples,
            ..
        } => {
            made(devices, *message, (crossmatches, measured, controls));
            let named = samples.iter().map(ToString::to_string).collect();
            settle(devices, stamp, *message, MessageState::Filed, tests, named);
        }
        DeviceEvent::MessageFailed {
            message,
            tests,
            crossmatches,
            measured,
            controls,
            problems,
            named,
            ..
        } => {
            made(devices, *message, (crossmatches, measured, controls));
            settle(
                devices,
                stamp,
                *message,
                MessageState::Failed(problems.clone()),
                tests,
                named.clone(),
            );
        }
        DeviceEvent::MessageDismissed { message, reason } => {
            settle(
                devices,
                stamp,
                *message,
                MessageState::Dismissed(reason.clone()),
                &[],
                Vec::new(),
            );
        }
    }
}

fn service(devices: &mut Devices, stamp: &Stamp, device: &DeviceId, out: Option<String>) {
    if let Some(device) = devices.all.get_mut(device).map(Arc::make_mut) {
        device.out_of_service = out;
        device.changed = stamp.clone();
    }
}

fn made(
    devices: &mut Devices,
    id: MessageId,
    (crossmatches, measured, controls): (&[CrossmatchId], &[MeasurementId], &[RunId]),
) {
    if let Some(message) = devices.messages.get_mut(&id).map(Arc::make_mut) {
        message.measured.extend_from_slice(measured);
        message.crossmatches.extend_from_slice(crossmatches);
        message.controls.extend_from_slice(controls);
    }
}

fn settle(
    devices: &mut Devices,
    stamp: &Stamp,
    id: MessageId,
    state: MessageState,
    tests: &[TestId],
    named: Vec<String>,
) {
    devices.waiting.remove(&id);
    if matches!(state, MessageState::Failed(_)) {
        devices.failed.insert(id);
    } else {
        devices.failed.remove(&id);
    }
    if let Some(message) = devices.messages.get_mut(&id).map(Arc::make_mut) {
        message.state = state;
        message.tests.extend_from_slice(tests);
        if !named.is_empty() {
            message.named = named;
        }
        message.changed = stamp.clone();
    }
}
