//! A page with one short form: what most single acts on a patient, a sample, a result or a lot look like.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::DateTime;
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::finding::{Refusal, Severity};
use lifeline_core::hospital::Stamp;

use super::person::Strip;
use crate::app::{App, Done};
use crate::web::components::Banner;
use crate::web::{Form, Frame, PageError, Visit, render, words};

/// How a field is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// By the scanner; the word says what is expected.
    Scan(&'static str),
    /// One of a list.
    Select,
    /// One of a few, all in sight.
    Choice,
    /// A box to tick.
    Tick,
    /// Several lines.
    Lines,
    /// A date and time of the hospital's clock.
    Moment,
    /// A date.
    Date,
}

/// A field of a sheet.
#[derive(Clone, Debug)]
pub struct Input {
    /// How it is filled.
    pub kind: Kind,
    /// Its name in the form.
    pub name: &'static str,
    /// Its label.
    pub words: String,
    /// A note beside the label; may be empty.
    pub note: String,
    /// What may be chosen: value and words.
    pub options: Vec<(String, String)>,
    /// `required`, or empty.
    pub extra: &'static str,
}

impl Input {
    /// A field that must be filled.
    pub fn must(kind: Kind, name: &'static str, words: String) -> Self {
        Self {
            kind,
            name,
            words,
            note: String::new(),
            options: Vec::new(),
            extra: "required",
        }
    }

    /// A field that may be left empty.
    pub fn may(kind: Kind, name: &'static str, words: String) -> Self {
        Self {
            extra: "",
            ..Self::must(kind, name, words)
        }
    }

    /// With a note beside the label.
    pub fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    /// With what may be chosen.
    pub fn of(mut self, options: impl IntoIterator<Item = (String, String)>) -> Self {
        self.options = options.into_iter().collect();
        self
    }
}

/// What was sent came back, and why.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The findings.
    pub banner: Option<Banner>,
    /// Warnings that a reason may answer: the field's name and the warning in words.
    pub reasons: Vec<(String, String)>,
}

impl Answer {
    fn of(frame: &Frame, refusal: &Refusal) -> Self {
        let all = &refusal.findings;
        let answerable = all.iter().all(|finding| {
            finding.severity == Severity::Warning && finding.rule.overridden_by().is_some()
        });
        let mut reasons: Vec<(String, String)> = Vec::new();
        for finding in all.iter().filter(|_| answerable) {
            let code = finding.rule.code();
            let field = format!("reason.{code}");
            if !reasons.iter().any(|(name, _)| *name == field) {
                reasons.push((field, frame.t.m(&format!("rule-{code}"))));
            }
        }
        Self {
            banner: Some(words::refusal(frame, refusal)),
            reasons,
        }
    }
}

/// A page with one short form.
#[derive(Template)]
#[template(path = "sheet.html")]
pub struct Sheet {
    /// The frame.
    pub frame: Frame,
    /// The form.
    pub form: Form,
    /// What is done here.
    pub title: String,
    /// What it means; may be empty.
    pub note: String,
    /// Where the form is sent.
    pub action: String,
    /// Where one came from.
    pub back: String,
    /// The button.
    pub submit: String,
    /// The patient it is about.
    pub strip: Option<Strip>,
    /// Why it came back.
    pub answer: Answer,
    /// The fields.
    pub inputs: Vec<Input>,
    /// What a second person signs, where one must.
    pub second: Option<String>,
}

impl Sheet {
    /// The page; with status 422 when something is wrong.
    pub fn show(self) -> Response {
        let wrong = self.answer.banner.is_some() || !self.form.is_ok();
        answered(render(&self), wrong)
    }
}

/// Sets the status of a form's page that came back.
pub fn answered(mut response: Response, wrong: bool) -> Response {
    if wrong && response.status().is_success() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Hands a command in. Carried out, it leads to the address `to` makes of the facts; else the answer for the form's page.
///
/// # Errors
/// The desk cannot take it; nothing was recorded.
pub async fn send(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    form: &mut Form,
    command: Option<Command>,
    to: impl FnOnce(&[(Stamp, Event)]) -> String,
) -> Result<Result<Response, Answer>, PageError> {
    let Some(command) = command.filter(|_| form.is_ok()) else {
        return Ok(Err(Answer::default()));
    };
    Ok(match app.carry_out(frame, visit, form, command).await? {
        Done::Accepted(facts) => Ok(Redirect::to(&to(&facts)).into_response()),
        Done::Refused(refusal) => Err(Answer::of(frame, &refusal)),
        Done::Wrong => Err(Answer::default()),
    })
}

/// Reads a field with a date and time of the hospital's clock.
pub fn moment(frame: &Frame, form: &mut Form, name: &str) -> Option<Timestamp> {
    let zone = frame.site.zone.clone();
    let wrong = frame.t.m("sheet-bad-moment");
    form.read(
        name,
        |text| {
            text.parse::<DateTime>()
                .and_then(|civil| zone.to_timestamp(civil))
        },
        |_| wrong,
    )
}

/// Reads such a field where it is filled.
pub fn optional_moment(frame: &Frame, form: &mut Form, name: &str) -> Option<Timestamp> {
    if form.value(name).is_empty() {
        None
    } else {
        moment(frame, form, name)
    }
}

/// A moment as such a field holds it.
pub fn moment_value(frame: &Frame, at: Timestamp) -> String {
    frame
        .site
        .zone
        .to_datetime(at)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// The message under a field that holds no identifier of the kind.
pub fn bad_identifier(frame: &Frame) -> String {
    frame.t.m("sheet-bad-identifier")
}

/// An identifier as one part of an address.
pub fn part(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
