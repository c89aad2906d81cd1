//! A tiny hospital walked through every order of what can happen to a control, through the real commands: no path releases a result,
//! or issues a unit, without its covers. The judge here knows only the order of events, and nothing of the gate.

use std::collections::{BTreeSet, VecDeque};

use jiff::SignedDuration;

use super::Scene;
use crate::blood::{Component, Grade};
use crate::crossmatch::ReviewCrossmatch;
use crate::finding::{Refusal, Rule};
use crate::id::LotId;
use crate::quality::{
    Affected, DecideAffected, Place, RecordChange, RecordControlRun, Ruling, Shown, WaiveControl,
};
use crate::testing::{BlockLot, Material, RecordTest, TestKind, UnblockLot, VerifyTest};
use crate::testkit::{by, lot, reaction, sample_id};

/// What the policies of the trial say, in minutes.
const VALID: i64 = 1440;
const BATCH: i64 = 30;
const WAIVED: i64 = 15;

/// Which result is walked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Item {
    /// A group, released by its verification.
    Group,
    /// A crossmatch, released by its review, and the unit by its issue.
    Crossmatch,
}

impl Item {
    fn control(self) -> &'static str {
        match self {
            Self::Group => "bench-group",
            Self::Crossmatch => "bench-crossmatch",
        }
    }
}

/// What can be done in one step.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// The control, in control, with the result's lot.
    Good,
    /// The control, out, with the result's lot.
    Out,
    /// The control, in control, with another lot only.
    Other,
    /// The bench is repaired.
    Repair,
    /// The lot is blocked and allowed again.
    Block,
    /// Two people waive the control for a quarter of an hour.
    Waive,
    /// Ten minutes.
    Soon,
    /// A day and an hour: past every validity.
    Later,
    /// The result is read.
    Read,
    /// Somebody decides that a held result stands.
    Stands,
}

/// How often each kind of step may be taken.
#[derive(Debug, Clone, Copy)]
struct Most {
    runs: usize,
    changes: usize,
    waivers: usize,
    waits: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Good,
    Out,
    Waived,
}

/// What happened, in order: all the judge knows.
#[derive(Debug, Clone, Default, PartialEq)]
struct Log {
    now: i64,
    /// Runs and waivers of the result's lot: when, what, and whether a result was there to be held.
    marks: Vec<(i64, Mark)>,
    /// Runs with the other lot only.
    others: Vec<i64>,
    changes: BTreeSet<i64>,
    read: Option<i64>,
    held: bool,
    decided: bool,
    reviewed: bool,
    issued: bool,
    taken: [usize; 4],
}

impl Log {
    fn changed(&self, after: i64, until: i64) -> bool {
        self.changes.iter().any(|at| after < *at && *at <= until)
    }

    /// Whether what was read then stood under its control, as far as is known by now.
    fn covered(&self, read: i64) -> bool {
        let before = self.marks.iter().rev().find(|(at, _)| *at <= read);
        match before {
            Some((_, Mark::Out)) => return false,
            Some((at, Mark::Good)) if read < at + VALID && !self.changed(*at, read) => return true,
            Some((at, Mark::Waived)) if read < at + WAIVED => return true,
            _ => {}
        }
        let after = self.marks.iter().find(|(at, _)| *at > read);
        match after {
            Some((at, Mark::Good)) => *at <= read + BATCH && !self.changed(read, *at),
            _ => false,
        }
    }

    /// An out run holds what was read since the control was last good, and at that very moment.
    fn out(&mut self) {
        let last_good = self
            .marks
            .iter()
            .rev()
            .find(|(_, mark)| *mark == Mark::Good)
            .map(|(at, _)| *at);
        if self
            .read
            .is_some_and(|read| last_good.is_none_or(|good| read >= good))
            && !self.decided
        {
            self.held = true;
        }
        self.marks.push((self.now, Mark::Out));
    }

    fn may_go(&self) -> bool {
        self.read.is_some_and(|read| self.covered(read)) && !self.held
    }

    fn spend(&mut self, place: usize) {
        self.taken[place] += 1;
    }
}

#[derive(Clone)]
struct Node {
    scene: Scene,
    log: Log,
    path: Vec<Step>,
}

/// A patient with a unit held for them, and a tube that waits for its group where that is walked: a newer tube that nobody has tested
/// would stop the issue by itself. Every control has run out.
fn begin(item: Item) -> Node {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    if item == Item::Group {
        scene.trial.tube(scene.patient, "S3");
    }
    scene.trial.wait(SignedDuration::from_mins(VALID + 60));
    scene.reserve();
    let other = "CARD-2";
    let receive = crate::testing::ReceiveLot {
        lot: lot(other),
        kind: crate::testing::LotKind::Card,
        name: "ABO/RhD".into(),
        expires: scene.trial.minutes(200 * 1440),
        packs: 1,
    };
    scene.trial.run(by("technologist"), receive);
    let open = crate::testing::OpenLot {
        lot: lot(other),
        until: None,
    };
    scene.trial.run(by("technologist"), open);
    scene.trial.accept_lot(other);
    // The controls of the morning before are long past, but they were good, and their lot is what they say nothing about now.
    let log = Log {
        marks: vec![(-(VALID + 90), Mark::Good)],
        ..Log::default()
    };
    Node {
        scene,
        log,
        path: Vec::new(),
    }
}

