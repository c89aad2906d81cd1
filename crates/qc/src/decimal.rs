//! Decimal numbers exactly as a device or a person wrote them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most digits a number may have, on both sides of the point together.
pub const DIGITS_MOST: u8 = 36;

/// A decimal number that keeps its digits, trailing zeros included: `4.60` stays `4.60`.
///
/// Equality and order are those of the value, so `4.6 == 4.60`. Travels as text. No binary fraction is involved in any
/// comparison, because 2.2 − 2.0 exceeds two tenths in binary and does not in the laboratory.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// Why a text is no decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing but spaces.
    #[error("is empty")]
    Empty,
    /// Anything but an optional sign, digits with at most one point, and an optional exponent; `NaN` and `inf` among them.
    #[error("is not a number")]
    NotANumber,
    /// More digits than [`DIGITS_MOST`].
    #[error("has more digits than can be compared exactly ({DIGITS_MOST})")]
    TooManyDigits,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa` shifted `scale` places to the right: `new(460, 2)` is 4.60.
    ///
    /// # Errors
    /// More digits than [`DIGITS_MOST`].
    pub fn new(mantissa: i128, scale: u8) -> Result<Self, DecimalError> {
        match power(DIGITS_MOST) {
            Some(bound) if scale <= DIGITS_MOST && mantissa.unsigned_abs() < bound => {
                Ok(Self { mantissa, scale })
            }
            _ => Err(DecimalError::TooManyDigits),
        }
    }

    /// Reads a number as written. Spaces around it do not matter.
    ///
    /// # Errors
    /// See [`DecimalError`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(DecimalError::NotANumber);
                }
                let exponent: i32 = exponent.parse().map_err(|_| DecimalError::TooManyDigits)?;
                (number, exponent)
            }
            None => (text, 0),
        };
        let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        let mut mantissa: i128 = 0;
        for digit in digits() {
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|so_far| so_far.checked_add(i128::from(digit - b'0')))
                .ok_or(DecimalError::TooManyDigits)?;
        }
        if number.starts_with('-') {
            mantissa = -mantissa;
        }
        let places = i32::try_from(fraction.len()).map_err(|_| DecimalError::TooManyDigits)?;
        let scale = places
            .checked_sub(exponent)
            .ok_or(DecimalError::TooManyDigits)?;
        if scale >= 0 {
            let scale = u8::try_from(scale).map_err(|_| DecimalError::TooManyDigits)?;
            return Self::new(mantissa, scale);
        }
        let up = u8::try_from(-scale).map_err(|_| DecimalError::TooManyDigits)?;
        let mantissa = raise(mantissa, up).ok_or(DecimalError::TooManyDigits)?;
        Self::new(mantissa, 0)
    }

    /// Digits after the point, as written.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The number without its point: 460 for 4.60.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Greater than zero.
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// For display and for statistics, never for a verdict.
    pub fn to_f64(self) -> f64 {
        // The parser of floats rounds correctly; a division of two rounded numbers would not.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The mantissa as if the number had been written with `scale` places, where that fits.
    pub(crate) fn at_scale(self, scale: u8) -> Option<i128> {
        raise(self.mantissa, scale.checked_sub(self.scale)?)
    }
}

/// Ten to a power.
fn power(exponent: u8) -> Option<u128> {
    10_u128.checked_pow(u32::from(exponent))
}

fn raise(mantissa: i128, places: u8) -> Option<i128> {
    mantissa.checked_mul(i128::try_from(power(places)?).ok()?)
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Only the number with fewer places can be too large to be written with more: it is the larger in size.
            (None, _) => self.mantissa.cmp(&0),
            (_, None) => 0.cmp(&other.mantissa),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let places = usize::from(self.scale);
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;

    fn try_from(text: String) -> Result<Self, DecimalError> {
        Self::parse(&text)
    }
}

impl From<Decimal> for String {
    fn from(number: Decimal) -> Self {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn keeps_what_was_written() {
        for text in ["4.60", "0.05", "-0.050", "12", "0", "-3", "1000000000000.2"] {
            assert_eq!(number(text).to_string(), text);
        }
        assert_eq!(number(" +4.6 ").to_string(), "4.6");
        assert_eq!(number(".5").to_string(), "0.5");
        assert_eq!(number("5.").to_string(), "5");
        assert_eq!(number("1.25e-3").to_string(), "0.00125");
        assert_eq!(number("1.25E2").to_string(), "125");
        assert_eq!(number("2e3").to_string(), "2000");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "  "] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Empty));
        }
        for text in [
            "NaN", "inf", "-", "+", ".", "1,5", "1.2.3", "0x10", "1e", "1e+", "1 2", "٣", "e5",
            "--1", "1e2.5",
        ] {
            assert_eq!(
                Decimal::parse(text),
                Err(DecimalError::NotANumber),
                "{text}"
            );
        }
        for text in [
            "1e400",
            "1e-400",
            "1e99999999999",
            &"9".repeat(37),
            &"9".repeat(400),
        ] {
            assert_eq!(
                Decimal::parse(text),
                Err(DecimalError::TooManyDigits),
                "{text}"
            );
        }
        assert!(Decimal::parse(&"9".repeat(36)).is_ok());
    }

    #[test]
    fn compares_values_and_not_spellings() {
        assert_eq!(number("4.6"), number("4.60"));
        assert!(number("-0.1") < number("0"));
        let huge = number(&"9".repeat(36));
        let fine = number(&format!("0.{}1", "0".repeat(34)));
        assert!(huge > fine);
        assert!(fine < huge);
        assert!(number(&format!("-{}", "9".repeat(36))) < fine);
    }

    #[test]
    fn travels_as_text() {
        let text = serde_json::to_string(&number("4.60")).unwrap();
        assert_eq!(text, "\"4.60\"");
        let back: Decimal = serde_json::from_str(&text).unwrap();
        assert_eq!(back.scale(), 2);
        assert!(serde_json::from_str::<Decimal>("\"four\"").is_err());
    }

    #[test]
    fn the_nearest_float_for_display() {
        assert_eq!(number("0.1").to_f64(), 0.1);
        assert_eq!(number("299.8524").to_f64(), 299.8524);
    }
}
