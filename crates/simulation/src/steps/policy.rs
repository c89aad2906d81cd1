//! Thresholds: proposed by one person, put in force or dropped by another. Now and then somebody proposes what biology forbids.

use lifeline_core::SignedDuration;
use lifeline_core::blood::Abo;
use lifeline_core::id::ProposalId;
use lifeline_core::policy::{
    ActivatePolicy, Entry, Key, ProposePolicy, Standing, Value, WithdrawPolicy,
};

use crate::world::{Draft, World};

/// Thresholds that people change without changing what the histories are about.
const CHANGED: [Key; 3] = [Key::NearExpiry, Key::SessionIdle, Key::EmergencyFirstUnit];

pub(super) fn propose(world: &mut World) -> Option<Draft> {
    let (key, value) = if world.one_in(4) {
        (Key::Compatibility, deadly(world)?)
    } else {
        let key = *world.one(&CHANGED)?;
        (key, Value::Minutes(world.number(1, 10_000)))
    };
    let later = later(world);
    let entry = Entry {
        key,
        value,
        effective: world.minutes(later),
        source: "模拟".into(),
        standing: Standing::Provisional,
    };
    world.draft(ProposePolicy {
        entry,
        reason: "演练".into(),
    })
}

/// Minutes from now: mostly at once, sometimes tomorrow.
fn later(world: &mut World) -> i64 {
    if world.one_in(5) {
        SignedDuration::from_hours(24).as_mins()
    } else {
        0
    }
}

/// The tables in force with A cells for O patients.
fn deadly(world: &World) -> Option<Value> {
    let adopted = world
        .hospital
        .policies
        .at(Key::Compatibility, world.minutes(0))?;
    let mut value = adopted.entry.value.clone();
    if let Value::Compatibility(tables) = &mut value {
        for table in tables.values_mut() {
            table.abo.insert(Abo::O, vec![Abo::A]);
        }
    }
    Some(value)
}

fn proposal(world: &mut World) -> Option<ProposalId> {
    let open: Vec<ProposalId> = world.hospital.policies.proposals.keys().copied().collect();
    world.of_last(5, open)
}

pub(super) fn activate(world: &mut World) -> Option<Draft> {
    let proposal = proposal(world)?;
    world.draft(ActivatePolicy { proposal })
}

pub(super) fn withdraw(world: &mut World) -> Option<Draft> {
    let proposal = proposal(world)?;
    world.draft(WithdrawPolicy {
        proposal,
        reason: "不再需要".into(),
    })
}
