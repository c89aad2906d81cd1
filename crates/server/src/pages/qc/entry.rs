//! The entry of controls by keyboard: one control, or everything due on a bench in one page. What is left empty is not recorded; what
//! cannot be recorded stays as it was typed, with the reason beside it.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::blood::Grade;
use lifeline_core::event::Event;
use lifeline_core::finding::Refusal;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, LotId, RunId};
use lifeline_core::people::Action;
use lifeline_core::quality::{
    Control, ControlRun, Level, Place, QualityEvent, Reads, RecordControlRun, RunDraft, Shown,
    Verdict, control, due_lines, prepare,
};
use lifeline_core::testing::{LotKind, Origin, Reading};
use lifeline_qc::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use super::entry_page::{Block, EntryPage, block};
use super::home::{bench_address, waits};
use super::{bench_name, named, place_name, place_of, query};
use crate::app::{App, Done};
use crate::pages::sheet::{answered, bad_identifier, moment, part};
use crate::web::forms::Posted as Values;
use crate::web::{Banner, Form, Frame, PageError, Posted, Visit, render, words};

/// The most controls of one page.
const CONTROLS_MOST: usize = 40;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/enter", get(show_one).post(record_one))
        .route("/qc/bench", get(show_bench).post(record_bench))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    control: String,
    #[serde(default)]
    bench: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    all: String,
}

/// What an entry is for: a place, and the controls in the order of the plan.
struct Task {
    place: Place,
    controls: Vec<Control>,
    /// The bench, where the page is about one.
    bench: Option<String>,
    address: String,
}

impl Task {
    /// One control.
    fn one(app: &App, frame: &Frame, asked: &Asked) -> Result<Self, PageError> {
        let code = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
        let hospital = app.state();
        let control = control(&hospital, &code, frame.now)
            .map_err(|_| PageError::NotFound)?
            .clone();
        let place = place_of(&asked.place)?;
        if !control.place.holds(&hospital, &place) {
            return Err(PageError::NotFound);
        }
        Ok(Self {
            address: format!("/qc/enter?{}", query(&code, &place)),
            place,
            controls: vec![control],
            bench: None,
        })
    }

    /// What waits on a bench, or all of it.
    fn bench(app: &App, frame: &Frame, asked: &Asked) -> Result<Self, PageError> {
        let place = place_of(&asked.place)?;
        let hospital = app.state();
        let lines = due_lines(&hospital, frame.now);
        let mut own = lines
            .iter()
            .filter(|line| line.control.bench == asked.bench && line.place == place)
            .peekable();
        if own.peek().is_none() {
            return Err(PageError::NotFound);
        }
        Ok(Self {
            controls: own
                .filter(|line| !asked.all.is_empty() || waits(line.light))
                .take(CONTROLS_MOST)
                .map(|line| line.control.clone())
                .collect(),
            address: bench_address(&asked.bench, &place),
            bench: Some(asked.bench.clone()),
            place,
        })
    }

    /// The controls of a form that came back: those it was about.
    fn sent(mut self, app: &App, frame: &Frame, form: &Form) -> Self {
        if self.bench.is_some() {
            let hospital = app.state();
            self.controls = form
                .posted()
                .all("control")
                .filter_map(|code| ControlCode::parse(code).ok())
                .filter_map(|code| control(&hospital, &code, frame.now).ok().cloned())
                .filter(|control| control.place.holds(&hospital, &self.place))
                .take(CONTROLS_MOST)
                .collect();
        }
        self
    }
}

fn last<'a>(
    hospital: &'a Hospital,
    control: &ControlCode,
    place: &Place,
) -> Option<&'a ControlRun> {
    hospital
        .quality
        .stream(control, place)
        .next_back()
        .map(|run| &**run)
}

/// The run that a new one repeats: the newest, where it is out or belongs to an open case.
pub(super) fn repeats(hospital: &Hospital, control: &ControlCode, place: &Place) -> Option<RunId> {
    let run = last(hospital, control, place)?;
    let open = run
        .case
        .and_then(|case| hospital.quality.case(case))
        .is_some_and(|case| case.closed.is_none());
    (run.verdict() == Verdict::Rejected || open).then_some(run.id)
}

pub(super) fn material_field(control: &ControlCode, level: &ControlCode) -> String {
    format!("material.{control}.{level}")
}

pub(super) fn cell_field(control: &ControlCode, level: &ControlCode, well: &str) -> String {
    format!("well.{control}.{level}.{well}")
}

pub(super) fn value_field(control: &ControlCode, level: &ControlCode) -> String {
    format!("value.{control}.{level}")
}

