//! What can be measured here: policy data.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::Reported;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{AssayCode, ControlCode};
use crate::patient::{Patient, Sex};
use crate::policy::{Key, Value};

/// The most assays.
pub const ASSAYS_MOST: usize = 200;
/// The most digits after the point.
const DECIMALS_MOST: u8 = 6;

/// The range a value of a healthy person lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Only of this sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Only from this age in years on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_years: Option<u16>,
    /// Below it is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Decimal>,
    /// Above it is high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Decimal>,
}

impl Reference {
    /// Its ends.
    pub fn limits(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }
}

/// A low and a high limit, each as far as there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interval {
    /// Below it is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Decimal>,
    /// Above it is high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Decimal>,
}

impl Interval {
    fn sound(self) -> bool {
        match (self.low, self.high) {
            (Some(low), Some(high)) => low < high,
            (low, high) => low.is_some() || high.is_some(),
        }
    }
}

/// Something that is measured in patients' samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assay {
    /// Its code, which profiles of devices give.
    pub code: AssayCode,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Unit; empty for a ratio.
    #[serde(default)]
    pub unit: String,
    /// Other ways in which devices write the same unit. Nothing is ever converted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<String>,
    /// Digits after the point it is usually reported with.
    pub decimals: u8,
    /// The controls of the plan that cover it, each in its own place.
    pub controls: BTreeSet<ControlCode>,
    /// Reactive from this value on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactive_from: Option<Decimal>,
    /// Reference ranges; the first that fits the patient counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Beyond these somebody must be told at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<Interval>,
}

/// What a value says beside its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// At or above the threshold.
    Reactive,
    /// Below the threshold.
    NonReactive,
    /// Below the reference range.
    Low,
    /// Above the reference range.
    High,
    /// Below the critical limit.
    CriticalLow,
    /// Above the critical limit.
    CriticalHigh,
    /// A bound that does not say on which side of a limit the value lies.
    Undecided,
}

impl Flag {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reactive => "reactive",
            Self::NonReactive => "non-reactive",
            Self::Low => "low",
            Self::High => "high",
            Self::CriticalLow => "critical-low",
            Self::CriticalHigh => "critical-high",
            Self::Undecided => "undecided",
        }
    }
}

impl Assay {
    /// Whether a device's unit is this one.
    pub fn writes(&self, unit: &str) -> bool {
        let unit = unit.trim();
        unit == self.unit || self.also.contains(unit)
    }

    /// The reference range of a patient at a moment, where one fits. Without sex or date of birth only what asks for neither fits.
    pub fn reference(
        &self,
        hospital: &Hospital,
        patient: &Patient,
        at: Timestamp,
    ) -> Option<Interval> {
        let demographics = &patient.demographics;
        let age = demographics.birth.map(|birth| {
            let today = hospital.today(at);
            let had = (today.month(), today.day()) >= (birth.month(), birth.day());
            i32::from(today.year()) - i32::from(birth.year()) - i32::from(!had)
        });
        self.references
            .iter()
            .find(|range| {
                range.sex.is_none_or(|sex| sex == demographics.sex)
                    && range
                        .from_years
                        .is_none_or(|from| age.is_some_and(|age| age >= i32::from(from)))
            })
            .map(Reference::limits)
    }

    /// What a value says beside the limits.
    pub fn flags(&self, value: Reported, reference: Option<Interval>) -> BTreeSet<Flag> {
        let mut flags = BTreeSet::new();
        let mut tell = |says: Option<bool>, yes: Option<Flag>, no: Option<Flag>| {
            flags.extend(match says {
                Some(true) => yes,
                Some(false) => no,
                None => Some(Flag::Undecided),
            });
        };
        if let Some(from) = self.reactive_from {
            let (yes, no) = (Flag::Reactive, Flag::NonReactive);
            tell(value.reaches(from), Some(yes), Some(no));
        }
        let ranges = [
            (reference, Flag::Low, Flag::High),
            (self.critical, Flag::CriticalLow, Flag::CriticalHigh),
        ];
        for (range, low, high) in ranges {
            let Some(range) = range else { continue };
            if let Some(limit) = range.low {
                tell(value.reaches(limit), None, Some(low));
            }
            if let Some(limit) = range.high {
                tell(value.exceeds(limit), Some(high), None);
            }
        }
        flags
    }
}

/// What can be measured at a moment.
pub fn assays(hospital: &Hospital, at: Timestamp) -> Result<&[Assay], Finding> {
    hospital
        .policies
        .value(Key::Assays, at, |value| match value {
            Value::Assays(assays) => Some(assays.as_slice()),
            _ => None,
        })
}

/// One assay of the table in force.
pub fn assay<'a>(hospital: &'a Hospital, code: &str, at: Timestamp) -> Result<&'a Assay, Finding> {
    assays(hospital, at)?
        .iter()
        .find(|assay| assay.code.as_str() == code)
        .ok_or_else(|| Finding::new(Rule::AssayUnknown).with("assay", code))
}

/// Why a table is not sound, as a key of the message files with the assay it is about.
pub(crate) fn unsound(assays: &[Assay]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut codes = BTreeSet::new();
    if assays.len() > ASSAYS_MOST {
        found.push(("why-too-many", String::new()));
    }
    for assay in assays {
        let mut wrong = |why| found.push((why, assay.code.to_string()));
        if !codes.insert(&assay.code) {
            wrong("why-listed-twice");
        }
        if assay.zh.trim().is_empty() || assay.en.trim().is_empty() {
            wrong("why-empty");
        }
        let mut ranges = assay
            .references
            .iter()
            .map(Reference::limits)
            .chain(assay.critical);
        if assay.decimals > DECIMALS_MOST || !ranges.all(|range| range.sound()) {
            wrong("why-out-of-range");
        }
    }
    found
}
