//! Receipt: a delivery is opened, measured, and scanned in bag by bag. What belongs to the delivery stays for the next bag.

mod label;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::blood::{Celsius, Din, LabelGroup, Millilitres, ProductCode, UnitId};
use lifeline_core::event::Event;
use lifeline_core::id::PatientId;
use lifeline_core::people::Action;
use lifeline_core::unit::{Appearance, Checked, EntryPath, ReceiptChecks, ReceiveUnit, UnitEvent};
use lifeline_journal::{Filter, Seek};
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::unit::{Row, row};
use crate::pages::{blood, scan, stock};
use crate::web::{Banner, FindingLine, Form, Frame, PageError, Posted, Tone, Visit, render, words};
use label::{LabelView, Read};

/// Bags of this delivery shown beside the form.
pub const LAST_SHOWN: usize = 8;
/// Receipts of the journal looked at for them.
pub const LAST_SCANNED: usize = 60;
/// The header by which the client asks for the label alone.
const FRAGMENT: &str = "x-label-only";

/// The routes of this page.
pub fn routes() -> Router<App> {
    Router::new().route("/receipt", get(show).post(receive))
}

/// What stays from bag to bag, in the address.
#[derive(Debug, Clone, Default, Deserialize)]
struct Delivery {
    #[serde(default)]
    entry: String,
    #[serde(default)]
    delivery: String,
    #[serde(default)]
    temperature: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    checker: String,
    #[serde(default)]
    last: String,
}

impl Delivery {
    fn of(form: &Form) -> Self {
        Self {
            entry: form.value("entry").into(),
            delivery: form.value("delivery").into(),
            temperature: form.value("temperature").into(),
            place: form.value("place").into(),
            checker: form.value("second_name").into(),
            last: String::new(),
        }
    }

    fn href(&self, entry: &str, last: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("entry", entry),
            ("delivery", self.delivery.as_str()),
            ("temperature", &self.temperature),
            ("place", &self.place),
            ("checker", &self.checker),
            ("last", last),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/receipt?{}", query.finish())
    }

    fn fields(&self) -> Posted {
        Posted::of([
            ("entry", self.entry.as_str()),
            ("delivery", &self.delivery),
            ("temperature", &self.temperature),
            ("place", &self.place),
            ("second_name", &self.checker),
        ])
    }
}

/// What the last scan was, for the line under the scan field.
struct Said {
    tone: Tone,
    words: String,
}

#[derive(Template)]
#[template(path = "receipt/label.html")]
struct LabelPart {
    label: LabelView,
    said: Option<Said>,
    frame: Frame,
}

#[derive(Template)]
#[template(path = "receipt/show.html")]
struct ReceiptPage {
    label: LabelView,
    said: Option<Said>,
    keyed: bool,
    other_way: String,
    again: String,
    groups: Vec<(String, String)>,
    appearances: Vec<(String, String)>,
    checked: Vec<(String, String)>,
    places: Vec<String>,
    banner: Option<Banner>,
    last: Vec<Row>,
    form: Form,
    frame: Frame,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(delivery): Query<Delivery>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReceive)?;
    let banner = delivery
        .last
        .parse()
        .ok()
        .and_then(|unit| received(&app, &frame, unit));
    let form = Form::filled(&frame, delivery.fields());
    page(&app, frame, form, banner, None).await
}

/// What became of the bag just received: the answer to "may I put it on the shelf?".
fn received(app: &App, frame: &Frame, unit: UnitId) -> Option<Banner> {
    let hospital = app.state();
    let unit = hospital.units.get(&unit)?;
    let (tone, status) = blood::status(frame, unit.status);
    let held = unit.holds.iter().map(|hold| FindingLine {
        todo: frame.t.m("receipt-held-do"),
        ..FindingLine::new(Tone::Warn, blood::hold(frame, hold))
    });
    Some(Banner {
        tone,
        title: frame.t.a(
            "receipt-done",
            &[
                (
                    "unit",
                    &format!("{} {}", unit.id.din.grouped(), unit.id.product),
                ),
                ("status", &status),
            ],
        ),
        findings: held.collect(),
    })
}

