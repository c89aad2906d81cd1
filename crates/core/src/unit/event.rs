use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EntryPath, Hold, PlateletTyping, ReceiptChecks, Regroup, Reservation, Status, Unit};
use crate::blood::{
    Amount, AntigenProfile, Attributes, Component, Din, LabelGroup, Millilitres, UnitId,
};
use crate::hospital::{Hospital, Stamp};
use crate::id::{LocationId, PatientId, RequestId, TestId, UserId};
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
    Received => "received", Held => "held", HoldLifted => "hold_lifted", GroupConfirmed => "group_confirmed",
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
            Self::Received {
                unit, locked_to, ..
            } => {
                let mut subjects = one(unit);
                subjects.extend(locked_to.map(Subject::from));
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

fn settle_quarantine(unit: &mut Unit) {
    if !unit.holds.is_empty() && unit.status.on_shelf() {
        unit.status = Status::Quarantined;
        unit.reservation = None;
    } else if unit.holds.is_empty() && unit.status == Status::Quarantined {
        unit.status = Status::Available;
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &UnitEvent) {
    let units = &mut hospital.units;
    match event {
        UnitEvent::Received {
            unit,
            group,
            component,
            attributes,
            amount,
            volume,
            collected,
            expires,
            entry,
            location,
            locked_to,
            antigens,
            regroup,
            holds,
            second,
            ..
        } => units.insert(Unit {
            id: *unit,
            group: *group,
            component: *component,
            attributes: *attributes,
            amount: *amount,
            volume: *volume,
            collected: *collected,
            expires: *expires,
            status: if holds.is_empty() {
                Status::Available
            } else {
                Status::Quarantined
            },
            holds: holds.clone(),
            location: location.clone(),
            regroup: if *regroup {
                Regroup::Awaited
            } else {
                Regroup::NotRequired
            },
            reservation: None,
            locked_to: *locked_to,
            antigens: *antigens,
            platelet_antigens: None,
            parents: Vec::new(),
            children: Vec::new(),
            issue: None,
            minutes_out: 0,
            entry: *entry,
            received: stamp.clone(),
            checked_by: second.clone(),
            changed: stamp.clone(),
        }),
        UnitEvent::Held { unit, hold, .. } => units.change(unit, stamp, |unit| {
            unit.holds.insert(hold.clone());
            settle_quarantine(unit);
        }),
        UnitEvent::HoldLifted { unit, hold, .. } => units.change(unit, stamp, |unit| {
            unit.holds.remove(hold);
            settle_quarantine(unit);
        }),
        UnitEvent::GroupConfirmed { unit, test } => units.change(unit, stamp, |unit| {
            unit.regroup = Regroup::Confirmed(*test);
            unit.holds.remove(&Hold::AwaitingRegroup);
            settle_quarantine(unit);
        }),
        UnitEvent::GroupMismatched { unit, test, .. } => units.change(unit, stamp, |unit| {
            unit.regroup = Regroup::Mismatch(*test);
            unit.holds.remove(&Hold::AwaitingRegroup);
            unit.holds.insert(Hold::GroupMismatch);
            settle_quarantine(unit);
        }),
        UnitEvent::GroupReopened { unit, .. } => units.change(unit, stamp, |unit| {
            unit.regroup = Regroup::Awaited;
            unit.holds.remove(&Hold::GroupMismatch);
            unit.holds.insert(Hold::AwaitingRegroup);
            settle_quarantine(unit);
        }),
        UnitEvent::Moved { unit, to, .. } => {
            units.change(unit, stamp, |unit| unit.location = to.clone())
        }
        UnitEvent::AntigensTyped {
            unit,
            antigens,
            platelet,
            ..
        } => units.change(unit, stamp, |unit| {
            unit.antigens = *antigens;
            if platelet.is_some() {
                unit.platelet_antigens.clone_from(platelet);
            }
        }),
        UnitEvent::Reserved {
            unit,
            request,
            patient,
            until,
            ..
        } => units.change(unit, stamp, |unit| {
            unit.status = Status::Reserved;
            unit.reservation = Some(Reservation {
                request: *request,
                patient: *patient,
                until: *until,
                crossmatch: None,
            });
        }),
        UnitEvent::ReservationEnded { unit, .. } => units.change(unit, stamp, |unit| {
            unit.reservation = None;
            if matches!(unit.status, Status::Reserved | Status::Crossmatched) {
                unit.status = Status::Available;
            }
        }),
        UnitEvent::Modified {
            parents, children, ..
        } => modified(hospital, stamp, parents, children),
        UnitEvent::Discarded { unit, .. } => end(hospital, stamp, unit, Status::Discarded),
        UnitEvent::ReturnedToStation { unit, .. } => {
            end(hospital, stamp, unit, Status::ReturnedToStation)
        }
        UnitEvent::Recalled {
            din,
            units: stopped,
            ..
        } => {
            hospital.units.recalled.insert(*din, stamp.clone());
            for unit in stopped {
                end(hospital, stamp, unit, Status::Recalled);
            }
        }
        UnitEvent::RecallWithdrawn {
            din,
            units: stopped,
            out,
            lifted,
            ..
        } => {
            hospital.units.recalled.remove(din);
            recall_withdrawn(hospital, stamp, stopped, out, lifted);
        }
        UnitEvent::Lost { unit, .. } => end(hospital, stamp, unit, Status::Missing),
        UnitEvent::Found { unit, location, .. } => units.change(unit, stamp, |unit| {
            unit.status = Status::Quarantined;
            unit.location = location.clone();
            unit.holds.insert(Hold::Other("found".into()));
        }),
    }
}

fn end(hospital: &mut Hospital, stamp: &Stamp, unit: &UnitId, status: Status) {
    hospital.units.change(unit, stamp, |unit| {
        unit.status = status;
        unit.reservation = None;
    });
}

/// What was stopped is held here or where it is; what waited for the notice alone is free of it.
fn recall_withdrawn(
    hospital: &mut Hospital,
    stamp: &Stamp,
    stopped: &[UnitId],
    out: &[UnitId],
    lifted: &[UnitId],
) {
    let held = Hold::Other(Hold::RECALL_WITHDRAWN.into());
    for id in stopped {
        hospital.units.change(id, stamp, |unit| {
            unit.status = Status::Quarantined;
            unit.holds.insert(held.clone());
        });
    }
    for id in out {
        let arrived = hospital
            .units
            .get(id)
            .and_then(|unit| hospital.issues.get(unit.issue?))
            .is_some_and(|issue| issue.on_ward.is_some());
        hospital.units.change(id, stamp, |unit| {
            unit.status = if arrived {
                Status::OnWard
            } else {
                Status::Issued
            };
            unit.holds.insert(held.clone());
        });
    }
    for id in lifted {
        hospital.units.change(id, stamp, |unit| {
            unit.holds.remove(&Hold::Other(Hold::RECALLED.into()));
            settle_quarantine(unit);
        });
    }
}

/// A unit that keeps its name is changed where it stands; otherwise the parents are used up and the children take over their
/// place, their patient and what is known of all of them.
fn modified(hospital: &mut Hospital, stamp: &Stamp, parents: &[UnitId], children: &[Child]) {
    let units = &mut hospital.units;
    if let ([parent], [child]) = (parents, children)
        && *parent == child.unit
    {
        units.change(parent, stamp, |unit| {
            unit.component = child.component;
            unit.attributes = child.attributes;
            unit.amount = child.amount;
            unit.volume = child.volume;
            unit.expires = child.expires;
        });
        return;
    }
    let made_of: Vec<Unit> = parents
        .iter()
        .filter_map(|id| units.get(id))
        .map(|unit| (**unit).clone())
        .collect();
    let Some(first) = made_of.first() else {
        return;
    };
    let minutes_out = made_of.iter().map(|unit| unit.minutes_out).max();
    let antigens = made_of
        .iter()
        .skip(1)
        .fold(first.antigens, |known, unit| known.shared(&unit.antigens));
    // An antibody that sees one donor of a pool sees the pool; one donor not typed leaves all open.
    let platelet: PlateletTyping = made_of
        .iter()
        .map(|unit| unit.platelet_antigens.as_deref())
        .collect::<Option<Vec<_>>>()
        .map(|all| Box::new(all.into_iter().flatten().cloned().collect()));
    let ids: Vec<UnitId> = children.iter().map(|child| child.unit).collect();
    for parent in parents {
        units.change(parent, stamp, |unit| {
            unit.status = Status::Consumed;
            unit.reservation = None;
            unit.children = ids.clone();
        });
    }
    for child in children {
        units.insert(Unit {
            id: child.unit,
            group: child.group,
            component: child.component,
            attributes: child.attributes,
            amount: child.amount,
            volume: child.volume,
            expires: child.expires,
            status: if first.reservation.is_some() {
                Status::Reserved
            } else {
                Status::Available
            },
            // The crossmatch was made of the bag before; the gate asks for one of this.
            reservation: first.reservation.clone().map(|held| Reservation {
                crossmatch: None,
                ..held
            }),
            parents: parents.to_vec(),
            children: Vec::new(),
            holds: BTreeSet::new(),
            antigens,
            platelet_antigens: platelet.clone(),
            collected: made_of.iter().filter_map(|unit| unit.collected).min(),
            minutes_out: minutes_out.unwrap_or(0),
            issue: None,
            received: stamp.clone(),
            changed: stamp.clone(),
            ..first.clone()
        });
    }
}
