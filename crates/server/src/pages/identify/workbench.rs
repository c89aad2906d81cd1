use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use lifeline_core::blood::Typing;
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::WorkupId;
use lifeline_core::identification::{Found, Phase, RecordPanel, Workup, WorkupState};
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;
use lifeline_decisions::antibody::{Cause, Identification, Knowledge};

use super::grid::{self, View};
use super::live::Live;
use crate::app::App;
use crate::pages::person::{Strip, specificity};
use crate::pages::sheet::{Answer, answered, send};
use crate::pages::timeline;
use crate::web::components::{Moment, TimelineEntry, Tone};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// A cell of the antigram.
pub(super) struct Row {
    pub lot: String,
    pub name: String,
    pub label: String,
    /// The fields of the phases: name, words for a screen reader.
    pub fields: Vec<(String, String)>,
    /// By column: antigen, `+`, `0` or nothing.
    pub typed: Vec<(String, &'static str)>,
}

/// What was concluded, in words.
pub(super) struct Concluded {
    pub antibodies: Vec<(String, bool, bool)>,
    pub note: String,
    pub by: String,
    pub at: Moment,
    pub verified: Option<(String, Moment)>,
    pub settled: Vec<String>,
}

/// A tick: value, words, whether ticked.
pub(super) struct Tick {
    pub value: String,
    pub words: String,
    pub on: bool,
}

#[derive(Template)]
#[template(path = "identify/workbench.html")]
struct Workbench {
    id: String,
    sample: String,
    sample_href: String,
    strip: Strip,
    state: (Tone, String),
    open: bool,
    may_record: bool,
    may_verify: bool,
    own: bool,
    may_correct: bool,
    lots: Vec<Tick>,
    phases: Vec<Tick>,
    policies: Vec<(String, String)>,
    populations: Vec<(String, String)>,
    view: View,
    columns: Vec<String>,
    heads: Vec<String>,
    rows: Vec<Row>,
    own_fields: Vec<(String, String)>,
    live: Live,
    candidates: Vec<Tick>,
    concluded: Option<Concluded>,
    answer: Answer,
    form: Form,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

pub(super) fn find<'a>(hospital: &'a Hospital, id: &str) -> Result<&'a Workup, PageError> {
    let id: WorkupId = id.parse().map_err(|_| PageError::NotFound)?;
    hospital.identifications.get(id).ok_or(PageError::NotFound)
}

