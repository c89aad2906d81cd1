use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that names no blood group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no blood group; write one of O+ O- A+ A- B+ B- AB+ AB-")]
pub struct GroupError(pub String);

/// The ABO type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Abo {
    /// Neither antigen; anti-A and anti-B in the plasma.
    O,
    /// A antigen; anti-B in the plasma.
    A,
    /// B antigen; anti-A in the plasma.
    B,
    /// Both antigens; neither antibody.
    #[serde(rename = "AB")]
    Ab,
}

impl Abo {
    /// All four.
    pub const ALL: [Self; 4] = [Self::O, Self::A, Self::B, Self::Ab];

    /// Whether the red cells carry A.
    pub fn has_a(self) -> bool {
        matches!(self, Self::A | Self::Ab)
    }

    /// Whether the red cells carry B.
    pub fn has_b(self) -> bool {
        matches!(self, Self::B | Self::Ab)
    }

    /// Whether cells of this type carry an antigen that a person of type `recipient` has an antibody against.
    /// Landsteiner's rule; no policy can change it.
    pub fn cells_lethal_to(self, recipient: Self) -> bool {
        self.has_a() && !recipient.has_a() || self.has_b() && !recipient.has_b()
    }

    /// `O`, `A`, `B`, `AB`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::O => "O",
            Self::A => "A",
            Self::B => "B",
            Self::Ab => "AB",
        }
    }

    /// Reads `O`, `A`, `B`, `AB`. The digit 0 is not a group: some analysers send it for O, their profile says so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|abo| abo.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

impl fmt::Display for Abo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The RhD type as a rule acts on it. A weak D in a patient is reported as [`RhD::Weak`] and treated as the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RhD {
    /// D antigen present.
    Positive,
    /// D antigen absent.
    Negative,
    /// D antigen weak or partial; its management is policy (`group.weak_d_recipient`, `group.weak_d_donor`).
    Weak,
}

impl RhD {
    /// `+`, `-` or `w`.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Positive => "+",
            Self::Negative => "-",
            Self::Weak => "w",
        }
    }
}

/// A complete group: ABO and RhD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BloodGroup {
    /// ABO type.
    pub abo: Abo,
    /// RhD type.
    pub rhd: RhD,
}

impl BloodGroup {
    /// Puts the two together.
    pub fn new(abo: Abo, rhd: RhD) -> Self {
        Self { abo, rhd }
    }

    /// Reads `A+`, `AB-`, `O+`.
    pub fn parse(text: &str) -> Result<Self, GroupError> {
        match LabelGroup::parse(text)? {
            LabelGroup {
                abo,
                rhd: Some(rhd),
            } => Ok(Self { abo, rhd }),
            LabelGroup { rhd: None, .. } => Err(GroupError(text.into())),
        }
    }
}

impl fmt::Display for BloodGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.abo, self.rhd.sign())
    }
}

/// A group as a bag's label states it: RhD may be absent (pooled cryoprecipitate), and absent is not positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LabelGroup {
    /// ABO type.
    pub abo: Abo,
    /// RhD type, where the label states one.
    pub rhd: Option<RhD>,
}

impl LabelGroup {
    /// Reads `A+`, `AB-`, `O`, with `+`/`-` or words of RhD left out where not stated.
    pub fn parse(text: &str) -> Result<Self, GroupError> {
        let bad = || GroupError(text.chars().take(20).collect());
        let trimmed = text.trim();
        let (abo, rhd) = match trimmed.strip_suffix(['+', '＋']) {
            Some(abo) => (abo, Some(RhD::Positive)),
            None => match trimmed.strip_suffix(['-', '−', '－']) {
                Some(abo) => (abo, Some(RhD::Negative)),
                None => (trimmed, None),
            },
        };
        Ok(Self {
            abo: Abo::parse(abo).ok_or_else(bad)?,
            rhd,
        })
    }
}

impl From<BloodGroup> for LabelGroup {
    fn from(group: BloodGroup) -> Self {
        Self {
            abo: group.abo,
            rhd: Some(group.rhd),
        }
    }
}

impl fmt::Display for LabelGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.abo, self.rhd.map_or("", RhD::sign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lethal_cells_are_exactly_the_seven_pairs_of_the_book() {
        let lethal = [
            ("O", "A"),
            ("O", "B"),
            ("O", "AB"),
            ("A", "B"),
            ("A", "AB"),
            ("B", "A"),
            ("B", "AB"),
        ];
        for recipient in Abo::ALL {
            for unit in Abo::ALL {
                let expected = lethal.contains(&(recipient.as_str(), unit.as_str()));
                assert_eq!(
                    unit.cells_lethal_to(recipient),
                    expected,
                    "{unit} into {recipient}"
                );
            }
        }
    }

    #[test]
    fn reads_what_people_write_and_nothing_else() {
        assert_eq!(BloodGroup::parse("AB-").unwrap().to_string(), "AB-");
        assert_eq!(LabelGroup::parse("O").unwrap().rhd, None);
        for bad in ["", "0+", "AB", "C+", "A++", "+", "A pos"] {
            assert!(BloodGroup::parse(bad).is_err(), "{bad}");
        }
    }
}
