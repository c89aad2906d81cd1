//! Immunohaematology results: wells, interpretation, versions, verification; reagent lots.

mod correct;
pub mod discrepancy;
mod event;
pub mod group;
mod interpret;
mod lot_acceptance;
mod lot_stock;
mod lots;
mod on_file;
mod record;
mod verify;
mod well;
mod worklist;

pub use correct::{CorrectTest, InvalidateTest};
pub use lot_acceptance::{ACCEPTANCE_MOST, AcceptLot, Acceptance, AcceptanceRow};
pub(crate) use lot_stock::level;
pub use lot_stock::{ChangePacks, PACKS_MOST, PackChange, Reorder, ending, reorders};
pub use lots::{BlockLot, OpenLot, ReceiveLot, UnblockLot};
pub use on_file::{ScreenOnFile, screen_on_file};
pub(crate) use record::lots_usable;
pub use record::{Reaction, RecordTest, prepare};
pub use verify::VerifyTest;
pub(crate) use verify::{determination, determination_holder, entered_by, newest, wrong};

pub use event::{LotEvent, TestEvent, Work, apply, apply_lot};
pub use group::Strengths;
pub use interpret::{control_reactive, interpret};
pub use well::{Reading, TestKind, Well};
pub use worklist::{due_on_sample, due_on_unit, worklist};

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Abo, RhD, UnitId};
use crate::hospital::Stamp;
use crate::id::{DeviceId, LotId, MessageId, SampleId, TestId};
use crate::subject::Subject;

/// What a test was made on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// A patient's sample.
    Sample(SampleId),
    /// A unit's segment.
    Unit(UnitId),
}

impl Material {
    /// As a subject of the journal.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Sample(sample) => sample.clone().into(),
            Self::Unit(unit) => (*unit).into(),
        }
    }
}

/// A reactive or non-reactive call that may also not have been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Reactive.
    Positive,
    /// Not reactive.
    Negative,
    /// The wells do not say.
    Indeterminate,
}

/// What the wells say, derived by truth table; never typed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpretation {
    /// ABO and RhD, each as far as it was reached.
    Group {
        /// ABO; `None` when the wells disagree.
        abo: Option<Abo>,
        /// RhD; `None` when not reached.
        rhd: Option<RhD>,
    },
    /// Antibody screen.
    Screen(Call),
    /// Direct antiglobulin test.
    Dat(Call),
}

impl std::fmt::Display for Interpretation {
    /// Symbols only, the same in every language: `A+`, `A?`, `?+`, `+`, `-`, `?`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Group { abo, rhd } => write!(
                f,
                "{}{}",
                abo.map_or("?", Abo::as_str),
                rhd.map_or("?", RhD::sign)
            ),
            Self::Screen(call) | Self::Dat(call) => f.write_str(match call {
                Call::Positive => "+",
                Call::Negative => "-",
                Call::Indeterminate => "?",
            }),
        }
    }
}

/// Where a reading came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Read by eye and entered on the bench page.
    #[default]
    Bench,
    /// Sent by an analyser.
    Device {
        /// Which machine.
        device: DeviceId,
        /// In which message.
        message: MessageId,
        /// Whether a person changed the reading on the machine.
        edited: bool,
        /// Who worked the machine, in its own words.
        operator: Option<String>,
    },
}

impl Origin {
    /// Whether a hand touched an analyser's reading.
    pub fn edited(&self) -> bool {
        matches!(self, Self::Device { edited: true, .. })
    }
}

/// One version of a result. Corrections add versions; nothing is overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The wells as read.
    pub readings: Vec<Reading>,
    /// What the wells say.
    pub interpretation: Interpretation,
    /// What the technologist or the analyser said it is, where they said something.
    pub stated: Option<Interpretation>,
    /// Reagents and cards used.
    pub lots: BTreeSet<LotId>,
    /// Where it came from.
    pub origin: Origin,
    /// When the reaction was read.
    pub read: Timestamp,
    /// Why this version replaced the one before.
    pub reason: Option<String>,
    /// Who entered it and when.
    pub entered: Stamp,
    /// Who verified it and when.
    pub verified: Option<Stamp>,
}

/// Where a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    /// Waiting for verification.
    Entered,
    /// Verified; stands.
    Verified,
    /// Its wells disagree; a verified work-up answers for it.
    WorkedUp,
    /// Declared void.
    Invalidated,
}

impl TestState {
    /// The key in the message files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Entered => "test-state-entered",
            Self::Verified => "test-state-verified",
            Self::WorkedUp => "test-state-worked-up",
            Self::Invalidated => "test-state-invalidated",
        }
    }
}

