//! The pages of the rooms. Each translates the published state into words, and a form into a command.

pub mod alarms;
mod answers;
mod bench;
pub mod blood;
mod board;
mod calculators;
pub mod crossmatch;
mod discrepancy;
pub mod emergency;
mod entrance;
mod eqa;
mod equipment;
mod events;
mod evidence;
mod find;
mod governance;
pub mod handover;
mod identify;
mod journal;
mod lots;
mod measured;
mod moving;
mod near_misses;
mod outlook;
pub mod parts;
mod patient;
mod people;
pub mod person;
mod platelets;
mod policy;
pub mod prints;
mod proposal;
mod qc;
pub mod receipt;
pub mod requests;
pub mod results;
mod samples;
pub mod scan;
pub mod sheet;
mod shift;
pub mod stock;
mod test;
pub mod timeline;
pub mod unit;
pub mod ward;

use axum::Router;

use crate::app::App;

/// Every page's routes.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(requests::routes())
        .merge(crossmatch::routes())
        .merge(handover::routes())
        .merge(prints::routes())
        .merge(qc::routes())
        .merge(emergency::routes())
        .merge(ward::routes())
        .merge(entrance::routes())
        .merge(eqa::routes())
        .merge(alarms::routes())
        .merge(board::routes())
        .merge(events::routes())
        .merge(evidence::routes())
        .merge(equipment::routes())
        .merge(governance::routes())
        .merge(find::routes())
        .merge(journal::routes())
        .merge(people::routes())
        .merge(policy::routes())
        .merge(receipt::routes())
        .merge(stock::routes())
        .merge(moving::routes())
        .merge(shift::routes())
        .merge(unit::routes())
        .merge(patient::routes())
        .merge(samples::routes())
        .merge(bench::routes())
        .merge(test::routes())
        .merge(measured::routes())
        .merge(discrepancy::routes())
        .merge(calculators::routes())
        .merge(lots::routes())
        .merge(answers::routes())
        .merge(near_misses::routes())
        .merge(identify::routes())
}
