use serde::{Deserialize, Serialize};

use super::{Crossmatch, CrossmatchEvent};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::CrossmatchId;
use crate::issue::IssueEvent;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// A second person has looked at the reaction and agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewCrossmatch {
    /// Which.
    pub crossmatch: CrossmatchId,
}

/// Declares a crossmatch void. A unit that is out and rested on it waits for a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidCrossmatch {
    /// Which.
    pub crossmatch: CrossmatchId,
    /// Why.
    pub reason: String,
}

fn standing<'a>(
    checks: &mut Checks<'_>,
    hospital: &'a Hospital,
    id: CrossmatchId,
) -> Option<&'a Crossmatch> {
    let found = checks.take(
        hospital
            .crossmatches
            .get(id)
            .ok_or_else(|| Finding::not_found(id)),
    )?;
    checks.require(found.void.is_none(), || {
        Finding::new(Rule::WrongState)
            .with("subject", Subject::from(id))
            .word("state", "crossmatch-void")
    });
    Some(found)
}

impl Decide for ReviewCrossmatch {
    fn action(&self) -> Action {
        Action::CrossmatchReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.crossmatch.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = standing(&mut checks, hospital, self.crossmatch);
        if let Some(found) = found {
            checks.require(found.reviewed.is_none(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(found.id))
                    .word("state", "crossmatch-reviewed")
            });
            checks.require(found.recorded.by != context.actor, || {
                Finding::new(Rule::VerifierIsEnterer).with("user", context.actor.clone())
            });
            checks
                .findings
                .extend(crate::quality::findings_of_crossmatch(hospital, found));
        }
        checks.settle()?;
        Ok(found
            .map(|found| {
                CrossmatchEvent::Reviewed {
                    crossmatch: found.id,
                    unit: found.unit,
                    patient: found.patient,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

impl Decide for VoidCrossmatch {
    fn action(&self) -> Action {
        Action::CrossmatchReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.crossmatch.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = standing(&mut checks, hospital, self.crossmatch);
        let length = self.reason.trim().chars().count();
        checks.require((Reason::LEAST..=Reason::MOST).contains(&length), || {
            Finding::bad_value("reason", "why-reason-length")
        });
        let resting = found.and_then(|found| {
            let issue = hospital
                .issues
                .get(hospital.units.get(&found.unit)?.issue?)?;
            let out = issue.returned.is_none() && issue.crossmatch == Some(found.id);
            out.then_some(issue)
        });
        let due = resting.and_then(|_| {
            let span = checks.take(hospital.policies.span(Key::RetrospectiveDue, context.at))?;
            context.at.checked_add(span).ok()
        });
        checks.settle()?;
        let Some(found) = found else {
            return Ok(Vec::new());
        };
        let mut events = vec![
            CrossmatchEvent::Voided {
                crossmatch: found.id,
                unit: found.unit,
                patient: found.patient,
                reason: self.reason.trim().into(),
            }
            .into(),
        ];
        if let (Some(issue), Some(due)) = (resting, due) {
            events.push(
                IssueEvent::RetrospectiveReopened {
                    issue: issue.id,
                    unit: issue.unit,
                    patient: issue.patient,
                    due,
                }
                .into(),
            );
        }
        Ok(events)
    }
}
