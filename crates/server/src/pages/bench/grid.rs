use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use lifeline_core::blood::{Abo, Grade, RhD, UnitId};
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{LotId, SampleId, TestId};
use lifeline_core::people::Action;
use lifeline_core::testing::{
    Call, CorrectTest, Interpretation, Material, Origin, Reaction, Reading, RecordTest, Strengths,
    Test, TestEvent, TestKind, Well, control_reactive, interpret,
};
use serde::Deserialize;

use super::{LotChoice, lots};
use crate::app::App;
use crate::pages::person::Strip;
use crate::pages::results::{Said, material_address};
use crate::pages::sheet::{Answer, answered, send};
use crate::web::components::GroupMark;
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// How many results back the grid looks for the lots that were used last.
const LOOK_BACK: usize = 400;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    sample: String,
    #[serde(default)]
    unit: String,
}

/// What the wells typed so far say.
#[derive(Template)]
#[template(path = "bench/derived.html")]
struct Derived {
    frame: Frame,
    said: Said,
    note: String,
    todo: bool,
}

struct Cell {
    name: String,
    words: String,
}

struct UnitHead {
    id: String,
    href: String,
    mark: GroupMark,
}

#[derive(Template)]
#[template(path = "bench/enter.html")]
struct GridPage {
    strip: Option<Strip>,
    unit: Option<UnitHead>,
    title: String,
    material: String,
    kind: TestKind,
    action: String,
    back: String,
    needed: Vec<Cell>,
    optional: Vec<Cell>,
    states: Vec<Stating>,
    lots: Vec<LotChoice>,
    derived: Derived,
    answer: Answer,
    correction: bool,
    form: Form,
    frame: Frame,
}

/// What the technologist may say it is, compared with the wells.
struct Stating {
    name: &'static str,
    words: String,
    options: Vec<(String, String)>,
}

/// What a grid is for.
struct Subject {
    kind: TestKind,
    material: Material,
    /// The test that is corrected, with the version that was looked at.
    correcting: Option<(TestId, usize)>,
}

impl Subject {
    fn asked(hospital: &Hospital, asked: &Asked) -> Result<Self, PageError> {
        let kind = TestKind::parse(&asked.kind).ok_or(PageError::NotFound)?;
        let sample = SampleId::parse(&asked.sample)
            .ok()
            .filter(|id| hospital.samples.get(id).is_some());
        let unit = asked
            .unit
            .parse::<UnitId>()
            .ok()
            .filter(|id| hospital.units.get(id).is_some());
        let material = match (sample, unit) {
            (Some(sample), _) => Material::Sample(sample),
            (None, Some(unit)) => Material::Unit(unit),
            (None, None) => return Err(PageError::NotFound),
        };
        Ok(Self {
            kind,
            material,
            correcting: None,
        })
    }

    fn of_test(test: &Test) -> Self {
        Self {
            kind: test.kind,
            material: test.material.clone(),
            correcting: Some((test.id, test.versions.len())),
        }
    }

    fn action(&self) -> String {
        match (&self.correcting, &self.material) {
            (Some((test, _)), _) => format!("/tests/{test}/correct"),
            (None, Material::Sample(id)) => format!(
                "/bench/enter?kind={}&sample={}",
                self.kind.as_str(),
                crate::pages::sheet::part(id.as_str())
            ),
            (None, Material::Unit(id)) => format!(
                "/bench/enter?kind={}&unit={}",
                self.kind.as_str(),
                crate::pages::sheet::part(&id.to_string())
            ),
        }
    }
}

fn well_name(well: Well) -> String {
    format!("well.{}", well.as_str())
}

/// The wells typed so far; what is no grade is noted at its field.
fn readings(frame: &Frame, kind: TestKind, form: &mut Form) -> Vec<Reading> {
    let mut readings = Vec::new();
    for well in kind.needed().iter().chain(kind.optional()) {
        let name = well_name(*well);
        let wrong = frame.t.m("grid-no-grade");
        let grade = form.read_optional(&name, |text| Grade::parse(text).ok_or(()), |()| wrong);
        readings.extend(grade.map(|grade| Reading { well: *well, grade }));
    }
    readings
}

