//! A control that went out: which results it touches, what was decided about each, what was done, who closed it.

mod close;
mod correct;
mod decide;

pub use close::CloseCase;
pub use correct::CorrectCase;
pub use decide::DecideAffected;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::run::newest;
use super::{
    Affected, Case, Control, Cover, JudgedLevel, Made, Mark, Place, QualityEvent, RunDraft,
    Verdict, control,
};
use crate::crossmatch::Proof;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{CaseId, ControlCode, LotId, RunId};
use crate::measured::assay;
use crate::subject::Subject;
use crate::testing::TestState;

/// Lots as covers know them.
pub(super) fn of_lots(lots: &BTreeSet<LotId>) -> Vec<Option<LotId>> {
    if lots.is_empty() {
        vec![None]
    } else {
        lots.iter().cloned().map(Some).collect()
    }
}

/// The open case a run of this control in this place with these lots belongs to.
pub(super) fn open_case<'a>(
    hospital: &'a Hospital,
    control: &ControlCode,
    place: &Place,
    lots: &BTreeSet<LotId>,
) -> Option<&'a Case> {
    hospital
        .quality
        .open_cases()
        .map(|case| &**case)
        .find(|case| {
            case.control == *control
                && case.place == *place
                && (case.lots.is_empty() || lots.is_empty() || !case.lots.is_disjoint(lots))
        })
}

/// What follows from a run: it opens a case, or belongs to one, or nothing.
///
/// # Errors
/// The control is not in the plan, so that nobody could say what it covers.
pub(super) fn follows(
    hospital: &Hospital,
    draft: &RunDraft,
    levels: &[JudgedLevel],
    run: RunId,
    next: CaseId,
    at: Timestamp,
) -> Result<Option<QualityEvent>, Finding> {
    let out: BTreeSet<ControlCode> = levels
        .iter()
        .filter(|level| level.verdict == Verdict::Rejected)
        .map(|level| level.level.clone())
        .collect();
    let open = draft
        .repeat
        .as_ref()
        .and_then(|(id, _)| hospital.quality.run(*id)?.case)
        .and_then(|case| hospital.quality.case(case))
        .map(|case| &**case)
        .filter(|case| case.closed.is_none())
        .or_else(|| open_case(hospital, &draft.control, &draft.place, &draft.lots));
    if out.is_empty() {
        return Ok(open.map(|case| QualityEvent::CaseContinued {
            case: case.id,
            run,
            levels: BTreeSet::new(),
            affected: Vec::new(),
        }));
    }
    let since = last_accepted(hospital, draft, &out);
    let control = control(hospital, &draft.control, draft.ran)?;
    let affected = touched(hospital, control, draft, since, at);
    Ok(Some(match open {
        Some(case) => QualityEvent::CaseContinued {
            case: case.id,
            run,
            levels: out,
            affected: affected
                .into_iter()
                .filter(|result| !case.affected.contains_key(result))
                .collect(),
        },
        None => QualityEvent::CaseOpened {
            case: next,
            run,
            control: draft.control.clone(),
            place: draft.place.clone(),
            lots: draft.lots.clone(),
            levels: out,
            since,
            affected,
        },
    }))
}

/// When the covers that went out were last accepted: the earliest of them; `None` when one never was.
fn last_accepted(
    hospital: &Hospital,
    draft: &RunDraft,
    out: &BTreeSet<ControlCode>,
) -> Option<Timestamp> {
    let mut earliest = None;
    for lot in of_lots(&draft.lots) {
        for level in out {
            let cover = Cover {
                control: draft.control.clone(),
                place: draft.place.clone(),
                lot: lot.clone(),
                level: level.clone(),
            };
            let accepted = hospital
                .quality
                .marks
                .range((cover.clone(), Timestamp::MIN, 0)..=(cover, draft.ran, u64::MAX))
                .rev()
                .find(|(_, mark)| match &***mark {
                    Mark::Run(_, verdict) => verdict.covers(),
                    Mark::Waived { .. } => false,
                })
                .map(|((_, at, _), _)| *at)?;
            earliest = Some(earliest.map_or(accepted, |known: Timestamp| known.min(accepted)));
        }
    }
    earliest
}

/// Every result made under the control, in its place and with its lots, since it was last accepted.
fn touched(
    hospital: &Hospital,
    control: &Control,
    draft: &RunDraft,
    since: Option<Timestamp>,
    until: Timestamp,
) -> Vec<Affected> {
    let since = since.unwrap_or(Timestamp::MIN);
    let shared = |lots: &BTreeSet<LotId>| {
        lots.is_empty() || draft.lots.is_empty() || !lots.is_disjoint(&draft.lots)
    };
    // A clock has no more than its digits: what was read at the very moment of the accepted run may have come after it.
    let during = |read: Timestamp| read >= since && read <= until;
    let tests = hospital.tests.iter().filter_map(|test| {
        let version = test.latest()?;
        (test.state != TestState::Invalidated
            && during(version.read)
            && Made::Test(test.kind).covered_by(control)
            && Place::of(&version.origin) == draft.place
            && shared(&version.lots))
        .then_some(Affected::Test(test.id))
    });
    let crossmatches = hospital.crossmatches.iter().filter_map(|found| {
        let Proof::Serological {
            method,
            lots,
            origin,
            ..
        } = &found.proof
        else {
            return None;
        };
        (found.void.is_none()
            && during(found.recorded.at)
            && Place::of(origin) == draft.place
            && Made::Crossmatch(method).covered_by(control)
            && shared(lots))
        .then_some(Affected::Crossmatch(found.id))
    });
    let measured = hospital.measurements.iter().filter_map(|one| {
        let work = &one.latest()?.work;
        let assay = assay(hospital, one.assay.as_str(), work.read).ok()?;
        (one.state != TestState::Invalidated
            && during(work.read)
            && Made::Measured(assay).covered_by(control)
            && Place::of(&work.origin) == draft.place
            && shared(&work.lots))
        .then_some(Affected::Measured(one.id))
    });
    tests.chain(crossmatches).chain(measured).collect()
}

fn known(hospital: &Hospital, id: CaseId) -> Result<&Case, Finding> {
    let case = hospital
        .quality
        .case(id)
        .ok_or_else(|| Finding::not_found(id))?;
    match case.closed {
        None => Ok(case),
        Some(_) => Err(Finding::new(Rule::WrongState)
            .with("subject", Subject::from(id))
            .word("state", "case-closed")),
    }
}

/// The covers of a case that no accepted repeat has settled. A lot that can no longer be used, or a machine out of service,
/// needs none.
pub fn unsettled(hospital: &Hospital, case: &Case, at: Timestamp) -> Vec<Cover> {
    if let Place::Device(device) = &case.place
        && hospital
            .devices
            .all
            .get(device)
            .is_none_or(|device| device.out_of_service.is_some())
    {
        return Vec::new();
    }
    let usable = |lot: &Option<LotId>| match lot {
        None => true,
        Some(lot) => hospital.lots.get(lot).is_some_and(|lot| lot.usable(at)),
    };
    of_lots(&case.lots)
        .into_iter()
        .filter(usable)
        .flat_map(|lot| {
            case.levels.iter().map(move |level| Cover {
                control: case.control.clone(),
                place: case.place.clone(),
                lot: lot.clone(),
                level: level.clone(),
            })
        })
        .filter(|cover| match newest(hospital, cover, at) {
            Some((_, Mark::Run(_, verdict))) => !verdict.covers(),
            Some((_, Mark::Waived { .. })) | None => true,
        })
        .collect()
}
