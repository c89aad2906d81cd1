use serde::{Deserialize, Serialize};

use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::issue::{Purpose, gate};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;
use crate::unit::UnitEvent;

/// What a person did with the bags that were proposed for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// Took one of them.
    AsProposed,
    /// Took another bag.
    Instead {
        /// The bag that had been proposed first; `None` where there was none.
        of: Option<UnitId>,
        /// Why.
        reason: String,
    },
}

/// Holds a unit for a request until the policy's time has run out. A unit is held for one request at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveUnit {
    /// Which unit.
    pub unit: UnitId,
    /// For which request.
    pub request: RequestId,
    /// What was done with the proposal; `None` where there was none to look at.
    #[serde(default)]
    pub chosen: Option<Chosen>,
}

impl Decide for ReserveUnit {
    fn action(&self) -> Action {
        Action::UnitReserve
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into(), self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        // Warnings are answered for by whoever hands the bag over, not by whoever sets it aside.
        checks.findings.extend(
            gate(
                hospital,
                &self.unit,
                self.request,
                Purpose::Reserve,
                context.at,
            )
            .into_iter()
            .filter(|finding| finding.severity == Severity::Stop),
        );
        let unit = hospital.units.get(&self.unit);
        let held = unit.and_then(|unit| unit.reservation.as_ref());
        checks.require(held.is_none_or(|held| held.request != self.request), || {
            Finding::new(Rule::AlreadyExists)
                .with("subject", Subject::from(self.unit))
                .with("request", self.request)
        });
        if let Some(Chosen::Instead { reason, .. }) = &self.chosen {
            checks.told("reason", reason);
        }
        let hold = checks.take(hospital.policies.span(Key::ReservationHold, context.at));
        let until = hold.and_then(|hold| {
            checks.take(
                context
                    .at
                    .checked_add(hold)
                    .map_err(|_| Finding::bad_value("until", "why-out-of-range")),
            )
        });
        checks.settle()?;
        let (Some(until), Some(request)) = (until, hospital.requests.get(self.request)) else {
            return Ok(Vec::new());
        };
        Ok(vec![
            UnitEvent::Reserved {
                unit: self.unit,
                request: self.request,
                patient: request.patient,
                until,
                chosen: self.chosen.clone(),
            }
            .into(),
        ])
    }
}
