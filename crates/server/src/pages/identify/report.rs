use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use lifeline_core::people::Action;

use super::grid::{self, View};
use super::live::Live;
use super::workbench::{Concluded, Row, asked, concluded, filled, find, rows};
use crate::app::App;
use crate::pages::person::Strip;
use crate::web::{Form, Frame, Moment, PageError, Visit, render};

#[derive(Template)]
#[template(path = "identify/report.html")]
struct ReportPage {
    id: String,
    sample: String,
    strip: Strip,
    columns: Vec<String>,
    heads: Vec<String>,
    rows: Vec<Row>,
    own_fields: Vec<String>,
    live: Live,
    concluded: Option<Concluded>,
    printed: Moment,
    printed_by: String,
    form: Form,
    frame: Frame,
}

/// `GET /identifications/{workup}/report`: to be printed.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let workup = find(&hospital, &id)?;
    let view = View::of(&hospital, workup, &asked(query.as_deref()), &frame);
    let mut form = filled(&frame, &hospital, workup, &view);
    let panel = grid::panel(&frame, &hospital, &view, &mut form);
    let (live, _) = Live::of(&frame, &hospital, workup, &view, &panel)?;
    let (columns, rows) = rows(&frame, &hospital, &view);
    let phase = |key: &str| frame.t.m(&format!("identify-phase-{key}"));
    Ok(render(&ReportPage {
        id: workup.id.to_string(),
        sample: workup.sample.to_string(),
        strip: Strip::find(&frame, &hospital, workup.patient)?,
        columns,
        heads: view.phases.iter().map(|p| phase(p.as_str())).collect(),
        own_fields: view.phases.iter().map(|p| grid::own_field(*p)).collect(),
        rows,
        live,
        concluded: concluded(&frame, &hospital, workup),
        printed: frame.moment(frame.now),
        printed_by: crate::pages::timeline::person(&frame, &hospital, &visit.person.id),
        form,
        frame,
    }))
}
