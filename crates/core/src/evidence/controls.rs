use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Period, Share};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{CaseId, ControlCode, RunId, UserId};
use crate::policy::Key;
use crate::quality::{Affected, Cover, CoverState, Mark, Place, Verdict, coverage};
use crate::testing::{TestKind, Well};

/// Results named beside a figure; the counts are of all.
const NAMED_MOST: usize = 50;

/// What compatibility testing consists of, as the national indicator counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompatibilityItem {
    /// ABO of the cells.
    AboForward,
    /// ABO of the plasma.
    AboReverse,
    /// RhD.
    Rhd,
    /// Antibody screen.
    Screen,
    /// Serological crossmatch.
    Crossmatch,
    /// Direct antiglobulin test.
    Dat,
}

impl CompatibilityItem {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AboForward,
        Self::AboReverse,
        Self::Rhd,
        Self::Screen,
        Self::Crossmatch,
        Self::Dat,
    ];

    /// The word in the policy `evidence.items` and in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AboForward => "abo-forward",
            Self::AboReverse => "abo-reverse",
            Self::Rhd => "rhd",
            Self::Screen => "screen",
            Self::Crossmatch => "crossmatch",
            Self::Dat => "dat",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.as_str() == text)
    }

    /// What a well takes part in.
    fn of(kind: TestKind, well: Well) -> Option<Self> {
        match (kind, well) {
            (TestKind::Screen, _) => Some(Self::Screen),
            (TestKind::Dat, _) => Some(Self::Dat),
            (_, Well::AntiA | Well::AntiB | Well::AntiAB) => Some(Self::AboForward),
            (_, Well::A1Cells | Well::A2Cells | Well::BCells | Well::OCells) => {
                Some(Self::AboReverse)
            }
            (_, Well::AntiD | Well::AntiD2 | Well::WeakD) => Some(Self::Rhd),
            _ => None,
        }
    }

    /// The items a result answers.
    fn answered(hospital: &Hospital, result: Affected) -> BTreeSet<Self> {
        match result {
            Affected::Crossmatch(_) => BTreeSet::from([Self::Crossmatch]),
            // The national indicator is of compatibility testing.
            Affected::Measured(_) => BTreeSet::new(),
            Affected::Test(id) => hospital
                .tests
                .get(id)
                .and_then(|test| Some((test.kind, test.latest()?)))
                .into_iter()
                .flat_map(|(kind, version)| {
                    let wells = version.readings.iter();
                    wells.filter_map(move |reading| Self::of(kind, reading.well))
                })
                .collect(),
        }
    }
}

/// The controls behind the released results of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemCoverage {
    /// Which.
    pub item: CompatibilityItem,
    /// Whether the national indicator counts it (policy `evidence.items`).
    pub counted: bool,
    /// Released results of which every covering control stood.
    pub covered: Share,
    /// Of the covered ones, those a waiver of two people stood in for.
    pub waived: u64,
    /// Released results that were not covered; the first of them.
    pub bare: Vec<Affected>,
}

/// The runs of one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlFigures {
    /// Which.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// Runs read in the period, repeats among them.
    pub runs: u64,
    /// Levels in control (with or without a warning) of all levels judged; first values of a material are not judged.
    pub in_control: Share,
    /// Levels with a warning.
    pub warnings: u64,
    /// Levels that only help to set a target.
    pub establishing: u64,
    /// Runs that went out, oldest first; the first of them.
    pub rejected: Vec<RunId>,
    /// How many went out.
    pub rejected_count: u64,
}

/// A control that went out and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseFigures {
    /// Which.
    pub case: CaseId,
    /// The control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// The run that went out, then its repeats.
    pub runs: Vec<RunId>,
    /// When it went out.
    pub opened: Timestamp,
    /// When another person closed it, if that was by the end of the period.
    pub closed: Option<Timestamp>,
    /// Minutes from the one to the other.
    pub minutes: Option<i64>,
    /// The last cause given, a word of `quality.causes`.
    pub cause: Option<String>,
    /// Results that may have been touched.
    pub affected: u64,
    /// Those nobody has decided about.
    pub undecided: u64,
}

/// A waiver of two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaiverFigures {
    /// What it stood in for.
    pub cover: Cover,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: UserId,
    /// And whom.
    pub second: UserId,
    /// The journal entry.
    pub entry: u64,
}

/// Internal quality control over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Controls {
    /// By item.
    pub items: Vec<ItemCoverage>,
    /// Released results that were covered.
    pub results: Share,
    /// Results read in the period and not released.
    pub waiting: u64,
    /// National indicator 4: items of which every released result stood on its controls, of the items performed.
    pub indicator: Share,
    /// Items the indicator counts that were not performed in the period.
    pub not_performed: Vec<CompatibilityItem>,
    /// By control and place.
    pub controls: Vec<ControlFigures>,
    /// All levels of all runs.
    pub in_control: Share,
    /// Controls that went out in the period, oldest first.
    pub cases: Vec<CaseFigures>,
    /// Of them, those closed.
    pub closed: Share,
    /// The middle of the minutes to closing.
    pub minutes_median: Option<i64>,
    /// Waivers that began in the period, oldest first.
    pub waivers: Vec<WaiverFigures>,
    /// Why nobody can say which items indicator 4 counts.
    pub trouble: Option<Finding>,
}

impl Controls {
    /// Cases that are closed and were so within so many hours, of all cases.
    pub fn closed_within(&self, hours: u32) -> Share {
        let mut share = Share::default();
        for case in &self.cases {
            let soon = case
                .minutes
                .is_some_and(|minutes| minutes <= i64::from(hours) * 60);
            share.count(soon);
        }
        share
    }
}

