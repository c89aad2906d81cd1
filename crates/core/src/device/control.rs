use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::{Problem, Trouble};
use crate::command::Context;
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{ControlCode, DeviceId, LotId, MessageId, RunId};
use crate::measured::assay;
use crate::policy::Key;
use crate::quality::{
    self, Control, ControlRun, Item, Level, Made, Place, RunDraft, Shown, plan, recorded,
};
use crate::testing::{Origin, Reading};

/// What a level of a control showed, as far as the profile could read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlShown {
    /// Reactions by well.
    Graded(Vec<Reading>),
    /// A measured value as sent, with a point where the device writes a decimal comma.
    Measured(String),
}

/// One level of a control as a device reports it. Nothing of it is guessed: a lot or level that is not sent is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedControl {
    /// What the device calls the control sample, for whoever reads the error queue.
    pub named: String,
    /// The code of the plan, or a test, in the profile's word: then the control is meant that covers this test on this machine.
    pub control: String,
    /// The level, in the profile's word.
    pub level: Option<String>,
    /// The lot of the material, as sent.
    pub material: Option<String>,
    /// What it showed.
    pub shown: ControlShown,
    /// Reagents and cards.
    pub lots: BTreeSet<LotId>,
    /// When it was read; the time of storage where the device does not say.
    pub read: Option<Timestamp>,
    /// Whether a person changed a reading on the device.
    pub edited: bool,
    /// Who worked the device, in its own words.
    pub operator: Option<String>,
    /// Whether the device sends each level in a message of its own, so that a message that lacks one lacks nothing.
    pub apart: bool,
    /// Byte offset of its first record.
    pub at: u64,
}

/// A level that can be what it says.
struct Given<'a> {
    control: ControlCode,
    level: Level,
    read: Timestamp,
    observed: &'a ObservedControl,
}

/// The controls of one message: what was recorded, and what could not be.
pub(super) struct Controls<'a> {
    pub hospital: &'a Hospital,
    pub context: &'a Context,
    pub device: &'a DeviceId,
    pub message: MessageId,
    /// When the message was stored.
    pub stored: Timestamp,
}

