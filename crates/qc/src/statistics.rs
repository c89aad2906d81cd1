//! Mean, spread and how the figures of several periods and lots are put together.

use serde::{Deserialize, Serialize};

use crate::Decimal;

/// Count, mean and the sum of squared distances from it; adds up point by point and period by period without storing points.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    n: u64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// Nothing yet.
    pub const EMPTY: Self = Self {
        n: 0,
        mean: 0.0,
        m2: 0.0,
    };

    /// One more value (Welford).
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.m2 += off * (value - self.mean);
    }

    /// The values of two periods of ONE lot together (Chan). Different lots are pooled by [`pooled_sd`] instead: their means differ
    /// by making, not by error.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.n == 0 {
            return other;
        }
        if other.n == 0 {
            return self;
        }
        let n = self.n + other.n;
        let apart = other.mean - self.mean;
        let share = other.n as f64 / n as f64;
        Self {
            n,
            mean: self.mean + apart * share,
            m2: self.m2 + other.m2 + apart * apart * self.n as f64 * share,
        }
    }

    /// Of reported numbers, as exact as the answer's digits: what they have in common is taken off exactly first.
    pub fn of(values: &[Decimal]) -> Self {
        let Some(first) = values.first().copied() else {
            return Self::EMPTY;
        };
        let scale = values.iter().map(|value| value.scale()).max().unwrap_or(0);
        let zero = first.at_scale(scale);
        let mut moments = Self::EMPTY;
        for value in values {
            let off = zero.and_then(|zero| value.at_scale(scale)?.checked_sub(zero));
            match off {
                // Whole numbers below 2^53 are exact as floats, so nothing is lost before the first division.
                Some(off) => moments.add(off as f64),
                None => return values.iter().map(|value| value.to_f64()).collect(),
            }
        }
        let unit = 10_f64.powi(-i32::from(scale));
        Self {
            n: moments.n,
            mean: first.to_f64() + moments.mean * unit,
            m2: moments.m2 * unit * unit,
        }
    }

    /// How many values.
    pub const fn count(&self) -> u64 {
        self.n
    }

    /// Their mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Sample variance, divisor n − 1; `None` below two values.
    pub fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.m2 / (self.n - 1) as f64)
    }

    /// Sample standard deviation; `None` below two values.
    pub fn sd(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Coefficient of variation in per cent; `None` below two values or with a mean of 0.
    pub fn cv_percent(&self) -> Option<f64> {
        let cv = self.sd()? / self.mean()?.abs() * 100.0;
        cv.is_finite().then_some(cv)
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::EMPTY;
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
}

/// Spread within several lots, levels or laboratories together: the square root of Σ(n−1)s² / Σ(n−1). `None` where no group has two
/// values.
pub fn pooled_sd(groups: &[Moments]) -> Option<f64> {
    let of_two = groups.iter().filter(|group| group.n > 1);
    let (m2, freedom) = of_two.fold((0.0, 0), |(m2, freedom), group| {
        (m2 + group.m2, freedom + group.n - 1)
    });
    (freedom > 0).then(|| (m2 / freedom as f64).sqrt())
}

/// Correlation of each value with the one before it; `None` below two values or without spread.
pub fn autocorrelation(values: &[f64]) -> Option<f64> {
    let mean = values.iter().copied().collect::<Moments>().mean()?;
    let all: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let pairs = values.windows(2).filter_map(|pair| match pair {
        [earlier, later] => Some((earlier - mean) * (later - mean)),
        _ => None,
    });
    let r1 = pairs.sum::<f64>() / all;
    (values.len() > 1 && r1.is_finite()).then_some(r1)
}

/// The middle value, the mean of the two middle ones for an even count; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    match sorted.len() % 2 {
        0 => Some((sorted.get(middle - 1)? + upper) / 2.0),
        _ => Some(upper),
    }
}