impl Node {
    fn result(&self, item: Item) -> Option<Affected> {
        self.log.read?;
        let next = &self.scene.trial.hospital.next;
        Some(match item {
            Item::Group => Affected::Test(crate::id::TestId(next.test.0 - 1)),
            Item::Crossmatch => {
                Affected::Crossmatch(crate::id::CrossmatchId(next.crossmatch.0 - 1))
            }
        })
    }

    /// Takes a step where it can be taken.
    fn step(&self, item: Item, step: Step, most: Most) -> Option<Self> {
        let mut node = self.clone();
        node.path.push(step);
        let [runs, changes, waivers, waits] = node.log.taken;
        let (trial, log) = (&mut node.scene.trial, &mut node.log);
        match step {
            Step::Good | Step::Out | Step::Other => {
                if runs >= most.runs {
                    return None;
                }
                let mut draft = trial.control_run(item.control(), Place::Bench);
                let named = if step == Step::Other {
                    "CARD-2"
                } else {
                    "CARD-1"
                };
                draft.lots = BTreeSet::from([lot(named)]);
                if step == Step::Out {
                    for level in &mut draft.levels {
                        if let Shown::Graded(readings) = &mut level.shown {
                            for reading in readings {
                                reading.grade = Grade::Negative;
                            }
                        }
                    }
                }
                let out = log
                    .marks
                    .iter()
                    .rev()
                    .find(|(_, mark)| *mark != Mark::Waived);
                if matches!(out, Some((_, Mark::Out))) && step != Step::Other {
                    let last = trial.hospital.quality.runs().rev().find(|run| {
                        run.lots == draft.lots && run.verdict() == crate::quality::Verdict::Rejected
                    });
                    draft.repeat = last.map(|run| (run.id, "更换后重做".to_owned()));
                }
                let events = trial
                    .decide(
                        &by("technologist"),
                        RecordControlRun {
                            draft: draft.clone(),
                        },
                    )
                    .ok()?;
                assert!(!events.is_empty());
                trial.run(by("technologist"), RecordControlRun { draft });
                log.spend(0);
                match step {
                    Step::Good => log.marks.push((log.now, Mark::Good)),
                    Step::Out => log.out(),
                    _ => log.others.push(log.now),
                }
            }
            Step::Repair => {
                if changes >= most.changes {
                    return None;
                }
                let repair = RecordChange {
                    place: Place::Bench,
                    kind: "repair".into(),
                    note: "更换离心机".into(),
                    at: trial.at,
                };
                trial.run(by("technologist"), repair);
                log.spend(1);
                log.changes.insert(log.now);
            }
            Step::Block => {
                if changes >= most.changes {
                    return None;
                }
                let card: LotId = lot("CARD-1");
                let block = BlockLot {
                    lot: card.clone(),
                    reason: "怀疑失效".into(),
                };
                trial.run(by("technologist"), block);
                let unblock = UnblockLot {
                    lot: card,
                    reason: "复核无异常".into(),
                };
                trial.run(by("technologist"), unblock);
                log.spend(1);
                log.changes.insert(log.now);
            }
            Step::Waive => {
                if waivers >= most.waivers {
                    return None;
                }
                let waive = WaiveControl {
                    control: crate::id::ControlCode::parse(item.control()).unwrap(),
                    place: Place::Bench,
                    lots: BTreeSet::from([lot("CARD-1")]),
                    until: trial.minutes(WAIVED),
                    reason: "质控品断货，用前日标本代替".into(),
                };
                trial.run(by("head").with("senior"), waive);
                log.spend(2);
                log.marks.push((log.now, Mark::Waived));
            }
            Step::Soon | Step::Later => {
                if waits >= most.waits {
                    return None;
                }
                let minutes = if step == Step::Soon { 10 } else { VALID + 60 };
                trial.wait(SignedDuration::from_mins(minutes));
                log.spend(3);
                log.now += minutes;
            }
            Step::Read => {
                if log.read.is_some() {
                    return None;
                }
                match item {
                    Item::Group => {
                        let tube = Material::Sample(sample_id("S3"));
                        let read = reaction(trial, TestKind::Group, tube, "A+");
                        let record = RecordTest { reaction: read };
                        trial.decide(&by("technologist"), record.clone()).ok()?;
                        trial.run(by("technologist"), record);
                    }
                    Item::Crossmatch => {
                        let reading = node.scene.reading(Grade::Negative, Grade::Negative);
                        node.scene
                            .trial
                            .decide(&by("technologist"), reading.clone())
                            .ok()?;
                        node.scene.record(reading);
                    }
                }
                node.log.read = Some(node.log.now);
            }
            Step::Stands => {
                let result = self.result(item)?;
                let case = trial.hospital.quality.held(result)?;
                let decide = DecideAffected {
                    case,
                    result,
                    ruling: Ruling::Stands,
                    reason: "复检一致".into(),
                };
                trial.run(by("quality"), decide);
                log.held = false;
                // What was decided once is in the case; a later run of the same case does not ask again.
                log.decided = true;
            }
        }
        Some(node)
    }

