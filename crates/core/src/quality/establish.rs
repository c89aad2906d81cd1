//! From the first values of a material to its limits, and from one lot to the next.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeline_qc::statistics::Moments;
use lifeline_qc::targets::{self, TargetError};
use lifeline_qc::{Decimal, Limits};
use serde::{Deserialize, Serialize};

use super::{Basis, Because, Control, JudgedLevel, QualityEvent, Reads, Shown, Verdict, control};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId, RunId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// A value that counts for mean and SD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Its run.
    pub run: RunId,
    /// When it was read.
    pub ran: Timestamp,
    /// The number.
    pub value: Decimal,
}

/// Whether a point counts for mean and SD: not one that was out, by the rules or by the instant method.
pub fn counts(level: &JudgedLevel) -> bool {
    let instant = level
        .because
        .iter()
        .any(|because| matches!(because, Because::Instant { .. }));
    match level.verdict {
        Verdict::Rejected => false,
        // Beside a lot that is the control nothing goes out; what lies apart is only left out.
        Verdict::Establishing => !instant,
        Verdict::Accepted | Verdict::Warning => true,
    }
}

/// The in-control values of a material's level up to a moment, oldest first, of all places where the control is run.
pub fn counted(
    hospital: &Hospital,
    control: &Control,
    (material, level): (&LotId, &ControlCode),
    until: Timestamp,
) -> Vec<Counted> {
    let mut found: Vec<Counted> = control
        .place
        .places(hospital)
        .iter()
        .flat_map(|place| hospital.quality.stream(&control.code, place))
        .filter(|run| run.ran <= until)
        .filter_map(|run| {
            let judged = run.level(level)?;
            match judged.shown {
                Shown::Measured(value) if judged.material == *material && counts(judged) => {
                    Some(Counted {
                        run: run.id,
                        ran: run.ran,
                        value,
                    })
                }
                _ => None,
            }
        })
        .collect();
    found.sort_by_key(|one| (one.ran, one.run));
    found
}

/// A target as the values on file give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// From what.
    pub basis: Basis,
    /// Mean and SD, with the digits they are put in force with.
    pub limits: Limits,
    /// Over how many values.
    pub values: u32,
    /// On how many days.
    pub days: u32,
}

/// The target that the values on file give a material's level.
///
/// `Initial` takes the first in-control values (`quality.initial_values`, on at least `quality.initial_days` days), `Cumulative` all
/// of them, `Parallel` the mean of the new lot's values (`quality.parallel_values`) with the coefficient of variation of the lot
/// before. Makers' and assigned targets are not computed.
///
/// # Errors
/// Too few values or days, no lot before, or no spread.
pub fn proposal(
    hospital: &Hospital,
    control: &Control,
    (material, level): (&LotId, &ControlCode),
    basis: Basis,
    at: Timestamp,
) -> Result<Proposal, Finding> {
    let Reads::Measured(measured) = &control.reads else {
        return Err(Finding::bad_value("control", "why-not-measured"));
    };
    let policies = &hospital.policies;
    let mut values = counted(hospital, control, (material, level), at);
    let count = |key| {
        policies
            .count(key, at)
            .map(|count| u64::try_from(count).unwrap_or(u64::MAX))
    };
    let need = match basis {
        Basis::Initial | Basis::Cumulative => count(Key::InitialValues)?,
        Basis::Parallel => count(Key::ParallelValues)?,
        Basis::Maker | Basis::Assigned => {
            return Err(Finding::bad_value("basis", "why-not-computed"));
        }
    };
    if basis == Basis::Initial {
        values.truncate(usize::try_from(need).unwrap_or(usize::MAX));
    }
    let days: BTreeSet<jiff::civil::Date> = values
        .iter()
        .map(|one| hospital.offset(one.ran).to_datetime(one.ran).date())
        .collect();
    let days = u32::try_from(days.len()).unwrap_or(u32::MAX);
    let numbers: Vec<Decimal> = values.iter().map(|one| one.value).collect();
    let moments = Moments::of(&numbers);
    let target = match basis {
        Basis::Parallel => targets::new_lot(
            &moments,
            need,
            old_cv(hospital, control, (material, level), at)?,
        ),
        _ => targets::provisional(&moments, need),
    }
    .map_err(why)?;
    let least = count(Key::InitialDays)?;
    if basis != Basis::Parallel && u64::from(days) < least {
        return Err(Finding::bad_value("values", "why-too-few-days")
            .with("have", i64::from(days))
            .with("need", i64::try_from(least).unwrap_or(i64::MAX)));
    }
    Ok(Proposal {
        basis,
        limits: targets::written(target, measured.decimals).map_err(why)?,
        values: u32::try_from(moments.count()).unwrap_or(u32::MAX),
        days,
    })
}

