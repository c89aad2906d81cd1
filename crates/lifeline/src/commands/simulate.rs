//! `lifeline simulate`

use std::process::ExitCode;
use std::time::Instant;

use crate::answer::{Failure, bar, finish, print_json, print_line};

/// Random hospitals.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Random histories against the invariants.
    Histories {
        /// The same seed gives the same histories.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many commands are decided.
        #[arg(long, default_value_t = 100_000)]
        commands: u64,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let Command::Histories {
        seed,
        commands,
        json,
    } = arguments.command;
    finish(json, histories(seed, commands, json))
}

fn histories(seed: u64, commands: u64, json: bool) -> Result<bool, Failure> {
    let bar = bar(commands);
    let began = Instant::now();
    let report = lifeline_simulation::run(seed, commands, |done| bar.set_position(done));
    let seconds = began.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if json {
        let mut value = serde_json::to_value(&report).map_err(|e| Failure::new("output", e))?;
        if let Some(map) = value.as_object_mut() {
            map.insert("seconds".into(), seconds.into());
            map.insert(
                "commands_per_second".into(),
                (report.commands as f64 / seconds).round().into(),
            );
        }
        print_json(&value)?;
    } else {
        print_line(&format!(
            "{} commands in {} histories ({} accepted, {} refused), {} facts, {seconds:.1} s",
            report.commands, report.histories, report.accepted, report.refused, report.events
        ))?;
        for (invariant, times) in &report.checks {
            print_line(&format!("{times:>12}  {invariant}"))?;
        }
        if !report.never_accepted.is_empty() {
            print_line(&format!(
                "never accepted: {}",
                report.never_accepted.join(", ")
            ))?;
        }
        if let Some(violation) = &report.violation {
            print_line(&format!("BROKEN: {}", violation.invariant))?;
            print_json(violation)?;
        }
    }
    Ok(report.violation.is_none())
}
