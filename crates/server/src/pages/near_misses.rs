//! Near misses: the list, the report anybody may make, and the look into one to its end.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::NearMissId;
use lifeline_core::near_miss::{CloseNearMiss, NearMiss, ReportNearMiss};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::subject::Subject;

use super::alarms::named;
use super::parts::{Named, listed};
use super::sheet::{Answer, Input, Kind, Sheet, moment, moment_value, send};
use super::timeline;
use crate::app::App;
use crate::web::words::{self, address};
use crate::web::{Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render};

/// The most near misses of the list.
const LINES_MOST: usize = 300;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/near-misses", get(list))
        .route("/near-misses/new", get(new).post(report))
        .route("/near-misses/{id}", get(show).post(close))
}

struct Line {
    id: String,
    href: String,
    kind: String,
    account: String,
    happened: Moment,
    about: Vec<(String, String)>,
    by: String,
    state: (Tone, String),
    learnt: String,
}

#[derive(Template)]
#[template(path = "quality/near_misses.html")]
struct ListPage {
    lines: Vec<Line>,
    may_report: bool,
    frame: Frame,
}

/// Who may report may read what became of it; who reads how the department governs itself reads these too.
fn look(app: &App, visit: &Visit) -> Result<(), PageError> {
    app.look(visit, Action::NearMissReport)
        .or_else(|_| app.look(visit, Action::ViewGovernance))
}

/// What happened, in words; of a disagreement between proposal and gate, what the gate found.
fn account(frame: &Frame, hospital: &Hospital, found: &NearMiss) -> String {
    let dispute = hospital.crossmatches.dispute_of(found.id);
    match dispute.filter(|_| found.account.is_empty()) {
        Some(dispute) => {
            let findings = dispute.findings.iter();
            let found: Vec<String> = findings
                .map(|finding| words::finding(frame, finding).what)
                .collect();
            found.join(&frame.t.m("list-separator"))
        }
        None => found.account.clone(),
    }
}

fn line(frame: &Frame, hospital: &Hospital, found: &NearMiss) -> Line {
    let t = frame.t;
    Line {
        id: found.id.to_string(),
        href: format!("/near-misses/{}", found.id),
        kind: timeline::worded(
            frame,
            &format!("near-miss-kind-{}", found.kind),
            &found.kind,
        ),
        account: account(frame, hospital, found),
        happened: frame.moment(found.happened),
        about: found
            .about
            .iter()
            .map(|subject| (named(frame, hospital, subject), address(subject)))
            .collect(),
        by: if found.by_rule {
            t.m("near-miss-by-rule")
        } else {
            timeline::person(frame, hospital, found.reported.by.as_str())
        },
        state: match found.closed {
            Some(_) => (Tone::Good, t.m("near-miss-closed")),
            None => (Tone::Warn, t.m("near-miss-open")),
        },
        learnt: found
            .closed
            .as_ref()
            .map(|closed| format!("{} → {}", closed.cause, closed.measure))
            .unwrap_or_default(),
    }
}

async fn list(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    look(&app, &visit)?;
    frame.room = Some(Room::NearMisses);
    let hospital = app.state();
    let mut lines: Vec<Line> = hospital
        .near_misses
        .open()
        .take(LINES_MOST)
        .map(|found| line(&frame, &hospital, found))
        .collect();
    let closed = hospital.near_misses.iter().rev();
    lines.extend(
        closed
            .filter(|found| found.closed.is_some())
            .take(LINES_MOST)
            .map(|found| line(&frame, &hospital, found)),
    );
    Ok(render(&ListPage {
        lines,
        may_report: app.may(&visit, Action::NearMissReport),
        frame,
    }))
}

fn report_sheet(mut frame: Frame, hospital: &Hospital, form: Form, answer: Answer) -> Sheet {
    frame.room = Some(Room::NearMisses);
    let t = frame.t;
    Sheet {
        form,
        title: t.m("near-miss-report"),
        note: t.m("near-miss-report-note"),
        action: "/near-misses/new".into(),
        back: "/near-misses".into(),
        submit: t.m("near-miss-report"),
        strip: None,
        answer,
        inputs: vec![
            Input::must(Kind::Select, "kind", t.m("near-miss-kind")).of(listed(
                &frame,
                hospital,
                Key::NearMissKinds,
                "near-miss-kind",
            )),
            Input::must(Kind::Moment, "happened", t.m("near-miss-happened")),
            Input::must(Kind::Lines, "account", t.m("near-miss-account")),
            Input::may(Kind::Text, "about", t.m("near-miss-about"))
                .note(t.m("near-miss-about-note")),
        ],
        second: None,
        frame,
    }
}

