use serde::{Deserialize, Serialize};

use super::PatientEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// How one patient is related to another, seen from the record that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Mother of the other.
    MotherOf,
    /// Child of the other, who is the mother.
    ChildOf,
    /// Partner of the other.
    PartnerOf,
}

impl LinkKind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::MotherOf, Self::ChildOf, Self::PartnerOf];

    /// The same relation seen from the other record.
    pub fn reverse(self) -> Self {
        match self {
            Self::MotherOf => Self::ChildOf,
            Self::ChildOf => Self::MotherOf,
            Self::PartnerOf => Self::PartnerOf,
        }
    }

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MotherOf => "mother_of",
            Self::ChildOf => "child_of",
            Self::PartnerOf => "partner_of",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text.trim())
    }
}

/// Links two records of two people (PAT-03). A newborn's mother counts at the gate: her antibodies are in the child's blood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPatients {
    /// Who.
    pub patient: PatientId,
    /// Is what.
    pub kind: LinkKind,
    /// Of whom.
    pub other: PatientId,
}

/// Takes a link back that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlinkPatients {
    /// Who.
    pub patient: PatientId,
    /// Was said to be what.
    pub kind: LinkKind,
    /// Of whom.
    pub other: PatientId,
    /// Why it was wrong.
    pub reason: String,
}

impl Decide for LinkPatients {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into(), self.other.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let one = checks.take(hospital.patients.standing(self.patient));
        checks.take(hospital.patients.standing(self.other));
        checks.require(self.patient != self.other, || {
            Finding::bad_value("other", "why-same-record")
        });
        let linked = hospital
            .record_of(self.patient)
            .is_some_and(|record| record.linked(self.kind).contains(&self.other));
        checks.require(!linked, || {
            Finding::new(Rule::AlreadyExists).with("subject", Subject::from(self.other))
        });
        // A person has one mother.
        let child = match self.kind {
            LinkKind::ChildOf => one.map(|patient| patient.id),
            LinkKind::MotherOf => Some(self.other),
            LinkKind::PartnerOf => None,
        };
        let mother = child
            .and_then(|child| hospital.record_of(child))
            .and_then(|record| record.linked(LinkKind::ChildOf).first().copied());
        if let Some(mother) = mother.filter(|_| !linked) {
            checks.find(
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(mother))
                    .word("state", "patient-has-mother"),
            );
        }
        checks.settle()?;
        Ok(vec![
            PatientEvent::Linked {
                patient: self.patient,
                kind: self.kind,
                other: self.other,
            }
            .into(),
        ])
    }
}

impl Decide for UnlinkPatients {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into(), self.other.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        // The link may be on a record that was merged since; both its ends name the parts that hold it.
        let held = hospital
            .patients
            .get(self.patient)
            .is_some_and(|patient| patient.links.contains(&(self.kind, self.other)));
        checks.require(held, || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.patient))
                .word("state", "patient-not-linked")
        });
        checks.settle()?;
        Ok(vec![
            PatientEvent::Unlinked {
                patient: self.patient,
                kind: self.kind,
                other: self.other,
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}
