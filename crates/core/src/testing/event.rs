use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Interpretation, Lot, LotKind, Material, Origin, Reading, Test, TestKind, TestState, Version,
};
use crate::hospital::{Hospital, Stamp};
use crate::id::{LotId, TestId};
use crate::subject::Subject;

/// The wells and circumstances of one reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The wells as read.
    pub readings: Vec<Reading>,
    /// What the wells say.
    pub interpretation: Interpretation,
    /// What was said it is.
    pub stated: Option<Interpretation>,
    /// Reagents and cards used.
    pub lots: std::collections::BTreeSet<LotId>,
    /// Where it came from.
    pub origin: Origin,
    /// When the reaction was read.
    pub read: Timestamp,
}

/// Facts about tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestEvent {
    /// A result was entered, or came from a machine.
    Recorded {
        /// Number.
        test: TestId,
        /// What kind.
        kind: TestKind,
        /// On what.
        material: Material,
        /// The reading.
        work: Work,
    },
    /// A second person verified the newest version.
    Verified {
        /// Which.
        test: TestId,
        /// On what.
        material: Material,
        /// What stands.
        interpretation: Interpretation,
    },
    /// A new version replaced the one before; it waits for verification again.
    Corrected {
        /// Which.
        test: TestId,
        /// On what.
        material: Material,
        /// The new reading.
        work: Work,
        /// Why.
        reason: String,
    },
    /// Declared void.
    Invalidated {
        /// Which.
        test: TestId,
        /// On what.
        material: Material,
        /// Why.
        reason: String,
    },
}

kinds!(TestEvent, "test" {
    Recorded => "recorded", Verified => "verified", Corrected => "corrected", Invalidated => "invalidated",
});

impl TestEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        let (test, material) = match self {
            Self::Recorded { test, material, .. }
            | Self::Verified { test, material, .. }
            | Self::Corrected { test, material, .. }
            | Self::Invalidated { test, material, .. } => (test, material),
        };
        let mut subjects = vec![Subject::from(*test), material.subject()];
        if let Material::Unit(unit) = material {
            subjects.push(unit.din.into());
        }
        if let Self::Recorded { work, .. } | Self::Corrected { work, .. } = self {
            subjects.extend(work.lots.iter().cloned().map(Subject::from));
            if let Origin::Device {
                device, message, ..
            } = &work.origin
            {
                subjects.extend([device.clone().into(), (*message).into()]);
            }
        }
        subjects
    }
}

fn version(stamp: &Stamp, work: &Work, reason: Option<String>) -> Version {
    Version {
        readings: work.readings.clone(),
        interpretation: work.interpretation.clone(),
        stated: work.stated.clone(),
        lots: work.lots.clone(),
        origin: work.origin.clone(),
        read: work.read,
        reason,
        entered: stamp.clone(),
        verified: None,
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &TestEvent) {
    let tests = &mut hospital.tests;
    match event {
        TestEvent::Recorded {
            test,
            kind,
            material,
            work,
        } => {
            hospital.next.test = test.next();
            tests.all.insert(
                *test,
                Arc::new(Test {
                    id: *test,
                    kind: *kind,
                    material: material.clone(),
                    versions: vec![version(stamp, work, None)],
                    state: TestState::Entered,
                    changed: stamp.clone(),
                }),
            );
            tests.pending.insert(*test);
            match material {
                Material::Sample(sample) => {
                    hospital
                        .samples
                        .change(sample, stamp, |sample| sample.tests.push(*test));
                }
                Material::Unit(unit) => {
                    tests.by_unit.insert((*unit, *test));
                }
            }
        }
        TestEvent::Verified { test, .. } => {
            tests.pending.remove(test);
            change(hospital, stamp, *test, |test| {
                test.state = TestState::Verified;
                if let Some(version) = test.versions.last_mut() {
                    version.verified = Some(stamp.clone());
                }
            });
        }
        TestEvent::Corrected {
            test, work, reason, ..
        } => {
            tests.pending.insert(*test);
            change(hospital, stamp, *test, |test| {
                test.state = TestState::Entered;
                test.versions
                    .push(version(stamp, work, Some(reason.clone())));
            });
        }
        TestEvent::Invalidated { test, .. } => {
            tests.pending.remove(test);
            change(hospital, stamp, *test, |test| {
                test.state = TestState::Invalidated
            });
        }
    }
}

fn change(hospital: &mut Hospital, stamp: &Stamp, id: TestId, change: impl FnOnce(&mut Test)) {
    if let Some(test) = hospital.tests.all.get_mut(&id).map(Arc::make_mut) {
        change(test);
        test.changed = stamp.clone();
    }
}

/// Facts about reagent, cell and card lots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotEvent {
    /// A lot came in.
    Received {
        /// As printed.
        lot: LotId,
        /// Of what.
        kind: LotKind,
        /// Product name.
        name: String,
        /// Maker's expiry.
        expires: Timestamp,
        /// Packs that came.
        #[serde(default)]
        packs: u32,
        /// The policy of the day asks for an acceptance test.
        #[serde(default)]
        must_be_accepted: bool,
    },
    /// It was tested beside another lot or known samples.
    Tested {
        /// Which.
        lot: LotId,
        /// Beside which lot; `None` for known samples.
        against: Option<LotId>,
        /// The readings.
        rows: Vec<super::AcceptanceRow>,
        /// Steps a reaction might differ.
        steps: u8,
        /// Every sample agreed.
        passed: bool,
        /// Remarks.
        note: String,
        /// Who signed beside the actor.
        second: crate::id::UserId,
    },
    /// Packs came, were used, thrown away or counted.
    PacksChanged {
        /// Which.
        lot: LotId,
        /// Why.
        change: super::PackChange,
        /// How many.
        packs: u32,
        /// How many there are then.
        left: u32,
        /// Remarks.
        note: String,
    },
    /// The first vial was opened.
    Opened {
        /// Which.
        lot: LotId,
        /// Usable until, by the open-vial limit.
        until: Timestamp,
    },
    /// Must not be used any more.
    Blocked {
        /// Which.
        lot: LotId,
        /// Why.
        reason: String,
    },
    /// May be used again.
    Unblocked {
        /// Which.
        lot: LotId,
        /// Why.
        reason: String,
    },
}

