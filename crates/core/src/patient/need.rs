use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NeedKind, PatientEvent};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Raises a special requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaiseNeed {
    /// Which patient.
    pub patient: PatientId,
    /// What.
    pub kind: NeedKind,
    /// In force from; `None` is now.
    pub from: Option<Timestamp>,
    /// Until; `None` is until ended.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

impl Decide for RaiseNeed {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let from = self.from.unwrap_or(context.at);
        checks.take(hospital.patients.standing(self.patient));
        checks.told("reason", &self.reason);
        checks.require(
            self.until
                .is_none_or(|until| until > from && until > context.at),
            || Finding::bad_value("until", "why-before-start"),
        );
        checks.settle()?;
        Ok(vec![
            PatientEvent::NeedRaised {
                patient: self.patient,
                kind: self.kind,
                from,
                until: self.until,
                reason: self.reason.trim().into(),
                rule: None,
            }
            .into(),
        ])
    }
}

/// Ends a special requirement now, on every record of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndNeed {
    /// Which patient.
    pub patient: PatientId,
    /// What.
    pub kind: NeedKind,
    /// Why.
    pub reason: String,
}

impl Decide for EndNeed {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        checks.told("reason", &self.reason);
        let holders: Vec<PatientId> = hospital
            .record_of(self.patient)
            .iter()
            .flat_map(|record| record.parts())
            .filter(|part| {
                part.needs
                    .iter()
                    .any(|need| need.kind == self.kind && need.until.is_none_or(|u| u > context.at))
            })
            .map(|part| part.id)
            .collect();
        checks.require(!holders.is_empty(), || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.patient))
                .word("state", "patient-no-such-need")
        });
        checks.settle()?;
        Ok(holders
            .into_iter()
            .map(|patient| {
                PatientEvent::NeedEnded {
                    patient,
                    kind: self.kind,
                    until: context.at,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .collect())
    }
}
