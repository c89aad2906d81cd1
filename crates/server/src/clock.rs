//! The one place that reads the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Tells the time to everything outside the core; the core gets it as an argument.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The computer's clock.
    #[default]
    System,
    /// Milliseconds since 1970, set by a test.
    Set(Arc<AtomicI64>),
    /// The computer's clock, put forward by so many milliseconds: the demonstration begins a month ago and catches up.
    Shifted(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands until it is set.
    pub fn set_at(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// The computer's clock, which [`Clock::advance`] can shift.
    pub fn shifted() -> Self {
        Self::Shifted(Arc::new(AtomicI64::new(0)))
    }

    /// Now, in whole milliseconds: what the journal keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> Timestamp {
        let milliseconds = match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Set(milliseconds) => milliseconds.load(Ordering::Relaxed),
            Self::Shifted(by) => Timestamp::now()
                .as_millisecond()
                .saturating_add(by.load(Ordering::Relaxed)),
        };
        Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a set or shifted clock; the computer's clock stays.
    pub fn advance(&self, by: jiff::SignedDuration) {
        if let Self::Set(milliseconds) | Self::Shifted(milliseconds) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            milliseconds.fetch_add(by, Ordering::Relaxed);
        }
    }
}