impl Controls<'_> {
    /// Records what can be recorded of these controls. `before` are the facts this message gave already: the tests of a message
    /// are touched by a control in it that is out.
    ///
    /// What a message holds of a control is one run, or several where a level comes twice or the levels lie further apart than a
    /// batch. A level that cannot be taken does not hide the others, which may be out.
    pub(super) fn record(
        &self,
        observed: &[ObservedControl],
        before: &[Event],
        problems: &mut Vec<Problem>,
    ) -> (Vec<Event>, Vec<RunId>) {
        let mut scratch = self.hospital.clone();
        for event in before {
            self.carry(&mut scratch, event);
        }
        let (mut events, mut made) = (Vec::new(), Vec::new());
        for run in self.runs(&scratch, observed, problems) {
            let Some(facts) = self.run(&scratch, &run, problems) else {
                continue;
            };
            made.push(scratch.next.run);
            for event in &facts {
                self.carry(&mut scratch, event);
            }
            events.extend(facts);
        }
        (events, made)
    }

    fn carry(&self, scratch: &mut Hospital, event: &Event) {
        let stamp = Stamp {
            seq: scratch.seq.saturating_add(1),
            at: self.context.at,
            by: self.context.actor.clone(),
        };
        scratch.apply(&stamp, event);
    }

    fn place(&self) -> Place {
        Place::Device(self.device.clone())
    }

    /// The levels put together to runs, in the order of their time. What was recorded of this message before is left out.
    fn runs<'a>(
        &self,
        hospital: &Hospital,
        observed: &'a [ObservedControl],
        problems: &mut Vec<Problem>,
    ) -> Vec<Vec<Given<'a>>> {
        let mut recorded = self.recorded();
        let mut given: Vec<Given<'a>> = Vec::new();
        let mut sent: Vec<(ControlCode, &ObservedControl, BTreeSet<ControlCode>)> = Vec::new();
        for one in observed {
            let control = match self.control(hospital, one) {
                Ok(control) => control,
                Err(findings) => {
                    problems.push(refused(one, findings));
                    continue;
                }
            };
            let named = one
                .level
                .as_deref()
                .and_then(|text| ControlCode::parse(text).ok());
            match sent.iter_mut().find(|(code, ..)| *code == control.code) {
                Some((.., levels)) => levels.extend(named),
                None => sent.push((control.code.clone(), one, named.into_iter().collect())),
            }
            match self.given(control, one) {
                Err(findings) => problems.push(refused(one, findings)),
                Ok(level) => {
                    let known = recorded
                        .iter()
                        .position(|(code, was)| *code == level.control && *was == level.level);
                    match known {
                        Some(place) => {
                            recorded.swap_remove(place);
                        }
                        None => given.push(level),
                    }
                }
            }
        }
        for (code, one, levels) in sent.iter().filter(|(_, one, _)| !one.apart) {
            problems.extend(
                self.missing(hospital, code, levels)
                    .map(|finding| refused(one, vec![finding])),
            );
        }
        self.together(hospital, given)
    }

    /// Levels this message gave when it was filed before.
    fn recorded(&self) -> Vec<(ControlCode, Level)> {
        let runs = self
            .hospital
            .devices
            .message(self.message)
            .map(|message| message.controls.clone())
            .unwrap_or_default();
        runs.into_iter()
            .filter_map(|run| self.hospital.quality.run(run))
            .flat_map(|run: &std::sync::Arc<ControlRun>| {
                run.levels.iter().map(|level| {
                    let level = Level {
                        level: level.level.clone(),
                        material: level.material.clone(),
                        shown: level.shown.clone(),
                    };
                    (run.control.clone(), level)
                })
            })
            .collect()
    }

    /// The control that is meant, of the plan in force when it was read.
    fn control<'h>(
        &self,
        hospital: &'h Hospital,
        one: &ObservedControl,
    ) -> Result<&'h Control, Vec<Finding>> {
        let read = one.read.unwrap_or(self.stored).min(self.stored);
        let place = self.place();
        let here: Vec<&Control> = plan(hospital, read)
            .map_err(|finding| vec![finding])?
            .iter()
            .filter(|control| control.place.holds(hospital, &place))
            .collect();
        if let Some(control) = here
            .iter()
            .find(|control| control.code.as_str() == one.control)
        {
            return Ok(control);
        }
        let item = Item::try_from(one.control.clone()).ok();
        let measured = assay(hospital, &one.control, read).ok();
        let covering: Vec<&&Control> = here
            .iter()
            .filter(|control| {
                item.is_some_and(|item| control.tests.contains(&item))
                    || measured.is_some_and(|assay| Made::Measured(assay).covered_by(control))
            })
            .collect();
        match covering.as_slice() {
            [control] => Ok(control),
            [] => {
                let finding = Finding::new(Rule::ControlUnplanned);
                let finding = match item {
                    Some(item) => finding.word("kind", item.word()),
                    None => finding.with("kind", one.control.as_str()),
                };
                Err(vec![finding.with("place", place.to_string())])
            }
            _ => Err(vec![
                Finding::bad_value("control", "why-control-several")
                    .with("value", one.control.as_str()),
            ]),
        }
    }

    /// A level in the plan's terms.
    fn given<'a>(
        &self,
        control: &Control,
        one: &'a ObservedControl,
    ) -> Result<Given<'a>, Vec<Finding>> {
        let mut findings = Vec::new();
        let level = match one.level.as_deref() {
            None => Err(Finding::bad_value("level", "why-missing")),
            Some(text) => ControlCode::parse(text)
                .ok()
                .filter(|code| control.levels().contains(&code))
                .ok_or_else(|| Finding::bad_value("level", "why-not-listed").with("level", text)),
        };
        let material = match one.material.as_deref() {
            None => Err(Finding::bad_value("material", "why-missing")),
            Some(text) => LotId::parse(text).map_err(|_| {
                Finding::new(Rule::LotUnusable)
                    .with("lot", text)
                    .word("why", "lot-state-unknown")
            }),
        };
        let shown = match &one.shown {
            ControlShown::Graded(readings) => Ok(Shown::Graded(readings.clone())),
            ControlShown::Measured(text) => {
                Decimal::parse(text).map(Shown::Measured).map_err(|_| {
                    Finding::bad_value("value", "why-not-a-number").with("value", text.as_str())
                })
            }
        };
        let read = self.read(one);
        let mut take = |finding: Option<Finding>| findings.extend(finding);
        take(level.as_ref().err().cloned());
        take(material.as_ref().err().cloned());
        take(shown.as_ref().err().cloned());
        take(read.as_ref().err().cloned());
        match (level, material, shown, read) {
            (Ok(level), Ok(material), Ok(shown), Ok(read)) => Ok(Given {
                control: control.code.clone(),
                level: Level {
                    level,
                    material,
                    shown,
                },
                read,
                observed: one,
            }),
            _ => Err(findings),
        }
    }

    /// When it was read. A clock that runs a little ahead must not stop the department; one that runs far ahead would let a control
    /// cover what it never saw.
    fn read(&self, one: &ObservedControl) -> Result<Timestamp, Finding> {
        let Some(read) = one.read.filter(|read| *read > self.stored) else {
            return Ok(one.read.unwrap_or(self.stored));
        };
        let ahead = self.hospital.policies.span(Key::ClockAhead, self.stored)?;
        if self
            .stored
            .checked_add(ahead)
            .is_ok_and(|latest| read <= latest)
        {
            return Ok(self.stored);
        }
        Err(Finding::bad_value("ran", "why-in-the-future")
            .with("value", read)
            .with("now", self.stored))
    }

    /// What the message lacks of a control that its device sends whole.
    fn missing(
        &self,
        hospital: &Hospital,
        code: &ControlCode,
        levels: &BTreeSet<ControlCode>,
    ) -> Option<Finding> {
        let control = plan(hospital, self.stored)
            .ok()?
            .iter()
            .find(|control| control.code == *code)?;
        let missing: Vec<String> = control
            .levels()
            .into_iter()
            .filter(|level| !levels.contains(*level))
            .map(ToString::to_string)
            .collect();
        (!missing.is_empty()).then(|| {
            Finding::new(Rule::ControlLevelMissing)
                .with("control", code.clone())
                .with("levels", missing.join(" "))
        })
    }

    /// Levels that make one run: of one control, each once, with the same reagents, within a batch.
    fn together<'a>(&self, hospital: &Hospital, mut given: Vec<Given<'a>>) -> Vec<Vec<Given<'a>>> {
        given.sort_by_key(|one| (one.read, one.observed.at));
        let mut runs: Vec<Vec<Given<'a>>> = Vec::new();
        for one in given {
            let within = hospital
                .policies
                .span(Key::ControlBatch, one.read)
                .unwrap_or_default();
            let fits = |run: &&mut Vec<Given<'a>>| {
                run.first().is_some_and(|first| {
                    first.control == one.control
                        && first.observed.lots == one.observed.lots
                        && one.read.duration_since(first.read) <= within
                }) && run.iter().all(|known| known.level.level != one.level.level)
            };
            match runs.iter_mut().rev().find(fits) {
                Some(run) => run.push(one),
                None => runs.push(vec![one]),
            }
        }
        runs
    }

    /// The facts of one run. Levels that cannot be taken become problems; none left, no run.
    fn run(
        &self,
        scratch: &Hospital,
        run: &[Given<'_>],
        problems: &mut Vec<Problem>,
    ) -> Option<Vec<Event>> {
        let origin = self.origin(run);
        let mut taken: Vec<&Given<'_>> = Vec::new();
        for one in run {
            let alone = self.draft(&[one])?;
            match quality::prepare(scratch, &alone, &origin, self.context.at) {
                Ok(_) => taken.push(one),
                Err(findings) => problems.push(refused(one.observed, findings)),
            }
        }
        let draft = self.draft(&taken)?;
        let next = (scratch.next.run, scratch.next.case);
        let at = self.context.at;
        let events = quality::prepare(scratch, &draft, &origin, at).and_then(|verdicts| {
            recorded(scratch, &draft, origin, verdicts, next, at).map_err(|finding| vec![finding])
        });
        match events {
            Ok(events) => Some(events),
            Err(findings) => {
                problems.extend(taken.first().map(|one| refused(one.observed, findings)));
                None
            }
        }
    }

    fn origin(&self, run: &[Given<'_>]) -> Origin {
        Origin::Device {
            device: self.device.clone(),
            message: self.message,
            edited: run.iter().any(|one| one.observed.edited),
            operator: run.iter().find_map(|one| one.observed.operator.clone()),
        }
    }

    /// A run is over when its last level was read.
    fn draft(&self, run: &[&Given<'_>]) -> Option<RunDraft> {
        let first = run.first()?;
        Some(RunDraft {
            control: first.control.clone(),
            place: self.place(),
            lots: first.observed.lots.clone(),
            levels: run.iter().map(|one| one.level.clone()).collect(),
            ran: run.iter().map(|one| one.read).max()?,
            repeat: None,
        })
    }
}

fn refused(one: &ObservedControl, findings: Vec<Finding>) -> Problem {
    Problem {
        at: one.at,
        reason: Trouble::Refused(one.named.clone()),
        findings,
    }
}
