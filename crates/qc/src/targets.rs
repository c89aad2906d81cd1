//! Setting mean and SD: from first values, for a new lot, for short-lived controls; the month's figures; uncertainty.

use serde::{Deserialize, Serialize};

use crate::engine::Status;
use crate::sigma::Performance;
use crate::statistics::{Moments, pooled_sd};
use crate::{Decimal, Limits};

/// Mean and SD as figures; rounded by the person who puts them in force, and stored as [`crate::Limits`] then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

/// Why no target can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Too few values.
    #[error("{have} values, {need} are needed")]
    TooFew {
        /// How many there are.
        have: u64,
        /// How many the policy asks for.
        need: u64,
    },
    /// The values do not scatter, so nothing could ever be in control.
    #[error("the values do not scatter")]
    NoSpread,
}

fn enough(moments: &Moments, need: u64) -> Result<f64, TargetError> {
    let have = moments.count();
    let too_few = TargetError::TooFew { have, need };
    if have < need {
        return Err(too_few);
    }
    moments.mean().ok_or(too_few)
}

/// Provisional limits from the first in-control values of a lot; `need` is policy (20 in practice).
///
/// # Errors
/// Too few values, or all the same.
pub fn provisional(values: &Moments, need: u64) -> Result<Target, TargetError> {
    let mean = enough(values, need.max(2))?;
    let sd = values
        .sd()
        .filter(|sd| *sd > 0.0)
        .ok_or(TargetError::NoSpread)?;
    Ok(Target { mean, sd })
}

/// Limits of a new lot after its parallel run, or of a short-lived control: the mean is that of the new values, the SD the
/// long-standing relative one of the old lots at the new mean, because a few parallel values hold no calibration or reagent change.
///
/// # Errors
/// Too few values, or a CV or mean that leaves no spread.
pub fn new_lot(parallel: &Moments, need: u64, old_cv_percent: f64) -> Result<Target, TargetError> {
    let mean = enough(parallel, need.max(1))?;
    let sd = mean.abs() * old_cv_percent / 100.0;
    match sd > 0.0 && sd.is_finite() {
        true => Ok(Target { mean, sd }),
        false => Err(TargetError::NoSpread),
    }
}

/// A target as limits that can be put in force: the mean with one digit more than the values, the SD with two.
///
/// # Errors
/// [`TargetError::NoSpread`], also where nothing is left of the SD at these digits.
pub fn written(target: Target, decimals: u8) -> Result<Limits, TargetError> {
    let number = |value: f64, digits: u8| {
        let digits = usize::from(digits);
        Decimal::parse(&format!("{value:.digits$}")).map_err(|_| TargetError::NoSpread)
    };
    let mean = number(target.mean, decimals.saturating_add(1))?;
    let sd = number(target.sd, decimals.saturating_add(2))?;
    Limits::new(mean, sd).map_err(|_| TargetError::NoSpread)
}

/// A month of one control material. Rejected points count as points, never in mean, SD and CV.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Month {
    /// All points.
    pub points: u64,
    /// Points with a warning.
    pub warnings: u64,
    /// Rejected points.
    pub rejected: u64,
    /// The points that were not rejected.
    pub accepted: Moments,
}

impl Month {
    /// One more point.
    pub fn add(&mut self, value: f64, status: Status) {
        self.points += 1;
        match status {
            Status::Accept => {}
            Status::Warning => self.warnings += 1,
            Status::Reject => {
                self.rejected += 1;
                return;
            }
        }
        self.accepted.add(value);
    }

    /// Months of one lot together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            points: self.points + other.points,
            warnings: self.warnings + other.warnings,
            rejected: self.rejected + other.rejected,
            accepted: self.accepted.merge(other.accepted),
        }
    }

    /// Share of points not rejected, in per cent; `None` without points.
    pub fn in_control_percent(&self) -> Option<f64> {
        (self.points > 0).then(|| 100.0 * (self.points - self.rejected) as f64 / self.points as f64)
    }

    /// How far the month's mean lies from the target, in per cent of it.
    pub fn bias_percent(&self, target: f64) -> Option<f64> {
        let bias = (self.accepted.mean()? - target) / target.abs() * 100.0;
        bias.is_finite().then_some(bias)
    }
}

