//! Numbered migrations, applied in order inside one transaction each.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::{
    entry::Hash,
    error::{JournalError, Result},
};

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_journal.sql"),
    include_str!("../../migrations/sqlite/0002_subject_runs.sql"),
];

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(JournalError::Schema { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    if found == 0 {
        transaction
            .execute(
                "INSERT INTO journal_head (id, seq, hash, epoch, holder, expires_ms) VALUES (1, 0, ?1, 0, NULL, 0)",
                params![Hash::GENESIS.0],
            )?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit().map_err(JournalError::from)
}
