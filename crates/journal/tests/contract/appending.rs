//! Appending, the lease, and who is refused.

use std::time::Duration;

use lifeline_journal::{
    Draft, Entry, Epoch, Hash, Head, JournalError, LeaseAnswer, MAX_BATCH, MAX_BODY_BYTES,
};

use crate::database::{Database, TTL, draft, drafts, lease};

pub async fn a_new_journal_is_empty(database: Database) {
    let journal = database.open().await;
    assert_eq!(journal.head().await.unwrap(), Head::EMPTY);
    assert_eq!(journal.read(1, 10).await.unwrap(), []);
    assert_eq!(journal.entry(1).await.unwrap(), None);
    assert_eq!(journal.lease().await.unwrap().epoch, Epoch(0));
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    journal.ping().await.unwrap();
}

pub async fn the_chain_is_continuous(database: Database) {
    let (journal, epoch) = database.writer().await;
    let mut receipts = Vec::new();
    for (after, size) in [(0, 1), (1, 256), (257, 43)] {
        receipts.extend(
            journal
                .append(epoch, after, drafts(after..after + size))
                .await
                .unwrap(),
        );
    }
    let entries = journal.read(1, 1000).await.unwrap();
    assert_eq!(entries.len(), 300);
    let mut head = Head::EMPTY;
    for (number, (entry, receipt)) in entries.iter().zip(&receipts).enumerate() {
        let expected = Entry::seal(draft(number as u64), head);
        assert_eq!(*entry, expected);
        assert_eq!((receipt.seq, receipt.hash), (entry.seq, entry.hash));
        head = entry.as_head();
    }
    assert_eq!(journal.head().await.unwrap(), head);
    assert_ne!(head.hash, Hash::GENESIS);
    assert_eq!(journal.entry(77).await.unwrap().unwrap(), entries[76]);
    let mut progress = Vec::new();
    let report = journal.verify(|step| progress.push(step)).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.entries, report.head), (300, head));
    assert_eq!(
        progress.last().map(|step| (step.done, step.total)),
        Some((300, 300))
    );
}

pub async fn a_reopened_journal_goes_on(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..3)).await.unwrap();
    drop(journal);
    let journal = database.open().await;
    assert_eq!(journal.head().await.unwrap().seq, 3);
    // The epoch outlives the process: it is in the database.
    journal.append(epoch, 3, drafts(3..5)).await.unwrap();
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
}

pub async fn what_cannot_be_kept_is_refused_whole(database: Database) {
    let (journal, epoch) = database.writer().await;
    let spoil: [fn(&mut Draft); 9] = [
        |draft| draft.kind.clear(),
        |draft| draft.kind.push('\n'),
        |draft| draft.actor.push('\0'),
        |draft| draft.workstation = "w".repeat(257),
        |draft| draft.body.push('\0'),
        |draft| draft.body = "x".repeat(MAX_BODY_BYTES + 1),
        |draft| draft.subjects = vec!["s".to_owned(); 513],
        |draft| draft.subjects.push(String::new()),
        |draft| draft.subjects.push("unit:\u{7f}".to_owned()),
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        let mut batch = drafts(0..3);
        spoil(&mut batch[1]);
        let error = journal.append(epoch, 0, batch).await.unwrap_err();
        assert!(
            matches!(error, JournalError::Invalid(_)),
            "{number}: {error:?}"
        );
    }
    let too_many = drafts(0..MAX_BATCH as u64 + 1);
    let error = journal.append(epoch, 0, too_many).await.unwrap_err();
    assert!(matches!(error, JournalError::Invalid(_)), "{error:?}");
    assert_eq!(journal.head().await.unwrap(), Head::EMPTY);
    journal
        .append(epoch, 0, drafts(0..MAX_BATCH as u64))
        .await
        .unwrap();
}

pub async fn a_writer_that_is_behind_is_refused(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..3)).await.unwrap();
    let head = journal.head().await.unwrap();
    for after in [0, 2, 4] {
        let error = journal
            .append(epoch, after, drafts(3..4))
            .await
            .unwrap_err();
        assert_eq!(error, JournalError::Behind { head });
    }
    // A second handle with the same epoch writes; the first one's memory of the head is out of date.
    let other = database.open().await;
    other.append(epoch, 3, drafts(3..4)).await.unwrap();
    let error = journal.append(epoch, 3, drafts(4..5)).await.unwrap_err();
    let head = other.head().await.unwrap();
    assert_eq!(error, JournalError::Behind { head });
    journal.append(epoch, 4, drafts(4..5)).await.unwrap();
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
}

