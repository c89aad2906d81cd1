//! Moving many bags at once: a destination, one scan after the other, and one button. All bags move or none.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use lifeline_core::blood::{Din, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::unit::{LIST_MOST, MoveUnits};
use lifeline_wire::isbt128::parse_scan;
use serde::Deserialize;

use super::receipt::FRAGMENT;
use super::scan::{self, Said};
use super::stock;
use super::unit::{Row, row};
use crate::app::{App, Done};
use crate::web::{Banner, Form, Frame, PageError, Posted, Tone, Visit, render, words};

/// The routes of this page.
pub fn routes() -> Router<App> {
    Router::new().route("/stock/move", get(show).post(act))
}

/// The bags scanned so far, and a donation number whose product is still to be scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Gathered {
    units: Vec<UnitId>,
    pending: Option<Din>,
}

impl Gathered {
    fn of(form: &Form) -> Self {
        let posted = form.posted();
        let mut units: Vec<UnitId> = Vec::new();
        for unit in posted.all("unit").filter_map(|text| text.parse().ok()) {
            if !units.contains(&unit) && units.len() < LIST_MOST {
                units.push(unit);
            }
        }
        Self {
            units,
            pending: posted.get("pending").parse().ok(),
        }
    }

    /// Takes a scan in: a bag, a donation of which one bag is here, or the product that a donation number still lacked.
    fn scan(&mut self, frame: &Frame, hospital: &Hospital, text: &str) -> Said {
        let t = &frame.t;
        match self.meant(frame, hospital, text) {
            Err(words) => Said::of(Tone::Stop, words),
            Ok(None) => Said::of(Tone::Note, t.m("moving-product-next")),
            Ok(Some(unit)) => {
                self.pending = None;
                let name = format!("{} {}", unit.din.grouped(), unit.product);
                if hospital.units.get(&unit).is_none() {
                    return Said::of(Tone::Stop, t.a("moving-unknown", &[("unit", &name)]));
                }
                if self.units.contains(&unit) {
                    return Said::of(Tone::Note, t.a("moving-twice", &[("unit", &name)]));
                }
                if self.units.len() >= LIST_MOST {
                    return Said::of(Tone::Stop, t.a("moving-full", &[("most", &LIST_MOST)]));
                }
                self.units.push(unit);
                Said::of(Tone::Good, t.a("moving-taken", &[("unit", &name)]))
            }
        }
    }

    /// The bag a scan means; none where a donation has several bags here and its product is still to be scanned.
    fn meant(
        &mut self,
        frame: &Frame,
        hospital: &Hospital,
        text: &str,
    ) -> Result<Option<UnitId>, String> {
        let plain: String = text.chars().filter(|c| *c != ' ').collect();
        if let Ok(unit) = plain.parse() {
            return Ok(Some(unit));
        }
        let mut label = scan::Label::default();
        if let Ok(din) = Din::parse(&plain) {
            label.din = Some(din);
        } else {
            let symbol =
                parse_scan(text).map_err(|error| scan::unreadable(&frame.t, text, &error))?;
            label.take(&symbol);
            if label.din.is_none() && label.product.is_none() {
                let is = frame.t.m(scan::kind(&symbol));
                let expected = frame.t.m("scan-is-unit");
                return Err(frame
                    .t
                    .a("scan-other", &[("is", &is), ("expected", &expected)]));
            }
        }
        match (label.din.or(self.pending), label.product) {
            (Some(din), Some(product)) => Ok(Some(UnitId::new(din, product))),
            (Some(din), None) => {
                let mut here = hospital
                    .units
                    .of_donation(din)
                    .filter(|unit| unit.status.with_us());
                match (here.next(), here.next()) {
                    (Some(only), None) => Ok(Some(only.id)),
                    (Some(_), Some(_)) => {
                        self.pending = Some(din);
                        Ok(None)
                    }
                    (None, _) => Err(frame.t.a("moving-unknown", &[("unit", &din.grouped())])),
                }
            }
            (None, _) => Err(frame.t.m("moving-din-first")),
        }
    }
}

