//! The hand-over of a unit, its return, its fate.

mod event;

pub use event::{IssueEvent, apply};

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Celsius, Millilitres, UnitId};
use crate::finding::{Finding, Reason};
use crate::hospital::Stamp;
use crate::id::{CrossmatchId, IssueId, LocationId, PatientId, RequestId, UserId};
use crate::request::EmergencyLevel;
use crate::unit::{Appearance, Checked};

/// What became of an issued unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Given.
    Transfused {
        /// Started.
        started: Timestamp,
        /// Ended.
        ended: Timestamp,
        /// How much went in.
        volume: Millilitres,
        /// Whether a reaction was seen.
        reaction: Checked,
    },
    /// Not given, destroyed on the ward.
    DiscardedOnWard {
        /// Coded reason.
        reason: String,
    },
}

/// The bag as it came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnState {
    /// Minutes out of storage on this hand-over.
    pub minutes_out: i64,
    /// Temperature, where measured.
    pub temperature: Option<Celsius>,
    /// Seal.
    pub seal: Checked,
    /// Appearance.
    pub appearance: Appearance,
    /// Why it came back.
    pub reason: String,
}

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Number, printed on the slip.
    pub id: IssueId,
    /// Which unit.
    pub unit: UnitId,
    /// For whom.
    pub patient: PatientId,
    /// On which request.
    pub request: RequestId,
    /// The crossmatch it rests on.
    pub crossmatch: Option<CrossmatchId>,
    /// Released before tests were done.
    pub emergency: Option<EmergencyLevel>,
    /// Who carried it away.
    pub collector: UserId,
    /// The second person at the hand-over.
    pub second: UserId,
    /// Taken to.
    pub destination: LocationId,
    /// Warnings that were gone past, with their reasons.
    pub warnings: Vec<(Finding, Reason)>,
    /// Handed over.
    pub issued: Stamp,
    /// The ward's receipt.
    pub on_ward: Option<Stamp>,
    /// Came back.
    pub returned: Option<(Stamp, ReturnState)>,
    /// What became of it.
    pub fate: Option<(Stamp, Fate)>,
    /// An emergency release still waits for its crossmatch, due at.
    pub retrospective_due: Option<Timestamp>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// All hand-overs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Issues {
    pub(crate) all: OrdMap<IssueId, Arc<Issue>>,
    pub(crate) by_patient: OrdSet<(PatientId, IssueId)>,
    /// Out and without a fate.
    pub(crate) open: OrdSet<IssueId>,
    /// Emergency releases waiting for their crossmatch, by deadline.
    pub(crate) retrospective: OrdSet<(Timestamp, IssueId)>,
}

impl Issues {
    /// One hand-over.
    pub fn get(&self, id: IssueId) -> Option<&Arc<Issue>> {
        self.all.get(&id)
    }

    /// A patient's hand-overs, oldest first.
    pub fn of_patient(&self, patient: PatientId) -> impl DoubleEndedIterator<Item = &Arc<Issue>> {
        self.by_patient
            .range((patient, IssueId(0))..=(patient, IssueId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Out and without a fate, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Issue>> {
        self.open.iter().filter_map(|id| self.all.get(id))
    }

    /// Waiting for a retrospective crossmatch, soonest deadline first.
    pub fn retrospective(&self) -> impl Iterator<Item = &Arc<Issue>> {
        self.retrospective
            .iter()
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Every hand-over.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Issue>> {
        self.all.values()
    }
}