async fn new(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::NearMissReport)?;
    let now = moment_value(&frame, frame.now);
    let form = Form::filled(&frame, Posted::of([("happened", now.as_str())]));
    Ok(report_sheet(frame, &app.state(), form, Answer::default()).show())
}

/// A thing by its number or barcode, as people write it.
fn thing(hospital: &Hospital, text: &str) -> Option<Subject> {
    let words = [
        "unit",
        "sample",
        "request",
        "test",
        "crossmatch",
        "issue",
        "near-miss",
    ];
    let patient = super::patient::find(hospital, text).map(Subject::from);
    patient.or_else(|| {
        words
            .iter()
            .filter_map(|word| format!("{word}:{text}").parse::<Subject>().ok())
            .find(|subject| hospital.changed(subject).is_some())
    })
}

async fn report(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::NearMissReport)?;
    let hospital = app.state();
    let mut form = Form::sent(&frame, posted)?;
    let happened = moment(&frame, &mut form, "happened");
    let about: Option<Vec<Subject>> = form.read(
        "about",
        |text| {
            text.split_whitespace()
                .map(|text| thing(&hospital, text).ok_or(()))
                .collect()
        },
        |()| frame.t.m("near-miss-about-unknown"),
    );
    let command = happened.zip(about).map(|(happened, about)| {
        ReportNearMiss {
            kind: form.value("kind").to_owned(),
            account: form.value("account").to_owned(),
            happened,
            about,
        }
        .into()
    });
    let to = |_: &[_]| "/near-misses".to_owned();
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(report_sheet(frame, &hospital, form, answer).show()),
    }
}

fn close_sheet(
    mut frame: Frame,
    hospital: &Hospital,
    found: &NearMiss,
    may: bool,
    form: Form,
    answer: Answer,
) -> Sheet {
    frame.room = Some(Room::NearMisses);
    let t = frame.t;
    let one = line(&frame, hospital, found);
    let about: Vec<String> = one.about.iter().map(|(name, _)| name.clone()).collect();
    let parts = [
        one.account.clone(),
        about.join(&t.m("list-separator")),
        one.happened.text.clone(),
        one.by.clone(),
        one.learnt.clone(),
    ];
    let note: Vec<String> = parts.into_iter().filter(|text| !text.is_empty()).collect();
    let inputs = if may && found.closed.is_none() {
        vec![
            Input::must(Kind::Lines, "cause", t.m("near-miss-cause")),
            Input::must(Kind::Lines, "measure", t.m("near-miss-measure")),
        ]
    } else {
        Vec::new()
    };
    Sheet {
        form,
        title: format!("{} · {}", one.id, one.kind),
        note: note.join(" · "),
        action: one.href,
        back: "/near-misses".into(),
        submit: if inputs.is_empty() {
            String::new()
        } else {
            t.m("near-miss-close")
        },
        strip: None,
        answer,
        inputs,
        second: None,
        frame,
    }
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<NearMissId>>,
) -> Result<Response, PageError> {
    look(&app, &visit)?;
    let hospital = app.state();
    let found = hospital.near_misses.get(id).ok_or(PageError::NotFound)?;
    let (form, may) = (Form::blank(&frame), app.may(&visit, Action::NearMissClose));
    Ok(close_sheet(frame, &hospital, found, may, form, Answer::default()).show())
}

async fn close(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<NearMissId>>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::NearMissClose)?;
    let hospital = app.state();
    let found = hospital.near_misses.get(id).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = CloseNearMiss {
        near_miss: id,
        cause: form.value("cause").to_owned(),
        measure: form.value("measure").to_owned(),
    };
    let to = |_: &[_]| "/near-misses".to_owned();
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(close_sheet(frame, &hospital, found, true, form, answer).show()),
    }
}
