//! Device dialects as data. One TOML file a model in `drivers/`: where things stand in its messages and what its words
//! mean. A new model needs a file, not code.
//!
//! [`read`] never guesses: what the profile does not name is a [`Problem`] with its byte offset, and nothing is made of it.

mod answer;
mod control;
mod path;
mod read;
mod reading;
mod result;
mod source;

use std::collections::BTreeMap;

use lifeline_core::blood::{Abo, BloodGroup, Grade};
use lifeline_core::id::ControlCode;
use lifeline_core::testing::Well;
use serde::Deserialize;

pub use answer::{AnswerError, Envelope, WorkItem, orders};
pub use control::{ControlRule, Shape};
pub use path::Path;
pub use read::read;
pub use reading::{
    ControlNamed, DomainReading, LeftOut, Lot, Meaning, Observation, Problem, Query, Status,
};

use crate::astm::lis1;
use crate::charset::Charset;
use crate::hl7::mllp;

/// Longest profile text, in bytes.
pub const MAX_PROFILE: usize = 256 * 1024;

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No TOML, an unknown key, a missing key, a wrong type.
    #[error("{0}")]
    Form(String),
    /// A word that is no well, grade, group… of ours.
    #[error("{place}: {word:?} is not known")]
    Word {
        /// Key.
        place: String,
        /// The word.
        word: String,
    },
}

/// One device dialect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name: that of the file.
    pub name: String,
    /// Models it is for.
    pub title: String,
    /// What it was made from.
    pub evidence: Evidence,
    /// What no capture has shown yet; show it to whoever connects such a device.
    #[serde(default)]
    pub untested: Vec<String>,
    /// The line.
    pub link: LinkRule,
    /// Who sends.
    pub sender: SenderRule,
    /// Whose sample it is.
    pub ids: IdRule,
    /// A result for which one of these holds belongs to quality control.
    #[serde(default)]
    pub qc: Vec<Condition>,
    /// How its controls are written; without it none of them can be filed.
    pub control: Option<ControlRule>,
    /// The test ordered.
    pub order: OrderRule,
    /// The parts of a result.
    pub result: ResultRule,
    /// By which method the device crossmatches, a word of the hospital's policy `crossmatch.methods`; without one its
    /// crossmatches are not filed.
    pub crossmatch_method: Option<String>,
    /// Wells.
    pub well: Option<WellRule>,
    /// Interpretations.
    #[serde(default)]
    pub interpretation: Vec<InterpretationRule>,
    /// The device's words for each meaning, in every language it is set to.
    #[serde(default)]
    pub values: BTreeMap<Meaning, BTreeMap<String, String>>,
    /// Measured values.
    pub quantity: Option<QuantityRule>,
    /// Results left out on purpose.
    #[serde(default)]
    pub leave_out: Vec<LeaveOutRule>,
    /// Flags in our words.
    #[serde(default)]
    pub flags: BTreeMap<String, String>,
    /// Statuses.
    #[serde(default)]
    pub status: BTreeMap<String, Status>,
    /// Lots.
    #[serde(default)]
    pub lots: Vec<LotRule>,
    /// Questions for work (ASTM; HL7 queries follow the standard).
    pub query: Option<QueryRule>,
    /// How work is answered.
    pub answer: Option<AnswerRule>,
}

/// What a profile was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Messages captured from a device.
    Capture,
    /// Examples in a maker's or standard document.
    Document,
    /// Descriptions only: untested.
    Notes,
}

/// Protocol of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileProtocol {
    /// ASTM records.
    Astm,
    /// HL7 v2.
    Hl7,
}

/// Framing of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileFraming {
    /// LIS01.
    Lis1,
    /// STX, message, ETX, no answer.
    StxEtx,
    /// STX, message, ETX, answered with ACK.
    StxEtxAck,
    /// One ACK per control character.
    Tokens,
    /// MLLP.
    Mllp,
}

/// The line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRule {
    /// Protocol.
    pub protocol: ProfileProtocol,
    /// Framing.
    pub framing: ProfileFraming,
    /// Character sets in the order tried.
    pub charset: Vec<Charset>,
    /// Whether every record is made durable before its ACK, for devices that send no terminator.
    #[serde(default)]
    pub store_every_record: bool,
    /// Whether a message without terminator is complete.
    #[serde(default)]
    pub terminator_optional: bool,
    /// Whether the device numbers its results under each order without gaps, so that a gap means a lost result.
    #[serde(default)]
    pub counted_results: bool,
    /// Fields a result of this device has at most; more mean that two records have run together.
    pub result_fields: Option<usize>,
    /// Whether numbers have a decimal comma.
    #[serde(default)]
    pub decimal_comma: bool,
}

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderRule {
    /// Where the name of the sender stands.
    pub path: Path,
    /// The names this profile is for; empty: any.
    #[serde(default)]
    pub is: Vec<String>,
}

