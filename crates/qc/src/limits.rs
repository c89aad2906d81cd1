//! What a control should read, and how far from it a reading stands.

use serde::{Deserialize, Serialize};

use crate::Decimal;

/// Target and standard deviation of one control material's own lot, level, analyte, method and instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Limits {
    mean: Decimal,
    sd: Decimal,
}

#[derive(Deserialize)]
struct Written {
    mean: Decimal,
    sd: Decimal,
}

impl TryFrom<Written> for Limits {
    type Error = LimitsError;

    fn try_from(written: Written) -> Result<Self, LimitsError> {
        Self::new(written.mean, written.sd)
    }
}

/// Why limits or a reading cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// The standard deviation is zero or less.
    #[error("the standard deviation must be greater than 0, not {0}")]
    Sd(Decimal),
    /// Reading, mean and SD together need more digits than are compared exactly (18 after the points are aligned).
    #[error("the reading, its mean and its SD differ too much in size to be compared exactly")]
    TooWide,
}

/// The largest distance and SD in units of their last place: seven halves of an SD still fit a machine word.
const WIDEST: u64 = 1_000_000_000_000_000_000;

impl Limits {
    /// Limits with this mean and standard deviation, in the unit of the readings.
    ///
    /// # Errors
    /// [`LimitsError::Sd`].
    pub fn new(mean: Decimal, sd: Decimal) -> Result<Self, LimitsError> {
        if sd.is_positive() {
            Ok(Self { mean, sd })
        } else {
            Err(LimitsError::Sd(sd))
        }
    }

    /// The target.
    pub const fn mean(self) -> Decimal {
        self.mean
    }

    /// The standard deviation, greater than zero.
    pub const fn sd(self) -> Decimal {
        self.sd
    }

    /// How far a reading stands from the target, exactly.
    ///
    /// # Errors
    /// [`LimitsError::TooWide`].
    pub fn place(self, value: Decimal) -> Result<Deviation, LimitsError> {
        let scale = value.scale().max(self.mean.scale()).max(self.sd.scale());
        let aligned = |number: Decimal| number.at_scale(scale).ok_or(LimitsError::TooWide);
        let distance = aligned(value)?
            .checked_sub(aligned(self.mean)?)
            .ok_or(LimitsError::TooWide)?;
        Deviation::new(distance, aligned(self.sd)?)
    }
}

/// A reading's distance from its target beside the standard deviation, both counted in the same last decimal place.
///
/// All verdicts are taken on these two whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deviation {
    pub(crate) distance: i64,
    pub(crate) sd: i64,
}

impl Deviation {
    /// From a distance and a standard deviation in the same unit.
    ///
    /// # Errors
    /// The SD is not positive, or the two need more than 18 digits even in lowest terms.
    #[inline]
    pub fn new(distance: i128, sd: i128) -> Result<Self, LimitsError> {
        match Self::fitting(distance, sd) {
            Some(deviation) => Ok(deviation),
            None => Self::in_lowest_terms(distance, sd),
        }
    }

    #[inline]
    fn fitting(distance: i128, sd: i128) -> Option<Self> {
        let (distance, sd) = (i64::try_from(distance).ok()?, i64::try_from(sd).ok()?);
        (distance.unsigned_abs() <= WIDEST && sd > 0 && sd.unsigned_abs() <= WIDEST)
            .then_some(Self { distance, sd })
    }

    #[cold]
    fn in_lowest_terms(distance: i128, sd: i128) -> Result<Self, LimitsError> {
        if sd <= 0 {
            let shown = Decimal::new(sd, 0).unwrap_or_default();
            return Err(LimitsError::Sd(shown));
        }
        let divisor = common_divisor(distance.unsigned_abs(), sd.unsigned_abs());
        let divisor = i128::try_from(divisor).map_err(|_| LimitsError::TooWide)?;
        Self::fitting(distance / divisor, sd / divisor).ok_or(LimitsError::TooWide)
    }

    /// The z score, for display only: the distance in standard deviations.
    pub fn z(self) -> f64 {
        self.distance as f64 / self.sd as f64
    }

    /// Exact order of two z scores, of different materials too.
    #[inline]
    pub fn cmp_z(self, other: Self) -> std::cmp::Ordering {
        if self.sd == other.sd {
            return self.distance.cmp(&other.distance);
        }
        let left = i128::from(self.distance) * i128::from(other.sd);
        left.cmp(&(i128::from(other.distance) * i128::from(self.sd)))
    }

    /// Exact order of the difference of two z scores (this one less the other) and a whole number of SDs.
    pub(crate) fn cmp_apart(self, other: Self, sds: i64) -> std::cmp::Ordering {
        let far = i128::from(other.distance) + i128::from(sds) * i128::from(other.sd);
        let left = i128::from(self.distance) * i128::from(other.sd);
        left.cmp(&(far * i128::from(self.sd)))
    }
}

fn common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn place(value: &str, mean: &str, sd: &str) -> Result<Deviation, LimitsError> {
        Limits::new(number(mean), number(sd))?.place(number(value))
    }

    #[test]
    fn exactly_two_standard_deviations_are_exactly_two() {
        for (value, mean, sd) in [
            ("2.2", "2.0", "0.1"),
            ("4.6", "4.0", "0.3"),
            ("0.5", "0.3", "0.10"),
        ] {
            let at = place(value, mean, sd).unwrap();
            assert_eq!(at.z(), 2.0);
            assert_eq!(at.distance, 2 * at.sd);
        }
    }

    #[test]
    fn wide_numbers_are_compared_in_lowest_terms_or_refused() {
        let far = "123456789012345678901234567890";
        let at = place(&format!("{far}.5"), far, "0.25").unwrap();
        assert_eq!((at.distance, at.sd), (50, 25));
        assert_eq!(place("1e30", "0", "1e29").unwrap().z(), 10.0);
        assert_eq!(
            place("1e30", "0", "1e-5").unwrap_err(),
            LimitsError::TooWide
        );
        assert_eq!(
            place("1e35", "0", "1e-35").unwrap_err(),
            LimitsError::TooWide
        );
    }

    #[test]
    fn no_spread_is_no_limit() {
        for sd in ["0", "0.000", "-0.1"] {
            assert_eq!(place("1", "1", sd), Err(LimitsError::Sd(number(sd))));
        }
        let text = r#"{"mean":"4.0","sd":"0.0"}"#;
        assert!(serde_json::from_str::<Limits>(text).is_err());
    }

    #[test]
    fn order_across_materials_is_exact() {
        let a = place("4.6", "4.0", "0.3").unwrap();
        let b = place("8.0", "10", "1").unwrap();
        assert_eq!(a.cmp_z(b), Ordering::Greater);
        assert_eq!(a.cmp_apart(b, 4), Ordering::Equal);
        let c = place("7.9", "10", "1").unwrap();
        assert_eq!(a.cmp_apart(c, 4), Ordering::Greater);
        let widest = Deviation::new(10_i128.pow(18), 10_i128.pow(18)).unwrap();
        let lowest = Deviation::new(-(10_i128.pow(18)), 10_i128.pow(18)).unwrap();
        assert_eq!(widest.cmp_apart(lowest, 4), Ordering::Less);
    }
}
