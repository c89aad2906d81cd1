use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Issue, IssueEvent, ReturnState};
use crate::blood::Celsius;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::{IssueId, LocationId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;
use crate::unit::{Appearance, Checked, Status, Unit};

/// Takes a bag back. Whether it goes back into stock is computed; a bag that may not goes into quarantine, because it is
/// here all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnIssue {
    /// Which hand-over.
    pub issue: IssueId,
    /// Temperature of the bag, where measured.
    pub temperature: Option<Celsius>,
    /// Seal and tubing.
    pub seal: Checked,
    /// What it looks like.
    pub appearance: Appearance,
    /// Why it came back.
    pub reason: String,
    /// Put where.
    pub location: LocationId,
}

/// Minutes since the hand-over; a begun minute counts whole.
pub fn minutes_out(issue: &Issue, at: Timestamp) -> i64 {
    let seconds = at.duration_since(issue.issued.at).as_secs().max(0);
    seconds.saturating_add(59) / 60
}

impl ReturnIssue {
    /// What keeps the bag from being put back into stock; nothing means it may be.
    pub fn unfit(
        &self,
        hospital: &Hospital,
        issue: &Issue,
        unit: &Unit,
        at: Timestamp,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let policies = &hospital.policies;
        let minutes = minutes_out(issue, at);
        match policies.span(Key::ReturnWithin, at) {
            Ok(most) if minutes <= most.as_mins() => {}
            Ok(most) => findings.push(
                Finding::new(Rule::OutTooLong)
                    .with("unit", unit.id)
                    .with("out", crate::finding::FactValue::Minutes(minutes))
                    .with("most", crate::finding::FactValue::Minutes(most.as_mins()))
                    .source(policies.source(Key::ReturnWithin, at).unwrap_or_default()),
            ),
            Err(missing) => findings.push(missing),
        }
        let mut unfit = |word: &str| {
            findings.push(
                Finding::new(Rule::ReturnUnfit)
                    .with("unit", unit.id)
                    .word("why", word),
            );
        };
        match self.seal {
            Checked::Good => {}
            Checked::Bad => unfit("why-seal-broken"),
            Checked::NotChecked => unfit("why-seal-not-checked"),
        }
        if unit.status == Status::Recalled {
            unfit("why-recalled");
        }
        if self.appearance != Appearance::Normal {
            unfit(&format!("appearance-{}", self.appearance.as_str()));
        }
        match self.temperature {
            None => unfit("why-temperature-not-measured"),
            Some(measured) => match policies.range(Key::StorageTemperature, unit.component, at) {
                Ok(range) if range.holds(measured) => {}
                Ok(_) => unfit("why-temperature-out-of-range"),
                Err(missing) => findings.push(missing),
            },
        }
        findings
    }
}

impl Decide for ReturnIssue {
    fn action(&self) -> Action {
        Action::UnitReturn
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.issue.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let out = super::out(&mut checks, hospital, self.issue, Status::Returned);
        let length = self.reason.trim().chars().count();
        checks.require((Reason::LEAST..=Reason::MOST).contains(&length), || {
            Finding::bad_value("reason", "why-reason-length")
        });
        checks.second(Action::UnitIssueCheck);
        checks.settle()?;
        let Some((issue, unit)) = out else {
            return Ok(Vec::new());
        };
        Ok(vec![
            IssueEvent::Returned {
                issue: issue.id,
                unit: issue.unit,
                patient: issue.patient,
                request: issue.request,
                amount: unit.amount,
                state: ReturnState {
                    minutes_out: minutes_out(issue, context.at),
                    temperature: self.temperature,
                    seal: self.seal,
                    appearance: self.appearance,
                    reason: self.reason.trim().into(),
                },
                restocked: self.unfit(hospital, issue, unit, context.at).is_empty(),
                location: self.location.clone(),
                second: context.second.clone(),
            }
            .into(),
        ])
    }
}
