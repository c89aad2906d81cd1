//! Secrets and sessions.

use rusqlite::{OptionalExtension, Row, params};

use super::{SqliteJournal, int};
use crate::{accounts::Session, entry::Hash, error::Result, query::MAX_PAGE};

impl SqliteJournal {
    pub(crate) async fn credential(&self, user: String) -> Result<Option<String>> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT phc FROM credential WHERE user_name = ?1")?
                .query_row([user], |row| row.get(0))
                .optional()
        })
        .await
    }

    pub(crate) async fn set_credential(&self, user: String, phc: String) -> Result<()> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO credential (user_name, phc) VALUES (?1, ?2)
                     ON CONFLICT (user_name) DO UPDATE SET phc = excluded.phc",
                )?
                .execute([user, phc])
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn remove_credential(&self, user: String) -> Result<bool> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM credential WHERE user_name = ?1")?
                .execute([user])
        })
        .await
        .map(|removed| removed > 0)
    }

    pub(crate) async fn put_session(&self, session: Session) -> Result<()> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO session (token_hash, user_name, created_ms, touched_ms, expires_ms, data)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (token_hash) DO UPDATE SET user_name = excluded.user_name, created_ms = excluded.created_ms,
                         touched_ms = excluded.touched_ms, expires_ms = excluded.expires_ms, data = excluded.data",
                )?
                .execute(params![
                    session.token_hash.0,
                    session.user,
                    session.created_ms,
                    session.touched_ms,
                    session.expires_ms,
                    session.data
                ])
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn session(&self, token_hash: Hash) -> Result<Option<Session>> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT token_hash, user_name, created_ms, touched_ms, expires_ms, data FROM session WHERE token_hash = ?1",
                )?
                .query_row([token_hash.0], session)
                .optional()
        })
        .await
    }

    pub(crate) async fn sessions_of(&self, user: String) -> Result<Vec<Session>> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT token_hash, user_name, created_ms, touched_ms, expires_ms, data FROM session
                     WHERE user_name = ?1 ORDER BY touched_ms DESC, token_hash LIMIT ?2",
                )?
                .query_map(params![user, int(MAX_PAGE as u64)], session)?
                .collect()
        })
        .await
    }

    pub(crate) async fn touch_session(
        &self,
        token_hash: Hash,
        touched_ms: i64,
        expires_ms: i64,
    ) -> Result<bool> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE session SET touched_ms = ?2, expires_ms = ?3 WHERE token_hash = ?1",
                )?
                .execute(params![token_hash.0, touched_ms, expires_ms])
        })
        .await
        .map(|touched| touched > 0)
    }

    pub(crate) async fn end_session(&self, token_hash: Hash) -> Result<bool> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM session WHERE token_hash = ?1")?
                .execute([token_hash.0])
        })
        .await
        .map(|ended| ended > 0)
    }

    pub(crate) async fn end_sessions_of(&self, user: String) -> Result<usize> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM session WHERE user_name = ?1")?
                .execute([user])
        })
        .await
    }

    pub(crate) async fn prune_sessions(&self, now_ms: i64) -> Result<usize> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM session WHERE expires_ms <= ?1")?
                .execute([now_ms])
        })
        .await
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token_hash: Hash(row.get(0)?),
        user: row.get(1)?,
        created_ms: row.get(2)?,
        touched_ms: row.get(3)?,
        expires_ms: row.get(4)?,
        data: row.get(5)?,
    })
}
