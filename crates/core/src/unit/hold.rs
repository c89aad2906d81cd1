use serde::{Deserialize, Serialize};

use super::guard::{known, let_go};
use super::{Hold, Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Puts a unit in quarantine, or adds a further reason to one that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldUnit {
    /// Which.
    pub unit: UnitId,
    /// Coded reason, one of `unit.hold_reasons`.
    pub reason: String,
    /// In words; may be empty.
    pub note: String,
}

impl Decide for HoldUnit {
    fn action(&self) -> Action {
        Action::UnitHold
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let hold = Hold::Other(self.reason.clone());
        checks.coded(Key::HoldReasons, "reason", &self.reason);
        checks.brief("note", &self.note);
        let unit = checks.take(known(hospital, self.unit));
        if let Some(unit) = unit {
            // Only what stands on a shelf can be held; a bag that left, or was called back, takes its own way.
            checks.require(unit.status.on_shelf(), || {
                Finding::new(Rule::UnitTransition)
                    .with("unit", unit.id)
                    .word("from", unit.status.word())
                    .word("to", Status::Quarantined.word())
            });
            checks.require(!unit.holds.contains(&hold), || {
                Finding::new(Rule::AlreadyExists)
                    .with("subject", Subject::from(unit.id))
                    .word("what", hold.word())
            });
        }
        checks.settle()?;
        let mut events: Vec<_> = unit.and_then(|unit| let_go(unit)).into_iter().collect();
        events.push(
            UnitEvent::Held {
                unit: self.unit,
                hold,
                note: self.note.trim().into(),
            }
            .into(),
        );
        Ok(events)
    }
}
