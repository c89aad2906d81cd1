//! kill -9 in the middle of appending.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use lifeline_journal::Journal;

use crate::database::{Database, command, drafts, lease};

const KILLS: u64 = 24;
const CHILD: &str = "crash::appends_until_it_is_killed";
const URL: &str = "LIFELINE_CRASH_URL";

/// The child: appends batches of growing and shrinking size and says so after each receipt.
#[test]
#[ignore = "runs as the child of the crash tests"]
fn appends_until_it_is_killed() {
    let url = std::env::var(URL).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let journal = Journal::open(&url).await.unwrap();
        let epoch = lease(&journal, "child").await;
        let mut next = journal.head().await.unwrap().seq;
        loop {
            let size = next % 37 + 1;
            let receipts = journal
                .append(epoch, next, drafts(next..next + size))
                .await
                .unwrap();
            next = receipts.last().unwrap().seq;
            println!("\nacknowledged {next}");
        }
    });
}

pub async fn killed_while_appending_it_keeps_every_acknowledged_entry(database: Database) {
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([CHILD, "--exact", "--ignored", "--nocapture"])
            .env(URL, database.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = |acknowledged: &mut u64| {
            let line = lines.next()?.ok()?;
            if let Some(number) = line.strip_prefix("acknowledged ") {
                *acknowledged = number.parse().ok()?;
            }
            Some(())
        };
        let first = acknowledged;
        while acknowledged == first {
            heard(&mut acknowledged).expect("the child appends until it is killed");
        }
        // A different moment each time, down to fractions of one batch.
        std::thread::sleep(Duration::from_micros(kill * kill * 37));
        child.kill().unwrap();
        child.wait().unwrap();
        while heard(&mut acknowledged).is_some() {}

        let journal = database.open().await;
        let report = journal.verify(|_| ()).await.unwrap();
        assert!(report.is_sound(), "kill {kill}: {report:?}");
        assert!(
            report.entries >= acknowledged,
            "kill {kill}: {} < {acknowledged}",
            report.entries
        );
        acknowledged = report.entries;
    }
    let journal = database.open().await;
    let mut number = 0;
    let mut stream = journal.stream(1, lifeline_journal::Check::Chain);
    while let Some(entries) = stream.next_batch().await.unwrap() {
        for entry in entries {
            // In order and without gaps, so none is there twice.
            assert_eq!(entry.command, command(number));
            number += 1;
        }
    }
    assert_eq!(number, acknowledged);
}
