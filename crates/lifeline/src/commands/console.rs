//! What commands that change a hospital share: the desk of a database that no server writes to.

use lifeline_core::command::Command as Order;
use lifeline_core::event::Event;
use lifeline_core::hospital::Stamp;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_journal::Journal;
use lifeline_server::app::SYSTEM_USER;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::entrance::Keeper;
use std::io::BufRead;
use std::sync::Arc;

use super::journal::{Database, failed};
use crate::answer::{Failure, print_json, print_line};

/// Where commands of the console come from.
const CONSOLE: &str = "console";

/// The desk of a database nobody else writes to.
pub struct Console {
    pub desk: Desk,
    /// One JSON document as the answer.
    pub json: bool,
}

/// A person's login.
pub fn login(text: &str) -> Result<UserId, Failure> {
    UserId::parse(text).map_err(|error| Failure::new("login", format!("{text:?}: {error}")))
}

/// The first line of standard input.
pub fn password() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::new("input", error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn workstation() -> Result<WorkstationId, Failure> {
    WorkstationId::parse(CONSOLE).map_err(failed)
}

impl Console {
    /// Works at it, and gives the right to write back whatever comes of the work, so that the next command need not wait until it
    /// runs out. Refuses while a server writes.
    pub async fn work(
        database: &Database,
        json: bool,
        work: impl AsyncFnOnce(&Self) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let console = Self::open(database, json).await?;
        let result = work(&console).await;
        super::leave(console.desk.journal()).await;
        result
    }

    async fn open(database: &Database, json: bool) -> Result<Self, Failure> {
        let journal: Journal = database.open().await?;
        let lease = journal.lease().await.map_err(failed)?;
        if !lease.remaining.is_zero() {
            return Err(Failure::new(
                "server-running",
                format!(
                    "a server ({}) writes to this database; use its pages, or stop it first",
                    lease.holder.unwrap_or_default()
                ),
            ));
        }
        let desk = Desk::open(journal, Clock::System, CONSOLE.into())
            .await
            .map_err(failed)?;
        desk.writing().await.map_err(failed)?;
        Ok(Self { desk, json })
    }

    /// The person whose login and password these are.
    pub async fn prove(&self, text: &str, password: &str) -> Result<UserId, Failure> {
        let keeper = Keeper::new(self.desk.clone(), login(SYSTEM_USER)?);
        keeper
            .prove(text, password, &workstation()?)
            .await
            .map_err(|error| Failure::new("sign-in", error))
    }

    /// Gives a command; the facts, or nothing after saying which rules refused it.
    pub async fn give(
        &self,
        by: UserId,
        order: impl Into<Order>,
    ) -> Result<Option<Arc<[(Stamp, Event)]>>, Failure> {
        let submission = Submission::new(order, by, workstation()?);
        match self.desk.submit(submission).await.map_err(failed)? {
            Outcome::Accepted { facts } => Ok(Some(facts)),
            Outcome::Refused(refusal) => {
                if self.json {
                    print_json(&serde_json::json!({"done": false, "findings": refusal.findings}))?;
                } else {
                    print_line(&format!("refused: {refusal}"))?;
                }
                Ok(None)
            }
        }
    }

    /// Says that it is done, where the answer is JSON; people see no message and exit code 0.
    pub fn done(&self) -> Result<bool, Failure> {
        if self.json {
            print_json(&serde_json::json!({"done": true}))?;
        }
        Ok(true)
    }
}
