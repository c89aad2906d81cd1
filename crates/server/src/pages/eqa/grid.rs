//! The acts on a round with a line for every sample: receiving the panel, entering results, entering the report.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::assessment::{
    Answer as Found, BlindSample, EnterResults, Entered, Item, Measure, ReceivePanel, RecordReport,
    Round, Target, Told, tube_answer,
};
use lifeline_core::command::Command;
use lifeline_core::id::{DeviceId, SampleId, UserId};
use lifeline_core::people::Action;
use lifeline_qc::Decimal;

use super::item_words;
use super::round::known;
use crate::app::App;
use crate::pages::sheet::{
    Answer, Input, Kind, answered, bad_identifier, moment, moment_value, send,
};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/eqa/rounds/{id}/receive", get(show_receive).post(receive))
        .route("/eqa/rounds/{id}/enter", get(show_enter).post(enter))
        .route("/eqa/rounds/{id}/report", get(show_report).post(report))
}

struct GridCell {
    name: String,
    words: String,
    value: String,
    wrong: String,
    /// A verified test of the tube answers it: it is shown and not typed.
    fixed: Option<(String, String)>,
}

struct GridRow {
    label: String,
    cells: Vec<GridCell>,
}

#[derive(Template)]
#[template(path = "eqa/grid.html")]
struct GridPage {
    title: String,
    note: String,
    action: String,
    back: String,
    submit: String,
    first: String,
    heads: Vec<String>,
    rows: Vec<GridRow>,
    inputs: Vec<Input>,
    answer: Answer,
    form: Form,
    frame: Frame,
}

impl GridPage {
    fn new(frame: &Frame, round: &Round, act: &str, form: Form, answer: Answer) -> Self {
        let t = frame.t;
        Self {
            title: format!("{} · {}", t.m(&format!("eqa-act-{act}")), round.label),
            note: t.m(&format!("eqa-{act}-note")),
            action: format!("/eqa/rounds/{}/{act}", round.id),
            back: format!("/eqa/rounds/{}", round.id),
            submit: t.m(&format!("eqa-act-{act}")),
            first: t.m("field-tube"),
            heads: Vec::new(),
            rows: Vec::new(),
            inputs: Vec::new(),
            answer,
            form,
            frame: frame.clone(),
        }
    }

    /// Adds a cell with what was typed there and what is wrong with it.
    fn cell(&self, name: String, words: String) -> GridCell {
        GridCell {
            value: self.form.value(&name).to_owned(),
            wrong: self.form.error(&name).to_owned(),
            name,
            words,
            fixed: None,
        }
    }

    fn show(self) -> Response {
        let wrong = self.answer.banner.is_some() || !self.form.is_ok();
        answered(render(&self), wrong)
    }
}

fn receive_page(frame: &Frame, round: &Round, form: Form, answer: Answer) -> GridPage {
    let t = frame.t;
    let mut page = GridPage::new(frame, round, "receive", form, answer);
    page.first = t.m("eqa-number");
    page.heads = vec![t.m("field-code"), t.m("field-tube")];
    for number in 0..round.expected {
        let label = (number + 1).to_string();
        let cells = [("code", "field-code"), ("tube", "field-tube")]
            .map(|(name, words)| {
                page.cell(
                    format!("{name}.{number}"),
                    format!("{} {label}", t.m(words)),
                )
            })
            .into();
        page.rows.push(GridRow { label, cells });
    }
    let intact = [("yes", t.m("eqa-intact-yes")), ("no", t.m("eqa-intact-no"))];
    page.inputs = vec![
        Input::must(Kind::Moment, "received", t.m("field-received")),
        Input::must(Kind::Choice, "intact", t.m("eqa-intact"))
            .of(intact.map(|(value, words)| (value.to_owned(), words))),
        Input::may(Kind::Text, "note", t.m("eqa-note")),
    ];
    page
}

