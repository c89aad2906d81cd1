//! External quality assessment: what is due, one round, the trend of a programme.

mod acts;
mod grid;
mod round;
mod set_up;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use lifeline_core::assessment::{
    Nearness, Programme, Round, RoundState, nearness, standing, trend,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::ProgrammeId;
use lifeline_core::people::Action;
use lifeline_qc::eqa::Performance;

use super::timeline;
use crate::app::App;
use crate::web::components::{FindingLine, Moment, Tone};
use crate::web::{Frame, Lang, PageError, Visit, render, words};

/// The most lines of the list of rounds.
const LINES_MOST: usize = 100;
/// How far back a trend looks: five years.
const TREND: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/eqa", get(list))
        .route("/eqa/programmes/{id}", get(programme))
        .merge(set_up::routes())
        .merge(round::routes())
        .merge(acts::routes())
        .merge(grid::routes())
}

struct RoundLine {
    href: String,
    label: String,
    programme: String,
    deadline: Moment,
    near: (Tone, String),
    state: (Tone, String),
    wanted: String,
    score: String,
}

struct ProgrammeLine {
    href: String,
    name: String,
    provider: String,
    standing: (Tone, String),
    last: String,
    rounds: usize,
}

#[derive(Template)]
#[template(path = "eqa/list.html")]
struct ListPage {
    due: Vec<RoundLine>,
    open: Vec<RoundLine>,
    done: Vec<RoundLine>,
    programmes: Vec<ProgrammeLine>,
    may_manage: bool,
    frame: Frame,
}

struct PointLine {
    href: String,
    label: String,
    at: Moment,
    score: String,
    satisfactory: (Tone, String),
    standing: (Tone, String),
    items: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "eqa/programme.html")]
struct ProgrammePage {
    name: String,
    provider: String,
    standing: (Tone, String),
    table: String,
    items: Vec<String>,
    points: Vec<PointLine>,
    lacking: Option<FindingLine>,
    pass: u32,
    edit: String,
    may_manage: bool,
    frame: Frame,
}

/// The name of a programme in the page's language.
fn name_of(frame: &Frame, programme: &Programme) -> String {
    match frame.lang() {
        Lang::En => programme.latin.clone(),
        Lang::ZhCn => programme.name.clone(),
    }
}

fn programme_name(frame: &Frame, hospital: &Hospital, id: &ProgrammeId) -> String {
    match hospital.assessments.programmes.get(id) {
        Some(programme) => name_of(frame, programme),
        None => id.to_string(),
    }
}

/// An item in words, or its code as it stands.
fn item_words(frame: &Frame, code: &str) -> String {
    timeline::worded(frame, &format!("eqa-item-{code}"), code)
}

