use super::{EqaError, Estimate, Stop, middle, sorted, three_figures};

/// Table C.1: limit factor and adjustment factor for 1 to 10 degrees of freedom.
const FACTORS: [(f64, f64); 10] = [
    (1.645, 1.097),
    (1.517, 1.054),
    (1.444, 1.039),
    (1.395, 1.032),
    (1.359, 1.027),
    (1.332, 1.024),
    (1.310, 1.021),
    (1.292, 1.019),
    (1.277, 1.018),
    (1.264, 1.017),
];
/// Updates after which the iteration gives up.
const UPDATES_MOST: u32 = 100_000;

/// Algorithm S (C.4): the robust pooled value of standard deviations or ranges, each with `freedom` degrees of freedom (1 for
/// ranges of duplicates). `location` and `scale` of the answer are both w*. Zero and degenerate when so many are zero that w*
/// falls to zero.
pub fn algorithm_s(spreads: &[f64], freedom: u32, stop: Stop) -> Result<Estimate, EqaError> {
    let factors = freedom
        .checked_sub(1)
        .and_then(|at| FACTORS.get(at as usize));
    let Some(&(limit, adjust)) = factors else {
        return Err(EqaError::DegreesOfFreedom(freedom));
    };
    if let Some(at) = spreads.iter().position(|spread| *spread < 0.0) {
        return Err(EqaError::Negative { at });
    }
    let values = sorted(spreads, 1)?;
    let reach = values.last().copied().unwrap_or_default();
    let answer = |w: f64, iterations| Estimate {
        location: w,
        scale: w,
        iterations,
        degenerate: w == 0.0,
    };
    if reach == 0.0 {
        return Ok(answer(0.0, 0));
    }
    let values: Vec<f64> = values.iter().map(|value| value / reach).collect();
    let p = values.len() as f64;
    let square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
    let mut w = match middle(&values) {
        middle if middle > 0.0 => middle,
        _ => (square(&values) / p).sqrt(),
    };
    for update in 1..=UPDATES_MOST {
        let most = limit * w;
        let kept = values.partition_point(|value| *value <= most);
        let inside = values.get(..kept).unwrap_or_default();
        let beyond = (values.len() - kept) as f64;
        let next = adjust * ((square(inside) + beyond * most * most) / p).sqrt();
        // Only zeros below the limit: w* shrinks by the same factor for ever.
        if square(inside) == 0.0 && next < w {
            return Ok(answer(0.0, update));
        }
        if stop == Stop::Converged {
            // With the limited ones held, w*² (p − (ξη)² beyond) = ξ² times the kept sum of squares.
            let room = p - (adjust * limit).powi(2) * beyond;
            let end = adjust * (square(inside) / room).sqrt();
            if room > 0.0
                && end > 0.0
                && values.partition_point(|value| *value <= limit * end) == kept
            {
                return Ok(answer(reach * end, update));
            }
        }
        let still = update > 1 && three_figures(reach * next) == three_figures(reach * w);
        let same = next == w;
        w = next;
        if same || (stop == Stop::Iso && still) {
            return Ok(answer(reach * w, update));
        }
    }
    Err(EqaError::NotConverged(UPDATES_MOST))
}
