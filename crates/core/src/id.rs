//! Identifiers. Every kind of thing has its own type, so one can't stand where another is wanted.

mod shared;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing but blanks.
    #[error("the identifier is empty")]
    Empty,
    /// Longer than the kind allows.
    #[error("the identifier has {got} characters, at most {most} are allowed")]
    TooLong {
        /// Characters given.
        got: usize,
        /// Characters allowed.
        most: usize,
    },
    /// A character no barcode or login of this kind carries.
    #[error("the character {0:?} cannot stand in this identifier")]
    BadCharacter(char),
    /// Not of the form the kind has.
    #[error("not an identifier of this kind: {0}")]
    BadForm(String),
}

/// Declares an identifier that is a short printed or scanned text.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $most:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest text of this kind, in characters.
            pub const MOST: usize = $most;

            /// Reads the identifier, trimming blanks at both ends.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                if text.is_empty() {
                    return Err(IdError::Empty);
                }
                let got = text.chars().count();
                if got > Self::MOST {
                    return Err(IdError::TooLong { got, most: Self::MOST });
                }
                let allowed: fn(char) -> bool = $allowed;
                match text.chars().find(|c| !allowed(*c)) {
                    Some(bad) => Err(IdError::BadCharacter(bad)),
                    None => Ok(Self(shared::shared(text))),
                }
            }

            /// The text as printed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().into()
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

/// Declares an identifier that the hospital counts up itself, shown with a letter prefix.
macro_rules! counted_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The letters in front of the number.
            pub const PREFIX: &'static str = $prefix;

            /// The one after this.
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{:06}", $prefix, self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                text.strip_prefix($prefix)
                    .unwrap_or(text)
                    .parse()
                    .map(Self)
                    .map_err(|_| IdError::BadForm(text.chars().take(40).collect()))
            }
        }
    };
}

fn barcode(c: char) -> bool {
    c.is_ascii_graphic()
}

fn login(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')
}

text_id!(
    /// The barcode on a patient's sample tube.
    SampleId, 32, barcode
);
text_id!(
    /// A person's login, also printed on the staff badge.
    UserId, 32, login
);
text_id!(
    /// The computer, PDA or device link a command came from.
    WorkstationId, 64, |c| !c.is_control()
);
text_id!(
    /// A machine: analyser, refrigerator, thawer.
    DeviceId, 32, login
);
text_id!(
    /// A reagent, card or cell lot as printed by the maker.
    LotId, 40, barcode
);
text_id!(
    /// A control of the control plan, and the name of one of its levels.
    ControlCode, 32, login
);
text_id!(
    /// Something that is measured in patients' samples.
    AssayCode, 32, login
);
text_id!(
    /// A place units are kept in or carried to: refrigerator, shelf, ward.
    LocationId, 32, login
);
text_id!(
    /// A programme of external quality assessment.
    ProgrammeId, 32, login
);
text_id!(
    /// The code of a controlled document, as printed on it.
    DocumentId, 32, barcode
);
text_id!(
    /// A number that names a patient to the hospital: hospital number, national identity number, temporary number.
    PatientNumber, 40, barcode
);

counted_id!(
    /// A patient's record here; the numbers other systems know them by are [`PatientNumber`]s.
    PatientId, "P"
);
counted_id!(
    /// A request for blood.
    RequestId, "R"
);
counted_id!(
    /// One test on one sample or unit, through all its versions.
    TestId, "T"
);
counted_id!(
    /// One measured result of one sample, through all its versions.
    MeasurementId, "MR"
);
counted_id!(
    /// The work-up of one group discrepancy.
    DiscrepancyId, "G"
);
counted_id!(
    /// A crossmatch of one unit against one patient's sample.
    CrossmatchId, "X"
);
counted_id!(
    /// One hand-over of one unit.
    IssueId, "I"
);
counted_id!(
    /// A message a device sent.
    MessageId, "M"
);
text_id!(
    /// A reagent cell's name on its panel.
    CellId, 24, |c| !c.is_control()
);
counted_id!(
    /// The identification of a patient's antibodies on one sample.
    WorkupId, "AB"
);
counted_id!(
    /// A round of external quality assessment.
    RoundId, "E"
);
counted_id!(
    /// A near miss.
    NearMissId, "N"
);
counted_id!(
    /// A proposed change of policy.
    ProposalId, "Q"
);
counted_id!(
    /// One run of a control.
    RunId, "K"
);
counted_id!(
    /// A control that went out, from the finding to its closing.
    CaseId, "C"
);
counted_id!(
    /// A nonconformity and what was done about it.
    NonconformityId, "NC"
);
counted_id!(
    /// An audit or a management review.
    ReviewId, "RV"
);
counted_id!(
    /// A comparison between ways of measuring.
    ComparisonId, "CP"
);
counted_id!(
    /// A delivery opened for receipt.
    DeliveryId, "D"
);
counted_id!(
    /// A shift handed over.
    ShiftId, "SH"
);
