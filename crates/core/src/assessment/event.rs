use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Appeal, BlindSample, Item, Outcome, Programme, Receipt, Report, Reported, Round, Step,
    Submission, Target,
};
use crate::hospital::{Hospital, Stamp};
use crate::id::{DeviceId, ProgrammeId, RoundId, SampleId, TestId, UserId};
use crate::subject::Subject;

/// One answer as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The tube.
    pub tube: SampleId,
    /// The item.
    pub item: String,
    /// The answer.
    pub answer: Answer,
}

/// What the provider says of one challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The provider's code of the sample.
    pub code: String,
    /// The item.
    pub item: String,
    /// The right answer.
    pub target: Target,
}

/// Facts about external assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentEvent {
    /// A programme was entered or changed.
    ProgrammeSaved {
        /// Which.
        programme: ProgrammeId,
        /// Chinese name.
        name: String,
        /// English name.
        latin: String,
        /// Who organises it.
        provider: String,
        /// Grading table.
        table: String,
        /// What it tests.
        items: Vec<Item>,
        /// Whether the department takes part.
        active: bool,
    },
    /// A round was planned.
    RoundOpened {
        /// Number.
        round: RoundId,
        /// Of which programme.
        programme: ProgrammeId,
        /// The provider's name of it.
        label: String,
        /// What is tested.
        items: Vec<Item>,
        /// Grading table.
        table: String,
        /// Samples expected.
        expected: u32,
        /// Deadline.
        deadline: Timestamp,
    },
    /// A round from before this program was carried over.
    RoundCarriedOver {
        /// Number.
        round: RoundId,
        /// Of which programme.
        programme: ProgrammeId,
        /// The provider's name of it.
        label: String,
        /// What was tested.
        items: Vec<Item>,
        /// Grading table.
        table: String,
        /// Deadline.
        deadline: Timestamp,
        /// The provider's number of the report.
        reference: String,
        /// How it came out.
        outcome: Outcome,
        /// Second person.
        second: UserId,
    },
    /// The panel came and was blinded.
    PanelReceived {
        /// Which round.
        round: RoundId,
        /// When it came.
        received: Timestamp,
        /// The samples.
        samples: Vec<BlindSample>,
        /// Nothing broken, leaking or warm.
        intact: bool,
        /// Remarks.
        note: String,
    },
    /// Results were entered, or entered anew.
    ResultsEntered {
        /// Which round.
        round: RoundId,
        /// Who tested.
        tester: UserId,
        /// When.
        tested: Timestamp,
        /// On which machine.
        device: Option<DeviceId>,
        /// The answers.
        results: Vec<Entered>,
        /// The verified test behind each answer, in the same order; empty where answers were typed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tests: Vec<TestId>,
        /// Why earlier ones are replaced.
        correction: Option<String>,
        /// Why the same person tested again so soon.
        rotation: Option<String>,
    },
    /// The results were sent.
    Submitted {
        /// Which round.
        round: RoundId,
        /// The provider's receipt.
        reference: String,
        /// Second person.
        checked_by: UserId,
        /// After the deadline.
        late: bool,
        /// Why they were sent all the same.
        reason: Option<String>,
    },
    /// The provider's report was entered and scored.
    ReportRecorded {
        /// Which round.
        round: RoundId,
        /// The provider's number of it.
        reference: String,
        /// What the provider says.
        targets: Vec<Told>,
        /// How the round came out.
        outcome: Outcome,
    },
    /// The score is contested.
    Appealed {
        /// Which round.
        round: RoundId,
        /// Why.
        grounds: String,
    },
    /// The provider answered.
    AppealSettled {
        /// Which round.
        round: RoundId,
        /// A corrected report follows.
        upheld: bool,
        /// The answer.
        answer: String,
    },
    /// Something was done about an unsatisfactory round.
    StepTaken {
        /// Which round.
        round: RoundId,
        /// What.
        step: Step,
    },
    /// The round was closed.
    RoundClosed {
        /// Which round.
        round: RoundId,
        /// Remarks.
        note: String,
    },
}

kinds!(AssessmentEvent, "assessment" {
    ProgrammeSaved => "programme_saved", RoundOpened => "round_opened", RoundCarriedOver => "round_carried_over", PanelReceived => "panel_received",
    ResultsEntered => "results_entered", Submitted => "submitted", ReportRecorded => "report_recorded",
    Appealed => "appealed", AppealSettled => "appeal_settled", StepTaken => "step_taken",
    RoundClosed => "round_closed",
});

