//! A hospital on a journal in a temporary folder.

use jiff::Timestamp;
use lifeline_core::command::Initialise;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_journal::Journal;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Submission};

/// A folder that goes with the test.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    /// A new, empty one.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("lifeline-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The address of a journal in it.
    pub fn database(&self) -> String {
        format!("sqlite:{}", self.0.join("journal.sqlite").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A login.
pub fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// Where tests sit.
pub fn bench() -> WorkstationId {
    WorkstationId::parse("bench-1").unwrap()
}

/// The moment tests begin.
pub fn start() -> Timestamp {
    "2026-11-22T02:40:00Z".parse().unwrap()
}

/// The command every installation begins with.
pub fn initialise() -> Submission {
    let command = Initialise {
        policies: lifeline_policy::builtin().unwrap(),
        system: user("lifeline"),
        administrator: user("admin"),
        name: "管理员".into(),
    };
    Submission::new(command, user("admin"), bench())
}

/// An open desk on a new journal, not initialised.
pub async fn desk(folder: &Folder, clock: Clock) -> Desk {
    let journal = Journal::open(&folder.database()).await.unwrap();
    let desk = Desk::open(journal, clock, format!("test-{}", uuid::Uuid::now_v7()))
        .await
        .unwrap();
    desk.writing().await.unwrap();
    desk
}
