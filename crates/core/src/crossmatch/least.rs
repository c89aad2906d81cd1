//! Least incompatible blood: where no compatible bag can be found and not to transfuse is worse. Two doctors and the head of
//! department answer for one bag by one crossmatch, which stays on file as what it is: incompatible.

use serde::{Deserialize, Serialize};

use super::{Crossmatch, CrossmatchEvent, Outcome, Proof};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::{Hospital, Stamp};
use crate::id::CrossmatchId;
use crate::issue::{Purpose, gate};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// What stands of an exception. It counts when both later signatures are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Why the doctor asks for it.
    pub reason: String,
    /// The doctor who asks.
    pub asked: Stamp,
    /// The second doctor.
    pub agreed: Option<Stamp>,
    /// The head of department.
    pub approved: Option<Stamp>,
}

impl Exception {
    /// Whether all three have signed.
    pub fn granted(&self) -> bool {
        self.agreed.is_some() && self.approved.is_some()
    }
}

/// The first doctor asks for a bag in spite of its incompatible crossmatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskLeastIncompatible {
    /// The reviewed, incompatible crossmatch.
    pub crossmatch: CrossmatchId,
    /// Why not to transfuse is worse.
    pub reason: String,
}

/// A second doctor agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreeLeastIncompatible {
    /// Which.
    pub crossmatch: CrossmatchId,
}

/// The head of department lets it go to the issue window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveLeastIncompatible {
    /// Which.
    pub crossmatch: CrossmatchId,
}

/// The crossmatch, where an exception may rest on it: reviewed, incompatible by its reactions, in date, and nothing but the
/// reaction stands against the bag. What is a hard stop stays one.
fn fit<'a>(
    checks: &mut Checks<'_>,
    hospital: &'a Hospital,
    context: &Context,
    id: CrossmatchId,
) -> Option<&'a Crossmatch> {
    let found = checks.take(
        hospital
            .crossmatches
            .get(id)
            .ok_or_else(|| Finding::not_found(id)),
    )?;
    let state = |checks: &mut Checks<'_>, holds: bool, word: &'static str| {
        checks.require(holds, || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(id))
                .word("state", word)
        });
    };
    let allowed = checks.take(hospital.policies.flag(Key::LeastIncompatible, context.at));
    state(checks, allowed == Some(true), "crossmatch-least-off");
    state(checks, found.void.is_none(), "crossmatch-void");
    let reacted = found.outcome == Outcome::Incompatible
        && matches!(found.proof, Proof::Serological { .. })
        && !found.retrospective;
    state(checks, reacted, "crossmatch-not-incompatible");
    state(checks, found.reviewed.is_some(), "crossmatch-not-reviewed");
    checks.require(found.expires > context.at, || {
        Finding::new(Rule::CrossmatchExpired)
            .with("unit", found.unit)
            .with("patient", found.patient)
            .with("crossmatch", id)
            .with("expires", found.expires)
    });
    let stops = gate(
        hospital,
        &found.unit,
        found.request,
        Purpose::Reserve,
        context.at,
    );
    checks.findings.extend(stops.into_iter().filter(|finding| {
        finding.severity == Severity::Stop && finding.rule != Rule::CrossmatchIncompatible
    }));
    Some(found)
}

fn signed_before(checks: &mut Checks<'_>, context: &Context, stamp: Option<&Stamp>) {
    if let Some(stamp) = stamp.filter(|stamp| stamp.by == context.actor) {
        checks.find(Finding::new(Rule::SecondPersonSame).with("user", stamp.by.as_str()));
    }
}

fn waiting<'a>(checks: &mut Checks<'_>, found: &'a Crossmatch) -> Option<&'a Exception> {
    let exception = found.exception.as_ref();
    checks.require(exception.is_some(), || {
        Finding::new(Rule::WrongState)
            .with("subject", Subject::from(found.id))
            .word("state", "crossmatch-least-not-asked")
    });
    exception
}

fn done(checks: &mut Checks<'_>, id: CrossmatchId, done: bool) {
    checks.require(!done, || {
        Finding::new(Rule::AlreadyExists).with("subject", Subject::from(id))
    });
}

impl Decide for AskLeastIncompatible {
    fn action(&self) -> Action {
        Action::LeastAsk
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.crossmatch.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let found = fit(&mut checks, hospital, context, self.crossmatch);
        done(
            &mut checks,
            self.crossmatch,
            found.is_some_and(|found| found.exception.is_some()),
        );
        checks.settle()?;
        Ok(found
            .map(|found| {
                CrossmatchEvent::LeastAsked {
                    crossmatch: found.id,
                    unit: found.unit,
                    patient: found.patient,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

impl Decide for AgreeLeastIncompatible {
    fn action(&self) -> Action {
        Action::LeastAsk
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.crossmatch.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = fit(&mut checks, hospital, context, self.crossmatch);
        let exception = found.and_then(|found| waiting(&mut checks, found));
        if let Some(exception) = exception {
            signed_before(&mut checks, context, Some(&exception.asked));
            done(&mut checks, self.crossmatch, exception.agreed.is_some());
        }
        checks.settle()?;
        Ok(found
            .map(|found| {
                CrossmatchEvent::LeastAgreed {
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

impl Decide for ApproveLeastIncompatible {
    fn action(&self) -> Action {
        Action::LeastApprove
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.crossmatch.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = fit(&mut checks, hospital, context, self.crossmatch);
        let exception = found.and_then(|found| waiting(&mut checks, found));
        if let Some(exception) = exception {
            signed_before(&mut checks, context, Some(&exception.asked));
            signed_before(&mut checks, context, exception.agreed.as_ref());
            done(&mut checks, self.crossmatch, exception.approved.is_some());
            // The head signs last, knowing that two doctors stand behind it.
            checks.require(exception.agreed.is_some(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(self.crossmatch))
                    .word("state", "crossmatch-least-one-doctor")
            });
        }
        checks.settle()?;
        Ok(found
            .map(|found| {
                CrossmatchEvent::LeastApproved {
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
