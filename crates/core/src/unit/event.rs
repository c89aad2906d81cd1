use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ended, EntryPath, Hold, PlateletTyping, ReceiptChecks};
use crate::blood::{
    Amount, AntigenProfile, Attributes, Celsius, Component, Din, LabelGroup, Millilitres, UnitId,
};
use crate::id::{DeliveryId, LocationId, PatientId, RequestId, TestId, UserId};
use crate::policy::Modification;
use crate::subject::Subject;

/// A unit made from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its name.
    pub unit: UnitId,
    /// Its group.
    pub group: LabelGroup,
    /// Component family.
    pub component: Component,
    /// What it is now.
    pub attributes: Attributes,
    /// What it counts for.
    pub amount: Amount,
    /// Volume.
    pub volume: Millilitres,
    /// Its own expiry.
    pub expires: Timestamp,
}

/// Facts about units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitEvent {
    /// A delivery was opened: what belongs to all its bags, and the one signature of whoever checks them with the receiver.
    DeliveryOpened {
        /// Number.
        delivery: DeliveryId,
        /// Who sent it.
        supplier: String,
        /// Delivery note, where there was one.
        reference: Option<String>,
        /// Measured in the container; none if it was not measured.
        temperature: Option<Celsius>,
        /// The signature serves until then.
        until: Timestamp,
        /// Who checks the bags with the receiver.
        second: UserId,
    },
    /// No more bags come in under a delivery's signature.
    DeliveryEnded {
        /// Which.
        delivery: DeliveryId,
        /// Why.
        ended: Ended,
    },
    /// A bag came in.
    Received {
        /// Which.
        unit: UnitId,
        /// Group on the label.
        group: LabelGroup,
        /// Component family by the product list.
        component: Component,
        /// Attributes by the product list.
        attributes: Attributes,
        /// What it counts for.
        amount: Amount,
        /// Volume.
        volume: Millilitres,
        /// When collected, where stated.
        collected: Option<Timestamp>,
        /// Expiry on the label.
        expires: Timestamp,
        /// Scanned or keyed.
        entry: EntryPath,
        /// Put where.
        location: LocationId,
        /// Autologous or directed.
        locked_to: Option<PatientId>,
        /// Antigens typed by the station.
        antigens: AntigenProfile,
        /// Delivery note, where there was one.
        delivery: Option<String>,
        /// The receipt checks.
        checks: ReceiptChecks,
        /// Whether our own test of the group is asked for.
        regroup: bool,
        /// Why it is held from the start.
        holds: BTreeSet<Hold>,
        /// The delivery whose signature served for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<DeliveryId>,
        /// Second person.
        second: Option<UserId>,
    },
    /// Put in quarantine, or a further reason added.
    Held {
        /// Which.
        unit: UnitId,
        /// Why.
        hold: Hold,
        /// In words.
        note: String,
    },
    /// One reason for quarantine lifted.
    HoldLifted {
        /// Which.
        unit: UnitId,
        /// The reason that no longer holds.
        hold: Hold,
        /// In words.
        note: String,
        /// Second person, where the hold asks for one.
        second: Option<UserId>,
    },
    /// Our own test agrees with the label.
    GroupConfirmed {
        /// Which.
        unit: UnitId,
        /// By which test.
        test: TestId,
    },
    /// Our own test differs from the label.
    GroupMismatched {
        /// Which.
        unit: UnitId,
        /// By which test.
        test: TestId,
        /// What the test says.
        tested: LabelGroup,
    },
    /// The test its group rested on was corrected or voided; it waits for another.
    GroupReopened {
        /// Which.
        unit: UnitId,
        /// The test that no longer counts.
        test: TestId,
        /// In words.
        note: String,
    },
    /// Carried to another place.
    Moved {
        /// Which.
        unit: UnitId,
        /// From.
        from: LocationId,
        /// To.
        to: LocationId,
    },
    /// Antigens typed here, or reported by the station after the bag came.
    AntigensTyped {
        /// Which.
        unit: UnitId,
        /// All that is known now.
        antigens: AntigenProfile,
        /// Platelet antigens of the donor, where they were typed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        platelet: PlateletTyping,
        /// The test or report it rests on.
        #[serde(default)]
        report: String,
        /// Second person.
        #[serde(default)]
        second: Option<UserId>,
    },
    /// Held for a request.
    Reserved {
        /// Which.
        unit: UnitId,
        /// For which request.
        request: RequestId,
        /// For whom.
        patient: PatientId,
        /// Until.
        until: Timestamp,
        /// What was done with the proposal there was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<crate::crossmatch::Chosen>,
    },
    /// The reservation ended without an issue.
    ReservationEnded {
        /// Which.
        unit: UnitId,
        /// Of which request.
        request: RequestId,
        /// Lapsed by the clock rather than ended by a person.
        lapsed: bool,
    },
    /// Made into other units.
    Modified {
        /// How.
        modification: Modification,
        /// From.
        parents: Vec<UnitId>,
        /// Into.
        children: Vec<Child>,
        /// Second person.
        second: Option<UserId>,
    },
    /// Destroyed.
    Discarded {
        /// Which.
        unit: UnitId,
        /// Coded reason.
        reason: String,
        /// In words.
        note: String,
        /// Second person.
        second: UserId,
    },
    /// Sent back to the station.
    ReturnedToStation {
        /// Which.
        unit: UnitId,
        /// Coded reason.
        reason: String,
        /// In words.
        note: String,
        /// Second person.
        second: UserId,
    },
    /// Called back, with every child.
    Recalled {
        /// The donation named in the notice.
        din: Din,
        /// Units that could still be stopped.
        units: Vec<UnitId>,
        /// Units that had gone into patients or away: lookback needed.
        beyond: Vec<UnitId>,
        /// Why.
        reason: String,
        /// The station's reference.
        reference: String,
    },
    /// The recall was taken back.
    RecallWithdrawn {
        /// The donation named in the notice.
        din: Din,
        /// Units here, into quarantine.
        units: Vec<UnitId>,
        /// Units on a ward, held there.
        out: Vec<UnitId>,
        /// Units that came in after the notice and were held for it alone or among other reasons.
        lifted: Vec<UnitId>,
        /// Why.
        reason: String,
        /// The station's reference.
        reference: String,
        /// Second person.
        second: UserId,
    },
    /// Cannot be found.
    Lost {
        /// Which.
        unit: UnitId,
        /// In words.
        note: String,
    },
    /// Found again, into quarantine.
    Found {
        /// Which.
        unit: UnitId,
        /// Where.
        location: LocationId,
        /// In words.
        note: String,
    },
}

