//! A panel of reagent cells with its antigram, and one patient whose antibodies are being identified.

use lifeline_core::SignedDuration;
use lifeline_core::blood::{Antigen, AntigenProfile, Grade, Typing};
use lifeline_core::event::Event;
use lifeline_core::id::{LotId, SampleId};
use lifeline_core::identification::{
    CellId, FileAntigram, IdentificationEvent, OpenIdentification, PanelReading, Phase,
    ReagentCell, RecordPanel, to_identify,
};
use lifeline_core::patient::TypePatientAntigen;
use lifeline_core::testing::{LotKind, OpenLot, ReceiveLot};

use crate::House;

const COLUMNS: &str = "D C E c e K k Fya Fyb Jka Jkb Lea Leb P1 M N S s Mur Dia";

/// An invented panel for Han patients: Mur and Dia among its cells.
const PANEL: (&str, &str, &[(&str, &str)]) = (
    "PC-2611",
    "抗体鉴定谱细胞（11 支）",
    &[
        ("R1R1", "1100101 10 10 011 1001 00"),
        ("R1R1", "1100101 11 01 100 1111 01"),
        ("R2R2", "1011001 10 11 011 0101 00"),
        ("R1R2", "1111101 10 01 010 1101 10"),
        ("r'r", "0101101 11 10 001 1010 00"),
        ("r''r", "0011101 10 11 010 0101 00"),
        ("rr", "0001111 01 10 011 0111 00"),
        ("rr", "0001101 10 01 101 1001 01"),
        ("rr", "0001101 01 11 011 0110 00"),
        ("R1R1", "1100101 10 10 010 1101 10"),
        ("R0r", "1001101 10 11 011 1001 00"),
    ],
);

/// Selected cells for what a panel leaves open.
const SELECTED: (&str, &str, &[(&str, &str)]) = (
    "PC-2612",
    "补充谱细胞（4 支）",
    &[
        ("rr", "0001110 01 01 011 1010 00"),
        ("R1R1", "1100101 10 10 100 0110 01"),
        ("R1R1", "1100101 01 01 011 1001 00"),
        ("RzR1", "1110101 10 10 010 1101 00"),
    ],
);

/// The screening cells.
const SCREEN: (&str, &str, &[(&str, &str)]) = (
    "SC-2611",
    "",
    &[
        ("R1R1", "1100101 10 11 011 1101 10"),
        ("R2R2", "1011001 11 10 100 0110 00"),
        ("rr", "0001111 10 01 010 1011 01"),
    ],
);

fn cells(rows: &[(&str, &str)]) -> anyhow::Result<Vec<ReagentCell>> {
    let mut cells = Vec::new();
    for (index, (label, typed)) in rows.iter().enumerate() {
        let mut antigens = AntigenProfile::default();
        let marks = typed.chars().filter(|mark| !mark.is_whitespace());
        for (name, mark) in COLUMNS.split_whitespace().zip(marks) {
            let typing = if mark == '1' {
                Typing::Positive
            } else {
                Typing::Negative
            };
            let antigen =
                Antigen::parse(name).ok_or_else(|| anyhow::anyhow!("no antigen {name}"))?;
            antigens.set(antigen, typing);
        }
        cells.push(ReagentCell {
            id: CellId::parse(&(index + 1).to_string())?,
            label: (*label).into(),
            antigens,
        });
    }
    Ok(cells)
}

/// Takes in the panels and reads one of them for the first positive screen that waits: anti-E is on file, now there is anti-Mur too.
pub(crate) async fn identify(house: &House) -> anyhow::Result<()> {
    for (lot, name, rows) in [PANEL, SELECTED, SCREEN] {
        let lot = LotId::parse(lot)?;
        if !name.is_empty() {
            let receive = ReceiveLot {
                lot: lot.clone(),
                kind: LotKind::Cells,
                name: name.into(),
                expires: house.now() + SignedDuration::from_hours(24 * 24),
                packs: 20,
            };
            house.by("chen", receive).await?;
            let open = OpenLot {
                lot: lot.clone(),
                until: None,
            };
            house.by("chen", open).await?;
            crate::bench::accept(house, &lot).await?;
        }
        let cells = cells(rows)?;
        house.by("chen", FileAntigram { lot, cells }).await?;
    }
    let hospital = house.desk.state();
    let waiting = to_identify(&hospital, house.now());
    let Some(sample) = waiting.first() else {
        anyhow::bail!("no positive screen waits to be identified");
    };
    let (patient, sample): (_, SampleId) = (sample.patient, sample.id.clone());
    for antigen in [Antigen::BigE, Antigen::Mur] {
        let typed = TypePatientAntigen {
            patient,
            antigen,
            typing: Typing::Negative,
        };
        house.by("chen", typed).await?;
    }
    let facts = house.by("chen", OpenIdentification { sample }).await?;
    let workup = facts
        .iter()
        .find_map(|(_, event)| match event {
            Event::Identification(IdentificationEvent::Opened { workup, .. }) => Some(*workup),
            _ => None,
        })
        .ok_or_else(|| anyhow::anyhow!("no work-up was opened"))?;
    let lot = LotId::parse(PANEL.0)?;
    let grades = ["0", "0", "3+", "3+", "0", "2+", "0", "0", "0", "2+", "0"];
    let mut readings = vec![PanelReading {
        cell: None,
        phase: Phase::Antiglobulin,
        grade: Some(Grade::Negative),
    }];
    for (index, grade) in grades.iter().enumerate() {
        let cell = CellId::parse(&(index + 1).to_string())?;
        readings.push(PanelReading {
            cell: Some((lot.clone(), cell)),
            phase: Phase::Antiglobulin,
            grade: Grade::parse(grade),
        });
    }
    house.by("chen", RecordPanel { workup, readings }).await?;
    Ok(())
}
