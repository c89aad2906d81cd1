//! Near misses: what could have harmed and did not, found by a person or by a rule, until somebody has looked into it.

mod close;
mod event;
mod report;

pub use close::CloseNearMiss;
pub use event::{NearMissEvent, apply};
pub(crate) use report::found_by_rule;
pub use report::{PROPOSAL_DISPUTED, ReportNearMiss, WRONG_BLOOD};

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hospital::Stamp;
use crate::id::NearMissId;
use crate::subject::Subject;

/// What was found out and what was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Why it happened.
    pub cause: String,
    /// What was changed so that it does not happen again.
    pub measure: String,
    /// The journal entry.
    pub stamp: Stamp,
}

/// A near miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// Number.
    pub id: NearMissId,
    /// Coded kind, a word of `quality.near_miss_kinds`.
    pub kind: String,
    /// What happened, in words; empty where a rule found it and the evidence says all.
    pub account: String,
    /// When it happened.
    pub happened: Timestamp,
    /// What it was about.
    pub about: Vec<Subject>,
    /// Found by a rule of the program and not reported by a person.
    pub by_rule: bool,
    /// The journal entry of the report.
    pub reported: Stamp,
    /// What came of it.
    pub closed: Option<Closing>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// All near misses.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NearMisses {
    all: OrdMap<NearMissId, Arc<NearMiss>>,
    open: OrdSet<NearMissId>,
}

impl NearMisses {
    /// One.
    pub fn get(&self, id: NearMissId) -> Option<&Arc<NearMiss>> {
        self.all.get(&id)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<NearMiss>> {
        self.all.values()
    }

    /// Those nobody has looked into to the end, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<NearMiss>> {
        self.open.iter().filter_map(|id| self.all.get(id))
    }
}

#[cfg(test)]
mod tests;
