use std::collections::BTreeMap;

use lifeline_qc::eqa::Submitted;
use serde::{Deserialize, Serialize};

use super::receive::known;
use super::{AssessmentEvent, ItemOutcome, Outcome, TEXT_MOST, score};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::RoundId;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Says that a round was not answered: its deadline has passed and nothing was sent. Every item scores nothing, and the round
/// counts as unsatisfactory, with its cause and correction still to be found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordAbsence {
    /// Which.
    pub round: RoundId,
    /// The provider's number of its report, or how it is known.
    pub reference: String,
}

impl Decide for RecordAbsence {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        let open = round.submission.is_none() && round.reports.is_empty();
        checks.require(open && round.closed.is_none(), || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(round.id))
                .word("state", format!("round-state-{}", round.state().as_str()))
        });
        checks.require(context.at > round.deadline, || {
            Finding::bad_value("round", "why-still-open").with("deadline", round.deadline)
        });
        checks.text("reference", &self.reference, 1, TEXT_MOST);
        checks.settle()?;
        let table = score::table(hospital, &round.table, round.deadline)?;
        let measured_pass = hospital
            .policies
            .count(Key::AssessmentMeasuredPass, round.deadline)?;
        let items: Vec<ItemOutcome> = round
            .items
            .iter()
            .map(|item| {
                let rule = table.items.get(&item.code);
                let pass = rule.map(|rule| rule.pass);
                ItemOutcome {
                    item: item.code.clone(),
                    acceptable: 0,
                    challenges: round.expected.max(1),
                    pass: pass.unwrap_or(u32::try_from(measured_pass).unwrap_or(100)),
                    satisfactory: rule.is_some_and(|rule| rule.educational),
                    provisional: rule.is_none_or(|rule| rule.provisional),
                    marks: BTreeMap::new(),
                }
            })
            .collect();
        let outcome = Outcome {
            submitted: Submitted::Absent,
            items,
            score: 0,
            points: table.penalties.as_ref().map_or(0, |one| one.absent),
            satisfactory: false,
            table: (table.name, table.effective),
        };
        let event = AssessmentEvent::ReportRecorded {
            round: self.round,
            reference: self.reference.trim().into(),
            targets: Vec::new(),
            outcome,
        };
        Ok(vec![event.into()])
    }
}
