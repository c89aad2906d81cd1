use super::basic::made_of;
use super::{EqaError, Estimate, middle, sorted, squares, three_figures};

/// C.3.1: winsorise at this many s* from x*.
const LIMIT: f64 = 1.5;
/// C.3.1 (C.10): makes s* of winsorised normal data a standard deviation. The printed factor, not the exact 1.13340.
const FACTOR: f64 = 1.134;
/// Updates after which the iteration gives up.
const UPDATES_MOST: u32 = 100_000;
/// A scale that fell below this share of where it began has fallen to zero.
const COLLAPSED: f64 = 1e-9;
/// Two successive shrinkage ratios this close are the same.
const SAME_RATIO: f64 = 1e-12;

/// A mean below this share of the widest deviation is zero.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// When Algorithm A stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stop {
    /// C.3.1: the third significant figures of x* and s* did not change between two updates. Gives the printed examples; the
    /// answer depends on the unit and the origin of the results.
    Iso,
    /// At the fixed point, to the last bits: depends on neither.
    #[default]
    Converged,
}

/// Algorithm A (C.3.1): robust mean and standard deviation by winsorising at 1.5 s*.
///
/// Starts from median and MADe (the standard deviation where MADe is 0). Needs two values. When all values are equal, or so many
/// that s* shrinks without end, the scale is 0 and the estimate [degenerate](Estimate::degenerate).
pub fn algorithm_a(values: &[f64], stop: Stop) -> Result<Estimate, EqaError> {
    let values = sorted(values, 2)?;
    let centre = middle(&values);
    let reach = values
        .iter()
        .fold(0.0, |most: f64, value| most.max((value - centre).abs()));
    let degenerate = |location, iterations| Estimate {
        location,
        scale: 0.0,
        iterations,
        degenerate: true,
    };
    if reach == 0.0 {
        return Ok(degenerate(centre, 0));
    }
    // Around zero and of size one: squares neither overflow nor vanish, and equal values become exactly equal.
    let values: Vec<f64> = values
        .iter()
        .map(|value| (value - centre) / reach)
        .collect();
    let outside = |x: f64, s: f64| (centre + reach * x, reach * s);
    let p = values.len() as f64;
    let mut x = 0.0;
    let mut s = match made_of(&values) {
        made if made > 0.0 => made,
        _ => (squares(&values) / (p - 1.0)).sqrt(),
    };
    let start = s;
    let mut shrinkage = None;
    for update in 1..=UPDATES_MOST {
        let parts = Parts::at(&values, x, s);
        if stop == Stop::Converged
            && let Some(end) = parts.end(p)
        {
            return Ok(match end {
                End::Vanishes(at) => degenerate(outside(at, 0.0).0, update),
                End::Settles { x, s } => {
                    let (location, scale) = outside(x, s);
                    Estimate {
                        location,
                        scale,
                        iterations: update,
                        degenerate: false,
                    }
                }
            });
        }
        let (next_x, next_s) = parts.update(p);
        let one_value = parts.inside_equal();
        let (shown_x, shown_s) = outside(x, s);
        let (shown_next_x, shown_next_s) = outside(next_x, next_s);
        // The starting values are no update: the first comparison is between the first two.
        // A mean that is zero but for rounding has no figures that could change.
        let noise = ROUNDING * reach;
        let figures = |x: f64| three_figures(if x.abs() < noise { 0.0 } else { x });
        let still = update > 1
            && figures(shown_x) == figures(shown_next_x)
            && three_figures(shown_s) == three_figures(shown_next_s);
        let ratio = next_s / s;
        let steady = one_value.is_some()
            && ratio < 1.0
            && shrinkage.is_some_and(|before: f64| (before - ratio).abs() <= SAME_RATIO);
        shrinkage = (one_value.is_some() && ratio < 1.0).then_some(ratio);
        let (old_x, old_s) = (x, s);
        (x, s) = (next_x, next_s);
        if s < COLLAPSED * start || steady {
            return Ok(degenerate(outside(one_value.unwrap_or(x), 0.0).0, update));
        }
        let done = match stop {
            Stop::Iso => still,
            Stop::Converged => (x, s) == (old_x, old_s),
        };
        if done {
            let (location, scale) = outside(x, s);
            return Ok(Estimate {
                location,
                scale,
                iterations: update,
                degenerate: false,
            });
        }
    }
    Err(EqaError::NotConverged(UPDATES_MOST))
}

