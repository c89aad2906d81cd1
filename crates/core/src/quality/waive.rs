use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Place, QualityEvent, control};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ControlCode, LotId, RunId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Lets results out without a control for a while, because none can be run. Two people sign; it is shown as what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiveControl {
    /// Which control.
    pub control: ControlCode,
    /// Where.
    pub place: Place,
    /// For which lots.
    pub lots: BTreeSet<LotId>,
    /// Until when, within `quality.waiver_most`.
    pub until: Timestamp,
    /// Why, and what stands in for the control.
    pub reason: String,
}

impl Decide for WaiveControl {
    fn action(&self) -> Action {
        Action::ControlWaive
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![self.control.clone().into()];
        subjects.extend(self.place.device());
        subjects
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let second = checks.second(Action::ControlWaiveCheck);
        checks.require(self.until > context.at, || {
            Finding::bad_value("until", "why-in-the-past")
        });
        if let Some(most) = checks.take(hospital.policies.span(Key::WaiverMost, context.at)) {
            let latest = context.at.checked_add(most).unwrap_or(context.at);
            checks.require(self.until <= latest, || {
                Finding::bad_value("until", "why-too-late").with("latest", latest)
            });
        }
        let mut levels = BTreeSet::new();
        if let Some(control) = checks.take(control(hospital, &self.control, context.at)) {
            checks.require(control.place.holds(hospital, &self.place), || {
                Finding::bad_value("place", "why-not-listed")
            });
            levels.extend(control.levels().into_iter().cloned());
        }
        for lot in &self.lots {
            checks.require(hospital.lots.contains_key(lot), || {
                Finding::not_found(lot.clone())
            });
        }
        checks.settle()?;
        let Some(second) = second else {
            return Ok(Vec::new());
        };
        Ok(vec![
            QualityEvent::Waived {
                control: self.control.clone(),
                place: self.place.clone(),
                lots: self.lots.clone(),
                levels,
                until: self.until,
                reason: self.reason.trim().into(),
                second,
            }
            .into(),
        ])
    }
}

/// Adds a remark to a run or one of its points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnotateRun {
    /// Which run.
    pub run: RunId,
    /// Which level; the whole run otherwise.
    pub level: Option<ControlCode>,
    /// The remark.
    pub text: String,
}

/// The most remarks of one run.
const NOTES_MOST: usize = 50;

impl Decide for AnnotateRun {
    fn action(&self) -> Action {
        Action::ControlRun
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.run.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("text", &self.text);
        let Some(run) = hospital.quality.run(self.run) else {
            return Err(Finding::not_found(self.run).into());
        };
        checks.require(run.notes.len() < NOTES_MOST, || {
            Finding::bad_value("text", "why-too-many")
        });
        if let Some(level) = &self.level {
            checks.require(run.level(level).is_some(), || {
                Finding::bad_value("level", "why-not-listed")
            });
        }
        checks.settle()?;
        Ok(vec![
            QualityEvent::Annotated {
                run: self.run,
                control: run.control.clone(),
                level: self.level.clone(),
                text: self.text.trim().into(),
            }
            .into(),
        ])
    }
}
