use statrs::distribution::{ContinuousCDF, Normal};

use super::basic::distances;
use super::{EqaError, Estimate, middle, sorted};

/// C.5.3: the corners of the Hampel function.
const CORNERS: [f64; 3] = [1.5, 3.0, 4.5];
/// A sum of the Hampel function this small is zero, and two roots this close are one.
const ZERO: f64 = 1e-12;

/// The Q method (C.5.2.2) for one result a laboratory: a standard deviation from the distribution of all pairwise differences.
/// Needs no location, and stands up to half of the results being wrong. Zero when all values are equal.
pub fn q_method(values: &[f64]) -> Result<f64, EqaError> {
    let values = sorted(values, 2)?;
    let magnitude = values
        .iter()
        .fold(0.0, |most: f64, value| most.max(value.abs()));
    // Differences that would be equal in decimals are apart by rounding alone: together they are one step of H₁.
    let tie = 4.0 * f64::EPSILON * magnitude;
    let distances = distances(&values)?;
    let count = distances.len() as f64;
    // (distance, share of pairs up to it)
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (at, distance) in distances.iter().enumerate() {
        let share = (at + 1) as f64 / count;
        let distance = if *distance <= tie { 0.0 } else { *distance };
        match steps.last_mut() {
            Some((begin, before)) if distance - *begin <= tie => *before = share,
            _ => steps.push((distance, share)),
        }
    }
    let zero = steps
        .first()
        .filter(|(distance, _)| *distance == 0.0)
        .map_or(0.0, |(_, share)| *share);
    // G₁: straight lines through the middles of the steps, from the origin.
    let mut corner = (0.0, 0.0);
    let mut before = zero;
    let wanted = 0.25 + 0.75 * zero;
    let mut found = None;
    for (distance, share) in steps.iter().filter(|(distance, _)| *distance > 0.0) {
        let next = (*distance, 0.5 * (before + share));
        if found.is_none() && next.1 >= wanted {
            let slope = (next.0 - corner.0) / (next.1 - corner.1);
            found = Some(corner.0 + slope * (wanted - corner.1));
        }
        (corner, before) = (next, *share);
    }
    let quantile = found.unwrap_or(corner.0);
    let normal = Normal::standard().inverse_cdf(0.625 + 0.375 * zero);
    if quantile == 0.0 || !normal.is_finite() {
        return Ok(0.0);
    }
    Ok(quantile / (std::f64::consts::SQRT_2 * normal))
}

fn psi(q: f64) -> f64 {
    let [linear, flat, end] = CORNERS;
    let size = q.abs();
    let bent = if size <= linear {
        size
    } else if size <= flat {
        linear
    } else if size <= end {
        end - size
    } else {
        0.0
    };
    bent.copysign(q)
}

/// The Hampel estimate of location (C.5.3.3, finite steps) with a given scale: the root of Σψ nearest the median, the median
/// itself when two are equally near or none is there.
pub fn hampel(values: &[f64], scale: f64) -> Result<f64, EqaError> {
    let values = sorted(values, 1)?;
    if values.len() > super::PAIRS_OF_MOST {
        return Err(EqaError::TooMany {
            got: values.len(),
            most: super::PAIRS_OF_MOST,
        });
    }
    if !(scale.is_finite() && scale >= 0.0) {
        return Err(EqaError::NotPositive("scale"));
    }
    let centre = middle(&values);
    if scale == 0.0 {
        return Ok(centre);
    }
    // In standard deviations from the median, so that the search does not depend on the unit.
    let standard: Vec<f64> = values
        .iter()
        .map(|value| (value - centre) / scale)
        .collect();
    let mut nodes: Vec<f64> = standard
        .iter()
        .flat_map(|q| CORNERS.into_iter().flat_map(move |c| [q - c, q + c]))
        .collect();
    nodes.sort_by(f64::total_cmp);
    let sums: Vec<(f64, f64)> = nodes
        .into_iter()
        .map(|node| (node, standard.iter().map(|q| psi(q - node)).sum()))
        .collect();
    let widest = standard
        .iter()
        .fold(1.0, |most: f64, value| most.max(value.abs()));
    let near = ZERO * widest;
    let mut roots: Vec<f64> = sums
        .iter()
        .filter(|(_, sum)| sum.abs() < ZERO)
        .map(|(node, _)| *node)
        .collect();
    for pair in sums.windows(2) {
        let [(left, left_sum), (right, right_sum)] = pair else {
            continue;
        };
        if left_sum * right_sum < 0.0 && right - left > near {
            roots.push(left - left_sum * (right - left) / (right_sum - left_sum));
        }
    }
    let Some(nearest) = roots
        .iter()
        .copied()
        .min_by(|one, other| one.abs().total_cmp(&other.abs()))
    else {
        return Ok(centre);
    };
    let rival = roots
        .iter()
        .any(|root| root.abs() - nearest.abs() <= near && (root - nearest).abs() > near);
    Ok(if rival {
        centre
    } else {
        centre + scale * nearest
    })
}

/// Q/Hampel (C.5.4): the scale of the Q method and the Hampel location with it.
pub fn q_hampel(values: &[f64]) -> Result<Estimate, EqaError> {
    let scale = q_method(values)?;
    Ok(Estimate {
        location: hampel(values, scale)?,
        scale,
        iterations: 0,
        degenerate: scale == 0.0,
    })
}
