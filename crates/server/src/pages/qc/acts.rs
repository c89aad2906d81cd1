//! Short forms: correct, close, waive, change, target, remark.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::command::Command;
use lifeline_core::id::{CaseId, ControlCode, LotId, RunId};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::quality::{
    AnnotateRun, Basis, CloseCase, CorrectCase, Reads, RecordChange, SetTarget, WaiveControl,
    change, control, due_lines,
};
use lifeline_core::testing::LotKind;
use lifeline_qc::Decimal;
use serde::Deserialize;

use super::{control_name, level_name, place_name, place_of, query, shown};
use crate::app::App;
use crate::pages::parts::Named;
use crate::pages::sheet::{
    Answer, Input, Kind, Sheet, bad_identifier, moment, moment_value, part, send,
};
use crate::pages::timeline;
use crate::web::{Form, Frame, PageError, Posted, Visit};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/cases/{case}/{act}", get(show_case).post(do_case))
        .route("/qc/runs/{run}/note", get(show_note).post(do_note))
        .route("/qc/waive", get(show_place).post(do_waive))
        .route("/qc/change", get(show_change).post(do_change))
        .route("/qc/target", get(show_target).post(do_target))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    control: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    level: String,
    /// Not empty where one came from the chart and goes back to it.
    #[serde(default)]
    chart: String,
}

fn sheet(frame: &Frame, title: String, action: String, back: String, answer: Answer) -> Sheet {
    Sheet {
        form: Form::blank(frame),
        note: String::new(),
        submit: title.clone(),
        title,
        action,
        back,
        strip: None,
        answer,
        inputs: Vec::new(),
        second: None,
        frame: frame.clone(),
    }
}

fn case_sheet(
    app: &App,
    frame: &Frame,
    (case, act): (CaseId, &str),
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = &frame.t;
    let (title, inputs) = match act {
        "correct" => {
            let hospital = app.state();
            let causes: Vec<(String, String)> = hospital
                .policies
                .words(Key::CaseCauses, frame.now)
                .unwrap_or_default()
                .iter()
                .map(|word| {
                    let words = timeline::worded(frame, &format!("qc-cause-{word}"), word);
                    (word.clone(), words)
                })
                .collect();
            (
                t.m("qc-correct"),
                vec![
                    Input::must(Kind::Select, "cause", t.m("field-cause")).of(causes),
                    Input::must(Kind::Lines, "action", t.m("field-action")),
                ],
            )
        }
        "close" => (
            t.m("qc-close"),
            vec![Input::must(Kind::Lines, "note", t.m("qc-close-note"))],
        ),
        _ => return Err(PageError::NotFound),
    };
    let action = format!("/qc/cases/{case}/{act}");
    let hospital = app.state();
    let known = hospital.quality.case(case).ok_or(PageError::NotFound)?;
    Ok(Sheet {
        form,
        note: format!(
            "{case} · {} · {}",
            control_name(frame, &hospital, &known.control),
            place_name(frame, &hospital, &known.place)
        ),
        inputs,
        ..sheet(frame, title, action, format!("/qc/cases/{case}"), answer)
    })
}

/// What an act on a case must be granted.
fn needs(act: &str) -> Action {
    match act {
        "correct" => Action::ControlRun,
        _ => Action::CaseDecide,
    }
}

/// `GET /qc/cases/{case}/{act}`.
async fn show_case(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((Named(case), act)): Path<(Named<CaseId>, String)>,
) -> Result<Response, PageError> {
    app.look(&visit, needs(&act))?;
    let form = Form::blank(&frame);
    Ok(case_sheet(&app, &frame, (case, &act), form, Answer::default())?.show())
}

/// `POST /qc/cases/{case}/{act}`.
async fn do_case(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((Named(case), act)): Path<(Named<CaseId>, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, needs(&act))?;
    let mut form = Form::sent(&frame, posted)?;
    let command: Option<Command> = match act.as_str() {
        "correct" => Some(
            CorrectCase {
                case,
                cause: form.value("cause").to_owned(),
                action: form.value("action").to_owned(),
            }
            .into(),
        ),
        "close" => Some(
            CloseCase {
                case,
                note: form.value("note").to_owned(),
            }
            .into(),
        ),
        _ => return Err(PageError::NotFound),
    };
    let to = |_: &[_]| format!("/qc/cases/{case}");
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(case_sheet(&app, &frame, (case, &act), form, answer)?.show()),
    }
}

/// Where a remark is sent, and where one goes after it.
fn note_ways(app: &App, run: RunId, asked: &Asked) -> Result<(String, String), PageError> {
    let hospital = app.state();
    let found = hospital.quality.run(run).ok_or(PageError::NotFound)?;
    let action = format!(
        "/qc/runs/{run}/note?level={}&chart={}",
        part(&asked.level),
        part(&asked.chart)
    );
    let back = if asked.chart.is_empty() {
        format!("/qc/runs/{run}")
    } else {
        format!("/qc/chart?{}", query(&found.control, &found.place))
    };
    Ok((action, back))
}