impl AssessmentEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::ProgrammeSaved { programme, .. } => vec![programme.clone().into()],
            Self::RoundOpened {
                round, programme, ..
            }
            | Self::RoundCarriedOver {
                round, programme, ..
            } => vec![(*round).into(), programme.clone().into()],
            Self::PanelReceived { round, samples, .. } => {
                let mut subjects = vec![Subject::from(*round)];
                subjects.extend(samples.iter().map(|sample| sample.tube.clone().into()));
                subjects
            }
            Self::ResultsEntered {
                round,
                tester,
                results,
                tests,
                ..
            } => {
                let mut subjects = vec![Subject::from(*round), tester.clone().into()];
                subjects.extend(tests.iter().copied().map(Subject::from));
                subjects.extend(results.iter().map(|entered| entered.tube.clone().into()));
                subjects
            }
            Self::Submitted { round, .. }
            | Self::ReportRecorded { round, .. }
            | Self::Appealed { round, .. }
            | Self::AppealSettled { round, .. }
            | Self::StepTaken { round, .. }
            | Self::RoundClosed { round, .. } => vec![(*round).into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &AssessmentEvent) {
    match event {
        AssessmentEvent::ProgrammeSaved {
            programme,
            name,
            latin,
            provider,
            table,
            items,
            active,
        } => {
            hospital.assessments.programmes.insert(
                programme.clone(),
                Arc::new(Programme {
                    id: programme.clone(),
                    name: name.clone(),
                    latin: latin.clone(),
                    provider: provider.clone(),
                    table: table.clone(),
                    items: items.clone(),
                    active: *active,
                    changed: stamp.clone(),
                }),
            );
        }
        AssessmentEvent::RoundOpened {
            round,
            programme,
            label,
            items,
            table,
            expected,
            deadline,
        } => {
            hospital.next.round = round.next();
            hospital.assessments.due.insert((*deadline, *round));
            hospital.assessments.rounds.insert(
                *round,
                Arc::new(Round {
                    id: *round,
                    programme: programme.clone(),
                    label: label.clone(),
                    items: items.clone(),
                    table: table.clone(),
                    expected: *expected,
                    deadline: *deadline,
                    opened: stamp.clone(),
                    carried_over: false,
                    receipt: None,
                    samples: Vec::new(),
                    results: BTreeMap::new(),
                    submission: None,
                    reports: Vec::new(),
                    appeals: Vec::new(),
                    steps: Vec::new(),
                    closed: None,
                    changed: stamp.clone(),
                }),
            );
        }
        AssessmentEvent::RoundCarriedOver {
            round,
            programme,
            label,
            items,
            table,
            deadline,
            reference,
            outcome,
            ..
        } => {
            hospital.next.round = round.next();
            hospital.assessments.rounds.insert(
                *round,
                Arc::new(Round {
                    id: *round,
                    programme: programme.clone(),
                    label: label.clone(),
                    items: items.clone(),
                    table: table.clone(),
                    expected: 0,
                    deadline: *deadline,
                    opened: stamp.clone(),
                    carried_over: true,
                    receipt: None,
                    samples: Vec::new(),
                    results: BTreeMap::new(),
                    submission: None,
                    reports: vec![Report {
                        reference: reference.clone(),
                        outcome: outcome.clone(),
                        stamp: stamp.clone(),
                    }],
                    appeals: Vec::new(),
                    steps: Vec::new(),
                    closed: Some((String::new(), stamp.clone())),
                    changed: stamp.clone(),
                }),
            );
        }
        AssessmentEvent::PanelReceived {
            round,
            received,
            samples,
            intact,
            note,
        } => change(hospital, stamp, *round, |round| {
            round.samples = samples.clone();
            round.receipt = Some(Receipt {
                at: *received,
                by: stamp.by.clone(),
                intact: *intact,
                note: note.clone(),
            });
        }),
        AssessmentEvent::ResultsEntered {
            round,
            tester,
            tested,
            device,
            results,
            tests,
            correction,
            ..
        } => change(hospital, stamp, *round, |round| {
            for (at, entered) in results.iter().enumerate() {
                let key = (entered.tube.clone(), entered.item.clone());
                let again = round.results.contains_key(&key);
                round.results.insert(
                    key,
                    Reported {
                        answer: entered.answer.clone(),
                        tester: tester.clone(),
                        tested: *tested,
                        device: device.clone(),
                        test: tests.get(at).copied(),
                        entered: stamp.clone(),
                        correction: correction.clone().filter(|_| again),
                    },
                );
            }
        }),
        AssessmentEvent::Submitted {
            round,
            reference,
            checked_by,
            late,
            ..
        } => {
            settle_deadline(hospital, *round);
            change(hospital, stamp, *round, |round| {
                round.submission = Some(Submission {
                    reference: reference.clone(),
                    checked_by: checked_by.clone(),
                    late: *late,
                    stamp: stamp.clone(),
                });
            });
        }
        AssessmentEvent::ReportRecorded {
            round,
            reference,
            outcome,
            ..
        } => {
            settle_deadline(hospital, *round);
            if hospital.assessments.rounds.contains_key(round) {
                hospital.assessments.unsettled.insert(*round);
            }
            change(hospital, stamp, *round, |round| {
                round.reports.push(Report {
                    reference: reference.clone(),
                    outcome: outcome.clone(),
                    stamp: stamp.clone(),
                });
            });
        }
        AssessmentEvent::Appealed { round, grounds } => change(hospital, stamp, *round, |round| {
            round.appeals.push(Appeal {
                grounds: grounds.clone(),
                stamp: stamp.clone(),
                settled: None,
            });
        }),
        AssessmentEvent::AppealSettled {
            round,
            upheld,
            answer,
        } => change(hospital, stamp, *round, |round| {
            if let Some(appeal) = round.appeals.last_mut() {
                appeal.settled = Some((*upheld, answer.clone(), stamp.clone()));
            }
        }),
        AssessmentEvent::StepTaken { round, step } => change(hospital, stamp, *round, |round| {
            round.steps.push((step.clone(), stamp.clone()));
        }),
        AssessmentEvent::RoundClosed { round, note } => {
            hospital.assessments.unsettled.remove(round);
            change(hospital, stamp, *round, |round| {
                round.closed = Some((note.clone(), stamp.clone()));
            });
        }
    }
}

fn settle_deadline(hospital: &mut Hospital, id: RoundId) {
    let assessments = &mut hospital.assessments;
    if let Some(round) = assessments.rounds.get(&id) {
        assessments.due.remove(&(round.deadline, id));
    }
}

fn change(hospital: &mut Hospital, stamp: &Stamp, id: RoundId, how: impl FnOnce(&mut Round)) {
    if let Some(round) = hospital.assessments.rounds.get_mut(&id).map(Arc::make_mut) {
        how(round);
        round.changed = stamp.clone();
    }
}
