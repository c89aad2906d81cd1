//! Charts of a measured control: Levey–Jennings, z, Youden, cusum. The table below says the same without a picture, a page at a time.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::ControlCode;
use lifeline_core::people::Action;
use lifeline_core::quality::{
    Because, Control, ControlRun, JudgedLevel, Place, Reads, Shown, control,
};
use lifeline_qc::charts::CLINICAL_CUSUMS;
use serde::Deserialize;

use super::{because, grades, level_name, named, place_name, place_of, query, verdict};
use crate::app::App;
use crate::pages::sheet::part;
use crate::web::{Frame, Moment, PageError, Pager, Tone, Visit, render};

/// Points on one page of the table; the chart shows all of the period.
const TABLE_POINTS: usize = 50;
/// The period a chart begins with, in days.
const DAYS: i64 = 92;
/// The longest period.
const DAYS_MOST: i64 = 36_600;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/chart", get(show))
}

/// What a chart is asked to show.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asked {
    control: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    lot: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    limit: String,
    #[serde(default)]
    page: String,
}

/// What was asked for, read.
pub(super) struct Chosen {
    pub(super) control: Control,
    pub(super) place: Place,
    pub(super) from: Timestamp,
    pub(super) days: i64,
    /// Only this lot of control material; empty for all.
    pub(super) lot: String,
    /// The levels to show, in the order of the plan.
    pub(super) levels: Vec<ControlCode>,
    /// Which of [`KINDS`].
    pub(super) kind: &'static str,
    /// Which of [`CLINICAL_CUSUMS`].
    pub(super) limit: usize,
    /// Which page of the table, from 0.
    pub(super) page: usize,
}

/// The charts there are; words under `qc-kind-KIND`.
const KINDS: [&str; 4] = ["lj", "z", "youden", "cusum"];

/// Reads what was asked for.
///
/// # Errors
/// A control that is not in the plan, or a place that is none.
pub(super) fn chosen(app: &App, frame: &Frame, asked: &Asked) -> Result<Chosen, PageError> {
    let code = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
    let hospital = app.state();
    let control = control(&hospital, &code, frame.now)
        .map_err(|_| PageError::NotFound)?
        .clone();
    let days = asked.days.trim().parse().unwrap_or(DAYS);
    let days = days.clamp(1, DAYS_MOST);
    let from = frame
        .now
        .checked_sub(jiff::SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let known = |level: &&ControlCode| asked.level.is_empty() || level.as_str() == asked.level;
    Ok(Chosen {
        place: place_of(&asked.place)?,
        from,
        days,
        lot: asked.lot.trim().to_owned(),
        levels: control
            .levels()
            .into_iter()
            .filter(known)
            .cloned()
            .collect(),
        kind: KINDS
            .into_iter()
            .find(|kind| *kind == asked.kind)
            .unwrap_or("lj"),
        limit: asked
            .limit
            .parse()
            .ok()
            .filter(|limit| *limit < CLINICAL_CUSUMS.len())
            .unwrap_or(0),
        page: asked
            .page
            .parse::<usize>()
            .map_or(0, |page| page.saturating_sub(1)),
        control,
    })
}

impl Chosen {
    /// The runs of the period, oldest first.
    pub(super) fn runs<'a>(
        &'a self,
        hospital: &'a Hospital,
    ) -> impl DoubleEndedIterator<Item = &'a ControlRun> {
        hospital
            .quality
            .stream_since(&self.control.code, &self.place, self.from)
            .map(|run| &**run)
    }

    /// The level of a run that belongs on the chart.
    pub(super) fn level<'a>(
        &self,
        run: &'a ControlRun,
        code: &ControlCode,
    ) -> Option<&'a JudgedLevel> {
        run.level(code)
            .filter(|level| self.lot.is_empty() || level.material.as_str() == self.lot)
    }

    /// The address of another page of the table, from 0.
    fn address(&self, page: usize) -> String {
        let level = match self.levels.as_slice() {
            [only] if self.control.levels().len() > 1 => only.as_str(),
            _ => "",
        };
        format!(
            "/qc/chart?{}&days={}&lot={}&level={}&kind={}&limit={}&page={}",
            query(&self.control.code, &self.place),
            self.days,
            part(&self.lot),
            part(level),
            self.kind,
            self.limit,
            page + 1
        )
    }

    /// The pages of a table of so many rows, so many a page.
    pub(super) fn pager(&self, rows: usize, each: usize) -> Pager {
        let pages = rows.div_ceil(each.max(1)).max(1);
        let page = self.page.min(pages - 1);
        Pager {
            page: page as u64 + 1,
            pages: pages as u64,
            previous: page
                .checked_sub(1)
                .map(|before| self.address(before))
                .unwrap_or_default(),
            next: if page + 1 < pages {
                self.address(page + 1)
            } else {
                String::new()
            },
        }
    }
}

/// The names of the rules that a level broke.
pub(super) fn rules(level: &JudgedLevel) -> String {
    let names: Vec<&str> = level
        .because
        .iter()
        .filter_map(|because| match because {
            Because::Rule { rule, .. } => Some(rule.as_str()),
            _ => None,
        })
        .collect();
    names.join(" ")
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
    notes: Vec<String>,
}

