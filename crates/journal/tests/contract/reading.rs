//! Reading back what was appended.

use std::collections::HashMap;

use lifeline_journal::{Check, Entry, Filter, Journal, JournalError, MAX_PAGE, Page, Seek};

use crate::database::{Database, command, draft, drafts};

pub async fn known_commands_answer_with_their_entries(database: Database) {
    let (journal, epoch) = database.writer().await;
    let mut batch = drafts(0..5);
    batch[3].command = command(1);
    journal.append(epoch, 0, batch).await.unwrap();
    let known = journal
        .known(&[command(1), command(4), command(77), command(1)])
        .await
        .unwrap();
    let seqs: HashMap<_, Vec<u64>> = known
        .into_iter()
        .map(|(command, entries)| (command, entries.iter().map(|entry| entry.seq).collect()))
        .collect();
    assert_eq!(
        seqs,
        HashMap::from([(command(1), vec![2, 4]), (command(4), vec![5])])
    );
    assert!(journal.known(&[]).await.unwrap().is_empty());
    let too_many = vec![command(1); lifeline_journal::MAX_KNOWN + 1];
    assert!(matches!(
        journal.known(&too_many).await,
        Err(JournalError::Invalid(_))
    ));
}

pub async fn pages_are_bounded(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..4000)).await.unwrap();
    journal
        .append(epoch, 4000, drafts(4000..5000))
        .await
        .unwrap();
    assert_eq!(journal.read(1, usize::MAX).await.unwrap().len(), MAX_PAGE);
    assert_eq!(journal.read(4990, 100).await.unwrap().len(), 11);
    assert_eq!(journal.read(5001, 100).await.unwrap().len(), 0);
    assert_eq!(journal.read(1, 0).await.unwrap().len(), 0);
    let page = journal
        .read_filtered(Filter::default(), Seek::OLDEST, usize::MAX)
        .await
        .unwrap();
    assert_eq!(page.entries.len(), MAX_PAGE);
    assert_eq!(page.next, Some(Seek::After(MAX_PAGE as u64)));
}

pub async fn subjects_are_listed_in_order_both_ways(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..30)).await.unwrap();
    let page = journal
        .read_by_subject("unit:2", Seek::OLDEST, 4)
        .await
        .unwrap();
    assert_eq!(seqs(&page), [3, 8, 13, 18]);
    assert_eq!(page.next, Some(Seek::After(18)));
    let page = journal
        .read_by_subject("unit:2", Seek::After(18), 4)
        .await
        .unwrap();
    assert_eq!((seqs(&page), page.next), (vec![23, 28], None));
    let page = journal
        .read_by_subject("unit:2", Seek::NEWEST, 4)
        .await
        .unwrap();
    assert_eq!(seqs(&page), [28, 23, 18, 13]);
    let page = journal
        .read_by_subject("unit:2", page.next.unwrap(), 4)
        .await
        .unwrap();
    assert_eq!((seqs(&page), page.next), (vec![8, 3], None));
    let page = journal
        .read_by_subject("unit:99", Seek::NEWEST, 4)
        .await
        .unwrap();
    assert_eq!((seqs(&page), page.next), (vec![], None));
}

/// Long enough that an index which is written behind has long runs, short runs and a rest.
pub async fn subjects_are_found_however_much_is_indexed(database: Database) {
    const ENTRIES: u64 = 36_000;
    let (journal, epoch) = database.writer().await;
    for first in (0..ENTRIES).step_by(4000) {
        journal
            .append(epoch, first, drafts(first..first + 4000))
            .await
            .unwrap();
    }
    let of_unit: Vec<u64> = (0..ENTRIES).filter(|n| n % 5 == 3).map(|n| n + 1).collect();
    for (start, newest_first) in [(Seek::OLDEST, false), (Seek::NEWEST, true)] {
        let (mut seek, mut found) = (Some(start), Vec::new());
        while let Some(at) = seek {
            let page = journal.read_by_subject("unit:3", at, 999).await.unwrap();
            found.extend(seqs(&page));
            seek = page.next;
        }
        if newest_first {
            found.reverse();
        }
        assert_eq!(found, of_unit);
    }
    for number in [0, 1023, 1024, 32_767, 32_768, 35_000, ENTRIES - 1] {
        let page = journal
            .read_by_subject(&format!("patient:{number}"), Seek::OLDEST, 9)
            .await
            .unwrap();
        assert_eq!(seqs(&page), [number + 1]);
    }
    // What another process on the same database sees.
    let page = database
        .open()
        .await
        .read_by_subject("unit:3", Seek::NEWEST, 1)
        .await
        .unwrap();
    assert_eq!(seqs(&page).first(), of_unit.last());
}

