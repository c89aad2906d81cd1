//! Proof that the journal is what was written: every entry is there, unaltered, in its place.

use crate::{
    Journal,
    entry::{Entry, Head},
    error::{JournalError, Result},
    stream::STREAM_BATCH,
};

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Entries found sound so far.
    pub done: u64,
    /// Entries in the journal when the verification began.
    pub total: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// Entries found sound, counted from the first.
    pub entries: u64,
    /// The end of the chain as the database records it.
    pub head: Head,
    /// The first place where the chain is broken.
    pub broken: Option<Break>,
}

impl VerifyReport {
    /// Whether nothing was found broken.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_none()
    }
}

/// A place where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Sequence number of the first entry that is not as it was written.
    pub seq: u64,
    /// In what way.
    pub fault: Fault,
}

/// In what way the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No entry has this sequence number, although later ones exist or the head says so.
    Missing,
    /// It names another previous hash than that of the entry before it: one of the two was replaced or moved.
    Unlinked,
    /// Its hash is not the hash of what it says.
    Altered,
    /// It cannot be read at all.
    Unreadable(String),
    /// It is the last entry, but the recorded head has another hash.
    HeadDiffers,
    /// It lies beyond the recorded head.
    BeyondHead,
}

pub(crate) async fn verify(
    journal: &Journal,
    mut progress: impl FnMut(VerifyProgress),
) -> Result<VerifyReport> {
    let recorded = journal.head().await?;
    let mut head = Head::EMPTY;
    let report = |head: Head, broken| VerifyReport {
        entries: head.seq,
        head: recorded,
        broken,
    };
    progress(VerifyProgress {
        done: 0,
        total: recorded.seq,
    });
    while head.seq < recorded.seq {
        let limit = usize::try_from(recorded.seq - head.seq).unwrap_or(usize::MAX);
        let entries = match journal.read(head.seq + 1, limit.min(STREAM_BATCH)).await {
            Ok(entries) => entries,
            Err(JournalError::Corrupt { seq: Some(_), .. }) => {
                // A page with an unreadable row: entry by entry up to it.
                match journal.read(head.seq + 1, 1).await {
                    Ok(entries) => entries,
                    Err(JournalError::Corrupt {
                        seq: Some(seq),
                        reason,
                    }) => {
                        let fault = if seq == head.seq + 1 {
                            Fault::Unreadable(reason)
                        } else {
                            Fault::Missing
                        };
                        let seq = head.seq + 1;
                        return Ok(report(head, Some(Break { seq, fault })));
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        let (reached, fault) = tokio::task::spawn_blocking(move || check(head, &entries))
            .await
            .map_err(JournalError::unavailable)?;
        head = reached;
        if let Some(fault) = fault {
            let seq = head.seq + 1;
            return Ok(report(head, Some(Break { seq, fault })));
        }
        progress(VerifyProgress {
            done: head.seq,
            total: recorded.seq,
        });
    }
    if head != recorded {
        let broken = Break {
            seq: recorded.seq,
            fault: Fault::HeadDiffers,
        };
        return Ok(report(head, Some(broken)));
    }
    let beyond = match journal.read(recorded.seq + 1, 1).await {
        Ok(entries) => entries.first().map(|entry| entry.seq),
        Err(JournalError::Corrupt { seq: Some(seq), .. }) => Some(seq),
        Err(error) => return Err(error),
    };
    // Looked at after the entry, so that a batch written meanwhile is not taken for one.
    let now = journal.head().await?;
    let broken = beyond.filter(|seq| *seq > now.seq).map(|seq| Break {
        seq,
        fault: Fault::BeyondHead,
    });
    Ok(report(head, broken))
}

/// The head after the last sound entry, and what is wrong with the one after it.
fn check(head: Head, entries: &[Entry]) -> (Head, Option<Fault>) {
    let mut head = head;
    if entries.is_empty() {
        return (head, Some(Fault::Missing));
    }
    for entry in entries {
        if entry.seq != head.seq + 1 {
            return (head, Some(Fault::Missing));
        }
        if entry.prev_hash != head.hash {
            return (head, Some(Fault::Unlinked));
        }
        if entry.computed_hash() != entry.hash {
            return (head, Some(Fault::Altered));
        }
        head = entry.as_head();
    }
    (head, None)
}
