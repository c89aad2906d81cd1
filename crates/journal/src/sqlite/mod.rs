//! The SQLite backend: one writer thread, a few read-only connections.

mod accounts;
mod append;
mod lease;
mod read;
mod schema;
mod snapshot;
mod subjects;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::{
    entry::Head,
    error::{JournalError, Result},
};

/// Jobs that may wait for the writer thread; more callers wait without being queued.
pub const WRITER_QUEUE: usize = 64;
/// Read-only connections used at the same time.
pub const READERS: usize = 4;
/// How long to wait for another process that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages of the log before it is carried into the database: large enough that a page changed by several batches is carried
/// once, small enough (16 MiB) that opening after a crash takes no time.
const CHECKPOINT_PAGES: i64 = 4096;
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 64;

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// A journal in one SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteJournal {
    path: Arc<Path>,
    jobs: mpsc::Sender<Job>,
    readers: Arc<Readers>,
}

impl SqliteJournal {
    pub(crate) async fn open(path: PathBuf) -> Result<Self> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(WRITER_QUEUE);
        let (opened, answer) = oneshot::channel();
        let writer_path = path.clone();
        std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || {
                let mut writer = Writer {
                    path: writer_path,
                    connection: None,
                    head: None,
                    indexing: subjects::Indexing::default(),
                };
                let ready = writer.create();
                let failed = ready.is_err();
                let _ = opened.send(ready);
                if failed {
                    return;
                }
                while let Some(job) = waiting.blocking_recv() {
                    // A job that panics must not take the journal with it; its transaction goes with the connection.
                    if catch_unwind(AssertUnwindSafe(|| job(&mut writer))).is_err() {
                        writer.forget();
                    }
                    writer.index_subjects();
                }
            })
            .map_err(JournalError::unavailable)?;
        answer.await.map_err(|_| JournalError::Closed)??;
        Ok(Self {
            readers: Arc::new(Readers {
                path: path.clone(),
                permits: Semaphore::new(READERS),
                idle: Mutex::new(Vec::new()),
            }),
            path: path.into(),
            jobs,
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` on the writer thread, between two batches of the desk. For the tables of other crates: keep it short,
    /// use a transaction, and leave the journal's own tables alone (triggers guard the journal itself).
    ///
    /// # Errors
    /// What `work` returns, or that the database cannot be opened.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.on_writer(move |writer| writer.with(|connection| work(connection)))
            .await
    }

    /// Runs `work` on a read-only connection, off the async threads and beside the writer.
    ///
    /// # Errors
    /// What `work` returns, or that the database cannot be opened.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.on_reader(move |connection| work(connection).map_err(JournalError::from))
            .await
    }

    async fn on_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (done, answer) = oneshot::channel();
        let job: Job = Box::new(move |writer| {
            let _ = done.send(work(writer));
        });
        self.jobs
            .send(job)
            .await
            .map_err(|_| JournalError::Closed)?;
        answer
            .await
            .map_err(|_| JournalError::unavailable("the work on the database was given up"))?
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _permit = self
            .readers
            .permits
            .acquire()
            .await
            .map_err(|_| JournalError::Closed)?;
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || {
            let mut connection = readers.take()?;
            let answer = work(&mut connection);
            // A connection that failed may be broken for good: the next reader opens a new one.
            if answer.is_ok() {
                readers.give_back(connection);
            }
            answer
        })
        .await
        .map_err(JournalError::unavailable)?
    }

    pub(crate) async fn ping(&self) -> Result<()> {
        self.on_writer(|writer| {
            let head = writer.with(|connection| append::read_head(connection))?;
            writer.head = Some(head);
            Ok(())
        })
        .await
    }

    pub(crate) async fn backup(&self, target: PathBuf) -> Result<()> {
        if target.exists() {
            return Err(JournalError::invalid(format!(
                "{} exists already",
                target.display()
            )));
        }
        let Some(target) = target.to_str().map(str::to_owned) else {
            return Err(JournalError::invalid("the path of a backup must be UTF-8"));
        };
        // VACUUM INTO reads one consistent state and does not stop the writer.
        self.on_reader(move |connection| {
            connection.execute("VACUUM INTO ?1", [target])?;
            Ok(())
        })
        .await
    }
}

/// What the writer thread owns.
struct Writer {
    path: PathBuf,
    connection: Option<Connection>,
    /// The end of the chain as last seen; `None` after any doubt.
    head: Option<Head>,
    indexing: subjects::Indexing,
}

impl Writer {
    fn create(&mut self) -> Result<()> {
        keep_private(&self.path)?;
        let mut connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::migrate(&mut connection)?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Runs `work` on the connection, opening it again if it was lost.
    fn with<T>(&mut self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.with_checked(|connection| work(connection).map_err(JournalError::from))
    }

    fn with_checked<T>(&mut self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            // Without CREATE: a file that was lost must not silently become an empty journal.
            empty => empty.insert(connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?),
        };
        let answer = work(connection);
        if matches!(
            answer,
            Err(JournalError::Unavailable(_) | JournalError::Corrupt { .. })
        ) {
            self.forget();
        }
        answer
    }

    fn forget(&mut self) {
        self.connection = None;
        self.head = None;
    }
}

struct Readers {
    path: PathBuf,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn take(&self) -> Result<Connection> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connection) => Ok(connection),
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY),
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

/// Creates the file readable by its owner only: it holds patients' data and password digests.
fn keep_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| JournalError::unavailable(format!("{}: {error}", path.display())))
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        if mode.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
            connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
            connection.pragma_update(None, "cache_size", -(64 << 10))?;
        }
        Ok(connection)
    };
    open().map_err(|error| match JournalError::from(error) {
        JournalError::Unavailable(reason) => {
            JournalError::Unavailable(format!("{}: {reason}", path.display()))
        }
        other => other,
    })
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(reason),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::corrupt(None, reason)
            }
            Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation) => Self::Invalid(reason),
            Some(_) => Self::Unavailable(reason),
            // Not from SQLite itself but from reading its answer: a column that cannot hold what it holds.
            None => Self::corrupt(None, reason),
        }
    }
}

/// SQLite's integers are signed; sequence numbers and epochs never reach 2⁶³.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
