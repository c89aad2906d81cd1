//! Controls that went out: the list of what is open, and one case from the finding to its closing.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::CaseId;
use lifeline_core::people::Action;
use lifeline_core::quality::{Affected, Case, DecideAffected, Ruling, case::unsettled};
use lifeline_core::subject::Subject;
use uuid::Uuid;

use super::{because, control_name, place_name, query, verdict};
use crate::app::{App, Done};
use crate::pages::measured;
use crate::pages::parts::Named;
use crate::pages::sheet::answered;
use crate::pages::timeline;
use crate::web::components::TimelineEntry;
use crate::web::forms::Posted as Values;
use crate::web::words::address;
use crate::web::{Banner, Form, Frame, Moment, PageError, Posted, Tone, Visit, render, words};

/// Closed cases shown below the open ones.
const CLOSED_MOST: usize = 100;
/// Results decided in one page; the rest come with the next.
const DECISIONS_MOST: usize = 200;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/qc/cases", get(list))
        .route("/qc/cases/{case}", get(show))
        .route(
            "/qc/cases/{case}/decisions",
            get(show_decisions).post(do_decisions),
        )
}

/// A case in one row.
pub(super) struct CaseRow {
    pub(super) href: String,
    pub(super) id: String,
    pub(super) tone: Tone,
    pub(super) state: String,
    pub(super) control: String,
    pub(super) place: String,
    pub(super) opened: Moment,
    pub(super) undecided: usize,
    pub(super) lacks: Vec<String>,
}

/// A case as a row.
pub(super) fn case_row(frame: &Frame, hospital: &Hospital, case: &Case) -> CaseRow {
    let (tone, state) = state(frame, case);
    CaseRow {
        href: format!("/qc/cases/{}", case.id),
        id: case.id.to_string(),
        tone,
        state,
        control: control_name(frame, hospital, &case.control),
        place: place_name(frame, hospital, &case.place),
        opened: frame.moment(case.opened.at),
        undecided: case.undecided().count(),
        lacks: lacks(frame, hospital, case),
    }
}

#[derive(Template)]
#[template(path = "qc/cases.html")]
struct ListPage {
    cases: Vec<CaseRow>,
    frame: Frame,
}

