//! The journal: every fact, in words and as it was written; its proof; and a copy to take away.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::stream::unfold;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lifeline_core::event::Event;
use lifeline_core::people::Action;
use lifeline_journal::{Check, Entry, Fault, Filter, Journal, Seek};
use serde::Deserialize;

use crate::app::App;
use crate::pages::timeline;
use crate::web::words::{encoded, subject_address};
use crate::web::{
    Banner, FindingLine, Form, Frame, Moment, PageError, Posted, Tone, Visit, render,
};

/// Lines of one page.
const LINES: usize = 50;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/journal", get(list))
        .route("/journal/verify", post(verify).get(verifying))
        .route("/journal/export", post(export))
        .route("/journal/{seq}", get(entry))
        .layer(Extension(Proof::default()))
}

/// How far the proof of the chain has come; one for the whole server, whoever asked for it.
#[derive(Debug, Clone, Default)]
struct Proof(Arc<Mutex<Progress>>);

#[derive(Debug, Clone, Default)]
enum Progress {
    #[default]
    Never,
    Running {
        done: u64,
        total: u64,
    },
    Ended {
        at: Timestamp,
        entries: u64,
        head: String,
        broken: Option<(u64, String)>,
    },
    Failed,
}

impl Proof {
    fn get(&self) -> Progress {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    /// Begins unless it runs already.
    fn begin(&self) -> bool {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*progress, Progress::Running { .. }) {
            return false;
        }
        *progress = Progress::Running { done: 0, total: 0 };
        true
    }
}

/// The filters, as they stand in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: String,
    actor: String,
    subject: String,
    from: String,
    until: String,
    before: String,
    after: String,
}

impl Asked {
    fn href(&self, seek: Option<Seek>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("kind", &self.kind),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("from", &self.from),
            ("until", &self.until),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        match seek {
            Some(Seek::Before(seq)) => query.append_pair("before", &seq.to_string()),
            Some(Seek::After(seq)) => query.append_pair("after", &seq.to_string()),
            None => &mut query,
        };
        format!("/journal?{}", query.finish())
    }

    fn any(&self) -> bool {
        [
            &self.kind,
            &self.actor,
            &self.subject,
            &self.from,
            &self.until,
        ]
        .into_iter()
        .any(|value| !value.is_empty())
    }
}

struct Kind {
    code: String,
    words: String,
    chosen: bool,
}

struct Line {
    seq: u64,
    href: String,
    at: Moment,
    what: String,
    detail: String,
    who: String,
    tone: Tone,
}

#[derive(Template)]
#[template(path = "journal/list.html")]
struct ListPage {
    asked: Asked,
    kinds: Vec<Kind>,
    wrong: String,
    lines: Vec<Line>,
    newer: String,
    older: String,
    head: u64,
    proof: ProofView,
    may_export: bool,
    form: Form,
    frame: Frame,
}

async fn list(
    State(app): State<App>,
    Extension(proof): Extension<Proof>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewJournal)?;
    let hospital = app.state();
    let mut wrong = String::new();
    let mut day = |text: &str, add: i64| -> Option<i64> {
        if text.is_empty() {
            return None;
        }
        let start = text
            .parse::<Date>()
            .ok()
            .and_then(|date| date.checked_add(SignedDuration::from_hours(24 * add)).ok())
            .and_then(|date| date.to_zoned(frame.site.zone.clone()).ok());
        if start.is_none() {
            wrong = frame.t.a("journal-bad-date", &[("text", &text)]);
        }
        start.map(|start| start.timestamp().as_millisecond())
    };
    let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let filter = Filter {
        kind_prefix: some(&asked.kind),
        actor: some(&asked.actor),
        from_ms: day(asked.from.trim(), 0),
        until_ms: day(asked.until.trim(), 1),
        subject: some(&asked.subject),
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let seek = match (number(&asked.before), number(&asked.after)) {
        (Some(seq), _) => Seek::Before(seq),
        (None, Some(seq)) => Seek::After(seq),
        _ => Seek::NEWEST,
    };
    let found = app
        .desk
        .journal()
        .read_filtered(filter, seek, LINES)
        .await
        .map_err(unavailable)?;
    let mut entries = found.entries;
    // Newest is on top, whichever way one walks.
    let (newer, older) = match seek {
        Seek::After(_) => {
            entries.reverse();
            let older = entries.last().map(|entry| Seek::Before(entry.seq));
            (found.next, older)
        }
        Seek::Before(seq) => {
            let newer = (seq != u64::MAX)
                .then(|| entries.first().map(|entry| Seek::After(entry.seq)))
                .flatten();
            (newer, found.next)
        }
    };
    let lines = entries.iter().map(|entry| {
        let told = timeline::line(&frame, &hospital, entry);
        Line {
            seq: entry.seq,
            href: told.href,
            at: told.at,
            what: told.what,
            detail: told.detail,
            who: told.who,
            tone: told.tone,
        }
    });
    let lines = lines.collect();
    let kinds = kinds().into_iter().map(|subject| Kind {
        code: format!("{subject}."),
        words: frame.t.m(&key(subject)),
        chosen: asked.kind == format!("{subject}."),
    });
    let page = ListPage {
        kinds: kinds.collect(),
        newer: newer.map(|seek| asked.href(Some(seek))).unwrap_or_default(),
        older: older.map(|seek| asked.href(Some(seek))).unwrap_or_default(),
        asked,
        wrong,
        lines,
        head: hospital.seq,
        proof: proof_view(&frame, &proof),
        may_export: app.may(&visit, Action::ExportJournal),
        form: Form::blank(&frame),
        frame: frame.clone(),
    };
    Ok(render(&page))
}

