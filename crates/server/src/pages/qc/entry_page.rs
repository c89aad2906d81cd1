//! What the page of an entry shows: a block a control, its levels with their fields, and its materials and lots.

use askama::Template;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{ControlCode, LotId};
use lifeline_core::quality::{Control, Place, Reads};
use lifeline_core::testing::LotKind;

use super::entry::{cell_field, id_of, material_field, repeats, value_field};
use super::{level_name, named};
use crate::web::{Banner, Form, Frame};

struct Cell {
    name: String,
    words: String,
    expected: String,
}

struct Row {
    name: String,
    material: String,
    material_label: String,
    graded: Vec<Cell>,
    value: Option<(String, String)>,
    target: String,
}

struct LotChoice {
    id: String,
    words: String,
}

/// One control of the page.
pub(super) struct Block {
    code: String,
    name: String,
    rows: Vec<Row>,
    unit: String,
    /// Materials and lots as they are chosen, in one line.
    chosen: String,
    /// Whether the choice must be seen: something is missing or wrong.
    open: bool,
    lots: Vec<LotChoice>,
    lot_field: String,
    with_lots: bool,
    repeat: Option<String>,
    why: String,
    id_field: String,
    id: String,
    banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "qc/enter.html")]
pub(super) struct EntryPage {
    pub(super) title: String,
    pub(super) place: String,
    pub(super) action: String,
    /// Shows the controls that are not due as well.
    pub(super) all: String,
    pub(super) bench: bool,
    pub(super) blocks: Vec<Block>,
    pub(super) materials: Vec<(String, String)>,
    /// Runs of this form that are recorded already.
    pub(super) done: Vec<String>,
    pub(super) nothing: bool,
    pub(super) form: Form,
    pub(super) frame: Frame,
}

fn rows(frame: &Frame, hospital: &Hospital, control: &Control, form: &Form) -> Vec<Row> {
    let row = |level: &ControlCode, graded: Vec<Cell>, value, target| {
        let name = level_name(frame, control, level);
        Row {
            material: material_field(&control.code, level),
            material_label: frame.t.a("qc-material-of", &[("level", &name)]),
            name,
            graded,
            value,
            target,
        }
    };
    match &control.reads {
        Reads::Graded(levels) => levels
            .iter()
            .map(|level| {
                let cells = level.wells.iter().map(|well| Cell {
                    name: cell_field(&control.code, &level.level, well.well.as_str()),
                    words: frame.t.m(well.well.word()),
                    expected: well.grade.to_string(),
                });
                row(&level.level, cells.collect(), None, String::new())
            })
            .collect(),
        Reads::Measured(measured) => measured
            .levels
            .iter()
            .map(|level| {
                let lot = form.value(&material_field(&control.code, &level.level));
                let target = LotId::parse(lot)
                    .ok()
                    .and_then(|lot| {
                        hospital
                            .quality
                            .target(&control.code, &lot, &level.level, frame.now)
                    })
                    .map(|target| format!("{} ± {}", target.limits.mean(), target.limits.sd()))
                    .unwrap_or_else(|| frame.t.m("cover-establishing"));
                let words = level_name(frame, control, &level.level);
                let field = value_field(&control.code, &level.level);
                row(&level.level, Vec::new(), Some((field, words)), target)
            })
            .collect(),
    }
}

/// One control of the page, with what was found against it.
pub(super) fn block(
    frame: &Frame,
    hospital: &Hospital,
    place: &Place,
    control: &Control,
    (form, banner): (&Form, Option<Banner>),
) -> Block {
    let code = &control.code;
    let rows = rows(frame, hospital, control, form);
    let lot_field = format!("lot.{code}");
    let with_lots = !control.lots.is_empty() || *place != Place::Bench;
    let mut materials: Vec<&str> = rows.iter().map(|row| form.value(&row.material)).collect();
    materials.dedup();
    let given: Vec<&str> = form.posted().all(&lot_field).collect();
    let missing = materials.iter().any(|lot| lot.is_empty());
    let wrong = rows.iter().any(|row| !form.error(&row.material).is_empty());
    let lotless = given.is_empty() && !control.lots.is_empty() && *place == Place::Bench;
    Block {
        name: named(frame, &control.zh, &control.en).to_owned(),
        unit: match &control.reads {
            Reads::Measured(measured) => measured.unit.clone(),
            Reads::Graded(_) => String::new(),
        },
        chosen: [materials.as_slice(), given.as_slice()].concat().join(" "),
        open: missing || wrong || lotless || banner.is_some(),
        lots: hospital
            .lots
            .values()
            .filter(|lot| lot.kind != LotKind::Control && lot.unfit(frame.now).is_none())
            .filter(|lot| control.lots.is_empty() || control.lots.contains(&lot.kind))
            .map(|lot| LotChoice {
                id: lot.id.to_string(),
                words: lot.name.clone(),
            })
            .collect(),
        rows,
        lot_field,
        with_lots,
        repeat: repeats(hospital, code, place).map(|run| run.to_string()),
        why: format!("why.{code}"),
        id: id_of(form, control).to_string(),
        id_field: format!("id.{code}"),
        code: code.to_string(),
        banner,
    }
}
