//! The quality room: what is due, the morning's entry, runs and their charts, cases, and the proof of a day.

mod acts;
mod adopt;
mod case;
mod chart;
mod entry;
mod entry_page;
mod grades;
mod home;
mod monitors;
mod month;
mod points;
mod proof;
mod recorded;
mod run;

use axum::Router;
use jiff::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, DeviceId};
use lifeline_core::quality::{Because, Control, Light, Mark, Place, Shown, Verdict, control};
use lifeline_core::testing::Reading;

use crate::app::App;
use crate::pages::sheet::part;
use crate::pages::timeline;
use crate::web::{Frame, Lang, PageError, Tone};

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(home::routes())
        .merge(adopt::routes())
        .merge(month::routes())
        .merge(monitors::routes())
        .merge(entry::routes())
        .merge(recorded::routes())
        .merge(run::routes())
        .merge(case::routes())
        .merge(acts::routes())
        .merge(chart::routes())
        .merge(points::routes())
        .merge(proof::routes())
}

/// A name in the reader's language.
pub(super) fn named<'a>(frame: &Frame, zh: &'a str, en: &'a str) -> &'a str {
    match frame.lang() {
        Lang::En => en,
        Lang::ZhCn => zh,
    }
}

fn control_name(frame: &Frame, hospital: &Hospital, code: &ControlCode) -> String {
    control(hospital, code, frame.now).map_or_else(
        |_| code.to_string(),
        |control| named(frame, &control.zh, &control.en).to_owned(),
    )
}

fn level_name(frame: &Frame, control: &Control, code: &ControlCode) -> String {
    control.level_names(code).map_or_else(
        || code.to_string(),
        |(zh, en)| named(frame, zh, en).to_owned(),
    )
}

fn place_name(frame: &Frame, hospital: &Hospital, place: &Place) -> String {
    match place {
        Place::Bench => frame.t.m("qc-place-bench"),
        Place::Device(id) => hospital
            .devices
            .all
            .get(id)
            .map_or_else(|| id.to_string(), |device| format!("{} {id}", device.name)),
    }
}

/// A place as it stands in an address: `bench`, or the machine's name.
fn place_of(text: &str) -> Result<Place, PageError> {
    if text.is_empty() || text == "bench" {
        return Ok(Place::Bench);
    }
    DeviceId::parse(text)
        .map(Place::Device)
        .map_err(|_| PageError::NotFound)
}

fn query(control: &ControlCode, place: &Place) -> String {
    format!(
        "control={}&place={}",
        part(control.as_str()),
        part(&place.to_string())
    )
}

/// A bench of the plan in words.
pub(super) fn bench_name(frame: &Frame, bench: &str) -> String {
    timeline::worded(frame, &format!("qc-bench-{bench}"), bench)
}

fn verdict(frame: &Frame, verdict: Verdict) -> (Tone, String) {
    let tone = match verdict {
        Verdict::Accepted => Tone::Good,
        Verdict::Warning => Tone::Warn,
        Verdict::Establishing => Tone::Note,
        Verdict::Rejected => Tone::Stop,
    };
    (tone, frame.t.m(&format!("qc-verdict-{}", verdict.as_str())))
}

fn light(frame: &Frame, light: Light) -> (Tone, String) {
    let tone = match light {
        Light::Out => Tone::Stop,
        Light::Due | Light::Waived | Light::Warning => Tone::Warn,
        Light::Establishing | Light::Running => Tone::Note,
        Light::InControl => Tone::Good,
    };
    (tone, frame.t.m(&format!("qc-light-{}", light.as_str())))
}

fn well(frame: &Frame, reading: &Reading) -> String {
    format!("{} {}", frame.t.m(reading.well.word()), reading.grade)
}

fn shown(frame: &Frame, shown: &Shown, unit: &str) -> String {
    match shown {
        Shown::Measured(value) => format!("{value} {unit}").trim().to_owned(),
        Shown::Graded(readings) => {
            let wells: Vec<String> = readings.iter().map(|one| well(frame, one)).collect();
            wells.join(&frame.t.m("list-separator"))
        }
    }
}

/// Why a level got its verdict, in words.
fn because(frame: &Frame, because: &Because) -> String {
    let t = &frame.t;
    match because {
        Because::Well {
            well,
            expected,
            within,
            got,
        } => t.a(
            "qc-because-well",
            &[
                ("well", &t.m(well.word())),
                ("expected", &expected.to_string()),
                ("within", within),
                ("got", &got.to_string()),
            ],
        ),
        Because::Interpretation { expected, got } => t.a(
            "qc-because-interpretation",
            &[("expected", expected), ("got", got)],
        ),
        Because::Drift { well, runs } => t.a(
            "qc-because-drift",
            &[("well", &t.m(well.word())), ("runs", runs)],
        ),
        Because::Rule {
            rule,
            scope,
            points,
        } => {
            let window: Vec<String> = points
                .iter()
                .map(|(run, level, z)| match run.0 {
                    // A run is judged before it has its number.
                    u64::MAX => format!("{} {level} {z}", t.m("qc-this-run")),
                    _ => format!("{run} {level} {z}"),
                })
                .collect();
            t.a(
                "qc-because-rule",
                &[
                    ("rule", rule),
                    (
                        "scope",
                        &t.m(&format!("qc-scope-{}", scope.replace('_', "-"))),
                    ),
                    ("points", &window.join("; ")),
                ],
            )
        }
        Because::Instant {
            values,
            index,
            limit,
        } => {
            let said = t.a(
                "qc-because-instant",
                &[("values", values), ("index", index), ("limit", limit)],
            );
            // Two equal values of three leave the method nothing to compare with, which happens to whoever reports few digits.
            match values {
                3 => format!("{said} {}", t.m("qc-because-instant-three")),
                _ => said,
            }
        }
    }
}

/// A waiver as what it is: two people, their reason, and until when.
fn waiver(frame: &Frame, hospital: &Hospital, mark: &Mark) -> String {
    let Mark::Waived {
        until,
        reason,
        by,
        second,
    } = mark
    else {
        return String::new();
    };
    frame.t.a(
        "qc-waived-by",
        &[
            ("by", &timeline::person(frame, hospital, by.as_str())),
            (
                "second",
                &timeline::person(frame, hospital, second.as_str()),
            ),
            ("until", &frame.moment(*until).text),
            ("reason", reason),
        ],
    )
}

/// The hour and minute on the hospital's clock.
fn hour(frame: &Frame, at: Timestamp) -> String {
    frame
        .site
        .zone
        .to_datetime(at)
        .strftime("%H:%M")
        .to_string()
}
