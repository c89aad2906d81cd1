//! What must never reach a patient.

use std::collections::BTreeSet;

use lifeline_core::blood::{Abo, Attribute, BloodGroup, UnitId};
use lifeline_core::crossmatch::{Crossmatch, CrossmatchEvent, Outcome};
use lifeline_core::finding::Severity;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::PatientId;
use lifeline_core::issue::{Fate, IssueEvent};
use lifeline_core::patient::Patient;
use lifeline_core::quality::Affected;
use lifeline_core::unit::{Regroup, Status, Unit};

use super::{Broken, holds, quality};
use crate::report::Report;
use crate::world::World;

/// Landsteiner's rule, written here a second time so that it does not rest on the core's: cells with an antigen that the
/// patient's own cells lack meet an antibody.
pub(crate) fn lethal(cells: Abo, patient: Abo) -> bool {
    match patient {
        Abo::Ab => false,
        Abo::A => matches!(cells, Abo::B | Abo::Ab),
        Abo::B => matches!(cells, Abo::A | Abo::Ab),
        Abo::O => cells != Abo::O,
    }
}

/// All records of one person, followed through every merge.
fn records(hospital: &Hospital, patient: PatientId) -> Vec<&Patient> {
    let mut standing = patient;
    let mut seen = BTreeSet::new();
    while let Some(into) = hospital
        .patients
        .get(standing)
        .and_then(|record| record.merged_into)
    {
        if !seen.insert(standing) {
            break;
        }
        standing = into;
    }
    let mut ids = vec![standing];
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    while let Some(id) = ids.pop() {
        if taken.insert(id)
            && let Some(record) = hospital.patients.get(id)
        {
            ids.extend(record.absorbed.iter().copied());
            found.push(&**record);
        }
    }
    found
}

/// What is really in the bag and in the patient, where the simulation's own mistakes cannot have hidden it: no two people under
/// one record, no more than one false tube.
fn truth(world: &World, records: &[&Patient], unit: &UnitId) -> Option<(BloodGroup, BloodGroup)> {
    let people: BTreeSet<usize> = records
        .iter()
        .filter_map(|record| world.truth.patients.get(&record.id).copied())
        .collect();
    let false_tubes: u32 = records
        .iter()
        .filter_map(|record| world.truth.false_tubes.get(&record.id))
        .sum();
    let mut people = people.into_iter();
    let (person, others) = (people.next()?, people.next());
    if others.is_some() || false_tubes > 1 {
        return None;
    }
    let patient = world.truth.people.get(person).copied()?;
    let bag = world.truth.units.get(unit).copied()?;
    Some((patient, bag))
}

pub(super) fn issue(
    before: &Hospital,
    world: &World,
    stamp: &Stamp,
    fact: &IssueEvent,
    report: &mut Report,
) -> Result<(), Broken> {
    match fact {
        IssueEvent::Issued {
            unit,
            patient,
            request,
            emergency,
            second,
            warnings,
            crossmatch,
            retrospective_due,
            ..
        } => {
            let Some(bag) = before.units.get(unit) else {
                return Err(Broken::new(
                    "only a bag that exists is issued",
                    unit.to_string(),
                ));
            };
            fit(before, bag, stamp, report)?;
            holds(
                report,
                "a hand-over takes two people",
                *second != stamp.by,
                || format!("{second} twice"),
            )?;
            holds(
                report,
                "nobody goes past a stop",
                warnings
                    .iter()
                    .all(|(finding, _)| finding.severity == Severity::Warning),
                || format!("{warnings:?}"),
            )?;
            let asked = before.requests.get(*request);
            holds(
                report,
                "blood leaves on an open request of its component",
                asked.is_some_and(|asked| {
                    asked.state.open() && asked.order.component == bag.component
                }),
                || format!("{asked:?}"),
            )?;
            let records = records(before, *patient);
            let mut rests: Vec<Affected> = match bag.regroup {
                Regroup::Confirmed(test) => vec![Affected::Test(test)],
                _ => Vec::new(),
            };
            if emergency.is_none() {
                let groups = records.iter().flat_map(|record| &record.determinations);
                rests.extend(groups.filter_map(|found| found.test).map(Affected::Test));
                rests.extend(crossmatch.map(Affected::Crossmatch));
            }
            for result in rests {
                quality::held(before, result, report)?;
            }
            holds(
                report,
                "a locked bag goes to its owner",
                bag.locked_to
                    .is_none_or(|owner| records.iter().any(|record| record.id == owner)),
                || format!("{unit} to {patient}"),
            )?;
            holds(
                report,
                "a held bag goes where it is held for",
                bag.reservation
                    .as_ref()
                    .is_none_or(|held| held.request == *request),
                || format!("{unit} on {request}"),
            )?;
            compatible(world, bag, &records, emergency.is_some(), report)?;
            if bag.component.carries_red_cells() {
                let proven = crossmatch.and_then(|id| before.crossmatches.get(id));
                let good = match proven {
                    Some(found) => {
                        found.unit == *unit
                            && found.void.is_none()
                            && found.reviewed.is_some()
                            && found.expires > stamp.at
                            && (found.outcome == Outcome::Compatible || answered_for(found))
                            && records.iter().any(|record| record.id == found.patient)
                    }
                    None => emergency.is_some() && retrospective_due.is_some(),
                };
                holds(
                    report,
                    "red cells leave on a reviewed crossmatch, or with one due",
                    good,
                    || format!("{proven:?}"),
                )?;
            }
            Ok(())
        }
        IssueEvent::Started { issue, unit, .. } => {
            out(before, *issue, report)?;
            let bag = before.units.get(unit);
            holds(
                report,
                "no bag in doubt or out of date is started",
                bag.is_some_and(|bag| bag.holds.is_empty() && bag.expires > stamp.at),
                || format!("{bag:?}"),
            )
        }
        IssueEvent::ReceivedOnWard { issue, .. } => out(before, *issue, report),
        IssueEvent::FateRecorded { issue, fate, .. } => {
            out(before, *issue, report)?;
            if let Fate::Transfused { started, ended, .. } = fate {
                holds(
                    report,
                    "a transfusion ends after it starts",
                    started <= ended && *ended <= stamp.at,
                    || format!("{started} to {ended} at {}", stamp.at),
                )?;
            }
            Ok(())
        }
        IssueEvent::Returned { issue, .. } => out(before, *issue, report),
        _ => Ok(()),
    }
}

