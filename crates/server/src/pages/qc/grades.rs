//! The chart of a graded control: every well of every level, run by run, so that a reaction that fades is seen before it is out. It is a
//! table of grades: read without a script, without colours, and on paper.

use askama::Template;
use axum::response::Response;
use lifeline_core::people::Action;
use lifeline_core::quality::{Because, ControlRun, GradedLevel, JudgedLevel, Reads, Shown, score};
use lifeline_core::testing::Well;

use super::chart::{Chosen, notes};
use super::{because, level_name, named, place_name, query, verdict};
use crate::app::App;
use crate::web::{Frame, Moment, PageError, Pager, Tone, Visit, render};

/// Runs side by side on one page.
const RUNS_EACH: usize = 18;

struct Head {
    href: String,
    id: String,
    day: String,
    hour: String,
    at: Moment,
    tone: Tone,
    verdict: String,
}

/// What one well showed in one run.
#[derive(Default)]
struct Cell {
    grade: String,
    /// `out`, `weaker`, `stronger`, or empty.
    class: &'static str,
    words: String,
}

struct WellRow {
    level: Option<(String, usize)>,
    well: String,
    expected: String,
    cells: Vec<Cell>,
}

struct Note {
    href: String,
    run: String,
    at: Moment,
    tone: Tone,
    words: String,
}

#[derive(Template)]
#[template(path = "qc/grades.html")]
struct GradesPage {
    title: String,
    place: String,
    control: String,
    place_code: String,
    days: String,
    enter: String,
    heads: Vec<Head>,
    rows: Vec<WellRow>,
    said: Vec<Note>,
    count: usize,
    pager: Pager,
    frame: Frame,
}

fn cell(frame: &Frame, level: Option<&JudgedLevel>, well: Well) -> Cell {
    let Some(level) = level else {
        return Cell::default();
    };
    let Shown::Graded(readings) = &level.shown else {
        return Cell::default();
    };
    let Some(reading) = readings.iter().find(|reading| reading.well == well) else {
        return Cell::default();
    };
    let out = level
        .because
        .iter()
        .any(|because| matches!(because, Because::Well { well: of, .. } if *of == well));
    Cell {
        grade: reading.grade.to_string(),
        class: if out { "out" } else { "" },
        words: if out {
            frame.t.m("qc-grade-out")
        } else {
            String::new()
        },
    }
}

fn leaning(frame: &Frame, mut cell: Cell, expected: i8, got: Option<i8>) -> Cell {
    if cell.class.is_empty()
        && let Some(got) = got
    {
        let word = match got.cmp(&expected) {
            std::cmp::Ordering::Less => "weaker",
            std::cmp::Ordering::Greater => "stronger",
            std::cmp::Ordering::Equal => return cell,
        };
        cell.class = word;
        cell.words = frame.t.m(&format!("qc-grade-{word}"));
    }
    cell
}

fn wells(
    frame: &Frame,
    chosen: &Chosen,
    runs: &[&ControlRun],
    level: &GradedLevel,
) -> Vec<WellRow> {
    level
        .wells
        .iter()
        .enumerate()
        .map(|(at, well)| WellRow {
            level: (at == 0).then(|| {
                (
                    level_name(frame, &chosen.control, &level.level),
                    level.wells.len(),
                )
            }),
            well: frame.t.m(well.well.word()),
            expected: if well.within > 0 {
                format!("{} ±{}", well.grade, well.within)
            } else {
                well.grade.to_string()
            },
            cells: runs
                .iter()
                .map(|run| {
                    let judged = run.level(&level.level);
                    let cell = cell(frame, judged, well.well);
                    let got = judged.and_then(|judged| match &judged.shown {
                        Shown::Graded(readings) => readings
                            .iter()
                            .find(|reading| reading.well == well.well)
                            .and_then(|reading| score(reading.grade)),
                        Shown::Measured(_) => None,
                    });
                    leaning(frame, cell, score(well.grade).unwrap_or(0), got)
                })
                .collect(),
        })
        .collect()
}

fn head(frame: &Frame, run: &ControlRun) -> Head {
    let (tone, words) = verdict(frame, run.verdict());
    let local = frame.site.zone.to_datetime(run.ran);
    Head {
        href: format!("/qc/runs/{}", run.id),
        id: run.id.to_string(),
        day: local.strftime("%m-%d").to_string(),
        hour: local.strftime("%H:%M").to_string(),
        at: frame.moment(run.ran),
        tone,
        verdict: words,
    }
}

/// What a run has to say beyond its grades: why it is not plainly in control, and remarks.
fn said(frame: &Frame, run: &ControlRun) -> Option<Note> {
    let mut words: Vec<String> = Vec::new();
    for level in &run.levels {
        words.extend(level.because.iter().map(|one| because(frame, one)));
        for note in notes(run, level) {
            if !words.iter().any(|known| known == note) {
                words.push(note.to_owned());
            }
        }
    }
    if words.is_empty() {
        return None;
    }
    Some(Note {
        href: format!("/qc/runs/{}", run.id),
        run: run.id.to_string(),
        at: frame.moment(run.ran),
        tone: verdict(frame, run.verdict()).0,
        words: words.join(&frame.t.m("list-separator")),
    })
}

/// The chart of a graded control.
pub(super) fn page(
    app: &App,
    visit: &Visit,
    frame: Frame,
    chosen: &Chosen,
) -> Result<Response, PageError> {
    let Reads::Graded(levels) = &chosen.control.reads else {
        return Err(PageError::NotFound);
    };
    let hospital = app.state();
    let count = chosen.runs(&hospital).count();
    let pager = chosen.pager(count, RUNS_EACH);
    let skip = usize::try_from(pager.page - 1).unwrap_or(0) * RUNS_EACH;
    let mut runs: Vec<&ControlRun> = chosen
        .runs(&hospital)
        .rev()
        .skip(skip)
        .take(RUNS_EACH)
        .collect();
    runs.reverse();
    let page = GradesPage {
        title: named(&frame, &chosen.control.zh, &chosen.control.en).to_owned(),
        place: place_name(&frame, &hospital, &chosen.place),
        control: chosen.control.code.to_string(),
        place_code: chosen.place.to_string(),
        days: chosen.days.to_string(),
        enter: if app.may(visit, Action::ControlRun) {
            format!("/qc/enter?{}", query(&chosen.control.code, &chosen.place))
        } else {
            String::new()
        },
        heads: runs.iter().map(|run| head(&frame, run)).collect(),
        rows: levels
            .iter()
            .flat_map(|level| wells(&frame, chosen, &runs, level))
            .collect(),
        said: runs
            .iter()
            .rev()
            .filter_map(|run| said(&frame, run))
            .collect(),
        count,
        pager,
        frame: frame.clone(),
    };
    Ok(render(&page))
}
