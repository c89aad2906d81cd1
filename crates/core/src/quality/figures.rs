//! Figures of measured controls over a period: what each material did in a month.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeline_qc::statistics::Moments;
use lifeline_qc::targets::{Month, Summary};
use lifeline_qc::{Decimal, Status};

use super::{Control, JudgedLevel, Place, Reads, Shown, Verdict, counts, plan};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId};
use crate::policy::Key;

/// What one level in one lot of material did in a place over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthLine {
    /// Which control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// Which level.
    pub level: ControlCode,
    /// The lot of material.
    pub material: LotId,
    /// n, mean, SD, CV, in-control rate, bias, sigma, u(Rw).
    pub summary: Summary,
    /// The mean of the target that the period ended under, in the control's unit.
    pub target: Option<Decimal>,
}

/// The figures of every measured control of the plan over `[from, until)`, in the order of the plan. The uncertainty rests on the
/// in-control values of all lots of `quality.uncertainty_days` days before the end.
///
/// # Errors
/// The plan or a policy it needs is not in force then.
pub fn month(
    hospital: &Hospital,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<MonthLine>, Finding> {
    let controls = plan(hospital, until)?;
    let days = hospital.policies.count(Key::UncertaintyDays, until)?;
    let long_ago = days
        .checked_mul(24)
        .map(SignedDuration::from_hours)
        .and_then(|span| until.checked_sub(span).ok())
        .unwrap_or(from)
        .min(from);
    let mut lines = Vec::new();
    for control in controls {
        for place in control.place.places(hospital) {
            lines.extend(of_place(hospital, control, &place, (long_ago, from, until)));
        }
    }
    Ok(lines)
}

#[derive(Default)]
struct Gathered {
    month: Month,
    long: Moments,
    target: Option<Decimal>,
}

fn of_place(
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    (long_ago, from, until): (Timestamp, Timestamp, Timestamp),
) -> Vec<MonthLine> {
    let Reads::Measured(measured) = &control.reads else {
        return Vec::new();
    };
    let allowable = measured.allowable.map(Decimal::to_f64);
    let mut lines = Vec::new();
    for level in control.levels() {
        let mut lots: BTreeMap<LotId, Gathered> = BTreeMap::new();
        let runs = hospital
            .quality
            .stream_since(&control.code, place, long_ago)
            .take_while(|run| run.ran < until);
        for run in runs {
            let Some(judged) = run.level(level) else {
                continue;
            };
            let Shown::Measured(value) = judged.shown else {
                continue;
            };
            let gathered = lots.entry(judged.material.clone()).or_default();
            let number = value.to_f64();
            if counts(judged) {
                gathered.long.add(number);
            }
            if run.ran >= from {
                gathered.month.add(number, status(judged));
                gathered.target = judged
                    .limits
                    .map(|limits| limits.mean())
                    .or(gathered.target);
            }
        }
        let long: Vec<Moments> = lots.values().map(|gathered| gathered.long).collect();
        lines.extend(
            lots.into_iter()
                .filter(|(_, gathered)| gathered.month.points > 0)
                .map(|(material, gathered)| MonthLine {
                    control: control.code.clone(),
                    place: place.clone(),
                    level: level.clone(),
                    material,
                    summary: Summary::of(
                        &gathered.month,
                        gathered.target.map(Decimal::to_f64),
                        allowable,
                        &long,
                    ),
                    target: gathered.target,
                }),
        );
    }
    lines
}

/// What a point counts as in a month's figures.
fn status(judged: &JudgedLevel) -> Status {
    match judged.verdict {
        _ if !counts(judged) => Status::Reject,
        Verdict::Warning => Status::Warning,
        _ => Status::Accept,
    }
}
