//! The gate: whether the controls that cover a result stood when it was made.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Affected, Changed, Control, Made, Mark, Place, Verdict, plan};
use crate::crossmatch::{Crossmatch, Proof};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId, RunId};
use crate::measured::{Measurement, assay};
use crate::policy::Key;
use crate::testing::Test;

/// The unit of coverage: one level of one control, in one place, with one lot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cover {
    /// Which control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// With which lot; `None` where a result names none.
    pub lot: Option<LotId>,
    /// Which level.
    pub level: ControlCode,
}

/// Where a cover stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoverState {
    /// Covered by this run, with its verdict, until then (`None`: until something changes).
    Run {
        /// The run.
        run: RunId,
        /// Its verdict on this level.
        verdict: Verdict,
        /// When it was read.
        ran: Timestamp,
        /// How long it covers.
        until: Option<Timestamp>,
    },
    /// Covered by a waiver of two people.
    Waived {
        /// Since when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Who and who else signed, and why.
        signed: Arc<Mark>,
    },
    /// Not covered.
    Lacking(Lacking),
}

/// Why a cover is lacking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacking {
    /// It was never run.
    Never,
    /// The last run is too old.
    RanOut(Timestamp),
    /// Something changed after the last run.
    Changed(Timestamp),
    /// The last run is out.
    Out(RunId),
    /// The material has no limits yet.
    Establishing(RunId),
}

impl Lacking {
    /// The key in the message files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Never => "cover-never",
            Self::RanOut(_) => "cover-ran-out",
            Self::Changed(_) => "cover-changed",
            Self::Out(_) => "cover-out",
            Self::Establishing(_) => "cover-establishing",
        }
    }
}

/// What a result needs: the control, its place, and the lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The cover.
    pub cover: Cover,
    /// Where it stood.
    pub state: CoverState,
}

/// Where a cover stands for something read at a moment.
pub fn state_of(
    hospital: &Hospital,
    control: &Control,
    cover: &Cover,
    read: Timestamp,
) -> CoverState {
    let quality = &hospital.quality;
    let earlier = || {
        quality
            .marks
            .range((cover.clone(), Timestamp::MIN, 0)..=(cover.clone(), read, u64::MAX))
            .rev()
    };
    let before = earlier().find(|(_, mark)| !mark.says_nothing());
    let lacking = match before {
        None => match earlier().next() {
            Some((_, mark)) => match &**mark {
                Mark::Run(run, _) => Lacking::Establishing(*run),
                Mark::Waived { .. } => Lacking::Never,
            },
            None => Lacking::Never,
        },
        Some(((_, at, _), mark)) => match holds(hospital, control, cover, *at, mark, read) {
            Ok(state) => return state,
            // What was out covers nothing until a run after it is accepted: no batch makes up for it.
            Err(lacking @ (Lacking::Out(_) | Lacking::Establishing(_))) => {
                return CoverState::Lacking(lacking);
            }
            Err(lacking) => lacking,
        },
    };
    // A control read together with the samples, moments after them, belongs to the same batch.
    let batch = hospital
        .policies
        .span(Key::ControlBatch, read)
        .ok()
        .and_then(|span| read.checked_add(span).ok())
        .unwrap_or(read);
    let after = quality
        .marks
        .range((cover.clone(), read, u64::MAX)..=(cover.clone(), batch, u64::MAX))
        .find(|(_, mark)| !mark.says_nothing());
    if let Some(((_, at, _), mark)) = after
        && let Mark::Run(run, verdict) = &**mark
        && verdict.covers()
        && changed(hospital, control, cover, *run, read, *at).is_none()
    {
        return CoverState::Run {
            run: *run,
            verdict: *verdict,
            ran: *at,
            until: control.valid.until(hospital, *at),
        };
    }
    CoverState::Lacking(lacking)
}

