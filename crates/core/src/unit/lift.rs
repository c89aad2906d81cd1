use serde::{Deserialize, Serialize};

use super::guard::{known, step};
use super::{Hold, Regroup, Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Lifts one reason for quarantine. The last one lifted makes the unit available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiftHold {
    /// Which.
    pub unit: UnitId,
    /// The reason that no longer holds.
    pub hold: Hold,
    /// What was found out, in words.
    pub note: String,
}

impl Decide for LiftHold {
    fn action(&self) -> Action {
        Action::UnitRelease
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("note", &self.note);
        if let Some(unit) = checks.take(known(hospital, self.unit)) {
            checks.require(unit.holds.contains(&self.hold), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(unit.id))
                    .word("state", unit.status.word())
            });
            if unit.holds.len() == 1 {
                checks.take(step(unit, Status::Available));
            }
            match &self.hold {
                // Only a verified test of the unit's own cells ends this one.
                Hold::AwaitingRegroup => {
                    checks.find(Finding::new(Rule::UnitGroupUnconfirmed).with("unit", unit.id));
                }
                Hold::GroupMismatch if !matches!(unit.regroup, Regroup::Confirmed(_)) => {
                    checks.find(
                        Finding::new(Rule::UnitGroupMismatch)
                            .with("unit", unit.id)
                            .with("group", unit.group),
                    );
                }
                hold if hold.needs_two() => {
                    checks.second(Action::UnitRelease);
                }
                _ => {}
            }
        }
        checks.settle()?;
        Ok(vec![
            UnitEvent::HoldLifted {
                unit: self.unit,
                hold: self.hold.clone(),
                note: self.note.trim().into(),
                second: self
                    .hold
                    .needs_two()
                    .then(|| context.second.clone())
                    .flatten(),
            }
            .into(),
        ])
    }
}
