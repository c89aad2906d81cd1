//! Antibody identification: antigrams, work-ups, readings, conclusions.

use lifeline_core::blood::{Abo, Antigen, AntigenProfile, Grade, RhD, Typing};
use lifeline_core::id::WorkupId;
use lifeline_core::identification::{
    CellId, ConcludeIdentification, EndIdentification, FileAntigram, FileRegistry, Found,
    OpenIdentification, PanelReading, Phase, RareDonor, ReagentCell, RecordPanel,
    ReopenIdentification, VerifyIdentification, WorkupState,
};
use lifeline_core::patient::{Specificity, WithdrawAntibody};
use lifeline_core::people::Action;
use lifeline_core::testing::LotKind;

use crate::world::{Draft, World, id};

/// How far back things are looked for.
const RECENT: usize = 30;
const CELLS: i64 = 4;

/// Rh labels with D, C, c, E, e.
const LABELS: [(&str, [bool; 5]); 4] = [
    ("R1R1", [true, true, false, false, true]),
    ("R2R2", [true, false, true, true, false]),
    ("R1R2", [true, true, true, true, true]),
    ("rr", [false, false, true, false, true]),
];

pub(super) fn file_antigram(world: &mut World) -> Option<Draft> {
    let mut lots: Vec<_> = world
        .hospital
        .lots
        .values()
        .filter(|lot| lot.kind == LotKind::Cells)
        .filter(|lot| world.hospital.identifications.antigram(&lot.id).is_none())
        .map(|lot| (lot.expires, lot.id.clone()))
        .collect();
    // The lot that lasts longest.
    lots.sort();
    let (_, lot) = lots.pop()?;
    let mut cells = Vec::new();
    for n in 0..CELLS {
        let (label, rh) = *world.one(&LABELS)?;
        let mut antigens = AntigenProfile::default();
        let names = [
            Antigen::D,
            Antigen::BigC,
            Antigen::LittleC,
            Antigen::BigE,
            Antigen::LittleE,
        ];
        for (antigen, present) in names.into_iter().zip(rh) {
            let typing = if present {
                Typing::Positive
            } else {
                Typing::Negative
            };
            antigens.set(antigen, typing);
        }
        cells.push(ReagentCell {
            id: id::<CellId>(&n.to_string())?,
            label: label.into(),
            antigens,
        });
    }
    world.draft(FileAntigram { lot, cells })
}

pub(super) fn open(world: &mut World) -> Option<Draft> {
    let samples = world.samples.clone();
    let sample = world.of_last(RECENT, samples)?;
    world.draft(OpenIdentification { sample })
}

fn workup(world: &mut World, state: WorkupState) -> Option<WorkupId> {
    let all: Vec<WorkupId> = world
        .hospital
        .identifications
        .open()
        .filter(|workup| workup.state == state)
        .map(|workup| workup.id)
        .collect();
    world.of_last(RECENT, all)
}

pub(super) fn read(world: &mut World) -> Option<Draft> {
    let workup = workup(world, WorkupState::Open)?;
    let at = world.at;
    let lots: Vec<_> = world
        .hospital
        .identifications
        .antigrams()
        .filter(|antigram| {
            let lot = world.hospital.lots.get(&antigram.lot);
            lot.is_some_and(|lot| lot.usable(at))
        })
        .map(|antigram| antigram.lot.clone())
        .collect();
    let lot = world.one(&lots)?.clone();
    let mut readings = Vec::new();
    for n in 0..CELLS {
        let grade = *world.one(&[Grade::Negative, Grade::Weak, Grade::Two, Grade::Four])?;
        readings.push(PanelReading {
            cell: Some((lot.clone(), id::<CellId>(&n.to_string())?)),
            phase: *world.one(Phase::ALL)?,
            grade: (!world.one_in(9)).then_some(grade),
        });
    }
    world.draft(RecordPanel { workup, readings })
}

pub(super) fn conclude(world: &mut World) -> Option<Draft> {
    let workup = workup(world, WorkupState::Open)?;
    let specificity = if world.one_in(2) {
        Specificity::Other("自身抗体".into())
    } else {
        let antigens = [Antigen::D, Antigen::BigE, Antigen::LittleC];
        Specificity::Antigen(*world.one(&antigens)?)
    };
    let significant = !world.one_in(4);
    let found = Found {
        specificity,
        significant,
    };
    let none = world.one_in(4);
    world.draft(ConcludeIdentification {
        workup,
        antibodies: if none { Vec::new() } else { vec![found] },
        note: "送参比实验室复核".into(),
    })
}

pub(super) fn reopen(world: &mut World) -> Option<Draft> {
    let workup = workup(world, WorkupState::Concluded)?;
    let reason = "漏读一孔".into();
    world.draft(ReopenIdentification { workup, reason })
}

pub(super) fn verify(world: &mut World) -> Option<Draft> {
    let workup = workup(world, WorkupState::Concluded)?;
    world.draft(VerifyIdentification { workup })
}

pub(super) fn end(world: &mut World) -> Option<Draft> {
    let workup = workup(world, WorkupState::Open)?;
    let reason = "血浆不足".into();
    world.draft(EndIdentification { workup, reason })
}

pub(super) fn withdraw(world: &mut World) -> Option<Draft> {
    let all: Vec<_> = world
        .hospital
        .patients
        .iter()
        .filter(|patient| patient.merged_into.is_none())
        .flat_map(|patient| {
            let held = patient.antibodies.iter();
            held.map(|antibody| (patient.id, antibody.specificity.clone()))
        })
        .collect();
    let (patient, specificity) = world.one(&all)?.clone();
    let withdraw = WithdrawAntibody {
        patient,
        specificity,
        reason: "录错患者".into(),
    };
    world.signed(withdraw, Action::TestVerify)
}

pub(super) fn file_registry(world: &mut World) -> Option<Draft> {
    let mut donors = Vec::new();
    for n in 0..world.number(0, 6) {
        let mut antigens = AntigenProfile::default();
        let antigen = *world.one(&[Antigen::Jka, Antigen::Dib, Antigen::LittleS])?;
        antigens.set(antigen, Typing::Negative);
        // Now and then one number comes twice.
        let number = if world.one_in(20) { 0 } else { n };
        donors.push(RareDonor {
            donor: format!("RD-{number}"),
            abo: *world.one(&Abo::ALL)?,
            rhd: RhD::Positive,
            antigens,
            note: String::new(),
        });
    }
    world.draft(FileRegistry {
        source: "省血液中心".into(),
        donors,
    })
}