kinds!(LotEvent, "lot" {
    Received => "received", Tested => "tested", PacksChanged => "packs_changed", Opened => "opened", Blocked => "blocked",
    Unblocked => "unblocked",
});

impl LotEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Tested { lot, against, .. } => std::iter::once(lot)
                .chain(against)
                .cloned()
                .map(Subject::from)
                .collect(),
            Self::Received { lot, .. }
            | Self::PacksChanged { lot, .. }
            | Self::Opened { lot, .. }
            | Self::Blocked { lot, .. }
            | Self::Unblocked { lot, .. } => vec![lot.clone().into()],
        }
    }
}

/// Carries a fact about a lot into the state.
pub fn apply_lot(hospital: &mut Hospital, stamp: &Stamp, event: &LotEvent) {
    let mut change = |id: &LotId, change: &dyn Fn(&mut Lot)| {
        if let Some(lot) = hospital.lots.get_mut(id).map(Arc::make_mut) {
            change(lot);
            lot.changed = stamp.clone();
        }
    };
    match event {
        LotEvent::Received {
            lot,
            kind,
            name,
            expires,
            packs,
            must_be_accepted,
        } => {
            hospital.lots.insert(
                lot.clone(),
                Arc::new(Lot {
                    id: lot.clone(),
                    kind: *kind,
                    name: name.clone(),
                    expires: *expires,
                    opened: None,
                    blocked: None,
                    must_be_accepted: *must_be_accepted,
                    acceptance: None,
                    packs: *packs,
                    changed: stamp.clone(),
                }),
            );
        }
        LotEvent::Tested {
            lot,
            against,
            rows,
            steps,
            passed,
            note,
            second,
        } => change(lot, &|lot| {
            lot.acceptance = Some(super::Acceptance {
                against: against.clone(),
                rows: rows.clone(),
                steps: *steps,
                passed: *passed,
                second: second.clone(),
                note: note.clone(),
                tested: stamp.clone(),
            });
        }),
        LotEvent::PacksChanged { lot, left, .. } => change(lot, &|lot| lot.packs = *left),
        LotEvent::Opened { lot, until } => {
            change(lot, &|lot| lot.opened = Some((stamp.at, *until)))
        }
        LotEvent::Blocked { lot, reason } => change(lot, &|lot| lot.blocked = Some(reason.clone())),
        LotEvent::Unblocked { lot, .. } => {
            change(lot, &|lot| lot.blocked = None);
            // What was good enough before the block proves nothing after it.
            hospital.quality.note_change(
                crate::quality::Changed::Lot(lot.clone()),
                stamp.at,
                "unblocked",
            );
        }
    }
}
