//! External quality assessment: robust statistics, scores, homogeneity, graded serology, and running a scheme.

mod grade;
mod robust;
mod scheme;
mod score;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use lifeline_qc::eqa::{EqaError, GradingTable, Limit, in_force};

use crate::answer::{Failure, finish};
use crate::csv::{Column, Record, Table};

/// External quality assessment.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A robust mean and standard deviation of a column `value` (Algorithm S: columns `sd` and `df`).
    Robust(robust::Robust),
    /// Scores of laboratories: `lab,x[,u,U]`.
    Score(score::Score),
    /// Whether the items of a scheme are alike: a row an item, a column a replicate.
    Homogeneity(robust::Homogeneous),
    /// Grades qualitative results by a dated table: `item,expected,reported[,lab,round,sample,status]`.
    Grade(grade::Grade),
    /// Organises a scheme for many laboratories.
    Scheme(scheme::Scheme),
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Robust(it) => finish(it.json, robust::robust(&it)),
        Command::Score(it) => finish(it.json, score::score(&it)),
        Command::Homogeneity(it) => finish(it.json, robust::homogeneous(&it)),
        Command::Grade(it) => finish(it.json, grade::grade(&it)),
        Command::Scheme(it) => scheme::run(it),
    }
}

/// A cell as a finite number; the failure names the row and the field.
fn number(row: &Record, column: &Column) -> Result<f64, Failure> {
    let text = row.cell(column);
    if text.is_empty() {
        return Err(row.failure(column, "is empty"));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(row.failure(column, "is not a number")),
    }
}

/// Such a cell where there is something in it.
fn optional(row: &Record, column: Option<&Column>) -> Result<Option<f64>, Failure> {
    match column {
        Some(column) if !row.cell(column).is_empty() => number(row, column).map(Some),
        _ => Ok(None),
    }
}

/// What the engine says, with the row it is about where it is about one.
fn refused(table: &Table, column: &Column, error: &EqaError) -> Failure {
    let at = match error {
        EqaError::NotFinite { at }
        | EqaError::Negative { at }
        | EqaError::Unbalanced { at, .. } => Some(*at),
        _ => None,
    };
    match at.and_then(|at| table.rows().get(at)) {
        Some(row) => row.failure(column, error),
        None => Failure::new("value", error),
    }
}

/// A number of the command line that must be above zero.
fn positive(name: &'static str, value: Option<f64>) -> Result<Option<f64>, Failure> {
    match value {
        Some(value) if !(value.is_finite() && value > 0.0) => {
            Err(Failure::new("value", format!("{name}: must be greater than 0")).field(name))
        }
        other => Ok(other),
    }
}

/// What homogeneity is measured against.
fn limit(sigma_pt: Option<f64>, delta_e: Option<f64>) -> Result<Limit, Failure> {
    match (
        positive("sigma-pt", sigma_pt)?,
        positive("delta-e", delta_e)?,
    ) {
        (Some(sigma), _) => Ok(Limit::SigmaPt(sigma)),
        (None, Some(delta)) => Ok(Limit::DeltaE(delta)),
        (None, None) => {
            Err(Failure::new("value", "sigma-pt: give --sigma-pt or --delta-e").field("sigma-pt"))
        }
    }
}

/// The tables the program comes with, or those of a policy file.
fn tables(file: Option<&str>) -> Result<Vec<GradingTable>, Failure> {
    use lifeline_core::policy::Value;
    let entries = match file {
        None => lifeline_policy::builtin(),
        Some(file) => {
            let bytes = crate::answer::read_input(file)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::new("encoding", format!("{file}: not UTF-8 text")))?;
            lifeline_policy::parse(file, &text)
        }
    };
    let entries = entries.map_err(|error| Failure::new("policy", error))?;
    Ok(entries
        .into_iter()
        .filter_map(|entry| match entry.value {
            Value::GradingTables(tables) => Some(tables),
            _ => None,
        })
        .flatten()
        .collect())
}

/// The table of a name: in force on a day, or the newest.
fn table<'a>(
    tables: &'a [GradingTable],
    name: &str,
    on: Option<jiff::civil::Date>,
) -> Result<&'a GradingTable, Failure> {
    let day = on.unwrap_or(jiff::civil::Date::MAX);
    in_force(tables, name, day).ok_or_else(|| {
        let known: Vec<String> = tables
            .iter()
            .map(|table| format!("{} from {}", table.name, table.effective))
            .collect();
        let message = format!(
            "table: no {name:?} in force; there are: {}",
            known.join(", ")
        );
        Failure::new("table", message).field("table")
    })
}
