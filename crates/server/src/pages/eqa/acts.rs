//! The acts on a round that are one short form.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use lifeline_core::assessment::{
    AppealRound, CloseRound, RecordAbsence, Round, RoundState, SettleAppeal, Step, SubmitRound,
    TakeResults, TakeStep, tube_answers,
};
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;

use super::round::known;
use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// The routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/eqa/rounds/{id}/{act}", get(ask).post(carry_out))
}

/// What may be done with a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Receive,
    Take,
    Enter,
    Submit,
    Absent,
    Report,
    Cause,
    Correction,
    Effect,
    Appeal,
    Settle,
    Close,
}

impl Act {
    pub(super) const ALL: [Self; 12] = [
        Self::Receive,
        Self::Take,
        Self::Enter,
        Self::Submit,
        Self::Absent,
        Self::Report,
        Self::Cause,
        Self::Correction,
        Self::Effect,
        Self::Appeal,
        Self::Settle,
        Self::Close,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Take => "take",
            Self::Absent => "absent",
            Self::Enter => "enter",
            Self::Submit => "submit",
            Self::Report => "report",
            Self::Cause => "cause",
            Self::Correction => "correction",
            Self::Effect => "effect",
            Self::Appeal => "appeal",
            Self::Settle => "settle",
            Self::Close => "close",
        }
    }

    pub(super) fn action(self) -> Action {
        match self {
            Self::Enter | Self::Take => Action::AssessmentEnter,
            Self::Submit => Action::AssessmentSubmit,
            Self::Close => Action::AssessmentClose,
            _ => Action::AssessmentManage,
        }
    }

    /// Whether the round stands where this is an act; what else is against it the desk says.
    pub(super) fn offered(self, hospital: &Hospital, round: &Round, now: Timestamp) -> bool {
        let state = round.state();
        let upheld = round
            .appeals
            .last()
            .and_then(|appeal| appeal.settled.as_ref())
            .is_some_and(|(upheld, _, _)| *upheld);
        match self {
            Self::Receive => state == RoundState::Awaited,
            Self::Take => state == RoundState::Testing && untaken(hospital, round),
            Self::Enter | Self::Submit => state == RoundState::Testing,
            Self::Absent => {
                matches!(state, RoundState::Awaited | RoundState::Testing) && round.deadline < now
            }
            Self::Report => state == RoundState::Submitted || (upheld && round.closed.is_none()),
            Self::Cause | Self::Correction | Self::Effect => state == RoundState::Unsatisfactory,
            Self::Appeal => matches!(state, RoundState::Unsatisfactory | RoundState::Settled),
            Self::Settle => state == RoundState::Appealed,
            Self::Close => state == RoundState::Settled,
        }
    }

    /// Whether it is what one does next.
    pub(super) fn next(self, round: &Round) -> bool {
        match self {
            Self::Receive | Self::Report | Self::Settle | Self::Close => true,
            Self::Take | Self::Absent => true,
            Self::Enter => round.missing().next().is_some(),
            Self::Submit => round.missing().next().is_none(),
            Self::Cause => round.steps.is_empty(),
            Self::Correction => round
                .steps
                .last()
                .is_some_and(|(step, _)| matches!(step, Step::Cause(_) | Step::Effect { .. })),
            Self::Effect => round
                .steps
                .last()
                .is_some_and(|(step, _)| matches!(step, Step::Correction(_))),
            Self::Appeal => false,
        }
    }

    fn sheet(self, frame: Frame, round: &Round, form: Form, answer: Answer) -> Sheet {
        let t = frame.t;
        let words = Input::must(
            Kind::Lines,
            "words",
            t.m(&format!("eqa-words-{}", self.as_str())),
        );
        let yes_no = |name| {
            let options = [("yes", t.m("yes")), ("no", t.m("no"))];
            Input::must(Kind::Choice, name, t.m(&format!("eqa-{name}")))
                .of(options.map(|(value, words)| (value.to_owned(), words)))
        };
        let inputs = match self {
            Self::Submit => vec![
                Input::must(Kind::Text, "words", t.m("eqa-words-submit"))
                    .note(t.m("eqa-words-submit-note")),
            ],
            Self::Effect => vec![yes_no("effective"), words],
            Self::Settle => vec![yes_no("upheld"), words],
            Self::Close => vec![Input::may(Kind::Lines, "words", t.m("eqa-words-close"))],
            Self::Take => vec![
                Input::may(Kind::Text, "words", t.m("field-correction"))
                    .note(t.m("eqa-correction-note")),
            ],
            Self::Absent => vec![Input::must(Kind::Text, "words", t.m("eqa-words-absent"))],
            _ => vec![words],
        };
        Sheet {
            form,
            title: format!(
                "{} · {}",
                t.m(&format!("eqa-act-{}", self.as_str())),
                round.label
            ),
            note: match self {
                Self::Take => t.m("eqa-take-note"),
                Self::Absent => t.m("eqa-absent-note"),
                _ => String::new(),
            },
            action: format!("/eqa/rounds/{}/{}", round.id, self.as_str()),
            back: format!("/eqa/rounds/{}", round.id),
            submit: t.m(&format!("eqa-act-{}", self.as_str())),
            strip: None,
            answer,
            inputs,
            second: (self == Self::Submit).then(|| t.m("eqa-submit-second")),
            frame,
        }
    }

    fn command(self, round: &Round, form: &Form) -> Option<Command> {
        let text = form.value("words").to_owned();
        let round = round.id;
        let step = |step| Some(TakeStep { round, step }.into());
        match self {
            Self::Submit => Some(
                SubmitRound {
                    round,
                    reference: text,
                }
                .into(),
            ),
            Self::Cause => step(Step::Cause(text)),
            Self::Correction => step(Step::Correction(text)),
            Self::Effect => step(Step::Effect {
                effective: form.has("effective", "yes"),
                finding: text,
            }),
            Self::Appeal => Some(
                AppealRound {
                    round,
                    grounds: text,
                }
                .into(),
            ),
            Self::Settle => Some(
                SettleAppeal {
                    round,
                    upheld: form.has("upheld", "yes"),
                    answer: text,
                }
                .into(),
            ),
            Self::Take => Some(
                TakeResults {
                    round,
                    correction: text,
                }
                .into(),
            ),
            Self::Absent => Some(
                RecordAbsence {
                    round,
                    reference: text,
                }
                .into(),
            ),
            Self::Close => Some(CloseRound { round, note: text }.into()),
            Self::Receive | Self::Enter | Self::Report => None,
        }
    }
}

