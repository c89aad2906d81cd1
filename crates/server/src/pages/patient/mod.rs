//! Patients: search, registration, the record, and the single acts on it.

mod acts;
mod record;
mod register;

pub(super) use acts::find;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/patients", get(register::list))
        .route(
            "/patients/new",
            get(register::show).post(register::register),
        )
        .route("/patients/{patient}", get(record::show))
        .route(
            "/patients/{patient}/{act}",
            get(acts::show).post(acts::carry_out),
        )
}
