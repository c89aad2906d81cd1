//! `lifeline policy`

use std::process::ExitCode;

use lifeline_core::Timestamp;
use lifeline_core::event::Event;
use lifeline_core::id::ProposalId;
use lifeline_core::policy::{
    ActivatePolicy, Entry, Key, Policies, PolicyEvent, ProposePolicy, Standing, Value,
};
use lifeline_server::desk;

use super::console::{Console, password};
use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_json, print_line};

/// Thresholds in force, and changing them by two people.
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
    /// Proposes a value. It is not in force until somebody else activates it. No server may be writing to the database meanwhile.
    Propose {
        /// Its name, for example `issue.return_within`.
        key: String,
        /// The value as `policy show KEY --json` writes it, for example `{"minutes": 20}`.
        value: String,
        /// Where it comes from.
        #[arg(long)]
        source: String,
        /// Why it is changed.
        #[arg(long)]
        reason: String,
        /// In force from; now where left out.
        #[arg(long)]
        effective: Option<Timestamp>,
        /// The source was read and says this; otherwise the value is provisional.
        #[arg(long)]
        verified: bool,
        #[command(flatten)]
        by: By,
    },
    /// Puts a proposal in force. Its proposer cannot: a change takes two people.
    Activate {
        /// The proposal's number, as `policy propose` said it.
        proposal: String,
        #[command(flatten)]
        by: By,
    },
}

/// Who does it. The password is the first line of standard input.
#[derive(clap::Args)]
struct By {
    /// Login of the person.
    #[arg(long = "by")]
    login: String,
    #[command(flatten)]
    database: Database,
    /// One JSON document.
    #[arg(long)]
    json: bool,
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
        Command::Propose {
            key,
            value,
            source,
            reason,
            effective,
            verified,
            by,
        } => finish(
            by.json,
            work(async {
                let key = known(&key)?;
                let value: Value = serde_json::from_str(&value).map_err(|error| {
                    Failure::new("value", format!("{value}: {error}")).at(error.column())
                })?;
                let entry = Entry {
                    key,
                    value,
                    effective: effective
                        .unwrap_or_else(|| lifeline_server::clock::Clock::System.now()),
                    source,
                    standing: if verified {
                        Standing::Verified
                    } else {
                        Standing::Provisional
                    },
                };
                propose(&by, ProposePolicy { entry, reason }).await
            }),
        ),
        Command::Activate { proposal, by } => finish(by.json, work(activate(&by, &proposal))),
    }
}

fn known(key: &str) -> Result<Key, Failure> {
    Key::parse(key)
        .ok_or_else(|| Failure::new("key", format!("{key:?} is no threshold; see policy list")))
}

async fn propose(by: &By, command: ProposePolicy) -> Result<bool, Failure> {
    let secret = password()?;
    Console::work(&by.database, by.json, async |console| {
        let actor = console.prove(&by.login, &secret).await?;
        let facts = console.give(actor, command).await?;
        let mut facts = facts.iter().flat_map(|facts| facts.iter());
        let proposal = facts.find_map(|(_, event)| match event {
            Event::Policy(PolicyEvent::Proposed { proposal, .. }) => Some(*proposal),
            _ => None,
        });
        let Some(proposal) = proposal else {
            return Ok(false);
        };
        if by.json {
            let proposal = proposal.to_string();
            print_json(&serde_json::json!({"done": true, "proposal": proposal}))?;
        } else {
            print_line(&format!(
                "{proposal}: waits for another person to activate it"
            ))?;
        }
        Ok(true)
    })
    .await
}

async fn activate(by: &By, proposal: &str) -> Result<bool, Failure> {
    let proposal: ProposalId = proposal
        .parse()
        .map_err(|_| Failure::new("proposal", format!("{proposal:?} is no proposal's number")))?;
    let secret = password()?;
    Console::work(&by.database, by.json, async |console| {
        let actor = console.prove(&by.login, &secret).await?;
        let activated = console.give(actor, ActivatePolicy { proposal }).await?;
        if activated.is_some() {
            console.done()
        } else {
            Ok(false)
        }
    })
    .await
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
    let key = known(key)?;
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
