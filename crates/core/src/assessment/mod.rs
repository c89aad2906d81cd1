//! External quality assessment, the laboratory's side: programmes, rounds, blinded samples, results, scores, and what was done
//! about a bad one. The arithmetic is `lifeline-qc`'s; which table grades is policy data.

mod absence;
mod appeal;
mod carry;
mod close;
mod enter;
mod event;
mod programme;
mod receive;
mod report;
mod score;
mod submit;
mod take;
#[cfg(test)]
mod tests;
mod trend;
mod tube;

pub use absence::RecordAbsence;
pub use appeal::{AppealRound, SettleAppeal};
pub use carry::{Carried, CarryOverRound};
pub use close::{CloseRound, TakeStep};
pub use enter::EnterResults;
pub use event::{AssessmentEvent, Entered, Told, apply};
pub use programme::{OpenRound, SaveProgramme};
pub use receive::ReceivePanel;
pub use report::RecordReport;
pub use score::{ItemOutcome, Mark, Outcome, Score};
pub use submit::SubmitRound;
pub use take::TakeResults;
pub use trend::{Point, standing, trend};
pub(crate) use tube::is_of_round;
pub use tube::{TubeAnswer, tube_answer, tube_answers};

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use crate::hospital::{Hospital, Stamp};
use crate::id::{DeviceId, ProgrammeId, RoundId, SampleId, TestId, UserId};
use crate::policy::Key;

/// The most characters of a name, label, reference or answer.
pub const TEXT_MOST: usize = 80;
/// The most items of a programme.
pub const ITEMS_MOST: usize = 20;
/// The most samples of a round.
pub const SAMPLES_MOST: usize = 20;
/// The most steps taken about one round.
pub const STEPS_MOST: usize = 50;

/// How the answers of an item are judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Words or titres, by the programme's grading table.
    Graded,
    /// A number in this unit, by z or z′.
    Measured {
        /// The unit, as the provider prints it.
        unit: String,
    },
}

/// One thing a programme tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its word in the grading table and in message keys, for example `abo`.
    pub code: String,
    /// How its answers are judged.
    pub measure: Measure,
}

/// A programme of external assessment the department takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programme {
    /// Our name for it.
    pub id: ProgrammeId,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub latin: String,
    /// Who organises it.
    pub provider: String,
    /// The grading table, one of those of `assessment.tables`.
    pub table: String,
    /// What it tests.
    pub items: Vec<Item>,
    /// Whether the department takes part at present.
    pub active: bool,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// A sample of a panel and the ordinary tube label it goes to the bench under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindSample {
    /// The provider's code.
    pub code: String,
    /// The barcode the bench sees.
    pub tube: SampleId,
}

/// How a panel came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When it came.
    pub at: Timestamp,
    /// Who took it in and knows which tube is which.
    pub by: UserId,
    /// Nothing broken, leaking or warm.
    pub intact: bool,
    /// Remarks.
    pub note: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Of a graded item: a group, positive or negative, antibodies, a titre.
    Word(String),
    /// Of a measured item.
    Figure(Decimal),
}

impl Answer {
    /// As written.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Figure(figure) => figure.to_string(),
        }
    }
}

/// One result of one sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The answer.
    pub answer: Answer,
    /// Who tested.
    pub tester: UserId,
    /// When.
    pub tested: Timestamp,
    /// On which machine.
    pub device: Option<DeviceId>,
    /// The verified test of the tube it was taken from; `None` for what was typed.
    pub test: Option<TestId>,
    /// The journal entry that entered it.
    pub entered: Stamp,
    /// Why it replaced an earlier one, which the journal keeps.
    pub correction: Option<String>,
}

/// The results as they went to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The provider's receipt number, or how it was sent.
    pub reference: String,
    /// Who checked it as the second person.
    pub checked_by: UserId,
    /// After the deadline: counts as nothing.
    pub late: bool,
    /// Who sent it and when.
    pub stamp: Stamp,
}

/// What the provider says the right answer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Of a graded item.
    Expected(String),
    /// Of a measured item.
    Assigned {
        /// Assigned value.
        x_pt: Decimal,
        /// Standard deviation for assessment.
        sigma_pt: Decimal,
        /// Standard uncertainty of the assigned value, where stated.
        u_x_pt: Option<Decimal>,
    },
    /// The provider does not grade this challenge.
    NotGraded,
}