/// The items the national indicator counts.
fn counted(hospital: &Hospital, at: Timestamp) -> Result<BTreeSet<CompatibilityItem>, Finding> {
    let words = hospital.policies.words(Key::EvidenceItems, at)?;
    Ok(words
        .iter()
        .filter_map(|word| CompatibilityItem::parse(word))
        .collect())
}

pub(super) fn figures(hospital: &Hospital, period: Period, at: Timestamp) -> Controls {
    let (counts, trouble) = match counted(hospital, at) {
        Ok(counts) => (counts, None),
        Err(finding) => (BTreeSet::new(), Some(finding)),
    };
    let mut items: BTreeMap<CompatibilityItem, ItemCoverage> = BTreeMap::new();
    let (mut results, mut waiting) = (Share::default(), 0);
    for line in coverage(hospital, period.from, period.until) {
        if !line.released {
            waiting += 1;
            continue;
        }
        let covered = line.covered();
        let waived = covered
            && line.covers.as_ref().is_ok_and(|covers| {
                let mut covers = covers.iter();
                covers.any(|standing| matches!(standing.state, CoverState::Waived { .. }))
            });
        results.count(covered);
        for item in CompatibilityItem::answered(hospital, line.result) {
            let entry = items.entry(item).or_insert_with(|| ItemCoverage {
                item,
                counted: counts.contains(&item),
                covered: Share::default(),
                waived: 0,
                bare: Vec::new(),
            });
            entry.covered.count(covered);
            entry.waived += u64::from(waived);
            if !covered && entry.bare.len() < NAMED_MOST {
                entry.bare.push(line.result);
            }
        }
    }
    let mut indicator = Share::default();
    for item in items.values().filter(|item| item.counted) {
        indicator.count(item.covered.all());
    }
    let not_performed = counts
        .into_iter()
        .filter(|item| !items.contains_key(item))
        .collect();
    let controls = runs(hospital, period);
    let mut in_control = Share::default();
    for control in &controls {
        in_control.part += control.in_control.part;
        in_control.whole += control.in_control.whole;
    }
    let cases = cases(hospital, period, at);
    let mut closed = Share::default();
    let mut minutes: Vec<i64> = Vec::new();
    for case in &cases {
        closed.count(case.closed.is_some());
        minutes.extend(case.minutes);
    }
    minutes.sort_unstable();
    Controls {
        items: items.into_values().collect(),
        results,
        waiting,
        indicator,
        not_performed,
        controls,
        in_control,
        closed,
        minutes_median: super::governance::middle(&minutes),
        cases,
        waivers: waivers(hospital, period),
        trouble,
    }
}

fn runs(hospital: &Hospital, period: Period) -> Vec<ControlFigures> {
    let mut controls: BTreeMap<(ControlCode, Place), ControlFigures> = BTreeMap::new();
    for run in hospital.quality.runs().filter(|run| period.holds(run.ran)) {
        let entry = controls
            .entry((run.control.clone(), run.place.clone()))
            .or_insert_with(|| ControlFigures {
                control: run.control.clone(),
                place: run.place.clone(),
                runs: 0,
                in_control: Share::default(),
                warnings: 0,
                establishing: 0,
                rejected: Vec::new(),
                rejected_count: 0,
            });
        entry.runs += 1;
        for level in &run.levels {
            match level.verdict {
                Verdict::Establishing => entry.establishing += 1,
                verdict => entry.in_control.count(verdict.covers()),
            }
            entry.warnings += u64::from(level.verdict == Verdict::Warning);
        }
        if run.verdict() == Verdict::Rejected {
            entry.rejected_count += 1;
            if entry.rejected.len() < NAMED_MOST {
                entry.rejected.push(run.id);
            }
        }
    }
    controls.into_values().collect()
}

fn cases(hospital: &Hospital, period: Period, at: Timestamp) -> Vec<CaseFigures> {
    hospital
        .quality
        .cases()
        .filter(|case| period.holds(case.opened.at))
        .map(|case| {
            let closed = case
                .closed
                .as_ref()
                .map(|(_, stamp)| stamp.at)
                .filter(|closed| *closed <= at);
            let minutes = closed.map(|closed| whole_minutes(closed.duration_since(case.opened.at)));
            CaseFigures {
                case: case.id,
                control: case.control.clone(),
                place: case.place.clone(),
                runs: case.runs.clone(),
                opened: case.opened.at,
                closed,
                minutes,
                cause: case.corrections.last().map(|(cause, _, _)| cause.clone()),
                affected: case.affected.len() as u64,
                undecided: case.undecided().count() as u64,
            }
        })
        .collect()
}

/// Minutes begun.
fn whole_minutes(span: SignedDuration) -> i64 {
    let seconds = span.as_secs().max(0);
    seconds / 60 + i64::from(seconds % 60 != 0)
}

fn waivers(hospital: &Hospital, period: Period) -> Vec<WaiverFigures> {
    let mut waivers: Vec<WaiverFigures> = hospital
        .quality
        .marks
        .iter()
        .filter(|((_, from, _), _)| period.holds(*from))
        .filter_map(|((cover, from, entry), mark)| match &**mark {
            Mark::Run(..) => None,
            Mark::Waived {
                until,
                reason,
                by,
                second,
            } => Some(WaiverFigures {
                cover: cover.clone(),
                from: *from,
                until: *until,
                reason: reason.clone(),
                by: by.clone(),
                second: second.clone(),
                entry: *entry,
            }),
        })
        .collect();
    waivers.sort_by_key(|waiver| (waiver.from, waiver.entry));
    waivers
}
