//! The year's evidence: what the department can show of its own quality for any period, computed from the state and never typed in,
//! and the award score that follows from a dated scoring sheet.
//!
//! Everything names the things it counts, so that a page can lead from each figure to its runs, rounds and journal entries.

mod controls;
mod governance;
mod rounds;
mod sheet;
#[cfg(test)]
mod tests;

pub use controls::{
    CaseFigures, CompatibilityItem, ControlFigures, Controls, ItemCoverage, WaiverFigures,
};
pub use governance::{
    ComparisonFigures, CompetenceState, DocumentFigures, Governance, NonconformityFigures,
    PersonCompetence, ReviewFigures,
};
pub use rounds::{ItemFigures, Participation, ProgrammeFigures, RoundFigures, Rounds};
pub(crate) use sheet::unsound;
pub use sheet::{
    Award, CRITERIA_MOST, Criterion, Measure, Scored, ScoredLine, ScoringSheet, Step, in_force,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::hospital::Hospital;

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How many are as they should be.
    pub part: u64,
    /// Of how many.
    pub whole: u64,
}

impl Share {
    /// Counts one more.
    pub(crate) fn count(&mut self, good: bool) {
        self.part += u64::from(good);
        self.whole += 1;
    }

    /// Hundredths of a per cent, rounded down so that nothing but all is 100 %. `None` of nothing.
    pub fn hundredths(self) -> Option<u64> {
        self.part.saturating_mul(10_000).checked_div(self.whole)
    }

    /// Whether there is something and all of it is as it should be.
    pub fn all(self) -> bool {
        self.whole > 0 && self.part == self.whole
    }
}

/// From when until when, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Period {
    /// Whether a moment lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What a period shows.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// The period.
    pub period: Period,
    /// The moment that states of things are judged at: the end of the period, or now where that is still to come.
    pub at: Timestamp,
    /// Internal quality control.
    pub controls: Controls,
    /// External assessment.
    pub rounds: Rounds,
    /// Documents, nonconformities, competence, comparisons, reviews.
    pub governance: Governance,
    /// The award score, or why there is none.
    pub score: Result<Scored, Finding>,
}

/// Computes the evidence of a period as it is known at a moment.
pub fn evidence(hospital: &Hospital, period: Period, now: Timestamp) -> Evidence {
    let at = period.until.min(now);
    let controls = controls::figures(hospital, period, at);
    let rounds = rounds::figures(hospital, period, at);
    let governance = governance::figures(hospital, period, at);
    let score =
        in_force(hospital, at).map(|sheet| sheet::score(sheet, &controls, &rounds, &governance));
    Evidence {
        period,
        at,
        controls,
        rounds,
        governance,
        score,
    }
}
