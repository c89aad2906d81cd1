//! The database fails and comes back.

use lifeline_journal::{
    Draft, Epoch, Journal, JournalError, SNAPSHOT_CHUNK, Snapshot, testing::TestFolder,
};

use crate::database::{Database, draft, drafts, lease};

pub async fn damaged_snapshots_are_passed_over(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..5)).await.unwrap();
    let state = |seq: u64| Snapshot {
        seq,
        format_version: 1,
        bytes: vec![seq as u8; SNAPSHOT_CHUNK + 5],
    };
    for seq in [1, 2, 3] {
        journal
            .save_snapshot(seq, 1, state(seq).bytes)
            .await
            .unwrap();
    }
    assert_eq!(journal.latest_snapshot().await.unwrap(), Some(state(3)));
    // As long as the piece it replaces.
    let byte = database.binary(&[3, 3, 3, 3, 2]);
    // A flipped byte, then a lost piece, then another history: each time the one before is taken.
    database
        .sql(&format!("UPDATE snapshot_chunk SET bytes = {byte} WHERE ordinal = 1 AND snapshot = (SELECT max(id) FROM snapshot)"))
        .await;
    assert_eq!(journal.latest_snapshot().await.unwrap(), Some(state(2)));
    database
        .sql("DELETE FROM snapshot_chunk WHERE ordinal = 0 AND snapshot = (SELECT max(id) - 1 FROM snapshot)")
        .await;
    assert_eq!(journal.latest_snapshot().await.unwrap(), Some(state(1)));
    database
        .sql("UPDATE snapshot SET entry_hash = digest WHERE seq = 1")
        .await;
    assert_eq!(journal.latest_snapshot().await.unwrap(), None);
    journal.save_snapshot(4, 1, state(4).bytes).await.unwrap();
    assert_eq!(journal.latest_snapshot().await.unwrap(), Some(state(4)));
}

pub async fn an_unfinished_snapshot_is_never_mixed_with_the_next(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..5)).await.unwrap();
    let piece = database.binary(&[7]);
    database
        .sql(&format!(
            "INSERT INTO snapshot_chunk VALUES (1, 0, {piece}), (1, 1, {piece})"
        ))
        .await;
    journal.save_snapshot(5, 1, vec![1, 2, 3]).await.unwrap();
    let snapshot = journal.latest_snapshot().await.unwrap().unwrap();
    assert_eq!(snapshot.bytes, [1, 2, 3]);
    assert_eq!(database.count("snapshot_chunk").await, 1);
}

pub async fn a_newer_schema_is_refused(database: Database) {
    database.open().await;
    database.raise_schema().await;
    let error = Journal::open(&database.url()).await.unwrap_err();
    assert!(
        matches!(error, JournalError::Schema { found: 99, known } if known < 99),
        "{error:?}"
    );
}

pub async fn a_cancelled_append_leaves_no_false_memory(database: Database) {
    let (journal, epoch) = database.writer().await;
    let mut next = 0;
    for round in 0_u64..60 {
        let appending = journal.append(epoch, next, drafts(next..next + 50));
        // Cancelled at a different point every time, often before the answer and after the commit.
        let cancelled =
            tokio::time::timeout(std::time::Duration::from_micros(round * 60), appending);
        match cancelled.await {
            Ok(receipts) => next = receipts.unwrap().last().unwrap().seq,
            Err(_) => {
                // Behind an empty batch the cancelled one has either landed or will never.
                next = match journal.append(epoch, next, Vec::new()).await {
                    Ok(_) => next,
                    Err(JournalError::Behind { head }) => head.seq,
                    Err(error) => panic!("{error:?}"),
                };
            }
        }
    }
    assert!(next > 0);
    let report = journal.verify(|_| ()).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    for (number, entry) in (0..).zip(journal.read(1, 4000).await.unwrap()) {
        assert_eq!(entry.into_draft(), draft(number));
    }
}

