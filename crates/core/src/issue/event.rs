use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fate, Issue, Response, ReturnState};
use crate::blood::{Amount, UnitId};
use crate::finding::{Finding, Reason};
use crate::hospital::{Hospital, Stamp};
use crate::id::{CrossmatchId, IssueId, LocationId, PatientId, RequestId, UserId};
use crate::request::EmergencyLevel;
use crate::subject::Subject;
use crate::unit::{Hold, Status};

/// Facts about hand-overs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueEvent {
    /// Handed over.
    Issued {
        /// Number.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// On which request.
        request: RequestId,
        /// What the unit counts for on the request.
        amount: Amount,
        /// The crossmatch it rests on.
        crossmatch: Option<CrossmatchId>,
        /// Released before tests were done.
        emergency: Option<EmergencyLevel>,
        /// When the retrospective crossmatch is due.
        retrospective_due: Option<Timestamp>,
        /// Who carried it away.
        collector: UserId,
        /// The second person.
        second: UserId,
        /// Taken to.
        destination: LocationId,
        /// Warnings that were gone past, with their reasons.
        warnings: Vec<(Finding, Reason)>,
    },
    /// The ward has it.
    ReceivedOnWard {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// Where.
        location: LocationId,
    },
    /// Transfusion began.
    Started {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
    },
    /// It came back.
    Returned {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom it had been.
        patient: PatientId,
        /// On which request.
        request: RequestId,
        /// What it counted for.
        amount: Amount,
        /// The bag as it came back.
        state: ReturnState,
        /// Put back into stock; otherwise it waits in quarantine to be discarded.
        restocked: bool,
        /// Put where.
        location: LocationId,
        /// Second person.
        second: Option<UserId>,
    },
    /// What became of it.
    FateRecorded {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// What.
        fate: Fate,
    },
    /// The retrospective crossmatch of an emergency release was done.
    RetrospectiveClosed {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// By which crossmatch.
        crossmatch: CrossmatchId,
        /// False when it was incompatible: the alarm of alarms.
        compatible: bool,
    },
    /// The crossmatch a unit that is out rested on was declared void: a new one is due.
    RetrospectiveReopened {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// When the new one is due.
        due: Timestamp,
    },
    /// Somebody wrote down what was done about a unit found incompatible after its hand-over.
    AlarmAnswered {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// What was done, and who was told.
        answer: String,
    },
    /// What a laboratory value did after the transfusion.
    ResponseRecorded {
        /// Which hand-over.
        issue: IssueId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// The values.
        response: Response,
    },
}

kinds!(IssueEvent, "issue" {
    Issued => "issued", ReceivedOnWard => "received_on_ward", Started => "started", Returned => "returned",
    FateRecorded => "fate_recorded", RetrospectiveClosed => "retrospective_closed",
    RetrospectiveReopened => "retrospective_reopened", AlarmAnswered => "alarm_answered",
    ResponseRecorded => "response_recorded",
});

impl IssueEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        let (issue, unit, patient) = match self {
            Self::Issued {
                issue,
                unit,
                patient,
                ..
            }
            | Self::ReceivedOnWard {
                issue,
                unit,
                patient,
                ..
            }
            | Self::Started {
                issue,
                unit,
                patient,
            }
            | Self::Returned {
                issue,
                unit,
                patient,
                ..
            }
            | Self::FateRecorded {
                issue,
                unit,
                patient,
                ..
            }
            | Self::RetrospectiveClosed {
                issue,
                unit,
                patient,
                ..
            }
            | Self::RetrospectiveReopened {
                issue,
                unit,
                patient,
                ..
            }
            | Self::AlarmAnswered {
                issue,
                unit,
                patient,
                ..
            }
            | Self::ResponseRecorded {
                issue,
                unit,
                patient,
                ..
            } => (issue, unit, patient),
        };
        let mut subjects = vec![
            Subject::from(*issue),
            (*unit).into(),
            unit.din.into(),
            (*patient).into(),
        ];
        match self {
            Self::Issued {
                request,
                crossmatch,
                ..
            } => {
                subjects.push((*request).into());
                subjects.extend(crossmatch.map(Subject::from));
            }
            Self::Returned { request, .. } => subjects.push((*request).into()),
            Self::RetrospectiveClosed { crossmatch, .. } => subjects.push((*crossmatch).into()),
            _ => {}
        }
        subjects
    }
}

