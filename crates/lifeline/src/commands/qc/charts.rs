//! `lifeline qc instant`, `qc cusum`, `qc ewma`

use lifeline_qc::charts::{EwmaLimits, cusum, ewma};
use lifeline_qc::instant::{FEWEST, InstantVerdict, Outlier, series};
use serde_json::{Value, json};

use super::{parameter, values};
use crate::answer::{Failure, print_json, print_line};

/// The instant method.
#[derive(clap::Args)]
pub struct Instant {
    /// Table with the column value. `-` for standard input.
    file: String,
    /// Drop a value that is out at once, as the method asks; otherwise each line judges all values so far.
    #[arg(long)]
    drop: bool,
}

impl Instant {
    /// Judges every prefix of three values and more.
    pub fn answer(&self, json: bool) -> Result<(), Failure> {
        let values = values(&self.file)?;
        if values.len() < FEWEST {
            let message = format!("{} values; the instant method needs {FEWEST}", values.len());
            return Err(Failure::new("too-few", message));
        }
        let outlier = if self.drop {
            Outlier::Drop
        } else {
            Outlier::Keep
        };
        let judged = series(&values, outlier);
        if json {
            let points: Result<Vec<Value>, Failure> = judged
                .iter()
                .map(|(place, instant)| {
                    let mut point =
                        serde_json::to_value(instant).map_err(|e| Failure::new("output", e))?;
                    if let (Some(fields), Some(value)) = (point.as_object_mut(), values.get(*place))
                    {
                        fields.insert("row".into(), json!(place + 1));
                        fields.insert("value".into(), json!(value.to_f64()));
                    }
                    Ok(point)
                })
                .collect();
            return print_json(&json!({"points": points?}));
        }
        print_line("  row  n    value  SI upper  SI lower     n2s     n3s  verdict")?;
        for (place, instant) in &judged {
            let value = values
                .get(*place)
                .map(ToString::to_string)
                .unwrap_or_default();
            let limit =
                |limit: Option<f64>| limit.map_or("–".into(), |limit| format!("{limit:.4}"));
            let word = match instant.verdict {
                InstantVerdict::InControl => "in control",
                InstantVerdict::Warning => "warning",
                InstantVerdict::Out => "OUT",
                InstantVerdict::UseChart => "draw a chart",
            };
            print_line(&format!(
                "{:>5} {:>2} {value:>8}  {:>8.4}  {:>8.4}  {:>6}  {:>6}  {word}",
                place + 1,
                instant.n,
                instant.si_upper,
                instant.si_lower,
                limit(instant.n2s),
                limit(instant.n3s),
            ))?;
        }
        Ok(())
    }
}

/// Cumulative sums.
#[derive(clap::Args)]
pub struct Cusum {
    /// Table with the column value. `-` for standard input.
    file: String,
    /// Target, in the unit of the values.
    #[arg(long, allow_hyphen_values = true)]
    target: String,
    /// Slack, in the unit of the values.
    #[arg(long, allow_hyphen_values = true)]
    k: String,
    /// Limit, in the unit of the values.
    #[arg(long, allow_hyphen_values = true)]
    h: String,
}

impl Cusum {
    /// Sums up and signals.
    pub fn answer(&self, json: bool) -> Result<(), Failure> {
        let target = parameter("target", &self.target)?;
        let (k, h) = (parameter("k", &self.k)?, parameter("h", &self.h)?);
        let values = values(&self.file)?;
        let points =
            cusum(&values, target, k, h).map_err(|error| Failure::new("parameter", error))?;
        if json {
            let rows = (1..).zip(values.iter().zip(&points));
            let series: Vec<Value> = rows
                .map(|(row, (value, point))| {
                    json!({
                        "row": row,
                        "value": value.to_f64(),
                        "s_plus": point.s_plus.to_f64(),
                        "s_minus": point.s_minus.to_f64(),
                        "signal": point.signal,
                    })
                })
                .collect();
            let signalled = (1..)
                .zip(&points)
                .filter(|(_, point)| point.signal.is_some());
            let signals: Vec<Value> = signalled
                .map(|(row, point)| json!({"row": row, "side": point.signal}))
                .collect();
            return print_json(&json!({"series": series, "signals": signals}));
        }
        for ((row, value), point) in (1..).zip(&values).zip(&points) {
            let word = if point.signal.is_some() {
                "  SIGNAL"
            } else {
                ""
            };
            print_line(&format!(
                "{row:>5}  {value}  S+ {}  S- {}{word}",
                point.s_plus, point.s_minus
            ))?;
        }
        Ok(())
    }
}

/// Exponentially weighted moving average.
#[derive(clap::Args)]
pub struct Ewma {
    /// Table with the column value. `-` for standard input.
    file: String,
    /// Target, where the average begins.
    #[arg(long, allow_hyphen_values = true)]
    target: String,
    /// Weight of the newest value.
    #[arg(long, allow_hyphen_values = true)]
    lambda: String,
    /// Standard deviation of a single value.
    #[arg(long, allow_hyphen_values = true)]
    sigma: String,
    /// Limits in standard deviations of the average.
    #[arg(long, allow_hyphen_values = true)]
    limit: String,
    /// The limits of a long series from the first point on, instead of narrower ones at first.
    #[arg(long)]
    asymptotic: bool,
}

impl Ewma {
    /// Averages and signals.
    pub fn answer(&self, json: bool) -> Result<(), Failure> {
        let number =
            |name: &str, text: &str| parameter(name, text).map(lifeline_qc::Decimal::to_f64);
        let target = number("target", &self.target)?;
        let lambda = number("lambda", &self.lambda)?;
        let (sigma, limit) = (number("sigma", &self.sigma)?, number("limit", &self.limit)?);
        let values = values(&self.file)?;
        let floats: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        let limits = if self.asymptotic {
            EwmaLimits::Final
        } else {
            EwmaLimits::Growing
        };
        let points = ewma(&floats, target, lambda, sigma, limit, limits);
        let points = points.map_err(|error| Failure::new("parameter", error))?;
        if json {
            let rows = (1..).zip(floats.iter().zip(&points));
            let series: Vec<Value> = rows
                .map(|(row, (value, point))| {
                    json!({
                        "row": row,
                        "value": value,
                        "ewma": point.ewma,
                        "lower": point.lower,
                        "upper": point.upper,
                        "signal": point.signal,
                    })
                })
                .collect();
            let signalled = (1..)
                .zip(&points)
                .filter(|(_, point)| point.signal.is_some());
            let signals: Vec<Value> = signalled
                .map(|(row, point)| json!({"row": row, "side": point.signal}))
                .collect();
            return print_json(&json!({"series": series, "signals": signals}));
        }
        for ((row, value), point) in (1..).zip(&values).zip(&points) {
            let word = if point.signal.is_some() {
                "  SIGNAL"
            } else {
                ""
            };
            print_line(&format!(
                "{row:>5}  {value}  E {:.4}  [{:.4}, {:.4}]{word}",
                point.ewma, point.lower, point.upper
            ))?;
        }
        Ok(())
    }
}
