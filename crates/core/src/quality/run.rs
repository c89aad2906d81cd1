use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Because, Control, Cover, JudgedLevel, Mark, Place, QualityEvent, Reads, Shown, Verdict,
    Verdicts, case, control, judge, measure, target,
};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{CaseId, ControlCode, LotId, RunId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;
use crate::testing::{LotKind, Origin, Well};

/// The most lots one run may name.
pub const LOTS_MOST: usize = 12;

/// One level as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Which.
    pub level: ControlCode,
    /// The lot of control material.
    pub material: LotId,
    /// What it showed.
    pub shown: Shown,
}

/// A run as it comes in, by whichever door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDraft {
    /// Which control.
    pub control: ControlCode,
    /// Where it was run.
    pub place: Place,
    /// Reagents, cells and cards used.
    pub lots: BTreeSet<LotId>,
    /// Its levels.
    pub levels: Vec<Level>,
    /// When it was read.
    pub ran: Timestamp,
    /// Which run it repeats, and why.
    pub repeat: Option<(RunId, String)>,
}

/// Checks a run and judges it. Nothing is half taken: any finding and there is no run.
pub fn prepare(
    hospital: &Hospital,
    draft: &RunDraft,
    origin: &Origin,
    at: Timestamp,
) -> Result<Verdicts, Vec<Finding>> {
    let mut findings = Vec::new();
    if draft.ran > at {
        findings.push(
            Finding::bad_value("ran", "why-in-the-future")
                .with("value", draft.ran)
                .with("now", at),
        );
    }
    let control = match control(hospital, &draft.control, draft.ran.min(at)) {
        Ok(control) => control,
        Err(finding) => {
            findings.push(finding);
            return Err(findings);
        }
    };
    place(hospital, control, draft, &mut findings);
    lots(hospital, control, draft, &mut findings);
    levels(hospital, control, draft, (origin, at), &mut findings);
    again(hospital, draft, origin, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    judged(hospital, control, draft)
}

fn place(hospital: &Hospital, control: &Control, draft: &RunDraft, findings: &mut Vec<Finding>) {
    if let Place::Device(id) = &draft.place {
        match hospital.devices.all.get(id) {
            None => findings.push(Finding::not_found(id.clone())),
            Some(device) => {
                if let Some(reason) = &device.out_of_service {
                    findings.push(
                        Finding::new(Rule::DeviceOutOfService)
                            .with("device", id.clone())
                            .with("reason", reason.as_str()),
                    );
                }
            }
        }
    }
    if !control.place.holds(hospital, &draft.place) && findings.is_empty() {
        findings.push(Finding::bad_value("place", "why-not-listed"));
    }
}

fn lots(hospital: &Hospital, control: &Control, draft: &RunDraft, findings: &mut Vec<Finding>) {
    if draft.lots.is_empty() && !control.lots.is_empty() && draft.place == Place::Bench {
        findings.push(Finding::bad_value("lots", "why-missing"));
    }
    if draft.lots.len() > LOTS_MOST {
        findings.push(Finding::bad_value("lots", "why-too-many"));
    }
    for id in draft.lots.iter().take(LOTS_MOST) {
        let why = match hospital.lots.get(id) {
            None => Some("lot-state-unknown"),
            Some(lot) if lot.kind == LotKind::Control => Some("lot-state-is-control"),
            Some(lot) => lot.unfit(draft.ran),
        };
        findings.extend(why.map(|why| target::unusable(id, why)));
    }
}

fn levels(
    hospital: &Hospital,
    control: &Control,
    draft: &RunDraft,
    (origin, at): (&Origin, Timestamp),
    findings: &mut Vec<Finding>,
) {
    // What a machine sent of a lot that was taken in too late is read again once it is there.
    let later = match origin {
        Origin::Bench => draft.ran,
        Origin::Device { .. } => at,
    };
    let known = control.levels();
    let mut seen = BTreeSet::new();
    for given in &draft.levels {
        let about = |why| Finding::bad_value("level", why).with("level", given.level.to_string());
        if !known.contains(&&given.level) {
            findings.push(about("why-not-listed"));
            continue;
        }
        if !seen.insert(&given.level) {
            findings.push(about("why-given-twice"));
        }
        match target::material(hospital, &given.material) {
            Err(finding) => findings.push(finding),
            Ok(()) => findings.extend(
                hospital
                    .lots
                    .get(&given.material)
                    .and_then(|lot| lot.unusable(draft.ran).and_then(|_| lot.unusable(later)))
                    .map(|why| target::unusable(&given.material, why)),
            ),
        }
        match (&control.reads, &given.shown) {
            (Reads::Graded(levels), Shown::Graded(readings)) => {
                let Some(expected) = levels.iter().find(|level| level.level == given.level) else {
                    continue;
                };
                let mut read = BTreeSet::<Well>::new();
                for reading in readings {
                    let listed = expected.wells.iter().any(|well| well.well == reading.well);
                    let why = match (listed, read.insert(reading.well)) {
                        // A machine runs whole cards; what the plan says nothing about is kept and not judged.
                        (false, true) if matches!(origin, Origin::Device { .. }) => continue,
                        (false, _) => "why-not-of-this-test",
                        (true, false) => "why-given-twice",
                        (true, true) => continue,
                    };
                    findings
                        .push(Finding::bad_value("well", why).word("well", reading.well.word()));
                }
                for well in expected
                    .wells
                    .iter()
                    .filter(|well| !read.contains(&well.well))
                {
                    findings.push(
                        Finding::new(Rule::WellMissing)
                            .word("well", well.well.word())
                            .with("kind", given.level.to_string()),
                    );
                }
            }
            (Reads::Measured(_), Shown::Measured(_)) => {}
            _ => findings.push(about("why-control-reading")),
        }
    }
    // An analyser may send its levels one after another; each covers by itself, so what is missing lacks.
    let partial = matches!(origin, Origin::Device { .. }) || draft.repeat.is_some();
    let missing: Vec<String> = known
        .iter()
        .filter(|level| !seen.contains(**level))
        .map(ToString::to_string)
        .collect();
    if draft.levels.is_empty() || (!partial && !missing.is_empty()) {
        findings.push(
            Finding::new(Rule::ControlLevelMissing)
                .with("control", control.code.clone())
                .with("levels", missing.join(" ")),
        );
    }
}

/// A run that is there already, and a repeat that does not say what it repeats or why.
fn again(hospital: &Hospital, draft: &RunDraft, origin: &Origin, findings: &mut Vec<Finding>) {
    let quality = &hospital.quality;
    let from = (
        draft.control.clone(),
        draft.place.clone(),
        draft.ran,
        RunId(0),
    );
    let to = (
        draft.control.clone(),
        draft.place.clone(),
        draft.ran,
        RunId(u64::MAX),
    );
    let same = quality
        .by_stream
        .range(from..=to)
        .filter_map(|(_, _, _, id)| quality.run(*id))
        .find(|run| {
            run.lots == draft.lots
                && run.levels.iter().any(|level| {
                    draft
                        .levels
                        .iter()
                        .any(|given| given.level == level.level && given.material == level.material)
                })
        });
    if let Some(run) = same {
        findings.push(Finding::new(Rule::AlreadyExists).with("subject", Subject::from(run.id)));
    }
    match &draft.repeat {
        Some((id, reason)) => {
            match quality.run(*id) {
                None => findings.push(Finding::not_found(*id)),
                Some(run) if run.control != draft.control || run.place != draft.place => {
                    findings.push(Finding::bad_value("repeat", "why-another-control"));
                }
                Some(_) => {}
            }
            let length = reason.trim().chars().count();
            let told =
                (crate::finding::Reason::LEAST..=crate::finding::Reason::MOST).contains(&length);
            if !told && *origin == Origin::Bench {
                findings.push(Finding::bad_value("reason", "why-reason-length"));
            }
        }
        None if *origin == Origin::Bench => {
            if let Some(run) = standing_out(hospital, draft) {
                findings.push(
                    Finding::new(Rule::ControlRepeatUnexplained)
                        .with("control", draft.control.clone())
                        .with("run", run),
                );
            }
        }
        None => {}
    }
}

/// The run that stands out at a cover this run would give.
pub(super) fn standing_out(hospital: &Hospital, draft: &RunDraft) -> Option<RunId> {
    let lots = draft.lots.iter().cloned().map(Some);
    let lots: Vec<Option<LotId>> = if draft.lots.is_empty() {
        vec![None]
    } else {
        lots.collect()
    };
    lots.iter()
        .flat_map(|lot| draft.levels.iter().map(move |level| (lot, &level.level)))
        .find_map(|(lot, level)| {
            let cover = Cover {
                control: draft.control.clone(),
                place: draft.place.clone(),
                lot: lot.clone(),
                level: level.clone(),
            };
            match newest(hospital, &cover, draft.ran)?.1 {
                Mark::Run(run, Verdict::Rejected) => Some(*run),
                _ => None,
            }
        })
}

/// What the newest run or waiver up to a moment left at a cover; runs without limits leave nothing.
pub(super) fn newest<'a>(
    hospital: &'a Hospital,
    cover: &Cover,
    until: Timestamp,
) -> Option<(Timestamp, &'a Mark)> {
    hospital
        .quality
        .marks
        .range((cover.clone(), Timestamp::MIN, 0)..=(cover.clone(), until, u64::MAX))
        .rev()
        .find(|(_, mark)| !mark.says_nothing())
        .map(|((_, at, _), mark)| (*at, &**mark))
}

