//! The desk, the pages, the API, the device links and the jobs.

pub mod clock;
pub mod desk;
pub mod web;
