//! Which bag for which open request, from the hospital as it stands: the day's plan, why, what else there is, what to type.
//!
//! This is the second channel beside the gate: it reads groups, antigens, antibodies and needs itself and calls none of the
//! core's compatibility rules. What the two see differently is an incident.

mod advice;
pub mod platelets;
mod read;

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_core::blood::{Antigen, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::RequestId;

pub use advice::{Alternative, TypeFirst};
pub use read::kind_by_diagnosis;

use crate::matching::{Day, InputError, Instance, Phenotype};
use crate::tables::TableError;

/// Why nothing is proposed at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// A policy table is missing or wrong.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The hospital's facts do not make an instance.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// Why a request is not in the plan; words under `unplanned-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unplanned {
    /// No group is proven by a sample tested here.
    Group,
    /// Other components are chosen from the list.
    Component,
    /// Nothing is outstanding.
    Served,
    /// It was placed on a record that was merged into another since.
    Merged,
}

impl Unplanned {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Component => "component",
            Self::Served => "served",
            Self::Merged => "merged",
        }
    }
}

/// A fact that speaks for or against a bag; words under `reason-…`.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The patient's own ABO and RhD.
    Identical,
    /// Another group, that the plan holds for compatible.
    OtherGroup,
    /// Whole days of life left.
    DaysLeft(u32),
    /// Typed negative for antigens that must be absent.
    TypedNegative(Vec<Antigen>),
    /// The bag has antigens the patient lacks, with the weight of each.
    Mismatch(Vec<(Antigen, f64)>),
    /// Antigens that count and that bag or patient were not typed for.
    NotTyped(Vec<Antigen>),
}

/// A bag proposed for a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Which.
    pub unit: UnitId,
    /// What the pair costs in model T.
    pub cost: f64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// How many missing bags (weighted) one more bag like it would save, and how much cost: the price of its phenotype.
    pub worth: (i64, f64),
}

/// What is proposed for one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Which.
    pub request: RequestId,
    /// The kind of patient, by its name in `matching.kinds`.
    pub kind: String,
    /// Bags wanted beside those held already.
    pub wanted: u32,
    /// Bags for which there is none in the plan.
    pub missing: u32,
    /// Days until needed.
    pub lead: u32,
    /// The bags.
    pub bags: Vec<Proposed>,
}

/// The plan of a day: every open request for red cells at once.
#[derive(Debug, Clone)]
pub struct DayPlan {
    day: Day,
    units: Vec<UnitId>,
    requests: Vec<RequestId>,
    by_unit: Vec<Option<u32>>,
    incidence: BTreeMap<String, Vec<f64>>,
    exposure: Vec<Vec<f64>>,
    /// Requests that are not in it, with the reason.
    pub unplanned: Vec<(RequestId, Unplanned)>,
}

/// Plans the day for every open request.
///
/// # Errors
/// A policy table is missing or wrong, or the facts contradict each other.
pub fn plan(hospital: &Hospital, at: Timestamp) -> Result<DayPlan, ProposalError> {
    let read = read::read(hospital, at)?;
    let day = Day::solve(read.instance)?;
    Ok(DayPlan {
        by_unit: day.by_unit(),
        day,
        units: read.units,
        requests: read.requests,
        incidence: read.incidence,
        exposure: read.exposure,
        unplanned: read.unplanned,
    })
}

impl DayPlan {
    /// Requests in the plan, most urgent and soonest first.
    pub fn requests(&self) -> &[RequestId] {
        &self.requests
    }

    fn instance(&self) -> &Instance {
        self.day.instance()
    }

