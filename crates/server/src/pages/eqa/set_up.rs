//! Entering programmes, planning rounds, carrying older rounds over.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::assessment::{
    AssessmentEvent, Carried, CarryOverRound, Item, Measure, OpenRound, SaveProgramme,
};
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::ProgrammeId;
use lifeline_core::people::Action;
use lifeline_qc::eqa::Submitted;
use serde::Deserialize;

use super::name_of;
use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, bad_identifier, moment, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// The routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/eqa/programme", get(show_programme).post(save_programme))
        .route("/eqa/plan", get(show_plan).post(plan))
        .route("/eqa/carry", get(show_carry).post(carry))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    id: String,
}

fn blank(
    frame: &Frame,
    title: &str,
    action: &str,
    inputs: Vec<Input>,
    form: Form,
    answer: Answer,
) -> Sheet {
    Sheet {
        form,
        title: frame.t.m(title),
        note: frame.t.m(&format!("{title}-note")),
        action: action.into(),
        back: "/eqa".into(),
        submit: frame.t.m(title),
        strip: None,
        answer,
        inputs,
        second: None,
        frame: frame.clone(),
    }
}

fn programmes(frame: &Frame, hospital: &Hospital) -> Vec<(String, String)> {
    hospital
        .assessments
        .programmes
        .values()
        .filter(|programme| programme.active)
        .map(|programme| (programme.id.to_string(), name_of(frame, programme)))
        .collect()
}

fn programme_sheet(app: &App, frame: &Frame, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    let mut tables: Vec<(String, String)> = Vec::new();
    for table in app
        .state()
        .policies
        .grading_tables(frame.now)
        .unwrap_or_default()
    {
        let title = match frame.lang() {
            crate::web::Lang::En => &table.en,
            crate::web::Lang::ZhCn => &table.zh,
        };
        tables.retain(|(name, _)| *name != table.name);
        tables.push((table.name.clone(), title.clone()));
    }
    let inputs = vec![
        Input::must(Kind::Text, "programme", t.m("eqa-code")).note(t.m("eqa-code-note")),
        Input::must(Kind::Text, "name", t.m("eqa-name-zh")),
        Input::must(Kind::Text, "latin", t.m("eqa-name-en")),
        Input::must(Kind::Text, "provider", t.m("field-provider")),
        Input::must(Kind::Select, "table", t.m("field-table")).of(tables),
        Input::must(Kind::Lines, "items", t.m("field-items")).note(t.m("eqa-items-note")),
        Input::may(Kind::Tick, "active", t.m("eqa-active")),
    ];
    blank(
        frame,
        "eqa-programme-save",
        "/eqa/programme",
        inputs,
        form,
        answer,
    )
}

async fn show_programme(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let known = ProgrammeId::parse(&asked.id)
        .ok()
        .and_then(|id| app.state().assessments.programmes.get(&id).cloned());
    let form = match known {
        None => Form::filled(&frame, Posted::of([("active", "yes")])),
        Some(programme) => {
            let items: Vec<String> = programme
                .items
                .iter()
                .map(|item| match &item.measure {
                    Measure::Graded => item.code.clone(),
                    Measure::Measured { unit } => format!("{} {unit}", item.code),
                })
                .collect();
            let items = items.join("\n");
            Form::filled(
                &frame,
                Posted::of([
                    ("programme", programme.id.as_str()),
                    ("name", programme.name.as_str()),
                    ("latin", programme.latin.as_str()),
                    ("provider", programme.provider.as_str()),
                    ("table", programme.table.as_str()),
                    ("items", items.as_str()),
                    ("active", if programme.active { "yes" } else { "" }),
                ]),
            )
        }
    };
    Ok(programme_sheet(&app, &frame, form, Answer::default()).show())
}

