//! The lease: which server may write, and since which epoch.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Number of a writer's reign. It only grows; every append carries it, and an older one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub u64);

/// The longest time to live of a lease.
pub const MAX_LEASE: Duration = Duration::from_secs(3600);

/// The right to write, until it expires or is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// To be given to every append.
    pub epoch: Epoch,
    /// Who holds it.
    pub holder: String,
    /// How long it lasts without a renewal, by the database's clock.
    pub ttl: Duration,
}

/// Answer to a request for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// The caller may write.
    Granted(Lease),
    /// Somebody else may.
    Held {
        /// Who.
        holder: String,
        /// How long its lease still runs without a renewal.
        remaining: Duration,
    },
}

/// The lease as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseState {
    /// The epoch in force; 0 if nobody ever held the lease.
    pub epoch: Epoch,
    /// Who holds it, or held it last.
    pub holder: Option<String>,
    /// How long it still runs; zero once expired.
    pub remaining: Duration,
}
