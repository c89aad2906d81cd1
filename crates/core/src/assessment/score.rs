use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use lifeline_qc::Decimal;
use lifeline_qc::eqa::{self, Answered, ErrorKind, Event, GradingTable, Submitted, Verdict};
use serde::{Deserialize, Serialize};

use super::{Answer, Item, Measure, Round, Target};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::policy::Key;

/// A score in thousandths, as it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(pub i64);

impl Score {
    /// The largest score that is kept; whatever is beyond is as wrong.
    const MOST: f64 = 1e9;

    fn of(score: f64) -> Self {
        Self((score * 1000.0).round().clamp(-Self::MOST, Self::MOST) as i64)
    }

    /// The score.
    pub fn value(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

/// How one answer came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The expected answer.
    Right,
    /// Not the expected answer.
    Wrong(ErrorKind),
    /// A number with its score.
    Scored {
        /// z, or z′.
        score: Score,
        /// The score allows for the uncertainty of the assigned value (z′).
        prime: bool,
        /// What follows.
        verdict: Verdict,
    },
    /// Not graded by the provider.
    NotGraded,
}

impl Mark {
    /// Whether the answer counts as acceptable; `None` for one that is not graded.
    pub fn acceptable(&self) -> Option<bool> {
        match self {
            Self::Right => Some(true),
            Self::Wrong(_) => Some(false),
            Self::Scored { verdict, .. } => Some(*verdict != Verdict::Action),
            Self::NotGraded => None,
        }
    }
}

/// How one item of a round came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemOutcome {
    /// Which.
    pub item: String,
    /// Acceptable answers; 0 where the round was late or absent.
    pub acceptable: u32,
    /// Challenges graded.
    pub challenges: u32,
    /// Pass mark, per cent.
    pub pass: u32,
    /// Reached.
    pub satisfactory: bool,
    /// The pass mark is provisional.
    pub provisional: bool,
    /// Each sample, by the provider's code.
    pub marks: BTreeMap<String, Mark>,
}

impl ItemOutcome {
    /// The score in hundredths of a per cent.
    pub fn score(&self) -> u32 {
        hundredths(self.acceptable, self.challenges)
    }
}

pub(super) fn hundredths(part: u32, whole: u32) -> u32 {
    let (part, whole) = (u64::from(part), u64::from(whole));
    let score = (part * 20_000 + whole).checked_div(2 * whole);
    score
        .and_then(|score| u32::try_from(score).ok())
        .unwrap_or_default()
}

/// How a round came out, by the table in force on the day of its deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the results came in time.
    pub submitted: Submitted,
    /// Each item.
    pub items: Vec<ItemOutcome>,
    /// The score over everything, hundredths of a per cent.
    pub score: u32,
    /// Penalty points, where the programme counts them.
    pub points: u32,
    /// Every item satisfactory.
    pub satisfactory: bool,
    /// The grading table and the day it came into force.
    pub table: (String, Date),
}

/// The grading table of a name in force at a moment.
pub(super) fn table(
    hospital: &Hospital,
    name: &str,
    at: Timestamp,
) -> Result<GradingTable, Finding> {
    let tables = hospital.policies.grading_tables(at)?;
    eqa::in_force(tables, name, hospital.today(at))
        .cloned()
        .ok_or_else(|| Finding::bad_value("table", "why-not-listed").with("value", name))
}

/// Scores a round against the provider's targets, by the provider's sample code and item. The targets are complete and of
/// the right kind.
pub(super) fn score(
    hospital: &Hospital,
    round: &Round,
    targets: &BTreeMap<(String, String), Target>,
) -> Result<Outcome, Finding> {
    let table = table(hospital, &round.table, round.deadline)?;
    let submitted = match &round.submission {
        None => Submitted::Absent,
        Some(sent) if sent.late => Submitted::Late,
        Some(_) => Submitted::OnTime,
    };
    let counted = submitted == Submitted::OnTime;
    let mut answers = Vec::new();
    let mut items = Vec::new();
    let measured_pass = hospital
        .policies
        .count(Key::AssessmentMeasuredPass, round.deadline)?;
    let measured_pass = u32::try_from(measured_pass).unwrap_or(100);
    for item in &round.items {
        match &item.measure {
            Measure::Graded => answers.extend(challenges(round, item, targets)),
            Measure::Measured { .. } => {
                items.push(measured(round, item, targets, counted, measured_pass)?);
            }
        }
    }
    let mut points = 0;
    let mut satisfactory = counted;
    let (mut part, mut whole) = (0, 0);
    if answers.is_empty() {
        let penalty = table.penalties.as_ref().filter(|_| !counted);
        points = penalty.map_or(0, |penalties| penalties.absent);
    } else {
        let event = Event {
            submitted,
            answers: answers.clone(),
        };
        let graded = eqa::grade(&table, &event).map_err(|error| {
            Finding::bad_value("targets", "why-cannot-be-graded").with("value", error.to_string())
        })?;
        points += graded.points;
        satisfactory &= graded.satisfactory;
        for (code, grade) in graded.items {
            let mut marks: BTreeMap<String, Mark> = answers
                .iter()
                .filter(|answer| answer.item == code)
                .map(|answer| {
                    let mark = match grade.errors.get(&answer.sample) {
                        Some(kind) => Mark::Wrong(*kind),
                        None => Mark::Right,
                    };
                    (answer.sample.clone(), mark)
                })
                .collect();
            marks.extend(not_graded(round, &code, targets));
            let weight = table.items.get(&code).map_or(1, |rule| rule.weight);
            part += weight * grade.acceptable;
            whole += weight * grade.challenges;
            items.push(ItemOutcome {
                item: code,
                acceptable: grade.acceptable,
                challenges: grade.challenges,
                pass: grade.pass,
                satisfactory: grade.satisfactory,
                provisional: grade.provisional,
                marks,
            });
        }
    }
    for item in items.iter().filter(|item| {
        round
            .item(&item.item)
            .is_some_and(|found| found.measure != Measure::Graded)
    }) {
        part += item.acceptable;
        whole += item.challenges;
        satisfactory &= item.satisfactory;
    }
    if whole == 0 {
        return Err(Finding::bad_value("targets", "why-cannot-be-graded"));
    }
    Ok(Outcome {
        submitted,
        items,
        score: hundredths(part, whole),
        points,
        satisfactory,
        table: (table.name, table.effective),
    })
}

