//! Targets that the values on file give: which may be put in force, and why the others may not.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, LotId};
use lifeline_core::people::Action;
use lifeline_core::quality::{AdoptTarget, Basis, Control, Reads, control, counted, proposal};
use lifeline_core::testing::LotKind;
use lifeline_qc::{Decimal, Limits};
use serde::Deserialize;

use super::{control_name, level_name};
use crate::app::App;
use crate::pages::sheet::{Answer, answered, part, send};
use crate::web::components::FindingLine;
use crate::web::{Form, Frame, PageError, Posted, Visit, render, words};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/adopt", get(show).post(adopt))
}

#[derive(Deserialize)]
struct Asked {
    control: String,
}

/// What one way of computing gives for a material's level.
struct Way {
    basis: String,
    /// The answer of the form; none where there is nothing to adopt.
    choice: Option<String>,
    limits: String,
    values: u32,
    days: u32,
    why: Option<FindingLine>,
}

struct Material {
    level: String,
    lot: String,
    in_force: String,
    values: usize,
    ways: Vec<Way>,
}

#[derive(Template)]
#[template(path = "qc/adopt.html")]
struct AdoptPage {
    control: String,
    name: String,
    unit: String,
    materials: Vec<Material>,
    form: Form,
    answer: Answer,
    frame: Frame,
}

/// Between the parts of a choice; no part of it may hold one.
const BETWEEN: char = '|';

fn way(
    frame: &Frame,
    hospital: &Hospital,
    spec: &Control,
    (lot, level): (&LotId, &ControlCode),
    basis: Basis,
) -> Way {
    let words = frame.t.m(&format!("qc-basis-{}", basis.as_str()));
    match proposal(hospital, spec, (lot, level), basis, frame.now) {
        Ok(found) => {
            let (mean, sd) = (found.limits.mean(), found.limits.sd());
            let parts = [
                level.to_string(),
                lot.to_string(),
                basis.as_str().to_owned(),
                mean.to_string(),
                sd.to_string(),
            ];
            Way {
                basis: words,
                choice: Some(parts.join(&BETWEEN.to_string())),
                limits: format!("{mean} ± {sd}"),
                values: found.values,
                days: found.days,
                why: None,
            }
        }
        Err(finding) => Way {
            basis: words,
            choice: None,
            limits: String::new(),
            values: 0,
            days: 0,
            why: Some(words::finding(frame, &finding)),
        },
    }
}

fn page(
    app: &App,
    frame: &Frame,
    asked: &Asked,
    form: Form,
    answer: Answer,
) -> Result<AdoptPage, PageError> {
    let hospital = app.state();
    let code = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
    let spec = control(&hospital, &code, frame.now).map_err(|_| PageError::NotFound)?;
    let mut materials = Vec::new();
    for level in spec.levels() {
        let lots = hospital
            .lots
            .values()
            .filter(|lot| lot.kind == LotKind::Control);
        for lot in lots {
            let values = counted(&hospital, spec, (&lot.id, level), frame.now).len();
            if values == 0 {
                continue;
            }
            let in_force = hospital
                .quality
                .target(&code, &lot.id, level, frame.now)
                .map(|target| format!("{} ± {}", target.limits.mean(), target.limits.sd()));
            materials.push(Material {
                level: level_name(frame, spec, level),
                lot: lot.id.to_string(),
                in_force: in_force.unwrap_or_else(|| frame.t.m("cover-establishing")),
                values,
                ways: Basis::COMPUTED
                    .map(|basis| way(frame, &hospital, spec, (&lot.id, level), basis))
                    .into(),
            });
        }
    }
    Ok(AdoptPage {
        name: control_name(frame, &hospital, &code),
        control: code.to_string(),
        unit: match &spec.reads {
            Reads::Measured(measured) => measured.unit.clone(),
            Reads::Graded(_) => String::new(),
        },
        materials,
        form,
        answer,
        frame: frame.clone(),
    })
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlTarget)?;
    let form = Form::blank(&frame);
    Ok(render(&page(
        &app,
        &frame,
        &asked,
        form,
        Answer::default(),
    )?))
}

/// The choice of the form as it was shown; none where it is not one of this page's.
fn chosen(text: &str) -> Option<(ControlCode, LotId, Basis, Limits)> {
    let mut parts = text.split(BETWEEN);
    let level = ControlCode::parse(parts.next()?).ok()?;
    let lot = LotId::parse(parts.next()?).ok()?;
    let word = parts.next()?;
    let basis = Basis::COMPUTED
        .into_iter()
        .find(|basis| basis.as_str() == word)?;
    let mean = Decimal::parse(parts.next()?).ok()?;
    let sd = Decimal::parse(parts.next()?).ok()?;
    let limits = Limits::new(mean, sd).ok()?;
    parts
        .next()
        .is_none()
        .then_some((level, lot, basis, limits))
}

async fn adopt(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ControlTarget)?;
    let mut form = Form::sent(&frame, posted)?;
    let control = ControlCode::parse(&asked.control).map_err(|_| PageError::NotFound)?;
    let choice = chosen(form.value("choice"));
    if choice.is_none() {
        form.refuse("choice", frame.t.m("sheet-choose"));
    }
    let command = choice.map(|(level, material, basis, seen)| {
        AdoptTarget {
            control: control.clone(),
            material,
            level,
            basis,
            seen,
            reason: form.value("why").to_owned(),
        }
        .into()
    });
    let to = |_: &[_]| format!("/qc/adopt?control={}", part(control.as_str()));
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let page = page(&app, &frame, &asked, form, answer)?;
            Ok(answered(render(&page), true))
        }
    }
}