/// The bags as the page shows them, the last scanned first.
struct Moving {
    rows: Vec<(String, Row)>,
    pending: String,
}

impl Moving {
    fn of(frame: &Frame, hospital: &Hospital, gathered: &Gathered) -> Self {
        let known = gathered.units.iter().rev();
        Self {
            rows: known
                .filter_map(|unit| {
                    let found = hospital.units.get(unit)?;
                    Some((unit.to_string(), row(frame, hospital, found)))
                })
                .collect(),
            pending: gathered
                .pending
                .map(|din| din.to_string())
                .unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "stock/moving.html")]
struct MovingPart {
    moving: Moving,
    said: Option<Said>,
    frame: Frame,
}

#[derive(Template)]
#[template(path = "stock/move.html")]
struct MovePage {
    moving: Moving,
    said: Option<Said>,
    places: Vec<String>,
    banner: Option<Banner>,
    wrong: bool,
    form: Form,
    frame: Frame,
}

impl MovePage {
    fn show(self) -> Response {
        let wrong = self.wrong || !self.form.is_ok();
        let mut answer = render(&self);
        if wrong {
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        }
        answer
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    to: String,
    #[serde(default)]
    moved: u64,
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitMove)?;
    let hospital = app.state();
    let done = (asked.moved > 0).then(|| Banner {
        tone: Tone::Good,
        title: frame.t.a(
            "moving-done",
            &[("count", &asked.moved), ("place", &asked.to)],
        ),
        findings: Vec::new(),
    });
    let page = MovePage {
        moving: Moving::of(&frame, &hospital, &Gathered::default()),
        said: None,
        places: stock::places(&hospital),
        banner: done,
        wrong: false,
        form: Form::filled(&frame, Posted::of([("to", asked.to.as_str())])),
        frame,
    };
    Ok(page.show())
}

async fn act(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitMove)?;
    let hospital = app.state();
    let (scanned, remove) = (
        posted.get("scan").to_owned(),
        posted.get("remove").parse::<UnitId>().ok(),
    );
    let mut form = Form::sent(&frame, posted)?;
    let mut gathered = Gathered::of(&form);
    let mut said = None;
    let mut banner = None;
    if let Some(unit) = remove {
        gathered.units.retain(|one| *one != unit);
    } else if !scanned.is_empty() || headers.contains_key(FRAGMENT) {
        said = Some(gathered.scan(&frame, &hospital, &scanned));
        if headers.contains_key(FRAGMENT) {
            let moving = Moving::of(&frame, &hospital, &gathered);
            return Ok(render(&MovingPart {
                moving,
                said,
                frame,
            }));
        }
    } else {
        let to = form.read("to", |text| scan::place(&frame.t, text), |words| words);
        if gathered.units.is_empty() {
            form.refuse("scan", frame.t.m("moving-none"));
        }
        if let Some(to) = to.filter(|_| form.is_ok()) {
            let count = gathered.units.len();
            let command = MoveUnits {
                units: gathered.units.clone(),
                to: to.clone(),
            };
            match app.carry_out(&frame, &visit, &mut form, command).await? {
                Done::Accepted(_) => {
                    let to = words::encoded(to.as_str());
                    let next = format!("/stock/move?to={to}&moved={count}");
                    return Ok(Redirect::to(&next).into_response());
                }
                Done::Refused(refusal) => banner = Some(words::refusal(&frame, &refusal)),
                Done::Wrong => {}
            }
        }
    }
    let page = MovePage {
        moving: Moving::of(&frame, &hospital, &gathered),
        said,
        places: stock::places(&hospital),
        wrong: banner.is_some(),
        banner,
        form: form.with_fields(Posted::of([("scan", "")])),
        frame,
    };
    Ok(page.show())
}
