//! The handle: one port over both databases.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    accounts::{MAX_CREDENTIAL_BYTES, Session, check_text},
    entry::{Draft, Entry, Hash, Head, MAX_NAME_BYTES, Receipt},
    error::{JournalError, Result},
    lease::{Epoch, LeaseAnswer, LeaseState, MAX_LEASE},
    postgres::PostgresJournal,
    query::{Filter, MAX_KNOWN, Page, Seek, page_limit},
    snapshot::Snapshot,
    sqlite::SqliteJournal,
    stream::{Check, EntryStream, Follower},
    verify::{self, VerifyProgress, VerifyReport},
};

/// A durable journal. Cheap to clone; every clone is the same journal.
#[derive(Clone)]
pub struct Journal {
    backend: Backend,
    /// Last sequence number written through this handle.
    grown: Arc<watch::Sender<u64>>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(SqliteJournal),
    Postgres(PostgresJournal),
}

macro_rules! backend {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match &$self.backend {
            Backend::Sqlite(backend) => backend.$method($($argument),*).await,
            Backend::Postgres(backend) => backend.$method($($argument),*).await,
        }
    };
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.backend {
            Backend::Sqlite(backend) => write!(f, "Journal(sqlite:{})", backend.path().display()),
            Backend::Postgres(backend) => write!(f, "Journal(postgres:{})", backend.name()),
        }
    }
}