fn judged(
    hospital: &Hospital,
    control: &Control,
    draft: &RunDraft,
) -> Result<Verdicts, Vec<Finding>> {
    match &control.reads {
        Reads::Measured(measured) => {
            let points = draft
                .levels
                .iter()
                .filter_map(|given| match given.shown {
                    Shown::Measured(value) => {
                        Some((given.level.clone(), given.material.clone(), value))
                    }
                    Shown::Graded(_) => None,
                })
                .collect();
            measure::measured(hospital, control, measured, &draft.place, draft.ran, points)
        }
        Reads::Graded(levels) => {
            let mut judged = Vec::new();
            for given in &draft.levels {
                let expected = levels.iter().find(|level| level.level == given.level);
                let (Some(expected), Shown::Graded(readings)) = (expected, &given.shown) else {
                    continue;
                };
                let (verdict, because) = judge::graded(
                    hospital,
                    control,
                    &draft.place,
                    expected,
                    readings,
                    draft.ran,
                )
                .map_err(|finding| vec![finding])?;
                judged.push(JudgedLevel {
                    level: given.level.clone(),
                    material: given.material.clone(),
                    shown: given.shown.clone(),
                    limits: None,
                    z: None,
                    verdict,
                    because,
                });
            }
            Ok((judged, None))
        }
    }
}

