use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use lifeline_core::blood::Celsius;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::DeliveryId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_core::unit::{Delivery, EndDelivery, OpenDelivery};

use super::{Kept, bags};
use crate::app::{App, Done};
use crate::pages::parts::Named;
use crate::pages::timeline;
use crate::pages::unit::Row;
use crate::web::words::address;
use crate::web::{
    Banner, Form, Frame, Moment, PageError, Posted, Room, TimelineEntry, Tone, Visit, render, words,
};

/// Suppliers offered while typing: those of this many deliveries.
const SUPPLIERS_FROM: usize = 200;

/// An open delivery as the page of its bags shows it.
pub(super) struct Standing {
    pub(super) id: DeliveryId,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) supplier: String,
    pub(super) reference: String,
    pub(super) temperature: String,
    pub(super) receiver: String,
    pub(super) checker: String,
    pub(super) until: Moment,
    pub(super) bags: u64,
    pub(super) state: (Tone, String),
    pub(super) end: Form,
}

impl Standing {
    /// The delivery the visitor has open, as long as its signature serves.
    pub(super) fn of(app: &App, frame: &Frame, visit: &Visit) -> Result<Option<Self>, PageError> {
        let hospital = app.state();
        let user = app.actor(visit)?;
        let open = hospital.units.opening(&user);
        Ok(open
            .filter(|delivery| delivery.over(&hospital, frame.now).is_none())
            .map(|delivery| Self::new(frame, &hospital, delivery)))
    }

    fn new(frame: &Frame, hospital: &Hospital, delivery: &Delivery) -> Self {
        let t = frame.t;
        let person = |login: &str| timeline::person(frame, hospital, login);
        Self {
            id: delivery.id,
            name: delivery.id.to_string(),
            href: address(&Subject::from(delivery.id)),
            supplier: delivery.supplier.clone(),
            reference: delivery.reference.clone().unwrap_or_default(),
            temperature: match delivery.temperature {
                Some(measured) => format!("{measured} {}", t.m("receipt-celsius")),
                None => t.m("receipt-not-measured"),
            },
            receiver: person(delivery.opened.by.as_str()),
            checker: person(delivery.checker.as_str()),
            until: frame.moment(delivery.until),
            bags: delivery.bags,
            state: match delivery.over(hospital, frame.now) {
                Some(why) => (Tone::Note, t.m(why)),
                None => (Tone::Good, t.m("delivery-open")),
            },
            end: Form::filled(
                frame,
                Posted::of([("under", delivery.id.to_string().as_str())]),
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "receipt/open.html")]
struct OpenPage {
    /// What was read of a label when the signature ran out: it is carried on.
    kept: Vec<(&'static str, String)>,
    suppliers: Vec<String>,
    last: Vec<Standing>,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

/// Deliveries shown beside the form.
const LAST: usize = 6;

/// The form that opens a delivery.
pub(super) async fn opening(
    app: &App,
    frame: Frame,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let recent = || hospital.units.deliveries().rev().take(SUPPLIERS_FROM);
    let mut suppliers: Vec<String> = recent().map(|one| one.supplier.clone()).collect();
    suppliers.sort();
    suppliers.dedup();
    let wrong = banner.is_some() || !form.is_ok();
    let kept = Kept::of(&form);
    let page = OpenPage {
        kept: kept
            .pairs()
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        suppliers,
        last: recent()
            .take(LAST)
            .map(|one| Standing::new(&frame, &hospital, one))
            .collect(),
        banner,
        form,
        frame,
    };
    let mut answer = render(&page);
    if wrong {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

pub(super) async fn open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReceive)?;
    let mut form = Form::sent(&frame, posted)?;
    let t = frame.t;
    let temperature = form.read_optional(
        "temperature",
        |text| Celsius::parse(text).ok_or(()),
        |()| t.m("receipt-temperature-wrong"),
    );
    if !form.is_ok() {
        return opening(&app, frame, form, None).await;
    }
    let command = OpenDelivery {
        supplier: form.value("supplier").to_owned(),
        reference: form.value("delivery").to_owned(),
        temperature,
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            return Ok(Redirect::to(&Kept::of(&form).href()).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    opening(&app, frame, form, banner).await
}

pub(super) async fn end(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReceive)?;
    let mut form = Form::sent(&frame, posted)?;
    let delivery = form.read("under", str::parse::<DeliveryId>, |_| {
        frame.t.m("receipt-delivery-missing")
    });
    let Some(delivery) = delivery else {
        return opening(&app, frame, form, None).await;
    };
    let command = EndDelivery { delivery };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let to = address(&Subject::from(delivery));
            return Ok(Redirect::to(&to).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    opening(&app, frame, form, banner).await
}

#[derive(Template)]
#[template(path = "receipt/delivery.html")]
struct DeliveryPage {
    delivery: Standing,
    bags: Vec<Row>,
    entries: Vec<TimelineEntry>,
    may_receive: bool,
    frame: Frame,
}

pub(super) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<DeliveryId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    frame.room = Some(Room::Receipt);
    let hospital = app.state();
    let found = hospital.units.delivery(id).ok_or(PageError::NotFound)?;
    Ok(render(&DeliveryPage {
        delivery: Standing::new(&frame, &hospital, found),
        bags: bags(&app, &frame, id).await?,
        entries: timeline::of(&app, &frame, &[id.into()]).await?,
        may_receive: app.may(&visit, Action::UnitReceive),
        frame,
    }))
}
