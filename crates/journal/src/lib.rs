//! The durable journal of Lifeline on SQLite and PostgreSQL: a hash chain of facts, one writer at a time.
//!
//! The journal knows nothing of transfusion: bodies are opaque JSON text. It keeps what was appended byte for byte, in
//! order, and can prove it. One port, [`Journal`], serves both databases; one contract suite tests both.
//!
//! The writer holds a lease with an [`Epoch`]; an append names the epoch and the last entry its decisions took into
//! account, and both are checked inside the transaction that lengthens the chain. So a deposed or outdated writer cannot
//! write, whatever it believes.

mod accounts;
mod entry;
mod error;
mod journal;
mod lease;
mod postgres;
mod query;
mod snapshot;
mod sqlite;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod verify;

pub use accounts::{MAX_CREDENTIAL_BYTES, MAX_SESSION_BYTES, Session};
pub use entry::{
    Draft, Entry, Hash, Head, MAX_BATCH, MAX_BATCH_BYTES, MAX_BODY_BYTES, MAX_NAME_BYTES,
    MAX_SUBJECTS, Receipt,
};
pub use error::{JournalError, Result};
pub use journal::Journal;
pub use lease::{Epoch, Lease, LeaseAnswer, LeaseState, MAX_LEASE};
pub use postgres::{APPEND_TIMEOUT, CONNECT_TIMEOUT, POOL, PostgresJournal, RESOLVE_TIMEOUT};
pub use query::{Filter, MAX_KNOWN, MAX_PAGE, MAX_SCAN, Page, Seek};
pub use snapshot::{KEPT_SNAPSHOTS, SNAPSHOT_CHUNK, Snapshot};
pub use sqlite::{READERS, SqliteJournal, WRITER_QUEUE};
pub use stream::{Check, EntryStream, FOLLOW_INTERVAL, Follower, STREAM_AHEAD, STREAM_BATCH};
pub use verify::{Break, Fault, VerifyProgress, VerifyReport};
