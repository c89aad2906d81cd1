use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::UnitEvent;
use super::guard::{LIST_MOST, known};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::LocationId;
use crate::people::Action;
use crate::subject::Subject;

/// Carries units to another store. All of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveUnits {
    /// Which; at most [`LIST_MOST`].
    pub units: Vec<UnitId>,
    /// To.
    pub to: LocationId,
}

impl Decide for MoveUnits {
    fn action(&self) -> Action {
        Action::UnitMove
    }

    fn subjects(&self) -> Vec<Subject> {
        self.units
            .iter()
            .take(LIST_MOST)
            .copied()
            .map(Subject::from)
            .collect()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.require(!self.units.is_empty(), || {
            Finding::bad_value("units", "why-empty")
        });
        checks.require(self.units.len() <= LIST_MOST, || {
            Finding::bad_value("units", "why-too-many").with("most", LIST_MOST as i64)
        });
        let ids: BTreeSet<UnitId> = self.units.iter().copied().take(LIST_MOST).collect();
        let mut events = Vec::new();
        for id in ids {
            let Some(unit) = checks.take(known(hospital, id)) else {
                continue;
            };
            checks.require(unit.status.with_us(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(id))
                    .word("state", unit.status.word())
            });
            checks.require(unit.location != self.to, || {
                Finding::new(Rule::UnitThere)
                    .with("unit", id)
                    .with("location", self.to.as_str())
            });
            events.push(
                UnitEvent::Moved {
                    unit: id,
                    from: unit.location.clone(),
                    to: self.to.clone(),
                }
                .into(),
            );
        }
        checks.settle()?;
        Ok(events)
    }
}
