//! One round: what it holds, how it came out, what was done about it, and what may be done next.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::assessment::{Mark, Round, RoundState};
use lifeline_core::id::RoundId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_qc::eqa::{Submitted, Verdict};

use super::acts::Act;
use super::{item_words, near_chip, percent, programme_name, satisfactory_chip, state_chip};
use crate::app::App;
use crate::pages::timeline;
use crate::web::components::{Moment, TimelineEntry, Tone};
use crate::web::{Frame, PageError, Visit, render};

/// The routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/eqa/rounds/{id}", get(show))
}

struct SampleLine {
    code: String,
    tube: String,
    cells: Vec<Cell>,
}

struct Cell {
    text: String,
    who: String,
    /// The test it was taken from, and whether the bench has a test that is not taken yet.
    test: Option<String>,
    mark: Option<(Tone, String)>,
}

struct ItemLine {
    name: String,
    score: String,
    count: String,
    pass: String,
    chip: (Tone, String),
}

struct StepLine {
    what: String,
    text: String,
    who: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "eqa/round.html")]
struct RoundPage {
    title: String,
    programme: (String, String),
    state: (Tone, String),
    near: Option<(Tone, String)>,
    deadline: Moment,
    receipt: String,
    sent: String,
    carried_over: bool,
    knows: bool,
    heads: Vec<String>,
    samples: Vec<SampleLine>,
    outcome: Option<(String, (Tone, String), String)>,
    items: Vec<ItemLine>,
    steps: Vec<StepLine>,
    acts: Vec<(String, String, bool)>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

/// The round of an address.
pub(super) fn known(app: &App, id: &str) -> Result<std::sync::Arc<Round>, PageError> {
    id.parse::<RoundId>()
        .ok()
        .and_then(|id| app.state().assessments.round(id).cloned())
        .ok_or(PageError::NotFound)
}

fn mark_chip(frame: &Frame, mark: &Mark) -> (Tone, String) {
    let t = frame.t;
    match mark {
        Mark::Right => (Tone::Good, t.m("eqa-mark-right")),
        Mark::NotGraded => (Tone::Note, t.m("eqa-mark-not-graded")),
        Mark::Wrong(kind) => {
            let word = serde_json::to_value(kind).unwrap_or_default();
            let word = word.as_str().unwrap_or("wrong").replace('_', "-");
            (Tone::Stop, t.m(&format!("eqa-mark-{word}")))
        }
        Mark::Scored {
            score,
            prime,
            verdict,
        } => {
            let tone = match verdict {
                Verdict::Acceptable => Tone::Good,
                Verdict::Warning => Tone::Warn,
                Verdict::Action => Tone::Stop,
            };
            let name = if *prime { "z′" } else { "z" };
            (tone, format!("{name} = {:.2}", score.value()))
        }
    }
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewAssessment)?;
    let round = known(&app, &id)?;
    let hospital = app.state();
    let t = frame.t;
    let who = |login: &str| timeline::person(&frame, &hospital, login);
    // The provider's codes would tell the bench what it is not to know while it tests.
    let manages = app.may(&visit, Action::AssessmentManage);
    let state = round.state();
    let knows = manages || !matches!(state, RoundState::Awaited | RoundState::Testing);
    let outcome = round.outcome();
    let samples = round
        .samples
        .iter()
        .map(|sample| SampleLine {
            code: if knows {
                sample.code.clone()
            } else {
                String::new()
            },
            tube: sample.tube.to_string(),
            cells: round
                .items
                .iter()
                .map(|item| {
                    let key = (sample.tube.clone(), item.code.clone());
                    let reported = round.results.get(&key);
                    let mark = outcome
                        .and_then(|outcome| {
                            outcome.items.iter().find(|found| found.item == item.code)
                        })
                        .and_then(|found| found.marks.get(&sample.code));
                    Cell {
                        text: reported
                            .map(|found| found.answer.text())
                            .unwrap_or_default(),
                        who: reported
                            .map(|found| who(found.tester.as_str()))
                            .unwrap_or_default(),
                        test: reported
                            .and_then(|found| found.test)
                            .map(|test| test.to_string()),
                        mark: mark.map(|mark| mark_chip(&frame, mark)),
                    }
                })
                .collect(),
        })
        .collect();
    let items = outcome
        .map(|outcome| outcome.items.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|item| ItemLine {
            name: item_words(&frame, &item.item),
            score: percent(item.score()),
            count: format!("{}/{}", item.acceptable, item.challenges),
            pass: if item.provisional {
                format!("{} *", item.pass)
            } else {
                item.pass.to_string()
            },
            chip: satisfactory_chip(&frame, item.satisfactory),
        })
        .collect();
    let steps = round
        .steps
        .iter()
        .map(|(step, stamp)| StepLine {
            what: t.m(&format!("round-step-{}", step.as_str())),
            text: step.text().to_owned(),
            who: who(stamp.by.as_str()),
            at: frame.moment(stamp.at),
        })
        .collect();
    let acts = Act::ALL
        .into_iter()
        .filter(|act| act.offered(&hospital, &round, frame.now) && app.may(&visit, act.action()))
        .map(|act| {
            let href = format!("/eqa/rounds/{}/{}", round.id, act.as_str());
            (
                href,
                t.m(&format!("eqa-act-{}", act.as_str())),
                act.next(&round),
            )
        })
        .collect();
    let submitted = |outcome: Submitted| {
        t.m(match outcome {
            Submitted::OnTime => "eqa-submitted-on-time",
            Submitted::Late => "eqa-submitted-late",
            Submitted::Absent => "eqa-submitted-absent",
        })
    };
    let due = matches!(state, RoundState::Awaited | RoundState::Testing);
    Ok(render(&RoundPage {
        title: format!(
            "{} · {}",
            programme_name(&frame, &hospital, &round.programme),
            round.label
        ),
        programme: (
            format!("/eqa/programmes/{}", round.programme),
            programme_name(&frame, &hospital, &round.programme),
        ),
        state: state_chip(&frame, state),
        near: due.then(|| near_chip(&frame, &hospital, &round)),
        deadline: frame.moment(round.deadline),
        receipt: round
            .receipt
            .as_ref()
            .map(|receipt| {
                format!(
                    "{} · {}",
                    frame.moment(receipt.at).text,
                    who(receipt.by.as_str())
                )
            })
            .unwrap_or_default(),
        sent: round
            .submission
            .as_ref()
            .map(|sent| {
                format!(
                    "{} · {} / {} · {}",
                    frame.moment(sent.stamp.at).text,
                    who(sent.stamp.by.as_str()),
                    who(sent.checked_by.as_str()),
                    sent.reference
                )
            })
            .unwrap_or_default(),
        carried_over: round.carried_over,
        knows,
        heads: round
            .items
            .iter()
            .map(|item| item_words(&frame, &item.code))
            .collect(),
        samples,
        outcome: outcome.map(|outcome| {
            (
                percent(outcome.score),
                satisfactory_chip(&frame, outcome.satisfactory),
                format!(
                    "{} · {} {}",
                    submitted(outcome.submitted),
                    outcome.table.0,
                    outcome.table.1
                ),
            )
        }),
        items,
        steps,
        acts,
        timeline: timeline::of(&app, &frame, &[Subject::from(round.id)]).await?,
        frame,
    }))
}
