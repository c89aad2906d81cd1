//! `lifeline reports`

use std::process::ExitCode;

use anyhow::Context;
use lifeline_journal::Journal;
use lifeline_reports::{progress, reset, update};
use lifeline_server::desk::replay_state;

use super::block_on;

/// The reporting tables of a database.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        global = true,
        env = "LIFELINE_DATABASE",
        default_value = "sqlite:lifeline.sqlite"
    )]
    database: String,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Makes the tables anew from the whole journal.
    Rebuild,
    /// How far they have come. Exit code 1 when they lag behind the journal.
    Status,
}

/// Rebuilds the tables, or says how far they are.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    block_on(async move {
        let journal = Journal::open(&arguments.database).await?;
        if let Act::Rebuild = arguments.act {
            let hospital = replay_state(&journal).await?;
            reset(&journal).await?;
            let done = update(&journal, &hospital).await?;
            println!("{done} entries carried over");
            return Ok(ExitCode::SUCCESS);
        }
        let progress = progress(&journal).await?.context(
            "there are no reporting tables of this form; run `lifeline reports rebuild`",
        )?;
        println!(
            "{} of {} entries carried over",
            progress.done, progress.head
        );
        Ok(ExitCode::from(u8::from(progress.done < progress.head)))
    })
}
