use serde::{Deserialize, Serialize};

use super::keep::{known, wrong};
use super::{SampleEvent, SampleState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::hospital::Hospital;
use crate::id::SampleId;
use crate::measured::MeasuredEvent;
use crate::patient::PatientEvent;
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::{TestEvent, TestState};

/// Ends the suspicion that a tube holds somebody else's blood, signed by two people.
///
/// Was the tube wrong, everything tested on it is void. Was it right, its group goes on file beside the history it contradicts:
/// the record stays discordant until the determination that was wrong is invalidated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettleSuspicion {
    /// Which.
    pub sample: SampleId,
    /// True when the tube is the patient's after all.
    pub right: bool,
    /// What was found.
    pub finding: String,
}

impl Decide for SettleSuspicion {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.sample.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("finding", &self.finding);
        checks.second(Action::TestCorrect);
        let sample = checks.take(known(hospital, &self.sample));
        if let Some(sample) = sample {
            let suspect = matches!(sample.state, SampleState::Suspect(_));
            checks.require(suspect, || wrong(sample));
        }
        checks.settle()?;
        let finding: String = self.finding.trim().into();
        let mut events: Vec<Event> = vec![
            SampleEvent::SuspicionSettled {
                sample: self.sample.clone(),
                right: self.right,
                finding: finding.clone(),
            }
            .into(),
        ];
        let tests = sample
            .iter()
            .flat_map(|sample| &sample.tests)
            .filter_map(|test| hospital.tests.get(*test));
        for test in tests {
            if !self.right && test.state != TestState::Invalidated {
                events.push(
                    TestEvent::Invalidated {
                        test: test.id,
                        material: test.material.clone(),
                        reason: finding.clone(),
                    }
                    .into(),
                );
            }
            let determined = crate::testing::determination_holder(hospital, test.id);
            match (self.right, determined) {
                (false, Some(patient)) => events.push(
                    PatientEvent::GroupWithdrawn {
                        patient,
                        test: test.id,
                    }
                    .into(),
                ),
                (true, None) => events.extend(
                    sample
                        .and_then(|sample| crate::testing::determination(test, sample))
                        .map(Event::from),
                ),
                _ => {}
            }
        }
        let measured = hospital.measurements.of_sample(&self.sample);
        for one in measured.filter(|one| !self.right && one.state != TestState::Invalidated) {
            events.push(
                MeasuredEvent::Invalidated {
                    measurement: one.id,
                    sample: self.sample.clone(),
                    reason: finding.clone(),
                }
                .into(),
            );
        }
        Ok(events)
    }
}
