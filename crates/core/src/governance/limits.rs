//! What a comparison may differ, and whether it does.

use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::comparison::{Row, Scale, Verdict};
use crate::blood::Grade;

/// The item of a limit that holds where no other does.
pub const ANY_ITEM: &str = "*";
/// The most limits of the policy.
const LIMITS_MOST: usize = 200;
/// All, in thousandths.
const ALL: i64 = 1000;
/// Grades from none to four, as steps.
const STEPS_MOST: u8 = 5;

/// What a comparison of one item may differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonLimit {
    /// The item as comparisons name it, upper or lower case; `*` for every other.
    pub item: String,
    /// Words and grades: the least share of samples that agree, in thousandths.
    pub agreement: i64,
    /// Grades: so many steps apart still agree, as long as what reacts for one reacts for all.
    pub steps: u8,
    /// Numbers: the largest mean relative difference from the reference, in thousandths.
    pub bias: i64,
    /// Numbers: the largest relative difference of one sample, in thousandths.
    pub each: i64,
    /// Numbers: the least share of samples within it, in thousandths.
    pub share: i64,
}

/// The limit of an item.
pub(super) fn of<'a>(limits: &'a [ComparisonLimit], item: &str) -> Option<&'a ComparisonLimit> {
    let item = item.trim().to_lowercase();
    limits
        .iter()
        .find(|limit| limit.item.trim().to_lowercase() == item)
        .or_else(|| limits.iter().find(|limit| limit.item == ANY_ITEM))
}

/// What is wrong with the limits of a policy, as a key of the message files with the item.
pub(crate) fn unsound(limits: &[ComparisonLimit]) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if limits.len() > LIMITS_MOST {
        wrong.push(("why-too-many", String::new()));
    }
    if !limits.iter().any(|limit| limit.item == ANY_ITEM) {
        wrong.push(("why-no-other-item", ANY_ITEM.into()));
    }
    for (at, limit) in limits.iter().enumerate() {
        let name = limit.item.trim().to_lowercase();
        let before = limits.iter().take(at);
        let parts = [limit.agreement, limit.share];
        let why = if name.is_empty() {
            "why-empty"
        } else if before
            .into_iter()
            .any(|one| one.item.trim().to_lowercase() == name)
        {
            "why-listed-twice"
        } else if !parts.iter().all(|part| (0..=ALL).contains(part))
            || ![limit.bias, limit.each]
                .iter()
                .all(|part| (0..=ALL).contains(part))
            || limit.steps > STEPS_MOST
        {
            "why-out-of-range"
        } else {
            continue;
        };
        wrong.push((why, limit.item.clone()));
    }
    wrong
}

/// How far up the scale a grade stands; mixed fields and haemolysis stand on none.
fn rank(grade: Grade) -> Option<u8> {
    Some(match grade {
        Grade::Negative => 0,
        Grade::Weak => 1,
        Grade::One => 2,
        Grade::Two => 3,
        Grade::Three => 4,
        Grade::Four => 5,
        Grade::MixedField | Grade::Haemolysis => return None,
    })
}

/// Whether two grades agree: equal, or both reactive and at most so many steps apart.
pub fn grades_agree(one: Grade, other: Grade, steps: u8) -> bool {
    if one == other {
        return true;
    }
    match (rank(one), rank(other)) {
        (Some(a), Some(b)) => a > 0 && b > 0 && a.abs_diff(b) <= steps,
        _ => false,
    }
}

/// The lines, counted from 1, that do not hold what the scale reads.
pub(super) fn unreadable(rows: &[Row], scale: Scale) -> Vec<usize> {
    let reads = |text: &str| match scale {
        Scale::Words => true,
        Scale::Grades => Grade::parse(text).is_some(),
        Scale::Numbers => Decimal::parse(text.trim()).is_ok(),
    };
    let zero = |row: &Row| {
        let reference = row
            .results
            .first()
            .and_then(|text| Decimal::parse(text.trim()).ok());
        scale == Scale::Numbers && reference.is_some_and(|number| number.to_f64() == 0.0)
    };
    rows.iter()
        .enumerate()
        .filter(|(_, row)| !row.results.iter().all(|text| reads(text)) || zero(row))
        .map(|(line, _)| line + 1)
        .collect()
}

/// Says whether the ways compared may stand for one another. The rows are complete and readable.
pub(super) fn judge(rows: &[Row], scale: Scale, limit: &ComparisonLimit) -> Verdict {
    let samples = rows.len() as u32;
    let reached = |part: u32, least: i64| {
        samples > 0 && i64::from(part) * ALL >= least.saturating_mul(i64::from(samples))
    };
    match scale {
        Scale::Words => {
            let agreed = count(rows, |row| {
                let mut words = row.results.iter().map(|word| word.trim().to_lowercase());
                let first = words.next();
                words.all(|word| Some(&word) == first.as_ref())
            });
            Verdict::Words {
                agreed,
                samples,
                least_permille: limit.agreement,
                acceptable: reached(agreed, limit.agreement),
            }
        }
        Scale::Grades => {
            let all = |steps: u8| {
                count(rows, |row| {
                    let mut grades = row.results.iter().map(|text| Grade::parse(text));
                    let Some(Some(first)) = grades.next() else {
                        return false;
                    };
                    grades.all(|grade| grade.is_some_and(|one| grades_agree(first, one, steps)))
                })
            };
            let agreed = all(limit.steps);
            Verdict::Grades {
                agreed,
                exact: all(0),
                samples,
                steps: limit.steps,
                least_permille: limit.agreement,
                acceptable: reached(agreed, limit.agreement),
            }
        }
        Scale::Numbers => {
            let parties = rows.first().map_or(0, |row| row.results.len());
            let mut bias_permille = Vec::new();
            let mut within = Vec::new();
            for party in 1..parties {
                let differences: Vec<f64> = rows
                    .iter()
                    .filter_map(|row| difference(row, party))
                    .collect();
                let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
                bias_permille.push(away(mean));
                let near = differences
                    .iter()
                    .filter(|one| away(**one).abs() <= limit.each);
                within.push(near.count() as u32);
            }
            Verdict::Numbers {
                acceptable: bias_permille.iter().all(|bias| bias.abs() <= limit.bias)
                    && within.iter().all(|near| reached(*near, limit.share)),
                bias_permille,
                allowed_permille: limit.bias,
                within,
                samples,
                each_permille: limit.each,
                share_permille: limit.share,
            }
        }
    }
}

fn count(rows: &[Row], good: impl Fn(&Row) -> bool) -> u32 {
    rows.iter().filter(|row| good(row)).count() as u32
}

/// The relative difference of a party from the reference in one sample.
fn difference(row: &Row, party: usize) -> Option<f64> {
    let number = |at: usize| {
        let text = row.results.get(at)?;
        Some(Decimal::parse(text.trim()).ok()?.to_f64())
    };
    let (reference, other) = (number(0)?, number(party)?);
    (reference != 0.0).then(|| (other - reference) / reference)
}

/// In thousandths, rounded away from zero so that no rounding makes a difference acceptable.
fn away(relative: f64) -> i64 {
    let exact = relative * 1000.0;
    // What binary fractions add to a round figure is not a difference.
    let exact = (exact * 1e6).round() / 1e6;
    (exact.abs().ceil() * exact.signum()) as i64
}
