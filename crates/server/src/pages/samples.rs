//! Samples: reception, the list, the page of a tube, and the single acts on it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, RequestId, SampleId};
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::sample::{
    EndSample, ReceiveSample, RejectSample, Sample, SampleState, SettleSuspicion, StoreSample,
};
use lifeline_core::subject::Subject;
use lifeline_core::testing::TestKind;
use lifeline_core::unit::Checked;
use serde::Deserialize;

use super::measured::MeasuredLine;
use super::patient::find;
use super::person::Strip;
use super::results::{SampleLine, TestLine, sample_address};
use super::sheet::{
    Answer, Input, Kind, Sheet, bad_identifier, moment, moment_value, optional_moment, part, send,
};
use super::{blood, timeline};
use crate::app::App;
use crate::web::components::TimelineEntry;
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The most lines of the list.
const LINES_MOST: usize = 200;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/samples", get(list))
        .route("/samples/new", get(reception).post(receive))
        .route("/samples/reject", get(rejection).post(reject))
        .route("/samples/{sample}", get(show))
        .route("/samples/{sample}/{act}", get(act).post(carry_out))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "samples/list.html")]
struct ListPage {
    q: String,
    suspect: Vec<SampleLine>,
    samples: Vec<SampleLine>,
    may_receive: bool,
    frame: Frame,
}

/// `GET /samples?q=`: suspected tubes first, then those in date; with a question, tubes whose barcode begins so.
async fn list(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let q = asked.q.trim().to_owned();
    let line = |sample: &std::sync::Arc<Sample>| SampleLine::of(&frame, &hospital, sample);
    let samples = match SampleId::parse(&q) {
        Ok(prefix) => hospital
            .samples
            .by_prefix(&prefix)
            .take(LINES_MOST)
            .map(line)
            .collect(),
        Err(_) => hospital
            .samples
            .expiring(frame.now)
            .take(LINES_MOST)
            .map(line)
            .collect(),
    };
    let suspect = hospital
        .samples
        .suspect()
        .take(LINES_MOST)
        .map(line)
        .collect();
    Ok(render(&ListPage {
        q,
        suspect,
        samples,
        may_receive: app.may(&visit, Action::SampleReceive),
        frame,
    }))
}

#[derive(Deserialize)]
struct Whose {
    #[serde(default)]
    patient: String,
    #[serde(default)]
    sample: String,
}

/// `GET /samples/new?patient=`: first the number on tube or wristband, then the tube beside the patient's identity.
async fn reception(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(whose): Query<Whose>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::SampleReceive)?;
    let hospital = app.state();
    let Some(patient) = find(&hospital, &whose.patient) else {
        return Ok(ask_patient(
            &app,
            &visit,
            frame,
            &whose.patient,
            "/samples/new",
        ));
    };
    let now = moment_value(&frame, frame.now);
    let values = Posted::of([("drawn", now.as_str()), ("sample", whose.sample.as_str())]);
    let form = Form::filled(&frame, values);
    Ok(reception_sheet(frame, &hospital, patient, form, Answer::default())?.show())
}

#[derive(Template)]
#[template(path = "samples/whose.html")]
struct WhosePage {
    form: Form,
    title: String,
    action: String,
    may_register: bool,
    frame: Frame,
}

fn ask_patient(app: &App, visit: &Visit, frame: Frame, given: &str, action: &str) -> Response {
    let mut form = Form::filled(&frame, Posted::of([("patient", given)]));
    if !given.is_empty() {
        form.refuse("patient", frame.t.m("reception-unknown-patient"));
    }
    let wrong = !form.is_ok();
    let page = render(&WhosePage {
        form,
        title: frame.t.m(if action == "/samples/reject" {
            "rejection-title"
        } else {
            "reception-title"
        }),
        action: action.into(),
        may_register: app.may(visit, Action::PatientRegister),
        frame,
    });
    super::sheet::answered(page, wrong)
}

