use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::{GovernanceEvent, TITLE_MOST, worded};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::{Hospital, Stamp};
use crate::id::ComparisonId;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// The most samples of one comparison.
pub const SAMPLES_MOST: usize = 200;
/// The most ways of measuring compared at once.
const PARTIES_MOST: usize = 12;
/// The most characters of one result.
const RESULT_MOST: usize = 40;

worded! {
    /// What is compared.
    Versus {
        /// Instrument with instrument.
        Instruments = "instruments",
        /// Person with person.
        Operators = "operators",
        /// Method with method.
        Methods = "methods",
    }
}

/// One sample measured by every party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The sample's name.
    pub sample: String,
    /// What each party found, in their order.
    pub results: Vec<String>,
}

/// What a comparison says; computed, never typed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every result is a number: the mean relative difference of each party from the first, in thousandths.
    Numbers {
        /// Of each party after the first.
        bias_permille: Vec<i64>,
        /// What was allowed.
        allowed_permille: i64,
        /// Whether all are within.
        acceptable: bool,
    },
    /// Results are words: how many samples all parties agree on.
    Words {
        /// Agreeing samples.
        agreed: u32,
        /// Samples.
        samples: u32,
        /// The least share asked for, in thousandths.
        least_permille: i64,
        /// Whether it was reached.
        acceptable: bool,
    },
}

impl Verdict {
    /// Whether the ways of measuring may stand for one another.
    pub fn acceptable(&self) -> bool {
        match self {
            Self::Numbers { acceptable, .. } | Self::Words { acceptable, .. } => *acceptable,
        }
    }
}

/// A comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Number.
    pub id: ComparisonId,
    /// Of what with what.
    pub versus: Versus,
    /// The test item.
    pub item: String,
    /// The ways compared, the reference first.
    pub parties: Vec<String>,
    /// One row a sample.
    pub rows: Vec<Row>,
    /// What follows.
    pub verdict: Verdict,
    /// Who recorded it, when.
    pub recorded: Stamp,
}

/// Records a comparison between instruments, operators or methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordComparison {
    /// Of what with what.
    pub versus: Versus,
    /// The test item.
    pub item: String,
    /// The ways compared, the reference first.
    pub parties: Vec<String>,
    /// One row a sample.
    pub rows: Vec<Row>,
}

impl Decide for RecordComparison {
    fn action(&self) -> Action {
        Action::ComparisonRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("item", &self.item, 1, TITLE_MOST);
        checks.require((2..=PARTIES_MOST).contains(&self.parties.len()), || {
            Finding::bad_value("parties", "why-two-at-least").with("most", PARTIES_MOST as i64)
        });
        for party in &self.parties {
            checks.text("parties", party, 1, TITLE_MOST);
        }
        let least = checks.take(
            hospital
                .policies
                .count(Key::ComparisonSamplesLeast, context.at),
        );
        let agreement = checks.take(
            hospital
                .policies
                .count(Key::ComparisonAgreement, context.at),
        );
        let bias = checks.take(hospital.policies.count(Key::ComparisonBias, context.at));
        if let Some(least) = least {
            checks.require(
                self.rows.len() as i64 >= least && self.rows.len() <= SAMPLES_MOST,
                || {
                    Finding::bad_value("rows", "why-samples")
                        .with("least", least)
                        .with("most", SAMPLES_MOST as i64)
                },
            );
        }
        for (line, row) in self.rows.iter().enumerate() {
            let whole = row.results.len() == self.parties.len()
                && !row.sample.trim().is_empty()
                && row.results.iter().all(|result| {
                    !result.trim().is_empty() && result.chars().count() <= RESULT_MOST
                });
            checks.require(whole, || {
                Finding::bad_value("rows", "why-row-incomplete").with("row", line as i64 + 1)
            });
        }
        let twice = self.rows.iter().enumerate().find(|(line, row)| {
            self.rows
                .iter()
                .take(*line)
                .any(|old| old.sample == row.sample)
        });
        checks.require(twice.is_none(), || {
            Finding::bad_value("rows", "why-sample-twice")
                .with("row", twice.map_or(0, |(line, _)| line as i64 + 1))
        });
        checks.settle()?;
        // Both were read: a missing one is a finding and has refused.
        let (Some(agreement), Some(bias)) = (agreement, bias) else {
            return Ok(Vec::new());
        };
        let verdict = judge(&self.rows, agreement, bias);
        Ok(vec![
            GovernanceEvent::Compared {
                comparison: hospital.next.comparison,
                versus: self.versus,
                item: self.item.trim().into(),
                parties: self
                    .parties
                    .iter()
                    .map(|party| party.trim().into())
                    .collect(),
                rows: self.rows.clone(),
                verdict,
            }
            .into(),
        ])
    }
}

/// Numbers when every result of every row is one other than zero for the reference; words otherwise.
fn judge(rows: &[Row], least_permille: i64, allowed_permille: i64) -> Verdict {
    match biases(rows) {
        Some(bias_permille) => Verdict::Numbers {
            acceptable: bias_permille
                .iter()
                .all(|bias| bias.abs() <= allowed_permille),
            bias_permille,
            allowed_permille,
        },
        None => {
            let agreed = rows
                .iter()
                .filter(|row| {
                    let mut words = row.results.iter().map(|word| word.trim().to_lowercase());
                    let first = words.next();
                    words.all(|word| Some(&word) == first.as_ref())
                })
                .count();
            let (agreed, samples) = (agreed as u32, rows.len() as u32);
            Verdict::Words {
                agreed,
                samples,
                least_permille,
                acceptable: samples > 0
                    && i64::from(agreed) * 1000
                        >= least_permille.saturating_mul(i64::from(samples)),
            }
        }
    }
}

/// The mean relative difference of each party from the first in thousandths, rounded away from zero so that no rounding
/// makes a difference acceptable. `None` when a result is no number or the reference is zero.
fn biases(rows: &[Row]) -> Option<Vec<i64>> {
    let parties = rows.first()?.results.len();
    let mut sums = vec![0.0f64; parties.saturating_sub(1)];
    for row in rows {
        let mut numbers = Vec::with_capacity(parties);
        for result in &row.results {
            numbers.push(Decimal::parse(result).ok()?.to_f64());
        }
        let (reference, others) = numbers.split_first()?;
        if *reference == 0.0 {
            return None;
        }
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += (other - reference) / reference;
        }
    }
    let bias = |sum: f64| {
        let exact = sum / rows.len() as f64 * 1000.0;
        // What binary fractions add to a round figure is not a difference.
        let exact = (exact * 1e6).round() / 1e6;
        (exact.abs().ceil() * exact.signum()) as i64
    };
    Some(sums.into_iter().map(bias).collect())
}
