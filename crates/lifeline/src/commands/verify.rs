//! `lifeline verify`

use std::process::ExitCode;

use lifeline_core::hospital::Hospital;
use lifeline_journal::Check;
use lifeline_server::desk::{self, ReplayError};

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, bar, finish, print_json, print_line};

/// Proves that the journal is as it was written, and that the state follows from it.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    database: Database,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Checks the chain, and that the state of the snapshot is the state of the facts.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, work(verify(&arguments)))
}

async fn verify(arguments: &Arguments) -> Result<bool, Failure> {
    let journal = arguments.database.open().await?;
    let bar = bar(0);
    let report = journal
        .verify(|progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        })
        .await
        .map_err(failed)?;
    bar.finish_and_clear();
    let replay = if report.is_sound() {
        let mut rebuilt = Hospital::default();
        journal
            .replay(1, Check::Sequence, |entry| {
                let (stamp, event) = desk::decode(&entry)?;
                rebuilt.apply(&stamp, &event);
                Ok::<(), ReplayError>(())
            })
            .await
            .map_err(failed)?;
        Some(desk::replay_state(&journal).await.map_err(failed)? == rebuilt)
    } else {
        None
    };
    let broken = report.broken.as_ref().map(
        |broken| serde_json::json!({"seq": broken.seq, "fault": format!("{:?}", broken.fault)}),
    );
    if arguments.json {
        print_json(&serde_json::json!({
            "sound": report.is_sound(), "entries": report.entries, "head": report.head.seq,
            "broken": broken, "replay_equals_snapshot": replay,
        }))?;
    } else {
        print_line(&match &broken {
            None => format!("{} entries, the chain is whole", report.entries),
            Some(broken) => format!("BROKEN after {} entries: {broken}", report.entries),
        })?;
        if let Some(same) = replay {
            print_line(if same {
                "the state follows from the facts"
            } else {
                "BROKEN: the snapshot is not the state of the facts"
            })?;
        }
    }
    Ok(report.is_sound() && replay == Some(true))
}
