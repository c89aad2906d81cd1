//! Which antibody explains a panel. Three answers that are never mixed into one score: what a named rule-out policy excludes,
//! which explanations are likely, and whether what was tested suffices.
//!
//! The ranking never excludes anything, and an antigen is never reported absent unless the policy excluded it.

mod advice;
mod exclusion;
mod frequency;
mod hypothesis;
mod identify;
mod knowledge;
mod panel;
mod plausible;
mod select;
mod statistics;

pub use advice::Advice;
pub use exclusion::{Excluded, How, exclude, excludes_alone};
pub use frequency::{FrequencyError, negative_frequency};
pub use hypothesis::{Cause, Hypothesis, rank};
pub use identify::{Conclusion, Explanation, Identification, Pattern, Sufficiency, identify};
pub use knowledge::{
    DataError, Dose, Effect, Facts, Knowledge, Model, Population, RuleOut, RuleOutPolicy, Thermal,
};
pub use panel::{Cell, Panel, PanelError, Phase, PhaseKind, parse};
pub use plausible::{Doubt, check};
pub use select::{Choice, Selection, information, select};
pub use statistics::Table;

#[cfg(test)]
mod tests;