/// A provider's report as entered and scored here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The provider's number of it.
    pub reference: String,
    /// How the round came out.
    pub outcome: Outcome,
    /// Who entered it and when.
    pub stamp: Stamp,
}

/// An appeal against a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    /// Why.
    pub grounds: String,
    /// Who and when.
    pub stamp: Stamp,
    /// The provider's answer: upheld or not, in words, when.
    pub settled: Option<(bool, String, Stamp)>,
}

/// One step after an unsatisfactory round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The root cause.
    Cause(String),
    /// What is done about it.
    Correction(String),
    /// Whether it worked, and how that was found.
    Effect {
        /// It worked.
        effective: bool,
        /// How that was found.
        finding: String,
    },
}

impl Step {
    /// The word in message keys.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Cause(_) => "cause",
            Self::Correction(_) => "correction",
            Self::Effect { .. } => "effect",
        }
    }

    /// What was written.
    pub fn text(&self) -> &str {
        match self {
            Self::Cause(text) | Self::Correction(text) => text,
            Self::Effect { finding, .. } => finding,
        }
    }
}

/// Where a round stands. Derived, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoundState {
    /// The panel has not come.
    Awaited,
    /// The panel is here, results are wanted.
    Testing,
    /// Sent; the report is awaited.
    Submitted,
    /// Scored as unsatisfactory: cause, correction and effect are wanted.
    Unsatisfactory,
    /// Scored, nothing more to do but to close it.
    Settled,
    /// An appeal is with the provider.
    Appealed,
    /// Closed.
    Closed,
}

impl RoundState {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Awaited,
        Self::Testing,
        Self::Submitted,
        Self::Unsatisfactory,
        Self::Settled,
        Self::Appealed,
        Self::Closed,
    ];

    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Testing => "testing",
            Self::Submitted => "submitted",
            Self::Unsatisfactory => "unsatisfactory",
            Self::Settled => "settled",
            Self::Appealed => "appealed",
            Self::Closed => "closed",
        }
    }
}

/// One round (exercise, distribution, event) of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Number.
    pub id: RoundId,
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The provider's name of it, for example `2026-2`.
    pub label: String,
    /// What was tested then; the programme may change later.
    pub items: Vec<Item>,
    /// The grading table's name then.
    pub table: String,
    /// How many samples are expected.
    pub expected: u32,
    /// Results must be with the provider by then.
    pub deadline: Timestamp,
    /// Who planned it and when.
    pub opened: Stamp,
    /// How the panel came.
    pub receipt: Option<Receipt>,
    /// The panel.
    pub samples: Vec<BlindSample>,
    /// Results by tube and item.
    #[serde(with = "pairs")]
    pub results: BTreeMap<(SampleId, String), Reported>,
    /// Taken over from records before this program.
    pub carried_over: bool,
    /// What was sent.
    pub submission: Option<Submission>,
    /// Reports, oldest first; the last one counts.
    pub reports: Vec<Report>,
    /// Appeals, oldest first.
    pub appeals: Vec<Appeal>,
    /// Steps taken, oldest first.
    pub steps: Vec<(Step, Stamp)>,
    /// Who closed it, when, with what words.
    pub closed: Option<(String, Stamp)>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// A map whose keys are pairs, as a list, because JSON has no such keys.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Reported, SampleId};

    type Map = BTreeMap<(SampleId, String), Reported>;

    pub fn serialize<S: Serializer>(map: &Map, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Map, D::Error> {
        Vec::<((SampleId, String), Reported)>::deserialize(from)
            .map(|pairs| pairs.into_iter().collect())
    }
}

impl Round {
    /// Where it stands.
    pub fn state(&self) -> RoundState {
        if self.closed.is_some() {
            return RoundState::Closed;
        }
        if self
            .appeals
            .last()
            .is_some_and(|appeal| appeal.settled.is_none())
        {
            return RoundState::Appealed;
        }
        match (self.outcome(), &self.submission, &self.receipt) {
            (Some(outcome), _, _) if outcome.satisfactory || self.effective() => {
                RoundState::Settled
            }
            (Some(_), _, _) => RoundState::Unsatisfactory,
            (None, Some(_), _) => RoundState::Submitted,
            (None, None, Some(_)) => RoundState::Testing,
            (None, None, None) => RoundState::Awaited,
        }
    }

