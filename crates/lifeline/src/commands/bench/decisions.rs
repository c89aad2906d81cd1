//! What proposes: one line a question, each beside something of known cost in the same run.

use serde_json::Value;

use super::antibody;

/// Nothing to choose yet.
#[derive(clap::Args)]
pub struct Arguments {}

/// Takes the figures.
///
/// # Errors
/// A table the program comes with is broken.
pub async fn run(_: Arguments) -> anyhow::Result<Vec<Value>> {
    antibody::figures()
}
