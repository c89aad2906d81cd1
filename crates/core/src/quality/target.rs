use lifeline_qc::Decimal;
use serde::{Deserialize, Serialize};

use super::{QualityEvent, Reads, control, measure};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId};
use crate::people::Action;
use crate::subject::Subject;
use crate::testing::LotKind;

/// What a target was set from; words under `target-basis-BASIS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The maker's sheet, until there are values of our own.
    Maker,
    /// The first values of our own (at least twenty over at least ten days).
    Initial,
    /// All in-control values so far.
    Cumulative,
    /// A parallel run beside the lot before, with its coefficient of variation.
    Parallel,
    /// A clinical or detection limit.
    Assigned,
}

impl Basis {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Maker,
        Self::Initial,
        Self::Cumulative,
        Self::Parallel,
        Self::Assigned,
    ];

    /// Those that the program computes from the values on file ([`super::proposal`]).
    pub const COMPUTED: [Self; 3] = [Self::Initial, Self::Cumulative, Self::Parallel];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Initial => "initial",
            Self::Cumulative => "cumulative",
            Self::Parallel => "parallel",
            Self::Assigned => "assigned",
        }
    }
}

/// Sets mean and SD of one level in one lot of material. The history stays; controls are run anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTarget {
    /// Which control.
    pub control: ControlCode,
    /// The lot of material.
    pub material: LotId,
    /// Which level.
    pub level: ControlCode,
    /// Mean, in the control's unit.
    pub mean: Decimal,
    /// Standard deviation, greater than 0.
    pub sd: Decimal,
    /// From what.
    pub basis: Basis,
    /// Over how many values.
    pub values: u32,
    /// Why.
    pub reason: String,
}

impl Decide for SetTarget {
    fn action(&self) -> Action {
        Action::ControlTarget
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.control.clone().into(), self.material.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let limits = checks.take(measure::limits(self.mean, self.sd));
        if let Some(control) = checks.take(control(hospital, &self.control, context.at)) {
            checks.require(matches!(control.reads, Reads::Measured(_)), || {
                Finding::bad_value("control", "why-not-measured")
            });
            checks.require(control.levels().contains(&&self.level), || {
                Finding::bad_value("level", "why-not-listed")
            });
        }
        checks.take(material(hospital, &self.material));
        checks.settle()?;
        Ok(limits
            .map(|limits| {
                QualityEvent::TargetSet {
                    control: self.control.clone(),
                    material: self.material.clone(),
                    level: self.level.clone(),
                    limits,
                    basis: self.basis,
                    values: self.values,
                    reason: self.reason.trim().into(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// A lot of control material.
pub(super) fn material(hospital: &Hospital, lot: &LotId) -> Result<(), Finding> {
    match hospital.lots.get(lot) {
        None => Err(unusable(lot, "lot-state-unknown")),
        Some(known) if known.kind != LotKind::Control => {
            Err(unusable(lot, "lot-state-not-control"))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn unusable(lot: &LotId, why: &'static str) -> Finding {
    Finding::new(Rule::LotUnusable)
        .with("lot", lot.clone())
        .word("why", why)
}
