use axum::extract::{Query, State};
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::id::LotId;
use lifeline_core::identification::{CellId, FileAntigram, ReagentCell};
use lifeline_core::people::Action;
use lifeline_decisions::antibody::{self, Panel};
use serde::Deserialize;

use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, part, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    lot: String,
}

fn sheet(
    app: &App,
    frame: Frame,
    lot: &LotId,
    form: Form,
    answer: Answer,
) -> Result<Response, PageError> {
    let known = app
        .state()
        .lots
        .get(lot)
        .cloned()
        .ok_or(PageError::NotFound)?;
    let t = frame.t;
    let sheet = Sheet {
        form,
        title: format!("{} · {lot}", t.m("antigram-title")),
        note: known.name.clone(),
        action: format!("/lots/antigram?lot={}", part(lot.as_str())),
        back: "/lots".into(),
        submit: t.m("antigram-file"),
        strip: None,
        answer,
        inputs: vec![
            Input::must(Kind::Lines, "antigram", t.m("antigram-table"))
                .note(t.m("antigram-table-note")),
        ],
        second: None,
        frame,
    };
    Ok(sheet.show())
}

fn cells(frame: &Frame, panel: &Panel, form: &mut Form) -> Option<Vec<ReagentCell>> {
    let mut cells = Vec::new();
    for cell in &panel.cells {
        match CellId::parse(&cell.id) {
            Ok(id) => cells.push(ReagentCell {
                id,
                label: cell.label.clone(),
                antigens: cell.typed,
            }),
            Err(_) => form.refuse(
                "antigram",
                frame.t.a("antigram-bad-cell", &[("cell", &cell.id)]),
            ),
        }
    }
    // What the label contradicts was left out by the reader; here the sheet itself must be mended.
    let doubts: Vec<String> = panel
        .doubts
        .iter()
        .map(|doubt| format!("{} {} {}", doubt.cell, doubt.label, doubt.antigen.name()))
        .collect();
    if !doubts.is_empty() {
        let list = doubts.join(&frame.t.m("list-separator"));
        form.refuse(
            "antigram",
            frame.t.a("antigram-doubtful", &[("cells", &list)]),
        );
    }
    form.is_ok().then_some(cells)
}

/// `GET /lots/antigram?lot=`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let lot = LotId::parse(&asked.lot).map_err(|_| PageError::NotFound)?;
    let form = Form::blank(&frame).seeing(app.state().seq);
    sheet(&app, frame, &lot, form, Answer::default())
}

/// `POST /lots/antigram?lot=`.
pub(super) async fn file(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::LotManage)?;
    let lot = LotId::parse(&asked.lot).map_err(|_| PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    // Copied out of a spreadsheet, columns are parted by tabs.
    let text = form.value("antigram").replace('\t', ",");
    let command: Option<Command> = match antibody::parse(&text) {
        Err(error) => {
            form.refuse(
                "antigram",
                frame
                    .t
                    .a("antigram-unreadable", &[("why", &error.to_string())]),
            );
            None
        }
        Ok(panel) => cells(&frame, &panel, &mut form).map(|cells| {
            FileAntigram {
                lot: lot.clone(),
                cells,
            }
            .into()
        }),
    };
    match send(&app, &frame, &visit, &mut form, command, |_| "/lots".into()).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => sheet(&app, frame, &lot, form, answer),
    }
}
