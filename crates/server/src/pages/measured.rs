//! One measured result: every version with its value, limits, lots, machine, and who entered and verified it; its correction and its
//! voiding.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{LotId, MeasurementId};
use lifeline_core::measured::{
    Assay, CorrectMeasurement, Flag, Interval, InvalidateMeasurement, Measurement, PatientMonitor,
    Reported, Statistic, Work, assay,
};
use lifeline_core::people::Action;
use lifeline_core::quality::findings_of_measurement;
use lifeline_core::sample::Sample;
use lifeline_core::subject::Subject;
use lifeline_core::testing::{Origin, TestState};

use super::person::Strip;
use super::qc::named;
use super::results::{Particulars, origin, sample_address, state_chip};
use super::sheet::{Answer, Input, Kind, Sheet, moment, moment_value, send};
use super::timeline;
use crate::app::App;
use crate::web::components::{Banner, Moment, TimelineEntry, Tone};
use crate::web::forms::Posted as Values;
use crate::web::{Form, Frame, PageError, Posted, Visit, render, words};

/// The routes of this page; the bench has the ones that record and verify.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/measurements/{measurement}", get(show))
        .route(
            "/measurements/{measurement}/correct",
            get(ask_correction).post(correct),
        )
        .route(
            "/measurements/{measurement}/invalidate",
            get(ask_voiding).post(invalidate),
        )
}

/// What a value says beside its limits, in words.
pub fn flags(frame: &Frame, work: &Work) -> Vec<(Tone, String)> {
    work.flags
        .iter()
        .map(|flag| {
            let tone = match flag {
                Flag::Reactive | Flag::CriticalLow | Flag::CriticalHigh => Tone::Stop,
                Flag::Low | Flag::High | Flag::Undecided => Tone::Warn,
                Flag::NonReactive => Tone::Good,
            };
            (tone, frame.t.m(&format!("measured-flag-{}", flag.as_str())))
        })
        .collect()
}

/// The value with its unit.
pub fn value(work: &Work) -> String {
    format!("{} {}", work.value, work.unit)
        .trim_end()
        .to_owned()
}

/// An assay's name in the person's language; its code where the table no longer has it.
pub fn assay_name(frame: &Frame, hospital: &Hospital, one: &Measurement) -> String {
    let read = one.latest().map_or(frame.now, |version| version.work.read);
    assay(hospital, one.assay.as_str(), read).map_or_else(
        |_| one.assay.to_string(),
        |known| named(frame, &known.zh, &known.en).to_owned(),
    )
}

fn range(interval: Interval) -> String {
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("{low}–{high}"),
        (Some(low), None) => format!("≥ {low}"),
        (None, Some(high)) => format!("≤ {high}"),
        (None, None) => String::new(),
    }
}

