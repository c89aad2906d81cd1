//! What `verify`, `replay`, `backup`, `restore` and `export` share: an existing journal.

use lifeline_journal::Journal;

use crate::answer::Failure;

/// Which database.
#[derive(clap::Args)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        env = "LIFELINE_DATABASE",
        default_value = "sqlite:lifeline.sqlite"
    )]
    pub database: String,
}

impl Database {
    /// Opens the journal; a SQLite file that does not exist is not made.
    pub async fn open(&self) -> Result<Journal, Failure> {
        if let Some(path) = self.database.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !std::path::Path::new(path).is_file() {
                return Err(Failure::new(
                    "no-database",
                    format!("{path}: no such database"),
                ));
            }
        }
        Journal::open(&self.database).await.map_err(failed)
    }
}

/// Any failure of the database, on one line.
pub fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new("database", error)
}

/// Runs work that answers yes or no on a runtime of its own.
pub fn run(work: impl Future<Output = Result<bool, Failure>>) -> Result<bool, Failure> {
    super::block_on(async move { Ok(work.await) })?
}
