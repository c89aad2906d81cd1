//! The arithmetic of quality: control rules, charts, and the statistics of external assessment.
//!
//! Pure like the core, which uses it: no IO, no clock, no randomness. It knows numbers, streams and rule profiles, and
//! nothing of hospitals: what a control is for and what hangs on a verdict is the core's.
//!
//! # Judging controls
//! [`Decimal`] is a number as reported, [`Limits`] are a material's mean and SD, [`Limits::place`] gives the exact [`Deviation`].
//! A [`RuleProfile`] says which rules and which reading of them; [`Engine::new`] makes it ready. A [`Group`] is all that is remembered of
//! the materials of one test on one instrument (plain data, serde, `Clone`, `Eq`); [`Engine::step`] takes up the points of a run and gives a
//! [`Verdict`] for each: z for display, the broken rules with all points of their windows, and accept, warning or reject.
//! [`series::evaluate`] judges a whole chart with names in one call.
//! [`Engine::change`] tells a group of a new lot, new limits, a calibration, or the corrective action that closes an event.

pub mod charts;
mod decimal;
mod engine;
pub mod eqa;
pub mod graded;
pub mod instant;
mod limits;
pub mod patients;
mod profile;
mod rule;
pub mod series;
pub mod shifts;
pub mod sigma;
pub mod sliced;
mod state;
pub mod statistics;
pub mod targets;

pub use decimal::{DIGITS_MOST, Decimal, DecimalError};
pub use engine::{Engine, Hits, Reading, Status, Verdict, Violation};
pub use limits::{Deviation, Limits, LimitsError};
pub use profile::{
    AcrossAt, Boundary, Change, Gate, MissingLevel, OnMean, Pairing, Precision, ProfileError, R4s,
    R4sReach, Rejected, Repeats, Reset, Resets, RuleProfile, RuleUse, RunOrder, Severity, Streaks,
};
pub use rule::{Rule, RuleSet, Scope, UnknownRule};
pub use state::{AcrossState, Group, MaterialState};