/// An assay in one line: its name, unit, limits and controls.
pub fn described(frame: &Frame, assay: &Assay) -> String {
    let ranges = assay.references.iter().map(|reference| {
        let sex = reference
            .sex
            .map(|sex| frame.t.m(&format!("sex-{}", sex.as_str())));
        let years = reference.from_years.map(|years| format!("≥ {years}"));
        let parts = [sex, years, Some(range(reference.limits()))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let reactive = assay.reactive_from.map(|from| {
        frame
            .t
            .a("measured-reactive-from", &[("value", &from.to_string())])
    });
    let critical = assay.critical.map(|limits| {
        let name = frame.t.m("policy-assay-critical");
        format!("{name} {}", range(limits))
    });
    let controls: Vec<&str> = assay.controls.iter().map(|code| code.as_str()).collect();
    [
        named(frame, &assay.zh, &assay.en).to_owned(),
        assay.unit.clone(),
    ]
    .into_iter()
    .chain(ranges)
    .chain(reactive)
    .chain(critical)
    .chain([controls.join(" ")])
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" · ")
}

/// How an assay is followed: statistic, far values, limits.
pub fn monitor_words(frame: &Frame, monitor: &PatientMonitor) -> Vec<String> {
    let t = &frame.t;
    let (block, lambda, power) = match monitor.statistic {
        Statistic::MovingAverage { block } | Statistic::MovingMedian { block } => {
            (block, String::new(), String::new())
        }
        Statistic::Ewma { lambda } => (0, lambda.to_string(), String::new()),
        Statistic::Bull { block, power } => (block, String::new(), power.to_string()),
    };
    let statistic = t.a(
        &format!("monitor-statistic-{}", monitor.statistic.as_str()),
        &[("block", &block), ("lambda", &lambda), ("power", &power)],
    );
    let truncation = monitor.truncation.map(|far| {
        let (word, low, high) = far.parts();
        t.a(
            &format!("monitor-truncation-{word}"),
            &[("low", &low.to_string()), ("high", &high.to_string())],
        )
    });
    let end = |limit: Option<lifeline_qc::Decimal>| {
        limit.map_or_else(|| "∞".to_owned(), |limit| limit.to_string())
    };
    let limits = t.a(
        "monitor-limits",
        &[
            ("target", &monitor.target.to_string()),
            ("lower", &end(monitor.lower)),
            ("upper", &end(monitor.upper)),
        ],
    );
    [Some(statistic), truncation, Some(limits)]
        .into_iter()
        .flatten()
        .collect()
}

/// The limits a patient's value of this sample is held against, in words; empty where there are none.
pub fn limits(frame: &Frame, hospital: &Hospital, assay: &Assay, sample: &Sample) -> String {
    let reference = hospital
        .record_of(sample.patient)
        .and_then(|record| assay.reference(hospital, record.standing(), sample.drawn))
        .map(range);
    let reactive = assay.reactive_from.map(|from| {
        frame
            .t
            .a("measured-reactive-from", &[("value", &from.to_string())])
    });
    [reference, reactive]
        .into_iter()
        .flatten()
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(&frame.t.m("list-separator"))
}

/// A line of a list of measured results.
#[derive(Clone, Debug)]
pub struct MeasuredLine {
    /// Number.
    pub id: String,
    /// Page.
    pub href: String,
    /// The assay's name.
    pub assay: String,
    /// Barcode of the tube.
    pub sample: String,
    /// The page of the tube.
    pub sample_href: String,
    /// Whose sample it is.
    pub patient: String,
    /// The value with its unit.
    pub value: String,
    /// What it says beside its limits.
    pub flags: Vec<(Tone, String)>,
    /// The limits in words.
    pub limits: String,
    /// How it stands.
    pub state: (Tone, String),
    /// When it was read.
    pub read: Moment,
    /// Who entered it, or which machine sent it.
    pub from: String,
    /// A hand changed an analyser's value.
    pub edited: bool,
    /// How many versions there are.
    pub version: usize,
    /// Whether this person entered the newest version.
    pub own: bool,
}

impl MeasuredLine {
    /// Of a result's newest version, as this person sees it.
    pub fn of(frame: &Frame, hospital: &Hospital, one: &Measurement, person: &str) -> Option<Self> {
        let version = one.latest()?;
        let sample = hospital.samples.get(&one.sample)?;
        let patient = hospital.patients.current(sample.patient);
        let known = assay(hospital, one.assay.as_str(), version.work.read).ok();
        Some(Self {
            id: one.id.to_string(),
            href: format!("/measurements/{}", one.id),
            assay: assay_name(frame, hospital, one),
            sample: one.sample.to_string(),
            sample_href: sample_address(one.sample.as_str()),
            patient: patient
                .map(|patient| patient.demographics.name.clone())
                .unwrap_or_default(),
            value: value(&version.work),
            flags: flags(frame, &version.work),
            limits: known
                .map(|known| limits(frame, hospital, known, sample))
                .unwrap_or_default(),
            state: state_chip(frame, one.state),
            read: frame.moment(version.work.read),
            from: origin(frame, hospital, &version.work.origin, &version.entered),
            edited: version.work.origin.edited(),
            version: one.versions.len(),
            own: version.entered.by.as_str() == person
                && (version.work.origin == Origin::Bench || version.work.origin.edited()),
        })
    }

    /// The results of a sample, newest first.
    pub fn of_sample(
        frame: &Frame,
        hospital: &Hospital,
        sample: &Sample,
        person: &str,
    ) -> Vec<Self> {
        hospital
            .measurements
            .of_sample(&sample.id)
            .rev()
            .filter_map(|one| Self::of(frame, hospital, one, person))
            .collect()
    }
}

struct VersionLine {
    number: usize,
    value: String,
    flags: Vec<(Tone, String)>,
    edited: bool,
    particulars: Particulars,
}

#[derive(Template)]
#[template(path = "bench/measurement.html")]
struct MeasurementPage {
    strip: Option<Strip>,
    line: MeasuredLine,
    versions: Vec<VersionLine>,
    verify: Option<Form>,
    may_correct: bool,
    waiting: bool,
    /// What its controls have against letting it out.
    controls: Option<Banner>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn known(hospital: &Hospital, measurement: &str) -> Result<std::sync::Arc<Measurement>, PageError> {
    let id: MeasurementId = measurement.parse().map_err(|_| PageError::NotFound)?;
    hospital
        .measurements
        .get(id)
        .cloned()
        .ok_or(PageError::NotFound)
}

fn strip(frame: &Frame, hospital: &Hospital, one: &Measurement) -> Option<Strip> {
    Strip::find(frame, hospital, hospital.samples.get(&one.sample)?.patient).ok()
}

/// `GET /measurements/{measurement}`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let one = known(&hospital, &measurement)?;
    let timeline = timeline::of(&app, &frame, &[Subject::from(one.id)]).await?;
    let line =
        MeasuredLine::of(&frame, &hospital, &one, &visit.person.id).ok_or(PageError::NotFound)?;
    let versions = one
        .versions
        .iter()
        .enumerate()
        .rev()
        .map(|(index, version)| VersionLine {
            number: index + 1,
            value: value(&version.work),
            flags: flags(&frame, &version.work),
            edited: version.work.origin.edited(),
            particulars: Particulars::of(
                (&frame, &hospital),
                &version.work.origin,
                &version.work.lots,
                version.work.read,
                (&version.entered, version.verified.as_ref()),
                version.reason.as_deref(),
            ),
        })
        .collect();
    let waiting = one.state == TestState::Entered;
    let findings = match waiting {
        true => findings_of_measurement(&hospital, &one),
        false => Vec::new(),
    };
    let controls = (!findings.is_empty())
        .then(|| words::refusal(&frame, &lifeline_core::finding::Refusal { findings }));
    let may_verify = waiting && !line.own && app.may(&visit, Action::TestVerify);
    Ok(render(&MeasurementPage {
        strip: strip(&frame, &hospital, &one),
        verify: may_verify.then(|| Form::blank(&frame).seeing(hospital.seq)),
        may_correct: one.state != TestState::Invalidated && app.may(&visit, Action::TestCorrect),
        line,
        versions,
        waiting,
        controls,
        timeline,
        frame,
    }))
}

/// What is asked about a result that is corrected or voided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Correct,
    Void,
}

impl Ask {
    fn sheet(
        self,
        frame: Frame,
        hospital: &Hospital,
        one: &Measurement,
        form: Form,
        answer: Answer,
    ) -> Sheet {
        let t = frame.t;
        let name = assay_name(&frame, hospital, one);
        let why = Input::must(Kind::Lines, "why", t.m("act-reason"));
        let (act, inputs) = match self {
            Self::Void => ("invalidate", vec![why]),
            Self::Correct => (
                "correct",
                vec![
                    Input::must(Kind::Text, "value", name.clone()).note(
                        one.latest()
                            .map(|version| version.work.unit.clone())
                            .unwrap_or_default(),
                    ),
                    Input::may(Kind::Text, "lots", t.m("test-lots"))
                        .note(t.m("measured-lots-note")),
                    Input::must(Kind::Moment, "read", t.m("test-read")),
                    why,
                ],
            ),
        };
        Sheet {
            strip: strip(&frame, hospital, one),
            form,
            title: t.a(
                &format!("measured-{act}-title"),
                &[("assay", &name), ("measurement", &one.id.to_string())],
            ),
            note: t.m(&format!("measured-{act}-note")),
            action: format!("/measurements/{}/{act}", one.id),
            back: format!("/measurements/{}", one.id),
            submit: t.m(&format!("test-{act}")),
            answer,
            inputs,
            second: None,
            frame,
        }
    }
}

/// `GET /measurements/{measurement}/correct`.
async fn ask_correction(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let one = known(&hospital, &measurement)?;
    let work = &one.latest().ok_or(PageError::NotFound)?.work;
    let lots: Vec<String> = work.lots.iter().map(ToString::to_string).collect();
    let (value, read) = (work.value.to_string(), moment_value(&frame, work.read));
    let lots = lots.join(" ");
    let fields = [("value", &*value), ("read", &*read), ("lots", &*lots)];
    let form = Form::filled(&frame, Values::of(fields)).seeing(hospital.seq);
    Ok(Ask::Correct
        .sheet(frame, &hospital, &one, form, Answer::default())
        .show())
}

/// `POST /measurements/{measurement}/correct`.
async fn correct(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let one = known(&hospital, &measurement)?;
    let mut form = Form::sent(&frame, posted)?;
    let wrong = frame.t.m("measured-no-value");
    let value = form.read("value", Reported::parse, |_| wrong);
    let bad = super::sheet::bad_identifier(&frame);
    let lots = form.read(
        "lots",
        |text| text.split_whitespace().map(LotId::parse).collect(),
        |_| bad,
    );
    let before = one.latest().map(|version| version.work.read);
    // The field has minutes; a moment that was not changed keeps its seconds.
    let read = match before {
        Some(before) if form.value("read") == moment_value(&frame, before) => Some(before),
        _ => moment(&frame, &mut form, "read"),
    };
    let command = value.zip(lots).zip(read).map(|((value, lots), read)| {
        CorrectMeasurement {
            measurement: one.id,
            version: one.versions.len(),
            value,
            lots,
            read,
            reason: form.value("why").into(),
        }
        .into()
    });
    let to = |_: &[_]| format!("/measurements/{}", one.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(Ask::Correct
            .sheet(frame, &hospital, &one, form, answer)
            .show()),
    }
}

/// `GET /measurements/{measurement}/invalidate`.
async fn ask_voiding(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let one = known(&hospital, &measurement)?;
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(Ask::Void
        .sheet(frame, &hospital, &one, form, Answer::default())
        .show())
}

/// `POST /measurements/{measurement}/invalidate`.
async fn invalidate(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(measurement): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestCorrect)?;
    let hospital = app.state();
    let one = known(&hospital, &measurement)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = InvalidateMeasurement {
        measurement: one.id,
        version: one.versions.len(),
        reason: form.value("why").into(),
    };
    let to = |_: &[_]| format!("/measurements/{}", one.id);
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(Ask::Void.sheet(frame, &hospital, &one, form, answer).show()),
    }
}
