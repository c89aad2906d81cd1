use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Entry, PolicyEvent, sound};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::{PolicyName, Subject};

/// How far back the date of a proposal may lie: the time a form stays open. What is put in force later starts later.
pub const BACK_MOST: SignedDuration = SignedDuration::from_hours(1);
/// The fewest characters of a source.
const SOURCE_LEAST: usize = 2;
/// The most characters of a source.
const SOURCE_MOST: usize = 500;
/// The most proposals that wait at a time.
pub const WAITING_MOST: usize = 200;

/// Proposes a change of one policy. It comes into force only when another person activates it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposePolicy {
    /// What would be in force, from when, and where it comes from.
    pub entry: Entry,
    /// Why.
    pub reason: String,
}

impl Decide for ProposePolicy {
    fn action(&self) -> Action {
        Action::PolicyPropose
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![PolicyName(self.entry.key).into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let entry = &self.entry;
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        checks.text("source", &entry.source, SOURCE_LEAST, SOURCE_MOST);
        let oldest = context.at.checked_sub(BACK_MOST).unwrap_or(context.at);
        checks.require(entry.effective >= oldest, || {
            Finding::bad_value("effective", "why-in-the-past")
                .with("value", entry.effective)
                .with("now", context.at)
        });
        let waiting = hospital.policies.proposals.len();
        checks.require(waiting < WAITING_MOST, || {
            Finding::bad_value("policy", "why-too-many").with("most", WAITING_MOST as i64)
        });
        let same = hospital
            .policies
            .at(entry.key, entry.effective)
            .is_some_and(|now| {
                now.entry.value == entry.value
                    && now.entry.source == entry.source
                    && now.entry.standing == entry.standing
            });
        checks.require(!same, || {
            Finding::new(Rule::AlreadyExists).with("subject", Subject::from(PolicyName(entry.key)))
        });
        sound::check(&mut checks, hospital, entry);
        checks.settle()?;
        Ok(vec![
            PolicyEvent::Proposed {
                proposal: hospital.next.proposal,
                entry: Entry {
                    source: entry.source.trim().to_owned(),
                    ..entry.clone()
                },
                reason: self.reason.trim().to_owned(),
            }
            .into(),
        ])
    }
}
