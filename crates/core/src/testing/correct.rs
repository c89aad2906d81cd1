use serde::{Deserialize, Serialize};

use super::record::{Reaction, prepare};
use super::verify::{newest, wrong};
use super::{Material, Origin, Test, TestEvent, TestState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::TestId;
use crate::patient::PatientEvent;
use crate::people::Action;
use crate::subject::Subject;
use crate::unit::guard::let_go;
use crate::unit::{Regroup, UnitEvent};

/// Replaces the newest version of a result by a new reading, entered at the bench. The old version stays; the new one waits for
/// verification, and what the old one had established no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectTest {
    /// Which.
    pub test: TestId,
    /// The version that is replaced, counted from 1.
    pub version: usize,
    /// The new reading, of the same kind on the same material.
    pub reaction: Reaction,
    /// Why.
    pub reason: String,
}

impl Decide for CorrectTest {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.test.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let Some(test) = hospital.tests.get(self.test) else {
            return Err(Finding::not_found(self.test).into());
        };
        checks.take(newest(test.id, test.versions.len(), self.version));
        checks.require(test.state != TestState::Invalidated, || {
            wrong(test.id, test.state)
        });
        let same = test.kind == self.reaction.kind && test.material == self.reaction.material;
        checks.require(same, || Finding::bad_value("kind", "why-another-test"));
        let work = checks.take_all(prepare(hospital, &self.reaction, Origin::Bench, context.at));
        checks.settle()?;
        let mut events: Vec<Event> = work
            .map(|work| {
                TestEvent::Corrected {
                    test: self.test,
                    material: test.material.clone(),
                    work,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect();
        events.extend(withdrawn(hospital, test, &self.reason));
        Ok(events)
    }
}

/// Declares a result void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidateTest {
    /// Which.
    pub test: TestId,
    /// The version that was looked at, counted from 1.
    pub version: usize,
    /// Why.
    pub reason: String,
}

impl Decide for InvalidateTest {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.test.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let Some(test) = hospital.tests.get(self.test) else {
            return Err(Finding::not_found(self.test).into());
        };
        checks.take(newest(test.id, test.versions.len(), self.version));
        checks.require(test.state != TestState::Invalidated, || {
            wrong(test.id, test.state)
        });
        checks.settle()?;
        let mut events: Vec<Event> = vec![
            TestEvent::Invalidated {
                test: self.test,
                material: test.material.clone(),
                reason: self.reason.trim().into(),
            }
            .into(),
        ];
        events.extend(withdrawn(hospital, test, &self.reason));
        Ok(events)
    }
}

/// Takes back what a result had established.
fn withdrawn(hospital: &Hospital, test: &Test, reason: &str) -> Vec<Event> {
    match &test.material {
        Material::Sample(_) => super::determination_holder(hospital, test.id)
            .map(|patient| {
                PatientEvent::GroupWithdrawn {
                    patient,
                    test: test.id,
                }
                .into()
            })
            .into_iter()
            .collect(),
        Material::Unit(id) => {
            let Some(unit) = hospital.units.get(id).filter(|unit| {
                matches!(unit.regroup, Regroup::Confirmed(by) | Regroup::Mismatch(by) if by == test.id)
            }) else {
                return Vec::new();
            };
            let mut events: Vec<Event> = let_go(unit).into_iter().collect();
            events.push(
                UnitEvent::GroupReopened {
                    unit: *id,
                    test: test.id,
                    note: reason.trim().into(),
                }
                .into(),
            );
            events
        }
    }
}
