//! Work-ups of group discrepancies: what waits, one work-up with its steps, the conclusion and its verification.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use lifeline_core::blood::BloodGroup;
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{DiscrepancyId, TestId};
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_core::testing::Test;
use lifeline_core::testing::discrepancy::{
    ConcludeDiscrepancy, Discrepancy, DiscrepancyEvent, OpenDiscrepancy, Outcome,
    RecordDiscrepancyStep, ReopenDiscrepancy, Ruling, Stated, VerifyDiscrepancy, discrepant,
    resolution,
};
use lifeline_core::testing::group::{Cause, Interim, Step};
use serde::Deserialize;

use super::person::Strip;
use super::results::wells;
use super::sheet::{Answer, Input, Kind, Sheet, send};
use super::timeline;
use crate::app::App;
use crate::web::components::{GroupMark, Moment, TimelineEntry, Tone};
use crate::web::words::subject_address;
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The most work-ups the list shows.
const LINES_MOST: usize = 200;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/bench/discrepancies", get(list))
        .route("/bench/discrepancies/{id}", get(show))
        .route(
            "/bench/discrepancies/{id}/step",
            get(ask_step).post(take_step),
        )
        .route(
            "/bench/discrepancies/{id}/conclude",
            get(ask_conclusion).post(conclude),
        )
        .route("/bench/discrepancies/{id}/verify", post(verify))
        .route(
            "/bench/discrepancies/{id}/reopen",
            get(ask_reopen).post(reopen),
        )
        .route("/tests/{test}/work-up", get(ask_open).post(open))
}

/// The address of a work-up.
pub fn address(id: DiscrepancyId) -> String {
    subject_address(&Subject::from(id).to_string())
}

/// What a result page says of a discrepant reading, and where it leads.
pub struct Lead {
    /// What is wrong.
    pub category: String,
    /// What that means.
    pub meaning: String,
    /// What may be given meanwhile.
    pub interim: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// The work-up, or the page that opens it.
    pub href: String,
    /// Its words.
    pub words: String,
}

