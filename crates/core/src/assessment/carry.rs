use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeline_qc::eqa::Submitted;
use serde::{Deserialize, Serialize};

use super::{AssessmentEvent, ITEMS_MOST, ItemOutcome, Measure, Outcome, TEXT_MOST, score};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::ProgrammeId;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// The most challenges of one item of a round.
const CHALLENGES_MOST: u32 = 1000;

/// How one item of an old round came out, as the provider's report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The item.
    pub item: String,
    /// Acceptable answers.
    pub acceptable: u32,
    /// Challenges.
    pub challenges: u32,
}

/// Carries over a round from before the department worked with this program, from the provider's report, so that the trend
/// begins where the records begin. Two people; it is marked as carried over and closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarryOverRound {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The provider's name of it.
    pub label: String,
    /// Its deadline, in the past.
    pub deadline: Timestamp,
    /// The provider's number of the report.
    pub reference: String,
    /// Whether the results went in time.
    pub submitted: Submitted,
    /// How each item came out.
    pub items: Vec<Carried>,
}

impl Decide for CarryOverRound {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.programme.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(programme) = hospital.assessments.programmes.get(&self.programme) else {
            return Err(Finding::not_found(self.programme.clone()).into());
        };
        let label = self.label.trim();
        let mut checks = Checks::new(hospital, context);
        checks.text("label", label, 1, TEXT_MOST);
        checks.text("reference", &self.reference, 1, TEXT_MOST);
        checks.past("deadline", self.deadline);
        super::programme::unused(&mut checks, hospital, &self.programme, label);
        let codes: BTreeSet<&str> = self.items.iter().map(|item| item.item.as_str()).collect();
        checks.require(codes.len() == self.items.len(), || {
            Finding::bad_value("items", "why-listed-twice")
        });
        checks.require((1..=ITEMS_MOST).contains(&self.items.len()), || {
            Finding::bad_value("items", "why-out-of-range").with("most", ITEMS_MOST as i64)
        });
        for carried in &self.items {
            let known = programme.items.iter().any(|item| item.code == carried.item);
            checks.require(known, || {
                Finding::bad_value("items", "why-not-listed").with("value", carried.item.as_str())
            });
            let sound = (1..=CHALLENGES_MOST).contains(&carried.challenges)
                && carried.acceptable <= carried.challenges;
            checks.require(sound, || {
                Finding::bad_value("items", "why-out-of-range").with("item", carried.item.as_str())
            });
        }
        let checked_by = checks.second(Action::AssessmentSubmit);
        checks.settle()?;
        let table = score::table(hospital, &programme.table, self.deadline)?;
        let measured_pass = hospital
            .policies
            .count(Key::AssessmentMeasuredPass, self.deadline)?;
        let counted = self.submitted == Submitted::OnTime;
        let (mut part, mut whole) = (0, 0);
        let items: Vec<ItemOutcome> = self
            .items
            .iter()
            .map(|carried| {
                let rule = table.items.get(&carried.item);
                let pass = rule.map_or(u32::try_from(measured_pass).unwrap_or(100), |rule| {
                    rule.pass
                });
                let acceptable = if counted { carried.acceptable } else { 0 };
                let weight = rule.map_or(1, |rule| rule.weight);
                part += weight * acceptable;
                whole += weight * carried.challenges;
                let educational = rule.is_some_and(|rule| rule.educational);
                ItemOutcome {
                    item: carried.item.clone(),
                    acceptable,
                    challenges: carried.challenges,
                    pass,
                    satisfactory: educational || acceptable * 100 >= pass * carried.challenges,
                    provisional: rule.is_none_or(|rule| rule.provisional),
                    marks: BTreeMap::new(),
                }
            })
            .collect();
        let outcome = Outcome {
            submitted: self.submitted,
            satisfactory: counted && items.iter().all(|item| item.satisfactory),
            items,
            score: score::hundredths(part, whole),
            // Old penalty points are not in a report of counts.
            points: 0,
            table: (table.name, table.effective),
        };
        let kept = programme
            .items
            .iter()
            .filter(|item| codes.contains(item.code.as_str()))
            .filter(|item| item.measure != Measure::Graded || table.items.contains_key(&item.code));
        Ok(checked_by
            .map(|checked_by| {
                AssessmentEvent::RoundCarriedOver {
                    round: hospital.next.round,
                    programme: self.programme.clone(),
                    label: label.into(),
                    items: kept.cloned().collect(),
                    table: programme.table.clone(),
                    deadline: self.deadline,
                    reference: self.reference.trim().into(),
                    outcome,
                    second: checked_by,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
