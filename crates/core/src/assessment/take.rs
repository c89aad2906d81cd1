use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::enter::rotation;
use super::event::Entered;
use super::receive::{known, stands};
use super::tube::{TubeAnswer, tube_answers};
use super::{AssessmentEvent, RoundState};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::{DeviceId, RoundId, SampleId, UserId};
use crate::people::Action;
use crate::subject::Subject;

/// Takes the answers of a round from the verified tests of its tubes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeResults {
    /// Which round.
    pub round: RoundId,
    /// Why earlier answers are replaced; needed when any is.
    pub correction: String,
}

/// A tube's answer: of which sample, to which item, what.
type Taken = (SampleId, String, TubeAnswer);

impl Decide for TakeResults {
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
        let mut replaced = false;
        // One fact for each person and machine.
        let mut taken: BTreeMap<(UserId, Option<DeviceId>), Vec<Taken>> = BTreeMap::new();
        for (tube, item, found) in tube_answers(hospital, round) {
            match round.results.get(&(tube.clone(), item.clone())) {
                Some(known) if known.test == Some(found.test) && known.answer == found.answer => {
                    continue;
                }
                Some(_) => replaced = true,
                None => {}
            }
            let key = (found.tester.clone(), found.device.clone());
            taken.entry(key).or_default().push((tube, item, found));
        }
        checks.require(!taken.is_empty(), || {
            Finding::bad_value("results", "why-no-tube-tests")
        });
        let least = if replaced { Reason::LEAST } else { 0 };
        checks.text("correction", &self.correction, least, Reason::MOST);
        for (tester, _) in taken.keys() {
            let unpacked = round.receipt.as_ref().is_some_and(|one| one.by == *tester);
            checks.require(!unpacked, || {
                Finding::new(Rule::AssessmentNotBlind).with("user", tester.as_str())
            });
            rotation(&mut checks, hospital, context, round, tester)?;
        }
        let reason = checks.settle()?.into_iter().next();
        let reason = reason.map(|(_, reason)| reason.text);
        let events = taken.into_iter().filter_map(|((tester, device), answers)| {
            let tested = answers.iter().map(|(_, _, found)| found.tested).max()?;
            let tests = answers.iter().map(|(_, _, found)| found.test).collect();
            let results = answers.into_iter().map(|(tube, item, found)| Entered {
                tube,
                item,
                answer: found.answer,
            });
            Some(
                AssessmentEvent::ResultsEntered {
                    round: self.round,
                    tester,
                    tested,
                    device,
                    results: results.collect(),
                    tests,
                    correction: replaced.then(|| self.correction.trim().to_owned()),
                    rotation: reason.clone(),
                }
                .into(),
            )
        });
        Ok(events.collect())
    }
}