fn change(hospital: &mut Hospital, stamp: &Stamp, id: IssueId, change: impl FnOnce(&mut Issue)) {
    if let Some(issue) = hospital.issues.all.get_mut(&id).map(Arc::make_mut) {
        change(issue);
        issue.changed = stamp.clone();
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &IssueEvent) {
    match event {
        IssueEvent::Issued {
            issue,
            unit,
            patient,
            request,
            amount,
            crossmatch,
            emergency,
            retrospective_due,
            collector,
            second,
            destination,
            warnings,
        } => {
            hospital.next.issue = issue.next();
            let issues = &mut hospital.issues;
            issues.by_patient.insert((*patient, *issue));
            issues.open.insert(*issue);
            if let Some(due) = retrospective_due {
                issues.retrospective.insert((*due, *issue));
            }
            issues.all.insert(
                *issue,
                Arc::new(Issue {
                    id: *issue,
                    unit: *unit,
                    patient: *patient,
                    request: *request,
                    crossmatch: *crossmatch,
                    emergency: *emergency,
                    collector: collector.clone(),
                    second: second.clone(),
                    destination: destination.clone(),
                    warnings: warnings.clone(),
                    issued: stamp.clone(),
                    on_ward: None,
                    returned: None,
                    fate: None,
                    responses: Vec::new(),
                    retrospective_due: *retrospective_due,
                    alarm: false,
                    changed: stamp.clone(),
                }),
            );
            hospital.units.change(unit, stamp, |unit| {
                unit.status = Status::Issued;
                unit.reservation = None;
                unit.issue = Some(*issue);
                unit.location = destination.clone();
            });
            hospital.requests.change(*request, stamp, |request| {
                request.issued_hundredths =
                    request.issued_hundredths.saturating_add(amount.hundredths);
                request.first_issued.get_or_insert(stamp.at);
                request.issues.push(*issue);
            });
        }
        IssueEvent::ReceivedOnWard {
            issue,
            unit,
            location,
            ..
        } => {
            change(hospital, stamp, *issue, |issue| {
                issue.on_ward = Some(stamp.clone())
            });
            hospital.units.change(unit, stamp, |unit| {
                unit.status = Status::OnWard;
                unit.location = location.clone();
            });
        }
        IssueEvent::Started { issue, unit, .. } => {
            change(hospital, stamp, *issue, |_| {});
            hospital
                .units
                .change(unit, stamp, |unit| unit.status = Status::Transfusing);
        }
        IssueEvent::Returned {
            issue,
            unit,
            request,
            amount,
            state,
            restocked,
            location,
            ..
        } => {
            hospital.issues.open.remove(issue);
            // Nothing went into anybody: no crossmatch is due any more.
            settle_due(hospital, stamp, *issue, None);
            change(hospital, stamp, *issue, |issue| {
                issue.returned = Some((stamp.clone(), state.clone()))
            });
            hospital.units.change(unit, stamp, |unit| {
                unit.minutes_out += state.minutes_out;
                unit.location = location.clone();
                if !restocked {
                    unit.holds.insert(Hold::Other("return_unfit".into()));
                }
                // Called back while it was out, it stays so.
                if unit.status == Status::Recalled {
                    return;
                }
                // Its group may have been called into question while it was out.
                unit.status = if unit.holds.is_empty() {
                    Status::Available
                } else {
                    Status::Quarantined
                };
            });
            hospital.requests.change(*request, stamp, |request| {
                request.issued_hundredths =
                    request.issued_hundredths.saturating_sub(amount.hundredths);
            });
        }
        IssueEvent::FateRecorded {
            issue,
            unit,
            patient,
            fate,
        } => {
            hospital.issues.open.remove(issue);
            change(hospital, stamp, *issue, |issue| {
                issue.fate = Some((stamp.clone(), fate.clone()))
            });
            let status = match fate {
                Fate::Transfused { .. } => Status::Transfused,
                Fate::DiscardedOnWard { .. } => Status::Discarded,
            };
            hospital
                .units
                .change(unit, stamp, |unit| unit.status = status);
            if let Fate::Transfused { ended, .. } = fate {
                hospital.patients.change(*patient, stamp, |patient| {
                    patient.transfused = Some(
                        patient
                            .transfused
                            .map_or(*ended, |before| before.max(*ended)),
                    );
                });
            }
        }
        IssueEvent::RetrospectiveClosed {
            issue,
            crossmatch,
            compatible,
            ..
        } => {
            settle_due(hospital, stamp, *issue, None);
            change(hospital, stamp, *issue, |issue| {
                issue.crossmatch = Some(*crossmatch);
                issue.alarm = !compatible;
            });
            if !compatible {
                hospital.issues.alarms.insert(*issue);
            }
        }
        IssueEvent::RetrospectiveReopened { issue, due, .. } => {
            settle_due(hospital, stamp, *issue, Some(*due));
            hospital.issues.alarms.remove(issue);
            change(hospital, stamp, *issue, |issue| {
                issue.crossmatch = None;
                issue.alarm = false;
            });
        }
        IssueEvent::ResponseRecorded {
            issue, response, ..
        } => change(hospital, stamp, *issue, |issue| {
            issue.responses.push((stamp.clone(), response.clone()));
        }),
        IssueEvent::AlarmAnswered { issue, .. } => {
            hospital.issues.alarms.remove(issue);
            change(hospital, stamp, *issue, |issue| issue.alarm = false);
        }
    }
}

/// Moves the deadline of the retrospective crossmatch, or ends it.
fn settle_due(hospital: &mut Hospital, stamp: &Stamp, id: IssueId, due: Option<Timestamp>) {
    let before = hospital
        .issues
        .get(id)
        .and_then(|issue| issue.retrospective_due);
    if let Some(before) = before {
        hospital.issues.retrospective.remove(&(before, id));
    }
    if let Some(due) = due {
        hospital.issues.retrospective.insert((due, id));
    }
    change(hospital, stamp, id, |issue| issue.retrospective_due = due);
}
