//! Tests and reagent lots.

use std::collections::BTreeSet;

use lifeline_core::blood::{BloodGroup, Grade, RhD};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{LotId, TestId};
use lifeline_core::people::Action;
use lifeline_core::testing::*;
use lifeline_core::unit::{Regroup, Status};

use super::samples::{WORKED_ON, accepted};
use crate::world::{Draft, World, id};

/// One of the `window` newest lots, most often one that fits.
fn lot_that(world: &mut World, window: usize, fits: impl Fn(&Lot) -> bool) -> Option<LotId> {
    let known =
        |hospital: &Hospital, id: &LotId| hospital.lots.get(id).is_some_and(|lot| fits(lot));
    world.pick(|w| &w.lots, window, known)
}

/// A lot that may be used, mostly.
pub(super) fn lot(world: &mut World) -> Option<LotId> {
    let now = world.at;
    lot_that(world, 10, |lot| {
        lot.usable(now) && lot.kind != LotKind::Control
    })
}

/// What is really in the material.
fn blood(world: &World, material: &Material) -> Option<BloodGroup> {
    match material {
        Material::Sample(sample) => {
            let person = world.truth.samples.get(sample)?;
            world.truth.people.get(*person).copied()
        }
        Material::Unit(unit) => world.truth.units.get(unit).copied(),
    }
}

/// The wells as the blood makes them, with an oddity now and then.
fn wells(world: &mut World, kind: TestKind, group: BloodGroup) -> Option<Vec<Reading>> {
    let mut readings = Vec::new();
    for well in kind.needed() {
        let reacts = match well {
            Well::AntiA => group.abo.has_a(),
            Well::AntiB => group.abo.has_b(),
            Well::AntiD => group.rhd == RhD::Positive,
            Well::A1Cells => !group.abo.has_a(),
            Well::BCells => !group.abo.has_b(),
            Well::Screen1 | Well::Screen2 | Well::Screen3 | Well::DatPoly => world.one_in(60),
            _ => false,
        };
        let grade = if world.one_in(300) {
            *world.one(&Grade::ALL)?
        } else if reacts {
            *world.one(&[Grade::Four, Grade::Four, Grade::Three])?
        } else {
            Grade::Negative
        };
        readings.push(Reading { well: *well, grade });
    }
    if kind == TestKind::AboForward {
        readings.push(Reading {
            well: Well::Control,
            grade: Grade::Negative,
        });
    }
    if world.one_in(150) {
        readings.pop();
    }
    // An old person's plasma now and then holds no antibody.
    if kind == TestKind::Group && world.one_in(60) {
        for reading in &mut readings {
            if matches!(reading.well, Well::A1Cells | Well::BCells) {
                reading.grade = Grade::Negative;
            }
        }
    }
    Some(readings)
}

fn reaction(world: &mut World, kind: TestKind, material: Material) -> Option<Reaction> {
    let group = match blood(world, &material) {
        Some(group) => group,
        None => world.any_group(),
    };
    let readings = wells(world, kind, group)?;
    let grouping = matches!(
        kind,
        TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward
    );
    let said = if world.one_in(40) {
        world.any_group()
    } else {
        group
    };
    let stated = (grouping && world.one_in(4)).then(|| Interpretation::Group {
        abo: Some(said.abo),
        rhd: (kind != TestKind::AboForward).then_some(said.rhd),
    });
    let ago = if world.one_in(100) {
        world.number(-10, 2000)
    } else {
        world.number(0, 2)
    };
    Some(Reaction {
        kind,
        material,
        readings,
        stated,
        lots: lot(world).into_iter().collect::<BTreeSet<_>>(),
        read: world.minutes(-ago),
    })
}

fn to_do(hospital: &Hospital, tests: impl Iterator<Item = TestId>, kind: TestKind) -> bool {
    !tests
        .filter_map(|test| hospital.tests.get(test))
        .any(|test| test.kind == kind && test.state != TestState::Invalidated)
}

pub(super) fn record(world: &mut World) -> Option<Draft> {
    let reaction = reading(world)?;
    world.draft(RecordTest { reaction })
}

/// A reading of something that waits for it.
pub(super) fn reading(world: &mut World) -> Option<Reaction> {
    if world.one_in(2) {
        of_unit(world)
    } else {
        of_sample(world)
    }
}

fn of_unit(world: &mut World) -> Option<Reaction> {
    let waiting = |hospital: &Hospital, id: &lifeline_core::blood::UnitId| {
        hospital.units.get(id).is_some_and(|unit| {
            unit.regroup == Regroup::Awaited
                && unit.status == Status::Quarantined
                && to_do(
                    hospital,
                    hospital.tests.of_unit(*id).map(|test| test.id),
                    TestKind::ForwardGroup,
                )
        })
    };
    let unit = world.pick(|w| &w.units, 120, waiting)?;
    let kind = if world.one_in(10) {
        TestKind::AboForward
    } else {
        TestKind::ForwardGroup
    };
    reaction(world, kind, Material::Unit(unit))
}

fn of_sample(world: &mut World) -> Option<Reaction> {
    let sample = world.pick(
        |w| &w.samples,
        WORKED_ON,
        |hospital, id| {
            accepted(hospital, id)
                && hospital
                    .samples
                    .get(id)
                    .is_some_and(|sample| sample.tests.len() < 2)
        },
    )?;
    let done = world
        .hospital
        .samples
        .get(&sample)
        .map(|sample| sample.tests.clone())
        .unwrap_or_default();
    let open = |world: &World, kind| to_do(&world.hospital, done.iter().copied(), kind);
    let kind = if world.one_in(30) {
        *world.one(TestKind::ALL)?
    } else if open(world, TestKind::Group) {
        TestKind::Group
    } else if open(world, TestKind::Screen) {
        TestKind::Screen
    } else {
        TestKind::Dat
    };
    reaction(world, kind, Material::Sample(sample))
}

