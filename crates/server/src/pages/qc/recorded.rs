//! What a bench's entry came to: every run of it with its verdict, what it opened, and the bench that waits next.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::id::RunId;
use lifeline_core::people::Action;
use lifeline_core::quality::{ControlRun, Verdict, due_lines};
use serde::Deserialize;

use super::home::{bench_address, waits};
use super::{because, bench_name, control_name, place_name, query, verdict};
use crate::app::App;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// The most runs of one answer.
const RUNS_MOST: usize = 40;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/recorded", get(show))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    runs: String,
}

struct Row {
    href: String,
    id: String,
    control: String,
    place: String,
    at: Moment,
    tone: Tone,
    verdict: String,
    because: Vec<String>,
    case: Option<String>,
    again: String,
}

#[derive(Template)]
#[template(path = "qc/recorded.html")]
struct RecordedPage {
    tone: Tone,
    verdict: String,
    rows: Vec<Row>,
    next: Option<(String, String)>,
    may_run: bool,
    frame: Frame,
}

/// `GET /qc/recorded?runs=K000001 K000002`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let runs: Vec<&ControlRun> = asked
        .runs
        .split_whitespace()
        .take(RUNS_MOST)
        .filter_map(|id| hospital.quality.run(id.parse::<RunId>().ok()?))
        .map(|run| &**run)
        .collect();
    let worst = runs.iter().map(|run| run.verdict()).max();
    let (tone, words) = verdict(&frame, worst.ok_or(PageError::NotFound)?);
    let rows = runs
        .iter()
        .map(|run| {
            let (tone, words) = verdict(&frame, run.verdict());
            Row {
                href: format!("/qc/runs/{}", run.id),
                id: run.id.to_string(),
                control: control_name(&frame, &hospital, &run.control),
                place: place_name(&frame, &hospital, &run.place),
                at: frame.moment(run.ran),
                tone,
                verdict: words,
                because: run
                    .levels
                    .iter()
                    .flat_map(|level| &level.because)
                    .map(|one| because(&frame, one))
                    .collect(),
                case: run.case.map(|case| case.to_string()),
                again: if run.verdict() == Verdict::Rejected {
                    format!("/qc/enter?{}", query(&run.control, &run.place))
                } else {
                    String::new()
                },
            }
        })
        .collect();
    let next = due_lines(&hospital, frame.now)
        .into_iter()
        .find(|line| waits(line.light) && line.last.is_some())
        .map(|line| {
            (
                bench_address(&line.control.bench, &line.place),
                bench_name(&frame, &line.control.bench),
            )
        });
    Ok(render(&RecordedPage {
        tone,
        verdict: words,
        rows,
        next,
        may_run: app.may(&visit, Action::ControlRun),
        frame: frame.clone(),
    }))
}
