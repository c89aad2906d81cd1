use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::guard::let_go;
use super::{Status, UnitEvent};
use crate::blood::{Din, UnitId};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Calls back every component of a donation and everything made from one, pools of other donations included. A donation
/// we have nothing of is recorded too, so that a bag arriving later is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallDonation {
    /// The donation in the notice.
    pub din: Din,
    /// Why, in words.
    pub reason: String,
    /// The station's reference; may be empty.
    pub reference: String,
}

impl RecallDonation {
    /// The longest reference kept, in characters.
    pub const REFERENCE_MOST: usize = 80;
}

/// Every unit of a donation and everything made from them, at whatever remove.
pub fn descendants(hospital: &Hospital, din: Din) -> BTreeSet<UnitId> {
    let mut waiting: Vec<UnitId> = hospital
        .units
        .of_donation(din)
        .map(|unit| unit.id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id)
            && let Some(unit) = hospital.units.get(&id)
        {
            waiting.extend(unit.children.iter().copied());
        }
    }
    seen
}

impl Decide for RecallDonation {
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
            self.reference.trim().chars().count() <= Self::REFERENCE_MOST,
            || Finding::bad_value("reference", "why-too-long"),
        );
        let (mut stopped, mut beyond, mut events) = (Vec::new(), Vec::new(), Vec::<Event>::new());
        for unit in descendants(hospital, self.din)
            .iter()
            .filter_map(|id| hospital.units.get(id))
        {
            if unit.status.may_become(Status::Recalled) {
                events.extend(let_go(unit));
                stopped.push(unit.id);
            } else if !matches!(unit.status, Status::Recalled | Status::Consumed) {
                beyond.push(unit.id);
            }
        }
        let again = hospital.units.recalled(self.din).is_some();
        checks.require(!again || !stopped.is_empty(), || {
            Finding::new(Rule::AlreadyExists).with("subject", Subject::from(self.din))
        });
        checks.settle()?;
        events.push(
            UnitEvent::Recalled {
                din: self.din,
                units: stopped,
                beyond,
                reason: self.reason.trim().into(),
                reference: self.reference.trim().into(),
            }
            .into(),
        );
        Ok(events)
    }
}