/// Where the iteration ends as long as the same values are winsorised.
enum End {
    /// s* falls to zero at this place.
    Vanishes(f64),
    /// The fixed point.
    Settles { x: f64, s: f64 },
}

/// The values between the limits, and how many lie beyond.
struct Parts<'a> {
    values: &'a [f64],
    low: usize,
    high: usize,
    inside: &'a [f64],
    limits: (f64, f64),
}

impl<'a> Parts<'a> {
    fn at(values: &'a [f64], x: f64, s: f64) -> Self {
        let limits = (x - LIMIT * s, x + LIMIT * s);
        let low = values.partition_point(|value| *value < limits.0);
        let kept = values.partition_point(|value| *value <= limits.1).max(low);
        Self {
            values,
            low,
            high: values.len() - kept,
            inside: values.get(low..kept).unwrap_or_default(),
            limits,
        }
    }

    /// C.9 and C.10.
    fn update(&self, p: f64) -> (f64, f64) {
        let winsorised: Vec<f64> = self
            .values
            .iter()
            .map(|value| value.clamp(self.limits.0, self.limits.1))
            .collect();
        let x = super::mean(&winsorised);
        (x, FACTOR * (squares(&winsorised) / (p - 1.0)).sqrt())
    }

    /// The value all unwinsorised results share.
    fn inside_equal(&self) -> Option<f64> {
        let first = self.inside.first()?;
        (self.inside.last() == Some(first)).then_some(*first)
    }

    /// With the winsorised counts held, x* = mean + b s* and s*² (((p−1)/1.134²) − 1.5²(l+h) − n b²) = the inside sum of squares:
    /// the fixed point has a closed form. It is the end only if its own limits winsorise the same values.
    fn end(&self, p: f64) -> Option<End> {
        let n = self.inside.len() as f64;
        if self.inside.is_empty() {
            return None;
        }
        let (low, high) = (self.low as f64, self.high as f64);
        let lean = LIMIT * (high - low) / n;
        let room = (p - 1.0) / (FACTOR * FACTOR) - LIMIT * LIMIT * (low + high) - n * lean * lean;
        // Not shrinking towards its end: the counts will change before it is reached.
        if room <= 0.0 {
            return None;
        }
        if let Some(value) = self.inside_equal() {
            return Some(End::Vanishes(value));
        }
        let s = (squares(self.inside) / room).sqrt();
        let x = super::mean(self.inside) + lean * s;
        let there = Self::at(self.values, x, s);
        ((there.low, there.high) == (self.low, self.high)).then_some(End::Settles { x, s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E.3, atrazine: x* and s* after each update, with the digits printed.
    #[test]
    fn every_update_of_annex_e_3() {
        let values = crate::eqa::tests::ATRAZINE;
        let (mut x, mut s) = (middle(&values), made_of(&values));
        for (x_is, s_is) in [
            (0.257851, 0.038746),
            (0.257169, 0.039135),
            (0.257051, 0.039343),
            (0.257025, 0.039440),
            (0.257017, 0.039484),
            (0.257013, 0.039504),
        ] {
            (x, s) = Parts::at(&values, x, s).update(values.len() as f64);
            assert!((x - x_is).abs() < 0.6e-6, "{x} is not {x_is}");
            assert!((s - s_is).abs() < 0.6e-6, "{s} is not {s_is}");
        }
    }
}
