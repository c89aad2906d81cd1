//! Antibody identification: what waits, the workbench with its live exclusion, conclusion, verification, report, and antigrams.

mod acts;
mod antigram;
mod grid;
mod live;
mod report;
mod room;
mod workbench;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/bench/identify", get(room::show).post(room::open))
        .route("/identifications/{workup}", get(workbench::show))
        .route("/identifications/{workup}/read", post(workbench::read))
        .route("/identifications/{workup}/derive", post(workbench::derive))
        .route("/identifications/{workup}/conclude", post(acts::conclude))
        .route("/identifications/{workup}/verify", post(acts::verify))
        .route(
            "/identifications/{workup}/reopen",
            get(acts::ask_reopen).post(acts::reopen),
        )
        .route(
            "/identifications/{workup}/end",
            get(acts::ask_end).post(acts::end),
        )
        .route("/identifications/{workup}/report", get(report::show))
        .route("/lots/antigram", get(antigram::show).post(antigram::file))
}
