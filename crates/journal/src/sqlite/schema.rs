//! Numbered migrations, applied in order inside one transaction each.

use rusqlite::{Connection, TransactionBehavior, params};

use super::from_sqlite;
use crate::{
    entry::Hash,
    error::{JournalError, Result},
};

const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite/0001_journal.sql")];

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(from_sqlite)?;
    let found: i64 = transaction
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(from_sqlite)?;
    if found > known {
        return Err(JournalError::Schema { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration).map_err(from_sqlite)?;
    }
    if found == 0 {
        transaction
            .execute(
                "INSERT INTO journal_head (id, seq, hash, epoch, holder, expires_ms) VALUES (1, 0, ?1, 0, NULL, 0)",
                params![Hash::GENESIS.0],
            )
            .map_err(from_sqlite)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .map_err(from_sqlite)?;
    transaction.commit().map_err(from_sqlite)
}
