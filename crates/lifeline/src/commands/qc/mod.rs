//! `lifeline qc`: control rules and charts over tables.

mod charts;
mod evaluate;
mod patients;
mod sigma;

use std::process::ExitCode;

use lifeline_qc::Decimal;

use crate::answer::{Failure, finish};
use crate::csv::{Column, Record, Table};

/// Internal quality control.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// One JSON document.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Control points against the rules: columns run, material, value, mean, sd.
    Evaluate(evaluate::Arguments),
    /// The instant method for the first values of a control: column value.
    Instant(charts::Instant),
    /// Cumulative sums: column value.
    Cusum(charts::Cusum),
    /// Exponentially weighted moving average: column value.
    Ewma(charts::Ewma),
    /// Sigma metrics and the rules they call for.
    Sigma(sigma::Arguments),
    /// Patient-based real-time quality control: column value.
    Pbrtqc(patients::Arguments),
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let json = arguments.json;
    let answered = match arguments.command {
        Command::Evaluate(arguments) => evaluate::answer(&arguments, json),
        Command::Instant(arguments) => arguments.answer(json),
        Command::Cusum(arguments) => arguments.answer(json),
        Command::Ewma(arguments) => arguments.answer(json),
        Command::Sigma(arguments) => sigma::answer(&arguments, json),
        Command::Pbrtqc(arguments) => patients::answer(&arguments, json),
    };
    finish(json, answered.map(|()| true))
}

/// A cell as a decimal number.
fn decimal(row: &Record, column: &Column) -> Result<Decimal, Failure> {
    Decimal::parse(row.cell(column)).map_err(|error| row.failure(column, error))
}

/// The numbers of a table's column `value`.
fn values(file: &str) -> Result<Vec<Decimal>, Failure> {
    let table = Table::read(file)?;
    let column = table.column("value")?;
    table
        .rows()
        .iter()
        .map(|row| decimal(row, &column))
        .collect()
}

/// A number of the command line.
fn parameter(name: &str, text: &str) -> Result<Decimal, Failure> {
    Decimal::parse(text)
        .map_err(|error| Failure::new("parameter", format!("--{name}: {text:?} {error}")))
}
