//! Work for the desk: callers that carry bags from one refrigerator to the other and back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use lifeline_core::blood::UnitId;
use lifeline_core::id::{LocationId, UserId, WorkstationId};
use lifeline_core::unit::MoveUnits;
use lifeline_server::desk::{Desk, Outcome, Submission};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::measure::Times;

/// What was done in a span of time.
#[derive(Default)]
pub struct Run {
    /// Of each command or entry, from asking to being answered.
    pub times: Times,
    /// Entries written.
    pub entries: u64,
    /// Durable writes they took.
    pub batches: u64,
    /// How long it all took.
    pub spent: Duration,
}

impl Run {
    /// Commands (or entries) per second.
    pub fn rate(&self) -> f64 {
        self.times.len() as f64 / self.spent.as_secs_f64()
    }

    /// The same work, gone on with.
    pub fn add(&mut self, other: Self) {
        self.times.add(other.times);
        self.entries += other.entries;
        self.batches += other.batches;
        self.spent += other.spent;
    }
}

/// Every caller carries its own bag from one refrigerator to the other and back. `at_once` bounds the commands that are on
/// their way together: one of them is one transaction for each.
///
/// # Errors
/// The desk does not answer, or refuses.
pub async fn carry(
    desk: &Desk,
    bags: &[UnitId],
    at_once: Option<usize>,
    span: Duration,
) -> anyhow::Result<Run> {
    let gate = at_once.map(|most| Arc::new(Semaphore::new(most)));
    let places = [
        LocationId::parse("bench-fridge-1")?,
        LocationId::parse("bench-fridge-2")?,
    ];
    let actor = UserId::parse("chen")?;
    let seq = desk.state().seq;
    let mut published = desk.listen();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, bag) in bags.iter().copied().enumerate() {
        let (desk, gate, places, actor) =
            (desk.clone(), gate.clone(), places.clone(), actor.clone());
        tasks.spawn(async move {
            let workstation = WorkstationId::parse(&format!("bench-{number}"))?;
            let mut times = Times::default();
            while start.elapsed() < span {
                let here = desk.state();
                let to = places
                    .iter()
                    .find(|place| {
                        here.units
                            .get(&bag)
                            .is_some_and(|unit| unit.location != **place)
                    })
                    .context("a place to go to")?
                    .clone();
                drop(here);
                let command = MoveUnits {
                    units: vec![bag],
                    to,
                };
                let submission = Submission::new(command, actor.clone(), workstation.clone());
                let asked = Instant::now();
                let _turn = match &gate {
                    Some(gate) => Some(gate.acquire().await?),
                    None => None,
                };
                match desk.submit(submission).await? {
                    Outcome::Accepted { .. } => times.note(asked.elapsed()),
                    Outcome::Refused(refusal) => anyhow::bail!("refused: {refusal:?}"),
                }
            }
            anyhow::Ok(times)
        });
    }
    let mut run = Run::default();
    loop {
        tokio::select! {
            biased;
            heard = published.recv() => match heard {
                Ok(_) => run.batches += 1,
                Err(RecvError::Lagged(missed)) => run.batches += missed,
                Err(RecvError::Closed) => break,
            },
            done = tasks.join_next() => match done {
                Some(done) => run.times.add(done??),
                None => break,
            },
        }
    }
    run.spent = start.elapsed();
    run.entries = desk.state().seq - seq;
    Ok(run)
}
