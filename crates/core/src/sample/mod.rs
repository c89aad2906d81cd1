//! Sample tubes: acceptance, validity, wrong blood in tube.

mod answer;
mod keep;
mod receive;
mod settle;

pub use answer::AnswerRejection;
pub use keep::{EndSample, StoreSample};
pub use receive::{ReceiveSample, RejectSample, revalidated};
pub use settle::SettleSuspicion;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::BloodGroup;
use crate::hospital::{Hospital, Stamp};
use crate::id::{PatientId, RequestId, SampleId, TestId};
use crate::subject::Subject;

/// Where a sample stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleState {
    /// Taken in; may be tested.
    Accepted,
    /// Refused at reception, by its code in `sample.reject_reasons`.
    Rejected(String),
    /// Its group differs from the patient's history.
    Suspect(TestId),
    /// A newer sample or a person ended its use.
    Ended(String),
}

impl SampleState {
    /// The key in the message files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted => "sample-state-accepted",
            Self::Rejected(_) => "sample-state-rejected",
            Self::Suspect(_) => "sample-state-suspect",
            Self::Ended(_) => "sample-state-ended",
        }
    }
}

/// A sample tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Barcode.
    pub id: SampleId,
    /// The patient on the label.
    pub patient: PatientId,
    /// The request it came with.
    pub request: Option<RequestId>,
    /// Drawn at.
    pub drawn: Timestamp,
    /// Drawn by, as the label or PDA says.
    pub drawn_by: String,
    /// Not to be used for compatibility from this moment on; computed at acceptance, shortened when history comes in.
    pub expires: Timestamp,
    /// Where it stands.
    pub state: SampleState,
    /// Tests made on it.
    pub tests: Vec<TestId>,
    /// Where it is kept.
    pub stored: Option<String>,
    /// The ward has said what it does about its rejection.
    pub answered: Option<Stamp>,
    /// The journal entry of its reception.
    pub received: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

/// All samples.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Samples {
    pub(crate) all: OrdMap<SampleId, Arc<Sample>>,
    pub(crate) by_patient: OrdMap<PatientId, Arc<Vec<SampleId>>>,
    /// Accepted samples, by when they run out; always `Some`, so that `None` sorts before every sample of a moment.
    expiring: OrdSet<(Timestamp, Option<SampleId>)>,
    /// Samples suspected to be somebody else's.
    suspect: OrdSet<SampleId>,
    /// Rejected, and the ward has not answered.
    unanswered: OrdSet<SampleId>,
}

impl Samples {
    /// One sample.
    pub fn get(&self, id: &SampleId) -> Option<&Arc<Sample>> {
        self.all.get(id)
    }

    /// A patient's samples, oldest first.
    pub fn of_patient(&self, patient: PatientId) -> impl DoubleEndedIterator<Item = &Arc<Sample>> {
        self.by_patient
            .get(&patient)
            .map(|ids| ids.as_slice())
            .unwrap_or_default()
            .iter()
            .filter_map(|id| self.all.get(id))
    }

    /// Accepted samples that run out after a moment, soonest first.
    pub fn expiring(&self, after: Timestamp) -> impl Iterator<Item = &Arc<Sample>> {
        self.expiring
            .range((after, None)..)
            .filter(move |(expires, _)| *expires > after)
            .filter_map(|(_, id)| self.all.get(id.as_ref()?))
    }

    /// Samples suspected to be somebody else's, not settled yet.
    pub fn suspect(&self) -> impl Iterator<Item = &Arc<Sample>> {
        self.suspect.iter().filter_map(|id| self.all.get(id))
    }

    /// Rejected samples whose ward has not answered yet.
    pub fn unanswered(&self) -> impl Iterator<Item = &Arc<Sample>> {
        self.unanswered.iter().filter_map(|id| self.all.get(id))
    }

    /// Samples whose barcode begins with a text.
    pub fn by_prefix<'a>(&'a self, prefix: &'a SampleId) -> impl Iterator<Item = &'a Arc<Sample>> {
        self.all
            .range(prefix.clone()..)
            .take_while(move |(id, _)| id.as_str().starts_with(prefix.as_str()))
            .map(|(_, sample)| sample)
    }

    fn index(&mut self, sample: &Sample, present: bool) {
        if matches!(sample.state, SampleState::Suspect(_)) {
            if present {
                self.suspect.insert(sample.id.clone());
            } else {
                self.suspect.remove(&sample.id);
            }
        }
        if matches!(sample.state, SampleState::Rejected(_)) && sample.answered.is_none() {
            if present {
                self.unanswered.insert(sample.id.clone());
            } else {
                self.unanswered.remove(&sample.id);
            }
        }
        if sample.state != SampleState::Accepted {
            return;
        }
        let key = (sample.expires, Some(sample.id.clone()));
        if present {
            self.expiring.insert(key);
        } else {
            self.expiring.remove(&key);
        }
    }

    /// Every sample.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Sample>> {
        self.all.values()
    }

    pub(crate) fn change(
        &mut self,
        id: &SampleId,
        stamp: &Stamp,
        change: impl FnOnce(&mut Sample),
    ) {
        let Some(old) = self.all.get(id).cloned() else {
            return;
        };
        let mut sample = (*old).clone();
        change(&mut sample);
        sample.changed = stamp.clone();
        self.index(&old, false);
        self.index(&sample, true);
        self.all.insert(id.clone(), Arc::new(sample));
    }
}