/// The month's figures of one control material in one lot. Everything but the counts is of the points that were not rejected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Points that were not rejected.
    pub n: u64,
    /// All points.
    pub points: u64,
    /// Points with a warning.
    pub warnings: u64,
    /// Rejected points.
    pub rejected: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// Coefficient of variation in per cent.
    pub cv_percent: Option<f64>,
    /// Share of points not rejected, in per cent.
    pub in_control_percent: Option<f64>,
    /// How far the mean lies from the target, in per cent of it.
    pub bias_percent: Option<f64>,
    /// Sigma, where an allowable error is set.
    pub sigma: Option<f64>,
    /// Within-laboratory uncertainty, pooled over the lots of a long period.
    pub u_rw: Option<f64>,
}

impl Summary {
    /// The figures of a month against its target and the allowable error in per cent; `lots` are the in-control values of each lot
    /// over the period the uncertainty rests on.
    pub fn of(
        month: &Month,
        target: Option<f64>,
        allowable: Option<f64>,
        lots: &[Moments],
    ) -> Self {
        let cv_percent = month.accepted.cv_percent();
        let bias_percent = target.and_then(|target| month.bias_percent(target));
        let sigma = match (allowable, bias_percent, cv_percent) {
            (Some(tea), Some(bias), Some(cv)) => Performance { tea, bias, cv }
                .metrics()
                .ok()
                .map(|metrics| metrics.sigma),
            _ => None,
        };
        Self {
            n: month.accepted.count(),
            points: month.points,
            warnings: month.warnings,
            rejected: month.rejected,
            mean: month.accepted.mean(),
            sd: month.accepted.sd(),
            cv_percent,
            in_control_percent: month.in_control_percent(),
            bias_percent,
            sigma,
            u_rw: pooled_sd(lots),
        }
    }
}

/// Standard uncertainty and its expansion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Uncertainty {
    /// Within-laboratory part, from control values of all lots.
    pub within_lab: f64,
    /// Combined standard uncertainty.
    pub standard: f64,
    /// Expanded with coverage factor 2.
    pub expanded: f64,
}

/// Uncertainty from control results (top-down, ISO/TS 20914): within-laboratory scatter pooled over the lots, the calibrator's
/// uncertainty, and that of a bias where it is corrected for. `None` without two values of a lot, or with a negative part.
pub fn uncertainty(lots: &[Moments], calibrator: f64, bias: f64) -> Option<Uncertainty> {
    let within_lab = pooled_sd(lots)?;
    let standard = (within_lab * within_lab + calibrator * calibrator + bias * bias).sqrt();
    (calibrator >= 0.0 && bias >= 0.0 && standard.is_finite()).then_some(Uncertainty {
        within_lab,
        standard,
        expanded: 2.0 * standard,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_months_figures_leave_out_what_was_rejected() {
        let mut month = Month::default();
        for (value, status) in [
            (98.0, Status::Accept),
            (100.0, Status::Warning),
            (102.0, Status::Accept),
            (140.0, Status::Reject),
        ] {
            month.add(value, status);
        }
        let lots = [
            [98.0, 102.0].into_iter().collect(),
            [50.0, 54.0].into_iter().collect(),
        ];
        let summary = Summary::of(&month, Some(99.0), Some(10.0), &lots);
        assert_eq!(
            (
                summary.n,
                summary.points,
                summary.warnings,
                summary.rejected
            ),
            (3, 4, 1, 1)
        );
        assert_eq!((summary.mean, summary.sd), (Some(100.0), Some(2.0)));
        assert_eq!(summary.cv_percent, Some(2.0));
        assert_eq!(summary.in_control_percent, Some(75.0));
        let bias = summary.bias_percent.unwrap();
        assert!((bias - 100.0 / 99.0).abs() < 1e-12);
        assert!((summary.sigma.unwrap() - (10.0 - bias) / 2.0).abs() < 1e-12);
        // Lots are pooled by their scatter, not by their values.
        assert!((summary.u_rw.unwrap() - 8.0_f64.sqrt()).abs() < 1e-12);
        let empty = Summary::of(&Month::default(), None, None, &[]);
        assert_eq!(
            (empty.n, empty.mean, empty.sigma, empty.u_rw),
            (0, None, None, None)
        );
    }

    #[test]
    fn a_target_is_written_with_its_digits_or_not_at_all() {
        let target = |mean, sd| written(Target { mean, sd }, 1);
        let limits = target(6.543_21, 0.123_456).unwrap();
        assert_eq!(
            (limits.mean().to_string(), limits.sd().to_string()),
            ("6.54".into(), "0.123".into())
        );
        assert_eq!(target(6.5, 0.000_1), Err(TargetError::NoSpread));
        assert_eq!(target(f64::NAN, 0.1), Err(TargetError::NoSpread));
    }
}
