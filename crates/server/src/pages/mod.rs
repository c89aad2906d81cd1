//! The pages of the rooms. Each translates the published state into words, and a form into a command.

mod entrance;

use axum::Router;

use crate::app::App;

/// Every page's routes.
pub fn routes() -> Router<App> {
    Router::new().merge(entrance::routes())
}
