//! The control plan: which control covers which test, where, how often, and what is expected of it. Policy data.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;
use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::blood::Grade;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::ControlCode;
use crate::measured::Assay;
use crate::policy::{Key, Value};
use crate::testing::{Interpretation, LotKind, TestKind, Well};

/// The most controls of a plan, levels of a control, wells of a level.
pub const CONTROLS_MOST: usize = 200;
/// See [`CONTROLS_MOST`].
pub const LEVELS_MOST: usize = 8;

/// What a control covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Item {
    /// A test of the bench or an analyser.
    Test(TestKind),
    /// A serological crossmatch.
    Crossmatch,
}

impl Item {
    /// The word in the plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test(kind) => kind.as_str(),
            Self::Crossmatch => "crossmatch",
        }
    }

    /// The key in the message files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Test(kind) => kind.word(),
            Self::Crossmatch => "test-kind-crossmatch",
        }
    }
}

/// A result, as far as its controls care.
#[derive(Debug, Clone, Copy)]
pub enum Made<'a> {
    /// A test.
    Test(TestKind),
    /// A serological crossmatch by this method.
    Crossmatch(&'a str),
    /// A measured result; the assay names its controls.
    Measured(&'a Assay),
}

impl Made<'_> {
    /// Whether a control covers it.
    pub fn covered_by(self, control: &Control) -> bool {
        match self {
            Self::Test(kind) => control.covers(Item::Test(kind), None),
            Self::Crossmatch(method) => control.covers(Item::Crossmatch, Some(method)),
            Self::Measured(assay) => assay.controls.contains(&control.code),
        }
    }

    /// That nothing of the plan covers it.
    pub(super) fn unplanned(self) -> Finding {
        let finding = Finding::new(Rule::ControlUnplanned);
        match self {
            Self::Test(kind) => finding.word("kind", Item::Test(kind).word()),
            Self::Crossmatch(_) => finding.word("kind", Item::Crossmatch.word()),
            Self::Measured(assay) => finding.with("kind", assay.code.as_str()),
        }
    }
}

impl TryFrom<String> for Item {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "crossmatch" => Ok(Self::Crossmatch),
            other => TestKind::parse(other)
                .map(Self::Test)
                .ok_or_else(|| format!("{text:?} is no test a control can cover")),
        }
    }
}

impl From<Item> for String {
    fn from(item: Item) -> Self {
        item.as_str().into()
    }
}

/// Where a control is run, and whose results it covers there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceRule {
    /// By hand.
    Bench,
    /// On every machine with one of these profiles; on every machine when the list is empty.
    Device(BTreeSet<String>),
}

impl PlaceRule {
    /// Whether a place is meant.
    pub fn holds(&self, hospital: &Hospital, place: &Place) -> bool {
        match (self, place) {
            (Self::Bench, Place::Bench) => true,
            (Self::Device(profiles), Place::Device(id)) => hospital
                .devices
                .all
                .get(id)
                .is_some_and(|device| profiles.is_empty() || profiles.contains(&device.profile)),
            _ => false,
        }
    }

    /// Every place of the department that is meant.
    pub fn places(&self, hospital: &Hospital) -> Vec<Place> {
        match self {
            Self::Bench => vec![Place::Bench],
            Self::Device(_) => hospital
                .devices
                .all
                .keys()
                .map(|id| Place::Device(id.clone()))
                .filter(|place| self.holds(hospital, place))
                .collect(),
        }
    }
}

/// How long an accepted run covers, unless something changes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// To the end of the civil day.
    Day,
    /// To the end of the shift (policy `quality.shifts`).
    Shift,
    /// So many minutes.
    Minutes(i64),
    /// Until something changes.
    Change,
}

impl Validity {
    /// Until when a run made at `ran` covers; `None` for as long as nothing changes. A calendar that cannot be computed covers
    /// nothing.
    pub fn until(self, hospital: &Hospital, ran: Timestamp) -> Option<Timestamp> {
        let offset = hospital.offset(ran);
        let local = offset.to_datetime(ran);
        let at = |date: jiff::civil::Date, time: Time| {
            offset.to_timestamp(date.to_datetime(time)).unwrap_or(ran)
        };
        match self {
            Self::Change => None,
            Self::Minutes(minutes) => Some(
                ran.checked_add(jiff::SignedDuration::from_mins(minutes))
                    .unwrap_or(ran),
            ),
            Self::Day => Some(
                local
                    .date()
                    .tomorrow()
                    .map_or(ran, |date| at(date, Time::midnight())),
            ),
            Self::Shift => {
                let starts = shifts(hospital, ran);
                let today = starts.iter().find(|start| **start > local.time());
                Some(match (today, starts.first()) {
                    (Some(start), _) => at(local.date(), *start),
                    (None, Some(first)) => {
                        local.date().tomorrow().map_or(ran, |date| at(date, *first))
                    }
                    (None, None) => ran,
                })
            }
        }
    }
}

/// When the shifts begin, earliest first.
pub fn shifts(hospital: &Hospital, at: Timestamp) -> Vec<Time> {
    let mut starts: Vec<Time> = hospital
        .policies
        .words(Key::Shifts, at)
        .unwrap_or_default()
        .iter()
        .filter_map(|word| shift(word))
        .collect();
    starts.sort();
    starts
}

pub(crate) fn shift(word: &str) -> Option<Time> {
    Time::strptime("%H:%M", word.trim()).ok()
}

/// What one well of a control must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedWell {
    /// Which.
    pub well: Well,
    /// How it should react.
    pub grade: Grade,
    /// Steps of the scale it may differ by; a negative well may not differ at all.
    #[serde(default)]
    pub within: u8,
}

