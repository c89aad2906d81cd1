//! Bags: their whole life from receipt to fate.

mod apply;
pub(crate) mod delivery;
mod discard;
mod event;
mod find;
pub(crate) mod guard;
mod hold;
mod lift;
mod lose;
mod modify;
mod recall;
mod receive;
mod relocate;
mod send_back;
mod status;
pub mod stock;
mod type_antigens;
mod withdraw_recall;

pub use apply::apply;
pub use delivery::{Delivery, EndDelivery, Ended, OpenDelivery};
pub use discard::DiscardUnit;
pub use event::{Child, UnitEvent};
pub use find::FindUnit;
pub use guard::LIST_MOST;
pub use hold::HoldUnit;
pub use lift::LiftHold;
pub use lose::LoseUnit;
pub use modify::{ModifyUnit, PARTS_MOST, POOL_MOST};
pub use recall::{RecallDonation, descendants};
pub use receive::{ReceiveUnit, RegroupAsked, regroup_asked};
pub use relocate::MoveUnits;
pub use send_back::ReturnUnitToStation;
pub use status::Status;
pub use type_antigens::{PlateletTyping, TypeUnitAntigens};
pub use withdraw_recall::WithdrawRecall;

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{
    Abo, Amount, AntigenProfile, Attributes, Celsius, Component, Din, LabelGroup, Millilitres, RhD,
    UnitId,
};
use crate::hospital::Stamp;
use crate::id::{
    CrossmatchId, DeliveryId, IssueId, LocationId, PatientId, RequestId, TestId, UserId,
};

/// How the label's content reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPath {
    /// Every symbol was scanned.
    Scanned,
    /// At least one value was typed; a second person checked it.
    Keyed,
}

/// What the bag looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    /// As it should be.
    Normal,
    /// Haemolysed.
    Haemolysed,
    /// Clotted.
    Clotted,
    /// Discoloured.
    Discoloured,
    /// Lipaemic.
    Lipaemic,
    /// Gas or foam.
    Gas,
    /// Leaking.
    Leaking,
}

impl EntryPath {
    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Keyed => "keyed",
        }
    }
}

impl Appearance {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Normal,
        Self::Haemolysed,
        Self::Clotted,
        Self::Discoloured,
        Self::Lipaemic,
        Self::Gas,
        Self::Leaking,
    ];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Haemolysed => "haemolysed",
            Self::Clotted => "clotted",
            Self::Discoloured => "discoloured",
            Self::Lipaemic => "lipaemic",
            Self::Gas => "gas",
            Self::Leaking => "leaking",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == text.trim())
    }
}

/// A yes-or-no observation that may also not have been made. Not looked at is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// Looked at and good.
    Good,
    /// Looked at and bad.
    Bad,
    /// Not looked at.
    NotChecked,
}

impl Checked {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Good, Self::Bad, Self::NotChecked];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::NotChecked => "not_checked",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|checked| checked.as_str() == text.trim())
    }
}

/// What was checked when the delivery was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptChecks {
    /// Temperature in the container; `None` was not measured.
    pub temperature: Option<Celsius>,
    /// Appearance.
    pub appearance: Appearance,
    /// Seal and tubing.
    pub seal: Checked,
    /// Label legible and complete.
    pub label: Checked,
}

/// Why a unit is held back. All must be lifted before it becomes available.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The donor group was not confirmed yet.
    AwaitingRegroup,
    /// The tested group differs from the label.
    GroupMismatch,
    /// A receipt check failed or was not made.
    ReceiptCheck,
    /// Temperature outside its range.
    Temperature,
    /// Any other reason, by its code in `unit.hold_reasons`.
    Other(String),
}

impl Hold {
    /// The donation had been recalled before the bag came in.
    pub const RECALLED: &'static str = "recalled";
    /// The recall was taken back; somebody must look at the bag before it is used.
    pub const RECALL_WITHDRAWN: &'static str = "recall_withdrawn";

    /// The code in commands and message keys.
    pub fn code(&self) -> &str {
        match self {
            Self::AwaitingRegroup => "awaiting_regroup",
            Self::GroupMismatch => "group_mismatch",
            Self::ReceiptCheck => "receipt_check",
            Self::Temperature => "out_of_range",
            Self::Other(code) => code,
        }
    }

