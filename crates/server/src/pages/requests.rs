//! The clinic's side: asking for blood in thirty seconds, and seeing what became of it.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::{Amount, Component};
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, PatientNumber, RequestId};
use lifeline_core::patient::Demographics;
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::request::{
    AcceptRequest, AmendRequest, CancelRequest, CloseRequest, LABS, Order, PlaceRequest,
    RequestEvent, RequestState, ReturnRequest, Urgency, measures,
};
use lifeline_core::subject::Subject;
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::calculators::offers::{self, Offer};
use crate::pages::parts::{
    Named, RequestRow, answered, field_time, listed, read_hundredths, read_time, request_address,
    request_row, ward, wards,
};
use crate::pages::person::Strip;
use crate::pages::{blood, timeline};
use crate::web::{
    Banner, Form, Frame, Moment, PageError, Posted, Room, TimelineEntry, Visit, render, words,
};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/clinical", get(list))
        .route("/clinical/new", get(blank).post(place))
        .route("/clinical/requests/{id}", get(show))
        .route("/clinical/requests/{id}/{act}", post(carry_out))
}

/// The most requests on the list.
const LISTED_MOST: usize = 100;

#[derive(Template)]
#[template(path = "clinical/list.html")]
struct ListPage {
    rows: Vec<RequestRow>,
    may_place: bool,
    may_declare: bool,
    frame: Frame,
}

async fn list(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    frame.room = Some(Room::Clinical);
    let hospital = app.state();
    let open = hospital.requests.open();
    let ended = hospital.requests.iter().rev().filter(|r| !r.state.open());
    let rows = open
        .chain(ended)
        .take(LISTED_MOST)
        .map(|request| request_row(&frame, &hospital, request))
        .collect();
    Ok(render(&ListPage {
        rows,
        may_place: app.may(&visit, Action::RequestPlace),
        may_declare: app.may(&visit, Action::EmergencyDeclare),
        frame,
    }))
}

/// What the order form chooses from.
struct Choices {
    components: Vec<(String, String)>,
    urgencies: Vec<(String, String)>,
    indications: Vec<(String, String)>,
    labs: Vec<(String, String)>,
    wards: Vec<(String, String)>,
}