fn holds(
    hospital: &Hospital,
    control: &Control,
    cover: &Cover,
    at: Timestamp,
    mark: &Arc<Mark>,
    read: Timestamp,
) -> Result<CoverState, Lacking> {
    match &**mark {
        Mark::Waived { until, .. } => {
            if read < *until {
                Ok(CoverState::Waived {
                    from: at,
                    until: *until,
                    signed: mark.clone(),
                })
            } else {
                Err(Lacking::RanOut(*until))
            }
        }
        Mark::Run(run, Verdict::Rejected) => Err(Lacking::Out(*run)),
        Mark::Run(run, Verdict::Establishing) => Err(Lacking::Establishing(*run)),
        Mark::Run(run, verdict) => {
            if let Some(when) = changed(hospital, control, cover, *run, at, read) {
                return Err(Lacking::Changed(when));
            }
            let until = control.valid.until(hospital, at);
            match until {
                Some(until) if read >= until => Err(Lacking::RanOut(until)),
                _ => Ok(CoverState::Run {
                    run: *run,
                    verdict: *verdict,
                    ran: at,
                    until,
                }),
            }
        }
    }
}

/// The last change between a run and a reading: of the place, the lot, the limits, or what the plan expects.
fn changed(
    hospital: &Hospital,
    control: &Control,
    cover: &Cover,
    run: RunId,
    after: Timestamp,
    until: Timestamp,
) -> Option<Timestamp> {
    let quality = &hospital.quality;
    let material = quality.run(run).and_then(|run| {
        let level = run.level(&cover.level)?;
        Some(Changed::Material(
            level.material.clone(),
            cover.level.clone(),
        ))
    });
    let things = [
        Some(Changed::Place(cover.place.clone())),
        cover.lot.clone().map(Changed::Lot),
        material,
    ];
    let thing = things
        .into_iter()
        .flatten()
        .filter_map(|thing| quality.changed(&thing, after, until))
        .max();
    let expected = || {
        let adopted = hospital.policies.at(Key::Controls, until)?;
        let before = super::control(hospital, &control.code, after).ok();
        let same = before.is_some_and(|before| before.reads == control.reads);
        (!same).then_some(adopted.entry.effective)
    };
    thing.or_else(expected)
}

/// Everything a result of this kind needs, with where it stood when the result was read; the finding when the plan holds no
/// control for it. Default deny.
fn required(
    hospital: &Hospital,
    made: Made<'_>,
    place: &Place,
    lots: &std::collections::BTreeSet<LotId>,
    read: Timestamp,
) -> Result<Vec<Standing>, Finding> {
    let mut standings = Vec::new();
    for control in plan(hospital, read)? {
        if !made.covered_by(control) || !control.place.holds(hospital, place) {
            continue;
        }
        let mut lots: Vec<Option<LotId>> = lots.iter().cloned().map(Some).collect();
        if lots.is_empty() {
            lots.push(None);
        }
        for lot in lots {
            for level in control.levels() {
                let cover = Cover {
                    control: control.code.clone(),
                    place: place.clone(),
                    lot: lot.clone(),
                    level: level.clone(),
                };
                let state = state_of(hospital, control, &cover, read);
                standings.push(Standing { cover, state });
            }
        }
    }
    if standings.is_empty() {
        return Err(made.unplanned().with("place", place.to_string()));
    }
    Ok(standings)
}

/// What a test's newest version needs of its controls.
pub fn test_cover(hospital: &Hospital, test: &Test) -> Result<Vec<Standing>, Finding> {
    let Some(version) = test.latest() else {
        return Err(Finding::not_found(test.id));
    };
    required(
        hospital,
        Made::Test(test.kind),
        &Place::of(&version.origin),
        &version.lots,
        version.read,
    )
}

/// What a crossmatch needs of its controls; an electronic one needs none of its own, because it rests on tests.
pub(crate) fn crossmatch_cover(
    hospital: &Hospital,
    crossmatch: &Crossmatch,
) -> Result<Vec<Standing>, Finding> {
    match &crossmatch.proof {
        Proof::Electronic { .. } => Ok(Vec::new()),
        Proof::Serological {
            method,
            lots,
            origin,
            ..
        } => {
            let place = Place::of(origin);
            serological_cover(hospital, method, &place, lots, crossmatch.recorded.at)
        }
    }
}