/// A field that must have one of some texts (after trimming).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field.
    pub path: Path,
    /// The texts.
    pub is: Vec<String>,
}

/// A field, where a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditional {
    /// The field.
    pub path: Path,
    /// When.
    pub when: Option<Condition>,
}

/// Whose sample it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdRule {
    /// Places of the sample id; the first that is not empty counts.
    pub sample: Vec<Path>,
    /// Places of the patient number.
    #[serde(default)]
    pub patient: Vec<Path>,
    /// Places of the donor unit.
    #[serde(default)]
    pub unit: Vec<Conditional>,
}

/// The test ordered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRule {
    /// Where its code stands.
    pub test: Path,
    /// Codes and our names.
    #[serde(default)]
    pub tests: BTreeMap<String, String>,
    /// Whether other codes stand for themselves.
    #[serde(default)]
    pub any: bool,
}

/// The parts of a result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultRule {
    /// Name.
    pub name: Path,
    /// Value.
    pub value: Path,
    /// Units.
    pub units: Option<Path>,
    /// Flags (repeats are further flags).
    pub flags: Option<Path>,
    /// Status (repeats are further statuses).
    pub status: Option<Path>,
    /// Operator.
    pub operator: Option<Path>,
    /// Start.
    pub started: Option<Path>,
    /// End.
    pub completed: Option<Path>,
    /// Instrument.
    pub instrument: Option<Path>,
}

/// Wells: either results of their own, or records under a result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WellRule {
    /// Where its name stands: on the result record, or on records below it.
    pub name: Path,
    /// Where its grade stands.
    pub grade: Path,
    /// Where the grade stands as the camera read it; another than `grade` means a person changed it.
    pub camera: Option<Path>,
    /// Conditions under which a person changed it.
    #[serde(default)]
    pub edited: Vec<Condition>,
    /// Names and our wells.
    pub names: BTreeMap<String, String>,
    /// Grades and ours; `!` and a reason for what is no grade.
    pub grades: BTreeMap<String, String>,
}

/// An interpretation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterpretationRule {
    /// Names of such results.
    pub names: Vec<String>,
    /// Only within these tests of ours; empty: in all.
    #[serde(default)]
    pub tests: Vec<String>,
    /// What it is about.
    pub means: Meaning,
    /// Where ABO stands, when it stands apart from RhD.
    pub abo: Option<Path>,
    /// Where RhD stands.
    pub rhd: Option<Path>,
}

/// Measured values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityRule {
    /// Whether every name that is no well and no interpretation is a measurement.
    #[serde(default)]
    pub any: bool,
    /// Names of measurements and ours.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Where the part of a measurement is named.
    pub aspect: Option<Path>,
    /// Parts and ours.
    #[serde(default)]
    pub aspects: BTreeMap<String, String>,
}

/// Results left out on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveOutRule {
    /// Names.
    pub names: Vec<String>,
    /// Only within these tests of ours; empty: in all.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why.
    pub reason: String,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotRule {
    /// What it is a lot of.
    pub kind: String,
    /// Its name.
    pub name: Option<Path>,
    /// Its number.
    pub lot: Path,
    /// Its expiry.
    pub expiry: Option<Path>,
}

/// Questions for work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryRule {
    /// Places of the sample id in each repeat of its field; the first that is not empty counts.
    pub sample: Vec<Path>,
}

/// How work is answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRule {
    /// Our tests and the device's codes.
    pub tests: BTreeMap<String, String>,
    /// Fields of the records P, O and C (ASTM), with a fixed text or one of
    /// `{sample} {patient} {family} {given} {birth} {sex} {test} {order} {priority} {unit} {time}`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Our name in the header.
    #[serde(default = "lis")]
    pub sender: String,
    /// L.3 when there is work, and when there is none.
    #[serde(default = "normal")]
    pub found: String,
    /// As above.
    #[serde(default = "no_information")]
    pub nothing: String,
    /// Code system of the test codes (HL7).
    #[serde(default)]
    pub system: String,
    /// MSH-9 of the answer to a query, when it is not RSP^K11 (HL7).
    #[serde(default)]
    pub response: Vec<String>,
}

fn lis() -> String {
    "LIS".into()
}
fn normal() -> String {
    "N".into()
}
fn no_information() -> String {
    "I".into()
}

