use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is no donation number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DinError {
    /// A donation number has thirteen characters; flags and check character are no part of it.
    #[error("a donation number has 13 characters, this has {0}")]
    Length(usize),
    /// The first character names the registry: A–N, P–Z or 1–9; the rest are letters then digits.
    #[error("character {at} of a donation number cannot be {found:?}")]
    Character {
        /// Counted from 1.
        at: usize,
        /// What stood there.
        found: char,
    },
    /// The typed check character is not the one the number has.
    #[error("the check character should be {expected}, {found} was given: a digit was mistyped")]
    Check {
        /// What the number asks for.
        expected: char,
        /// What was typed.
        found: char,
    },
}

/// A donation identification number (献血码): 5 facility, 2 year, 6 serial characters, as ISBT 128 defines it.
/// Chinese stations print the same thirteen characters with a numeric facility.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Din([u8; 13]);

const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

impl Din {
    /// Sorts before every real number.
    pub const LOWEST: Self = Self([0; 13]);

    /// Reads thirteen characters; grouping blanks are ignored.
    pub fn parse(text: &str) -> Result<Self, DinError> {
        let mut bytes = [0u8; 13];
        let mut n = 0;
        for c in text.chars().filter(|c| *c != ' ') {
            let at = n + 1;
            let good = match at {
                1 => c.is_ascii_digit() && c != '0' || c.is_ascii_uppercase() && c != 'O',
                2..=5 => c.is_ascii_digit() || c.is_ascii_uppercase(),
                _ => c.is_ascii_digit(),
            };
            match bytes.get_mut(n) {
                Some(_) if !good => return Err(DinError::Character { at, found: c }),
                Some(slot) => *slot = c as u8,
                None => {}
            }
            n += 1;
        }
        if n == 13 {
            Ok(Self(bytes))
        } else {
            Err(DinError::Length(n))
        }
    }

    /// Reads a number as scanners and devices send it: perhaps behind the identifier `=`, perhaps with its two flag characters, which
    /// are no part of it.
    pub fn scanned(text: &str) -> Option<Self> {
        let bare = text.trim().trim_start_matches('=');
        bare.get(..13)
            .filter(|_| matches!(bare.len(), 13 | 15))
            .and_then(|din| Self::parse(din).ok())
    }

    /// Reads a number typed by hand: thirteen characters and the check character printed in the box beside it.
    pub fn parse_keyed(text: &str, check: char) -> Result<Self, DinError> {
        let din = Self::parse(text)?;
        let (expected, found) = (din.check_character(), check.to_ascii_uppercase());
        if expected == found {
            Ok(din)
        } else {
            Err(DinError::Check { expected, found })
        }
    }

    /// The thirteen characters.
    pub fn as_str(&self) -> &str {
        // Only ASCII was let in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The check character of ISO 7064 mod 37-2, printed for keyboard entry.
    pub fn check_character(&self) -> char {
        let value = |b: u8| match b {
            b'0'..=b'9' => u32::from(b - b'0'),
            _ => u32::from(b.saturating_sub(b'A')) + 10,
        };
        let sum = self
            .0
            .iter()
            .fold(0u32, |sum, b| 2 * (sum + value(*b)) % 37);
        let index = ((38 - sum) % 37) as usize;
        ALPHABET.get(index).map_or('*', |b| *b as char)
    }

    /// Grouped for reading aloud: `W0000 07 123456`.
    pub fn grouped(&self) -> String {
        let text = self.as_str();
        format!(
            "{} {} {}",
            text.get(..5).unwrap_or_default(),
            text.get(5..7).unwrap_or_default(),
            text.get(7..).unwrap_or_default()
        )
    }
}

impl TryFrom<String> for Din {
    type Error = DinError;
    fn try_from(text: String) -> Result<Self, DinError> {
        Self::parse(&text)
    }
}

impl From<Din> for String {
    fn from(din: Din) -> String {
        din.as_str().into()
    }
}

impl std::str::FromStr for Din {
    type Err = DinError;
    fn from_str(text: &str) -> Result<Self, DinError> {
        Self::parse(text)
    }
}

impl fmt::Display for Din {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Din {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Din({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_of_published_numbers() {
        for (din, check) in [
            ("G123498654321", 'H'),
            ("G123489654321", 'Y'),
            ("W000007123456", 'D'),
        ] {
            let parsed = Din::parse(din).unwrap();
            assert_eq!(parsed.check_character(), check, "{din}");
            assert_eq!(Din::parse_keyed(din, check), Ok(parsed));
            assert!(Din::parse_keyed(din, 'Z').is_err());
        }
    }

    #[test]
    fn every_single_wrong_digit_changes_the_check_character() {
        let good = "W000007123456";
        let check = Din::parse(good).unwrap().check_character();
        for at in 5..13 {
            for digit in '0'..='9' {
                let mut bad: Vec<char> = good.chars().collect();
                if bad[at] != digit {
                    bad[at] = digit;
                    let bad: String = bad.into_iter().collect();
                    assert!(Din::parse_keyed(&bad, check).is_err(), "{bad}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_donation_number() {
        assert_eq!(Din::parse("W00000712345"), Err(DinError::Length(12)));
        assert_eq!(Din::parse("W00000712345600"), Err(DinError::Length(15)));
        assert!(matches!(
            Din::parse("O000007123456"),
            Err(DinError::Character { at: 1, .. })
        ));
        assert!(matches!(
            Din::parse("W0000071234X6"),
            Err(DinError::Character { at: 12, .. })
        ));
        assert!(Din::parse("").is_err());
        assert!(Din::parse("献血码献血码献血码献血码献").is_err());
    }
}
