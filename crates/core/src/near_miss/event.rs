use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Closing, NearMiss};
use crate::hospital::{Hospital, Stamp};
use crate::id::NearMissId;
use crate::subject::Subject;

/// Facts about near misses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NearMissEvent {
    /// Found.
    Reported {
        /// Number.
        near_miss: NearMissId,
        /// Coded kind.
        kind: String,
        /// In words.
        account: String,
        /// When it happened.
        happened: Timestamp,
        /// What it was about.
        about: Vec<Subject>,
        /// Found by a rule of the program.
        by_rule: bool,
    },
    /// Looked into to the end.
    Closed {
        /// Which.
        near_miss: NearMissId,
        /// Why it happened.
        cause: String,
        /// What was changed.
        measure: String,
    },
}

kinds!(NearMissEvent, "near_miss" { Reported => "reported", Closed => "closed" });

impl NearMissEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Reported {
                near_miss, about, ..
            } => {
                let mut subjects = vec![Subject::from(*near_miss)];
                subjects.extend(about.iter().cloned());
                subjects
            }
            Self::Closed { near_miss, .. } => vec![(*near_miss).into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &NearMissEvent) {
    match event {
        NearMissEvent::Reported {
            near_miss,
            kind,
            account,
            happened,
            about,
            by_rule,
        } => {
            hospital.next.near_miss = near_miss.next();
            hospital.near_misses.open.insert(*near_miss);
            hospital.near_misses.all.insert(
                *near_miss,
                Arc::new(NearMiss {
                    id: *near_miss,
                    kind: kind.clone(),
                    account: account.clone(),
                    happened: *happened,
                    about: about.clone(),
                    by_rule: *by_rule,
                    reported: stamp.clone(),
                    closed: None,
                    changed: stamp.clone(),
                }),
            );
        }
        NearMissEvent::Closed {
            near_miss,
            cause,
            measure,
        } => {
            hospital.near_misses.open.remove(near_miss);
            let found = hospital.near_misses.all.get_mut(near_miss);
            if let Some(found) = found.map(Arc::make_mut) {
                found.closed = Some(Closing {
                    cause: cause.clone(),
                    measure: measure.clone(),
                    stamp: stamp.clone(),
                });
                found.changed = stamp.clone();
            }
        }
    }
}
