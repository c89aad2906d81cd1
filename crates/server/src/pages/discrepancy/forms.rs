//! The short forms of a work-up: opened, a step taken, concluded, opened again.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use lifeline_core::blood::BloodGroup;
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::TestId;
use lifeline_core::people::Action;
use lifeline_core::testing::Test;
use lifeline_core::testing::discrepancy::{
    ConcludeDiscrepancy, Discrepancy, DiscrepancyEvent, OpenDiscrepancy, Outcome,
    RecordDiscrepancyStep, ReopenDiscrepancy, Ruling, Stated,
};
use lifeline_core::testing::group::{Cause, Step};
use serde::Deserialize;

use super::{Lead, address, known};
use crate::app::App;
use crate::pages::person::Strip;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::components::GroupMark;
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// A short form about a work-up or the test it is to be opened on.
struct Asked {
    action: String,
    back: String,
    title: String,
    note: String,
    submit: String,
    inputs: Vec<Input>,
}

fn sheet(frame: Frame, strip: Option<Strip>, asked: Asked, form: Form, answer: Answer) -> Response {
    Sheet {
        strip,
        form,
        title: asked.title,
        note: asked.note,
        action: asked.action,
        back: asked.back,
        submit: asked.submit,
        answer,
        inputs: asked.inputs,
        second: None,
        frame,
    }
    .show()
}

fn groups(frame: &Frame) -> Vec<(String, String)> {
    ["O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-"]
        .into_iter()
        .filter_map(|text| {
            let group = BloodGroup::parse(text).ok()?;
            Some((text.to_owned(), GroupMark::from(group).words(&frame.t)))
        })
        .collect()
}

fn known_test(hospital: &Hospital, test: &str) -> Result<std::sync::Arc<Test>, PageError> {
    let id: TestId = test.parse().map_err(|_| PageError::NotFound)?;
    hospital.tests.get(id).cloned().ok_or(PageError::NotFound)
}

fn asked_open(frame: &Frame, test: &Test, lead: Option<&Lead>) -> Asked {
    let t = frame.t;
    Asked {
        action: format!("/tests/{}/work-up", test.id),
        back: format!("/tests/{}", test.id),
        title: t.m("workup-open"),
        note: lead.map(|lead| lead.category.clone()).unwrap_or_default(),
        submit: t.m("workup-open"),
        inputs: vec![
            Input::may(Kind::Select, "transfused", t.m("workup-transfused"))
                .note(t.m("workup-transfused-note"))
                .of(groups(frame)),
            Input::may(Kind::Tick, "transplanted", t.m("workup-transplanted")),
            Input::may(Kind::Tick, "disease", t.m("workup-disease")),
        ],
    }
}

