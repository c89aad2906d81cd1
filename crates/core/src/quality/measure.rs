//! The verdict on numbers: the rules of the profile in force, over the runs before, on exact decimals.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_qc::{Change, Decimal, Engine, Group, Limits, Reading, RuleProfile, Scope, Status};

use super::{Because, Changed, Control, JudgedLevel, Measured, Place, Shown, Target, Verdict};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId, RunId};
use crate::policy::{Key, Value};

/// How many runs before are looked at: the longest window of a rule is twelve points.
const LOOK_BACK: usize = 40;

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
    let mut past = Past::of(hospital, control, measured, place, &engine, ran);
    let mut judged = Vec::new();
    let mut readings = Vec::new();
    let mut findings = Vec::new();
    for (level, material, value) in points {
        let target = hospital
            .quality
            .target(&control.code, &material, &level, ran)
            .cloned();
        let at = target
            .as_ref()
            .map(|target| target.limits.place(value))
            .transpose();
        let Ok(at) = at else {
            findings
                .push(Finding::bad_value("value", "why-out-of-range").with("level", level.clone()));
            continue;
        };
        if let (Some(at), Some(number)) = (at, place_of(measured, &level)) {
            let limits = target.as_ref().map(|target| target.limits);
            past.settle(&engine, number, &material, limits);
            readings.push((judged.len(), Reading { level: number, at }));
        }
        judged.push(blank(level, material, value, target.as_ref()));
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let bare: Vec<Reading> = readings.iter().map(|(_, reading)| *reading).collect();
    let verdicts = past.step(&engine, RunId(u64::MAX), &bare);
    for ((place, reading), verdict) in readings.into_iter().zip(verdicts) {
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
    }
    let profile = (format!("{} v{}", profile.name, profile.version), dated);
    Ok((judged, Some(profile)))
}

fn blank(
    level: ControlCode,
    material: LotId,
    value: Decimal,
    target: Option<&Target>,
) -> JudgedLevel {
    JudgedLevel {
        level,
        material,
        shown: Shown::Measured(value),
        limits: target.map(|target| target.limits),
        z: None,
        verdict: Verdict::Establishing,
        because: Vec::new(),
    }
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
}

impl Past {
    fn of(
        hospital: &Hospital,
        control: &Control,
        measured: &Measured,
        place: &Place,
        engine: &Engine,
        ran: Timestamp,
    ) -> Self {
        let mut past = Self {
            group: Group::new(),
            runs: 0,
            newest: BTreeMap::new(),
            in_group: Vec::new(),
        };
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
            .take(LOOK_BACK)
            .filter_map(|(_, _, _, id)| quality.run(*id))
            .collect();
        runs.reverse();
        let mut before = None;
        for run in runs {
            if let Some(before) = before {
                past.changes(hospital, engine, place, before, run.ran);
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
                past.settle(engine, number, &level.material, Some(limits));
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
                }
            }
        }
        if let Some(before) = before {
            past.changes(hospital, engine, place, before, ran);
        }
        past
    }

    /// What happened to the place between two runs.
    fn changes(
        &mut self,
        hospital: &Hospital,
        engine: &Engine,
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
            let change = match kind.as_str() {
                "calibration" => Change::Calibration,
                "reagent" => Change::ReagentLot,
                _ => Change::Maintenance,
            };
            engine.change(&mut self.group, change, None);
        }
    }

    /// Takes note of a level's material and limits before its point is judged.
    fn settle(&mut self, engine: &Engine, level: u8, material: &LotId, limits: Option<Limits>) {
        let Some(limits) = limits else { return };
        if let Some((known, was)) = self.newest.get(&level) {
            if known != material {
                engine.change(&mut self.group, Change::ControlLot, Some(level));
            } else if *was != limits {
                engine.change(&mut self.group, Change::Limits, Some(level));
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

/// A point of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartPoint {
    /// Its run.
    pub run: RunId,
    /// When it was read.
    pub ran: Timestamp,
    /// Its level.
    pub level: JudgedLevel,
}

/// The points of one level of a control in one place, oldest first, from a moment on.
pub fn points(
    hospital: &Hospital,
    control: &ControlCode,
    place: &Place,
    level: &ControlCode,
    from: Timestamp,
) -> Vec<ChartPoint> {
    hospital
        .quality
        .stream(control, place)
        .filter(|run| run.ran >= from)
        .filter_map(|run| {
            Some(ChartPoint {
                run: run.id,
                ran: run.ran,
                level: run.level(level)?.clone(),
            })
        })
        .collect()
}

/// Why a target is none.
pub(super) fn limits(mean: Decimal, sd: Decimal) -> Result<Limits, Finding> {
    Limits::new(mean, sd).map_err(|_| Finding::bad_value("sd", "why-sd-zero"))
}
