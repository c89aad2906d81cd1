use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lifeline_core::event::Event;
use lifeline_core::id::SampleId;
use lifeline_core::identification::{IdentificationEvent, OpenIdentification, to_identify};
use lifeline_core::people::Action;

use crate::app::App;
use crate::pages::results::SampleLine;
use crate::pages::sheet::{Answer, answered, bad_identifier, send};
use crate::web::components::{Moment, Tone};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The most lines of each list.
const LINES_MOST: usize = 100;

struct Going {
    id: String,
    href: String,
    patient: String,
    sample: String,
    state: (Tone, String),
    opened: Moment,
}

struct Waiting {
    line: SampleLine,
    form: Form,
}

#[derive(Template)]
#[template(path = "identify/room.html")]
struct RoomPage {
    going: Vec<Going>,
    waiting: Vec<Waiting>,
    may_record: bool,
    answer: Answer,
    form: Form,
    frame: Frame,
}

fn page(app: &App, frame: Frame, visit: &Visit, form: Form, answer: Answer) -> Response {
    let hospital = app.state();
    let going = hospital
        .identifications
        .open()
        .take(LINES_MOST)
        .map(|workup| Going {
            id: workup.id.to_string(),
            href: format!("/identifications/{}", workup.id),
            patient: hospital
                .record_of(workup.patient)
                .map(|record| record.standing().demographics.name.clone())
                .unwrap_or_default(),
            sample: workup.sample.to_string(),
            state: (
                if workup.conclusion.is_some() {
                    Tone::Warn
                } else {
                    Tone::Note
                },
                frame.t.m(workup.state.word()),
            ),
            opened: frame.moment(workup.opened.at),
        })
        .collect();
    let waiting = to_identify(&hospital, frame.now)
        .into_iter()
        .take(LINES_MOST)
        .map(|sample| Waiting {
            line: SampleLine::of(&frame, &hospital, sample),
            form: Form::blank(&frame),
        })
        .collect();
    let wrong = answer.banner.is_some() || !form.is_ok();
    let page = render(&RoomPage {
        going,
        waiting,
        may_record: app.may(visit, Action::TestRecord),
        answer,
        form,
        frame,
    });
    answered(page, wrong)
}

/// `GET /bench/identify`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let form = Form::blank(&frame);
    Ok(page(&app, frame, &visit, form, Answer::default()))
}

/// `POST /bench/identify`: begins on a tube.
pub(super) async fn open(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let mut form = Form::sent(&frame, posted)?;
    let bad = bad_identifier(&frame);
    let sample = form.read("sample", SampleId::parse, |_| bad);
    let command = sample.map(|sample| OpenIdentification { sample }.into());
    let to = |facts: &[(_, Event)]| {
        let opened = facts.iter().find_map(|(_, event)| match event {
            Event::Identification(IdentificationEvent::Opened { workup, .. }) => Some(*workup),
            _ => None,
        });
        opened.map_or("/bench/identify".into(), |workup| {
            format!("/identifications/{workup}")
        })
    };
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(page(&app, frame, &visit, form, answer)),
    }
}
