//! The verdict on numbers: the rules of the profile in force, over the runs before, on exact decimals.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeline_qc::instant::{self, InstantVerdict};
use lifeline_qc::statistics::Moments;
use lifeline_qc::{
    Change, Decimal, Engine, Group, Limits, Reading, Rejected, Reset, RuleProfile, Scope, Severity,
    Status, targets,
};

use super::{Because, Changed, Control, JudgedLevel, Measured, Place, Shown, Verdict, establish};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId, RunId};
use crate::policy::{Key, Value};

/// How many runs before are looked at: the longest window of a rule is twelve points.
const LOOK_BACK: usize = 40;
/// How many where a profile has a CUSUM or EWMA, whose sums reach back to their last reset.
const SUMS_BACK: usize = 400;

/// Stands for the run that is being judged until it has its number.
pub(super) const THIS: RunId = RunId(u64::MAX);

/// Judged levels, with the profile's name and the date of its policy entry.
pub type Verdicts = (Vec<JudgedLevel>, Option<(String, Timestamp)>);

/// A level that came in: which, of what material, what value.
pub(super) type Point = (ControlCode, LotId, Decimal);

impl crate::policy::Policies {
    /// A rule profile by its name.
    pub fn rule_profile(&self, name: &str, at: Timestamp) -> Result<&RuleProfile, Finding> {
        self.value(Key::RuleProfiles, at, |value| match value {
            Value::RuleProfiles(profiles) => profiles.iter().find(|profile| profile.name == name),
            _ => None,
        })
    }
}

fn place_of(measured: &Measured, level: &ControlCode) -> Option<u8> {
    measured
        .levels
        .iter()
        .position(|known| known.level == *level)
        .and_then(|place| u8::try_from(place).ok())
}

