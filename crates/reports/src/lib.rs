//! Reporting tables: ordinary typed SQL tables that a hospital's own people can query, described in docs/reporting.md.
//!
//! They are filled from the journal behind a checkpoint and prove nothing: they may be dropped and made again, and are then the
//! same. Rows about things (a bag, a sample) hold how the thing stands; rows about happenings (a movement, a refusal) are
//! written once.

mod rows;
mod store;
mod tables;

use std::collections::BTreeSet;

use lifeline_core::event::{Event, EventError};
use lifeline_core::hospital::Hospital;
use lifeline_core::subject::Subject;
use lifeline_journal::{Entry, Journal, JournalError};

pub use tables::{Column, FORM, Kind, TABLES, Table};

/// Entries carried over in one transaction, together with the checkpoint.
pub const BATCH: usize = 1000;

/// Why the tables are not up to date.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The database failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be read.
    #[error("journal entry {seq}: {source}")]
    Event {
        /// Which.
        seq: u64,
        /// Why.
        source: EventError,
    },
    /// The entry names a moment that is none.
    #[error("journal entry {0}: its time is out of range")]
    Time(u64),
}

/// How far the tables have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last entry carried over; 0 for none.
    pub done: u64,
    /// The last entry of the journal.
    pub head: u64,
}

/// How far the tables have come; `None` when they do not exist or are of another program's form.
///
/// # Errors
/// The database failed.
pub async fn progress(journal: &Journal) -> Result<Option<Progress>, ReportError> {
    let head = journal.head().await?.seq;
    Ok(store::checkpoint(journal)
        .await?
        .map(|done| Progress { done, head }))
}

/// Drops the tables and makes them empty; the next [`update`] fills them.
///
/// # Errors
/// The database failed.
pub async fn reset(journal: &Journal) -> Result<(), ReportError> {
    Ok(store::reset(journal).await?)
}

/// Carries over what the state has seen and the tables have not. `hospital` is the state after some entry at or behind the
/// checkpoint, as the desk publishes it. The last entry carried over is returned.
///
/// # Errors
/// See [`ReportError`]; what was carried over before stays.
pub async fn update(journal: &Journal, hospital: &Hospital) -> Result<u64, ReportError> {
    let mut done = match store::checkpoint(journal).await? {
        // Tables that know more than the journal are another journal's.
        Some(done) if done <= journal.head().await?.seq => done,
        _ => {
            store::reset(journal).await?;
            0
        }
    };
    while done < hospital.seq {
        let mut entries = journal.read(done + 1, BATCH).await?;
        entries.retain(|entry| entry.seq <= hospital.seq);
        let Some(last) = entries.last().map(|entry| entry.seq) else {
            break;
        };
        let changes = changes(&entries, hospital)?;
        store::write(journal, changes, done, last).await?;
        done = last;
    }
    Ok(done)
}

fn changes(entries: &[Entry], hospital: &Hospital) -> Result<Vec<rows::Row>, ReportError> {
    let mut changes = Vec::new();
    let mut touched = BTreeSet::new();
    for entry in entries {
        let seq = entry.seq;
        let event = Event::decode(&entry.kind, entry.version, &entry.body)
            .map_err(|source| ReportError::Event { seq, source })?;
        let at = lifeline_core::Timestamp::from_millisecond(entry.at_ms)
            .map_err(|_| ReportError::Time(seq))?;
        rows::happened(entry, at, &event, &mut changes);
        touched.extend(event.subjects());
    }
    for subject in touched {
        match subject {
            Subject::Unit(id) => {
                changes.extend(hospital.units.get(&id).map(|unit| rows::unit(unit)))
            }
            Subject::Sample(id) => {
                changes.extend(hospital.samples.get(&id).map(|sample| rows::sample(sample)));
            }
            Subject::Test(id) => {
                changes.extend(hospital.tests.get(id).map(|test| rows::test(test)))
            }
            Subject::Crossmatch(id) => changes.extend(
                hospital
                    .crossmatches
                    .get(id)
                    .map(|crossmatch| rows::crossmatch(crossmatch)),
            ),
            Subject::Issue(id) => {
                if let Some(issue) = hospital.issues.get(id) {
                    changes.push(rows::issue(issue));
                    changes.extend(rows::transfusion(issue));
                }
            }
            _ => {}
        }
    }
    Ok(changes)
}
