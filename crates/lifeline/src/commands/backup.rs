//! `lifeline backup` and `lifeline restore`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_json, print_line};

/// A copy of the database, or back from one. PostgreSQL has its own tools for both.
#[derive(clap::Args)]
pub struct Arguments {
    /// The copy.
    file: PathBuf,
    #[command(flatten)]
    database: Database,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Writes a consistent copy while the hospital works on.
pub fn backup(arguments: Arguments) -> ExitCode {
    let Arguments {
        file,
        database,
        json,
    } = arguments;
    finish(
        json,
        work(async move {
            let journal = database.open().await?;
            journal.backup(&file).await.map_err(failed)?;
            let entries = verified(&file).await?;
            told(json, &file, entries)
        }),
    )
}

/// Puts a copy where no database is, after checking its chain.
pub fn restore(arguments: Arguments) -> ExitCode {
    let Arguments {
        file,
        database,
        json,
    } = arguments;
    finish(
        json,
        work(async move {
            let Some(target) = database.database.strip_prefix("sqlite:") else {
                return Err(Failure::new(
                    "database",
                    "PostgreSQL is restored with its own tools (pg_restore)",
                ));
            };
            let target = Path::new(target.strip_prefix("//").unwrap_or(target));
            if target.exists() {
                return Err(Failure::new(
                    "exists",
                    format!(
                        "{}: there is a database already; move it away first",
                        target.display()
                    ),
                ));
            }
            let entries = verified(&file).await?;
            // A consistent copy through the database, never a copy of a file that may be open.
            let copy = Database {
                database: format!("sqlite:{}", file.display()),
            };
            let journal = copy.open().await?;
            journal.backup(target).await.map_err(failed)?;
            told(json, target, entries)
        }),
    )
}

fn told(json: bool, file: &Path, entries: u64) -> Result<bool, Failure> {
    if json {
        print_json(&serde_json::json!({"file": file.display().to_string(), "entries": entries}))?;
    } else {
        let file = file.display();
        print_line(&format!("{file}: {entries} entries, the chain is whole"))?;
    }
    Ok(true)
}

/// The entries of a copy whose chain is whole.
async fn verified(file: &Path) -> Result<u64, Failure> {
    let copy = Database {
        database: format!("sqlite:{}", file.display()),
    };
    let journal = copy.open().await?;
    let report = journal.verify(|_| {}).await.map_err(failed)?;
    match report.broken {
        None => Ok(report.entries),
        Some(broken) => Err(Failure::new(
            "broken",
            format!(
                "{}: the chain is broken at entry {}",
                file.display(),
                broken.seq
            ),
        )),
    }
}
