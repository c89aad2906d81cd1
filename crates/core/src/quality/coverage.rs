//! What is due now, and the proof for any day: computed from the plan and the work, never typed in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::cover::{crossmatch_cover, measured_cover, test_cover};
use super::{
    Affected, Control, ControlRun, Cover, CoverState, Lacking, Mark, Place, Standing, Verdict,
    plan, state_of,
};
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId};
use crate::measured::assay;
use crate::testing::TestState;

/// Where a control in a place stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Out of control.
    Out,
    /// Must be run before anything is released.
    Due,
    /// Begun: some levels stand, the others are still to come.
    Running,
    /// In its first values, without limits.
    Establishing,
    /// Waived by two people.
    Waived,
    /// In control with a warning.
    Warning,
    /// In control.
    InControl,
}

impl Light {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Due => "due",
            Self::Running => "running",
            Self::Establishing => "establishing",
            Self::Waived => "waived",
            Self::Warning => "warning",
            Self::InControl => "in-control",
        }
    }

    fn of(state: &CoverState) -> Self {
        match state {
            CoverState::Run {
                verdict: Verdict::Warning,
                ..
            } => Self::Warning,
            CoverState::Run { .. } => Self::InControl,
            CoverState::Waived { .. } => Self::Waived,
            CoverState::Lacking(Lacking::Out(_)) => Self::Out,
            CoverState::Lacking(Lacking::Establishing(_)) => Self::Establishing,
            CoverState::Lacking(_) => Self::Due,
        }
    }
}

/// One control in one place, as it stands now.
#[derive(Debug, Clone)]
pub struct DueLine<'a> {
    /// The control.
    pub control: &'a Control,
    /// Where.
    pub place: Place,
    /// The lots it is run with: those of the last run that may still be used, and those of results since.
    pub lots: BTreeSet<LotId>,
    /// The worst of its covers.
    pub light: Light,
    /// Until when it covers; none when it does not, or as long as nothing changes.
    pub until: Option<Timestamp>,
    /// Why it is due, as a key of the message files.
    pub why: Option<&'static str>,
    /// The newest run.
    pub last: Option<&'a ControlRun>,
    /// The waiver that some of it rests on.
    pub waiver: Option<Arc<Mark>>,
}

/// Every control in every place, worst first within the order of the plan.
pub fn due_lines(hospital: &Hospital, at: Timestamp) -> Vec<DueLine<'_>> {
    let Ok(controls) = plan(hospital, at) else {
        return Vec::new();
    };
    let recent = in_use(hospital, at);
    let mut lines = Vec::new();
    for control in controls {
        for place in control.place.places(hospital) {
            lines.push(line(hospital, control, place, &recent, at));
        }
    }
    lines
}

/// Lots of results lately, by place and test, and those of measured results by place and control.
#[derive(Default)]
struct InUse {
    tests: BTreeMap<(Place, super::Item), BTreeSet<LotId>>,
    measured: BTreeMap<(Place, ControlCode), BTreeSet<LotId>>,
}

/// How far back results say which lots are in use, and how many are looked at.
const USED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
const USED_MOST: usize = 2_000;

fn in_use(hospital: &Hospital, at: Timestamp) -> InUse {
    let mut found = InUse::default();
    for test in hospital.tests.iter().rev().take(USED_MOST) {
        let Some(version) = test.latest() else {
            continue;
        };
        if at.duration_since(version.read) > USED_WITHIN {
            break;
        }
        if test.state != TestState::Invalidated {
            found
                .tests
                .entry((Place::of(&version.origin), super::Item::Test(test.kind)))
                .or_default()
                .extend(version.lots.iter().cloned());
        }
    }
    for crossmatch in hospital.crossmatches.iter().rev().take(USED_MOST) {
        if at.duration_since(crossmatch.recorded.at) > USED_WITHIN {
            break;
        }
        if let crate::crossmatch::Proof::Serological { lots, origin, .. } = &crossmatch.proof {
            found
                .tests
                .entry((Place::of(origin), super::Item::Crossmatch))
                .or_default()
                .extend(lots.iter().cloned());
        }
    }
    for one in hospital.measurements.iter().rev().take(USED_MOST) {
        let Some(work) = one.latest().map(|version| &version.work) else {
            continue;
        };
        if at.duration_since(work.read) > USED_WITHIN {
            break;
        }
        let Ok(assay) = assay(hospital, one.assay.as_str(), work.read) else {
            continue;
        };
        for control in assay
            .controls
            .iter()
            .filter(|_| one.state != TestState::Invalidated)
        {
            found
                .measured
                .entry((Place::of(&work.origin), control.clone()))
                .or_default()
                .extend(work.lots.iter().cloned());
        }
    }
    found
}