fn unavailable(error: lifeline_journal::JournalError) -> PageError {
    tracing::error!(%error, "journal");
    PageError::Unavailable
}

#[derive(Template)]
#[template(path = "journal/entry.html")]
struct EntryPage {
    seq: u64,
    told: crate::web::TimelineEntry,
    facts: Vec<(String, String)>,
    subjects: Vec<(String, String, String)>,
    hash: String,
    previous: String,
    sound: bool,
    body: String,
    newer: String,
    older: String,
    frame: Frame,
}

async fn entry(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(seq): Path<u64>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewJournal)?;
    let hospital = app.state();
    let entry = app
        .desk
        .journal()
        .entry(seq)
        .await
        .map_err(unavailable)?
        .ok_or(PageError::NotFound)?;
    let t = &frame.t;
    let fact = |key: &str, value: String| (t.m(key), value);
    let at = Timestamp::from_millisecond(entry.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let page = EntryPage {
        seq,
        told: timeline::line(&frame, &hospital, &entry),
        facts: vec![
            fact("journal-at", at.to_string()),
            fact("journal-actor", entry.actor.clone()),
            fact("journal-workstation", entry.workstation.clone()),
            fact("journal-kind", format!("{} v{}", entry.kind, entry.version)),
            fact("journal-command", entry.command.to_string()),
        ],
        subjects: entry
            .subjects
            .iter()
            .map(|subject| {
                (
                    subject.clone(),
                    subject_address(subject),
                    format!("/journal?subject={}", encoded(subject)),
                )
            })
            .collect(),
        hash: entry.hash.to_string(),
        previous: entry.prev_hash.to_string(),
        sound: entry.computed_hash() == entry.hash,
        body: pretty(&entry),
        newer: if seq < hospital.seq {
            format!("/journal/{}", seq + 1)
        } else {
            String::new()
        },
        older: if seq > 1 {
            format!("/journal/{}", seq - 1)
        } else {
            String::new()
        },
        frame: frame.clone(),
    };
    Ok(render(&page))
}

fn pretty(entry: &Entry) -> String {
    serde_json::from_str::<serde_json::Value>(&entry.body)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| entry.body.clone())
}

/// How the proof stands, in words.
struct ProofView {
    running: bool,
    words: String,
    banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "journal/proof.html")]
struct ProofPart {
    proof: ProofView,
    form: Form,
    frame: Frame,
}

fn proof_view(frame: &Frame, proof: &Proof) -> ProofView {
    let t = &frame.t;
    let quiet = |words: String| ProofView {
        running: false,
        words,
        banner: None,
    };
    match proof.get() {
        Progress::Never => quiet(t.m("journal-proof-never")),
        Progress::Running { done, total } => ProofView {
            running: true,
            words: t.a(
                "journal-proof-running",
                &[("done", &done), ("total", &total)],
            ),
            banner: None,
        },
        Progress::Failed => quiet(t.m("journal-proof-failed")),
        Progress::Ended {
            at,
            entries,
            head,
            broken,
        } => {
            let when = frame.moment(at).text;
            let line = match &broken {
                None => FindingLine {
                    why: t.a("journal-proof-head", &[("head", &head)]),
                    ..FindingLine::new(
                        Tone::Good,
                        t.a(
                            "journal-proof-good-line",
                            &[("entries", &entries), ("at", &when)],
                        ),
                    )
                },
                Some((seq, fault)) => FindingLine {
                    why: t.a("journal-proof-sound-until", &[("entries", &entries)]),
                    todo: t.m("journal-proof-broken-do"),
                    href: format!("/journal/{seq}"),
                    ..FindingLine::new(
                        Tone::Stop,
                        t.a(
                            "journal-proof-broken-line",
                            &[("seq", seq), ("fault", fault)],
                        ),
                    )
                },
            };
            let (tone, key) = match broken {
                None => (Tone::Good, "journal-proof-good"),
                Some(_) => (Tone::Stop, "journal-proof-broken"),
            };
            ProofView {
                running: false,
                words: String::new(),
                banner: Some(Banner {
                    tone,
                    title: t.m(key),
                    findings: vec![line],
                }),
            }
        }
    }
}

