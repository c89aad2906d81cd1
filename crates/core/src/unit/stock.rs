//! What stands on the shelves: first to expire first, counted by component, group and expiry band.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Status, Unit};
use crate::blood::{Component, LabelGroup};
use crate::hospital::Hospital;
use crate::policy::Key;

/// How near its expiry a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Not to be used any more.
    Expired,
    /// Within the policy `unit.near_expiry`.
    Near,
    /// Longer.
    Fresh,
}

impl Band {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Expired, Self::Near, Self::Fresh];

    /// The word in addresses and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Near => "near",
            Self::Fresh => "fresh",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.as_str() == text)
    }
}

/// Units of one component and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Available, by band in the order of [`Band::ALL`].
    pub available: [usize; 3],
    /// Reserved or crossmatched for somebody.
    pub promised: usize,
    /// In quarantine.
    pub held: usize,
}

impl Count {
    /// Available units in a band.
    pub fn in_band(&self, band: Band) -> usize {
        match (band, self.available) {
            (Band::Expired, [expired, _, _]) => expired,
            (Band::Near, [_, near, _]) => near,
            (Band::Fresh, [_, _, fresh]) => fresh,
        }
    }

    /// Units that may be chosen now: available and not expired.
    pub fn usable(&self) -> usize {
        self.in_band(Band::Near) + self.in_band(Band::Fresh)
    }
}

/// The span before expiry that counts as near; none while the policy is missing.
pub fn near_span(hospital: &Hospital, at: Timestamp) -> SignedDuration {
    hospital
        .policies
        .span(Key::NearExpiry, at)
        .unwrap_or(SignedDuration::ZERO)
}

/// The band of a unit at a moment, with the span from [`near_span`].
pub fn band(unit: &Unit, at: Timestamp, near: SignedDuration) -> Band {
    if unit.expires <= at {
        Band::Expired
    } else if unit.expires.duration_since(at) <= near {
        Band::Near
    } else {
        Band::Fresh
    }
}

/// Counts of everything on the shelves, by component and label group.
pub fn summary(hospital: &Hospital, at: Timestamp) -> BTreeMap<(Component, LabelGroup), Count> {
    let near = near_span(hospital, at);
    let mut counts: BTreeMap<_, Count> = BTreeMap::new();
    for unit in hospital.units.shelf() {
        let count = counts.entry((unit.component, unit.group)).or_default();
        let [expired, soon, fresh] = &mut count.available;
        match unit.status {
            Status::Available => match band(unit, at, near) {
                Band::Expired => *expired += 1,
                Band::Near => *soon += 1,
                Band::Fresh => *fresh += 1,
            },
            Status::Reserved | Status::Crossmatched => count.promised += 1,
            _ => count.held += 1,
        }
    }
    counts
}
