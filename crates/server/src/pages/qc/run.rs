//! One run: its levels, what they were judged by and why, remarks, and what is due next.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, RunId};
use lifeline_core::people::Action;
use lifeline_core::quality::{ControlRun, Reads, Verdict, control, due_lines};
use lifeline_core::subject::Subject;

use super::{because, control_name, level_name, named, place_name, query, shown, verdict};
use crate::app::App;
use crate::pages::parts::Named;
use crate::pages::timeline;
use crate::web::components::TimelineEntry;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/runs/{run}", get(show))
        .route("/qc/controls/{control}", get(of_control))
}

struct LevelRow {
    name: String,
    material: String,
    shown: String,
    limits: String,
    z: String,
    tone: Tone,
    verdict: String,
    because: Vec<String>,
}

#[derive(Template)]
#[template(path = "qc/run.html")]
struct RunPage {
    id: String,
    control: String,
    place: String,
    lots: String,
    ran: Moment,
    who: String,
    tone: Tone,
    verdict: String,
    profile: String,
    repeat: Option<(String, String)>,
    case: Option<String>,
    levels: Vec<LevelRow>,
    notes: Vec<(String, String)>,
    again: String,
    chart: String,
    next: Option<(String, String)>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

/// Whether a run that went out still waits for a repeat: its case is open, or it is the newest.
fn waiting(hospital: &Hospital, run: &ControlRun) -> bool {
    let open = run
        .case
        .and_then(|case| hospital.quality.case(case))
        .is_some_and(|case| case.closed.is_none());
    let newest = hospital
        .quality
        .stream(&run.control, &run.place)
        .next_back()
        .is_some_and(|newest| newest.id == run.id);
    open || newest
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<RunId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let run = hospital.quality.run(id).ok_or(PageError::NotFound)?.clone();
    let spec = control(&hospital, &run.control, run.ran).ok();
    let unit = spec.map_or("", |spec| match &spec.reads {
        Reads::Measured(measured) => measured.unit.as_str(),
        Reads::Graded(_) => "",
    });
    let levels = run
        .levels
        .iter()
        .map(|level| {
            let (tone, words) = verdict(&frame, level.verdict);
            LevelRow {
                name: spec.map_or_else(
                    || level.level.to_string(),
                    |spec| level_name(&frame, spec, &level.level),
                ),
                material: level.material.to_string(),
                shown: shown(&frame, &level.shown, unit),
                limits: level
                    .limits
                    .map(|limits| format!("{} ± {}", limits.mean(), limits.sd()))
                    .unwrap_or_default(),
                z: level.z.clone().unwrap_or_default(),
                tone,
                verdict: words,
                because: level
                    .because
                    .iter()
                    .map(|one| because(&frame, one))
                    .collect(),
            }
        })
        .collect();
    let ask = query(&run.control, &run.place);
    let bench = spec.map(|spec| spec.bench.clone());
    let next = due_lines(&hospital, frame.now)
        .into_iter()
        .filter(|line| super::home::waits(line.light) && line.last.is_some())
        .filter(|line| line.control.code != run.control || line.place != run.place)
        .min_by_key(|line| Some(&line.control.bench) != bench.as_ref())
        .map(|line| {
            (
                format!("/qc/enter?{}", query(&line.control.code, &line.place)),
                named(&frame, &line.control.zh, &line.control.en).to_owned(),
            )
        })
        .filter(|_| app.may(&visit, Action::ControlRun));
    let (tone, words) = verdict(&frame, run.verdict());
    let lots: Vec<String> = run.lots.iter().map(ToString::to_string).collect();
    let page = RunPage {
        id: run.id.to_string(),
        control: control_name(&frame, &hospital, &run.control),
        place: place_name(&frame, &hospital, &run.place),
        lots: lots.join(" "),
        ran: frame.moment(run.ran),
        who: timeline::person(&frame, &hospital, run.recorded.by.as_str()),
        tone,
        verdict: words,
        profile: run
            .profile
            .as_ref()
            .map(|(name, _)| name.clone())
            .unwrap_or_default(),
        repeat: run
            .repeat
            .as_ref()
            .map(|(run, why)| (run.to_string(), why.clone())),
        case: run.case.map(|case| case.to_string()),
        levels,
        notes: run
            .notes
            .iter()
            .map(|(_, text, stamp)| {
                let who = timeline::person(&frame, &hospital, stamp.by.as_str());
                (
                    text.clone(),
                    format!("{who} {}", frame.moment(stamp.at).text),
                )
            })
            .collect(),
        again: if app.may(&visit, Action::ControlRun)
            && run.verdict() == Verdict::Rejected
            && waiting(&hospital, &run)
        {
            format!("/qc/enter?{ask}")
        } else {
            String::new()
        },
        chart: if spec.is_some() {
            format!("/qc/chart?{ask}")
        } else {
            String::new()
        },
        next,
        timeline: timeline::of(&app, &frame, &[Subject::from(id)]).await?,
        frame: frame.clone(),
    };
    Ok(render(&page))
}

/// A control's own page is its chart.
async fn of_control(
    State(app): State<App>,
    visit: Visit,
    frame: Frame,
    Path(Named(code)): Path<Named<ControlCode>>,
) -> Result<Response, PageError> {
    use axum::response::{IntoResponse, Redirect};
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let spec = control(&hospital, &code, frame.now).map_err(|_| PageError::NotFound)?;
    let place = spec
        .place
        .places(&hospital)
        .into_iter()
        .next()
        .ok_or(PageError::NotFound)?;
    let to = format!("/qc/chart?{}", query(&code, &place));
    Ok(Redirect::to(&to).into_response())
}