fn on_runtime(case: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(case);
}

#[test]
fn an_address_of_no_database_is_refused() {
    on_runtime(async {
        for url in [
            "",
            "journal.sqlite",
            "mysql://localhost/x",
            "postgres://[",
            "postgres://h:notaport/x",
        ] {
            let error = Journal::open(url).await.unwrap_err();
            assert!(
                matches!(error, JournalError::Invalid(_)),
                "{url}: {error:?}"
            );
        }
        let folder = TestFolder::new().unwrap();
        let nowhere = format!("sqlite:{}/none/journal.sqlite", folder.path().display());
        let error = Journal::open(&nowhere).await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
        let error = Journal::open("postgres://u@127.0.0.1:1/x")
            .await
            .unwrap_err();
        assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
        let garbage = folder.path().join("garbage.sqlite");
        std::fs::write(
            &garbage,
            "not a database, but long enough to be looked at".repeat(100),
        )
        .unwrap();
        let error = Journal::open(&format!("sqlite:{}", garbage.display()))
            .await
            .unwrap_err();
        assert!(matches!(error, JournalError::Corrupt { .. }), "{error:?}");
    });
}

#[test]
fn sqlite_on_a_full_disk_refuses_and_recovers() {
    on_runtime(async {
        let database = Database::sqlite();
        let (journal, epoch) = database.writer().await;
        journal.append(epoch, 0, drafts(0..10)).await.unwrap();
        let pages = |count: i64| {
            let journal = journal.clone();
            async move {
                journal
                    .sqlite()
                    .unwrap()
                    .write(move |connection| {
                        connection.pragma_update(None, "max_page_count", count)
                    })
                    .await
                    .unwrap();
            }
        };
        // Never below what is in use: the disk is full from here on.
        pages(1).await;
        let large = || -> Vec<Draft> {
            drafts(10..20)
                .into_iter()
                .map(|draft| Draft {
                    body: format!("\"{}\"", "x".repeat(20_000)),
                    ..draft
                })
                .collect()
        };
        let before = journal.head().await.unwrap();
        for _ in 0..3 {
            let error = journal.append(epoch, 10, large()).await.unwrap_err();
            assert!(matches!(error, JournalError::Full(_)), "{error:?}");
            assert!(error.is_transient());
        }
        assert_eq!(journal.head().await.unwrap(), before);
        assert_eq!(journal.read(1, 100).await.unwrap().len(), 10);
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
        pages(1_000_000).await;
        journal.append(epoch, 10, large()).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    });
}

#[test]
fn sqlite_held_by_another_process_refuses_and_recovers() {
    on_runtime(async {
        let database = Database::sqlite();
        let (journal, epoch) = database.writer().await;
        let path = journal.sqlite().unwrap().path().to_owned();
        journal
            .sqlite()
            .unwrap()
            .write(|connection| connection.busy_timeout(std::time::Duration::ZERO))
            .await
            .unwrap();
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = journal.append(epoch, 0, drafts(0..1)).await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
        other.execute_batch("ROLLBACK").unwrap();
        journal.append(epoch, 0, drafts(0..1)).await.unwrap();
    });
}

#[test]
fn sqlite_outlives_a_job_that_panics() {
    on_runtime(async {
        let database = Database::sqlite();
        let (journal, epoch) = database.writer().await;
        journal.append(epoch, 0, drafts(0..2)).await.unwrap();
        let job: lifeline_journal::Result<()> = journal
            .sqlite()
            .unwrap()
            .write(|connection| {
                connection.execute_batch("BEGIN IMMEDIATE; DELETE FROM journal_head")?;
                panic!("a job of another crate")
            })
            .await;
        assert!(matches!(job, Err(JournalError::Unavailable(_))), "{job:?}");
        journal.append(epoch, 2, drafts(2..4)).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    });
}

