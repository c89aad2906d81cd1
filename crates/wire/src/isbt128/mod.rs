//! What a scanner reads from a bag: ISBT 128 data structures, one or several in a symbol, and the same content as
//! Chinese stations print it without data identifiers.
//!
//! The two characters that begin an ISBT 128 data structure say what it is, so a blood group can never land in the
//! field of a donation number. Content without identifiers is told apart by its length and alphabet, which do not overlap.

mod date;
mod parse;

use std::fmt;

use jiff::civil::{Date, Time};
use lifeline_core::blood::{Abo, Din, LabelGroup, ProductCode, RhD};
use serde::Serialize;

pub use parse::parse_scan;

/// Longest scan that is looked at, in bytes. The largest Data Matrix holds about 2,300 characters.
pub const MAX_SCAN: usize = 2_500;
/// Data structures in one symbol.
pub const MAX_PARTS: usize = 20;

/// A data structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Symbol {
    /// `=` and a donation number, or the number alone.
    Din {
        /// The thirteen characters.
        din: Din,
        /// The two flag characters, where scanned. They tell label copies and process marks apart and are not checked:
        /// a real Chinese label carries flags that are no check value.
        flags: Option<String>,
        /// The character printed in the box for keyboard entry.
        check_character: char,
    },
    /// `=%`, or a Chinese group code.
    AboRhd {
        /// ABO and, where the code states it, RhD. Codes 55, 66, 77, 88 state no RhD: it is unknown, not positive.
        #[serde(flatten)]
        group: LabelGroup,
        /// The two characters of the code.
        code: String,
        /// The two that follow (Rh, Kell and Mia phenotypes; reserved), as scanned.
        #[serde(skip_serializing_if = "Option::is_none")]
        phenotype: Option<String>,
    },
    /// `=<`, or a product code alone.
    Product {
        /// The eight characters.
        product: ProductCode,
        /// The first five: what it is.
        description: String,
        /// The sixth: kind of donation.
        donation_type: char,
        /// The last two: division.
        division: String,
    },
    /// `=>` (date), `&>` (date and time), or twelve digits.
    Expiry(Moment),
    /// `=*` or `&*`.
    Collection(Moment),
    /// `=}` or `&}`.
    Production(Moment),
    /// `&(`: special testing, general.
    SpecialTesting {
        /// The code.
        code: String,
    },
    /// `=\`, `={`, `&\`, `&{`: antigens of cells and platelets. The tables behind are licensed; the code stands as scanned.
    Antigens {
        /// The two identifier characters.
        identifier: String,
        /// The code.
        code: String,
    },
    /// `=)` or `&)`: container.
    Container {
        /// The two identifier characters.
        identifier: String,
        /// Maker and catalogue number, or lot.
        code: String,
    },
    /// Several structures in one scan: `=+…` (Data Matrix) or two codes printed side by side and read as one.
    Compound {
        /// The structures, in the order scanned; none stands twice.
        parts: Vec<Symbol>,
    },
}

/// A day, and a time of day where one is given. Without time, an expiry is the end of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// The time, local at the place of the label.
    #[serde(serialize_with = "hours_and_minutes")]
    pub time: Option<Time>,
}

fn hours_and_minutes<S: serde::Serializer>(time: &Option<Time>, s: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(t) => s.collect_str(&format_args!("{:02}:{:02}", t.hour(), t.minute())),
        None => s.serialize_none(),
    }
}

impl Symbol {
    pub(crate) fn din(din: Din, flags: Option<String>) -> Self {
        Self::Din {
            din,
            flags,
            check_character: din.check_character(),
        }
    }

    pub(crate) fn product(product: ProductCode) -> Self {
        let text = product.as_str();
        Self::Product {
            product,
            description: product.description().to_owned(),
            donation_type: text.chars().nth(5).unwrap_or_default(),
            division: text.get(6..).unwrap_or_default().to_owned(),
        }
    }

    /// All structures: the parts of a compound, or itself.
    #[must_use]
    pub fn parts(&self) -> &[Symbol] {
        match self {
            Self::Compound { parts } => parts,
            one => std::slice::from_ref(one),
        }
    }
}

/// Why a scan is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Nothing was scanned.
    #[error("nothing was scanned")]
    Empty,
    /// More than [`MAX_SCAN`] bytes or [`MAX_PARTS`] structures.
    #[error("the scan is too long")]
    TooLong,
    /// The two first characters name no data structure known here.
    #[error("character {at}: {found:?} begins no ISBT 128 data structure that is read here")]
    UnknownIdentifier {
        /// Counted from 1.
        at: usize,
        /// The two characters.
        found: String,
    },
    /// Text without identifier of a length that no label content has.
    #[error(
        "{0:?} is neither an ISBT 128 code nor a donation number, product code, group code or expiry"
    )]
    Unrecognised(String),
    /// A structure of the wrong length.
    #[error("character {at}: {what} has {expected} characters, here are {found}")]
    Length {
        /// Counted from 1.
        at: usize,
        /// Which structure.
        what: &'static str,
        /// What it should have.
        expected: usize,
        /// What it has.
        found: usize,
    },
    /// Characters that cannot stand in a structure.
    #[error("character {at}: {what}: {why}")]
    Content {
        /// Counted from 1.
        at: usize,
        /// Which structure.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A group code that is not a plain ABO/RhD code (autologous, directed, Bombay, para-Bombay and others).
    #[error(
        "character {at}: group code {code:?} is not supported: read the label and enter the group by the controlled way"
    )]
    UnsupportedGroup {
        /// Counted from 1.
        at: usize,
        /// The code.
        code: String,
    },
    /// The same structure twice in one scan: two labels were read as one.
    #[error("character {at}: {what} stands twice: two labels may have been read as one")]
    Repeated {
        /// Counted from 1.
        at: usize,
        /// Which structure.
        what: &'static str,
    },
    /// The number of structures a compound message announces is not the number it holds.
    #[error("the compound symbol announces {expected} structures and holds {found}")]
    Count {
        /// Announced.
        expected: usize,
        /// Found.
        found: usize,
    },
}

/// ABO and RhD of the two-character code of ISBT 128 table RT001: the plain codes only.
#[must_use]
pub fn group_of(code: &str) -> Option<LabelGroup> {
    use RhD::{Negative, Positive};
    let (abo, rhd) = match code {
        "51" => (Abo::O, Some(Positive)),
        "62" => (Abo::A, Some(Positive)),
        "73" => (Abo::B, Some(Positive)),
        "84" => (Abo::Ab, Some(Positive)),
        "95" => (Abo::O, Some(Negative)),
        "06" => (Abo::A, Some(Negative)),
        "17" => (Abo::B, Some(Negative)),
        "28" => (Abo::Ab, Some(Negative)),
        "55" => (Abo::O, None),
        "66" => (Abo::A, None),
        "77" => (Abo::B, None),
        "88" => (Abo::Ab, None),
        _ => return None,
    };
    Some(LabelGroup { abo, rhd })
}

/// The code of a group (`51` for O positive); nothing for weak D, which no label states.
#[must_use]
pub fn code_of(group: LabelGroup) -> Option<&'static str> {
    const CODES: [&str; 12] = [
        "51", "62", "73", "84", "95", "06", "17", "28", "55", "66", "77", "88",
    ];
    CODES.into_iter().find(|code| group_of(code) == Some(group))
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(t) => write!(f, "{} {:02}:{:02}", self.date, t.hour(), t.minute()),
            None => write!(f, "{}", self.date),
        }
    }
}
