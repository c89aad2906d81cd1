//! Handing a shift over: what the next shift must know, and the fact that both have gone through it.

mod hand_over;
mod matters;

pub use hand_over::HandOverShift;
pub use matters::{Item, Matter, counts, matters};

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::hospital::{Hospital, Stamp};
use crate::id::{ShiftId, UserId};
use crate::subject::Subject;

/// A shift that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Number.
    pub id: ShiftId,
    /// Who took over and signed.
    pub taker: UserId,
    /// What is in no list, in words.
    pub notes: String,
    /// Everything that waited then, the gravest first.
    pub items: Vec<Item>,
    /// How much waited beyond [`HandOverShift::ITEMS_MOST`].
    pub beyond: u64,
    /// The journal entry; its person handed over.
    pub signed: Stamp,
}

/// Every shift that was handed over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Shifts {
    all: OrdMap<ShiftId, Arc<Shift>>,
}

impl Shifts {
    /// One.
    pub fn get(&self, id: ShiftId) -> Option<&Arc<Shift>> {
        self.all.get(&id)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Shift>> {
        self.all.values()
    }
}

/// Facts about shifts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftEvent {
    /// Handed over by the actor to the taker.
    HandedOver {
        /// Number.
        shift: ShiftId,
        /// Who took over and signed.
        taker: UserId,
        /// What is in no list, in words.
        notes: String,
        /// Everything that waited, the gravest first.
        items: Vec<Item>,
        /// How much waited beyond the bound.
        beyond: u64,
    },
}

kinds!(ShiftEvent, "shift" { HandedOver => "handed_over" });

impl ShiftEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::HandedOver { shift, taker, .. } => vec![(*shift).into(), taker.clone().into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &ShiftEvent) {
    match event {
        ShiftEvent::HandedOver {
            shift,
            taker,
            notes,
            items,
            beyond,
        } => {
            hospital.next.shift = shift.next();
            hospital.shifts.all.insert(
                *shift,
                Arc::new(Shift {
                    id: *shift,
                    taker: taker.clone(),
                    notes: notes.clone(),
                    items: items.clone(),
                    beyond: *beyond,
                    signed: stamp.clone(),
                }),
            );
        }
    }
}

#[cfg(test)]
mod tests;