/// A test, through all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// Number.
    pub id: TestId,
    /// What kind.
    pub kind: TestKind,
    /// Made on what.
    pub material: Material,
    /// Versions, oldest first; never empty.
    pub versions: Vec<Version>,
    /// Where it stands.
    pub state: TestState,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Test {
    /// The newest version.
    pub fn latest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// The newest version where it is verified and stands.
    pub fn standing(&self) -> Option<&Version> {
        (self.state == TestState::Verified)
            .then(|| self.versions.last())
            .flatten()
    }
}

/// All tests.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tests {
    pub(crate) all: OrdMap<TestId, Arc<Test>>,
    /// Waiting for verification.
    pub(crate) pending: imbl::OrdSet<TestId>,
    /// Tests on units, by unit (tests on samples hang on the sample).
    pub(crate) by_unit: imbl::OrdSet<(UnitId, TestId)>,
}

impl Tests {
    /// One test.
    pub fn get(&self, id: TestId) -> Option<&Arc<Test>> {
        self.all.get(&id)
    }

    /// Every test.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Test>> {
        self.all.values()
    }

    /// Tests waiting for verification, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = &Arc<Test>> {
        self.pending.iter().filter_map(|id| self.all.get(id))
    }

    /// Sets how a test stands.
    pub(crate) fn stand(&mut self, stamp: &Stamp, id: TestId, state: TestState) {
        if state == TestState::Entered {
            self.pending.insert(id);
        } else {
            self.pending.remove(&id);
        }
        if let Some(test) = self.all.get_mut(&id).map(Arc::make_mut) {
            test.state = state;
            test.changed = stamp.clone();
        }
    }

    /// Tests made on a unit, oldest first.
    pub fn of_unit(&self, unit: UnitId) -> impl Iterator<Item = &Arc<Test>> {
        self.by_unit
            .range((unit, TestId(0))..=(unit, TestId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }
}

/// What a lot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotKind {
    /// Antiserum.
    Antiserum,
    /// Reagent red cells.
    Cells,
    /// Gel or micro-column card.
    Card,
    /// Antiglobulin, enhancement or other reagent.
    Reagent,
    /// Control material.
    Control,
}

impl LotKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Antiserum,
        Self::Cells,
        Self::Card,
        Self::Reagent,
        Self::Control,
    ];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Antiserum => "antiserum",
            Self::Cells => "cells",
            Self::Card => "card",
            Self::Reagent => "reagent",
            Self::Control => "control",
        }
    }
}

/// A reagent, cell or card lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// As printed by the maker.
    pub id: LotId,
    /// Of what.
    pub kind: LotKind,
    /// Product name.
    pub name: String,
    /// Maker's expiry.
    pub expires: Timestamp,
    /// Opened at, and usable until by the maker's open-vial limit.
    pub opened: Option<(Timestamp, Timestamp)>,
    /// Why it must not be used.
    pub blocked: Option<String>,
    /// It was taken in under a policy that asks for an acceptance test.
    pub must_be_accepted: bool,
    /// The newest acceptance test.
    pub acceptance: Option<Acceptance>,
    /// Packs on hand, the opened one not counted.
    pub packs: u32,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Lot {
    /// Whether an acceptance test was passed.
    pub fn accepted(&self) -> bool {
        self.acceptance.as_ref().is_some_and(|test| test.passed)
    }

    /// Whether the lot may be used for patients at a moment: in date, opened within its limit, accepted where it must be, not
    /// blocked.
    pub fn usable(&self, at: Timestamp) -> bool {
        self.unusable(at).is_none()
    }

    /// Why the lot may not be used for patients at a moment, as a key of the message files.
    pub fn unusable(&self, at: Timestamp) -> Option<&'static str> {
        self.unfit(at).or(match &self.acceptance {
            _ if !self.must_be_accepted || self.accepted() => None,
            None => Some("lot-state-not-accepted"),
            Some(_) => Some("lot-state-acceptance-failed"),
        })
    }

    /// Why not even a control may be run with the lot at a moment; what waits for its acceptance test may be tried.
    pub fn unfit(&self, at: Timestamp) -> Option<&'static str> {
        match self.opened {
            _ if self.blocked.is_some() => Some("lot-state-blocked"),
            _ if at >= self.expires => Some("lot-state-expired"),
            Some((from, _)) if at < from => Some("lot-state-not-opened"),
            Some((_, until)) if at >= until => Some("lot-state-open-too-long"),
            Some(_) => None,
            None => Some("lot-state-not-opened"),
        }
    }
}

/// All lots.
pub type Lots = OrdMap<LotId, Arc<Lot>>;

#[cfg(test)]
mod tests;
