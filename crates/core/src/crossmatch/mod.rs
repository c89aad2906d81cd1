//! Crossmatches: serological and electronic, each bound to one unit, one patient, one sample.

mod candidates;
mod dispute;
mod electronic;
mod end_reservation;
mod least;
mod record;
mod reserve;
mod review;

pub use candidates::{Candidate, Rank, candidates};
pub use dispute::{DisputeProposal, undisputed};
pub(crate) use electronic::unmet;
pub use electronic::{GrantElectronicCrossmatch, criteria};
pub use end_reservation::{EndReservation, LapseReservations};
pub use least::{
    AgreeLeastIncompatible, ApproveLeastIncompatible, AskLeastIncompatible, Exception,
};
pub use record::{RecordCrossmatch, outcome};
pub use reserve::{Chosen, ReserveUnit};
pub use review::{ReviewCrossmatch, VoidCrossmatch};

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Grade, UnitId};
use crate::command::Checks;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{CrossmatchId, LotId, NearMissId, PatientId, RequestId, SampleId};
use crate::policy::Key;
use crate::subject::Subject;
use crate::testing::Origin;
use crate::unit::Status;

/// One side of a serological crossmatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Read, with its grade.
    Read(Grade),
    /// Not read.
    NotRead,
}

/// One criterion of the electronic crossmatch and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    /// Which, by its code (section B6 of the feature sheet); words under `electronic-CODE`.
    pub code: String,
    /// Whether it is met.
    pub met: bool,
    /// The evidence.
    pub evidence: Vec<crate::finding::Fact>,
}

/// How compatibility was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// In tubes or cards.
    Serological {
        /// Method, by its code in `crossmatch.methods` or `crossmatch.methods_igm`.
        method: String,
        /// Patient plasma with donor cells.
        major: Side,
        /// Donor plasma with patient cells.
        minor: Side,
        /// Reagents and cards used.
        lots: std::collections::BTreeSet<LotId>,
        /// Where the reactions came from.
        #[serde(default)]
        origin: Origin,
    },
    /// Computed from facts on file; every criterion listed.
    Electronic {
        /// All of them, met or not.
        criteria: Vec<Criterion>,
    },
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Compatible.
    Compatible,
    /// Not compatible.
    Incompatible,
}

impl Outcome {
    /// The key in the message files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Compatible => "crossmatch-compatible",
            Self::Incompatible => "crossmatch-incompatible",
        }
    }
}

/// A crossmatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossmatch {
    /// Number.
    pub id: CrossmatchId,
    /// Which unit.
    pub unit: UnitId,
    /// For whom.
    pub patient: PatientId,
    /// On which sample.
    pub sample: SampleId,
    /// For which request.
    pub request: RequestId,
    /// How.
    pub proof: Proof,
    /// What came out.
    pub outcome: Outcome,
    /// Valid until.
    pub expires: Timestamp,
    /// Made after the unit had left, in an emergency.
    pub retrospective: bool,
    /// Who entered it.
    pub recorded: Stamp,
    /// Who reviewed it.
    pub reviewed: Option<Stamp>,
    /// Declared void, with the reason.
    pub void: Option<String>,
    /// Two doctors and the head answer for the bag in spite of the reaction, as far as they have signed.
    pub exception: Option<Exception>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// A bag that was proposed for a request and that the gate stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The bag.
    pub unit: UnitId,
    /// The request.
    pub request: RequestId,
    /// What the gate found, each rule once, in the order of the reports.
    pub findings: Vec<Finding>,
    /// The newest incident it became.
    pub near_miss: Option<NearMissId>,
    /// The journal entry that last reported it.
    pub reported: Stamp,
}

impl Crossmatch {
    /// Whether the bag may go to this patient for this request by this crossmatch although it is incompatible. The three who
    /// signed weighed the need of one request; the next need is weighed anew.
    pub fn excepted_for(&self, request: RequestId) -> bool {
        self.request == request && self.exception.as_ref().is_some_and(Exception::granted)
    }
}

