//! kill -9, two servers, databases that go away: what was answered is in the journal, once, and nothing else is half there.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lifeline_journal::{
    Journal, JournalError,
    testing::{TestFolder, TestPostgres},
};
use lifeline_server::desk::{decode, replay_state};
use serde_json::Value;
use uuid::Uuid;

use crate::server::{Caller, Server, init, open_account, settled};

/// Callers that send at the same time.
const CALLERS: usize = 8;
/// Kills on each database, unless `LIFELINE_KILLS` says how many there are altogether.
const KILLS: u64 = 10;

fn kills() -> u64 {
    std::env::var("LIFELINE_KILLS").map_or(KILLS, |all| all.parse::<u64>().unwrap().div_ceil(2))
}

/// What was sent and what was answered.
#[derive(Default)]
struct Ledger {
    sent: HashMap<Uuid, Value>,
    answered: HashMap<Uuid, (u16, Value)>,
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

#[test]
fn killed_on_sqlite_it_keeps_every_answered_command_once() {
    let folder = TestFolder::new().unwrap();
    killed_under_load(&folder.sqlite_url());
}

#[test]
fn killed_on_postgres_it_keeps_every_answered_command_once() {
    let server = TestPostgres::start().unwrap();
    killed_under_load(&server.url("postgres"));
}

fn killed_under_load(database: &str) {
    init(database);
    let ledger = Mutex::new(Ledger::default());
    for kill in 0..kills() {
        let mut server = Server::start(database, "one");
        let caller = server.caller();
        resend(&caller, &ledger, kill);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for number in 0..CALLERS {
                let (caller, ledger, stop) = (caller.clone(), &ledger, &stop);
                scope.spawn(move || {
                    let mut count = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let id = Uuid::now_v7();
                        let command = open_account(&format!("k{kill}-{number}-{count}"));
                        ledger.lock().unwrap().sent.insert(id, command.clone());
                        let Ok(answer) = caller.send(id, &command) else {
                            return;
                        };
                        assert_eq!(answer.0, 200, "{}", answer.1);
                        ledger.lock().unwrap().answered.insert(id, answer);
                        count += 1;
                    }
                });
            }
            // A different moment each time: 7919 µs is prime to every period of the server's.
            std::thread::sleep(Duration::from_micros(20_000 + kill * 7919 % 90_000));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        block_on(check(database, &ledger, kill));
    }
    let ledger = ledger.into_inner().unwrap();
    assert!(ledger.answered.len() as u64 > kills(), "there was a load");
}

/// After a restart every command that got no answer, and some that got one, are sent again under their ids.
fn resend(caller: &Caller, ledger: &Mutex<Ledger>, kill: u64) {
    let mut ledger = ledger.lock().unwrap();
    let Ledger { sent, answered } = &mut *ledger;
    let again = sent
        .iter()
        .filter(|(id, _)| !answered.contains_key(id) || id.as_u128() % 97 == u128::from(kill % 97));
    let mut fresh = Vec::new();
    for (id, command) in again {
        let answer = caller.send(*id, command).unwrap();
        assert_eq!(answer.0, 200, "{}", answer.1);
        match answered.get(id) {
            Some(first) => assert_eq!(answer, *first, "the same id answers the first outcome"),
            None => fresh.push((*id, answer)),
        }
    }
    answered.extend(fresh);
}

/// The journal alone, as another program sees it.
async fn check(database: &str, ledger: &Mutex<Ledger>, kill: u64) {
    let journal = Journal::open(database).await.unwrap();
    settled(&journal).await;
    let report = journal.verify(|_| ()).await.unwrap();
    assert!(report.is_sound(), "kill {kill}: {report:?}");
    let mut entries: HashMap<Uuid, Vec<u64>> = HashMap::new();
    let mut opened = Vec::new();
    journal
        .replay(1, lifeline_journal::Check::Chain, |entry| {
            entries.entry(entry.command).or_default().push(entry.seq);
            if entry.kind == "people.user_added" && entry.command.get_version_num() == 7 {
                opened.push(decode(&entry).unwrap().1);
            }
            Ok::<(), JournalError>(())
        })
        .await
        .unwrap();
    for (id, (_, answer)) in &ledger.lock().unwrap().answered {
        let seqs = &entries[id];
        assert_eq!(seqs.len(), 1, "kill {kill}: {id} happened once");
        assert_eq!(
            answer["facts"][0]["seq"], seqs[0],
            "where it was said to be"
        );
    }
    // By the state, not by the ids: nothing happened twice under different ids either.
    let hospital = replay_state(&journal).await.unwrap();
    assert_eq!(hospital.seq, report.entries);
    assert_eq!(hospital.people.len(), opened.len());
}