fn request_input(frame: &Frame, hospital: &Hospital, patient: PatientId) -> Input {
    let open = hospital
        .record_of(patient)
        .iter()
        .flat_map(|record| record.requests())
        .filter(|request| request.state.open())
        .map(|request| {
            let words = format!(
                "{} {} {}",
                request.id,
                blood::component(frame, request.order.component),
                blood::amount(frame, request.order.amount)
            );
            (request.id.to_string(), words)
        })
        .collect::<Vec<_>>();
    Input::may(Kind::Select, "request", frame.t.m("sample-request")).of(open)
}

fn reception_sheet(
    frame: Frame,
    hospital: &Hospital,
    patient: PatientId,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = frame.t;
    let strip = Strip::find(&frame, hospital, patient)?;
    Ok(Sheet {
        form,
        title: t.m("reception-title"),
        note: t.m("reception-note"),
        action: format!("/samples/new?patient={patient}"),
        back: "/samples".into(),
        submit: t.m("reception-submit"),
        strip: Some(strip),
        answer,
        inputs: vec![
            Input::must(Kind::Scan("sample"), "sample", t.m("sample-barcode")),
            Input::must(Kind::Choice, "identity", t.m("reception-identity")).of([
                ("good".into(), t.m("reception-identity-good")),
                ("bad".into(), t.m("reception-identity-bad")),
            ]),
            Input::must(Kind::Moment, "drawn", t.m("sample-drawn")),
            Input::must(Kind::Scan("staff"), "drawn_by", t.m("sample-drawn-by")),
            request_input(&frame, hospital, patient),
            Input::may(Kind::Text, "stored", t.m("sample-stored")),
        ],
        second: None,
        frame,
    })
}

fn read_request(frame: &Frame, form: &mut Form) -> Option<RequestId> {
    let bad = bad_identifier(frame);
    form.read_optional("request", str::parse, |_| bad)
}

fn read_sample(frame: &Frame, form: &mut Form) -> Option<SampleId> {
    let bad = bad_identifier(frame);
    form.read("sample", SampleId::parse, |_| bad)
}

/// `POST /samples/new?patient=`.
async fn receive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(whose): Query<Whose>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::SampleReceive)?;
    let hospital = app.state();
    let patient = find(&hospital, &whose.patient).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let sample = read_sample(&frame, &mut form);
    let drawn = moment(&frame, &mut form, "drawn");
    let request = read_request(&frame, &mut form);
    let identity = match form.value("identity") {
        "good" => Checked::Good,
        "bad" => Checked::Bad,
        _ => Checked::NotChecked,
    };
    let command: Option<Command> = sample.zip(drawn).map(|(sample, drawn)| {
        ReceiveSample {
            sample,
            patient,
            request,
            drawn,
            drawn_by: form.value("drawn_by").into(),
            identity,
            stored: Some(form.value("stored").to_owned()).filter(|text| !text.is_empty()),
        }
        .into()
    });
    let there = sample_address(form.value("sample"));
    match send(&app, &frame, &visit, &mut form, command, |_| there).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(reception_sheet(frame, &hospital, patient, form, answer)?.show()),
    }
}

/// `GET /samples/reject?patient=&sample=`.
async fn rejection(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(whose): Query<Whose>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::SampleReceive)?;
    let hospital = app.state();
    let Some(patient) = find(&hospital, &whose.patient) else {
        return Ok(ask_patient(
            &app,
            &visit,
            frame,
            &whose.patient,
            "/samples/reject",
        ));
    };
    let form = Form::filled(&frame, Posted::of([("sample", whose.sample.as_str())]));
    Ok(rejection_sheet(frame, &hospital, patient, form, Answer::default())?.show())
}

