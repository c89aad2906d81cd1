//! The same rules as SQL windows in DuckDB, run by a script: a database is the rival, never a dependency.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use super::race::{Counts, SD, Stream, Taken};

#[derive(Deserialize)]
struct Answer {
    counts: Counts,
    cpu_seconds: f64,
    wall_seconds: f64,
}

/// Writes the points where DuckDB can read them, and takes its best form; loading is not counted.
pub fn duckdb(
    python: &str,
    folder: &Path,
    streams: &[Stream],
    repeats: u32,
) -> anyhow::Result<Taken> {
    let table = folder.join("points.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&table)?);
    for (stream, points) in streams.iter().enumerate() {
        for (place, distance) in points.distances.iter().enumerate() {
            writeln!(file, "{stream},{place},{distance}")?;
        }
    }
    file.flush()?;
    drop(file);
    let output = Command::new(python)
        .args(["-c", include_str!("duckdb_rules.py")])
        .arg(&table)
        .args([SD.to_string(), repeats.to_string()])
        .output()
        .with_context(|| format!("{python} does not run"));
    std::fs::remove_file(&table)?;
    let output = output?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "DuckDB failed: {}", said.trim());
    let answer: Answer = serde_json::from_slice(&output.stdout).context("DuckDB's answer")?;
    Ok(Taken {
        cpu: Duration::from_secs_f64(answer.cpu_seconds),
        wall: Duration::from_secs_f64(answer.wall_seconds),
        counts: answer.counts,
        state_bytes: 0,
    })
}
