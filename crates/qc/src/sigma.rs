//! How good a method is for its purpose, and which rules that calls for.

use serde::{Deserialize, Serialize};

use crate::{Rule, RuleProfile};

/// What a method may do and what it does, all in per cent of the value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Total allowable error.
    pub tea: f64,
    /// Bias, with its sign.
    pub bias: f64,
    /// Coefficient of variation.
    pub cv: f64,
}

/// Why no sigma can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigmaError {
    /// A field is not what it must be.
    #[error("{0} must be {1}")]
    Field(&'static str, &'static str),
}

/// What the quality goal index says is to be improved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Improve {
    /// QGI below 0.8: the scatter.
    Imprecision,
    /// Between: both.
    Both,
    /// QGI above 1.2: the bias.
    Inaccuracy,
}

/// The figures of a method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SigmaMetrics {
    /// (TEa − |bias|) / CV.
    pub sigma: f64,
    /// Critical systematic error in SD: sigma − 1.65.
    pub dse_crit: f64,
    /// Critical random error as a multiple of the SD: sigma / 1.96.
    pub dre_crit: f64,
    /// Quality goal index: |bias| / (1.5 CV).
    pub qgi: f64,
    /// What it says.
    pub improve: Improve,
}

impl Performance {
    /// The figures of this performance.
    ///
    /// # Errors
    /// TEa or CV not above 0, or a field that is not finite.
    pub fn metrics(self) -> Result<SigmaMetrics, SigmaError> {
        let positive = |name, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(SigmaError::Field(name, "greater than 0")),
        };
        positive("tea", self.tea)?;
        positive("cv", self.cv)?;
        if !self.bias.is_finite() {
            return Err(SigmaError::Field("bias", "a number"));
        }
        let sigma = (self.tea - self.bias.abs()) / self.cv;
        let qgi = self.bias.abs() / (1.5 * self.cv);
        Ok(SigmaMetrics {
            sigma,
            dse_crit: sigma - 1.65,
            dre_crit: sigma / 1.96,
            qgi,
            improve: match qgi {
                qgi if qgi < 0.8 => Improve::Imprecision,
                qgi if qgi > 1.2 => Improve::Inaccuracy,
                _ => Improve::Both,
            },
        })
    }
}

/// Control measurements of an event and runs between events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Design {
    /// Control measurements an event.
    pub n: u8,
    /// Runs that one decision spans.
    pub r: u8,
}

/// The rules that the Westgard Sigma Rules call for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SigmaRules {
    /// Preset that holds them: [`RuleProfile::preset`].
    pub profile: String,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Designs that serve, the first preferred.
    pub designs: Vec<Design>,
}

/// Control levels a design rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Levels {
    /// Two.
    #[serde(rename = "2")]
    Two,
    /// Three.
    #[serde(rename = "3")]
    Three,
}

/// The Westgard Sigma Rules: the rules and designs for a sigma and a number of levels. `None` for a sigma that is no number.
pub fn rules_for(sigma: f64, levels: Levels) -> Option<SigmaRules> {
    if sigma.is_nan() {
        return None;
    }
    let band = match sigma {
        sigma if sigma >= 6.0 => 6,
        sigma if sigma >= 5.0 => 5,
        sigma if sigma >= 4.0 => 4,
        _ => 3,
    };
    let (levels, designs): (u8, &[(u8, u8)]) = match (levels, band) {
        (Levels::Two, 5..) => (2, &[(2, 1)]),
        (Levels::Two, 4) => (2, &[(4, 1), (2, 2)]),
        (Levels::Two, _) => (2, &[(4, 2), (2, 4)]),
        (Levels::Three, 4..) => (3, &[(3, 1)]),
        (Levels::Three, _) => (3, &[(6, 1), (3, 2)]),
    };
    let profile = RuleProfile::preset(&format!("sigma-{band}-n{levels}"))?;
    Some(SigmaRules {
        rules: profile.rules.iter().map(|used| used.rule).collect(),
        profile: profile.name,
        designs: designs
            .iter()
            .map(|(n, r)| Design { n: *n, r: *r })
            .collect(),
    })
}