async fn save_programme(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let id = form.read("programme", ProgrammeId::parse, |_| bad);
    let items = form
        .value("items")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once(char::is_whitespace) {
            None => Item {
                code: line.into(),
                measure: Measure::Graded,
            },
            Some((code, unit)) => Item {
                code: code.into(),
                measure: Measure::Measured {
                    unit: unit.trim().into(),
                },
            },
        })
        .collect();
    let command: Option<Command> = id.map(|programme| {
        SaveProgramme {
            programme,
            name: form.value("name").into(),
            latin: form.value("latin").into(),
            provider: form.value("provider").into(),
            table: form.value("table").into(),
            items,
            active: form.has("active", "yes"),
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, |_| "/eqa".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(programme_sheet(&app, &frame, form, answer).show()),
    }
}

fn plan_sheet(app: &App, frame: &Frame, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    let inputs = vec![
        Input::must(Kind::Select, "programme", t.m("subject-programme"))
            .of(programmes(frame, &app.state())),
        Input::must(Kind::Text, "label", t.m("field-label")),
        Input::must(Kind::Moment, "deadline", t.m("field-deadline")),
        Input::must(Kind::Text, "samples", t.m("eqa-samples")),
    ];
    blank(frame, "eqa-plan", "/eqa/plan", inputs, form, answer)
}

async fn show_plan(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let form = Form::filled(&frame, Posted::of([("samples", "5")]));
    Ok(plan_sheet(&app, &frame, form, Answer::default()).show())
}

/// Where the round of these facts has its page.
fn round_of(facts: &[(Stamp, Event)]) -> String {
    facts
        .iter()
        .find_map(|(_, event)| match event {
            Event::Assessment(
                AssessmentEvent::RoundOpened { round, .. }
                | AssessmentEvent::RoundCarriedOver { round, .. },
            ) => Some(format!("/eqa/rounds/{round}")),
            _ => None,
        })
        .unwrap_or_else(|| "/eqa".into())
}

async fn plan(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let programme = form.read("programme", ProgrammeId::parse, |_| bad);
    let deadline = moment(&frame, &mut form, "deadline");
    let wrong = frame.t.m("eqa-not-a-count");
    let samples = form.read("samples", str::parse::<u32>, |_| wrong);
    let command = programme.zip(deadline).zip(samples);
    let command: Option<Command> = command.map(|((programme, deadline), samples)| {
        OpenRound {
            programme,
            label: form.value("label").into(),
            deadline,
            samples,
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, round_of).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(plan_sheet(&app, &frame, form, answer).show()),
    }
}

fn carry_sheet(app: &App, frame: &Frame, form: Form, answer: Answer) -> Sheet {
    let t = frame.t;
    let came = ["on-time", "late", "absent"].map(|word| {
        let words = t.m(&format!("eqa-submitted-{word}"));
        (word.to_owned(), words)
    });
    let inputs = vec![
        Input::must(Kind::Select, "programme", t.m("subject-programme"))
            .of(programmes(frame, &app.state())),
        Input::must(Kind::Text, "label", t.m("field-label")),
        Input::must(Kind::Moment, "deadline", t.m("field-deadline")),
        Input::must(Kind::Text, "reference", t.m("eqa-report-number")),
        Input::must(Kind::Choice, "submitted", t.m("eqa-submitted")).of(came),
        Input::must(Kind::Lines, "items", t.m("eqa-scores")).note(t.m("eqa-scores-note")),
    ];
    Sheet {
        second: Some(t.m("eqa-carry-second")),
        ..blank(frame, "eqa-carry", "/eqa/carry", inputs, form, answer)
    }
}

async fn show_carry(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let form = Form::filled(&frame, Posted::of([("submitted", "on-time")]));
    Ok(carry_sheet(&app, &frame, form, Answer::default()).show())
}

/// Lines such as `abo 5/5`; the first that is none of that shape comes back.
fn carried(text: &str) -> Result<Vec<Carried>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let bad = || line.to_owned();
            let (item, score) = line.split_once(char::is_whitespace).ok_or_else(bad)?;
            let (acceptable, challenges) = score.trim().split_once('/').ok_or_else(bad)?;
            Ok(Carried {
                item: item.into(),
                acceptable: acceptable.trim().parse().map_err(|_| bad())?,
                challenges: challenges.trim().parse().map_err(|_| bad())?,
            })
        })
        .collect()
}

async fn carry(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::AssessmentManage)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let programme = form.read("programme", ProgrammeId::parse, |_| bad);
    let deadline = moment(&frame, &mut form, "deadline");
    let t = frame.t;
    let items = form.read("items", carried, |line| {
        t.a("eqa-bad-line", &[("line", &line)])
    });
    let submitted = match form.value("submitted") {
        "late" => Submitted::Late,
        "absent" => Submitted::Absent,
        _ => Submitted::OnTime,
    };
    let command = programme.zip(deadline).zip(items);
    let command: Option<Command> = command.map(|((programme, deadline), items)| {
        CarryOverRound {
            programme,
            label: form.value("label").into(),
            deadline,
            reference: form.value("reference").into(),
            submitted,
            items,
        }
        .into()
    });
    match send(&app, &frame, &visit, &mut form, command, round_of).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(carry_sheet(&app, &frame, form, answer).show()),
    }
}
