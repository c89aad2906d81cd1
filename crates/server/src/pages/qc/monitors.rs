//! Patient-based quality control: a statistic of patients' values beside the controls, and how fast it would notice a shift.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::measured::{Assay, MonitorPoint, PatientMonitor, assay, monitored, monitors};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::quality::Place;
use lifeline_core::subject::PolicyName;
use lifeline_qc::charts::Side;
use lifeline_qc::patients::{Seeded, false_alarms, simulate};
use serde::Deserialize;

use super::{named, place_name, place_of};
use crate::app::App;
use crate::pages::measured::monitor_words;
use crate::pages::sheet::part;
use crate::web::words::address;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Values on the chart and in its table, the newest.
const SHOWN_MOST: usize = 300;
/// Shifts are tried on at least so many values, and on the newest of so many.
const TRIED_LEAST: usize = 30;
const TRIED_MOST: usize = 400;
/// Trials of each shift.
const TRIALS: usize = 100;
/// The shifts that are tried, in per cent.
const SHIFTS: [f64; 6] = [-20.0, -10.0, -5.0, 5.0, 10.0, 20.0];
/// The same page gives the same trials.
const SEED: u64 = 1;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/patients", get(list))
        .route("/qc/patients/{assay}", get(show))
}

/// One monitor in one place.
pub(super) struct Line {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) method: String,
    pub(super) values: usize,
    pub(super) statistic: String,
    pub(super) tone: Tone,
    pub(super) state: String,
    pub(super) signal: bool,
}

fn decimals(assay: Option<&Assay>) -> usize {
    // One digit more than the values have: a mean lies between them.
    assay.map_or(2, |assay| usize::from(assay.decimals) + 1)
}

fn told(frame: &Frame, point: Option<&MonitorPoint>) -> (Tone, String, bool) {
    let seen = point.map(|point| point.seen);
    let (tone, key, signal) = match seen.map(|seen| (seen.signal, seen.statistic)) {
        Some((Some(Side::Upper | Side::Both), _)) => {
            (Tone::Warn, "monitor-state-signal-upper", true)
        }
        Some((Some(Side::Lower), _)) => (Tone::Warn, "monitor-state-signal-lower", true),
        Some((None, Some(_))) => (Tone::Good, "monitor-state-within", false),
        Some((None, None)) | None => (Tone::Note, "monitor-state-filling", false),
    };
    (tone, frame.t.m(key), signal)
}

fn line(frame: &Frame, hospital: &Hospital, monitor: &PatientMonitor, place: &Place) -> Line {
    let points = monitored(hospital, monitor, place);
    let known = assay(hospital, monitor.assay.as_str(), frame.now).ok();
    let digits = decimals(known);
    let last = points.last();
    let (tone, state, signal) = told(frame, last);
    Line {
        href: format!(
            "/qc/patients/{}?place={}",
            part(monitor.assay.as_str()),
            part(&place.to_string())
        ),
        name: name(frame, known, monitor),
        place: place_name(frame, hospital, place),
        method: monitor_words(frame, monitor).join(" · "),
        values: points.len(),
        statistic: last
            .and_then(|point| point.seen.statistic)
            .map(|number| format!("{number:.digits$}"))
            .unwrap_or_default(),
        tone,
        state,
        signal,
    }
}

fn name(frame: &Frame, known: Option<&Assay>, monitor: &PatientMonitor) -> String {
    known.map_or_else(
        || monitor.assay.to_string(),
        |assay| named(frame, &assay.zh, &assay.en).to_owned(),
    )
}

/// Every monitor in every place that has values.
pub(super) fn lines(frame: &Frame, hospital: &Hospital) -> Vec<Line> {
    monitors(hospital, frame.now)
        .unwrap_or_default()
        .iter()
        .flat_map(|monitor| {
            hospital
                .measurements
                .places(&monitor.assay)
                .into_iter()
                .map(move |place| line(frame, hospital, monitor, &place))
        })
        .collect()
}

#[derive(Template)]
#[template(path = "qc/monitors.html")]
struct ListPage {
    lines: Vec<Line>,
    policy: String,
    frame: Frame,
}

fn policy() -> String {
    address(&PolicyName(Key::PatientMonitors).into())
}

