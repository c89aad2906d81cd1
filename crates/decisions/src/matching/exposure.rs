//! What one more mismatched bag risks, given what the patient has had.

use std::collections::BTreeMap;

/// Cumulative incidence of an antibody among antigen-negative patients after 1, 2, 3… antigen-positive bags.
pub type Incidence = BTreeMap<String, Vec<f64>>;

/// The incidence after a number of bags, which may be a part of one (bags not typed count by their chance); 0 before the first,
/// flat after the last known.
pub fn incidence(curve: &[f64], bags: f64) -> f64 {
    let at = |count: usize| -> f64 {
        match count {
            0 => 0.0,
            _ => curve
                .get(count - 1)
                .or(curve.last())
                .copied()
                .unwrap_or(0.0),
        }
    };
    let bags = bags.clamp(0.0, 1e6);
    let low = bags.floor();
    let share = bags - low;
    let low = low as usize;
    at(low) + share * (at(low + 1) - at(low))
}

/// The chance that one more antigen-positive bag brings the antibody, in a patient who has had `bags` of them.
pub fn marginal(curve: &[f64], bags: f64) -> f64 {
    (incidence(curve, bags + 1.0) - incidence(curve, bags)).max(0.0)
}

/// A weight changed to what the history leaves at risk: the weight times the marginal risk now over that of the first bag
/// averaged over the curve's rise. Where nothing is known of the antigen, or of the first bag, the weight stays.
pub fn weighted(weight: f64, curve: Option<&[f64]>, bags: f64, responder: f64) -> f64 {
    let ratio = match curve {
        Some(curve) if !curve.is_empty() => {
            // Curves start slowly: the mean rise over the first bags is the height the fixed weight stands for.
            let span = curve.len().min(3) as f64;
            let mean = incidence(curve, span) / span;
            if mean > 0.0 {
                marginal(curve, bags) / mean
            } else {
                1.0
            }
        }
        _ => 1.0,
    };
    weight * ratio * responder
}

#[cfg(test)]
mod tests {
    use super::*;

    /// K in the table of `algorithms.md` 1.3.
    const K: [f64; 6] = [0.009, 0.023, 0.035, 0.039, 0.041, 0.047];

    #[test]
    fn the_marginal_risk_is_the_step_of_the_curve() {
        assert!((marginal(&K, 0.0) - 0.009).abs() < 1e-12);
        assert!((marginal(&K, 1.0) - 0.014).abs() < 1e-12);
        assert!((marginal(&K, 3.0) - 0.004).abs() < 1e-12);
        assert_eq!(marginal(&K, 20.0), 0.0);
        assert!((marginal(&K, 0.5) - 0.0115).abs() < 1e-12);
    }

    #[test]
    fn weights_follow_the_history_and_the_responder() {
        let first = weighted(0.4, Some(&K), 0.0, 1.0);
        let late = weighted(0.4, Some(&K), 4.0, 1.0);
        assert!(late < first);
        assert!((weighted(0.4, Some(&K), 0.0, 60.0) / first - 60.0).abs() < 1e-9);
        assert_eq!(weighted(0.2, None, 7.0, 1.0), 0.2);
    }
}
