use std::sync::Arc;

use super::{Status, Unit, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context};
use crate::event::Event;
use crate::finding::{Finding, Refusal, Rule};
use crate::hospital::Hospital;
use crate::id::UserId;
use crate::people::Action;
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

/// What discarding a unit and sending it back share: a coded reason, a bag that is with us and may take the step, a second
/// person. The facts that go before, and who signed.
pub(crate) fn written_off(
    hospital: &Hospital,
    context: &Context,
    (unit, next): (UnitId, Status),
    (key, reason): (Key, &str),
    note: &str,
) -> Result<(Vec<Event>, Option<UserId>), Refusal> {
    let mut checks = Checks::new(hospital, context);
    checks.coded(key, "reason", reason);
    checks.brief("note", note);
    let unit = ready(&mut checks, hospital, unit, next);
    if let Some(unit) = unit {
        in_house(&mut checks, hospital, unit);
    }
    let second = checks.second(Action::UnitDiscardCheck);
    checks.settle()?;
    Ok((
        unit.and_then(|unit| let_go(unit)).into_iter().collect(),
        second,
    ))
}