/// Facts about samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleEvent {
    /// Taken in.
    Accepted {
        /// Barcode.
        sample: SampleId,
        /// Whose.
        patient: PatientId,
        /// With which request.
        request: Option<RequestId>,
        /// Drawn at.
        drawn: Timestamp,
        /// Drawn by.
        drawn_by: String,
        /// Valid until.
        expires: Timestamp,
        /// Kept where.
        stored: Option<String>,
    },
    /// Refused at reception.
    Rejected {
        /// Barcode as read, where there was one.
        sample: SampleId,
        /// Whose, as far as the label said.
        patient: PatientId,
        /// With which request.
        request: Option<RequestId>,
        /// Coded reason.
        reason: String,
        /// In words.
        note: String,
        /// Drawn at, where stated.
        drawn: Timestamp,
        /// Drawn by.
        drawn_by: String,
    },
    /// The ward has read that the sample was rejected, and says what it does.
    RejectionAnswered {
        /// Which.
        sample: SampleId,
        /// Whose, as far as the label said.
        patient: PatientId,
        /// What is done.
        answer: String,
    },
    /// Validity computed anew because history came in.
    ValidityChanged {
        /// Which.
        sample: SampleId,
        /// Valid until.
        expires: Timestamp,
    },
    /// Its group differs from the patient's history: wrong blood in tube until shown otherwise.
    Suspected {
        /// Which.
        sample: SampleId,
        /// The test that showed it.
        test: TestId,
        /// Whose the label says it is.
        patient: PatientId,
        /// What the test found.
        found: BloodGroup,
        /// What the record says.
        on_file: BloodGroup,
    },
    /// A suspicion was looked into and the sample ended, or shown to be right.
    SuspicionSettled {
        /// Which.
        sample: SampleId,
        /// True when the tube was right after all (the history was wrong).
        right: bool,
        /// What was found.
        finding: String,
    },
    /// Use ended before its time.
    Ended {
        /// Which.
        sample: SampleId,
        /// Why.
        reason: String,
    },
    /// Put somewhere.
    Stored {
        /// Which.
        sample: SampleId,
        /// Where.
        place: String,
    },
}

kinds!(SampleEvent, "sample" {
    Accepted => "accepted", Rejected => "rejected", ValidityChanged => "validity_changed",
    Suspected => "suspected", SuspicionSettled => "suspicion_settled", Ended => "ended", Stored => "stored",
    RejectionAnswered => "rejection_answered",
});

impl SampleEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Accepted {
                sample,
                patient,
                request,
                ..
            }
            | Self::Rejected {
                sample,
                patient,
                request,
                ..
            } => {
                let mut subjects = vec![sample.clone().into(), (*patient).into()];
                subjects.extend(request.map(Subject::from));
                subjects
            }
            Self::Suspected {
                sample,
                test,
                patient,
                ..
            } => {
                vec![sample.clone().into(), (*test).into(), (*patient).into()]
            }
            Self::RejectionAnswered {
                sample, patient, ..
            } => vec![sample.clone().into(), (*patient).into()],
            Self::ValidityChanged { sample, .. }
            | Self::SuspicionSettled { sample, .. }
            | Self::Ended { sample, .. }
            | Self::Stored { sample, .. } => vec![sample.clone().into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &SampleEvent) {
    let samples = &mut hospital.samples;
    match event {
        SampleEvent::Accepted {
            sample,
            patient,
            request,
            drawn,
            drawn_by,
            expires,
            stored,
        } => insert(
            samples,
            Sample {
                id: sample.clone(),
                patient: *patient,
                request: *request,
                drawn: *drawn,
                drawn_by: drawn_by.clone(),
                expires: *expires,
                state: SampleState::Accepted,
                tests: Vec::new(),
                stored: stored.clone(),
                answered: None,
                received: stamp.clone(),
                changed: stamp.clone(),
            },
        ),
        SampleEvent::Rejected {
            sample,
            patient,
            request,
            reason,
            drawn,
            drawn_by,
            ..
        } => insert(
            samples,
            Sample {
                id: sample.clone(),
                patient: *patient,
                request: *request,
                drawn: *drawn,
                drawn_by: drawn_by.clone(),
                expires: *drawn,
                state: SampleState::Rejected(reason.clone()),
                tests: Vec::new(),
                stored: None,
                answered: None,
                received: stamp.clone(),
                changed: stamp.clone(),
            },
        ),
        SampleEvent::RejectionAnswered { sample, .. } => {
            samples.change(sample, stamp, |sample| {
                sample.answered = Some(stamp.clone())
            });
        }
        SampleEvent::ValidityChanged { sample, expires } => {
            samples.change(sample, stamp, |sample| sample.expires = *expires);
        }
        SampleEvent::Suspected { sample, test, .. } => {
            samples.change(sample, stamp, |sample| {
                sample.state = SampleState::Suspect(*test)
            });
        }
        SampleEvent::SuspicionSettled {
            sample,
            right,
            finding,
        } => {
            samples.change(sample, stamp, |sample| {
                sample.state = if *right {
                    SampleState::Accepted
                } else {
                    SampleState::Ended(finding.clone())
                };
            });
        }
        SampleEvent::Ended { sample, reason } => {
            samples.change(sample, stamp, |sample| {
                sample.state = SampleState::Ended(reason.clone())
            });
        }
        SampleEvent::Stored { sample, place } => {
            samples.change(sample, stamp, |sample| sample.stored = Some(place.clone()));
        }
    }
}

fn insert(samples: &mut Samples, sample: Sample) {
    let mut ids = samples
        .by_patient
        .get(&sample.patient)
        .cloned()
        .unwrap_or_default();
    Arc::make_mut(&mut ids).push(sample.id.clone());
    samples.by_patient.insert(sample.patient, ids);
    samples.index(&sample, true);
    samples.all.insert(sample.id.clone(), Arc::new(sample));
}

#[cfg(test)]
mod tests;
