use serde::{Deserialize, Serialize};

use super::limits::{judge, of, unreadable};
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

worded! {
    /// What the results of a comparison are.
    Scale {
        /// Words: they agree or they do not.
        Words = "words",
        /// Strengths of reaction.
        Grades = "grades",
        /// Numbers of one unit.
        Numbers = "numbers",
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
    /// Results are numbers.
    Numbers {
        /// The mean relative difference of each party after the first from the first, in thousandths, rounded away from zero.
        bias_permille: Vec<i64>,
        /// What was allowed of it.
        allowed_permille: i64,
        /// How many samples of each of them lie within what was allowed for one sample.
        within: Vec<u32>,
        /// Samples.
        samples: u32,
        /// What was allowed for one sample, in thousandths.
        each_permille: i64,
        /// The least share of samples within it, in thousandths.
        share_permille: i64,
        /// Whether all are within both.
        acceptable: bool,
    },
    /// Results are strengths of reaction.
    Grades {
        /// Samples in which everybody agrees within the steps.
        agreed: u32,
        /// Samples in which everybody read the same.
        exact: u32,
        /// Samples.
        samples: u32,
        /// Steps that were allowed.
        steps: u8,
        /// The least share asked for, in thousandths.
        least_permille: i64,
        /// Whether it was reached.
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
            Self::Numbers { acceptable, .. }
            | Self::Grades { acceptable, .. }
            | Self::Words { acceptable, .. } => *acceptable,
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
    /// The test item; its limits are those the policy has for it.
    pub item: String,
    /// What the results are.
    pub scale: Scale,
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
        let limits = checks.take(hospital.policies.comparison_limits(context.at));
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
        for line in unreadable(&self.rows, self.scale) {
            let why = match self.scale {
                Scale::Numbers => "why-row-no-numbers",
                _ => "why-row-no-grades",
            };
            checks.find(Finding::bad_value("rows", why).with("row", line as i64));
        }
        let limit = limits.and_then(|limits| {
            let limit = of(limits, &self.item);
            checks.require(limit.is_some(), || {
                Finding::bad_value("item", "why-no-limits").with("value", self.item.as_str())
            });
            limit
        });
        checks.settle()?;
        // Missing limits are a finding and have refused.
        let Some(limit) = limit else {
            return Ok(Vec::new());
        };
        let verdict = judge(&self.rows, self.scale, limit);
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
