use std::sync::Arc;

use super::{Status, Unit, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context};
use crate::event::Event;
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::policy::Key;

/// The most units one command may name: a full delivery or a whole refrigerator shelf.
pub const LIST_MOST: usize = 200;

/// The unit, or `NotFound`.
pub(crate) fn known(hospital: &Hospital, id: UnitId) -> Result<&Arc<Unit>, Finding> {
    hospital
        .units
        .get(&id)
        .ok_or_else(|| Finding::not_found(id))
}

/// The step a unit would take, if the allow-list of [`Status::next`] holds it.
pub(crate) fn step(unit: &Unit, next: Status) -> Result<(), Finding> {
    if unit.status.may_become(next) {
        Ok(())
    } else {
        Err(Finding::new(Rule::UnitTransition)
            .with("unit", unit.id)
            .word("from", unit.status.word())
            .word("to", next.word()))
    }
}

/// The unit with its step allowed; what stands against it is added to the findings.
pub(crate) fn ready<'a>(
    checks: &mut Checks<'_>,
    hospital: &'a Hospital,
    id: UnitId,
    next: Status,
) -> Option<&'a Arc<Unit>> {
    let unit = checks.take(known(hospital, id))?;
    checks.take(step(unit, next))?;
    Some(unit)
}

/// Whether a bag called back is still out on its hand-over: it was on a ward when the notice came.
pub(crate) fn recalled_out(hospital: &Hospital, unit: &Unit) -> bool {
    unit.status == Status::Recalled
        && unit
            .issue
            .and_then(|issue| hospital.issues.get(issue))
            .is_some_and(|issue| issue.returned.is_none() && issue.fate.is_none())
}

/// A bag that is with us, not out on the wards: what leaves the department is ended by its hand-over.
pub(crate) fn in_house(checks: &mut Checks<'_>, hospital: &Hospital, unit: &Unit) {
    let out = unit.status.is_out() || recalled_out(hospital, unit);
    checks.require(!out, || {
        Finding::new(Rule::UnitOut)
            .with("unit", unit.id)
            .word("status", unit.status.word())
    });
}

/// A coded reason must be one of the policy's words.
pub(crate) fn coded(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    context: &Context,
    key: Key,
    reason: &str,
) {
    if let Some(words) = checks.take(hospital.policies.words(key, context.at)) {
        checks.require(words.iter().any(|word| word == reason), || {
            Finding::bad_value("reason", "why-reason-not-listed").with("policy", key.name())
        });
    }
}

/// Words that say why: at least [`Reason::LEAST`], at most [`Reason::MOST`] characters.
pub(crate) fn told(checks: &mut Checks<'_>, note: &str) {
    let length = note.trim().chars().count();
    checks.require(length >= Reason::LEAST, || {
        Finding::bad_value("note", "why-too-short")
    });
    brief(checks, note);
}

/// Words that may be left out.
pub(crate) fn brief(checks: &mut Checks<'_>, note: &str) {
    checks.require(note.trim().chars().count() <= Reason::MOST, || {
        Finding::bad_value("note", "why-too-long")
    });
}

/// Ends the unit's reservation, if it has one, so that the request's own history shows it.
pub(crate) fn let_go(unit: &Unit) -> Option<Event> {
    let reservation = unit.reservation.as_ref()?;
    Some(
        UnitEvent::ReservationEnded {
            unit: unit.id,
            request: reservation.request,
            lapsed: false,
        }
        .into(),
    )
}
