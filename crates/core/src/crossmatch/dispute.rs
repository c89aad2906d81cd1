use serde::{Deserialize, Serialize};

use super::CrossmatchEvent;
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::issue::{Purpose, gate};
use crate::people::Action;
use crate::subject::Subject;

/// Reports that a bag was proposed for a request and the gate stops it: the two channels disagree, one of them is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeProposal {
    /// The bag that was proposed.
    pub unit: UnitId,
    /// For which request.
    pub request: RequestId,
}

impl Decide for DisputeProposal {
    fn action(&self) -> Action {
        Action::UnitReserve
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into(), self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let unit = hospital.units.get(&self.unit);
        checks.require(unit.is_some(), || Finding::not_found(self.unit));
        let request = hospital.requests.get(self.request);
        checks.require(request.is_some(), || Finding::not_found(self.request));
        let mut findings = gate(
            hospital,
            &self.unit,
            self.request,
            Purpose::Reserve,
            context.at,
        );
        findings.retain(|finding| finding.severity == Severity::Stop);
        checks.require(!findings.is_empty(), || {
            Finding::new(Rule::ProposalAgreed)
                .with("unit", self.unit)
                .with("request", self.request)
        });
        checks.settle()?;
        let Some(request) = request else {
            return Ok(Vec::new());
        };
        Ok(vec![
            CrossmatchEvent::Disputed {
                unit: self.unit,
                request: self.request,
                patient: request.patient,
                findings,
            }
            .into(),
        ])
    }
}
