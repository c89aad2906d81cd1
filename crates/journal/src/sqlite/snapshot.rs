//! Snapshots and checkpoints.

use rusqlite::{OptionalExtension, params};

use super::{SqliteJournal, int, uint};
use crate::{
    entry::Hash,
    error::{JournalError, Result},
    snapshot::{KEPT_SNAPSHOTS, SNAPSHOT_CHUNK, Snapshot, SnapshotHeader},
};

impl SqliteJournal {
    pub(crate) async fn save_snapshot(
        &self,
        seq: u64,
        format_version: u32,
        bytes: Vec<u8>,
    ) -> Result<()> {
        let id: i64 = self
            .write(|connection| {
                // Above every piece as well, so that a snapshot that was never finished cannot be mixed with this one.
                connection.query_row(
                    "SELECT 1 + max((SELECT coalesce(max(id), 0) FROM snapshot),
                                    (SELECT coalesce(max(snapshot), 0) FROM snapshot_chunk))",
                    [],
                    |row| row.get(0),
                )
            })
            .await?;
        let (length, digest) = (bytes.len() as u64, Hash::of(&bytes));
        for (ordinal, chunk) in (0_i64..).zip(bytes.chunks(SNAPSHOT_CHUNK)) {
            let chunk = chunk.to_vec();
            self.write(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT INTO snapshot_chunk (snapshot, ordinal, bytes) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![id, ordinal, chunk])
            })
            .await?;
        }
        let saved = self
            .write(move |connection| {
                connection.execute(
                    "INSERT INTO snapshot (id, seq, format_version, length, digest, entry_hash)
                     SELECT ?1, ?2, ?3, ?4, ?5, hash FROM (
                         SELECT seq, hash FROM journal WHERE seq = ?2
                         UNION ALL SELECT 0, ?6 WHERE ?2 = 0)",
                    params![
                        id,
                        int(seq),
                        format_version,
                        int(length),
                        digest.0,
                        Hash::GENESIS.0
                    ],
                )
            })
            .await?;
        self.prune_snapshots(id).await?;
        if saved == 0 {
            return Err(JournalError::invalid(format!(
                "a snapshot at entry {seq}, which is not in the journal"
            )));
        }
        Ok(())
    }

    /// Deletes piece by piece, so that the writer is never held up for long.
    async fn prune_snapshots(&self, newest: i64) -> Result<()> {
        self.write(|connection| {
            connection.execute(
                "DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT ?1)",
                [int(KEPT_SNAPSHOTS as u64)],
            )
        })
        .await?;
        loop {
            let deleted = self
                .write(move |connection| {
                    connection.execute(
                        "DELETE FROM snapshot_chunk WHERE rowid IN (
                             SELECT rowid FROM snapshot_chunk
                             WHERE snapshot <= ?1 AND snapshot NOT IN (SELECT id FROM snapshot) LIMIT 4)",
                        [newest],
                    )
                })
                .await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }

    pub(crate) async fn snapshots(&self) -> Result<Vec<SnapshotHeader>> {
        self.read(|connection| {
            connection
                .prepare(
                    "SELECT s.id, s.seq, s.format_version, s.length, s.digest FROM snapshot s
                     WHERE s.entry_hash = (SELECT hash FROM journal j WHERE j.seq = s.seq)
                        OR (s.seq = 0 AND s.entry_hash = ?1)
                     ORDER BY s.id DESC",
                )?
                .query_map([Hash::GENESIS.0], |row| {
                    Ok(SnapshotHeader {
                        id: row.get(0)?,
                        seq: uint(row.get(1)?),
                        format_version: row.get(2)?,
                        length: uint(row.get(3)?),
                        digest: Hash(row.get(4)?),
                    })
                })?
                .collect()
        })
        .await
    }

    pub(crate) async fn snapshot_bytes(&self, header: SnapshotHeader) -> Result<Option<Snapshot>> {
        self.on_reader(move |connection| {
            let mut bytes = Vec::new();
            let mut statement = connection
                .prepare("SELECT bytes FROM snapshot_chunk WHERE snapshot = ?1 ORDER BY ordinal")?;
            let mut rows = statement.query([header.id])?;
            while let Some(row) = rows.next()? {
                let chunk = row.get_ref(0)?;
                bytes.extend_from_slice(chunk.as_blob().unwrap_or_default());
            }
            Ok(header.accept(bytes))
        })
        .await
    }

    pub(crate) async fn checkpoint(&self, name: String) -> Result<Option<u64>> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT seq FROM checkpoint WHERE name = ?1")?
                .query_row([name], |row| row.get(0).map(uint))
                .optional()
        })
        .await
    }

    pub(crate) async fn set_checkpoint(&self, name: String, seq: u64) -> Result<()> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO checkpoint (name, seq) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
                )?
                .execute(params![name, int(seq)])
        })
        .await?;
        Ok(())
    }
}
