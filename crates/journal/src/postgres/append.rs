//! The one statement that lengthens the chain, and finding out what became of it when the connection breaks.

use std::time::{Duration, SystemTime};

use tokio_postgres::{Client, Config, NoTls, Statement};

use super::{PostgresJournal, column, hash_column, int, uint};
use crate::{
    entry::{Draft, Entry, Hash, Head, Receipt, receipts, seal_batch, subject_key},
    error::{JournalError, Result},
    lease::Epoch,
};

/// How long an append may take before its connection is given up.
pub const APPEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to try to find out what became of a batch whose connection broke.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
const RESOLVE_PAUSE: Duration = Duration::from_millis(100);

/// The head moves only if epoch and end of chain are as the writer believes; the rows are inserted only if the head
/// moved. One statement, so one round trip and one transaction; a takeover waits for the head's row lock or sees it moved.
const APPEND: &str = "
WITH moved AS (
    UPDATE journal_head SET seq = $1, hash = $2
    WHERE id = 1 AND epoch = $3 AND seq = $4 AND hash = $5 RETURNING 1
), written AS (
    INSERT INTO journal (seq, at_ms, actor, workstation, command, kind, version, body, subjects, prev_hash, hash)
    SELECT e.* FROM unnest($6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::uuid[], $11::text[],
                           $12::integer[], $13::text[], $14::text[], $15::bytea[], $16::bytea[]) AS e
    WHERE EXISTS (SELECT 1 FROM moved)
), indexed AS (
    INSERT INTO journal_subject (subject_key, seq)
    SELECT s.* FROM unnest($17::bigint[], $18::bigint[]) AS s
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM moved";

impl PostgresJournal {
    pub(crate) async fn append(
        &self,
        epoch: Epoch,
        after: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Receipt>> {
        self.writer.lock().await.append(epoch, after, drafts).await
    }
}

/// The connection that appends.
pub(super) struct Writer {
    config: Config,
    link: Option<Link>,
    /// The end of the chain as last seen; `None` after any doubt.
    head: Option<Head>,
}

struct Link {
    client: Client,
    append: Statement,
    session: ServerSession,
}

/// Which server process works for a connection, so that it can be ended when the connection is lost.
#[derive(Clone, Copy)]
struct ServerSession {
    pid: i32,
    started: SystemTime,
}

impl Writer {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            link: None,
            head: None,
        }
    }

    /// Opens the connection if there is none.
    pub async fn connect(&mut self) -> Result<()> {
        if self
            .link
            .as_ref()
            .is_some_and(|link| link.client.is_closed())
        {
            self.forget();
        }
        if self.link.is_none() {
            self.link = Some(Link::open(&self.config).await?);
        }
        Ok(())
    }

    pub async fn ping(&mut self) -> Result<()> {
        self.connect().await?;
        let Some(link) = &self.link else {
            return Err(JournalError::Closed);
        };
        match read_head(&link.client).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.forget();
                Err(error)
            }
        }
    }

    pub async fn append(
        &mut self,
        epoch: Epoch,
        after: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Receipt>> {
        self.connect().await?;
        // Taken, and put back only on success: whoever cancels or fails in between leaves no memory to be trusted.
        let remembered = self.head.take().filter(|head| head.seq == after);
        let Some(link) = &self.link else {
            return Err(JournalError::Closed);
        };
        let head = match remembered {
            Some(head) => head,
            None => read_head(&link.client).await?,
        };
        if head.seq != after {
            return Err(JournalError::Behind { head });
        }
        let entries = seal_batch(head, drafts)?;
        let Some(last) = entries.last().map(Entry::as_head) else {
            return refusal(&link.client, epoch, head)
                .await
                .map_or(Ok(Vec::new()), Err);
        };
        let session = link.session;
        let sent = tokio::time::timeout(APPEND_TIMEOUT, link.send(epoch, head, &entries)).await;
        let error = match sent {
            Ok(Ok(true)) => {
                self.head = Some(last);
                return Ok(receipts(&entries));
            }
            Ok(Ok(false)) => {
                return Err(refusal(&link.client, epoch, head).await.unwrap_or_else(|| {
                    JournalError::unavailable("the head moved twice meanwhile")
                }));
            }
            Ok(Err(error)) if is_decided(&error) => {
                return Err(match JournalError::from(error) {
                    // The head said the place was free.
                    JournalError::Invalid(reason) => JournalError::corrupt(head.seq + 1, reason),
                    other => other,
                });
            }
            Ok(Err(error)) => JournalError::from(error),
            Err(_) => JournalError::unavailable("the database does not answer"),
        };
        self.forget();
        let resolved = tokio::time::timeout(RESOLVE_TIMEOUT, self.resolve(session, last)).await;
        match resolved {
            Ok(true) => {
                self.head = Some(last);
                Ok(receipts(&entries))
            }
            Ok(false) => Err(error),
            Err(_) => Err(JournalError::InDoubt {
                after,
                reason: error.to_string(),
            }),
        }
    }

    /// Whether a batch that ends with `last` is in the journal, although the connection that carried it is lost. Tries
    /// until the database can say.
    async fn resolve(&mut self, lost: ServerSession, last: Head) -> bool {
        loop {
            if let Ok(landed) = self.look_up(lost, last).await {
                return landed;
            }
            self.forget();
            tokio::time::sleep(RESOLVE_PAUSE).await;
        }
    }

    async fn look_up(&mut self, lost: ServerSession, last: Head) -> Result<bool> {
        self.connect().await?;
        let Some(link) = &self.link else {
            return Err(JournalError::Closed);
        };
        let ask = async {
            // The lost connection's server process may still be at work: only when it is gone is the answer final.
            link.client
                .query(
                    "SELECT pg_terminate_backend(pid, 3000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2",
                    &[&lost.pid, &lost.started],
                )
                .await?;
            link.client
                .query_opt(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2",
                    &[&lost.pid, &lost.started],
                )
                .await
                .map(|alive| alive.is_none())
        };
        if !ask.await? {
            return Err(JournalError::unavailable("the former connection lives on"));
        }
        let row = link
            .client
            .query_opt("SELECT hash FROM journal WHERE seq = $1", &[&int(last.seq)])
            .await?;
        match row {
            Some(row) => Ok(hash_column(&row, 0)? == last.hash),
            None => Ok(false),
        }
    }

    fn forget(&mut self) {
        self.link = None;
        self.head = None;
    }
}

