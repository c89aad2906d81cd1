use super::{EqaError, mean, squares};

/// An assigned value with its standard uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssignedValue {
    /// x_pt.
    pub value: f64,
    /// u(x_pt).
    pub u: f64,
}

fn not_negative(name: &'static str, value: f64) -> Result<f64, EqaError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(EqaError::NotPositive(name))
    }
}

/// u(x_pt) from its parts (7.2.2): characterisation, homogeneity, transport, stability.
pub fn combined_uncertainty(parts: [f64; 4]) -> Result<f64, EqaError> {
    let mut sum = 0.0f64;
    for part in parts {
        sum = sum.hypot(not_negative("an uncertainty", part)?);
    }
    Ok(sum)
}

/// A value assigned by one laboratory that measured the item beside a certified reference material (7.5.2): `differences` are
/// item minus material, at least two.
pub fn beside_reference(
    certified: f64,
    u_certified: f64,
    differences: &[f64],
) -> Result<AssignedValue, EqaError> {
    let n = differences.len();
    if n < 2 {
        return Err(EqaError::TooFew { got: n, least: 2 });
    }
    if let Some(at) = differences.iter().position(|value| !value.is_finite()) {
        return Err(EqaError::NotFinite { at });
    }
    let u_mean = (squares(differences) / (n - 1) as f64 / n as f64).sqrt();
    Ok(AssignedValue {
        value: certified + mean(differences),
        u: not_negative("u of the certified value", u_certified)?.hypot(u_mean),
    })
}

/// How far an assigned value is from an independent reference (7.8).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Reference minus assigned value.
    pub difference: f64,
    /// Its standard uncertainty.
    pub u: f64,
    /// More than twice its uncertainty: the provider looks for the cause.
    pub investigate: bool,
}

/// Compares an assigned value with an independent reference.
pub fn against_reference(reference: AssignedValue, assigned: AssignedValue) -> Comparison {
    let difference = reference.value - assigned.value;
    let u = reference.u.hypot(assigned.u);
    Comparison {
        difference,
        u,
        investigate: difference.abs() > 2.0 * u,
    }
}
