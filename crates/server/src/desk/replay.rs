use lifeline_core::event::{Event, EventError};
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::{IdError, UserId};
use lifeline_journal::{Check, Entry, Journal, JournalError};

/// Why the state could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry's body cannot be read.
    #[error("journal entry {seq}: {source}")]
    Event {
        /// Which entry.
        seq: u64,
        /// Why.
        source: EventError,
    },
    /// An entry's actor or time is none.
    #[error("journal entry {seq}: {reason}")]
    Stamp {
        /// Which entry.
        seq: u64,
        /// Why.
        reason: String,
    },
}

/// The fact an entry holds.
///
/// # Errors
/// The entry was written by a newer program, or is damaged.
pub fn decode(entry: &Entry) -> Result<(Stamp, Event), ReplayError> {
    let seq = entry.seq;
    let by = UserId::parse(&entry.actor).map_err(|error: IdError| ReplayError::Stamp {
        seq,
        reason: error.to_string(),
    })?;
    let at =
        jiff::Timestamp::from_millisecond(entry.at_ms).map_err(|error| ReplayError::Stamp {
            seq,
            reason: error.to_string(),
        })?;
    let event = Event::decode(&entry.kind, entry.version, &entry.body)
        .map_err(|source| ReplayError::Event { seq, source })?;
    Ok((Stamp { seq, at, by }, event))
}

/// The state after the last entry: from the newest usable snapshot, or from the first entry.
///
/// # Errors
/// See [`ReplayError`].
pub async fn state(journal: &Journal) -> Result<Hospital, ReplayError> {
    let mut hospital = match journal.latest_snapshot().await? {
        Some(snapshot) if snapshot.format_version == Hospital::FORMAT => {
            match rmp_serde::from_slice::<Hospital>(&snapshot.bytes) {
                Ok(hospital) if hospital.seq == snapshot.seq => hospital,
                Ok(_) => Hospital::default(),
                Err(error) => {
                    tracing::warn!(seq = snapshot.seq, %error, "a snapshot cannot be read; replaying from the start");
                    Hospital::default()
                }
            }
        }
        _ => Hospital::default(),
    };
    let from = hospital.seq + 1;
    journal
        .replay(from, Check::Sequence, |entry| {
            let (stamp, event) = decode(&entry)?;
            hospital.apply(&stamp, &event);
            Ok::<(), ReplayError>(())
        })
        .await?;
    Ok(hospital)
}

/// The bytes of a snapshot.
///
/// # Errors
/// The state cannot be written down (a fault of this program).
pub fn snapshot(hospital: &Hospital) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(hospital)
}
