use serde::{Deserialize, Serialize};

use super::{Fate, IssueEvent};
use crate::blood::Millilitres;
use crate::command::{Checks, Context, Decide, Decision};
use crate::crossmatch::Outcome;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{IssueId, LocationId, PatientNumber};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;
use crate::unit::Status;

/// The ward has the bag in its hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveOnWard {
    /// Which hand-over.
    pub issue: IssueId,
    /// Where it is now.
    pub location: LocationId,
}

/// Transfusion begins. The wristband is scanned against the hand-over; a mismatch stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTransfusion {
    /// Which hand-over, by the scanned bag.
    pub issue: IssueId,
    /// The number on the patient's wristband, as scanned.
    pub wristband: PatientNumber,
}

/// What became of an issued unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordFate {
    /// Which hand-over.
    pub issue: IssueId,
    /// What became of it.
    pub fate: Fate,
}

impl Decide for ReceiveOnWard {
    fn action(&self) -> Action {
        Action::UnitFate
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let out = super::out(&mut checks, hospital, self.issue, Status::OnWard);
        checks.settle()?;
        Ok(out
            .map(|(issue, _)| {
                IssueEvent::ReceivedOnWard {
                    issue: issue.id,
                    unit: issue.unit,
                    patient: issue.patient,
                    location: self.location.clone(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

impl Decide for StartTransfusion {
    fn action(&self) -> Action {
        Action::UnitFate
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let out = super::out(&mut checks, hospital, self.issue, Status::Transfusing);
        if let Some((issue, unit)) = out {
            let record = hospital.record_of(issue.patient);
            let theirs = record
                .as_ref()
                .is_some_and(|record| record.numbers().contains_key(&self.wristband));
            checks.require(theirs, || {
                Finding::new(Rule::WrongPatient)
                    .with("unit", unit.id)
                    .with("patient", issue.patient)
                    .with("wristband", self.wristband.as_str())
            });
            checks.require(context.at < unit.expires, || {
                Finding::new(Rule::UnitExpired)
                    .with("unit", unit.id)
                    .with("expires", unit.expires)
            });
            // The test its group rests on may have been voided while the bag was on its way.
            checks.require(unit.holds.is_empty(), || {
                unit.holds.iter().fold(
                    Finding::new(Rule::UnitQuarantined).with("unit", unit.id),
                    |finding, hold| finding.word("hold", hold.word()),
                )
            });
            // A retrospective crossmatch may have come back while the bag was on its way.
            let incompatible = hospital.crossmatches.of_unit(unit.id).find(|found| {
                found.void.is_none()
                    && found.outcome == Outcome::Incompatible
                    && !(found.excepted_for(issue.request) && issue.crossmatch == Some(found.id))
                    && record.as_ref().is_some_and(|r| r.holds(found.patient))
            });
            if let Some(found) = incompatible {
                checks.find(
                    Finding::new(Rule::CrossmatchIncompatible)
                        .with("unit", unit.id)
                        .with("crossmatch", found.id)
                        .with("patient", issue.patient),
                );
            }
        }
        checks.settle()?;
        Ok(out
            .map(|(issue, _)| {
                IssueEvent::Started {
                    issue: issue.id,
                    unit: issue.unit,
                    patient: issue.patient,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

impl Decide for RecordFate {
    fn action(&self) -> Action {
        Action::UnitFate
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let next = match self.fate {
            Fate::Transfused { .. } => Status::Transfused,
            Fate::DiscardedOnWard { .. } => Status::Discarded,
        };
        let out = super::out(&mut checks, hospital, self.issue, next);
        match &self.fate {
            Fate::Transfused {
                started,
                ended,
                volume,
                ..
            } => {
                // People write minutes: what began in the minute of the hand-over did not begin before it.
                let minute = |at: jiff::Timestamp| at.as_second().div_euclid(60);
                checks.require(
                    out.is_none_or(|(issue, _)| minute(issue.issued.at) <= minute(*started)),
                    || Finding::bad_value("started", "why-before-issue"),
                );
                checks.require(started <= ended, || {
                    Finding::bad_value("ended", "why-before-start")
                });
                checks.require(*ended <= context.at, || {
                    Finding::bad_value("ended", "why-in-future")
                });
                checks.require(*volume > Millilitres(0), || {
                    Finding::bad_value("volume", "why-missing")
                });
                if let Some((_, unit)) = out {
                    checks.require(*volume <= unit.volume, || {
                        Finding::bad_value("volume", "why-more-than-bag")
                            .with("most", i64::from(unit.volume.0))
                    });
                }
            }
            Fate::DiscardedOnWard { reason } => {
                if let Some(words) =
                    checks.take(hospital.policies.words(Key::DiscardReasons, context.at))
                {
                    checks.require(words.contains(reason), || {
                        Finding::bad_value("reason", "why-reason-not-listed")
                    });
                }
            }
        }
        checks.settle()?;
        Ok(out
            .map(|(issue, _)| {
                IssueEvent::FateRecorded {
                    issue: issue.id,
                    unit: issue.unit,
                    patient: issue.patient,
                    fate: self.fate.clone(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