impl Choices {
    fn of(frame: &Frame, hospital: &Hospital) -> Self {
        let t = frame.t;
        Self {
            components: Component::ALL
                .iter()
                .map(|component| {
                    let measure = measures(hospital, *component, frame.now)
                        .first()
                        .map(|measure| t.m(&format!("measure-{}", measure.as_str())))
                        .unwrap_or_default();
                    let words = format!("{} ({measure})", blood::component(frame, *component));
                    (component.as_str().into(), words)
                })
                .collect(),
            urgencies: Urgency::ALL
                .iter()
                .rev()
                .map(|urgency| {
                    let words = t.m(&format!("urgency-{}", urgency.as_str()));
                    (urgency.as_str().into(), words)
                })
                .collect(),
            wards: wards(frame, hospital),
            indications: listed(frame, hospital, Key::Indications, "indication"),
            labs: LABS
                .iter()
                .map(|lab| ((*lab).into(), t.m(&format!("field-{lab}"))))
                .collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "clinical/new.html")]
struct NewPage {
    strip: Option<Strip>,
    choices: Choices,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

#[derive(Deserialize)]
struct For {
    #[serde(default)]
    patient: String,
}

async fn blank(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<For>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::RequestPlace)?;
    let needed = field_time(&frame, frame.now);
    let hospital = app.state();
    // The ward the patient lies in, where it is a registered one.
    let who = patient(&hospital, &asked.patient)
        .and_then(|patient| hospital.record_of(patient))
        .map(|record| record.standing().demographics.clone());
    let known = |text: fn(&Demographics) -> &Option<String>| {
        let text = who.as_ref().and_then(|who| text(who).clone());
        text.unwrap_or_default()
    };
    let lies_in = known(|who| &who.ward);
    let diagnosis = known(|who| &who.diagnosis);
    let form = Form::filled(
        &frame,
        Posted::of([
            ("patient", asked.patient.as_str()),
            ("urgency", Urgency::Routine.as_str()),
            ("needed", needed.as_str()),
            ("ward", lies_in.as_str()),
            ("diagnosis", diagnosis.as_str()),
            ("doctor", &*visit.person.name),
        ]),
    );
    let mut form = form;
    if !asked.patient.is_empty() && who.is_none() {
        form.refuse("patient", frame.t.m("request-patient-unknown"));
    }
    new_page(&app, frame, form, None)
}

fn new_page(
    app: &App,
    mut frame: Frame,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Clinical);
    let hospital = app.state();
    let strip = patient(&hospital, form.value("patient"))
        .and_then(|patient| Strip::find(&frame, &hospital, patient).ok());
    let refused = banner.is_some();
    let page = NewPage {
        strip,
        choices: Choices::of(&frame, &hospital),
        banner,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

/// A patient by our number or any of theirs.
pub fn patient(hospital: &Hospital, text: &str) -> Option<PatientId> {
    let by_number = PatientNumber::parse(text)
        .ok()
        .and_then(|number| hospital.patients.by_number(&number));
    match by_number {
        Some(patient) => Some(patient.id),
        None => text
            .strip_prefix(PatientId::PREFIX)?
            .parse()
            .ok()
            .map(PatientId)
            .and_then(|id| hospital.patients.current(id))
            .map(|patient| patient.id),
    }
}

fn order(frame: &Frame, hospital: &Hospital, form: &mut Form) -> Option<Order> {
    let t = frame.t;
    let choose = |()| t.m("field-choose");
    let component = form.read("component", |text| Component::parse(text).ok_or(()), choose);
    let urgency = form.read("urgency", |text| Urgency::parse(text).ok_or(()), choose);
    let hundredths = form.read_optional("amount", read_hundredths, |_| t.m("request-number"));
    let needed = form.read(
        "needed",
        |text| read_time(frame, text),
        |_| t.m("request-time"),
    );
    if !form.is_ok() {
        return None;
    }
    let component = component?;
    let measure = *measures(hospital, component, frame.now).first()?;
    let labs: BTreeMap<String, String> = LABS
        .iter()
        .map(|lab| ((*lab).to_owned(), form.value(lab).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let indication = form.value("indication").to_owned();
    Some(Order {
        component,
        amount: Amount {
            hundredths: hundredths.unwrap_or(0),
            measure,
        },
        urgency: urgency?,
        needed: needed?,
        indication: (!indication.is_empty()).then_some(indication),
        diagnosis: form.value("diagnosis").to_owned(),
        labs,
        ward: form.value("ward").to_owned(),
        doctor: form.value("doctor").to_owned(),
        note: form.value("note").to_owned(),
    })
}

async fn place(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::RequestPlace)?;
    let mut form = Form::sent(&frame, posted)?;
    let hospital = app.state();
    let patient = form.read(
        "patient",
        |text| patient(&hospital, text).ok_or(()),
        |()| frame.t.m("request-patient-unknown"),
    );
    let order = order(&frame, &hospital, &mut form);
    let (Some(patient), Some(order)) = (patient, order) else {
        return new_page(&app, frame, form, None);
    };
    let command = PlaceRequest { patient, order };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(facts) => {
            let placed = facts.iter().find_map(|(_, event)| match event {
                Event::Request(RequestEvent::Placed { request, .. }) => Some(*request),
                _ => None,
            });
            let to = placed.map_or_else(|| "/clinical".into(), request_address);
            return Ok(Redirect::to(&to).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    new_page(&app, frame, form, banner)
}

/// A hand-over on the request.
struct IssueLine {
    href: String,
    id: String,
    unit: String,
    at: Moment,
    words: String,
}

#[derive(Template)]
#[template(path = "clinical/request.html")]
struct RequestPage {
    row: RequestRow,
    strip: Strip,
    facts: Vec<(String, String)>,
    acts: Vec<(&'static str, String)>,
    open: String,
    may_crossmatch: bool,
    choices: Choices,
    offers: Vec<Offer>,
    offers_open: bool,
    issues: Vec<IssueLine>,
    least: Vec<(String, String)>,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    form: Form,
    frame: Frame,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default, rename = "do")]
    act: String,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<RequestId>>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let hospital = app.state();
    let request = hospital.requests.get(id).ok_or(PageError::NotFound)?;
    let form = Form::filled(&frame, filled(&frame, &request.order)).seeing(hospital.seq);
    page(&app, frame, &visit, id, &asked.act, form, None).await
}

fn filled(frame: &Frame, order: &Order) -> Posted {
    let (amount, needed) = (order.amount.to_string(), field_time(frame, order.needed));
    let labs = order
        .labs
        .iter()
        .map(|(lab, value)| (lab.as_str(), value.as_str()));
    Posted::of(
        [
            ("component", order.component.as_str()),
            ("urgency", order.urgency.as_str()),
            ("amount", amount.as_str()),
            ("needed", needed.as_str()),
            (
                "indication",
                order.indication.as_deref().unwrap_or_default(),
            ),
            ("diagnosis", order.diagnosis.as_str()),
            ("ward", order.ward.as_str()),
            ("doctor", order.doctor.as_str()),
            ("note", order.note.as_str()),
        ]
        .into_iter()
        .chain(labs),
    )
}

const ACTS: [(&str, Action); 5] = [
    ("accept", Action::RequestReview),
    ("return", Action::RequestReview),
    ("amend", Action::RequestPlace),
    ("cancel", Action::RequestPlace),
    ("close", Action::RequestReview),
];

fn possible(act: &str, state: &RequestState) -> bool {
    match act {
        "accept" => *state == RequestState::Placed,
        "return" | "close" => state.open(),
        _ => state.open() || matches!(state, RequestState::Returned(_)),
    }
}

async fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: RequestId,
    open: &str,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Clinical);
    let hospital = app.state();
    let request = hospital.requests.get(id).ok_or(PageError::NotFound)?;
    let acts: Vec<(&'static str, String)> = ACTS
        .into_iter()
        .filter(|(act, action)| possible(act, &request.state) && app.may(visit, *action))
        .map(|(act, _)| (act, frame.t.m(&format!("request-{act}"))))
        .collect();
    let timeline = timeline::of(app, &frame, &[Subject::from(id)]).await?;
    let refused = banner.is_some();
    let page = RequestPage {
        row: request_row(&frame, &hospital, request),
        strip: Strip::find(&frame, &hospital, request.patient)?,
        facts: facts(&frame, &hospital, &request.order, &request.state),
        least: least(&hospital, id),
        open: acts
            .iter()
            .find(|(act, _)| *act == open && *act != "accept")
            .map_or_else(String::new, |(act, _)| (*act).into()),
        acts,
        may_crossmatch: app.may(visit, Action::UnitReserve) && request.state.open(),
        choices: Choices::of(&frame, &hospital),
        issues: issues(&frame, &hospital, request),
        offers: offers::for_request(&frame, &hospital, request),
        offers_open: true,
        banner,
        timeline,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

/// Reviewed incompatible crossmatches of the request: what doctors may answer for where no other bag can be had.
fn least(hospital: &Hospital, request: RequestId) -> Vec<(String, String)> {
    hospital
        .crossmatches
        .of_request(request)
        .filter(|found| {
            found.void.is_none()
                && found.reviewed.is_some()
                && found.outcome == lifeline_core::crossmatch::Outcome::Incompatible
        })
        .map(|found| {
            (
                format!("/crossmatches/{}/least", found.id),
                format!("{} · {}", found.id, found.unit),
            )
        })
        .collect()
}

fn facts(
    frame: &Frame,
    hospital: &Hospital,
    order: &Order,
    state: &RequestState,
) -> Vec<(String, String)> {
    let t = frame.t;
    let mut facts = vec![
        (
            t.m("field-doctor"),
            timeline::written(frame, hospital, &order.doctor),
        ),
        (t.m("field-ward"), ward(frame, hospital, &order.ward)),
        (t.m("field-diagnosis"), order.diagnosis.clone()),
    ];
    if let Some(code) = &order.indication {
        let words = timeline::worded(frame, &format!("indication-{code}"), code);
        facts.push((t.m("field-indication"), words));
    }
    for (lab, value) in &order.labs {
        facts.push((t.m(&format!("field-{lab}")), value.clone()));
    }
    facts.push((t.m("field-note"), order.note.clone()));
    if let RequestState::Returned(why) | RequestState::Cancelled(why) = state {
        facts.push((t.m("field-reason"), why.clone()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

fn issues(
    frame: &Frame,
    hospital: &Hospital,
    request: &lifeline_core::request::Request,
) -> Vec<IssueLine> {
    request
        .issues
        .iter()
        .filter_map(|id| hospital.issues.get(*id))
        .map(|issue| IssueLine {
            href: format!("/issue/{}", issue.id),
            id: issue.id.to_string(),
            unit: issue.unit.to_string(),
            at: frame.moment(issue.issued.at),
            words: hospital
                .units
                .get(&issue.unit)
                .map(|unit| blood::status(frame, unit.status).1)
                .unwrap_or_default(),
        })
        .collect()
}

async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((Named(id), act)): Path<(Named<RequestId>, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let mut form = Form::sent(&frame, posted)?;
    let hospital = app.state();
    let reason = form.value("reason").to_owned();
    let request = id;
    let command: Option<Command> = match act.as_str() {
        "accept" => Some(AcceptRequest { request }.into()),
        "return" => Some(ReturnRequest { request, reason }.into()),
        "cancel" => Some(CancelRequest { request, reason }.into()),
        "close" => Some(CloseRequest { request, reason }.into()),
        "amend" => order(&frame, &hospital, &mut form).map(|order| {
            AmendRequest {
                request,
                order,
                reason,
            }
            .into()
        }),
        _ => return Err(PageError::NotFound),
    };
    let Some(command) = command else {
        return page(&app, frame, &visit, id, &act, form, None).await;
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to(&request_address(id)).into_response()),
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, id, &act, form, banner).await
}
