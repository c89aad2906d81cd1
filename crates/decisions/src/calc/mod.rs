//! Calculators: one table of small formulas, each with its variants, inputs, ranges and source.
//!
//! ```
//! # use lifeline_decisions::calc;
//! # use std::collections::BTreeMap;
//! let inputs: calc::Inputs = [("plasma_volumes".into(), calc::Given::Number(1.0))].into_iter().collect();
//! let answer = calc::find("tpe_fraction_removed").map(|found| found.run(None, &inputs));
//! assert!(matches!(answer, Some(Ok(answer)) if answer.unit == "fraction"));
//! ```

mod args;
mod blood_loss;
mod body;
mod exchange;
mod field;
mod frequency;
mod iron;
mod panel;
mod plasma;
mod platelets;
mod red_cells;
mod rhig;
mod scores;
mod stock;

pub use args::{Args, Given, Inputs};
pub use field::{Field, Kind, Need};

use std::collections::BTreeMap;

use serde::Serialize;

/// A formula with its inputs.
#[derive(Debug)]
pub struct Calculator {
    /// The name in commands and message keys.
    pub name: &'static str,
    /// What it asks for.
    pub inputs: &'static [Field],
    /// Ways to compute it; never empty, the first is taken where none is named.
    pub variants: &'static [Variant],
}

/// One named way to compute a result. Published methods differ by up to a fifth, so a result without its variant says little.
#[derive(Debug)]
pub struct Variant {
    /// The name in commands and message keys.
    pub name: &'static str,
    /// The formula in words of the inputs, the same in every language.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Whether the source was read while this was written. What was not read is provisional until the hospital has confirmed it.
    pub verified: bool,
    /// The unit of the result.
    pub unit: &'static str,
    compute: fn(&Args) -> Result<Computed, Problem>,
}

/// What a formula gives: a number, or several by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// One number.
    Number(f64),
    /// Numbers by name, in the order of their names.
    Named(BTreeMap<&'static str, f64>),
}

/// A formula's result before it is dressed up as an answer.
#[derive(Debug)]
struct Computed {
    value: Value,
    unit: Option<&'static str>,
    warnings: Vec<&'static str>,
}

impl Computed {
    fn of(value: f64) -> Self {
        Self {
            value: Value::Number(value),
            unit: None,
            warnings: Vec::new(),
        }
    }

    /// In another unit than the variant's own.
    fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// With a warning where something holds.
    fn warn(mut self, holds: bool, warning: &'static str) -> Self {
        if holds {
            self.warnings.push(warning);
        }
        self
    }
}

/// A result with everything that is needed to check it by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Which calculator.
    pub name: &'static str,
    /// Which way it was computed.
    pub variant: &'static str,
    /// The result, not rounded.
    pub value: Value,
    /// Its unit.
    pub unit: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// Where the formula comes from.
    pub source: &'static str,
    /// Whether the source still has to be confirmed.
    pub provisional: bool,
    /// What to bear in mind, as words with a text in the message files (`calc-warning-…`).
    pub warnings: Vec<&'static str>,
}

/// Why there is no result. Each names the input it is about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The calculator has no such input.
    #[error("{field}: there is no such input; there are {known}")]
    Unknown {
        /// What was given.
        field: String,
        /// What could be.
        known: String,
    },
    /// There is no such variant.
    #[error("variant: {given:?} is not one of {known}")]
    Variant {
        /// What was asked for.
        given: String,
        /// What there is.
        known: String,
    },
    /// An input is missing.
    #[error("{field}: missing")]
    Missing {
        /// Which.
        field: String,
    },
    /// An input is of another kind.
    #[error("{field}: must be {expected}")]
    Kind {
        /// Which.
        field: String,
        /// What it must be.
        expected: String,
    },
    /// A number outside of what a body or a department can have.
    #[error("{field}: {given} is outside {least} to {most} {unit}")]
    Range {
        /// Which.
        field: String,
        /// What was given.
        given: f64,
        /// The least accepted.
        least: f64,
        /// The most accepted.
        most: f64,
        /// Of both.
        unit: &'static str,
    },
    /// Inputs that contradict each other, or that say the same twice.
    #[error("{field}: {why}")]
    Contradiction {
        /// The input to look at first.
        field: String,
        /// The kind of contradiction, a word with a text in the message files (`calc-problem-…`).
        why: Conflict,
        /// The other input, where there is one.
        other: Option<&'static str>,
    },
}

