//! Every order in which a small bench can do its few things, one after another: in no state that is reached a result is released
//! whose controls did not stand, told here from a plain list of what was done.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::command::Command;
use crate::finding::Rule;
use crate::id::{SampleId, TestId};
use crate::testing::{LotKind, Material, OpenLot, ReceiveLot, RecordTest, TestKind, VerifyTest};
use crate::testkit::{Trial, by, lot, reaction};

/// As long as the plan lets the control stand.
const VALID: SignedDuration = SignedDuration::from_hours(24);
/// As long after a reading as the policy still counts a control to its batch.
const BATCH: SignedDuration = SignedDuration::from_mins(30);
/// Steps of a history.
const LENGTH: usize = 5;

/// What can be done at the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The control is run and shows what it should.
    Good,
    /// The control is run and shows nothing.
    Out,
    /// Thirteen hours go by.
    Wait,
    /// The bench is changed.
    Change,
    /// Two people let results out without the control for two hours.
    Waive,
    /// Another lot of cards is opened.
    Lot,
    /// A tube is grouped.
    Test,
}

use Step::{Change, Good, Lot, Out, Test, Waive};

const STEPS: [Step; 7] = [Good, Out, Step::Wait, Change, Waive, Lot, Test];

/// What was done, for the lots named.
#[derive(Debug, Clone)]
enum Done {
    Ran {
        good: bool,
        lots: BTreeSet<LotId>,
    },
    Changed,
    Waived {
        until: Timestamp,
        lots: BTreeSet<LotId>,
    },
}

#[derive(Clone)]
struct Bench {
    trial: Trial,
    tube: SampleId,
    lots: BTreeSet<LotId>,
    log: Vec<(Timestamp, Done)>,
    test: Option<(TestId, Timestamp)>,
    way: Vec<Step>,
}

impl Bench {
    fn new() -> Self {
        let mut trial = Trial::with_card();
        let patient = trial.patient(1);
        let tube = trial.tube(patient, "S1");
        let ran = Done::Ran {
            good: true,
            lots: [lot("CARD-1")].into(),
        };
        let log = vec![(trial.at, ran)];
        // The second lot waits in its box, accepted.
        trial.run(
            by("technologist"),
            ReceiveLot {
                lot: lot("CARD-2"),
                kind: LotKind::Card,
                name: "ABO/RhD".into(),
                expires: trial.minutes(200 * 1440),
                packs: 4,
            },
        );
        trial.journal.clear();
        Self {
            trial,
            tube,
            lots: [lot("CARD-1")].into(),
            log,
            test: None,
            way: Vec::new(),
        }
    }

    fn run(&mut self, good: bool) {
        let mut draft = match good {
            true => tests::run(&self.trial),
            false => tests::out(&self.trial),
        };
        draft.lots = self.lots.clone();
        draft.repeat = self
            .trial
            .hospital
            .quality
            .open_cases()
            .find_map(|case| case.runs.last().copied())
            .map(|run| (run, "换新支重做".into()));
        self.trial
            .run(by("technologist"), RecordControlRun { draft });
        let lots = self.lots.clone();
        self.log.push((self.trial.at, Done::Ran { good, lots }));
    }

    /// The bench after one more step; `None` where it cannot be taken twice.
    fn after(&self, step: Step) -> Option<Self> {
        let mut next = self.clone();
        next.way.push(step);
        next.trial.wait(match step {
            Step::Wait => SignedDuration::from_hours(13),
            _ => SignedDuration::from_mins(1),
        });
        let at = next.trial.at;
        match step {
            Step::Wait => {}
            Good => next.run(true),
            Out => next.run(false),
            Change => {
                let change = RecordChange {
                    place: Place::Bench,
                    kind: "maintenance".into(),
                    note: "更换离心机转子".into(),
                    at,
                };
                next.trial.run(by("technologist"), change);
                next.log.push((at, Done::Changed));
            }
            Waive => {
                let until = next.trial.minutes(120);
                let waive = WaiveControl {
                    control: ControlCode::parse(tests::CONTROL).ok()?,
                    place: Place::Bench,
                    lots: next.lots.clone(),
                    until,
                    reason: "质控品断货，用前日标本代替".into(),
                };
                next.trial.run(by("senior").with("head"), waive);
                let lots = next.lots.clone();
                next.log.push((at, Done::Waived { until, lots }));
            }
            Lot => {
                if !next.lots.insert(lot("CARD-2")) {
                    return None;
                }
                let open = OpenLot {
                    lot: lot("CARD-2"),
                    until: None,
                };
                next.trial.run(by("technologist"), open);
                next.trial.accept_lot("CARD-2");
            }
            Test => {
                if next.test.is_some() {
                    return None;
                }
                let tube = Material::Sample(next.tube.clone());
                let mut reaction = reaction(&next.trial, TestKind::Group, tube, "A+");
                reaction.lots = next.lots.clone();
                let test = next.trial.hospital.next.test;
                next.trial.run(by("technologist"), RecordTest { reaction });
                next.test = Some((test, at));
            }
        }
        Some(next)
    }

