//! Internal quality control: the control plan, runs and their verdicts, what they cover, and what happens when one goes out.
//!
//! Nothing is released on a control that is missing, too old or out: [`findings_of_test`] and [`findings_of_crossmatch`] are part
//! of every release and of the issue gate, and deny unless every covering control has an accepted run.

pub mod case;
pub mod change;
mod cover;
mod coverage;
mod establish;
mod event;
mod figures;
mod judge;
mod measure;
#[cfg(test)]
mod measured_tests;
mod plan;
mod run;
mod target;
#[cfg(test)]
mod tests;
mod waive;

pub use case::{CloseCase, CorrectCase, DecideAffected};
pub use change::RecordChange;
pub use cover::{
    Cover, CoverState, Lacking, Standing, findings_of_crossmatch, findings_of_measurement,
    findings_of_test, state_of, test_cover,
};
pub(crate) use cover::{findings, serological_cover};
pub use coverage::{CoverageLine, DueLine, Light, coverage, due_lines, light_at};
pub use establish::{AdoptTarget, Counted, Proposal, counted, counts, proposal};
pub use event::{QualityEvent, apply};
pub use figures::{MonthLine, month};
pub use judge::{drift, score};
pub use measure::Verdicts;
pub use plan::{
    CONTROLS_MOST, Control, ExpectedWell, GradedLevel, Item, LEVELS_MOST, Made, Measured,
    MeasuredLevel, PlaceRule, Reads, Validity, control, plan, shifts,
};
pub(crate) use plan::{shift, unsound};
pub(crate) use run::recorded;
pub use run::{LOTS_MOST, Level, RecordControlRun, RunDraft, prepare};
pub use target::{Basis, SetTarget};
pub use waive::{AnnotateRun, WaiveControl};

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use lifeline_qc::{Decimal, Limits};
use serde::{Deserialize, Serialize};

use crate::blood::Grade;
use crate::hospital::Stamp;
use crate::id::{
    CaseId, ControlCode, CrossmatchId, DeviceId, LotId, MeasurementId, RunId, TestId, UserId,
};
use crate::subject::Subject;
use crate::testing::{Origin, Reading, Well};

/// Where tests and controls are made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// By hand, at the bench.
    Bench,
    /// On a machine.
    Device(DeviceId),
}

impl Place {
    /// Where a reading was made.
    pub fn of(origin: &Origin) -> Self {
        match origin {
            Origin::Bench => Self::Bench,
            Origin::Device { device, .. } => Self::Device(device.clone()),
        }
    }

    /// The machine, as a subject of the journal.
    pub fn device(&self) -> Option<Subject> {
        match self {
            Self::Bench => None,
            Self::Device(device) => Some(device.clone().into()),
        }
    }
}

impl std::fmt::Display for Place {
    /// `bench`, or the machine's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bench => f.write_str("bench"),
            Self::Device(device) => device.fmt(f),
        }
    }
}

/// What a level of a run showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Reactions by well.
    Graded(Vec<Reading>),
    /// A number, exactly as read.
    Measured(Decimal),
}

/// The verdict on one level of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// In control.
    Accepted,
    /// In control, but something is worth looking at.
    Warning,
    /// One of the first values of a new material: it helps to set a target and covers nothing.
    Establishing,
    /// Out of control.
    Rejected,
}

impl Verdict {
    /// The word in message keys and on the charts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Warning => "warning",
            Self::Establishing => "establishing",
            Self::Rejected => "rejected",
        }
    }

    /// Whether the level covers results.
    pub fn covers(self) -> bool {
        matches!(self, Self::Accepted | Self::Warning)
    }
}

/// Why a level got its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// A well is not what it should be.
    Well {
        /// Which.
        well: Well,
        /// What it should show.
        expected: Grade,
        /// Steps it may differ.
        within: u8,
        /// What it showed.
        got: Grade,
    },
    /// The wells together do not say what they should.
    Interpretation {
        /// What they should say, in symbols.
        expected: String,
        /// What they say.
        got: String,
    },
    /// A well was weaker than its target again and again.
    Drift {
        /// Which.
        well: Well,
        /// In how many runs in a row, this one included.
        runs: u32,
    },
    /// A rule of the profile.
    Rule {
        /// Its name: `1-3s`.
        rule: String,
        /// `within_material`, `across_materials`, `run`.
        scope: String,
        /// The points of the window, oldest first: run, level, z as shown.
        points: Vec<(RunId, ControlCode, String)>,
    },
    /// The instant method, before there are limits.
    Instant {
        /// How many values.
        values: u32,
        /// The larger of the two indices, in display digits.
        index: String,
        /// The limit it passed.
        limit: String,
    },
}

