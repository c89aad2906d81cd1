use std::fmt;

use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

/// How a reported number stands to the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// It is the number.
    Exact,
    /// Below it: `<`.
    Below,
    /// At most that: `<=`.
    AtMost,
    /// Above it: `>`.
    Above,
    /// At least that: `>=`.
    AtLeast,
}

impl Bound {
    fn sign(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// A measured value as it is reported: the digits exactly as they were written, or a bound where the method reaches no further.
/// A bound never becomes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reported {
    /// How it stands to the true value.
    pub bound: Bound,
    /// The digits.
    pub number: Decimal,
}

/// The text is no number and no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a number nor a bound such as <0.05")]
pub struct NotReported;

impl Reported {
    /// Reads `12.3`, `<0.05`, `>=1000`; the signs may be those of a Chinese keyboard.
    ///
    /// # Errors
    /// Anything else: words, a comma, an empty text.
    pub fn parse(text: &str) -> Result<Self, NotReported> {
        const SIGNS: [(&str, Bound); 10] = [
            ("<=", Bound::AtMost),
            (">=", Bound::AtLeast),
            ("＜=", Bound::AtMost),
            ("＞=", Bound::AtLeast),
            ("≤", Bound::AtMost),
            ("≥", Bound::AtLeast),
            ("<", Bound::Below),
            (">", Bound::Above),
            ("＜", Bound::Below),
            ("＞", Bound::Above),
        ];
        let text = text.trim();
        let (bound, digits) = SIGNS
            .iter()
            .find_map(|(sign, bound)| Some((*bound, text.strip_prefix(sign)?)))
            .unwrap_or((Bound::Exact, text));
        Decimal::parse(digits.trim())
            .map(|number| Self { bound, number })
            .map_err(|_| NotReported)
    }

    /// The number, where it is one.
    pub fn exact(&self) -> Option<Decimal> {
        (self.bound == Bound::Exact).then_some(self.number)
    }

    /// Whether the true value is at or above a limit; `None` where a bound does not say.
    pub fn reaches(&self, limit: Decimal) -> Option<bool> {
        let number = self.number;
        match self.bound {
            Bound::Exact => Some(number >= limit),
            Bound::Below => (number <= limit).then_some(false),
            Bound::AtMost => (number < limit).then_some(false),
            Bound::Above | Bound::AtLeast => (number >= limit).then_some(true),
        }
    }

    /// Whether the true value is above a limit; `None` where a bound does not say.
    pub fn exceeds(&self, limit: Decimal) -> Option<bool> {
        let number = self.number;
        match self.bound {
            Bound::Exact => Some(number > limit),
            Bound::Below | Bound::AtMost => (number <= limit).then_some(false),
            Bound::Above => (number >= limit).then_some(true),
            Bound::AtLeast => (number > limit).then_some(true),
        }
    }
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.bound.sign(), self.number)
    }
}

impl TryFrom<String> for Reported {
    type Error = NotReported;
    fn try_from(text: String) -> Result<Self, NotReported> {
        Self::parse(&text)
    }
}

impl From<Reported> for String {
    fn from(value: Reported) -> Self {
        value.to_string()
    }
}
