//! Finding the right unit for a request and showing that it suits.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::{Component, Grade, UnitId};
use lifeline_core::command::Command;
use lifeline_core::crossmatch::{
    Chosen, Crossmatch, DisputeProposal, EndReservation, GrantElectronicCrossmatch, Outcome, Proof,
    RecordCrossmatch, ReserveUnit, ReviewCrossmatch, Side, VoidCrossmatch, candidates, criteria,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{CrossmatchId, LotId, RequestId, SampleId};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::request::{Request, Urgency};
use lifeline_core::testing::Origin;
use lifeline_core::unit::Unit;
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::calculators::offers::{self, Offer};
use crate::pages::parts::{Named, RequestRow, answered, crossmatch_address, listed, request_row};
use crate::pages::person::Strip;
use crate::pages::unit::{Row, row};
use crate::pages::{platelets, proposal, scan, timeline};
use crate::web::{
    Banner, FindingLine, Form, Frame, Moment, PageError, Posted, Room, Tone, Visit, render, words,
};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/crossmatch", get(list))
        .route("/crossmatch/plan", get(proposal::day))
        .route("/crossmatch/{request}", get(show))
        .route("/crossmatch/{request}/platelets", get(platelets::show))
        .route("/crossmatch/{request}/{act}", post(carry_out))
}

/// How many units the list to choose from shows.
const CANDIDATES_MOST: usize = 30;

/// A crossmatch in one line.
struct Line {
    id: String,
    unit: String,
    request: String,
    request_href: String,
    tone: Tone,
    outcome: String,
    proof: String,
    by: String,
    until: Moment,
    reviewed: String,
    may_review: bool,
    review: Form,
    void_href: String,
    least_href: String,
}

fn line(app: &App, frame: &Frame, visit: &Visit, hospital: &Hospital, found: &Crossmatch) -> Line {
    let t = frame.t;
    let person = |login: &str| timeline::person(frame, hospital, login);
    let (tone, outcome) = match (&found.void, found.outcome) {
        (Some(_), _) => (Tone::Note, t.m("crossmatch-void")),
        (None, Outcome::Compatible) => (Tone::Good, t.m("crossmatch-compatible")),
        (None, Outcome::Incompatible) => (Tone::Stop, t.m("crossmatch-incompatible")),
    };
    let proof = match &found.proof {
        Proof::Electronic { criteria } => {
            t.a("crossmatch-electronic-of", &[("count", &criteria.len())])
        }
        Proof::Serological {
            method,
            major,
            minor,
            origin,
            ..
        } => {
            let side = |side: &Side| match side {
                Side::Read(grade) => grade.to_string(),
                Side::NotRead => "—".to_owned(),
            };
            let read = t.a(
                "crossmatch-read",
                &[
                    (
                        "method",
                        &timeline::worded(frame, &format!("method-{method}"), method),
                    ),
                    ("major", &side(major)),
                    ("minor", &side(minor)),
                ],
            );
            match origin {
                Origin::Bench => read,
                Origin::Device {
                    device,
                    message,
                    edited,
                    ..
                } => {
                    let key = if *edited {
                        "crossmatch-by-device-edited"
                    } else {
                        "crossmatch-by-device"
                    };
                    let (device, message) = (device.to_string(), message.to_string());
                    t.a(
                        key,
                        &[("read", &read), ("device", &device), ("message", &message)],
                    )
                }
            }
        }
    };
    let waits = found.void.is_none() && found.reviewed.is_none();
    let own = found.recorded.by.as_str() == &*visit.person.id;
    Line {
        id: found.id.to_string(),
        unit: found.unit.to_string(),
        request: found.request.to_string(),
        request_href: crossmatch_address(found.request),
        tone,
        outcome,
        proof,
        by: person(found.recorded.by.as_str()),
        until: frame.moment(found.expires),
        reviewed: found
            .reviewed
            .as_ref()
            .map(|stamp| person(stamp.by.as_str()))
            .unwrap_or_default(),
        may_review: waits && !own && app.may(visit, Action::CrossmatchReview),
        review: Form::filled(
            frame,
            Posted::of([("crossmatch", found.id.to_string().as_str())]),
        ),
        least_href: if found.void.is_none()
            && found.reviewed.is_some()
            && found.outcome == Outcome::Incompatible
        {
            format!("/crossmatches/{}/least", found.id)
        } else {
            String::new()
        },
        void_href: if found.void.is_none() && app.may(visit, Action::CrossmatchReview) {
            format!("{}?void={}", crossmatch_address(found.request), found.id)
        } else {
            String::new()
        },
    }
}

