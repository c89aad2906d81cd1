//! Links to machines: bytes in, stored, acknowledged, read by the device's profile, filed.
//!
//! A device hears its acknowledgement only after its message is durable. What becomes of the message afterwards may fail and be
//! tried again from the stored bytes.

mod answer;
mod astm;
mod control;
mod crossmatch;
mod inbox;
mod lines;
mod measured;
mod mllp;
mod play;
mod profiles;
mod read;
mod transport;

use std::net::SocketAddr;
use std::sync::Arc;

use lifeline_core::device::DeviceEvent;
use lifeline_core::device::Raw;
use lifeline_core::event::Event;
use lifeline_core::hospital::Stamp;
use lifeline_core::id::DeviceId;
use lifeline_wire::profile::Profile;
use serde::Deserialize;

pub use control::controls;
pub use crossmatch::crossmatches;
pub use inbox::{Inbox, InboxError, bytes_of, replay};
pub use lines::{Line, LineState, Lines};
pub use measured::measured;
pub use play::{Instrument, PlayError};
pub use profiles::{ProfileError, Profiles};
pub use read::observed;

use crate::desk::Desk;

/// How a machine is reached, in `[link.NAME]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// The machine, as registered.
    pub device: DeviceId,
    /// The name of a profile that comes with the program, or of a file in the configured folder of profiles.
    pub profile: String,
    /// We are the TCP server on this address.
    pub listen: Option<SocketAddr>,
    /// We are the TCP client of this address.
    pub connect: Option<SocketAddr>,
    /// A serial port: 8 data bits, no parity, 1 stop bit.
    pub serial: Option<String>,
    /// Speed of the serial port in bits per second.
    #[serde(default = "LinkConfig::default_baud")]
    pub baud: u32,
}

/// Why a link cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not exactly one of `listen`, `connect`, `serial`.
    #[error("link {0}: name exactly one of listen, connect, serial")]
    Transport(String),
    /// The profile is none, or cannot be read.
    #[error("link {link}: profile {profile}: {reason}")]
    Profile {
        /// Which link.
        link: String,
        /// The profile as configured.
        profile: String,
        /// What is wrong.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("link {link}: {address}: {source}")]
    Listen {
        /// Which link.
        link: String,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl LinkConfig {
    /// The commonest speed of the devices of today.
    fn default_baud() -> u32 {
        9600
    }

    /// The profile, built in or from a file.
    ///
    /// # Errors
    /// [`LinkError::Profile`].
    pub fn profile(&self, link: &str, profiles: &Profiles) -> Result<Arc<Profile>, LinkError> {
        profiles
            .get(&self.profile)
            .map_err(|error| LinkError::Profile {
                link: link.into(),
                profile: self.profile.clone(),
                reason: error.to_string(),
            })
    }
}

/// An open link.
#[derive(Debug)]
pub struct OpenLink {
    /// Its name.
    pub name: String,
    /// Where it listens, when it does.
    pub address: Option<SocketAddr>,
    task: tokio::task::JoinHandle<()>,
    lines: Lines,
}

impl Drop for OpenLink {
    fn drop(&mut self) {
        self.task.abort();
        self.lines.close(&self.name);
    }
}

/// Opens a link; it runs until dropped. A broken line is opened again.
///
/// # Errors
/// See [`LinkError`].
pub async fn open(inbox: Inbox, config: &LinkConfig) -> Result<OpenLink, LinkError> {
    let name = inbox.link.clone();
    let chosen = [
        config.listen.is_some(),
        config.connect.is_some(),
        config.serial.is_some(),
    ];
    if chosen.iter().filter(|chosen| **chosen).count() != 1 {
        return Err(LinkError::Transport(name));
    }
    let mut address = None;
    let lines = inbox.lines.clone();
    let task = if let Some(listen) = config.listen {
        let listener = transport::bind(&name, listen).await?;
        address = listener.local_addr().ok();
        tokio::spawn(transport::serve(listener, inbox))
    } else if let Some(peer) = config.connect {
        tokio::spawn(transport::dial(peer, inbox))
    } else {
        tokio::spawn(transport::serial(
            config.serial.clone().unwrap_or_default(),
            config.baud,
            inbox,
        ))
    };
    Ok(OpenLink {
        name,
        address,
        task,
        lines,
    })
}

/// The bytes that a journal fact stored, when it is one that stores a message.
pub fn raw_of((_, event): &(Stamp, Event)) -> Option<&Raw> {
    match event {
        Event::Device(
            DeviceEvent::MessageStored { raw, .. } | DeviceEvent::PartStored { raw, .. },
        ) => Some(raw),
        _ => None,
    }
}

/// Files every message that was stored but not acted on before the last stop, and puts together what never became complete.
///
/// # Errors
/// The journal or the desk does not answer.
pub async fn pick_up(desk: &Desk, inboxes: &[Inbox]) -> Result<(), InboxError> {
    for inbox in inboxes {
        inbox.pick_up(desk).await?;
    }
    Ok(())
}
