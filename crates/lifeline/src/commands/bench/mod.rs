//! `lifeline bench`: figures with what they are compared to, taken in one run on one disk. Nothing here passes or fails.

mod antibody;
mod decisions;
mod desk;
mod gate;
mod history;
mod measure;
mod replay;
mod rules;
mod traffic;
mod web;
mod wire;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::block_on;

/// Which figures.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    name: Name,
    /// One JSON document instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Name {
    /// Matching, registry search and antibody identification, beside other solvers.
    Decisions(decisions::Arguments),
    /// Durable commands per second with 1, 16 and 64 callers.
    Desk(desk::Arguments),
    /// The issue gate on hospitals of different sizes.
    Gate(gate::Arguments),
    /// Start-up from a long journal, with and without snapshot, and memory.
    Replay(replay::Arguments),
    /// Every control rule over millions of points, against a plain loop and a database.
    Qc(rules::Arguments),
    /// Device messages per second, beside two published HL7 crates.
    Wire(wire::Arguments),
    /// Pages and the issue form for many clients at once.
    Web(web::Arguments),
}

/// Takes the figures and prints them.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let load = measure::load();
    let (name, figures) = block_on(async {
        Ok(match arguments.name {
            Name::Decisions(arguments) => ("decisions", decisions::run(arguments).await?),
            Name::Desk(arguments) => ("desk", desk::run(arguments).await?),
            Name::Gate(arguments) => ("gate", gate::run(arguments).await?),
            Name::Replay(arguments) => ("replay", replay::run(arguments).await?),
            Name::Qc(arguments) => ("qc", rules::run(&arguments)?),
            Name::Wire(arguments) => ("wire", wire::run(&arguments)?),
            Name::Web(arguments) => ("web", web::run(arguments).await?),
        })
    })?;
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    if arguments.json {
        let document = json!({
            "bench": name,
            "load_at_start": load,
            "processors": processors,
            "figures": figures,
        });
        println!("{}", serde_json::to_string_pretty(&document)?);
    } else {
        println!("bench {name}: {processors} processors, load at start {load}");
        print!("{}", table(&figures));
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows of objects with the same keys, as columns.
fn table(rows: &[Value]) -> String {
    let Some(names) = rows.first().and_then(Value::as_object) else {
        return String::new();
    };
    let mut lines: Vec<Vec<String>> = vec![names.keys().cloned().collect()];
    lines.extend(rows.iter().map(|row| {
        names
            .keys()
            .map(|name| match row.get(name) {
                Some(Value::Number(number)) => match number.as_f64() {
                    Some(value) if number.is_f64() && value < 100.0 => format!("{value:.2}"),
                    Some(value) => format!("{value:.0}"),
                    None => number.to_string(),
                },
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => "–".into(),
                Some(other) => other.to_string(),
            })
            .collect()
    }));
    let widths: Vec<usize> = (0..names.len())
        .map(|column| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in lines {
        for (cell, width) in line.iter().zip(&widths) {
            text += &format!("{cell:>width$}  ");
        }
        text = text.trim_end().to_owned() + "\n";
    }
    text
}
