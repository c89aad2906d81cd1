use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::tz::Offset;
use lifeline_core::command::Command;
use lifeline_core::device::{
    DeviceEvent, FileMessage, MessageState, Problem, Raw, StoreMessage, StorePart, Trouble,
};
use lifeline_core::event::Event;
use lifeline_core::finding::Refusal;
use lifeline_core::id::{DeviceId, IdError, MessageId, UserId, WorkstationId};
use lifeline_journal::{Hash, JournalError};
use lifeline_wire::profile::{DomainReading, Profile, read};

use super::read::observed;
use super::{LineState, Lines, Profiles, controls, crossmatches, measured, raw_of};
use crate::desk::{Desk, DeskError, Outcome, ReplayError, Submission, decode};

/// Why a message could not be stored or filed.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The desk did not take it: nothing was stored.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The desk refused: the link's account lacks its grants.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The stored bytes cannot be read back.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A stored entry cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// There is no such message, or its bytes are not where they should be.
    #[error("message {0} has no stored bytes")]
    NoBytes(MessageId),
    /// A link name that cannot stand in the journal.
    #[error(transparent)]
    Name(#[from] IdError),
}

/// The way of one link's messages into the journal and on to the bench.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// The link's name.
    pub link: String,
    /// The machine.
    pub device: DeviceId,
    /// Its dialect.
    pub profile: Arc<Profile>,
    /// Where it says how its line stands.
    pub(super) lines: Lines,
    desk: Desk,
    system: UserId,
    workstation: WorkstationId,
}

/// A message that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub message: MessageId,
    /// False when the same bytes had come before.
    pub fresh: bool,
}

impl Inbox {
    /// The inbox of a link; `system` is the account it acts under.
    ///
    /// # Errors
    /// The link's name cannot stand in the journal.
    pub fn new(
        desk: Desk,
        system: UserId,
        link: &str,
        device: DeviceId,
        profile: Arc<Profile>,
    ) -> Result<Self, InboxError> {
        let workstation = WorkstationId::parse(&format!("link:{link}"))?;
        Ok(Self {
            link: link.into(),
            device,
            profile,
            lines: Lines::default(),
            desk,
            system,
            workstation,
        })
    }

    /// The same, telling these lines how its own stands.
    #[must_use]
    pub fn telling(self, lines: &Lines) -> Self {
        Self {
            lines: lines.clone(),
            ..self
        }
    }

    /// Says how the line stands now.
    pub(super) fn line(&self, state: LineState) {
        let at = self.desk.clock().now();
        self.lines.set(&self.link, &self.device, state, at);
    }

    /// The desk behind it.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    async fn submit(
        &self,
        command: impl Into<Command>,
    ) -> Result<Arc<[(lifeline_core::hospital::Stamp, Event)]>, InboxError> {
        let submission = Submission::new(command, self.system.clone(), self.workstation.clone());
        match self.desk.submit(submission).await? {
            Outcome::Accepted { facts } => Ok(facts),
            Outcome::Refused(refusal) => Err(InboxError::Refused(refusal)),
        }
    }

    /// Makes a message durable.
    ///
    /// # Errors
    /// It is not stored: the device must not hear an acknowledgement.
    pub async fn store(&self, bytes: &[u8]) -> Result<Stored, InboxError> {
        let mut named = self.link.clone().into_bytes();
        named.push(0);
        named.extend_from_slice(bytes);
        let facts = self
            .submit(StoreMessage {
                device: Some(self.device.clone()),
                link: self.link.clone(),
                raw: raw(bytes),
                fingerprint: Hash::of(&named).to_string(),
                length: bytes.len() as u64,
            })
            .await?;
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Device(DeviceEvent::MessageStored { message, .. }) => Some(Stored {
                    message: *message,
                    fresh: true,
                }),
                Event::Device(DeviceEvent::MessageRepeated { message, .. }) => Some(Stored {
                    message: *message,
                    fresh: false,
                }),
                _ => None,
            })
            .ok_or(InboxError::NoBytes(MessageId(0)))
    }

    /// Makes a part of a message durable, for devices that do not say where their messages end.
    ///
    /// # Errors
    /// It is not stored.
    pub async fn store_part(&self, bytes: &[u8]) -> Result<(), InboxError> {
        let part = StorePart {
            link: self.link.clone(),
            raw: raw(bytes),
        };
        match self.submit(part.clone()).await {
            // As many as may wait: what is there becomes a message of its own, and nothing is lost.
            Err(InboxError::Refused(_)) => {
                if let Some((stored, bytes)) = self.put_together().await? {
                    self.file(stored.message, &bytes).await?;
                }
                self.submit(part).await.map(|_| ())
            }
            other => other.map(|_| ()),
        }
    }

    /// Makes one message of the parts that are waiting on this link.
    async fn put_together(&self) -> Result<Option<(Stored, Vec<u8>)>, InboxError> {
        let state = self.desk.state();
        let Some((_, parts)) = state.devices.parts().find(|(link, _)| **link == self.link) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        for seq in parts {
            let entry = self
                .desk
                .journal()
                .entry(*seq)
                .await?
                .ok_or(InboxError::NoBytes(MessageId(0)))?;
            if let Some(raw) = raw_of(&decode(&entry)?) {
                bytes.extend(unraw(raw).ok_or(InboxError::NoBytes(MessageId(0)))?);
            }
        }
        let stored = self.store(&bytes).await?;
        Ok(Some((stored, bytes)))
    }

    /// Reads a stored message by the device's profile and files what it says.
    ///
    /// # Errors
    /// The desk did not take it; the message stays stored and is filed at the next start or by hand.
    pub async fn file(
        &self,
        message: MessageId,
        bytes: &[u8],
    ) -> Result<DomainReading, InboxError> {
        let reading = read(&self.profile, bytes);
        let offset = self.desk.state().offset(self.desk.clock().now());
        self.submit(filing(&self.profile, &reading, offset, message))
            .await?;
        Ok(reading)
    }

    /// Files what was stored over this link and not acted on, after putting together the parts that never became complete.
    pub(super) async fn pick_up(&self, desk: &Desk) -> Result<(), InboxError> {
        self.put_together().await?;
        let waiting: Vec<MessageId> = desk
            .state()
            .devices
            .waiting()
            .filter(|message| message.link == self.link)
            .map(|message| message.id)
            .collect();
        for message in waiting {
            let bytes = bytes_of(desk, message).await?;
            self.file(message, &bytes).await?;
        }
        Ok(())
    }
}

