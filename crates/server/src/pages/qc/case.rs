//! Controls that went out: the list of what is open, and one case from the finding to its closing.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::CaseId;
use lifeline_core::people::Action;
use lifeline_core::quality::{Affected, Case, case::unsettled};
use lifeline_core::subject::Subject;

use super::{control_name, hour, place_name, query, verdict};
use crate::app::App;
use crate::pages::parts::Named;
use crate::pages::timeline;
use crate::web::components::TimelineEntry;
use crate::web::words::address;
use crate::web::{Frame, Moment, PageError, Tone, Visit, render};

/// Closed cases shown below the open ones.
const CLOSED_MOST: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/cases", get(list))
        .route("/qc/cases/{case}", get(show))
}

struct CaseRow {
    href: String,
    id: String,
    tone: Tone,
    state: String,
    control: String,
    place: String,
    opened: Moment,
    undecided: usize,
    lacks: Vec<String>,
}

#[derive(Template)]
#[template(path = "qc/cases.html")]
struct ListPage {
    cases: Vec<CaseRow>,
    frame: Frame,
}

fn lacks(frame: &Frame, hospital: &Hospital, case: &Case) -> Vec<String> {
    if case.closed.is_some() {
        return Vec::new();
    }
    let wanted = [
        ("case-lacks-correction", case.corrections.is_empty()),
        ("case-lacks-decisions", case.undecided().next().is_some()),
        (
            "case-lacks-repeat",
            !unsettled(hospital, case, frame.now).is_empty(),
        ),
    ];
    wanted
        .into_iter()
        .filter(|(_, lacking)| *lacking)
        .map(|(word, _)| frame.t.m(word))
        .collect()
}

fn state(frame: &Frame, case: &Case) -> (Tone, String) {
    match case.closed {
        Some(_) => (Tone::Good, frame.t.m("qc-case-closed")),
        None => (Tone::Stop, frame.t.m("qc-case-open")),
    }
}

async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let closed = hospital
        .quality
        .cases()
        .rev()
        .filter(|case| case.closed.is_some())
        .take(CLOSED_MOST);
    let cases = hospital
        .quality
        .open_cases()
        .chain(closed)
        .map(|case| {
            let (tone, state) = state(&frame, case);
            CaseRow {
                href: format!("/qc/cases/{}", case.id),
                id: case.id.to_string(),
                tone,
                state,
                control: control_name(&frame, &hospital, &case.control),
                place: place_name(&frame, &hospital, &case.place),
                opened: frame.moment(case.opened.at),
                undecided: case.undecided().count(),
                lacks: lacks(&frame, &hospital, case),
            }
        })
        .collect();
    Ok(render(&ListPage { cases, frame }))
}

struct RunRow {
    href: String,
    id: String,
    at: String,
    tone: Tone,
    words: String,
    why: String,
}

struct AffectedRow {
    href: String,
    id: String,
    what: String,
    read: Option<Moment>,
    tone: Tone,
    ruling: String,
    reason: String,
    decide: String,
}

