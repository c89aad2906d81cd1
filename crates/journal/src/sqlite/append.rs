//! The one statement sequence that lengthens the chain.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{SqliteJournal, Writer, int, uint};
use crate::{
    entry::{Draft, Entry, Hash, Head, Receipt, receipts, seal_batch},
    error::{JournalError, Result},
    lease::Epoch,
};

impl SqliteJournal {
    pub(crate) async fn append(
        &self,
        epoch: Epoch,
        after: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Receipt>> {
        self.on_writer(move |writer| writer.append(epoch, after, drafts))
            .await
    }
}

impl Writer {
    fn append(&mut self, epoch: Epoch, after: u64, drafts: Vec<Draft>) -> Result<Vec<Receipt>> {
        let head = match self.head {
            Some(head) if head.seq == after => head,
            _ => self.with(|connection| read_head(connection))?,
        };
        if head.seq != after {
            self.head = None;
            return Err(JournalError::Behind { head });
        }
        let entries = seal_batch(head, drafts)?;
        let Some(last) = entries.last().map(Entry::as_head) else {
            return self
                .with_checked(|connection| holds(connection, epoch))
                .map(|()| Vec::new());
        };
        self.head = None;
        match self.with_checked(|connection| commit(connection, epoch, head, &entries)) {
            Ok(()) => {}
            Err(error @ (JournalError::Fenced { .. } | JournalError::Behind { .. })) => {
                return Err(error);
            }
            // An error at commit leaves open whether the log reached the disk: the database itself must say.
            Err(error) => match self.with(|connection| read_hash(connection, last.seq)) {
                Ok(Some(hash)) if hash == last.hash => {}
                Ok(_) => return Err(error),
                Err(_) if matches!(error, JournalError::Full(_)) => return Err(error),
                Err(_) => {
                    return Err(JournalError::InDoubt {
                        after,
                        reason: error.to_string(),
                    });
                }
            },
        }
        self.head = Some(last);
        Ok(receipts(&entries))
    }
}

fn commit(connection: &mut Connection, epoch: Epoch, head: Head, entries: &[Entry]) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(last) = entries.last() else {
        return Ok(());
    };
    let moved = transaction
        .prepare_cached(
            "UPDATE journal_head SET seq = ?1, hash = ?2 WHERE id = 1 AND epoch = ?3 AND seq = ?4 AND hash = ?5",
        )
        .and_then(|mut statement| {
            statement.execute(params![int(last.seq), last.hash.0, int(epoch.0), int(head.seq), head.hash.0])
        })?;
    if moved == 0 {
        holds(&transaction, epoch)?;
        let head = read_head(&transaction)?;
        return Err(JournalError::Behind { head });
    }
    insert(&transaction, entries).map_err(|error| match JournalError::from(error) {
        // The head said the place was free.
        JournalError::Invalid(reason) => {
            JournalError::corrupt(entries.first().map(|e| e.seq), reason)
        }
        other => other,
    })?;
    transaction.commit().map_err(JournalError::from)
}

fn insert(transaction: &Transaction<'_>, entries: &[Entry]) -> rusqlite::Result<()> {
    let mut journal = transaction.prepare_cached(
        "INSERT INTO journal (seq, at_ms, actor, workstation, command, kind, version, body, subjects, prev_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for entry in entries {
        let subjects = serde_json::to_string(&entry.subjects)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        journal.execute(params![
            int(entry.seq),
            entry.at_ms,
            entry.actor,
            entry.workstation,
            entry.command.as_bytes(),
            entry.kind,
            entry.version,
            entry.body,
            subjects,
            entry.prev_hash.0,
            entry.hash.0,
        ])?;
    }
    Ok(())
}

/// Whether `epoch` may write.
fn holds(connection: &Connection, epoch: Epoch) -> Result<()> {
    let current: i64 = connection
        .prepare_cached("SELECT epoch FROM journal_head WHERE id = 1")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))?;
    let current = Epoch(uint(current));
    if current == epoch {
        Ok(())
    } else {
        Err(JournalError::Fenced {
            held: epoch,
            current,
        })
    }
}

pub(super) fn read_head(connection: &Connection) -> rusqlite::Result<Head> {
    connection
        .prepare_cached("SELECT seq, hash FROM journal_head WHERE id = 1")?
        .query_row([], |row| {
            Ok(Head {
                seq: uint(row.get(0)?),
                hash: Hash(row.get(1)?),
            })
        })
}

fn read_hash(connection: &Connection, seq: u64) -> rusqlite::Result<Option<Hash>> {
    connection
        .prepare_cached("SELECT hash FROM journal WHERE seq = ?1")?
        .query_row([int(seq)], |row| row.get(0).map(Hash))
        .optional()
}