/// The fields of a control that are typed, in the order of the page.
fn typed(control: &Control) -> Vec<String> {
    match &control.reads {
        Reads::Graded(levels) => levels
            .iter()
            .flat_map(|level| {
                level
                    .wells
                    .iter()
                    .map(|well| cell_field(&control.code, &level.level, well.well.as_str()))
            })
            .collect(),
        Reads::Measured(measured) => measured
            .levels
            .iter()
            .map(|level| value_field(&control.code, &level.level))
            .collect(),
    }
}

/// Lots and materials as they were last, as far as they may still be used.
fn start(frame: &Frame, hospital: &Hospital, task: &Task) -> Values {
    let mut values: Vec<(String, String)> = Vec::new();
    let due = due_lines(hospital, frame.now);
    let usable = materials(frame, hospital);
    for control in &task.controls {
        let line = due
            .iter()
            .find(|line| line.control.code == control.code && line.place == task.place);
        for lot in line.into_iter().flat_map(|line| &line.lots) {
            values.push((format!("lot.{}", control.code), lot.to_string()));
        }
        let run = last(hospital, &control.code, &task.place);
        for level in control.levels() {
            let before = run
                .and_then(|run| run.level(level))
                .map(|level| level.material.to_string())
                .filter(|lot| usable.iter().any(|(known, _)| known == lot));
            if let Some(lot) = before.or_else(|| usable.first().map(|(lot, _)| lot.clone())) {
                values.push((material_field(&control.code, level), lot));
            }
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

/// The command id of one control's run: kept while the form goes back and forth, so that what is recorded is recorded once.
pub(super) fn id_of(form: &Form, control: &Control) -> Uuid {
    form.value(&format!("id.{}", control.code))
        .parse()
        .unwrap_or_else(|_| Uuid::now_v7())
}

/// What came of a form: runs that are recorded, and what was found against others.
#[derive(Default)]
struct Came {
    done: Vec<RunId>,
    banners: Vec<(ControlCode, Banner)>,
    nothing: bool,
}

fn page(app: &App, frame: Frame, task: &Task, form: Form, mut came: Came) -> Response {
    let hospital = app.state();
    let wrong = !came.banners.is_empty() || came.nothing || !form.is_ok();
    let mut banner_of = |code: &ControlCode| {
        let at = came.banners.iter().position(|(of, _)| of == code)?;
        Some(came.banners.swap_remove(at).1)
    };
    let blocks: Vec<Block> = task
        .controls
        .iter()
        .map(|control| {
            let banner = banner_of(&control.code);
            block(&frame, &hospital, &task.place, control, (&form, banner))
        })
        .collect();
    let title = match (&task.bench, task.controls.as_slice()) {
        (None, [control, ..]) => named(&frame, &control.zh, &control.en).to_owned(),
        (bench, _) => frame.t.a(
            "qc-bench-title",
            &[(
                "bench",
                &bench_name(&frame, bench.as_deref().unwrap_or_default()),
            )],
        ),
    };
    let page = EntryPage {
        title,
        place: place_name(&frame, &hospital, &task.place),
        action: task.address.clone(),
        all: format!("{}&all=1", task.address),
        bench: task.bench.is_some(),
        blocks,
        materials: materials(&frame, &hospital),
        done: came.done.iter().map(ToString::to_string).collect(),
        nothing: came.nothing,
        form,
        frame: frame.clone(),
    };
    answered(render(&page), wrong)
}

fn shown(app: &App, frame: Frame, task: &Task) -> Response {
    let form = Form::filled(&frame, start(&frame, &app.state(), task));
    page(app, frame, task, form, Came::default())
}

/// `GET /qc/enter?control=&place=`.
async fn show_one(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let task = Task::one(&app, &frame, &asked)?;
    Ok(shown(&app, frame, &task))
}

/// `GET /qc/bench?bench=&place=`.
async fn show_bench(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let task = Task::bench(&app, &frame, &asked)?;
    Ok(shown(&app, frame, &task))
}

/// The levels as they were typed; what cannot be read is said at its field and stays there.
fn levels(frame: &Frame, control: &Control, form: &mut Form) -> Vec<Level> {
    let mut levels = Vec::new();
    let bad_lot = frame.t.m("sheet-choose");
    let bad_grade = frame.t.m("qc-bad-grade");
    let bad_number = frame.t.m("qc-bad-number");
    for code in control.levels() {
        let field = material_field(&control.code, code);
        let material = form.read(&field, LotId::parse, |_| bad_lot.clone());
        let shown = match &control.reads {
            Reads::Graded(known) => {
                let wells = known.iter().find(|level| level.level == *code);
                let readings = wells
                    .into_iter()
                    .flat_map(|level| &level.wells)
                    .map(|well| {
                        let grade = form.read(
                            &cell_field(&control.code, code, well.well.as_str()),
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
                .read(&value_field(&control.code, code), Decimal::parse, |_| {
                    bad_number.clone()
                })
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

/// One control's run as it was typed; none where nothing was.
fn draft(
    app: &App,
    frame: &Frame,
    place: &Place,
    control: &Control,
    (form, ran): (&mut Form, Timestamp),
) -> Option<RunDraft> {
    let empty = typed(control)
        .iter()
        .all(|field| form.value(field).is_empty());
    if empty {
        return None;
    }
    let levels = levels(frame, control, form);
    let why = format!("why.{}", control.code);
    let repeat = repeats(&app.state(), &control.code, place);
    if repeat.is_some() && form.value(&why).is_empty() {
        form.refuse(&why, frame.t.m("qc-repeat-must"));
    }
    let reason = form.value(&why).to_owned();
    let named = format!("lot.{}", control.code);
    let lots: Result<BTreeSet<LotId>, _> = form.posted().all(&named).map(LotId::parse).collect();
    let lots = lots.unwrap_or_else(|_| {
        form.refuse(&named, bad_identifier(frame));
        BTreeSet::new()
    });
    Some(RunDraft {
        control: control.code.clone(),
        place: place.clone(),
        lots,
        levels,
        ran,
        repeat: repeat.map(|run| (run, reason)),
    })
}

/// Records every control that was typed. Nothing is handed in before everything can be read and nothing is found against any of it;
/// should one be refused even so, what was recorded before it stays recorded and the rest stays on the page.
async fn record(
    app: &App,
    frame: Frame,
    visit: &Visit,
    mut task: Task,
    mut form: Form,
) -> Result<Response, PageError> {
    let ran = if form.value("ran").is_empty() {
        Some(frame.now)
    } else {
        moment(&frame, &mut form, "ran")
    };
    let at = ran.unwrap_or(frame.now);
    let controls = task.controls.clone();
    let mut drafts: Vec<(Uuid, RunDraft)> = Vec::new();
    for control in &controls {
        let id = id_of(&form, control);
        let typed = (&mut form, at);
        if let Some(draft) = draft(app, &frame, &task.place, control, typed) {
            drafts.push((id, draft));
        }
    }
    let mut came = Came {
        done: form
            .posted()
            .all("done")
            .filter_map(|run| run.parse().ok())
            .collect(),
        ..Came::default()
    };
    came.nothing = drafts.is_empty() && came.done.is_empty();
    if form.is_ok() {
        let hospital = app.state();
        for (_, draft) in &drafts {
            if let Err(findings) = prepare(&hospital, draft, &Origin::Bench, frame.now) {
                let banner = words::refusal(&frame, &Refusal { findings });
                came.banners.push((draft.control.clone(), banner));
            }
        }
    }
    if !form.is_ok() || !came.banners.is_empty() || came.nothing {
        return Ok(page(app, frame, &task, form, came));
    }
    for (id, draft) in drafts {
        let code = draft.control.clone();
        form.command = id;
        match app
            .carry_out(&frame, visit, &mut form, RecordControlRun { draft })
            .await?
        {
            Done::Accepted(facts) => {
                came.done
                    .extend(facts.iter().find_map(|(_, event)| match event {
                        Event::Quality(QualityEvent::RunRecorded { run, .. }) => Some(*run),
                        _ => None,
                    }));
                task.controls.retain(|control| control.code != code);
            }
            Done::Refused(refusal) => {
                // The refused attempt is over; the mended one is another.
                let fresh = form.command.to_string();
                form = form.with_fields(Values::of([(
                    format!("id.{code}").as_str(),
                    fresh.as_str(),
                )]));
                came.banners.push((code, words::refusal(&frame, &refusal)));
            }
            Done::Wrong => break,
        }
    }
    if !came.banners.is_empty() || !form.is_ok() {
        return Ok(page(app, frame, &task, form, came));
    }
    let runs: Vec<String> = came.done.iter().map(ToString::to_string).collect();
    let to = match (&task.bench, runs.as_slice()) {
        (None, [run]) => format!("/qc/runs/{run}"),
        _ => format!("/qc/recorded?runs={}", part(&runs.join(" "))),
    };
    Ok(Redirect::to(&to).into_response())
}

/// `POST /qc/enter?control=&place=`.
async fn record_one(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let task = Task::one(&app, &frame, &asked)?;
    let form = Form::sent(&frame, posted)?;
    record(&app, frame, &visit, task, form).await
}

/// `POST /qc/bench?bench=&place=`.
async fn record_bench(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let form = Form::sent(&frame, posted)?;
    let task = Task::bench(&app, &frame, &asked)?.sent(&app, &frame, &form);
    record(&app, frame, &visit, task, form).await
}
