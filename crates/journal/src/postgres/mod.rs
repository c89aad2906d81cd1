//! The PostgreSQL backend: one connection that appends, a small pool for everything else.

mod accounts;
mod append;
mod lease;
mod read;
mod schema;
mod snapshot;

use std::{str::FromStr, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::sync::Mutex;
use tokio_postgres::{Config, NoTls, Row, error::SqlState, types::ToSql};

use self::append::Writer;
pub use self::append::{APPEND_TIMEOUT, RESOLVE_TIMEOUT};
use crate::{
    entry::Hash,
    error::{JournalError, Result},
};

/// Connections beside the one that appends.
pub const POOL: usize = 4;
/// How long to wait for a connection, a new one or one of the pool's.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a broken network may go unnoticed.
const TCP_TIMEOUT: Duration = Duration::from_secs(15);

/// A journal in a PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PostgresJournal {
    pool: Pool,
    writer: Arc<Mutex<Writer>>,
    name: Arc<str>,
}

impl PostgresJournal {
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let mut config = Config::from_str(url)
            .map_err(|error| JournalError::invalid(format!("database address: {error}")))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("lifeline");
        }
        let manager = Manager::from_config(
            config.clone(),
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(POOL)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .build()
            .map_err(JournalError::unavailable)?;
        let journal = Self {
            pool,
            name: config.get_dbname().unwrap_or_default().into(),
            writer: Arc::new(Mutex::new(Writer::new(config))),
        };
        schema::migrate(&mut *journal.connection().await?).await?;
        journal.writer.lock().await.connect().await?;
        Ok(journal)
    }

    /// The pool, for the tables of other crates. Leave the journal's own tables alone.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn ping(&self) -> Result<()> {
        self.writer.lock().await.ping().await
    }

    async fn connection(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => JournalError::from(error),
            other => JournalError::unavailable(other),
        })
    }

    async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection
            .query(&statement, values)
            .await
            .map_err(JournalError::from)
    }

    async fn query_opt(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>> {
        Ok(self.query(sql, values).await?.into_iter().next())
    }

    async fn query_one(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        self.query_opt(sql, values).await?.ok_or_else(|| {
            JournalError::corrupt(None, "a row of the journal's own tables is missing")
        })
    }

    async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let connection = self.connection().await?;
        let statement = connection.prepare_cached(sql).await?;
        connection
            .execute(&statement, values)
            .await
            .map_err(JournalError::from)
    }
}

impl From<tokio_postgres::Error> for JournalError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            let reason = match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            return Self::Unavailable(reason);
        };
        let reason = db.message().to_owned();
        let code = db.code();
        match code.code().get(..2) {
            _ if *code == SqlState::DISK_FULL => Self::Full(reason),
            _ if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
                Self::corrupt(None, reason)
            }
            // Data exception, integrity constraint, program limit.
            Some("22" | "23" | "54") => Self::Invalid(reason),
            _ => Self::Unavailable(reason),
        }
    }
}

/// Reads a column; a wrong type means the table is not ours.
fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, index: usize) -> Result<T> {
    row.try_get(index)
        .map_err(|error| JournalError::corrupt(None, error.to_string()))
}

fn hash_column(row: &Row, index: usize) -> Result<Hash> {
    Hash::from_slice(column(row, index)?)
        .ok_or_else(|| JournalError::corrupt(None, "a hash is not 32 bytes"))
}

/// PostgreSQL's integers are signed; sequence numbers and epochs never reach 2⁶³.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
