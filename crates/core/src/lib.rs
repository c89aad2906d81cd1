//! The rules of the transfusion department: one deterministic hospital.
//!
//! [`command::decide`] turns a command into facts or into a refusal; [`hospital::Hospital::apply`] carries facts into the
//! state. Nothing here reads a clock, draws a random number, or touches a file or a socket.

/// Gives an event enum its kinds in the journal.
macro_rules! kinds {
    ($type:ident, $subject:literal { $($variant:ident => $name:literal),* $(,)? }) => {
        impl $type {
            /// Every kind this subject writes.
            pub const KINDS: &'static [&'static str] = &[$(concat!($subject, ".", $name)),*];

            /// The kind in the journal, `subject.fact`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant { .. } => concat!($subject, ".", $name)),* }
            }
        }
    };
}

pub mod assessment;
pub mod blood;
pub mod command;
pub mod crossmatch;
pub mod device;
pub mod due;
pub mod event;
pub mod evidence;
pub mod finding;
pub mod governance;
pub mod hospital;
pub mod id;
pub mod identification;
pub mod issue;
pub mod measured;
pub mod near_miss;
pub mod patient;
pub mod people;
pub mod policy;
pub mod quality;
pub mod request;
pub mod sample;
pub mod shift;
pub mod subject;
pub mod testing;
#[cfg(test)]
#[allow(dead_code, reason = "a kit for every subject's tests")]
pub(crate) mod testkit;
pub mod unit;

pub use jiff::{SignedDuration, Timestamp, civil::Date};
