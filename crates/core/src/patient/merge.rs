use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PatientEvent;
use crate::blood::Abo;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// Merges one record into another, because they are one person. Nothing is copied: [`crate::patient::Record`] reads both, so
/// an unmerge gives each its own back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergePatients {
    /// The record that ends.
    pub from: PatientId,
    /// The record that stays.
    pub into: PatientId,
    /// Why they are one person.
    pub reason: String,
}

impl Decide for MergePatients {
    fn action(&self) -> Action {
        Action::PatientMerge
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.from.into(), self.into.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        checks.require(self.from != self.into, || {
            Finding::bad_value("into", "why-same-record")
        });
        checks.take(hospital.patients.standing(self.from));
        checks.take(hospital.patients.standing(self.into));
        let on_file = |id| -> BTreeSet<Abo> {
            hospital
                .record_of(id)
                .iter()
                .flat_map(|record| record.determinations())
                .map(|determination| determination.group.abo)
                .collect()
        };
        let (from, into) = (on_file(self.from), on_file(self.into));
        let words = |types: &BTreeSet<Abo>| {
            let words: Vec<&str> = types.iter().map(|abo| abo.as_str()).collect();
            words.join(", ")
        };
        // A record whose own determinations disagree is settled first: merging would hide whose is which.
        let all: BTreeSet<Abo> = from.union(&into).copied().collect();
        checks.require(all.len() <= 1, || {
            Finding::new(Rule::MergeDiscordant)
                .with("from", self.from)
                .with("from_abo", words(&from))
                .with("into", self.into)
                .with("into_abo", words(&into))
        });
        let event: Event = PatientEvent::Merged {
            from: self.from,
            into: self.into,
            reason: self.reason.trim().into(),
        }
        .into();
        let changed = checks.take(crate::sample::revalidated(
            hospital, context, &event, self.into,
        ));
        checks.settle()?;
        let mut events = vec![event];
        events.extend(changed.unwrap_or_default());
        Ok(events)
    }
}

/// Undoes a merge, because they are two people after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmergePatients {
    /// The record that was merged away and stands again.
    pub from: PatientId,
    /// Why they are two people.
    pub reason: String,
}

impl Decide for UnmergePatients {
    fn action(&self) -> Action {
        Action::PatientMerge
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.from.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let into = match hospital.patients.get(self.from) {
            None => {
                checks.find(Finding::not_found(self.from));
                None
            }
            Some(patient) => {
                checks.require(patient.merged_into.is_some(), || {
                    Finding::new(Rule::WrongState)
                        .with("subject", Subject::from(self.from))
                        .word("state", "patient-not-merged")
                });
                patient.merged_into
            }
        };
        let event: Option<Event> = into.map(|into| {
            PatientEvent::Unmerged {
                from: self.from,
                into,
                reason: self.reason.trim().into(),
            }
            .into()
        });
        // What was known of one no longer shortens or lengthens the life of the other's samples.
        let changed = match (&event, into) {
            (Some(event), Some(into)) => [self.from, into]
                .into_iter()
                .filter_map(|id| {
                    checks.take(crate::sample::revalidated(hospital, context, event, id))
                })
                .flatten()
                .collect(),
            _ => Vec::new(),
        };
        checks.settle()?;
        Ok(event.into_iter().chain(changed).collect())
    }
}
