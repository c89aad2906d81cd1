use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{GovernanceEvent, TEXT_MOST, TITLE_MOST, worded};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason};
use crate::hospital::{Hospital, Stamp};
use crate::id::{NonconformityId, ReviewId};
use crate::people::Action;
use crate::subject::Subject;

worded! {
    /// What was held.
    ReviewKind {
        /// The department looked at its own work.
        InternalAudit = "internal-audit",
        /// The head looked at the whole system.
        ManagementReview = "management-review",
        /// A body from outside looked.
        ExternalAudit = "external-audit",
    }
}

/// An audit or a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Number.
    pub id: ReviewId,
    /// Which kind.
    pub kind: ReviewKind,
    /// On which day.
    pub held: Date,
    /// What was looked at.
    pub scope: String,
    /// What came of it.
    pub conclusion: String,
    /// What it found.
    pub nonconformities: Vec<NonconformityId>,
    /// Who recorded it, when.
    pub recorded: Stamp,
}

/// Records an audit or a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordReview {
    /// Which kind.
    pub kind: ReviewKind,
    /// On which day.
    pub held: Date,
    /// What was looked at.
    pub scope: String,
    /// What came of it.
    pub conclusion: String,
    /// What it found.
    pub nonconformities: Vec<NonconformityId>,
}

impl Decide for RecordReview {
    fn action(&self) -> Action {
        Action::DocumentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        self.nonconformities
            .iter()
            .copied()
            .map(Subject::from)
            .collect()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.require(self.held <= hospital.today(context.at), || {
            Finding::bad_value("held", "why-in-the-future")
        });
        checks.text("scope", &self.scope, 1, TITLE_MOST);
        checks.text("conclusion", &self.conclusion, Reason::LEAST, TEXT_MOST);
        for id in &self.nonconformities {
            checks.require(hospital.governance.nonconformities.contains_key(id), || {
                Finding::not_found(*id)
            });
        }
        let second = checks.second(Action::DocumentApprove);
        checks.settle()?;
        Ok(second
            .map(|second| {
                GovernanceEvent::Reviewed {
                    review: hospital.next.review,
                    kind: self.kind,
                    held: self.held,
                    scope: self.scope.trim().into(),
                    conclusion: self.conclusion.trim().into(),
                    nonconformities: self.nonconformities.clone(),
                    second,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
