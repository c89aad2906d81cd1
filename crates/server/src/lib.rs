//! The desk, the pages, the API, the device links and the jobs.

pub mod alarms;
pub mod api;
pub mod app;
pub mod clock;
pub mod desk;
pub mod entrance;
pub mod jobs;
pub mod links;
pub mod pages;
pub mod serve;
pub mod watch;
pub mod web;
