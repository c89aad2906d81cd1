use serde::{Deserialize, Serialize};

use super::guard::known;
use super::{Appearance, Checked, Status, UnitEvent};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::LocationId;
use crate::issue::{IssueEvent, ReturnState, minutes_out};
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
        checks.told("note", &self.note);
        if let Some(unit) = checks.take(known(hospital, self.unit)) {
            checks.require(unit.status == Status::Missing, || {
                Finding::new(Rule::UnitTransition)
                    .with("unit", unit.id)
                    .word("from", unit.status.word())
                    .word("to", Status::Quarantined.word())
            });
        }
        checks.settle()?;
        let mut events = vec![
            UnitEvent::Found {
                unit: self.unit,
                location: self.location.clone(),
                note: self.note.trim().into(),
            }
            .into(),
        ];
        events.extend(self.back(hospital, context));
        Ok(events)
    }
}

impl FindUnit {
    /// A bag that was lost on its way comes back from that hand-over, so that it is never out on two.
    fn back(&self, hospital: &Hospital, context: &Context) -> Option<Event> {
        let unit = hospital.units.get(&self.unit)?;
        let issue = hospital.issues.get(unit.issue?)?;
        let open = issue.returned.is_none() && issue.fate.is_none();
        open.then(|| {
            IssueEvent::Returned {
                issue: issue.id,
                unit: self.unit,
                patient: issue.patient,
                request: issue.request,
                amount: unit.amount,
                state: ReturnState {
                    minutes_out: minutes_out(issue, context.at),
                    temperature: None,
                    seal: Checked::NotChecked,
                    appearance: Appearance::Normal,
                    reason: self.note.trim().into(),
                },
                restocked: false,
                location: self.location.clone(),
                second: None,
            }
            .into()
        })
    }
}