/// One level of a run, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedLevel {
    /// Which.
    pub level: ControlCode,
    /// The lot of control material.
    pub material: LotId,
    /// What it showed.
    pub shown: Shown,
    /// The limits it was judged by.
    pub limits: Option<Limits>,
    /// z to two digits, for display.
    pub z: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub because: Vec<Because>,
}

/// A run of a control. Never changed after; a repeat is a run of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlRun {
    /// Number.
    pub id: RunId,
    /// Which control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// Reagents, cells and cards used: what the run covers.
    pub lots: BTreeSet<LotId>,
    /// Its levels.
    pub levels: Vec<JudgedLevel>,
    /// When it was read.
    pub ran: Timestamp,
    /// From where.
    pub origin: Origin,
    /// Which run it repeats, and why.
    pub repeat: Option<(RunId, String)>,
    /// Which rule profile judged it, and the date of the policy entry it is from.
    pub profile: Option<(String, Timestamp)>,
    /// The out-of-control case it opened or belongs to.
    pub case: Option<CaseId>,
    /// Remarks made later, with who and when.
    pub notes: Vec<(Option<ControlCode>, String, Stamp)>,
    /// Who recorded it.
    pub recorded: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl ControlRun {
    /// The worst verdict of its levels.
    pub fn verdict(&self) -> Verdict {
        self.levels
            .iter()
            .map(|level| level.verdict)
            .max()
            .unwrap_or(Verdict::Establishing)
    }

    /// One level.
    pub fn level(&self, code: &ControlCode) -> Option<&JudgedLevel> {
        self.levels.iter().find(|level| level.level == *code)
    }
}

/// A result that may have been made under a control that was out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affected {
    /// A test.
    Test(TestId),
    /// A crossmatch.
    Crossmatch(CrossmatchId),
    /// A measured result.
    Measured(MeasurementId),
}

impl Affected {
    /// As a subject of the journal.
    pub fn subject(self) -> Subject {
        match self {
            Self::Test(test) => test.into(),
            Self::Crossmatch(crossmatch) => crossmatch.into(),
            Self::Measured(measurement) => measurement.into(),
        }
    }
}

/// What was decided about an affected result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It stands: the fault could not touch it, or it was tested again and agrees.
    Stands,
    /// It is void and is tested again.
    Void,
}

impl Ruling {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Void => "void",
        }
    }
}

/// A control that went out, until another person closes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Number.
    pub id: CaseId,
    /// The runs, the one that went out first, then its repeats.
    pub runs: Vec<RunId>,
    /// Which control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// The lots that were in it.
    pub lots: BTreeSet<LotId>,
    /// The levels that went out.
    pub levels: BTreeSet<ControlCode>,
    /// The last accepted run before, by its time; `None` when there was none.
    pub since: Option<Timestamp>,
    /// Every result since then, with what was decided: the ruling, why, by whom.
    pub affected: OrdMap<Affected, Option<(Ruling, String, Stamp)>>,
    /// Cause (a word of `quality.causes`), action, by whom; the newest last.
    pub corrections: Vec<(String, String, Stamp)>,
    /// Who closed it, and the note.
    pub closed: Option<(String, Stamp)>,
    /// When it opened.
    pub opened: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Case {
    /// Results nobody has decided about.
    pub fn undecided(&self) -> impl Iterator<Item = Affected> + '_ {
        self.affected
            .iter()
            .filter(|(_, ruling)| ruling.is_none())
            .map(|(result, _)| *result)
    }
}

/// Target and limits of one level in one lot of material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Mean and SD, in the control's unit.
    pub limits: Limits,
    /// From what.
    pub basis: Basis,
    /// Over how many values.
    pub values: u32,
    /// Why.
    pub reason: String,
    /// Who set it, in force from then.
    pub set: Stamp,
}

/// What a run left at one cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A run with this verdict.
    Run(RunId, Verdict),
    /// A waiver, until then, signed by two.
    Waived {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
        /// Who.
        by: UserId,
        /// The second person.
        second: UserId,
    },
}

