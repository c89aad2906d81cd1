//! The department's own records: what everybody must read, what went wrong and what was done about it, who is competent in
//! what, whether the ways of measuring agree, and what audits found.

mod case;
mod comparison;
mod document;
mod sheets;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use lifeline_core::governance::{Nonconformity, Stage, Weight};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::UserId;
use lifeline_core::people::Action;

use super::sheet::part;
use super::timeline::person;
use crate::app::App;
use crate::web::components::{Moment, Tone};
use crate::web::{Frame, PageError, Room, Visit, render};

/// The most rows of each table; the journal has them all.
const ROWS_MOST: usize = 200;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/governance", get(home))
        .route(
            "/governance/new/{what}",
            get(sheets::show).post(sheets::carry_out),
        )
        .route("/comparisons/{comparison}", get(comparison::show))
        .route("/nonconformities/{case}", get(case::show))
        .route(
            "/nonconformities/{case}/{act}",
            get(case::ask).post(case::carry_out),
        )
        .route("/documents/{document}", get(document::show))
        .route(
            "/documents/{document}/{act}",
            get(document::ask).post(document::carry_out),
        )
}

struct CaseRow {
    href: String,
    id: String,
    weight: (Tone, String),
    stage: (Tone, String),
    text: String,
    who: String,
    due: Option<Moment>,
    reported: Moment,
}

struct DocumentRow {
    href: String,
    id: String,
    title: String,
    edition: u32,
    state: (Tone, String),
    read: String,
    effective: Option<Moment>,
}

struct ReadRow {
    href: String,
    id: String,
    title: String,
}

struct ComparisonRow {
    href: String,
    id: String,
    item: String,
    versus: String,
    parties: String,
    verdict: (Tone, String),
    figures: String,
    at: Moment,
}

struct CompetenceRow {
    person: String,
    item: String,
    method: String,
    state: (Tone, String),
    until: Moment,
    assessor: String,
}

struct ReviewRow {
    id: String,
    kind: String,
    held: String,
    scope: String,
    conclusion: String,
    found: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "governance/home.html")]
struct HomePage {
    to_read: Vec<ReadRow>,
    open: Vec<CaseRow>,
    closed: Vec<CaseRow>,
    documents: Vec<DocumentRow>,
    comparisons: Vec<ComparisonRow>,
    competence: Vec<CompetenceRow>,
    reviews: Vec<ReviewRow>,
    may_publish: bool,
    may_assess: bool,
    may_compare: bool,
    frame: Frame,
}

fn weight(frame: &Frame, weight: Weight) -> (Tone, String) {
    let tone = match weight {
        Weight::Minor => Tone::Note,
        Weight::Major => Tone::Warn,
        Weight::Critical => Tone::Stop,
    };
    (tone, frame.t.m(&format!("weight-{}", weight.as_str())))
}

fn stage(frame: &Frame, case: &Nonconformity) -> (Tone, String) {
    let stage = case.stage();
    let tone = match stage {
        Stage::Closed => Tone::Good,
        _ if case.due().is_some_and(|due| due <= frame.now) => Tone::Stop,
        _ => Tone::Warn,
    };
    (tone, frame.t.m(&format!("stage-{}", stage.as_str())))
}

fn case_row(frame: &Frame, hospital: &Hospital, case: &Nonconformity) -> CaseRow {
    let open = case.round().and_then(|round| {
        let open = round.actions.iter().filter(|action| action.done.is_none());
        open.min_by_key(|action| action.due)
    });
    CaseRow {
        href: format!("/nonconformities/{}", case.id),
        id: case.id.to_string(),
        weight: weight(frame, case.weight),
        stage: stage(frame, case),
        text: case.text.clone(),
        who: open.map_or_else(String::new, |action| {
            person(frame, hospital, action.who.as_str())
        }),
        due: open.map(|action| frame.moment(action.due)),
        reported: frame.moment(case.reported.at),
    }
}