async fn page(
    app: &App,
    frame: Frame,
    form: Form,
    banner: Option<Banner>,
    said: Option<Said>,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let t = frame.t;
    let delivery = Delivery::of(&form);
    let keyed = delivery.entry == EntryPath::Keyed.as_str();
    let refused = !form.is_ok()
        || banner
            .as_ref()
            .is_some_and(|b| b.title == t.m("verdict-stop"));
    let page = ReceiptPage {
        label: LabelView::of(&frame, &hospital, &Read::of(&form)),
        said,
        keyed,
        other_way: delivery.href(if keyed { "" } else { EntryPath::Keyed.as_str() }, ""),
        again: delivery.href(&delivery.entry, ""),
        groups: label::groups(&frame),
        appearances: Appearance::ALL
            .into_iter()
            .map(|one| {
                let words = t.m(&format!("appearance-{}", one.as_str()));
                (one.as_str().to_owned(), words)
            })
            .collect(),
        checked: Checked::ALL
            .into_iter()
            .map(|one| {
                let words = t.m(&format!("checked-{}", one.as_str()));
                (one.as_str().to_owned(), words)
            })
            .collect(),
        places: stock::places(&hospital),
        banner,
        last: last(app, &frame, &delivery.delivery).await?,
        form,
        frame,
    };
    let mut answer = render(&page);
    if refused {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// The last bags received on this delivery note; without one, the last received.
async fn last(app: &App, frame: &Frame, note: &str) -> Result<Vec<Row>, PageError> {
    let filter = Filter {
        kind_prefix: Some("unit.received".into()),
        ..Filter::default()
    };
    let page = app
        .desk
        .journal()
        .read_filtered(filter, Seek::NEWEST, LAST_SCANNED)
        .await
        .map_err(|error| {
            tracing::error!(%error, "last receipts");
            PageError::Unavailable
        })?;
    let hospital = app.state();
    let rows = page.entries.iter().filter_map(|entry| {
        let event = Event::decode(&entry.kind, entry.version, &entry.body).ok()?;
        let Event::Unit(UnitEvent::Received { unit, delivery, .. }) = event else {
            return None;
        };
        let same = note.is_empty() || delivery.as_deref() == Some(note);
        let unit = hospital.units.get(&unit).filter(|_| same)?;
        Some(row(frame, &hospital, unit))
    });
    Ok(rows.take(LAST_SHOWN).collect())
}

async fn receive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReceive)?;
    let scanned = posted.get("scan").to_owned();
    let mut form = Form::sent(&frame, posted)?;
    if !scanned.is_empty() || headers.contains_key(FRAGMENT) {
        let mut read = Read::of(&form);
        let said = read.scan(&frame, &scanned);
        let said = Some(match said {
            Ok(words) => Said {
                tone: Tone::Good,
                words,
            },
            Err(words) => Said {
                tone: Tone::Stop,
                words,
            },
        });
        if headers.contains_key(FRAGMENT) {
            let label = LabelView::of(&frame, &app.state(), &read);
            return Ok(render(&LabelPart { label, said, frame }));
        }
        let form = form.with_fields(read.fields());
        return page(&app, frame, form, None, said).await;
    }
    let Some(command) = command(&frame, &mut form) else {
        return page(&app, frame, form, None, None).await;
    };
    let unit = command.unit;
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let delivery = Delivery::of(&form);
            let next = delivery.href(&delivery.entry, &unit.to_string());
            return Ok(Redirect::to(&next).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, form, banner, None).await
}

/// The command the form means; none when a field is wrong, which the form then says.
fn command(frame: &Frame, form: &mut Form) -> Option<ReceiveUnit> {
    let t = frame.t;
    let keyed = form.value("entry") == EntryPath::Keyed.as_str();
    let din = if keyed {
        label::keyed_din(frame, form)
    } else {
        form.read("din", Din::parse, |_| t.m("receipt-din-missing"))
    };
    let product = form.read(
        "product",
        |text| ProductCode::parse(&text.to_ascii_uppercase()),
        |_| t.m("receipt-product-missing"),
    );
    let group = form.read("group", LabelGroup::parse, |_| t.m("receipt-group-missing"));
    let expires = if keyed {
        form.read(
            "expires",
            |text| label::keyed_time(frame, text),
            |words| words,
        )
    } else {
        form.read("expires", str::parse::<Timestamp>, |_| {
            t.m("receipt-expiry-missing")
        })
    };
    let collected = if keyed {
        form.read_optional(
            "collected",
            |text| label::keyed_time(frame, text),
            |words| words,
        )
    } else {
        form.read_optional("collected", str::parse::<Timestamp>, |_| {
            t.m("receipt-expiry-missing")
        })
    };
    let temperature = form.read_optional(
        "temperature",
        |text| Celsius::parse(text).ok_or(()),
        |()| t.m("receipt-temperature-wrong"),
    );
    let location = form.read("place", |text| scan::place(&t, text), |words| words);
    let appearance = form.read(
        "appearance",
        |text| Appearance::parse(text).ok_or(()),
        |()| t.m("field-choose"),
    );
    let mut looked = |name| {
        form.read(
            name,
            |text| Checked::parse(text).ok_or(()),
            |()| t.m("field-choose"),
        )
    };
    let (seal, label) = (looked("seal"), looked("label"));
    let volume = form.read_optional("volume", str::parse, |_| t.m("field-whole-number"));
    let locked_to = form.read_optional("locked_to", str::parse::<PatientId>, |_| {
        t.m("receipt-patient-wrong")
    });
    let antigens = label::antigens(frame, form);
    if !form.is_ok() {
        return None;
    }
    Some(ReceiveUnit {
        unit: UnitId::new(din?, product?),
        group: group?,
        collected,
        expires: expires?,
        entry: if keyed {
            EntryPath::Keyed
        } else {
            EntryPath::Scanned
        },
        amount: None,
        volume: volume.map(Millilitres),
        location: location?,
        locked_to,
        antigens: antigens?,
        delivery: Some(form.value("delivery").to_owned()),
        checks: ReceiptChecks {
            temperature,
            appearance: appearance?,
            seal: seal?,
            label: label?,
        },
    })
}
