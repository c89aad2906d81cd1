//! The subject index: written behind the journal in sorted runs, read together with the entries no run covers yet.
//!
//! It is derived from the entries and proves nothing: an append does not wait for it, and losing it loses time only.

use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior, params};

use super::{
    Writer,
    append::read_head,
    int,
    read::{COLUMNS, collect},
    uint,
};
use crate::{
    entry::{Entry, subject_key},
    error::{JournalError, Result},
    query::{Filter, Window},
};

/// Entries of a short run: about as many a reader looks through at the end of the journal.
const RUN: u64 = 1024;
/// Short runs that become one long run.
const MERGED: i64 = 32;

/// What the writer knows of the index.
#[derive(Debug, Default)]
pub(super) struct Indexing {
    /// The journal's length at which there is work again.
    due: u64,
}

impl Writer {
    /// Writes the runs that are due; called between jobs, when nobody waits for this one.
    pub(super) fn index_subjects(&mut self) {
        let Some(head) = self.head else {
            return;
        };
        if head.seq < self.indexing.due {
            return;
        }
        self.indexing.due = match self.with(write_runs) {
            Ok(covered) => covered + RUN,
            Err(error) => {
                tracing::warn!(%error, "the subject index lags behind; looking up a subject takes longer");
                head.seq + RUN
            }
        };
    }
}

/// Covers what can be covered with whole runs, at most [`MERGED`] of them; the last entry covered.
fn write_runs(connection: &mut Connection) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut covered = last_covered(&transaction)?;
    let head = read_head(&transaction)?;
    for _ in 0..MERGED {
        if head.seq < covered + RUN {
            break;
        }
        write_run(&transaction, covered + 1, covered + RUN)?;
        covered += RUN;
    }
    merge(&transaction)?;
    transaction.commit()?;
    Ok(covered)
}

fn last_covered(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(max(last_seq), 0) FROM journal_subject_run")?
        .query_row([], |row| row.get(0))
        .map(uint)
}

