use super::{EqaError, PAIRS_OF_MOST, middle, sorted};

/// C.2.2: scales the median absolute deviation to a standard deviation.
const MADE: f64 = 1.483;
/// C.2.3: scales the interquartile range to a standard deviation.
const NIQR: f64 = 0.7413;
/// C.5.2.1 as amended in 2026.
const QN: f64 = 2.2191;
/// Table C.2: correction of Qn for 2 to 12 results.
const QN_SMALL: [f64; 11] = [
    0.3994, 0.9937, 0.5132, 0.8440, 0.6122, 0.8588, 0.6699, 0.8734, 0.7201, 0.8891, 0.7574,
];
/// D.1.4.2: the mean absolute deviation of a normal distribution, in standard deviations.
const MEAN_DEVIATION: f64 = 0.798;

/// The median.
pub fn median(values: &[f64]) -> Result<f64, EqaError> {
    Ok(middle(&sorted(values, 1)?))
}

/// MADe, the scaled median absolute deviation (C.2.2). Zero when more than half of the values are equal.
pub fn made(values: &[f64]) -> Result<f64, EqaError> {
    let values = sorted(values, 2)?;
    Ok(made_of(&values))
}

/// MADe of sorted values.
pub(super) fn made_of(values: &[f64]) -> f64 {
    let centre = middle(values);
    let mut distances: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    distances.sort_by(f64::total_cmp);
    MADE * middle(&distances)
}

/// nIQR, the normalised interquartile range (C.2.3) with linearly interpolated quartiles (R type 7, which gives Table E.5).
pub fn niqr(values: &[f64]) -> Result<f64, EqaError> {
    let values = sorted(values, 2)?;
    let quartile = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let below = place.floor();
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        let low = at(below as usize);
        if place > below {
            low + (at(below as usize + 1) - low) * (place - below)
        } else {
            low
        }
    };
    Ok(NIQR * (quartile(0.75) - quartile(0.25)))
}

/// Qn (C.5.2.1 as amended: factor 2.2191, h = ⌊p/2⌋ + 1).
pub fn qn(values: &[f64]) -> Result<f64, EqaError> {
    let values = sorted(values, 2)?;
    let p = values.len();
    let distances = distances(&values)?;
    let h = p / 2 + 1;
    let rank = h * (h - 1) / 2;
    let kth = distances
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default();
    Ok(QN * kth * qn_correction(p))
}

fn qn_correction(p: usize) -> f64 {
    if let Some(small) = p.checked_sub(2).and_then(|at| QN_SMALL.get(at)) {
        return *small;
    }
    let n = p as f64;
    let excess = if p % 2 == 1 {
        (1.6019 + (-2.128 - 5.172 / n) / n) / n
    } else {
        (3.6756 + (1.965 + (6.987 - 77.0 / n) / n) / n) / n
    };
    1.0 / (1.0 + excess)
}

/// The distances of all pairs of sorted values, sorted.
pub(super) fn distances(sorted: &[f64]) -> Result<Vec<f64>, EqaError> {
    if sorted.len() > PAIRS_OF_MOST {
        return Err(EqaError::TooMany {
            got: sorted.len(),
            most: PAIRS_OF_MOST,
        });
    }
    let mut distances = Vec::with_capacity(sorted.len() * sorted.len().saturating_sub(1) / 2);
    for (at, low) in sorted.iter().enumerate() {
        distances.extend(sorted.iter().skip(at + 1).map(|high| high - low));
    }
    distances.sort_by(f64::total_cmp);
    Ok(distances)
}

/// A standard deviation from two results (D.1.4.2 NOTE 3): |x₁ − x₂| / √2.
pub fn standard_deviation_of_two(one: f64, other: f64) -> Result<f64, EqaError> {
    let values = sorted(&[one, other], 2)?;
    let (low, high) = (
        values.first().copied().unwrap_or_default(),
        values.last().copied().unwrap_or_default(),
    );
    Ok((high - low) / std::f64::consts::SQRT_2)
}

/// A standard deviation from few results (D.1.4.2 NOTE 4): the mean absolute deviation from the median, scaled.
pub fn deviation_from_median(values: &[f64]) -> Result<f64, EqaError> {
    let values = sorted(values, 2)?;
    let centre = middle(&values);
    let sum: f64 = values.iter().map(|value| (value - centre).abs()).sum();
    Ok(sum / (MEAN_DEVIATION * values.len() as f64))
}

/// Standard uncertainty of a consensus value (7.7.7): 1.25 s* / √p. An error for no participants or a scale that is none.
pub fn u_of_assigned(scale: f64, p: usize) -> Result<f64, EqaError> {
    if p == 0 {
        return Err(EqaError::TooFew { got: 0, least: 1 });
    }
    if !(scale.is_finite() && scale >= 0.0) {
        return Err(EqaError::NotPositive("scale"));
    }
    Ok(1.25 * scale / (p as f64).sqrt())
}
