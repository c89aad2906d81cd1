//! What machines sent, and the messages that could not be acted on.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::device::{DismissMessage, Message, MessageState, Problem, Trouble};
use lifeline_core::id::MessageId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use serde::Deserialize;

use super::marked;
use crate::app::{App, Done, desk_error};
use crate::desk::Outcome;
use crate::links::{InboxError, bytes_of, replay};
use crate::pages::timeline;
use crate::web::i18n::Argument;
use crate::web::words::{address, refusal, subject_address};
use crate::web::{
    Banner, FindingLine, Form, Frame, Moment, PageError, Pager, Posted, Room, TimelineEntry, Tone,
    Visit, render,
};

/// Rows of one page of messages.
const ROWS: usize = 50;
/// Bytes of a message shown around what is wrong; the journal entry has them all.
const RAW_MOST: usize = 64 * 1024;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/messages", get(messages))
        .route("/messages/{message}", get(message))
        .route("/messages/{message}/replay", post(again))
        .route("/messages/{message}/dismiss", post(dismiss))
}

/// A message in a list.
pub(super) struct MessageRow {
    pub href: String,
    pub id: String,
    pub device: String,
    pub link: String,
    pub at: Moment,
    pub tone: Tone,
    pub state: String,
    pub what: String,
    pub length: u64,
}

fn state_of(frame: &Frame, message: &Message) -> (&'static str, Tone, String) {
    let (word, tone) = match &message.state {
        MessageState::Stored => ("stored", Tone::Note),
        MessageState::Filed => ("filed", Tone::Good),
        MessageState::Failed(_) => ("failed", Tone::Stop),
        MessageState::Dismissed(_) => ("dismissed", Tone::Warn),
    };
    (word, tone, frame.t.m(&format!("message-state-{word}")))
}

/// The row of a message.
pub(super) fn row(frame: &Frame, message: &Message) -> MessageRow {
    let (_, tone, state) = state_of(frame, message);
    let what = match &message.state {
        MessageState::Failed(problems) => problems
            .iter()
            .map(|problem| problem_words(frame, problem).0)
            .collect::<Vec<_>>()
            .join(&frame.t.m("fact-separator")),
        MessageState::Dismissed(reason) => reason.clone(),
        _ => message.named.join(&frame.t.m("list-separator")),
    };
    MessageRow {
        href: address(&Subject::from(message.id)),
        id: message.id.to_string(),
        device: message
            .device
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        link: message.link.clone(),
        at: frame.moment(message.stored.at),
        tone,
        state,
        what,
        length: message.length,
    }
}

/// A problem in words: what, why.
fn problem_words(frame: &Frame, problem: &Problem) -> (String, Vec<FindingLine>) {
    let findings: Vec<FindingLine> = problem
        .findings
        .iter()
        .map(|finding| crate::web::words::finding(frame, finding))
        .collect();
    let reason = match &problem.reason {
        Trouble::Refused(specimen) if specimen.is_empty() => None,
        trouble => {
            let values = trouble.values();
            let values: Vec<(&str, &dyn Argument)> = values
                .iter()
                .map(|(name, value)| (*name, value as &dyn Argument))
                .collect();
            Some(frame.t.a(trouble.word(), &values))
        }
    };
    let titles = findings.iter().map(|line| line.what.clone());
    let parts: Vec<String> = reason.into_iter().chain(titles).collect();
    (parts.join(&frame.t.m("fact-separator")), findings)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: String,
    page: String,
}

#[derive(Template)]
#[template(path = "equipment/messages.html")]
struct MessagesPage {
    states: Vec<(String, String, bool)>,
    rows: Vec<MessageRow>,
    count: usize,
    failed: bool,
    pager: Pager,
    frame: Frame,
}