async fn show_receive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let round = known(&app, &id)?;
    let now = moment_value(&frame, frame.now);
    let form = Form::filled(&frame, Posted::of([("received", now.as_str())]));
    Ok(receive_page(
        &frame,
        &round,
        form.seeing(app.state().seq),
        Answer::default(),
    )
    .show())
}

async fn receive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let round = known(&app, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let received = moment(&frame, &mut form, "received");
    if form.value("intact").is_empty() {
        form.refuse("intact", frame.t.m("sheet-choose"));
    }
    let mut samples = Vec::new();
    for number in 0..round.expected {
        let bad = bad_identifier(&frame);
        let tube = form.read(&format!("tube.{number}"), SampleId::parse, |_| bad);
        let code = form.value(&format!("code.{number}")).to_owned();
        samples.extend(tube.map(|tube| BlindSample { code, tube }));
    }
    let command: Option<Command> = received.map(|received| {
        ReceivePanel {
            round: round.id,
            received,
            samples,
            intact: form.has("intact", "yes"),
            note: form.value("note").into(),
        }
        .into()
    });
    let back = format!("/eqa/rounds/{}", round.id);
    match send(&app, &frame, &visit, &mut form, command, |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(receive_page(&frame, &round, form, answer).show()),
    }
}

fn cell_name(sample: usize, item: usize) -> String {
    format!("r.{sample}.{item}")
}

fn head(frame: &Frame, item: &Item) -> String {
    let words = item_words(frame, &item.code);
    match &item.measure {
        Measure::Graded => words,
        Measure::Measured { unit } => format!("{words} ({unit})"),
    }
}

fn enter_page(app: &App, frame: &Frame, round: &Round, form: Form, answer: Answer) -> GridPage {
    let t = frame.t;
    let hospital = app.state();
    let mut page = GridPage::new(frame, round, "enter", form, answer);
    page.heads = round.items.iter().map(|item| head(frame, item)).collect();
    for (row, sample) in round.samples.iter().enumerate() {
        let label = sample.tube.to_string();
        let cells = round
            .items
            .iter()
            .enumerate()
            .map(|(column, item)| {
                let words = format!("{label} {}", head(frame, item));
                let mut cell = page.cell(cell_name(row, column), words);
                cell.fixed = tube_answer(&hospital, &sample.tube, &item.code)
                    .map(|found| (found.answer.text(), found.test.to_string()));
                cell
            })
            .collect();
        page.rows.push(GridRow { label, cells });
    }
    let people = hospital
        .people
        .values()
        .filter(|person| {
            let may = |role: &lifeline_core::people::Role| {
                hospital
                    .policies
                    .grants(*role, Action::TestRecord, frame.now)
            };
            person.active && person.roles.iter().any(may)
        })
        .map(|person| {
            let name = super::timeline::person(frame, &hospital, person.id.as_str());
            (person.id.to_string(), name)
        });
    let devices = hospital
        .devices
        .all
        .values()
        .map(|device| (device.id.to_string(), device.name.clone()));
    page.inputs = vec![
        Input::must(Kind::Select, "tester", t.m("eqa-tester")).of(people),
        Input::must(Kind::Moment, "tested", t.m("field-tested")),
        Input::may(Kind::Select, "device", t.m("fact-device")).of(devices),
        Input::may(Kind::Text, "correction", t.m("field-correction"))
            .note(t.m("eqa-correction-note")),
    ];
    page
}

async fn show_enter(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentEnter)?;
    let round = known(&app, &id)?;
    let now = moment_value(&frame, frame.now);
    let me = visit.person.id.clone();
    let form = Form::filled(
        &frame,
        Posted::of([("tested", now.as_str()), ("tester", &*me)]),
    );
    let form = form.seeing(app.state().seq);
    Ok(enter_page(&app, &frame, &round, form, Answer::default()).show())
}