#[test]
fn another_server_takes_over_and_the_deposed_one_cannot_write() {
    let postgres = TestPostgres::start().unwrap();
    let database = postgres.url("postgres");
    init(&database);
    let mut first = Server::start(&database, "first");
    let caller = first.caller();
    let second = Server::start(&database, "second");
    let at_second = caller.at(&second);
    assert_eq!(
        caller.send(Uuid::now_v7(), &open_account("a")).unwrap().0,
        200
    );
    let (status, problem) = at_second.send(Uuid::now_v7(), &open_account("b")).unwrap();
    assert_eq!(
        (status, &problem["code"]),
        (503, &"unavailable".into()),
        "it follows"
    );

    // The first hangs, the second takes over, the first comes back and believes it may still write.
    first.signal("-STOP");
    wait_for(|| {
        at_second
            .send(Uuid::now_v7(), &open_account("c"))
            .unwrap()
            .0
            == 200
    });
    first.signal("-CONT");
    let late = Uuid::now_v7();
    let (status, _) = caller.send(late, &open_account("late")).unwrap();
    assert_eq!(status, 503, "deposed");
    block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        assert!(journal.known(&[late]).await.unwrap().is_empty());
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
    });

    // The leader dies; the deposed one leads again, with everything written meanwhile.
    drop(second);
    wait_for(|| caller.send(late, &open_account("late")).unwrap().0 == 200);
    assert_eq!(
        caller.send(Uuid::now_v7(), &open_account("c")).unwrap().0,
        409,
        "c is known here"
    );
    first.kill();
    block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
        assert_eq!(journal.known(&[late]).await.unwrap()[&late].len(), 1);
    });
}

#[test]
fn a_database_that_goes_away_costs_answers_and_nothing_else() {
    let mut postgres = TestPostgres::start().unwrap();
    let database = postgres.url("postgres");
    init(&database);
    let server = Server::start(&database, "one");
    let caller = server.caller();
    assert_eq!(
        caller.send(Uuid::now_v7(), &open_account("a")).unwrap().0,
        200
    );
    postgres.stop().unwrap();
    let id = Uuid::now_v7();
    let (status, problem) = caller.send(id, &open_account("b")).unwrap();
    assert_eq!((status, &problem["code"]), (503, &"unavailable".into()));
    postgres.restart().unwrap();
    wait_for(|| caller.send(id, &open_account("b")).unwrap().0 == 200);
    block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
        assert_eq!(journal.known(&[id]).await.unwrap()[&id].len(), 1);
    });
}

#[test]
fn a_full_disk_costs_answers_and_nothing_else() {
    let folder = TestFolder::new().unwrap();
    let database = folder.sqlite_url();
    init(&database);
    let server = Server::start(&database, "one");
    let caller = server.caller();
    let before = caller.send(Uuid::now_v7(), &open_account("a")).unwrap();
    assert_eq!(before.0, 200);
    let seq = before.1["facts"][0]["seq"].clone();
    server.limit_files(Some(1));
    let lost: Vec<(Uuid, Value)> = (0..3)
        .map(|n| (Uuid::now_v7(), open_account(&format!("b{n}"))))
        .collect();
    for (id, command) in &lost {
        let (status, problem) = caller.send(*id, command).unwrap();
        assert_eq!((status, &problem["code"]), (503, &"unavailable".into()));
        assert!(!problem["title"].as_str().unwrap().is_empty());
    }
    block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        let ids: Vec<Uuid> = lost.iter().map(|(id, _)| *id).collect();
        assert!(journal.known(&ids).await.unwrap().is_empty(), "half a fact");
        assert_eq!(seq, journal.head().await.unwrap().seq);
    });
    server.limit_files(None);
    for (n, (id, command)) in lost.iter().enumerate() {
        wait_for(|| caller.send(*id, command).unwrap().0 == 200);
        let again = caller.send(*id, command).unwrap();
        assert_eq!(
            again.1["facts"][0]["seq"],
            seq.as_u64().unwrap() + 1 + n as u64,
            "the state was what is on disk all the while"
        );
    }
    drop(server);
    block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        assert!(journal.verify(|_| ()).await.unwrap().is_sound());
        let hospital = replay_state(&journal).await.unwrap();
        assert_eq!(hospital.seq, journal.head().await.unwrap().seq);
    });
}

/// Waits for what must come by itself.
fn wait_for(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(100));
    }
}