async fn messages(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    frame.room = Some(Room::Equipment);
    let hospital = app.state();
    let failed = asked.state == "failed";
    let found: Vec<_> = if failed {
        hospital.devices.failed().collect()
    } else {
        hospital
            .devices
            .messages()
            .rev()
            .filter(|message| asked.state.is_empty() || state_of(&frame, message).0 == asked.state)
            .collect()
    };
    let pages = found.len().div_ceil(ROWS).max(1);
    let page = asked.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let turn = |to: usize, there: bool| {
        if there {
            format!("/messages?state={}&page={to}", asked.state)
        } else {
            String::new()
        }
    };
    let states = ["failed", "stored", "filed", "dismissed"].map(|code| {
        (
            code.to_owned(),
            frame.t.m(&format!("message-state-{code}")),
            asked.state == code,
        )
    });
    let shown = found.iter().skip((page - 1) * ROWS).take(ROWS);
    let page = MessagesPage {
        states: states.into(),
        rows: shown.map(|message| row(&frame, message)).collect(),
        count: found.len(),
        failed,
        pager: Pager {
            page: page as u64,
            pages: pages as u64,
            previous: turn(page.saturating_sub(1), page > 1),
            next: turn(page + 1, page < pages),
        },
        frame: frame.clone(),
    };
    Ok(render(&page))
}

/// A stretch of raw text, control characters as signs; marked where something is wrong.
struct Part {
    text: String,
    marked: bool,
    end: bool,
}

struct ProblemLine {
    at: u64,
    what: String,
    findings: Vec<FindingLine>,
}

#[derive(Template)]
#[template(path = "equipment/message.html")]
struct MessagePage {
    row: MessageRow,
    path: String,
    device: String,
    tests: Vec<(String, String)>,
    named: Vec<(String, String)>,
    problems: Vec<ProblemLine>,
    parts: Vec<Part>,
    cut: bool,
    open: bool,
    may_handle: bool,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    form: Form,
    frame: Frame,
}

/// Control characters as the signs Unicode has for them, a line's end also as a new line; bytes that are no text as their value.
fn parts(bytes: &[u8], marks: &[u64]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut at = 0u64;
    for chunk in bytes.utf8_chunks() {
        let texts = chunk
            .valid()
            .chars()
            .map(|c| (c.len_utf8() as u64, sign(c), c == '\r' || c == '\n'))
            .chain(
                chunk
                    .invalid()
                    .iter()
                    .map(|byte| (1, format!("⟨{byte:02X}⟩"), false)),
            );
        for (length, text, end) in texts {
            let marked = marks.iter().any(|mark| (at..at + length).contains(mark));
            at += length;
            if marked || end {
                if !plain.is_empty() {
                    parts.push(Part {
                        text: std::mem::take(&mut plain),
                        marked: false,
                        end: false,
                    });
                }
                parts.push(Part { text, marked, end });
            } else {
                plain.push_str(&text);
            }
        }
    }
    if !plain.is_empty() {
        parts.push(Part {
            text: plain,
            marked: false,
            end: false,
        });
    }
    parts
}

fn sign(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0x1f => char::from_u32(0x2400 + code).unwrap_or('␀').to_string(),
        0x7f => '␡'.to_string(),
        _ => c.to_string(),
    }
}

fn id_of(app: &App, text: &str) -> Result<MessageId, PageError> {
    let id: MessageId = text.parse().map_err(|_| PageError::NotFound)?;
    match app.state().devices.message(id) {
        Some(_) => Ok(id),
        None => Err(PageError::NotFound),
    }
}

