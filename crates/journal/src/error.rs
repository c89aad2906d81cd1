//! What can go wrong, sorted by what the caller should do about it.

use crate::{entry::Head, lease::Epoch};

/// Result of a journal operation.
pub type Result<T, E = JournalError> = std::result::Result<T, E>;

/// Why the journal could not do what was asked. Clonable: one failed batch is answered to many callers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The database cannot be reached or is busy. Nothing was written; the same call may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The disk (or the database's quota) is full. Nothing was written; works again once there is room.
    #[error("the database is full: {0}")]
    Full(String),
    /// The connection broke while a batch was being committed and the database could not be asked since: the batch is
    /// either wholly in the journal or not at all. Read from the last known sequence number before appending again;
    /// [`JournalError::Behind`] enforces it.
    #[error("it is not known whether the batch after entry {after} was written: {reason}")]
    InDoubt {
        /// The head the batch was to follow.
        after: u64,
        /// What the database said.
        reason: String,
    },
    /// Another server holds the lease: this one must stop writing. Nothing was written.
    #[error("lease epoch {held:?} was deposed by epoch {current:?}")]
    Fenced {
        /// The epoch the caller came with.
        held: Epoch,
        /// The epoch in force.
        current: Epoch,
    },
    /// The journal has entries the caller has not seen: read them, then decide again. Nothing was written.
    #[error("the journal ends at entry {}, not where the caller thinks", head.seq)]
    Behind {
        /// Where the journal ends.
        head: Head,
    },
    /// What is stored is not what was written. Needs a person; see [`crate::Journal::verify`].
    #[error("the journal is damaged: {reason}")]
    Corrupt {
        /// The first entry known to be damaged, if it is an entry.
        seq: Option<u64>,
        /// What is wrong with it.
        reason: String,
    },
    /// The caller asked for something that cannot be kept or understood. Nothing was written.
    #[error("refused by the journal: {0}")]
    Invalid(String),
    /// The database was written by a newer Lifeline than this one.
    #[error("the database has schema {found}, this program knows {known}")]
    Schema {
        /// Version found in the database.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
}

impl JournalError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    pub(crate) fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable(reason.to_string())
    }

    pub(crate) fn corrupt(seq: impl Into<Option<u64>>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            seq: seq.into(),
            reason: reason.into(),
        }
    }

    /// Whether the same call may succeed later without anybody's help but the database's.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Full(_) | Self::InDoubt { .. }
        )
    }
}
