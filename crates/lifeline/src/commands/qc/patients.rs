//! `lifeline qc pbrtqc`

use lifeline_qc::patients::{
    Method, Monitor, Seeded, Settings, Truncation, empirical_limits, false_alarms, simulate,
};
use serde_json::{Value, json};

use super::{parameter, values};
use crate::answer::{Failure, print_json, print_line};

/// Most trials of a simulation.
const TRIALS_MOST: usize = 100_000;

/// Patient-based real-time quality control.
#[derive(clap::Args)]
pub struct Arguments {
    /// Table with the column value, patients' results in time order. `-` for standard input.
    file: String,
    /// What is followed.
    #[arg(long, value_enum)]
    method: MethodName,
    /// Results in a block.
    #[arg(long, default_value_t = 20)]
    block: usize,
    /// Weight of the newest result (ewma).
    #[arg(long, default_value = "0.1")]
    lambda: String,
    /// Power of the distances (bull).
    #[arg(long, default_value = "0.5")]
    power: String,
    /// What the statistic should be; needed by ewma and bull.
    #[arg(long, allow_hyphen_values = true)]
    target: Option<String>,
    /// Lowest and highest result that counts in full: `LOW,HIGH`.
    #[arg(long, allow_hyphen_values = true)]
    truncate: Option<String>,
    /// What becomes of results outside.
    #[arg(long, value_enum, default_value = "skip")]
    truncation: TruncationName,
    /// Alarm below this.
    #[arg(long, allow_hyphen_values = true)]
    lower: Option<String>,
    /// Alarm above this.
    #[arg(long, allow_hyphen_values = true)]
    upper: Option<String>,
    /// Set the limits so that at most this many alarm episodes come for each 1000 of these results.
    #[arg(long, conflicts_with_all = ["lower", "upper"], allow_hyphen_values = true)]
    false_alarms: Option<String>,
    /// Also try shifts of these per cents and tell after how many patients they are noticed: `5,-5,10`.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    bias: Vec<String>,
    /// Trials for each shift.
    #[arg(long, default_value_t = 1000)]
    trials: usize,
    /// Seed of the trials.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum MethodName {
    #[value(alias = "ma")]
    MovingAverage,
    #[value(alias = "median")]
    MovingMedian,
    #[value(alias = "ema")]
    Ewma,
    #[value(alias = "eamm")]
    Bull,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum TruncationName {
    Skip,
    #[value(alias = "winsorize")]
    Winsorise,
}

fn number(name: &str, text: &str) -> Result<f64, Failure> {
    parameter(name, text).map(lifeline_qc::Decimal::to_f64)
}

fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let optional = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| number(name, text)).transpose()
    };
    let block = arguments.block;
    let method = match arguments.method {
        MethodName::MovingAverage => Method::MovingAverage { block },
        MethodName::MovingMedian => Method::MovingMedian { block },
        MethodName::Ewma => Method::Ewma {
            lambda: number("lambda", &arguments.lambda)?,
        },
        MethodName::Bull => Method::Bull {
            block,
            power: number("power", &arguments.power)?,
        },
    };
    let target = optional("target", &arguments.target)?;
    if target.is_none() && matches!(method, Method::Ewma { .. } | Method::Bull { .. }) {
        return Err(Failure::new(
            "parameter",
            "--target is needed: the method begins there",
        ));
    }
    let truncation = match &arguments.truncate {
        None => Truncation::None,
        Some(text) => {
            let parted = text.split_once(',');
            let (low, high) =
                parted.ok_or_else(|| Failure::new("parameter", "--truncate is LOW,HIGH"))?;
            let (low, high) = (number("truncate", low)?, number("truncate", high)?);
            match arguments.truncation {
                TruncationName::Skip => Truncation::Skip { low, high },
                TruncationName::Winsorise => Truncation::Winsorise { low, high },
            }
        }
    };
    Ok(Settings {
        method,
        truncation,
        target: target.unwrap_or_default(),
        lower: optional("lower", &arguments.lower)?,
        upper: optional("upper", &arguments.upper)?,
    })
}

/// Follows the results, and tries shifts where asked.
pub fn answer(arguments: &Arguments, json: bool) -> Result<(), Failure> {
    let wrong = |error| Failure::new("parameter", error);
    let mut settings = settings(arguments)?;
    settings.check().map_err(wrong)?;
    if arguments.trials > TRIALS_MOST {
        return Err(Failure::new(
            "parameter",
            format!("--trials: at most {TRIALS_MOST}"),
        ));
    }
    let values: Vec<f64> = values(&arguments.file)?
        .iter()
        .map(|value| value.to_f64())
        .collect();
    if let Some(allowed) = &arguments.false_alarms {
        let allowed = number("false-alarms", allowed)?;
        if allowed < 0.0 {
            return Err(Failure::new(
                "parameter",
                "--false-alarms: must not be negative",
            ));
        }
        let found = empirical_limits(&values, settings, allowed).map_err(wrong)?;
        settings = found.ok_or_else(|| Failure::new("too-few", "too few results for limits"))?;
    }
    let mut monitor = Monitor::new(settings).map_err(wrong)?;
    let seen: Vec<_> = values.iter().map(|value| monitor.add(*value)).collect();
    let episodes = false_alarms(&values, settings).map_err(wrong)?;
    let mut trials = Vec::new();
    for bias in &arguments.bias {
        let bias = number("bias", bias)?;
        let mut random = Seeded::new(arguments.seed);
        let tried = simulate(
            &values,
            settings,
            bias,
            values.len(),
            arguments.trials,
            &mut random,
        );
        trials.push(tried.map_err(wrong)?);
    }
    if json {
        let rows = (1..).zip(values.iter().zip(&seen));
        let series: Vec<Value> = rows
            .map(|(row, (value, seen))| {
                json!({"row": row, "value": value, "counted": seen.counted, "statistic": seen.statistic, "signal": seen.signal})
            })
            .collect();
        let signalled = (1..).zip(&seen).filter(|(_, seen)| seen.signal.is_some());
        let signals: Vec<Value> = signalled
            .map(|(row, seen)| json!({"row": row, "side": seen.signal}))
            .collect();
        return print_json(&json!({
            "settings": settings,
            "series": series,
            "signals": signals,
            "alarm_episodes_per_1000": episodes,
            "simulation": trials,
        }));
    }
    for ((row, value), seen) in (1..).zip(&values).zip(&seen) {
        let statistic = seen.statistic.map_or("–".into(), |now| format!("{now:.4}"));
        let left = if seen.counted.is_none() {
            "  (passed over)"
        } else {
            ""
        };
        let alarm = if seen.signal.is_some() { "  ALARM" } else { "" };
        print_line(&format!("{row:>6}  {value}  {statistic}{left}{alarm}"))?;
    }
    print_line(&format!(
        "alarm episodes for each 1000 results: {episodes:.2}"
    ))?;
    for tried in &trials {
        print_line(&format!(
            "shift {:+} %: noticed in {} of {} trials after {:.1} patients on average, {:.1} in the middle, {:.0} in 95 %",
            tried.bias_percent,
            tried.detected,
            tried.trials,
            tried.anped,
            tried.mnped,
            tried.np95ed
        ))?;
    }
    Ok(())
}
