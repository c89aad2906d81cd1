use lifeline_core::blood::{Antigen, Grade, Typing};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::LotId;
use lifeline_core::identification::{Antigram, ByPhase, PanelReading, Phase, Workup};
use lifeline_decisions::antibody::{self, Panel};

use crate::pages::sheet::part;
use crate::web::{Form, Frame, Posted};

/// The most lots shown beside each other.
const LOTS_MOST: usize = 6;

/// Which lots and phases the workbench shows, and by which tables it reads them.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub lots: Vec<LotId>,
    pub phases: Vec<Phase>,
    pub policy: String,
    pub population: String,
}

impl View {
    /// As asked for; what was used before is always in sight.
    pub fn of(hospital: &Hospital, workup: &Workup, asked: &Posted, frame: &Frame) -> Self {
        let mut lots = workup.lots.clone();
        for text in asked.all("lot") {
            if let Ok(lot) = LotId::parse(text)
                && hospital.identifications.antigram(&lot).is_some()
                && !lots.contains(&lot)
                && lots.len() < LOTS_MOST
            {
                lots.push(lot);
            }
        }
        if lots.is_empty() {
            let usable = usable(hospital, frame);
            lots.extend(
                usable
                    .into_iter()
                    .max_by_key(|antigram| antigram.cells.len())
                    .map(|antigram| antigram.lot.clone()),
            );
        }
        let read = |phase: Phase| {
            let cells = workup.readings.values().flat_map(|cells| cells.values());
            cells
                .chain([&workup.autocontrol])
                .any(|phases| phases.contains_key(&phase))
        };
        let mut phases: Vec<Phase> = Phase::ALL
            .iter()
            .copied()
            .filter(|phase| asked.all("phase").any(|text| text == phase.as_str()) || read(*phase))
            .collect();
        if phases.is_empty() {
            phases.push(Phase::Antiglobulin);
        }
        Self {
            lots,
            phases,
            policy: asked.get("policy").to_owned(),
            population: asked.get("population").to_owned(),
        }
    }

    /// The view as the end of an address.
    pub fn query(&self) -> String {
        let lots = self.lots.iter().map(|lot| ("lot", part(lot.as_str())));
        let phases = self
            .phases
            .iter()
            .map(|phase| ("phase", part(phase.as_str())));
        let tables = [
            ("policy", part(&self.policy)),
            ("population", part(&self.population)),
        ];
        let pairs: Vec<String> = lots
            .chain(phases)
            .chain(tables)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    /// The antigrams shown, in order.
    pub fn antigrams<'a>(&'a self, hospital: &'a Hospital) -> impl Iterator<Item = &'a Antigram> {
        self.lots
            .iter()
            .filter_map(|lot| hospital.identifications.antigram(lot))
    }

    /// Antigens that any shown cell was typed for.
    pub fn antigens(&self, hospital: &Hospital) -> Vec<Antigen> {
        let typed = |antigen: Antigen| {
            self.antigrams(hospital)
                .flat_map(|antigram| &antigram.cells)
                .any(|cell| cell.antigens.typing(antigen) != Typing::NotTested)
        };
        let all = Antigen::ALL.iter().copied();
        all.filter(|antigen| typed(*antigen)).collect()
    }
}

/// Antigrams of lots that may be used now.
pub(super) fn usable<'a>(hospital: &'a Hospital, frame: &Frame) -> Vec<&'a Antigram> {
    hospital
        .identifications
        .antigrams()
        .filter(|antigram| {
            let lot = hospital.lots.get(&antigram.lot);
            lot.is_some_and(|lot| lot.usable(frame.now))
        })
        .collect()
}

/// The field of one reading: lot and cell by their places, and the phase.
pub(super) fn field(lot: usize, cell: usize, phase: Phase) -> String {
    format!("rx.{lot}.{cell}.{}", phase.as_str())
}

/// The field of the autocontrol.
pub(super) fn own_field(phase: Phase) -> String {
    format!("ac.{}", phase.as_str())
}

/// What stands on file for the cell.
pub(super) fn on_file<'a>(
    workup: &'a Workup,
    antigram: &Antigram,
    cell: usize,
) -> Option<&'a ByPhase> {
    let id = &antigram.cells.get(cell)?.id;
    workup.readings.get(&antigram.lot)?.get(id)
}

