use super::{EqaError, Limit};

/// Where a score stands (9.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within 2 (within 1 for Eₙ).
    Acceptable,
    /// Between 2 and 3.
    Warning,
    /// 3 or more (1 or more for Eₙ).
    Action,
}

/// The score above which a warning is given.
const WARNING: f64 = 2.0;
/// The score from which action is called for.
const ACTION: f64 = 3.0;

/// Rounds the last bits away, so that a score that is a limit in decimals is one here: (2.2 − 2.0) / 0.1 is not above 2.
fn at_face_value(score: f64) -> f64 {
    format!("{:.11e}", score.abs())
        .parse()
        .unwrap_or(f64::INFINITY)
}

/// The verdict on z, z′ or ζ.
pub fn verdict(score: f64) -> Verdict {
    let size = at_face_value(score);
    if size <= WARNING {
        Verdict::Acceptable
    } else if size < ACTION {
        Verdict::Warning
    } else {
        Verdict::Action
    }
}

/// The verdict on Eₙ (9.7.2): 1 or more calls for action.
pub fn expanded_verdict(score: f64) -> Verdict {
    if at_face_value(score) < 1.0 {
        Verdict::Acceptable
    } else {
        Verdict::Action
    }
}

/// Why a score cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScoringError {
    /// A number is infinite or none.
    #[error("{0} is not a finite number")]
    NotFinite(&'static str),
    /// A standard deviation or allowed error that must be positive is not.
    #[error("{0} must be greater than 0")]
    NotPositive(&'static str),
    /// An uncertainty is negative.
    #[error("{0} cannot be negative")]
    Negative(&'static str),
    /// Both uncertainties are zero.
    #[error("{0} and {1} cannot both be 0")]
    BothZero(&'static str, &'static str),
    /// A percentage of an assigned value of zero.
    #[error("a percentage of x_pt = 0 has no meaning")]
    OfZero,
}

fn finite(name: &'static str, value: f64) -> Result<f64, ScoringError> {
    value
        .is_finite()
        .then_some(value)
        .ok_or(ScoringError::NotFinite(name))
}

fn positive(name: &'static str, value: f64) -> Result<f64, ScoringError> {
    if finite(name, value)? > 0.0 {
        Ok(value)
    } else {
        Err(ScoringError::NotPositive(name))
    }
}

fn not_negative(name: &'static str, value: f64) -> Result<f64, ScoringError> {
    if finite(name, value)? < 0.0 {
        Err(ScoringError::Negative(name))
    } else {
        Ok(value)
    }
}

fn difference(x: f64, x_pt: f64) -> Result<f64, ScoringError> {
    finite("x - x_pt", finite("x", x)? - finite("x_pt", x_pt)?)
}

/// D% (9.3.1): 100 (x − x_pt) / x_pt.
pub fn percent_difference(x: f64, x_pt: f64) -> Result<f64, ScoringError> {
    let by = difference(x, x_pt)?;
    if x_pt == 0.0 {
        return Err(ScoringError::OfZero);
    }
    Ok(100.0 * by / x_pt)
}

/// P_A (9.3.6): the difference in per cent of the allowed error δ_E.
pub fn percent_allowed(x: f64, x_pt: f64, delta_e: f64) -> Result<f64, ScoringError> {
    Ok(100.0 * difference(x, x_pt)? / positive("delta_E", delta_e)?)
}

/// z (9.4.1).
pub fn z(x: f64, x_pt: f64, sigma_pt: f64) -> Result<f64, ScoringError> {
    Ok(difference(x, x_pt)? / positive("sigma_pt", sigma_pt)?)
}

/// z′ (9.5.1): z with the uncertainty of the assigned value.
pub fn z_prime(x: f64, x_pt: f64, sigma_pt: f64, u_x_pt: f64) -> Result<f64, ScoringError> {
    let spread = positive("sigma_pt", sigma_pt)?.hypot(not_negative("u(x_pt)", u_x_pt)?);
    Ok(difference(x, x_pt)? / spread)
}

/// ζ (9.6.1) with standard uncertainties, Eₙ (9.7.1) with expanded ones.
pub fn zeta(x: f64, x_pt: f64, u_x: f64, u_x_pt: f64) -> Result<f64, ScoringError> {
    let spread = not_negative("u(x)", u_x)?.hypot(not_negative("u(x_pt)", u_x_pt)?);
    if spread == 0.0 {
        return Err(ScoringError::BothZero("u(x)", "u(x_pt)"));
    }
    Ok(difference(x, x_pt)? / spread)
}

/// Whether the uncertainty of the assigned value may be left out (9.2.1): u(x_pt) below 0.3 σ_pt, or below 0.1 δ_E. Never beside a
/// limit that is not positive.
pub fn uncertainty_negligible(u_x_pt: f64, limit: Limit) -> bool {
    limit.value().is_ok_and(|limit| u_x_pt < limit)
}

/// Everything that can be said of one result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// x − x_pt.
    pub difference: f64,
    /// D%; `None` for an assigned value of zero.
    pub percent: Option<f64>,
    /// P_A, where an allowed error is given.
    pub allowed: Option<f64>,
    /// z, where σ_pt is given.
    pub z: Option<f64>,
    /// z′, where σ_pt and u(x_pt) are given.
    pub z_prime: Option<f64>,
    /// ζ, where the laboratory states u(x).
    pub zeta: Option<f64>,
    /// Eₙ, where the laboratory states U(x).
    pub en: Option<f64>,
}

/// What a result is compared with; what is absent is not scored.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Assigned {
    /// The assigned value.
    pub x_pt: f64,
    /// σ_pt.
    pub sigma_pt: Option<f64>,
    /// u(x_pt).
    pub u_x_pt: Option<f64>,
    /// U(x_pt); twice u(x_pt) where it is not stated.
    pub expanded: Option<f64>,
    /// δ_E.
    pub delta_e: Option<f64>,
}