impl Lead {
    /// Of a test whose newest reading gives no group; `None` for any other.
    pub fn of(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Self> {
        if !discrepant(test) {
            return None;
        }
        let running = hospital
            .discrepancies
            .of_test(test.id)
            .filter(|found| !found.superseded(hospital));
        let stated = running
            .map(|found| found.stated.clone())
            .unwrap_or_default();
        let found = resolution(hospital, test, &stated, frame.now)?;
        let t = frame.t;
        let word = found.category?.word();
        Some(Self {
            category: t.m(word),
            meaning: t.m(&format!("{word}-note")),
            interim: found
                .interim
                .map(|interim| interim_words(frame, interim))
                .unwrap_or_default(),
            steps: found.next.iter().map(|step| t.m(step.word())).collect(),
            href: running.map_or_else(
                || format!("/tests/{}/work-up", test.id),
                |found| address(found.id),
            ),
            words: match running {
                Some(found) => t.m(found.word(hospital)),
                None => t.m("workup-open"),
            },
        })
    }
}

fn interim_words(frame: &Frame, interim: Interim) -> String {
    let mark = |abo, rhd| {
        GroupMark {
            abo: Some(abo),
            rhd,
        }
        .words(&frame.t)
    };
    frame.t.a(
        "workup-interim",
        &[
            ("cells", &mark(interim.red_cells, Some(interim.rhd))),
            ("plasma", &interim.plasma.as_str()),
        ],
    )
}

fn ruling_words(frame: &Frame, ruling: Ruling) -> String {
    match ruling {
        Ruling::Group(group) => frame.t.a(
            "ruling-group-of",
            &[("group", &GroupMark::from(group).words(&frame.t))],
        ),
        Ruling::FileStands => frame.t.m("ruling-file_stands"),
        Ruling::Interim => frame.t.m("ruling-interim"),
    }
}

fn tone(hospital: &Hospital, found: &Discrepancy) -> Tone {
    match &found.conclusion {
        _ if found.superseded(hospital) => Tone::Note,
        Some(conclusion) if conclusion.ruling != Ruling::Interim => match conclusion.verified {
            Some(_) => Tone::Good,
            None => Tone::Warn,
        },
        _ => Tone::Stop,
    }
}

struct Line {
    id: String,
    href: String,
    patient: String,
    test: (String, String),
    category: String,
    state: (Tone, String),
    open: i64,
    since: Moment,
}

struct Waiting {
    test: String,
    href: String,
    patient: String,
    category: String,
    open: String,
    read: Option<Moment>,
}

#[derive(Template)]
#[template(path = "bench/discrepancies.html")]
struct ListPage {
    waiting: Vec<Waiting>,
    running: Vec<Line>,
    closed: Vec<Line>,
    may_open: bool,
    frame: Frame,
}

fn patient_name(hospital: &Hospital, found: &Discrepancy) -> String {
    hospital
        .patients
        .current(found.patient)
        .map(|patient| patient.demographics.name.clone())
        .unwrap_or_default()
}

fn line(frame: &Frame, hospital: &Hospital, found: &Discrepancy) -> Line {
    Line {
        id: found.id.to_string(),
        href: address(found.id),
        patient: patient_name(hospital, found),
        test: (
            found.test.to_string(),
            subject_address(&Subject::from(found.test).to_string()),
        ),
        category: frame.t.m(found.category.word()),
        state: (tone(hospital, found), frame.t.m(found.word(hospital))),
        open: i64::try_from(found.open_steps().count()).unwrap_or(i64::MAX),
        since: frame.moment(found.changed.at),
    }
}

/// `GET /bench/discrepancies`.
async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let waiting = hospital
        .tests
        .pending()
        .filter(|test| {
            discrepant(test)
                && hospital
                    .discrepancies
                    .of_test(test.id)
                    .is_none_or(|found| found.superseded(&hospital))
        })
        .take(LINES_MOST)
        .filter_map(|test| {
            let lead = Lead::of(&frame, &hospital, test)?;
            let line = super::results::TestLine::of(&frame, &hospital, test)?;
            Some(Waiting {
                test: line.id,
                href: line.href,
                patient: line.patient,
                category: lead.category,
                open: lead.href,
                read: test.latest().map(|version| frame.moment(version.read)),
            })
        })
        .collect();
    let (running, closed): (Vec<_>, Vec<_>) = hospital
        .discrepancies
        .iter()
        .rev()
        .take(LINES_MOST)
        .partition(|found| {
            let settled = found.conclusion.as_ref().is_some_and(|conclusion| {
                conclusion.verified.is_some() && conclusion.ruling != Ruling::Interim
            });
            !settled && !found.superseded(&hospital)
        });
    let lines = |all: Vec<&std::sync::Arc<Discrepancy>>| {
        all.into_iter()
            .map(|found| line(&frame, &hospital, found))
            .collect()
    };
    Ok(render(&ListPage {
        waiting,
        running: lines(running),
        closed: lines(closed),
        may_open: app.may(&visit, Action::TestRecord),
        frame,
    }))
}

struct StepLine {
    name: String,
    href: String,
    taken: Vec<TakenLine>,
}

struct TakenLine {
    outcome: (Tone, String),
    note: String,
    by: String,
    at: Moment,
}

struct Concluded {
    cause: String,
    ruling: String,
    note: String,
    by: String,
    at: Moment,
    verified: Option<(String, Moment)>,
}

