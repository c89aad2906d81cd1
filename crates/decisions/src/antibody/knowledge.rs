use std::collections::BTreeMap;
use std::sync::LazyLock;

use lifeline_core::blood::Antigen;
use serde::Deserialize;

/// Why the tables the program comes with could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy/antibody/{file}: {reason}")]
pub struct DataError {
    file: &'static str,
    reason: String,
}

/// What a treatment of the cells does to an antigen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing worth counting on.
    #[default]
    None,
    /// Reacts stronger.
    Up,
    /// Destroyed: a non-reactive treated cell says nothing.
    Down,
    /// Now one, now the other: treated as destroyed where something is to be excluded.
    Variable,
}

/// At which temperature an antibody is mostly read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thermal {
    /// By the antiglobulin test.
    #[default]
    Warm,
    /// At room temperature, mostly IgM.
    Cold,
}

/// What is known of one antigen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Which.
    pub name: Antigen,
    /// Blood-group system by its ISBT symbol.
    pub system: String,
    /// The product of the other allele.
    #[serde(default)]
    pub antithetical: Option<Antigen>,
    /// Cells from one parent only react weaker.
    #[serde(default)]
    pub dosage: bool,
    /// Where the antibody is mostly read.
    #[serde(default)]
    pub thermal: Thermal,
    /// What papain or ficin does.
    #[serde(default)]
    pub enzyme: Effect,
    /// What dithiothreitol does.
    #[serde(default)]
    pub dtt: Effect,
}

/// Which dose a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dose {
    /// Any positive cell.
    Any,
    /// Only one whose antithetical antigen was typed absent.
    Double,
}

fn one() -> usize {
    1
}

/// One condition under which non-reactive cells exclude an antibody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOut {
    /// For which antigens.
    pub antigens: Vec<Antigen>,
    /// On which cells.
    pub dose: Dose,
    /// How many such cells.
    #[serde(default = "one")]
    pub cells: usize,
    /// Antigens the cell must be typed negative for.
    #[serde(default)]
    pub lacking: Vec<Antigen>,
    /// Not when a double-dose cell reacted.
    #[serde(default)]
    pub unless_double_reacts: bool,
    /// Only when every cell with this antigen reacted, and on cells without it.
    #[serde(default)]
    pub all_positive_react: Option<Antigen>,
}

/// A named set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOutPolicy {
    /// The name a hospital chooses it by.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// The rules; an antigen is excluded when one of them is met.
    #[serde(rename = "rule")]
    pub rules: Vec<RuleOut>,
}

impl RuleOutPolicy {
    /// The rules about an antigen.
    pub fn of(&self, antigen: Antigen) -> impl Iterator<Item = &RuleOut> {
        self.rules
            .iter()
            .filter(move |rule| rule.antigens.contains(&antigen))
    }
}

/// Antigens handed on together, with how often.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Haplotype {
    /// What it carries.
    pub antigens: Vec<Antigen>,
    /// Share among all of the system, 0 to 1.
    pub frequency: f64,
}

/// The haplotypes of one system.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// ISBT symbol.
    pub name: String,
    /// All of them; their frequencies make one.
    pub haplotypes: Vec<Haplotype>,
}

/// Priors and frequencies of a population.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// `han`, `european`, `even`.
    pub name: String,
    /// Where the numbers come from.
    #[serde(default)]
    pub source: String,
    /// How often each antibody is met.
    #[serde(default)]
    pub antibodies: BTreeMap<Antigen, f64>,
    /// Share of antigen-positive people, for antigens that stand alone.
    #[serde(default)]
    pub positive: BTreeMap<Antigen, f64>,
    /// Haplotypes by system.
    #[serde(default, rename = "system")]
    pub systems: Vec<System>,
}

/// An antibody that comes with another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// The one found.
    pub first: Antigen,
    /// The one that comes with it.
    pub second: Antigen,
    /// How often, 0 to 1.
    pub share: f64,
}

