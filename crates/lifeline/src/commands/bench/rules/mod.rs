//! `bench qc`: every control rule over millions of points, by several forms whose verdict counts must be equal.

mod database;
mod race;

use serde_json::{Value, json};

use super::measure::Folder;

/// How much, and against what.
#[derive(clap::Args)]
pub struct Arguments {
    /// Points in all, in streams of a thousand.
    #[arg(long, default_value_t = 10_000_000)]
    points: usize,
    /// Takes each figure so many times and keeps the least CPU time.
    #[arg(long, default_value_t = 3)]
    repeats: u32,
    /// A Python with `duckdb`; its best SQL form is taken beside ours. Without it the row is left out.
    #[arg(long)]
    python: Option<String>,
}

/// Runs every form on the same points.
pub fn run(arguments: &Arguments) -> anyhow::Result<Vec<Value>> {
    let streams = race::streams(arguments.points);
    let points: usize = streams.iter().map(|stream| stream.distances.len()).sum();
    let scalar = race::least(arguments.repeats, || race::scalar(&streams));
    let mut rows = vec![row("scalar, one pass", &scalar, &scalar, points)];
    let engine = race::least(arguments.repeats, || race::engine(&streams));
    same("incremental engine", &scalar.counts, &engine.counts)?;
    rows.push(row("incremental engine", &engine, &scalar, points));
    let sliced = race::least(arguments.repeats, || race::sliced(&streams));
    same("bit-sliced", &scalar.counts, &sliced.counts)?;
    rows.push(row("bit-sliced", &sliced, &scalar, points));
    let narrow = race::narrow(&streams);
    let sliced = race::least(arguments.repeats, || race::sliced_narrow(&narrow));
    same("bit-sliced, 32 bits", &scalar.counts, &sliced.counts)?;
    rows.push(row("bit-sliced, 32 bits", &sliced, &scalar, points));
    let replay = race::least(arguments.repeats, || race::step(&streams));
    same("engine with explanations", &scalar.counts, &replay.counts)?;
    rows.push(row("engine with explanations", &replay, &scalar, points));
    if let Some(python) = &arguments.python {
        let folder = Folder::new(None)?;
        let found = database::duckdb(python, &folder.0, &streams, arguments.repeats)?;
        same("DuckDB, streak form", &scalar.counts, &found.counts)?;
        rows.push(row("DuckDB, streak form", &found, &scalar, points));
    }
    Ok(rows)
}

fn same(name: &str, expected: &race::Counts, found: &race::Counts) -> anyhow::Result<()> {
    let differ: Vec<String> = race::RULES
        .iter()
        .zip(expected.iter().zip(found))
        .filter(|(_, (expected, found))| expected != found)
        .map(|(rule, (expected, found))| format!("{rule} {found} instead of {expected}"))
        .collect();
    anyhow::ensure!(
        differ.is_empty(),
        "{name} counts differently: {}",
        differ.join(", ")
    );
    Ok(())
}

fn row(form: &str, taken: &race::Taken, scalar: &race::Taken, points: usize) -> Value {
    json!({
        "form": form,
        "points": points,
        "cpu_ns_a_point": taken.cpu.as_secs_f64() * 1e9 / points as f64,
        "wall_ns_a_point": taken.wall.as_secs_f64() * 1e9 / points as f64,
        "cpu_to_scalar": taken.cpu.as_secs_f64() / scalar.cpu.as_secs_f64(),
        "verdicts": taken.counts.iter().sum::<u64>(),
        "state_bytes_a_stream": taken.state_bytes,
    })
}