async fn enter(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentEnter)?;
    let round = known(&app, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let tester = form.read("tester", UserId::parse, |_| bad);
    let tested = moment(&frame, &mut form, "tested");
    let device = match form.value("device") {
        "" => None,
        _ => {
            let bad = bad_identifier(&frame);
            form.read("device", DeviceId::parse, |_| bad)
        }
    };
    let mut results = Vec::new();
    for (row, sample) in round.samples.iter().enumerate() {
        for (column, item) in round.items.iter().enumerate() {
            let name = cell_name(row, column);
            let text = form.value(&name).to_owned();
            if text.is_empty() {
                continue;
            }
            let answer = match item.measure {
                Measure::Graded => Some(Found::Word(text)),
                Measure::Measured { .. } => {
                    let wrong = frame.t.m("why-not-a-number");
                    form.read(&name, Decimal::parse, |_| wrong)
                        .map(Found::Figure)
                }
            };
            results.extend(answer.map(|answer| Entered {
                tube: sample.tube.clone(),
                item: item.code.clone(),
                answer,
            }));
        }
    }
    let command: Option<Command> = tester.zip(tested).map(|(tester, tested)| {
        EnterResults {
            round: round.id,
            tester,
            tested,
            device,
            results,
            correction: form.value("correction").into(),
        }
        .into()
    });
    let back = format!("/eqa/rounds/{}", round.id);
    match send(&app, &frame, &visit, &mut form, command, |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(enter_page(&app, &frame, &round, form, answer).show()),
    }
}

fn report_page(frame: &Frame, round: &Round, form: Form, answer: Answer) -> GridPage {
    let t = frame.t;
    let mut page = GridPage::new(frame, round, "report", form, answer);
    page.first = t.m("field-code");
    page.heads = round.items.iter().map(|item| head(frame, item)).collect();
    for (row, sample) in round.samples.iter().enumerate() {
        let cells = round
            .items
            .iter()
            .enumerate()
            .map(|(column, item)| {
                let words = format!("{} {}", sample.code, head(frame, item));
                page.cell(cell_name(row, column), words)
            })
            .collect();
        page.rows.push(GridRow {
            label: sample.code.clone(),
            cells,
        });
    }
    page.inputs = vec![Input::must(
        Kind::Text,
        "reference",
        t.m("eqa-report-number"),
    )];
    page
}

async fn show_report(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let round = known(&app, &id)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    Ok(report_page(&frame, &round, form, Answer::default()).show())
}

/// The target a cell holds: a word; for a number the assigned value, its SD and, where stated, its uncertainty; `/` for a
/// challenge that is not graded.
fn target(measure: &Measure, text: &str) -> Option<Target> {
    if text == "/" {
        return Some(Target::NotGraded);
    }
    match measure {
        Measure::Graded => (!text.is_empty()).then(|| Target::Expected(text.into())),
        Measure::Measured { .. } => {
            let mut numbers = text
                .split(|c: char| c.is_whitespace() || matches!(c, ';' | '±'))
                .filter(|part| !part.is_empty())
                .map(|part| Decimal::parse(part).ok());
            let x_pt = numbers.next()??;
            let sigma_pt = numbers.next()??;
            let u_x_pt = match numbers.next() {
                None => None,
                Some(u) => Some(u?),
            };
            numbers.next().is_none().then_some(Target::Assigned {
                x_pt,
                sigma_pt,
                u_x_pt,
            })
        }
    }
}

async fn report(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let round = known(&app, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let mut targets = Vec::new();
    for (row, sample) in round.samples.iter().enumerate() {
        for (column, item) in round.items.iter().enumerate() {
            let name = cell_name(row, column);
            match target(&item.measure, form.value(&name)) {
                Some(target) => targets.push(Told {
                    code: sample.code.clone(),
                    item: item.code.clone(),
                    target,
                }),
                None => form.refuse(&name, frame.t.m("eqa-bad-target")),
            }
        }
    }
    let command = RecordReport {
        round: round.id,
        reference: form.value("reference").into(),
        targets,
    };
    let back = format!("/eqa/rounds/{}", round.id);
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
        Err(answer) => Ok(report_page(&frame, &round, form, answer).show()),
    }
}