fn rejection_sheet(
    frame: Frame,
    hospital: &Hospital,
    patient: PatientId,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = frame.t;
    let strip = Strip::find(&frame, hospital, patient)?;
    let reasons = hospital
        .policies
        .words(Key::SampleRejectReasons, frame.now)
        .unwrap_or_default()
        .iter()
        .map(|code| (code.clone(), t.m(&format!("sample-reject-{code}"))))
        .collect::<Vec<_>>();
    Ok(Sheet {
        form,
        title: t.m("rejection-title"),
        note: t.m("rejection-note"),
        action: format!("/samples/reject?patient={patient}"),
        back: "/samples".into(),
        submit: t.m("rejection-submit"),
        strip: Some(strip),
        answer,
        inputs: vec![
            Input::must(Kind::Scan("sample"), "sample", t.m("sample-barcode")),
            Input::must(Kind::Choice, "reason", t.m("rejection-reason")).of(reasons),
            Input::may(Kind::Text, "note", t.m("rejection-words")),
            Input::may(Kind::Moment, "drawn", t.m("sample-drawn")),
            Input::may(Kind::Text, "drawn_by", t.m("sample-drawn-by")),
            request_input(&frame, hospital, patient),
        ],
        second: None,
        frame,
    })
}

/// `POST /samples/reject?patient=`.
async fn reject(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(whose): Query<Whose>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::SampleReceive)?;
    let hospital = app.state();
    let patient = find(&hospital, &whose.patient).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let sample = read_sample(&frame, &mut form);
    let drawn = optional_moment(&frame, &mut form, "drawn");
    let request = read_request(&frame, &mut form);
    let command: Option<Command> = sample.map(|sample| {
        RejectSample {
            sample,
            patient,
            request,
            reason: form.value("reason").into(),
            note: form.value("note").into(),
            drawn,
            drawn_by: form.value("drawn_by").into(),
        }
        .into()
    });
    let there = sample_address(form.value("sample"));
    match send(&app, &frame, &visit, &mut form, command, |_| there).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(rejection_sheet(frame, &hospital, patient, form, answer)?.show()),
    }
}

#[derive(Template)]
#[template(path = "samples/sample.html")]
struct SamplePage {
    strip: Strip,
    sample: SampleLine,
    samples: Vec<SampleLine>,
    suspect: bool,
    tests: Vec<TestLine>,
    measured: Vec<MeasuredLine>,
    enter: Vec<(String, String)>,
    acts: Vec<(String, String)>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn known<'a>(hospital: &'a Hospital, text: &str) -> Result<&'a Sample, PageError> {
    SampleId::parse(text)
        .ok()
        .and_then(|id| hospital.samples.get(&id))
        .map(|sample| &**sample)
        .ok_or(PageError::NotFound)
}

