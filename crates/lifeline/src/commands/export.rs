//! `lifeline export`

use std::process::ExitCode;

use lifeline_journal::Check;

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_line};

/// Writes records out.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// One JSON value a line.
    Jsonl,
}

#[derive(clap::Subcommand)]
enum What {
    /// Every entry of the journal, oldest first, with its hashes.
    Journal {
        #[command(flatten)]
        database: Database,
        /// How.
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
        /// From this entry on.
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Errors as JSON; the entries are JSON in any case, one a line.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let What::Journal {
        database,
        format: Format::Jsonl,
        from,
        json,
    } = arguments.what;
    finish(json, work(journal(&database, from)))
}

async fn journal(database: &Database, from: u64) -> Result<bool, Failure> {
    let journal = database.open().await?;
    let mut entries = journal.stream(from, Check::Chain);
    while let Some(batch) = entries.next_batch().await.map_err(failed)? {
        for entry in batch {
            let mut value = serde_json::to_value(&entry).map_err(|e| Failure::new("output", e))?;
            // The body is JSON already; as text inside text nobody could read it.
            if let (Ok(body), Some(map)) = (
                serde_json::from_str::<serde_json::Value>(&entry.body),
                value.as_object_mut(),
            ) {
                map.insert("event".into(), body);
            }
            print_line(&value.to_string())?;
        }
    }
    Ok(true)
}
