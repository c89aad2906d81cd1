//! Work-ups of group discrepancies: opened, step by step, concluded, verified, opened again.

use lifeline_core::blood::{BloodGroup, RhdAllele, RhdGenotype};
use lifeline_core::id::DiscrepancyId;
use lifeline_core::patient::RecordRhdGenotype;
use lifeline_core::people::Action;
use lifeline_core::testing::discrepancy::{
    ConcludeDiscrepancy, Discrepancy, OpenDiscrepancy, Outcome, RecordDiscrepancyStep,
    ReopenDiscrepancy, Ruling, Stated, VerifyDiscrepancy, discrepant,
};
use lifeline_core::testing::group::{Cause, Step};

use super::patients::patient;
use crate::world::{Draft, World};

/// How far back things are looked for.
const RECENT: usize = 40;

pub(super) fn open(world: &mut World) -> Option<Draft> {
    let waits = |hospital: &lifeline_core::hospital::Hospital, id: &lifeline_core::id::TestId| {
        hospital.tests.get(*id).is_some_and(|test| {
            discrepant(test) && hospital.discrepancies.of_test(test.id).is_none()
        })
    };
    let waiting: Vec<_> = world
        .tests
        .iter()
        .rev()
        .take(400)
        .filter(|id| waits(&world.hospital, id))
        .copied()
        .collect();
    let test = match world.of_first(6, waiting) {
        Some(test) => test,
        None => world.pick(|w| &w.tests, 60, |_, _| true)?,
    };
    let version = world
        .hospital
        .tests
        .get(test)
        .map_or(1, |test| test.versions.len());
    let stated = Stated {
        transfused: world.one_in(4).then(|| world.any_group()),
        transplanted: world.one_in(12),
        disease: world.one_in(4),
    };
    world.draft(OpenDiscrepancy {
        test,
        version,
        stated,
    })
}

fn one(world: &mut World, fits: impl Fn(&Discrepancy) -> bool) -> Option<DiscrepancyId> {
    if world.one_in(60) {
        return Some(DiscrepancyId(9_999_999));
    }
    let all: Vec<DiscrepancyId> = world
        .hospital
        .discrepancies
        .iter()
        .filter(|found| fits(found) && !found.superseded(&world.hospital))
        .map(|found| found.id)
        .collect();
    world.of_last(RECENT, all)
}

pub(super) fn step(world: &mut World) -> Option<Draft> {
    let discrepancy = one(world, |found| {
        found.conclusion.is_none() && found.open_steps().next().is_some()
    })?;
    let next = world
        .hospital
        .discrepancies
        .get(discrepancy)
        .and_then(|found| found.open_steps().next());
    let step = match next {
        Some(step) if !world.one_in(12) => step,
        _ => *world.one(Step::ALL)?,
    };
    let outcome = match world.one_in(2) {
        true => Outcome::Explains,
        false => *world.one(&Outcome::ALL)?,
    };
    world.draft(RecordDiscrepancyStep {
        discrepancy,
        step,
        outcome,
        note: "A1 2+，B 2+，O 0".into(),
    })
}

pub(super) fn conclude(world: &mut World) -> Option<Draft> {
    let discrepancy = one(world, |found| {
        found.conclusion.is_none() && found.open_steps().next().is_none()
    })?;
    let patient = world
        .hospital
        .discrepancies
        .get(discrepancy)
        .map(|found| found.patient);
    let truth: Option<BloodGroup> = patient.and_then(|patient| world.group_of(patient));
    let ruling = match (truth, world.number(0, 5)) {
        (Some(group), 0..=3) => Ruling::Group(group),
        (_, 4) => Ruling::FileStands,
        _ => Ruling::Interim,
    };
    let cause = match world.one_in(3) {
        true => *world.one(Cause::ALL)?,
        false => Cause::WeakAntibody,
    };
    world.draft(ConcludeDiscrepancy {
        discrepancy,
        cause,
        ruling,
        note: "低温孵育后符合".into(),
    })
}

pub(super) fn verify(world: &mut World) -> Option<Draft> {
    let discrepancy = one(world, |found| {
        found.conclusion.is_some() && !found.verified()
    })?;
    world.draft(VerifyDiscrepancy { discrepancy })
}

pub(super) fn reopen(world: &mut World) -> Option<Draft> {
    let discrepancy = one(world, |found| found.conclusion.is_some())?;
    world.draft(ReopenDiscrepancy {
        discrepancy,
        reason: "又来一份标本".into(),
    })
}

pub(super) fn genotype(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let alleles = [*world.one(RhdAllele::ALL)?, *world.one(RhdAllele::ALL)?];
    let genotype = (!world.one_in(3)).then(|| RhdGenotype {
        alleles,
        report: "血型参比室 26-014".into(),
    });
    world.signed(
        RecordRhdGenotype { patient, genotype },
        Action::PatientHistory,
    )
}
