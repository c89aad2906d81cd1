//! The statements, made from the tables, on both databases.

use std::time::{Duration, UNIX_EPOCH};

use lifeline_journal::{Journal, JournalError};
use rusqlite::types::Value as Cell;
use tokio_postgres::types::ToSql;

use crate::rows::{Row, Value};
use crate::tables::{FORM, Kind, TABLES, Table};

/// Where the tables have come to: one row.
const STATE: &str = "report_state";

#[derive(Clone, Copy)]
enum Dialect {
    Sqlite,
    Postgres,
}

fn create(dialect: Dialect) -> String {
    let (number, ending) = match dialect {
        Dialect::Sqlite => ("INTEGER", " STRICT"),
        Dialect::Postgres => ("bigint", ""),
    };
    let mut sql = format!("DROP TABLE IF EXISTS {STATE};\n");
    for table in TABLES {
        sql += &format!("DROP TABLE IF EXISTS {};\n", table.name);
        let mut parts: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match (column.kind, dialect) {
                    (Kind::Text, _) => "TEXT",
                    (Kind::Number, _) => number,
                    (Kind::Time, Dialect::Sqlite) => "TEXT",
                    (Kind::Time, Dialect::Postgres) => "timestamptz",
                };
                let needed = if column.needed { " NOT NULL" } else { "" };
                format!("\"{}\" {kind}{needed}", column.name)
            })
            .collect();
        parts.push(format!("PRIMARY KEY ({})", names(table, 0..table.key)));
        sql += &format!(
            "CREATE TABLE {} ({}){ending};\n",
            table.name,
            parts.join(", ")
        );
    }
    sql += &format!(
        "CREATE TABLE {STATE} (form {number} NOT NULL, seq {number} NOT NULL){ending};\n
         INSERT INTO {STATE} VALUES ({FORM}, 0);"
    );
    sql
}

fn names(table: &Table, range: std::ops::Range<usize>) -> String {
    let names = table.columns.get(range).unwrap_or_default().iter();
    names
        .map(|column| format!("\"{}\"", column.name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Puts a row in the place of the one with its key.
fn put(table: &Table) -> String {
    let all = table.columns.len();
    let places: Vec<String> = (1..=all).map(|n| format!("${n}")).collect();
    let rest = table.columns.get(table.key..).unwrap_or_default().iter();
    let changes: Vec<String> = rest
        .map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name))
        .collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
        table.name,
        names(table, 0..all),
        places.join(", "),
        names(table, 0..table.key),
        changes.join(", ")
    )
}

fn table(name: &str) -> Result<&'static Table, JournalError> {
    TABLES
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| JournalError::Invalid(format!("there is no table {name}")))
}

pub async fn reset(journal: &Journal) -> Result<(), JournalError> {
    if let Some(sqlite) = journal.sqlite() {
        return sqlite
            .write(|connection| {
                let transaction = connection.transaction()?;
                transaction.execute_batch(&create(Dialect::Sqlite))?;
                transaction.commit()
            })
            .await;
    }
    let Some(postgres) = journal.postgres() else {
        return Ok(());
    };
    let mut client = postgres.pool().get().await.map_err(unavailable)?;
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(&create(Dialect::Postgres))
        .await?;
    Ok(transaction.commit().await?)
}

fn unavailable(error: impl std::fmt::Display) -> JournalError {
    JournalError::Unavailable(error.to_string())
}

/// The last entry carried over, when the tables are there and of this form.
pub async fn checkpoint(journal: &Journal) -> Result<Option<u64>, JournalError> {
    let read = format!("SELECT form, seq FROM {STATE}");
    let found: Option<(i64, i64)> = if let Some(sqlite) = journal.sqlite() {
        sqlite
            .read(move |connection| {
                let there: bool = connection.query_row(
                    "SELECT count(*) > 0 FROM sqlite_schema WHERE name = ?1",
                    [STATE],
                    |row| row.get(0),
                )?;
                if !there {
                    return Ok(None);
                }
                connection
                    .query_row(&read, [], |row| Ok((row.get(0)?, row.get(1)?)))
                    .map(Some)
            })
            .await?
    } else if let Some(postgres) = journal.postgres() {
        let client = postgres.pool().get().await.map_err(unavailable)?;
        let there = client
            .query_one("SELECT to_regclass($1) IS NOT NULL", &[&STATE])
            .await?;
        if there.get::<_, bool>(0) {
            let row = client.query_one(&read, &[]).await?;
            Some((row.get(0), row.get(1)))
        } else {
            None
        }
    } else {
        None
    };
    Ok(found
        .filter(|(form, _)| *form == FORM)
        .and_then(|(_, seq)| u64::try_from(seq).ok()))
}

/// Writes rows and the checkpoint in one transaction. Nothing is written when somebody else has moved the checkpoint.
pub async fn write(
    journal: &Journal,
    rows: Vec<Row>,
    from: u64,
    to: u64,
) -> Result<(), JournalError> {
    let number = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
    let (from, to) = (number(from), number(to));
    let moved = format!("UPDATE {STATE} SET seq = $1 WHERE seq = $2");
    let mut statements = Vec::with_capacity(rows.len());
    for row in rows {
        statements.push((put(table(row.table)?), row.values));
    }
    if let Some(sqlite) = journal.sqlite() {
        return sqlite
            .write(move |connection| {
                let transaction = connection.transaction()?;
                if transaction.execute(&moved, [to, from])? == 1 {
                    for (sql, values) in statements {
                        transaction
                            .prepare_cached(&sql)?
                            .execute(rusqlite::params_from_iter(values.into_iter().map(cell)))?;
                    }
                    transaction.commit()?;
                }
                Ok(())
            })
            .await;
    }
    let Some(postgres) = journal.postgres() else {
        return Ok(());
    };
    let mut client = postgres.pool().get().await.map_err(unavailable)?;
    let transaction = client.transaction().await?;
    if transaction.execute(&moved, &[&to, &from]).await? == 1 {
        for (sql, values) in statements {
            let statement = transaction.prepare_cached(&sql).await?;
            let values: Vec<Box<dyn ToSql + Sync + Send>> =
                values.into_iter().map(parameter).collect();
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| &**value as _).collect();
            transaction.execute(&statement, &values).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Text(Some(text)) => Cell::Text(text),
        Value::Number(Some(number)) => Cell::Integer(number),
        Value::Time(Some(at)) => Cell::Text(at.to_string()),
        Value::Text(None) | Value::Number(None) | Value::Time(None) => Cell::Null,
    }
}

fn parameter(value: Value) -> Box<dyn ToSql + Sync + Send> {
    match value {
        Value::Text(text) => Box::new(text),
        Value::Number(number) => Box::new(number),
        Value::Time(at) => Box::new(at.map(|at| {
            let micros = u64::try_from(at.as_microsecond());
            match micros {
                Ok(micros) => UNIX_EPOCH + Duration::from_micros(micros),
                Err(_) => UNIX_EPOCH - Duration::from_micros(at.as_microsecond().unsigned_abs()),
            }
        })),
    }
}
