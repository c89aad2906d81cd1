//! Setting mean and SD: from first values, for a new lot, for short-lived controls; the month's figures; uncertainty.

use serde::{Deserialize, Serialize};

use crate::engine::Status;
use crate::statistics::{Moments, pooled_sd};

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
