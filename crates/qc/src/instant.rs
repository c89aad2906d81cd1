//! The instant method (即刻法): judging a new control from its third value on, before a chart can be drawn.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::Decimal;
use crate::statistics::Moments;

/// Fewest values that can be judged.
pub const FEWEST: usize = 3;
/// From here on an ordinary chart takes over.
pub const MOST: usize = 20;

/// Error probability of the warning limit (n2s).
const WARNING: f64 = 0.05;
/// Error probability of the limit of control (n3s).
const CONTROL: f64 = 0.01;

/// What the instant method says of the newest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstantVerdict {
    /// Both indices below n2s.
    InControl,
    /// One between n2s and n3s.
    Warning,
    /// One above n3s: the value is dropped and the control measured again.
    Out,
    /// More than [`MOST`] values: draw a chart.
    UseChart,
}

/// The indices of the first `n` values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Instant {
    /// How many values.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
    /// (max − mean) / SD, 0 without spread.
    pub si_upper: f64,
    /// (mean − min) / SD, 0 without spread.
    pub si_lower: f64,
    /// Warning limit; `None` above [`MOST`] values.
    pub n2s: Option<f64>,
    /// Limit of control; `None` above [`MOST`] values.
    pub n3s: Option<f64>,
    /// What follows.
    pub verdict: InstantVerdict,
}

/// The limits (n2s, n3s) for n values: one-sided Grubbs limits, from t(1 − α/n, n − 2) at α .05 and .01. Computed because tables in
/// circulation have wrong digits. `None` outside 3 to 20.
pub fn limits(n: usize) -> Option<(f64, f64)> {
    if !(FEWEST..=MOST).contains(&n) {
        return None;
    }
    let count = n as f64;
    let student = StudentsT::new(0.0, 1.0, count - 2.0).ok()?;
    let limit = |alpha: f64| {
        let t = student.inverse_cdf(1.0 - alpha / count);
        (count - 1.0) / count.sqrt() * (t * t / (count - 2.0 + t * t)).sqrt()
    };
    Some((limit(WARNING), limit(CONTROL)))
}

/// Judges all of the values, the newest being the last; `None` below [`FEWEST`].
pub fn judge(values: &[Decimal]) -> Option<Instant> {
    let n = values.len();
    if n < FEWEST {
        return None;
    }
    let moments = Moments::of(values);
    let (mean, sd) = (moments.mean()?, moments.sd()?);
    let (high, low) = (values.iter().max()?, values.iter().min()?);
    let (si_upper, si_lower) = match high == low {
        true => (0.0, 0.0),
        false => ((high.to_f64() - mean) / sd, (mean - low.to_f64()) / sd),
    };
    let limits = limits(n);
    let widest = si_upper.max(si_lower);
    let verdict = match limits {
        None => InstantVerdict::UseChart,
        Some((_, n3s)) if widest > n3s => InstantVerdict::Out,
        Some((n2s, _)) if widest >= n2s => InstantVerdict::Warning,
        Some(_) => InstantVerdict::InControl,
    };
    Some(Instant {
        n,
        mean,
        sd,
        si_upper,
        si_lower,
        n2s: limits.map(|(n2s, _)| n2s),
        n3s: limits.map(|(_, n3s)| n3s),
        verdict,
    })
}

/// What to do with a value that is out while the series goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outlier {
    /// Keep it: each answer is that of the first n values. Two outliers then hide each other.
    #[default]
    Keep,
    /// Drop it at once, as the method asks.
    Drop,
}

/// Judges a series value by value: the place of each newest value, from 0, and the indices of the values accepted up to it.
pub fn series(values: &[Decimal], outlier: Outlier) -> Vec<(usize, Instant)> {
    let mut accepted: Vec<Decimal> = Vec::with_capacity(values.len());
    let mut judged = Vec::new();
    for (place, value) in values.iter().enumerate() {
        accepted.push(*value);
        let Some(instant) = judge(&accepted) else {
            continue;
        };
        if outlier == Outlier::Drop && instant.verdict == InstantVerdict::Out {
            accepted.pop();
        }
        judged.push((place, instant));
    }
    judged
}