/// All crossmatches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Crossmatches {
    pub(crate) all: OrdMap<CrossmatchId, Arc<Crossmatch>>,
    pub(crate) by_unit: OrdSet<(UnitId, CrossmatchId)>,
    pub(crate) by_request: OrdSet<(RequestId, CrossmatchId)>,
    pub(crate) unreviewed: OrdSet<CrossmatchId>,
    /// Disagreements between proposal and gate, one a request and bag.
    pub(crate) disputes: OrdMap<(RequestId, UnitId), Arc<Dispute>>,
}

impl Crossmatches {
    /// One crossmatch.
    pub fn get(&self, id: CrossmatchId) -> Option<&Arc<Crossmatch>> {
        self.all.get(&id)
    }

    /// Crossmatches of a unit, oldest first.
    pub fn of_unit(&self, unit: UnitId) -> impl DoubleEndedIterator<Item = &Arc<Crossmatch>> {
        self.by_unit
            .range((unit, CrossmatchId(0))..=(unit, CrossmatchId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Crossmatches on a request, oldest first.
    pub fn of_request(
        &self,
        request: RequestId,
    ) -> impl DoubleEndedIterator<Item = &Arc<Crossmatch>> {
        self.by_request
            .range((request, CrossmatchId(0))..=(request, CrossmatchId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Waiting for review, oldest first.
    pub fn unreviewed(&self) -> impl Iterator<Item = &Arc<Crossmatch>> {
        self.unreviewed.iter().filter_map(|id| self.all.get(id))
    }

    /// Disagreements between proposal and gate, by request.
    pub fn disputes(&self) -> impl DoubleEndedIterator<Item = &Arc<Dispute>> {
        self.disputes.values()
    }

    /// The disagreement that became an incident.
    pub fn dispute_of(&self, near_miss: NearMissId) -> Option<&Arc<Dispute>> {
        self.disputes().find(|one| one.near_miss == Some(near_miss))
    }

    /// Every crossmatch.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Crossmatch>> {
        self.all.values()
    }
}

/// The unit must be held for the request before it is crossmatched: a crossmatched bag that anybody can take proves nothing.
fn held_for(checks: &mut Checks<'_>, hospital: &Hospital, unit: &UnitId, request: RequestId) {
    let Some(unit) = hospital.units.get(unit) else {
        return;
    };
    let held = unit
        .reservation
        .as_ref()
        .is_some_and(|held| held.request == request);
    checks.require(held, || {
        Finding::new(Rule::UnitNotHeld)
            .with("unit", unit.id)
            .with("request", request)
    });
}

/// The sample a crossmatch rests on (the patient's current one unless named), whose it is, and until when the crossmatch is
/// valid: never longer than the sample.
fn valid_until(
    hospital: &Hospital,
    request: RequestId,
    sample: Option<&SampleId>,
    at: Timestamp,
) -> Result<(SampleId, PatientId, Timestamp), Finding> {
    let request = hospital
        .requests
        .get(request)
        .ok_or_else(|| Finding::not_found(request))?;
    let record = hospital
        .record_of(request.patient)
        .ok_or_else(|| Finding::not_found(request.patient))?;
    let sample = match sample {
        None => record.current_sample(at)?,
        Some(id) => {
            let known = hospital
                .samples
                .get(id)
                .ok_or_else(|| Finding::not_found(id.clone()))?;
            if !record.holds(known.patient) {
                return Err(Finding::new(Rule::SampleWrongPatient)
                    .with("sample", id.clone())
                    .with("patient", known.patient));
            }
            record.sample_in_date(known, at)?;
            &**known
        }
    };
    let lasts = hospital.policies.span(Key::CrossmatchValidity, at)?;
    let until = at
        .checked_add(lasts)
        .map_err(|_| Finding::bad_value("until", "why-out-of-range"))?
        .min(sample.expires)
        .min(record.valid_until(sample.drawn, at)?);
    Ok((sample.id.clone(), record.id(), until))
}

/// Facts about crossmatches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossmatchEvent {
    /// Made.
    Recorded {
        /// Number.
        crossmatch: CrossmatchId,
        /// Which unit.
        unit: UnitId,
        /// For whom.
        patient: PatientId,
        /// On which sample.
        sample: SampleId,
        /// For which request.
        request: RequestId,
        /// How.
        proof: Proof,
        /// What came out.
        outcome: Outcome,
        /// Valid until.
        expires: Timestamp,
        /// Made after the unit had left, in an emergency.
        retrospective: bool,
        /// Whether a second person must review it before issue (an electronic proof needs no reading to be reviewed).
        review: bool,
    },
    /// Reviewed by a second person.
    Reviewed {
        /// Which.
        crossmatch: CrossmatchId,
        /// Unit.
        unit: UnitId,
        /// Patient.
        patient: PatientId,
    },
    /// Declared void.
    Voided {
        /// Which.
        crossmatch: CrossmatchId,
        /// Unit.
        unit: UnitId,
        /// Patient.
        patient: PatientId,
        /// Why.
        reason: String,
    },
    /// A doctor asks for the bag in spite of the reaction.
    LeastAsked {
        /// Which.
        crossmatch: CrossmatchId,
        /// Unit.
        unit: UnitId,
        /// Patient.
        patient: PatientId,
        /// Why not to transfuse is worse.
        reason: String,
    },
    /// A second doctor agrees.
    LeastAgreed {
        /// Which.
        crossmatch: CrossmatchId,
        /// Unit.
        unit: UnitId,
        /// Patient.
        patient: PatientId,
    },
    /// The head of department approves.
    LeastApproved {
        /// Which.
        crossmatch: CrossmatchId,
        /// Unit.
        unit: UnitId,
        /// Patient.
        patient: PatientId,
    },
    /// A proposed bag that the gate stops.
    Disputed {
        /// Unit.
        unit: UnitId,
        /// Request.
        request: RequestId,
        /// Patient.
        patient: PatientId,
        /// What the gate found that was not reported before.
        findings: Vec<Finding>,
        /// The incident.
        #[serde(default)]
        near_miss: Option<NearMissId>,
    },
}

kinds!(CrossmatchEvent, "crossmatch" {
    Recorded => "recorded", Reviewed => "reviewed", Voided => "voided",
    LeastAsked => "least_asked", LeastAgreed => "least_agreed", LeastApproved => "least_approved",
    Disputed => "disputed",
});

impl CrossmatchEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Recorded {
                crossmatch,
                unit,
                patient,
                sample,
                request,
                ..
            } => vec![
                (*crossmatch).into(),
                (*unit).into(),
                unit.din.into(),
                (*patient).into(),
                sample.clone().into(),
                (*request).into(),
            ],
            Self::Reviewed {
                crossmatch,
                unit,
                patient,
            }
            | Self::LeastAgreed {
                crossmatch,
                unit,
                patient,
            }
            | Self::LeastApproved {
                crossmatch,
                unit,
                patient,
            }
            | Self::LeastAsked {
                crossmatch,
                unit,
                patient,
                ..
            }
            | Self::Voided {
                crossmatch,
                unit,
                patient,
                ..
            } => {
                vec![
                    (*crossmatch).into(),
                    (*unit).into(),
                    unit.din.into(),
                    (*patient).into(),
                ]
            }
            Self::Disputed {
                unit,
                request,
                patient,
                ..
            } => vec![
                (*unit).into(),
                unit.din.into(),
                (*request).into(),
                (*patient).into(),
            ],
        }
    }
}

fn change(
    hospital: &mut Hospital,
    id: CrossmatchId,
    stamp: &Stamp,
    change: impl FnOnce(&mut Crossmatch),
) {
    if let Some(found) = hospital.crossmatches.all.get_mut(&id).map(Arc::make_mut) {
        change(found);
        found.changed = stamp.clone();
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &CrossmatchEvent) {
    match event {
        CrossmatchEvent::Disputed {
            unit,
            request,
            findings,
            near_miss,
            ..
        } => {
            let disputes = &mut hospital.crossmatches.disputes;
            let known = disputes.get(&(*request, *unit));
            let before = known.map(|known| known.findings.clone());
            disputes.insert(
                (*request, *unit),
                Arc::new(Dispute {
                    unit: *unit,
                    request: *request,
                    findings: [before.unwrap_or_default(), findings.clone()].concat(),
                    near_miss: *near_miss,
                    reported: stamp.clone(),
                }),
            );
        }
        CrossmatchEvent::Recorded {
            crossmatch,
            unit,
            patient,
            sample,
            request,
            proof,
            outcome,
            expires,
            retrospective,
            review,
        } => {
            hospital.next.crossmatch = crossmatch.next();
            let all = &mut hospital.crossmatches;
            all.by_unit.insert((*unit, *crossmatch));
            all.by_request.insert((*request, *crossmatch));
            if *review {
                all.unreviewed.insert(*crossmatch);
            }
            all.all.insert(
                *crossmatch,
                Arc::new(Crossmatch {
                    id: *crossmatch,
                    unit: *unit,
                    patient: *patient,
                    sample: sample.clone(),
                    request: *request,
                    proof: proof.clone(),
                    outcome: *outcome,
                    expires: *expires,
                    retrospective: *retrospective,
                    recorded: stamp.clone(),
                    reviewed: (!review).then(|| stamp.clone()),
                    void: None,
                    exception: None,
                    changed: stamp.clone(),
                }),
            );
            let (outcome, request, crossmatch) = (*outcome, *request, *crossmatch);
            hospital.units.change(unit, stamp, |unit| {
                let Some(reservation) = unit.reservation.as_mut().filter(|r| r.request == request)
                else {
                    return;
                };
                if outcome == Outcome::Compatible {
                    reservation.crossmatch = Some(crossmatch);
                    if unit.status == Status::Reserved {
                        unit.status = Status::Crossmatched;
                    }
                }
            });
        }
        CrossmatchEvent::Reviewed { crossmatch, .. } => {
            hospital.crossmatches.unreviewed.remove(crossmatch);
            if let Some(found) = hospital
                .crossmatches
                .all
                .get_mut(crossmatch)
                .map(Arc::make_mut)
            {
                found.reviewed = Some(stamp.clone());
                found.changed = stamp.clone();
            }
        }
        CrossmatchEvent::LeastAsked {
            crossmatch, reason, ..
        } => {
            let exception = Exception {
                reason: reason.clone(),
                asked: stamp.clone(),
                agreed: None,
                approved: None,
            };
            change(hospital, *crossmatch, stamp, |found| {
                found.exception = Some(exception)
            });
        }
        CrossmatchEvent::LeastAgreed { crossmatch, .. } => {
            change(hospital, *crossmatch, stamp, |found| {
                if let Some(exception) = &mut found.exception {
                    exception.agreed = Some(stamp.clone());
                }
            });
        }
        CrossmatchEvent::LeastApproved { crossmatch, .. } => {
            change(hospital, *crossmatch, stamp, |found| {
                if let Some(exception) = &mut found.exception {
                    exception.approved = Some(stamp.clone());
                }
            });
        }
        CrossmatchEvent::Voided {
            crossmatch,
            unit,
            reason,
            ..
        } => {
            hospital.crossmatches.unreviewed.remove(crossmatch);
            if let Some(found) = hospital
                .crossmatches
                .all
                .get_mut(crossmatch)
                .map(Arc::make_mut)
            {
                found.void = Some(reason.clone());
                found.changed = stamp.clone();
            }
            let crossmatch = *crossmatch;
            hospital.units.change(unit, stamp, |unit| {
                let Some(reservation) = unit
                    .reservation
                    .as_mut()
                    .filter(|r| r.crossmatch == Some(crossmatch))
                else {
                    return;
                };
                reservation.crossmatch = None;
                if unit.status == Status::Crossmatched {
                    unit.status = Status::Reserved;
                }
            });
        }
    }
}
