//! The tests of this crate through its public door, in one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod isbt128;
mod lis1;
mod profiles;
mod records;
mod samples;
