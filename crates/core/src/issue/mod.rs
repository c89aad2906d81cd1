//! The hand-over of a unit, its return, its fate.

mod acknowledge;
mod compat;
mod event;
mod gate;
mod issue_unit;
mod response;
mod return_issue;
#[cfg(test)]
pub(crate) mod tests;
mod ward;

pub use acknowledge::AcknowledgeIncompatible;
pub use compat::{Judgement, Verdict, compatibility, judge};
pub use event::{IssueEvent, apply};
pub(crate) use gate::beneath_electronic;
pub use gate::{Purpose, Serology, emergency_groups, emergency_level, gate, standing_crossmatch};
pub use issue_unit::IssueUnit;
pub use response::{RecordResponse, Response};
pub use return_issue::{ReturnIssue, minutes_out};
pub use ward::{ReceiveOnWard, RecordFate, StartTransfusion};

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Celsius, Millilitres, UnitId};
use crate::command::Checks;
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{CrossmatchId, IssueId, LocationId, PatientId, RequestId, UserId};
use crate::request::EmergencyLevel;
use crate::unit::{Appearance, Checked, Status, Unit};

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
    /// What laboratory values did after it, oldest record first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<(Stamp, Response)>,
    /// An emergency release still waits for its crossmatch, due at.
    pub retrospective_due: Option<Timestamp>,
    /// The retrospective crossmatch came out incompatible; stays until somebody has written down what was done.
    pub alarm: bool,
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
    /// Found incompatible after the hand-over, and not yet answered.
    pub(crate) alarms: OrdSet<IssueId>,
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

    /// Found incompatible after the hand-over and not yet answered, oldest first.
    pub fn alarms(&self) -> impl Iterator<Item = &Arc<Issue>> {
        self.alarms.iter().filter_map(|id| self.all.get(id))
    }

    /// Every hand-over.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Issue>> {
        self.all.values()
    }
}

/// The hand-over and its unit, where the unit is out on it and may take the step.
fn out<'a>(
    checks: &mut Checks<'_>,
    hospital: &'a Hospital,
    id: IssueId,
    next: Status,
) -> Option<(&'a Issue, &'a Unit)> {
    let issue = checks.take(
        hospital
            .issues
            .get(id)
            .ok_or_else(|| Finding::not_found(id)),
    )?;
    let unit = hospital.units.get(&issue.unit)?;
    // A bag that came back and left again is out on the newer hand-over.
    let on_this = unit.issue == Some(id) && issue.returned.is_none();
    // A bag called back on its way may only come back, be destroyed, or turn out to have been given.
    let recalled = unit.status == Status::Recalled && matches!(next, Status::OnWard);
    checks.require(on_this && !recalled && unit.status.may_become(next), || {
        Finding::new(Rule::UnitTransition)
            .with("unit", unit.id)
            .word("from", unit.status.word())
            .word("to", next.word())
    });
    Some((issue, unit))
}
