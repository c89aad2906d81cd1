//! The lease, on the database server's clock.

use std::time::Duration;

use super::{PostgresJournal, column, int, uint};
use crate::{
    error::{JournalError, Result},
    lease::{Epoch, Lease, LeaseAnswer, LeaseState},
};

impl PostgresJournal {
    pub(crate) async fn acquire_lease(&self, holder: String, ttl: Duration) -> Result<LeaseAnswer> {
        let taken = self
            .query_opt(
                "UPDATE journal_head SET epoch = epoch + 1, holder = $1,
                     expires_at = clock_timestamp() + $2 * interval '1 millisecond'
                 WHERE id = 1 AND (holder IS NULL OR holder = $1 OR expires_at <= clock_timestamp())
                 RETURNING epoch",
                &[&holder, &millis(ttl)],
            )
            .await?;
        match taken {
            Some(row) => Ok(LeaseAnswer::Granted(Lease {
                epoch: Epoch(uint(column(&row, 0)?)),
                holder,
                ttl,
            })),
            None => {
                let state = self.lease().await?;
                Ok(LeaseAnswer::Held {
                    holder: state.holder.unwrap_or_default(),
                    remaining: state.remaining,
                })
            }
        }
    }

    pub(crate) async fn renew_lease(&self, epoch: Epoch, ttl: Duration) -> Result<()> {
        self.set_expiry(epoch, millis(ttl)).await
    }

    pub(crate) async fn release_lease(&self, epoch: Epoch) -> Result<()> {
        self.set_expiry(epoch, 0.0).await
    }

    async fn set_expiry(&self, epoch: Epoch, from_now_ms: f64) -> Result<()> {
        let renewed = self
            .execute(
                "UPDATE journal_head SET expires_at = clock_timestamp() + $2 * interval '1 millisecond'
                 WHERE id = 1 AND epoch = $1",
                &[&int(epoch.0), &from_now_ms],
            )
            .await?;
        if renewed == 1 {
            return Ok(());
        }
        let current = self.lease().await?.epoch;
        Err(JournalError::Fenced {
            held: epoch,
            current,
        })
    }

    pub(crate) async fn lease(&self) -> Result<LeaseState> {
        let row = self
            .query_one(
                "SELECT epoch, holder, CASE WHEN expires_at <= clock_timestamp() THEN 0
                     ELSE (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint END
                 FROM journal_head WHERE id = 1",
                &[],
            )
            .await?;
        Ok(LeaseState {
            epoch: Epoch(uint(column(&row, 0)?)),
            holder: column(&row, 1)?,
            remaining: Duration::from_millis(uint(column(&row, 2)?)),
        })
    }
}

/// Intervals are multiplied by floating point; an hour of milliseconds is exact in it.
fn millis(ttl: Duration) -> f64 {
    ttl.as_secs_f64() * 1000.0
}
