//! Reading the history.

use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};
use uuid::Uuid;

use super::{SqliteJournal, append::read_head, int, subjects, uint};
use crate::{
    entry::{Entry, Hash, Head},
    error::{JournalError, Result},
    query::{Filter, MAX_SCAN, Page, Seek, Window},
};

pub(super) const COLUMNS: &str = "j.seq, j.at_ms, j.actor, j.workstation, j.command, j.kind, j.version, j.body, j.subjects, j.prev_hash, j.hash";

impl SqliteJournal {
    pub(crate) async fn head(&self) -> Result<Head> {
        self.on_reader(|connection| read_head(connection).map_err(JournalError::from))
            .await
    }

    pub(crate) async fn read_entries(&self, from_seq: u64, limit: usize) -> Result<Vec<Entry>> {
        self.on_reader(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM journal j WHERE j.seq >= ?1 ORDER BY j.seq LIMIT ?2"
            ))?;
            let rows = statement.query(params![int(from_seq), int(limit as u64)])?;
            collect(rows)
        })
        .await
    }

    pub(crate) async fn known(&self, commands: Vec<Uuid>) -> Result<Vec<Entry>> {
        self.on_reader(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM journal j WHERE j.command = ?1 ORDER BY j.seq"
            ))?;
            let mut found = Vec::new();
            for command in commands {
                let rows = statement.query([command.as_bytes()])?;
                found.append(&mut collect(rows)?);
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn read_filtered(
        &self,
        filter: Filter,
        seek: Seek,
        limit: usize,
    ) -> Result<Page> {
        self.on_reader(move |connection| {
            let Some(window) = window(connection, &filter, seek)? else {
                return Ok(Page {
                    entries: Vec::new(),
                    next: None,
                });
            };
            if let Some(subject) = &filter.subject {
                let found = subjects::find(connection, &filter, subject, &window, limit)?;
                return Ok(window.page(found, limit, Some(subject)));
            }
            let order = if window.ascending { "ASC" } else { "DESC" };
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM journal j WHERE j.seq BETWEEN ?1 AND ?2
                     AND (?3 IS NULL OR substr(j.kind, 1, length(?3)) = ?3)
                     AND (?4 IS NULL OR j.actor = ?4)
                     AND (?5 IS NULL OR j.at_ms >= ?5) AND (?6 IS NULL OR j.at_ms < ?6)
                     ORDER BY j.seq {order} LIMIT ?7"
            ))?;
            let rows = statement.query(params![
                int(window.low),
                int(window.high),
                filter.kind_prefix,
                filter.actor,
                filter.from_ms,
                filter.until_ms,
                int(limit as u64)
            ])?;
            Ok(window.page(collect(rows)?, limit, None))
        })
        .await
    }
}

/// The sequence numbers one call may look at: by the subject index as many as there are, otherwise [`MAX_SCAN`]
/// within the stretch of the journal that the times allow.
fn window(
    connection: &Connection,
    filter: &Filter,
    seek: Seek,
) -> rusqlite::Result<Option<Window>> {
    let head = read_head(connection)?;
    if filter.subject.is_some() {
        return Ok(Window::new(seek, 1, head.seq, u64::MAX));
    }
    let (mut first, mut last) = (1, head.seq);
    if filter.from_ms.is_some() || filter.until_ms.is_some() {
        let range: Option<(Option<i64>, Option<i64>)> = connection
            .prepare_cached(
                "SELECT min(seq), max(seq) FROM journal INDEXED BY journal_at WHERE at_ms >= ?1 AND at_ms < ?2",
            )?
            .query_row(
                params![
                    filter.from_ms.unwrap_or(i64::MIN),
                    filter.until_ms.unwrap_or(i64::MAX)
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((Some(low), Some(high))) = range else {
            return Ok(None);
        };
        (first, last) = (uint(low), uint(high));
    }
    Ok(Window::new(seek, first, last, MAX_SCAN))
}

pub(super) fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    let seq = uint(row.get(0)?);
    read_row(row, seq).map_err(|reason| JournalError::corrupt(seq, reason))
}

fn read_row(row: &Row<'_>, seq: u64) -> Result<Entry, String> {
    let hash = |column: usize, name: &str| match row.get_ref(column) {
        Ok(ValueRef::Blob(bytes)) => {
            Hash::from_slice(bytes).ok_or_else(|| format!("{name} is not 32 bytes"))
        }
        _ => Err(format!("{name} is not binary")),
    };
    let text = |column: usize, name: &str| match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) => {
            std::str::from_utf8(bytes).map_err(|_| format!("{name} is not UTF-8"))
        }
        _ => Err(format!("{name} is not text")),
    };
    let integer = |column: usize, name: &str| match row.get_ref(column) {
        Ok(ValueRef::Integer(value)) => Ok(value),
        _ => Err(format!("{name} is not an integer")),
    };
    let command = match row.get_ref(4) {
        Ok(ValueRef::Blob(bytes)) => Uuid::from_slice(bytes).ok(),
        _ => None,
    };
    Ok(Entry {
        seq,
        at_ms: integer(1, "at_ms")?,
        actor: text(2, "actor")?.to_owned(),
        workstation: text(3, "workstation")?.to_owned(),
        command: command.ok_or("command is not 16 bytes")?,
        kind: text(5, "kind")?.to_owned(),
        version: u16::try_from(integer(6, "version")?).map_err(|_| "version is out of range")?,
        body: text(7, "body")?.to_owned(),
        subjects: serde_json::from_str(text(8, "subjects")?)
            .map_err(|_| "subjects are not a JSON array of text")?,
        prev_hash: hash(9, "prev_hash")?,
        hash: hash(10, "hash")?,
    })
}
