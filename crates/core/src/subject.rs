//! Anything a journal entry can be about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::blood::{Din, UnitId};
use crate::id::*;

macro_rules! subjects {
    ($($(#[$doc:meta])* $variant:ident($inner:ty) = $word:literal),* $(,)?) => {
        /// Anything a journal entry can be about. Written `word:identifier`, it is the key of the subject index.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Subject {
            $($(#[$doc])* $variant($inner),)*
        }

        impl Subject {
            /// The word in front of the colon.
            pub fn word(&self) -> &'static str {
                match self { $(Self::$variant(_) => $word),* }
            }

            /// The identifier behind the colon.
            pub fn identifier(&self) -> String {
                match self { $(Self::$variant(id) => id.to_string()),* }
            }
        }

        impl std::str::FromStr for Subject {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let bad = || IdError::BadForm(text.chars().take(60).collect());
                let (word, id) = text.split_once(':').ok_or_else(bad)?;
                Ok(match word {
                    $($word => Self::$variant(id.parse().map_err(|_| bad())?),)*
                    _ => return Err(bad()),
                })
            }
        }

        $(impl From<$inner> for Subject {
            fn from(id: $inner) -> Self {
                Self::$variant(id)
            }
        })*
    };
}

/// A policy key as a subject of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(pub crate::policy::Key);

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl std::str::FromStr for PolicyName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        crate::policy::Key::parse(text)
            .map(Self)
            .ok_or_else(|| IdError::BadForm(text.into()))
    }
}

subjects! {
    /// A bag.
    Unit(UnitId) = "unit",
    /// All bags of one donation.
    Donation(Din) = "donation",
    /// A patient.
    Patient(PatientId) = "patient",
    /// A sample.
    Sample(SampleId) = "sample",
    /// A request.
    Request(RequestId) = "request",
    /// A test.
    Test(TestId) = "test",
    /// A measured result.
    Measurement(MeasurementId) = "measurement",
    /// The work-up of a group discrepancy.
    Discrepancy(DiscrepancyId) = "discrepancy",
    /// A crossmatch.
    Crossmatch(CrossmatchId) = "crossmatch",
    /// A hand-over.
    Issue(IssueId) = "issue",
    /// A reagent lot.
    Lot(LotId) = "lot",
    /// A machine.
    Device(DeviceId) = "device",
    /// A device's message.
    Message(MessageId) = "message",
    /// A programme of external assessment.
    Programme(ProgrammeId) = "programme",
    /// A round of external assessment.
    Round(RoundId) = "round",
    /// An antibody identification.
    Workup(WorkupId) = "identification",
    /// A person.
    User(UserId) = "user",
    /// A policy entry.
    Policy(PolicyName) = "policy",
    /// A near miss.
    NearMiss(NearMissId) = "near-miss",
    /// A proposed policy change.
    Proposal(ProposalId) = "proposal",
    /// A control of the plan.
    Control(ControlCode) = "control",
    /// A run of a control.
    Run(RunId) = "run",
    /// A control that went out.
    Case(CaseId) = "case",
    /// A controlled document.
    Document(DocumentId) = "document",
    /// A nonconformity.
    Nonconformity(NonconformityId) = "nonconformity",
    /// An audit or a review.
    Review(ReviewId) = "review",
    /// A comparison.
    Comparison(ComparisonId) = "comparison",
    /// A delivery opened for receipt.
    Delivery(DeliveryId) = "delivery",
    /// A shift handed over.
    Shift(ShiftId) = "shift",
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.word(), self.identifier())
    }
}

impl TryFrom<String> for Subject {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> String {
        subject.to_string()
    }
}
