//! Charts that add up small shifts (CUSUM, EWMA) and charts of single values, shares and counts.

use serde::{Deserialize, Serialize};

use crate::Decimal;
use crate::statistics::Moments;

/// Why a chart cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// Numbers so different in size that their sums are not exact.
    #[error("the numbers differ too much in size to be added exactly")]
    TooWide,
    /// A parameter outside what it may be.
    #[error("{0} must be {1}")]
    Parameter(&'static str, &'static str),
    /// Too few values.
    #[error("at least {0} values are needed")]
    TooFew(usize),
}

/// On which side a chart signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above.
    Upper,
    /// Below.
    Lower,
    /// On both at once.
    Both,
}

impl Side {
    fn of(upper: bool, lower: bool) -> Option<Self> {
        match (upper, lower) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Upper),
            (false, true) => Some(Self::Lower),
            (false, false) => None,
        }
    }
}

/// The two sums after one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CusumPoint {
    /// max(0, earlier + x − target − k).
    pub s_plus: Decimal,
    /// max(0, earlier + target − k − x).
    pub s_minus: Decimal,
    /// Where a sum exceeds h.
    pub signal: Option<Side>,
}

/// The tabular CUSUM, in the unit of the values. The sums are exact and go on after a signal.
///
/// # Errors
/// `k` below 0, `h` not above 0, or numbers too different in size.
pub fn cusum(
    values: &[Decimal],
    target: Decimal,
    k: Decimal,
    h: Decimal,
) -> Result<Vec<CusumPoint>, ChartError> {
    if k < Decimal::ZERO {
        return Err(ChartError::Parameter("k", "0 or more"));
    }
    if !h.is_positive() {
        return Err(ChartError::Parameter("h", "greater than 0"));
    }
    let scale = values
        .iter()
        .chain([&target, &k, &h])
        .map(|number| number.scale())
        .max();
    let scale = scale.unwrap_or(0);
    let aligned = |number: Decimal| number.at_scale(scale).ok_or(ChartError::TooWide);
    let (target, k, h) = (aligned(target)?, aligned(k)?, aligned(h)?);
    let (mut plus, mut minus) = (0_i128, 0_i128);
    let mut points = Vec::with_capacity(values.len());
    for value in values {
        let off = aligned(*value)?
            .checked_sub(target)
            .ok_or(ChartError::TooWide)?;
        let sum = |so_far: i128, off: i128| {
            let sum = so_far.checked_add(off)?.checked_sub(k)?;
            Some(sum.max(0))
        };
        plus = sum(plus, off).ok_or(ChartError::TooWide)?;
        minus = sum(minus, -off).ok_or(ChartError::TooWide)?;
        let shown = |sum| Decimal::new(sum, scale).map_err(|_| ChartError::TooWide);
        points.push(CusumPoint {
            s_plus: shown(plus)?,
            s_minus: shown(minus)?,
            signal: Side::of(plus > h, minus > h),
        });
    }
    Ok(points)
}

/// Thresholds k and limits h of a CUSUM of z scores in clinical use, both in SD: the decision limits of an analyser's manual, and the pair that
/// finds small shifts.
pub const CLINICAL_CUSUMS: [(f64, f64); 3] = [(0.5, 5.1), (1.0, 2.7), (1.0, 3.0)];

/// A CUSUM of z scores that goes on point by point; for live streams, where the sums are all that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CusumState {
    plus: f64,
    minus: f64,
}

impl CusumState {
    /// One more z score against threshold `k` and limit `h`, both in SD: [`CLINICAL_CUSUMS`].
    pub fn add(&mut self, z: f64, k: f64, h: f64) -> Option<Side> {
        self.plus = (self.plus + z - k).max(0.0);
        self.minus = (self.minus - z - k).max(0.0);
        Side::of(self.plus > h, self.minus > h)
    }

    /// The sum above and the sum below, both 0 or more, in SD.
    pub fn sums(&self) -> (f64, f64) {
        (self.plus, self.minus)
    }
}

/// Which limits an EWMA chart has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EwmaLimits {
    /// Those of each point, narrow at first.
    #[default]
    Growing,
    /// Those of a long series, from the first point on.
    Final,
}

/// The moving average after one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EwmaPoint {
    /// λ x + (1 − λ) earlier, begun at the target.
    pub ewma: f64,
    /// Lower limit of this point.
    pub lower: f64,
    /// Upper limit of this point.
    pub upper: f64,
    /// Where the average lies outside.
    pub signal: Option<Side>,
}