    /// The score that counts.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.reports.last().map(|report| &report.outcome)
    }

    /// Cause and correction are on record and the last effect found is good.
    fn effective(&self) -> bool {
        let last = |wanted: &str| {
            self.steps
                .iter()
                .rposition(|(step, _)| step.as_str() == wanted)
        };
        let good = matches!(
            self.steps
                .iter()
                .rfind(|(step, _)| matches!(step, Step::Effect { .. })),
            Some((
                Step::Effect {
                    effective: true,
                    ..
                },
                _
            ))
        );
        good && last("cause").is_some()
            && last("correction") < last("effect")
            && last("correction").is_some()
    }

    /// What is still wanted of every sample: tube and item.
    pub fn missing(&self) -> impl Iterator<Item = (&BlindSample, &Item)> {
        self.samples.iter().flat_map(move |sample| {
            self.items
                .iter()
                .filter(move |item| {
                    !self
                        .results
                        .contains_key(&(sample.tube.clone(), item.code.clone()))
                })
                .map(move |item| (sample, item))
        })
    }

    /// The item of this code.
    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.code == code)
    }
}

/// Programmes and rounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Assessments {
    /// Every programme.
    pub programmes: OrdMap<ProgrammeId, Arc<Programme>>,
    pub(crate) rounds: OrdMap<RoundId, Arc<Round>>,
    /// Neither sent nor scored yet, by deadline.
    pub(crate) due: OrdSet<(Timestamp, RoundId)>,
    /// Scored and not closed.
    pub(crate) unsettled: OrdSet<RoundId>,
}

impl Assessments {
    /// One round.
    pub fn round(&self, id: RoundId) -> Option<&Arc<Round>> {
        self.rounds.get(&id)
    }

    /// Every round, oldest first.
    pub fn rounds(&self) -> impl DoubleEndedIterator<Item = &Arc<Round>> {
        self.rounds.values()
    }

    /// The rounds of a programme, oldest first.
    pub fn of<'a>(
        &'a self,
        programme: &'a ProgrammeId,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<Round>> {
        self.rounds
            .values()
            .filter(move |round| round.programme == *programme)
    }

    /// Neither sent nor scored yet, soonest deadline first.
    pub fn due(&self) -> impl Iterator<Item = &Arc<Round>> {
        self.due.iter().filter_map(|(_, id)| self.rounds.get(id))
    }

    /// Scored and not closed, oldest first.
    pub fn unsettled(&self) -> impl Iterator<Item = &Arc<Round>> {
        self.unsettled.iter().filter_map(|id| self.rounds.get(id))
    }
}

/// How near a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// Not near.
    Far,
    /// Within the first alert.
    First,
    /// Within the second.
    Second,
    /// Within the last.
    Last,
    /// Past.
    Overdue,
}

impl Nearness {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Far => "far",
            Self::First => "first",
            Self::Second => "second",
            Self::Last => "last",
            Self::Overdue => "overdue",
        }
    }
}

/// The alerts before a deadline, the first first.
pub(crate) const ALERTS: [(Key, Nearness); 3] = [
    (Key::AssessmentFirstAlert, Nearness::First),
    (Key::AssessmentSecondAlert, Nearness::Second),
    (Key::AssessmentLastAlert, Nearness::Last),
];

/// How near the deadline of a round is at a moment; as near as can be where a policy of the alerts is not in force, so that nothing
/// is passed over in silence.
pub fn nearness(hospital: &Hospital, deadline: Timestamp, at: Timestamp) -> Nearness {
    if deadline <= at {
        return Nearness::Overdue;
    }
    ALERTS
        .into_iter()
        .rev()
        .find(|(key, _)| {
            hospital
                .policies
                .span(*key, at)
                .map_or(true, |span| deadline.duration_since(at) <= span)
        })
        .map_or(Nearness::Far, |(_, near)| near)
}
