//! The pages of the rooms. Each translates the published state into words, and a form into a command.

pub mod blood;
mod entrance;
pub mod receipt;
pub mod scan;
pub mod stock;
pub mod timeline;
pub mod unit;

use axum::Router;

use crate::app::App;

/// Every page's routes.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(entrance::routes())
        .merge(receipt::routes())
        .merge(stock::routes())
        .merge(unit::routes())
}