    /// Every bag that is proposed, with its request, by bag.
    pub fn pairs(&self) -> impl Iterator<Item = (RequestId, UnitId)> + '_ {
        let given = self.units.iter().zip(&self.by_unit);
        given.filter_map(|(unit, request)| {
            let request = self.requests.get((*request)? as usize)?;
            Some((*request, *unit))
        })
    }

    fn place(&self, request: RequestId) -> Option<usize> {
        self.requests.iter().position(|known| *known == request)
    }

    /// What is proposed for a request that is in the plan.
    pub fn proposal(&self, request: RequestId) -> Option<Proposal> {
        let place = self.place(request)?;
        let row = self.instance().requests.get(place)?;
        let given = (0u32..).zip(&self.by_unit);
        let mut bags: Vec<Proposed> = given
            .filter(|(_, request)| **request == Some(place as u32))
            .filter_map(|(unit, _)| self.proposed(place, unit))
            .collect();
        bags.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.unit.cmp(&b.unit)));
        Some(Proposal {
            request,
            kind: self.instance().groups.get(row.group)?.name.clone(),
            wanted: row.wanted,
            missing: row.wanted.saturating_sub(bags.len() as u32),
            lead: row.lead,
            bags,
        })
    }

    fn proposed(&self, place: usize, unit: u32) -> Option<Proposed> {
        Some(Proposed {
            unit: *self.units.get(unit as usize)?,
            cost: self.day.cost(place, unit)?,
            reasons: self.reasons(place, unit)?,
            worth: self.day.worth(unit)?,
        })
    }

    fn antigens(&self, mask: u64) -> Vec<Antigen> {
        let names = self.instance().names(mask);
        names.filter_map(Antigen::parse).collect()
    }

    fn reasons(&self, place: usize, unit: u32) -> Option<Vec<Reason>> {
        let instance = self.instance();
        let request = instance.requests.get(place)?;
        let bag = instance.units.get(unit as usize)?;
        let group = instance.groups.get(request.group)?;
        let abd = instance.bit("A") | instance.bit("B") | instance.bit("D");
        let mut reasons = Vec::new();
        let of = |phenotype: Phenotype| phenotype.positive & abd;
        reasons.push(if of(bag.phenotype) == of(request.phenotype) {
            Reason::Identical
        } else {
            Reason::OtherGroup
        });
        reasons.push(Reason::DaysLeft(
            (instance.parameters.shelf_life_days - 1).saturating_sub(bag.age),
        ));
        let needed = (group.mandatory & !request.phenotype.positive | request.antibodies) & !abd;
        if needed != 0 {
            reasons.push(Reason::TypedNegative(self.antigens(needed)));
        }
        let weights = instance.weights(request);
        let priced = (0..64)
            .filter(|place| weights.get(*place).is_some_and(|weight| *weight > 0.0))
            .fold(0u64, |mask, place| mask | 1 << place);
        let mismatched = bag.phenotype.positive & request.phenotype.negative & priced;
        if mismatched != 0 {
            let list = self.antigens(mismatched).into_iter().map(|antigen| {
                let place = instance.bit(antigen.name()).trailing_zeros() as usize;
                (antigen, weights.get(place).copied().unwrap_or(0.0))
            });
            reasons.push(Reason::Mismatch(list.collect()));
        }
        let open = (bag.phenotype.unknown(priced) & !request.phenotype.positive)
            | (request.phenotype.unknown(priced) & !bag.phenotype.negative);
        if open & !needed != 0 {
            reasons.push(Reason::NotTyped(self.antigens(open & !needed)));
        }
        Some(reasons)
    }

    /// Expected new antibodies in a thousand bags given by this plan: the marginal incidences of the antigens mismatched, or
    /// possibly mismatched, added up.
    pub fn antibodies_per_thousand(&self) -> Option<f64> {
        let instance = self.instance();
        let (mut risk, mut bags) = (0.0, 0u32);
        for (unit, request) in self.by_unit.iter().enumerate() {
            let Some(place) = request.map(|request| request as usize) else {
                continue;
            };
            let (bag, asked) = (instance.units.get(unit)?, instance.requests.get(place)?);
            bags += 1;
            for (at, name) in instance.antigens.iter().enumerate() {
                let Some(curve) = self.incidence.get(name) else {
                    continue;
                };
                let bit = 1u64 << at;
                let share = instance.parameters.positive_share.get(at).copied();
                let share = share.unwrap_or(0.5);
                let chance = |phenotype: Phenotype| match phenotype {
                    one if one.positive & bit != 0 => 1.0,
                    one if one.negative & bit != 0 => 0.0,
                    _ => share,
                };
                let had = self
                    .exposure
                    .get(place)
                    .and_then(|had| had.get(at))
                    .copied();
                let step = crate::matching::exposure::marginal(curve, had.unwrap_or(0.0));
                risk += chance(bag.phenotype) * (1.0 - chance(asked.phenotype)) * step;
            }
        }
        (bags > 0).then(|| 1000.0 * risk / f64::from(bags))
    }
}

#[cfg(test)]
mod tests;