fn write_run(transaction: &Transaction<'_>, first: u64, last: u64) -> rusqlite::Result<()> {
    let mut keys = transaction
        .prepare_cached("SELECT seq, subjects FROM journal WHERE seq BETWEEN ?1 AND ?2")?
        .query_map(params![int(first), int(last)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?
        .try_fold(Vec::new(), |mut keys, row| {
            let (seq, subjects) = row?;
            // A damaged entry is verification's business; the rest stays findable.
            let subjects: Vec<String> = serde_json::from_str(&subjects).unwrap_or_default();
            keys.extend(subjects.iter().map(|subject| (subject_key(subject), seq)));
            Ok::<_, rusqlite::Error>(keys)
        })?;
    keys.sort_unstable();
    keys.dedup();
    let mut insert = transaction.prepare_cached(
        "INSERT INTO journal_subject_recent (run, subject_key, seq) VALUES (?1, ?2, ?3)",
    )?;
    for (key, seq) in keys {
        insert.execute(params![int(first), key, seq])?;
    }
    transaction
        .prepare_cached("INSERT INTO journal_subject_run VALUES (?1, ?2, 1)")?
        .execute(params![int(first), int(last)])?;
    Ok(())
}

/// Makes one long run of the short ones when there are enough: a reader asks every run.
fn merge(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let (runs, first, last): (i64, Option<i64>, Option<i64>) = transaction
        .prepare_cached("SELECT count(*), min(first_seq), max(last_seq) FROM journal_subject_run WHERE recent = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(());
    };
    if runs < MERGED {
        return Ok(());
    }
    transaction.execute(
        "INSERT INTO journal_subject SELECT ?1, subject_key, seq FROM journal_subject_recent ORDER BY subject_key, seq",
        [first],
    )?;
    // Without a condition whole pages are given up, not rows.
    transaction.execute("DELETE FROM journal_subject_recent", [])?;
    transaction.execute("DELETE FROM journal_subject_run WHERE recent = 1", [])?;
    transaction.execute(
        "INSERT INTO journal_subject_run VALUES (?1, ?2, 0)",
        [first, last],
    )?;
    Ok(())
}

/// A stretch of the journal and how a subject is found in it.
#[derive(Clone, Copy)]
enum Stretch {
    Run {
        first: i64,
        last: i64,
        recent: bool,
    },
    /// After the last run.
    Rest {
        first: i64,
    },
}

/// A subject as the index has it, and as an entry's list of subjects has it.
struct Sought {
    key: i64,
    word: String,
}

/// The entries in the window that may concern the subject, in the window's order.
pub(super) fn find(
    connection: &mut Connection,
    filter: &Filter,
    subject: &str,
    window: &Window,
    limit: usize,
) -> Result<Vec<Entry>> {
    // One state of the database for the runs and their contents.
    let transaction = connection.transaction()?;
    let mut stretches: Vec<Stretch> = transaction
        .prepare_cached(
            "SELECT first_seq, last_seq, recent FROM journal_subject_run ORDER BY first_seq",
        )?
        .query_map([], |row| {
            Ok(Stretch::Run {
                first: row.get(0)?,
                last: row.get(1)?,
                recent: row.get(2)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    stretches.push(Stretch::Rest {
        first: int(last_covered(&transaction)? + 1),
    });
    if !window.ascending {
        stretches.reverse();
    }
    let sought = Sought {
        key: subject_key(subject),
        word: serde_json::to_string(subject)
            .map_err(|error| JournalError::invalid(error.to_string()))?,
    };
    let mut found = Vec::new();
    for stretch in stretches {
        let left = limit.saturating_sub(found.len());
        if left == 0 {
            break;
        }
        found.append(&mut find_in(
            &transaction,
            filter,
            &sought,
            window,
            stretch,
            left,
        )?);
    }
    Ok(found)
}

fn find_in(
    transaction: &Transaction<'_>,
    filter: &Filter,
    sought: &Sought,
    window: &Window,
    stretch: Stretch,
    limit: usize,
) -> Result<Vec<Entry>> {
    let (first, last, from) = match stretch {
        Stretch::Run {
            first,
            last,
            recent: true,
        } => (
            first,
            last,
            "journal_subject_recent s CROSS JOIN journal j ON j.seq = s.seq AND s.run = ?8 AND s.subject_key = ?9",
        ),
        Stretch::Run { first, last, .. } => (
            first,
            last,
            "journal_subject s CROSS JOIN journal j ON j.seq = s.seq AND s.run = ?8 AND s.subject_key = ?9",
        ),
        Stretch::Rest { first } => (
            first,
            i64::MAX,
            "(SELECT * FROM journal WHERE seq >= ?8 AND instr(subjects, ?9) > 0) j",
        ),
    };
    let (low, high) = (int(window.low).max(first), int(window.high).min(last));
    if low > high {
        return Ok(Vec::new());
    }
    let (by, order) = (
        if matches!(stretch, Stretch::Run { .. }) {
            "s.seq"
        } else {
            "j.seq"
        },
        if window.ascending { "ASC" } else { "DESC" },
    );
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM {from} WHERE {by} BETWEEN ?1 AND ?2
             AND (?3 IS NULL OR substr(j.kind, 1, length(?3)) = ?3)
             AND (?4 IS NULL OR j.actor = ?4)
             AND (?5 IS NULL OR j.at_ms >= ?5) AND (?6 IS NULL OR j.at_ms < ?6)
             ORDER BY {by} {order} LIMIT ?7"
    ))?;
    let key: &dyn ToSql = match stretch {
        Stretch::Run { .. } => &sought.key,
        Stretch::Rest { .. } => &sought.word,
    };
    let rows = statement.query(params![
        low,
        high,
        filter.kind_prefix,
        filter.actor,
        filter.from_ms,
        filter.until_ms,
        int(limit as u64),
        first,
        key,
    ])?;
    collect(rows)
}
