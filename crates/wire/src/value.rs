//! A result value as an instrument writes it: a number, a bounded number, words, or nothing.

use serde::Serialize;

/// How the number stands to the true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Comparator {
    /// `<`
    #[serde(rename = "<")]
    Less,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `>`
    #[serde(rename = ">")]
    Greater,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
}

/// Whether a comma may be a decimal separator. A comma is never guessed: `1,234` is two different numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comma {
    /// A text with a comma is no number.
    #[default]
    NotANumber,
    /// The device writes a decimal comma (a setting of its profile).
    Decimal,
}

/// A typed value. Numbers keep their digits as text, so that no digit is invented or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Value {
    /// A decimal number, with `.` as separator.
    Number {
        /// Digits with optional sign, fraction and exponent.
        digits: String,
    },
    /// A number that is only a bound.
    Bound {
        /// Which side.
        comparator: Comparator,
        /// As in [`Value::Number`].
        digits: String,
    },
    /// Words, codes, or anything that is not surely a number.
    Text {
        /// Trimmed.
        text: String,
    },
    /// Empty, or only dashes: the instrument has no value.
    None,
}

impl Value {
    /// Reads a value. Never fails: what is not surely a number is text.
    #[must_use]
    pub fn read(raw: &str, comma: Comma) -> Self {
        let text = raw.trim();
        if text.is_empty() || text.chars().all(|c| c == '-') {
            return Self::None;
        }
        let (comparator, rest) = comparator(text);
        match (comparator, digits(rest.trim_start(), comma)) {
            (None, Some(digits)) => Self::Number { digits },
            (Some(comparator), Some(digits)) => Self::Bound { comparator, digits },
            (_, None) => Self::Text {
                text: text.to_owned(),
            },
        }
    }

    /// The number, when the value is one (not for bounds).
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number { digits } => digits.parse().ok(),
            _ => None,
        }
    }
}

fn comparator(text: &str) -> (Option<Comparator>, &str) {
    for (sign, comparator) in [
        ("<=", Comparator::AtMost),
        (">=", Comparator::AtLeast),
        ("≤", Comparator::AtMost),
        ("≥", Comparator::AtLeast),
        ("<", Comparator::Less),
        (">", Comparator::Greater),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (Some(comparator), rest);
        }
    }
    (None, text)
}

/// The digits with `.` as separator, or nothing when the text is not plainly a decimal number.
fn digits(text: &str, comma: Comma) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e)),
        None => (text, None),
    };
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let normal = match (unsigned.contains(','), comma) {
        (false, _) => unsigned.to_owned(),
        (true, Comma::NotANumber) => return None,
        (true, Comma::Decimal) if unsigned.contains('.') => return None,
        (true, Comma::Decimal) => unsigned.replace(',', "."),
    };
    let (whole, fraction) = match normal.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (normal.as_str(), None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole)
        || !fraction.is_none_or(all_digits)
        || (whole.is_empty() && fraction.is_none_or(str::is_empty))
    {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 1);
    if mantissa.starts_with('-') {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(f) = fraction.filter(|f| !f.is_empty()) {
        out.push('.');
        out.push_str(f);
    }
    if let Some(e) = exponent {
        let d = e.strip_prefix(['+', '-']).unwrap_or(e);
        if d.is_empty() || d.len() > 3 || !all_digits(d) {
            return None;
        }
        out.push('e');
        out.push_str(e);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(s: &str) -> Value {
        Value::Number { digits: s.into() }
    }

    #[test]
    fn values_of_real_instruments() {
        use Comma::{Decimal, NotANumber};
        assert_eq!(Value::read("7,41", Decimal), number("7.41"));
        assert_eq!(
            Value::read("7,41", NotANumber),
            Value::Text {
                text: "7,41".into()
            }
        );
        assert_eq!(
            Value::read("1,234.5", Decimal),
            Value::Text {
                text: "1,234.5".into()
            }
        );
        assert_eq!(
            Value::read(">8", Decimal),
            Value::Bound {
                comparator: Comparator::Greater,
                digits: "8".into()
            }
        );
        assert_eq!(
            Value::read("< 839", NotANumber),
            Value::Bound {
                comparator: Comparator::Less,
                digits: "839".into()
            }
        );
        assert_eq!(Value::read("-----", NotANumber), Value::None);
        assert_eq!(Value::read("---", NotANumber), Value::None);
        assert_eq!(Value::read(" ", NotANumber), Value::None);
        assert_eq!(
            Value::read("LL", NotANumber),
            Value::Text { text: "LL".into() }
        );
        assert_eq!(Value::read("-1.00", NotANumber), number("-1.00"));
        assert_eq!(
            Value::read("3+", NotANumber),
            Value::Text { text: "3+".into() }
        );
        assert_eq!(Value::read("1.2E+05", NotANumber), number("1.2e+05"));
        assert_eq!(Value::read(".5", NotANumber), number("0.5"));
        assert_eq!(
            Value::read(">", NotANumber),
            Value::Text { text: ">".into() }
        );
        assert_eq!(
            Value::read("1e", NotANumber),
            Value::Text { text: "1e".into() }
        );
        assert_eq!(number("1.2e+05").number(), Some(120_000.0));
    }
}
