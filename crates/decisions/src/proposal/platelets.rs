//! Platelets for one request: bags by what the patient's antibodies see, and whether platelets worked before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_core::blood::{Abo, Attribute, Attributes, Component, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{IssueId, PatientId};
use lifeline_core::issue::{Fate, Issue, Response};
use lifeline_core::patient::{NeedKind, Record};
use lifeline_core::policy::Key;
use lifeline_core::unit::Status;

use crate::matching::platelets::{
    Bag, Numbers, Patient, Ranked, Refractory, Trial, rank, refractory,
};
use crate::tables::{TableError, by_name};

/// A transfusion with what was counted after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The hand-over.
    pub issue: IssueId,
    /// Which bag.
    pub unit: UnitId,
    /// When it ended.
    pub ended: Timestamp,
    /// What was counted.
    pub trial: Trial,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct PlateletPlan {
    /// The numbers in force.
    pub numbers: Numbers,
    /// Free bags, in the order they should be tried; those that lack what the patient needs come last.
    pub bags: Vec<(UnitId, Ranked)>,
    /// Platelets given here, oldest first.
    pub tried: Vec<Tried>,
    /// Whether they work.
    pub refractory: Refractory,
}

/// The numbers in force.
///
/// # Errors
/// The policy is missing or lacks one.
pub fn numbers(hospital: &Hospital, at: Timestamp) -> Result<Numbers, TableError> {
    let table = by_name(hospital, Key::PlateletNumbers, at, None, 0.0..=1e6)?;
    let number = |name: &str| {
        table
            .get(name)
            .copied()
            .ok_or_else(|| TableError::wrong(Key::PlateletNumbers, name))
    };
    let whole = |name: &str| number(name).map(|value| value as u32);
    Ok(Numbers {
        mfi_least: number("mfi_least")?,
        mfi_permissive: number("mfi_permissive")?,
        mfi_cost: number("mfi_cost")?,
        abo_major: number("abo_major")?,
        abo_minor: number("abo_minor")?,
        day: number("day")?,
        success_1h: number("success_1h")?,
        success_24h: number("success_24h")?,
        failures: whole("failures")?.max(1) as usize,
        fresh_hours: whole("fresh_hours")?,
        early_minutes: whole("early_minutes")?,
        late_hours: whole("late_hours")?,
    })
}

fn bits(abo: Abo) -> u8 {
    u8::from(matches!(abo, Abo::A | Abo::Ab)) | u8::from(matches!(abo, Abo::B | Abo::Ab)) << 1
}

/// Corrected count increment in 10⁹/L: increment times body surface over dose. `None` where surface or dose is not on record.
pub fn cci(response: &Response) -> Option<f64> {
    let (area, dose) = (response.area?, response.dose.filter(|dose| *dose > 0)?);
    let increment = f64::from(response.after) - f64::from(response.before);
    Some(increment / 100.0 * f64::from(area) / f64::from(dose))
}

/// What was counted after one hand-over of platelets that were given.
fn tried(hospital: &Hospital, issue: &Issue, abo: Option<Abo>, numbers: &Numbers) -> Option<Tried> {
    let Some((_, Fate::Transfused { started, ended, .. })) = &issue.fate else {
        return None;
    };
    let unit = hospital.units.get(&issue.unit)?;
    if unit.component != Component::Platelets {
        return None;
    }
    let mut trial = Trial {
        cci_1h: None,
        cci_24h: None,
        abo_identical: abo == Some(unit.group.abo),
        // Of an age nobody knows, they prove nothing.
        age_hours: unit.collected.map_or(u32::MAX, |collected| {
            u32::try_from(started.duration_since(collected).as_hours()).unwrap_or(0)
        }),
    };
    for (_, response) in &issue.responses {
        let minutes = response.taken.duration_since(*ended).as_mins();
        let slot = if minutes <= i64::from(numbers.early_minutes) {
            &mut trial.cci_1h
        } else if minutes <= i64::from(numbers.late_hours) * 60 {
            &mut trial.cci_24h
        } else {
            continue;
        };
        *slot = cci(response).or(*slot);
    }
    Some(Tried {
        issue: issue.id,
        unit: issue.unit,
        ended: *ended,
        trial,
    })
}

