use serde::{Deserialize, Serialize};

use super::{DeviceEvent, Raw};
use crate::command::{Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{DeviceId, MessageId};
use crate::people::Action;
use crate::subject::Subject;

/// Stores a message as it came, before anything is made of it. A device hears its acknowledgement only after this is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreMessage {
    /// From which machine, as the link is configured.
    pub device: Option<DeviceId>,
    /// Over which link.
    pub link: String,
    /// The bytes.
    pub raw: Raw,
    /// SHA-256 of link and bytes, in hex: the same bytes over the same link are the same message sent again.
    pub fingerprint: String,
    /// Length in bytes.
    pub length: u64,
}

impl Decide for StoreMessage {
    fn action(&self) -> Action {
        Action::MessageFile
    }

    fn subjects(&self) -> Vec<Subject> {
        self.device.clone().map(Subject::from).into_iter().collect()
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let Self {
            device,
            link,
            raw,
            fingerprint,
            length,
        } = self.clone();
        Ok(vec![match hospital.devices.seen(&fingerprint) {
            Some(message) => DeviceEvent::MessageRepeated { message, link }.into(),
            None => DeviceEvent::MessageStored {
                message: hospital.next.message,
                device,
                link,
                raw,
                fingerprint,
                length,
            }
            .into(),
        }])
    }
}

/// The most parts of one message that may wait to become whole. What goes on longer is no message: the link breaks the line off,
/// what is stored becomes a message in the error queue, and the device begins anew.
pub const PARTS_MOST: usize = 4_096;

/// Stores a part of a message of a device that does not say where its messages end, so that the part can be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorePart {
    /// Over which link.
    pub link: String,
    /// The bytes that follow the part before.
    pub raw: Raw,
}

impl Decide for StorePart {
    fn action(&self) -> Action {
        Action::MessageFile
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let waiting = hospital.devices.parts.get(&self.link).map_or(0, Vec::len);
        if waiting >= PARTS_MOST {
            return Err(Finding::bad_value("parts", "why-too-many")
                .with("most", PARTS_MOST as i64)
                .into());
        }
        Ok(vec![
            DeviceEvent::PartStored {
                link: self.link.clone(),
                raw: self.raw.clone(),
            }
            .into(),
        ])
    }
}

/// Takes a message out of the error queue because nothing is to be done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DismissMessage {
    /// Which.
    pub message: MessageId,
    /// Why.
    pub reason: String,
}

impl Decide for DismissMessage {
    fn action(&self) -> Action {
        Action::MessageHandle
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.message.into()]
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        if hospital.devices.message(self.message).is_none() {
            return Err(Finding::not_found(self.message).into());
        }
        if !hospital.devices.failed.contains(&self.message) {
            return Err(Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.message))
                .word("state", "message-not-failed")
                .into());
        }
        if self.reason.trim().is_empty() {
            return Err(Finding::bad_value("reason", "why-empty-or-long").into());
        }
        let reason = self.reason.trim().to_owned();
        Ok(vec![
            DeviceEvent::MessageDismissed {
                message: self.message,
                reason,
            }
            .into(),
        ])
    }
}
