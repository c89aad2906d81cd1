//! Patient-based real-time quality control: a statistic of patients' results, run by run through the day, and how fast it would
//! notice a shift.
//!
//! An addition to control material, never instead of it (CLSI C24 leaves it out; ISO 15189 admits it).

mod monitor;
mod simulation;

pub use monitor::{Method, Monitor, Seen, Settings, SettingsError, Truncation};
pub use simulation::{Detection, Seeded, empirical_limits, false_alarms, simulate};