    /// Reads the code; a code that is none of the program's own is one of the policy's.
    pub fn from_code(code: &str) -> Self {
        [
            Self::AwaitingRegroup,
            Self::GroupMismatch,
            Self::ReceiptCheck,
            Self::Temperature,
        ]
        .into_iter()
        .find(|hold| hold.code() == code)
        .unwrap_or_else(|| Self::Other(code.into()))
    }

    /// The key in the message files.
    pub fn word(&self) -> String {
        format!("hold-{}", self.code())
    }

    /// Lifting it takes two people: the mistake would be deadly.
    pub fn needs_two(&self) -> bool {
        match self {
            Self::GroupMismatch => true,
            Self::Other(code) => code == Self::RECALLED,
            _ => false,
        }
    }
}

/// Whether the group on the label was confirmed by our own test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regroup {
    /// The policy asks for none for this component.
    NotRequired,
    /// Waiting for a verified test.
    Awaited,
    /// Agrees with the label.
    Confirmed(TestId),
    /// Differs from the label.
    Mismatch(TestId),
}

/// A hold on a unit for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The request.
    pub request: RequestId,
    /// For whom.
    pub patient: PatientId,
    /// Lapses at.
    pub until: Timestamp,
    /// The crossmatch made for it.
    pub crossmatch: Option<CrossmatchId>,
}

/// A bag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Donation and product.
    pub id: UnitId,
    /// The group on the label.
    pub group: LabelGroup,
    /// Component family.
    pub component: Component,
    /// What was done to it.
    pub attributes: Attributes,
    /// What it counts for.
    pub amount: Amount,
    /// Volume.
    pub volume: Millilitres,
    /// When it was collected, where the label says.
    pub collected: Option<Timestamp>,
    /// Not to be used from this moment on.
    pub expires: Timestamp,
    /// Where it stands in its life.
    pub status: Status,
    /// Why it is held, while it is.
    pub holds: BTreeSet<Hold>,
    /// Where it is.
    pub location: LocationId,
    /// Our own test of its group.
    pub regroup: Regroup,
    /// Held for a request.
    pub reservation: Option<Reservation>,
    /// Autologous or directed: only for this patient.
    pub locked_to: Option<PatientId>,
    /// Typed antigens.
    pub antigens: AntigenProfile,
    /// Platelet antigens of the donor; none where nobody typed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platelet_antigens: PlateletTyping,
    /// What it was made from.
    pub parents: Vec<UnitId>,
    /// What was made from it.
    pub children: Vec<UnitId>,
    /// The hand-over it is out on, or last was.
    pub issue: Option<IssueId>,
    /// Minutes it has been out of storage in all, from hand-overs it came back from.
    pub minutes_out: i64,
    /// How it came in.
    pub entry: EntryPath,
    /// The journal entry of its receipt or making.
    pub received: Stamp,
    /// Who signed the receipt as second person.
    pub checked_by: Option<UserId>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Unit {
    /// The unit's RhD as the rules read it: weak counts as the policy says, absent stays unknown.
    pub fn rhd(&self, weak_is_positive: bool) -> Option<RhD> {
        self.group.rhd.map(|rhd| match rhd {
            RhD::Weak if weak_is_positive => RhD::Positive,
            other => other,
        })
    }
}

/// All units, with the indexes live questions need.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Units {
    all: OrdMap<UnitId, Arc<Unit>>,
    /// Units on the shelf (available, reserved, crossmatched, quarantined) by what a search asks for.
    shelf: OrdSet<(Component, Abo, Timestamp, UnitId)>,
    /// Donations called back, with the entry of the latest recall.
    recalled: OrdMap<Din, Stamp>,
    /// Held for a request, by when the hold runs out.
    held: OrdSet<(Timestamp, UnitId)>,
    held_for: OrdSet<(RequestId, UnitId)>,
    /// Autologous or directed units on the shelf, by patient.
    locked: OrdSet<(PatientId, UnitId)>,
    /// In quarantine.
    quarantined: OrdSet<UnitId>,
    deliveries: OrdMap<DeliveryId, Arc<Delivery>>,
    /// The delivery each receiver has open.
    opening: OrdMap<UserId, DeliveryId>,
}

impl Units {
    /// One unit.
    pub fn get(&self, id: &UnitId) -> Option<&Arc<Unit>> {
        self.all.get(id)
    }

