//! The policy room: every threshold in force with its source, its history, and changes by two people.

mod value;

pub(in crate::pages) use value::{named, percent};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::DateTime;
use lifeline_core::id::ProposalId;
use lifeline_core::people::Action;
use lifeline_core::policy::{
    ActivatePolicy, Adopted, Entry, Key, ProposePolicy, Shape, Standing, WithdrawPolicy,
};
use lifeline_core::subject::{PolicyName, Subject};

use crate::app::{App, Done};
use crate::pages::timeline::person;
use crate::web::words::{address, refusal};
use crate::web::{Banner, Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/policy", get(list))
        .route("/policy/{key}", get(show).post(propose))
        .route("/policy/proposals/{id}/activate", post(activate))
        .route("/policy/proposals/{id}/withdraw", post(withdraw))
}

/// A threshold in one row.
struct Line {
    key: String,
    href: String,
    name: String,
    value: String,
    source: String,
    tone: Tone,
    standing: String,
    effective: Moment,
    activated_by: String,
    coming: bool,
}

struct Chapter {
    name: String,
    lines: Vec<Line>,
}

/// A proposal that waits for its second person.
struct Waiting {
    id: String,
    path: String,
    href: String,
    name: String,
    from: String,
    to: String,
    rows: Vec<(String, String)>,
    effective: Moment,
    source: String,
    standing: String,
    reason: String,
    by: String,
    at: Moment,
    mine: bool,
}

#[derive(Template)]
#[template(path = "policy/list.html")]
struct ListPage {
    chapters: Vec<Chapter>,
    waiting: Vec<Waiting>,
    provisional: usize,
    may_propose: bool,
    may_activate: bool,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

/// A key's name in words.
pub fn name(frame: &Frame, key: Key) -> String {
    frame.t.m(&format!("policy-{}", word(key)))
}

fn word(key: Key) -> String {
    key.name().replace(['.', '_'], "-")
}

fn standing(frame: &Frame, standing: Standing) -> (Tone, String) {
    match standing {
        Standing::Verified => (Tone::Good, frame.t.m("policy-verified")),
        Standing::Provisional => (Tone::Warn, frame.t.m("policy-provisional")),
    }
}

fn line(app: &App, frame: &Frame, key: Key) -> Option<Line> {
    let hospital = app.state();
    let now = hospital.policies.at(key, frame.now)?;
    let (tone, standing) = standing(frame, now.entry.standing);
    Some(Line {
        key: key.name().to_owned(),
        href: address(&Subject::from(PolicyName(key))),
        name: name(frame, key),
        value: value::short(frame, key, &now.entry.value),
        source: now.entry.source.clone(),
        tone,
        standing,
        effective: frame.moment(now.entry.effective),
        activated_by: person(frame, &hospital, now.activated_by.as_str()),
        coming: hospital
            .policies
            .history(key)
            .any(|version| version.entry.effective > frame.now),
    })
}

fn waiting(app: &App, frame: &Frame, visit: &Visit, only: Option<Key>) -> Vec<Waiting> {
    let hospital = app.state();
    hospital
        .policies
        .proposals
        .values()
        .filter(|proposal| only.is_none_or(|key| proposal.entry.key == key))
        .map(|proposal| {
            let entry = &proposal.entry;
            let from = hospital.policies.at(entry.key, frame.now);
            Waiting {
                id: proposal.id.to_string(),
                path: format!("/policy/proposals/{}", proposal.id),
                href: address(&Subject::from(PolicyName(entry.key))),
                name: name(frame, entry.key),
                from: from
                    .map(|now| value::short(frame, entry.key, &now.entry.value))
                    .unwrap_or_default(),
                to: value::short(frame, entry.key, &entry.value),
                rows: match from {
                    Some(now) => value::changes(frame, entry.key, &now.entry.value, &entry.value),
                    None => value::rows(frame, entry.key, &entry.value),
                },
                effective: frame.moment(entry.effective),
                source: entry.source.clone(),
                standing: standing(frame, entry.standing).1,
                reason: proposal.reason.clone(),
                by: person(frame, &hospital, proposal.stamp.by.as_str()),
                at: frame.moment(proposal.stamp.at),
                mine: proposal.stamp.by.as_str() == &*visit.person.id,
            }
        })
        .collect()
}

fn list_page(
    app: &App,
    frame: Frame,
    visit: &Visit,
    form: Form,
    banner: Option<Banner>,
) -> Response {
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut provisional = 0;
    for key in Key::ALL {
        let chapter = key.name().split('.').next().unwrap_or_default();
        let title = frame.t.m(&format!("policy-chapter-{chapter}"));
        let Some(line) = line(app, &frame, *key) else {
            continue;
        };
        provisional += usize::from(line.tone == Tone::Warn);
        match chapters.iter_mut().find(|known| known.name == title) {
            Some(known) => known.lines.push(line),
            None => chapters.push(Chapter {
                name: title,
                lines: vec![line],
            }),
        }
    }
    let bad = banner.is_some();
    let page = ListPage {
        chapters,
        waiting: waiting(app, &frame, visit, None),
        provisional,
        may_propose: app.may(visit, Action::PolicyPropose),
        may_activate: app.may(visit, Action::PolicyActivate),
        banner,
        form,
        frame,
    };
    marked(render(&page), bad)
}

/// A page that shows something wrong says so to programs as well.
fn marked(mut answer: Response, bad: bool) -> Response {
    if bad && answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    answer
}

async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPolicy)?;
    let form = Form::blank(&frame);
    Ok(list_page(&app, frame, &visit, form, None))
}