/// Whether a verified test of a tube answers something that is not taken yet.
fn untaken(hospital: &Hospital, round: &Round) -> bool {
    tube_answers(hospital, round)
        .iter()
        .any(|(tube, item, found)| {
            let known = round.results.get(&(tube.clone(), item.clone()));
            known.is_none_or(|known| known.test != Some(found.test))
        })
}

fn act_of(word: &str) -> Result<Act, PageError> {
    Act::ALL
        .into_iter()
        .find(|act| act.as_str() == word)
        .ok_or(PageError::NotFound)
}

async fn ask(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let act = act_of(&act)?;
    app.look(&visit, act.action())?;
    let round = known(&app, &id)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    Ok(act.sheet(frame, &round, form, Answer::default()).show())
}

async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((id, act)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let act = act_of(&act)?;
    app.look(&visit, act.action())?;
    let round = known(&app, &id)?;
    let mut form = Form::sent(&frame, posted)?;
    for choice in ["effective", "upheld"] {
        let wanted = matches!(
            (act, choice),
            (Act::Effect, "effective") | (Act::Settle, "upheld")
        );
        if wanted && form.value(choice).is_empty() {
            form.refuse(choice, frame.t.m("sheet-choose"));
        }
    }
    let command = act.command(&round, &form);
    let back = format!("/eqa/rounds/{}", round.id);
    match send(&app, &frame, &visit, &mut form, command, |_| back).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(act.sheet(frame, &round, form, answer).show()),
    }
}