fn note_sheet(
    app: &App,
    frame: &Frame,
    run: RunId,
    asked: &Asked,
    (form, answer): (Form, Answer),
) -> Result<Sheet, PageError> {
    let t = &frame.t;
    let (action, back) = note_ways(app, run, asked)?;
    let hospital = app.state();
    let found = hospital.quality.run(run).ok_or(PageError::NotFound)?;
    let spec = control(&hospital, &found.control, found.ran).ok();
    let unit = spec.map_or("", |spec| match &spec.reads {
        Reads::Measured(measured) => measured.unit.as_str(),
        Reads::Graded(_) => "",
    });
    let mut about = vec![
        control_name(frame, &hospital, &found.control),
        run.to_string(),
        frame.moment(found.ran).text,
    ];
    about.extend(
        found
            .levels
            .iter()
            .filter(|level| level.level.as_str() == asked.level)
            .map(|level| {
                let name = spec.map_or_else(
                    || level.level.to_string(),
                    |spec| level_name(frame, spec, &level.level),
                );
                format!("{name} {}", shown(frame, &level.shown, unit))
            }),
    );
    Ok(Sheet {
        form,
        note: about.join(" · "),
        inputs: vec![Input::must(Kind::Lines, "text", t.m("field-text"))],
        ..sheet(frame, t.m("qc-note-add"), action, back, answer)
    })
}

async fn show_note(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(run)): Path<Named<RunId>>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let blank = (Form::blank(&frame), Answer::default());
    Ok(note_sheet(&app, &frame, run, &asked, blank)?.show())
}

async fn do_note(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(run)): Path<Named<RunId>>,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let mut form = Form::sent(&frame, posted)?;
    let level = match asked.level.as_str() {
        "" => None,
        level => Some(code(level)?),
    };
    let (_, back) = note_ways(&app, run, &asked)?;
    let command = AnnotateRun {
        run,
        level,
        text: form.value("text").to_owned(),
    };
    match send(
        &app,
        &frame,
        &visit,
        &mut form,
        Some(command.into()),
        |_| back,
    )
    .await?
    {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(note_sheet(&app, &frame, run, &asked, (form, answer))?.show()),
    }
}

fn code(text: &str) -> Result<ControlCode, PageError> {
    ControlCode::parse(text).map_err(|_| PageError::NotFound)
}

fn waive_sheet(
    app: &App,
    frame: &Frame,
    asked: &Asked,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = &frame.t;
    let hospital = app.state();
    let (control, place) = (code(&asked.control)?, place_of(&asked.place)?);
    Ok(Sheet {
        form,
        note: format!(
            "{} · {}",
            control_name(frame, &hospital, &control),
            place_name(frame, &hospital, &place)
        ),
        inputs: vec![
            Input::may(Kind::Text, "lots", t.m("qc-lots")).note(t.m("qc-waive-lots")),
            Input::must(Kind::Moment, "until", t.m("field-until")),
            Input::must(Kind::Lines, "why", t.m("qc-waive-why")),
        ],
        second: Some(t.m("qc-waive-meaning")),
        ..sheet(
            frame,
            t.m("qc-waive"),
            format!("/qc/waive?{}", query(&control, &place)),
            "/qc".into(),
            answer,
        )
    })
}

async fn show_place(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlWaive)?;
    let (control, place) = (code(&asked.control)?, place_of(&asked.place)?);
    let hospital = app.state();
    // The lots in use, and the longest a waiver may last: what is nearly always meant.
    let lots: Vec<String> = due_lines(&hospital, frame.now)
        .into_iter()
        .filter(|line| line.control.code == control && line.place == place)
        .flat_map(|line| line.lots)
        .map(|lot| lot.to_string())
        .collect();
    let until = hospital
        .policies
        .span(Key::WaiverMost, frame.now)
        .ok()
        .and_then(|most| frame.now.checked_add(most).ok())
        .map(|until| moment_value(&frame, until))
        .unwrap_or_default();
    let given = [("lots", lots.join(" ")), ("until", until)];
    let given = given.iter().map(|(name, value)| (*name, value.as_str()));
    let form = Form::filled(&frame, crate::web::forms::Posted::of(given));
    Ok(waive_sheet(&app, &frame, &asked, form, Answer::default())?.show())
}