/// What a serological crossmatch needs of its controls where it was read.
pub(crate) fn serological_cover(
    hospital: &Hospital,
    method: &str,
    place: &Place,
    lots: &std::collections::BTreeSet<LotId>,
    read: Timestamp,
) -> Result<Vec<Standing>, Finding> {
    required(hospital, Made::Crossmatch(method), place, lots, read)
}

/// What a measured result's newest version needs of its controls: those its assay names, where it was measured.
pub(crate) fn measured_cover(
    hospital: &Hospital,
    one: &Measurement,
) -> Result<Vec<Standing>, Finding> {
    let work = match one.latest() {
        Some(version) => &version.work,
        None => return Err(Finding::not_found(one.id)),
    };
    let assay = assay(hospital, one.assay.as_str(), work.read)?;
    let place = Place::of(&work.origin);
    required(
        hospital,
        Made::Measured(assay),
        &place,
        &work.lots,
        work.read,
    )
}

/// One finding for each control and lot that lacks something, naming the levels.
pub(crate) fn findings(
    result: Result<Vec<Standing>, Finding>,
    of: Option<Affected>,
) -> Vec<Finding> {
    let standings = match result {
        Ok(standings) => standings,
        Err(finding) => return vec![about(finding, of)],
    };
    let mut lacking: BTreeMap<(ControlCode, Option<LotId>), Vec<Lack>> = BTreeMap::new();
    for Standing { cover, state } in standings {
        if let CoverState::Lacking(why) = state {
            lacking
                .entry((cover.control, cover.lot))
                .or_default()
                .push((cover.level, why, cover.place));
        }
    }
    lacking
        .into_iter()
        .filter_map(|((control, lot), levels)| {
            let (_, why, place) = levels
                .iter()
                .max_by_key(|(_, why, _)| matches!(why, Lacking::Out(_)))?;
            let names: Vec<String> = levels.iter().map(|(level, ..)| level.to_string()).collect();
            let mut finding = about(Finding::new(Rule::ControlUncovered), of)
                .with("control", control)
                .with("place", place.to_string())
                .with("levels", names.join(" "))
                .word("why", why.word());
            if let Some(lot) = lot {
                finding = finding.with("lot", lot);
            }
            Some(match why {
                Lacking::Never => finding,
                Lacking::RanOut(at) | Lacking::Changed(at) => finding.with("since", *at),
                Lacking::Out(run) | Lacking::Establishing(run) => finding.with("run", *run),
            })
        })
        .collect()
}

fn about(finding: Finding, of: Option<Affected>) -> Finding {
    match of {
        Some(result) => finding.with("result", result.subject()),
        None => finding,
    }
}

fn held(hospital: &Hospital, result: Affected) -> Option<Finding> {
    let case = hospital.quality.held(result)?;
    Some(
        Finding::new(Rule::ResultHeld)
            .with("result", result.subject())
            .with("case", case),
    )
}

/// What the controls have against relying on a test: a cover that lacked when it was read, or a decision that is open.
pub fn findings_of_test(hospital: &Hospital, test: &Test) -> Vec<Finding> {
    let result = Affected::Test(test.id);
    let mut found = findings(test_cover(hospital, test), Some(result));
    found.extend(held(hospital, result));
    found
}

/// What the controls have against relying on a measured result.
pub fn findings_of_measurement(hospital: &Hospital, one: &Measurement) -> Vec<Finding> {
    let result = Affected::Measured(one.id);
    let mut found = findings(measured_cover(hospital, one), Some(result));
    found.extend(held(hospital, result));
    found
}

/// What the controls have against relying on a crossmatch.
pub fn findings_of_crossmatch(hospital: &Hospital, crossmatch: &Crossmatch) -> Vec<Finding> {
    let result = Affected::Crossmatch(crossmatch.id);
    let mut found = findings(crossmatch_cover(hospital, crossmatch), Some(result));
    found.extend(held(hospital, result));
    found
}

/// A control, what it lacks, and where.
type Lack = (ControlCode, Lacking, Place);
