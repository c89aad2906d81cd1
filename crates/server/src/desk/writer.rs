use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arc_swap::ArcSwap;
use lifeline_core::hospital::Hospital;
use lifeline_journal::{Epoch, Journal, JournalError, LeaseAnswer};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::batch::{Batch, Given, outcome};
use super::replay::{ReplayError, decode, snapshot};
use super::{
    BATCH, BATCH_ENTRIES, DeskError, Job, LEASE, LEASE_BEAT, Published, SNAPSHOT_EVERY, Standing,
};
use crate::clock::Clock;

/// Entries read at a time when catching up with another server.
const CATCH_UP: usize = 1024;

/// The task behind the desk.
pub(super) struct Writer {
    journal: Journal,
    clock: Clock,
    holder: String,
    state: Arc<ArcSwap<Hospital>>,
    published: broadcast::Sender<Published>,
    standing: watch::Sender<Standing>,
    epoch: Option<Epoch>,
    snapshot_at: u64,
}

impl Writer {
    pub fn new(
        journal: Journal,
        clock: Clock,
        holder: String,
        state: Arc<ArcSwap<Hospital>>,
        published: broadcast::Sender<Published>,
        standing: watch::Sender<Standing>,
    ) -> Self {
        let snapshot_at = state.load().seq;
        Self {
            journal,
            clock,
            holder,
            state,
            published,
            standing,
            epoch: None,
            snapshot_at,
        }
    }

    /// Runs until every [`super::Desk`] is dropped.
    pub async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut beat = interval(LEASE_BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting = VecDeque::with_capacity(BATCH);
        let mut taken = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                _ = beat.tick() => self.beat().await,
                count = jobs.recv_many(&mut taken, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    waiting.extend(taken.drain(..));
                    while !waiting.is_empty() {
                        self.serve(&mut waiting).await;
                    }
                }
            }
        }
        if let Some(epoch) = self.epoch
            && let Err(error) = self.journal.release_lease(epoch).await
        {
            tracing::warn!(%error, "the right to write was not given back; it runs out by itself");
        }
    }

    /// Renews the right to write, or asks for it and catches up.
    async fn beat(&mut self) {
        let result = match self.epoch {
            Some(epoch) => self.journal.renew_lease(epoch, LEASE).await,
            None => self.take_over().await,
        };
        if let Err(error) = result {
            if matches!(error, JournalError::Fenced { .. }) {
                self.follow();
            }
            tracing::warn!(%error, "lease");
        }
        if self.epoch.is_none()
            && let Err(error) = self.catch_up().await
        {
            tracing::error!(%error, "following the journal");
        }
    }

    async fn take_over(&mut self) -> Result<(), JournalError> {
        let LeaseAnswer::Granted(lease) = self.journal.acquire_lease(&self.holder, LEASE).await?
        else {
            return Ok(());
        };
        if let Err(error) = self.catch_up().await {
            tracing::error!(%error, "cannot write: the journal holds what this program cannot read");
            return self.journal.release_lease(lease.epoch).await;
        }
        tracing::info!(epoch = ?lease.epoch, "this server writes");
        self.epoch = Some(lease.epoch);
        self.standing.send_replace(Standing::Writing);
        Ok(())
    }

    fn follow(&mut self) {
        tracing::warn!("another server writes; this one follows");
        self.epoch = None;
        self.standing.send_replace(Standing::Following);
    }

    /// Carries in what another server, or an append in doubt, has written.
    async fn catch_up(&mut self) -> Result<(), ReplayError> {
        loop {
            let published = self.state.load_full();
            let entries = self.journal.read(published.seq + 1, CATCH_UP).await?;
            if entries.is_empty() {
                return Ok(());
            }
            let mut hospital = Hospital::clone(&published);
            let mut kinds = Vec::new();
            for entry in &entries {
                let (stamp, event) = decode(entry)?;
                hospital.apply(&stamp, &event);
                if !kinds.contains(&event.kind()) {
                    kinds.push(event.kind());
                }
            }
            self.publish(hospital, kinds);
        }
    }

    fn publish(&self, hospital: Hospital, kinds: Vec<&'static str>) {
        let seq = hospital.seq;
        self.state.store(Arc::new(hospital));
        // Nobody listening is no fault.
        let _ = self.published.send(Published {
            seq,
            kinds: kinds.into(),
        });
    }

    /// Decides, appends, publishes, answers: one batch of whatever waits.
    async fn serve(&mut self, waiting: &mut VecDeque<Job>) {
        let ids: Vec<Uuid> = waiting
            .iter()
            .take(BATCH)
            .map(|job| job.submission.id)
            .collect();
        let known = match self.known(&ids).await {
            Ok(known) => known,
            Err(error) => return refuse_all(waiting, ids.len(), &error),
        };
        let published = self.state.load_full();
        let mut batch = Batch::new(&published, known);
        let mut taken = 0;
        while taken < ids.len() && batch.drafts.len() < BATCH_ENTRIES {
            let Some(job) = waiting.pop_front() else {
                break;
            };
            batch.take(job, self.clock.now());
            taken += 1;
        }
        if batch.drafts.is_empty() {
            return batch.answer();
        }
        let Some(epoch) = self.epoch else {
            return batch.fail(&DeskError::Following);
        };
        let drafts = std::mem::take(&mut batch.drafts);
        match self.journal.append(epoch, published.seq, drafts).await {
            Ok(_) => {
                let kinds = std::mem::take(&mut batch.kinds);
                self.publish(batch.hospital.clone(), kinds);
                batch.answer();
                self.snapshot();
            }
            Err(error) => {
                tracing::error!(%error, "a batch was not stored");
                let recover = matches!(
                    error,
                    JournalError::Behind { .. }
                        | JournalError::InDoubt { .. }
                        | JournalError::Fenced { .. }
                );
                if matches!(error, JournalError::Fenced { .. }) {
                    self.follow();
                }
                batch.fail(&error.into());
                if recover && let Err(error) = self.catch_up().await {
                    tracing::error!(%error, "catching up after a failed batch");
                }
            }
        }
    }

    async fn known(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Given>, DeskError> {
        let found = self.journal.known(ids).await?;
        found
            .into_iter()
            .filter_map(|(id, entries)| match outcome(&entries) {
                Ok(given) => given.map(|given| Ok((id, given))),
                Err(error) => Some(Err(DeskError::Journal(JournalError::Corrupt {
                    seq: entries.first().map(|entry| entry.seq),
                    reason: error.to_string(),
                }))),
            })
            .collect()
    }

    /// Keeps a snapshot now and then, beside the work: a copy of the state costs nothing.
    fn snapshot(&mut self) {
        let hospital = self.state.load_full();
        if hospital.seq < self.snapshot_at + SNAPSHOT_EVERY {
            return;
        }
        self.snapshot_at = hospital.seq;
        let journal = self.journal.clone();
        tokio::spawn(async move {
            let seq = hospital.seq;
            let bytes = tokio::task::spawn_blocking(move || snapshot(&hospital)).await;
            let saved = match bytes {
                Ok(Ok(bytes)) => journal
                    .save_snapshot(seq, Hospital::FORMAT, bytes)
                    .await
                    .map_err(|e| e.to_string()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = saved {
                tracing::warn!(seq, %error, "no snapshot was kept; start-up will take longer");
            }
        });
    }
}

fn refuse_all(waiting: &mut VecDeque<Job>, count: usize, error: &DeskError) {
    for job in waiting.drain(..count.min(waiting.len())) {
        let _ = job.answer.send(Err(error.clone()));
    }
}
