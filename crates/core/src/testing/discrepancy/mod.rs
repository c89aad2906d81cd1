//! The work-up of a group discrepancy: what is advised, what was done, what one person concluded and another verified. Until then
//! the patient's group counts as not settled, whatever is on file.

mod conclude;
mod event;
mod open;
mod step;

pub use conclude::{ConcludeDiscrepancy, ReopenDiscrepancy, VerifyDiscrepancy};
pub use event::{DiscrepancyEvent, apply};
pub use open::{OpenDiscrepancy, Stated, circumstances, resolution};
pub use step::RecordDiscrepancyStep;

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::group::{Category, Cause, Step};
use super::{Test, TestKind, TestState};
use crate::blood::BloodGroup;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{DiscrepancyId, PatientId, SampleId, TestId};
use crate::patient::Record;

/// What a step showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It explains the discrepancy.
    Explains,
    /// It rules out what it looked for.
    RulesOut,
    /// It leaves the question open.
    Unclear,
    /// It could not be done here; the note says why.
    NotDone,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Explains, Self::RulesOut, Self::Unclear, Self::NotDone];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explains => "explains",
            Self::RulesOut => "rules_out",
            Self::Unclear => "unclear",
            Self::NotDone => "not_done",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.as_str() == text.trim())
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which.
    pub step: Step,
    /// What it showed.
    pub outcome: Outcome,
    /// The result in words.
    pub note: String,
    /// Who and when.
    pub stamp: Stamp,
}

/// What a work-up decides about the patient's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The sample proves this group.
    Group(BloodGroup),
    /// The group on file stands; this sample does not speak against it.
    FileStands,
    /// Not settled: group O red cells and AB plasma until it is.
    Interim,
}

/// The conclusion of a work-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    /// What was behind it.
    pub cause: Cause,
    /// What it means for the group.
    pub ruling: Ruling,
    /// In words.
    pub note: String,
    /// Who concluded and when.
    pub stamp: Stamp,
    /// Who verified and when.
    pub verified: Option<Stamp>,
}

/// A work-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discrepancy {
    /// Number.
    pub id: DiscrepancyId,
    /// The test whose wells disagree.
    pub test: TestId,
    /// The version of it, counted from 1.
    pub version: usize,
    /// The sample.
    pub sample: SampleId,
    /// Whose it is.
    pub patient: PatientId,
    /// What is wrong.
    pub category: Category,
    /// What was known of the person.
    pub stated: Stated,
    /// What is to be done.
    pub advised: Vec<Step>,
    /// What was done, oldest first.
    pub taken: Vec<Taken>,
    /// The conclusion, once there is one.
    pub conclusion: Option<Conclusion>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Discrepancy {
    /// Whether the conclusion was verified.
    pub fn verified(&self) -> bool {
        self.conclusion
            .as_ref()
            .is_some_and(|conclusion| conclusion.verified.is_some())
    }

    /// Advised steps nobody has taken.
    pub fn open_steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.advised
            .iter()
            .copied()
            .filter(|step| !self.taken.iter().any(|taken| taken.step == *step))
    }

    /// Whether the reading it is about was corrected or declared void since.
    pub fn superseded(&self, hospital: &Hospital) -> bool {
        hospital.tests.get(self.test).is_none_or(|test| {
            test.versions.len() != self.version || test.state == TestState::Invalidated
        })
    }

    /// The key in the message files of how it stands.
    pub fn word(&self, hospital: &Hospital) -> &'static str {
        match &self.conclusion {
            _ if self.superseded(hospital) => "discrepancy-state-superseded",
            None => "discrepancy-state-open",
            Some(conclusion) if conclusion.verified.is_none() => "discrepancy-state-concluded",
            Some(conclusion) if conclusion.ruling == Ruling::Interim => "discrepancy-state-interim",
            Some(_) => "discrepancy-state-verified",
        }
    }

    fn standing(&self, hospital: &Hospital) -> Result<(), Finding> {
        if self.superseded(hospital) {
            return Err(self.wrong(hospital));
        }
        Ok(())
    }

    fn wrong(&self, hospital: &Hospital) -> Finding {
        Finding::new(Rule::WrongState)
            .with("subject", crate::subject::Subject::from(self.id))
            .word("state", self.word(hospital))
    }
}

/// All work-ups.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Discrepancies {
    pub(crate) all: OrdMap<DiscrepancyId, Arc<Discrepancy>>,
    /// The newest work-up of each test.
    pub(crate) by_test: OrdMap<TestId, DiscrepancyId>,
}

impl Discrepancies {
    /// One work-up.
    pub fn get(&self, id: DiscrepancyId) -> Option<&Arc<Discrepancy>> {
        self.all.get(&id)
    }

    /// Every work-up, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Discrepancy>> {
        self.all.values()
    }

    /// The newest work-up of a test.
    pub fn of_test(&self, test: TestId) -> Option<&Arc<Discrepancy>> {
        self.by_test.get(&test).and_then(|id| self.all.get(id))
    }

    pub(crate) fn change(
        &mut self,
        id: DiscrepancyId,
        stamp: &Stamp,
        change: impl FnOnce(&mut Discrepancy),
    ) {
        if let Some(found) = self.all.get_mut(&id).map(Arc::make_mut) {
            change(found);
            found.changed = stamp.clone();
        }
    }
}

/// Whether the newest reading of a patient's group test gives no group. What was declared void says nothing.
pub fn discrepant(test: &Test) -> bool {
    matches!(test.kind, TestKind::Group | TestKind::ForwardGroup)
        && matches!(test.state, TestState::Entered | TestState::WorkedUp)
        && test
            .latest()
            .is_some_and(|version| !version.interpretation.reached(test.kind))
}

/// The first test that leaves a person's group unsettled: its wells disagree, and no verified work-up has answered for it.
pub fn unsettled(hospital: &Hospital, record: &Record<'_>) -> Option<TestId> {
    record
        .samples()
        .into_iter()
        .filter(|sample| !matches!(sample.state, crate::sample::SampleState::Rejected(_)))
        .flat_map(|sample| sample.tests.iter())
        .filter_map(|id| hospital.tests.get(*id))
        .filter(|test| discrepant(test))
        .find(|test| {
            !hospital
                .discrepancies
                .of_test(test.id)
                .filter(|found| !found.superseded(hospital))
                .and_then(|found| found.conclusion.as_ref())
                .is_some_and(|conclusion| {
                    conclusion.verified.is_some() && conclusion.ruling != Ruling::Interim
                })
        })
        .map(|test| test.id)
}

#[cfg(test)]
mod tests;
