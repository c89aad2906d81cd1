use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Entered;
use super::receive::{known, stands};
use super::tube::tube_answer;
use super::{Answer, AssessmentEvent, Measure, Round, RoundState, TEXT_MOST};
use crate::command::{Checks, Context, Decide, Decision, working};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::{DeviceId, RoundId, UserId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Enters what one person found in the samples of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterResults {
    /// Which round.
    pub round: RoundId,
    /// Who tested.
    pub tester: UserId,
    /// When.
    pub tested: Timestamp,
    /// On which machine.
    pub device: Option<DeviceId>,
    /// The answers.
    pub results: Vec<Entered>,
    /// Why earlier answers are replaced; needed when any is.
    pub correction: String,
}

impl Decide for EnterResults {
    fn action(&self) -> Action {
        Action::AssessmentEnter
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        stands(&mut checks, round, &[RoundState::Testing]);
        checks.take(working(hospital, &self.tester));
        checks.past("tested", self.tested);
        if let Some(receipt) = &round.receipt {
            checks.require(self.tested >= receipt.at, || {
                Finding::bad_value("tested", "why-before-receipt").with("value", self.tested)
            });
            checks.require(receipt.by != self.tester, || {
                Finding::new(Rule::AssessmentNotBlind).with("user", self.tester.as_str())
            });
        }
        if let Some(device) = &self.device {
            let known = hospital.devices.all.contains_key(device);
            checks.require(known, || Finding::not_found(device.clone()));
        }
        checks.require(!self.results.is_empty(), || {
            Finding::bad_value("results", "why-empty")
        });
        for entered in &self.results {
            answer(&mut checks, round, entered);
            // What the bench found and somebody verified is taken, not typed.
            let tested = tube_answer(hospital, &entered.tube, &entered.item);
            checks.require(tested.is_none(), || {
                Finding::bad_value("results", "why-tube-tested")
                    .with("value", format!("{} {}", entered.tube, entered.item))
            });
        }
        let replaced = self.results.iter().any(|entered| {
            round
                .results
                .contains_key(&(entered.tube.clone(), entered.item.clone()))
        });
        let least = if replaced { Reason::LEAST } else { 0 };
        checks.text("correction", &self.correction, least, Reason::MOST);
        rotation(&mut checks, hospital, context, round, &self.tester)?;
        let settled = checks.settle()?;
        let correction = self.correction.trim();
        let event = AssessmentEvent::ResultsEntered {
            round: self.round,
            tester: self.tester.clone(),
            tested: self.tested,
            device: self.device.clone(),
            results: self.results.clone(),
            tests: Vec::new(),
            correction: replaced.then(|| correction.to_owned()),
            rotation: settled.into_iter().next().map(|(_, reason)| reason.text),
        };
        Ok(vec![event.into()])
    }
}

fn answer(checks: &mut Checks<'_>, round: &Round, entered: &Entered) {
    let listed = round
        .samples
        .iter()
        .any(|sample| sample.tube == entered.tube);
    checks.require(listed, || {
        Finding::bad_value("tube", "why-not-in-panel").with("value", entered.tube.as_str())
    });
    let Some(item) = round.item(&entered.item) else {
        return checks.find(
            Finding::bad_value("item", "why-not-listed").with("value", entered.item.as_str()),
        );
    };
    match (&item.measure, &entered.answer) {
        (Measure::Graded, Answer::Word(word)) => checks.text("results", word, 1, TEXT_MOST),
        (Measure::Measured { .. }, Answer::Figure(_)) => {}
        (_, given) => checks.find(
            Finding::bad_value("results", "why-not-a-number")
                .with("value", format!("{}: {}", entered.tube, given.text())),
        ),
    }
}

/// The staff take turns: who tested one of the last rounds of the programme should not test the next.
pub(super) fn rotation(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    context: &Context,
    round: &Round,
    tester: &UserId,
) -> Result<(), Finding> {
    let last = hospital
        .policies
        .count(Key::AssessmentRotation, context.at)?;
    let last = usize::try_from(last).unwrap_or_default();
    let again = hospital
        .assessments
        .of(&round.programme)
        .rev()
        .filter(|other| other.id != round.id && other.deadline < round.deadline)
        .take(last)
        .find(|other| {
            other
                .results
                .values()
                .any(|reported| reported.tester == *tester)
        });
    if let Some(other) = again {
        checks.find(
            Finding::new(Rule::AssessmentRotation)
                .with("user", tester.as_str())
                .with("round", Subject::from(other.id)),
        );
    }
    Ok(())
}
