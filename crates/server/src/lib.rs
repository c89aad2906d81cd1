//! The desk, the pages, the API, the device links and the jobs.

pub mod web;
