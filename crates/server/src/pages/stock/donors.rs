//! The registry of rare donors: what it holds, and putting another in its place.

use axum::extract::State;
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::identification::{DONORS_MOST, FileRegistry};
use lifeline_core::people::Action;
use lifeline_decisions::search::parse_donors;

use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, send};
use crate::web::{Form, Frame, PageError, Posted, Room, Visit};

fn sheet(app: &App, mut frame: Frame, visit: &Visit, form: Form, answer: Answer) -> Response {
    frame.room = Some(Room::Stock);
    let t = frame.t;
    let note = match app.state().identifications.registry() {
        Some(registry) => {
            let filed = frame.moment(registry.filed.at).text;
            t.a(
                "donors-note",
                &[
                    ("source", &registry.source),
                    ("count", &registry.donors.len()),
                    ("filed", &filed),
                ],
            )
        }
        None => t.m("donors-none"),
    };
    let may = app.may(visit, Action::LotManage);
    Sheet {
        form,
        title: t.m("donors-title"),
        note,
        action: "/stock/donors".into(),
        back: "/stock/search".into(),
        submit: if may {
            t.m("donors-file")
        } else {
            String::new()
        },
        strip: None,
        answer,
        inputs: if may {
            vec![
                Input::must(Kind::Text, "source", t.m("donors-source")),
                Input::must(Kind::Lines, "donors", t.m("donors-table"))
                    .note(t.a("donors-table-note", &[("most", &DONORS_MOST)])),
            ]
        } else {
            Vec::new()
        },
        second: None,
        frame,
    }
    .show()
}

/// `GET /stock/donors`.
pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let form = Form::blank(&frame);
    Ok(sheet(&app, frame, &visit, form, Answer::default()))
}

/// `POST /stock/donors`: nothing is taken where a row is wrong, and every fault is told with row and column.
pub(crate) async fn file(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let mut form = Form::sent(&frame, posted)?;
    let command: Option<Command> = match parse_donors(form.value("donors"), DONORS_MOST) {
        Ok(donors) => Some(
            FileRegistry {
                source: form.value("source").into(),
                donors,
            }
            .into(),
        ),
        Err(faults) => {
            let t = frame.t;
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| {
                    t.a(
                        "donors-fault",
                        &[
                            ("row", &fault.row),
                            ("column", &fault.column),
                            ("what", &fault.what),
                        ],
                    )
                })
                .collect();
            form.refuse("donors", lines.join(&t.m("fact-separator")));
            None
        }
    };
    let to = |_: &[_]| "/stock/search".to_owned();
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(&app, frame, &visit, form, answer)),
    }
}
