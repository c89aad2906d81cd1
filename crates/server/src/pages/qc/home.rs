//! What is due, in control, warning and out, by bench, with today's runs by the hour.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::quality::{DueLine, Light, Reads, due_lines};

use super::{hour, light, named, place_name, query, verdict};
use crate::app::App;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Runs of today shown on a line.
const TODAY_MOST: usize = 12;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc", get(show))
}

struct RunChip {
    href: String,
    tone: Tone,
    words: String,
}

struct Line {
    name: String,
    place: String,
    lots: String,
    tone: Tone,
    state: String,
    why: String,
    until: Option<Moment>,
    today: Vec<RunChip>,
    enter: String,
    chart: String,
}

struct Bench {
    name: String,
    lines: Vec<Line>,
}

struct Tile {
    tone: Tone,
    words: String,
    count: usize,
}

#[derive(Template)]
#[template(path = "qc/home.html")]
struct HomePage {
    tiles: Vec<Tile>,
    benches: Vec<Bench>,
    cases: usize,
    may_run: bool,
    frame: Frame,
}

fn line(frame: &Frame, hospital: &Hospital, due: &DueLine<'_>) -> Line {
    let today = frame.site.zone.to_datetime(frame.now).date();
    let mut runs: Vec<RunChip> = hospital
        .quality
        .stream(&due.control.code, &due.place)
        .rev()
        .take(TODAY_MOST)
        .filter(|run| frame.site.zone.to_datetime(run.ran).date() == today)
        .map(|run| {
            let (tone, words) = verdict(frame, run.verdict());
            RunChip {
                href: format!("/qc/runs/{}", run.id),
                tone,
                words: format!("{} {words}", hour(frame, run.ran)),
            }
        })
        .collect();
    runs.reverse();
    let (tone, state) = light(frame, due.light);
    let lots: Vec<String> = due.lots.iter().map(ToString::to_string).collect();
    let ask = query(&due.control.code, &due.place);
    Line {
        name: named(frame, &due.control.zh, &due.control.en).to_owned(),
        place: place_name(frame, hospital, &due.place),
        lots: lots.join(" "),
        tone,
        state,
        why: due.why.map(|why| frame.t.m(why)).unwrap_or_default(),
        until: due.until.map(|until| frame.moment(until)),
        today: runs,
        enter: format!("/qc/enter?{ask}"),
        chart: match due.control.reads {
            Reads::Measured(_) => format!("/qc/chart?{ask}"),
            Reads::Graded(_) => String::new(),
        },
    }
}

async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let lines = due_lines(&hospital, frame.now);
    let tile = |kind: Light| {
        let count = lines.iter().filter(|line| line.light == kind).count();
        let (tone, words) = light(&frame, kind);
        Tile {
            tone: if count == 0 { Tone::Note } else { tone },
            words,
            count,
        }
    };
    let tiles = [
        Light::Out,
        Light::Due,
        Light::Warning,
        Light::Waived,
        Light::InControl,
    ]
    .map(tile)
    .into();
    let mut benches: Vec<Bench> = Vec::new();
    let mut order: Vec<&DueLine<'_>> = lines.iter().collect();
    // The worst first on each bench; the benches in the order of the plan.
    order.sort_by_key(|line| line.light);
    let mut names: Vec<&str> = Vec::new();
    for due in &lines {
        if !names.contains(&due.control.bench.as_str()) {
            names.push(&due.control.bench);
        }
    }
    for name in names {
        benches.push(Bench {
            name: crate::pages::timeline::worded(&frame, &format!("qc-bench-{name}"), name),
            lines: order
                .iter()
                .filter(|due| due.control.bench == name)
                .map(|due| line(&frame, &hospital, due))
                .collect(),
        });
    }
    Ok(render(&HomePage {
        tiles,
        benches,
        cases: hospital.quality.open_cases().count(),
        may_run: app.may(&visit, Action::ControlRun),
        frame: frame.clone(),
    }))
}
