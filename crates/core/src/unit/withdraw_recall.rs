use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::guard::recalled_out;
use super::{Hold, RecallDonation, Status, Unit, UnitEvent, descendants};
use crate::blood::{Din, UnitId};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Takes a recall back, because the notice was wrong or the station has withdrawn it; two people sign. No bag goes straight back
/// to the shelf: each waits in quarantine until somebody has looked at it. A bag that another recall reaches stays recalled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawRecall {
    /// The donation in the notice.
    pub din: Din,
    /// Why, in words.
    pub reason: String,
    /// The station's reference; may be empty.
    pub reference: String,
}

/// Whether a unit was made, at whatever remove, from a recalled donation other than `but`.
fn recalled_otherwise(hospital: &Hospital, unit: &Unit, but: Din) -> bool {
    let mut waiting: Vec<UnitId> = vec![unit.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        if id.din != but && hospital.units.recalled(id.din).is_some() {
            return true;
        }
        if let Some(unit) = hospital.units.get(&id) {
            waiting.extend(unit.parents.iter().copied());
        }
    }
    false
}

impl Decide for WithdrawRecall {
    fn action(&self) -> Action {
        Action::UnitRecall
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.din.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        checks.require(
            self.reference.trim().chars().count() <= RecallDonation::REFERENCE_MOST,
            || Finding::bad_value("reference", "why-too-long"),
        );
        checks.require(hospital.units.recalled(self.din).is_some(), || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.din))
                .word("state", "donation-not-recalled")
        });
        let second = checks.second(Action::UnitRelease);
        checks.settle()?;
        let Some(second) = second else {
            return Ok(Vec::new());
        };
        let (mut units, mut out, mut lifted) = (Vec::new(), Vec::new(), Vec::new());
        for unit in descendants(hospital, self.din)
            .iter()
            .filter_map(|id| hospital.units.get(id))
            .filter(|unit| !recalled_otherwise(hospital, unit, self.din))
        {
            if recalled_out(hospital, unit) {
                out.push(unit.id);
            } else if unit.status == Status::Recalled {
                units.push(unit.id);
            } else if unit.holds.contains(&Hold::Other(Hold::RECALLED.into())) {
                lifted.push(unit.id);
            }
        }
        Ok(vec![
            UnitEvent::RecallWithdrawn {
                din: self.din,
                units,
                out,
                lifted,
                reason: self.reason.trim().into(),
                reference: self.reference.trim().into(),
                second,
            }
            .into(),
        ])
    }
}
