//! Seeded histories of whole hospitals against the invariants.
//!
//! A run is a row of histories. Each begins with an empty hospital, sets it up, and then lets many people do everything the
//! program knows to do: right and wrong, twice, too late, by people who may not, on clocks that jump. After every command the
//! invariants are looked at, with the simulation's own knowledge of what everybody's blood really is; every now and then
//! everything is counted anew and the state is rebuilt from the facts. The same seed gives the same run.

mod check;
mod history;
mod report;
mod steps;
mod world;

pub use report::{Count, Fact, Report, Violation};

use history::History;

/// Commands in one history. Long enough for units, patients and requests to live their whole lives, short enough to count
/// everything anew often.
pub const HISTORY_COMMANDS: u64 = 20_000;

/// Runs histories until `commands` commands were decided or an invariant broke. `progress` hears how many were decided, every
/// now and then.
///
/// The first history takes `seed`, the next `seed + 1` and so on, so that any of them can be run alone.
pub fn run(seed: u64, commands: u64, mut progress: impl FnMut(u64)) -> Report {
    let mut report = Report::new(seed);
    while report.commands < commands && report.violation.is_none() {
        let most = (commands - report.commands).min(HISTORY_COMMANDS);
        let history_seed = seed.wrapping_add(report.histories);
        report.histories += 1;
        History::new(history_seed).run(most, &mut report, &mut progress);
    }
    report.finish();
    report
}

/// One history and, of every command given in it, the last example: what a test of all commands tries them with.
#[cfg(test)]
pub(crate) fn examples(
    seed: u64,
    commands: u64,
) -> (
    lifeline_core::hospital::Hospital,
    lifeline_core::Timestamp,
    std::collections::BTreeMap<&'static str, lifeline_core::command::Command>,
) {
    let mut report = Report::new(seed);
    let mut history = History::new(seed);
    history.run(commands, &mut report, &mut |_| {});
    history.examples()
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod tests;