#[derive(Template)]
#[template(path = "bench/discrepancy.html")]
struct Page {
    strip: Option<Strip>,
    id: String,
    href: String,
    test: (String, String),
    sample: (String, String),
    category: String,
    meaning: String,
    state: (Tone, String),
    interim: String,
    stated: Vec<String>,
    wells: Vec<(String, String)>,
    steps: Vec<StepLine>,
    concluded: Option<Concluded>,
    banner: Answer,
    verify: Option<Form>,
    may_step: bool,
    may_conclude: bool,
    may_reopen: bool,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn known(hospital: &Hospital, id: &str) -> Result<std::sync::Arc<Discrepancy>, PageError> {
    let id: DiscrepancyId = id.parse().map_err(|_| PageError::NotFound)?;
    hospital
        .discrepancies
        .get(id)
        .cloned()
        .ok_or(PageError::NotFound)
}

fn steps(frame: &Frame, hospital: &Hospital, found: &Discrepancy) -> Vec<StepLine> {
    let t = frame.t;
    let mut order: Vec<Step> = found.advised.clone();
    for taken in &found.taken {
        if !order.contains(&taken.step) {
            order.push(taken.step);
        }
    }
    order
        .into_iter()
        .map(|step| StepLine {
            name: t.m(step.word()),
            href: format!("{}/step?step={}", address(found.id), step.as_str()),
            taken: found
                .taken
                .iter()
                .filter(|taken| taken.step == step)
                .map(|taken| TakenLine {
                    outcome: (
                        match taken.outcome {
                            Outcome::Explains => Tone::Good,
                            Outcome::RulesOut => Tone::Note,
                            Outcome::Unclear | Outcome::NotDone => Tone::Warn,
                        },
                        t.m(&format!("outcome-{}", taken.outcome.as_str())),
                    ),
                    note: taken.note.clone(),
                    by: timeline::person(frame, hospital, taken.stamp.by.as_str()),
                    at: frame.moment(taken.stamp.at),
                })
                .collect(),
        })
        .collect()
}

fn stated(frame: &Frame, stated: &Stated) -> Vec<String> {
    let t = frame.t;
    let mut lines = Vec::new();
    if let Some(group) = stated.transfused {
        let group = GroupMark::from(group).words(&t);
        lines.push(t.a("workup-transfused-with", &[("group", &group)]));
    }
    if stated.transplanted {
        lines.push(t.m("workup-transplanted"));
    }
    if stated.disease {
        lines.push(t.m("workup-disease"));
    }
    lines
}

async fn page(
    app: &App,
    frame: Frame,
    visit: &Visit,
    found: &Discrepancy,
    banner: Answer,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let t = frame.t;
    let version = hospital
        .tests
        .get(found.test)
        .and_then(|test| test.versions.get(found.version.saturating_sub(1)).cloned());
    let standing = !found.superseded(&hospital);
    let open = standing && found.conclusion.is_none();
    let conclusion = found.conclusion.as_ref();
    let waits = conclusion.is_some_and(|conclusion| conclusion.verified.is_none());
    let own =
        conclusion.is_some_and(|conclusion| conclusion.stamp.by.as_str() == &*visit.person.id);
    let interim = hospital
        .tests
        .get(found.test)
        .and_then(|test| resolution(&hospital, test, &found.stated, frame.now))
        .and_then(|resolved| resolved.interim)
        .filter(|_| {
            standing
                && conclusion.is_none_or(|conclusion| {
                    conclusion.verified.is_none() || conclusion.ruling == Ruling::Interim
                })
        });
    let subject = Subject::from(found.id);
    let may_verify = standing && app.may(visit, Action::TestVerify);
    Ok(render(&Page {
        strip: Strip::find(&frame, &hospital, found.patient).ok(),
        id: found.id.to_string(),
        href: address(found.id),
        test: (
            found.test.to_string(),
            subject_address(&Subject::from(found.test).to_string()),
        ),
        sample: (
            found.sample.to_string(),
            subject_address(&Subject::from(found.sample.clone()).to_string()),
        ),
        category: t.m(found.category.word()),
        meaning: t.m(&format!("{}-note", found.category.word())),
        state: (tone(&hospital, found), t.m(found.word(&hospital))),
        interim: interim
            .map(|interim| interim_words(&frame, interim))
            .unwrap_or_default(),
        stated: stated(&frame, &found.stated),
        wells: version
            .map(|version| wells(&frame, &version.readings))
            .unwrap_or_default(),
        steps: steps(&frame, &hospital, found),
        concluded: conclusion.map(|conclusion| Concluded {
            cause: t.m(conclusion.cause.word()),
            ruling: ruling_words(&frame, conclusion.ruling),
            note: conclusion.note.clone(),
            by: timeline::person(&frame, &hospital, conclusion.stamp.by.as_str()),
            at: frame.moment(conclusion.stamp.at),
            verified: conclusion.verified.as_ref().map(|stamp| {
                (
                    timeline::person(&frame, &hospital, stamp.by.as_str()),
                    frame.moment(stamp.at),
                )
            }),
        }),
        banner,
        verify: (may_verify && waits && !own).then(|| Form::blank(&frame).seeing(hospital.seq)),
        may_step: open && app.may(visit, Action::TestRecord),
        may_conclude: open && app.may(visit, Action::TestRecord),
        may_reopen: may_verify
            && conclusion.is_some_and(|conclusion| {
                conclusion.verified.is_none() || conclusion.ruling == Ruling::Interim
            }),
        timeline: timeline::of(app, &frame, &[subject]).await?,
        frame,
    }))
}

/// `GET /bench/discrepancies/{id}`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let found = known(&app.state(), &id)?;
    page(&app, frame, &visit, &found, Answer::default()).await
}

