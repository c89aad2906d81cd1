//! Facts. The journal of facts is the record; everything else follows from it.

use serde::{Deserialize, Serialize};

use crate::assessment::AssessmentEvent;
use crate::crossmatch::CrossmatchEvent;
use crate::device::DeviceEvent;
use crate::finding::Finding;
use crate::governance::GovernanceEvent;
use crate::identification::IdentificationEvent;
use crate::issue::IssueEvent;
use crate::measured::MeasuredEvent;
use crate::near_miss::NearMissEvent;
use crate::patient::PatientEvent;
use crate::people::PeopleEvent;
use crate::policy::PolicyEvent;
use crate::quality::QualityEvent;
use crate::request::RequestEvent;
use crate::sample::SampleEvent;
use crate::shift::ShiftEvent;
use crate::subject::Subject;
use crate::testing::discrepancy::DiscrepancyEvent;
use crate::testing::{LotEvent, TestEvent};
use crate::unit::UnitEvent;

/// Facts that change nothing in the department but must be known: what was refused to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditEvent {
    /// A command was refused.
    Refused {
        /// The command's name.
        command: String,
        /// What it was about.
        subjects: Vec<Subject>,
        /// Every finding.
        findings: Vec<Finding>,
    },
    /// Somebody took a copy of the record away.
    Exported {
        /// What: `journal`.
        what: String,
        /// Up to which entry.
        upto: u64,
    },
}

kinds!(AuditEvent, "audit" { Refused => "refused", Exported => "exported" });

/// A fact that happened. In the journal its body is the JSON of this value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// About people.
    People(PeopleEvent),
    /// About policies.
    Policy(PolicyEvent),
    /// About units.
    Unit(UnitEvent),
    /// About patients.
    Patient(PatientEvent),
    /// About samples.
    Sample(SampleEvent),
    /// About tests.
    Test(TestEvent),
    /// About measured results.
    Measured(MeasuredEvent),
    /// About work-ups of group discrepancies.
    Discrepancy(DiscrepancyEvent),
    /// About reagent lots.
    Lot(LotEvent),
    /// About requests.
    Request(RequestEvent),
    /// About crossmatches.
    Crossmatch(CrossmatchEvent),
    /// About hand-overs.
    Issue(IssueEvent),
    /// About antibody identifications and antigrams.
    Identification(IdentificationEvent),
    /// About machines and messages.
    Device(DeviceEvent),
    /// About external assessment.
    Assessment(AssessmentEvent),
    /// About near misses.
    NearMiss(NearMissEvent),
    /// About controls.
    Quality(QualityEvent),
    /// About how the department governs itself.
    Governance(GovernanceEvent),
    /// About shifts.
    Shift(ShiftEvent),
    /// What was refused.
    Audit(AuditEvent),
}

/// Why a journal body could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Written by a newer program.
    #[error("event {kind} has version {version}; this program knows versions up to {known}")]
    Newer {
        /// Event kind.
        kind: String,
        /// Version in the journal.
        version: u16,
        /// Newest version known here.
        known: u16,
    },
    /// The body is not what this kind holds.
    #[error("event {kind} cannot be read: {reason}")]
    Body {
        /// Event kind.
        kind: String,
        /// What the reader said.
        reason: String,
    },
}

macro_rules! each {
    ($event:expr, $inner:ident => $out:expr) => {
        match $event {
            Event::People($inner) => $out,
            Event::Policy($inner) => $out,
            Event::Unit($inner) => $out,
            Event::Patient($inner) => $out,
            Event::Sample($inner) => $out,
            Event::Test($inner) => $out,
            Event::Measured($inner) => $out,
            Event::Discrepancy($inner) => $out,
            Event::Lot($inner) => $out,
            Event::Request($inner) => $out,
            Event::Crossmatch($inner) => $out,
            Event::Issue($inner) => $out,
            Event::Identification($inner) => $out,
            Event::Device($inner) => $out,
            Event::Assessment($inner) => $out,
            Event::NearMiss($inner) => $out,
            Event::Quality($inner) => $out,
            Event::Governance($inner) => $out,
            Event::Shift($inner) => $out,
            Event::Audit($inner) => $out,
        }
    };
}

impl AuditEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Refused { subjects, .. } => subjects.clone(),
            Self::Exported { .. } => Vec::new(),
        }
    }
}

impl Event {
    /// The version this program writes. Raised when the shape of any event changes; [`Event::decode`] reads all before.
    pub const VERSION: u16 = 1;

    /// Every kind that is ever written.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        [
            PeopleEvent::KINDS,
            PolicyEvent::KINDS,
            UnitEvent::KINDS,
            PatientEvent::KINDS,
            SampleEvent::KINDS,
            TestEvent::KINDS,
            MeasuredEvent::KINDS,
            DiscrepancyEvent::KINDS,
            LotEvent::KINDS,
            RequestEvent::KINDS,
            CrossmatchEvent::KINDS,
            IssueEvent::KINDS,
            IdentificationEvent::KINDS,
            DeviceEvent::KINDS,
            AssessmentEvent::KINDS,
            NearMissEvent::KINDS,
            QualityEvent::KINDS,
            GovernanceEvent::KINDS,
            ShiftEvent::KINDS,
            AuditEvent::KINDS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    /// The kind in the journal, `subject.fact`.
    pub fn kind(&self) -> &'static str {
        each!(self, event => event.kind())
    }

    /// What the fact is about: the keys of the subject index.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects = each!(self, event => event.subjects());
        subjects.sort();
        subjects.dedup();
        subjects
    }

    /// The body for the journal.
    pub fn encode(&self) -> Result<String, EventError> {
        serde_json::to_string(self).map_err(|error| EventError::Body {
            kind: self.kind().into(),
            reason: error.to_string(),
        })
    }

    /// Reads a body of any version ever written.
    pub fn decode(kind: &str, version: u16, body: &str) -> Result<Self, EventError> {
        if version > Self::VERSION {
            return Err(EventError::Newer {
                kind: kind.into(),
                version,
                known: Self::VERSION,
            });
        }
        serde_json::from_str(body).map_err(|error| EventError::Body {
            kind: kind.into(),
            reason: error.to_string(),
        })
    }
}

macro_rules! event_from {
    ($($inner:ident => $variant:ident),* $(,)?) => {
        $(impl From<$inner> for Event {
            fn from(event: $inner) -> Self {
                Self::$variant(event)
            }
        })*
    };
}

event_from! {
    AssessmentEvent => Assessment,
    AuditEvent => Audit,
    CrossmatchEvent => Crossmatch,
    DeviceEvent => Device,
    DiscrepancyEvent => Discrepancy,
    GovernanceEvent => Governance,
    IdentificationEvent => Identification,
    IssueEvent => Issue,
    LotEvent => Lot,
    MeasuredEvent => Measured,
    NearMissEvent => NearMiss,
    PatientEvent => Patient,
    PeopleEvent => People,
    PolicyEvent => Policy,
    QualityEvent => Quality,
    RequestEvent => Request,
    SampleEvent => Sample,
    ShiftEvent => Shift,
    TestEvent => Test,
    UnitEvent => Unit,
}
