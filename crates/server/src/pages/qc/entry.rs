//! The morning's entry: one control, every level, by keyboard only.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::blood::Grade;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, LotId, RunId};
use lifeline_core::people::Action;
use lifeline_core::quality::{
    Control, ControlRun, Level, Place, QualityEvent, Reads, RecordControlRun, RunDraft, Shown,
    Verdict, control, due_lines,
};
use lifeline_core::testing::{LotKind, Reading};
use lifeline_qc::Decimal;
use serde::Deserialize;

use super::{level_name, named, place_name, place_of, query};
use crate::app::App;
use crate::pages::sheet::{Answer, answered, moment, send};
use crate::web::forms::Posted as Values;
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/enter", get(show).post(record))
}

#[derive(Deserialize)]
struct Asked {
    control: String,
    #[serde(default)]
    place: String,
}

struct Cell {
    name: String,
    words: String,
    expected: String,
}

struct Row {
    name: String,
    material: String,
    graded: Vec<Cell>,
    value: Option<(String, String)>,
    target: String,
}

struct LotChoice {
    id: String,
    words: String,
}

#[derive(Template)]
#[template(path = "qc/enter.html")]
struct EntryPage {
    title: String,
    place: String,
    action: String,
    rows: Vec<Row>,
    unit: String,
    materials: Vec<(String, String)>,
    lots: Vec<LotChoice>,
    with_lots: bool,
    repeat: Option<String>,
    answer: Answer,
    form: Form,
    frame: Frame,
}

/// What an entry is for.
struct Subject {
    control: Control,
    place: Place,
}

fn subject(app: &App, frame: &Frame, asked: &Asked) -> Result<Subject, PageError> {
    let code = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
    let hospital = app.state();
    let control = control(&hospital, &code, frame.now)
        .map_err(|_| PageError::NotFound)?
        .clone();
    let place = place_of(&asked.place)?;
    if !control.place.holds(&hospital, &place) {
        return Err(PageError::NotFound);
    }
    Ok(Subject { control, place })
}

fn last<'a>(hospital: &'a Hospital, subject: &Subject) -> Option<&'a ControlRun> {
    hospital
        .quality
        .stream(&subject.control.code, &subject.place)
        .next_back()
        .map(|run| &**run)
}

/// The run that a new one repeats: the newest, where it is out or belongs to an open case.
fn repeats(hospital: &Hospital, subject: &Subject) -> Option<RunId> {
    let run = last(hospital, subject)?;
    let open = run
        .case
        .and_then(|case| hospital.quality.case(case))
        .is_some_and(|case| case.closed.is_none());
    (run.verdict() == Verdict::Rejected || open).then_some(run.id)
}

fn material_field(level: &ControlCode) -> String {
    format!("material.{level}")
}

fn cell_field(level: &ControlCode, well: &str) -> String {
    format!("well.{level}.{well}")
}

fn value_field(level: &ControlCode) -> String {
    format!("value.{level}")
}