/// `GET /qc/patients`.
async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    Ok(render(&ListPage {
        lines: lines(&frame, &hospital),
        policy: policy(),
        frame,
    }))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    place: String,
}

struct Row {
    href: String,
    measurement: String,
    read: Moment,
    value: String,
    /// The number as it is drawn; empty for a bound.
    number: String,
    counted: bool,
    statistic: String,
    tone: Tone,
    state: String,
    signal: bool,
}

/// What became of one shift in all its trials.
struct Shift {
    bias: String,
    detected: String,
    anped: String,
    mnped: String,
    np95: String,
}

#[derive(Template)]
#[template(path = "qc/monitor.html")]
struct MonitorPage {
    line: Line,
    unit: String,
    target: String,
    lower: String,
    upper: String,
    rows: Vec<Row>,
    shifts: Vec<Shift>,
    false_alarms: String,
    tried: usize,
    trials: usize,
    least: usize,
    policy: String,
    frame: Frame,
}

fn row(frame: &Frame, digits: usize, point: &MonitorPoint) -> Row {
    let (tone, state, signal) = told(frame, Some(point));
    Row {
        href: format!("/measurements/{}", point.measurement),
        measurement: point.measurement.to_string(),
        read: frame.moment(point.read),
        value: point.value.to_string(),
        number: point
            .value
            .exact()
            .map(|number| number.to_string())
            .unwrap_or_default(),
        counted: point.seen.counted.is_some(),
        statistic: point
            .seen
            .statistic
            .map(|number| format!("{number:.digits$}"))
            .unwrap_or_default(),
        tone,
        state,
        signal,
    }
}

/// Tries every shift on the newest values.
fn tried(monitor: &PatientMonitor, points: &[MonitorPoint]) -> (Vec<Shift>, String, usize) {
    let values: Vec<f64> = points
        .iter()
        .rev()
        .filter_map(|point| point.value.exact())
        .map(lifeline_qc::Decimal::to_f64)
        .take(TRIED_MOST)
        .collect();
    let values: Vec<f64> = values.into_iter().rev().collect();
    if values.len() < TRIED_LEAST {
        return (Vec::new(), String::new(), values.len());
    }
    let settings = monitor.settings();
    let mut random = Seeded::new(SEED);
    let shifts = SHIFTS
        .iter()
        .filter_map(|bias| {
            let all = values.len();
            simulate(&values, settings, *bias, all, TRIALS, &mut random).ok()
        })
        .map(|found| Shift {
            bias: format!("{:+} %", found.bias_percent),
            detected: format!("{} / {}", found.detected, found.trials),
            anped: format!("{:.1}", found.anped),
            mnped: format!("{:.0}", found.mnped),
            np95: format!("{:.0}", found.np95ed),
        })
        .collect();
    let alarms = false_alarms(&values, settings)
        .map(|episodes| format!("{episodes:.1}"))
        .unwrap_or_default();
    (shifts, alarms, values.len())
}

/// `GET /qc/patients/{assay}?place=`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let monitor = monitors(&hospital, frame.now)
        .unwrap_or_default()
        .iter()
        .find(|monitor| monitor.assay.as_str() == code)
        .ok_or(PageError::NotFound)?;
    let place = place_of(&asked.place)?;
    let points = monitored(&hospital, monitor, &place);
    let known = assay(&hospital, monitor.assay.as_str(), frame.now).ok();
    let digits = decimals(known);
    let from = points.len().saturating_sub(SHOWN_MOST);
    let (shifts, false_alarms, tried) = tried(monitor, &points);
    let number = |limit: Option<lifeline_qc::Decimal>| {
        limit.map(|limit| limit.to_string()).unwrap_or_default()
    };
    Ok(render(&MonitorPage {
        line: line(&frame, &hospital, monitor, &place),
        unit: known.map(|assay| assay.unit.clone()).unwrap_or_default(),
        target: monitor.target.to_string(),
        lower: number(monitor.lower),
        upper: number(monitor.upper),
        rows: points
            .iter()
            .skip(from)
            .map(|point| row(&frame, digits, point))
            .collect(),
        shifts,
        false_alarms,
        tried,
        trials: TRIALS,
        least: TRIED_LEAST,
        policy: policy(),
        frame: frame.clone(),
    }))
}
