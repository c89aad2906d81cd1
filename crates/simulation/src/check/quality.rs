//! No result is released without its controls: told here from the runs alone, not from the core's own index of covers.

use std::collections::BTreeSet;

use lifeline_core::SignedDuration;
use lifeline_core::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::LotId;
use lifeline_core::measured::{Measurement, assays};
use lifeline_core::quality::{Affected, Control, Item, Place, Validity, Verdict, plan};
use lifeline_core::testing::Test;

use super::{Broken, holds};
use crate::report::Report;
use crate::world::World;

/// A control read this long after the sample still belongs to its batch: the policy the program comes with.
const BATCH: SignedDuration = SignedDuration::from_mins(30);

/// Which shift of eight hours a moment lies in, in China: the policies the program comes with.
fn shift(at: Timestamp) -> i64 {
    const HOURS: i64 = 3_600;
    (at.as_second() + 8 * HOURS).div_euclid(8 * HOURS)
}

/// Whether one level of a control stood for one lot when something was read.
fn stood(
    world: &World,
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    (lot, level): (Option<&LotId>, &lifeline_core::id::ControlCode),
    read: Timestamp,
) -> bool {
    let lasts = |ran: Timestamp| match control.valid {
        Validity::Minutes(minutes) => read.duration_since(ran) < SignedDuration::from_mins(minutes),
        Validity::Shift => shift(ran) == shift(read),
        Validity::Day | Validity::Change => false,
    };
    let runs: Vec<_> = hospital
        .quality
        .runs()
        .filter(|run| {
            run.control == control.code
                && run.place == *place
                && lot.is_none_or(|lot| run.lots.contains(lot))
                // A run without limits says nothing for or against.
                && run
                    .level(level)
                    .is_some_and(|level| level.verdict != Verdict::Establishing)
        })
        .collect();
    let verdict =
        |run: &lifeline_core::quality::ControlRun| run.level(level).map(|level| level.verdict);
    let good =
        |verdict: Option<Verdict>| matches!(verdict, Some(Verdict::Accepted | Verdict::Warning));
    let mut before: Vec<_> = runs.iter().filter(|run| run.ran <= read).collect();
    before.sort_by_key(|run| (run.ran, run.recorded.seq));
    let newest = before.last();
    let waived = world.waived.iter().any(|waiver| {
        waiver.control == control.code
            && waiver.place == *place
            && lot.is_none_or(|lot| waiver.lots.contains(lot))
            && waiver.from <= read
            && read < waiver.until
            && newest.is_none_or(|run| run.ran <= waiver.from)
    });
    let kept = newest.is_some_and(|run| good(verdict(run)) && lasts(run.ran));
    let not_out = newest.is_none_or(|run| good(verdict(run)) || waived);
    let batch = runs
        .iter()
        .filter(|run| run.ran > read && run.ran.duration_since(read) <= BATCH)
        .any(|run| good(verdict(run)));
    // After a waiver ran out the run before it may have been out.
    let since_waiver = world
        .waived
        .iter()
        .any(|waiver| waiver.control == control.code && waiver.place == *place);
    kept || waived || ((not_out || since_waiver) && batch)
}

/// Whether every control of the plan stood for a result.
fn covered(
    world: &World,
    hospital: &Hospital,
    covers: impl Fn(&Control) -> bool,
    (place, lots): (&Place, &BTreeSet<LotId>),
    read: Timestamp,
) -> bool {
    let Ok(controls) = plan(hospital, read) else {
        return false;
    };
    let mut any = false;
    for control in controls {
        if !covers(control) || !control.place.holds(hospital, place) {
            continue;
        }
        any = true;
        let mut lots: Vec<Option<&LotId>> = lots.iter().map(Some).collect();
        if lots.is_empty() {
            lots.push(None);
        }
        let all = lots.into_iter().all(|lot| {
            control
                .levels()
                .into_iter()
                .all(|level| stood(world, hospital, control, place, (lot, level), read))
        });
        if !all {
            return false;
        }
    }
    any
}

/// A test that is about to be relied on.
pub(super) fn test(
    world: &World,
    hospital: &Hospital,
    test: &Test,
    report: &mut Report,
) -> Result<(), Broken> {
    let Some(version) = test.latest() else {
        return Ok(());
    };
    let place = Place::of(&version.origin);
    holds(
        report,
        "no result is released without its controls",
        covered(
            world,
            hospital,
            |control| control.covers(Item::Test(test.kind), None),
            (&place, &version.lots),
            version.read,
        ),
        || format!("{} read {} at {place}", test.id, version.read),
    )?;
    held(hospital, Affected::Test(test.id), report)
}

/// A measured result that is about to be relied on: the controls of its assay, told from the table alone.
pub(super) fn measured(
    world: &World,
    hospital: &Hospital,
    one: &Measurement,
    report: &mut Report,
) -> Result<(), Broken> {
    let Some(work) = one.latest().map(|version| &version.work) else {
        return Ok(());
    };
    let table = assays(hospital, work.read).unwrap_or_default();
    let named = table
        .iter()
        .find(|assay| assay.code == one.assay)
        .map(|assay| assay.controls.clone())
        .unwrap_or_default();
    let place = Place::of(&work.origin);
    holds(
        report,
        "no measured result is released without its controls",
        covered(
            world,
            hospital,
            |control| named.contains(&control.code),
            (&place, &work.lots),
            work.read,
        ),
        || format!("{} read {} at {place}", one.id, work.read),
    )?;
    held(hospital, Affected::Measured(one.id), report)
}

/// Whether somebody still has to decide about a result, told from the cases alone.
pub(super) fn held(
    hospital: &Hospital,
    result: Affected,
    report: &mut Report,
) -> Result<(), Broken> {
    let open = hospital.quality.cases().find(|case| {
        case.affected
            .get(&result)
            .is_some_and(|ruling| ruling.is_none())
    });
    holds(
        report,
        "nothing rests on a result that waits for a decision",
        open.is_none(),
        || format!("{result:?} in {:?}", open.map(|case| case.id)),
    )
}

/// A crossmatch that is about to be relied on.
pub(super) fn crossmatch(
    world: &World,
    hospital: &Hospital,
    found: &lifeline_core::crossmatch::Crossmatch,
    report: &mut Report,
) -> Result<(), Broken> {
    if let lifeline_core::crossmatch::Proof::Serological {
        method,
        lots,
        origin,
        ..
    } = &found.proof
    {
        holds(
            report,
            "no crossmatch is released without its controls",
            covered(
                world,
                hospital,
                |control| control.covers(Item::Crossmatch, Some(method)),
                (&Place::of(origin), lots),
                found.recorded.at,
            ),
            || format!("{} at {}", found.id, found.recorded.at),
        )?;
    }
    held(hospital, Affected::Crossmatch(found.id), report)
}