pub async fn filters_select_exactly_and_walk_to_the_end(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..100)).await.unwrap();
    let at = |number: u64| draft(number).at_ms;
    let filters = [
        Filter::default(),
        Filter {
            kind_prefix: Some("unit.".into()),
            ..Filter::default()
        },
        Filter {
            kind_prefix: Some("unit.issued".into()),
            ..Filter::default()
        },
        // Not a pattern: % and _ mean themselves.
        Filter {
            kind_prefix: Some("unit%".into()),
            ..Filter::default()
        },
        Filter {
            actor: Some("person:2".into()),
            ..Filter::default()
        },
        Filter {
            from_ms: Some(at(40)),
            ..Filter::default()
        },
        Filter {
            until_ms: Some(at(40)),
            ..Filter::default()
        },
        Filter {
            from_ms: Some(at(10)),
            until_ms: Some(at(20)),
            ..Filter::default()
        },
        Filter {
            from_ms: Some(at(1000)),
            ..Filter::default()
        },
        Filter {
            subject: Some("unit:1".into()),
            ..Filter::default()
        },
        Filter {
            kind_prefix: Some("unit.".into()),
            actor: Some("person:1".into()),
            from_ms: Some(at(5)),
            until_ms: Some(at(90)),
            subject: Some("unit:1".into()),
        },
    ];
    let all = journal.read(1, 1000).await.unwrap();
    for filter in filters {
        let mut expected: Vec<Entry> = all
            .iter()
            .filter(|entry| matches(&filter, entry))
            .cloned()
            .collect();
        assert_eq!(
            walk(&journal, &filter, Seek::OLDEST).await,
            expected,
            "{filter:?}"
        );
        expected.reverse();
        assert_eq!(
            walk(&journal, &filter, Seek::NEWEST).await,
            expected,
            "{filter:?}"
        );
    }
}

fn matches(filter: &Filter, entry: &Entry) -> bool {
    filter
        .kind_prefix
        .as_ref()
        .is_none_or(|prefix| entry.kind.starts_with(prefix))
        && filter
            .actor
            .as_ref()
            .is_none_or(|actor| entry.actor == *actor)
        && filter.from_ms.is_none_or(|from| entry.at_ms >= from)
        && filter.until_ms.is_none_or(|until| entry.at_ms < until)
        && filter
            .subject
            .as_ref()
            .is_none_or(|subject| entry.subjects.contains(subject))
}

async fn walk(journal: &Journal, filter: &Filter, start: Seek) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut seek = Some(start);
    while let Some(at) = seek {
        let mut page = journal.read_filtered(filter.clone(), at, 7).await.unwrap();
        assert!(page.entries.len() <= 7);
        found.append(&mut page.entries);
        seek = page.next;
    }
    found
}

pub async fn replay_gives_back_what_was_written(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..4000)).await.unwrap();
    journal
        .append(epoch, 4000, drafts(4000..6000))
        .await
        .unwrap();
    for (from, check) in [
        (1, Check::Chain),
        (1, Check::Sequence),
        (5001, Check::Chain),
        (6001, Check::Chain),
    ] {
        let mut number = from - 1;
        let end = journal
            .replay(from, check, |entry| {
                assert_eq!(entry.seq, number + 1);
                assert_eq!(entry.into_draft(), draft(number));
                number += 1;
                Ok::<_, JournalError>(())
            })
            .await
            .unwrap();
        assert_eq!(number, 6000);
        assert_eq!(end, journal.head().await.unwrap());
    }
    let stopped = journal
        .replay(1, Check::Chain, |_| Err(JournalError::Closed))
        .await;
    assert_eq!(stopped, Err(JournalError::Closed));
    assert!(
        journal
            .replay(6002, Check::Chain, |_| Ok::<_, JournalError>(()))
            .await
            .is_err()
    );
}

pub async fn a_follower_sees_what_another_server_writes(database: Database) {
    let (journal, epoch) = database.writer().await;
    journal.append(epoch, 0, drafts(0..10)).await.unwrap();
    let standby = database.open().await;
    let mut follower = standby.follow(4);
    let first = follower.next_batch().await.unwrap();
    assert_eq!(
        first.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        (5..=10).collect::<Vec<_>>()
    );
    let waiting = tokio::spawn(async move { follower.next_batch().await.unwrap() });
    journal.append(epoch, 10, drafts(10..12)).await.unwrap();
    let second = waiting.await.unwrap();
    assert_eq!(second, journal.read(11, 10).await.unwrap());
}

fn seqs(page: &Page) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.seq).collect()
}
