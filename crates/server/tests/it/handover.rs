//! One bag at two windows, and what is left of it after a restart.

use lifeline_core::finding::Rule;
use lifeline_core::unit::Status;
use lifeline_journal::Journal;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission, replay_state};
use uuid::Uuid;

use crate::demonstration::ready_to_issue;
use crate::support::{Folder, bench, user};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_issuing_one_bag_at_once_hand_it_over_once() {
    let folder = Folder::new();
    let (app, issue) = ready_to_issue(&folder).await;
    let seq = app.state().seq;
    let window = |actor: &str, second: &str| {
        let mut submission = Submission::new(issue.clone(), user(actor), bench());
        submission.second = Some(user(second));
        app.desk.submit(submission)
    };
    // Six windows at once: whoever the desk takes first has it, whatever batch the others fall into.
    let (a, b, c, d, e, f) = tokio::join!(
        window("chen", "wang"),
        window("zhao", "liu"),
        window("wang", "chen"),
        window("liu", "zhao"),
        window("chen", "zhao"),
        window("wang", "liu"),
    );
    let outcomes: Vec<Outcome> = [a, b, c, d, e, f].into_iter().map(Result::unwrap).collect();
    let accepted = outcomes
        .iter()
        .filter(|o| matches!(o, Outcome::Accepted { .. }));
    assert_eq!(accepted.count(), 1, "{outcomes:?}");
    for outcome in &outcomes {
        if let Outcome::Refused(refusal) = outcome {
            assert!(
                refusal
                    .findings
                    .iter()
                    .any(|f| f.rule == Rule::UnitTransition),
                "{refusal:?}"
            );
        }
    }
    let state = app.state();
    assert_eq!(state.units.get(&issue.unit).unwrap().status, Status::Issued);
    let issues = state.issues.iter().filter(|one| one.unit == issue.unit);
    assert_eq!(issues.count(), 1);
    assert!(state.seq > seq + 5, "every refusal is on record");

    // What is live is what the facts say, before and after a restart.
    assert_eq!(replay_state(app.desk.journal()).await.unwrap(), *state);
    drop(app);
    let journal = Journal::open(&folder.database()).await.unwrap();
    assert_eq!(journal.verify(|_| {}).await.unwrap().broken, None);
    let again = Desk::open(journal, Clock::System, format!("again-{}", Uuid::now_v7()))
        .await
        .unwrap();
    assert_eq!(*again.state(), *state);
}
