//! The lease, on the clock SQLite reads.

use std::time::Duration;

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{SqliteJournal, int, uint};
use crate::{
    error::{JournalError, Result},
    lease::{Epoch, Lease, LeaseAnswer, LeaseState},
};

/// Milliseconds since 1970-01-01 UTC.
const NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

impl SqliteJournal {
    pub(crate) async fn acquire_lease(&self, holder: String, ttl: Duration) -> Result<LeaseAnswer> {
        self.on_writer(move |writer| {
            writer.with(|connection| {
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let taken: Option<i64> = transaction
                    .query_row(
                        &format!(
                            "UPDATE journal_head SET epoch = epoch + 1, holder = ?1, expires_ms = {NOW} + ?2
                             WHERE id = 1 AND (holder IS NULL OR holder = ?1 OR expires_ms <= {NOW}) RETURNING epoch"
                        ),
                        params![holder, millis(ttl)],
                        |row| row.get(0),
                    )
                    .optional()?;
                let answer = match taken {
                    Some(epoch) => LeaseAnswer::Granted(Lease {
                        epoch: Epoch(uint(epoch)),
                        holder,
                        ttl,
                    }),
                    None => {
                        let state = state(&transaction)?;
                        LeaseAnswer::Held {
                            holder: state.holder.unwrap_or_default(),
                            remaining: state.remaining,
                        }
                    }
                };
                transaction.commit()?;
                Ok(answer)
            })
        })
        .await
    }

    pub(crate) async fn renew_lease(&self, epoch: Epoch, ttl: Duration) -> Result<()> {
        self.set_expiry(epoch, millis(ttl)).await
    }

    pub(crate) async fn release_lease(&self, epoch: Epoch) -> Result<()> {
        self.set_expiry(epoch, 0).await
    }

    async fn set_expiry(&self, epoch: Epoch, from_now_ms: i64) -> Result<()> {
        self.on_writer(move |writer| {
            writer.with_checked(|connection| {
                let renewed = connection
                    .execute(
                        &format!(
                            "UPDATE journal_head SET expires_ms = {NOW} + ?2 WHERE id = 1 AND epoch = ?1"
                        ),
                        params![int(epoch.0), from_now_ms],
                    )?;
                if renewed == 1 {
                    return Ok(());
                }
                let current = state(connection)?.epoch;
                Err(JournalError::Fenced {
                    held: epoch,
                    current,
                })
            })
        })
        .await
    }

    pub(crate) async fn lease(&self) -> Result<LeaseState> {
        self.on_reader(|connection| state(connection).map_err(JournalError::from))
            .await
    }
}

fn state(connection: &rusqlite::Connection) -> rusqlite::Result<LeaseState> {
    connection.query_row(
        &format!("SELECT epoch, holder, max(expires_ms - {NOW}, 0) FROM journal_head WHERE id = 1"),
        [],
        |row| {
            Ok(LeaseState {
                epoch: Epoch(uint(row.get(0)?)),
                holder: row.get(1)?,
                remaining: Duration::from_millis(uint(row.get(2)?)),
            })
        },
    )
}

fn millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
}