/// Lots and materials as they were last, as far as they may still be used.
fn start(frame: &Frame, hospital: &Hospital, subject: &Subject) -> Values {
    let mut values: Vec<(String, String)> = Vec::new();
    let lots = due_lines(hospital, frame.now)
        .into_iter()
        .find(|line| line.control.code == subject.control.code && line.place == subject.place)
        .map(|line| line.lots)
        .unwrap_or_default();
    values.extend(lots.iter().map(|lot| ("lot".to_owned(), lot.to_string())));
    let run = last(hospital, subject);
    let usable = materials(frame, hospital);
    for level in subject.control.levels() {
        let before = run
            .and_then(|run| run.level(level))
            .map(|level| level.material.to_string())
            .filter(|lot| usable.iter().any(|(known, _)| known == lot));
        if let Some(lot) = before.or_else(|| usable.first().map(|(lot, _)| lot.clone())) {
            values.push((material_field(level), lot));
        }
    }
    Values::of(
        values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

fn materials(frame: &Frame, hospital: &Hospital) -> Vec<(String, String)> {
    hospital
        .lots
        .values()
        .filter(|lot| lot.kind == LotKind::Control && lot.usable(frame.now))
        .map(|lot| (lot.id.to_string(), format!("{} {}", lot.id, lot.name)))
        .collect()
}

fn page(app: &App, frame: Frame, subject: &Subject, form: Form, answer: Answer) -> Response {
    let hospital = app.state();
    let control = &subject.control;
    let row = |level: &ControlCode, graded: Vec<Cell>, value, target| Row {
        name: level_name(&frame, control, level),
        material: material_field(level),
        graded,
        value,
        target,
    };
    let (rows, unit): (Vec<Row>, String) = match &control.reads {
        Reads::Graded(levels) => (
            levels
                .iter()
                .map(|level| {
                    let cells = level
                        .wells
                        .iter()
                        .map(|well| Cell {
                            name: cell_field(&level.level, well.well.as_str()),
                            words: frame.t.m(well.well.word()),
                            expected: well.grade.to_string(),
                        })
                        .collect();
                    row(&level.level, cells, None, String::new())
                })
                .collect(),
            String::new(),
        ),
        Reads::Measured(measured) => (
            measured
                .levels
                .iter()
                .map(|level| {
                    let field = value_field(&level.level);
                    let lot = LotId::parse(form.value(&material_field(&level.level))).ok();
                    let target = lot
                        .and_then(|lot| {
                            hospital
                                .quality
                                .target(&control.code, &lot, &level.level, frame.now)
                        })
                        .map(|target| format!("{} ± {}", target.limits.mean(), target.limits.sd()))
                        .unwrap_or_else(|| frame.t.m("cover-establishing"));
                    let words = level_name(&frame, control, &level.level);
                    row(&level.level, Vec::new(), Some((field, words)), target)
                })
                .collect(),
            measured.unit.clone(),
        ),
    };
    let lots = hospital
        .lots
        .values()
        .filter(|lot| lot.kind != LotKind::Control && lot.usable(frame.now))
        .filter(|lot| control.lots.is_empty() || control.lots.contains(&lot.kind))
        .map(|lot| LotChoice {
            id: lot.id.to_string(),
            words: lot.name.clone(),
        })
        .collect();
    let wrong = answer.banner.is_some() || !form.is_ok();
    let page = EntryPage {
        title: named(&frame, &control.zh, &control.en).to_owned(),
        place: place_name(&frame, &hospital, &subject.place),
        action: format!("/qc/enter?{}", query(&control.code, &subject.place)),
        rows,
        unit,
        materials: materials(&frame, &hospital),
        lots,
        with_lots: !control.lots.is_empty() || subject.place != Place::Bench,
        repeat: repeats(&hospital, subject).map(|run| run.to_string()),
        answer,
        form,
        frame: frame.clone(),
    };
    answered(render(&page), wrong)
}

/// `GET /qc/enter?control=&place=`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let subject = subject(&app, &frame, &asked)?;
    let form = Form::filled(&frame, start(&frame, &app.state(), &subject));
    Ok(page(&app, frame, &subject, form, Answer::default()))
}

/// The levels as they were typed; what cannot be read is said at its field and stays there.
fn levels(frame: &Frame, control: &Control, form: &mut Form) -> Vec<Level> {
    let mut levels = Vec::new();
    let bad_lot = frame.t.m("sheet-choose");
    let bad_grade = frame.t.m("qc-bad-grade");
    let bad_number = frame.t.m("qc-bad-number");
    for code in control.levels() {
        let material = form.read(&material_field(code), LotId::parse, |_| bad_lot.clone());
        let shown = match &control.reads {
            Reads::Graded(known) => {
                let wells = known.iter().find(|level| level.level == *code);
                let readings = wells
                    .into_iter()
                    .flat_map(|level| &level.wells)
                    .map(|well| {
                        let grade = form.read(
                            &cell_field(code, well.well.as_str()),
                            |text| Grade::parse(text).ok_or(()),
                            |()| bad_grade.clone(),
                        );
                        grade.map(|grade| Reading {
                            well: well.well,
                            grade,
                        })
                    });
                let readings: Vec<Option<Reading>> = readings.collect();
                readings
                    .into_iter()
                    .collect::<Option<Vec<Reading>>>()
                    .map(Shown::Graded)
            }
            Reads::Measured(_) => form
                .read(&value_field(code), Decimal::parse, |_| bad_number.clone())
                .map(Shown::Measured),
        };
        if let (Some(material), Some(shown)) = (material, shown) {
            levels.push(Level {
                level: code.clone(),
                material,
                shown,
            });
        }
    }
    levels
}

/// `POST /qc/enter?control=&place=`.
async fn record(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let subject = subject(&app, &frame, &asked)?;
    let mut form = Form::sent(&frame, posted)?;
    let levels = levels(&frame, &subject.control, &mut form);
    let lots: BTreeSet<LotId> = form
        .posted()
        .all("lot")
        .filter_map(|lot| LotId::parse(lot).ok())
        .collect();
    let ran = if form.value("ran").is_empty() {
        Some(frame.now)
    } else {
        moment(&frame, &mut form, "ran")
    };
    let reason = form.value("why").to_owned();
    let repeat = form
        .value("repeat")
        .parse::<RunId>()
        .ok()
        .map(|run| (run, reason));
    let command = ran.map(|ran| {
        RecordControlRun {
            draft: RunDraft {
                control: subject.control.code.clone(),
                place: subject.place.clone(),
                lots,
                levels,
                ran,
                repeat,
            },
        }
        .into()
    });
    let to = |facts: &[(lifeline_core::hospital::Stamp, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Quality(QualityEvent::RunRecorded { run, .. }) => {
                    Some(format!("/qc/runs/{run}"))
                }
                _ => None,
            })
            .unwrap_or_else(|| "/qc".into())
    };
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(page(&app, frame, &subject, form, answer)),
    }
}