fn test_strip(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Strip> {
    match &test.material {
        lifeline_core::testing::Material::Sample(id) => {
            Strip::find(frame, hospital, hospital.samples.get(id)?.patient).ok()
        }
        lifeline_core::testing::Material::Unit(_) => None,
    }
}

/// `GET /tests/{test}/work-up`.
pub(super) async fn ask_open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let lead = Lead::of(&frame, &hospital, &test);
    let asked = asked_open(&frame, &test, lead.as_ref());
    let strip = test_strip(&frame, &hospital, &test);
    let form = Form::blank(&frame).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /tests/{test}/work-up`.
pub(super) async fn open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(test): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::TestRecord)?;
    let hospital = app.state();
    let test = known_test(&hospital, &test)?;
    let mut form = Form::sent(&frame, posted)?;
    let transfused = match form.value("transfused") {
        "" => None,
        _ => {
            let wrong = frame.t.m("sheet-choose");
            form.read("transfused", BloodGroup::parse, |_| wrong)
        }
    };
    let command = OpenDiscrepancy {
        test: test.id,
        version: test.versions.len(),
        stated: Stated {
            transfused,
            transplanted: form.has("transplanted", "yes"),
            disease: form.has("disease", "yes"),
        },
    };
    let to = |facts: &[(_, Event)]| {
        facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Discrepancy(DiscrepancyEvent::Opened { discrepancy, .. }) => {
                    Some(address(*discrepancy))
                }
                _ => None,
            })
            .unwrap_or_else(|| "/bench/discrepancies".into())
    };
    match send(&app, &frame, &visit, &mut form, Some(command.into()), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let lead = Lead::of(&frame, &hospital, &test);
            let asked = asked_open(&frame, &test, lead.as_ref());
            let strip = test_strip(&frame, &hospital, &test);
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}

/// Reads a choice; one that was not made is told beside its field.
fn chosen<T>(
    frame: &Frame,
    form: &mut Form,
    name: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let found = read(form.value(name));
    if found.is_none() {
        form.refuse(name, frame.t.m("sheet-choose"));
    }
    found
}

fn ruling(text: &str) -> Option<Ruling> {
    match text {
        "file_stands" => Some(Ruling::FileStands),
        "interim" => Some(Ruling::Interim),
        text => BloodGroup::parse(text).ok().map(Ruling::Group),
    }
}

/// What may be done with a work-up by a short form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Step,
    Conclude,
    Reopen,
}

impl Act {
    const ALL: [Self; 3] = [Self::Step, Self::Conclude, Self::Reopen];

    fn parse(text: &str) -> Result<Self, PageError> {
        Self::ALL
            .into_iter()
            .find(|act| act.as_str() == text)
            .ok_or(PageError::NotFound)
    }

    /// The last part of the address.
    fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Conclude => "conclude",
            Self::Reopen => "reopen",
        }
    }

    /// The privilege the act asks for; the desk asks again.
    fn action(self) -> Action {
        match self {
            Self::Step | Self::Conclude => Action::TestRecord,
            Self::Reopen => Action::TestVerify,
        }
    }

    fn inputs(self, frame: &Frame) -> Vec<Input> {
        let t = frame.t;
        match self {
            Self::Step => vec![
                Input::must(Kind::Select, "step", t.m("workup-step")).of(Step::ALL
                    .iter()
                    .map(|step| (step.as_str().to_owned(), t.m(step.word())))),
                Input::must(Kind::Choice, "outcome", t.m("workup-outcome")).of(Outcome::ALL.map(
                    |outcome| {
                        let words = t.m(&format!("outcome-{}", outcome.as_str()));
                        (outcome.as_str().to_owned(), words)
                    },
                )),
                Input::must(Kind::Lines, "result", t.m("workup-result")),
            ],
            Self::Conclude => {
                let rulings = groups(frame)
                    .into_iter()
                    .map(|(value, group)| (value, t.a("ruling-group-of", &[("group", &group)])))
                    .chain([
                        ("file_stands".into(), t.m("ruling-file_stands")),
                        ("interim".into(), t.m("ruling-interim")),
                    ]);
                vec![
                    Input::must(Kind::Select, "cause", t.m("workup-cause")).of(Cause::ALL
                        .iter()
                        .map(|cause| (cause.as_str().to_owned(), t.m(cause.word())))),
                    Input::must(Kind::Select, "ruling", t.m("workup-ruling")).of(rulings),
                    Input::must(Kind::Lines, "result", t.m("workup-conclusion")),
                ]
            }
            Self::Reopen => vec![Input::must(Kind::Lines, "why", t.m("act-reason"))],
        }
    }

    fn asked(self, frame: &Frame, found: &Discrepancy) -> Asked {
        let t = frame.t;
        let word = self.as_str();
        let title = match self {
            Self::Step => t.m("workup-step-title"),
            Self::Conclude | Self::Reopen => t.m(&format!("workup-{word}")),
        };
        Asked {
            action: format!("{}/{word}", address(found.id)),
            back: address(found.id),
            note: t.m(&format!("workup-{word}-note")),
            submit: match self {
                Self::Step => t.m("sheet-record"),
                Self::Conclude | Self::Reopen => title.clone(),
            },
            title,
            inputs: self.inputs(frame),
        }
    }

    /// The command the filled form asks for; nothing where a choice lacks, which is told beside its field.
    fn command(self, frame: &Frame, found: &Discrepancy, form: &mut Form) -> Option<Command> {
        let discrepancy = found.id;
        match self {
            Self::Step => {
                let step = chosen(frame, form, "step", Step::parse);
                let outcome = chosen(frame, form, "outcome", Outcome::parse);
                step.zip(outcome).map(|(step, outcome)| {
                    RecordDiscrepancyStep {
                        discrepancy,
                        step,
                        outcome,
                        note: form.value("result").into(),
                    }
                    .into()
                })
            }
            Self::Conclude => {
                let cause = chosen(frame, form, "cause", Cause::parse);
                let ruled = chosen(frame, form, "ruling", ruling);
                cause.zip(ruled).map(|(cause, ruling)| {
                    ConcludeDiscrepancy {
                        discrepancy,
                        cause,
                        ruling,
                        note: form.value("result").into(),
                    }
                    .into()
                })
            }
            Self::Reopen => Some(
                ReopenDiscrepancy {
                    discrepancy,
                    reason: form.value("why").into(),
                }
                .into(),
            ),
        }
    }
}

/// The step a list of proposals leads to.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    step: String,
}

/// `GET /bench/discrepancies/{id}/{act}?step=`.
pub(super) async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let act = Act::parse(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let asked = act.asked(&frame, &found);
    let strip = Strip::find(&frame, &hospital, found.patient).ok();
    let proposed = Posted::of([("step", which.step.as_str())]);
    let form = Form::filled(&frame, proposed).seeing(hospital.seq);
    Ok(sheet(frame, strip, asked, form, Answer::default()))
}

/// `POST /bench/discrepancies/{id}/{act}`.
pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let act = Act::parse(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let found = known(&hospital, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = act.command(&frame, &found, &mut form);
    let to = |_: &[_]| address(found.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => {
            let asked = act.asked(&frame, &found);
            let strip = Strip::find(&frame, &hospital, found.patient).ok();
            Ok(sheet(frame, strip, asked, form, answer))
        }
    }
}
