//! One binary for every test of the program as people run it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod decisions;
mod doctor;
mod eqa;
mod faults;
mod line;
mod plans;
mod quality;
mod reports;
mod server;
