//! Which bag suits which request: exact assignment, its refinement, and why.
//!
//! A proposal only: the issue gate decides again from facts. Nothing here calls the compatibility rules of the core.

pub mod baseline;
mod bound;
pub mod exposure;
mod instance;
mod plan;
pub mod platelets;
mod problem;
mod read;
mod refine;
pub mod registry;
pub mod synthetic;
mod transport;

pub use instance::{
    ANTIGENS_MOST, Group, InputError, Instance, Parameters, Phenotype, REQUESTS_MOST, Request,
    UNITS_MOST, Unit, WANTED_MOST, WEIGHT_MOST,
};
pub use plan::{Change, Day, Effort, Model, Plan, Status};
pub use problem::{PAIRS_MOST, Problem};

#[cfg(test)]
mod tests;