fn line<'a>(
    hospital: &'a Hospital,
    control: &'a Control,
    place: Place,
    recent: &InUse,
    at: Timestamp,
) -> DueLine<'a> {
    let last = hospital
        .quality
        .stream(&control.code, &place)
        .next_back()
        .map(|run| &**run);
    let used = control
        .tests
        .iter()
        .filter_map(|item| recent.tests.get(&(place.clone(), *item)))
        .chain(recent.measured.get(&(place.clone(), control.code.clone())))
        .flatten();
    let lots: BTreeSet<LotId> = last
        .into_iter()
        .flat_map(|run| &run.lots)
        .chain(used)
        .filter(|lot| hospital.lots.get(*lot).is_some_and(|lot| lot.usable(at)))
        .cloned()
        .collect();
    let Standings {
        light,
        until,
        why,
        waiver,
    } = standings(hospital, control, &place, &lots, at);
    DueLine {
        control,
        place,
        lots,
        light,
        until,
        why,
        last,
        waiver,
    }
}

struct Standings {
    light: Light,
    until: Option<Timestamp>,
    why: Option<&'static str>,
    waiver: Option<Arc<Mark>>,
}

/// Where a control with these lots stands for something read at a moment, which may also lie ahead: as things are known now.
pub fn light_at(
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    lots: &BTreeSet<LotId>,
    at: Timestamp,
) -> Light {
    standings(hospital, control, place, lots, at).light
}

fn standings(
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    lots: &BTreeSet<LotId>,
    at: Timestamp,
) -> Standings {
    let mut light = Light::InControl;
    let mut until: Option<Timestamp> = None;
    let mut why = None;
    let mut waiver = None;
    let mut begun = false;
    for lot in super::case::of_lots(lots) {
        let (mut stand, mut lack) = (false, false);
        for level in control.levels() {
            let cover = Cover {
                control: control.code.clone(),
                place: place.clone(),
                lot: lot.clone(),
                level: level.clone(),
            };
            let state = state_of(hospital, control, &cover, at);
            let now = Light::of(&state);
            match &state {
                CoverState::Run {
                    until: Some(end), ..
                }
                | CoverState::Waived { until: end, .. } => {
                    until = Some(until.map_or(*end, |known| known.min(*end)));
                }
                CoverState::Lacking(lacking) if now <= light => why = Some(lacking.word()),
                _ => {}
            }
            if let CoverState::Waived { signed, .. } = &state {
                waiver = Some(signed.clone());
            }
            stand |= matches!(state, CoverState::Run { .. });
            lack |= now == Light::Due;
            light = light.min(now);
        }
        begun |= stand && lack;
    }
    if light == Light::Due && begun {
        light = Light::Running;
    }
    Standings {
        light,
        until: if light >= Light::Waived { until } else { None },
        why,
        waiver,
    }
}

/// One result of a day with what covered it.
#[derive(Debug, Clone)]
pub struct CoverageLine {
    /// The result.
    pub result: Affected,
    /// When it was read.
    pub read: Timestamp,
    /// Whether it is released.
    pub released: bool,
    /// Every cover it needs and where it stood; the finding where the plan holds none.
    pub covers: Result<Vec<Standing>, crate::finding::Finding>,
}

impl CoverageLine {
    /// Whether every cover stood.
    pub fn covered(&self) -> bool {
        self.covers.as_ref().is_ok_and(|covers| {
            covers
                .iter()
                .all(|standing| !matches!(standing.state, CoverState::Lacking(_)))
        })
    }
}

/// Every result read in `[from, until)` with its covers, oldest first: the proof of a day.
pub fn coverage(hospital: &Hospital, from: Timestamp, until: Timestamp) -> Vec<CoverageLine> {
    let during = |read: Timestamp| from <= read && read < until;
    let tests = hospital.tests.iter().filter_map(|test| {
        let version = test.latest()?;
        (test.state != TestState::Invalidated && during(version.read)).then(|| CoverageLine {
            result: Affected::Test(test.id),
            read: version.read,
            released: test.state == TestState::Verified,
            covers: test_cover(hospital, test),
        })
    });
    let crossmatches = hospital.crossmatches.iter().filter_map(|found| {
        let serological = matches!(found.proof, crate::crossmatch::Proof::Serological { .. });
        (serological && found.void.is_none() && during(found.recorded.at)).then(|| CoverageLine {
            result: Affected::Crossmatch(found.id),
            read: found.recorded.at,
            released: found.reviewed.is_some(),
            covers: crossmatch_cover(hospital, found),
        })
    });
    let measured = hospital.measurements.iter().filter_map(|one| {
        let read = one.latest()?.work.read;
        (one.state != TestState::Invalidated && during(read)).then(|| CoverageLine {
            result: Affected::Measured(one.id),
            read,
            released: one.state == TestState::Verified,
            covers: measured_cover(hospital, one),
        })
    });
    let mut lines: Vec<CoverageLine> = tests.chain(crossmatches).chain(measured).collect();
    lines.sort_by_key(|line| (line.read, line.result));
    lines
}
