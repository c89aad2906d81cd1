use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::NearMissEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Reason};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// The kind of what a verified group that differs from the history opens by itself.
pub const WRONG_BLOOD: &str = "wrong_blood_in_tube";
/// The kind of what a proposal that the gate stops opens by itself: one of the two channels is wrong.
pub const PROPOSAL_DISPUTED: &str = "proposal_disputed";

/// Reports a near miss. Anybody may: who is afraid to report does not report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportNearMiss {
    /// Coded kind, a word of `quality.near_miss_kinds`.
    pub kind: String,
    /// What happened, in words.
    pub account: String,
    /// When it happened.
    pub happened: Timestamp,
    /// What it was about; at most [`ReportNearMiss::ABOUT_MOST`] things.
    pub about: Vec<Subject>,
}

impl ReportNearMiss {
    /// The most things one report may be about.
    pub const ABOUT_MOST: usize = 20;
}

impl Decide for ReportNearMiss {
    fn action(&self) -> Action {
        Action::NearMissReport
    }

    fn subjects(&self) -> Vec<Subject> {
        self.about.iter().take(Self::ABOUT_MOST).cloned().collect()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.coded(Key::NearMissKinds, "kind", &self.kind);
        checks.text("account", &self.account, Reason::LEAST, Reason::MOST);
        checks.past("happened", self.happened);
        checks.require(self.about.len() <= Self::ABOUT_MOST, || {
            Finding::bad_value("about", "why-too-many").with("most", Self::ABOUT_MOST as i64)
        });
        for subject in self.about.iter().take(Self::ABOUT_MOST) {
            checks.require(hospital.changed(subject).is_some(), || {
                Finding::not_found(subject.clone())
            });
        }
        checks.settle()?;
        Ok(vec![
            NearMissEvent::Reported {
                near_miss: hospital.next.near_miss,
                kind: self.kind.clone(),
                account: self.account.trim().into(),
                happened: self.happened,
                about: self.about.clone(),
                by_rule: false,
            }
            .into(),
        ])
    }
}

/// The near miss that a rule opens by itself, about everything that is its evidence.
pub(crate) fn found_by_rule(
    hospital: &Hospital,
    kind: &str,
    happened: Timestamp,
    about: Vec<Subject>,
) -> Event {
    NearMissEvent::Reported {
        near_miss: hospital.next.near_miss,
        kind: kind.into(),
        account: String::new(),
        happened,
        about,
        by_rule: true,
    }
    .into()
}
