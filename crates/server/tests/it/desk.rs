use lifeline_core::finding::Rule;
use lifeline_core::hospital::Hospital;
use lifeline_journal::Journal;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, DeskError, Outcome, Standing, replay_state};

use crate::support::{Folder, desk, initialise, start, user};

#[tokio::test]
async fn a_repeated_command_answers_its_first_outcome_and_writes_nothing() {
    let folder = Folder::new();
    let desk = desk(&folder, Clock::set_at(start())).await;
    let first = initialise();
    let outcome = desk.submit(first.clone()).await.unwrap();
    let seq = desk.state().seq;
    assert!(
        matches!(&outcome, Outcome::Accepted { facts } if facts.len() as u64 == seq && seq > 10)
    );
    assert_eq!(
        desk.submit(first).await.unwrap(),
        outcome,
        "same id, same outcome"
    );
    assert_eq!(desk.state().seq, seq);

    let second = initialise();
    let refused = desk.submit(second.clone()).await.unwrap();
    let Outcome::Refused(refusal) = &refused else {
        panic!("initialised twice")
    };
    assert_eq!(refusal.findings[0].rule, Rule::AlreadyExists);
    assert_eq!(desk.state().seq, seq + 1, "the refusal is on record");
    assert_eq!(
        desk.submit(second).await.unwrap(),
        refused,
        "and is repeated, not decided again"
    );
    assert_eq!(desk.state().seq, seq + 1);
}

#[tokio::test]
async fn the_same_command_twice_in_one_batch_happens_once() {
    let folder = Folder::new();
    let desk = desk(&folder, Clock::set_at(start())).await;
    let submission = initialise();
    let (a, b) = tokio::join!(desk.submit(submission.clone()), desk.submit(submission));
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(desk.state().people.len(), 2);
}

#[tokio::test]
async fn a_command_id_answers_only_whoever_gave_it() {
    let folder = Folder::new();
    let desk = desk(&folder, Clock::set_at(start())).await;
    let first = initialise();
    desk.submit(first.clone()).await.unwrap();
    let seq = desk.state().seq;
    let mut stranger = initialise();
    stranger.actor = user("stranger");
    stranger.id = first.id;
    assert!(
        matches!(desk.submit(stranger.clone()).await, Err(DeskError::IdTaken(id)) if id == first.id),
        "an outcome is its sender's business"
    );
    assert_eq!(desk.state().seq, seq, "and nothing was written");

    // Both in one batch, under an id nobody has used before.
    let mut mine = initialise();
    let mut theirs = mine.clone();
    theirs.actor = user("stranger");
    mine.id = uuid::Uuid::now_v7();
    theirs.id = mine.id;
    let (mine, theirs) = tokio::join!(desk.submit(mine), desk.submit(theirs));
    assert!(matches!(mine, Ok(Outcome::Refused(_))));
    assert!(matches!(theirs, Err(DeskError::IdTaken(_))));
}

#[tokio::test]
async fn replay_equals_live_and_snapshots_change_nothing() {
    let folder = Folder::new();
    let live = desk(&folder, Clock::set_at(start())).await;
    live.submit(initialise()).await.unwrap();
    let replayed = replay_state(live.journal()).await.unwrap();
    assert_eq!(replayed, *live.state());

    let bytes = rmp_serde::to_vec_named(&replayed).unwrap();
    live.journal()
        .save_snapshot(replayed.seq, Hospital::FORMAT, bytes)
        .await
        .unwrap();
    live.submit(initialise()).await.unwrap();
    assert_eq!(
        replay_state(live.journal()).await.unwrap(),
        *live.state(),
        "snapshot and tail"
    );

    live.journal()
        .save_snapshot(live.state().seq, Hospital::FORMAT, b"rubbish".to_vec())
        .await
        .unwrap();
    assert_eq!(
        replay_state(live.journal()).await.unwrap(),
        *live.state(),
        "a bad snapshot is only slower"
    );
}

#[tokio::test]
async fn a_second_server_follows_and_takes_over() {
    let folder = Folder::new();
    let first = desk(&folder, Clock::set_at(start())).await;
    let journal = Journal::open(&folder.database()).await.unwrap();
    let second = Desk::open(journal, Clock::set_at(start()), "other".into())
        .await
        .unwrap();
    assert_eq!(second.standing(), Standing::Following);
    assert!(matches!(
        second.submit(initialise()).await,
        Err(DeskError::Following)
    ));
    first.submit(initialise()).await.unwrap();
    let state = first.state();
    drop(first);
    second.writing().await.unwrap();
    assert_eq!(
        *second.state(),
        *state,
        "it has read everything before it writes"
    );
    assert!(matches!(
        second.submit(initialise()).await,
        Ok(Outcome::Refused(_))
    ));
}