impl Scores {
    /// Scores one result with the standard and expanded uncertainty the laboratory stated.
    pub fn of(
        x: f64,
        u: Option<f64>,
        expanded: Option<f64>,
        to: &Assigned,
    ) -> Result<Self, ScoringError> {
        let x_pt = to.x_pt;
        let u_x_pt = to.u_x_pt;
        let expanded_pt = to.expanded.or(u_x_pt.map(|u| 2.0 * u));
        Ok(Self {
            difference: difference(x, x_pt)?,
            percent: match percent_difference(x, x_pt) {
                Err(ScoringError::OfZero) => None,
                other => Some(other?),
            },
            allowed: to
                .delta_e
                .map(|delta| percent_allowed(x, x_pt, delta))
                .transpose()?,
            z: to.sigma_pt.map(|sigma| z(x, x_pt, sigma)).transpose()?,
            z_prime: to
                .sigma_pt
                .zip(u_x_pt)
                .map(|(sigma, u_pt)| z_prime(x, x_pt, sigma, u_pt))
                .transpose()?,
            zeta: u
                .zip(u_x_pt)
                .map(|(u, u_pt)| zeta(x, x_pt, u, u_pt))
                .transpose()?,
            en: expanded
                .zip(expanded_pt)
                .map(|(one, other)| zeta(x, x_pt, one, other))
                .transpose()?,
        })
    }
}

/// σ_pt by Horwitz as modified by Thompson (8.4) for a mass fraction.
pub fn horwitz(mass_fraction: f64) -> Result<f64, EqaError> {
    if !(mass_fraction > 0.0 && mass_fraction <= 1.0) {
        return Err(EqaError::NotPositive("a mass fraction of at most 1"));
    }
    Ok(if mass_fraction < 1.2e-7 {
        0.22 * mass_fraction
    } else if mass_fraction <= 0.138 {
        0.02 * mass_fraction.powf(0.8495)
    } else {
        0.01 * mass_fraction.sqrt()
    })
}

/// σ_pt from a precision experiment (8.5.1): √(σ_R² − σ_r² (1 − 1/m)).
pub fn sigma_from_precision(
    reproducibility: f64,
    repeatability: f64,
    replicates: u32,
) -> Result<f64, EqaError> {
    if replicates == 0 {
        return Err(EqaError::TooFew { got: 0, least: 1 });
    }
    let square =
        reproducibility.powi(2) - repeatability.powi(2) * (1.0 - 1.0 / f64::from(replicates));
    if reproducibility >= 0.0 && repeatability >= 0.0 && square >= 0.0 && square.is_finite() {
        Ok(square.sqrt())
    } else {
        Err(EqaError::NotPositive("sigma_R, not less than sigma_r,"))
    }
}
