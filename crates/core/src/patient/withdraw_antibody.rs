use serde::{Deserialize, Serialize};

use super::{PatientEvent, Specificity};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::identification::IdentificationEvent;
use crate::people::Action;
use crate::subject::Subject;

/// Takes back an antibody that was put on file by mistake: a wrong patient, a slip of the hand, a conclusion shown to be wrong.
/// Two people sign. An antibody that is merely no longer detectable stays on file for life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawAntibody {
    /// Which patient; records merged into this one are meant as well.
    pub patient: PatientId,
    /// Which antibody.
    pub specificity: Specificity,
    /// Why it was never there.
    pub reason: String,
}

impl Decide for WithdrawAntibody {
    fn action(&self) -> Action {
        Action::TestCorrect
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let second = checks.second(Action::TestVerify);
        checks.take(hospital.patients.standing(self.patient));
        let mut events: Vec<Event> = Vec::new();
        if let Some(record) = hospital.record_of(self.patient) {
            for part in record.parts() {
                let mut held = part
                    .antibodies
                    .iter()
                    .filter(|antibody| antibody.specificity == self.specificity)
                    .peekable();
                if held.peek().is_none() {
                    continue;
                }
                let Some(second) = second.clone() else {
                    continue;
                };
                events.push(
                    PatientEvent::AntibodyWithdrawn {
                        patient: part.id,
                        specificity: self.specificity.clone(),
                        reason: self.reason.trim().into(),
                        second,
                    }
                    .into(),
                );
                for workup in held.filter_map(|antibody| antibody.workup) {
                    events.push(
                        IdentificationEvent::Withdrawn {
                            workup,
                            patient: part.id,
                            specificity: self.specificity.clone(),
                            reason: self.reason.trim().into(),
                        }
                        .into(),
                    );
                }
            }
            let on_file = record
                .antibodies()
                .any(|antibody| antibody.specificity == self.specificity);
            checks.require(on_file, || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(self.patient))
                    .word("state", "patient-no-such-antibody")
            });
        }
        checks.settle()?;
        Ok(events)
    }
}