/// The facts of a run that was judged: the run, and what follows from it.
///
/// # Errors
/// What [`case::follows`] cannot say.
pub(crate) fn recorded(
    hospital: &Hospital,
    draft: &RunDraft,
    origin: Origin,
    (mut levels, profile): Verdicts,
    (run, next_case): (RunId, CaseId),
    at: Timestamp,
) -> Result<Vec<Event>, Finding> {
    let plan = hospital
        .policies
        .at(Key::Controls, draft.ran)
        .map_or(draft.ran, |adopted| adopted.entry.effective);
    let mut repeat = draft.repeat.clone();
    if repeat.is_none() && origin != Origin::Bench {
        repeat = standing_out(hospital, draft).map(|run| (run, "device".to_owned()));
    }
    for (point, ..) in levels
        .iter_mut()
        .flat_map(|level| &mut level.because)
        .filter_map(|because| match because {
            Because::Rule { points, .. } => Some(points),
            _ => None,
        })
        .flatten()
        .filter(|(point, ..)| *point == measure::THIS)
    {
        *point = run;
    }
    let follows = case::follows(hospital, draft, &levels, run, next_case, at)?;
    let mut events: Vec<Event> = vec![
        QualityEvent::RunRecorded {
            run,
            control: draft.control.clone(),
            place: draft.place.clone(),
            lots: draft.lots.clone(),
            levels,
            ran: draft.ran,
            origin,
            repeat,
            profile,
            plan,
        }
        .into(),
    ];
    events.extend(follows.map(Event::from));
    Ok(events)
}

/// Records a run of a control, entered by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordControlRun {
    /// The run.
    pub draft: RunDraft,
}

impl Decide for RecordControlRun {
    fn action(&self) -> Action {
        Action::ControlRun
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![self.draft.control.clone().into()];
        subjects.extend(self.draft.place.device());
        subjects
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let verdicts = match prepare(hospital, &self.draft, &Origin::Bench, context.at) {
            Ok(verdicts) => verdicts,
            Err(findings) => {
                checks.findings.extend(findings);
                checks.settle()?;
                return Ok(Vec::new());
            }
        };
        checks.settle()?;
        let next = (hospital.next.run, hospital.next.case);
        let origin = Origin::Bench;
        Ok(recorded(
            hospital,
            &self.draft,
            origin,
            verdicts,
            next,
            context.at,
        )?)
    }
}
