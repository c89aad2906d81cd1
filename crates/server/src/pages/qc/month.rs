//! The month of the measured controls: what each material did in each place.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::ToSpan;
use jiff::civil::Date;
use lifeline_core::people::Action;
use lifeline_core::quality::{MonthLine, control, month};
use serde::Deserialize;

use super::{control_name, level_name, place_name, query};
use crate::app::App;
use crate::web::components::FindingLine;
use crate::web::{Frame, PageError, Visit, render, words};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/month", get(show))
}

#[derive(Deserialize)]
struct Asked {
    /// `2026-11`; this month when left out.
    #[serde(default)]
    month: String,
}

/// One material's level in one place; a figure that the values do not give is empty.
struct Line {
    chart: String,
    control: String,
    place: String,
    level: String,
    material: String,
    points: u64,
    warnings: u64,
    rejected: u64,
    in_control: String,
    mean: String,
    sd: String,
    cv: String,
    bias: String,
    sigma: String,
    u_rw: String,
}

#[derive(Template)]
#[template(path = "qc/month.html")]
struct MonthPage {
    /// As typed where it is no month.
    month: String,
    wrong: bool,
    before: String,
    after: String,
    lines: Vec<Line>,
    lacking: Option<FindingLine>,
    frame: Frame,
}

fn figure(value: Option<f64>, decimals: usize) -> String {
    value
        .map(|value| format!("{value:.decimals$}"))
        .unwrap_or_default()
}

fn address(first: Date) -> String {
    format!("/qc/month?month={}", first.strftime("%Y-%m"))
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let zone = frame.site.zone.clone();
    let this = zone.to_datetime(frame.now).date().first_of_month();
    let typed = asked.month.trim();
    // What is no month is told, and this month shown.
    let read: Option<(Date, Date)> = format!("{typed}-01")
        .parse()
        .ok()
        .and_then(|first: Date| Some((first, first.checked_add(1.month()).ok()?)));
    let wrong = !typed.is_empty() && read.is_none();
    let (first, next) = match read {
        Some(months) => months,
        None => (
            this,
            this.checked_add(1.month()).map_err(PageError::internal)?,
        ),
    };
    let start = |day: Date| {
        zone.to_timestamp(day.at(0, 0, 0, 0))
            .map_err(|_| PageError::NotFound)
    };
    let hospital = app.state();
    // Without a plan in force there are no figures; the page says which policy lacks.
    let (found, lacking) = match month(&hospital, start(first)?, start(next)?.min(frame.now)) {
        Ok(found) => (found, None),
        Err(finding) => (Vec::new(), Some(words::finding(&frame, &finding))),
    };
    let line = |line: &MonthLine| {
        let MonthLine { summary, .. } = line;
        Line {
            chart: format!("/qc/chart?{}", query(&line.control, &line.place)),
            control: control_name(&frame, &hospital, &line.control),
            place: place_name(&frame, &hospital, &line.place),
            level: control(&hospital, &line.control, frame.now).map_or_else(
                |_| line.level.to_string(),
                |known| level_name(&frame, known, &line.level),
            ),
            material: line.material.to_string(),
            points: summary.points,
            warnings: summary.warnings,
            rejected: summary.rejected,
            in_control: figure(summary.in_control_percent, 1),
            mean: figure(summary.mean, 3),
            sd: figure(summary.sd, 3),
            cv: figure(summary.cv_percent, 2),
            bias: figure(summary.bias_percent, 2),
            sigma: figure(summary.sigma, 1),
            u_rw: figure(summary.u_rw, 3),
        }
    };
    let page = MonthPage {
        month: match wrong {
            true => typed.to_owned(),
            false => first.strftime("%Y-%m").to_string(),
        },
        wrong,
        before: first
            .checked_sub(1.month())
            .map(address)
            .unwrap_or_default(),
        after: if next <= this {
            address(next)
        } else {
            String::new()
        },
        lines: found.iter().map(line).collect(),
        lacking,
        frame: frame.clone(),
    };
    Ok(render(&page))
}