async fn message_page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: MessageId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Equipment);
    let hospital = app.state();
    let message = hospital.devices.message(id).ok_or(PageError::NotFound)?;
    let bytes = bytes_of(&app.desk, id).await.map_err(fault)?;
    let problems: &[_] = match &message.state {
        MessageState::Failed(problems) => problems,
        _ => &[],
    };
    let marks: Vec<u64> = problems.iter().map(|problem| problem.at).collect();
    let shown = bytes.get(..RAW_MOST).unwrap_or(&bytes);
    let lines = problems.iter().map(|problem| {
        let (what, findings) = problem_words(&frame, problem);
        ProblemLine {
            at: problem.at,
            what,
            findings,
        }
    });
    let bad = banner.is_some() || !form.is_ok();
    let page =
        MessagePage {
            path: address(&Subject::from(id)),
            device: message
                .device
                .clone()
                .map(|device| address(&Subject::from(device)))
                .unwrap_or_default(),
            tests: message
                .tests
                .iter()
                .map(|test| (address(&Subject::from(*test)), test.to_string()))
                .chain(message.crossmatches.iter().map(|crossmatch| {
                    (address(&Subject::from(*crossmatch)), crossmatch.to_string())
                }))
                .chain(
                    message
                        .measured
                        .iter()
                        .map(|one| (address(&Subject::from(*one)), one.to_string())),
                )
                .chain(
                    message
                        .controls
                        .iter()
                        .map(|run| (address(&Subject::from(*run)), run.to_string())),
                )
                .collect(),
            named: message
                .named
                .iter()
                .map(|named| (subject_address(named), named.clone()))
                .collect(),
            problems: lines.collect(),
            parts: parts(shown, &marks),
            cut: shown.len() < bytes.len(),
            open: matches!(message.state, MessageState::Failed(_)),
            may_handle: app.may(visit, Action::MessageHandle),
            banner,
            timeline: timeline::of(app, &frame, &[Subject::from(id)]).await?,
            row: row(&frame, message),
            form,
            frame: frame.clone(),
        };
    Ok(marked(render(&page), bad))
}

fn fault(error: InboxError) -> PageError {
    match error {
        InboxError::Desk(error) => desk_error(error),
        InboxError::Journal(error) => {
            tracing::error!(%error, "message");
            PageError::Unavailable
        }
        error => PageError::internal(error),
    }
}

async fn message(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let id = id_of(&app, &text)?;
    let form = Form::blank(&frame);
    message_page(&app, frame, &visit, id, form, None).await
}

/// Reads the message again by the profile of today.
async fn again(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let id = id_of(&app, &text)?;
    let form = Form::sent(&frame, posted)?;
    let (asked_by, workstation) = (app.actor(&visit)?, app.workstation(&visit)?);
    let system = app.system.clone();
    let outcome = replay(&app.desk, &app.profiles, id, system, asked_by, workstation)
        .await
        .map_err(fault)?;
    match outcome {
        Outcome::Accepted { .. } => Ok(Redirect::to(&address(&Subject::from(id))).into_response()),
        Outcome::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            message_page(&app, frame, &visit, id, form, Some(banner)).await
        }
    }
}

async fn dismiss(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let id = id_of(&app, &text)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = DismissMessage {
        message: id,
        reason: form.value("reason").to_owned(),
    };
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => Ok(Redirect::to("/messages?state=failed").into_response()),
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            message_page(&app, frame, &visit, id, form, Some(banner)).await
        }
        Done::Wrong => message_page(&app, frame, &visit, id, form, None).await,
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn control_characters_are_seen_and_the_wrong_byte_is_marked() {
        let shown = parts("\x02H|A\rß\x7f".as_bytes(), &[3]);
        let text: Vec<(&str, bool, bool)> = shown
            .iter()
            .map(|part| (part.text.as_str(), part.marked, part.end))
            .collect();
        assert_eq!(
            text,
            [
                ("␂H|", false, false),
                ("A", true, false),
                ("␍", false, true),
                ("ß␡", false, false)
            ]
        );
        let broken = parts(b"a\xffb", &[1]);
        assert_eq!(broken[1].text, "⟨FF⟩");
        assert!(broken[1].marked);
        let inside = parts("Aß".as_bytes(), &[2]);
        assert!(inside[1].marked, "a byte within a character marks it");
    }
}
