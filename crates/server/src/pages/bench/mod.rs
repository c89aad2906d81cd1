//! The bench: what waits to be tested, the reaction grid, and the second person's verification.

mod grid;
mod measure;
mod verify;
mod worklist;

use axum::Router;
use axum::routing::{get, post};

use lifeline_core::hospital::Hospital;

use crate::app::App;
use crate::web::Frame;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/bench", get(worklist::show))
        .route("/bench/enter", get(grid::show).post(grid::record))
        .route("/bench/derive", post(grid::derive))
        .route("/bench/measure", get(measure::show).post(measure::record))
        .route("/bench/verify", get(verify::show))
        .route("/tests/{test}/verify", post(verify::verify))
        .route(
            "/measurements/{measurement}/verify",
            post(verify::verify_measured),
        )
        .route(
            "/tests/{test}/correct",
            get(grid::show_correction).post(grid::correct),
        )
}

/// A lot that may be named with a result.
struct LotChoice {
    id: String,
    words: String,
}

/// Lots that may be used now.
fn lots(hospital: &Hospital, frame: &Frame) -> Vec<LotChoice> {
    hospital
        .lots
        .values()
        .filter(|lot| lot.usable(frame.now))
        .map(|lot| LotChoice {
            id: lot.id.to_string(),
            words: format!(
                "{} · {}",
                lot.name,
                frame.t.m(&format!("lot-kind-{}", lot.kind.as_str()))
            ),
        })
        .collect()
}