/// What the address asks for.
pub(super) fn asked(query: Option<&str>) -> Posted {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    Posted::of(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

/// The grid as it stands on file.
pub(super) fn filled(frame: &Frame, hospital: &Hospital, workup: &Workup, view: &View) -> Form {
    let values = grid::values(hospital, workup, view);
    let posted = Posted::of(
        values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    Form::filled(frame, posted).seeing(hospital.seq)
}

pub(super) fn rows(frame: &Frame, hospital: &Hospital, view: &View) -> (Vec<String>, Vec<Row>) {
    let antigens = view.antigens(hospital);
    let mut rows = Vec::new();
    for (place, antigram) in view.antigrams(hospital).enumerate() {
        for (index, cell) in antigram.cells.iter().enumerate() {
            let name = cell.id.to_string();
            let words = |phase: &Phase| {
                frame.t.a(
                    "identify-field",
                    &[
                        ("cell", &grid::cell_name(view, antigram, cell.id.as_str())),
                        (
                            "phase",
                            &frame.t.m(&format!("identify-phase-{}", phase.as_str())),
                        ),
                    ],
                )
            };
            rows.push(Row {
                lot: antigram.lot.to_string(),
                fields: view
                    .phases
                    .iter()
                    .map(|phase| (grid::field(place, index, *phase), words(phase)))
                    .collect(),
                typed: antigens
                    .iter()
                    .map(|antigen| {
                        let shown = match cell.antigens.typing(*antigen) {
                            Typing::Positive => "+",
                            Typing::Negative => "0",
                            Typing::NotTested => "",
                        };
                        (antigen.name().to_owned(), shown)
                    })
                    .collect(),
                label: cell.label.clone(),
                name,
            });
        }
    }
    let columns = antigens.iter().map(|a| a.name().to_owned()).collect();
    (columns, rows)
}

fn state(frame: &Frame, workup: &Workup) -> (Tone, String) {
    let tone = match workup.state {
        WorkupState::Open => Tone::Note,
        WorkupState::Concluded => Tone::Warn,
        WorkupState::Verified => Tone::Good,
        WorkupState::Ended => Tone::Note,
    };
    (tone, frame.t.m(workup.state.word()))
}

pub(super) fn concluded(frame: &Frame, hospital: &Hospital, workup: &Workup) -> Option<Concluded> {
    let conclusion = workup.conclusion.as_ref()?;
    let name = |user: &lifeline_core::id::UserId| timeline::person(frame, hospital, user.as_str());
    let antibody = |found: &Found| {
        let back = conclusion.withdrawn.contains(&found.specificity);
        (
            specificity(frame, &found.specificity),
            found.significant,
            back,
        )
    };
    Some(Concluded {
        antibodies: conclusion.antibodies.iter().map(antibody).collect(),
        note: conclusion.note.clone(),
        by: name(&conclusion.by.by),
        at: frame.moment(conclusion.by.at),
        verified: conclusion
            .verified
            .as_ref()
            .map(|stamp| (name(&stamp.by), frame.moment(stamp.at))),
        settled: conclusion
            .settled
            .iter()
            .map(|(finding, reason)| {
                let rule = frame.t.m(&format!("rule-{}", finding.rule.code()));
                format!("{rule}{}{}", frame.t.m("fact-separator"), reason.text)
            })
            .collect(),
    })
}

/// What may be concluded: what is not excluded, with the first explanation ticked on a fresh form.
fn candidates(frame: &Frame, answer: &Identification, form: &Form) -> Vec<Tick> {
    let fresh = form.value("concluding").is_empty();
    let named = answer
        .explanations
        .first()
        .filter(|top| top.cause == Cause::Alloantibodies && top.fits)
        .map(|top| top.antibodies.clone())
        .unwrap_or_default();
    answer
        .not_excluded
        .iter()
        .filter(|antigen| !answer.never_tested.contains(antigen))
        .map(|antigen| Tick {
            value: antigen.name().to_owned(),
            words: frame.t.a("antibody-anti", &[("antigen", &antigen.name())]),
            on: if fresh {
                named.contains(antigen)
            } else {
                form.has("antibody", antigen.name())
            },
        })
        .collect()
}

pub(super) async fn page(
    app: &App,
    frame: Frame,
    visit: &Visit,
    workup: &Workup,
    view: View,
    mut form: Form,
    answer: Answer,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let t = frame.t;
    let panel = grid::panel(&frame, &hospital, &view, &mut form);
    let (live, identification) = Live::of(&frame, &hospital, workup, &view, &panel)?;
    let (columns, rows) = rows(&frame, &hospital, &view);
    let wrong = answer.banner.is_some() || !form.is_ok();
    let own = workup
        .conclusion
        .as_ref()
        .is_some_and(|conclusion| conclusion.by.by.as_str() == &*visit.person.id);
    let mut choices: Vec<_> = grid::usable(&hospital, &frame)
        .into_iter()
        .map(|antigram| antigram.lot.clone())
        .collect();
    choices.extend(
        view.lots
            .iter()
            .filter(|lot| !choices.contains(lot))
            .cloned()
            .collect::<Vec<_>>(),
    );
    let lots = choices
        .into_iter()
        .map(|lot| Tick {
            words: hospital
                .lots
                .get(&lot)
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            on: view.lots.contains(&lot),
            value: lot.to_string(),
        })
        .collect();
    let knowledge = Knowledge::builtin().map_err(|_| PageError::Unavailable)?;
    let subject = Subject::from(workup.id);
    let page = render(&Workbench {
        id: workup.id.to_string(),
        sample: workup.sample.to_string(),
        sample_href: crate::web::words::address(&workup.sample.clone().into()),
        strip: Strip::find(&frame, &hospital, workup.patient)?,
        state: state(&frame, workup),
        open: workup.state == WorkupState::Open,
        may_record: app.may(visit, Action::TestRecord),
        may_verify: workup.state == WorkupState::Concluded && app.may(visit, Action::TestVerify),
        own,
        may_correct: app.may(visit, Action::TestCorrect),
        lots,
        phases: Phase::ALL
            .iter()
            .map(|phase| Tick {
                value: phase.as_str().into(),
                words: t.m(&format!("identify-phase-{}", phase.as_str())),
                on: view.phases.contains(phase),
            })
            .collect(),
        policies: knowledge
            .policies
            .iter()
            .map(|policy| {
                (
                    policy.name.clone(),
                    t.m(&format!("identify-policy-{}", policy.name)),
                )
            })
            .collect(),
        populations: knowledge
            .populations
            .iter()
            .map(|one| {
                (
                    one.name.clone(),
                    t.m(&format!("identify-population-{}", one.name)),
                )
            })
            .collect(),
        heads: view
            .phases
            .iter()
            .map(|phase| t.m(&format!("identify-phase-{}", phase.as_str())))
            .collect(),
        own_fields: view
            .phases
            .iter()
            .map(|phase| {
                let words = t.m(&format!("identify-phase-{}", phase.as_str()));
                let own = t.a("identify-own-field", &[("phase", &words)]);
                (grid::own_field(*phase), own)
            })
            .collect(),
        candidates: candidates(&frame, &identification, &form),
        concluded: concluded(&frame, &hospital, workup),
        timeline: timeline::of(app, &frame, &[subject]).await?,
        view,
        columns,
        rows,
        live,
        answer,
        form,
        frame,
    });
    Ok(answered(page, wrong))
}

/// `GET /identifications/{workup}`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let workup = find(&hospital, &id)?;
    let view = View::of(&hospital, workup, &asked(query.as_deref()), &frame);
    let form = filled(&frame, &hospital, workup, &view);
    page(&app, frame, &visit, workup, view, form, Answer::default()).await
}

/// `POST /identifications/{workup}/read`: what differs from the file is entered.
pub(super) async fn read(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let workup = find(&hospital, &id)?;
    let view = View::of(&hospital, workup, &posted, &frame);
    let mut form = Form::sent(&frame, posted)?;
    let readings = grid::changed(&frame, &hospital, workup, &view, &mut form);
    let command: Command = RecordPanel {
        workup: workup.id,
        readings,
    }
    .into();
    let to = |_: &[_]| format!("/identifications/{}?{}", workup.id, view.query());
    match send(&app, &frame, &visit, &mut form, Some(command), to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => page(&app, frame, &visit, workup, view, form, answer).await,
    }
}

/// `POST /identifications/{workup}/derive`: what the grid says so far, as a fragment.
pub(super) async fn derive(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let workup = find(&hospital, &id)?;
    let view = View::of(&hospital, workup, &posted, &frame);
    let mut form = Form::filled(&frame, posted);
    let panel = grid::panel(&frame, &hospital, &view, &mut form);
    let (live, _) = Live::of(&frame, &hospital, workup, &view, &panel)?;
    Ok(render(&live))
}
