use serde::{Deserialize, Serialize};

use super::IssueEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::IssueId;
use crate::people::Action;
use crate::subject::Subject;

/// Answers the alarm of a unit whose retrospective crossmatch came out incompatible: what was done, and who was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgeIncompatible {
    /// Which hand-over.
    pub issue: IssueId,
    /// What was done, and who was told.
    pub answer: String,
}

impl Decide for AcknowledgeIncompatible {
    fn action(&self) -> Action {
        Action::CrossmatchReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let issue = checks.take(
            hospital
                .issues
                .get(self.issue)
                .ok_or_else(|| Finding::not_found(self.issue)),
        );
        if let Some(issue) = issue {
            checks.require(issue.alarm, || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(issue.id))
                    .word("state", "issue-no-alarm")
            });
        }
        let length = self.answer.trim().chars().count();
        checks.require((Reason::LEAST..=Reason::MOST).contains(&length), || {
            Finding::bad_value("answer", "why-reason-length")
        });
        checks.settle()?;
        Ok(issue
            .map(|issue| {
                IssueEvent::AlarmAnswered {
                    issue: issue.id,
                    unit: issue.unit,
                    patient: issue.patient,
                    answer: self.answer.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
