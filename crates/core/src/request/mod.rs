//! Requests for blood from the clinical side, the emergency among them.

mod change;
mod declare_emergency;
mod place;

pub use change::{AcceptRequest, AmendRequest, CancelRequest, CloseRequest, ReturnRequest};
pub use declare_emergency::{DeclareEmergency, EmergencyPatient};
pub use place::{LABS, PlaceRequest, lab_asked, measures};

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Amount, Component};
use crate::hospital::{Hospital, Stamp};
use crate::id::{IssueId, PatientId, RequestId};
use crate::subject::Subject;

/// How fast blood is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Life-saving, before tests are done.
    Emergency,
    /// Today, tests done first.
    Urgent,
    /// Planned.
    Routine,
}

impl Urgency {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Emergency, Self::Urgent, Self::Routine];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Urgent => "urgent",
            Self::Routine => "routine",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|urgency| urgency.as_str() == text.trim())
    }
}

/// How far testing has come when blood leaves in an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyLevel {
    /// Nothing tested: group O red cells, AB plasma.
    Uncrossmatched,
    /// Grouped on a current sample: group-specific, not crossmatched.
    TypeSpecific,
    /// Abbreviated crossmatch done (immediate spin / saline).
    Abbreviated,
}

impl EmergencyLevel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Uncrossmatched, Self::TypeSpecific, Self::Abbreviated];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uncrossmatched => "uncrossmatched",
            Self::TypeSpecific => "type_specific",
            Self::Abbreviated => "abbreviated",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text.trim())
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Component family.
    pub component: Component,
    /// How much.
    pub amount: Amount,
    /// How fast.
    pub urgency: Urgency,
    /// Needed at.
    pub needed: Timestamp,
    /// Coded indication.
    pub indication: Option<String>,
    /// Diagnosis.
    pub diagnosis: String,
    /// Laboratory values with their units, as stated by the clinic: `hb_g_l`, `plt_1e9_l`, `inr`, `fib_g_l`,
    /// `hct_percent`, and `weight_kg` beside them.
    pub labs: BTreeMap<String, String>,
    /// Ward.
    pub ward: String,
    /// The doctor who asks, as the clinic names them.
    pub doctor: String,
    /// In words.
    pub note: String,
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Placed, not looked at by the department.
    Placed,
    /// Accepted by the department.
    Accepted,
    /// Sent back as incomplete.
    Returned(String),
    /// Everything asked for was issued, or the department closed it.
    Closed,
    /// Withdrawn by the clinic.
    Cancelled(String),
}

impl RequestState {
    /// Whether blood may still leave on it.
    pub fn open(&self) -> bool {
        matches!(self, Self::Placed | Self::Accepted)
    }

    /// The word in message keys.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Accepted => "accepted",
            Self::Returned(_) => "returned",
            Self::Closed => "closed",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Number.
    pub id: RequestId,
    /// For whom.
    pub patient: PatientId,
    /// What.
    pub order: Order,
    /// Where it stands.
    pub state: RequestState,
    /// Hundredths of the order's measure that left on it and did not come back.
    pub issued_hundredths: u32,
    /// When the first unit left.
    pub first_issued: Option<Timestamp>,
    /// Hand-overs on it.
    pub issues: Vec<IssueId>,
    /// The journal entry that placed it.
    pub placed: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Request {
    /// Hundredths still to be issued.
    pub fn outstanding(&self) -> u32 {
        self.order
            .amount
            .hundredths
            .saturating_sub(self.issued_hundredths)
    }
}

/// All requests.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Requests {
    pub(crate) all: OrdMap<RequestId, Arc<Request>>,
    /// Open requests, most urgent and soonest first.
    pub(crate) open: OrdSet<(Urgency, Timestamp, RequestId)>,
    pub(crate) by_patient: OrdSet<(PatientId, RequestId)>,
}

impl Requests {
    /// One request.
    pub fn get(&self, id: RequestId) -> Option<&Arc<Request>> {
        self.all.get(&id)
    }

    /// Open requests, most urgent and soonest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Request>> {
        self.open.iter().filter_map(|(_, _, id)| self.all.get(id))
    }

    /// A patient's requests, oldest first.
    pub fn of_patient(&self, patient: PatientId) -> impl Iterator<Item = &Arc<Request>> {
        self.by_patient
            .range((patient, RequestId(0))..=(patient, RequestId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Every request.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Request>> {
        self.all.values()
    }

    pub(crate) fn change(
        &mut self,
        id: RequestId,
        stamp: &Stamp,
        change: impl FnOnce(&mut Request),
    ) {
        let Some(request) = self.all.get_mut(&id).map(Arc::make_mut) else {
            return;
        };
        self.open
            .remove(&(request.order.urgency, request.order.needed, id));
        change(request);
        request.changed = stamp.clone();
        if request.state.open() {
            self.open
                .insert((request.order.urgency, request.order.needed, id));
        }
    }
}

/// Facts about requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestEvent {
    /// Placed.
    Placed {
        /// Number.
        request: RequestId,
        /// For whom.
        patient: PatientId,
        /// What.
        order: Order,
    },
    /// Changed by the clinic.
    Amended {
        /// Which.
        request: RequestId,
        /// What from now on.
        order: Order,
        /// Why.
        reason: String,
    },
    /// Accepted by the department.
    Accepted {
        /// Which.
        request: RequestId,
    },
    /// Sent back as incomplete.
    Returned {
        /// Which.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Withdrawn.
    Cancelled {
        /// Which.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Done.
    Closed {
        /// Which.
        request: RequestId,
        /// Why.
        reason: String,
    },
}

kinds!(RequestEvent, "request" {
    Placed => "placed", Amended => "amended", Accepted => "accepted", Returned => "returned",
    Cancelled => "cancelled", Closed => "closed",
});

impl RequestEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Placed {
                request, patient, ..
            } => vec![(*request).into(), (*patient).into()],
            Self::Amended { request, .. }
            | Self::Accepted { request }
            | Self::Returned { request, .. }
            | Self::Cancelled { request, .. }
            | Self::Closed { request, .. } => vec![(*request).into()],
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &RequestEvent) {
    let requests = &mut hospital.requests;
    match event {
        RequestEvent::Placed {
            request,
            patient,
            order,
        } => {
            hospital.next.request = request.next();
            requests
                .open
                .insert((order.urgency, order.needed, *request));
            requests.by_patient.insert((*patient, *request));
            requests.all.insert(
                *request,
                Arc::new(Request {
                    id: *request,
                    patient: *patient,
                    order: order.clone(),
                    state: RequestState::Placed,
                    issued_hundredths: 0,
                    first_issued: None,
                    issues: Vec::new(),
                    placed: stamp.clone(),
                    changed: stamp.clone(),
                }),
            );
        }
        RequestEvent::Amended { request, order, .. } => {
            requests.change(*request, stamp, |request| {
                request.order = order.clone();
                request.state = RequestState::Placed;
            });
        }
        RequestEvent::Accepted { request } => {
            requests.change(*request, stamp, |request| {
                request.state = RequestState::Accepted
            });
        }
        RequestEvent::Returned { request, reason } => {
            requests.change(*request, stamp, |request| {
                request.state = RequestState::Returned(reason.clone())
            });
        }
        RequestEvent::Cancelled { request, reason } => {
            requests.change(*request, stamp, |request| {
                request.state = RequestState::Cancelled(reason.clone())
            });
        }
        RequestEvent::Closed { request, .. } => {
            requests.change(*request, stamp, |request| {
                request.state = RequestState::Closed
            });
        }
    }
}
