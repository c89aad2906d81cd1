//! The control rules and the sets they come in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $window:literal,)+) => {
        /// A control rule. What each one means is said for its newest point; "beyond" is `>` or `>=` by the profile's boundary.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl Rule {
            /// Every rule, in the order in which verdicts name them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in use: `1-3s`, `R-4s`, `2of3-2s`, `10x`, `7T`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Points a full window holds; for R-4s the two that lie apart.
            pub const fn window(self) -> u8 {
                match self { $(Self::$name => $window),+ }
            }
        }
    };
}

rules! {
    /// One point beyond 2 SD: a warning, not a reason to reject.
    OneTwoS "1-2s" 1,
    /// One point beyond 2.5 SD.
    OneTwoHalfS "1-2.5s" 1,
    /// One point beyond 3 SD.
    OneThreeS "1-3s" 1,
    /// One point beyond 3.5 SD.
    OneThreeHalfS "1-3.5s" 1,
    /// Two consecutive points beyond the same 2 SD limit.
    TwoTwoS "2-2s" 2,
    /// In one run, one point beyond +2 SD and another beyond −2 SD, or the two more than 4 SD apart: [`crate::R4s`].
    R4s "R-4s" 2,
    /// Two of the last three points beyond the same 2 SD limit.
    TwoOfThreeTwoS "2of3-2s" 3,
    /// Three consecutive points beyond the same 1 SD limit.
    ThreeOneS "3-1s" 3,
    /// Four consecutive points beyond the same 1 SD limit.
    FourOneS "4-1s" 4,
    /// Six consecutive points on one side of the mean.
    SixX "6x" 6,
    /// Eight consecutive points on one side of the mean.
    EightX "8x" 8,
    /// Nine consecutive points on one side of the mean.
    NineX "9x" 9,
    /// Ten consecutive points on one side of the mean.
    TenX "10x" 10,
    /// Twelve consecutive points on one side of the mean.
    TwelveX "12x" 12,
    /// Seven points strictly rising or strictly falling.
    SevenT "7T" 7,
}

/// No rule has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rule {0:?}; there are {known}", known = Rule::ALL.iter().map(|rule| rule.code()).collect::<Vec<_>>().join(", "))]
pub struct UnknownRule(pub String);

impl Rule {
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// What the rule looks at: points of one material in a row, or points of several.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::OneTwoS
            | Self::OneTwoHalfS
            | Self::OneThreeS
            | Self::OneThreeHalfS
            | Self::R4s => &[Scope::Run],
            Self::SevenT => &[Scope::WithinMaterial],
            _ => &[Scope::WithinMaterial, Scope::AcrossMaterials],
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    /// Reads the name in use; `_` and `:` serve as well as `-`, and so does nothing at all (`13s`, `10_x`, `r4S`).
    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let bare = |name: &str| -> String {
            let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | ':' | ' '));
            kept.flat_map(char::to_lowercase).collect()
        };
        let wanted = bare(text);
        let found = Self::ALL.iter().find(|rule| bare(rule.code()) == wanted);
        found
            .copied()
            .ok_or_else(|| UnknownRule(text.trim().to_owned()))
    }
}

/// Which points a violation was found among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Consecutive points of one control material.
    WithinMaterial,
    /// Consecutive points of several materials in the order in which they were measured.
    AcrossMaterials,
    /// Points of one run.
    Run,
}

/// A set of rules in two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleSet(pub(crate) u16);

impl RuleSet {
    /// No rule.
    pub const EMPTY: Self = Self(0);

    /// One bit a rule, the lowest for the first of [`Rule::ALL`].
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether it is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a rule is in it.
    pub const fn contains(self, rule: Rule) -> bool {
        self.0 & rule.bit() != 0
    }

    /// Its rules in the order of [`Rule::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL
            .iter()
            .copied()
            .filter(move |rule| self.contains(*rule))
    }
}

impl FromIterator<Rule> for RuleSet {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        Self(rules.into_iter().fold(0, |set, rule| set | rule.bit()))
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Rule::code)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_usual_spelling() {
        for rule in Rule::ALL {
            assert_eq!(rule.code().parse(), Ok(*rule));
            assert_eq!(
                rule.code().replace('-', "_").to_uppercase().parse(),
                Ok(*rule)
            );
        }
        assert_eq!("1:3s".parse(), Ok(Rule::OneThreeS));
        assert_eq!("10_x".parse(), Ok(Rule::TenX));
        assert!("11x".parse::<Rule>().is_err());
        assert!("".parse::<Rule>().is_err());
    }
}
