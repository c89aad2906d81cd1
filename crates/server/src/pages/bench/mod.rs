//! The bench: what waits to be tested, the reaction grid, and the second person's verification.

mod grid;
mod verify;
mod worklist;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/bench", get(worklist::show))
        .route("/bench/enter", get(grid::show).post(grid::record))
        .route("/bench/derive", post(grid::derive))
        .route("/bench/verify", get(verify::show))
        .route("/tests/{test}/verify", post(verify::verify))
        .route(
            "/tests/{test}/correct",
            get(grid::show_correction).post(grid::correct),
        )
}