/// Judges the levels of one run together, because some rules look across them.
pub(super) fn measured(
    hospital: &Hospital,
    control: &Control,
    measured: &Measured,
    place: &Place,
    ran: Timestamp,
    points: Vec<Point>,
) -> Result<Verdicts, Vec<Finding>> {
    let profile = hospital
        .policies
        .rule_profile(&measured.profile, ran)
        .map_err(|finding| vec![finding])?;
    let dated = hospital
        .policies
        .at(Key::RuleProfiles, ran)
        .map_or(ran, |adopted| adopted.entry.effective);
    let engine = Engine::new(profile);
    let wanted: BTreeMap<u8, LotId> = points
        .iter()
        .filter_map(|(level, material, _)| Some((place_of(measured, level)?, material.clone())))
        .collect();
    let mut past = Past::of(
        hospital,
        control,
        (measured, &wanted),
        place,
        (profile, &engine),
        ran,
    );
    let mut judged = Vec::new();
    let mut readings = Vec::new();
    let mut findings = Vec::new();
    for (level, material, value) in points {
        let begun = match begun(hospital, control, (&material, &level), value, ran) {
            Ok(begun) => begun,
            Err(finding) => {
                findings.push(finding.with("level", level.clone()));
                continue;
            }
        };
        let Ok(at) = begun.limits.map(|limits| limits.place(value)).transpose() else {
            findings
                .push(Finding::bad_value("value", "why-out-of-range").with("level", level.clone()));
            continue;
        };
        if let (Some(at), Some(number), false) = (at, place_of(measured, &level), begun.parallel) {
            past.settle(&engine, number, &material, begun.limits);
            readings.push((judged.len(), Reading { level: number, at }, value));
        }
        judged.push(JudgedLevel {
            level,
            material,
            shown: Shown::Measured(value),
            limits: begun.limits,
            z: at.map(|at| format!("{:.2}", at.z())),
            verdict: begun.verdict,
            because: begun.because,
        });
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let bare: Vec<Reading> = readings.iter().map(|(_, reading, _)| *reading).collect();
    let verdicts = past.step(&engine, THIS, &bare);
    for ((place, reading, value), verdict) in readings.into_iter().zip(verdicts) {
        let Some(judged) = judged.get_mut(place) else {
            continue;
        };
        judged.z = Some(format!("{:.2}", verdict.z));
        judged.verdict = match verdict.status {
            Status::Accept => Verdict::Accepted,
            Status::Warning => Verdict::Warning,
            Status::Reject => Verdict::Rejected,
        };
        judged.because = verdict
            .violations
            .iter()
            .map(|violation| Because::Rule {
                rule: violation.rule.code().into(),
                scope: scope(violation.scope).into(),
                points: past.window(measured, reading.level, violation),
            })
            .collect();
        if let Some(limits) = judged.limits {
            past.shifts(profile, judged, reading.level, (limits, value));
        }
    }
    let profile = (format!("{} v{}", profile.name, profile.version), dated);
    Ok((judged, Some(profile)))
}

/// What can be said of a value before the rules are asked.
struct Begun {
    /// The limits it is judged by, where there are any.
    limits: Option<Limits>,
    /// Whether it runs beside a lot that is the control: it is charted and nothing more.
    parallel: bool,
    verdict: Verdict,
    because: Vec<Because>,
}

impl Begun {
    fn establishing() -> Self {
        Self {
            limits: None,
            parallel: false,
            verdict: Verdict::Establishing,
            because: Vec::new(),
        }
    }
}

/// The limits in force; before there are any, the instant method from the third value to the twentieth, and after that the limits
/// of the first twenty until somebody signs a target.
fn begun(
    hospital: &Hospital,
    control: &Control,
    (material, level): (&LotId, &ControlCode),
    value: Decimal,
    ran: Timestamp,
) -> Result<Begun, Finding> {
    let target = hospital.quality.target(&control.code, material, level, ran);
    if let Some(target) = target {
        return Ok(Begun {
            limits: Some(target.limits),
            ..Begun::establishing()
        });
    }
    let parallel = establish::in_parallel(hospital, control, (material, level), ran);
    let mut values: Vec<Decimal> = establish::counted(hospital, control, (material, level), ran)
        .iter()
        .map(|one| one.value)
        .collect();
    let first = hospital.policies.count(Key::InitialValues, ran)?;
    let first = usize::try_from(first)
        .unwrap_or(usize::MAX)
        .clamp(instant::FEWEST, instant::MOST);
    if values.len() >= first {
        if parallel {
            return Ok(Begun {
                parallel,
                ..Begun::establishing()
            });
        }
        values.truncate(first);
        let decimals = match &control.reads {
            super::Reads::Measured(measured) => measured.decimals,
            super::Reads::Graded(_) => 0,
        };
        let limits = targets::provisional(&Moments::of(&values), first as u64)
            .and_then(|target| targets::written(target, decimals))
            .map_err(establish::why)?;
        return Ok(Begun {
            limits: Some(limits),
            ..Begun::establishing()
        });
    }
    values.push(value);
    let Some(indices) = instant::judge(&values) else {
        return Ok(Begun {
            parallel,
            ..Begun::establishing()
        });
    };
    let index = indices.si_upper.max(indices.si_lower);
    let told = |limit: Option<f64>| Because::Instant {
        values: u32::try_from(indices.n).unwrap_or(u32::MAX),
        index: format!("{index:.4}"),
        limit: limit.map(|limit| format!("{limit:.4}")).unwrap_or_default(),
    };
    let (verdict, because) = match (indices.verdict, parallel) {
        (InstantVerdict::Out, false) => (Verdict::Rejected, vec![told(indices.n3s)]),
        (InstantVerdict::Out, true) => (Verdict::Establishing, vec![told(indices.n3s)]),
        (InstantVerdict::Warning, false) => (Verdict::Warning, vec![told(indices.n2s)]),
        (InstantVerdict::InControl, false) => (Verdict::Accepted, Vec::new()),
        _ => (Verdict::Establishing, Vec::new()),
    };
    Ok(Begun {
        limits: None,
        parallel,
        verdict,
        because,
    })
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::WithinMaterial => "within_material",
        Scope::AcrossMaterials => "across_materials",
        Scope::Run => "run",
    }
}

