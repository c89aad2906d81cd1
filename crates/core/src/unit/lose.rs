use serde::{Deserialize, Serialize};

use super::guard::{let_go, ready};
use super::{Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Records that a unit cannot be found. It cannot be chosen any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoseUnit {
    /// Which.
    pub unit: UnitId,
    /// Where it was looked for, in words.
    pub note: String,
}

impl Decide for LoseUnit {
    fn action(&self) -> Action {
        Action::UnitHold
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("note", &self.note);
        let unit = ready(&mut checks, hospital, self.unit, Status::Missing);
        checks.settle()?;
        let mut events: Vec<_> = unit.and_then(|unit| let_go(unit)).into_iter().collect();
        events.push(
            UnitEvent::Lost {
                unit: self.unit,
                note: self.note.trim().into(),
            }
            .into(),
        );
        Ok(events)
    }
}
