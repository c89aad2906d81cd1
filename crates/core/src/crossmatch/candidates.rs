use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::{Abo, Component, LabelGroup, RhD, UnitId};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::issue::{Purpose, emergency_groups, emergency_level, gate};
use crate::patient::{NeedKind, Record, Specificity};
use crate::request::Urgency;
use crate::unit::{Status, Unit};

/// Why a unit stands where it stands in the list; words under `rank-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Held for this request already.
    Held,
    /// Given by or for this patient.
    Locked,
    /// The patient's own ABO and RhD.
    Identical,
    /// The patient's own ABO; RhD negative blood that RhD negative patients could need.
    SparesNoNegative,
    /// Another ABO type that is compatible.
    Substitute,
    /// RhD positive for an RhD negative patient: last resort.
    RhdPositive,
}

impl Rank {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Locked => "locked",
            Self::Identical => "identical",
            Self::SparesNoNegative => "spares_no_negative",
            Self::Substitute => "substitute",
            Self::RhdPositive => "rhd_positive",
        }
    }
}

/// A unit that may be chosen for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub unit: UnitId,
    /// Why it stands here.
    pub rank: Rank,
    /// It was typed negative for every antigen the patient needs negative.
    pub antigen_negative: bool,
    /// Warnings that would have to be answered for at issue.
    pub findings: Vec<Finding>,
}

/// How many bags of one ABO type are looked at, oldest first, before the search goes on to the next.
const LOOKED_AT_MOST: usize = 400;

/// Suitable units for a request, best first: what is held or locked for the patient; then identical groups; then what spares
/// group O and RhD negative blood for those who can get nothing else; within each the oldest. Units the gate would stop
/// are not listed.
pub fn candidates(
    hospital: &Hospital,
    request: RequestId,
    at: Timestamp,
    limit: usize,
) -> Vec<Candidate> {
    let Some(asked) = hospital.requests.get(request) else {
        return Vec::new();
    };
    let Some(record) = hospital.record_of(asked.patient) else {
        return Vec::new();
    };
    let component = asked.order.component;
    let patient: Option<LabelGroup> = record
        .group(at)
        .group()
        .map(|group| record.transfuse_as(group, at).into());
    let needs_typing = needs_typing(&record, component, at);
    let purpose = match asked.order.urgency {
        Urgency::Emergency => Purpose::Emergency(emergency_level(hospital, asked.patient, at)),
        Urgency::Urgent | Urgency::Routine => Purpose::Reserve,
    };

    let own = record
        .parts()
        .flat_map(|part| hospital.units.locked_to(part.id))
        .filter(|unit| unit.component == component);
    let shelf = order(hospital, component, patient, at)
        .into_iter()
        .flat_map(|abo| {
            hospital
                .units
                .on_shelf(component, abo)
                .filter(|unit| unit.status != Status::Quarantined && unit.locked_to.is_none())
                .take(LOOKED_AT_MOST)
        });
    let mut found: Vec<(Rank, usize, Timestamp, Candidate)> = Vec::new();
    for (place, unit) in own.chain(shelf).enumerate() {
        let findings = gate(hospital, &unit.id, request, purpose, at);
        // A frozen bag is chosen first and thawed then.
        let stopped = |finding: &Finding| {
            finding.severity == Severity::Stop && finding.rule != Rule::UnitNotThawed
        };
        if findings.iter().any(stopped) {
            continue;
        }
        let rank = rank(unit, request, patient);
        let abo = abo_place(hospital, component, patient, unit.group.abo, at).unwrap_or(place);
        found.push((
            rank,
            abo,
            unit.expires,
            Candidate {
                unit: unit.id,
                rank,
                antigen_negative: needs_typing,
                findings,
            },
        ));
    }
    found.sort_by_key(|(rank, abo, expires, candidate)| (*rank, *abo, *expires, candidate.unit));
    found
        .into_iter()
        .map(|(_, _, _, candidate)| candidate)
        .take(limit)
        .collect()
}

/// The gate lets only typed-negative units through where this holds, so every unit listed has been typed.
fn needs_typing(record: &Record<'_>, component: Component, at: Timestamp) -> bool {
    component.carries_red_cells()
        && (record
            .antibodies()
            .any(|a| a.significant && matches!(a.specificity, Specificity::Antigen(_)))
            || record
                .needs(at)
                .any(|need| matches!(need.kind, NeedKind::Lacks(_))))
}

/// ABO types in the order of the table in force: the patient's own first.
fn order(
    hospital: &Hospital,
    component: Component,
    patient: Option<LabelGroup>,
    at: Timestamp,
) -> Vec<Abo> {
    let Ok(table) = hospital.policies.compatibility(component, at) else {
        return Vec::new();
    };
    let Some(patient) = patient else {
        let mut list = table.unknown.clone();
        for group in emergency_groups(&hospital.policies, component, at).unwrap_or_default() {
            if !list.contains(&group.abo) {
                list.push(group.abo);
            }
        }
        return list;
    };
    let mut list = table.abo.get(&patient.abo).cloned().unwrap_or_default();
    list.extend(table.conditional.get(&patient.abo).into_iter().flatten());
    if let Some(own) = list.iter().position(|abo| *abo == patient.abo) {
        let own = list.remove(own);
        list.insert(0, own);
    }
    list
}

fn abo_place(
    hospital: &Hospital,
    component: Component,
    patient: Option<LabelGroup>,
    abo: Abo,
    at: Timestamp,
) -> Option<usize> {
    order(hospital, component, patient, at)
        .iter()
        .position(|listed| *listed == abo)
}

fn rank(unit: &Unit, request: RequestId, patient: Option<LabelGroup>) -> Rank {
    let held = unit
        .reservation
        .as_ref()
        .is_some_and(|held| held.request == request);
    if held {
        return Rank::Held;
    }
    if unit.locked_to.is_some() {
        return Rank::Locked;
    }
    let Some(patient) = patient else {
        return Rank::Substitute;
    };
    let red_cells = unit.component.carries_red_cells();
    let positive_into_negative = patient.rhd != Some(RhD::Positive)
        && unit.group.rhd != Some(RhD::Negative)
        && unit.component != Component::Plasma
        && unit.component != Component::Cryo;
    let same_abo = unit.group.abo == patient.abo;
    if positive_into_negative {
        Rank::RhdPositive
    } else if same_abo && (!red_cells || unit.group.rhd == patient.rhd) {
        Rank::Identical
    } else if same_abo {
        Rank::SparesNoNegative
    } else {
        Rank::Substitute
    }
}
