//! What is printed: the compatibility label for the bag and the slip of a hand-over. The browser prints.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use barcoders::sym::code128::Code128;
use lifeline_core::blood::UnitId;
use lifeline_core::crossmatch::{Outcome, Proof};
use lifeline_core::id::{IssueId, PatientId, RequestId};
use lifeline_core::issue::standing_crossmatch;
use lifeline_core::people::Action;

use crate::app::App;
use crate::pages::parts::Named;
use crate::pages::person::Strip;
use crate::pages::unit::{Row, row};
use crate::pages::{blood, timeline};
use crate::web::{Frame, Moment, PageError, Visit, render};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/issue/labels/{unit}/{request}", get(label))
        .route("/issue/{issue}/slip", get(slip))
}

/// A Code 128 symbol as the path of its bars, in modules: a drawing of `width` by [`Bars::HEIGHT`].
pub struct Bars {
    /// What it says, for people.
    pub text: String,
    /// Width in modules, quiet zones included.
    pub width: usize,
    /// The bars.
    pub path: String,
}

impl Bars {
    /// The height of the drawing.
    pub const HEIGHT: usize = 40;
    /// Modules left white at each end, as the symbology asks.
    const QUIET: usize = 10;

    /// Draws a text of printable ASCII; anything else gives a symbol without bars, and the text alone is printed.
    pub fn of(text: &str) -> Self {
        // The leading letter chooses code set B.
        let modules = Code128::new(format!("\u{0181}{text}"))
            .map(|code| code.encode())
            .unwrap_or_default();
        let mut path = String::new();
        for (at, _) in modules.iter().enumerate().filter(|(_, dark)| **dark == 1) {
            let x = at + Self::QUIET;
            path.push_str(&format!("M{x} 0h1v{}h-1z", Self::HEIGHT));
        }
        Self {
            text: text.into(),
            width: modules.len() + 2 * Self::QUIET,
            path,
        }
    }
}

/// The number the label carries for scanning back: the first of the patient's own, else ours.
fn patient_number(strip: &Strip) -> String {
    strip.numbers.first().unwrap_or(&strip.id).clone()
}

#[derive(Template)]
#[template(path = "issue/label.html")]
struct LabelPage {
    bag: Row,
    strip: Strip,
    request: String,
    ward: String,
    crossmatch: String,
    compatible: bool,
    unit_bars: Bars,
    patient_bars: Bars,
    frame: Frame,
}

async fn label(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((unit, Named(request))): Path<(UnitId, Named<RequestId>)>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UnitReserve)?;
    let hospital = app.state();
    let bag = hospital.units.get(&unit).ok_or(PageError::NotFound)?;
    let asked = hospital.requests.get(request).ok_or(PageError::NotFound)?;
    let record = hospital
        .record_of(asked.patient)
        .ok_or(PageError::NotFound)?;
    let strip = Strip::of(&frame, &hospital, &record);
    let standing = standing_crossmatch(&hospital, &record, (unit, request), frame.now);
    let t = frame.t;
    let crossmatch = match standing {
        Some(found) => {
            let how = match &found.proof {
                Proof::Electronic { .. } => t.m("crossmatch-electronic"),
                Proof::Serological { method, .. } => {
                    timeline::worded(&frame, &format!("method-{method}"), method)
                }
            };
            // What three people answer for is not called compatible on the bag.
            let words = if found.outcome == Outcome::Compatible {
                "label-crossmatched"
            } else {
                "label-least"
            };
            t.a(
                words,
                &[
                    ("id", &found.id.to_string()),
                    ("how", &how),
                    ("until", &frame.moment(found.expires).text),
                ],
            )
        }
        None if bag.component.carries_red_cells() => t.m("label-not-crossmatched"),
        None => String::new(),
    };
    Ok(render(&LabelPage {
        bag: row(&frame, &hospital, bag),
        request: request.to_string(),
        ward: crate::pages::parts::ward(&frame, &hospital, &asked.order.ward),
        compatible: standing.is_some_and(|found| found.outcome == Outcome::Compatible)
            || !bag.component.carries_red_cells(),
        crossmatch,
        unit_bars: Bars::of(&unit.to_string()),
        patient_bars: Bars::of(&patient_number(&strip)),
        strip,
        frame,
    }))
}

#[derive(Template)]
#[template(path = "issue/slip.html")]
struct SlipPage {
    id: String,
    bag: Row,
    volume: String,
    strip: Strip,
    at: Moment,
    facts: Vec<(String, String)>,
    bars: Bars,
    frame: Frame,
}

async fn slip(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(Named(id)): Path<Named<IssueId>>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewRequest)?;
    let hospital = app.state();
    let issue = hospital.issues.get(id).ok_or(PageError::NotFound)?;
    let unit = hospital.units.get(&issue.unit).ok_or(PageError::NotFound)?;
    let patient: PatientId = issue.patient;
    Ok(render(&SlipPage {
        id: id.to_string(),
        bag: row(&frame, &hospital, unit),
        volume: blood::amount(&frame, unit.amount),
        strip: Strip::find(&frame, &hospital, patient)?,
        at: frame.moment(issue.issued.at),
        facts: super::handover::facts(&frame, &hospital, issue),
        bars: Bars::of(&id.to_string()),
        frame,
    }))
}

#[cfg(test)]
mod tests {
    use super::Bars;

    #[test]
    fn a_symbol_has_the_modules_the_symbology_asks_for() {
        // Start, three characters, check character of 11 modules each, stop of 13; two quiet zones of 10.
        let bars = Bars::of("I01");
        assert_eq!(bars.width, 11 * 5 + 13 + 20);
        assert!(bars.path.starts_with("M10 0h1"));
        assert!(Bars::of("中文").path.is_empty());
    }
}
