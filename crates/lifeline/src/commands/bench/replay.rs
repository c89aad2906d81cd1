//! `bench replay`: how long a server takes to start on a long journal.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_journal::{Draft, Journal, LeaseAnswer};
use lifeline_server::desk::{replay_state, snapshot};
use serde_json::{Value, json};
use uuid::Uuid;

use super::history::{Histories, demonstration};
use super::measure::{Folder, resident};

/// How long a journal.
#[derive(clap::Args)]
pub struct Arguments {
    /// Entries in the journal.
    #[arg(long, default_value_t = 5_000_000)]
    events: u64,
    /// Where to put the database; the folder for temporary files by default.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// Entries of one append.
const BATCH: usize = 2048;

/// Writes the journal, then starts from it twice.
pub async fn run(arguments: Arguments) -> anyhow::Result<Vec<Value>> {
    let folder = Folder::new(arguments.folder)?;
    let database = folder.database();
    let app = demonstration(&database).await?;
    let base = (*app.state()).clone();
    drop(app);
    let journal = Journal::open(&database).await?;
    let epoch = loop {
        match journal
            .acquire_lease("bench", Duration::from_secs(3600))
            .await?
        {
            LeaseAnswer::Granted(lease) => break lease.epoch,
            LeaseAnswer::Held { .. } => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let mut histories = Histories::after(&base)?;
    drop(base);
    let writing = Instant::now();
    let mut head = journal.head().await?.seq;
    let mut drafts = Vec::with_capacity(BATCH);
    while head < arguments.events {
        drafts.clear();
        while drafts.len() < BATCH {
            let command = Uuid::now_v7();
            for event in histories.next_bag()? {
                drafts.push(Draft {
                    at_ms: 1_763_000_000_000,
                    actor: histories.by().as_str().into(),
                    workstation: "bench".into(),
                    command,
                    kind: event.kind().into(),
                    version: Event::VERSION,
                    body: event.encode()?,
                    subjects: event.subjects().iter().map(ToString::to_string).collect(),
                });
            }
        }
        let receipts = journal
            .append(epoch, head, std::mem::take(&mut drafts))
            .await?;
        head = receipts.last().map_or(head, |receipt| receipt.seq);
    }
    let written = writing.elapsed();
    let before = resident();
    let (hospital, whole) = timed(&journal).await?;
    let memory = resident().saturating_sub(before);
    let units = hospital.units.len();
    let size = {
        let bytes = snapshot(&hospital)?;
        let size = bytes.len();
        journal
            .save_snapshot(hospital.seq, Hospital::FORMAT, bytes)
            .await?;
        size
    };
    let from_start = hospital;
    let (from_snapshot, short) = timed(&journal).await?;
    anyhow::ensure!(from_snapshot == from_start, "both start-ups give one state");
    Ok(vec![json!({
        "events": head,
        "units": units,
        "written_per_s": head as f64 / written.as_secs_f64(),
        "whole_s": whole.as_secs_f64(),
        "events_per_s": head as f64 / whole.as_secs_f64(),
        "snapshot_mib": size as f64 / f64::from(1 << 20),
        "from_snapshot_s": short.as_secs_f64(),
        "state_mib": memory as f64 / f64::from(1 << 20),
        "bytes_per_unit": memory as f64 / units.max(1) as f64,
    })])
}

async fn timed(journal: &Journal) -> anyhow::Result<(Hospital, Duration)> {
    let start = Instant::now();
    let hospital = replay_state(journal).await?;
    Ok((hospital, start.elapsed()))
}