/// `POST /bench/discrepancies/{id}/verify`.
async fn verify(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestVerify)?;
    let found = known(&app.state(), &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = VerifyDiscrepancy {
        discrepancy: found.id,
    };
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let shown = page(&app, frame, &visit, &found, answer).await?;
            Ok(super::sheet::answered(shown, true))
        }
    }
}

/// A short form about a work-up or the test it is to be opened on.
struct Asked {
    action: String,
    back: String,
    title: String,
    note: String,
    submit: String,
    inputs: Vec<Input>,
}

fn sheet(frame: Frame, strip: Option<Strip>, asked: Asked, form: Form, answer: Answer) -> Response {
    Sheet {
        strip,
        form,
        title: asked.title,
        note: asked.note,
        action: asked.action,
        back: asked.back,
        submit: asked.submit,
        answer,
        inputs: asked.inputs,
        second: None,
        frame,
    }
    .show()
}

fn groups(frame: &Frame) -> Vec<(String, String)> {
    ["O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-"]
        .into_iter()
        .filter_map(|text| {
            let group = BloodGroup::parse(text).ok()?;
            Some((text.to_owned(), GroupMark::from(group).words(&frame.t)))
        })
        .collect()
}

fn known_test(hospital: &Hospital, test: &str) -> Result<std::sync::Arc<Test>, PageError> {
    let id: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    hospital.tests.get(id).cloned().ok_or(PageError::NotFound)
}

fn asked_open(frame: &Frame, test: &Test, lead: Option<&Lead>) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("/tests/{}/work-up", test.id),
        back: format!("/tests/{}", test.id),
        title: t.m("workup-open"),
        note: lead.map(|lead| lead.category.clone()).unwrap_or_default(),
        submit: t.m("workup-open"),
        inputs: vec![
            Input::may(Kind::Select, "transfused", t.m("workup-transfused"))
                .note(t.m("workup-transfused-note"))
                .of(groups(frame)),
            Input::may(Kind::Tick, "transplanted", t.m("workup-transplanted")),
            Input::may(Kind::Tick, "disease", t.m("workup-disease")),
        ],
    }
}

