//! One binary for every test of the server that goes through its doors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod controls;
mod demonstration;
mod desk;
mod entrance;
mod handover;
mod links;
mod measured;
mod pages;
mod rooms;
mod routes;
mod stock;
mod support;
mod watch;
