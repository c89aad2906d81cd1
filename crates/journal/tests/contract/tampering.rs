//! Somebody with the database's password changes the journal behind our back.

use lifeline_journal::{Break, Check, Entry, Epoch, Fault, Head, Journal, JournalError, Seek};

use crate::database::{Database, draft, drafts};

const ENTRIES: u64 = 10;

pub async fn the_database_itself_refuses_changes(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..ENTRIES)).await.unwrap();
    for sql in [
        "UPDATE journal SET body = '{}' WHERE seq = 3",
        "UPDATE journal SET seq = 99 WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 10",
        "DELETE FROM journal",
    ] {
        let error = database.try_sql(sql).await.unwrap_err();
        assert!(error.to_string().contains("append only"), "{sql}: {error}");
    }
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
}

pub async fn verification_names_the_first_broken_entry(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..ENTRIES)).await.unwrap();
    database.disarm().await;
    database.sql("CREATE TABLE saved AS SELECT * FROM journal; CREATE TABLE saved_head AS SELECT * FROM journal_head").await;
    let renumber = "DELETE FROM journal WHERE seq = 6;
         UPDATE journal SET seq = seq + 1000 WHERE seq > 6; UPDATE journal SET seq = seq - 1001 WHERE seq > 1000;
         UPDATE journal_head SET seq = 9";
    let swap =
        "UPDATE journal SET seq = 1006 WHERE seq = 6; UPDATE journal SET seq = 6 WHERE seq = 7;
         UPDATE journal SET seq = 7 WHERE seq = 1006";
    let beyond = "INSERT INTO journal SELECT seq + 1, at_ms, actor, workstation, command, kind, version, body, subjects,
         hash, prev_hash FROM journal WHERE seq = 10";
    let no_uuid =
        "UPDATE journal SET command = (SELECT command FROM journal WHERE seq = 7) WHERE seq = 6";
    let cases = [
        (
            "UPDATE journal SET body = replace(body, '5', '4') WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET body = body || ' ' WHERE seq = 10",
            10,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET actor = 'person:9' WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET workstation = '' WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (no_uuid, 6, Fault::Altered),
        (
            "UPDATE journal SET kind = 'unit.lost' WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET version = 2 WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET subjects = '[]' WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET hash = prev_hash WHERE seq = 6",
            6,
            Fault::Altered,
        ),
        (
            "UPDATE journal SET prev_hash = hash WHERE seq = 6",
            6,
            Fault::Unlinked,
        ),
        ("DELETE FROM journal WHERE seq = 1", 1, Fault::Missing),
        ("DELETE FROM journal WHERE seq = 6", 6, Fault::Missing),
        ("DELETE FROM journal WHERE seq = 10", 10, Fault::Missing),
        ("DELETE FROM journal", 1, Fault::Missing),
        (swap, 6, Fault::Unlinked),
        (renumber, 6, Fault::Unlinked),
        (
            "UPDATE journal_head SET hash = (SELECT hash FROM journal WHERE seq = 9)",
            10,
            Fault::HeadDiffers,
        ),
        (beyond, 11, Fault::BeyondHead),
    ];
    for (sql, seq, fault) in cases {
        database.sql(sql).await;
        let report = journal.verify(|_| ()).await.unwrap();
        // Only if the recorded head is wrong are the entries up to it sound.
        let sound = if fault == Fault::HeadDiffers {
            seq
        } else {
            seq - 1
        };
        assert_eq!(report.broken, Some(Break { seq, fault }), "{sql}");
        assert_eq!(report.entries, sound, "{sql}");
        restore(&database, &journal).await;
    }
    database
        .sql("UPDATE journal SET subjects = 'unit:1' WHERE seq = 6")
        .await;
    let report = journal.verify(|_| ()).await.unwrap();
    let broken = report.broken.unwrap();
    assert!(matches!(broken.fault, Fault::Unreadable(_)), "{broken:?}");
    assert_eq!(broken.seq, 6);
    restore(&database, &journal).await;
    a_forged_entry_breaks_the_next_one(&database, &journal).await;
}

