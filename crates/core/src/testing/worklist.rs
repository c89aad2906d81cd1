use jiff::Timestamp;

use super::{Material, Test, TestKind, TestState};
use crate::hospital::Hospital;
use crate::sample::{Sample, SampleState};
use crate::unit::{Regroup, Unit};

/// What is still to be tested on a sample: its group and its antibody screen, unless a result that is not void is there.
pub fn due_on_sample(hospital: &Hospital, sample: &Sample, at: Timestamp) -> Vec<TestKind> {
    if sample.state != SampleState::Accepted || at >= sample.expires {
        return Vec::new();
    }
    let made = |kinds: &[TestKind]| {
        sample
            .tests
            .iter()
            .filter_map(|id| hospital.tests.get(*id))
            .any(|test| stands(test, kinds))
    };
    let mut due = Vec::new();
    if !made(&[TestKind::Group, TestKind::ForwardGroup]) {
        due.push(TestKind::Group);
    }
    if !made(&[TestKind::Screen]) {
        due.push(TestKind::Screen);
    }
    due
}

/// What is still to be tested on a unit: its group, while it waits for that and no result is there.
pub fn due_on_unit(hospital: &Hospital, unit: &Unit) -> Vec<TestKind> {
    const GROUPS: &[TestKind] = &[
        TestKind::Group,
        TestKind::ForwardGroup,
        TestKind::AboForward,
    ];
    let entered = hospital
        .tests
        .of_unit(unit.id)
        .any(|test| stands(test, GROUPS));
    if unit.regroup != Regroup::Awaited || entered {
        return Vec::new();
    }
    let rhd_negative = unit.group.rhd != Some(crate::blood::RhD::Positive);
    vec![if rhd_negative {
        TestKind::ForwardGroup
    } else {
        TestKind::AboForward
    }]
}

/// Everything that waits for the bench: samples by arrival, then units by expiry.
pub fn worklist(hospital: &Hospital, at: Timestamp) -> Vec<(Material, Vec<TestKind>)> {
    let mut samples: Vec<&Sample> = hospital.samples.iter().map(|sample| &**sample).collect();
    samples.sort_by_key(|sample| sample.received.seq);
    let samples = samples.into_iter().map(|sample| {
        (
            Material::Sample(sample.id.clone()),
            due_on_sample(hospital, sample, at),
        )
    });
    let units = hospital
        .units
        .shelf()
        .map(|unit| (Material::Unit(unit.id), due_on_unit(hospital, unit)));
    samples
        .chain(units)
        .filter(|(_, due)| !due.is_empty())
        .collect()
}

fn stands(test: &Test, kinds: &[TestKind]) -> bool {
    kinds.contains(&test.kind) && test.state != TestState::Invalidated
}