pub async fn an_empty_batch_only_checks_the_lease(database: Database) {
    let (journal, epoch) = database.writer().await;
    assert_eq!(journal.append(epoch, 0, Vec::new()).await.unwrap(), []);
    let error = journal.append(Epoch(99), 0, Vec::new()).await.unwrap_err();
    assert_eq!(
        error,
        JournalError::Fenced {
            held: Epoch(99),
            current: epoch
        }
    );
    assert_eq!(journal.head().await.unwrap(), Head::EMPTY);
}

pub async fn the_lease_is_exclusive_until_released(database: Database) {
    let first = database.open().await;
    let second = database.open().await;
    let epoch = lease(&first, "first").await;
    match second.acquire_lease("second", TTL).await.unwrap() {
        LeaseAnswer::Held { holder, remaining } => {
            assert_eq!(holder, "first");
            assert!(remaining <= TTL && remaining > TTL / 2, "{remaining:?}");
        }
        granted => panic!("{granted:?}"),
    }
    first.renew_lease(epoch, TTL).await.unwrap();
    first.release_lease(epoch).await.unwrap();
    assert_eq!(first.lease().await.unwrap().remaining, Duration::ZERO);
    let next = lease(&second, "second").await;
    assert!(next > epoch);
    let fenced = JournalError::Fenced {
        held: epoch,
        current: next,
    };
    assert_eq!(first.renew_lease(epoch, TTL).await.unwrap_err(), fenced);
    assert_eq!(first.release_lease(epoch).await.unwrap_err(), fenced);
    assert_eq!(
        second.lease().await.unwrap().holder.as_deref(),
        Some("second")
    );
    assert!(first.acquire_lease("first", Duration::ZERO).await.is_err());
}

pub async fn a_restarted_holder_deposes_its_former_self(database: Database) {
    let before = database.open().await;
    let old = lease(&before, "server-a").await;
    before.append(old, 0, drafts(0..2)).await.unwrap();
    let after = database.open().await;
    let new = lease(&after, "server-a").await;
    let error = before.append(old, 2, drafts(2..3)).await.unwrap_err();
    assert_eq!(
        error,
        JournalError::Fenced {
            held: old,
            current: new
        }
    );
    after.append(new, 2, drafts(2..3)).await.unwrap();
}

pub async fn an_expired_lease_is_taken_over_and_the_old_writer_is_fenced(database: Database) {
    let first = database.open().await;
    let brief = Duration::from_millis(1);
    let LeaseAnswer::Granted(old) = first.acquire_lease("first", brief).await.unwrap() else {
        panic!("nobody else holds it");
    };
    first.append(old.epoch, 0, drafts(0..2)).await.unwrap();
    let second = database.open().await;
    let new = loop {
        match second.acquire_lease("second", TTL).await.unwrap() {
            LeaseAnswer::Granted(lease) => break lease.epoch,
            LeaseAnswer::Held { remaining, .. } => tokio::time::sleep(remaining).await,
        }
    };
    let error = first.append(old.epoch, 2, drafts(2..4)).await.unwrap_err();
    assert_eq!(
        error,
        JournalError::Fenced {
            held: old.epoch,
            current: new
        }
    );
    assert_eq!(second.head().await.unwrap().seq, 2);
    second.append(new, 2, drafts(2..4)).await.unwrap();
    assert!(second.verify(|_| ()).await.unwrap().is_sound());
}

pub async fn two_writers_racing_on_one_database_lose_nothing(database: Database) {
    // Both believe to be the writer and fight for the lease; each batch is written exactly once.
    let race = |holder: &'static str, first: u64| {
        let url = database.url();
        tokio::spawn(async move {
            let journal = lifeline_journal::Journal::open(&url).await.unwrap();
            let brief = Duration::from_millis(1);
            let (mut epoch, mut after, mut next) = (Epoch(0), 0, first);
            while next < first + 200 {
                match journal.append(epoch, after, drafts(next..next + 5)).await {
                    Ok(receipts) => {
                        after = receipts.last().unwrap().seq;
                        next += 5;
                    }
                    Err(JournalError::Behind { head }) => after = head.seq,
                    Err(JournalError::Fenced { .. }) => {
                        let answer = journal.acquire_lease(holder, brief).await.unwrap();
                        if let LeaseAnswer::Granted(lease) = answer {
                            epoch = lease.epoch;
                        }
                    }
                    Err(JournalError::Unavailable(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    };
    let (left, right) = (race("left", 0), race("right", 1000));
    left.await.unwrap();
    right.await.unwrap();
    let journal = database.open().await;
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    let entries = journal.read(1, 1000).await.unwrap();
    let mut commands: Vec<_> = entries.iter().map(|entry| entry.command).collect();
    assert_eq!(commands.len(), 400);
    commands.sort_unstable();
    commands.dedup();
    assert_eq!(commands.len(), 400);
}