/// The streams of a control in one place, carried through the runs before.
struct Past {
    group: Group,
    runs: u32,
    /// Material and limits of each level's newest point.
    newest: BTreeMap<u8, (LotId, Limits)>,
    /// Every point by its number in the group: run, level, z.
    in_group: Vec<(RunId, u8, String)>,
    /// The values of each level since its last reset, for sums.
    since: BTreeMap<u8, Vec<(RunId, Decimal, String)>>,
}

impl Past {
    fn of(
        hospital: &Hospital,
        control: &Control,
        (measured, wanted): (&Measured, &BTreeMap<u8, LotId>),
        place: &Place,
        (profile, engine): (&RuleProfile, &Engine),
        ran: Timestamp,
    ) -> Self {
        let mut past = Self {
            group: Group::new(),
            runs: 0,
            newest: BTreeMap::new(),
            in_group: Vec::new(),
            since: BTreeMap::new(),
        };
        let back = if profile.sums() { SUMS_BACK } else { LOOK_BACK };
        let mut seen: BTreeSet<u8> = BTreeSet::new();
        let quality = &hospital.quality;
        let from = (
            control.code.clone(),
            place.clone(),
            Timestamp::MIN,
            RunId(0),
        );
        let to = (control.code.clone(), place.clone(), ran, RunId(u64::MAX));
        let mut runs: Vec<_> = quality
            .by_stream
            .range(from..=to)
            .rev()
            .take(back)
            .filter_map(|(_, _, _, id)| quality.run(*id))
            .collect();
        runs.reverse();
        let mut before = None;
        for run in runs {
            if let Some(before) = before {
                past.changes(hospital, (profile, engine), place, before, run.ran);
            }
            before = Some(run.ran);
            let mut readings = Vec::new();
            for level in &run.levels {
                let (Shown::Measured(value), Some(limits), Some(number)) =
                    (&level.shown, level.limits, place_of(measured, &level.level))
                else {
                    continue;
                };
                let Ok(at) = limits.place(*value) else {
                    continue;
                };
                // Two lots in use side by side are two streams: the other one's points do not stand in this one's row.
                if wanted.get(&number) == Some(&level.material) {
                    seen.insert(number);
                } else if seen.contains(&number) {
                    continue;
                }
                past.settle(engine, number, &level.material, Some(limits));
                if !(profile.rejected == Rejected::Leave && level.verdict == Verdict::Rejected) {
                    past.since.entry(number).or_default().push((
                        run.id,
                        *value,
                        format!("{:.2}", at.z()),
                    ));
                }
                readings.push(Reading { level: number, at });
            }
            past.step(engine, run.id, &readings);
            // A correction closes the look-back over what was out.
            if let Some(case) = run.case.and_then(|case| quality.case(case)) {
                let corrected = case
                    .corrections
                    .iter()
                    .any(|(_, _, stamp)| stamp.at > run.ran && stamp.at <= ran);
                if corrected {
                    engine.change(&mut past.group, Change::CorrectiveAction, None);
                    past.since.clear();
                }
            }
        }
        if let Some(before) = before {
            past.changes(hospital, (profile, engine), place, before, ran);
        }
        past
    }

    /// What happened to the place between two runs.
    fn changes(
        &mut self,
        hospital: &Hospital,
        (profile, engine): (&RuleProfile, &Engine),
        place: &Place,
        after: Timestamp,
        until: Timestamp,
    ) {
        if after >= until {
            return;
        }
        let what = Changed::Place(place.clone());
        let kinds: Vec<String> = hospital
            .quality
            .changes
            .range((what.clone(), after)..=(what, until))
            .filter(|((_, at), _)| *at > after)
            .map(|(_, kind)| kind.clone())
            .collect();
        for kind in kinds {
            let (change, reset) = match kind.as_str() {
                "calibration" => (Change::Calibration, profile.resets.calibration),
                "reagent" => (Change::ReagentLot, profile.resets.reagent_lot),
                _ => (Change::Maintenance, profile.resets.maintenance),
            };
            engine.change(&mut self.group, change, None);
            if reset != Reset::Keep {
                self.since.clear();
            }
        }
    }

