//! The pages of the rooms. Each translates the published state into words, and a form into a command.

pub mod blood;
mod entrance;
pub mod timeline;

use axum::Router;

use crate::app::App;

/// Every page's routes.
pub fn routes() -> Router<App> {
    Router::new().merge(entrance::routes())
}
