use std::collections::{BTreeMap, BTreeSet};

use lifeline_qc::eqa::GradingTable;
use serde::{Deserialize, Serialize};

use super::key::Shape;
use crate::blood::{Abo, Amount, Attribute, Attributes, Celsius, Component, Millilitres};
use crate::patient::{NeedKind, Sex};
use crate::people::{Action, Role};

/// A closed range of temperatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Lowest, in tenths of a degree.
    pub low: Celsius,
    /// Highest, in tenths of a degree.
    pub high: Celsius,
}

impl Range {
    /// Whether the temperature is inside.
    pub fn holds(&self, temperature: Celsius) -> bool {
        self.low <= temperature && temperature <= self.high
    }
}

/// How RhD is matched for a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhd {
    /// RhD negative recipients get RhD negative; graded substitution as the rules allow.
    Match,
    /// RhD does not matter (no red cells).
    Ignore,
    /// RhD positive may be given, with a warning for RhD negative recipients.
    Advise,
}

/// The table of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compatibility {
    /// For each recipient ABO type, the unit types that may be given, preferred first.
    pub abo: BTreeMap<Abo, Vec<Abo>>,
    /// Unit types for a recipient whose ABO type is not known.
    pub unknown: Vec<Abo>,
    /// Unit types that are compatible under a condition (low titre, shortage), by recipient.
    #[serde(default)]
    pub conditional: BTreeMap<Abo, Vec<Abo>>,
    /// How RhD is matched.
    pub rhd: Rhd,
}

/// Role → what it may do.
pub type Grants = BTreeMap<Role, BTreeSet<Action>>;

/// What a product description code means here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Component family.
    pub component: Component,
    /// What it is by its code.
    #[serde(default)]
    pub attributes: Attributes,
    /// How much one bag counts for, unless the delivery says otherwise.
    pub amount: Amount,
    /// Usual volume.
    pub volume: Millilitres,
}

/// Something done to a unit in the department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modification {
    /// Thaw.
    Thaw,
    /// Irradiate.
    Irradiate,
    /// Wash.
    Wash,
    /// Divide into parts.
    Split,
    /// Pool several into one.
    Pool,
    /// Take supernatant off.
    VolumeReduce,
    /// Filter white cells out.
    Leukoreduce,
}

impl Modification {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Thaw,
        Self::Irradiate,
        Self::Wash,
        Self::Split,
        Self::Pool,
        Self::VolumeReduce,
        Self::Leukoreduce,
    ];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thaw => "thaw",
            Self::Irradiate => "irradiate",
            Self::Wash => "wash",
            Self::Split => "split",
            Self::Pool => "pool",
            Self::VolumeReduce => "volume_reduce",
            Self::Leukoreduce => "leukoreduce",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == text.trim())
    }

    /// The attribute the result has.
    pub fn attribute(self) -> Attribute {
        match self {
            Self::Thaw => Attribute::Thawed,
            Self::Irradiate => Attribute::Irradiated,
            Self::Wash => Attribute::Washed,
            Self::Split => Attribute::Split,
            Self::Pool => Attribute::Pooled,
            Self::VolumeReduce => Attribute::VolumeReduced,
            Self::Leukoreduce => Attribute::Leukoreduced,
        }
    }
}

/// How long a component lasts after a modification; never past the original expiry unless `extends`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModificationRule {
    /// What is done.
    pub kind: Modification,
    /// To what.
    pub component: Component,
    /// Minutes the result lasts; `None` keeps the original expiry.
    pub lasts_minutes: Option<i64>,
    /// The five-character product code of the result; `None` keeps the code.
    #[serde(default)]
    pub product: Option<String>,
    /// Only units at most this old since collection, in minutes.
    #[serde(default)]
    pub within_minutes: Option<i64>,
}

/// A special requirement that is raised by itself for whoever meets every condition stated; at least one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedRule {
    /// Its code, which the requirement keeps.
    pub code: String,
    /// Why, in Chinese.
    pub zh: String,
    /// Why, in English.
    pub en: String,
    /// What is asked for.
    pub kind: NeedKind,
    /// Younger than this, in days since birth; the requirement ends on that day.
    #[serde(default)]
    pub younger_than_days: Option<u32>,
    /// Of this sex.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// The diagnosis on file or in the request holds one of these words.
    #[serde(default)]
    pub diagnoses: Vec<String>,
    /// Lies in, or blood is asked for by, one of these wards.
    #[serde(default)]
    pub wards: Vec<String>,
    /// At least so many bags were given here before.
    #[serde(default)]
    pub transfusions_at_least: Option<u32>,
}

impl NeedRule {
    /// Whether it states a condition at all; one that states none would hold for everybody.
    pub fn conditional(&self) -> bool {
        self.younger_than_days.is_some()
            || self.sex.is_some()
            || !self.diagnoses.is_empty()
            || !self.wards.is_empty()
            || self.transfusions_at_least.is_some()
    }
}

/// The value of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A span in minutes.
    Minutes(i64),
    /// A whole number.
    Count(i64),
    /// On or off.
    Flag(bool),
    /// A list of words; their texts are in the message files where they are shown.
    Words(Vec<String>),
    /// Temperature ranges by component.
    Ranges(BTreeMap<Component, Range>),
    /// Compatibility tables by component.
    Compatibility(BTreeMap<Component, Compatibility>),
    /// Roles and what they may do.
    Grants(Grants),
    /// The local product list, by the first five characters of the code.
    Products(BTreeMap<String, Product>),
    /// What may be done to which component.
    Modifications(Vec<ModificationRule>),
    /// How external assessment grades, each table dated.
    GradingTables(Vec<GradingTable>),
    /// Special requirements that are raised by themselves.
    NeedRules(Vec<NeedRule>),
    /// Names in Chinese, which are what is kept, with the English shown beside them.
    Names(BTreeMap<String, String>),
    /// The control plan.
    Controls(Vec<crate::quality::Control>),
    /// Rule profiles, each under its own name.
    RuleProfiles(Vec<lifeline_qc::RuleProfile>),
    /// How a year's evidence is scored, each sheet dated.
    ScoringSheets(Vec<crate::evidence::ScoringSheet>),
    /// What a comparison may differ, by item.
    ComparisonLimits(Vec<crate::governance::ComparisonLimit>),
    /// What is measured in patients' samples.
    Assays(Vec<crate::measured::Assay>),
    /// How patients' values are followed.
    PatientMonitors(Vec<crate::measured::PatientMonitor>),
}

impl Value {
    /// What kind of value this is.
    pub fn shape(&self) -> Shape {
        match self {
            Self::Minutes(_) => Shape::Minutes,
            Self::Count(_) => Shape::Count,
            Self::Flag(_) => Shape::Flag,
            Self::Words(_) => Shape::Words,
            Self::Ranges(_) => Shape::Ranges,
            Self::Compatibility(_) => Shape::Compatibility,
            Self::Grants(_) => Shape::Grants,
            Self::Products(_) => Shape::Products,
            Self::Modifications(_) => Shape::Modifications,
            Self::GradingTables(_) => Shape::GradingTables,
            Self::NeedRules(_) => Shape::NeedRules,
            Self::Names(_) => Shape::Names,
            Self::Controls(_) => Shape::Controls,
            Self::RuleProfiles(_) => Shape::RuleProfiles,
            Self::ScoringSheets(_) => Shape::ScoringSheets,
            Self::ComparisonLimits(_) => Shape::ComparisonLimits,
            Self::Assays(_) => Shape::Assays,
            Self::PatientMonitors(_) => Shape::PatientMonitors,
        }
    }
}
