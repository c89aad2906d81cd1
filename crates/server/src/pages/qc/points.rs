//! The points of a chart as the script draws them: columns instead of records, so that a hundred thousand travel and are read quickly.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::ControlCode;
use lifeline_core::people::Action;
use lifeline_core::quality::{ControlRun, JudgedLevel, Shown, Verdict};
use lifeline_qc::Limits;
use lifeline_qc::charts::{CLINICAL_CUSUMS, CusumState};
use serde::Serialize;

use super::chart::{Asked, Chosen, chosen, notes, rules};
use super::level_name;
use crate::app::App;
use crate::pages::timeline;
use crate::web::{Frame, PageError, Visit};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/qc/points", get(data))
}

/// A text that stands at many points, by its place in a list.
#[derive(Default)]
struct Words {
    list: Vec<String>,
    keys: Vec<String>,
    /// The place that came last: mostly the one that comes next.
    last: usize,
}

impl Words {
    fn place(&mut self, text: &str, shown: impl FnOnce() -> String) -> usize {
        if self.keys.get(self.last).is_some_and(|key| key == text) {
            return self.last;
        }
        // Lots and people of one control are few.
        self.last = match self.keys.iter().position(|key| key == text) {
            Some(place) => place,
            None => {
                self.list.push(shown());
                self.keys.push(text.to_owned());
                self.keys.len() - 1
            }
        };
        self.last
    }
}

/// From this point on these limits.
#[derive(Serialize)]
struct Band {
    from: usize,
    mean: f64,
    sd: f64,
}

/// One level. All columns but the texts by point have one entry a point, oldest first.
#[derive(Default, Serialize)]
struct Columns {
    code: String,
    name: String,
    /// Seconds on the hospital's clock since the point before; the first since 1970.
    at: Vec<i64>,
    value: Vec<f64>,
    z: Vec<Option<f64>>,
    /// One letter a point: a accepted, w warning, e establishing, r rejected.
    verdict: String,
    /// The number of the run less that of the point before.
    run: Vec<i64>,
    /// Its place in `lots`.
    lot: Vec<usize>,
    /// Its place in `people`.
    who: Vec<usize>,
    bands: Vec<Band>,
    rules: BTreeMap<usize, String>,
    notes: BTreeMap<usize, String>,
    cases: BTreeMap<usize, String>,
    /// The two sums of the cusum, only where that is drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plus: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    minus: Vec<f64>,
}

#[derive(Serialize)]
struct Points {
    levels: Vec<Columns>,
    lots: Vec<String>,
    people: Vec<String>,
    /// The limit of the cusum, in SD.
    limit: f64,
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Accepted => 'a',
        Verdict::Warning => 'w',
        Verdict::Establishing => 'e',
        Verdict::Rejected => 'r',
    }
}

/// A number with as many digits as a chart can show.
fn short(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

/// One level on its way.
struct Column<'a> {
    out: Columns,
    code: &'a ControlCode,
    before: i64,
    run: i64,
    limits: Option<Limits>,
    cusum: CusumState,
}

impl Column<'_> {
    fn point(
        &mut self,
        (frame, hospital): (&Frame, &Hospital),
        (at, run, level): (i64, &ControlRun, &JudgedLevel),
        (lots, people): (&mut Words, &mut Words),
        cusum: Option<(f64, f64)>,
    ) {
        let Shown::Measured(value) = &level.shown else {
            return;
        };
        let number = i64::try_from(run.id.0).unwrap_or(0);
        let place = self.out.at.len();
        self.out.at.push(at - self.before);
        self.out.run.push(number - self.run);
        (self.before, self.run) = (at, number);
        self.out.value.push(value.to_f64());
        let z: Option<f64> = level.z.as_ref().and_then(|z| z.parse().ok());
        self.out.z.push(z);
        self.out.verdict.push(letter(level.verdict));
        let material = level.material.as_str();
        self.out
            .lot
            .push(lots.place(material, || material.to_owned()));
        let login = run.recorded.by.as_str();
        let who = people.place(login, || timeline::person(frame, hospital, login));
        self.out.who.push(who);
        if level.limits != self.limits {
            self.limits = level.limits;
            if let Some(limits) = level.limits {
                self.out.bands.push(Band {
                    from: place,
                    mean: limits.mean().to_f64(),
                    sd: limits.sd().to_f64(),
                });
            }
        }
        if !level.because.is_empty() {
            self.out.rules.insert(place, rules(level));
        }
        let said: Vec<&str> = notes(run, level).collect();
        if !said.is_empty() {
            self.out.notes.insert(place, said.join(" / "));
        }
        if let Some(case) = run.case {
            self.out.cases.insert(place, case.to_string());
        }
        if let Some((k, h)) = cusum {
            if let Some(z) = z {
                self.cusum.add(z, k, h);
            }
            let (plus, minus) = self.cusum.sums();
            self.out.plus.push(short(plus));
            self.out.minus.push(short(-minus));
        }
    }
}

fn points(frame: &Frame, hospital: &Hospital, chosen: &Chosen) -> Points {
    let pair = CLINICAL_CUSUMS.get(chosen.limit).copied();
    let cusum = pair.filter(|_| chosen.kind == "cusum");
    let (mut lots, mut people) = (Words::default(), Words::default());
    let mut columns: Vec<Column<'_>> = chosen
        .levels
        .iter()
        .map(|code| Column {
            out: Columns {
                code: code.to_string(),
                name: level_name(frame, &chosen.control, code),
                ..Columns::default()
            },
            code,
            before: 0,
            run: 0,
            limits: None,
            cusum: CusumState::default(),
        })
        .collect();
    for run in chosen.runs(hospital) {
        let offset = i64::from(frame.site.zone.to_offset(run.ran).seconds());
        let at = run.ran.as_second() + offset;
        for column in &mut columns {
            if let Some(level) = chosen.level(run, column.code) {
                let words = (&mut lots, &mut people);
                column.point((frame, hospital), (at, run, level), words, cusum);
            }
        }
    }
    Points {
        levels: columns.into_iter().map(|column| column.out).collect(),
        lots: lots.list,
        people: people.list,
        limit: pair.map(|(_, h)| h).unwrap_or_default(),
    }
}

/// `GET /qc/points`, with the words of `/qc/chart`.
async fn data(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewQuality)?;
    let chosen = chosen(&app, &frame, &asked)?;
    let body = serde_json::to_string(&points(&frame, &app.state(), &chosen))
        .map_err(PageError::internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