#[test]
fn sqlite_backs_up_while_it_is_written() {
    on_runtime(async {
        let database = Database::sqlite();
        let (journal, epoch) = database.writer().await;
        journal.append(epoch, 0, drafts(0..500)).await.unwrap();
        let folder = TestFolder::new().unwrap();
        let target = folder.path().join("备份 copy.sqlite");
        let (backup, appended) = tokio::join!(
            journal.backup(&target),
            journal.append(epoch, 500, drafts(500..600))
        );
        backup.unwrap();
        appended.unwrap();
        let copy = Journal::open(&format!("sqlite:{}", target.display()))
            .await
            .unwrap();
        let report = copy.verify(|_| ()).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert!(report.entries == 500 || report.entries == 600);
        let error = journal.backup(&target).await.unwrap_err();
        assert!(matches!(error, JournalError::Invalid(_)), "{error:?}");
    });
}

#[cfg(unix)]
#[test]
fn sqlite_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    on_runtime(async {
        let database = Database::sqlite();
        let (journal, epoch) = database.writer().await;
        journal.append(epoch, 0, drafts(0..1)).await.unwrap();
        let path = journal.sqlite().unwrap().path().to_owned();
        let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
        for file in folder {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    });
}

#[test]
fn postgres_stopped_and_started_again_is_written_again() {
    let mut server = lifeline_journal::testing::TestPostgres::start().unwrap();
    on_runtime(async {
        let journal = Journal::open(&server.url("postgres")).await.unwrap();
        let epoch = lease(&journal, "writer").await;
        journal.append(epoch, 0, drafts(0..3)).await.unwrap();
        let mut follower = journal.follow(0);
        assert_eq!(follower.next_batch().await.unwrap().len(), 3);
        for (round, stop) in [
            lifeline_journal::testing::TestPostgres::stop,
            lifeline_journal::testing::TestPostgres::crash,
        ]
        .into_iter()
        .enumerate()
        {
            let after = 3 + round as u64;
            stop(&mut server).unwrap();
            let error = journal
                .append(epoch, after, drafts(after..after + 1))
                .await
                .unwrap_err();
            assert!(error.is_transient(), "{error:?}");
            assert!(journal.ping().await.is_err());
            assert!(journal.read(1, 1).await.is_err());
            assert!(follower.next_batch().await.is_err());
            server.restart().unwrap();
            journal
                .append(epoch, after, drafts(after..after + 1))
                .await
                .unwrap();
            journal.ping().await.unwrap();
            assert_eq!(follower.next_batch().await.unwrap().len(), 1);
        }
        let report = journal.verify(|_| ()).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.entries, 5);
    });
}

#[test]
fn postgres_connections_cut_during_appends_lose_and_double_nothing() {
    let server = lifeline_journal::testing::TestPostgres::start().unwrap();
    on_runtime(async {
        let journal = Journal::open(&server.url("postgres")).await.unwrap();
        let epoch = lease(&journal, "writer").await;
        let axe = Journal::open(&server.url("postgres")).await.unwrap();
        let cutting = tokio::spawn(async move {
            let client = axe.postgres().unwrap().pool().get().await.unwrap();
            let mut cut = 0;
            while cut < 40 {
                // Only while it appends, which is when it is in doubt what became of the batch.
                let rows = client
                    .query(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE state = 'active' AND query LIKE '%WITH moved%' AND pid <> pg_backend_pid()",
                        &[],
                    )
                    .await
                    .unwrap();
                cut += rows.len();
            }
        });
        let (mut next, mut failed) = (0, 0);
        while !cutting.is_finished() {
            match journal.append(epoch, next, drafts(next..next + 200)).await {
                Ok(receipts) => next = receipts.last().unwrap().seq,
                // It says that nothing was written; if it lied, the next append is refused as behind.
                Err(JournalError::Unavailable(_)) => failed += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        cutting.await.unwrap();
        assert!(failed > 0);
        let report = journal.verify(|_| ()).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.entries, next);
        assert_ne!(epoch, Epoch(0));
    });
}
