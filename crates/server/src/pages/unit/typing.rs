//! Antigens of a bag that were typed here or reported after it came.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::blood::{Antigen, AntigenProfile, PlateletAntigen, Typing, UnitId};
use lifeline_core::people::Action;
use lifeline_core::unit::{TypeUnitAntigens, Unit};

use super::address;
use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

fn sheet(frame: Frame, unit: &Unit, form: Form, answer: Answer) -> Response {
    let t = frame.t;
    let known: Vec<String> = unit
        .antigens
        .typed()
        .map(|(antigen, typing)| {
            let sign = if typing == Typing::Positive {
                "+"
            } else {
                "−"
            };
            format!("{}{sign}", antigen.name())
        })
        .collect();
    let known = match known.is_empty() {
        true => t.m("patient-none-on-file"),
        false => known.join(" "),
    };
    let action = address(unit.id);
    Sheet {
        form,
        title: t.m("typing-title"),
        note: format!("{} {} · {known}", unit.id.din.grouped(), unit.id.product),
        action: format!("{action}/type"),
        back: action,
        submit: t.m("sheet-record"),
        strip: None,
        answer,
        inputs: vec![
            Input::may(Kind::Text, "negative", t.m("typing-absent")).note(t.m("typing-names")),
            Input::may(Kind::Text, "positive", t.m("typing-present")),
            Input::may(Kind::Text, "platelet", t.m("field-platelet"))
                .note(t.m("typing-platelet-note")),
            Input::must(Kind::Text, "report", t.m("typing-report")),
        ],
        second: Some(t.m("typing-sign")),
        frame,
    }
    .show()
}

/// Names parted by blanks or commas; what is none is told beside the field.
pub(crate) fn names<T: Ord>(
    frame: &Frame,
    form: &mut Form,
    field: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<BTreeSet<T>> {
    let text = form.value(field).to_owned();
    let mut found = BTreeSet::new();
    let parts = text.split([' ', ',', ';', '，', '、', '；', '\n', '\t']);
    for name in parts.filter(|name| !name.is_empty()) {
        match read(name) {
            Some(one) => {
                found.insert(one);
            }
            None => {
                form.refuse(field, frame.t.a("typing-unknown", &[("name", &name)]));
                return None;
            }
        }
    }
    Some(found)
}

/// `GET /units/{unit}/type`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(unit): Path<UnitId>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let unit = hospital.units.get(&unit).ok_or(PageError::NotFound)?;
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, unit, form, Answer::default()))
}

/// `POST /units/{unit}/type`.
pub(super) async fn record(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(unit): Path<UnitId>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let unit = hospital.units.get(&unit).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let absent = names(&frame, &mut form, "negative", Antigen::parse);
    let present = names(&frame, &mut form, "positive", Antigen::parse);
    let platelet = names(&frame, &mut form, "platelet", |name| {
        PlateletAntigen::parse(name).ok()
    });
    let command = absent
        .zip(present)
        .zip(platelet)
        .and_then(|((absent, present), platelet)| {
            if let Some(both) = absent.intersection(&present).next() {
                let words = frame.t.a("typing-both", &[("name", &both.name())]);
                form.refuse("positive", words);
                return None;
            }
            let mut antigens = AntigenProfile::default();
            for (list, typing) in [(absent, Typing::Negative), (present, Typing::Positive)] {
                for antigen in list {
                    antigens.set(antigen, typing);
                }
            }
            Some(
                TypeUnitAntigens {
                    unit: unit.id,
                    antigens,
                    platelet: (!platelet.is_empty()).then(|| Box::new(platelet)),
                    report: form.value("report").into(),
                }
                .into(),
            )
        });
    let to = |_: &[_]| address(unit.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(frame, unit, form, answer)),
    }
}
