//! Journals of earlier releases: their hashes stay reproducible and their files stay readable, for ever.

use lifeline_journal::{Check, Draft, Entry, Head, Journal, JournalError, testing::TestFolder};
use proptest::prelude::*;
use uuid::Uuid;

use crate::database::Database;

/// Written by an independent program from the description of `Entry::computed_hash`, not by this crate.
const V0_1: &str = include_str!("../golden/v0.1.jsonl");
/// The same journal as an SQLite database with schema 1.
const V0_1_SQLITE: &str = include_str!("../golden/v0.1.sqlite.sql");

fn entries() -> Vec<Entry> {
    V0_1.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub async fn golden_hashes_are_reproduced(database: Database) {
    let golden = entries();
    assert_eq!(golden.len(), 8);
    let (journal, epoch) = database.writer().await;
    let drafts: Vec<Draft> = golden.iter().cloned().map(Entry::into_draft).collect();
    let receipts = journal.append(epoch, 0, drafts).await.unwrap();
    let hashes: Vec<_> = receipts.iter().map(|receipt| receipt.hash).collect();
    let expected: Vec<_> = golden.iter().map(|entry| entry.hash).collect();
    assert_eq!(hashes, expected);
    assert_eq!(journal.read(1, 100).await.unwrap(), golden);
    let lines: Vec<String> = golden
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect();
    assert_eq!(lines, V0_1.lines().collect::<Vec<_>>());
}

#[test]
fn a_golden_sqlite_file_is_read_and_continued() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let folder = TestFolder::new().unwrap();
        let path = folder.path().join("journal.sqlite");
        rusqlite::Connection::open(path)
            .unwrap()
            .execute_batch(V0_1_SQLITE)
            .unwrap();
        let journal = Journal::open(&folder.sqlite_url()).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
        let golden = entries();
        assert_eq!(journal.read(1, 100).await.unwrap(), golden);
        let epoch = crate::database::lease(&journal, "now").await;
        journal
            .append(epoch, 8, crate::database::drafts(0..3))
            .await
            .unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    });
}

fn name() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{10ffff}]{1,20}")
        .unwrap()
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let body = proptest::string::string_regex("[^\u{0}]{0,60}").unwrap();
    (
        any::<i64>(),
        name(),
        name(),
        0_u128..8,
        name(),
        any::<u16>(),
        body,
        prop::collection::vec(name(), 0..4),
    )
        .prop_map(
            |(at_ms, actor, workstation, command, kind, version, body, subjects)| Draft {
                at_ms,
                actor,
                workstation,
                command: Uuid::from_u128(command),
                kind,
                version,
                body,
                subjects,
            },
        )
}

pub async fn whatever_is_written_is_read_back(database: Database) {
    let (journal, epoch) = database.writer().await;
    let handle = tokio::runtime::Handle::current();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let batches = prop::collection::vec(prop::collection::vec(any_draft(), 0..12), 1..4);
    let outcome = tokio::task::block_in_place(|| {
        runner.run(&batches, |batches| {
            handle.block_on(async {
                let start = journal.head().await?;
                let mut head = start;
                let mut expected = Vec::new();
                for batch in batches {
                    for draft in batch.iter().cloned() {
                        let entry = Entry::seal(draft, head);
                        head = entry.as_head();
                        expected.push(entry);
                    }
                    let after = head.seq - batch.len() as u64;
                    journal.append(epoch, after, batch).await?;
                }
                prop_assert_eq!(journal.head().await?, head);
                let mut found = Vec::new();
                journal
                    .replay(start.seq + 1, Check::Chain, |entry| {
                        found.push(entry);
                        Ok::<_, JournalError>(())
                    })
                    .await?;
                prop_assert_eq!(&found, &expected);
                for entry in &expected {
                    let known = journal.known(&[entry.command]).await?;
                    let same: Vec<_> = known[&entry.command]
                        .iter()
                        .filter(|other| other.seq > start.seq)
                        .collect();
                    let own: Vec<_> = expected
                        .iter()
                        .filter(|other| other.command == entry.command)
                        .collect();
                    prop_assert_eq!(same, own);
                }
                Ok(())
            })
        })
    });
    outcome.unwrap();
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    assert_ne!(journal.head().await.unwrap(), Head::EMPTY);
}