/// An exponentially weighted moving average; limits at `limit` times its own standard deviation.
///
/// # Errors
/// λ outside (0, 1], σ or limit not positive, or a number that is not finite.
pub fn ewma(
    values: &[f64],
    target: f64,
    lambda: f64,
    sigma: f64,
    limit: f64,
    limits: EwmaLimits,
) -> Result<Vec<EwmaPoint>, ChartError> {
    if !(lambda > 0.0 && lambda <= 1.0) {
        return Err(ChartError::Parameter(
            "lambda",
            "greater than 0 and at most 1",
        ));
    }
    let positive = |name, number: f64| match number > 0.0 && number.is_finite() {
        true => Ok(()),
        false => Err(ChartError::Parameter(name, "greater than 0")),
    };
    positive("sigma", sigma)?;
    positive("limit", limit)?;
    if !target.is_finite() {
        return Err(ChartError::Parameter("target", "a number"));
    }
    let keep = 1.0 - lambda;
    let mut average = target;
    let mut points = Vec::with_capacity(values.len());
    for (t, value) in (1..).zip(values) {
        average = lambda * value + keep * average;
        let grown = match limits {
            EwmaLimits::Growing => 1.0 - keep.powi(2).powi(t),
            EwmaLimits::Final => 1.0,
        };
        let far = limit * sigma * (lambda / (2.0 - lambda) * grown).sqrt();
        let (lower, upper) = (target - far, target + far);
        points.push(EwmaPoint {
            ewma: average,
            lower,
            upper,
            signal: Side::of(average > upper, average < lower),
        });
    }
    Ok(points)
}

/// Centre and limits of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChartLimits {
    /// Centre line.
    pub centre: f64,
    /// Standard deviation that the limits rest on.
    pub sigma: f64,
    /// Lower limit; not below 0 for shares and counts.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

impl ChartLimits {
    fn around(centre: f64, sigma: f64) -> Self {
        Self {
            centre,
            sigma,
            lower: centre - 3.0 * sigma,
            upper: centre + 3.0 * sigma,
        }
    }

    fn not_below_zero(self) -> Self {
        Self {
            lower: self.lower.max(0.0),
            ..self
        }
    }
}

/// Single values and moving ranges: sigma from the mean range of neighbours (divided by 2/√π).
///
/// # Errors
/// Fewer than two values.
pub fn individuals(values: &[f64]) -> Result<ChartLimits, ChartError> {
    let ranges = values.windows(2).filter_map(|pair| match pair {
        [earlier, later] => Some((later - earlier).abs()),
        _ => None,
    });
    let range = ranges
        .collect::<Moments>()
        .mean()
        .ok_or(ChartError::TooFew(2))?;
    let mean = values
        .iter()
        .copied()
        .collect::<Moments>()
        .mean()
        .ok_or(ChartError::TooFew(2))?;
    Ok(ChartLimits::around(
        mean,
        range * std::f64::consts::PI.sqrt() / 2.0,
    ))
}

/// The share of cases in samples of one size (p chart): reactive rate, discordance rate.
///
/// # Errors
/// No sample, a size of 0, or more cases than the size.
pub fn share(cases: &[u64], size: u64) -> Result<ChartLimits, ChartError> {
    let p = mean_share(cases, size)?;
    let sigma = (p * (1.0 - p) / size as f64).sqrt();
    let mut limits = ChartLimits::around(p, sigma).not_below_zero();
    limits.upper = limits.upper.min(1.0);
    Ok(limits)
}

/// The number of cases in samples of one size (np chart).
///
/// # Errors
/// As for [`share`].
pub fn cases(cases: &[u64], size: u64) -> Result<ChartLimits, ChartError> {
    let p = mean_share(cases, size)?;
    let n = size as f64;
    Ok(ChartLimits::around(n * p, (n * p * (1.0 - p)).sqrt()).not_below_zero())
}

/// Counts of rare events in equal periods (c chart).
///
/// # Errors
/// No count.
pub fn counts(counts: &[u64]) -> Result<ChartLimits, ChartError> {
    let mean = counts
        .iter()
        .map(|count| *count as f64)
        .collect::<Moments>()
        .mean();
    let mean = mean.ok_or(ChartError::TooFew(1))?;
    Ok(ChartLimits::around(mean, mean.sqrt()).not_below_zero())
}

fn mean_share(cases: &[u64], size: u64) -> Result<f64, ChartError> {
    if size == 0 {
        return Err(ChartError::Parameter("the sample size", "greater than 0"));
    }
    if cases.iter().any(|cases| *cases > size) {
        return Err(ChartError::Parameter(
            "a number of cases",
            "at most the sample size",
        ));
    }
    let mean = cases
        .iter()
        .map(|cases| *cases as f64)
        .collect::<Moments>()
        .mean();
    Ok(mean.ok_or(ChartError::TooFew(1))? / size as f64)
}
