//! Receipt: a delivery is opened once, with its supplier, its container and the signature of whoever checks its bags; then its
//! bags are scanned in under it, one by one.

mod delivery;
mod label;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use lifeline_core::blood::{Din, LabelGroup, Millilitres, ProductCode, UnitId};
use lifeline_core::event::Event;
use lifeline_core::id::{DeliveryId, PatientId};
use lifeline_core::people::Action;
use lifeline_core::unit::{Appearance, Checked, EntryPath, ReceiptChecks, ReceiveUnit, UnitEvent};
use lifeline_journal::Seek;
use serde::Deserialize;

use crate::app::{App, Done};
use crate::pages::scan::Said;
use crate::pages::unit::{Row, row};
use crate::pages::{blood, scan, stock};
use crate::web::{Banner, FindingLine, Form, Frame, PageError, Posted, Tone, Visit, render, words};
use delivery::Standing;
use label::{LabelView, Read};

/// Bags of this delivery shown beside the form.
pub const LAST_SHOWN: usize = 8;
/// Facts of the delivery looked at for them.
pub const LAST_SCANNED: usize = 60;
/// The header by which the client asks for the label alone.
pub(super) const FRAGMENT: &str = "x-label-only";

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/receipt", get(show).post(receive))
        .route("/receipt/open", post(delivery::open))
        .route("/receipt/end", post(delivery::end))
        .route("/deliveries/{delivery}", get(delivery::show))
}

/// What stays from bag to bag, in the address; and the label that was read when the signature ran out.
#[derive(Debug, Clone, Default, Deserialize)]
struct Kept {
    #[serde(default)]
    entry: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    last: String,
    #[serde(default)]
    din: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    collected: String,
}

impl Kept {
    fn of(form: &Form) -> Self {
        let text = |name| form.value(name).to_owned();
        Self {
            entry: text("entry"),
            place: text("place"),
            last: String::new(),
            din: text("din"),
            product: text("product"),
            group: text("group"),
            expires: text("expires"),
            collected: text("collected"),
        }
    }

    /// For the next bag, or the same one by the other way.
    fn next(&self, entry: &str, last: &str) -> String {
        Self {
            entry: entry.into(),
            place: self.place.clone(),
            last: last.into(),
            ..Self::default()
        }
        .href()
    }

    fn pairs(&self) -> [(&'static str, &str); 8] {
        [
            ("entry", &self.entry),
            ("place", &self.place),
            ("last", &self.last),
            ("din", &self.din),
            ("product", &self.product),
            ("group", &self.group),
            ("expires", &self.expires),
            ("collected", &self.collected),
        ]
    }

    fn href(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/receipt?{}", query.finish())
    }

    fn fields(&self) -> Posted {
        Posted::of(self.pairs().into_iter().filter(|(name, _)| *name != "last"))
    }
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
    standing: Standing,
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
    Query(kept): Query<Kept>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReceive)?;
    let banner = kept
        .last
        .parse()
        .ok()
        .and_then(|unit| received(&app, &frame, unit));
    let form = Form::filled(&frame, kept.fields());
    page(&app, &visit, frame, form, banner, None).await
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

/// The page of the visitor's open delivery; where none is open, the form that opens one, which keeps what was read of a label.
async fn page(
    app: &App,
    visit: &Visit,
    frame: Frame,
    form: Form,
    banner: Option<Banner>,
    said: Option<Said>,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let t = frame.t;
    let Some(standing) = Standing::of(app, &frame, visit)? else {
        return delivery::opening(app, frame, form, banner).await;
    };
    let kept = Kept::of(&form);
    let keyed = kept.entry == EntryPath::Keyed.as_str();
    let refused = !form.is_ok()
        || banner
            .as_ref()
            .is_some_and(|b| b.title == t.m("verdict-stop"));
    let page = ReceiptPage {
        label: LabelView::of(&frame, &hospital, &Read::of(&form)),
        said,
        keyed,
        other_way: kept.next(if keyed { "" } else { EntryPath::Keyed.as_str() }, ""),
        again: kept.next(&kept.entry, ""),
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
        last: bags(app, &frame, standing.id).await?,
        standing,
        form,
        frame,
    };
    let mut answer = render(&page);
    if refused {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// The last bags received under a delivery, newest first.
async fn bags(app: &App, frame: &Frame, delivery: DeliveryId) -> Result<Vec<Row>, PageError> {
    let subject = lifeline_core::subject::Subject::from(delivery);
    let page = app
        .desk
        .journal()
        .read_by_subject(&subject.to_string(), Seek::NEWEST, LAST_SCANNED)
        .await
        .map_err(|error| {
            tracing::error!(%error, "bags of a delivery");
            PageError::Unavailable
        })?;
    let hospital = app.state();
    let rows = page.entries.iter().filter_map(|entry| {
        let event = Event::decode(&entry.kind, entry.version, &entry.body).ok()?;
        let Event::Unit(UnitEvent::Received { unit, .. }) = event else {
            return None;
        };
        Some(row(frame, &hospital, hospital.units.get(&unit)?))
    });
    Ok(rows.collect())
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
        let said = Some(match read.scan(&frame, &scanned) {
            Ok(words) => Said::of(Tone::Good, words),
            Err(words) => Said::of(Tone::Stop, words),
        });
        if headers.contains_key(FRAGMENT) {
            let label = LabelView::of(&frame, &app.state(), &read);
            return Ok(render(&LabelPart { label, said, frame }));
        }
        let form = form.with_fields(read.fields());
        return page(&app, &visit, frame, form, None, said).await;
    }
    let Some(command) = command(&frame, &mut form) else {
        return page(&app, &visit, frame, form, None, None).await;
    };
    let unit = command.unit;
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => {
            let kept = Kept::of(&form);
            let next = kept.next(&kept.entry, &unit.to_string());
            return Ok(Redirect::to(&next).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, &visit, frame, form, banner, None).await
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
    let under = form.read("under", str::parse::<DeliveryId>, |_| {
        t.m("receipt-delivery-missing")
    });
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
        delivery: None,
        under: Some(under?),
        checks: ReceiptChecks {
            temperature: None,
            appearance: appearance?,
            seal: seal?,
            label: label?,
        },
    })
}