/// Whether three people, each another, answered for a bag in spite of its reaction.
fn answered_for(found: &Crossmatch) -> bool {
    let Some(exception) = &found.exception else {
        return false;
    };
    let (Some(agreed), Some(approved)) = (&exception.agreed, &exception.approved) else {
        return false;
    };
    let people = [&exception.asked.by, &agreed.by, &approved.by];
    people.into_iter().collect::<BTreeSet<_>>().len() == 3
}

/// A bag that leaves is in date, free of holds, of a confirmed group, thawed, and in our store.
fn fit(before: &Hospital, bag: &Unit, stamp: &Stamp, report: &mut Report) -> Result<(), Broken> {
    let id = bag.id;
    holds(
        report,
        "only a bag on the shelf is issued",
        matches!(
            bag.status,
            Status::Available | Status::Reserved | Status::Crossmatched
        ),
        || format!("{id} was {:?}", bag.status),
    )?;
    holds(
        report,
        "no quarantined bag is issued",
        bag.holds.is_empty(),
        || format!("{id} {:?}", bag.holds),
    )?;
    holds(
        report,
        "no expired bag is issued",
        bag.expires > stamp.at,
        || format!("{id} expired {} at {}", bag.expires, stamp.at),
    )?;
    holds(
        report,
        "no bag of unconfirmed group is issued",
        matches!(bag.regroup, Regroup::NotRequired | Regroup::Confirmed(_)),
        || format!("{id} {:?}", bag.regroup),
    )?;
    holds(
        report,
        "no frozen bag is issued",
        !bag.attributes.has(Attribute::Frozen),
        || id.to_string(),
    )?;
    // A recall reaches everything made of the donation; what came in later was held and lifted by two people.
    let origin = before.units.recalled(id.din);
    holds(
        report,
        "no recalled bag is issued",
        origin.is_none_or(|recall| bag.changed.seq > recall.seq),
        || format!("{id}"),
    )
}

/// No red cells that any determination on file, or the patient's real blood, has an antibody against.
fn compatible(
    world: &World,
    bag: &Unit,
    records: &[&Patient],
    emergency: bool,
    report: &mut Report,
) -> Result<(), Broken> {
    if !bag.component.carries_red_cells() {
        return Ok(());
    }
    let against = records
        .iter()
        .flat_map(|record| &record.determinations)
        .map(|determination| determination.group.abo)
        .find(|abo| lethal(bag.group.abo, *abo));
    holds(
        report,
        "no red cells against a group on file",
        against.is_none(),
        || {
            format!(
                "{} of group {} where {against:?} is on file",
                bag.id, bag.group
            )
        },
    )?;
    // In an emergency one tube may be all there is, and it may be somebody else's.
    if !emergency && let Some((patient, blood)) = truth(world, records, &bag.id) {
        holds(
            report,
            "no red cells against the patient's real blood",
            !lethal(blood.abo, patient.abo),
            || format!("{} really {blood} into real {patient}", bag.id),
        )?;
    }
    Ok(())
}

/// What happens on the ward happens to a bag that is out on this hand-over.
fn out(
    before: &Hospital,
    id: lifeline_core::id::IssueId,
    report: &mut Report,
) -> Result<(), Broken> {
    let issue = before.issues.get(id);
    let open = issue.is_some_and(|issue| issue.returned.is_none() && issue.fate.is_none());
    let this = issue
        .and_then(|issue| before.units.get(&issue.unit))
        .is_some_and(|unit| unit.issue == Some(id));
    holds(
        report,
        "a bag comes back or runs in on its own hand-over, once",
        open && this,
        || format!("{issue:?}"),
    )
}

/// A crossmatch is reviewed by another person.
pub(super) fn crossmatch(
    before: &Hospital,
    stamp: &Stamp,
    fact: &CrossmatchEvent,
    report: &mut Report,
) -> Result<(), Broken> {
    let CrossmatchEvent::Reviewed { crossmatch: id, .. } = fact else {
        return Ok(());
    };
    let found = before.crossmatches.get(*id);
    holds(
        report,
        "no crossmatch is released by whoever recorded it",
        found.is_some_and(|found| found.recorded.by != stamp.by && found.void.is_none()),
        || format!("{found:?}"),
    )
}