fn derived(frame: &Frame, hospital: &Hospital, kind: TestKind, readings: &[Reading]) -> Derived {
    let t = frame.t;
    let missing: Vec<String> = kind
        .needed()
        .iter()
        .filter(|well| readings.iter().all(|reading| reading.well != **well))
        .map(|well| t.m(well.word()))
        .collect();
    let open = Said {
        mark: None,
        words: t.m("grid-open"),
        tone: crate::web::Tone::Note,
    };
    let (said, note) = match Strengths::in_force(hospital, frame.now) {
        Err(_) => (open, t.m("rule-policy-missing")),
        Ok(_) if control_reactive(readings) => (
            Said {
                mark: None,
                words: t.m("rule-control-reactive"),
                tone: crate::web::Tone::Stop,
            },
            t.m("rule-control-reactive-do"),
        ),
        Ok(_) if !missing.is_empty() => (
            open,
            t.a(
                "grid-missing",
                &[("wells", &missing.join(&t.m("list-separator")))],
            ),
        ),
        Ok(strengths) => {
            let interpretation = interpret(kind, readings, strengths);
            let whole = interpretation.reached(kind);
            let said = Said::of(frame, &interpretation, whole);
            let note = if whole {
                String::new()
            } else {
                t.m("grid-discrepant")
            };
            (said, note)
        }
    };
    Derived {
        todo: !missing.is_empty(),
        frame: frame.clone(),
        said,
        note,
    }
}

/// The lots used last for this kind of test, by this person if there are any; they are ticked.
fn last_lots(hospital: &Hospital, frame: &Frame, kind: TestKind, person: &str) -> BTreeSet<LotId> {
    let used = || {
        hospital
            .tests
            .iter()
            .rev()
            .take(LOOK_BACK)
            .filter(|test| test.kind == kind)
            .filter_map(|test| test.latest())
            .filter(|version| version.origin == Origin::Bench)
    };
    let version = used()
        .find(|version| version.entered.by.as_str() == person)
        .or_else(|| used().next());
    version
        .map(|version| version.lots.clone())
        .unwrap_or_default()
        .into_iter()
        .filter(|lot| {
            hospital
                .lots
                .get(lot)
                .is_some_and(|lot| lot.usable(frame.now))
        })
        .collect()
}

fn stating(frame: &Frame, kind: TestKind) -> Vec<Stating> {
    let t = frame.t;
    let choice = |name, key: &str, options: Vec<(String, String)>| Stating {
        name,
        words: t.m(key),
        options,
    };
    let abo = || {
        let options = Abo::ALL.map(|abo| (abo.as_str().to_owned(), abo.as_str().to_owned()));
        choice("abo", "grid-stated-abo", options.to_vec())
    };
    let rhd = || {
        let options = [
            ("+".into(), t.m("group-rhd-positive")),
            ("-".into(), t.m("group-rhd-negative")),
            ("w".into(), t.m("group-rhd-weak")),
        ];
        choice("rhd", "grid-stated-rhd", options.to_vec())
    };
    match kind {
        TestKind::Group | TestKind::ForwardGroup => vec![abo(), rhd()],
        TestKind::AboForward => vec![abo()],
        TestKind::Screen | TestKind::Dat => {
            let options = [
                ("+".into(), t.m("result-positive")),
                ("-".into(), t.m("result-negative")),
            ];
            vec![choice("call", "grid-stated-call", options.to_vec())]
        }
    }
}

fn stated(kind: TestKind, form: &Form) -> Option<Interpretation> {
    match kind {
        TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward => {
            let abo = Abo::parse(form.value("abo"));
            let rhd = match form.value("rhd") {
                "+" => Some(RhD::Positive),
                "-" => Some(RhD::Negative),
                "w" => Some(RhD::Weak),
                _ => None,
            };
            (abo.is_some() || rhd.is_some()).then_some(Interpretation::Group { abo, rhd })
        }
        TestKind::Screen | TestKind::Dat => {
            let call = match form.value("call") {
                "+" => Call::Positive,
                "-" => Call::Negative,
                _ => return None,
            };
            Some(if kind == TestKind::Screen {
                Interpretation::Screen(call)
            } else {
                Interpretation::Dat(call)
            })
        }
    }
}

fn page(
    hospital: &Hospital,
    frame: Frame,
    subject: &Subject,
    mut form: Form,
    answer: Answer,
) -> Result<Response, PageError> {
    let t = frame.t;
    let cells = |wells: &[Well]| {
        wells
            .iter()
            .map(|well| Cell {
                name: well_name(*well),
                words: t.m(well.word()),
            })
            .collect::<Vec<_>>()
    };
    let (strip, unit, material) = match &subject.material {
        Material::Sample(id) => {
            let sample = hospital.samples.get(id).ok_or(PageError::NotFound)?;
            let strip = Strip::find(&frame, hospital, sample.patient)?;
            (Some(strip), None, id.to_string())
        }
        Material::Unit(id) => {
            let unit = hospital.units.get(id).ok_or(PageError::NotFound)?;
            let head = UnitHead {
                id: id.to_string(),
                href: material_address(&subject.material),
                mark: unit.group.into(),
            };
            (None, Some(head), id.to_string())
        }
    };
    let wrong = answer.banner.is_some() || !form.is_ok();
    let typed = readings(&frame, subject.kind, &mut form);
    let page = render(&GridPage {
        strip,
        unit,
        title: t.m(subject.kind.word()),
        material,
        kind: subject.kind,
        action: subject.action(),
        back: match subject.correcting {
            Some((test, _)) => format!("/tests/{test}"),
            None => "/bench".into(),
        },
        needed: cells(subject.kind.needed()),
        optional: cells(subject.kind.optional()),
        states: stating(&frame, subject.kind),
        lots: lots(hospital, &frame),
        derived: derived(&frame, hospital, subject.kind, &typed),
        answer,
        correction: subject.correcting.is_some(),
        form,
        frame,
    });
    Ok(answered(page, wrong))
}

