use lifeline_core::blood::{Antigen, UnitId};
use lifeline_core::id::RequestId;

use super::{DayPlan, Reason};
use crate::matching::{Day, Instance};

/// Solves made for one answer at most.
const SOLVES_MOST: usize = 48;

/// Another bag for a request, and what choosing it costs the whole day.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Which.
    pub unit: UnitId,
    /// Missing bags (weighted) that would be added to the day.
    pub extra_missing: i64,
    /// Cost that would be added to the day, where no bag more is missing.
    pub extra_cost: f64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The request it is planned for now.
    pub planned_for: Option<RequestId>,
}

/// A bag to type, for an antigen, and what that is expected to bring.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeFirst {
    /// Which bag.
    pub unit: UnitId,
    /// Which antigen.
    pub antigen: Antigen,
    /// How probably it is negative.
    pub chance_negative: f64,
    /// Expected missing bags (weighted) saved.
    pub saves_missing: f64,
    /// Expected cost saved.
    pub saves_cost: f64,
}

fn levels(instance: &Instance) -> Option<(i64, f64)> {
    let plan = Day::solve(instance.clone()).ok()?.plan();
    Some((plan.level1, plan.level2))
}

impl DayPlan {
    /// Other bags for a request, the cheapest for the whole day first. The extra cost is exact: the day is solved again with the
    /// bag given to the request.
    pub fn alternatives(&self, request: RequestId, most: usize) -> Vec<Alternative> {
        let Some(place) = self.place(request) else {
            return Vec::new();
        };
        let mut near: Vec<(i64, u32)> = (0u32..)
            .zip(&self.by_unit)
            .filter(|(_, given)| **given != Some(place as u32))
            .filter_map(|(unit, _)| Some((self.day.reduced(place, unit)?, unit)))
            .collect();
        near.sort_unstable();
        near.truncate(most.min(SOLVES_MOST));
        let now = self.day.plan();
        let mut found: Vec<Alternative> = near
            .into_iter()
            .filter_map(|(_, unit)| {
                let mut without = self.instance().clone();
                without.requests.get_mut(place)?.wanted -= 1;
                // Past its life it suits nobody else.
                without.units.get_mut(unit as usize)?.age = without.parameters.shelf_life_days;
                let (level1, level2) = levels(&without)?;
                let given = self.by_unit.get(unit as usize).copied().flatten();
                Some(Alternative {
                    unit: *self.units.get(unit as usize)?,
                    extra_missing: level1 - now.level1,
                    extra_cost: level2 + self.day.cost(place, unit)? - now.level2,
                    reasons: self.reasons(place, unit)?,
                    planned_for: given.and_then(|at| self.requests.get(at as usize)).copied(),
                })
            })
            .collect();
        found.sort_by(|a, b| {
            a.extra_missing
                .cmp(&b.extra_missing)
                .then(a.extra_cost.total_cmp(&b.extra_cost))
                .then(a.unit.cmp(&b.unit))
        });
        found
    }

    /// Which bags to type first, and for what: for the antigens a patient must not get, among bags that would otherwise suit.
    pub fn type_first(&self, most: usize) -> Vec<TypeFirst> {
        let instance = self.instance();
        let Some(now) = levels(instance) else {
            return Vec::new();
        };
        let mut asked: Vec<(u32, usize)> = Vec::new();
        for (place, request) in instance.requests.iter().enumerate() {
            let group = instance.groups.get(request.group);
            let mandatory = group.map_or(0, |group| group.mandatory);
            let needed = mandatory & !request.phenotype.positive | request.antibodies;
            let short = self
                .by_unit
                .iter()
                .filter(|given| **given == Some(place as u32));
            let tight = (short.count() as u32) < request.wanted;
            for (at, unit) in (0u32..).zip(&instance.units) {
                let open = needed & !unit.phenotype.negative;
                // One test must be enough to let the bag in.
                if open.count_ones() == 1 && open & unit.phenotype.positive == 0 {
                    let antigen = open.trailing_zeros() as usize;
                    let pair = (at, antigen);
                    if (tight || asked.len() < SOLVES_MOST / 4) && !asked.contains(&pair) {
                        asked.push(pair);
                    }
                }
            }
        }
        asked.truncate(SOLVES_MOST / 2);
        let mut found: Vec<TypeFirst> = asked
            .into_iter()
            .filter_map(|(unit, place)| {
                let name = instance.antigens.get(place)?;
                let share = instance.parameters.positive_share.get(place).copied()?;
                let with = |present: bool| {
                    let mut typed = instance.clone();
                    let bag = &mut typed.units.get_mut(unit as usize)?.phenotype;
                    if present {
                        bag.positive |= 1 << place;
                    } else {
                        bag.negative |= 1 << place;
                    }
                    levels(&typed)
                };
                let (absent, present) = (with(false)?, with(true)?);
                let expected = |absent: f64, present: f64| (1.0 - share) * absent + share * present;
                Some(TypeFirst {
                    unit: *self.units.get(unit as usize)?,
                    antigen: Antigen::parse(name)?,
                    chance_negative: 1.0 - share,
                    saves_missing: now.0 as f64 - expected(absent.0 as f64, present.0 as f64),
                    saves_cost: now.1 - expected(absent.1, present.1),
                })
            })
            .filter(|one| {
                one.saves_missing > 1e-9 || (one.saves_missing > -1e-9 && one.saves_cost > 1e-6)
            })
            .collect();
        found.sort_by(|a, b| {
            b.saves_missing
                .total_cmp(&a.saves_missing)
                .then(b.saves_cost.total_cmp(&a.saves_cost))
                .then(a.unit.cmp(&b.unit))
        });
        found.truncate(most);
        found
    }
}