pub(super) fn why(error: TargetError) -> Finding {
    match error {
        TargetError::TooFew { have, need } => Finding::bad_value("values", "why-too-few-values")
            .with("have", i64::try_from(have).unwrap_or(i64::MAX))
            .with("need", i64::try_from(need).unwrap_or(i64::MAX)),
        TargetError::NoSpread => Finding::bad_value("sd", "why-sd-zero"),
    }
}

/// The lots of a level that have a target, with the target in force, the newest first.
fn with_target<'a>(
    hospital: &'a Hospital,
    control: &Control,
    level: &ControlCode,
    at: Timestamp,
) -> Vec<(&'a LotId, &'a super::Target)> {
    let mut found: Vec<_> = hospital
        .quality
        .targets
        .iter()
        .filter(|((code, _, of), _)| *code == control.code && of == level)
        .filter_map(|((_, lot, _), _)| {
            let target = hospital.quality.target(&control.code, lot, level, at)?;
            Some((lot, target))
        })
        .collect();
    found.sort_by_key(|(_, target)| std::cmp::Reverse(target.set.seq));
    found
}

/// The coefficient of variation of the lot before, in per cent: of all its values where there are enough, else of its target.
fn old_cv(
    hospital: &Hospital,
    control: &Control,
    (material, level): (&LotId, &ControlCode),
    at: Timestamp,
) -> Result<f64, Finding> {
    let before = with_target(hospital, control, level, at)
        .into_iter()
        .find(|(lot, _)| *lot != material);
    let Some((lot, target)) = before else {
        return Err(Finding::bad_value("basis", "why-no-lot-before"));
    };
    let numbers: Vec<Decimal> = counted(hospital, control, (lot, level), at)
        .iter()
        .map(|one| one.value)
        .collect();
    let enough = hospital.policies.count(Key::InitialValues, at)?;
    let long = i64::try_from(numbers.len()).unwrap_or(i64::MAX) >= enough;
    let own = Moments::of(&numbers).cv_percent().filter(|_| long);
    let of_target = 100.0 * target.limits.sd().to_f64() / target.limits.mean().to_f64().abs();
    Ok(own.unwrap_or(of_target))
}

/// Whether another lot of the level is the control for now: it has a target and may be used. What is run beside it is a parallel
/// run: it neither covers nor goes out.
pub(super) fn in_parallel(
    hospital: &Hospital,
    control: &Control,
    (material, level): (&LotId, &ControlCode),
    at: Timestamp,
) -> bool {
    with_target(hospital, control, level, at)
        .into_iter()
        .any(|(lot, _)| {
            lot != material && hospital.lots.get(lot).is_some_and(|known| known.usable(at))
        })
}

/// Puts the target in force that the values on file give: after the first values, from time to time over all of them, or for a new
/// lot after its parallel run. The signature is the command's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptTarget {
    /// Which control.
    pub control: ControlCode,
    /// The lot of material.
    pub material: LotId,
    /// Which level.
    pub level: ControlCode,
    /// From what: one of [`Basis::COMPUTED`].
    pub basis: Basis,
    /// Mean and SD as the person saw them; refused where the values give others by now.
    pub seen: Limits,
    /// Why.
    pub reason: String,
}

impl Decide for AdoptTarget {
    fn action(&self) -> Action {
        Action::ControlTarget
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.control.clone().into(), self.material.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        checks.take(super::target::material(hospital, &self.material));
        let found = checks
            .take(control(hospital, &self.control, context.at))
            .and_then(|control| {
                checks.require(control.levels().contains(&&self.level), || {
                    Finding::bad_value("level", "why-not-listed")
                });
                let of = (&self.material, &self.level);
                checks.take(proposal(hospital, control, of, self.basis, context.at))
            });
        if let Some(found) = &found {
            checks.require(found.limits == self.seen, || {
                Finding::bad_value("mean", "why-figures-changed")
                    .with("mean", found.limits.mean().to_string())
                    .with("sd", found.limits.sd().to_string())
            });
        }
        checks.settle()?;
        Ok(found
            .map(|found| {
                QualityEvent::TargetSet {
                    control: self.control.clone(),
                    material: self.material.clone(),
                    level: self.level.clone(),
                    limits: found.limits,
                    basis: found.basis,
                    values: found.values,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
