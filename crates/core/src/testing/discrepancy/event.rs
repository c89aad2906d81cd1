use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Conclusion, Discrepancy, Outcome, Ruling, Stated, Taken};
use crate::hospital::{Hospital, Stamp};
use crate::id::{DiscrepancyId, PatientId, SampleId, TestId};
use crate::subject::Subject;
use crate::testing::TestState;
use crate::testing::group::{Category, Cause, Step};

/// Facts about work-ups of group discrepancies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyEvent {
    /// Opened.
    Opened {
        /// Number.
        discrepancy: DiscrepancyId,
        /// The test whose wells disagree.
        test: TestId,
        /// Its version, counted from 1.
        version: usize,
        /// The sample.
        sample: SampleId,
        /// Whose.
        patient: PatientId,
        /// What is wrong.
        category: Category,
        /// What was known of the person.
        stated: Stated,
        /// What is to be done.
        advised: Vec<Step>,
    },
    /// A step was taken.
    StepTaken {
        /// Which work-up.
        discrepancy: DiscrepancyId,
        /// On which test.
        test: TestId,
        /// Which step.
        step: Step,
        /// What it showed.
        outcome: Outcome,
        /// In words.
        note: String,
    },
    /// One person concluded.
    Concluded {
        /// Which.
        discrepancy: DiscrepancyId,
        /// On which test.
        test: TestId,
        /// What was behind it.
        cause: Cause,
        /// What it means for the group.
        ruling: Ruling,
        /// In words.
        note: String,
    },
    /// Another person verified the conclusion.
    Settled {
        /// Which.
        discrepancy: DiscrepancyId,
        /// On which test.
        test: TestId,
        /// Whose group.
        patient: PatientId,
        /// What it means for the group.
        ruling: Ruling,
    },
    /// The conclusion was not accepted, or an unsettled group is looked into again.
    Reopened {
        /// Which.
        discrepancy: DiscrepancyId,
        /// On which test.
        test: TestId,
        /// Why.
        reason: String,
    },
}

kinds!(DiscrepancyEvent, "discrepancy" {
    Opened => "opened", StepTaken => "step_taken", Concluded => "concluded", Settled => "settled", Reopened => "reopened",
});

impl DiscrepancyEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Opened {
                discrepancy,
                test,
                sample,
                patient,
                ..
            } => vec![
                (*discrepancy).into(),
                (*test).into(),
                sample.clone().into(),
                (*patient).into(),
            ],
            Self::Settled {
                discrepancy,
                test,
                patient,
                ..
            } => vec![(*discrepancy).into(), (*test).into(), (*patient).into()],
            Self::StepTaken {
                discrepancy, test, ..
            }
            | Self::Concluded {
                discrepancy, test, ..
            }
            | Self::Reopened {
                discrepancy, test, ..
            } => vec![(*discrepancy).into(), (*test).into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &DiscrepancyEvent) {
    match event {
        DiscrepancyEvent::Opened {
            discrepancy,
            test,
            version,
            sample,
            patient,
            category,
            stated,
            advised,
        } => {
            hospital.next.discrepancy = discrepancy.next();
            hospital.discrepancies.by_test.insert(*test, *discrepancy);
            hospital.discrepancies.all.insert(
                *discrepancy,
                Arc::new(Discrepancy {
                    id: *discrepancy,
                    test: *test,
                    version: *version,
                    sample: sample.clone(),
                    patient: *patient,
                    category: *category,
                    stated: stated.clone(),
                    advised: advised.clone(),
                    taken: Vec::new(),
                    conclusion: None,
                    changed: stamp.clone(),
                }),
            );
        }
        DiscrepancyEvent::StepTaken {
            discrepancy,
            step,
            outcome,
            note,
            ..
        } => hospital.discrepancies.change(*discrepancy, stamp, |found| {
            found.taken.push(Taken {
                step: *step,
                outcome: *outcome,
                note: note.clone(),
                stamp: stamp.clone(),
            });
        }),
        DiscrepancyEvent::Concluded {
            discrepancy,
            cause,
            ruling,
            note,
            ..
        } => hospital.discrepancies.change(*discrepancy, stamp, |found| {
            found.conclusion = Some(Conclusion {
                cause: *cause,
                ruling: *ruling,
                note: note.clone(),
                stamp: stamp.clone(),
                verified: None,
            });
        }),
        DiscrepancyEvent::Settled {
            discrepancy, test, ..
        } => {
            hospital.discrepancies.change(*discrepancy, stamp, |found| {
                if let Some(conclusion) = &mut found.conclusion {
                    conclusion.verified = Some(stamp.clone());
                }
            });
            hospital.tests.stand(stamp, *test, TestState::WorkedUp);
        }
        DiscrepancyEvent::Reopened {
            discrepancy, test, ..
        } => {
            hospital
                .discrepancies
                .change(*discrepancy, stamp, |found| found.conclusion = None);
            hospital.tests.stand(stamp, *test, TestState::Entered);
        }
    }
}
