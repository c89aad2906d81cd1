//! The gate: the one place that decides whether a bag may be held for, or handed over for, a request.

mod controls;
mod emergency;
mod patient;
mod request;
mod serology;
mod unit;

pub(crate) use controls::beneath_electronic;
pub use emergency::{emergency_groups, emergency_level};
pub use serology::{Serology, standing_crossmatch};

use jiff::Timestamp;

use crate::blood::{BloodGroup, LabelGroup, RhD, UnitId};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::patient::Record;
use crate::policy::Key;
use crate::request::{EmergencyLevel, Request};
use crate::unit::Unit;

/// What the gate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To hold the unit for the request: what can't change until issue.
    Reserve,
    /// To hand it over, everything proven.
    Issue,
    /// To hand it over in an emergency, before everything is proven.
    Emergency(EmergencyLevel),
}

/// Everything the parts of the gate look at; gathered once.
struct Case<'a> {
    hospital: &'a Hospital,
    unit: &'a Unit,
    request: &'a Request,
    record: Record<'a>,
    purpose: Purpose,
    at: Timestamp,
}

/// Every finding that stands against the purpose, heaviest first; nothing found means yes. Looks at this unit, this
/// request and this patient only, so it takes as long in a full store as in an empty one.
pub fn gate(
    hospital: &Hospital,
    unit: &UnitId,
    request: RequestId,
    purpose: Purpose,
    at: Timestamp,
) -> Vec<Finding> {
    let case = match Case::gather(hospital, unit, request, purpose, at) {
        Ok(case) => case,
        Err(missing) => return missing,
    };
    let mut findings = Vec::new();
    unit::check(&case, &mut findings);
    request::check(&case, &mut findings);
    patient::check(&case, &mut findings);
    serology::check(&case, &mut findings);
    controls::check(&case, &mut findings);
    if let Purpose::Emergency(level) = purpose {
        emergency::ease(&case, level, &mut findings);
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

impl<'a> Case<'a> {
    fn gather(
        hospital: &'a Hospital,
        unit: &UnitId,
        request: RequestId,
        purpose: Purpose,
        at: Timestamp,
    ) -> Result<Self, Vec<Finding>> {
        let found_unit = hospital.units.get(unit);
        let found_request = hospital.requests.get(request);
        match (found_unit, found_request) {
            (Some(found_unit), Some(found_request)) => {
                let record = hospital
                    .record_of(found_request.patient)
                    .ok_or_else(|| vec![Finding::not_found(found_request.patient)])?;
                Ok(Self {
                    hospital,
                    unit: found_unit,
                    request: found_request,
                    record,
                    purpose,
                    at,
                })
            }
            (found_unit, found_request) => {
                let mut missing = Vec::new();
                if found_unit.is_none() {
                    missing.push(Finding::not_found(*unit));
                }
                if found_request.is_none() {
                    missing.push(Finding::not_found(request));
                }
                Err(missing)
            }
        }
    }

    /// A switch of the policy; without a policy the stricter answer, and a finding.
    fn flag(&self, key: Key, findings: &mut Vec<Finding>) -> bool {
        match self.hospital.policies.flag(key, self.at) {
            Ok(flag) => flag,
            Err(missing) => {
                findings.push(missing);
                true
            }
        }
    }

    /// A finding with the policy entry in force as its source.
    fn sourced(&self, finding: Finding, key: Key) -> Finding {
        match self.hospital.policies.source(key, self.at) {
            Some(source) => finding.source(source),
            None => finding,
        }
    }

    /// The group as transfusion treats it: RhD by serology, genotype and policy, negative where they say nothing.
    fn treated(&self, group: BloodGroup) -> LabelGroup {
        self.record.transfuse_as(group, self.at).into()
    }

    /// The unit's group as the rules read it: weak D as the policy says, positive where it says nothing.
    fn unit_group(&self) -> LabelGroup {
        let positive = self
            .hospital
            .policies
            .flag(Key::WeakDUnitPositive, self.at)
            .unwrap_or(true);
        let rhd = match self.unit.rhd(positive) {
            Some(RhD::Weak) => Some(RhD::Negative),
            rhd => rhd,
        };
        LabelGroup {
            abo: self.unit.group.abo,
            rhd,
        }
    }

    fn handing_over(&self) -> bool {
        self.purpose != Purpose::Reserve
    }

    /// The patient's group for the compatibility table: only what samples tested here prove without contradiction.
    fn patient_group(&self) -> Option<LabelGroup> {
        self.record
            .group(self.at)
            .group()
            .map(|group| self.treated(group))
    }

    fn about(&self, rule: Rule) -> Finding {
        Finding::new(rule).with("unit", self.unit.id)
    }
}
