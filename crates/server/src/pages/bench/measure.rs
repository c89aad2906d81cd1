//! Values measured by hand, all of one bench for one sample on one page: value, Tab, value, Enter.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{LotId, SampleId};
use lifeline_core::measured::{Assay, Draft, RecordMeasurements, Reported, assays};
use lifeline_core::people::Action;
use lifeline_core::quality::{Control, Place, plan};
use lifeline_core::sample::Sample;
use serde::Deserialize;

use super::LotChoice;
use crate::app::App;
use crate::pages::measured::limits;
use crate::pages::person::Strip;
use crate::pages::qc::{bench_name, named};
use crate::pages::results::sample_address;
use crate::pages::sheet::{Answer, answered, part, send};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    sample: String,
    #[serde(default)]
    bench: String,
}

/// One value to be typed.
struct Cell {
    name: String,
    words: String,
    unit: String,
    limits: String,
}

#[derive(Template)]
#[template(path = "bench/measure.html")]
struct MeasurePage {
    strip: Strip,
    sample: String,
    action: String,
    back: String,
    /// Benches: address, name, whether it is this one.
    benches: Vec<(String, String, bool)>,
    cells: Vec<Cell>,
    /// Whether the controls of this bench are run with lots.
    with_lots: bool,
    lots: Vec<LotChoice>,
    answer: Answer,
    form: Form,
    frame: Frame,
}

/// What can be measured by hand on one bench.
struct Bench<'a> {
    name: &'a str,
    assays: Vec<&'a Assay>,
    with_lots: bool,
}

/// The benches in the order of the assays, with what can be measured by hand on each.
fn benches<'a>(hospital: &'a Hospital, frame: &Frame) -> Vec<Bench<'a>> {
    let controls: &[Control] = plan(hospital, frame.now).unwrap_or_default();
    let mut benches: Vec<Bench<'a>> = Vec::new();
    for assay in assays(hospital, frame.now).unwrap_or_default() {
        let by_hand = controls.iter().find(|control| {
            assay.controls.contains(&control.code) && control.place.holds(hospital, &Place::Bench)
        });
        let Some(control) = by_hand else { continue };
        let at = benches
            .iter()
            .position(|bench| bench.name == control.bench)
            .unwrap_or_else(|| {
                benches.push(Bench {
                    name: &control.bench,
                    assays: Vec::new(),
                    with_lots: false,
                });
                benches.len() - 1
            });
        if let Some(bench) = benches.get_mut(at) {
            bench.assays.push(assay);
            bench.with_lots |= !control.lots.is_empty();
        }
    }
    benches
}

/// What a page is about: the sample, and the bench of all that there are.
struct Task<'a> {
    sample: &'a Sample,
    benches: Vec<Bench<'a>>,
    chosen: usize,
}

impl<'a> Task<'a> {
    fn asked(hospital: &'a Hospital, frame: &Frame, asked: &Asked) -> Result<Self, PageError> {
        let sample = SampleId::parse(&asked.sample)
            .ok()
            .and_then(|id| hospital.samples.get(&id))
            .ok_or(PageError::NotFound)?;
        let benches = benches(hospital, frame);
        let chosen = benches.iter().position(|bench| bench.name == asked.bench);
        Ok(Self {
            sample,
            chosen: chosen.unwrap_or(0),
            benches,
        })
    }

    fn bench(&self) -> Result<&Bench<'a>, PageError> {
        self.benches.get(self.chosen).ok_or(PageError::NotFound)
    }

    fn address(&self, bench: &str) -> String {
        format!(
            "/bench/measure?sample={}&bench={}",
            part(self.sample.id.as_str()),
            part(bench)
        )
    }
}

fn field(assay: &Assay) -> String {
    format!("value.{}", assay.code)
}

fn page(
    hospital: &Hospital,
    frame: Frame,
    task: &Task<'_>,
    form: Form,
    answer: Answer,
) -> Result<Response, PageError> {
    let wrong = answer.banner.is_some() || !form.is_ok();
    let bench = task.bench()?;
    let cells = bench
        .assays
        .iter()
        .map(|assay| Cell {
            name: field(assay),
            words: named(&frame, &assay.zh, &assay.en).to_owned(),
            unit: assay.unit.clone(),
            limits: limits(&frame, hospital, assay, task.sample),
        })
        .collect();
    let choices = task.benches.iter().enumerate().map(|(at, bench)| {
        (
            task.address(bench.name),
            bench_name(&frame, bench.name),
            at == task.chosen,
        )
    });
    let page = render(&MeasurePage {
        strip: Strip::find(&frame, hospital, task.sample.patient)?,
        sample: task.sample.id.to_string(),
        action: task.address(bench.name),
        back: sample_address(task.sample.id.as_str()),
        benches: choices.collect(),
        cells,
        with_lots: bench.with_lots,
        lots: super::lots(hospital, &frame),
        answer,
        form,
        frame,
    });
    Ok(answered(page, wrong))
}

/// Lots of the newest values of this bench by hand that may still be used.
fn last_lots(hospital: &Hospital, frame: &Frame, bench: &Bench<'_>) -> BTreeSet<LotId> {
    let newest = bench
        .assays
        .iter()
        .filter_map(|assay| {
            hospital
                .measurements
                .stream(&assay.code, &Place::Bench)
                .next_back()
        })
        .filter_map(|one| one.latest())
        .max_by_key(|version| version.entered.seq);
    newest
        .into_iter()
        .flat_map(|version| &version.work.lots)
        .filter(|lot| {
            hospital
                .lots
                .get(*lot)
                .is_some_and(|lot| lot.usable(frame.now))
        })
        .cloned()
        .collect()
}

/// `GET /bench/measure?sample=&bench=`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let task = Task::asked(&hospital, &frame, &asked)?;
    let lots = last_lots(&hospital, &frame, task.bench()?);
    let values = lots.iter().map(|lot| ("lot", lot.as_str()));
    let form = Form::filled(&frame, Posted::of(values));
    page(&hospital, frame, &task, form, Answer::default())
}

/// `POST /bench/measure`: everything typed, or nothing where something cannot stand.
pub(super) async fn record(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let task = Task::asked(&hospital, &frame, &asked)?;
    let mut form = Form::sent(&frame, posted)?;
    let lots: BTreeSet<LotId> = form
        .posted()
        .all("lot")
        .filter_map(|lot| LotId::parse(lot).ok())
        .collect();
    let mut drafts = Vec::new();
    for assay in &task.bench()?.assays {
        let wrong = frame.t.m("measured-no-value");
        let value = form.read_optional(&field(assay), Reported::parse, |_| wrong);
        drafts.extend(value.map(|value| Draft {
            assay: assay.code.clone(),
            sample: task.sample.id.clone(),
            value,
            lots: lots.clone(),
            read: frame.now,
        }));
    }
    if let Some(first) = task.bench()?.assays.first()
        && drafts.is_empty()
        && form.is_ok()
    {
        form.refuse(&field(first), frame.t.m("measured-nothing"));
    }
    let command: Option<Command> = form.is_ok().then(|| RecordMeasurements { drafts }.into());
    let back = sample_address(task.sample.id.as_str());
    match send(&app, &frame, &visit, &mut form, command, |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => page(&hospital, frame, &task, form, answer),
    }
}
