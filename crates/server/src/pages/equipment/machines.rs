//! Machines: what there is, whether it is in service, whether its line stands, when it was last heard.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::device::{Device, RegisterDevice, SetDeviceService};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::DeviceId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;

use super::marked;
use super::messages::{MessageRow, row};
use crate::app::{App, Done};
use crate::links::{Line, LineState};
use crate::pages::timeline;
use crate::web::words::{address, refusal};
use crate::web::{
    Banner, Form, Frame, Moment, PageError, Posted, Room, TimelineEntry, Tone, Visit, render,
};

/// Messages shown on a machine's page.
const LAST: usize = 20;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/equipment", get(list).post(register))
        .route("/devices/{device}", get(show).post(change))
        .route("/devices/{device}/service", post(service))
}

struct Machine {
    href: String,
    id: String,
    name: String,
    profile: String,
    serial: String,
    tone: Tone,
    state: String,
    lines: Vec<LineWords>,
    last: Option<Moment>,
    failed: usize,
}

/// How a line stands, in words.
struct LineWords {
    link: String,
    tone: Tone,
    words: String,
    /// What the system said, for a technician.
    reason: String,
}

fn line(frame: &Frame, line: &Line) -> LineWords {
    let since = frame.moment(line.since).text;
    let (tone, key, reason) = match &line.state {
        LineState::Waiting => (Tone::Note, "line-waiting", String::new()),
        LineState::Up => (Tone::Good, "line-up", String::new()),
        LineState::Down { reason } => (Tone::Stop, "line-down", reason.clone()),
    };
    LineWords {
        link: line.link.clone(),
        tone,
        words: frame.t.a(key, &[("since", &since)]),
        reason,
    }
}

fn machine(
    app: &App,
    frame: &Frame,
    device: &Device,
    last: &BTreeMap<DeviceId, (jiff::Timestamp, usize)>,
) -> Machine {
    let (tone, state) = match &device.out_of_service {
        None => (Tone::Good, frame.t.m("device-in-service")),
        Some(reason) => (
            Tone::Stop,
            frame.t.a("device-out-of-service", &[("reason", reason)]),
        ),
    };
    let heard = last.get(&device.id);
    Machine {
        href: address(&Subject::from(device.id.clone())),
        id: device.id.to_string(),
        name: device.name.clone(),
        profile: device.profile.clone(),
        serial: device.serial.clone(),
        tone,
        state,
        lines: app
            .lines
            .of(&device.id)
            .iter()
            .map(|known| line(frame, known))
            .collect(),
        last: heard.map(|(at, _)| frame.moment(at)),
        failed: heard.map_or(0, |(_, failed)| *failed),
    }
}

/// Messages looked back over for when a machine was last heard.
const HEARD_MOST: usize = 5_000;

/// When each machine was last heard, and how many of its messages failed.
fn heard(hospital: &Hospital) -> BTreeMap<DeviceId, (jiff::Timestamp, usize)> {
    let mut last: BTreeMap<DeviceId, (jiff::Timestamp, usize)> = BTreeMap::new();
    for message in hospital.devices.messages().rev().take(HEARD_MOST) {
        if let Some(device) = &message.device {
            last.entry(device.clone()).or_insert((message.stored.at, 0));
        }
    }
    for message in hospital.devices.failed() {
        if let Some(device) = &message.device {
            last.entry(device.clone())
                .or_insert((message.stored.at, 0))
                .1 += 1;
        }
    }
    last
}

#[derive(Template)]
#[template(path = "equipment/list.html")]
struct ListPage {
    machines: Vec<Machine>,
    failed: usize,
    profiles: Vec<(String, String)>,
    may_manage: bool,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

fn profiles(app: &App) -> Vec<(String, String)> {
    let names = app.profiles.names().into_iter();
    names.map(|name| (name.clone(), name)).collect()
}

fn list_page(
    app: &App,
    frame: Frame,
    visit: &Visit,
    form: Form,
    banner: Option<Banner>,
) -> Response {
    let hospital = app.state();
    let last = heard(&hospital);
    let machines = hospital
        .devices
        .all
        .values()
        .map(|device| machine(app, &frame, device, &last));
    let bad = banner.is_some() || !form.is_ok();
    let page = ListPage {
        machines: machines.collect(),
        failed: hospital.devices.failed().count(),
        profiles: profiles(app),
        may_manage: app.may(visit, Action::DeviceManage),
        banner,
        form,
        frame: frame.clone(),
    };
    marked(render(&page), bad)
}

async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let form = Form::blank(&frame);
    Ok(list_page(&app, frame, &visit, form, None))
}