fn blank(hospital: &Hospital, frame: &Frame, visit: &Visit, kind: TestKind) -> Form {
    let lots = last_lots(hospital, frame, kind, &visit.person.id);
    let values = lots.iter().map(|lot| ("lot", lot.as_str()));
    Form::filled(frame, Posted::of(values))
}

fn reaction(frame: &Frame, subject: &Subject, form: &mut Form) -> Option<Reaction> {
    let readings = readings(frame, subject.kind, form);
    let lots = form
        .posted()
        .all("lot")
        .filter_map(|lot| LotId::parse(lot).ok())
        .collect();
    form.is_ok().then(|| Reaction {
        kind: subject.kind,
        material: subject.material.clone(),
        readings,
        stated: stated(subject.kind, form),
        lots,
        read: frame.now,
    })
}

/// `GET /bench/enter?kind=&sample=` or `&unit=`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let subject = Subject::asked(&hospital, &asked)?;
    let form = blank(&hospital, &frame, &visit, subject.kind);
    page(&hospital, frame, &subject, form, Answer::default())
}

/// `POST /bench/enter`.
pub(super) async fn record(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let subject = Subject::asked(&hospital, &asked)?;
    let mut form = Form::sent(&frame, posted)?;
    let command: Option<Command> =
        reaction(&frame, &subject, &mut form).map(|reaction| RecordTest { reaction }.into());
    let to = |facts: &[(_, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Test(TestEvent::Recorded { test, .. }) => Some(format!("/tests/{test}")),
                _ => None,
            })
            .unwrap_or_else(|| "/bench".into())
    };
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => page(&hospital, frame, &subject, form, answer),
    }
}

/// `POST /bench/derive`: what the wells typed so far say, as a fragment.
pub(super) async fn derive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let kind = TestKind::parse(posted.get("kind")).ok_or(PageError::NotFound)?;
    let mut form = Form::filled(&frame, posted);
    let typed = readings(&frame, kind, &mut form);
    Ok(render(&derived(&frame, &app.state(), kind, &typed)))
}

fn test_of(app: &App, test: &str) -> Result<std::sync::Arc<Test>, PageError> {
    let id: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    app.state()
        .tests
        .get(id)
        .cloned()
        .ok_or(PageError::NotFound)
}

/// `GET /tests/{test}/correct`: the grid with the newest version's wells.
pub(super) async fn show_correction(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let test = test_of(&app, &test)?;
    let subject = Subject::of_test(&test);
    let mut values: Vec<(String, String)> = Vec::new();
    if let Some(version) = test.latest() {
        for reading in &version.readings {
            values.push((well_name(reading.well), reading.grade.to_string()));
        }
        let lots = version
            .lots
            .iter()
            .map(|lot| ("lot".to_owned(), lot.to_string()));
        values.extend(lots);
    }
    let version = test.versions.len().to_string();
    values.push(("version".into(), version));
    let fields = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let form = Form::filled(&frame, Posted::of(fields)).seeing(hospital.seq);
    page(&hospital, frame, &subject, form, Answer::default())
}

/// `POST /tests/{test}/correct`.
pub(super) async fn correct(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let test = test_of(&app, &test)?;
    let mut form = Form::sent(&frame, posted)?;
    let unreadable = |_| PageError::Unreadable(frame.t.m("error-not-understood"));
    let version = form.value("version").parse().map_err(unreadable)?;
    let mut subject = Subject::of_test(&test);
    subject.correcting = Some((test.id, version));
    let command: Option<Command> = reaction(&frame, &subject, &mut form).map(|mut reaction| {
        // The plate was read when it was read; only the reading is corrected.
        if let Some(old) = test.latest() {
            reaction.read = old.read;
        }
        CorrectTest {
            test: test.id,
            version,
            reaction,
            reason: form.value("why").into(),
        }
        .into()
    });
    let to = |_: &[_]| format!("/tests/{}", test.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => page(&hospital, frame, &subject, form, answer),
    }
}