/// One level of a graded control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradedLevel {
    /// Its code within the control.
    pub level: ControlCode,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The weak positive that every graded control must hold: strong controls alone miss a reagent that is fading.
    #[serde(default)]
    pub weak: bool,
    /// By which table the wells are read, where they give a type.
    #[serde(default)]
    pub kind: Option<TestKind>,
    /// What they must say by that table.
    #[serde(default)]
    pub expect: Option<Interpretation>,
    /// Every well.
    pub wells: Vec<ExpectedWell>,
}

/// One level of a measured control; its target and limits belong to the material's lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredLevel {
    /// Its code within the control.
    pub level: ControlCode,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// A control with a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Unit as printed; empty for a ratio.
    #[serde(default)]
    pub unit: String,
    /// Digits after the point in targets and tables.
    pub decimals: u8,
    /// Total allowable error in per cent of the value, for the sigma; none is set where the hospital has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowable: Option<Decimal>,
    /// Rule profile, by its name in `quality.rule_profiles`.
    pub profile: String,
    /// Levels in their order.
    pub levels: Vec<MeasuredLevel>,
}

/// How a control is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// Reactions by well.
    Graded(Vec<GradedLevel>),
    /// A number by level.
    Measured(Measured),
}

/// One control of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Its code.
    pub code: ControlCode,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// On which bench it is shown; words under `qc-bench-BENCH`.
    pub bench: String,
    /// Where it is run.
    pub place: PlaceRule,
    /// Which tests it covers. What is measured names its controls itself (`quality.assays`).
    #[serde(default)]
    pub tests: BTreeSet<Item>,
    /// Of crossmatches, only those of these methods; all when empty.
    #[serde(default)]
    pub methods: BTreeSet<String>,
    /// How long a run covers.
    pub valid: Validity,
    /// Kinds of lots that take part and are named with a run.
    #[serde(default)]
    pub lots: BTreeSet<LotKind>,
    /// How it is read.
    pub reads: Reads,
}

impl Control {
    /// The codes of its levels, in order.
    pub fn levels(&self) -> Vec<&ControlCode> {
        match &self.reads {
            Reads::Graded(levels) => levels.iter().map(|level| &level.level).collect(),
            Reads::Measured(measured) => measured.levels.iter().map(|level| &level.level).collect(),
        }
    }

    /// One level's names, Chinese and English.
    pub fn level_names(&self, code: &ControlCode) -> Option<(&str, &str)> {
        match &self.reads {
            Reads::Graded(levels) => levels
                .iter()
                .find(|level| level.level == *code)
                .map(|level| (level.zh.as_str(), level.en.as_str())),
            Reads::Measured(measured) => measured
                .levels
                .iter()
                .find(|level| level.level == *code)
                .map(|level| (level.zh.as_str(), level.en.as_str())),
        }
    }

    /// Whether it covers a test, by method where the test has one.
    pub fn covers(&self, item: Item, method: Option<&str>) -> bool {
        self.tests.contains(&item)
            && (self.methods.is_empty()
                || method.is_some_and(|method| self.methods.contains(method)))
    }
}

/// The plan in force at a moment.
pub fn plan(hospital: &Hospital, at: Timestamp) -> Result<&[Control], Finding> {
    hospital.policies.controls(at)
}

/// A control of the plan in force at a moment.
pub fn control<'a>(
    hospital: &'a Hospital,
    code: &ControlCode,
    at: Timestamp,
) -> Result<&'a Control, Finding> {
    plan(hospital, at)?
        .iter()
        .find(|control| control.code == *code)
        .ok_or_else(|| Finding::not_found(code.clone()))
}

/// Why a plan is not sound, as a key of the message files with the control it is about.
pub(crate) fn unsound(controls: &[Control]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut codes = BTreeSet::new();
    if controls.len() > CONTROLS_MOST {
        found.push(("why-too-many", String::new()));
    }
    for control in controls {
        let mut wrong = |why| found.push((why, control.code.to_string()));
        if !codes.insert(&control.code) {
            wrong("why-listed-twice");
        }
        if control.zh.trim().is_empty() || control.en.trim().is_empty() {
            wrong("why-empty");
        }
        if matches!(control.valid, Validity::Minutes(minutes) if !(1..=527_040).contains(&minutes))
        {
            wrong("why-out-of-range");
        }
        let levels = control.levels();
        if !(1..=LEVELS_MOST).contains(&levels.len())
            || levels.iter().collect::<BTreeSet<_>>().len() != levels.len()
        {
            wrong("why-control-levels");
        }
        let Reads::Graded(graded) = &control.reads else {
            continue;
        };
        if !graded.iter().any(weak) {
            wrong("why-weak-positive-needed");
        }
        for level in graded {
            let wells: BTreeSet<Well> = level.wells.iter().map(|well| well.well).collect();
            if wells.is_empty() || wells.len() != level.wells.len() {
                wrong("why-control-wells");
            }
            if level.expect.is_some() != level.kind.is_some() {
                wrong("why-control-expect");
            }
        }
    }
    found
}

/// Whether a level is marked as the weak positive and is one: a well that should react no stronger than 2+.
fn weak(level: &GradedLevel) -> bool {
    level.weak
        && level
            .wells
            .iter()
            .any(|well| matches!(well.grade, Grade::Weak | Grade::One | Grade::Two))
}

impl crate::policy::Policies {
    /// The control plan.
    pub fn controls(&self, at: Timestamp) -> Result<&[Control], Finding> {
        self.value(Key::Controls, at, |value| match value {
            Value::Controls(controls) => Some(controls.as_slice()),
            _ => None,
        })
    }
}