async fn do_waive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlWaive)?;
    let mut form = Form::sent(&frame, posted)?;
    let (control, place) = (code(&asked.control)?, place_of(&asked.place)?);
    let until = moment(&frame, &mut form, "until");
    let lots: Result<BTreeSet<LotId>, _> = form
        .value("lots")
        .split_whitespace()
        .map(LotId::parse)
        .collect();
    let lots = lots.unwrap_or_else(|_| {
        form.refuse("lots", bad_identifier(&frame));
        BTreeSet::new()
    });
    let command = until.map(|until| {
        WaiveControl {
            control,
            place,
            lots,
            until,
            reason: form.value("why").to_owned(),
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, |_| "/qc".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(waive_sheet(&app, &frame, &asked, form, answer)?.show()),
    }
}

fn change_sheet(
    app: &App,
    frame: &Frame,
    asked: &Asked,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = &frame.t;
    let place = place_of(&asked.place)?;
    let kinds: Vec<(String, String)> = change::KINDS
        .iter()
        .map(|kind| ((*kind).to_owned(), t.m(&format!("qc-change-{kind}"))))
        .collect();
    Ok(Sheet {
        form,
        note: place_name(frame, &app.state(), &place),
        inputs: vec![
            Input::must(Kind::Choice, "kind", t.m("qc-change-kind")).of(kinds),
            Input::must(Kind::Lines, "note", t.m("qc-change-note")),
            Input::may(Kind::Moment, "at", t.m("field-at")).note(t.m("qc-ran-note")),
        ],
        ..sheet(
            frame,
            t.m("qc-change"),
            format!("/qc/change?place={place}"),
            "/qc".into(),
            answer,
        )
    })
}

async fn show_change(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let form = Form::blank(&frame);
    Ok(change_sheet(&app, &frame, &asked, form, Answer::default())?.show())
}

async fn do_change(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlRun)?;
    let mut form = Form::sent(&frame, posted)?;
    let place = place_of(&asked.place)?;
    // A minute typed is the minute's beginning; a control of that minute would count as later. Just now is left empty.
    let at = match form.value("at") {
        "" => Some(frame.now),
        _ => moment(&frame, &mut form, "at"),
    };
    let command = at.map(|at| {
        RecordChange {
            place,
            kind: form.value("kind").to_owned(),
            note: form.value("note").to_owned(),
            at,
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, |_| "/qc".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(change_sheet(&app, &frame, &asked, form, answer)?.show()),
    }
}

fn target_sheet(
    app: &App,
    frame: &Frame,
    asked: &Asked,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = &frame.t;
    let hospital = app.state();
    let code = code(&asked.control)?;
    let spec = control(&hospital, &code, frame.now).map_err(|_| PageError::NotFound)?;
    let levels: Vec<(String, String)> = spec
        .levels()
        .into_iter()
        .map(|level| (level.to_string(), level_name(frame, spec, level)))
        .collect();
    let lots: Vec<(String, String)> = hospital
        .lots
        .values()
        .filter(|lot| lot.kind == LotKind::Control)
        .map(|lot| (lot.id.to_string(), format!("{} {}", lot.id, lot.name)))
        .collect();
    let bases = Basis::ALL.map(|basis| {
        (
            basis.as_str().to_owned(),
            t.m(&format!("qc-basis-{}", basis.as_str())),
        )
    });
    Ok(Sheet {
        form,
        note: control_name(frame, &hospital, &code),
        inputs: vec![
            Input::must(Kind::Select, "level", t.m("field-level")).of(levels),
            Input::must(Kind::Select, "material", t.m("qc-material")).of(lots),
            Input::must(Kind::Text, "mean", t.m("qc-mean")),
            Input::must(Kind::Text, "sd", t.m("field-sd")),
            Input::must(Kind::Select, "basis", t.m("qc-basis")).of(bases),
            Input::must(Kind::Text, "values", t.m("qc-values")),
            Input::must(Kind::Lines, "why", t.m("act-reason")),
        ],
        ..sheet(
            frame,
            t.m("qc-target"),
            format!("/qc/target?control={code}"),
            format!("/qc/chart?control={code}&place=bench"),
            answer,
        )
    })
}

async fn show_target(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlTarget)?;
    let given = [("level", asked.level.as_str())];
    let form = Form::filled(&frame, crate::web::forms::Posted::of(given));
    Ok(target_sheet(&app, &frame, &asked, form, Answer::default())?.show())
}

async fn do_target(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlTarget)?;
    let mut form = Form::sent(&frame, posted)?;
    let control = code(&asked.control)?;
    let (bad, number) = (bad_identifier(&frame), frame.t.m("qc-bad-number"));
    let level = form.read("level", ControlCode::parse, |_| bad.clone());
    let material = form.read("material", LotId::parse, |_| bad.clone());
    let mean = form.read("mean", Decimal::parse, |_| number.clone());
    let sd = form.read("sd", Decimal::parse, |_| number.clone());
    let values = form.read("values", str::parse::<u32>, |_| number.clone());
    let basis = Basis::ALL
        .into_iter()
        .find(|basis| basis.as_str() == form.value("basis"));
    if basis.is_none() {
        form.refuse("basis", frame.t.m("sheet-choose"));
    }
    let command = match (level, material, mean, sd, values, basis) {
        (Some(level), Some(material), Some(mean), Some(sd), Some(values), Some(basis)) => Some(
            SetTarget {
                control: control.clone(),
                material,
                level,
                mean,
                sd,
                basis,
                values,
                reason: form.value("why").to_owned(),
            }
            .into(),
        ),
        _ => None,
    };
    let to = |_: &[_]| format!("/qc/chart?control={control}&place=bench");
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(target_sheet(&app, &frame, &asked, form, answer)?.show()),
    }
}