/// The numbers of the likelihood; see `policy/antibody/model.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    missing_docs,
    reason = "each number is explained beside its value in the table"
)]
pub struct Model {
    pub effective: String,
    pub standing: String,
    pub source: String,
    pub background: [f64; 6],
    pub reacts_double: f64,
    pub reacts_single: f64,
    pub reacts_single_weak: f64,
    pub reacts_single_strict: f64,
    pub strict_dosage: f64,
    pub further: f64,
    pub further_least_common: f64,
    pub further_least_rare: f64,
    pub unlisted: f64,
    pub patient_positive: f64,
    pub antithetical_pair: f64,
    pub patient_negative_most: f64,
    pub autoantibody: f64,
    pub high_prevalence: f64,
    pub low_prevalence: f64,
    pub unspecific: f64,
    pub autoantibody_reacts: f64,
    pub high_prevalence_reacts: f64,
    pub low_prevalence_reacts: f64,
    pub autocontrol_auto: f64,
    pub autocontrol_allo: f64,
    pub strength_spread: f64,
    pub companions: Vec<Companion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dated<T> {
    effective: String,
    standing: String,
    #[serde(default)]
    source: String,
    #[serde(alias = "antigen", alias = "policy", alias = "population")]
    rows: Vec<T>,
}

/// All tables.
#[derive(Debug, Clone)]
pub struct Knowledge {
    facts: BTreeMap<Antigen, Facts>,
    /// Rule-out policies; the first is the default.
    pub policies: Vec<RuleOutPolicy>,
    /// Populations; the first is the default.
    pub populations: Vec<Population>,
    /// The numbers of the likelihood.
    pub model: Model,
    /// In force from, and standing, of the rule-out policies.
    pub policies_effective: (String, String),
    /// Where the facts of the antigens come from.
    pub facts_source: String,
}

fn read<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, DataError> {
    toml::from_str(text).map_err(|error| DataError {
        file,
        reason: error.to_string(),
    })
}

static BUILTIN: LazyLock<Result<Knowledge, DataError>> = LazyLock::new(|| {
    let antigens: Dated<Facts> = read(
        "antigens.toml",
        include_str!("../../../../policy/antibody/antigens.toml"),
    )?;
    let policies: Dated<RuleOutPolicy> = read(
        "rule-out.toml",
        include_str!("../../../../policy/antibody/rule-out.toml"),
    )?;
    let populations: Dated<Population> = read(
        "populations.toml",
        include_str!("../../../../policy/antibody/populations.toml"),
    )?;
    let model: Model = read(
        "model.toml",
        include_str!("../../../../policy/antibody/model.toml"),
    )?;
    Ok(Knowledge {
        facts: antigens
            .rows
            .into_iter()
            .map(|facts| (facts.name, facts))
            .collect(),
        policies: policies.rows,
        populations: populations.rows,
        model,
        policies_effective: (policies.effective, policies.standing),
        facts_source: antigens.source,
    })
});

impl Knowledge {
    /// The tables the program comes with.
    ///
    /// # Errors
    /// A table is broken: a fault of ours, which a test finds.
    pub fn builtin() -> Result<&'static Self, &'static DataError> {
        BUILTIN.as_ref()
    }

    /// What is known of an antigen.
    pub fn facts(&self, antigen: Antigen) -> Option<&Facts> {
        self.facts.get(&antigen)
    }

    /// The product of the other allele.
    pub fn antithetical(&self, antigen: Antigen) -> Option<Antigen> {
        self.facts(antigen)?.antithetical
    }

    /// A policy by name; the default for an empty name.
    pub fn policy(&self, name: &str) -> Option<&RuleOutPolicy> {
        self.policies
            .iter()
            .find(|policy| name.is_empty() || policy.name == name)
    }

    /// A population by name; the default for an empty name.
    pub fn population(&self, name: &str) -> Option<&Population> {
        self.populations
            .iter()
            .find(|population| name.is_empty() || population.name == name)
    }
}
