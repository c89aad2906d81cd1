//! Reading long stretches: replay at start-up, export, and following another server's writing.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::{
    Journal,
    entry::{Entry, Head},
    error::{JournalError, Result},
};

/// Entries read at once.
pub const STREAM_BATCH: usize = 2048;
/// Batches read ahead of the consumer.
pub const STREAM_AHEAD: usize = 2;
/// How often a follower asks whether another server has written.
pub const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);

/// Whether a stream proves the chain while it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Recomputes every hash; stops with [`JournalError::Corrupt`] at the first entry that does not fit.
    Chain,
    /// Only that no sequence number is missing.
    Sequence,
}

/// Entries in order, read ahead by a task of its own in bounded memory. Ends at the end of the journal.
#[derive(Debug)]
pub struct EntryStream {
    batches: mpsc::Receiver<Result<Vec<Entry>>>,
}

impl EntryStream {
    pub(crate) fn new(journal: Journal, from_seq: u64, check: Check) -> Self {
        let (sender, batches) = mpsc::channel(STREAM_AHEAD);
        tokio::spawn(async move {
            if let Err(error) = produce(journal, from_seq, check, &sender).await {
                let _ = sender.send(Err(error)).await;
            }
        });
        Self { batches }
    }

    /// The next entries, never none; `None` at the end of the journal. After an error there is nothing more.
    ///
    /// # Errors
    /// The database failed, or an entry is damaged.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Entry>>> {
        self.batches.recv().await.transpose()
    }
}

async fn produce(
    journal: Journal,
    from_seq: u64,
    check: Check,
    sender: &mpsc::Sender<Result<Vec<Entry>>>,
) -> Result<()> {
    let mut head = journal.head_before(from_seq).await?;
    loop {
        let entries = journal.read(head.seq + 1, STREAM_BATCH).await?;
        let Some(last) = entries.last().map(Entry::as_head) else {
            return Ok(());
        };
        let entries = checked(entries, head, check).await?;
        head = last;
        if sender.send(Ok(entries)).await.is_err() {
            return Ok(());
        }
    }
}

/// Hashing a batch takes milliseconds: it is done off the async threads.
async fn checked(entries: Vec<Entry>, head: Head, check: Check) -> Result<Vec<Entry>> {
    tokio::task::spawn_blocking(move || {
        let mut head = head;
        for entry in &entries {
            if entry.seq != head.seq + 1 {
                return Err(JournalError::corrupt(head.seq + 1, "the entry is missing"));
            }
            if check == Check::Chain {
                if entry.prev_hash != head.hash {
                    return Err(JournalError::corrupt(
                        entry.seq,
                        "it does not follow the entry before it",
                    ));
                }
                if entry.computed_hash() != entry.hash {
                    return Err(JournalError::corrupt(entry.seq, "its hash is not its own"));
                }
            }
            head = entry.as_head();
        }
        Ok(entries)
    })
    .await
    .map_err(JournalError::unavailable)?
}

/// Waits for entries that this or another server writes, and reads them in order with their hashes checked.
#[derive(Debug)]
pub struct Follower {
    journal: Journal,
    after: u64,
    head: Option<Head>,
    grown: watch::Receiver<u64>,
}

impl Follower {
    pub(crate) fn new(journal: Journal, after: u64, grown: watch::Receiver<u64>) -> Self {
        Self {
            journal,
            after,
            head: None,
            grown,
        }
    }

    /// The next entries, never none; waits for them. After an error the same call goes on where it was. May be
    /// cancelled without losing an entry.
    ///
    /// # Errors
    /// The database failed, or an entry is damaged.
    pub async fn next_batch(&mut self) -> Result<Vec<Entry>> {
        let head = match self.head {
            Some(head) => head,
            None => *self
                .head
                .insert(self.journal.head_before(self.after + 1).await?),
        };
        loop {
            self.grown.mark_unchanged();
            let entries = self.journal.read(head.seq + 1, STREAM_BATCH).await?;
            if let Some(last) = entries.last().map(Entry::as_head) {
                let entries = checked(entries, head, Check::Chain).await?;
                self.head = Some(last);
                return Ok(entries);
            }
            let _ = tokio::time::timeout(FOLLOW_INTERVAL, self.grown.changed()).await;
        }
    }
}