struct Version {
    value: String,
    effective: Moment,
    coming: bool,
    now: bool,
    source: String,
    tone: Tone,
    standing: String,
    proposed_by: String,
    activated_by: String,
    href: String,
}

#[derive(Template)]
#[template(path = "policy/key.html")]
struct KeyPage {
    key: String,
    name: String,
    note: String,
    path: String,
    rows: Vec<(String, String)>,
    now: Option<Line>,
    versions: Vec<Version>,
    waiting: Vec<Waiting>,
    input: &'static str,
    unit: String,
    flags: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    may_propose: bool,
    may_activate: bool,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

fn key_page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    key: Key,
    form: Form,
    banner: Option<Banner>,
) -> Response {
    frame.room = Some(Room::Policy);
    let hospital = app.state();
    let now = hospital.policies.at(key, frame.now);
    let mut versions: Vec<&std::sync::Arc<Adopted>> = hospital.policies.history(key).collect();
    versions.reverse();
    let t = &frame.t;
    let versions = versions.into_iter().map(|version| {
        let (tone, standing) = standing(&frame, version.entry.standing);
        Version {
            value: value::short(&frame, key, &version.entry.value),
            effective: frame.moment(version.entry.effective),
            coming: version.entry.effective > frame.now,
            now: now.is_some_and(|now| now.stamp == version.stamp && now.entry == version.entry),
            source: version.entry.source.clone(),
            tone,
            standing,
            proposed_by: person(&frame, &hospital, version.proposed_by.as_str()),
            activated_by: person(&frame, &hospital, version.activated_by.as_str()),
            href: format!("/journal/{}", version.stamp.seq),
        }
    });
    let (input, unit) = match key.shape() {
        Shape::Minutes => ("number", t.m("policy-unit-minutes")),
        Shape::Count => ("number", t.m("policy-unit-count")),
        Shape::Flag => ("flag", String::new()),
        Shape::Words => ("words", String::new()),
        _ => ("table", String::new()),
    };
    let pair = |code: &str, words: &str| (code.to_owned(), t.m(words));
    let bad = banner.is_some() || !form.is_ok();
    let page = KeyPage {
        key: key.name().to_owned(),
        name: name(&frame, key),
        note: t.m(&format!("policy-shape-{input}")),
        path: address(&Subject::from(PolicyName(key))),
        rows: now
            .map(|now| value::rows(&frame, key, &now.entry.value))
            .unwrap_or_default(),
        now: line(app, &frame, key),
        versions: versions.collect(),
        waiting: waiting(app, &frame, visit, Some(key)),
        input,
        unit,
        flags: vec![pair("true", "yes"), pair("false", "no")],
        standings: vec![
            pair("verified", "policy-verified"),
            pair("provisional", "policy-provisional"),
        ],
        may_propose: app.may(visit, Action::PolicyPropose),
        may_activate: app.may(visit, Action::PolicyActivate),
        banner,
        form,
        frame: frame.clone(),
    };
    marked(render(&page), bad)
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPolicy)?;
    let key = Key::parse(&key).ok_or(PageError::NotFound)?;
    let hospital = app.state();
    let local = frame.site.zone.to_datetime(frame.now);
    let effective = local.strftime("%Y-%m-%dT%H:%M").to_string();
    let (text, source) = match hospital.policies.at(key, frame.now) {
        Some(now) => (value::typed(&now.entry.value), now.entry.source.clone()),
        None => Default::default(),
    };
    let form = Form::filled(
        &frame,
        Posted::of([
            ("value", text.as_str()),
            ("effective", effective.as_str()),
            ("source", source.as_str()),
            ("standing", "verified"),
        ]),
    );
    Ok(key_page(&app, frame, &visit, key, form, None))
}

