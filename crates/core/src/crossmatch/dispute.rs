use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CrossmatchEvent;
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::issue::{Purpose, gate};
use crate::near_miss::{PROPOSAL_DISPUTED, found_by_rule};
use crate::people::Action;
use crate::subject::Subject;

/// What the gate holds against a proposed bag and what no report of this bag and request named before.
pub fn undisputed(
    hospital: &Hospital,
    unit: &UnitId,
    request: RequestId,
    at: Timestamp,
) -> Vec<Finding> {
    let known = hospital.crossmatches.disputes.get(&(request, *unit));
    let mut findings = gate(hospital, unit, request, Purpose::Reserve, at);
    findings.retain(|finding| {
        let named = |known: &Finding| known.rule == finding.rule;
        finding.severity == Severity::Stop
            && !known.is_some_and(|dispute| dispute.findings.iter().any(named))
    });
    findings
}

/// Reports that a bag was proposed for a request and the gate stops it: the two channels disagree, one of them is wrong. Each rule
/// of each request and bag becomes an incident once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeProposal {
    /// The bag that was proposed.
    pub unit: UnitId,
    /// For which request.
    pub request: RequestId,
}

impl Decide for DisputeProposal {
    fn action(&self) -> Action {
        Action::ProposalDispute
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
        let findings = undisputed(hospital, &self.unit, self.request, context.at);
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
                near_miss: Some(hospital.next.near_miss),
            }
            .into(),
            found_by_rule(
                hospital,
                PROPOSAL_DISPUTED,
                context.at,
                vec![
                    self.request.into(),
                    self.unit.into(),
                    request.patient.into(),
                ],
            ),
        ])
    }
}
