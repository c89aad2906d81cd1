//! The equipment room: machines and how their lines stand; what they sent, and the messages that could not be acted on.

mod machines;
mod messages;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    machines::routes().merge(messages::routes())
}

/// A page that shows something wrong says so to programs as well.
fn marked(mut answer: Response, bad: bool) -> Response {
    if bad && answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    answer
}
