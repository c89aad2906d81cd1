//! How facts about units are carried into the state.

use std::collections::BTreeSet;

use super::event::{Child, UnitEvent};
use super::{Hold, PlateletTyping, Regroup, Reservation, Status, Unit, delivery};
use crate::blood::UnitId;
use crate::hospital::{Hospital, Stamp};

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
        UnitEvent::DeliveryOpened { .. } | UnitEvent::DeliveryEnded { .. } => {
            delivery::apply(hospital, stamp, event);
        }
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
            under,
            second,
            ..
        } => {
            units.counted(*under, stamp.at);
            units.insert(Unit {
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
            });
        }
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