/// The bytes of a stored message, from the journal.
///
/// # Errors
/// There is no such message, or the journal cannot be read.
pub async fn bytes_of(desk: &Desk, message: MessageId) -> Result<Vec<u8>, InboxError> {
    let seq = desk
        .state()
        .devices
        .message(message)
        .map(|found| found.stored.seq);
    let entry = match seq {
        Some(seq) => desk.journal().entry(seq).await?,
        None => None,
    };
    let entry = entry.ok_or(InboxError::NoBytes(message))?;
    raw_of(&decode(&entry)?)
        .and_then(unraw)
        .ok_or(InboxError::NoBytes(message))
}

/// Reads a message of the error queue again by its device's profile of today, at a person's word.
///
/// # Errors
/// The message, its device or profile is gone, or the desk did not take it.
pub async fn replay(
    desk: &Desk,
    profiles: &Profiles,
    message: MessageId,
    system: UserId,
    asked_by: UserId,
    workstation: WorkstationId,
) -> Result<Outcome, InboxError> {
    let state = desk.state();
    let found = state
        .devices
        .message(message)
        .ok_or(InboxError::NoBytes(message))?;
    let named = found
        .device
        .as_ref()
        .and_then(|device| state.devices.all.get(device))
        .map(|device| device.profile.clone())
        .unwrap_or_default();
    let profile = profiles.get(&named).ok();
    let bytes = bytes_of(desk, message).await?;
    let offset = state.offset(desk.clock().now());
    let command = match profile {
        Some(profile) => FileMessage {
            asked_by: Some(asked_by),
            ..filing(&profile, &read(&profile, &bytes), offset, message)
        },
        // Without a profile nothing can be made of it: it stays a problem and never counts as filed.
        None => FileMessage {
            message,
            observed: Vec::new(),
            problems: match &found.state {
                MessageState::Failed(problems) if !problems.is_empty() => problems.clone(),
                _ => vec![no_profile(named)],
            },
            crossmatches: Vec::new(),
            measured: Vec::new(),
            controls: Vec::new(),
            asked_by: Some(asked_by),
        },
    };
    Ok(desk
        .submit(Submission::new(command, system, workstation))
        .await?)
}

/// The command that files what a profile read.
fn filing(
    profile: &Profile,
    reading: &DomainReading,
    offset: Offset,
    message: MessageId,
) -> FileMessage {
    let (observed, mut problems) = observed(reading, offset);
    let (crossmatches, more) = crossmatches(profile, reading);
    problems.extend(more);
    let (measured, more) = measured(profile, reading, offset);
    problems.extend(more);
    let (controls, more) = controls(profile, reading, offset);
    problems.extend(more);
    FileMessage {
        message,
        observed,
        problems,
        crossmatches,
        measured,
        controls,
        asked_by: None,
    }
}

fn no_profile(profile: String) -> Problem {
    Problem {
        at: 0,
        reason: Trouble::NoProfile { profile },
        findings: Vec::new(),
    }
}

fn raw(bytes: &[u8]) -> Raw {
    match std::str::from_utf8(bytes) {
        // U+0000 cannot stand in PostgreSQL's text.
        Ok(text) if !text.contains('\0') => Raw::Text(text.into()),
        _ => Raw::Base64(BASE64.encode(bytes)),
    }
}

/// The bytes; none when what is stored is no base64.
fn unraw(raw: &Raw) -> Option<Vec<u8>> {
    Some(match raw {
        Raw::Text(text) => text.clone().into_bytes(),
        Raw::Base64(text) => BASE64.decode(text).ok()?,
    })
}