/// The profiles that come with the program.
const BUILTIN: &[(&str, &str)] = &[
    (
        "generic-astm",
        include_str!("../../../../drivers/generic-astm.toml"),
    ),
    (
        "generic-hl7",
        include_str!("../../../../drivers/generic-hl7.toml"),
    ),
    (
        "ortho-vision",
        include_str!("../../../../drivers/ortho-vision.toml"),
    ),
    (
        "biorad-ih1000",
        include_str!("../../../../drivers/biorad-ih1000.toml"),
    ),
    (
        "immucor-echo",
        include_str!("../../../../drivers/immucor-echo.toml"),
    ),
    (
        "abbott-m2000",
        include_str!("../../../../drivers/abbott-m2000.toml"),
    ),
    (
        "roche-cobas5800",
        include_str!("../../../../drivers/roche-cobas5800.toml"),
    ),
    (
        "horiba-yumizen",
        include_str!("../../../../drivers/horiba-yumizen.toml"),
    ),
];

impl Profile {
    /// Reads a profile and checks every word in it.
    ///
    /// # Errors
    /// [`ProfileError`] names the key.
    pub fn parse(toml: &str) -> Result<Self, ProfileError> {
        if toml.len() > MAX_PROFILE {
            return Err(ProfileError::Form(format!("more than {MAX_PROFILE} bytes")));
        }
        let profile: Self = toml::from_str(toml).map_err(|e| ProfileError::Form(e.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    /// A profile that comes with the program; nothing for another name.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, toml) = BUILTIN.iter().find(|(n, _)| *n == name)?;
        Self::parse(toml).ok()
    }

    /// The names of the profiles that come with the program.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// Settings for a LIS01 link; nothing for an MLLP line.
    #[must_use]
    pub fn lis1(&self) -> Option<lis1::Config> {
        let framing = match self.link.framing {
            ProfileFraming::Lis1 => lis1::Framing::Lis1,
            ProfileFraming::StxEtx => lis1::Framing::StxEtx { acknowledge: false },
            ProfileFraming::StxEtxAck => lis1::Framing::StxEtx { acknowledge: true },
            ProfileFraming::Tokens => lis1::Framing::Tokens,
            ProfileFraming::Mllp => return None,
        };
        let every = self.link.store_every_record;
        let store_point = if every {
            lis1::StorePoint::EveryRecord
        } else {
            lis1::StorePoint::Terminator
        };
        Some(lis1::Config {
            framing,
            store_point,
            ..lis1::Config::default()
        })
    }

    /// Settings for an MLLP line; nothing for others.
    #[must_use]
    pub fn mllp(&self) -> Option<mllp::Config> {
        (self.link.framing == ProfileFraming::Mllp).then(mllp::Config::default)
    }

    fn check(&self) -> Result<(), ProfileError> {
        let word = |place: &str, word: &str, known: bool| {
            if known {
                Ok(())
            } else {
                Err(ProfileError::Word {
                    place: place.into(),
                    word: word.into(),
                })
            }
        };
        let mllp = self.link.framing == ProfileFraming::Mllp;
        word(
            "link.framing",
            "framing of the other protocol",
            mllp == (self.link.protocol == ProfileProtocol::Hl7),
        )?;
        word("link.charset", "", !self.link.charset.is_empty())?;
        if let Some(well) = &self.well {
            for (name, ours) in &well.names {
                word(
                    &format!("well.names.{name}"),
                    ours,
                    Well::parse(ours).is_some(),
                )?;
            }
            for (name, ours) in &well.grades {
                word(
                    &format!("well.grades.{name}"),
                    ours,
                    ours.starts_with('!') || Grade::parse(ours).is_some(),
                )?;
            }
        }
        for (meaning, words) in &self.values {
            for (name, ours) in words {
                word(
                    &format!("values.{meaning:?}.{name}"),
                    ours,
                    is_word_of(*meaning, ours),
                )?;
            }
        }
        for (key, table) in self.control.iter().flat_map(ControlRule::codes) {
            for ours in table.values() {
                word(key, ours, ControlCode::parse(ours).is_ok())?;
            }
        }
        for rule in &self.interpretation {
            word(
                "interpretation.abo",
                "needs rhd, and both only for a group",
                rule.abo.is_some() == rule.rhd.is_some(),
            )?;
        }
        for key in self.answer.iter().flat_map(|a| a.fields.keys()) {
            word(
                "answer.fields",
                key,
                Path::try_from(key.clone())
                    .is_ok_and(|p| ["P", "O", "C"].contains(&p.record.as_str())),
            )?;
        }
        Ok(())
    }
}

/// Whether a text is one of our words for a meaning.
fn is_word_of(meaning: Meaning, text: &str) -> bool {
    match meaning {
        Meaning::Abo => Abo::ALL.iter().any(|abo| abo.as_str() == text),
        Meaning::Rhd => ["+", "-", "w"].contains(&text),
        Meaning::Group => BloodGroup::parse(text).is_ok_and(|g| g.to_string() == text),
        Meaning::Screen | Meaning::Dat => ["positive", "negative", "indeterminate"].contains(&text),
        Meaning::Crossmatch => ["compatible", "incompatible", "indeterminate"].contains(&text),
    }
}
