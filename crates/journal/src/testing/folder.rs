//! Folders of one's own.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// An empty folder of one's own, deleted with everything in it when dropped.
#[derive(Debug)]
pub struct TestFolder {
    path: PathBuf,
}

impl TestFolder {
    /// Makes one under the system's folder for temporary files.
    ///
    /// # Errors
    /// The disk failed.
    pub fn new() -> std::io::Result<Self> {
        loop {
            let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
            let name = format!("lifeline-test-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of an SQLite journal in it.
    #[must_use]
    pub fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.path.join("journal.sqlite").display())
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
