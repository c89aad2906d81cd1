use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::{EqaError, mean, squares};

/// What "homogeneous enough" (B.2.2) and "uncertainty small enough" (9.2.1) are measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// 0.3 of the standard deviation for proficiency assessment.
    SigmaPt(f64),
    /// 0.1 of the allowed error.
    DeltaE(f64),
}

impl Limit {
    pub(super) fn value(self) -> Result<f64, EqaError> {
        let (value, name) = match self {
            Self::SigmaPt(sigma) => (0.3 * sigma, "sigma_pt"),
            Self::DeltaE(delta) => (0.1 * delta, "delta_E"),
        };
        if value.is_finite() && value > 0.0 {
            Ok(value)
        } else {
            Err(EqaError::NotPositive(name))
        }
    }
}

/// The factors of the expanded criterion (B.2.3, Table B.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    /// χ²₀.₉₅(g−1) / (g−1).
    pub f1: f64,
    /// (F₀.₉₅(g−1, g(m−1)) − 1) / m.
    pub f2: f64,
}

impl Factors {
    /// For `items` items measured `replicates` times each.
    pub fn of(items: usize, replicates: usize) -> Result<Self, EqaError> {
        let least = |got| EqaError::TooFew { got, least: 2 };
        if items < 2 {
            return Err(least(items));
        }
        if replicates < 2 {
            return Err(least(replicates));
        }
        let between = (items - 1) as f64;
        let within = (items * (replicates - 1)) as f64;
        let chi = ChiSquared::new(between).map_err(|_| least(items))?;
        let f = FisherSnedecor::new(between, within).map_err(|_| least(items))?;
        Ok(Self {
            f1: quantile(&chi, 0.95, between) / between,
            f2: (quantile(&f, 0.95, 1.0) - 1.0) / replicates as f64,
        })
    }
}

/// The quantile by bisection down to the last bit: a bracket doubled from a starting guess, at most a few hundred halvings.
pub(super) fn quantile(distribution: &impl ContinuousCDF<f64, f64>, share: f64, guess: f64) -> f64 {
    let mut high = guess.max(1.0);
    while distribution.cdf(high) < share && high < f64::MAX / 2.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if distribution.cdf(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The outcome of a homogeneity check (B.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homogeneity {
    /// Items.
    pub items: usize,
    /// Measurements of each.
    pub replicates: usize,
    /// Mean of all.
    pub mean: f64,
    /// Standard deviation of the items' means, s_x.
    pub s_x: f64,
    /// Standard deviation within items, s_w.
    pub s_w: f64,
    /// Standard deviation between items, s_s.
    pub s_s: f64,
    /// 0.3 σ_pt or 0.1 δ_E.
    pub criterion: f64,
    /// s_s within the criterion.
    pub sufficient: bool,
    /// √c of B.2.3, which allows for the error of the check itself.
    pub expanded_criterion: f64,
    /// s_s within the expanded criterion.
    pub sufficient_expanded: bool,
    /// The F of the analysis of variance (B.2.4), where replicates differ at all.
    pub f: Option<f64>,
}

/// The homogeneity check (B.3): at least two items, each measured the same number of times, at least twice.
pub fn homogeneity(items: &[Vec<f64>], limit: Limit) -> Result<Homogeneity, EqaError> {
    let criterion = limit.value()?;
    let replicates = items.first().map_or(0, Vec::len);
    let factors = Factors::of(items.len(), replicates)?;
    for (at, item) in items.iter().enumerate() {
        if item.len() != replicates {
            return Err(EqaError::Unbalanced {
                at,
                got: item.len(),
                first: replicates,
            });
        }
        if item.iter().any(|value| !value.is_finite()) {
            return Err(EqaError::NotFinite { at });
        }
    }
    let g = items.len() as f64;
    let m = replicates as f64;
    let means: Vec<f64> = items.iter().map(|item| mean(item)).collect();
    let between = squares(&means) / (g - 1.0);
    let within = items
        .iter()
        .map(|item| squares(item) / (m - 1.0))
        .sum::<f64>()
        / g;
    if !(between.is_finite() && within.is_finite()) {
        return Err(EqaError::TooWide);
    }
    let s_s = (between - within / m).max(0.0).sqrt();
    let expanded = (factors.f1 * criterion * criterion + factors.f2 * within).sqrt();
    Ok(Homogeneity {
        items: items.len(),
        replicates,
        mean: mean(&means),
        s_x: between.sqrt(),
        s_w: within.sqrt(),
        s_s,
        criterion,
        sufficient: s_s <= criterion,
        expanded_criterion: expanded,
        sufficient_expanded: s_s <= expanded,
        f: (within > 0.0).then(|| m * between / within),
    })
}

/// The outcome of a stability check (B.5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// Means on the two occasions.
    pub means: (f64, f64),
    /// Their distance.
    pub difference: f64,
    /// 0.3 σ_pt or 0.1 δ_E.
    pub criterion: f64,
    /// The distance within the criterion.
    pub stable: bool,
    /// The criterion widened by twice the uncertainty of the difference (B.18), where uncertainties are known.
    pub expanded_criterion: Option<f64>,
    /// The distance within the widened criterion.
    pub stable_expanded: Option<bool>,
}

/// The stability check (B.5): results of one occasion against those of a later one.
pub fn stability(
    before: &[f64],
    after: &[f64],
    limit: Limit,
    uncertainties: Option<(f64, f64)>,
) -> Result<Stability, EqaError> {
    let criterion = limit.value()?;
    for values in [before, after] {
        if values.is_empty() {
            return Err(EqaError::TooFew { got: 0, least: 1 });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(EqaError::NotFinite { at });
        }
    }
    let means = (mean(before), mean(after));
    let difference = (means.0 - means.1).abs();
    if !difference.is_finite() {
        return Err(EqaError::TooWide);
    }
    let expanded = match uncertainties {
        None => None,
        Some((one, other)) if one >= 0.0 && other >= 0.0 && one.hypot(other).is_finite() => {
            Some(criterion + 2.0 * one.hypot(other))
        }
        Some(_) => return Err(EqaError::NotPositive("an uncertainty")),
    };
    Ok(Stability {
        means,
        difference,
        criterion,
        stable: difference <= criterion,
        expanded_criterion: expanded,
        stable_expanded: expanded.map(|criterion| difference <= criterion),
    })
}
