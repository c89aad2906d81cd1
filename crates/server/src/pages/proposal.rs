//! What the matching proposes, in words: for one request with what else there is, and for the day.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lifeline_core::blood::{Antigen, UnitId};
use lifeline_core::finding::Severity;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::RequestId;
use lifeline_core::issue::{Purpose, gate};
use lifeline_core::people::Action;
use lifeline_decisions::proposal::{self, DayPlan, ProposalError, Reason, TypeFirst, Unplanned};

use crate::app::App;
use crate::pages::parts::{RequestRow, crossmatch_address, request_row};
use crate::pages::timeline::worded;
use crate::pages::unit::{Row, row};
use crate::web::{FindingLine, Form, Frame, PageError, Posted, Room, Tone, Visit, render, words};

/// Other bags shown for a request.
const OTHERS_MOST: usize = 6;
/// Bags shown that should be typed.
const TYPING_MOST: usize = 5;
/// Requests of the day's plan on one page.
const REQUESTS_MOST: usize = 60;

/// A bag in the proposal, or another one.
pub(crate) struct Bag {
    pub bag: Row,
    pub unit: String,
    pub reasons: Vec<(Tone, String)>,
    /// What choosing it costs the day; empty for a bag of the plan.
    pub extra: String,
    /// What more such bags would be worth; empty where there is enough.
    pub worth: String,
    /// What the gate says against it: the two disagree.
    pub gate: Vec<FindingLine>,
    pub planned_for: String,
    pub form: Form,
}

/// A bag to type.
pub(crate) struct Typing {
    pub unit: String,
    pub href: String,
    pub words: String,
}

/// What is proposed for a request.
#[derive(Default)]
pub(crate) struct View {
    /// Why there is none; empty where there is one.
    pub none: String,
    pub summary: String,
    pub missing: String,
    pub bags: Vec<Bag>,
    pub others: Vec<Bag>,
    /// The bag proposed first, for the record of a change.
    pub first: String,
}

fn antigens(frame: &Frame, list: &[Antigen]) -> String {
    let names: Vec<&str> = list.iter().map(|antigen| antigen.name()).collect();
    names.join(&frame.t.m("list-separator"))
}

fn reason(frame: &Frame, reason: &Reason) -> (Tone, String) {
    let t = frame.t;
    match reason {
        Reason::Identical => (Tone::Good, t.m("reason-identical")),
        Reason::OtherGroup => (Tone::Note, t.m("reason-other-group")),
        Reason::DaysLeft(days) => (Tone::Note, t.a("reason-days-left", &[("days", days)])),
        Reason::TypedNegative(list) => (
            Tone::Good,
            t.a(
                "reason-typed-negative",
                &[("antigens", &antigens(frame, list))],
            ),
        ),
        Reason::Mismatch(list) => {
            let parts: Vec<String> = list
                .iter()
                .map(|(antigen, weight)| format!("{} {weight:.3}", antigen.name()))
                .collect();
            let list = parts.join(&t.m("list-separator"));
            (Tone::Warn, t.a("reason-mismatch", &[("antigens", &list)]))
        }
        Reason::NotTyped(list) => (
            Tone::Note,
            t.a("reason-not-typed", &[("antigens", &antigens(frame, list))]),
        ),
    }
}

/// A kind of patient; one that a hospital added to the policy is named as it stands there.
fn kind(frame: &Frame, name: &str) -> String {
    worded(frame, &format!("kind-{name}"), name)
}

/// Why nothing can be proposed at all.
fn failed(frame: &Frame, error: &ProposalError) -> String {
    tracing::warn!(%error, "no proposal");
    frame.t.a("proposal-failed", &[("why", &error.to_string())])
}

/// What the gate holds against a proposed bag; empty when the two agree.
pub(crate) fn against(
    frame: &Frame,
    hospital: &Hospital,
    unit: &UnitId,
    request: RequestId,
) -> Vec<FindingLine> {
    gate(hospital, unit, request, Purpose::Reserve, frame.now)
        .iter()
        .filter(|finding| finding.severity == Severity::Stop)
        .map(|finding| words::finding(frame, finding))
        .collect()
}

fn bag(
    frame: &Frame,
    hospital: &Hospital,
    request: RequestId,
    unit: &UnitId,
    reasons: &[Reason],
) -> Option<Bag> {
    let name = unit.to_string();
    Some(Bag {
        bag: row(frame, hospital, hospital.units.get(unit)?),
        reasons: reasons.iter().map(|one| reason(frame, one)).collect(),
        extra: String::new(),
        worth: String::new(),
        gate: against(frame, hospital, unit, request),
        planned_for: String::new(),
        form: Form::filled(frame, Posted::of([("unit", name.as_str())])),
        unit: name,
    })
}

/// Whether the plan of this very state proposes a bag for a request.
pub(crate) fn proposes(
    hospital: &Hospital,
    frame: &Frame,
    request: RequestId,
    unit: &UnitId,
) -> bool {
    let found = proposal::plan(hospital, frame.now).ok();
    found
        .and_then(|plan| plan.proposal(request))
        .is_some_and(|proposal| proposal.bags.iter().any(|bag| bag.unit == *unit))
}

fn unplanned(frame: &Frame, why: Unplanned) -> String {
    frame.t.m(&format!("unplanned-{}", why.as_str()))
}

