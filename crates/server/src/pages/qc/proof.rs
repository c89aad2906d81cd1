//! The proof of a day: every result read then, and the controls that covered it.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use lifeline_core::people::Action;
use lifeline_core::quality::{Affected, CoverState, CoverageLine, control, coverage};
use serde::Deserialize;

use super::{control_name, level_name, waiver};
use crate::app::App;
use crate::web::words::address;
use crate::web::{Frame, Moment, PageError, Pager, Tone, Visit, render};

/// Lines of one page; the counts are of all.
const LINES_EACH: usize = 50;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/proof", get(show))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    day: String,
    #[serde(default)]
    page: String,
}

struct Line {
    href: String,
    id: String,
    what: String,
    read: Moment,
    released: bool,
    tone: Tone,
    words: String,
    covers: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "qc/proof.html")]
struct ProofPage {
    day: String,
    before: String,
    after: String,
    pager: Pager,
    percent: String,
    lines: Vec<Line>,
    released: usize,
    covered: usize,
    waiting: usize,
    frame: Frame,
}

fn line(frame: &Frame, app: &App, line: &CoverageLine) -> Line {
    let hospital = app.state();
    let subject = line.result.subject();
    let what = match line.result {
        Affected::Test(id) => hospital
            .tests
            .get(id)
            .map(|test| frame.t.m(test.kind.word())),
        Affected::Measured(id) => hospital
            .measurements
            .get(id)
            .map(|one| crate::pages::measured::assay_name(frame, &hospital, one)),
        Affected::Crossmatch(_) => Some(frame.t.m("test-kind-crossmatch")),
    };
    let covers = match &line.covers {
        Err(_) => vec![(String::new(), frame.t.m("rule-control-unplanned"))],
        Ok(standings) => standings
            .iter()
            .map(|standing| {
                let level = control(&hospital, &standing.cover.control, line.read).map_or_else(
                    |_| standing.cover.level.to_string(),
                    |control| level_name(frame, control, &standing.cover.level),
                );
                let name = format!(
                    "{} {level} {}",
                    control_name(frame, &hospital, &standing.cover.control),
                    standing
                        .cover
                        .lot
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default()
                );
                match &standing.state {
                    CoverState::Run { run, ran, .. } => (
                        format!("/qc/runs/{run}"),
                        format!("{name} · {run} {}", frame.moment(*ran).text),
                    ),
                    CoverState::Waived { signed, .. } => (
                        String::new(),
                        format!("{name} · {}", waiver(frame, &hospital, signed)),
                    ),
                    CoverState::Lacking(why) => {
                        (String::new(), format!("{name} · {}", frame.t.m(why.word())))
                    }
                }
            })
            .collect(),
    };
    let covered = line.covered();
    Line {
        href: address(&subject),
        id: subject.identifier(),
        what: what.unwrap_or_default(),
        read: frame.moment(line.read),
        released: line.released,
        tone: if covered { Tone::Good } else { Tone::Stop },
        words: frame.t.m(if covered {
            "qc-covered"
        } else {
            "qc-uncovered"
        }),
        covers,
    }
}

fn pager(day: Date, page: usize, pages: usize) -> Pager {
    let address = |page: usize| format!("/qc/proof?day={day}&page={page}");
    Pager {
        page: page as u64,
        pages: pages as u64,
        previous: if page > 1 {
            address(page - 1)
        } else {
            String::new()
        },
        next: if page < pages {
            address(page + 1)
        } else {
            String::new()
        },
    }
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let zone = frame.site.zone.clone();
    let today = zone.to_datetime(frame.now).date();
    let day: Date = asked.day.trim().parse().unwrap_or(today);
    let start = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0));
    let range = start(day).and_then(|from| Ok((from, start(day.tomorrow()?)?)));
    let (from, until) = range.map_err(|_| PageError::NotFound)?;
    let hospital = app.state();
    let mut all = coverage(&hospital, from, until);
    // What lacks a cover first; else in the order of the day.
    all.sort_by_key(CoverageLine::covered);
    let released = all.iter().filter(|line| line.released).count();
    let covered = all
        .iter()
        .filter(|line| line.released && line.covered())
        .count();
    let pages = all.len().div_ceil(LINES_EACH).max(1);
    let shown = asked.page.parse().unwrap_or(1_usize).clamp(1, pages);
    let near = |day: Result<Date, jiff::Error>| {
        day.map(|day| format!("/qc/proof?day={day}"))
            .unwrap_or_default()
    };
    let page = ProofPage {
        day: day.to_string(),
        before: near(day.yesterday()),
        after: if day < today {
            near(day.tomorrow())
        } else {
            String::new()
        },
        pager: pager(day, shown, pages),
        // Cut, not rounded: 100 is said only of all.
        percent: (covered * 1000)
            .checked_div(released)
            .map(|tenths| format!("{}.{} %", tenths / 10, tenths % 10))
            .unwrap_or_default(),
        released,
        covered,
        waiting: all.len() - released,
        lines: all
            .iter()
            .skip((shown - 1) * LINES_EACH)
            .take(LINES_EACH)
            .map(|one| line(&frame, &app, one))
            .collect(),
        frame: frame.clone(),
    };
    Ok(render(&page))
}
