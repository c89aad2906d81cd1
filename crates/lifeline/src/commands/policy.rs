//! `lifeline policy`

use std::process::ExitCode;

use lifeline_core::policy::{Entry, Key, Policies, Standing};
use lifeline_server::desk;

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_json, print_line};

/// Thresholds in force.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Every threshold with its source.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// One threshold, every version.
    Show {
        /// Its name, for example `issue.return_within`.
        key: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(clap::Args)]
struct Place {
    #[command(flatten)]
    database: Database,
    /// What the program comes with, instead of what is in force in a database.
    #[arg(long)]
    builtin: bool,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::List { place } => finish(place.json, work(list(&place))),
        Command::Show { key, place } => finish(place.json, work(show(&key, &place))),
    }
}

async fn entries(place: &Place) -> Result<Vec<Entry>, Failure> {
    if place.builtin {
        return lifeline_policy::builtin().map_err(|error| Failure::new("policy", error));
    }
    let journal = place.database.open().await?;
    let policies: Policies = desk::replay_state(&journal).await.map_err(failed)?.policies;
    Ok(Key::ALL
        .iter()
        .flat_map(|key| policies.history(*key))
        .map(|adopted| adopted.entry.clone())
        .collect())
}

fn line(entry: &Entry) -> Result<String, Failure> {
    let value = serde_json::to_string(&entry.value).map_err(|e| Failure::new("output", e))?;
    let shown: String = value.chars().take(70).collect();
    let standing = match entry.standing {
        Standing::Verified => "verified",
        Standing::Provisional => "provisional",
    };
    Ok(format!("{:<32} {standing:<12} {shown}", entry.key.name()))
}

async fn list(place: &Place) -> Result<bool, Failure> {
    let entries = entries(place).await?;
    if place.json {
        print_json(&entries)?;
    } else {
        for entry in &entries {
            print_line(&line(entry)?)?;
        }
    }
    Ok(true)
}

async fn show(key: &str, place: &Place) -> Result<bool, Failure> {
    let key = Key::parse(key)
        .ok_or_else(|| Failure::new("key", format!("{key:?} is no threshold; see policy list")))?;
    let mut entries = entries(place).await?;
    entries.retain(|entry| entry.key == key);
    if place.json {
        print_json(&entries)?;
    } else {
        for entry in &entries {
            print_line(&line(entry)?)?;
            print_line(&format!("  from {}: {}", entry.effective, entry.source))?;
            let value = serde_json::to_string_pretty(&entry.value)
                .map_err(|e| Failure::new("output", e))?;
            print_line(&value)?;
        }
    }
    Ok(!entries.is_empty())
}
