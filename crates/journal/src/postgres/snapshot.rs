//! Snapshots and checkpoints.

use super::{PostgresJournal, column, hash_column, int, uint};
use crate::{
    entry::Hash,
    error::{JournalError, Result},
    snapshot::{KEPT_SNAPSHOTS, SNAPSHOT_CHUNK, Snapshot, SnapshotHeader},
};

impl PostgresJournal {
    pub(crate) async fn save_snapshot(
        &self,
        seq: u64,
        format_version: u32,
        bytes: Vec<u8>,
    ) -> Result<()> {
        // Above every piece as well, so that a snapshot that was never finished cannot be mixed with this one.
        let row = self
            .query_one(
                "SELECT 1 + greatest((SELECT coalesce(max(id), 0) FROM snapshot),
                                     (SELECT coalesce(max(snapshot), 0) FROM snapshot_chunk))",
                &[],
            )
            .await?;
        let id: i64 = column(&row, 0)?;
        for (ordinal, chunk) in (0_i64..).zip(bytes.chunks(SNAPSHOT_CHUNK)) {
            self.execute(
                "INSERT INTO snapshot_chunk (snapshot, ordinal, bytes) VALUES ($1, $2, $3)",
                &[&id, &ordinal, &chunk],
            )
            .await?;
        }
        let saved = self
            .execute(
                "INSERT INTO snapshot (id, seq, format_version, length, digest, entry_hash)
                 SELECT $1, $2, $3, $4, $5, hash FROM (
                     SELECT hash FROM journal WHERE seq = $2
                     UNION ALL SELECT $6 WHERE $2 = 0) AS entry",
                &[
                    &id,
                    &int(seq),
                    &i64::from(format_version),
                    &int(bytes.len() as u64),
                    &Hash::of(&bytes).0.as_slice(),
                    &Hash::GENESIS.0.as_slice(),
                ],
            )
            .await?;
        self.execute(
            "DELETE FROM snapshot WHERE id NOT IN (SELECT id FROM snapshot ORDER BY id DESC LIMIT $1)",
            &[&int(KEPT_SNAPSHOTS as u64)],
        )
        .await?;
        self.execute(
            "DELETE FROM snapshot_chunk WHERE snapshot <= $1 AND snapshot NOT IN (SELECT id FROM snapshot)",
            &[&id],
        )
        .await?;
        if saved == 0 {
            return Err(JournalError::invalid(format!(
                "a snapshot at entry {seq}, which is not in the journal"
            )));
        }
        Ok(())
    }

    pub(crate) async fn snapshots(&self) -> Result<Vec<SnapshotHeader>> {
        self.query(
            "SELECT s.id, s.seq, s.format_version, s.length, s.digest FROM snapshot s
             WHERE s.entry_hash = (SELECT hash FROM journal j WHERE j.seq = s.seq)
                OR (s.seq = 0 AND s.entry_hash = $1)
             ORDER BY s.id DESC",
            &[&Hash::GENESIS.0.as_slice()],
        )
        .await?
        .iter()
        .map(|row| {
            Ok(SnapshotHeader {
                id: column(row, 0)?,
                seq: uint(column(row, 1)?),
                format_version: u32::try_from(column::<i64>(row, 2)?).unwrap_or(u32::MAX),
                length: uint(column(row, 3)?),
                digest: hash_column(row, 4)?,
            })
        })
        .collect()
    }

    pub(crate) async fn snapshot_bytes(&self, header: SnapshotHeader) -> Result<Option<Snapshot>> {
        let mut bytes = Vec::new();
        for ordinal in 0_i64.. {
            let chunk = self
                .query_opt(
                    "SELECT bytes FROM snapshot_chunk WHERE snapshot = $1 AND ordinal = $2",
                    &[&header.id, &ordinal],
                )
                .await?;
            match chunk {
                Some(row) => bytes.extend_from_slice(column(&row, 0)?),
                None => break,
            }
        }
        Ok(header.accept(bytes))
    }

    pub(crate) async fn checkpoint(&self, name: String) -> Result<Option<u64>> {
        self.query_opt("SELECT seq FROM checkpoint WHERE name = $1", &[&name])
            .await?
            .map(|row| column(&row, 0).map(uint))
            .transpose()
    }

    pub(crate) async fn set_checkpoint(&self, name: String, seq: u64) -> Result<()> {
        self.execute(
            "INSERT INTO checkpoint (name, seq) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
            &[&name, &int(seq)],
        )
        .await?;
        Ok(())
    }
}
