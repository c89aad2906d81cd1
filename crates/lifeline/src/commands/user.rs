//! `lifeline user`

use std::collections::BTreeSet;
use std::process::ExitCode;

use lifeline_core::id::UserId;
use lifeline_core::people::{NotePassword, Role, SaveUser, SetUserActive};
use lifeline_server::serve::hashed;

use super::console::{Console, login, password};
use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish};

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
    /// One JSON document.
    #[arg(long)]
    json: bool,
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
    let json = match &arguments.command {
        Command::Add { by, .. } | Command::Disable { by, .. } | Command::Passwd { by, .. } => {
            by.json
        }
    };
    finish(json, work(act(arguments.command)))
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
            Console::work(&by.database, by.json, async |console| {
                let actor = login(&by.administrator)?;
                let done = console.give(actor, save).await?.is_some()
                    && set_password(console, &by, user, &password).await?;
                if done { console.done() } else { Ok(false) }
            })
            .await
        }
        Command::Disable { login: text, by } => {
            let disable = SetUserActive {
                user: login(&text)?,
                active: false,
            };
            Console::work(&by.database, by.json, async |console| {
                let actor = login(&by.administrator)?;
                if console.give(actor, disable).await?.is_none() {
                    return Ok(false);
                }
                let journal = console.desk.journal();
                journal.end_sessions_of(&text).await.map_err(failed)?;
                console.done()
            })
            .await
        }
        Command::Passwd { login: text, by } => {
            let user = login(&text)?;
            let password = password()?;
            Console::work(&by.database, by.json, async |console| {
                let done = set_password(console, &by, user, &password).await?;
                if done { console.done() } else { Ok(false) }
            })
            .await
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

async fn set_password(
    console: &Console,
    by: &As,
    user: UserId,
    password: &str,
) -> Result<bool, Failure> {
    let digest = hashed(password)
        .await
        .map_err(|error| Failure::new("password", error))?;
    let note = NotePassword { user: user.clone() };
    let actor = login(&by.administrator)?;
    if console.give(actor, note).await?.is_none() {
        return Ok(false);
    }
    let journal = console.desk.journal();
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
