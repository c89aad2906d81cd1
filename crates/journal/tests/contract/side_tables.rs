//! Snapshots, checkpoints, secrets and sessions.

use lifeline_journal::{Hash, JournalError, KEPT_SNAPSHOTS, SNAPSHOT_CHUNK, Session, Snapshot};

use crate::database::{Database, drafts};

pub async fn snapshots_come_back_and_are_pruned(database: Database) {
    let (journal, epoch) = database.writer().await;
    assert_eq!(journal.latest_snapshot().await.unwrap(), None);
    journal.save_snapshot(0, 1, Vec::new()).await.unwrap();
    assert_eq!(
        journal.latest_snapshot().await.unwrap(),
        Some(Snapshot {
            seq: 0,
            format_version: 1,
            bytes: Vec::new()
        })
    );
    journal.append(epoch, 0, drafts(0..10)).await.unwrap();
    let large: Vec<u8> = (0..SNAPSHOT_CHUNK * 2 + 17)
        .map(|i| (i % 251) as u8)
        .collect();
    for seq in 1..=KEPT_SNAPSHOTS as u64 + 2 {
        let mut bytes = large.clone();
        bytes[0] = seq as u8;
        journal.save_snapshot(seq, 7, bytes.clone()).await.unwrap();
        let reopened = database.open().await;
        assert_eq!(
            reopened.latest_snapshot().await.unwrap(),
            Some(Snapshot {
                seq,
                format_version: 7,
                bytes
            })
        );
    }
    assert_eq!(database.count("snapshot").await, KEPT_SNAPSHOTS as u64);
    assert_eq!(
        database.count("snapshot_chunk").await,
        3 * KEPT_SNAPSHOTS as u64
    );
}

pub async fn a_snapshot_beyond_the_journal_is_refused(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..3)).await.unwrap();
    let error = journal.save_snapshot(4, 1, vec![1]).await.unwrap_err();
    assert!(matches!(error, JournalError::Invalid(_)), "{error:?}");
    assert_eq!(journal.latest_snapshot().await.unwrap(), None);
    assert_eq!(database.count("snapshot_chunk").await, 0);
}

pub async fn checkpoints_are_remembered(database: Database) {
    let journal = database.open().await;
    assert_eq!(journal.checkpoint("reports").await.unwrap(), None);
    journal.set_checkpoint("reports", 7).await.unwrap();
    journal.set_checkpoint("hub", 3).await.unwrap();
    journal.set_checkpoint("reports", 9).await.unwrap();
    let reopened = database.open().await;
    assert_eq!(reopened.checkpoint("reports").await.unwrap(), Some(9));
    assert_eq!(reopened.checkpoint("hub").await.unwrap(), Some(3));
}

pub async fn credentials_are_replaced_and_removed(database: Database) {
    let journal = database.open().await;
    assert_eq!(journal.credential("王芳").await.unwrap(), None);
    journal.set_credential("王芳", "$argon2id$1").await.unwrap();
    journal.set_credential("王芳", "$argon2id$2").await.unwrap();
    assert_eq!(
        journal.credential("王芳").await.unwrap().as_deref(),
        Some("$argon2id$2")
    );
    assert_eq!(journal.credential("wang").await.unwrap(), None);
    assert!(journal.remove_credential("王芳").await.unwrap());
    assert!(!journal.remove_credential("王芳").await.unwrap());
    assert_eq!(journal.credential("王芳").await.unwrap(), None);
    assert!(matches!(
        journal.set_credential("x", &"p".repeat(1025)).await,
        Err(JournalError::Invalid(_))
    ));
}

pub async fn sessions_live_until_they_end(database: Database) {
    let journal = database.open().await;
    let session = |token: &str, user: &str, expires_ms| Session {
        token_hash: Hash::of(token.as_bytes()),
        user: user.to_owned(),
        created_ms: 100,
        touched_ms: 100,
        expires_ms,
        data: r#"{"language":"zh-CN"}"#.to_owned(),
    };
    let (a, b, c, d) = (
        session("a", "li", 900),
        session("b", "li", 200),
        session("c", "he", 900),
        session("d", "he", 201),
    );
    for session in [&a, &b, &c, &d] {
        journal.put_session(session.clone()).await.unwrap();
    }
    assert_eq!(
        journal.session(a.token_hash).await.unwrap().as_ref(),
        Some(&a)
    );
    assert_eq!(journal.session(Hash::of(b"z")).await.unwrap(), None);
    assert!(journal.touch_session(a.token_hash, 150, 950).await.unwrap());
    assert!(
        !journal
            .touch_session(Hash::of(b"z"), 150, 950)
            .await
            .unwrap()
    );
    let touched = Session {
        touched_ms: 150,
        expires_ms: 950,
        ..a
    };
    assert_eq!(
        journal.sessions_of("li").await.unwrap(),
        [touched, b.clone()]
    );
    assert_eq!(journal.prune_sessions(200).await.unwrap(), 1);
    assert_eq!(journal.session(b.token_hash).await.unwrap(), None);
    assert!(journal.end_session(c.token_hash).await.unwrap());
    assert!(!journal.end_session(c.token_hash).await.unwrap());
    assert_eq!(journal.end_sessions_of("he").await.unwrap(), 1);
    assert_eq!(journal.sessions_of("he").await.unwrap(), []);
    assert_eq!(journal.sessions_of("li").await.unwrap().len(), 1);
    let mut huge = d;
    huge.data = "x".repeat(lifeline_journal::MAX_SESSION_BYTES + 1);
    assert!(matches!(
        journal.put_session(huge).await,
        Err(JournalError::Invalid(_))
    ));
}
