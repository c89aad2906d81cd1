use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::PatientNumber;
use lifeline_core::patient::{Demographics, NumberKind, PatientEvent, RegisterPatient, Sex};
use lifeline_core::people::Action;
use serde::Deserialize;

use crate::app::App;
use crate::pages::parts::wards;
use crate::pages::person::{Strip, address};
use crate::pages::sheet::{Answer, Input, Kind, Sheet, bad_identifier, send};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The most records a search shows.
const FOUND_MOST: usize = 50;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "patient/list.html")]
struct ListPage {
    frame: Frame,
    q: String,
    found: Vec<Strip>,
    may_register: bool,
}

/// `GET /patients?q=`: records by the beginning of a number or name; the newest without a question.
pub(super) async fn list(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let q = asked.q.trim().to_owned();
    let mut ids = Vec::new();
    if q.is_empty() {
        let newest = (1..hospital.next.patient.0).rev().take(FOUND_MOST);
        ids.extend(newest.map(lifeline_core::id::PatientId));
    } else {
        if let Ok(number) = PatientNumber::parse(&q) {
            let by_number = hospital.patients.by_number_prefix(&number);
            ids.extend(by_number.take(FOUND_MOST).map(|patient| patient.id));
        }
        let by_name = hospital.patients.by_name(&q).take(FOUND_MOST);
        ids.extend(by_name.map(|patient| patient.id));
        ids.extend(q.parse::<lifeline_core::id::PatientId>().ok());
    }
    let mut found: Vec<Strip> = Vec::new();
    for record in ids.into_iter().filter_map(|id| hospital.record_of(id)) {
        let strip = Strip::of(&frame, &hospital, &record);
        if !found.iter().any(|known| known.id == strip.id) {
            found.push(strip);
        }
    }
    Ok(render(&ListPage {
        may_register: app.may(&visit, Action::PatientRegister),
        frame,
        q,
        found,
    }))
}

fn sheet(frame: Frame, hospital: &Hospital, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    let mut inputs = demographic_inputs(&frame, hospital);
    inputs.push(Input::may(
        Kind::Tick,
        "unidentified",
        t.m("patient-is-unidentified"),
    ));
    Sheet {
        form,
        title: t.m("patient-register"),
        note: t.m("patient-register-note"),
        action: "/patients/new".into(),
        back: "/patients".into(),
        submit: t.m("patient-register-submit"),
        strip: None,
        answer,
        inputs,
        second: None,
        frame,
    }
}

/// `GET /patients/new`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::PatientRegister)?;
    let form = Form::blank(&frame);
    Ok(sheet(frame, &app.state(), form, Answer::default()).show())
}

/// `POST /patients/new`.
pub(super) async fn register(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::PatientRegister)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = read(&frame, &mut form).map(|(numbers, demographics)| {
        RegisterPatient {
            numbers,
            demographics,
            unidentified: form.has("unidentified", "yes"),
        }
        .into()
    });
    let to = |facts: &[(_, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Patient(PatientEvent::Registered { patient, .. }) => Some(address(*patient)),
                _ => None,
            })
            .unwrap_or_else(|| "/patients".into())
    };
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(frame, &app.state(), form, answer).show()),
    }
}

/// The fields of who somebody is.
pub(super) fn demographic_inputs(frame: &Frame, hospital: &Hospital) -> Vec<Input> {
    let t = frame.t;
    let sexes = Sex::ALL.map(|sex| (sex.as_str().into(), t.m(&format!("sex-{}", sex.as_str()))));
    vec![
        Input::may(Kind::Text, "name", t.m("patient-name")),
        Input::may(Kind::Choice, "sex", t.m("patient-sex")).of(sexes),
        Input::may(Kind::Date, "birth", t.m("patient-birth")),
        Input::may(Kind::Text, "hospital", t.m("number-hospital")),
        Input::may(Kind::Text, "national", t.m("number-national")),
        Input::may(Kind::Text, "temporary", t.m("number-temporary")),
        Input::may(Kind::Text, "other", t.m("number-other")).note(t.m("number-other-note")),
        Input::may(Kind::Select, "ward", t.m("patient-ward")).of(wards(frame, hospital)),
        Input::may(Kind::Text, "bed", t.m("patient-bed")),
        Input::may(Kind::Text, "diagnosis", t.m("patient-diagnosis")),
        Input::may(Kind::Text, "phone", t.m("patient-phone")),
        Input::may(Kind::Text, "address", t.m("patient-address")),
    ]
}

const NUMBERS: [NumberKind; 4] = [
    NumberKind::Hospital,
    NumberKind::National,
    NumberKind::Temporary,
    NumberKind::Other,
];

/// Reads who somebody is. Several numbers of one kind stand beside each other with a blank between.
pub(super) fn read(
    frame: &Frame,
    form: &mut Form,
) -> Option<(BTreeMap<PatientNumber, NumberKind>, Demographics)> {
    let mut numbers = BTreeMap::new();
    for kind in NUMBERS {
        let texts: Vec<String> = form
            .value(kind.as_str())
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        for text in texts {
            match PatientNumber::parse(&text) {
                Ok(number) => {
                    numbers.insert(number, kind);
                }
                Err(_) => form.refuse(kind.as_str(), bad_identifier(frame)),
            }
        }
    }
    let wrong_date = frame.t.m("sheet-bad-moment");
    let birth = form.read_optional("birth", str::parse, |_: jiff::Error| wrong_date);
    let sex = Sex::ALL
        .into_iter()
        .find(|sex| sex.as_str() == form.value("sex"));
    let text = |name: &str| Some(form.value(name).to_owned()).filter(|text| !text.is_empty());
    let demographics = Demographics {
        name: form.value("name").into(),
        sex: sex.unwrap_or(Sex::Unknown),
        birth,
        ward: text("ward"),
        bed: text("bed"),
        address: text("address"),
        phone: text("phone"),
        diagnosis: text("diagnosis"),
    };
    form.is_ok().then_some((numbers, demographics))
}

/// The fields as they stand in a record.
pub(super) fn filled(
    frame: &Frame,
    hospital: &Hospital,
    record: &lifeline_core::patient::Patient,
) -> Form {
    let who = &record.demographics;
    let numbers = |kind: NumberKind| {
        let words: Vec<&str> = record
            .numbers
            .iter()
            .filter(|(_, given)| **given == kind)
            .map(|(number, _)| number.as_str())
            .collect();
        words.join(" ")
    };
    let birth = who.birth.map(|birth| birth.to_string()).unwrap_or_default();
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut fields: Vec<(&str, String)> = vec![
        ("name", who.name.clone()),
        ("sex", who.sex.as_str().into()),
        ("birth", birth),
        ("ward", or_empty(&who.ward)),
        ("bed", or_empty(&who.bed)),
        ("diagnosis", or_empty(&who.diagnosis)),
        ("phone", or_empty(&who.phone)),
        ("address", or_empty(&who.address)),
    ];
    fields.extend(NUMBERS.map(|kind| (kind.as_str(), numbers(kind))));
    if record.unidentified {
        fields.push(("unidentified", "yes".into()));
    }
    let values = fields.iter().map(|(name, value)| (*name, value.as_str()));
    Form::filled(frame, Posted::of(values)).seeing(hospital.seq)
}
