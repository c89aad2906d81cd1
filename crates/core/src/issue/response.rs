use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fate, IssueEvent};
use crate::blood::Component;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::IssueId;
use crate::people::Action;
use crate::request::lab_asked;
use crate::subject::Subject;

/// What a laboratory value did after a transfusion. Values are hundredths of what is asked for the component when it is ordered:
/// haemoglobin in g/L, platelets in 10⁹/L, INR, fibrinogen in g/L.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
    /// When the sample after was drawn.
    pub taken: Timestamp,
    /// Body surface in hundredths of a square metre; needed for platelets.
    pub area: Option<u32>,
    /// Platelets given in hundredths of 10¹¹; needed for platelets.
    pub dose: Option<u32>,
}

impl Response {
    /// A value nobody measures, in hundredths.
    pub const VALUE_MOST: u32 = 500_000;
    /// Body surface in hundredths of a square metre, from a small preterm to the largest adult.
    pub const AREA: std::ops::RangeInclusive<u32> = 5..=400;
    /// Platelets of one transfusion in hundredths of 10¹¹.
    pub const DOSE: std::ops::RangeInclusive<u32> = 5..=3000;
    /// Later than this a value says nothing about the transfusion.
    pub const LATEST: SignedDuration = SignedDuration::from_hours(72);
    /// Values of one transfusion.
    pub const MOST: usize = 8;
}

/// Records what a laboratory value did after a transfusion: the review of its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordResponse {
    /// Which hand-over.
    pub issue: IssueId,
    /// The values.
    pub response: Response,
}

impl Decide for RecordResponse {
    fn action(&self) -> Action {
        Action::UnitFate
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let Some(issue) = hospital.issues.get(self.issue) else {
            return Err(Finding::not_found(self.issue).into());
        };
        let Some(unit) = hospital.units.get(&issue.unit) else {
            return Err(Finding::not_found(issue.unit).into());
        };
        let one = &self.response;
        let Some((_, Fate::Transfused { ended, .. })) = &issue.fate else {
            return Err(Finding::new(Rule::WrongState)
                .with("subject", Subject::from(issue.id))
                .word("state", "issue-not-transfused")
                .into());
        };
        checks.require(lab_asked(unit.component).is_some(), || {
            Finding::bad_value("after", "why-not-measured")
        });
        checks.require(issue.responses.len() < Response::MOST, || {
            Finding::bad_value("after", "why-too-many").with("most", Response::MOST as i64)
        });
        for (field, value) in [("before", one.before), ("after", one.after)] {
            checks.require(value <= Response::VALUE_MOST, || {
                Finding::bad_value(field, "why-out-of-range")
            });
        }
        checks.past("taken", one.taken);
        let soon = one.taken >= *ended && one.taken.duration_since(*ended) <= Response::LATEST;
        checks.require(soon, || {
            Finding::bad_value("taken", "why-not-after-transfusion")
                .with("ended", *ended)
                .with("hours", Response::LATEST.as_hours())
        });
        for (field, value, range) in [
            ("area", one.area, Response::AREA),
            ("dose", one.dose, Response::DOSE),
        ] {
            match value {
                Some(value) => checks.require(range.contains(&value), || {
                    Finding::bad_value(field, "why-out-of-range")
                }),
                None => checks.require(unit.component != Component::Platelets, || {
                    Finding::bad_value(field, "why-missing")
                }),
            }
        }
        checks.settle()?;
        Ok(vec![
            IssueEvent::ResponseRecorded {
                issue: issue.id,
                unit: issue.unit,
                patient: issue.patient,
                response: one.clone(),
            }
            .into(),
        ])
    }
}