impl Link {
    async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "the journal's connection to PostgreSQL ended");
            }
        });
        // A server or database set to lose commits on a crash is not allowed to lose these.
        client
            .batch_execute(
                "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
            )
            .await?;
        let row = client
            .query_one(
                "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()",
                &[],
            )
            .await?;
        let append = client.prepare(APPEND).await?;
        Ok(Self {
            session: ServerSession {
                pid: row.try_get(0)?,
                started: row.try_get(1)?,
            },
            client,
            append,
        })
    }

    /// Whether the head moved, and so the entries were written.
    async fn send(
        &self,
        epoch: Epoch,
        head: Head,
        entries: &[Entry],
    ) -> Result<bool, tokio_postgres::Error> {
        let last = entries.last().map_or(head, Entry::as_head);
        let subjects: Vec<String> = entries
            .iter()
            .map(|entry| serde_json::Value::from(entry.subjects.clone()).to_string())
            .collect();
        let (keys, key_seqs): (Vec<i64>, Vec<i64>) = entries
            .iter()
            .flat_map(|entry| {
                let keys = entry.subjects.iter();
                keys.map(|subject| (subject_key(subject), int(entry.seq)))
            })
            .unzip();
        fn each<'a, T>(entries: &'a [Entry], field: impl Fn(&'a Entry) -> T) -> Vec<T> {
            entries.iter().map(field).collect()
        }
        let row = self
            .client
            .query_one(
                &self.append,
                &[
                    &int(last.seq),
                    &bytes(&last.hash),
                    &int(epoch.0),
                    &int(head.seq),
                    &bytes(&head.hash),
                    &each(entries, |entry| int(entry.seq)),
                    &each(entries, |entry| entry.at_ms),
                    &each(entries, |entry| entry.actor.as_str()),
                    &each(entries, |entry| entry.workstation.as_str()),
                    &each(entries, |entry| entry.command),
                    &each(entries, |entry| entry.kind.as_str()),
                    &each(entries, |entry| i32::from(entry.version)),
                    &each(entries, |entry| entry.body.as_str()),
                    &subjects,
                    &each(entries, |entry| bytes(&entry.prev_hash)),
                    &each(entries, |entry| bytes(&entry.hash)),
                    &keys,
                    &key_seqs,
                ],
            )
            .await?;
        Ok(row.try_get::<_, i64>(0)? == 1)
    }
}

fn bytes(hash: &Hash) -> &[u8] {
    &hash.0
}

/// Why a batch after `head` did not move the head; `None` if it would now.
async fn refusal(client: &Client, epoch: Epoch, head: Head) -> Option<JournalError> {
    let state = async {
        let row = client
            .query_one(
                "SELECT seq, hash, epoch FROM journal_head WHERE id = 1",
                &[],
            )
            .await?;
        let found = Head {
            seq: uint(column(&row, 0)?),
            hash: hash_column(&row, 1)?,
        };
        Ok((found, Epoch(uint(column(&row, 2)?))))
    };
    match state.await {
        Ok((_, current)) if current != epoch => Some(JournalError::Fenced {
            held: epoch,
            current,
        }),
        Ok((found, _)) if found != head => Some(JournalError::Behind { head: found }),
        Ok(_) => None,
        Err(error) => Some(error),
    }
}

async fn read_head(client: &Client) -> Result<Head> {
    let row = client
        .query_one("SELECT seq, hash FROM journal_head WHERE id = 1", &[])
        .await?;
    Ok(Head {
        seq: uint(column(&row, 0)?),
        hash: hash_column(&row, 1)?,
    })
}

/// Whether an error proves that the statement was rolled back: the server said so, and not while going down.
fn is_decided(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| {
        let severity_ends_session = matches!(db.severity(), "FATAL" | "PANIC");
        !severity_ends_session && !matches!(db.code().code().get(..2), Some("08" | "57" | "58"))
    })
}
