//! Platelets for one request: what the patient's antibodies see, ABO and age; and whether platelets worked before.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::blood::Component;
use lifeline_core::id::RequestId;
use lifeline_core::people::Action;
use lifeline_decisions::matching::platelets::{Ranked, Refractory, Suits};
use lifeline_decisions::proposal::platelets::{PlateletPlan, Tried, platelets};

use crate::app::App;
use crate::pages::calculators::offers::{self, Offer};
use crate::pages::parts::{Named, RequestRow, crossmatch_address, request_row};
use crate::pages::person::Strip;
use crate::pages::proposal::against;
use crate::pages::unit::{Row, row};
use crate::web::{FindingLine, Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render};

/// Bags of the list.
const BAGS_MOST: usize = 40;
/// Transfusions of the list, the newest.
const TRIED_MOST: usize = 12;

/// A bag in its place.
struct Bag {
    bag: Row,
    unit: String,
    suits: (Tone, String),
    seen: String,
    abo: (Tone, String),
    cost: String,
    /// Why the gate would not let it be held; empty where it would.
    stops: Vec<FindingLine>,
    form: Form,
}

/// A transfusion with its counts.
struct Line {
    href: String,
    issue: String,
    unit: String,
    ended: Moment,
    /// Whether it may prove anything: fresh and ABO identical.
    counts: (Tone, String),
    early: (Tone, String),
    late: (Tone, String),
}

#[derive(Template)]
#[template(path = "crossmatch/platelets.html")]
struct Page {
    row: RequestRow,
    action: String,
    strip: Strip,
    failed: String,
    antibodies: Vec<String>,
    report_href: String,
    bags: Vec<Bag>,
    more: usize,
    tried: Vec<Line>,
    verdict: (Tone, String),
    rule: String,
    offers: Vec<Offer>,
    offers_open: bool,
    frame: Frame,
}

fn bag(
    frame: &Frame,
    hospital: &lifeline_core::hospital::Hospital,
    unit: lifeline_core::blood::UnitId,
    request: RequestId,
    ranked: &Ranked,
) -> Option<Bag> {
    let t = frame.t;
    let tone = match ranked.suits {
        Suits::Compatible => Tone::Good,
        Suits::Permissive | Suits::NotTyped => Tone::Note,
        Suits::Seen => Tone::Warn,
    };
    let seen: Vec<String> = ranked
        .seen
        .iter()
        .map(|(antigen, mfi)| format!("{antigen} {mfi:.0}"))
        .collect();
    let name = unit.to_string();
    Some(Bag {
        bag: row(frame, hospital, hospital.units.get(&unit)?),
        suits: (
            tone,
            t.m(&format!("platelet-suits-{}", ranked.suits.as_str())),
        ),
        seen: match ranked.mfi {
            Some(sum) if sum > 0.0 => t.a(
                "platelets-sum",
                &[("sum", &format!("{sum:.0}")), ("seen", &seen.join(" + "))],
            ),
            _ => String::new(),
        },
        abo: if ranked.abo_major {
            (Tone::Warn, t.m("platelets-abo-major"))
        } else {
            (Tone::Good, t.m("platelets-abo-suits"))
        },
        cost: format!("{:.1}", ranked.cost),
        stops: against(frame, hospital, &unit, request),
        form: Form::filled(frame, Posted::of([("unit", name.as_str())])),
        unit: name,
    })
}

fn line(frame: &Frame, plan: &PlateletPlan, one: &Tried) -> Line {
    let t = frame.t;
    let judged = |cci: Option<f64>, least: f64| match cci {
        None => (Tone::Note, t.m("platelets-not-counted")),
        Some(cci) if cci < least => (Tone::Warn, format!("{cci:.1} < {least}")),
        Some(cci) => (Tone::Good, format!("{cci:.1} ≥ {least}")),
    };
    let fresh = one.trial.age_hours < plan.numbers.fresh_hours;
    let counts = match (one.trial.abo_identical, fresh) {
        (true, true) => (Tone::Good, t.m("platelets-counts")),
        (false, _) => (Tone::Note, t.m("platelets-abo-other")),
        (true, false) => (Tone::Note, t.m("platelets-not-fresh")),
    };
    Line {
        href: format!("/ward/{}", one.issue),
        issue: one.issue.to_string(),
        unit: one.unit.to_string(),
        ended: frame.moment(one.ended),
        counts,
        early: judged(one.trial.cci_1h, plan.numbers.success_1h),
        late: judged(one.trial.cci_24h, plan.numbers.success_24h),
    }
}

/// `GET /crossmatch/{request}/platelets`.
pub(super) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<RequestId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReserve)?;
    frame.room = Some(Room::Crossmatch);
    let t = frame.t;
    let hospital = app.state();
    let request = hospital.requests.get(id).ok_or(PageError::NotFound)?;
    if request.order.component != Component::Platelets {
        return Err(PageError::NotFound);
    }
    let record = hospital
        .record_of(request.patient)
        .ok_or(PageError::NotFound)?;
    let mut page = Page {
        row: request_row(&frame, &hospital, request),
        action: crossmatch_address(id),
        strip: Strip::find(&frame, &hospital, request.patient)?,
        failed: String::new(),
        antibodies: record
            .parts()
            .filter_map(|part| part.platelet_antibodies.as_ref())
            .flat_map(|report| {
                let mut list: Vec<_> = report.mfi.iter().collect();
                list.sort_by_key(|(antigen, mfi)| (std::cmp::Reverse(**mfi), (*antigen).clone()));
                list.into_iter()
                    .map(|(antigen, mfi)| format!("{antigen} {mfi}"))
                    .collect::<Vec<_>>()
            })
            .collect(),
        report_href: format!("/patients/{}/platelet-antibodies", record.id()),
        bags: Vec::new(),
        more: 0,
        tried: Vec::new(),
        verdict: (Tone::Note, String::new()),
        rule: String::new(),
        offers: offers::for_request(&frame, &hospital, request),
        offers_open: false,
        frame: frame.clone(),
    };
    match platelets(&hospital, request.patient, frame.now) {
        Err(error) => {
            tracing::warn!(%error, "no platelet ranking");
            page.failed = t.a("proposal-failed", &[("why", &error.to_string())]);
        }
        Ok(plan) => {
            page.more = plan.bags.len().saturating_sub(BAGS_MOST);
            page.bags = plan
                .bags
                .iter()
                .take(BAGS_MOST)
                .filter_map(|(unit, ranked)| bag(&frame, &hospital, *unit, id, ranked))
                .collect();
            page.tried = plan
                .tried
                .iter()
                .rev()
                .take(TRIED_MOST)
                .map(|one| line(&frame, &plan, one))
                .collect();
            let tone = match plan.refractory {
                Refractory::No => Tone::Good,
                Refractory::NotShown => Tone::Note,
                Refractory::Immune | Refractory::Consumption => Tone::Warn,
            };
            let words = t.m(&format!(
                "platelets-refractory-{}",
                plan.refractory.as_str()
            ));
            page.verdict = (tone, words);
            let numbers = &plan.numbers;
            page.rule = t.a(
                "platelets-rule",
                &[
                    ("failures", &numbers.failures),
                    ("hours", &numbers.fresh_hours),
                    ("early", &numbers.success_1h),
                    ("late", &numbers.success_24h),
                    ("permissive", &numbers.mfi_permissive),
                ],
            );
        }
    }
    Ok(render(&page))
}
