//! What is due, running, in control, warning and out: by bench and machine, and by the hour of the day.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Time;
use jiff::{Span, Timestamp};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::quality::{DueLine, Light, Place, due_lines, light_at};

use super::case::{CaseRow, case_row};
use super::{bench_name, hour, light, monitors, named, place_name, query, verdict, waiver};
use crate::app::App;
use crate::pages::sheet::part;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Runs of today shown on a line.
const TODAY_MOST: usize = 48;
/// Runs of one hour that have room, the newest.
const HOUR_MOST: usize = 2;
/// Open cases shown above the benches; the rest stand in the worklist.
const CASES_MOST: usize = 5;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc", get(show))
}

struct RunMark {
    href: String,
    tone: Tone,
    words: String,
}

/// One hour of today on a line.
struct Hour {
    /// The light at its end, or as it stands for an hour to come if nothing changes.
    class: &'static str,
    title: String,
    now: bool,
    runs: Vec<RunMark>,
}

struct Line {
    name: String,
    lots: String,
    tone: Tone,
    state: String,
    why: String,
    until: Option<Moment>,
    hours: Vec<Hour>,
    enter: String,
    chart: String,
    waive: String,
    /// The waiver it rests on, in words; empty where none.
    waiver: String,
}

/// A bench, or one machine of it.
struct Bench {
    name: String,
    /// Where everything due here is entered in one go, and how much that is.
    enter: String,
    due: usize,
    change: String,
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
    day: String,
    now: String,
    tiles: Vec<Tile>,
    open: Vec<CaseRow>,
    /// Signals of patients' values.
    signals: Vec<monitors::Line>,
    benches: Vec<Bench>,
    cases: usize,
    may_run: bool,
    may_waive: bool,
    frame: Frame,
}

/// The last moment of every hour of a day.
fn hours_of(frame: &Frame) -> Vec<(i8, Timestamp)> {
    let zone = &frame.site.zone;
    let today = zone.to_datetime(frame.now).date();
    (0..24)
        .filter_map(|hour| {
            let start = today.to_datetime(Time::new(hour, 0, 0, 0).ok()?);
            let end = start.checked_add(Span::new().minutes(59)).ok()?;
            Some((hour, zone.to_timestamp(end).ok()?))
        })
        .collect()
}

fn hours(
    frame: &Frame,
    hospital: &Hospital,
    due: &DueLine<'_>,
    ends: &[(i8, Timestamp)],
) -> Vec<Hour> {
    let zone = &frame.site.zone;
    let now = zone.to_datetime(frame.now);
    let mut runs: Vec<_> = hospital
        .quality
        .stream(&due.control.code, &due.place)
        .rev()
        .take(TODAY_MOST)
        .map(|run| (zone.to_datetime(run.ran), run))
        .filter(|(at, _)| at.date() == now.date())
        .collect();
    runs.reverse();
    ends.iter()
        .map(|(number, end)| {
            let at = if *number == now.hour() {
                frame.now
            } else {
                *end
            };
            let light_then = light_at(hospital, due.control, &due.place, &due.lots, at);
            let (_, words) = light(frame, light_then);
            Hour {
                class: light_then.as_str(),
                title: format!("{number:02}:00 {words}"),
                now: *number == now.hour(),
                runs: runs
                    .iter()
                    .rev()
                    .filter(|(at, _)| at.hour() == *number)
                    .take(HOUR_MOST)
                    .map(|(_, run)| {
                        let (tone, words) = verdict(frame, run.verdict());
                        RunMark {
                            href: format!("/qc/runs/{}", run.id),
                            tone,
                            words: format!("{} {} {words}", run.id, hour(frame, run.ran)),
                        }
                    })
                    .collect(),
            }
        })
        .collect()
}

