use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AssessmentEvent, BlindSample, Round, RoundState, TEXT_MOST};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::RoundId;
use crate::people::Action;
use crate::subject::Subject;

/// The round, if there is one.
pub(super) fn known(hospital: &Hospital, id: RoundId) -> Result<&Round, Finding> {
    hospital
        .assessments
        .round(id)
        .map(|round| &**round)
        .ok_or_else(|| Finding::not_found(id))
}

/// Adds a finding unless the round stands in one of these states.
pub(super) fn stands(checks: &mut Checks<'_>, round: &Round, wanted: &[RoundState]) {
    checks.require(wanted.contains(&round.state()), || {
        Finding::new(Rule::WrongState)
            .with("subject", Subject::from(round.id))
            .word("state", format!("round-state-{}", round.state().as_str()))
    });
}

/// Takes a panel in and gives every sample an ordinary tube label, under which the bench treats it like any patient's: where the
/// bench can test it, it is registered as the sample of somebody unidentified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivePanel {
    /// Which round.
    pub round: RoundId,
    /// When it came.
    pub received: Timestamp,
    /// The samples: provider's code and tube label.
    pub samples: Vec<BlindSample>,
    /// Nothing broken, leaking or warm.
    pub intact: bool,
    /// Remarks; needed where something was not intact.
    pub note: String,
}

impl Decide for ReceivePanel {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        stands(&mut checks, round, &[RoundState::Awaited]);
        checks.past("received", self.received);
        let least = if self.intact { 0 } else { Reason::LEAST };
        checks.text("note", &self.note, least, Reason::MOST);
        checks.require(self.samples.len() == round.expected as usize, || {
            Finding::bad_value("samples", "why-another-number")
                .with("least", i64::from(round.expected))
        });
        for sample in &self.samples {
            checks.text("code", &sample.code, 1, TEXT_MOST);
            // The provider's code on the tube would tell the bench what it is.
            checks.require(sample.tube.as_str() != sample.code.trim(), || {
                Finding::new(Rule::AssessmentNotBlind).with("sample", sample.code.as_str())
            });
            let used = hospital
                .assessments
                .rounds()
                .find(|other| other.samples.iter().any(|known| known.tube == sample.tube));
            // A patient's tube must not be taken for one of the panel.
            checks.require(hospital.samples.get(&sample.tube).is_none(), || {
                Finding::new(Rule::AlreadyExists)
                    .with("subject", Subject::from(sample.tube.clone()))
            });
            if let Some(other) = used {
                checks.find(
                    Finding::new(Rule::AlreadyExists)
                        .with("subject", Subject::from(other.id))
                        .with("sample", sample.tube.as_str()),
                );
            }
        }
        let codes: BTreeSet<&str> = self.samples.iter().map(|s| s.code.trim()).collect();
        let tubes: BTreeSet<_> = self.samples.iter().map(|s| &s.tube).collect();
        let once = codes.len() == self.samples.len() && tubes.len() == self.samples.len();
        checks.require(once, || Finding::bad_value("samples", "why-listed-twice"));
        checks.settle()?;
        let samples = self
            .samples
            .iter()
            .map(|sample| BlindSample {
                code: sample.code.trim().into(),
                tube: sample.tube.clone(),
            })
            .collect();
        let tubes: Vec<_> = self.samples.iter().map(|one| one.tube.clone()).collect();
        let registered = super::tube::registered(hospital, context, round, self.received, &tubes)?;
        let event = AssessmentEvent::PanelReceived {
            round: self.round,
            received: self.received,
            samples,
            intact: self.intact,
            note: self.note.trim().into(),
        };
        let mut events = vec![event.into()];
        events.extend(registered);
        Ok(events)
    }
}