kinds!(UnitEvent, "unit" {
    DeliveryOpened => "delivery_opened", DeliveryEnded => "delivery_ended", Received => "received", Held => "held", HoldLifted => "hold_lifted", GroupConfirmed => "group_confirmed",
    GroupMismatched => "group_mismatched", GroupReopened => "group_reopened", Moved => "moved", AntigensTyped => "antigens_typed",
    Reserved => "reserved", ReservationEnded => "reservation_ended", Modified => "modified",
    Discarded => "discarded", ReturnedToStation => "returned_to_station", Recalled => "recalled",
    RecallWithdrawn => "recall_withdrawn", Lost => "lost", Found => "found",
});

impl UnitEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        let one = |unit: &UnitId| vec![Subject::from(*unit), Subject::from(unit.din)];
        match self {
            Self::DeliveryOpened { delivery, .. } | Self::DeliveryEnded { delivery, .. } => {
                vec![(*delivery).into()]
            }
            Self::Received {
                unit,
                locked_to,
                under,
                ..
            } => {
                let mut subjects = one(unit);
                subjects.extend(locked_to.map(Subject::from));
                subjects.extend(under.map(Subject::from));
                subjects
            }
            Self::GroupConfirmed { unit, test }
            | Self::GroupMismatched { unit, test, .. }
            | Self::GroupReopened { unit, test, .. } => {
                vec![(*unit).into(), unit.din.into(), (*test).into()]
            }
            Self::Reserved {
                unit,
                request,
                patient,
                ..
            } => {
                vec![
                    (*unit).into(),
                    unit.din.into(),
                    (*request).into(),
                    (*patient).into(),
                ]
            }
            Self::ReservationEnded { unit, request, .. } => {
                vec![(*unit).into(), unit.din.into(), (*request).into()]
            }
            Self::Modified {
                parents, children, ..
            } => {
                let ids = parents
                    .iter()
                    .copied()
                    .chain(children.iter().map(|child| child.unit));
                let mut subjects: Vec<Subject> = ids
                    .flat_map(|id| [Subject::from(id), Subject::from(id.din)])
                    .collect();
                subjects.sort();
                subjects.dedup();
                subjects
            }
            Self::Recalled {
                din, units, beyond, ..
            } => {
                let mut subjects = vec![Subject::from(*din)];
                subjects.extend(units.iter().chain(beyond).copied().map(Subject::from));
                subjects
            }
            Self::RecallWithdrawn {
                din,
                units,
                out,
                lifted,
                ..
            } => {
                let mut subjects = vec![Subject::from(*din)];
                let all = units.iter().chain(out).chain(lifted);
                subjects.extend(all.copied().map(Subject::from));
                subjects
            }
            Self::Held { unit, .. }
            | Self::HoldLifted { unit, .. }
            | Self::Moved { unit, .. }
            | Self::AntigensTyped { unit, .. }
            | Self::Discarded { unit, .. }
            | Self::ReturnedToStation { unit, .. }
            | Self::Lost { unit, .. }
            | Self::Found { unit, .. } => one(unit),
        }
    }
}
