//! Bags: one place each, allowed steps, nothing made of nothing.

use lifeline_core::blood::UnitId;
use lifeline_core::crossmatch::Outcome;
use lifeline_core::event::Event;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::issue::IssueEvent;
use lifeline_core::policy::Modification;
use lifeline_core::unit::{Status, UnitEvent};

use super::{Broken, holds};
use crate::report::Report;

/// A bag takes only the steps of its life.
pub(super) fn changed(
    before: &Hospital,
    after: &Hospital,
    id: &UnitId,
    event: &Event,
    report: &mut Report,
) -> Result<(), Broken> {
    let (Some(old), Some(new)) = (before.units.get(id), after.units.get(id)) else {
        return Ok(());
    };
    // A bag that comes back is judged at once: it is through `Returned` that it goes on the shelf or into quarantine.
    let came_back = matches!(event, Event::Issue(IssueEvent::Returned { .. }));
    let through = |next: Status| old.status.may_become(next) && next.may_become(new.status);
    let allowed = old.status == new.status
        || old.status.may_become(new.status)
        || came_back && through(Status::Returned);
    holds(report, "a bag takes only allowed steps", allowed, || {
        format!("{id} from {:?} to {:?}", old.status, new.status)
    })
}

/// A bag's status, holds, reservation and hand-over say the same thing.
pub(super) fn stands(hospital: &Hospital, id: &UnitId, report: &mut Report) -> Result<(), Broken> {
    let Some(unit) = hospital.units.get(id) else {
        return Ok(());
    };
    let on_shelf = unit.status.on_shelf();
    holds(
        report,
        "a bag on the shelf is in quarantine exactly while it is held",
        !on_shelf || (unit.status == Status::Quarantined) != unit.holds.is_empty(),
        || format!("{id} {:?} with {:?}", unit.status, unit.holds),
    )?;
    let promised = matches!(unit.status, Status::Reserved | Status::Crossmatched);
    holds(
        report,
        "a bag is held for one request exactly while it is reserved",
        promised == unit.reservation.is_some(),
        || format!("{id} {:?} with {:?}", unit.status, unit.reservation),
    )?;
    if unit.status == Status::Crossmatched {
        let rests_on = unit
            .reservation
            .as_ref()
            .and_then(|held| held.crossmatch)
            .and_then(|crossmatch| hospital.crossmatches.get(crossmatch));
        holds(
            report,
            "a crossmatched bag rests on its own compatible crossmatch",
            rests_on.is_some_and(|found| {
                found.unit == *id && found.void.is_none() && found.outcome == Outcome::Compatible
            }),
            || format!("{id} rests on {rests_on:?}"),
        )?;
    }
    if unit.status.is_out() {
        let issue = unit.issue.and_then(|issue| hospital.issues.get(issue));
        holds(
            report,
            "a bag that is out is out on one open hand-over",
            issue.is_some_and(|issue| {
                issue.unit == *id && issue.returned.is_none() && issue.fate.is_none()
            }),
            || format!("{id} {:?} on {issue:?}", unit.status),
        )?;
    }
    holds(
        report,
        "a bag of no known end has a place",
        unit.status != Status::Consumed || !unit.children.is_empty(),
        || format!("{id} consumed without children"),
    )
}

pub(super) fn fact(
    before: &Hospital,
    after: &Hospital,
    stamp: &Stamp,
    fact: &UnitEvent,
    report: &mut Report,
) -> Result<(), Broken> {
    match fact {
        UnitEvent::Received { unit, .. } => holds(
            report,
            "a bag comes in once",
            before.units.get(unit).is_none(),
            || unit.to_string(),
        ),
        UnitEvent::Discarded { second, .. } | UnitEvent::ReturnedToStation { second, .. } => holds(
            report,
            "a bag is ended by two people",
            *second != stamp.by,
            || format!("{second} twice"),
        ),
        UnitEvent::Modified { .. } => modified(before, after, fact, report),
        UnitEvent::Recalled { din, units, .. } => {
            let left = loose(after, *din);
            holds(
                report,
                "a recall leaves nothing of the donation to be issued",
                left.is_none(),
                || format!("{left:?} after stopping {units:?}"),
            )
        }
        _ => Ok(()),
    }
}

/// A bag of a recalled donation, or made of one, that could still be issued.
fn loose(hospital: &Hospital, din: lifeline_core::blood::Din) -> Option<UnitId> {
    let mut waiting: Vec<UnitId> = hospital
        .units
        .of_donation(din)
        .map(|unit| unit.id)
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let Some(unit) = hospital.units.get(&id).filter(|_| seen.insert(id)) else {
            continue;
        };
        if unit.status.on_shelf() {
            return Some(id);
        }
        waiting.extend(unit.children.iter().copied());
    }
    None
}

/// Nothing is made of nothing, lasts longer, or loses its history.
fn modified(
    before: &Hospital,
    after: &Hospital,
    fact: &UnitEvent,
    report: &mut Report,
) -> Result<(), Broken> {
    let UnitEvent::Modified {
        modification,
        parents,
        children,
        ..
    } = fact
    else {
        return Ok(());
    };
    let made_of: Vec<_> = parents
        .iter()
        .filter_map(|parent| before.units.get(parent))
        .collect();
    holds(
        report,
        "what is modified was there",
        made_of.len() == parents.len() && !children.is_empty(),
        || format!("{parents:?} into {children:?}"),
    )?;
    let last = made_of.iter().map(|unit| unit.expires).min();
    holds(
        report,
        "nothing lasts longer than what it is made of",
        children
            .iter()
            .all(|child| last.is_some_and(|last| child.expires <= last)),
        || format!("{children:?} past {last:?}"),
    )?;
    let sum = |numbers: &mut dyn Iterator<Item = u32>| numbers.map(u64::from).sum::<u64>();
    let went_in = sum(&mut made_of.iter().map(|unit| unit.volume.0));
    let came_out = sum(&mut children.iter().map(|child| child.volume.0));
    holds(
        report,
        "no more comes out than went in",
        came_out <= went_in || *modification == Modification::Wash,
        || format!("{came_out} mL of {went_in} mL"),
    )?;
    let counted_in = sum(&mut made_of.iter().map(|unit| unit.amount.hundredths));
    let counted_out = sum(&mut children.iter().map(|child| child.amount.hundredths));
    holds(
        report,
        "no more is counted than went in",
        counted_out <= counted_in,
        || format!("{counted_out} of {counted_in}"),
    )?;
    let group = made_of
        .iter()
        .map(|unit| unit.group.abo)
        .collect::<std::collections::BTreeSet<_>>();
    holds(
        report,
        "a modification keeps the ABO type",
        group.len() == 1
            && children
                .iter()
                .all(|child| group.contains(&child.group.abo)),
        || format!("{group:?} into {children:?}"),
    )?;
    for child in children
        .iter()
        .filter(|child| !parents.contains(&child.unit))
    {
        let made = after.units.get(&child.unit);
        let traced = made.is_some_and(|made| made.parents == *parents)
            && parents.iter().all(|parent| {
                after.units.get(parent).is_some_and(|parent| {
                    parent.status == Status::Consumed && parent.children.contains(&child.unit)
                })
            });
        holds(
            report,
            "every part knows its origin and the origin its parts",
            traced,
            || format!("{} of {parents:?}", child.unit),
        )?;
        holds(
            report,
            "a bag comes in once",
            before.units.get(&child.unit).is_none(),
            || child.unit.to_string(),
        )?;
    }
    Ok(())
}