#[derive(Template)]
#[template(path = "qc/case.html")]
struct CasePage {
    id: String,
    control: String,
    place: String,
    tone: Tone,
    state: String,
    lacks: Vec<String>,
    since: Option<Moment>,
    opened: Moment,
    lots: String,
    runs: Vec<RunRow>,
    affected: Vec<AffectedRow>,
    corrections: Vec<(String, String, String)>,
    closed: Option<(String, String)>,
    repeat: String,
    open: bool,
    may_run: bool,
    may_decide: bool,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn affected(
    frame: &Frame,
    hospital: &Hospital,
    case: &Case,
    result: Affected,
    may_decide: bool,
) -> AffectedRow {
    let (what, read) = match result {
        Affected::Test(id) => hospital.tests.get(id).map_or_else(
            || (String::new(), None),
            |test| {
                let said = test
                    .latest()
                    .map(|version| version.interpretation.to_string())
                    .unwrap_or_default();
                (
                    format!("{} {said}", frame.t.m(test.kind.word())),
                    test.latest().map(|version| frame.moment(version.read)),
                )
            },
        ),
        Affected::Crossmatch(id) => hospital.crossmatches.get(id).map_or_else(
            || (String::new(), None),
            |found| {
                (
                    format!("{} {}", frame.t.m("test-kind-crossmatch"), found.unit),
                    Some(frame.moment(found.recorded.at)),
                )
            },
        ),
    };
    let subject = result.subject();
    let ruling = case.affected.get(&result).cloned().flatten();
    let open = ruling.is_none() && case.closed.is_none();
    let (tone, words, reason) = match ruling {
        None => (Tone::Stop, frame.t.m("qc-undecided"), String::new()),
        Some((ruling, reason, stamp)) => {
            let who = timeline::person(frame, hospital, stamp.by.as_str());
            let tone = match ruling {
                lifeline_core::quality::Ruling::Stands => Tone::Good,
                lifeline_core::quality::Ruling::Void => Tone::Warn,
            };
            (
                tone,
                frame.t.m(&format!("qc-ruling-{}", ruling.as_str())),
                format!("{reason} ({who})"),
            )
        }
    };
    AffectedRow {
        href: address(&subject),
        id: subject.identifier(),
        what,
        read,
        tone,
        ruling: words,
        reason,
        decide: if open && may_decide {
            format!("/qc/cases/{}/decide?result={subject}", case.id)
        } else {
            String::new()
        },
    }
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<CaseId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let hospital = app.state();
    let case = hospital
        .quality
        .case(id)
        .ok_or(PageError::NotFound)?
        .clone();
    let may_decide = app.may(&visit, Action::CaseDecide);
    let runs = case
        .runs
        .iter()
        .filter_map(|run| hospital.quality.run(*run))
        .map(|run| {
            let (tone, words) = verdict(&frame, run.verdict());
            RunRow {
                href: format!("/qc/runs/{}", run.id),
                id: run.id.to_string(),
                at: format!("{} {}", frame.moment(run.ran).text, ""),
                tone,
                words: format!("{words} {}", hour(&frame, run.ran)),
                why: run
                    .repeat
                    .as_ref()
                    .map(|(_, why)| why.clone())
                    .unwrap_or_default(),
            }
        })
        .collect();
    let person = |login: &str| timeline::person(&frame, &hospital, login);
    let (tone, state) = state(&frame, &case);
    let lots: Vec<String> = case.lots.iter().map(ToString::to_string).collect();
    let page = CasePage {
        id: case.id.to_string(),
        control: control_name(&frame, &hospital, &case.control),
        place: place_name(&frame, &hospital, &case.place),
        tone,
        state,
        lacks: lacks(&frame, &hospital, &case),
        since: case.since.map(|since| frame.moment(since)),
        opened: frame.moment(case.opened.at),
        lots: lots.join(" "),
        runs,
        affected: case
            .affected
            .keys()
            .map(|result| affected(&frame, &hospital, &case, *result, may_decide))
            .collect(),
        corrections: case
            .corrections
            .iter()
            .map(|(cause, action, stamp)| {
                let words = timeline::worded(&frame, &format!("qc-cause-{cause}"), cause);
                (
                    words,
                    action.clone(),
                    format!(
                        "{} {}",
                        person(stamp.by.as_str()),
                        frame.moment(stamp.at).text
                    ),
                )
            })
            .collect(),
        closed: case.closed.as_ref().map(|(note, stamp)| {
            (
                note.clone(),
                format!(
                    "{} {}",
                    person(stamp.by.as_str()),
                    frame.moment(stamp.at).text
                ),
            )
        }),
        repeat: format!("/qc/enter?{}", query(&case.control, &case.place)),
        open: case.closed.is_none(),
        may_run: app.may(&visit, Action::ControlRun),
        may_decide,
        timeline: timeline::of(&app, &frame, &[Subject::from(id)]).await?,
        frame: frame.clone(),
    };
    Ok(render(&page))
}
