//! Durations, memory, the machine's load.

use std::path::PathBuf;
use std::time::Duration;

/// How long single things took.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn note(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// All of another's.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that a share of them does not exceed, in microseconds.
    pub fn percentile(&mut self, share: f64) -> f64 {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.0
            .get(place)
            .map_or(0.0, |took| took.as_secs_f64() * 1e6)
    }
}

/// The machine's load over one minute, as the system words it; empty where it does not say.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Memory of this process in bytes; 0 where the system does not say.
pub fn resident() -> u64 {
    // Pages are 4 KiB on every machine this runs on.
    const PAGE: u64 = 4096;
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map_or(0, |pages: u64| pages * PAGE)
}

/// A folder for the run, deleted with it.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new one below another (so that the disk can be chosen), or below the folder for temporary files.
    ///
    /// # Errors
    /// The disk failed.
    pub fn new(below: Option<PathBuf>) -> std::io::Result<Self> {
        let below = below.unwrap_or_else(std::env::temp_dir);
        let path = below.join(format!("lifeline-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
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
