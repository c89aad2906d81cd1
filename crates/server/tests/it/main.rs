//! One binary for every test of the server that goes through its doors.

mod desk;
mod entrance;
mod support;
