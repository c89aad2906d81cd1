//! The proof of a day: every result read then, and the controls that covered it.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use lifeline_core::people::Action;
use lifeline_core::quality::{Affected, CoverState, CoverageLine, coverage};
use serde::Deserialize;

use super::control_name;
use crate::app::App;
use crate::web::words::address;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Lines shown; the counts are of all.
const LINES_MOST: usize = 500;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/proof", get(show))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    day: String,
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
        Affected::Crossmatch(_) => Some(frame.t.m("test-kind-crossmatch")),
    };
    let covers = match &line.covers {
        Err(_) => vec![(String::new(), frame.t.m("rule-control-unplanned"))],
        Ok(standings) => standings
            .iter()
            .map(|standing| {
                let name = format!(
                    "{} {} {}",
                    control_name(frame, &hospital, &standing.cover.control),
                    standing.cover.level,
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
                    CoverState::Waived { .. } => (
                        String::new(),
                        format!("{name} · {}", frame.t.m("qc-light-waived")),
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
    let all = coverage(&hospital, from, until);
    let released: Vec<&CoverageLine> = all.iter().filter(|line| line.released).collect();
    let page = ProofPage {
        day: day.to_string(),
        released: released.len(),
        covered: released.iter().filter(|line| line.covered()).count(),
        waiting: all.len() - released.len(),
        lines: all
            .iter()
            .take(LINES_MOST)
            .map(|one| line(&frame, &app, one))
            .collect(),
        frame: frame.clone(),
    };
    Ok(render(&page))
}
