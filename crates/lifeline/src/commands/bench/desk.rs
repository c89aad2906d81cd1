//! `bench desk`: durable commands per second, beside the same bytes appended to a file and beside one transaction per command.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use lifeline_core::blood::UnitId;
use lifeline_server::desk::Desk;
use serde_json::{Value, json};

use super::history::demonstration;
use super::measure::Folder;
use super::traffic::{Run, carry};

/// What to measure on.
#[derive(clap::Args)]
pub struct Arguments {
    /// Seconds for each figure.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// An empty PostgreSQL database to be measured as well.
    #[arg(long)]
    postgres: Option<String>,
    /// Where to put the SQLite database and the raw file; the folder for temporary files by default.
    #[arg(long)]
    folder: Option<PathBuf>,
}

const CALLERS: [usize; 3] = [1, 16, 64];
/// Turns that the contenders take, so that a change of the machine's load meets all of them.
const TURNS: u32 = 3;

/// Measures each database in turn.
pub async fn run(arguments: Arguments) -> anyhow::Result<Vec<Value>> {
    let folder = Folder::new(arguments.folder)?;
    let span = Duration::try_from_secs_f64(arguments.seconds)?;
    let mut rows = measure("sqlite", &folder.database(), span, &folder.0).await?;
    if let Some(postgres) = &arguments.postgres {
        rows.extend(measure("postgres", postgres, span, &folder.0).await?);
    }
    Ok(rows)
}

async fn measure(
    name: &str,
    database: &str,
    span: Duration,
    folder: &Path,
) -> anyhow::Result<Vec<Value>> {
    let app = demonstration(database).await?;
    let bags: Vec<UnitId> = app
        .state()
        .units
        .shelf()
        .map(|unit| unit.id)
        .take(CALLERS.into_iter().max().unwrap_or(1))
        .collect();
    let desk = &app.desk;
    let mut rows = Vec::new();
    for callers in CALLERS {
        let bags = bags.get(..callers).context("enough bags")?;
        let (mut group, mut single, mut raw) = (Run::default(), Run::default(), Run::default());
        for _ in 0..TURNS {
            let turn = span / TURNS;
            let together = carry(desk, bags, None, turn).await?;
            let bytes = entry_bytes(desk, together.entries).await?;
            let batch = (together.entries as f64 / together.batches.max(1) as f64).round();
            raw.add(append_raw(folder, bytes, (batch as u64).max(1), turn)?);
            group.add(together);
            single.add(carry(desk, bags, Some(1), turn).await?);
        }
        rows.push(json!({
            "database": name,
            "callers": callers,
            "commands_per_s": group.rate(),
            "batch": group.entries as f64 / group.batches.max(1) as f64,
            "p50_ms": group.times.percentile(0.5) / 1e3,
            "p99_ms": group.times.percentile(0.99) / 1e3,
            "p999_ms": group.times.percentile(0.999) / 1e3,
            "raw_per_s": raw.rate(),
            "to_raw": group.rate() / raw.rate(),
            "one_each_per_s": single.rate(),
            "to_one_each": group.rate() / single.rate(),
        }));
    }
    Ok(rows)
}

/// The mean size of the newest entries with all their fields, in bytes.
async fn entry_bytes(desk: &Desk, newest: u64) -> anyhow::Result<usize> {
    let head = desk.journal().head().await?.seq;
    let looked_at = newest.clamp(1, 100);
    let entries = desk
        .journal()
        .read(head - looked_at.min(head) + 1, usize::try_from(looked_at)?)
        .await?;
    let bytes = |entry: &lifeline_journal::Entry| {
        // Number, time, command id, version and two hashes beside the texts.
        let fixed = 8 + 8 + 16 + 2 + 64;
        let texts = [&entry.actor, &entry.workstation, &entry.kind, &entry.body];
        let texts = texts.into_iter().chain(&entry.subjects).map(String::len);
        fixed + texts.sum::<usize>()
    };
    Ok(entries.iter().map(bytes).sum::<usize>() / entries.len().max(1))
}

/// Appends batches of the same size to a file, each made durable before the next.
fn append_raw(folder: &Path, bytes: usize, batch: u64, span: Duration) -> anyhow::Result<Run> {
    let path = folder.join("raw");
    let mut file = File::create(&path)?;
    let block = vec![b'x'; bytes * usize::try_from(batch)?];
    let mut run = Run::default();
    while run.spent < span {
        let start = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        let took = start.elapsed();
        run.spent += took;
        run.entries += batch;
        run.batches += 1;
        for _ in 0..batch {
            run.times.note(took);
        }
    }
    std::fs::remove_file(path)?;
    Ok(run)
}
