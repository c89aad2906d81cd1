//! The desk: the single writer. It takes commands in batches, decides each on a tentative copy of the state, makes the facts durable
//! in one transaction, and only then publishes the new state and answers.

mod batch;
mod replay;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use lifeline_core::command::{Command, Seen};
use lifeline_core::event::{Event, EventError};
use lifeline_core::finding::{Reason, Refusal};
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_journal::{Journal, JournalError};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::clock::Clock;

/// Commands that may wait; beyond this, callers wait with them.
pub const QUEUE: usize = 1024;
/// The most commands decided together. Whatever waits is taken; nobody waits for a batch to fill.
pub const BATCH: usize = 256;
/// The most journal entries of one batch; commands beyond it go into the next.
pub const BATCH_ENTRIES: usize = 2048;
/// How long the right to write lasts without renewal.
pub const LEASE: Duration = Duration::from_secs(10);
/// How often it is renewed, or asked for.
pub const LEASE_BEAT: Duration = Duration::from_secs(3);
/// Entries between two snapshots.
pub const SNAPSHOT_EVERY: u64 = 100_000;
/// Published batches a slow listener may lag behind before it must start anew.
pub const LISTENERS_LAG: usize = 256;

/// A command with everything that goes with it.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Idempotency: the same id from the same person answers the first outcome; from anybody else it is refused.
    pub id: Uuid,
    /// What is to be done.
    pub command: Command,
    /// Who gives it.
    pub actor: UserId,
    /// From where.
    pub workstation: WorkstationId,
    /// A second person, already re-authenticated.
    pub second: Option<UserId>,
    /// Reasons for going on past warnings.
    pub reasons: Vec<Reason>,
    /// Versions the form had seen.
    pub seen: Vec<Seen>,
}

impl Submission {
    /// A command by one person with nothing beside it, under a new id.
    pub fn new(command: impl Into<Command>, actor: UserId, workstation: WorkstationId) -> Self {
        Self {
            id: Uuid::now_v7(),
            command: command.into(),
            actor,
            workstation,
            second: None,
            reasons: Vec::new(),
            seen: Vec::new(),
        }
    }
}

/// What became of a command. Both are durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was carried out.
    Accepted {
        /// The facts, each with its place in the journal; none when there was nothing left to do.
        facts: Arc<[(Stamp, Event)]>,
    },
    /// It was refused, and the refusal recorded.
    Refused(Refusal),
}

impl Outcome {
    /// The facts of an accepted command.
    ///
    /// # Errors
    /// The refusal.
    pub fn accepted(self) -> Result<Arc<[(Stamp, Event)]>, Refusal> {
        match self {
            Self::Accepted { facts } => Ok(facts),
            Self::Refused(refusal) => Err(refusal),
        }
    }
}

/// Why a command has no outcome. Nothing was half-done; the same id may be sent again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// The database did not take the batch.
    #[error("not stored: {0}")]
    Journal(#[from] JournalError),
    /// Another server writes.
    #[error("this server follows; another one writes")]
    Following,
    /// The command's facts cannot be written down.
    #[error(transparent)]
    Encoding(Arc<EventError>),
    /// The command's facts are larger than the journal takes.
    #[error("the command is larger than the journal takes: {0} bytes")]
    TooLarge(usize),
    /// Somebody else gave a command under this id.
    #[error("somebody else gave a command under the id {0}")]
    IdTaken(Uuid),
    /// The desk was closed.
    #[error("the desk is closed")]
    Closed,
}

/// Whether this server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds the right to write.
    Writing,
    /// Another one does; this one follows and serves readers.
    Following,
}

/// A durable batch, for listeners.
#[derive(Debug, Clone)]
pub struct Published {
    /// The last entry carried in.
    pub seq: u64,
    /// The kinds of the facts, once each.
    pub kinds: Arc<[&'static str]>,
}

type Answer = oneshot::Sender<Result<Outcome, DeskError>>;

struct Job {
    submission: Submission,
    answer: Answer,
}

/// The desk's counter. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    queue: mpsc::Sender<Job>,
    state: Arc<ArcSwap<Hospital>>,
    published: broadcast::Sender<Published>,
    standing: watch::Receiver<Standing>,
    journal: Journal,
    clock: Clock,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// Rebuilds the state from the journal and opens the desk. `holder` names this server among those on the same database.
    ///
    /// # Errors
    /// The journal cannot be read, or holds entries this program does not know.
    pub async fn open(
        journal: Journal,
        clock: Clock,
        holder: String,
    ) -> Result<Self, replay::ReplayError> {
        let hospital = replay::state(&journal).await?;
        let state = Arc::new(ArcSwap::from_pointee(hospital));
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (published, _) = broadcast::channel(LISTENERS_LAG);
        let (standing, watching) = watch::channel(Standing::Following);
        let writer = writer::Writer::new(
            journal.clone(),
            clock.clone(),
            holder,
            state.clone(),
            published.clone(),
            standing,
        );
        tokio::spawn(writer.run(jobs));
        Ok(Self {
            queue,
            state,
            published,
            standing: watching,
            journal,
            clock,
        })
    }

    /// The published state: everything in it is durable.
    pub fn state(&self) -> Arc<Hospital> {
        self.state.load_full()
    }

    /// Hands in a command and waits for its outcome. Waits in line when the desk is busy; nothing is dropped.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn submit(&self, submission: Submission) -> Result<Outcome, DeskError> {
        let (answer, outcome) = oneshot::channel();
        self.queue
            .send(Job { submission, answer })
            .await
            .map_err(|_| DeskError::Closed)?;
        outcome.await.map_err(|_| DeskError::Closed)?
    }

    /// Tells of every durable batch from now on.
    pub fn listen(&self) -> broadcast::Receiver<Published> {
        self.published.subscribe()
    }

    /// Whether this server writes.
    pub fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Waits until this server may write.
    ///
    /// # Errors
    /// The desk was closed.
    pub async fn writing(&self) -> Result<(), DeskError> {
        self.standing_at(Standing::Writing).await
    }

    /// Waits until this server's standing is `wanted`.
    ///
    /// # Errors
    /// The desk was closed.
    pub async fn standing_at(&self, wanted: Standing) -> Result<(), DeskError> {
        let mut standing = self.standing.clone();
        standing
            .wait_for(|standing| *standing == wanted)
            .await
            .map(|_| ())
            .map_err(|_| DeskError::Closed)
    }

    /// The journal, for readers.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The clock that decisions are taken by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

pub use replay::{ReplayError, decode, snapshot, state as replay_state};
