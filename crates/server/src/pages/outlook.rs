//! Days of cover, the near-expiry ladder and what to order.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_decisions::stock::outlook::{LADDER, Line, Phase, outlook};
use lifeline_decisions::stock::usage::{DAYS, usage};

use crate::app::App;
use crate::pages::blood;
use crate::pages::calculators::offers::{self, Offer};
use crate::web::{Frame, GroupMark, PageError, Room, Tone, Visit, render};

/// One component and group, in words.
struct Shown {
    component: String,
    group: GroupMark,
    usable: u32,
    compatible: u32,
    demand: String,
    cover: String,
    phase: Option<(Tone, String)>,
    ladder: Vec<String>,
    order: String,
    forecast: String,
}

#[derive(Template)]
#[template(path = "stock/outlook.html")]
struct OutlookPage {
    failed: String,
    history: usize,
    substitution: String,
    steps: Vec<String>,
    lines: Vec<Shown>,
    usage: String,
    usage_title: String,
    offers: Vec<Offer>,
    offers_open: bool,
    frame: Frame,
}

/// The page.
pub async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    frame.room = Some(Room::Stock);
    let t = frame.t;
    let hospital = app.state();
    let mut page = OutlookPage {
        failed: String::new(),
        history: 0,
        substitution: String::new(),
        steps: LADDER
            .iter()
            .map(|days| t.a("outlook-step", &[("days", days)]))
            .chain([t.m("outlook-step-more")])
            .collect(),
        lines: Vec::new(),
        usage: String::new(),
        usage_title: t.a("usage-title", &[("days", &DAYS)]),
        offers: Vec::new(),
        offers_open: true,
        frame: frame.clone(),
    };
    count_usage(&mut page, &hospital);
    match outlook(&hospital, frame.now) {
        Ok(found) => {
            let used = &found.substitution;
            page.history = found.history_days;
            if used.issued > 0 {
                page.substitution = t.a(
                    "outlook-substitution",
                    &[
                        ("issued", &used.issued),
                        ("other", &used.other_group),
                        ("onegative", &used.o_negative),
                        ("onegother", &used.o_negative_other),
                    ],
                );
            }
            page.lines = found.lines.iter().map(|line| shown(&frame, line)).collect();
        }
        Err(error) => {
            tracing::warn!(%error, "no stock outlook");
            page.failed = t.a("proposal-failed", &[("why", &error.to_string())]);
        }
    }
    Ok(render(&page))
}

/// Crossmatch-to-transfusion ratio, transfusion probability and index, from what happened here.
fn count_usage(page: &mut OutlookPage, hospital: &Hospital) {
    let t = page.frame.t;
    let found = usage(hospital, page.frame.now);
    if found.crossmatched == 0 {
        page.usage = t.a("usage-none", &[("days", &DAYS)]);
        return;
    }
    page.usage = t.a(
        "usage-note",
        &[
            ("crossmatched", &found.crossmatched),
            ("patients", &found.patients),
            ("transfused", &found.transfused),
            ("given", &found.patients_transfused),
        ],
    );
    let known = [
        ("crossmatched", found.crossmatched.to_string()),
        ("transfused", found.transfused.to_string()),
        ("patients_crossmatched", found.patients.to_string()),
        ("patients_transfused", found.patients_transfused.to_string()),
    ];
    page.offers = ["ct_ratio", "transfusion_probability", "transfusion_index"]
        .into_iter()
        .filter_map(|name| offers::offer(&page.frame, name, &known))
        .collect();
}

fn tone(phase: Phase) -> Tone {
    match phase {
        Phase::Green => Tone::Good,
        Phase::PreAmber => Tone::Note,
        Phase::Amber => Tone::Warn,
        Phase::Red => Tone::Stop,
    }
}

fn shown(frame: &Frame, line: &Line) -> Shown {
    let t = frame.t;
    let number =
        |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{value:.1}"));
    Shown {
        component: blood::component(frame, line.component),
        group: GroupMark::from(line.group),
        usable: line.usable,
        compatible: line.compatible,
        demand: number(line.demand),
        cover: number(line.cover),
        phase: line
            .phase
            .map(|phase| (tone(phase), t.m(&format!("phase-{}", phase.as_str())))),
        ladder: line
            .ladder
            .iter()
            .map(|step| match step.lost {
                Some(lost) if lost >= 0.5 => format!("{} (−{lost:.0})", step.bags),
                _ => step.bags.to_string(),
            })
            .collect(),
        order: line.order.as_ref().map_or_else(
            || t.m("outlook-no-order"),
            |order| {
                let key = if order.capped {
                    "outlook-order-capped"
                } else {
                    "outlook-order-up-to"
                };
                t.a(key, &[("bags", &order.bags), ("level", &order.level)])
            },
        ),
        forecast: match &line.forecast {
            Ok(forecast) => {
                let error = format!("{:.2}", forecast.scaled_error);
                t.a("forecast-speaks", &[("error", &error)])
            }
            Err(silent) => t.m(&format!("forecast-silent-{}", silent.as_str())),
        },
    }
}
