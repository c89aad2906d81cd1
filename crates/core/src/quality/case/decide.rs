use serde::{Deserialize, Serialize};

use super::known;
use crate::command::{Checks, Context, Decide, Decision};
use crate::crossmatch::VoidCrossmatch;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::CaseId;
use crate::measured::InvalidateMeasurement;
use crate::people::Action;
use crate::quality::{Affected, QualityEvent, Ruling};
use crate::subject::Subject;
use crate::testing::{InvalidateTest, TestState};

/// Decides about a result that was made while the control may have been out: it stands, or it is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideAffected {
    /// Which case.
    pub case: CaseId,
    /// Which result.
    pub result: Affected,
    /// What.
    pub ruling: Ruling,
    /// Why.
    pub reason: String,
}

impl Decide for DecideAffected {
    fn action(&self) -> Action {
        Action::CaseDecide
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.case.into(), self.result.subject()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        if let Some(case) = checks.take(known(hospital, self.case)) {
            match case.affected.get(&self.result) {
                None => checks.find(Finding::not_found(self.result.subject())),
                Some(Some(_)) => checks.find(
                    Finding::new(Rule::WrongState)
                        .with("subject", self.result.subject())
                        .word("state", "case-decided"),
                ),
                Some(None) => {}
            }
        }
        checks.settle()?;
        let mut events = match (self.ruling, self.result) {
            (Ruling::Stands, _) => Vec::new(),
            (Ruling::Void, Affected::Test(test)) => match hospital.tests.get(test) {
                // Voided already by other means.
                Some(known) if known.state == TestState::Invalidated => Vec::new(),
                None => Vec::new(),
                Some(known) => InvalidateTest {
                    test,
                    version: known.versions.len(),
                    reason: self.reason.clone(),
                }
                .decide(hospital, context)?,
            },
            (Ruling::Void, Affected::Crossmatch(crossmatch)) => {
                match hospital.crossmatches.get(crossmatch) {
                    Some(known) if known.void.is_none() => VoidCrossmatch {
                        crossmatch,
                        reason: self.reason.clone(),
                    }
                    .decide(hospital, context)?,
                    _ => Vec::new(),
                }
            }
            (Ruling::Void, Affected::Measured(measurement)) => {
                match hospital.measurements.get(measurement) {
                    Some(known) if known.state != TestState::Invalidated => InvalidateMeasurement {
                        measurement,
                        version: known.versions.len(),
                        reason: self.reason.clone(),
                    }
                    .decide(hospital, context)?,
                    _ => Vec::new(),
                }
            }
        };
        events.push(
            QualityEvent::AffectedDecided {
                case: self.case,
                result: self.result,
                ruling: self.ruling,
                reason: self.reason.trim().into(),
            }
            .into(),
        );
        Ok(events)
    }
}
