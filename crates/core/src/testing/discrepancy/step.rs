use serde::{Deserialize, Serialize};

use super::{DiscrepancyEvent, Outcome};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::DiscrepancyId;
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::group::Step;

/// The most steps one work-up holds.
pub const STEPS_MOST: usize = 200;

/// Puts on record what a step of a work-up showed. A step may be taken again; every result stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDiscrepancyStep {
    /// Which work-up.
    pub discrepancy: DiscrepancyId,
    /// Which step; also one that was not advised.
    pub step: Step,
    /// What it showed.
    pub outcome: Outcome,
    /// The result in words.
    pub note: String,
}

impl Decide for RecordDiscrepancyStep {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.discrepancy.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let Some(found) = hospital.discrepancies.get(self.discrepancy) else {
            return Err(Finding::not_found(self.discrepancy).into());
        };
        checks.take(found.standing(hospital));
        if found.conclusion.is_some() {
            checks.find(found.wrong(hospital));
        }
        checks.told("note", &self.note);
        checks.require(found.taken.len() < STEPS_MOST, || {
            Finding::bad_value("step", "why-too-many")
        });
        checks.settle()?;
        Ok(vec![
            DiscrepancyEvent::StepTaken {
                discrepancy: self.discrepancy,
                test: found.test,
                step: self.step,
                outcome: self.outcome,
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}
