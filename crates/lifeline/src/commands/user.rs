//! `lifeline user`

use std::collections::BTreeSet;
use std::io::BufRead;
use std::process::ExitCode;

use lifeline_core::command::Command as Order;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_core::people::{NotePassword, Role, SaveUser, SetUserActive};
use lifeline_journal::Journal;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::serve::hashed;

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_line};

/// Accounts. No server may be writing to the database meanwhile.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args)]
struct As {
    #[command(flatten)]
    database: Database,
    /// The administrator who does it.
    #[arg(long, default_value = "admin")]
    administrator: String,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Opens an account; its password is the first line of standard input.
    Add {
        /// Login.
        login: String,
        /// Name.
        #[arg(long)]
        name: String,
        /// Name in Latin letters; the login where left out.
        #[arg(long)]
        latin: Option<String>,
        /// Roles.
        #[arg(long, value_delimiter = ',', required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        by: As,
    },
    /// Closes an account.
    Disable {
        /// Login.
        login: String,
        #[command(flatten)]
        by: As,
    },
    /// Sets a password: the first line of standard input.
    Passwd {
        /// Login.
        login: String,
        #[command(flatten)]
        by: As,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(false, work(act(arguments.command)))
}

fn login(text: &str) -> Result<UserId, Failure> {
    UserId::parse(text).map_err(|error| Failure::new("login", format!("{text:?}: {error}")))
}

async fn act(command: Command) -> Result<bool, Failure> {
    match command {
        Command::Add {
            login: text,
            name,
            latin,
            roles,
            by,
        } => {
            let user = login(&text)?;
            let roles: BTreeSet<Role> = roles
                .iter()
                .map(|text| role(text))
                .collect::<Result<_, _>>()?;
            let password = password()?;
            let save = SaveUser {
                user: user.clone(),
                new: true,
                name,
                latin: latin.unwrap_or(text),
                roles,
                location: None,
            };
            let desk = open(&by).await?;
            let done =
                give(&desk, &by, save).await? && set_password(&desk, &by, user, &password).await?;
            leave(&desk).await;
            Ok(done)
        }
        Command::Disable { login: text, by } => {
            let disable = SetUserActive {
                user: login(&text)?,
                active: false,
            };
            let desk = open(&by).await?;
            let done = give(&desk, &by, disable).await?;
            if done {
                desk.journal()
                    .end_sessions_of(&text)
                    .await
                    .map_err(failed)?;
            }
            leave(&desk).await;
            Ok(done)
        }
        Command::Passwd { login: text, by } => {
            let user = login(&text)?;
            let password = password()?;
            let desk = open(&by).await?;
            let done = set_password(&desk, &by, user, &password).await?;
            leave(&desk).await;
            Ok(done)
        }
    }
}

fn role(text: &str) -> Result<Role, Failure> {
    Role::parse(text).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        Failure::new(
            "role",
            format!("no role {text:?}; there are {}", known.join(", ")),
        )
    })
}

fn password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::new("input", error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The desk of a database nobody else writes to.
async fn open(by: &As) -> Result<Desk, Failure> {
    let journal: Journal = by.database.open().await?;
    let lease = journal.lease().await.map_err(failed)?;
    if !lease.remaining.is_zero() {
        return Err(Failure::new(
            "server-running",
            format!(
                "a server ({}) writes to this database; change accounts on its pages, or stop it first",
                lease.holder.unwrap_or_default()
            ),
        ));
    }
    let desk = Desk::open(journal, Clock::System, "console".into())
        .await
        .map_err(failed)?;
    desk.writing().await.map_err(failed)?;
    Ok(desk)
}

/// Gives the right to write back, so that the next command need not wait until it runs out.
async fn leave(desk: &Desk) {
    super::leave(desk.journal()).await;
}

async fn give(desk: &Desk, by: &As, order: impl Into<Order>) -> Result<bool, Failure> {
    let console = WorkstationId::parse("console").map_err(failed)?;
    let submission = Submission::new(order, login(&by.administrator)?, console);
    match desk.submit(submission).await.map_err(failed)? {
        Outcome::Accepted { .. } => Ok(true),
        Outcome::Refused(refusal) => {
            let rules: Vec<&str> = refusal.findings.iter().map(|f| f.rule.code()).collect();
            print_line(&format!("refused: {}", rules.join(", ")))?;
            Ok(false)
        }
    }
}

async fn set_password(desk: &Desk, by: &As, user: UserId, password: &str) -> Result<bool, Failure> {
    let digest = hashed(password)
        .await
        .map_err(|error| Failure::new("password", error))?;
    if !give(desk, by, NotePassword { user: user.clone() }).await? {
        return Ok(false);
    }
    let journal = desk.journal();
    journal
        .set_credential(user.as_str(), &digest)
        .await
        .map_err(failed)?;
    journal
        .end_sessions_of(user.as_str())
        .await
        .map_err(failed)?;
    Ok(true)
}
