//! `lifeline match`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lifeline_decisions::matching::{Day, Effort, Instance};
use serde_json::json;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// Which bag for which request, for a whole day at once.
#[derive(clap::Args)]
pub struct Arguments {
    /// The instance, `-` for standard input; its form is in `tests/samples/matching/README.md`.
    instance: String,
    /// T: every bag pays for its mismatches, solved exactly. Z: an antigen mismatched twice in one request is paid for once.
    #[arg(long, value_enum, ignore_case = true, default_value_t = Costs::T)]
    model: Costs,
    /// Seconds for model Z. The work is counted, so that the same time limit gives the same plan on any machine that is not
    /// much slower than usual.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    time_limit: f64,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Costs {
    /// Bag by bag.
    #[value(name = "T")]
    T,
    /// Once a request and antigen.
    #[value(name = "Z")]
    Z,
}

/// The longest time limit, in seconds.
const LIMIT_MOST: f64 = 3600.0;
/// Exchanges tried for each second of the limit: about half of what two slow processors manage.
const EXCHANGES_A_SECOND: f64 = 5e6;
/// Exchanges after which more bring nothing: four coolings, each twice as long as the one before, done in half a minute.
const EXCHANGES_MOST: f64 = 1.5e8;
/// Steps of the bound for each second of the limit.
const BOUND_STEPS_A_SECOND: f64 = 150.0;
/// Steps of the bound after which it stands.
const BOUND_STEPS_MOST: f64 = 1500.0;
/// The share of the limit kept for reading and printing.
const RESERVE: f64 = 0.95;

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if value > 0.0 && value <= LIMIT_MOST {
        Ok(value)
    } else {
        Err(format!("not above 0 and up to {LIMIT_MOST}"))
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, answer(&arguments))
}

/// Six places: what the costs of an instance are given to.
fn rounded(cost: f64) -> f64 {
    (cost * 1e6).round() / 1e6
}

fn answer(arguments: &Arguments) -> Result<bool, Failure> {
    let begun = Instant::now();
    let text = String::from_utf8(read_input(&arguments.instance)?)
        .map_err(|error| Failure::new("instance", error.utf8_error()))?;
    let wrong = |error| Failure::input("instance", &error);
    let instance = Instance::from_json(&text).map_err(wrong)?;
    let day = Day::solve(instance).map_err(wrong)?;
    let plan = match arguments.model {
        Costs::T => day.plan(),
        Costs::Z => {
            let limit = Duration::from_secs_f64(arguments.time_limit * RESERVE);
            let scaled = |rate: f64, most: f64| (arguments.time_limit * rate).min(most);
            day.refine(&mut Effort {
                exchanges: scaled(EXCHANGES_A_SECOND, EXCHANGES_MOST) as u64,
                bound_steps: scaled(BOUND_STEPS_A_SECOND, BOUND_STEPS_MOST) as u32 + 20,
                stop: &mut || begun.elapsed() >= limit,
            })
        }
    };
    let instance = day.instance();
    let pairs: Vec<(&str, &str)> = plan
        .assignment
        .iter()
        .filter_map(|(unit, request)| {
            let unit = instance.units.get(*unit as usize)?;
            let request = instance.requests.get(*request as usize)?;
            Some((unit.id.as_str(), request.id.as_str()))
        })
        .collect();
    if arguments.json {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(unit, request)| json!({"unit": unit, "request": request}))
            .collect();
        print_json(&json!({
            "status": plan.status.as_str(),
            "level1": plan.level1,
            "level2": rounded(plan.level2),
            "bound": rounded(plan.bound),
            "assignment": pairs,
            "seconds": begun.elapsed().as_secs_f64(),
        }))?;
    } else {
        print_line(&format!(
            "{}: level 1 {}, level 2 {:.6}, bound {:.6}",
            plan.status.as_str(),
            plan.level1,
            plan.level2,
            plan.bound
        ))?;
        for (unit, request) in pairs {
            print_line(&format!("{unit}\t{request}"))?;
        }
    }
    Ok(true)
}
