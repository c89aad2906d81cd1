//! Questions to the history: bounded pages, oldest or newest first.

use crate::entry::Entry;

/// The most entries one page may have; larger requests are cut down to it.
pub const MAX_PAGE: usize = 4096;
/// The most entries a filtered read looks at before it hands back what it has and a place to go on from.
pub const MAX_SCAN: u64 = 200_000;
/// The most command ids one lookup may name.
pub const MAX_KNOWN: usize = 4096;

/// Where a page starts and which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// Oldest first, entries with a greater sequence number.
    After(u64),
    /// Newest first, entries with a smaller sequence number.
    Before(u64),
}

impl Seek {
    /// From the first entry on.
    pub const OLDEST: Self = Self::After(0);
    /// From the last entry back.
    pub const NEWEST: Self = Self::Before(u64::MAX);
}

/// Which entries to show. Everything that is set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Start of the kind, e.g. `unit.`.
    pub kind_prefix: Option<String>,
    /// The exact actor.
    pub actor: Option<String>,
    /// Not before: milliseconds since 1970-01-01 UTC.
    pub from_ms: Option<i64>,
    /// Before: milliseconds since 1970-01-01 UTC.
    pub until_ms: Option<i64>,
    /// An exact subject.
    pub subject: Option<String>,
}

/// One page of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most as many entries as were asked for. May be fewer, even none, although there are more: see `next`.
    pub entries: Vec<Entry>,
    /// Where the next page starts; `None` at the end of the journal.
    pub next: Option<Seek>,
}

pub(crate) fn page_limit(limit: usize) -> usize {
    limit.min(MAX_PAGE)
}

/// The range of sequence numbers one page may look at, and where to go on if it holds too few matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// First sequence number, included.
    pub low: u64,
    /// Last sequence number, included.
    pub high: u64,
    /// What follows the window, if anything does.
    pub next: Option<Seek>,
    pub ascending: bool,
}

impl Window {
    /// `None` if nothing is left in `first..=last` in that direction.
    pub fn new(seek: Seek, first: u64, last: u64, scan: u64) -> Option<Self> {
        match seek {
            Seek::After(seq) => {
                let low = seq.saturating_add(1).max(first);
                let high = low.saturating_add(scan - 1).min(last);
                (low <= high).then(|| Self {
                    low,
                    high,
                    next: (high < last).then_some(Seek::After(high)),
                    ascending: true,
                })
            }
            Seek::Before(seq) => {
                let high = seq.saturating_sub(1).min(last);
                let low = high.saturating_sub(scan - 1).max(first);
                (low <= high && high > 0).then(|| Self {
                    low,
                    high,
                    next: (low > first).then_some(Seek::Before(low)),
                    ascending: false,
                })
            }
        }
    }

    /// The page made of what was found in the window.
    pub fn page(self, found: Vec<Entry>, limit: usize, subject: Option<&str>) -> Page {
        let full = found.len() >= limit;
        let next = match found.last() {
            Some(last) if full && self.ascending => Some(Seek::After(last.seq)),
            Some(last) if full => Some(Seek::Before(last.seq)),
            _ => self.next,
        };
        let mut entries = found;
        if let Some(subject) = subject {
            entries.retain(|entry| entry.subjects.iter().any(|own| own == subject));
        }
        Page { entries, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_tile_the_journal_in_both_directions() {
        for (start, mut expected) in [
            (Seek::OLDEST, (1..=10).collect::<Vec<u64>>()),
            (Seek::NEWEST, (1..=10).rev().collect()),
        ] {
            let mut seen = Vec::new();
            let mut seek = Some(start);
            while let Some(at) = seek {
                let Some(window) = Window::new(at, 1, 10, 3) else {
                    break;
                };
                let mut range: Vec<u64> = (window.low..=window.high).collect();
                if !window.ascending {
                    range.reverse();
                }
                seen.append(&mut range);
                seek = window.next;
            }
            assert_eq!(seen, expected);
            expected.clear();
        }
        assert_eq!(Window::new(Seek::After(10), 1, 10, 3), None);
        assert_eq!(Window::new(Seek::Before(1), 1, 10, 3), None);
        assert_eq!(Window::new(Seek::NEWEST, 1, 0, 3), None);
    }
}