fn line(frame: &Frame, hospital: &Hospital, due: &DueLine<'_>, ends: &[(i8, Timestamp)]) -> Line {
    let (tone, state) = light(frame, due.light);
    let lots: Vec<String> = due.lots.iter().map(ToString::to_string).collect();
    let ask = query(&due.control.code, &due.place);
    Line {
        name: named(frame, &due.control.zh, &due.control.en).to_owned(),
        lots: lots.join(" "),
        tone,
        state,
        why: due.why.map(|why| frame.t.m(why)).unwrap_or_default(),
        until: due.until.map(|until| frame.moment(until)),
        hours: hours(frame, hospital, due, ends),
        enter: format!("/qc/enter?{ask}"),
        chart: format!("/qc/chart?{ask}"),
        waiver: due
            .waiver
            .as_deref()
            .map(|mark| waiver(frame, hospital, mark))
            .unwrap_or_default(),
        waive: if due.light <= Light::Waived {
            format!("/qc/waive?{ask}")
        } else {
            String::new()
        },
    }
}

/// Whether a control waits for somebody to run it.
pub(super) fn waits(light: Light) -> bool {
    light <= Light::Running
}

/// Where everything due on a bench in a place is entered in one go.
pub(super) fn bench_address(bench: &str, place: &Place) -> String {
    format!(
        "/qc/bench?bench={}&place={}",
        part(bench),
        part(&place.to_string())
    )
}

fn bench(
    frame: &Frame,
    hospital: &Hospital,
    (name, place): (&str, &Place),
    lines: &[DueLine<'_>],
    ends: &[(i8, Timestamp)],
) -> Bench {
    let mut own: Vec<&DueLine<'_>> = lines
        .iter()
        .filter(|due| due.control.bench == name && due.place == *place)
        .collect();
    // The worst first.
    own.sort_by_key(|due| due.light);
    let words = bench_name(frame, name);
    Bench {
        name: match place {
            Place::Bench => words,
            Place::Device(_) => format!("{words} · {}", place_name(frame, hospital, place)),
        },
        enter: bench_address(name, place),
        due: own.iter().filter(|due| waits(due.light)).count(),
        change: format!("/qc/change?place={}", part(&place.to_string())),
        lines: own
            .into_iter()
            .map(|due| line(frame, hospital, due, ends))
            .collect(),
    }
}

async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let lines = due_lines(&hospital, frame.now);
    let always = [
        Light::Out,
        Light::Due,
        Light::Running,
        Light::Warning,
        Light::InControl,
    ];
    let tiles = [
        Light::Out,
        Light::Due,
        Light::Running,
        Light::Warning,
        Light::InControl,
        Light::Waived,
        Light::Establishing,
    ]
    .into_iter()
    .map(|kind| {
        let count = lines.iter().filter(|line| line.light == kind).count();
        (kind, count)
    })
    .filter(|(kind, count)| *count > 0 || always.contains(kind))
    .map(|(kind, count)| {
        let (tone, words) = light(&frame, kind);
        Tile {
            tone: if count == 0 { Tone::Note } else { tone },
            words,
            count,
        }
    })
    .collect();
    // The benches in the order of the plan, their machines in the order of their names.
    let mut names: Vec<(&str, &Place)> = Vec::new();
    for due in &lines {
        let name = (due.control.bench.as_str(), &due.place);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let ends = hours_of(&frame);
    Ok(render(&HomePage {
        day: frame.site.zone.to_datetime(frame.now).date().to_string(),
        now: hour(&frame, frame.now),
        tiles,
        open: hospital
            .quality
            .open_cases()
            .take(CASES_MOST)
            .map(|case| case_row(&frame, &hospital, case))
            .collect(),
        signals: monitors::lines(&frame, &hospital)
            .into_iter()
            .filter(|line| line.signal)
            .collect(),
        benches: names
            .into_iter()
            .map(|name| bench(&frame, &hospital, name, &lines, &ends))
            .collect(),
        cases: hospital.quality.open_cases().count(),
        may_run: app.may(&visit, Action::ControlRun),
        may_waive: app.may(&visit, Action::ControlWaive),
        frame: frame.clone(),
    }))
}
