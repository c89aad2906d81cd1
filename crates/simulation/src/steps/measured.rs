//! Measured results: values by hand and from machines, their verification, correction and voiding.

use std::collections::BTreeSet;

use lifeline_core::device::ObservedMeasurement;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{MeasurementId, SampleId};
use lifeline_core::measured::*;
use lifeline_core::quality::{Light, Made, Place, due_lines};
use lifeline_core::testing::TestState;
use lifeline_qc::Decimal;

use super::bench::lot;
use super::samples::{WORKED_ON, accepted};
use crate::world::{Draft, World};

/// An assay, mostly one whose control stands at the bench.
fn any_assay(world: &mut World) -> Option<Assay> {
    let hospital = world.hospital.clone();
    let all = assays(&hospital, world.at).ok()?;
    let standing: Vec<Assay> = due_lines(&hospital, world.at)
        .into_iter()
        .filter(|line| line.place == Place::Bench && line.light >= Light::Waived)
        .filter_map(|line| {
            let covers = |assay: &&Assay| Made::Measured(assay).covered_by(line.control);
            all.iter().find(covers).cloned()
        })
        .collect();
    if standing.is_empty() || world.one_in(6) {
        return world.one(all).cloned();
    }
    world.one(&standing).cloned()
}

/// A number, rarely only a bound.
fn value(world: &mut World) -> Option<Reported> {
    let number = Decimal::new(i128::from(world.number(1, 2_000)), 1).ok()?;
    let bound = if world.one_in(12) {
        *world.one(&[Bound::Below, Bound::Above, Bound::AtMost, Bound::AtLeast])?
    } else {
        Bound::Exact
    };
    Some(Reported { bound, number })
}

fn sample(world: &mut World) -> Option<SampleId> {
    world.pick(|w| &w.samples, WORKED_ON, accepted)
}

fn draft(world: &mut World) -> Option<lifeline_core::measured::Draft> {
    let ago = if world.one_in(100) {
        world.number(-10, 2000)
    } else {
        world.number(0, 2)
    };
    let assay = any_assay(world)?;
    let lots = match assay.reactive_from {
        Some(_) => lot(world).into_iter().collect(),
        None => BTreeSet::new(),
    };
    Some(lifeline_core::measured::Draft {
        assay: assay.code,
        sample: sample(world)?,
        value: value(world)?,
        lots,
        read: world.minutes(-ago),
    })
}

pub(super) fn record(world: &mut World) -> Option<Draft> {
    let many = world.number(1, 2);
    let mut drafts = Vec::new();
    for _ in 0..many {
        drafts.push(draft(world)?);
    }
    world.draft(RecordMeasurements { drafts })
}

/// What a machine might send.
pub(super) fn observed(world: &mut World) -> Option<ObservedMeasurement> {
    let hospital = world.hospital.clone();
    let assay = world.one(assays(&hospital, world.at).ok()?)?.clone();
    let unit = if world.one_in(10) {
        "mg".to_owned()
    } else {
        assay.unit
    };
    let sent = value(world)?.to_string();
    Some(ObservedMeasurement {
        specimen: sample(world)?.to_string(),
        assay: assay.code.to_string(),
        value: if world.one_in(20) {
            "----".into()
        } else {
            sent
        },
        unit: Some(unit),
        lots: BTreeSet::new(),
        read: Some(world.at),
        edited: world.one_in(20),
        operator: None,
        at: 40,
    })
}

fn version(world: &mut World, id: MeasurementId) -> usize {
    let known = world.hospital.measurements.get(id);
    let versions = known.map_or(1, |one| one.versions.len());
    versions + usize::from(world.one_in(60))
}

pub(super) fn verify(world: &mut World) -> Option<Draft> {
    let waiting: Vec<MeasurementId> = world
        .hospital
        .measurements
        .pending()
        .map(|one| one.id)
        .collect();
    let measurement = world.of_last(12, waiting)?;
    let version = version(world, measurement);
    world.draft(VerifyMeasurement {
        measurement,
        version,
    })
}

fn standing(world: &mut World) -> Option<MeasurementId> {
    let hospital: Hospital = world.hospital.clone();
    let mut standing: Vec<MeasurementId> = hospital
        .measurements
        .iter()
        .rev()
        .take(60)
        .filter(|one| one.state != TestState::Invalidated)
        .map(|one| one.id)
        .collect();
    standing.reverse();
    world.of_last(40, standing)
}

pub(super) fn correct(world: &mut World) -> Option<Draft> {
    let measurement = standing(world)?;
    let before = world.hospital.measurements.get(measurement)?.clone();
    let work = &before.latest()?.work;
    let value = value(world)?;
    let version = version(world, measurement);
    world.draft(CorrectMeasurement {
        measurement,
        version,
        value,
        lots: work.lots.clone(),
        read: work.read,
        reason: "重测".into(),
    })
}

pub(super) fn invalidate(world: &mut World) -> Option<Draft> {
    let measurement = standing(world)?;
    let version = version(world, measurement);
    world.draft(InvalidateMeasurement {
        measurement,
        version,
        reason: "标本溶血".into(),
    })
}