    /// Takes note of a level's material and limits before its point is judged.
    fn settle(&mut self, engine: &Engine, level: u8, material: &LotId, limits: Option<Limits>) {
        let Some(limits) = limits else { return };
        if let Some((known, was)) = self.newest.get(&level) {
            if known != material {
                engine.change(&mut self.group, Change::ControlLot, Some(level));
                self.since.remove(&level);
            } else if *was != limits {
                engine.change(&mut self.group, Change::Limits, Some(level));
                // A sum in other limits would be a sum of two things.
                self.since.remove(&level);
            }
        }
        self.newest.insert(level, (material.clone(), limits));
    }

    fn step(
        &mut self,
        engine: &Engine,
        run: RunId,
        readings: &[Reading],
    ) -> Vec<lifeline_qc::Verdict> {
        self.runs += 1;
        let verdicts = engine.step(&mut self.group, self.runs, readings);
        let mut placed: Vec<(u32, RunId, u8, String)> = readings
            .iter()
            .zip(&verdicts)
            .map(|(reading, verdict)| {
                (
                    verdict.in_group,
                    run,
                    reading.level,
                    format!("{:.2}", verdict.z),
                )
            })
            .collect();
        placed.sort_by_key(|(number, ..)| *number);
        self.in_group
            .extend(placed.into_iter().map(|(_, run, level, z)| (run, level, z)));
        verdicts
    }

    /// Takes the signals of the profile's CUSUM and EWMA into a level's verdict.
    fn shifts(
        &self,
        profile: &RuleProfile,
        judged: &mut JudgedLevel,
        level: u8,
        (limits, value): (Limits, Decimal),
    ) {
        if !profile.sums() {
            return;
        }
        let mut points = self.since.get(&level).cloned().unwrap_or_default();
        points.push((THIS, value, judged.z.clone().unwrap_or_default()));
        let values: Vec<Decimal> = points.iter().map(|(_, value, _)| *value).collect();
        for shift in profile.shifts(limits, &values) {
            judged.verdict = judged.verdict.max(match shift.severity {
                Severity::Warning => Verdict::Warning,
                Severity::Reject => Verdict::Rejected,
            });
            let from = points.len().saturating_sub(shift.span);
            judged.because.push(Because::Rule {
                rule: shift.rule,
                scope: scope(Scope::WithinMaterial).into(),
                points: points
                    .iter()
                    .skip(from)
                    .map(|(run, _, z)| (*run, judged.level.clone(), z.clone()))
                    .collect(),
            });
        }
    }

    /// The points of a violation's window.
    fn window(
        &self,
        measured: &Measured,
        level: u8,
        violation: &lifeline_qc::Violation,
    ) -> Vec<(RunId, ControlCode, String)> {
        let own: Vec<&(RunId, u8, String)> = match violation.scope {
            Scope::WithinMaterial => self
                .in_group
                .iter()
                .filter(|(_, known, _)| *known == level)
                .collect(),
            Scope::AcrossMaterials | Scope::Run => self.in_group.iter().collect(),
        };
        violation
            .window
            .iter()
            .filter_map(|number| {
                let place = usize::try_from(*number).ok()?.checked_sub(1)?;
                let (run, level, z) = own.get(place)?;
                let code = measured.levels.get(usize::from(*level))?;
                Some((*run, code.level.clone(), z.clone()))
            })
            .collect()
    }
}

/// Why a target is none.
pub(super) fn limits(mean: Decimal, sd: Decimal) -> Result<Limits, Finding> {
    Limits::new(mean, sd).map_err(|_| Finding::bad_value("sd", "why-sd-zero"))
}