/// What a case needs before it may be closed, in the order of the work: the word for its lacking, and whether it is there.
fn needs(frame: &Frame, hospital: &Hospital, case: &Case) -> [(&'static str, bool); 3] {
    [
        ("case-lacks-correction", !case.corrections.is_empty()),
        (
            "case-lacks-repeat",
            unsettled(hospital, case, frame.now).is_empty(),
        ),
        ("case-lacks-decisions", case.undecided().next().is_none()),
    ]
}

fn lacks(frame: &Frame, hospital: &Hospital, case: &Case) -> Vec<String> {
    if case.closed.is_some() {
        return Vec::new();
    }
    needs(frame, hospital, case)
        .into_iter()
        .filter(|(_, there)| !there)
        .map(|(word, _)| frame.t.m(word))
        .collect()
}

/// One step from the finding to the closing.
struct Step {
    done: bool,
    /// Whether it is the one to take now.
    next: bool,
    words: String,
    /// Where it is taken; empty where nothing is left to do or somebody else must.
    href: String,
    act: String,
    note: String,
}

fn steps(frame: &Frame, hospital: &Hospital, case: &Case, may: (bool, bool)) -> Vec<Step> {
    let t = &frame.t;
    let (may_run, may_decide) = may;
    let id = case.id;
    let repeat = format!("/qc/enter?{}", query(&case.control, &case.place));
    let undecided = case.undecided().count();
    let ways = [
        (
            may_run,
            format!("/qc/cases/{id}/correct"),
            t.m("qc-correct"),
        ),
        (may_run, repeat, t.m("qc-repeat")),
        (
            may_decide,
            format!("/qc/cases/{id}/decisions"),
            t.a("qc-decide-some", &[("count", &undecided)]),
        ),
    ];
    let words = ["qc-step-correct", "qc-step-repeat", "qc-step-decide"];
    let needs = needs(frame, hospital, case);
    let ready = needs.iter().all(|(_, there)| *there);
    let mut steps: Vec<Step> = needs
        .into_iter()
        .zip(ways)
        .zip(words)
        .map(|(((_, done), (may, href, act)), words)| Step {
            done,
            next: false,
            words: t.m(words),
            href: if may && !done { href } else { String::new() },
            act,
            note: if done {
                String::new()
            } else {
                t.m("qc-step-other")
            },
        })
        .collect();
    steps.push(Step {
        done: false,
        next: false,
        words: t.m("qc-step-close"),
        href: if ready && may_decide {
            format!("/qc/cases/{id}/close")
        } else {
            String::new()
        },
        act: t.m("qc-close"),
        note: t.m("qc-step-close-note"),
    });
    if let Some(step) = steps.iter_mut().find(|step| !step.done) {
        step.next = true;
    }
    steps
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
        .map(|case| case_row(&frame, &hospital, case))
        .collect();
    Ok(render(&ListPage { cases, frame }))
}

struct RunRow {
    href: String,
    id: String,
    at: Moment,
    tone: Tone,
    words: String,
    because: Vec<String>,
    who: String,
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
    /// The fields of the decision.
    ruling_field: String,
    why_field: String,
    id_field: String,
    id_value: String,
}

#[derive(Template)]
#[template(path = "qc/decisions.html")]
struct DecisionsPage {
    id: String,
    control: String,
    rows: Vec<AffectedRow>,
    rulings: Vec<(String, String)>,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

#[derive(Template)]
#[template(path = "qc/case.html")]
struct CasePage {
    id: String,
    control: String,
    place: String,
    tone: Tone,
    state: String,
    steps: Vec<Step>,
    chart: String,
    since: Option<Moment>,
    opened: Moment,
    lots: String,
    runs: Vec<RunRow>,
    affected: Vec<AffectedRow>,
    corrections: Vec<(String, String, String)>,
    closed: Option<(String, String)>,
    open: bool,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn affected(frame: &Frame, hospital: &Hospital, case: &Case, result: Affected) -> AffectedRow {
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
        Affected::Measured(id) => hospital.measurements.get(id).map_or_else(
            || (String::new(), None),
            |one| {
                let name = measured::assay_name(frame, hospital, one);
                let work = one.latest().map(|version| &version.work);
                (
                    format!("{name} {}", work.map(measured::value).unwrap_or_default()),
                    work.map(|work| frame.moment(work.read)),
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
    let (tone, words, reason) = match ruling {
        None => (Tone::Stop, frame.t.m("qc-undecided"), String::new()),
        Some((ruling, reason, stamp)) => {
            let who = timeline::person(frame, hospital, stamp.by.as_str());
            let tone = match ruling {
                Ruling::Stands => Tone::Good,
                Ruling::Void => Tone::Warn,
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
        ruling_field: format!("ruling.{subject}"),
        why_field: format!("why.{subject}"),
        id_field: format!("id.{subject}"),
        id_value: Uuid::now_v7().to_string(),
    }
}

fn decisions(
    app: &App,
    frame: Frame,
    id: CaseId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let case = hospital.quality.case(id).ok_or(PageError::NotFound)?;
    let wrong = banner.is_some() || !form.is_ok();
    let rows = case
        .undecided()
        .take(DECISIONS_MOST)
        .map(|result| {
            let mut row = affected(&frame, &hospital, case, result);
            // What was sent keeps the id it was sent under: sending twice decides once.
            if !form.value(&row.id_field).is_empty() {
                row.id_value = form.value(&row.id_field).to_owned();
            }
            row
        })
        .collect();
    let page = DecisionsPage {
        id: id.to_string(),
        control: control_name(&frame, &hospital, &case.control),
        rows,
        rulings: [Ruling::Stands, Ruling::Void]
            .map(|ruling| {
                let words = frame.t.m(&format!("qc-ruling-{}", ruling.as_str()));
                (ruling.as_str().to_owned(), words)
            })
            .into(),
        banner,
        form,
        frame: frame.clone(),
    };
    Ok(answered(render(&page), wrong))
}

/// `GET /qc/cases/{case}/decisions`: every result that waits, to be decided one by one in one page.
async fn show_decisions(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<CaseId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::CaseDecide)?;
    let form = Form::blank(&frame);
    decisions(&app, frame, id, form, None)
}

/// `POST /qc/cases/{case}/decisions`: what was decided is recorded, what was left open stays open.
async fn do_decisions(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<CaseId>>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::CaseDecide)?;
    let mut form = Form::sent(&frame, posted)?;
    let hospital = app.state();
    let case = hospital.quality.case(id).ok_or(PageError::NotFound)?;
    let common = form.value("why").to_owned();
    let mut commands = Vec::new();
    for result in case.undecided().take(DECISIONS_MOST) {
        let subject = result.subject();
        let chosen = form.value(&format!("ruling.{subject}")).to_owned();
        let Some(ruling) = [Ruling::Stands, Ruling::Void]
            .into_iter()
            .find(|ruling| ruling.as_str() == chosen)
        else {
            continue;
        };
        let why = format!("why.{subject}");
        let reason = match form.value(&why) {
            "" => common.clone(),
            own => own.to_owned(),
        };
        if reason.is_empty() {
            form.refuse(&why, frame.t.m("qc-decide-why"));
        }
        let own: Uuid = form
            .value(&format!("id.{subject}"))
            .parse()
            .unwrap_or_else(|_| Uuid::now_v7());
        let command = DecideAffected {
            case: id,
            result,
            ruling,
            reason,
        };
        commands.push((own, command));
    }
    if commands.is_empty() {
        form.refuse("why", frame.t.m("qc-decide-none"));
    }
    if !form.is_ok() {
        return decisions(&app, frame, id, form, None);
    }
    for (own, command) in commands {
        let subject = command.result.subject();
        form.command = own;
        match app.carry_out(&frame, &visit, &mut form, command).await? {
            Done::Accepted(_) => {}
            Done::Refused(refusal) => {
                let fresh = form.command.to_string();
                let field = format!("id.{subject}");
                form = form.with_fields(Values::of([(field.as_str(), fresh.as_str())]));
                let banner = words::refusal(&frame, &refusal);
                return decisions(&app, frame, id, form, Some(banner));
            }
            Done::Wrong => return decisions(&app, frame, id, form, None),
        }
    }
    Ok(Redirect::to(&format!("/qc/cases/{id}")).into_response())
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
    let may = (
        app.may(&visit, Action::ControlRun),
        app.may(&visit, Action::CaseDecide),
    );
    let runs = case
        .runs
        .iter()
        .filter_map(|run| hospital.quality.run(*run))
        .map(|run| {
            let (tone, words) = verdict(&frame, run.verdict());
            RunRow {
                href: format!("/qc/runs/{}", run.id),
                id: run.id.to_string(),
                at: frame.moment(run.ran),
                tone,
                words,
                because: run
                    .levels
                    .iter()
                    .flat_map(|level| &level.because)
                    .map(|one| because(&frame, one))
                    .collect(),
                who: timeline::person(&frame, &hospital, run.recorded.by.as_str()),
                why: run
                    .repeat
                    .as_ref()
                    .map(|(_, why)| why.clone())
                    .unwrap_or_default(),
            }
        })
        .collect();
    let person = |login: &str| timeline::person(&frame, &hospital, login);
    let (tone, mut state) = state(&frame, &case);
    if case.closed.is_none() {
        state = frame.t.m("qc-case-held");
    }
    let lots: Vec<String> = case.lots.iter().map(ToString::to_string).collect();
    let page = CasePage {
        id: case.id.to_string(),
        control: control_name(&frame, &hospital, &case.control),
        place: place_name(&frame, &hospital, &case.place),
        tone,
        state,
        steps: steps(&frame, &hospital, &case, may),
        chart: format!("/qc/chart?{}", query(&case.control, &case.place)),
        since: case.since.map(|since| frame.moment(since)),
        opened: frame.moment(case.opened.at),
        lots: lots.join(" "),
        runs,
        affected: case
            .affected
            .keys()
            .map(|result| affected(&frame, &hospital, &case, *result))
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
        open: case.closed.is_none(),
        timeline: timeline::of(&app, &frame, &[Subject::from(id)]).await?,
        frame: frame.clone(),
    };
    Ok(render(&page))
}
