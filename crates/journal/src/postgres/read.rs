//! Reading the history.

use tokio_postgres::{Row, types::FromSql};
use uuid::Uuid;

use super::{PostgresJournal, column, hash_column, int, uint};
use crate::{
    entry::{Entry, Hash, Head, subject_key},
    error::{JournalError, Result},
    query::{Filter, MAX_SCAN, Page, Seek, Window},
};

const COLUMNS: &str = "j.seq, j.at_ms, j.actor, j.workstation, j.command, j.kind, j.version, j.body, j.subjects, j.prev_hash, j.hash";

impl PostgresJournal {
    pub(crate) async fn head(&self) -> Result<Head> {
        let row = self
            .query_one("SELECT seq, hash FROM journal_head WHERE id = 1", &[])
            .await?;
        Ok(Head {
            seq: uint(column(&row, 0)?),
            hash: hash_column(&row, 1)?,
        })
    }

    pub(crate) async fn read_entries(&self, from_seq: u64, limit: usize) -> Result<Vec<Entry>> {
        let rows = self
            .query(
                &format!(
                    "SELECT {COLUMNS} FROM journal j WHERE j.seq >= $1 ORDER BY j.seq LIMIT $2"
                ),
                &[&int(from_seq), &int(limit as u64)],
            )
            .await?;
        rows.iter().map(entry).collect()
    }

    pub(crate) async fn known(&self, commands: Vec<Uuid>) -> Result<Vec<Entry>> {
        let rows = self
            .query(
                &format!(
                    "SELECT {COLUMNS} FROM journal j WHERE j.command = ANY($1) ORDER BY j.seq"
                ),
                &[&commands],
            )
            .await?;
        rows.iter().map(entry).collect()
    }

    pub(crate) async fn read_filtered(
        &self,
        filter: Filter,
        seek: Seek,
        limit: usize,
    ) -> Result<Page> {
        let Some(window) = self.window(&filter, seek).await? else {
            return Ok(Page {
                entries: Vec::new(),
                next: None,
            });
        };
        let key = filter.subject.as_deref().map(subject_key);
        let (from, by) = match key {
            Some(_) => (
                "journal_subject s JOIN journal j ON j.seq = s.seq AND s.subject_key = $1::bigint",
                "s.seq",
            ),
            None => ("journal j", "$1::bigint IS NULL AND j.seq"),
        };
        let order = if window.ascending { "ASC" } else { "DESC" };
        let rows = self
            .query(
                &format!(
                    "SELECT {COLUMNS} FROM {from} WHERE {by} BETWEEN $2 AND $3
                     AND ($4::text IS NULL OR starts_with(j.kind, $4))
                     AND ($5::text IS NULL OR j.actor = $5)
                     AND ($6::bigint IS NULL OR j.at_ms >= $6) AND ($7::bigint IS NULL OR j.at_ms < $7)
                     ORDER BY j.seq {order} LIMIT $8"
                ),
                &[
                    &key,
                    &int(window.low),
                    &int(window.high),
                    &filter.kind_prefix,
                    &filter.actor,
                    &filter.from_ms,
                    &filter.until_ms,
                    &int(limit as u64),
                ],
            )
            .await?;
        let found = rows.iter().map(entry).collect::<Result<_>>()?;
        Ok(window.page(found, limit, filter.subject.as_deref()))
    }

    /// The sequence numbers one call may look at: by the subject index as many as there are, otherwise [`MAX_SCAN`]
    /// within the stretch of the journal that the times allow.
    async fn window(&self, filter: &Filter, seek: Seek) -> Result<Option<Window>> {
        let head = self.head().await?;
        if filter.subject.is_some() {
            return Ok(Window::new(seek, 1, head.seq, u64::MAX));
        }
        if filter.from_ms.is_none() && filter.until_ms.is_none() {
            return Ok(Window::new(seek, 1, head.seq, MAX_SCAN));
        }
        // OFFSET 0 keeps the planner on the index of times, where min() alone would walk the journal.
        let row = self
            .query_one(
                "SELECT min(s), max(s) FROM (
                     SELECT seq AS s FROM journal WHERE at_ms >= $1 AND at_ms < $2 OFFSET 0) AS q",
                &[
                    &filter.from_ms.unwrap_or(i64::MIN),
                    &filter.until_ms.unwrap_or(i64::MAX),
                ],
            )
            .await?;
        let low: Option<i64> = column(&row, 0)?;
        let high: Option<i64> = column(&row, 1)?;
        Ok(low
            .zip(high)
            .and_then(|(low, high)| Window::new(seek, uint(low), uint(high), MAX_SCAN)))
    }
}

fn entry(row: &Row) -> Result<Entry> {
    let seq = uint(column(row, 0)?);
    read_row(row, seq).map_err(|reason| JournalError::corrupt(seq, reason))
}

fn read_row(row: &Row, seq: u64) -> Result<Entry, String> {
    fn get<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, String> {
        row.try_get(index).map_err(|error| error.to_string())
    }
    let hash =
        |index| Hash::from_slice(get(row, index)?).ok_or("a hash is not 32 bytes".to_owned());
    Ok(Entry {
        seq,
        at_ms: get(row, 1)?,
        actor: get(row, 2)?,
        workstation: get(row, 3)?,
        command: get(row, 4)?,
        kind: get(row, 5)?,
        version: u16::try_from(get::<i32>(row, 6)?).map_err(|_| "version is out of range")?,
        body: get(row, 7)?,
        subjects: serde_json::from_str(get(row, 8)?)
            .map_err(|_| "subjects are not a JSON array of text")?,
        prev_hash: hash(9)?,
        hash: hash(10)?,
    })
}
