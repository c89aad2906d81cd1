//! Proposals: which antibody explains a panel, which bag suits which request, how much to give, how much to order.
//!
//! Everything here proposes. The issue gate in the core decides again from facts and shares no compatibility code with this
//! crate, so that a fault in one of them shows as a disagreement instead of a wrong bag.

pub mod antibody;
pub mod calc;
pub mod frequency;
pub mod matching;
pub mod proposal;
pub mod search;
pub mod statistics;
pub mod stock;
pub mod tables;
