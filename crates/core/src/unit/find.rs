use serde::{Deserialize, Serialize};

use super::guard::{known, told};
use super::{Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::LocationId;
use crate::people::Action;
use crate::subject::Subject;

/// Records that a missing unit turned up. It goes into quarantine: nobody knows how it was kept meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindUnit {
    /// Which.
    pub unit: UnitId,
    /// Where it is kept now.
    pub location: LocationId,
    /// Where it was, in words.
    pub note: String,
}

impl Decide for FindUnit {
    fn action(&self) -> Action {
        Action::UnitHold
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        told(&mut checks, &self.note);
        if let Some(unit) = checks.take(known(hospital, self.unit)) {
            checks.require(unit.status == Status::Missing, || {
                Finding::new(Rule::UnitTransition)
                    .with("unit", unit.id)
                    .word("from", unit.status.word())
                    .word("to", Status::Quarantined.word())
            });
        }
        checks.settle()?;
        Ok(vec![
            UnitEvent::Found {
                unit: self.unit,
                location: self.location.clone(),
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}
