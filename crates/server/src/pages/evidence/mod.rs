//! The year's evidence: what the department can show of its quality for a period, and the award score that follows; on the screen
//! and as a report to be printed.

mod controls;
mod period;
mod records;
mod rounds;
mod score;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::evidence::{Evidence, Share, evidence};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;

use crate::app::App;
use crate::pages::policy::percent;
use crate::pages::timeline;
use crate::web::components::{Moment, Tone};
use crate::web::words::address;
use crate::web::{Frame, PageError, Room, Visit, render};
use period::{Asked, Chosen, Preset};
use score::ScoreView;

/// The most rows of a table; its figures are of all.
const ROWS_MOST: usize = 500;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/evidence", get(show))
        .route("/evidence/report", get(report))
}

/// One cell: words, where they lead, how loud they are.
#[derive(Default)]
struct Cell {
    number: bool,
    chip: Option<Tone>,
    parts: Vec<(String, String)>,
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self {
            parts: vec![(String::new(), text.into())],
            ..Self::default()
        }
    }

    fn number(number: impl ToString) -> Self {
        Self {
            number: true,
            ..Self::text(number.to_string())
        }
    }

    fn chip((tone, words): (Tone, String)) -> Self {
        Self {
            chip: Some(tone),
            ..Self::text(words)
        }
    }

    fn link(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            parts: vec![(href.into(), text.into())],
            ..Self::default()
        }
    }

    fn subject(subject: &Subject) -> Self {
        Self::link(address(subject), subject.identifier())
    }

    fn subjects(subjects: impl IntoIterator<Item = Subject>) -> Self {
        let parts = subjects
            .into_iter()
            .map(|subject| (address(&subject), subject.identifier()));
        Self {
            parts: parts.collect(),
            ..Self::default()
        }
    }

    fn entry(entry: u64) -> Self {
        Self::link(format!("/journal/{entry}"), entry.to_string())
    }

    fn at(moment: &Moment) -> Self {
        Self::text(moment.text.clone())
    }
}

/// A figure above a table.
struct Figure {
    words: String,
    value: String,
    of: String,
    tone: Tone,
}

/// One part of the evidence: figures and the table behind them.
struct Section {
    id: &'static str,
    title: String,
    note: String,
    empty: String,
    figures: Vec<Figure>,
    heads: Vec<(String, bool)>,
    rows: Vec<Vec<Cell>>,
    /// Rows that are not shown.
    more: usize,
}

/// What the sections are made with.
struct Maker<'a> {
    frame: &'a Frame,
    hospital: &'a Hospital,
    evidence: &'a Evidence,
}

impl Maker<'_> {
    fn m(&self, key: &str) -> String {
        self.frame.t.m(key)
    }

    fn person(&self, login: &str) -> String {
        timeline::person(self.frame, self.hospital, login)
    }

    fn text(&self, moment: jiff::Timestamp) -> Cell {
        Cell::at(&self.frame.moment(moment))
    }

    fn section(
        &self,
        id: &'static str,
        heads: &[(&str, bool)],
        mut rows: Vec<Vec<Cell>>,
    ) -> Section {
        let more = rows.len().saturating_sub(ROWS_MOST);
        rows.truncate(ROWS_MOST);
        Section {
            title: self.m(&format!("evidence-{id}")),
            note: self.m(&format!("evidence-{id}-note")),
            empty: self.m(&format!("evidence-{id}-none")),
            figures: Vec::new(),
            heads: heads
                .iter()
                .map(|(key, number)| (self.m(key), *number))
                .collect(),
            id,
            rows,
            more,
        }
    }

    /// A share in words: `97.50 %` with `39 / 40` beside it; amber below all, note of nothing.
    fn share(&self, key: &str, share: Share) -> Figure {
        let tone = match share {
            Share { whole: 0, .. } => Tone::Note,
            share if share.all() => Tone::Good,
            _ => Tone::Warn,
        };
        Figure {
            words: self.m(key),
            value: share.hundredths().map_or_else(|| "—".into(), percent),
            of: format!("{} / {}", share.part, share.whole),
            tone,
        }
    }

    fn count(&self, key: &str, count: impl ToString, tone: Tone) -> Figure {
        Figure {
            words: self.m(key),
            value: count.to_string(),
            of: String::new(),
            tone,
        }
    }

    fn percent_cell(&self, share: Share) -> Cell {
        Cell::number(share.hundredths().map_or_else(|| "—".into(), percent))
    }
}

#[derive(Template)]
#[template(path = "evidence/show.html")]
struct ShowPage {
    chosen: Chosen,
    presets: Vec<Preset>,
    score: ScoreView,
    sections: Vec<Section>,
    frame: Frame,
}

#[derive(Template)]
#[template(path = "evidence/report.html")]
struct ReportPage {
    chosen: Chosen,
    score: ScoreView,
    sections: Vec<Section>,
    printed: Moment,
    printed_by: String,
    frame: Frame,
}

/// Whoever sees the controls and external assessment sees what comes of them.
fn may_look(app: &App, visit: &Visit) -> Result<(), PageError> {
    app.look(visit, Action::ViewQuality)?;
    app.look(visit, Action::ViewAssessment)
}

/// Computes the evidence beside the threads that answer: a year of a large department takes a moment.
async fn found(
    hospital: Arc<Hospital>,
    frame: &Frame,
    chosen: &Chosen,
) -> Result<Evidence, PageError> {
    let (period, now) = (chosen.period, frame.now);
    tokio::task::spawn_blocking(move || evidence(&hospital, period, now))
        .await
        .map_err(PageError::internal)
}

fn sections(frame: &Frame, hospital: &Hospital, evidence: &Evidence) -> Vec<Section> {
    let maker = Maker {
        frame,
        hospital,
        evidence,
    };
    let mut sections = controls::sections(&maker);
    sections.extend(rounds::sections(&maker));
    sections.extend(records::sections(&maker));
    sections
}

/// `GET /evidence?from=&until=`.
async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    may_look(&app, &visit)?;
    frame.room = Some(Room::Quality);
    let hospital = app.state();
    let chosen = Chosen::of(&frame, &asked)?;
    let evidence = found(hospital.clone(), &frame, &chosen).await?;
    Ok(render(&ShowPage {
        presets: Preset::all(&frame, &chosen),
        score: ScoreView::of(&frame, &evidence),
        sections: sections(&frame, &hospital, &evidence),
        chosen,
        frame,
    }))
}

/// `GET /evidence/report?from=&until=`: to be printed.
async fn report(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    may_look(&app, &visit)?;
    let hospital = app.state();
    let chosen = Chosen::of(&frame, &asked)?;
    let evidence = found(hospital.clone(), &frame, &chosen).await?;
    Ok(render(&ReportPage {
        score: ScoreView::of(&frame, &evidence),
        sections: sections(&frame, &hospital, &evidence),
        printed: frame.moment(frame.now),
        printed_by: timeline::person(&frame, &hospital, &visit.person.id),
        chosen,
        frame,
    }))
}