fn challenges(
    round: &Round,
    item: &Item,
    targets: &BTreeMap<(String, String), Target>,
) -> Vec<Answered> {
    let mut answers = Vec::new();
    for (code, reported) in reported(round, item, targets) {
        if let Some(Target::Expected(expected)) = targets.get(&(code.clone(), item.code.clone())) {
            answers.push(Answered {
                item: item.code.clone(),
                sample: code,
                expected: expected.clone(),
                reported: reported.map(|answer| answer.text()),
            });
        }
    }
    answers
}

/// Each sample of the round with its answer; for a panel that never came, the codes the targets name.
fn reported<'a>(
    round: &'a Round,
    item: &Item,
    targets: &BTreeMap<(String, String), Target>,
) -> Vec<(String, Option<&'a Answer>)> {
    if round.samples.is_empty() {
        return targets
            .keys()
            .filter(|(_, code)| *code == item.code)
            .map(|(sample, _)| (sample.clone(), None))
            .collect();
    }
    round
        .samples
        .iter()
        .map(|sample| {
            let key = (sample.tube.clone(), item.code.clone());
            let found = round.results.get(&key).map(|reported| &reported.answer);
            (sample.code.clone(), found)
        })
        .collect()
}

fn not_graded(
    round: &Round,
    item: &str,
    targets: &BTreeMap<(String, String), Target>,
) -> BTreeMap<String, Mark> {
    round
        .samples
        .iter()
        .filter(|sample| {
            targets.get(&(sample.code.clone(), item.to_owned())) == Some(&Target::NotGraded)
        })
        .map(|sample| (sample.code.clone(), Mark::NotGraded))
        .collect()
}

fn measured(
    round: &Round,
    item: &Item,
    targets: &BTreeMap<(String, String), Target>,
    counted: bool,
    pass: u32,
) -> Result<ItemOutcome, Finding> {
    let mut marks = not_graded(round, &item.code, targets);
    for (code, reported) in reported(round, item, targets) {
        let Some(Target::Assigned {
            x_pt,
            sigma_pt,
            u_x_pt,
        }) = targets.get(&(code.clone(), item.code.clone()))
        else {
            continue;
        };
        let mark = match reported {
            Some(Answer::Figure(x)) => one_score(*x, *x_pt, *sigma_pt, *u_x_pt)?,
            _ => Mark::Wrong(ErrorKind::Missing),
        };
        marks.insert(code, mark);
    }
    let graded = marks.values().filter_map(Mark::acceptable);
    let challenges = graded.clone().count() as u32;
    let right = graded.filter(|acceptable| *acceptable).count() as u32;
    let acceptable = if counted { right } else { 0 };
    Ok(ItemOutcome {
        item: item.code.clone(),
        acceptable,
        challenges,
        pass,
        satisfactory: acceptable * 100 >= pass * challenges && counted,
        provisional: true,
        marks,
    })
}

fn one_score(
    x: Decimal,
    x_pt: Decimal,
    sigma_pt: Decimal,
    u_x_pt: Option<Decimal>,
) -> Result<Mark, Finding> {
    let bad = |error: eqa::ScoringError| {
        Finding::new(Rule::BadValue)
            .word("field", "field-targets")
            .word("why", "why-cannot-be-graded")
            .with("value", error.to_string())
    };
    let (x, x_pt, sigma_pt) = (x.to_f64(), x_pt.to_f64(), sigma_pt.to_f64());
    let counts = u_x_pt
        .map(Decimal::to_f64)
        .filter(|u| !eqa::uncertainty_negligible(*u, eqa::Limit::SigmaPt(sigma_pt)));
    let (score, prime) = match counts {
        Some(u) => (eqa::z_prime(x, x_pt, sigma_pt, u), true),
        None => (eqa::z(x, x_pt, sigma_pt), false),
    };
    let score = score.map_err(bad)?;
    Ok(Mark::Scored {
        score: Score::of(score),
        prime,
        verdict: eqa::verdict(score),
    })
}
