//! A database of one's own for each case, and the drafts the cases write.

use std::time::Duration;

use lifeline_journal::{
    Draft, Epoch, Journal, LeaseAnswer,
    testing::{TestFolder, TestPostgres},
};
use uuid::Uuid;

/// Long enough that no case outlives it.
pub const TTL: Duration = Duration::from_secs(600);

/// A database that no other case uses; deleted when dropped.
pub struct Database {
    kind: Kind,
}

enum Kind {
    Sqlite(TestFolder),
    Postgres(TestPostgres),
}

impl Database {
    pub fn sqlite() -> Self {
        Self {
            kind: Kind::Sqlite(TestFolder::new().unwrap()),
        }
    }

    pub fn postgres() -> Self {
        Self {
            kind: Kind::Postgres(TestPostgres::start().unwrap()),
        }
    }

    pub fn url(&self) -> String {
        match &self.kind {
            Kind::Sqlite(folder) => folder.sqlite_url(),
            Kind::Postgres(server) => server.url("postgres"),
        }
    }

    /// Another server's view of the same database.
    pub async fn open(&self) -> Journal {
        Journal::open(&self.url()).await.unwrap()
    }

    /// An open journal and the right to write to it.
    pub async fn writer(&self) -> (Journal, Epoch) {
        let journal = self.open().await;
        let epoch = lease(&journal, "writer").await;
        (journal, epoch)
    }
}

pub async fn lease(journal: &Journal, holder: &str) -> Epoch {
    match journal.acquire_lease(holder, TTL).await.unwrap() {
        LeaseAnswer::Granted(lease) => lease.epoch,
        held => panic!("{held:?}"),
    }
}

/// A draft that differs from every other number's.
pub fn draft(number: u64) -> Draft {
    Draft {
        at_ms: 1_760_000_000_000 + i64::try_from(number).unwrap() * 1000,
        actor: format!("person:{}", number % 3),
        workstation: "bench-1".to_owned(),
        command: command(number),
        kind: ["unit.received", "unit.issued", "test.recorded"]
            [usize::try_from(number % 3).unwrap()]
        .to_owned(),
        version: 1,
        body: format!(r#"{{"number":{number},"word":"血袋"}}"#),
        subjects: vec![format!("unit:{}", number % 5), format!("patient:{number}")],
    }
}

pub fn drafts(numbers: std::ops::Range<u64>) -> Vec<Draft> {
    numbers.map(draft).collect()
}

pub fn command(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

impl Database {
    /// Rows in a table.
    pub async fn count(&self, table: &'static str) -> u64 {
        let journal = self.open().await;
        let sql = format!("SELECT count(*) FROM {table}");
        if let Some(sqlite) = journal.sqlite() {
            let rows: i64 = sqlite
                .read(move |connection| connection.query_row(&sql, [], |row| row.get(0)))
                .await
                .unwrap();
            return rows.try_into().unwrap();
        }
        let client = journal.postgres().unwrap().pool().get().await.unwrap();
        let rows: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
        rows.try_into().unwrap()
    }
}

/// The attacker's side: changes made behind the journal's back.
impl Database {
    pub async fn try_sql(&self, sql: &str) -> lifeline_journal::Result<()> {
        let journal = self.open().await;
        let sql = sql.to_owned();
        if let Some(sqlite) = journal.sqlite() {
            return sqlite
                .write(move |connection| connection.execute_batch(&sql))
                .await;
        }
        let client = journal.postgres().unwrap().pool().get().await.unwrap();
        Ok(client.batch_execute(&sql).await?)
    }

    pub async fn sql(&self, sql: &str) {
        self.try_sql(sql).await.unwrap();
    }

    /// Takes away what keeps the journal from being changed.
    pub async fn disarm(&self) {
        match &self.kind {
            Kind::Sqlite(_) => {
                self.sql("DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete")
                    .await;
            }
            Kind::Postgres(_) => {
                self.sql("DROP TRIGGER journal_no_change ON journal").await;
            }
        }
    }

    /// Pretends that a later release was here.
    pub async fn raise_schema(&self) {
        match &self.kind {
            Kind::Sqlite(_) => self.sql("PRAGMA user_version = 99").await,
            Kind::Postgres(_) => {
                self.sql("INSERT INTO journal_schema VALUES (99, now())")
                    .await;
            }
        }
    }

    /// Bytes as a literal.
    pub fn binary(&self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match &self.kind {
            Kind::Sqlite(_) => format!("x'{digits}'"),
            Kind::Postgres(_) => format!("'\\x{digits}'::bytea"),
        }
    }
}
