use serde::{Deserialize, Serialize};

use super::guard::written_off;
use super::{Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Destroys a unit, with a coded reason and a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscardUnit {
    /// Which.
    pub unit: UnitId,
    /// Coded reason, one of `unit.discard_reasons`.
    pub reason: String,
    /// In words; may be empty.
    pub note: String,
}

impl Decide for DiscardUnit {
    fn action(&self) -> Action {
        Action::UnitDiscard
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let (mut events, second) = written_off(
            hospital,
            context,
            (self.unit, Status::Discarded),
            (Key::DiscardReasons, &self.reason),
            &self.note,
        )?;
        events.extend(second.map(|second| {
            UnitEvent::Discarded {
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