/// Even if the forger computes the right hash for what he wrote.
async fn a_forged_entry_breaks_the_next_one(database: &Database, journal: &Journal) {
    let before = journal.entry(5).await.unwrap().unwrap();
    let mut forged = draft(5);
    forged.body = "{}".to_owned();
    let forged = Entry::seal(forged, before.as_head());
    let hash = database.binary(&forged.hash.0);
    database
        .sql(&format!(
            "UPDATE journal SET body = '{}', hash = {hash} WHERE seq = 6",
            forged.body
        ))
        .await;
    assert_eq!(journal.entry(6).await.unwrap().unwrap(), forged);
    let report = journal.verify(|_| ()).await.unwrap();
    assert_eq!(
        report.broken,
        Some(Break {
            seq: 7,
            fault: Fault::Unlinked
        })
    );
}

async fn restore(database: &Database, journal: &Journal) {
    database
        .sql(
            "DELETE FROM journal; INSERT INTO journal SELECT * FROM saved;
             DELETE FROM journal_head; INSERT INTO journal_head SELECT * FROM saved_head",
        )
        .await;
    assert!(journal.verify(|_| ()).await.unwrap().is_sound());
}

pub async fn a_stream_that_checks_stops_at_the_broken_entry(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..ENTRIES)).await.unwrap();
    database.disarm().await;
    database
        .sql("UPDATE journal SET actor = 'person:9' WHERE seq = 6")
        .await;
    let mut seen = 0;
    let mut count = |_| {
        seen += 1;
        Ok::<_, JournalError>(())
    };
    let error = journal
        .replay(1, Check::Chain, &mut count)
        .await
        .unwrap_err();
    assert!(
        matches!(error, JournalError::Corrupt { seq: Some(6), .. }),
        "{error:?}"
    );
    journal
        .replay(1, Check::Sequence, &mut count)
        .await
        .unwrap();
    assert_eq!(seen, ENTRIES);
    database.sql("DELETE FROM journal WHERE seq = 8").await;
    for from in [1, 7] {
        let error = journal
            .replay(from, Check::Sequence, |_| Ok::<_, JournalError>(()))
            .await
            .unwrap_err();
        assert!(
            matches!(error, JournalError::Corrupt { seq: Some(8), .. }),
            "{error:?}"
        );
    }
    let error = journal.follow(0).next_batch().await.unwrap_err();
    assert!(
        matches!(error, JournalError::Corrupt { seq: Some(6), .. }),
        "{error:?}"
    );
}

pub async fn a_writer_notices_a_head_that_was_moved(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..ENTRIES)).await.unwrap();
    database
        .sql("UPDATE journal_head SET seq = 9, hash = (SELECT hash FROM journal WHERE seq = 9)")
        .await;
    let error = journal.append(epoch, 10, drafts(10..11)).await.unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Behind {
                head: Head { seq: 9, .. }
            }
        ),
        "{error:?}"
    );
    // The place is taken: nothing is overwritten, and it is not reported as the caller's fault.
    let error = journal.append(epoch, 9, drafts(10..11)).await.unwrap_err();
    assert!(
        matches!(error, JournalError::Corrupt { seq: Some(10), .. }),
        "{error:?}"
    );
    assert_eq!(
        journal.entry(10).await.unwrap().unwrap().into_draft(),
        draft(9)
    );
}

pub async fn two_subjects_with_one_key_are_told_apart(database: Database) {
    let (journal, epoch) = database.writer().await;
    // Enough for an index that is written behind.
    journal.append(epoch, 0, drafts(0..2000)).await.unwrap();
    journal.ping().await.unwrap();
    // As if unit:1 and unit:2 had the same key in the index.
    let (table, run) = match journal.sqlite() {
        Some(_) => ("journal_subject_recent", "run, "),
        None => ("journal_subject", ""),
    };
    database
        .sql(&format!(
            "INSERT INTO {table} SELECT {run}(SELECT max(subject_key) FROM {table} WHERE seq = 2 AND
                 subject_key IN (SELECT subject_key FROM {table} WHERE seq = 7)), seq
             FROM {table} WHERE seq IN (3, 8) AND subject_key IN
                 (SELECT subject_key FROM {table} GROUP BY subject_key HAVING count(*) > 1)"
        ))
        .await;
    let page = journal
        .read_by_subject("unit:1", Seek::OLDEST, 4)
        .await
        .unwrap();
    let seqs: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!((seqs, page.next), (vec![2, 7], Some(Seek::After(8))));
    assert_eq!(journal.lease().await.unwrap().epoch, Epoch(1));
}