/// Begins the proof in the background; the page watches it.
async fn verify(
    State(app): State<App>,
    Extension(proof): Extension<Proof>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewJournal)?;
    Form::sent(&frame, posted)?;
    if proof.begin() {
        let (journal, clock, text) = (
            app.desk.journal().clone(),
            app.desk.clock().clone(),
            frame.t,
        );
        tokio::spawn(async move {
            let told = proof.clone();
            let report = journal
                .verify(move |progress| {
                    told.set(Progress::Running {
                        done: progress.done,
                        total: progress.total,
                    });
                })
                .await;
            proof.set(match report {
                Ok(report) => Progress::Ended {
                    at: clock.now(),
                    entries: report.entries,
                    head: report.head.hash.to_string(),
                    broken: report
                        .broken
                        .map(|broken| (broken.seq, text.m(fault_key(&broken.fault)))),
                },
                Err(error) => {
                    tracing::error!(%error, "proof of the journal");
                    Progress::Failed
                }
            });
        });
    }
    Ok(Redirect::to("/journal#proof").into_response())
}

fn fault_key(fault: &Fault) -> &'static str {
    match fault {
        Fault::Missing => "journal-fault-missing",
        Fault::Unlinked => "journal-fault-unlinked",
        Fault::Altered => "journal-fault-altered",
        Fault::Unreadable(_) => "journal-fault-unreadable",
        Fault::HeadDiffers => "journal-fault-head",
        Fault::BeyondHead => "journal-fault-beyond",
    }
}

async fn verifying(
    State(app): State<App>,
    Extension(proof): Extension<Proof>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewJournal)?;
    Ok(render(&ProofPart {
        proof: proof_view(&frame, &proof),
        form: Form::blank(&frame),
        frame,
    }))
}

/// Every entry as one line of JSON, from the first on, read in bounded memory as fast as the reader takes it.
async fn export(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ExportJournal)?;
    Form::sent(&frame, posted)?;
    let note = lifeline_core::command::NoteExport {
        upto: app.state().seq,
    };
    // Not under the form's own id: every copy that leaves is a fact of its own, also when the button is pressed twice.
    let submission = crate::desk::Submission {
        id: uuid::Uuid::now_v7(),
        command: note.into(),
        actor: app.actor(&visit)?,
        workstation: app.workstation(&visit)?,
        second: None,
        reasons: Vec::new(),
        seen: Vec::new(),
    };
    // The fact first: a copy that nobody knows of does not leave.
    if let crate::desk::Outcome::Refused(_) = app
        .desk
        .submit(submission)
        .await
        .map_err(crate::app::desk_error)?
    {
        return Err(PageError::Forbidden);
    }
    let date = frame.site.zone.to_datetime(frame.now).date();
    let name = format!("attachment; filename=\"lifeline-journal-{date}.jsonl\"");
    let body = Body::from_stream(lines(app.desk.journal()));
    let mut answer = body.into_response();
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson; charset=utf-8"),
    );
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(PageError::internal)?,
    );
    Ok(answer)
}

fn lines(
    journal: &Journal,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let stream = journal.stream(1, Check::Chain);
    unfold(Some(stream), |stream| async move {
        let mut stream = stream?;
        match stream.next_batch().await {
            Ok(None) => None,
            Ok(Some(batch)) => {
                let mut text = Vec::new();
                for entry in &batch {
                    if let Err(error) = serde_json::to_writer(&mut text, entry) {
                        return Some((Err(error.into()), None));
                    }
                    text.push(b'\n');
                }
                Some((Ok(text.into()), Some(stream)))
            }
            // The copy breaks off: a copy that ends quietly before its end would be believed.
            Err(error) => Some((Err(std::io::Error::other(error)), None)),
        }
    })
}

/// What entries can be about, as the filter offers it: `unit`, `crossmatch`, `quality` …
fn kinds() -> std::collections::BTreeSet<&'static str> {
    Event::kinds()
        .filter_map(|kind| kind.split_once('.').map(|(subject, _)| subject))
        .collect()
}

/// The message of what an entry is about.
fn key(subject: &str) -> String {
    format!("journal-kind-{}", subject.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use crate::web::{Lang, Text};

    #[test]
    fn every_choice_of_the_filter_has_words_in_both_languages() {
        let mut missing = Vec::new();
        for t in Lang::ALL.map(Text::new) {
            missing.extend(
                super::kinds()
                    .into_iter()
                    .map(super::key)
                    .filter(|key| !t.has(key)),
            );
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