fn read(frame: &Frame, form: &mut Form, device: Option<DeviceId>) -> Option<RegisterDevice> {
    let device = match device {
        Some(device) => Some(device),
        None => form.read("device", DeviceId::parse, |_| frame.t.m("device-bad-id")),
    };
    Some(RegisterDevice {
        device: device?,
        name: form.value("name").to_owned(),
        profile: form.value("profile").to_owned(),
        serial: form.value("serial").to_owned(),
    })
}

async fn register(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = read(&frame, &mut form, None) else {
        return Ok(list_page(&app, frame, &visit, form, None));
    };
    let target = address(&Subject::from(command.device.clone()));
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => Ok(Redirect::to(&target).into_response()),
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            Ok(list_page(&app, frame, &visit, form, Some(banner)))
        }
        Done::Wrong => Ok(list_page(&app, frame, &visit, form, None)),
    }
}

#[derive(Template)]
#[template(path = "equipment/device.html")]
struct DevicePage {
    machine: Machine,
    in_service: bool,
    path: String,
    rows: Vec<MessageRow>,
    profiles: Vec<(String, String)>,
    may_manage: bool,
    banner: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    form: Form,
    frame: Frame,
}

async fn device_page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    id: &DeviceId,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::Equipment);
    let hospital = app.state();
    let device = hospital.devices.all.get(id).ok_or(PageError::NotFound)?;
    let rows = hospital
        .devices
        .messages()
        .rev()
        .take(HEARD_MOST)
        .filter(|message| message.device.as_ref() == Some(id))
        .take(LAST)
        .map(|message| row(&frame, message));
    let bad = banner.is_some() || !form.is_ok();
    let page = DevicePage {
        machine: machine(app, &frame, device, &heard(&hospital)),
        in_service: device.out_of_service.is_none(),
        path: address(&Subject::from(id.clone())),
        rows: rows.collect(),
        profiles: profiles(app),
        may_manage: app.may(visit, Action::DeviceManage),
        banner,
        timeline: timeline::of(app, &frame, &[Subject::from(id.clone())]).await?,
        form,
        frame: frame.clone(),
    };
    Ok(marked(render(&page), bad))
}

fn device(app: &App, text: &str) -> Result<(DeviceId, std::sync::Arc<Device>), PageError> {
    let id = DeviceId::parse(text).map_err(|_| PageError::NotFound)?;
    let device = app.state().devices.all.get(&id).cloned();
    device.map(|device| (id, device)).ok_or(PageError::NotFound)
}

fn filled(frame: &Frame, device: &Device) -> Form {
    Form::filled(
        frame,
        Posted::of([
            ("name", device.name.as_str()),
            ("profile", device.profile.as_str()),
            ("serial", device.serial.as_str()),
        ]),
    )
    .seeing(device.changed.seq)
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let (id, device) = device(&app, &text)?;
    let form = filled(&frame, &device);
    device_page(&app, frame, &visit, &id, form, None).await
}

async fn change(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let (id, _) = device(&app, &text)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = read(&frame, &mut form, Some(id.clone())) else {
        return device_page(&app, frame, &visit, &id, form, None).await;
    };
    let done = app.carry_out(&frame, &visit, &mut form, command).await?;
    device_done(&app, frame, &visit, &id, form, done).await
}

async fn device_done(
    app: &App,
    frame: Frame,
    visit: &Visit,
    id: &DeviceId,
    form: Form,
    done: Done,
) -> Result<Response, PageError> {
    let banner = match done {
        Done::Accepted(_) => {
            let target = address(&Subject::from(id.clone()));
            return Ok(Redirect::to(&target).into_response());
        }
        Done::Refused(refused) => Some(refusal(&frame, &refused)),
        Done::Wrong => None,
    };
    device_page(app, frame, visit, id, form, banner).await
}

async fn service(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(text): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewDevice)?;
    let (id, known) = device(&app, &text)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = SetDeviceService {
        device: id.clone(),
        in_service: form.value("in_service") == "yes",
        reason: form.value("reason").to_owned(),
    };
    let done = app.carry_out(&frame, &visit, &mut form, command).await?;
    let values = filled(&frame, &known);
    let form = form.with_fields(values.posted().clone());
    device_done(&app, frame, &visit, &id, form, done).await
}
