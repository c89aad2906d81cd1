use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SampleEvent;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{PatientId, RequestId, SampleId};
use crate::people::Action;
use crate::policy::Key;
use crate::sample::SampleState;
use crate::subject::Subject;
use crate::unit::Checked;

/// The most characters of a collector's name or a storage place.
pub const TEXT_MOST: usize = 80;

/// Takes a sample in. Zero tolerance: what does not agree in every point is rejected, not mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveSample {
    /// Barcode of the tube.
    pub sample: SampleId,
    /// The patient on the label.
    pub patient: PatientId,
    /// The request it came with.
    pub request: Option<RequestId>,
    /// Drawn at.
    pub drawn: Timestamp,
    /// Drawn by, as the label or PDA says.
    pub drawn_by: String,
    /// Whether name and number on the tube were compared with the record and the request.
    pub identity: Checked,
    /// Kept where.
    pub stored: Option<String>,
}

impl Decide for ReceiveSample {
    fn action(&self) -> Action {
        Action::SampleReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        subjects(&self.sample, self.patient, self.request)
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(hospital.patients.standing(self.patient));
        new_label(&mut checks, hospital, &self.sample);
        checks.past("drawn", self.drawn);
        checks.text("drawn_by", &self.drawn_by, 1, TEXT_MOST);
        checks.text(
            "stored",
            self.stored.as_deref().unwrap_or_default(),
            0,
            TEXT_MOST,
        );
        match self.identity {
            Checked::Good => {}
            Checked::Bad => checks.find(
                Finding::new(Rule::SampleWrongPatient)
                    .with("sample", self.sample.clone())
                    .with("patient", self.patient),
            ),
            Checked::NotChecked => {
                checks.find(Finding::bad_value("identity", "why-not-checked"));
            }
        }
        of_same_patient(
            &mut checks,
            hospital,
            &self.sample,
            self.patient,
            self.request,
        );
        let expires = hospital
            .record_of(self.patient)
            .and_then(|record| checks.take(record.valid_until(self.drawn, context.at)));
        if let Some(expires) = expires {
            checks.require(context.at < expires, || {
                Finding::new(Rule::SampleExpired)
                    .with("sample", self.sample.clone())
                    .with("expires", expires)
            });
        }
        checks.settle()?;
        let stored = self.stored.as_deref().map(str::trim);
        Ok(expires
            .map(|expires| {
                SampleEvent::Accepted {
                    sample: self.sample.clone(),
                    patient: self.patient,
                    request: self.request,
                    drawn: self.drawn,
                    drawn_by: self.drawn_by.trim().into(),
                    expires,
                    stored: stored.filter(|text| !text.is_empty()).map(str::to_owned),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// Refuses a sample at reception. The tube stays on record, so that the ward can be told and the reasons counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectSample {
    /// Barcode as read.
    pub sample: SampleId,
    /// Whose, as far as the label says.
    pub patient: PatientId,
    /// The request it came with.
    pub request: Option<RequestId>,
    /// Coded reason, one of `sample.reject_reasons`.
    pub reason: String,
    /// In words; may be empty.
    pub note: String,
    /// Drawn at, where stated; else the time of reception.
    pub drawn: Option<Timestamp>,
    /// Drawn by, where stated.
    pub drawn_by: String,
}

impl Decide for RejectSample {
    fn action(&self) -> Action {
        Action::SampleReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        subjects(&self.sample, self.patient, self.request)
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let drawn = self.drawn.unwrap_or(context.at);
        checks.take(hospital.patients.standing(self.patient));
        new_label(&mut checks, hospital, &self.sample);
        checks.coded(Key::SampleRejectReasons, "reason", &self.reason);
        checks.text("note", &self.note, 0, crate::finding::Reason::MOST);
        checks.text("drawn_by", &self.drawn_by, 0, TEXT_MOST);
        checks.past("drawn", drawn);
        if let Some(request) = self.request {
            checks.require(hospital.requests.get(request).is_some(), || {
                Finding::not_found(request)
            });
        }
        checks.settle()?;
        Ok(vec![
            SampleEvent::Rejected {
                sample: self.sample.clone(),
                patient: self.patient,
                request: self.request,
                reason: self.reason.clone(),
                note: self.note.trim().into(),
                drawn,
                drawn_by: self.drawn_by.trim().into(),
            }
            .into(),
        ])
    }
}

fn subjects(sample: &SampleId, patient: PatientId, request: Option<RequestId>) -> Vec<Subject> {
    let mut subjects = vec![sample.clone().into(), patient.into()];
    subjects.extend(request.map(Subject::from));
    subjects
}

fn new_label(checks: &mut Checks<'_>, hospital: &Hospital, sample: &SampleId) {
    checks.require(hospital.samples.get(sample).is_none(), || {
        Finding::new(Rule::AlreadyExists).with("subject", Subject::from(sample.clone()))
    });
}

fn of_same_patient(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    sample: &SampleId,
    patient: PatientId,
    request: Option<RequestId>,
) {
    let Some(id) = request else { return };
    let Some(request) = hospital.requests.get(id) else {
        return checks.find(Finding::not_found(id));
    };
    let same = hospital
        .record_of(patient)
        .is_some_and(|record| record.holds(request.patient));
    checks.require(same, || {
        Finding::new(Rule::SampleWrongPatient)
            .with("sample", sample.clone())
            .with("patient", patient)
            .with("request", id)
    });
    checks.require(request.state.open(), || {
        Finding::new(Rule::RequestClosed).with("request", id)
    });
}

/// The facts by which the validity of a person's accepted samples follows, once `event` will have happened.
pub fn revalidated(
    hospital: &Hospital,
    context: &Context,
    event: &Event,
    patient: PatientId,
) -> Result<Vec<Event>, Finding> {
    let mut after = hospital.clone();
    let stamp = Stamp {
        seq: hospital.seq,
        at: context.at,
        by: context.actor.clone(),
    };
    after.apply(&stamp, event);
    let Some(record) = after.record_of(patient) else {
        return Ok(Vec::new());
    };
    let mut events = Vec::new();
    for sample in record.samples() {
        if sample.state != SampleState::Accepted {
            continue;
        }
        let expires = record.valid_until(sample.drawn, context.at)?;
        if expires != sample.expires {
            events.push(
                SampleEvent::ValidityChanged {
                    sample: sample.id.clone(),
                    expires,
                }
                .into(),
            );
        }
    }
    Ok(events)
}