impl Problem {
    /// The input it is about.
    pub fn field(&self) -> &str {
        match self {
            Self::Variant { .. } => "variant",
            Self::Unknown { field, .. }
            | Self::Missing { field }
            | Self::Kind { field, .. }
            | Self::Range { field, .. }
            | Self::Contradiction { field, .. } => field,
        }
    }

    /// A stable word for programs and message keys.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-input",
            Self::Variant { .. } => "unknown-variant",
            Self::Missing { .. } => "missing-input",
            Self::Kind { .. } => "wrong-kind",
            Self::Range { .. } => "out-of-range",
            Self::Contradiction { why, .. } => why.code(),
        }
    }

    fn conflict(field: &'static str, why: Conflict, other: &'static str) -> Self {
        Self::Contradiction {
            field: field.into(),
            why,
            other: Some(other),
        }
    }
}

/// How inputs contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// Must be above the other input.
    NotAbove,
    /// Must not be above the other input.
    Above,
    /// Says the same as another input; only one of them may be given.
    Twice,
    /// Shares that should add up to 1 do not.
    Sum,
    /// Names two antigens of one blood-group system.
    SameSystem,
    /// No number can be found: nothing suitable exists or too many would be needed.
    Unreachable,
    /// All counts are zero.
    Empty,
}

impl Conflict {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::NotAbove,
        Self::Above,
        Self::Twice,
        Self::Sum,
        Self::SameSystem,
        Self::Unreachable,
        Self::Empty,
    ];

    /// A stable word for programs and message keys.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAbove => "not-above",
            Self::Above => "above",
            Self::Twice => "given-twice",
            Self::Sum => "sum-not-one",
            Self::SameSystem => "same-system",
            Self::Unreachable => "unreachable",
            Self::Empty => "empty",
        }
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotAbove => "must be above what it starts from",
            Self::Above => "is above what it can be at most",
            Self::Twice => "says what another input already says; give one of them",
            Self::Sum => "the shares must add up to 1",
            Self::SameSystem => {
                "two antigens of one blood-group system; give their joint share as one number"
            }
            Self::Unreachable => "no number of donors reaches this",
            Self::Empty => "nothing was counted",
        })
    }
}

/// Every calculator, in the order of the list.
pub fn all() -> impl Iterator<Item = &'static Calculator> {
    [
        platelets::TABLE,
        frequency::TABLE,
        iron::TABLE,
        blood_loss::TABLE,
        rhig::TABLE,
        red_cells::TABLE,
        plasma::TABLE,
        body::TABLE,
        exchange::TABLE,
        stock::TABLE,
        scores::TABLE,
        panel::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// The calculator of a name.
pub fn find(name: &str) -> Option<&'static Calculator> {
    all().find(|calculator| calculator.name == name)
}

impl Calculator {
    /// The variant of a name; the first where none is named.
    pub fn variant(&self, name: Option<&str>) -> Result<&'static Variant, Problem> {
        let found = match name {
            None => self.variants.first(),
            Some(name) => self.variants.iter().find(|variant| variant.name == name),
        };
        found.ok_or_else(|| Problem::Variant {
            given: name.unwrap_or_default().into(),
            known: self.names(),
        })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.variants.iter().map(|variant| variant.name).collect();
        names.join(", ")
    }

    /// Computes the result. Impossible or contradictory input gets a [`Problem`] that names the input.
    pub fn run(&self, variant: Option<&str>, inputs: &Inputs) -> Result<Answer, Problem> {
        let variant = self.variant(variant)?;
        let args = Args::read(self.inputs, inputs)?;
        let computed = (variant.compute)(&args)?;
        Ok(Answer {
            name: self.name,
            variant: variant.name,
            value: computed.value,
            unit: computed.unit.unwrap_or(variant.unit),
            formula: variant.formula,
            source: variant.source,
            provisional: !variant.verified,
            warnings: computed.warnings,
        })
    }
}

#[cfg(test)]
mod tests;