impl Journal {
    /// Opens the journal at `sqlite:PATH` or `postgres://…`, creating its tables or bringing them up to date.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] for any other address, [`JournalError::Schema`] if the database is newer than this
    /// program, [`JournalError::Unavailable`] if it cannot be reached.
    pub async fn open(database_url: &str) -> Result<Self> {
        let backend = if let Some(path) = database_url.strip_prefix("sqlite:") {
            Backend::Sqlite(SqliteJournal::open(PathBuf::from(path)).await?)
        } else if ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| database_url.starts_with(scheme))
        {
            Backend::Postgres(PostgresJournal::open(database_url).await?)
        } else {
            return Err(JournalError::invalid(
                "a database address starts with sqlite: or postgres://",
            ));
        };
        Ok(Self {
            backend,
            grown: Arc::new(watch::Sender::new(0)),
        })
    }

    /// Asks the database for a sign of life, on the path that appends take.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ping(&self) -> Result<()> {
        backend!(self.ping())
    }

    /// Asks for the right to write. Granted if nobody holds it, it has expired, or the caller's own former self (the
    /// same `holder`) holds it: a restarted server need not wait, and its former self, should it still run, is deposed.
    /// So `holder` must be different for every server that may run at the same time.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] for an unusable name or more than [`MAX_LEASE`]; or the database failed.
    pub async fn acquire_lease(&self, holder: &str, ttl: Duration) -> Result<LeaseAnswer> {
        check_text("lease holder", holder, MAX_NAME_BYTES)?;
        check_ttl(ttl)?;
        backend!(self.acquire_lease(holder.to_owned(), ttl))
    }

    /// Makes the lease last `ttl` from now. Possible after it expired, as long as nobody took it over.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if somebody did; or the database failed.
    pub async fn renew_lease(&self, epoch: Epoch, ttl: Duration) -> Result<()> {
        check_ttl(ttl)?;
        backend!(self.renew_lease(epoch, ttl))
    }

    /// Lets the lease expire at once, so that another server need not wait.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if somebody took it over; or the database failed.
    pub async fn release_lease(&self, epoch: Epoch) -> Result<()> {
        backend!(self.release_lease(epoch))
    }

    /// Who may write now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lease(&self) -> Result<LeaseState> {
        backend!(self.lease())
    }

    /// Appends a batch in one durable transaction: when this returns receipts, every draft is on disk, in the order given.
    /// `after` is the last entry the caller's decisions took into account; if the journal has more, nothing is written.
    /// A batch with a lost connection at its commit is looked up before anything is said about it.
    ///
    /// # Errors
    /// [`JournalError::Fenced`], [`JournalError::Behind`], [`JournalError::Full`], [`JournalError::Unavailable`],
    /// [`JournalError::Invalid`]: nothing was written. [`JournalError::InDoubt`]: see there. The next append works by
    /// itself as soon as the database does.
    pub async fn append(
        &self,
        epoch: Epoch,
        after: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Receipt>> {
        let receipts = backend!(self.append(epoch, after, drafts))?;
        if let Some(last) = receipts.last() {
            self.grown
                .send_if_modified(|seq| std::mem::replace(seq, last.seq) != last.seq);
        }
        Ok(receipts)
    }

    /// The end of the journal.
    ///
    /// # Errors
    /// The database failed.
    pub async fn head(&self) -> Result<Head> {
        backend!(self.head())
    }

    /// What is in the journal about some commands, in order: a command that is missing has no outcome yet.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] for more than [`MAX_KNOWN`] commands; or the database failed.
    pub async fn known(&self, commands: &[Uuid]) -> Result<HashMap<Uuid, Vec<Entry>>> {
        if commands.len() > MAX_KNOWN {
            return Err(JournalError::invalid(format!(
                "{} commands asked for, at most {MAX_KNOWN} at once",
                commands.len()
            )));
        }
        let mut distinct = commands.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.is_empty() {
            return Ok(HashMap::new());
        }
        let mut known: HashMap<Uuid, Vec<Entry>> = HashMap::new();
        for entry in backend!(self.known(distinct))? {
            known.entry(entry.command).or_default().push(entry);
        }
        Ok(known)
    }

    /// At most `limit` entries (and at most [`MAX_PAGE`](crate::MAX_PAGE)) from `from_seq` on, in order.
    ///
    /// # Errors
    /// The database failed, or an entry is damaged.
    pub async fn read(&self, from_seq: u64, limit: usize) -> Result<Vec<Entry>> {
        backend!(self.read_entries(from_seq, page_limit(limit)))
    }

    /// One entry.
    ///
    /// # Errors
    /// The database failed, or the entry is damaged.
    pub async fn entry(&self, seq: u64) -> Result<Option<Entry>> {
        let found = self.read(seq, 1).await?.into_iter().next();
        Ok(found.filter(|entry| entry.seq == seq))
    }

    /// The entries that concern a subject.
    ///
    /// # Errors
    /// The database failed, or an entry is damaged.
    pub async fn read_by_subject(&self, subject: &str, seek: Seek, limit: usize) -> Result<Page> {
        let filter = Filter {
            subject: Some(subject.to_owned()),
            ..Filter::default()
        };
        self.read_filtered(filter, seek, limit).await
    }

    /// The entries that match a filter. One call looks at no more than [`MAX_SCAN`](crate::MAX_SCAN) entries; go on
    /// with [`Page::next`].
    ///
    /// # Errors
    /// The database failed, or an entry is damaged.
    pub async fn read_filtered(&self, filter: Filter, seek: Seek, limit: usize) -> Result<Page> {
        backend!(self.read_filtered(filter, seek, page_limit(limit).max(1)))
    }

    /// Streams the journal from `from_seq` to its end, read ahead by another task.
    #[must_use]
    pub fn stream(&self, from_seq: u64, check: Check) -> EntryStream {
        EntryStream::new(self.clone(), from_seq, check)
    }

    /// Gives every entry from `from_seq` on to `each`, in order; reading goes on beside it. Returns where it ended.
    ///
    /// # Errors
    /// What `each` returns, or the database failed, or an entry is damaged.
    pub async fn replay<E: From<JournalError>>(
        &self,
        from_seq: u64,
        check: Check,
        mut each: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<Head, E> {
        let mut head = self.head_before(from_seq).await?;
        let mut stream = self.stream(from_seq, check);
        while let Some(entries) = stream.next_batch().await? {
            for entry in entries {
                head = entry.as_head();
                each(entry)?;
            }
        }
        Ok(head)
    }

    /// Waits for what this or another server appends after entry `after`.
    #[must_use]
    pub fn follow(&self, after: u64) -> Follower {
        Follower::new(self.clone(), after, self.grown.subscribe())
    }

    /// Checks every entry of the journal and the recorded head, in bounded memory and beside the writer.
    ///
    /// # Errors
    /// The database failed. A damaged entry is not an error but the answer.
    pub async fn verify(&self, progress: impl FnMut(VerifyProgress)) -> Result<VerifyReport> {
        verify::verify(self, progress).await
    }

    /// Keeps the state after entry `seq`; deletes all but the last [`KEPT_SNAPSHOTS`](crate::KEPT_SNAPSHOTS).
    ///
    /// # Errors
    /// [`JournalError::Invalid`] if the journal has no entry `seq`; or the database failed.
    pub async fn save_snapshot(&self, seq: u64, format_version: u32, bytes: Vec<u8>) -> Result<()> {
        backend!(self.save_snapshot(seq, format_version, bytes))
    }

    /// The newest snapshot that is whole, unaltered and of this journal; damaged ones are passed over with a warning.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest_snapshot(&self) -> Result<Option<Snapshot>> {
        for header in backend!(self.snapshots())? {
            let seq = header.seq;
            match backend!(self.snapshot_bytes(header)) {
                Ok(Some(snapshot)) => return Ok(Some(snapshot)),
                Ok(None) | Err(JournalError::Corrupt { .. }) => {
                    tracing::warn!(seq, "a damaged snapshot was ignored");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// How far the reader `name` has come; `None` if it never said.
    ///
    /// # Errors
    /// The database failed.
    pub async fn checkpoint(&self, name: &str) -> Result<Option<u64>> {
        backend!(self.checkpoint(name.to_owned()))
    }

    /// Records how far the reader `name` has come.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_checkpoint(&self, name: &str, seq: u64) -> Result<()> {
        check_text("checkpoint name", name, MAX_NAME_BYTES)?;
        backend!(self.set_checkpoint(name.to_owned(), seq))
    }

    /// Writes a consistent copy to a new file while the journal goes on; for SQLite only.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] if the file exists or the database is PostgreSQL (use its own tools); or the disk failed.
    pub async fn backup(&self, target: &Path) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(backend) => backend.backup(target.to_owned()).await,
            Backend::Postgres(_) => Err(JournalError::invalid(
                "PostgreSQL is backed up with its own tools (pg_basebackup, pg_dump)",
            )),
        }
    }

    /// The digest of a user's password as a PHC string.
    ///
    /// # Errors
    /// The database failed.
    pub async fn credential(&self, user: &str) -> Result<Option<String>> {
        backend!(self.credential(user.to_owned()))
    }

    /// Sets or replaces the digest of a user's password.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] if it is too long; or the database failed.
    pub async fn set_credential(&self, user: &str, phc: &str) -> Result<()> {
        check_text("user", user, MAX_NAME_BYTES)?;
        check_text("credential", phc, MAX_CREDENTIAL_BYTES)?;
        backend!(self.set_credential(user.to_owned(), phc.to_owned()))
    }

    /// Removes a user's password; whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_credential(&self, user: &str) -> Result<bool> {
        backend!(self.remove_credential(user.to_owned()))
    }

    /// Keeps a session, replacing one with the same token.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] if it is too large; or the database failed.
    pub async fn put_session(&self, session: Session) -> Result<()> {
        session.check()?;
        backend!(self.put_session(session))
    }

    /// The session with a token, expired or not.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session(&self, token_hash: Hash) -> Result<Option<Session>> {
        backend!(self.session(token_hash))
    }

    /// The sessions of a user, last used first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<Session>> {
        backend!(self.sessions_of(user.to_owned()))
    }

    /// Records that a session was used and when it now ends; whether there is such a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn touch_session(
        &self,
        token_hash: Hash,
        touched_ms: i64,
        expires_ms: i64,
    ) -> Result<bool> {
        backend!(self.touch_session(token_hash, touched_ms, expires_ms))
    }

    /// Ends a session; whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_session(&self, token_hash: Hash) -> Result<bool> {
        backend!(self.end_session(token_hash))
    }

    /// Ends all sessions of a user; how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_sessions_of(&self, user: &str) -> Result<usize> {
        backend!(self.end_sessions_of(user.to_owned()))
    }

    /// Removes the sessions that ended by `now_ms`; how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn prune_sessions(&self, now_ms: i64) -> Result<usize> {
        backend!(self.prune_sessions(now_ms))
    }

    /// The SQLite database itself, for tables of other crates (reports, telemetry); `None` on PostgreSQL.
    #[must_use]
    pub fn sqlite(&self) -> Option<&SqliteJournal> {
        match &self.backend {
            Backend::Sqlite(backend) => Some(backend),
            Backend::Postgres(_) => None,
        }
    }

    /// The PostgreSQL database itself, for tables of other crates; `None` on SQLite.
    #[must_use]
    pub fn postgres(&self) -> Option<&PostgresJournal> {
        match &self.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(backend) => Some(backend),
        }
    }

    /// The head a journal would have if it ended before `seq`.
    pub(crate) async fn head_before(&self, seq: u64) -> Result<Head> {
        let before = seq.saturating_sub(1);
        if before == 0 {
            return Ok(Head::EMPTY);
        }
        match self.entry(before).await? {
            Some(entry) => Ok(entry.as_head()),
            None => Err(JournalError::invalid(format!(
                "entry {before} is not in the journal"
            ))),
        }
    }
}

fn check_ttl(ttl: Duration) -> Result<()> {
    if ttl.is_zero() || ttl > MAX_LEASE {
        return Err(JournalError::invalid(format!(
            "a lease lasts more than nothing and at most {} s",
            MAX_LEASE.as_secs()
        )));
    }
    Ok(())
}
