//! Changes after which controls are run anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Place, QualityEvent};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// What can be done to a bench or a machine; words under `quality-change-KIND`.
pub const KINDS: &[&str] = &[
    "calibration",
    "maintenance",
    "repair",
    "software",
    "relocation",
    "reagent",
];

/// Puts on record that a bench or machine was changed: its controls are run anew before anything is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordChange {
    /// Where.
    pub place: Place,
    /// What was done, one of [`KINDS`].
    pub kind: String,
    /// What exactly.
    pub note: String,
    /// When it was done.
    pub at: Timestamp,
}

impl Decide for RecordChange {
    fn action(&self) -> Action {
        Action::ControlRun
    }

    fn subjects(&self) -> Vec<Subject> {
        self.place.device().into_iter().collect()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("note", &self.note);
        checks.past("at", self.at);
        checks.require(KINDS.contains(&self.kind.as_str()), || {
            Finding::bad_value("kind", "why-not-listed")
        });
        if let Place::Device(device) = &self.place {
            checks.require(hospital.devices.all.contains_key(device), || {
                Finding::not_found(device.clone())
            });
        }
        checks.settle()?;
        Ok(vec![
            QualityEvent::Changed {
                place: self.place.clone(),
                kind: self.kind.clone(),
                note: self.note.trim().into(),
                at: self.at,
            }
            .into(),
        ])
    }
}
