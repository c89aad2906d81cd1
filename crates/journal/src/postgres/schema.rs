//! Numbered migrations, applied in order inside one transaction.

use deadpool_postgres::ClientWrapper;

use super::column;
use crate::{
    entry::Hash,
    error::{JournalError, Result},
};

const MIGRATIONS: &[&str] = &[include_str!("../../migrations/postgres/0001_journal.sql")];

/// Two servers starting at once must not both create the tables.
const MIGRATION_LOCK: i64 = 0x6c69_6665_6c69_6e65;

pub(super) async fn migrate(client: &mut ClientWrapper) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS journal_schema (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL)",
        )
        .await?;
    let row = transaction
        .query_one("SELECT coalesce(max(version), 0) FROM journal_schema", &[])
        .await?;
    let found: i64 = column(&row, 0)?;
    if found > known {
        return Err(JournalError::Schema { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(done) {
        transaction.batch_execute(migration).await?;
        transaction
            .execute(
                "INSERT INTO journal_schema (version, applied_at) VALUES ($1, now())",
                &[&version],
            )
            .await?;
    }
    if found == 0 {
        transaction
            .execute(
                "INSERT INTO journal_head (id, seq, hash, epoch, holder, expires_at)
                 VALUES (1, 0, $1, 0, NULL, '-infinity')",
                &[&Hash::GENESIS.0.as_slice()],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
