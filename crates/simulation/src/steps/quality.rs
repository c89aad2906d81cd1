//! Controls: the day's runs, some of them out, and what follows.

use std::collections::BTreeSet;

use lifeline_core::blood::Grade;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{CaseId, LotId, RunId};
use lifeline_core::people::Action;
use lifeline_core::quality::*;
use lifeline_core::testing::{LotKind, Reading};
use lifeline_qc::{Decimal, Limits};

use crate::world::{Draft, World, id};

/// A lot of control material that may be used.
pub(super) fn material(world: &World) -> Option<LotId> {
    let at = world.at;
    world
        .hospital
        .lots
        .values()
        .find(|lot| lot.kind == LotKind::Control && lot.usable(at))
        .map(|lot| lot.id.clone())
}

/// The reagent lots that are in use.
fn reagents(world: &World) -> BTreeSet<LotId> {
    let at = world.at;
    world
        .lots
        .iter()
        .rev()
        .filter(|id| {
            world
                .hospital
                .lots
                .get(*id)
                .is_some_and(|lot| lot.kind != LotKind::Control && lot.usable(at))
        })
        .take(LOTS_MOST)
        .cloned()
        .collect()
}

/// Somewhere a control is due, rarely somewhere it is not.
fn somewhere(world: &mut World) -> Option<(Control, Place)> {
    let hospital = world.hospital.clone();
    let at = world.at;
    let wanted: Vec<(Control, Place)> = due_lines(&hospital, at)
        .into_iter()
        .filter(|line| line.light <= Light::Running)
        .map(|line| (line.control.clone(), line.place))
        .collect();
    if !wanted.is_empty() && !world.one_in(15) {
        return world.one(&wanted).cloned();
    }
    let all: Vec<(Control, Place)> = plan(&hospital, at)
        .ok()?
        .iter()
        .flat_map(|control| {
            let places = control.place.places(&hospital);
            places.into_iter().map(|place| (control.clone(), place))
        })
        .collect();
    world.one(&all).cloned()
}

/// What the levels of a control show: mostly what they should.
pub(super) fn shown(world: &mut World, control: &Control) -> Option<Vec<Level>> {
    let material = material(world)?;
    let mut levels = Vec::new();
    match &control.reads {
        Reads::Graded(expected) => {
            for level in expected {
                let mut readings = Vec::new();
                for well in &level.wells {
                    let grade = if world.one_in(400) {
                        *world.one(&Grade::ALL)?
                    } else {
                        well.grade
                    };
                    readings.push(Reading {
                        well: well.well,
                        grade,
                    });
                }
                if world.one_in(200) {
                    readings.pop();
                }
                levels.push(Level {
                    level: level.level.clone(),
                    material: material.clone(),
                    shown: Shown::Graded(readings),
                });
            }
        }
        Reads::Measured(measured) => {
            for level in &measured.levels {
                let value = world.number(960, 1040);
                levels.push(Level {
                    level: level.level.clone(),
                    material: material.clone(),
                    shown: Shown::Measured(Decimal::new(i128::from(value), 1).ok()?),
                });
            }
        }
    }
    if world.one_in(100) {
        levels.pop();
    }
    Some(levels)
}

/// The run that stands out where this one would be.
fn out(hospital: &Hospital, control: &Control, place: &Place) -> Option<RunId> {
    hospital
        .quality
        .stream(&control.code, place)
        .next_back()
        .filter(|run| run.verdict() == Verdict::Rejected)
        .map(|run| run.id)
}

pub(super) fn run(world: &mut World) -> Option<Draft> {
    let (control, place) = somewhere(world)?;
    let lots = if control.lots.is_empty() && place == Place::Bench {
        BTreeSet::new()
    } else {
        reagents(world)
    };
    let repeat = out(&world.hospital, &control, &place)
        .or_else(|| {
            let open = world.hospital.quality.open_cases();
            let mut runs = open
                .filter(|case| case.control == control.code && case.place == place)
                .filter_map(|case| case.runs.last().copied());
            runs.next()
        })
        .filter(|_| !world.one_in(10))
        .map(|run| (run, "更换试剂后重做".to_owned()));
    let levels = shown(world, &control)?;
    let ago = if world.one_in(60) {
        world.number(-5, 600)
    } else {
        0
    };
    world.draft(RecordControlRun {
        draft: RunDraft {
            control: control.code,
            place,
            lots,
            levels,
            ran: world.minutes(-ago),
            repeat,
        },
    })
}

fn any_run(world: &mut World) -> Option<RunId> {
    let newest = world.hospital.next.run.0;
    let back = world.number(1, 20).unsigned_abs();
    Some(RunId(newest.checked_sub(back)?.max(1)))
}

