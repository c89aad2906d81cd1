use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lifeline_core::id::DeviceId;

/// Whether a line to a machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineState {
    /// We listen; the machine calls when it has something to say.
    Waiting,
    /// Connected.
    Up,
    /// It cannot be opened, or broke with an error; it is tried again.
    Down {
        /// What the system said.
        reason: String,
    },
}

/// One line of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The link's name in the configuration.
    pub link: String,
    /// The machine at its other end.
    pub device: DeviceId,
    /// How it stands.
    pub state: LineState,
    /// Since when.
    pub since: Timestamp,
}

/// How the lines of this server stand now. Kept in memory only: it is about this process, not about the hospital. Bounded by the
/// links configured.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    all: Arc<Mutex<BTreeMap<String, Line>>>,
}

impl Lines {
    /// Notes how a line stands; the moment stays while the state does.
    pub fn set(&self, link: &str, device: &DeviceId, state: LineState, at: Timestamp) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(link).is_some_and(|line| line.state == state) {
            return;
        }
        let line = Line {
            link: link.to_owned(),
            device: device.clone(),
            state,
            since: at,
        };
        all.insert(link.to_owned(), line);
    }

    /// Forgets a line that was closed on purpose.
    pub fn close(&self, link: &str) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(link);
    }

    /// Every line, by name.
    pub fn all(&self) -> Vec<Line> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().cloned().collect()
    }

    /// The lines to one machine.
    pub fn of(&self, device: &DeviceId) -> Vec<Line> {
        let mut lines = self.all();
        lines.retain(|line| line.device == *device);
        lines
    }

    /// The lines that are down.
    pub fn down(&self) -> Vec<Line> {
        let mut lines = self.all();
        lines.retain(|line| matches!(line.state, LineState::Down { .. }));
        lines
    }
}
