use serde::{Deserialize, Serialize};

use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;
use crate::unit::UnitEvent;

/// Gives a held unit back to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndReservation {
    /// Which unit.
    pub unit: UnitId,
}

impl Decide for EndReservation {
    fn action(&self) -> Action {
        Action::UnitReserve
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let unit = checks.take(
            hospital
                .units
                .get(&self.unit)
                .ok_or_else(|| Finding::not_found(self.unit)),
        );
        let held = unit.and_then(|unit| {
            let held = unit.reservation.as_ref();
            checks.require(held.is_some(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(self.unit))
                    .word("state", unit.status.word())
            });
            held
        });
        checks.settle()?;
        Ok(held
            .map(|held| -> Event {
                UnitEvent::ReservationEnded {
                    unit: self.unit,
                    request: held.request,
                    lapsed: false,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// The program's own job: gives back every unit whose reservation has run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LapseReservations {}

impl LapseReservations {
    /// The most units one command gives back; the job runs again for the rest.
    pub const MOST: usize = 500;
}

impl Decide for LapseReservations {
    fn action(&self) -> Action {
        Action::SystemRun
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        Ok(hospital
            .units
            .held()
            .take_while(|(until, _)| *until <= context.at)
            .take(Self::MOST)
            .filter_map(|(_, unit)| {
                let held = unit.reservation.as_ref()?;
                Some(
                    UnitEvent::ReservationEnded {
                        unit: unit.id,
                        request: held.request,
                        lapsed: true,
                    }
                    .into(),
                )
            })
            .collect())
    }
}