/// The proposal for one request.
pub(crate) fn view(frame: &Frame, hospital: &Hospital, request: RequestId) -> View {
    let t = frame.t;
    let plan = match proposal::plan(hospital, frame.now) {
        Ok(plan) => plan,
        Err(error) => {
            return View {
                none: failed(frame, &error),
                ..View::default()
            };
        }
    };
    let Some(found) = plan.proposal(request) else {
        let why = plan.unplanned.iter().find(|(id, _)| *id == request);
        return View {
            none: why.map_or_else(
                || t.m("unplanned-closed"),
                |(_, why)| unplanned(frame, *why),
            ),
            ..View::default()
        };
    };
    let bags: Vec<Bag> = found
        .bags
        .iter()
        .filter_map(|one| {
            let mut shown = bag(frame, hospital, request, &one.unit, &one.reasons)?;
            shown.worth = worth(frame, one.worth);
            Some(shown)
        })
        .collect();
    let others = plan
        .alternatives(request, OTHERS_MOST)
        .into_iter()
        .filter_map(|one| {
            let mut shown = bag(frame, hospital, request, &one.unit, &one.reasons)?;
            shown.extra = if one.extra_missing > 0 {
                t.a("proposal-extra-missing", &[("count", &one.extra_missing)])
            } else {
                t.a(
                    "proposal-extra",
                    &[("cost", &format!("{:.3}", one.extra_cost.max(0.0)))],
                )
            };
            shown.planned_for = one.planned_for.map(|id| id.to_string()).unwrap_or_default();
            Some(shown)
        })
        .collect();
    View {
        none: String::new(),
        summary: t.a(
            "proposal-summary",
            &[
                ("kind", &kind(frame, &found.kind)),
                ("wanted", &found.wanted),
                ("days", &found.lead),
            ],
        ),
        missing: if found.missing > 0 {
            t.a("proposal-missing", &[("count", &found.missing)])
        } else {
            String::new()
        },
        first: bags.first().map(|bag| bag.unit.clone()).unwrap_or_default(),
        bags,
        others,
    }
}

fn worth(frame: &Frame, (missing, cost): (i64, f64)) -> String {
    if missing > 0 {
        frame.t.m("proposal-worth-missing")
    } else if cost > 0.0005 {
        let cost = format!("{cost:.3}");
        frame.t.a("proposal-worth", &[("cost", &cost)])
    } else {
        String::new()
    }
}

fn typing(frame: &Frame, one: &TypeFirst) -> Typing {
    Typing {
        unit: format!("{} {}", one.unit.din.grouped(), one.unit.product),
        href: format!("/units/{}", one.unit),
        words: frame.t.a(
            "proposal-type",
            &[
                ("antigen", &one.antigen.name()),
                ("chance", &format!("{:.0}", one.chance_negative * 100.0)),
            ],
        ),
    }
}

/// A request of the day.
struct Planned {
    row: RequestRow,
    kind: String,
    wanted: u32,
    missing: u32,
    bags: Vec<Bag>,
    action: String,
}

/// A request that is not in the plan.
struct Left {
    id: String,
    href: String,
    why: String,
}

#[derive(Template)]
#[template(path = "crossmatch/plan.html")]
struct PlanPage {
    failed: String,
    rows: Vec<Planned>,
    more: usize,
    left: Vec<Left>,
    typing: Vec<Typing>,
    risk: String,
    may_reserve: bool,
    frame: Frame,
}

/// The plan of the day: every open request for red cells at once.
pub async fn day(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    let may_reserve = app.may(&visit, Action::UnitReserve);
    frame.room = Some(Room::Crossmatch);
    let hospital = app.state();
    let plan = match proposal::plan(&hospital, frame.now) {
        Ok(plan) => plan,
        Err(error) => {
            return Ok(render(&PlanPage {
                failed: failed(&frame, &error),
                rows: Vec::new(),
                more: 0,
                left: Vec::new(),
                typing: Vec::new(),
                risk: String::new(),
                may_reserve,
                frame,
            }));
        }
    };
    let rows: Vec<Planned> = plan
        .requests()
        .iter()
        .take(REQUESTS_MOST)
        .filter_map(|id| planned(&frame, &hospital, &plan, *id))
        .collect();
    let left = plan
        .unplanned
        .iter()
        .map(|(id, why)| Left {
            id: id.to_string(),
            href: crossmatch_address(*id),
            why: unplanned(&frame, *why),
        })
        .collect();
    let risk = plan.antibodies_per_thousand().map(|count| {
        let count = format!("{count:.2}");
        frame.t.a("plan-risk", &[("count", &count)])
    });
    Ok(render(&PlanPage {
        may_reserve,
        failed: String::new(),
        more: plan.requests().len().saturating_sub(REQUESTS_MOST),
        typing: plan
            .type_first(TYPING_MOST)
            .iter()
            .map(|one| typing(&frame, one))
            .collect(),
        risk: risk.unwrap_or_default(),
        rows,
        left,
        frame,
    }))
}

fn planned(frame: &Frame, hospital: &Hospital, plan: &DayPlan, id: RequestId) -> Option<Planned> {
    let found = plan.proposal(id)?;
    let request = hospital.requests.get(id)?;
    let bags = found
        .bags
        .iter()
        .filter_map(|one| bag(frame, hospital, id, &one.unit, &one.reasons))
        .collect();
    Some(Planned {
        row: request_row(frame, hospital, request),
        kind: kind(frame, &found.kind),
        wanted: found.wanted,
        missing: found.missing,
        bags,
        action: crossmatch_address(id),
    })
}
