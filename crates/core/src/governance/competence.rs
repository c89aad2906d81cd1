use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GovernanceEvent, TITLE_MOST, worded};
use crate::command::{Checks, Context, Decide, Decision, working};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::UserId;
use crate::people::Action;
use crate::subject::Subject;

worded! {
    /// How competence was assessed.
    AssessmentMethod {
        /// Watched at work.
        Observation = "observation",
        /// Blind samples.
        BlindSamples = "blind-samples",
        /// Records looked through.
        Records = "records",
        /// A written examination.
        Examination = "examination",
    }
}

/// One assessment of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// In what.
    pub item: String,
    /// How.
    pub method: AssessmentMethod,
    /// Passed or not.
    pub passed: bool,
    /// Until when it counts.
    pub until: Timestamp,
    /// What was seen.
    pub note: String,
    /// Who assessed, when.
    pub assessed: Stamp,
}

/// Records an assessment of another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCompetence {
    /// Whose.
    pub person: UserId,
    /// In what.
    pub item: String,
    /// How.
    pub method: AssessmentMethod,
    /// Passed or not.
    pub passed: bool,
    /// Until when it counts.
    pub until: Timestamp,
    /// What was seen.
    pub note: String,
}

impl Decide for RecordCompetence {
    fn action(&self) -> Action {
        Action::CompetenceAssess
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.person.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(working(hospital, &self.person));
        checks.require(self.person != context.actor, || {
            Finding::new(Rule::SecondPersonSame).with("user", context.actor.as_str())
        });
        checks.text("item", &self.item, 1, TITLE_MOST);
        checks.require(self.until > context.at, || {
            Finding::bad_value("until", "why-in-the-past")
        });
        checks.text("note", &self.note, 0, Reason::MOST);
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::CompetenceAssessed {
                person: self.person.clone(),
                item: self.item.trim().into(),
                method: self.method,
                passed: self.passed,
                until: self.until,
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}
