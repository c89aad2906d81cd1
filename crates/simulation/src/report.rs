use std::collections::BTreeMap;

use lifeline_core::Timestamp;
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Stamp;
use serde::Serialize;

/// What became of the commands of one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Became facts.
    pub accepted: u64,
    /// Refused, with findings.
    pub refused: u64,
}

/// The first invariant that was broken, with what is needed to see it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What was found instead.
    pub found: String,
    /// The seed of the one history it happened in: run that seed alone to see it again.
    pub seed: u64,
    /// The command's number in that history, from 1: as many commands lead to it.
    pub step: u64,
    /// When, in the simulated hospital.
    pub at: Timestamp,
    /// Who gave the command.
    pub actor: String,
    /// Who signed as second person.
    pub second: Option<String>,
    /// The command as in the API; `None` when a recount between commands found it.
    pub command: Option<serde_json::Value>,
    /// The last facts, oldest first, the facts of the command among them.
    pub last: Vec<Fact>,
}

/// A fact as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The fact.
    pub event: serde_json::Value,
}

impl Fact {
    pub(crate) fn of(stamp: &Stamp, event: &Event) -> Self {
        Self {
            seq: stamp.seq,
            at: stamp.at,
            by: stamp.by.as_str().into(),
            event: serde_json::to_value(event).unwrap_or_default(),
        }
    }
}

/// What a run did and what it checked. The same seed and number of commands give the same report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed of the first history; each further one takes the next number.
    pub seed: u64,
    /// Histories begun, each from an empty hospital.
    pub histories: u64,
    /// Commands decided.
    pub commands: u64,
    /// Commands that became facts.
    pub accepted: u64,
    /// Commands refused.
    pub refused: u64,
    /// Facts carried into the state, refusals on record not counted.
    pub events: u64,
    /// By the command's name; every name is there, also with nothing but zeros.
    pub by_command: BTreeMap<&'static str, Count>,
    /// By the kind of fact.
    pub by_event: BTreeMap<&'static str, u64>,
    /// How often each rule was found broken.
    pub by_rule: BTreeMap<&'static str, u64>,
    /// How often each invariant was looked at.
    pub checks: BTreeMap<&'static str, u64>,
    /// Names of commands that were never accepted. In a long run none: a gap in the generator or in the rules.
    pub never_accepted: Vec<&'static str>,
    /// The first broken invariant; `None` is what we want to see.
    pub violation: Option<Violation>,
}

impl Report {
    pub(crate) fn new(seed: u64) -> Self {
        let by_command = Command::NAMES.iter().map(|name| (*name, Count::default()));
        Self {
            seed,
            histories: 0,
            commands: 0,
            accepted: 0,
            refused: 0,
            events: 0,
            by_command: by_command.collect(),
            by_event: BTreeMap::new(),
            by_rule: BTreeMap::new(),
            checks: BTreeMap::new(),
            never_accepted: Vec::new(),
            violation: None,
        }
    }

    pub(crate) fn count(&mut self, invariant: &'static str) {
        *self.checks.entry(invariant).or_default() += 1;
    }

    pub(crate) fn finish(&mut self) {
        self.never_accepted = self
            .by_command
            .iter()
            .filter(|(_, count)| count.accepted == 0)
            .map(|(name, _)| *name)
            .collect();
    }
}
