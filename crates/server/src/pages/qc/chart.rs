//! Charts of a measured control: Levey–Jennings, z, Youden, cusum. The table below says the same without a picture.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::ControlCode;
use lifeline_core::people::Action;
use lifeline_core::quality::{Because, ChartPoint, Control, Place, Reads, Shown, control, points};
use serde::{Deserialize, Serialize};

use super::{because, level_name, named, place_name, place_of, query, verdict};
use crate::app::App;
use crate::pages::sheet::part;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Points in the table; the chart shows all of the period.
const TABLE_MOST: usize = 200;
/// The period a chart begins with, in days.
const DAYS: i64 = 92;
/// The longest period.
const DAYS_MOST: i64 = 36_600;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/chart", get(show))
        .route("/qc/points", get(data))
}

#[derive(Deserialize)]
struct Asked {
    control: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    lot: String,
    #[serde(default)]
    kind: String,
}

/// One point: milliseconds, value, z, verdict, run, lot, rules, remark.
#[derive(Serialize)]
struct Dot(
    i64,
    f64,
    Option<f64>,
    &'static str,
    String,
    String,
    String,
    String,
);

#[derive(Serialize)]
struct Series {
    name: String,
    mean: Option<f64>,
    sd: Option<f64>,
    points: Vec<Dot>,
}

struct Row {
    href: String,
    run: String,
    at: Moment,
    level: String,
    value: String,
    limits: String,
    z: String,
    lot: String,
    tone: Tone,
    verdict: String,
    why: String,
}

#[derive(Template)]
#[template(path = "qc/chart.html")]
struct ChartPage {
    title: String,
    place: String,
    unit: String,
    control: String,
    place_code: String,
    days: String,
    lot: String,
    lots: Vec<String>,
    kinds: Vec<(&'static str, String, bool)>,
    source: String,
    target: String,
    rows: Vec<Row>,
    count: usize,
    frame: Frame,
}

const KINDS: [&str; 4] = ["lj", "z", "youden", "cusum"];

struct Chosen {
    control: Control,
    place: Place,
    from: Timestamp,
    days: i64,
}

fn chosen(app: &App, frame: &Frame, asked: &Asked) -> Result<Chosen, PageError> {
    let code = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
    let hospital = app.state();
    let control = control(&hospital, &code, frame.now)
        .map_err(|_| PageError::NotFound)?
        .clone();
    let days = asked.days.parse().unwrap_or(DAYS).clamp(1, DAYS_MOST);
    let from = frame
        .now
        .checked_sub(jiff::SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Chosen {
        control,
        place: place_of(&asked.place)?,
        from,
        days,
    })
}

fn of_level(
    hospital: &Hospital,
    chosen: &Chosen,
    level: &ControlCode,
    lot: &str,
) -> Vec<ChartPoint> {
    let mut found = points(
        hospital,
        &chosen.control.code,
        &chosen.place,
        level,
        chosen.from,
    );
    found.retain(|point| lot.is_empty() || point.level.material.as_str() == lot);
    found
}

fn rules(point: &ChartPoint) -> String {
    let names: Vec<&str> = point
        .level
        .because
        .iter()
        .filter_map(|because| match because {
            Because::Rule { rule, .. } => Some(rule.as_str()),
            _ => None,
        })
        .collect();
    names.join(" ")
}

/// `GET /qc/points`: the points as the chart draws them.
async fn data(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let chosen = chosen(&app, &frame, &asked)?;
    let hospital = app.state();
    let series: Vec<Series> = chosen
        .control
        .levels()
        .into_iter()
        .map(|level| {
            let found = of_level(&hospital, &chosen, level, &asked.lot);
            let limits = found.iter().rev().find_map(|point| point.level.limits);
            let dot = |point: &ChartPoint| {
                let Shown::Measured(value) = &point.level.shown else {
                    return None;
                };
                let run = hospital.quality.run(point.run)?;
                let notes: Vec<&str> = run.notes.iter().map(|(_, text, _)| text.as_str()).collect();
                Some(Dot(
                    point.ran.as_millisecond(),
                    value.to_f64(),
                    point.level.z.as_ref().and_then(|z| z.parse().ok()),
                    point.level.verdict.as_str(),
                    point.run.to_string(),
                    point.level.material.to_string(),
                    rules(point),
                    notes.join(" / "),
                ))
            };
            Series {
                name: level_name(&frame, &chosen.control, level),
                mean: limits.map(|limits| limits.mean().to_f64()),
                sd: limits.map(|limits| limits.sd().to_f64()),
                points: found.iter().filter_map(dot).collect(),
            }
        })
        .collect();
    let body = serde_json::to_string(&series).map_err(|_| PageError::NotFound)?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// `GET /qc/chart?control=&place=&days=&lot=&kind=`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let chosen = chosen(&app, &frame, &asked)?;
    let hospital = app.state();
    let Reads::Measured(measured) = &chosen.control.reads else {
        return Err(PageError::NotFound);
    };
    let mut all: Vec<(String, ChartPoint)> = Vec::new();
    let mut lots = std::collections::BTreeSet::new();
    for level in chosen.control.levels() {
        let name = level_name(&frame, &chosen.control, level);
        lots.extend(
            of_level(&hospital, &chosen, level, "")
                .into_iter()
                .map(|point| point.level.material.to_string()),
        );
        all.extend(
            of_level(&hospital, &chosen, level, &asked.lot)
                .into_iter()
                .map(|point| (name.clone(), point)),
        );
    }
    all.sort_by_key(|(_, point)| std::cmp::Reverse((point.ran, point.run)));
    let rows = all
        .iter()
        .take(TABLE_MOST)
        .map(|(level, point)| {
            let (tone, words) = verdict(&frame, point.level.verdict);
            let why: Vec<String> = point
                .level
                .because
                .iter()
                .map(|one| because(&frame, one))
                .collect();
            Row {
                href: format!("/qc/runs/{}", point.run),
                run: point.run.to_string(),
                at: frame.moment(point.ran),
                level: level.clone(),
                value: super::shown(&frame, &point.level.shown, &measured.unit),
                limits: point
                    .level
                    .limits
                    .map(|limits| format!("{} ± {}", limits.mean(), limits.sd()))
                    .unwrap_or_default(),
                z: point.level.z.clone().unwrap_or_default(),
                lot: point.level.material.to_string(),
                tone,
                verdict: words,
                why: why.join(" "),
            }
        })
        .collect();
    let kind = KINDS
        .into_iter()
        .find(|kind| *kind == asked.kind)
        .unwrap_or("lj");
    let ask = query(&chosen.control.code, &chosen.place);
    let page = ChartPage {
        title: named(&frame, &chosen.control.zh, &chosen.control.en).to_owned(),
        place: place_name(&frame, &hospital, &chosen.place),
        unit: measured.unit.clone(),
        control: chosen.control.code.to_string(),
        place_code: chosen.place.to_string(),
        days: chosen.days.to_string(),
        lot: asked.lot.clone(),
        lots: lots.into_iter().collect(),
        kinds: KINDS
            .map(|one| (one, frame.t.m(&format!("qc-kind-{one}")), one == kind))
            .into(),
        source: format!(
            "/qc/points?{ask}&days={}&lot={}",
            chosen.days,
            part(&asked.lot)
        ),
        target: if app.may(&visit, Action::ControlTarget) {
            format!("/qc/target?{ask}")
        } else {
            String::new()
        },
        rows,
        count: all.len(),
        frame: frame.clone(),
    };
    Ok(render(&page))
}
