//! Controls that read a reaction instead of a number: expected interpretation and grade, and the slow loss of strength.

use serde::{Deserialize, Serialize};

use crate::engine::Status;

/// Strength of a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strength {
    /// None.
    #[serde(rename = "0")]
    Negative,
    /// Weak.
    #[serde(rename = "w+")]
    Weak,
    /// 1+.
    #[serde(rename = "1+")]
    One,
    /// 2+.
    #[serde(rename = "2+")]
    Two,
    /// 3+.
    #[serde(rename = "3+")]
    Three,
    /// 4+.
    #[serde(rename = "4+")]
    Four,
}

impl Strength {
    /// Every strength, weakest first.
    pub const ALL: [Self; 6] = [
        Self::Negative,
        Self::Weak,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
    ];

    /// How many grades apart, towards stronger.
    pub const fn steps_from(self, other: Self) -> i8 {
        self as i8 - other as i8
    }

    /// The agglutination score (Marsh; w+ stands for 3 in the range 2 to 3).
    pub const fn score(self) -> u8 {
        match self {
            Self::Negative => 0,
            Self::Weak => 3,
            Self::One => 5,
            Self::Two => 8,
            Self::Three => 10,
            Self::Four => 12,
        }
    }
}

/// What was seen in a well or tube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// A grade.
    Grade(Strength),
    /// Two populations.
    MixedField,
    /// Haemolysis.
    Haemolysis,
}

/// What a control must show in a well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The reaction of the control's lot.
    pub reaction: Reaction,
    /// Grades that a positive may lie off; a negative must be negative.
    pub tolerance: u8,
}

/// Why a graded control is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradedFault {
    /// A positive control reacted negative.
    FalseNegative,
    /// A negative control reacted.
    FalsePositive,
    /// Right side, more grades off than allowed.
    Grade,
    /// Mixed field where none is expected.
    MixedField,
    /// Haemolysis where none is expected.
    Haemolysis,
    /// Mixed field or haemolysis is expected and was not seen.
    NotSeen,
}

/// Judges one well: the interpretation must be exact, the grade within tolerance; an unexpected mixed field or haemolysis is out.
pub const fn judge(expected: Expected, seen: Reaction) -> Option<GradedFault> {
    match (expected.reaction, seen) {
        (Reaction::MixedField, Reaction::MixedField)
        | (Reaction::Haemolysis, Reaction::Haemolysis) => None,
        (_, Reaction::MixedField) => Some(GradedFault::MixedField),
        (_, Reaction::Haemolysis) => Some(GradedFault::Haemolysis),
        (Reaction::MixedField | Reaction::Haemolysis, Reaction::Grade(_)) => {
            Some(GradedFault::NotSeen)
        }
        (Reaction::Grade(Strength::Negative), Reaction::Grade(Strength::Negative)) => None,
        (Reaction::Grade(Strength::Negative), Reaction::Grade(_)) => {
            Some(GradedFault::FalsePositive)
        }
        (Reaction::Grade(_), Reaction::Grade(Strength::Negative)) => {
            Some(GradedFault::FalseNegative)
        }
        (Reaction::Grade(target), Reaction::Grade(seen)) => {
            if seen.steps_from(target).unsigned_abs() <= expected.tolerance {
                None
            } else {
                Some(GradedFault::Grade)
            }
        }
    }
}

/// Whether a set of controls can notice a weak reagent: one of them must be expected at 1+ or weaker. Strong controls alone do not see
/// a reagent that has lost its potency.
pub fn has_weak_positive(set: &[Expected]) -> bool {
    set.iter().any(|expected| {
        matches!(
            expected.reaction,
            Reaction::Grade(Strength::Weak | Strength::One)
        )
    })
}

/// How many readings in a row are off before a drift is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftRule {
    /// Readings in a row weaker than the target (or stronger), however little: from policy.
    pub row: u8,
}

/// The last readings of one positive control beside their target: same-side rules on score differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Drift {
    weaker: u8,
    stronger: u8,
}

/// A drift that is told as a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftSign {
    /// Every one of the last readings is weaker than the target: a reagent loses potency.
    Weakening,
    /// Every one is stronger: a target set too low, or a control that changes.
    Strengthening,
}

impl Drift {
    /// One more reading. A reading on target ends the row; mixed field and haemolysis are judged alone and end it too.
    pub fn add(&mut self, target: Strength, seen: Reaction, rule: DriftRule) -> Option<DriftSign> {
        let off = match seen {
            Reaction::Grade(seen) => i16::from(seen.score()) - i16::from(target.score()),
            Reaction::MixedField | Reaction::Haemolysis => 0,
        };
        self.weaker = if off < 0 {
            self.weaker.saturating_add(1)
        } else {
            0
        };
        self.stronger = if off > 0 {
            self.stronger.saturating_add(1)
        } else {
            0
        };
        let row = rule.row.max(1);
        if self.weaker >= row {
            Some(DriftSign::Weakening)
        } else if self.stronger >= row {
            Some(DriftSign::Strengthening)
        } else {
            None
        }
    }
}

/// Fault and drift together: a fault rejects, a drift warns.
pub const fn status(fault: Option<GradedFault>, drift: Option<DriftSign>) -> Status {
    match (fault, drift) {
        (Some(_), _) => Status::Reject,
        (None, Some(_)) => Status::Warning,
        (None, None) => Status::Accept,
    }
}