/// What the patient's bags of platelets must be; freedom from virus by treatment is asked of plasma only.
fn needed(record: &Record<'_>, at: Timestamp) -> Vec<Attribute> {
    let kinds = record.needs(at).map(|need| need.kind);
    kinds
        .filter_map(|kind| match kind {
            NeedKind::Attribute(Attribute::VirusInactivated) | NeedKind::Lacks(_) => None,
            NeedKind::Attribute(attribute) => Some(attribute),
        })
        .collect()
}

/// Ranks the free bags for a patient and judges the platelets given before.
///
/// # Errors
/// The policy's numbers are missing.
pub fn platelets(
    hospital: &Hospital,
    patient: PatientId,
    at: Timestamp,
) -> Result<PlateletPlan, TableError> {
    let numbers = numbers(hospital, at)?;
    let record = hospital.record_of(patient);
    let abo = record
        .as_ref()
        .and_then(|record| record.group(at).group())
        .map(|group| group.abo);
    let mut antibodies: BTreeMap<String, f64> = BTreeMap::new();
    let reports = record.iter().flat_map(|record| record.parts());
    for report in reports.filter_map(|part| part.platelet_antibodies.as_ref()) {
        for (antigen, mfi) in &report.mfi {
            let strongest = antibodies.entry(antigen.to_string()).or_default();
            *strongest = strongest.max(f64::from(*mfi));
        }
    }
    let free = hospital.units.shelf().filter(|unit| {
        unit.component == Component::Platelets
            && unit.status == Status::Available
            && unit.holds.is_empty()
            && unit
                .locked_to
                .is_none_or(|owner| record.as_ref().is_some_and(|record| record.holds(owner)))
            && unit.expires > at
    });
    let mut named = BTreeMap::new();
    let bags: Vec<Bag> = free
        .map(|unit| {
            named.insert(unit.id.to_string(), unit.id);
            let age = unit.collected.map(|collected| at.duration_since(collected));
            Bag {
                id: unit.id.to_string(),
                abo: bits(unit.group.abo),
                antigens: unit
                    .platelet_antigens
                    .as_ref()
                    .map(|all| all.iter().map(ToString::to_string).collect()),
                age_days: age
                    .and_then(|age| u32::try_from(age.as_hours() / 24).ok())
                    .unwrap_or(0),
            }
        })
        .collect();
    let who = Patient {
        // Of a group that is not proven, every bag's ABO counts as foreign.
        abo: abo.map_or(0, bits),
        antibodies,
    };
    let mut bags: Vec<(UnitId, Ranked)> = rank(&who, &bags, &numbers)
        .into_iter()
        .filter_map(|ranked| Some((*named.get(&ranked.id)?, ranked)))
        .collect();
    let needed: Vec<Attribute> = record
        .as_ref()
        .map_or_else(Vec::new, |record| needed(record, at));
    let lacks = |all: Attributes| needed.iter().any(|one| !all.has(*one));
    bags.sort_by_key(|(id, _)| {
        let unit = hospital.units.get(id);
        unit.is_none_or(|unit| lacks(unit.attributes))
    });
    let mut all: Vec<Tried> = record
        .iter()
        .flat_map(|record| record.issues())
        .filter_map(|issue| tried(hospital, issue, abo, &numbers))
        .collect();
    all.sort_by_key(|one| (one.ended, one.issue));
    let trials: Vec<Trial> = all.iter().map(|one| one.trial).collect();
    Ok(PlateletPlan {
        refractory: refractory(&trials, &numbers),
        bags,
        tried: all,
        numbers,
    })
}
