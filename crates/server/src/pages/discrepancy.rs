//! Work-ups of group discrepancies: what waits, one work-up with its steps, the conclusion and its verification.

mod forms;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::DiscrepancyId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_core::testing::Test;
use lifeline_core::testing::discrepancy::{
    Discrepancy, Outcome, Ruling, Stated, VerifyDiscrepancy, discrepant, resolution,
};
use lifeline_core::testing::group::{Interim, Step};

use super::person::Strip;
use super::results::wells;
use super::sheet::{Answer, send};
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
        .route("/bench/discrepancies/{id}/verify", post(verify))
        .route(
            "/bench/discrepancies/{id}/{act}",
            get(forms::ask).post(forms::carry_out),
        )
        .route(
            "/tests/{test}/work-up",
            get(forms::ask_open).post(forms::open),
        )
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