    /// Whether the bench was changed after one moment and up to another.
    fn changed(&self, after: Timestamp, until: Timestamp) -> bool {
        let mut changes = self
            .log
            .iter()
            .filter(|(_, done)| matches!(done, Done::Changed));
        changes.any(|(at, _)| *at > after && *at <= until)
    }

    /// What was done with a lot, without the changes, oldest first.
    fn of<'a>(&'a self, lot: &'a LotId) -> impl DoubleEndedIterator<Item = &'a (Timestamp, Done)> {
        self.log.iter().filter(move |(_, done)| match done {
            Done::Ran { lots, .. } | Done::Waived { lots, .. } => lots.contains(lot),
            Done::Changed => false,
        })
    }

    fn stood(&self, lot: &LotId, read: Timestamp) -> bool {
        let before = self.of(lot).rfind(|(at, _)| *at <= read);
        let kept = match before {
            Some((_, Done::Ran { good: false, .. })) => return false,
            Some((at, Done::Ran { .. })) => {
                !self.changed(*at, read) && read.duration_since(*at) < VALID
            }
            Some((_, Done::Waived { until, .. })) => read < *until,
            Some((_, Done::Changed)) | None => false,
        };
        let batch = self.of(lot).find(|(at, _)| *at > read);
        let soon = match batch {
            Some((at, Done::Ran { good: true, .. })) => {
                at.duration_since(read) <= BATCH && !self.changed(read, *at)
            }
            _ => false,
        };
        kept || soon
    }

    /// Whether a control that went out afterwards leaves a reading in doubt, which nobody here decides about.
    fn in_doubt(&self, lots: &BTreeSet<LotId>, read: Timestamp) -> bool {
        self.log.iter().any(|(out, done)| {
            let Done::Ran {
                good: false,
                lots: ran,
            } = done
            else {
                return false;
            };
            let since = ran.iter().map(|lot| {
                let earlier = self.of(lot).filter(|(at, _)| at < out);
                let good = |done: &Done| matches!(done, Done::Ran { good: true, .. });
                earlier
                    .filter(|(_, done)| good(done))
                    .map(|(at, _)| *at)
                    .next_back()
            });
            // Never accepted for one of the lots: everything is in doubt.
            let since = since.min().flatten();
            !ran.is_disjoint(lots) && read <= *out && since.is_none_or(|since| read >= since)
        })
    }

    /// Compares what the core says of the test with what the list says; whether it may be released.
    fn judged(&self) -> Option<bool> {
        let (test, read) = self.test?;
        let lots = &self.trial.hospital.tests.get(test)?.latest()?.lots;
        let expected = lots.iter().all(|lot| self.stood(lot, read)) && !self.in_doubt(lots, read);
        let verify: Command = VerifyTest { test, version: 1 }.into();
        let decided = self.trial.decide(&by("technologist2"), verify);
        if let Err(refusal) = &decided {
            let quality = |rule| matches!(rule, Rule::ControlUncovered | Rule::ResultHeld);
            assert!(
                refusal.findings.iter().all(|one| quality(one.rule)),
                "{refusal:?}"
            );
        }
        assert_eq!(decided.is_ok(), expected, "{:?}: {decided:?}", self.way);
        Some(expected)
    }
}

#[test]
fn no_order_of_steps_releases_a_result_without_its_controls() {
    let mut waiting = vec![Bench::new()];
    let (mut released, mut kept) = (0, 0);
    while let Some(bench) = waiting.pop() {
        match bench.judged() {
            Some(true) => released += 1,
            Some(false) => kept += 1,
            None => {}
        }
        if bench.way.len() == LENGTH {
            continue;
        }
        // A history that ends without a test says nothing.
        let last = bench.way.len() + 1 == LENGTH && bench.test.is_none();
        let steps = STEPS.into_iter().filter(|step| !last || *step == Test);
        waiting.extend(steps.filter_map(|step| bench.after(step)));
    }
    assert!(
        released > 1_000 && kept > 1_000,
        "{released} released, {kept} kept"
    );
}
