//! The reporting tables on both databases: kept up while the hospital works, they are what a rebuild makes.

use lifeline_journal::{
    Journal,
    testing::{TestFolder, TestPostgres},
};
use lifeline_reports::{Progress, TABLES, Table, progress, reset, update};
use lifeline_server::clock::Clock;
use lifeline_server::serve::{Config, open};

#[tokio::test(flavor = "multi_thread")]
async fn kept_up_on_sqlite_they_equal_a_rebuild() {
    let folder = TestFolder::new().unwrap();
    kept_up_they_equal_a_rebuild(folder.sqlite_url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_up_on_postgres_they_equal_a_rebuild() {
    let server = TestPostgres::start().unwrap();
    kept_up_they_equal_a_rebuild(server.url("postgres")).await;
}

async fn kept_up_they_equal_a_rebuild(database: String) {
    let config = Config {
        database,
        ..Config::default()
    };
    let app = open(&config, Clock::System).await.unwrap();
    let desk = app.desk.clone();
    let journal = desk.journal().clone();
    assert_eq!(progress(&journal).await.unwrap(), None, "no tables yet");
    let furnishing = tokio::spawn(lifeline_demo::furnish(app));
    let mut steps = 0;
    while !furnishing.is_finished() {
        update(&journal, &desk.state()).await.unwrap();
        steps += 1;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    furnishing.await.unwrap().unwrap();
    assert!(steps > 1);
    let hospital = desk.state();
    let head = hospital.seq;
    assert_eq!(update(&journal, &hospital).await.unwrap(), head);
    let kept_up = dump(&journal).await;
    assert_eq!(kept_up["report_unit"].len(), hospital.units.len());
    assert!(kept_up["report_unit_movement"].len() >= hospital.units.len());
    assert_eq!(kept_up["report_test"].len(), hospital.tests.iter().count());
    assert_eq!(
        kept_up["report_sample"].len(),
        hospital.samples.iter().count()
    );

    reset(&journal).await.unwrap();
    let empty = Progress { done: 0, head };
    assert_eq!(progress(&journal).await.unwrap(), Some(empty));
    update(&journal, &hospital).await.unwrap();
    let rebuilt = dump(&journal).await;
    for table in TABLES {
        assert_eq!(kept_up[table.name], rebuilt[table.name], "{}", table.name);
    }
    let all = Progress { done: head, head };
    assert_eq!(progress(&journal).await.unwrap(), Some(all));

    // A rebuild by the command line over tables that are there already.
    let text = serde_json::to_string(&kept_up).unwrap();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args(["reports", "rebuild", "--database", &config.database])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(serde_json::to_string(&dump(&journal).await).unwrap(), text);
}

/// Every row of every table as text, in the order of the keys.
async fn dump(journal: &Journal) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut tables = std::collections::BTreeMap::new();
    for table in TABLES {
        tables.insert(table.name.to_owned(), rows(journal, table).await);
    }
    tables
}

async fn rows(journal: &Journal, table: &Table) -> Vec<String> {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let array = match journal.sqlite() {
        Some(_) => format!("json_array({})", names.join(", ")),
        None => format!("json_build_array({})::text", names.join(", ")),
    };
    let sql = format!(
        "SELECT {array} FROM {} ORDER BY {}",
        table.name,
        names[..table.key].join(", ")
    );
    if let Some(sqlite) = journal.sqlite() {
        return sqlite
            .read(move |connection| {
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                rows.collect()
            })
            .await
            .unwrap();
    }
    let client = journal.postgres().unwrap().pool().get().await.unwrap();
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
