use std::fmt;

use serde::{Deserialize, Serialize};

/// How strongly a well reacted, as read by eye or by camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// No agglutination, no haemolysis.
    #[serde(rename = "0")]
    Negative,
    /// Weaker than 1+.
    #[serde(rename = "w")]
    Weak,
    /// 1+.
    #[serde(rename = "1")]
    One,
    /// 2+.
    #[serde(rename = "2")]
    Two,
    /// 3+.
    #[serde(rename = "3")]
    Three,
    /// 4+.
    #[serde(rename = "4")]
    Four,
    /// Two populations of cells.
    #[serde(rename = "mf")]
    MixedField,
    /// Haemolysis: the antibody took complement to the end. Counts as a positive reaction.
    #[serde(rename = "H")]
    Haemolysis,
}

impl Grade {
    /// All grades, weakest first.
    pub const ALL: [Self; 8] = [
        Self::Negative,
        Self::Weak,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::MixedField,
        Self::Haemolysis,
    ];

    /// The key a technologist presses and the word the journal carries.
    pub fn code(self) -> &'static str {
        match self {
            Self::Negative => "0",
            Self::Weak => "w",
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::Four => "4",
            Self::MixedField => "mf",
            Self::Haemolysis => "H",
        }
    }

    /// Reads a code or the printed form (`3+`, `w+`, `mf`, `H`).
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "0" | "-" | "neg" => Self::Negative,
            "w" | "w+" | "W" | "+w" | "±" => Self::Weak,
            "1" | "1+" => Self::One,
            "2" | "2+" => Self::Two,
            "3" | "3+" => Self::Three,
            "4" | "4+" => Self::Four,
            "mf" | "m" | "MF" | "dp" | "DP" => Self::MixedField,
            "H" | "h" => Self::Haemolysis,
            _ => return None,
        })
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negative => "0",
            Self::Weak => "w+",
            Self::One => "1+",
            Self::Two => "2+",
            Self::Three => "3+",
            Self::Four => "4+",
            Self::MixedField => "mf",
            Self::Haemolysis => "H",
        })
    }
}