#[derive(Template)]
#[template(path = "crossmatch/list.html")]
struct ListPage {
    rows: Vec<RequestRow>,
    lines: Vec<Line>,
    disputes: Vec<Disputed>,
    frame: Frame,
}

/// A proposed bag that the gate stopped.
struct Disputed {
    unit: String,
    href: String,
    request: String,
    request_href: String,
    reported: Moment,
    by: String,
    findings: Vec<FindingLine>,
    /// The number of the incident and its page; empty where it became none.
    incident: String,
    incident_href: String,
}

/// How many of the disagreements are shown, the latest.
const DISPUTES_MOST: usize = 20;

fn disputes(frame: &Frame, hospital: &Hospital) -> Vec<Disputed> {
    let mut all: Vec<_> = hospital.crossmatches.disputes().collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.reported.seq));
    all.into_iter()
        .take(DISPUTES_MOST)
        .map(|one| Disputed {
            unit: one.unit.to_string(),
            href: format!("/units/{}", one.unit),
            request: one.request.to_string(),
            request_href: crossmatch_address(one.request),
            reported: frame.moment(one.reported.at),
            by: timeline::person(frame, hospital, one.reported.by.as_str()),
            incident: one.near_miss.map(|id| id.to_string()).unwrap_or_default(),
            incident_href: one
                .near_miss
                .map(|id| format!("/near-misses/{id}"))
                .unwrap_or_default(),
            findings: one
                .findings
                .iter()
                .map(|finding| words::finding(frame, finding))
                .collect(),
        })
        .collect()
}

async fn list(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    frame.room = Some(Room::Crossmatch);
    let hospital = app.state();
    let rows = hospital
        .requests
        .open()
        .map(|request| {
            let mut row = request_row(&frame, &hospital, request);
            row.href.clone_from(&row.crossmatch);
            row
        })
        .collect();
    let lines = hospital
        .crossmatches
        .unreviewed()
        .map(|found| line(&app, &frame, &visit, &hospital, found))
        .collect();
    let disputes = disputes(&frame, &hospital);
    Ok(render(&ListPage {
        rows,
        lines,
        disputes,
        frame,
    }))
}

/// A unit that may be chosen.
struct Choice {
    bag: Row,
    unit: String,
    rank: String,
    antigen_negative: bool,
    findings: Vec<FindingLine>,
    /// Straight to the hand-over, where nothing is reserved first; empty otherwise.
    issue: String,
    form: Form,
}

/// A unit held for the request.
struct Held {
    bag: Row,
    unit: String,
    until: Moment,
    crossmatched: bool,
    href: String,
    issue: String,
    label: String,
    release: Form,
}

struct Shown {
    met: bool,
    words: String,
    evidence: String,
}

#[derive(Template)]
#[template(path = "crossmatch/request.html")]
struct RequestPage {
    row: RequestRow,
    action: String,
    strip: Strip,
    held: Vec<Held>,
    selected: String,
    cells: bool,
    methods: Vec<(String, String)>,
    electronic: Vec<Shown>,
    eligible: bool,
    lines: Vec<Line>,
    void: String,
    proposal: proposal::View,
    choices: Vec<Choice>,
    offers: Vec<Offer>,
    offers_open: bool,
    search: String,
    platelets: String,
    may_record: bool,
    may_reserve: bool,
    banner: Option<Banner>,
    form: Form,
    grant: Form,
    frame: Frame,
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    void: String,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<RequestId>>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewCrossmatch)?;
    let hospital = app.state();
    let request = hospital.requests.get(id).ok_or(PageError::NotFound)?;
    let sample = hospital
        .record_of(request.patient)
        .and_then(|record| record.current_sample(frame.now).ok().map(|s| s.id.clone()));
    let methods = hospital
        .policies
        .words(Key::CrossmatchMethods, frame.now)
        .unwrap_or_default();
    let form = Form::filled(
        &frame,
        Posted::of([
            ("unit", asked.unit.as_str()),
            ("crossmatch", asked.void.as_str()),
            (
                "sample",
                sample.as_ref().map_or("", |sample| sample.as_str()),
            ),
            ("method", methods.first().map_or("", String::as_str)),
        ]),
    );
    page(&app, frame, &visit, id, form, None)
}

fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: RequestId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Crossmatch);
    let hospital = app.state();
    let request = hospital.requests.get(id).ok_or(PageError::NotFound)?;
    let selected: Option<UnitId> = form.value("unit").parse().ok();
    let chosen = selected
        .and_then(|unit| hospital.units.get(&unit))
        .filter(|unit| is_held(unit, id) || waits(&hospital, unit, id));
    let electronic = match chosen {
        Some(unit) => shown(&frame, &hospital, unit.id, id),
        None => Vec::new(),
    };
    let urgent = request.order.urgency == Urgency::Emergency;
    let mut methods = listed(&frame, &hospital, Key::CrossmatchMethods, "method");
    if urgent {
        methods.extend(listed(
            &frame,
            &hospital,
            Key::CrossmatchMethodsIgm,
            "method",
        ));
    }
    let void = form.value("crossmatch").to_owned();
    let refused = banner.is_some();
    let page = RequestPage {
        row: request_row(&frame, &hospital, request),
        action: crossmatch_address(id),
        strip: Strip::find(&frame, &hospital, request.patient)?,
        held: hospital
            .units
            .held_for(id)
            .map(|unit| held(&frame, &hospital, unit, request))
            .collect(),
        selected: chosen.map(|unit| unit.id.to_string()).unwrap_or_default(),
        cells: request.order.component.carries_red_cells(),
        methods,
        eligible: !electronic.is_empty() && electronic.iter().all(|one| one.met),
        electronic,
        lines: hospital
            .crossmatches
            .of_request(id)
            .rev()
            .map(|found| line(app, &frame, visit, &hospital, found))
            .collect(),
        void: void
            .parse::<CrossmatchId>()
            .map(|id| id.to_string())
            .unwrap_or_default(),
        proposal: proposal::view(&frame, &hospital, id),
        choices: choices(&frame, &hospital, request),
        offers: offers::for_request(&frame, &hospital, request),
        offers_open: false,
        search: if request.order.component == Component::RedCells {
            format!("/stock/search?request={id}")
        } else {
            String::new()
        },
        platelets: if request.order.component == Component::Platelets {
            format!("{}/platelets", crossmatch_address(id))
        } else {
            String::new()
        },
        may_record: app.may(visit, Action::CrossmatchRecord),
        may_reserve: app.may(visit, Action::UnitReserve),
        banner,
        grant: Form::blank(&frame),
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

fn is_held(unit: &Unit, request: RequestId) -> bool {
    unit.reservation
        .as_ref()
        .is_some_and(|held| held.request == request)
}

/// Left on this request in an emergency, and its crossmatch must follow.
fn waits(hospital: &Hospital, unit: &Unit, request: RequestId) -> bool {
    unit.issue
        .and_then(|issue| hospital.issues.get(issue))
        .is_some_and(|issue| issue.request == request && issue.retrospective_due.is_some())
}

fn held(frame: &Frame, hospital: &Hospital, unit: &Unit, request: &Request) -> Held {
    let name = unit.id.to_string();
    let reservation = unit.reservation.as_ref();
    Held {
        bag: row(frame, hospital, unit),
        until: frame.moment(reservation.map_or(frame.now, |held| held.until)),
        crossmatched: reservation.is_some_and(|held| held.crossmatch.is_some())
            || !unit.component.carries_red_cells(),
        href: format!("{}?unit={name}#record", crossmatch_address(request.id)),
        issue: format!("/issue/new?unit={name}&request={}", request.id),
        label: format!("/issue/labels/{name}/{}", request.id),
        release: Form::filled(frame, Posted::of([("unit", name.as_str())])),
        unit: name,
    }
}

fn choices(frame: &Frame, hospital: &Hospital, request: &Request) -> Vec<Choice> {
    if !request.state.open() {
        return Vec::new();
    }
    let urgent = request.order.urgency == Urgency::Emergency;
    candidates(hospital, request.id, frame.now, CANDIDATES_MOST)
        .into_iter()
        .filter_map(|found| {
            let unit = hospital.units.get(&found.unit)?;
            if is_held(unit, request.id) {
                return None;
            }
            let name = found.unit.to_string();
            Some(Choice {
                bag: row(frame, hospital, unit),
                rank: frame.t.m(&format!("rank-{}", found.rank.as_str())),
                antigen_negative: found.antigen_negative,
                findings: found
                    .findings
                    .iter()
                    .map(|finding| words::finding(frame, finding))
                    .collect(),
                issue: if urgent {
                    format!("/issue/new?unit={name}&request={}", request.id)
                } else {
                    String::new()
                },
                form: Form::filled(frame, Posted::of([("unit", name.as_str())])),
                unit: name,
            })
        })
        .collect()
}

fn shown(frame: &Frame, hospital: &Hospital, unit: UnitId, request: RequestId) -> Vec<Shown> {
    criteria(hospital, &unit, request, frame.now)
        .unwrap_or_default()
        .into_iter()
        .map(|criterion| Shown {
            met: criterion.met,
            words: frame.t.m(&format!("electronic-{}", criterion.code)),
            evidence: words::facts(frame, &criterion.evidence),
        })
        .collect()
}

fn record(frame: &Frame, request: RequestId, form: &mut Form) -> Option<Command> {
    let t = frame.t;
    let unit = form.read("unit", |text| scan::unit(&t, text), |words| words);
    let sample = form.read("sample", SampleId::parse, |_| {
        t.m("crossmatch-sample-wrong")
    });
    let grade = |form: &mut Form, name: &str| {
        form.read(
            name,
            |text| match text {
                "" => Ok(Side::NotRead),
                text => Grade::parse(text).map(Side::Read).ok_or(()),
            },
            |()| t.m("crossmatch-grade-wrong"),
        )
    };
    let major = grade(form, "major");
    let minor = grade(form, "minor");
    let lots: Option<BTreeSet<LotId>> = form.read(
        "lots",
        |text| {
            text.split([' ', ',', '，'])
                .filter(|part| !part.is_empty())
                .map(LotId::parse)
                .collect::<Result<_, _>>()
        },
        |_| t.m("crossmatch-lots-wrong"),
    );
    if !form.is_ok() {
        return None;
    }
    Some(
        RecordCrossmatch {
            unit: unit?,
            request,
            sample: sample?,
            method: form.value("method").to_owned(),
            major: major?,
            minor: minor?,
            lots: lots?,
        }
        .into(),
    )
}

async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((Named(id), act)): Path<(Named<RequestId>, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReserve)?;
    let t = frame.t;
    let mut form = Form::sent(&frame, posted)?;
    let unit = |form: &mut Form| form.read("unit", |text| scan::unit(&t, text), |words| words);
    let crossmatch = |form: &mut Form| {
        form.read("crossmatch", str::parse::<CrossmatchId>, |_| {
            t.m("field-choose")
        })
    };
    let command: Option<Command> = match act.as_str() {
        "reserve" | "accept" | "instead" => unit(&mut form).map(|unit| {
            let chosen = match act.as_str() {
                "accept" => Some(Chosen::AsProposed),
                "instead" => Some(Chosen::Instead {
                    of: form.value("of").parse().ok(),
                    reason: form.value("reason").to_owned(),
                }),
                _ => None,
            };
            ReserveUnit {
                unit,
                request: id,
                chosen,
            }
            .into()
        }),
        "release" => unit(&mut form).map(|unit| EndReservation { unit }.into()),
        "record" => record(&frame, id, &mut form),
        "grant" => {
            unit(&mut form).map(|unit| GrantElectronicCrossmatch { unit, request: id }.into())
        }
        "review" => crossmatch(&mut form).map(|crossmatch| ReviewCrossmatch { crossmatch }.into()),
        "void" => crossmatch(&mut form).map(|crossmatch| {
            VoidCrossmatch {
                crossmatch,
                reason: form.value("reason").to_owned(),
            }
            .into()
        }),
        _ => return Err(PageError::NotFound),
    };
    let Some(command) = command else {
        return page(&app, frame, &visit, id, form, None);
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let to = match act.as_str() {
                // The bag just set aside is crossmatched next.
                "accept" if form.value("back") == "plan" => "/crossmatch/plan".to_owned(),
                "reserve" | "accept" | "instead" => {
                    format!("{}?unit={}", crossmatch_address(id), form.value("unit"))
                }
                _ => crossmatch_address(id),
            };
            return Ok(Redirect::to(&to).into_response());
        }
        Done::Refused(refusal) => {
            let proposed: Option<UnitId> = form.value("unit").parse().ok();
            let disputed = proposed.filter(|unit| {
                act == "accept" && proposal::proposes(&app.state(), &frame, id, unit)
            });
            if let Some(unit) = disputed {
                // The two channels disagree on one and the same state: that is on record, whoever is right.
                let report = DisputeProposal { unit, request: id };
                app.carry_out(&frame, &visit, &mut form, report).await?;
            }
            Some(words::refusal(&frame, &refusal))
        }
        Done::Wrong => None,
    };
    page(&app, frame, &visit, id, form, banner)
}