    /// How many units there are, of all times.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Every unit, by donation number.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Unit>> {
        self.all.values()
    }

    /// Every unit of one donation.
    pub fn of_donation(&self, din: Din) -> impl Iterator<Item = &Arc<Unit>> {
        let low = crate::blood::ProductCode::LOWEST;
        self.all
            .range(UnitId::new(din, low)..)
            .take_while(move |(id, _)| id.din == din)
            .map(|(_, unit)| unit)
    }

    /// Units on the shelf of a component and ABO type, oldest expiry first.
    pub fn on_shelf(&self, component: Component, abo: Abo) -> impl Iterator<Item = &Arc<Unit>> {
        self.shelf
            .range((component, abo, Timestamp::MIN, UnitId::LOWEST)..)
            .take_while(move |(c, a, _, _)| *c == component && *a == abo)
            .filter_map(|(_, _, _, id)| self.all.get(id))
    }

    /// Every unit on the shelf, by component, ABO type and expiry.
    pub fn shelf(&self) -> impl Iterator<Item = &Arc<Unit>> {
        self.shelf
            .iter()
            .filter_map(|(_, _, _, id)| self.all.get(id))
    }

    /// The latest recall of a donation.
    pub fn recalled(&self, din: Din) -> Option<&Stamp> {
        self.recalled.get(&din)
    }

    /// Units held for a request with the moment the hold runs out, soonest first.
    pub fn held(&self) -> impl Iterator<Item = (Timestamp, &Arc<Unit>)> {
        self.held
            .iter()
            .filter_map(|(until, id)| Some((*until, self.all.get(id)?)))
    }

    /// Units held for a request.
    pub fn held_for(&self, request: RequestId) -> impl Iterator<Item = &Arc<Unit>> {
        self.held_for
            .range((request, UnitId::LOWEST)..)
            .take_while(move |(asked, _)| *asked == request)
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Autologous or directed units on the shelf for a patient.
    pub fn locked_to(&self, patient: PatientId) -> impl Iterator<Item = &Arc<Unit>> {
        self.locked
            .range((patient, UnitId::LOWEST)..)
            .take_while(move |(owner, _)| *owner == patient)
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Units in quarantine.
    pub fn quarantined(&self) -> impl Iterator<Item = &Arc<Unit>> {
        self.quarantined.iter().filter_map(|id| self.all.get(id))
    }

    /// Takes a unit out of, or puts it into, every index beside the shelf.
    fn index(&mut self, unit: &Unit, present: bool) {
        if let Some(held) = &unit.reservation {
            let key = (held.until, unit.id);
            if present {
                self.held.insert(key);
                self.held_for.insert((held.request, unit.id));
            } else {
                self.held.remove(&key);
                self.held_for.remove(&(held.request, unit.id));
            }
        }
        if let Some(owner) = unit.locked_to.filter(|_| unit.status.on_shelf()) {
            if present {
                self.locked.insert((owner, unit.id));
            } else {
                self.locked.remove(&(owner, unit.id));
            }
        }
        if unit.status == Status::Quarantined {
            if present {
                self.quarantined.insert(unit.id);
            } else {
                self.quarantined.remove(&unit.id);
            }
        }
    }

    fn key(unit: &Unit) -> (Component, Abo, Timestamp, UnitId) {
        (unit.component, unit.group.abo, unit.expires, unit.id)
    }

    pub(crate) fn insert(&mut self, unit: Unit) {
        if unit.status.on_shelf() {
            self.shelf.insert(Self::key(&unit));
        }
        self.index(&unit, true);
        self.all.insert(unit.id, Arc::new(unit));
    }

    /// Changes a unit and keeps the indexes in step. Unknown ids change nothing: `decide` has refused them.
    pub(crate) fn change(&mut self, id: &UnitId, stamp: &Stamp, change: impl FnOnce(&mut Unit)) {
        let Some(old) = self.all.get(id).cloned() else {
            return;
        };
        let mut unit = (*old).clone();
        change(&mut unit);
        unit.changed = stamp.clone();
        self.index(&old, false);
        self.index(&unit, true);
        let before = old.status.on_shelf().then(|| Self::key(&old));
        let after = unit.status.on_shelf().then(|| Self::key(&unit));
        self.all.insert(*id, Arc::new(unit));
        if before != after {
            if let Some(key) = before {
                self.shelf.remove(&key);
            }
            if let Some(key) = after {
                self.shelf.insert(key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
