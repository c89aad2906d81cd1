use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::governance::{
    ActionKind, AnalyseNonconformity, CompleteAction, JudgeEffectiveness, Nonconformity,
    PlanAction, Stage,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{NonconformityId, UserId};
use lifeline_core::people::Action;

use super::{sheets, stage, weight};
use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, bad_identifier, moment, send};
use crate::pages::timeline;
use crate::web::components::{Moment, Tone};
use crate::web::{Form, Frame, PageError, Posted, Room, TimelineEntry, Visit, render, words};

/// What can be done about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Analyse,
    Plan,
    Complete,
    Judge,
}

impl Act {
    const ALL: [Self; 4] = [Self::Analyse, Self::Plan, Self::Complete, Self::Judge];

    fn as_str(self) -> &'static str {
        match self {
            Self::Analyse => "analyse",
            Self::Plan => "plan",
            Self::Complete => "complete",
            Self::Judge => "judge",
        }
    }

    /// Whether the case waits for it.
    fn offered(self, stage: Stage) -> bool {
        match self {
            Self::Analyse => stage == Stage::Cause,
            Self::Plan => matches!(stage, Stage::Plan | Stage::Action),
            Self::Complete => stage == Stage::Action,
            Self::Judge => stage == Stage::Effect,
        }
    }

    fn inputs(self, frame: &Frame, hospital: &Hospital, case: &Nonconformity) -> Vec<Input> {
        let t = frame.t;
        match self {
            Self::Analyse => vec![Input::must(Kind::Lines, "cause", t.m("case-cause"))],
            Self::Plan => vec![
                Input::must(Kind::Choice, "kind", t.m("case-kind")).of(ActionKind::ALL.iter().map(
                    |kind| {
                        let word = kind.as_str();
                        (word.into(), t.m(&format!("action-kind-{word}")))
                    },
                )),
                Input::must(Kind::Lines, "text", t.m("case-what")),
                Input::must(Kind::Select, "who", t.m("case-who"))
                    .of(sheets::people(frame, hospital)),
                Input::must(Kind::Moment, "due", t.m("case-due")),
            ],
            Self::Complete => vec![
                Input::must(Kind::Select, "action", t.m("case-which")).of(case
                    .round()
                    .into_iter()
                    .flat_map(|round| round.actions.iter().enumerate())
                    .filter(|(_, action)| action.done.is_none())
                    .map(|(number, action)| (number.to_string(), action.text.clone()))),
                Input::must(Kind::Lines, "done", t.m("case-done")),
            ],
            Self::Judge => vec![
                Input::must(Kind::Choice, "effective", t.m("case-effective")).of([
                    ("yes".into(), t.m("case-effective-yes")),
                    ("no".into(), t.m("case-effective-no")),
                ]),
                Input::must(Kind::Lines, "evidence", t.m("case-evidence")),
            ],
        }
    }

    fn read(self, frame: &Frame, id: NonconformityId, form: &mut Form) -> Option<Command> {
        let choose = frame.t.m("sheet-choose");
        let text = |form: &Form, name: &str| form.value(name).to_owned();
        Some(match self {
            Self::Analyse => AnalyseNonconformity {
                nonconformity: id,
                cause: text(form, "cause"),
            }
            .into(),
            Self::Plan => {
                let kind = form.read(
                    "kind",
                    |word| ActionKind::parse(word).ok_or(()),
                    |()| choose,
                );
                let bad = bad_identifier(frame);
                let who = form.read("who", UserId::parse, |_| bad);
                let due = moment(frame, form, "due");
                PlanAction {
                    nonconformity: id,
                    kind: kind?,
                    text: text(form, "text"),
                    who: who?,
                    due: due?,
                }
                .into()
            }
            Self::Complete => {
                let action = form.read("action", str::parse, |_| choose);
                CompleteAction {
                    nonconformity: id,
                    action: action?,
                    done: text(form, "done"),
                }
                .into()
            }
            Self::Judge => {
                let effective = form.read(
                    "effective",
                    |word| match word {
                        "yes" => Ok(true),
                        "no" => Ok(false),
                        _ => Err(()),
                    },
                    |()| choose,
                );
                JudgeEffectiveness {
                    nonconformity: id,
                    effective: effective?,
                    evidence: text(form, "evidence"),
                }
                .into()
            }
        })
    }
}

struct ActionRow {
    kind: String,
    text: String,
    who: String,
    due: Moment,
    done: Option<(String, String, Moment)>,
}

struct RoundRow {
    number: usize,
    cause: Option<(String, String, Moment)>,
    actions: Vec<ActionRow>,
    judged: Option<((Tone, String), String, String, Moment)>,
}

