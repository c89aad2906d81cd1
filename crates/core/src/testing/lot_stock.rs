//! Packs of lots on hand, and which products are to be ordered.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Lot, LotEvent, LotKind};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason};
use crate::hospital::Hospital;
use crate::id::LotId;
use crate::people::Action;
use crate::policy::{Key, Policies};
use crate::subject::Subject;

/// The most packs of a delivery or a count.
pub const PACKS_MOST: u32 = 100_000;

/// Why the number of packs on hand changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackChange {
    /// More of the lot came.
    Delivered,
    /// Taken to the bench.
    Used,
    /// Thrown away.
    Discarded,
    /// Counted on the shelf: so many there are.
    Counted,
}

impl PackChange {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Used, Self::Delivered, Self::Discarded, Self::Counted];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Used => "used",
            Self::Discarded => "discarded",
            Self::Counted => "counted",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Says that packs came, were used, thrown away or counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePacks {
    /// Which lot.
    pub lot: LotId,
    /// Why.
    pub change: PackChange,
    /// How many; for a count, how many there are.
    pub packs: u32,
    /// Remarks; needed for a discard and for a count that differs.
    pub note: String,
}

impl Decide for ChangePacks {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let lot = checks.take(super::lots::known(hospital, &self.lot));
        let on_hand = lot.map_or(0, |lot| lot.packs);
        let least = u32::from(self.change != PackChange::Counted);
        checks.require((least..=PACKS_MOST).contains(&self.packs), || {
            Finding::bad_value("packs", "why-out-of-range").with("most", i64::from(PACKS_MOST))
        });
        let left = match self.change {
            PackChange::Delivered => on_hand.saturating_add(self.packs).min(PACKS_MOST),
            PackChange::Counted => self.packs,
            PackChange::Used | PackChange::Discarded => {
                checks.require(lot.is_none() || self.packs <= on_hand, || {
                    Finding::bad_value("packs", "why-more-than-on-hand")
                        .with("value", i64::from(self.packs))
                        .with("most", i64::from(on_hand))
                });
                on_hand.saturating_sub(self.packs)
            }
        };
        let told = match self.change {
            PackChange::Discarded => true,
            PackChange::Counted => left != on_hand,
            PackChange::Delivered | PackChange::Used => false,
        };
        let least = if told { Reason::LEAST } else { 0 };
        checks.text("note", &self.note, least, Reason::MOST);
        checks.settle()?;
        Ok(vec![
            LotEvent::PacksChanged {
                lot: self.lot.clone(),
                change: self.change,
                packs: self.packs,
                left,
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}

/// A line `name=number` of a policy.
pub(crate) fn level(line: &str) -> Option<(&str, i64)> {
    let (name, number) = line.rsplit_once('=')?;
    let number: i64 = number.trim().parse().ok()?;
    let name = name.trim();
    (!name.is_empty() && number >= 0).then_some((name, number))
}

/// The number a policy of such lines has for a product: by its name, else by its kind.
fn number(policies: &Policies, key: Key, name: &str, kind: LotKind, at: Timestamp) -> Option<i64> {
    let lines = policies.words(key, at).ok()?;
    let of = |wanted: &str| {
        let mut lines = lines.iter().filter_map(|line| level(line));
        lines.find(|(name, _)| *name == wanted).map(|(_, n)| n)
    };
    of(name).or_else(|| of(kind.as_str()))
}

/// How long an opened vial of a product lasts by the policy, where it says so.
pub(super) fn open_life(
    policies: &Policies,
    name: &str,
    kind: LotKind,
    at: Timestamp,
) -> Option<SignedDuration> {
    number(policies, Key::LotOpenLife, name, kind, at).map(SignedDuration::from_mins)
}

/// A product that is to be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reorder {
    /// What.
    pub kind: LotKind,
    /// Product name.
    pub name: String,
    /// Packs on hand in lots that may still be used.
    pub on_hand: u32,
    /// The level at which it is ordered.
    pub level: u32,
    /// The newest lot of it.
    pub lot: LotId,
    /// When that lot last changed.
    pub since: Timestamp,
}

/// Products whose packs in date, not blocked, are no more than their reorder level; by name.
pub fn reorders(hospital: &Hospital, at: Timestamp) -> Vec<Reorder> {
    let mut products: BTreeMap<(LotKind, &str), (u32, &Lot)> = BTreeMap::new();
    for lot in hospital.lots.values() {
        let good = at < lot.expires && lot.blocked.is_none();
        let packs = if good { lot.packs } else { 0 };
        let entry = products
            .entry((lot.kind, lot.name.as_str()))
            .or_insert((0, lot));
        entry.0 = entry.0.saturating_add(packs);
        if entry.1.changed.seq < lot.changed.seq {
            entry.1 = lot;
        }
    }
    products
        .into_iter()
        .filter_map(|((kind, name), (on_hand, newest))| {
            let level = number(&hospital.policies, Key::LotReorder, name, kind, at)?;
            let level = u32::try_from(level).ok()?;
            (level > 0 && on_hand <= level).then(|| Reorder {
                kind,
                name: name.to_owned(),
                on_hand,
                level,
                lot: newest.id.clone(),
                since: newest.changed.at,
            })
        })
        .collect()
}

/// Lots in use that end within the span of the policy: by the open-vial limit or the expiry.
pub fn ending(hospital: &Hospital, at: Timestamp) -> Vec<(Timestamp, LotId)> {
    let Ok(span) = hospital.policies.span(Key::LotNearEnd, at) else {
        return Vec::new();
    };
    let mut list: Vec<(Timestamp, LotId)> = hospital
        .lots
        .values()
        .filter(|lot| lot.usable(at))
        .filter_map(|lot| {
            let (_, until) = lot.opened?;
            let end = until.min(lot.expires);
            (end.duration_since(at) <= span).then(|| (end, lot.id.clone()))
        })
        .collect();
    list.sort();
    list
}
