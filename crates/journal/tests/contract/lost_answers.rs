//! A network that fails at the worst moment: between PostgreSQL and the journal stands a relay that can be told what to
//! do with the next message to the server.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use lifeline_journal::{
    Epoch, Journal, JournalError,
    testing::{TestFolder, TestPostgres},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::Notify,
};

use crate::database::{drafts, lease};

const SOCKET: &str = ".s.PGSQL.5432";

/// What to do with the next message from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Forward,
    /// Cut the client off before the server hears of it.
    Lose,
    /// Cut the client off once the server has answered.
    LoseAnswer,
    /// Cut the client off; deliver the message when told to, on a connection the server believes to be alive.
    Delay,
}

#[derive(Clone)]
struct Relay {
    plan: Arc<Mutex<Plan>>,
    deliver: Arc<Notify>,
    delivered: Arc<Notify>,
}

impl Relay {
    fn start(folder: &Path, server: PathBuf) -> Self {
        let relay = Self {
            plan: Arc::new(Mutex::new(Plan::Forward)),
            deliver: Arc::new(Notify::new()),
            delivered: Arc::new(Notify::new()),
        };
        let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
        let own = relay.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(own.clone().carry(client, server));
            }
        });
        relay
    }

    fn next(&self, plan: Plan) {
        *self.plan.lock().unwrap() = plan;
    }

    async fn carry(self, client: UnixStream, server: UnixStream) -> std::io::Result<()> {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            tokio::select! {
                length = from_client.read(&mut request) => {
                    let message = &request[..length?];
                    let plan = std::mem::replace(&mut *self.plan.lock().unwrap(), Plan::Forward);
                    match plan {
                        _ if message.is_empty() => return Ok(()),
                        Plan::Forward => to_server.write_all(message).await?,
                        Plan::Lose => return Ok(()),
                        Plan::LoseAnswer => {
                            to_server.write_all(message).await?;
                            let length = from_server.read(&mut answer).await?;
                            assert!(length > 0, "the server answers");
                            return Ok(());
                        }
                        Plan::Delay => {
                            drop((from_client, to_client));
                            self.deliver.notified().await;
                            let _ = to_server.write_all(message).await;
                            // Its answer, or that it has hung up long ago.
                            let _length = from_server.read(&mut answer).await;
                            self.delivered.notify_one();
                            return Ok(());
                        }
                    }
                }
                length = from_server.read(&mut answer) => match length? {
                    0 => return Ok(()),
                    length => to_client.write_all(&answer[..length]).await?,
                },
            }
        }
    }
}

/// Runs a case on a journal behind a relay, with three entries in it.
fn behind_a_relay<F: Future<Output = ()>>(case: impl FnOnce(Relay, Journal, Epoch) -> F) {
    let server = TestPostgres::start().unwrap();
    let folder = TestFolder::new().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let relay = Relay::start(folder.path(), server.folder().join(SOCKET));
        let real = server.folder().display().to_string().replace('/', "%2F");
        let ours = folder.path().display().to_string().replace('/', "%2F");
        let url = server.url("postgres").replace(&real, &ours);
        let journal = Journal::open(&url).await.unwrap();
        let epoch = lease(&journal, "writer").await;
        journal.append(epoch, 0, drafts(0..3)).await.unwrap();
        case(relay, journal.clone(), epoch).await;
        let report = journal.verify(|_| ()).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
    });
}

#[test]
fn a_batch_whose_answer_is_lost_is_acknowledged() {
    behind_a_relay(|relay, journal, epoch| async move {
        relay.next(Plan::LoseAnswer);
        let receipts = journal.append(epoch, 3, drafts(3..5)).await.unwrap();
        let written = journal.read(4, 10).await.unwrap();
        assert_eq!(written.len(), 2);
        for (receipt, entry) in receipts.iter().zip(written) {
            assert_eq!((receipt.seq, receipt.hash), (entry.seq, entry.hash));
        }
        journal.append(epoch, 5, drafts(5..6)).await.unwrap();
    });
}

#[test]
fn a_batch_that_is_lost_on_the_way_is_reported_as_not_written() {
    behind_a_relay(|relay, journal, epoch| async move {
        relay.next(Plan::Lose);
        let error = journal.append(epoch, 3, drafts(3..5)).await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
        assert_eq!(journal.head().await.unwrap().seq, 3);
        journal.append(epoch, 3, drafts(3..5)).await.unwrap();
    });
}

#[test]
fn a_batch_reported_as_not_written_cannot_arrive_later() {
    behind_a_relay(|relay, journal, epoch| async move {
        relay.next(Plan::Delay);
        let error = journal.append(epoch, 3, drafts(3..5)).await.unwrap_err();
        assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
        relay.deliver.notify_one();
        relay.delivered.notified().await;
        assert_eq!(journal.head().await.unwrap().seq, 3);
        journal.append(epoch, 3, drafts(3..4)).await.unwrap();
    });
}