/// The readings on file as the values of the fields.
pub(super) fn values(hospital: &Hospital, workup: &Workup, view: &View) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for phase in &view.phases {
        if let Some(grade) = workup.autocontrol.get(phase) {
            values.push((own_field(*phase), grade.to_string()));
        }
        for (place, antigram) in view.antigrams(hospital).enumerate() {
            for cell in 0..antigram.cells.len() {
                let grade = on_file(workup, antigram, cell).and_then(|read| read.get(phase));
                values.extend(grade.map(|grade| (field(place, cell, *phase), grade.to_string())));
            }
        }
    }
    values
}

/// Every field of the grid with what is typed in it; what is no grade is noted at its field.
fn typed(
    frame: &Frame,
    hospital: &Hospital,
    view: &View,
    form: &mut Form,
) -> Vec<(PanelReading, Option<(usize, usize)>)> {
    let mut typed = Vec::new();
    for phase in &view.phases {
        let mut grade = |name: &str| {
            let wrong = frame.t.m("grid-no-grade");
            form.read_optional(name, |text| Grade::parse(text).ok_or(()), |()| wrong)
        };
        let own = PanelReading {
            cell: None,
            phase: *phase,
            grade: grade(&own_field(*phase)),
        };
        typed.push((own, None));
        for (place, antigram) in view.antigrams(hospital).enumerate() {
            for (index, cell) in antigram.cells.iter().enumerate() {
                let reading = PanelReading {
                    cell: Some((antigram.lot.clone(), cell.id.clone())),
                    phase: *phase,
                    grade: grade(&field(place, index, *phase)),
                };
                typed.push((reading, Some((place, index))));
            }
        }
    }
    typed
}

/// What differs between the grid and the file: to be entered, or taken back.
pub(super) fn changed(
    frame: &Frame,
    hospital: &Hospital,
    workup: &Workup,
    view: &View,
    form: &mut Form,
) -> Vec<PanelReading> {
    typed(frame, hospital, view, form)
        .into_iter()
        // A field that was not sent says nothing; only an emptied one takes an entry back.
        .filter(|(reading, place)| {
            let name = match place {
                None => own_field(reading.phase),
                Some((lot, cell)) => field(*lot, *cell, reading.phase),
            };
            form.posted().all(&name).next().is_some()
        })
        .map(|(reading, _)| reading)
        .filter(|reading| {
            let known = match &reading.cell {
                None => workup.autocontrol.get(&reading.phase),
                Some((lot, cell)) => workup
                    .readings
                    .get(lot)
                    .and_then(|cells| cells.get(cell))
                    .and_then(|phases| phases.get(&reading.phase)),
            };
            known.copied() != reading.grade
        })
        .collect()
}

/// The name of a cell on the page: with its lot where several are shown.
pub(super) fn cell_name(view: &View, antigram: &Antigram, id: &str) -> String {
    if view.lots.len() > 1 {
        format!("{} {id}", antigram.lot)
    } else {
        id.to_owned()
    }
}

/// The grid as the identification reads it.
pub(super) fn panel(frame: &Frame, hospital: &Hospital, view: &View, form: &mut Form) -> Panel {
    let mut cells: Vec<Vec<antibody::Cell>> = view
        .antigrams(hospital)
        .map(|antigram| {
            let each = antigram.cells.iter().map(|cell| antibody::Cell {
                id: cell_name(view, antigram, cell.id.as_str()),
                label: cell.label.clone(),
                typed: cell.antigens,
                reactions: Vec::new(),
            });
            each.collect()
        })
        .collect();
    let mut own = antibody::Cell {
        id: "AC".into(),
        label: String::new(),
        typed: lifeline_core::blood::AntigenProfile::default(),
        reactions: Vec::new(),
    };
    // Readings come phase by phase, so every cell gets one entry a phase, in order.
    for (reading, place) in typed(frame, hospital, view, form) {
        match place {
            None => own.reactions.push(reading.grade),
            Some((lot, cell)) => {
                if let Some(cell) = cells.get_mut(lot).and_then(|cells| cells.get_mut(cell)) {
                    cell.reactions.push(reading.grade);
                }
            }
        }
    }
    Panel {
        antigens: view.antigens(hospital),
        phases: view
            .phases
            .iter()
            .map(|phase| antibody::Phase::named(phase.as_str()))
            .collect(),
        cells: cells.into_iter().flatten().collect(),
        autocontrol: Some(own),
        doubts: Vec::new(),
    }
}