/// One of a choice: value, words, chosen.
type Choice = (String, String, bool);

#[derive(Template)]
#[template(path = "qc/chart.html")]
struct ChartPage {
    title: String,
    place: String,
    unit: String,
    control: String,
    place_code: String,
    days: String,
    kind: &'static str,
    zero: String,
    lots: Vec<Choice>,
    levels: Vec<Choice>,
    kinds: Vec<Choice>,
    cusums: Vec<Choice>,
    source: String,
    target: String,
    may_run: bool,
    rows: Vec<Row>,
    count: usize,
    pager: Pager,
    frame: Frame,
}

fn row(frame: &Frame, chosen: &Chosen, run: &ControlRun, level: &JudgedLevel) -> Row {
    let (tone, words) = verdict(frame, level.verdict);
    let why: Vec<String> = level
        .because
        .iter()
        .map(|one| because(frame, one))
        .collect();
    let unit = match &chosen.control.reads {
        Reads::Measured(measured) => measured.unit.as_str(),
        Reads::Graded(_) => "",
    };
    Row {
        href: format!("/qc/runs/{}", run.id),
        run: run.id.to_string(),
        at: frame.moment(run.ran),
        level: level_name(frame, &chosen.control, &level.level),
        value: super::shown(frame, &level.shown, unit),
        limits: level
            .limits
            .map(|limits| format!("{} ± {}", limits.mean(), limits.sd()))
            .unwrap_or_default(),
        z: level.z.clone().unwrap_or_default(),
        lot: level.material.to_string(),
        tone,
        verdict: words,
        why: why.join(" "),
        notes: notes(run, level).map(str::to_owned).collect(),
    }
}

/// The remarks on a point: those of its level and those of the whole run.
pub(super) fn notes<'a>(
    run: &'a ControlRun,
    level: &'a JudgedLevel,
) -> impl Iterator<Item = &'a str> {
    run.notes
        .iter()
        .filter(|(of, ..)| of.as_ref().is_none_or(|of| *of == level.level))
        .map(|(_, text, _)| text.as_str())
}

/// `GET /qc/chart?control=&place=&days=&lot=&level=&kind=&limit=&page=`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let chosen = chosen(&app, &frame, &asked)?;
    let Reads::Measured(measured) = &chosen.control.reads else {
        return grades::page(&app, &visit, frame, &chosen);
    };
    let hospital = app.state();
    let mut lots = BTreeSet::new();
    let mut count = 0;
    for run in chosen.runs(&hospital) {
        for code in &chosen.levels {
            let Some(level) = run.level(code) else {
                continue;
            };
            if !lots.contains(&level.material) {
                lots.insert(level.material.clone());
            }
            if chosen.level(run, code).is_some() {
                count += 1;
            }
        }
    }
    let pager = chosen.pager(count, TABLE_POINTS);
    let skip = usize::try_from(pager.page - 1).unwrap_or(0) * TABLE_POINTS;
    let rows = chosen
        .runs(&hospital)
        .rev()
        .flat_map(|run| chosen.levels.iter().map(move |code| (run, code)))
        .filter_map(|(run, code)| Some((run, chosen.level(run, code)?)))
        .filter(|(_, level)| matches!(level.shown, Shown::Measured(_)))
        .skip(skip)
        .take(TABLE_POINTS)
        .map(|(run, level)| row(&frame, &chosen, run, level))
        .collect();
    let t = &frame.t;
    let ask = query(&chosen.control.code, &chosen.place);
    let all = chosen.control.levels();
    let one = chosen.levels.len() < all.len();
    let page = ChartPage {
        title: named(&frame, &chosen.control.zh, &chosen.control.en).to_owned(),
        place: place_name(&frame, &hospital, &chosen.place),
        unit: measured.unit.clone(),
        control: chosen.control.code.to_string(),
        place_code: chosen.place.to_string(),
        days: chosen.days.to_string(),
        kind: chosen.kind,
        zero: lifeline_core::id::RunId(0).to_string(),
        lots: lots
            .into_iter()
            .map(|lot| (lot.to_string(), lot.to_string(), lot.as_str() == chosen.lot))
            .collect(),
        levels: all
            .into_iter()
            .map(|level| {
                let words = level_name(&frame, &chosen.control, level);
                let on = one && chosen.levels.contains(level);
                (level.to_string(), words, on)
            })
            .collect(),
        kinds: KINDS
            .map(|one| {
                (
                    one.to_owned(),
                    t.m(&format!("qc-kind-{one}")),
                    one == chosen.kind,
                )
            })
            .into(),
        cusums: CLINICAL_CUSUMS
            .iter()
            .enumerate()
            .map(|(at, (k, h))| {
                let words = format!("k {k:.1}, h {h:.1}");
                (at.to_string(), words, at == chosen.limit)
            })
            .collect(),
        source: chosen.address(0).replacen("/qc/chart", "/qc/points", 1),
        target: if app.may(&visit, Action::ControlTarget) {
            format!("/qc/target?{ask}")
        } else {
            String::new()
        },
        may_run: app.may(&visit, Action::ControlRun),
        rows,
        count,
        pager,
        frame: frame.clone(),
    };
    Ok(render(&page))
}
