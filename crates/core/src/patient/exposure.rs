use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Exposure, PatientEvent};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::subject::Subject;

/// What was said of transfusion and pregnancy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Nobody knows.
    Unknown,
    /// Neither transfused nor pregnant within the window of policy `sample.risk_window`.
    Neither,
    /// Last transfused or pregnant at.
    Last(Timestamp),
}

/// States the transfusion and pregnancy history. The validity of every accepted sample follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateExposure {
    /// Which patient.
    pub patient: PatientId,
    /// What was said.
    pub said: Said,
}

impl Decide for StateExposure {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        let stated = context.at;
        let exposure = match self.said {
            Said::Unknown => Exposure::Unknown,
            Said::Neither => Exposure::None { stated },
            Said::Last(at) => {
                checks.past("last", at);
                Exposure::Last { at, stated }
            }
        };
        let event: Event = PatientEvent::ExposureStated {
            patient: self.patient,
            exposure,
        }
        .into();
        let changed = checks.take(crate::sample::revalidated(
            hospital,
            context,
            &event,
            self.patient,
        ));
        checks.settle()?;
        let mut events = vec![event];
        events.extend(changed.unwrap_or_default());
        Ok(events)
    }
}
