//! External quality assessment: the statistics of ISO 13528:2022 (with Amendment 1:2026) and the grading of serology.
//!
//! Formulas follow the standard's clauses, named where they are used; the code is our own. Quantities are plain `f64` in the
//! unit of the results: this crate knows no units. Every function answers degenerate data with an error or with an estimate
//! that says so ([`Estimate::degenerate`]); none returns a number that means nothing.

mod algorithm_a;
mod algorithm_s;
mod assigned;
mod basic;
mod grading;
mod homogeneity;
mod q_hampel;
mod scores;
#[cfg(test)]
mod tests;

pub use algorithm_a::{Stop, algorithm_a};
pub use algorithm_s::algorithm_s;
pub use assigned::{
    AssignedValue, Comparison, against_reference, beside_reference, combined_uncertainty,
};
pub use basic::{
    deviation_from_median, made, median, niqr, qn, standard_deviation_of_two, u_of_assigned,
};
pub use grading::{
    Answered, ErrorKind, Event, Graded, GradingTable, ItemGrade, ItemRule, Matching, Ordinal,
    Penalties, Performance, Streak, Submitted, TableError, grade, in_force, ordinal, performance,
    same_answer, titre_median,
};
pub use homogeneity::{Factors, Homogeneity, Limit, Stability, homogeneity, stability};
pub use q_hampel::{hampel, q_hampel, q_method};
pub use scores::{
    Assigned, Scores, ScoringError, Verdict, expanded_verdict, horwitz, percent_allowed,
    percent_difference, sigma_from_precision, uncertainty_negligible, verdict, z, z_prime, zeta,
};

/// The most values an estimator that compares all pairs takes: twelve and a half million pairs.
pub const PAIRS_OF_MOST: usize = 5_000;

/// Why no estimate can be given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EqaError {
    /// Too few values.
    #[error("{got} values; at least {least} are needed")]
    TooFew {
        /// Values given.
        got: usize,
        /// Values needed.
        least: usize,
    },
    /// Too many values for an estimator that compares all pairs.
    #[error("{got} values; at most {most} are taken")]
    TooMany {
        /// Values given.
        got: usize,
        /// Values taken.
        most: usize,
    },
    /// A value is infinite or not a number.
    #[error("value {at} is not a finite number")]
    NotFinite {
        /// Which value, from 0.
        at: usize,
    },
    /// A standard deviation or range is negative.
    #[error("value {at} is negative; a standard deviation or range cannot be")]
    Negative {
        /// Which value, from 0.
        at: usize,
    },
    /// The values are so far apart that their differences overflow.
    #[error("the values are too far apart to be compared")]
    TooWide,
    /// Table C.1 has no factors for these degrees of freedom.
    #[error("{0} degrees of freedom; Algorithm S is tabled for 1 to 10")]
    DegreesOfFreedom(u32),
    /// A parameter that must be positive is not.
    #[error("{0} must be a positive, finite number")]
    NotPositive(&'static str),
    /// Items of a homogeneity check have different numbers of replicates.
    #[error("item {at} has {got} replicates, the first has {first}")]
    Unbalanced {
        /// Which item, from 0.
        at: usize,
        /// Its replicates.
        got: usize,
        /// Those of the first.
        first: usize,
    },
    /// The iteration found no fixed point within its bound.
    #[error("no fixed point after {0} updates")]
    NotConverged(u32),
}

/// A robust mean and standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Robust mean, x*.
    pub location: f64,
    /// Robust standard deviation, s*; 0 exactly when `degenerate`.
    pub scale: f64,
    /// Updates carried out; 0 for estimators that do not iterate.
    pub iterations: u32,
    /// No spread can be derived: all values are equal, or so many that s* falls to zero. No score may be computed from it.
    pub degenerate: bool,
}

/// The values sorted, once they are known to be numbers that can be subtracted from one another.
fn sorted(values: &[f64], least: usize) -> Result<Vec<f64>, EqaError> {
    if values.len() < least {
        return Err(EqaError::TooFew {
            got: values.len(),
            least,
        });
    }
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return Err(EqaError::NotFinite { at });
    }
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    if let (Some(low), Some(high)) = (values.first(), values.last())
        && !(high - low).is_finite()
    {
        return Err(EqaError::TooWide);
    }
    Ok(values)
}

/// The median of sorted values; 0 for none, which no caller passes.
fn middle(sorted: &[f64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        at(half)
    } else {
        let low = at(half.saturating_sub(1));
        low + (at(half) - low) / 2.0
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sum of squared deviations from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The first three significant figures, as the stopping rule of C.3.1 compares them.
fn three_figures(value: f64) -> String {
    format!("{value:.2e}")
}