/// A local date and time, as the browser's field for it writes it.
fn moment(frame: &Frame, text: &str) -> Option<Timestamp> {
    let local: DateTime = text.replace(' ', "T").parse().ok()?;
    local
        .to_zoned(frame.site.zone.clone())
        .ok()
        .map(|zoned| zoned.timestamp())
}

async fn propose(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(key): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPolicy)?;
    let key = Key::parse(&key).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let read = form.read(
        "value",
        |text| value::read(key, text),
        |error| error.words(&frame.t),
    );
    let effective = form.read(
        "effective",
        |text| moment(&frame, text).ok_or(()),
        |()| frame.t.m("policy-bad-time"),
    );
    let standing = match form.value("standing") {
        "verified" => Standing::Verified,
        _ => Standing::Provisional,
    };
    let (Some(value), Some(effective)) = (read, effective) else {
        return Ok(key_page(&app, frame, &visit, key, form, None));
    };
    let command = ProposePolicy {
        entry: Entry {
            key,
            value,
            effective,
            source: form.value("source").to_owned(),
            standing,
        },
        reason: form.value("reason").to_owned(),
    };
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let target = address(&Subject::from(PolicyName(key)));
            Ok(Redirect::to(&target).into_response())
        }
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            Ok(key_page(&app, frame, &visit, key, form, Some(banner)))
        }
        Done::Wrong => Ok(key_page(&app, frame, &visit, key, form, None)),
    }
}

async fn settle(
    app: App,
    frame: Frame,
    visit: Visit,
    mut form: Form,
    command: impl Into<lifeline_core::command::Command>,
) -> Result<Response, PageError> {
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to("/policy").into_response()),
        Done::Refused(refused) => Some(refusal(&frame, &refused)),
        Done::Wrong => None,
    };
    let form = Form::blank(&frame);
    Ok(list_page(&app, frame, &visit, form, banner))
}

async fn activate(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPolicy)?;
    let proposal: ProposalId = id.parse().map_err(|_| PageError::NotFound)?;
    let form = Form::sent(&frame, posted)?;
    settle(app, frame, visit, form, ActivatePolicy { proposal }).await
}

async fn withdraw(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPolicy)?;
    let proposal: ProposalId = id.parse().map_err(|_| PageError::NotFound)?;
    let form = Form::sent(&frame, posted)?;
    let reason = form.value("reason").to_owned();
    let command = WithdrawPolicy { proposal, reason };
    settle(app, frame, visit, form, command).await
}

#[cfg(test)]
mod tests {
    use lifeline_core::policy::Key;

    use crate::web::{Lang, Text};

    #[test]
    fn every_threshold_and_chapter_has_its_name_in_both_languages() {
        let mut missing = Vec::new();
        for t in Lang::ALL.map(Text::new) {
            for key in Key::ALL {
                let chapter = key.name().split('.').next().unwrap();
                for word in [
                    format!("policy-{}", super::word(*key)),
                    format!("policy-chapter-{chapter}"),
                ] {
                    if !t.has(&word) {
                        missing.push(word);
                    }
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