/// Hundredths of a per cent as people write them.
fn percent(hundredths: u32) -> String {
    if hundredths.is_multiple_of(100) {
        (hundredths / 100).to_string()
    } else {
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

fn state_chip(frame: &Frame, state: RoundState) -> (Tone, String) {
    let tone = match state {
        RoundState::Unsatisfactory => Tone::Stop,
        RoundState::Awaited | RoundState::Submitted | RoundState::Appealed => Tone::Note,
        RoundState::Testing | RoundState::Settled => Tone::Warn,
        RoundState::Closed => Tone::Good,
    };
    (tone, frame.t.m(&format!("round-state-{}", state.as_str())))
}

fn standing_chip(frame: &Frame, performance: Option<Performance>) -> (Tone, String) {
    let (tone, word) = match performance {
        Some(Performance::Successful) => (Tone::Good, "successful"),
        Some(Performance::UnsuccessfulInARow) => (Tone::Stop, "in-a-row"),
        Some(Performance::UnsuccessfulAmongLast) => (Tone::Stop, "among-last"),
        Some(Performance::TooManyPoints) => (Tone::Stop, "points"),
        None => (Tone::Note, "unknown"),
    };
    (tone, frame.t.m(&format!("eqa-standing-{word}")))
}

fn satisfactory_chip(frame: &Frame, good: bool) -> (Tone, String) {
    if good {
        (Tone::Good, frame.t.m("eqa-satisfactory"))
    } else {
        (Tone::Stop, frame.t.m("eqa-unsatisfactory"))
    }
}

fn near_chip(frame: &Frame, hospital: &Hospital, round: &Round) -> (Tone, String) {
    let near = nearness(hospital, round.deadline, frame.now);
    let tone = match near {
        Nearness::Far => Tone::Note,
        Nearness::First | Nearness::Second => Tone::Warn,
        Nearness::Last | Nearness::Overdue => Tone::Stop,
    };
    (tone, frame.t.m(&format!("eqa-near-{}", near.as_str())))
}

fn line(frame: &Frame, hospital: &Hospital, round: &Round) -> RoundLine {
    let missing = round.missing().count();
    RoundLine {
        href: format!("/eqa/rounds/{}", round.id),
        label: round.label.clone(),
        programme: programme_name(frame, hospital, &round.programme),
        deadline: frame.moment(round.deadline),
        near: near_chip(frame, hospital, round),
        state: state_chip(frame, round.state()),
        wanted: if missing == 0 {
            String::new()
        } else {
            frame.t.a("eqa-missing", &[("count", &missing)])
        },
        score: round
            .outcome()
            .map(|outcome| percent(outcome.score))
            .unwrap_or_default(),
    }
}

/// `GET /eqa`.
async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewAssessment)?;
    let hospital = app.state();
    let lines = |rounds: Vec<&std::sync::Arc<Round>>| -> Vec<RoundLine> {
        rounds
            .into_iter()
            .take(LINES_MOST)
            .map(|round| line(&frame, &hospital, round))
            .collect()
    };
    let due = lines(hospital.assessments.due().collect());
    let is_due = |round: &Round| {
        round.submission.is_none() && round.outcome().is_none() && round.closed.is_none()
    };
    let open = lines(
        hospital
            .assessments
            .rounds()
            .filter(|round| !is_due(round) && round.closed.is_none())
            .collect(),
    );
    let mut closed: Vec<_> = hospital
        .assessments
        .rounds()
        .filter(|round| round.closed.is_some())
        .collect();
    closed.sort_by_key(|round| std::cmp::Reverse(round.deadline));
    let done = lines(closed);
    let programmes = hospital
        .assessments
        .programmes
        .values()
        .map(|programme| {
            let rounds = hospital.assessments.of(&programme.id);
            let scored: Vec<_> = rounds.filter(|round| round.outcome().is_some()).collect();
            let last = scored.iter().max_by_key(|round| round.deadline);
            ProgrammeLine {
                href: format!("/eqa/programmes/{}", programme.id),
                name: name_of(&frame, programme),
                provider: programme.provider.clone(),
                standing: match last.map(|_| standing(&hospital, &programme.id)) {
                    None => standing_chip(&frame, None),
                    Some(Ok(found)) => standing_chip(&frame, Some(found)),
                    Some(Err(finding)) => {
                        let told = words::finding(&frame, &finding);
                        (told.tone, told.what)
                    }
                },
                last: last
                    .and_then(|round| Some((&round.label, round.outcome()?)))
                    .map(|(label, outcome)| format!("{label} · {} %", percent(outcome.score)))
                    .unwrap_or_default(),
                rounds: scored.len(),
            }
        })
        .collect();
    Ok(render(&ListPage {
        due,
        open,
        done,
        programmes,
        may_manage: app.may(&visit, Action::AssessmentManage),
        frame,
    }))
}

/// `GET /eqa/programmes/{id}`: the trend over five years and its table.
async fn programme(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewAssessment)?;
    let hospital = app.state();
    let programme = ProgrammeId::parse(&id)
        .ok()
        .and_then(|id| hospital.assessments.programmes.get(&id).cloned())
        .ok_or(PageError::NotFound)?;
    let since = frame.now.checked_sub(TREND).unwrap_or(Timestamp::MIN);
    // A trend that cannot be computed says why instead of looking like one that has not begun.
    let (found, lacking) = match trend(&hospital, &programme.id, since) {
        Ok(found) => (found, None),
        Err(finding) => (Vec::new(), Some(words::finding(&frame, &finding))),
    };
    let pass = found
        .last()
        .and_then(|point| hospital.assessments.round(point.round)?.outcome())
        .and_then(|outcome| outcome.items.iter().map(|item| item.pass).min())
        .unwrap_or_default();
    let points = found
        .iter()
        .map(|point| PointLine {
            href: format!("/eqa/rounds/{}", point.round),
            label: point.label.clone(),
            at: frame.moment(point.at),
            score: percent(point.score),
            satisfactory: satisfactory_chip(&frame, point.satisfactory),
            standing: standing_chip(&frame, Some(point.standing)),
            items: programme
                .items
                .iter()
                .map(|item| {
                    let scored = point.items.iter().find(|(code, _, _)| *code == item.code);
                    let words = item_words(&frame, &item.code);
                    match scored {
                        Some((_, score, good)) => (words, percent(*score), *good),
                        None => (words, String::new(), true),
                    }
                })
                .collect(),
        })
        .collect();
    Ok(render(&ProgrammePage {
        name: name_of(&frame, &programme),
        provider: programme.provider.clone(),
        standing: standing_chip(&frame, found.last().map(|point| point.standing)),
        table: programme.table.clone(),
        items: programme
            .items
            .iter()
            .map(|item| item_words(&frame, &item.code))
            .collect(),
        points,
        lacking,
        pass,
        edit: format!("/eqa/programme?id={}", programme.id),
        may_manage: app.may(&visit, Action::AssessmentManage),
        frame,
    }))
}