#[derive(Template)]
#[template(path = "governance/case.html")]
struct CasePage {
    id: String,
    weight: (Tone, String),
    stage: (Tone, String),
    source: String,
    text: String,
    about: Option<(String, String)>,
    happened: Moment,
    reporter: String,
    rounds: Vec<RoundRow>,
    acts: Vec<(String, String)>,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn rounds(frame: &Frame, hospital: &Hospital, case: &Nonconformity) -> Vec<RoundRow> {
    let t = frame.t;
    let name = |id: &UserId| timeline::person(frame, hospital, id.as_str());
    let row = |(number, round): (usize, &lifeline_core::governance::Round)| RoundRow {
        number: number + 1,
        cause: round
            .cause
            .as_ref()
            .map(|(cause, stamp)| (cause.clone(), name(&stamp.by), frame.moment(stamp.at))),
        actions: round
            .actions
            .iter()
            .map(|action| ActionRow {
                kind: t.m(&format!("action-kind-{}", action.kind.as_str())),
                text: action.text.clone(),
                who: name(&action.who),
                due: frame.moment(action.due),
                done: action
                    .done
                    .as_ref()
                    .map(|(done, stamp)| (done.clone(), name(&stamp.by), frame.moment(stamp.at))),
            })
            .collect(),
        judged: round.judged.as_ref().map(|(effective, evidence, stamp)| {
            let verdict = if *effective {
                (Tone::Good, t.m("case-effective-yes"))
            } else {
                (Tone::Stop, t.m("case-effective-no"))
            };
            (
                verdict,
                evidence.clone(),
                name(&stamp.by),
                frame.moment(stamp.at),
            )
        }),
    };
    case.rounds.iter().enumerate().map(row).collect()
}

fn find(app: &App, case: &str) -> Result<Arc<Nonconformity>, PageError> {
    case.parse::<NonconformityId>()
        .ok()
        .and_then(|id| app.state().governance.nonconformities.get(&id).cloned())
        .ok_or(PageError::NotFound)
}

/// `GET /nonconformities/{case}`.
pub(super) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(case): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewGovernance)?;
    frame.room = Some(Room::Governance);
    let case = find(&app, &case)?;
    let hospital = app.state();
    let t = frame.t;
    let acts = Act::ALL
        .into_iter()
        .filter(|act| act.offered(case.stage()))
        .map(|act| {
            let word = act.as_str();
            let href = format!("/nonconformities/{}/{word}", case.id);
            (href, t.m(&format!("case-do-{word}")))
        })
        .collect();
    Ok(render(&CasePage {
        id: case.id.to_string(),
        weight: weight(&frame, case.weight),
        stage: stage(&frame, &case),
        source: t.m(&format!("source-{}", case.source.as_str())),
        text: case.text.clone(),
        about: case
            .about
            .as_ref()
            .map(|subject| (words::address(subject), subject.identifier())),
        happened: frame.moment(case.happened),
        reporter: timeline::person(&frame, &hospital, case.reported.by.as_str()),
        rounds: rounds(&frame, &hospital, &case),
        acts,
        timeline: timeline::of(&app, &frame, &[case.id.into()]).await?,
        frame,
    }))
}

fn sheet(
    app: &App,
    frame: Frame,
    case: &Nonconformity,
    act: &str,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let act = parse(act)?;
    let t = frame.t;
    Ok(Sheet {
        form,
        title: format!(
            "{} · {}",
            t.m(&format!("case-do-{}", act.as_str())),
            case.id
        ),
        note: case.text.clone(),
        action: format!("/nonconformities/{}/{}", case.id, act.as_str()),
        back: format!("/nonconformities/{}", case.id),
        submit: t.m(&format!("case-do-{}", act.as_str())),
        strip: None,
        answer,
        inputs: act.inputs(&frame, &app.state(), case),
        second: None,
        frame,
    })
}

fn parse(act: &str) -> Result<Act, PageError> {
    Act::ALL
        .into_iter()
        .find(|one| one.as_str() == act)
        .ok_or(PageError::NotFound)
}

/// `GET /nonconformities/{case}/{act}`.
pub(super) async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((case, act)): Path<(String, String)>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewGovernance)?;
    let case = find(&app, &case)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    Ok(sheet(&app, frame, &case, &act, form, Answer::default())?.show())
}

/// `POST /nonconformities/{case}/{act}`.
pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((case, act)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewGovernance)?;
    let case = find(&app, &case)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = parse(&act)?.read(&frame, case.id, &mut form);
    let back = format!("/nonconformities/{}", case.id);
    match send(&app, &frame, &visit, &mut form, command, |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(&app, frame, &case, &act, form, answer)?.show()),
    }
}
