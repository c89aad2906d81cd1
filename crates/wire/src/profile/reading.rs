//! What a profile makes of a message.

use lifeline_core::blood::Grade;
use lifeline_core::testing::Well;
use serde::{Deserialize, Serialize};

use crate::note::Note;
use crate::value::Value;

/// The domain reading of one transfer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DomainReading {
    /// Who sent it, as the profile finds the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// HL7 MSH-10 of the first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_id: Option<String>,
    /// Everything that could be mapped.
    pub observations: Vec<Observation>,
    /// Questions for work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<Query>,
    /// Everything that could not be mapped, and everything that makes the message doubtful. Empty means all was read.
    pub problems: Vec<Problem>,
    /// Results the profile leaves out on purpose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Tolerances of the reader.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Whether the message only says that the device is alive.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keepalive: bool,
}

/// What could not be mapped. Nothing was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Byte offset in the bytes handed in.
    pub at: usize,
    /// What is wrong, for a technician.
    pub reason: String,
}

/// A result the profile says to leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Byte offset.
    pub at: usize,
    /// Its name as sent.
    pub name: String,
    /// Why, from the profile.
    pub reason: String,
}

/// One well, one interpretation or one measured value. Fields that were not sent are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Observation {
    /// Sample id, trimmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Further samples of the same order, trimmed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_samples: Vec<String>,
    /// Donor unit, as sent (a donation number with or without identifier and flags).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Patient number as sent: a cross-check, not an authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Our name of the test ordered.
    pub test: String,
    /// The device's name of this result.
    pub name: String,
    /// Which well, for a well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub well: Option<Well>,
    /// How it reacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// What an interpretation is about, for an interpretation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<Meaning>,
    /// Which part of a measurement this is (`value`, `interpretation`, `signal`), where the device sends several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect: Option<String>,
    /// Our word for an interpretation, or a measured value as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The value by type, for measurements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typed: Option<Value>,
    /// The value as sent.
    pub sent: String,
    /// Units as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Flags in our words; one the profile does not know stands as sent, and is a problem too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Whether a person changed it on the device.
    pub edited: bool,
    /// Whether it belongs to a control, not to a patient.
    pub qc: bool,
    /// Which control, where the profile says how they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlNamed>,
    /// Byte offset of the record.
    pub at: usize,
    /// Cards, reagents, diluents used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
    /// Operator as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Start of the test as sent (local time of the device).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// End of the test as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<String>,
    /// Instrument as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
}

/// What the device calls a control.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ControlNamed {
    /// Its level, as the plan has it where the profile translates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Lot of the material, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
}

/// A lot of a card or reagent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lot {
    /// What it is a lot of, in the profile's word.
    pub kind: String,
    /// Name as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Lot number.
    pub lot: String,
    /// Expiry as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
}

/// A question for work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Query {
    /// Sample ids, trimmed; empty: all.
    pub samples: Vec<String>,
    /// Query tag to be repeated in the answer (HL7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether it takes an earlier query back.
    pub cancel: bool,
    /// Byte offset.
    pub at: usize,
}

/// What an interpretation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// ABO alone: `O`, `A`, `B`, `AB`.
    Abo,
    /// RhD alone: `+`, `-`, `w`.
    Rhd,
    /// Both: `A+`.
    Group,
    /// Antibody screen: `positive`, `negative`, `indeterminate`.
    Screen,
    /// Direct antiglobulin test: the same words.
    Dat,
    /// Crossmatch: `compatible`, `incompatible`, `indeterminate`.
    Crossmatch,
}

/// Status of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// F
    Final,
    /// P
    Preliminary,
    /// R: sent before; makes no new version.
    Repeat,
    /// C
    Correction,
    /// I
    Pending,
    /// V
    Verified,
    /// W
    Warning,
    /// S
    Partial,
    /// X
    CannotBeDone,
}
