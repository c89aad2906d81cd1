use serde::{Deserialize, Serialize};

use super::guard::{brief, coded, in_house, let_go, ready};
use super::{Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Sends a unit back to the blood station, with a coded reason and a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnUnitToStation {
    /// Which.
    pub unit: UnitId,
    /// Coded reason, one of `unit.station_return_reasons`.
    pub reason: String,
    /// In words; may be empty.
    pub note: String,
}

impl Decide for ReturnUnitToStation {
    fn action(&self) -> Action {
        Action::UnitDiscard
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        coded(
            &mut checks,
            hospital,
            context,
            Key::StationReturnReasons,
            &self.reason,
        );
        brief(&mut checks, &self.note);
        let unit = ready(&mut checks, hospital, self.unit, Status::ReturnedToStation);
        if let Some(unit) = unit {
            in_house(&mut checks, hospital, unit);
        }
        let second = checks.second(Action::UnitDiscardCheck);
        checks.settle()?;
        let mut events: Vec<_> = unit.and_then(|unit| let_go(unit)).into_iter().collect();
        events.extend(second.map(|second| {
            UnitEvent::ReturnedToStation {
                unit: self.unit,
                reason: self.reason.clone(),
                note: self.note.trim().into(),
                second,
            }
            .into()
        }));
        Ok(events)
    }
}
