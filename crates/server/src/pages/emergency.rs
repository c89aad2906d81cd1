//! The green channel on one screen: declare, the clock, what may leave, and what must follow.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::blood::{Amount, Component};
use lifeline_core::due::clock;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::IssueId;
use lifeline_core::issue::{AcknowledgeIncompatible, Issue, emergency_groups, emergency_level};
use lifeline_core::patient::Sex;
use lifeline_core::people::Action;
use lifeline_core::request::{DeclareEmergency, EmergencyPatient, Urgency, measures};

use crate::app::{App, Done};
use crate::pages::blood;
use crate::pages::handover::{IssueRow, issue_row};
use crate::pages::parts::{RequestRow, answered, read_hundredths, request_row};
use crate::pages::requests::patient;
use crate::web::{Banner, Form, Frame, Moment, PageError, Posted, Room, Visit, render, words};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/issue/emergency", get(show).post(declare))
        .route("/issue/emergency/answer", post(answer))
}

/// An emergency that runs.
struct Running {
    row: RequestRow,
    number: String,
    started: Moment,
    deadline: Moment,
    stopped: Option<Moment>,
    level: String,
    allowed: String,
}

/// A unit that left before its crossmatch.
struct Waiting {
    row: IssueRow,
    due: Moment,
    crossmatch: String,
}

/// A unit found incompatible after it had left.
struct Alarm {
    row: IssueRow,
    form: Form,
}

#[derive(Template)]
#[template(path = "issue/emergency.html")]
struct EmergencyPage {
    running: Vec<Running>,
    waiting: Vec<Waiting>,
    alarms: Vec<Alarm>,
    needs: Vec<(String, String)>,
    sexes: Vec<(String, String)>,
    wards: Vec<(String, String)>,
    allowed: Vec<(String, String)>,
    may_declare: bool,
    may_answer: bool,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

async fn show(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    // Whoever asks for blood themselves is the doctor; at the issue window the doctor is somebody on the telephone.
    let doctor = if app.may(&visit, Action::RequestPlace) {
        &*visit.person.name
    } else {
        ""
    };
    let form = Form::filled(
        &frame,
        Posted::of([
            ("sex", Sex::Unknown.as_str()),
            ("need.red_cells", "4"),
            ("doctor", doctor),
        ]),
    );
    page(&app, frame, &visit, form, None)
}

fn groups(frame: &Frame, hospital: &Hospital, component: Component) -> String {
    emergency_groups(&hospital.policies, component, frame.now)
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Issue);
    let t = frame.t;
    let hospital = app.state();
    let urgent = hospital
        .requests
        .open()
        .take_while(|request| request.order.urgency == Urgency::Emergency);
    let mut running = Vec::new();
    for request in urgent {
        let Ok(Some(clock)) = clock(&hospital, request.id, frame.now) else {
            continue;
        };
        let level = emergency_level(&hospital, request.patient, frame.now);
        let number = hospital
            .record_of(request.patient)
            .and_then(|record| record.numbers().into_keys().next())
            .map(|number| number.to_string());
        running.push(Running {
            row: request_row(&frame, &hospital, request),
            number: number.unwrap_or_default(),
            started: frame.moment(clock.started),
            deadline: frame.moment(clock.deadline),
            stopped: clock.stopped.map(|at| frame.moment(at)),
            level: t.m(&format!("emergency-level-{}", level.as_str())),
            allowed: groups(&frame, &hospital, request.order.component),
        });
    }
    let crossmatch =
        |issue: &Issue| format!("/crossmatch/{}?unit={}#record", issue.request, issue.unit);
    let refused = banner.is_some();
    let page = EmergencyPage {
        running,
        wards: crate::pages::parts::wards(&frame, &hospital),
        waiting: hospital
            .issues
            .retrospective()
            .filter_map(|issue| {
                Some(Waiting {
                    row: issue_row(&frame, &hospital, issue),
                    due: frame.moment(issue.retrospective_due?),
                    crossmatch: crossmatch(issue),
                })
            })
            .collect(),
        alarms: hospital
            .issues
            .alarms()
            .map(|issue| Alarm {
                row: issue_row(&frame, &hospital, issue),
                form: Form::blank(&frame),
            })
            .collect(),
        needs: Component::ALL
            .iter()
            .map(|component| {
                let measure = measures(&hospital, *component, frame.now)
                    .first()
                    .map(|measure| t.m(&format!("measure-{}", measure.as_str())))
                    .unwrap_or_default();
                let words = format!("{} ({measure})", blood::component(&frame, *component));
                (format!("need.{}", component.as_str()), words)
            })
            .collect(),
        sexes: Sex::ALL
            .iter()
            .map(|sex| (sex.as_str().into(), t.m(&format!("sex-{}", sex.as_str()))))
            .collect(),
        allowed: Component::ALL
            .iter()
            .map(|component| {
                let groups = groups(&frame, &hospital, *component);
                (blood::component(&frame, *component), groups)
            })
            .collect(),
        may_declare: app.may(visit, Action::EmergencyDeclare),
        may_answer: app.may(visit, Action::CrossmatchReview),
        banner,
        form,
        frame,
    };
    let answer = render(&page);
    Ok(answered(answer, &page.form, refused))
}

fn command(frame: &Frame, hospital: &Hospital, form: &mut Form) -> Option<DeclareEmergency> {
    let t = frame.t;
    let whom = match form.value("patient") {
        "" => Some(EmergencyPatient::Unidentified {
            sex: Sex::ALL
                .into_iter()
                .find(|sex| sex.as_str() == form.value("sex"))
                .unwrap_or(Sex::Unknown),
            description: form.value("description").to_owned(),
        }),
        _ => form
            .read(
                "patient",
                |text| patient(hospital, text).ok_or(()),
                |()| t.m("request-patient-unknown"),
            )
            .map(EmergencyPatient::Known),
    };
    let mut needs = Vec::new();
    for component in Component::ALL {
        let name = format!("need.{}", component.as_str());
        let amount = form.read_optional(&name, read_hundredths, |_| t.m("request-number"));
        let measure = measures(hospital, component, frame.now).first().copied();
        if let (Some(hundredths), Some(measure)) = (amount.filter(|n| *n > 0), measure) {
            needs.push((
                component,
                Amount {
                    hundredths,
                    measure,
                },
            ));
        }
    }
    if !form.is_ok() {
        return None;
    }
    Some(DeclareEmergency {
        patient: whom?,
        needs,
        ward: form.value("ward").to_owned(),
        doctor: form.value("doctor").to_owned(),
        note: form.value("note").to_owned(),
    })
}

async fn declare(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::EmergencyDeclare)?;
    let mut form = Form::sent(&frame, posted)?;
    let hospital = app.state();
    let Some(command) = command(&frame, &hospital, &mut form) else {
        return page(&app, frame, &visit, form, None);
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to("/issue/emergency").into_response()),
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, form, banner)
}

async fn answer(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::CrossmatchReview)?;
    let mut form = Form::sent(&frame, posted)?;
    let issue: IssueId = form
        .value("issue")
        .parse()
        .map_err(|_| PageError::NotFound)?;
    let command = AcknowledgeIncompatible {
        issue,
        answer: form.value("answer").to_owned(),
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => return Ok(Redirect::to("/issue/emergency").into_response()),
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, form, banner)
}
