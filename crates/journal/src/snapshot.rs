//! Snapshots: the state at some entry, kept to shorten start-up. Only a cache: the journal can always do without.

use crate::entry::Hash;

/// How many snapshots are kept; older ones are deleted when a new one is complete.
pub const KEPT_SNAPSHOTS: usize = 3;
/// Snapshots are stored in pieces of this many bytes, so that saving one never holds up the writer for long.
pub const SNAPSHOT_CHUNK: usize = 1 << 20;

/// A state that was saved and has been checked: its digest is right and it belongs to this journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last entry the state contains.
    pub seq: u64,
    /// Version of the form of `bytes`; the caller ignores those it does not know.
    pub format_version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

/// What is stored about a complete snapshot. The tables also keep the hash of entry `seq` when it was taken: a snapshot
/// of another history is never listed.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotHeader {
    pub id: i64,
    pub seq: u64,
    pub format_version: u32,
    pub length: u64,
    pub digest: Hash,
}

impl SnapshotHeader {
    pub fn accept(self, bytes: Vec<u8>) -> Option<Snapshot> {
        let whole = bytes.len() as u64 == self.length && Hash::of(&bytes) == self.digest;
        whole.then_some(Snapshot {
            seq: self.seq,
            format_version: self.format_version,
            bytes,
        })
    }
}
