//! One history: commands given to one hospital, one after another.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lifeline_core::command::{Decision, decide};
use lifeline_core::event::Event;
use lifeline_core::finding::{Finding, Reason, Refusal, Severity};
use lifeline_core::hospital::{Hospital, Stamp};

use crate::check::{self, Broken};
use crate::report::{Fact, Report, Violation};
use crate::steps;
use crate::world::{Draft, World};

/// Commands between two recounts of everything.
const RECOUNT_EVERY: u64 = 1_000;
/// Commands between two rebuilds of the state from the facts.
const REPLAY_EVERY: u64 = 5_000;
/// Commands between two reports of progress.
const PROGRESS_EVERY: u64 = 1_000;
/// Facts shown with a violation.
const LAST_MOST: usize = 12;

pub(crate) struct History {
    seed: u64,
    step: u64,
    world: World,
    journal: Vec<(Stamp, Event)>,
    /// A fault put between the rules and the record, so that a test sees the invariants fail.
    #[cfg(test)]
    pub(crate) fault: Option<fn(&mut World, &mut Event)>,
    #[cfg(test)]
    examples: std::collections::BTreeMap<&'static str, lifeline_core::command::Command>,
}

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            step: 0,
            world: World::new(seed),
            journal: Vec::new(),
            #[cfg(test)]
            fault: None,
            #[cfg(test)]
            examples: std::collections::BTreeMap::new(),
        }
    }

    /// The hospital at the end, its clock, and an example of every command given.
    #[cfg(test)]
    pub(crate) fn examples(
        self,
    ) -> (
        Hospital,
        lifeline_core::Timestamp,
        std::collections::BTreeMap<&'static str, lifeline_core::command::Command>,
    ) {
        (self.world.hospital, self.world.at, self.examples)
    }

    pub(crate) fn run(
        &mut self,
        commands: u64,
        report: &mut Report,
        progress: &mut impl FnMut(u64),
    ) {
        let mut opening = steps::opening(&mut self.world, self.seed).into_iter();
        while self.step < commands {
            let draft = match opening.next() {
                Some(draft) => Some(draft),
                None => {
                    self.world.tick();
                    steps::next(&mut self.world)
                }
            };
            // Not every step finds something to do, but the first finds the opening.
            let Some(draft) = draft else { continue };
            if let Err((broken, draft)) = self.give(draft, report) {
                report.violation = Some(self.violation(broken, Some(&draft)));
                return;
            }
            if opening.len() == 0 && self.step == self.opening_ends() {
                self.world.learn_grants();
            }
            if let Err(broken) = self.now_and_then(commands, report) {
                report.violation = Some(self.violation(broken, None));
                return;
            }
            if report.commands.is_multiple_of(PROGRESS_EVERY) {
                progress(report.commands);
            }
        }
    }

    /// The step with which the opening ends.
    fn opening_ends(&self) -> u64 {
        1 + self.world.staff.len() as u64
    }

    /// Gives one command, and once more with reasons where only warnings stand against it.
    fn give(&mut self, draft: Draft, report: &mut Report) -> Result<(), (Broken, Box<Draft>)> {
        self.world.remember(&draft);
        #[cfg(test)]
        self.examples
            .insert(draft.command.name(), draft.command.clone());
        let refusal = self
            .decided(&draft, report)
            .map_err(|broken| (broken, Box::new(draft.clone())))?;
        let Some(refusal) = refusal else {
            return Ok(());
        };
        if draft.reasons.is_empty() && only_warnings(&refusal.findings) && !self.world.one_in(5) {
            let again = self.reasoned(draft, &refusal.findings);
            self.decided(&again, report)
                .map_err(|broken| (broken, Box::new(again)))?;
        }
        Ok(())
    }

    fn reasoned(&mut self, mut draft: Draft, findings: &[Finding]) -> Draft {
        draft.reasons = findings
            .iter()
            .map(|finding| Reason {
                rule: finding.rule,
                text: "病情需要，已商定".into(),
            })
            .collect();
        // Whoever holds the privilege gives the command, if they may give it at all.
        let privilege = findings
            .iter()
            .filter_map(|finding| finding.rule.overridden_by())
            .next_back();
        if let Some(able) = privilege.and_then(|privilege| self.world.someone(privilege))
            && draft.second.as_ref() != Some(&able)
        {
            draft.actor = able;
        }
        draft
    }

    fn decided(&mut self, draft: &Draft, report: &mut Report) -> Result<Option<Refusal>, Broken> {
        self.step += 1;
        report.commands += 1;
        let context = draft.context(self.world.at);
        let hospital = &self.world.hospital;
        let decision = guarded("decide", || decide(hospital, &draft.command, &context))?;
        report.count("no panic");
        if self.step.is_multiple_of(16) {
            let again: Decision = decide(hospital, &draft.command, &context);
            report.count("the same answer twice");
            if again != decision {
                return Err(Broken::new("the same answer twice", format!("{again:?}")));
            }
        }
        let count = report.by_command.entry(draft.command.name()).or_default();
        match decision {
            Ok(events) => {
                count.accepted += 1;
                report.accepted += 1;
                for event in events {
                    report.events += 1;
                    *report.by_event.entry(event.kind()).or_default() += 1;
                    self.carry(draft, event, report)?;
                }
                Ok(None)
            }
            Err(refusal) => {
                count.refused += 1;
                report.refused += 1;
                for finding in &refusal.findings {
                    *report.by_rule.entry(finding.rule.code()).or_default() += 1;
                }
                check::refusal(&refusal, report)?;
                // As the desk does: a refusal goes on record, and takes a number.
                self.carry(draft, draft.command.refused(&refusal), report)?;
                Ok(Some(refusal))
            }
        }
    }

    /// Carries one fact into the state and looks at everything it touched.
    fn carry(&mut self, draft: &Draft, event: Event, report: &mut Report) -> Result<(), Broken> {
        #[cfg(test)]
        let event = {
            let mut event = event;
            if let Some(fault) = self.fault {
                fault(&mut self.world, &mut event);
            }
            event
        };
        let stamp = Stamp {
            seq: self.world.hospital.seq + 1,
            at: self.world.at,
            by: draft.actor.clone(),
        };
        check::round_trip(&event, report)?;
        let before = self.world.hospital.clone();
        let hospital = &mut self.world.hospital;
        guarded("apply", || hospital.apply(&stamp, &event))?;
        self.world.note(draft.intent, &event);
        self.journal.push((stamp.clone(), event));
        let Some((_, event)) = self.journal.last() else {
            return Ok(());
        };
        check::event(&before, &self.world, &stamp, event, report)
    }

    fn now_and_then(&mut self, commands: u64, report: &mut Report) -> Result<(), Broken> {
        let ended = self.step >= commands;
        if self.step.is_multiple_of(RECOUNT_EVERY) || ended {
            check::recount(&self.world.hospital, report)?;
        }
        if self.step.is_multiple_of(REPLAY_EVERY) || ended {
            self.replay(report)?;
        }
        Ok(())
    }

    /// Rebuilds the state from the facts alone.
    fn replay(&self, report: &mut Report) -> Result<(), Broken> {
        let mut rebuilt = Hospital::default();
        for (stamp, event) in &self.journal {
            rebuilt.apply(stamp, event);
        }
        report.count("replay equals live");
        if rebuilt == self.world.hospital {
            Ok(())
        } else {
            Err(Broken::new(
                "replay equals live",
                format!("{} facts give another state", self.journal.len()),
            ))
        }
    }

    fn violation(&self, broken: Broken, draft: Option<&Draft>) -> Violation {
        let from = self.journal.len().saturating_sub(LAST_MOST);
        Violation {
            invariant: broken.invariant,
            found: broken.found,
            seed: self.seed,
            step: self.step,
            at: self.world.at,
            actor: draft.map_or(String::new(), |draft| draft.actor.as_str().into()),
            second: draft
                .and_then(|draft| draft.second.as_ref())
                .map(|second| second.as_str().into()),
            command: draft.and_then(|draft| serde_json::to_value(&draft.command).ok()),
            last: self
                .journal
                .iter()
                .skip(from)
                .map(|(stamp, event)| Fact::of(stamp, event))
                .collect(),
        }
    }
}

fn only_warnings(findings: &[Finding]) -> bool {
    findings
        .iter()
        .all(|finding| finding.severity == Severity::Warning)
}

/// A panic of the core is the gravest finding of all; it must not end the run without its context.
fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, Broken> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or_default();
        Broken::new("no panic", format!("{what} panicked: {text}"))
    })
}