/// `GET /samples/{sample}`.
async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(sample): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let sample = known(&hospital, &sample)?;
    let timeline = timeline::of(&app, &frame, &[Subject::from(sample.id.clone())]).await?;
    let t = frame.t;
    let line = SampleLine::of(&frame, &hospital, sample);
    let suspect = matches!(sample.state, SampleState::Suspect(_));
    let record = hospital
        .record_of(sample.patient)
        .ok_or(PageError::NotFound)?;
    let usable = record.sample_in_date(sample, frame.now).is_ok();
    let kinds: &[TestKind] = match (usable, suspect) {
        (true, _) => &[
            TestKind::Group,
            TestKind::ForwardGroup,
            TestKind::Screen,
            TestKind::Dat,
        ],
        (false, true) => &[TestKind::Group],
        (false, false) => &[],
    };
    let may_record = app.may(&visit, Action::TestRecord);
    let mut enter: Vec<(String, String)> = kinds
        .iter()
        .filter(|_| may_record)
        .map(|kind| {
            let href = format!(
                "/bench/enter?kind={}&sample={}",
                kind.as_str(),
                part(sample.id.as_str())
            );
            (href, t.m(kind.word()))
        })
        .collect();
    if usable && may_record {
        let href = format!("/bench/measure?sample={}", part(sample.id.as_str()));
        enter.push((href, t.m("measured-enter-title")));
    }
    let acts = Act::ALL
        .into_iter()
        .filter(|act| act.offered(sample) && app.may(&visit, act.action()))
        .map(|act| {
            let href = format!("{}/{}", line.href, act.as_str());
            (href, t.m(&format!("tube-{}-title", act.as_str())))
        })
        .collect();
    Ok(render(&SamplePage {
        strip: Strip::of(&frame, &hospital, &record),
        tests: sample
            .tests
            .iter()
            .rev()
            .filter_map(|id| TestLine::of(&frame, &hospital, hospital.tests.get(*id)?))
            .collect(),
        measured: MeasuredLine::of_sample(&frame, &hospital, sample, &visit.person.id),
        samples: vec![line.clone()],
        sample: line,
        suspect,
        enter,
        acts,
        timeline,
        frame,
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Store,
    End,
    Settle,
}

impl Act {
    const ALL: [Self; 3] = [Self::Settle, Self::Store, Self::End];

    fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::End => "end",
            Self::Settle => "settle",
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Settle => Action::TestCorrect,
            Self::Store | Self::End => Action::SampleReceive,
        }
    }

    fn offered(self, sample: &Sample) -> bool {
        match self {
            Self::Store => true,
            Self::End => sample.state == SampleState::Accepted,
            Self::Settle => matches!(sample.state, SampleState::Suspect(_)),
        }
    }

    fn sheet(
        self,
        frame: Frame,
        hospital: &Hospital,
        sample: &Sample,
        form: Form,
        answer: Answer,
    ) -> Result<Sheet, PageError> {
        let t = frame.t;
        let there = sample_address(sample.id.as_str());
        let inputs = match self {
            Self::Store => vec![Input::must(Kind::Text, "place", t.m("sample-stored"))],
            Self::End => vec![Input::must(Kind::Text, "why", t.m("act-reason"))],
            Self::Settle => vec![
                Input::must(Kind::Choice, "right", t.m("tube-settle-right")).of([
                    ("no".into(), t.m("tube-settle-wrong-tube")),
                    ("yes".into(), t.m("tube-settle-right-tube")),
                ]),
                Input::must(Kind::Lines, "finding", t.m("tube-settle-finding")),
            ],
        };
        Ok(Sheet {
            strip: Some(Strip::find(&frame, hospital, sample.patient)?),
            form,
            title: t.m(&format!("tube-{}-title", self.as_str())),
            note: t.m(&format!("tube-{}-note", self.as_str())),
            action: format!("{there}/{}", self.as_str()),
            back: there,
            submit: t.m("sheet-record"),
            answer,
            inputs,
            second: (self == Self::Settle).then(|| t.m("tube-settle-meaning")),
            frame,
        })
    }

    fn read(self, frame: &Frame, sample: SampleId, form: &mut Form) -> Option<Command> {
        Some(match self {
            Self::Store => StoreSample {
                sample,
                place: form.value("place").into(),
            }
            .into(),
            Self::End => EndSample {
                sample,
                reason: form.value("why").into(),
            }
            .into(),
            Self::Settle => {
                let right = match form.value("right") {
                    "yes" => true,
                    "no" => false,
                    _ => {
                        form.refuse("right", frame.t.m("sheet-choose"));
                        return None;
                    }
                };
                SettleSuspicion {
                    sample,
                    right,
                    finding: form.value("finding").into(),
                }
                .into()
            }
        })
    }
}

fn parse_act(text: &str) -> Result<Act, PageError> {
    Act::ALL
        .into_iter()
        .find(|act| act.as_str() == text)
        .ok_or(PageError::NotFound)
}

/// `GET /samples/{sample}/{act}`.
async fn act(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((sample, act)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let act = parse_act(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let sample = known(&hospital, &sample)?;
    if !act.offered(sample) {
        return Ok(Redirect::to(&sample_address(sample.id.as_str())).into_response());
    }
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(act
        .sheet(frame, &hospital, sample, form, Answer::default())?
        .show())
}

/// `POST /samples/{sample}/{act}`.
async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((sample, act)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let act = parse_act(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let sample = known(&hospital, &sample)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = act.read(&frame, sample.id.clone(), &mut form);
    let there = sample_address(sample.id.as_str());
    match send(&app, &frame, &visit, &mut form, command, |_| there).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(act.sheet(frame, &hospital, sample, form, answer)?.show()),
    }
}