fn documents(frame: &Frame, hospital: &Hospital) -> Vec<DocumentRow> {
    let t = frame.t;
    let unread = hospital.governance.unread(hospital, frame.now);
    let rows = hospital.governance.documents.values().filter_map(|one| {
        let in_force = one.in_force(frame.now);
        let shown = in_force.or(one.editions.last())?;
        let missing = unread.iter().filter(|(id, _)| *id == one.id).count();
        let state = match (&one.retired, in_force) {
            (Some(_), _) => (Tone::Note, t.m("document-retired")),
            (None, None) => (Tone::Warn, t.m("document-to-come")),
            (None, Some(_)) => (Tone::Good, t.m("document-in-force")),
        };
        let read = t.a(
            "document-read-by",
            &[("read", &shown.read.len()), ("missing", &missing)],
        );
        Some(DocumentRow {
            href: format!("/documents/{}", part(one.id.as_str())),
            id: one.id.to_string(),
            title: shown.title.clone(),
            edition: shown.number,
            state,
            read,
            effective: Some(frame.moment(shown.effective)),
        })
    });
    rows.collect()
}

fn comparisons(frame: &Frame, hospital: &Hospital) -> Vec<ComparisonRow> {
    let t = frame.t;
    let all = hospital.governance.comparisons.values().rev();
    all.take(ROWS_MOST)
        .map(|one| ComparisonRow {
            href: format!("/comparisons/{}", one.id),
            id: one.id.to_string(),
            item: one.item.clone(),
            versus: t.m(&format!("versus-{}", one.versus.as_str())),
            parties: one.parties.join(" / "),
            verdict: comparison::acceptable(frame, &one.verdict),
            figures: comparison::figures(frame, &one.verdict),
            at: frame.moment(one.recorded.at),
        })
        .collect()
}

fn competence(frame: &Frame, hospital: &Hospital) -> Vec<CompetenceRow> {
    let t = frame.t;
    let mut rows = Vec::new();
    for (id, all) in &hospital.governance.competence {
        let mut seen: Vec<&str> = Vec::new();
        for one in all.iter().rev() {
            if seen.contains(&one.item.as_str()) {
                continue;
            }
            seen.push(&one.item);
            let state = match (one.passed, frame.now < one.until) {
                (false, _) => (Tone::Stop, t.m("competence-failed")),
                (true, false) => (Tone::Warn, t.m("competence-run-out")),
                (true, true) => (Tone::Good, t.m("competence-valid")),
            };
            rows.push(CompetenceRow {
                person: person(frame, hospital, id.as_str()),
                item: one.item.clone(),
                method: t.m(&format!("assessment-{}", one.method.as_str())),
                state,
                until: frame.moment(one.until),
                assessor: person(frame, hospital, one.assessed.by.as_str()),
            });
        }
    }
    rows.truncate(ROWS_MOST);
    rows
}

fn reviews(frame: &Frame, hospital: &Hospital) -> Vec<ReviewRow> {
    let all = hospital.governance.reviews.values().rev();
    all.take(ROWS_MOST)
        .map(|one| ReviewRow {
            id: one.id.to_string(),
            kind: frame.t.m(&format!("review-{}", one.kind.as_str())),
            held: one.held.to_string(),
            scope: one.scope.clone(),
            conclusion: one.conclusion.clone(),
            found: one
                .nonconformities
                .iter()
                .map(|id| (format!("/nonconformities/{id}"), id.to_string()))
                .collect(),
        })
        .collect()
}

/// `GET /governance`.
async fn home(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewGovernance)?;
    frame.room = Some(Room::Governance);
    let hospital = app.state();
    let me = UserId::parse(&visit.person.id).map_err(PageError::internal)?;
    let to_read = hospital
        .governance
        .unread(&hospital, frame.now)
        .into_iter()
        .filter(|(_, reader)| *reader == me)
        .filter_map(|(id, _)| {
            let title = hospital.governance.documents.get(&id)?;
            Some(ReadRow {
                href: format!("/documents/{}", part(id.as_str())),
                title: title.in_force(frame.now)?.title.clone(),
                id: id.to_string(),
            })
        })
        .collect();
    let rows = |closed: bool| -> Vec<CaseRow> {
        let all = hospital.governance.nonconformities.values().rev();
        all.filter(|case| (case.stage() == Stage::Closed) == closed)
            .take(ROWS_MOST)
            .map(|case| case_row(&frame, &hospital, case))
            .collect()
    };
    let (open, closed) = (rows(false), rows(true));
    let page = HomePage {
        to_read,
        open,
        closed,
        documents: documents(&frame, &hospital),
        comparisons: comparisons(&frame, &hospital),
        competence: competence(&frame, &hospital),
        reviews: reviews(&frame, &hospital),
        may_publish: app.may(&visit, Action::DocumentManage),
        may_assess: app.may(&visit, Action::CompetenceAssess),
        may_compare: app.may(&visit, Action::ComparisonRecord),
        frame,
    };
    Ok(render(&page))
}