fn newest(world: &mut World, test: TestId) -> usize {
    let versions = world
        .hospital
        .tests
        .get(test)
        .map_or(1, |test| test.versions.len());
    if world.one_in(60) {
        versions + 1
    } else {
        versions
    }
}

pub(super) fn verify(world: &mut World) -> Option<Draft> {
    let waiting: Vec<TestId> = world.hospital.tests.pending().map(|test| test.id).collect();
    let test = match world.of_last(20, waiting) {
        Some(test) if !world.one_in(40) => test,
        _ if world.one_in(10) => world.pick(|w| &w.tests, 60, |_, _| true)?,
        _ => return None,
    };
    let version = newest(world, test);
    world.draft(VerifyTest { test, version })
}

fn standing(hospital: &Hospital, id: &TestId) -> bool {
    hospital
        .tests
        .get(*id)
        .is_some_and(|test| test.state != TestState::Invalidated)
}

/// A result that the group of a bag which has left rests on.
fn of_issued(world: &mut World) -> Option<TestId> {
    let tests: Vec<TestId> = world
        .hospital
        .issues
        .open()
        .filter_map(
            |issue| match world.hospital.units.get(&issue.unit)?.regroup {
                Regroup::Confirmed(test) => Some(test),
                _ => None,
            },
        )
        .collect();
    world.of_last(30, tests)
}

pub(super) fn correct(world: &mut World) -> Option<Draft> {
    let test = world.pick(|w| &w.tests, 80, standing)?;
    let known = world.hospital.tests.get(test).cloned()?;
    let reaction = reaction(world, known.kind, known.material.clone())?;
    let version = newest(world, test);
    world.draft(CorrectTest {
        test,
        version,
        reaction,
        reason: "重读".into(),
    })
}

pub(super) fn invalidate(world: &mut World) -> Option<Draft> {
    // What nobody can verify is voided, so that work does not pile up.
    let now = world.at;
    let stuck = |hospital: &Hospital, id: &TestId| {
        hospital.tests.get(*id).is_some_and(|test| {
            test.state == TestState::Entered
                && now.duration_since(test.changed.at)
                    > lifeline_core::SignedDuration::from_hours(2)
        })
    };
    let test = if world.one_in(4) {
        world.pick(|w| &w.tests, 80, standing)?
    } else if world.one_in(3) {
        of_issued(world)?
    } else {
        let oldest: Vec<TestId> = world
            .hospital
            .tests
            .pending()
            .take(20)
            .map(|test| test.id)
            .filter(|id| stuck(&world.hospital, id))
            .collect();
        world.of_first(20, oldest)?
    };
    let version = newest(world, test);
    world.draft(InvalidateTest {
        test,
        version,
        reason: "试剂问题".into(),
    })
}

pub(super) fn receive_lot(world: &mut World) -> Option<Draft> {
    let n = if world.one_in(20) {
        1
    } else {
        world.lots.len() + 1
    };
    let days = world.number(-1, 60);
    let kind = match super::quality::material(world) {
        None if !world.one_in(3) => LotKind::Control,
        _ => *world.one(&LotKind::ALL)?,
    };
    world.draft(ReceiveLot {
        lot: id(&format!("L{n}"))?,
        kind,
        name: "ABO/RhD".into(),
        expires: world.minutes(days * 1440),
        packs: 4,
    })
}

pub(super) fn accept_lot(world: &mut World) -> Option<Draft> {
    let lot = lot_that(world, 10, |lot| lot.must_be_accepted && !lot.accepted())?;
    let bad = world.one_in(8);
    let row = |sample: &str, expected, found| AcceptanceRow {
        sample: sample.into(),
        expected,
        found,
    };
    let weak = if bad { Grade::Negative } else { Grade::Two };
    let command = AcceptLot {
        lot,
        against: None,
        rows: vec![
            row("P", Grade::Three, weak),
            row("N", Grade::Negative, Grade::Negative),
        ],
        note: String::new(),
    };
    world.signed(command, Action::LotManage)
}

pub(super) fn change_packs(world: &mut World) -> Option<Draft> {
    let lot = lot(world)?;
    let change = *world.one(&PackChange::ALL)?;
    let packs = u32::try_from(world.number(0, 5)).ok()?;
    world.draft(ChangePacks {
        lot,
        change,
        packs,
        note: "盘点".into(),
    })
}

pub(super) fn open_lot(world: &mut World) -> Option<Draft> {
    let lot = lot_that(world, 10, |lot| lot.opened.is_none())?;
    let days = world.number(0, 30);
    let until = world.one_in(2).then(|| world.minutes(days * 1440));
    world.draft(OpenLot { lot, until })
}

pub(super) fn block_lot(world: &mut World) -> Option<Draft> {
    let lot = lot(world)?;
    world.draft(BlockLot {
        lot,
        reason: "质控失败".into(),
    })
}

pub(super) fn unblock_lot(world: &mut World) -> Option<Draft> {
    let lot = lot_that(world, 20, |lot| lot.blocked.is_some())?;
    world.draft(UnblockLot {
        lot,
        reason: "质控已通过".into(),
    })
}