    /// Tries to let the result out, and holds the answer against the log. Gives the node after it.
    fn release(&self, item: Item, seen: &mut Seen) -> Option<Self> {
        let result = self.result(item)?;
        let trial = &self.scene.trial;
        let answer = match result {
            Affected::Test(test) => {
                trial.decide(&by("technologist2"), VerifyTest { test, version: 1 })
            }
            Affected::Crossmatch(crossmatch) if !self.log.reviewed => {
                trial.decide(&by("technologist2"), ReviewCrossmatch { crossmatch })
            }
            Affected::Crossmatch(_) => trial.decide(
                &by("technologist").with("technologist2"),
                self.scene.hand_over(None),
            ),
            Affected::Measured(_) => panic!("nothing is measured here"),
        };
        let by_control = answer.as_ref().is_err_and(names_the_control);
        let told = || format!("{item:?} {:?}\n{:?}\n{answer:?}", self.path, self.log);
        assert!(answer.is_err() || self.log.may_go(), "released: {}", told());
        assert!(!by_control || !self.log.may_go(), "kept: {}", told());
        let events = answer.ok()?;
        assert!(!events.is_empty());
        seen.released += 1;
        let mut node = self.clone();
        match result {
            Affected::Crossmatch(crossmatch) if !self.log.reviewed => {
                node.scene
                    .trial
                    .run(by("technologist2"), ReviewCrossmatch { crossmatch });
                node.log.reviewed = true;
                Some(node)
            }
            Affected::Crossmatch(_) => {
                seen.issued += 1;
                None
            }
            Affected::Test(_) | Affected::Measured(_) => None,
        }
    }
}

fn names_the_control(refusal: &Refusal) -> bool {
    refusal
        .findings
        .iter()
        .any(|finding| matches!(finding.rule, Rule::ControlUncovered | Rule::ResultHeld))
}

#[derive(Debug, Default)]
struct Seen {
    states: usize,
    released: usize,
    kept: usize,
    issued: usize,
}

const STEPS: [Step; 10] = [
    Step::Good,
    Step::Out,
    Step::Other,
    Step::Repair,
    Step::Block,
    Step::Waive,
    Step::Soon,
    Step::Later,
    Step::Read,
    Step::Stands,
];

/// Walks every reachable state within these numbers of steps.
fn walk(item: Item, most: Most) -> Seen {
    let mut seen = Seen::default();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut queue = VecDeque::from([begin(item)]);
    while let Some(node) = queue.pop_front() {
        if !known.insert(format!("{:?}", node.log)) {
            continue;
        }
        seen.states += 1;
        if node.log.read.is_some() && !node.log.may_go() {
            seen.kept += 1;
        }
        queue.extend(node.release(item, &mut seen));
        queue.extend(
            STEPS
                .into_iter()
                .filter_map(|step| node.step(item, step, most)),
        );
    }
    seen
}

/// Every pair of kinds of step, each with the runs it needs to matter.
const WALKS: [Most; 4] = [
    Most {
        runs: 2,
        changes: 1,
        waivers: 0,
        waits: 1,
    },
    Most {
        runs: 2,
        changes: 0,
        waivers: 1,
        waits: 1,
    },
    Most {
        runs: 1,
        changes: 1,
        waivers: 1,
        waits: 1,
    },
    Most {
        runs: 2,
        changes: 0,
        waivers: 0,
        waits: 2,
    },
];

#[test]
fn no_path_releases_a_group_without_its_covers() {
    for most in WALKS {
        let seen = walk(Item::Group, most);
        assert!(
            seen.states > 100 && seen.released > 5 && seen.kept > 20,
            "{most:?} {seen:?}"
        );
    }
}

#[test]
fn no_path_releases_a_crossmatch_or_issues_its_unit_without_its_covers() {
    for most in WALKS {
        let seen = walk(Item::Crossmatch, most);
        assert!(
            seen.states > 100 && seen.released > 5 && seen.kept > 20 && seen.issued > 0,
            "{most:?} {seen:?}"
        );
    }
}