fn test_strip(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Strip> {
    match &test.material {
        lifeline_core::testing::Material::Sample(id) => {
            Strip::find(frame, hospital, hospital.samples.get(id)?.patient).ok()
        }
        lifeline_core::testing::Material::Unit(_) => None,
    }
}

/// `GET /tests/{test}/work-up`.
async fn ask_open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let lead = Lead::of(&frame, &hospital, &test);
    let asked = asked_open(&frame, &test, lead.as_ref());
    let strip = test_strip(&frame, &hospital, &test);
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /tests/{test}/work-up`.
async fn open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let mut form = Form::sent(&frame, posted)?;
    let transfused = match form.value("transfused") {
        "" => None,
        _ => {
            let wrong = frame.t.m("sheet-choose");
            form.read("transfused", BloodGroup::parse, |_| wrong)
        }
    };
    let command = OpenDiscrepancy {
        test: test.id,
        version: test.versions.len(),
        stated: Stated {
            transfused,
            transplanted: form.has("transplanted", "yes"),
            disease: form.has("disease", "yes"),
        },
    };
    let to = |facts: &[(_, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Discrepancy(DiscrepancyEvent::Opened { discrepancy, .. }) => {
                    Some(address(*discrepancy))
                }
                _ => None,
            })
            .unwrap_or_else(|| "/bench/discrepancies".into())
    };
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let lead = Lead::of(&frame, &hospital, &test);
            let asked = asked_open(&frame, &test, lead.as_ref());
            let strip = test_strip(&frame, &hospital, &test);
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    step: String,
}

fn asked_step(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("{}/step", address(found.id)),
        back: address(found.id),
        title: t.m("workup-step-title"),
        note: t.m("workup-step-note"),
        submit: t.m("sheet-record"),
        inputs: vec![
            Input::must(Kind::Select, "step", t.m("workup-step")).of(Step::ALL
                .iter()
                .map(|step| (step.as_str().to_owned(), t.m(step.word())))),
            Input::must(Kind::Choice, "outcome", t.m("workup-outcome")).of(Outcome::ALL.map(
                |outcome| {
                    let words = t.m(&format!("outcome-{}", outcome.as_str()));
                    (outcome.as_str().to_owned(), words)
                },
            )),
            Input::must(Kind::Lines, "result", t.m("workup-result")),
        ],
    }
}

/// `GET /bench/discrepancies/{id}/step?step=`.
async fn ask_step(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_step(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::filled(&frame, Posted::of([("step", which.step.as_str())]));
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// Reads a choice; one that was not made is told beside its field.
fn chosen<T>(
    frame: &Frame,
    form: &mut Form,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = read(form.value(name));
    if found.is_none() {
        form.refuse(name, frame.t.m("sheet-choose"));
    }
    found
}

/// `POST /bench/discrepancies/{id}/step`.
async fn take_step(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let step = chosen(&frame, &mut form, "step", Step::parse);
    let outcome = chosen(&frame, &mut form, "outcome", Outcome::parse);
    let command = step.zip(outcome).map(|(step, outcome)| {
        Command::from(RecordDiscrepancyStep {
            discrepancy: found.id,
            step,
            outcome,
            note: form.value("result").into(),
        })
    });
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_step(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

fn asked_conclusion(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    let rulings = groups(frame)
        .into_iter()
        .map(|(value, group)| (value, t.a("ruling-group-of", &[("group", &group)])))
        .chain([
            ("file_stands".into(), t.m("ruling-file_stands")),
            ("interim".into(), t.m("ruling-interim")),
        ]);
    Asked {
        action: format!("{}/conclude", address(found.id)),
        back: address(found.id),
        title: t.m("workup-conclude"),
        note: t.m("workup-conclude-note"),
        submit: t.m("workup-conclude"),
        inputs: vec![
            Input::must(Kind::Select, "cause", t.m("workup-cause")).of(Cause::ALL
                .iter()
                .map(|cause| (cause.as_str().to_owned(), t.m(cause.word())))),
            Input::must(Kind::Select, "ruling", t.m("workup-ruling")).of(rulings),
            Input::must(Kind::Lines, "result", t.m("workup-conclusion")),
        ],
    }
}

fn ruling(text: &str) -> Option<Ruling> {
    match text {
        "file_stands" => Some(Ruling::FileStands),
        "interim" => Some(Ruling::Interim),
        text => BloodGroup::parse(text).ok().map(Ruling::Group),
    }
}

/// `GET /bench/discrepancies/{id}/conclude`.
async fn ask_conclusion(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_conclusion(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /bench/discrepancies/{id}/conclude`.
async fn conclude(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let cause = chosen(&frame, &mut form, "cause", Cause::parse);
    let ruled = chosen(&frame, &mut form, "ruling", ruling);
    let command = cause.zip(ruled).map(|(cause, ruling)| {
        Command::from(ConcludeDiscrepancy {
            discrepancy: found.id,
            cause,
            ruling,
            note: form.value("result").into(),
        })
    });
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_conclusion(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

fn asked_reopen(frame: &Frame, found: &Discrepancy) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("{}/reopen", address(found.id)),
        back: address(found.id),
        title: t.m("workup-reopen"),
        note: t.m("workup-reopen-note"),
        submit: t.m("workup-reopen"),
        inputs: vec![Input::must(Kind::Lines, "why", t.m("act-reason"))],
    }
}

/// `GET /bench/discrepancies/{id}/reopen`.
async fn ask_reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestVerify)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = asked_reopen(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /bench/discrepancies/{id}/reopen`.
async fn reopen(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestVerify)?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = ReopenDiscrepancy {
        discrepancy: found.id,
        reason: form.value("why").into(),
    };
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = asked_reopen(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}