pub(super) fn annotate(world: &mut World) -> Option<Draft> {
    let run = any_run(world)?;
    world.draft(AnnotateRun {
        run,
        level: None,
        text: "室温偏高".into(),
    })
}

pub(super) fn change(world: &mut World) -> Option<Draft> {
    let machines: Vec<Place> = world
        .hospital
        .devices
        .all
        .keys()
        .cloned()
        .map(Place::Device)
        .chain([Place::Bench])
        .collect();
    let place = world.one(&machines)?.clone();
    let kind = (*world.one(change::KINDS)?).to_owned();
    let ago = world.number(-1, 40);
    world.draft(RecordChange {
        place,
        kind,
        note: "更换光源".into(),
        at: world.minutes(-ago),
    })
}

pub(super) fn target(world: &mut World) -> Option<Draft> {
    let at = world.at;
    let measured: Vec<Control> = plan(&world.hospital, at)
        .ok()?
        .iter()
        .filter(|control| matches!(control.reads, Reads::Measured(_)))
        .cloned()
        .collect();
    let control = world.one(&measured)?.clone();
    let levels: Vec<_> = control.levels().into_iter().cloned().collect();
    let level = world.one(&levels)?.clone();
    let material = material(world)?;
    let sd = world.number(0, 30);
    world.draft(SetTarget {
        control: control.code,
        material,
        level,
        mean: Decimal::new(1000, 1).ok()?,
        sd: Decimal::new(i128::from(sd), 1).ok()?,
        basis: Basis::Initial,
        values: 20,
        reason: "前20次测定值".into(),
    })
}

/// A target that some material's values give by now; rarely with figures that are not theirs.
pub(super) fn adopt(world: &mut World) -> Option<Draft> {
    let (hospital, at) = (world.hospital.clone(), world.at);
    let material = material(world)?;
    let mut found = Vec::new();
    for control in plan(&hospital, at).ok()? {
        if !matches!(control.reads, Reads::Measured(_)) {
            continue;
        }
        for level in control.levels() {
            for basis in Basis::COMPUTED {
                if let Ok(proposal) = proposal(&hospital, control, (&material, level), basis, at) {
                    found.push((control.code.clone(), level.clone(), proposal));
                }
            }
        }
    }
    let (control, level, proposal) = world.one(&found)?.clone();
    let seen = if world.one_in(8) {
        Limits::new(Decimal::new(1, 0).ok()?, Decimal::new(1, 0).ok()?).ok()?
    } else {
        proposal.limits
    };
    world.draft(AdoptTarget {
        control,
        material,
        level,
        basis: proposal.basis,
        seen,
        reason: "迄今在控数据".into(),
    })
}

pub(super) fn waive(world: &mut World) -> Option<Draft> {
    let (control, place) = somewhere(world)?;
    let lots = reagents(world);
    let minutes = world.number(-10, 520);
    let until = world.minutes(minutes);
    world.signed(
        WaiveControl {
            control: control.code,
            place,
            lots,
            until,
            reason: "质控品断货，用前日标本代替".into(),
        },
        Action::ControlWaiveCheck,
    )
}

fn open_case(world: &mut World) -> Option<CaseId> {
    let open: Vec<CaseId> = world
        .hospital
        .quality
        .open_cases()
        .map(|case| case.id)
        .collect();
    match world.of_first(6, open) {
        Some(case) => Some(case),
        None if world.one_in(20) => id("N000001"),
        None => None,
    }
}

pub(super) fn correct(world: &mut World) -> Option<Draft> {
    let case = open_case(world)?;
    let cause = if world.one_in(20) {
        "ghosts"
    } else {
        "reagent"
    };
    world.draft(CorrectCase {
        case,
        cause: cause.into(),
        action: "更换试剂".into(),
    })
}

pub(super) fn decide(world: &mut World) -> Option<Draft> {
    let waiting: Vec<(CaseId, Affected)> = world
        .hospital
        .quality
        .open_cases()
        .flat_map(|case| {
            case.undecided()
                .map(|result| (case.id, result))
                .collect::<Vec<_>>()
        })
        .collect();
    let (case, result) = world.of_first(30, waiting)?;
    let ruling = if world.one_in(4) {
        Ruling::Void
    } else {
        Ruling::Stands
    };
    world.draft(DecideAffected {
        case,
        result,
        ruling,
        reason: "复检一致".into(),
    })
}

pub(super) fn close(world: &mut World) -> Option<Draft> {
    let case = open_case(world)?;
    world.draft(CloseCase {
        case,
        note: "原因明确，已纠正".into(),
    })
}
