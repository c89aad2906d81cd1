//! Secrets and sessions.

use tokio_postgres::Row;

use super::{PostgresJournal, column, hash_column, int};
use crate::{accounts::Session, entry::Hash, error::Result, query::MAX_PAGE};

impl PostgresJournal {
    pub(crate) async fn credential(&self, user: String) -> Result<Option<String>> {
        self.query_opt("SELECT phc FROM credential WHERE user_name = $1", &[&user])
            .await?
            .map(|row| column(&row, 0))
            .transpose()
    }

    pub(crate) async fn set_credential(&self, user: String, phc: String) -> Result<()> {
        self.execute(
            "INSERT INTO credential (user_name, phc) VALUES ($1, $2)
             ON CONFLICT (user_name) DO UPDATE SET phc = excluded.phc",
            &[&user, &phc],
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn remove_credential(&self, user: String) -> Result<bool> {
        let removed = self
            .execute("DELETE FROM credential WHERE user_name = $1", &[&user])
            .await?;
        Ok(removed > 0)
    }

    pub(crate) async fn put_session(&self, session: Session) -> Result<()> {
        self.execute(
            "INSERT INTO session (token_hash, user_name, created_ms, touched_ms, expires_ms, data)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (token_hash) DO UPDATE SET user_name = excluded.user_name, created_ms = excluded.created_ms,
                 touched_ms = excluded.touched_ms, expires_ms = excluded.expires_ms, data = excluded.data",
            &[
                &session.token_hash.0.as_slice(),
                &session.user,
                &session.created_ms,
                &session.touched_ms,
                &session.expires_ms,
                &session.data,
            ],
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn session(&self, token_hash: Hash) -> Result<Option<Session>> {
        self.query_opt(
            "SELECT token_hash, user_name, created_ms, touched_ms, expires_ms, data FROM session WHERE token_hash = $1",
            &[&token_hash.0.as_slice()],
        )
        .await?
        .map(|row| session(&row))
        .transpose()
    }

    pub(crate) async fn sessions_of(&self, user: String) -> Result<Vec<Session>> {
        self.query(
            "SELECT token_hash, user_name, created_ms, touched_ms, expires_ms, data FROM session
             WHERE user_name = $1 ORDER BY touched_ms DESC, token_hash LIMIT $2",
            &[&user, &int(MAX_PAGE as u64)],
        )
        .await?
        .iter()
        .map(session)
        .collect()
    }

    pub(crate) async fn touch_session(
        &self,
        token_hash: Hash,
        touched_ms: i64,
        expires_ms: i64,
    ) -> Result<bool> {
        let touched = self
            .execute(
                "UPDATE session SET touched_ms = $2, expires_ms = $3 WHERE token_hash = $1",
                &[&token_hash.0.as_slice(), &touched_ms, &expires_ms],
            )
            .await?;
        Ok(touched > 0)
    }

    pub(crate) async fn end_session(&self, token_hash: Hash) -> Result<bool> {
        let ended = self
            .execute(
                "DELETE FROM session WHERE token_hash = $1",
                &[&token_hash.0.as_slice()],
            )
            .await?;
        Ok(ended > 0)
    }

    pub(crate) async fn end_sessions_of(&self, user: String) -> Result<usize> {
        let ended = self
            .execute("DELETE FROM session WHERE user_name = $1", &[&user])
            .await?;
        Ok(usize::try_from(ended).unwrap_or(usize::MAX))
    }

    pub(crate) async fn prune_sessions(&self, now_ms: i64) -> Result<usize> {
        let pruned = self
            .execute("DELETE FROM session WHERE expires_ms <= $1", &[&now_ms])
            .await?;
        Ok(usize::try_from(pruned).unwrap_or(usize::MAX))
    }
}

fn session(row: &Row) -> Result<Session> {
    Ok(Session {
        token_hash: hash_column(row, 0)?,
        user: column(row, 1)?,
        created_ms: column(row, 2)?,
        touched_ms: column(row, 3)?,
        expires_ms: column(row, 4)?,
        data: column(row, 5)?,
    })
}