impl Mark {
    /// Whether it is a run without limits yet: it says nothing for or against a cover, and leaves it as it was.
    pub(crate) fn says_nothing(&self) -> bool {
        matches!(self, Self::Run(_, Verdict::Establishing))
    }
}

/// What something that changed was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// A bench or machine: calibrated, maintained, repaired, put back into service.
    Place(Place),
    /// A lot: unblocked.
    Lot(LotId),
    /// New limits of a material's level.
    Material(LotId, ControlCode),
}

/// All controls.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quality {
    pub(crate) runs: OrdMap<RunId, Arc<ControlRun>>,
    /// Runs by control and place in the order of their time.
    pub(crate) by_stream: OrdSet<(ControlCode, Place, Timestamp, RunId)>,
    /// What every run and waiver left at every cover, by time; the number is the journal entry.
    pub(crate) marks: OrdMap<(Cover, Timestamp, u64), Arc<Mark>>,
    /// When something changed after which a control must be run anew, and what was done.
    pub(crate) changes: OrdMap<(Changed, Timestamp), String>,
    pub(crate) cases: OrdMap<CaseId, Arc<Case>>,
    pub(crate) open: OrdSet<CaseId>,
    /// Results that wait for a decision, by the case.
    pub(crate) held: OrdSet<(Affected, CaseId)>,
    /// Targets by material lot and level, oldest first.
    pub(crate) targets: OrdMap<(ControlCode, LotId, ControlCode), Vec<Target>>,
}

impl Quality {
    /// One run.
    pub fn run(&self, id: RunId) -> Option<&Arc<ControlRun>> {
        self.runs.get(&id)
    }

    /// Every run, in the order in which they were recorded.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &Arc<ControlRun>> {
        self.runs.values()
    }

    /// The runs of a control in a place, in the order in which they were read.
    pub fn stream(
        &self,
        control: &ControlCode,
        place: &Place,
    ) -> impl DoubleEndedIterator<Item = &Arc<ControlRun>> {
        self.stream_since(control, place, Timestamp::MIN)
    }

    /// The runs of a control in a place that were read at a moment or later, in the order in which they were read.
    pub fn stream_since(
        &self,
        control: &ControlCode,
        place: &Place,
        from: Timestamp,
    ) -> impl DoubleEndedIterator<Item = &Arc<ControlRun>> {
        let from = (control.clone(), place.clone(), from, RunId(0));
        let to = (
            control.clone(),
            place.clone(),
            Timestamp::MAX,
            RunId(u64::MAX),
        );
        self.by_stream
            .range(from..=to)
            .filter_map(|(_, _, _, id)| self.runs.get(id))
    }

    /// One case.
    pub fn case(&self, id: CaseId) -> Option<&Arc<Case>> {
        self.cases.get(&id)
    }

    /// Every case, oldest first.
    pub fn cases(&self) -> impl DoubleEndedIterator<Item = &Arc<Case>> {
        self.cases.values()
    }

    /// Cases nobody has closed, oldest first.
    pub fn open_cases(&self) -> impl DoubleEndedIterator<Item = &Arc<Case>> {
        self.open.iter().filter_map(|id| self.cases.get(id))
    }

    /// The case a result waits for, if any.
    pub fn held(&self, result: Affected) -> Option<CaseId> {
        self.held
            .range((result, CaseId(0))..=(result, CaseId(u64::MAX)))
            .next()
            .map(|(_, case)| *case)
    }

    /// The targets of a material's level that were ever set, oldest first.
    pub fn targets(
        &self,
        control: &ControlCode,
        material: &LotId,
        level: &ControlCode,
    ) -> &[Target] {
        self.targets
            .get(&(control.clone(), material.clone(), level.clone()))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The target in force at a moment.
    pub fn target(
        &self,
        control: &ControlCode,
        material: &LotId,
        level: &ControlCode,
        at: Timestamp,
    ) -> Option<&Target> {
        self.targets(control, material, level)
            .iter()
            .rev()
            .find(|target| target.set.at <= at)
    }

    /// The newest change of a thing in `(after, until]`.
    pub(crate) fn changed(
        &self,
        what: &Changed,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        if after >= until {
            return None;
        }
        self.changes
            .range((what.clone(), after)..=(what.clone(), until))
            .next_back()
            .map(|((_, at), _)| *at)
            .filter(|at| *at > after)
    }
}
