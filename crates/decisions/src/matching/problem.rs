//! An instance as numbers: which pairs are possible and what each costs, in whole steps.

use std::collections::BTreeMap;

use super::instance::{InputError, Instance, Phenotype, Request, Unit};

/// Steps in one unit of cost: costs are whole numbers, so that sums are exact and orders are total.
pub const SCALE: f64 = 1e7;
/// A pair that must not be.
pub(super) const NEVER: i64 = i64::MAX;
/// Most pairs of request and kind of bag that are held in memory.
pub const PAIRS_MOST: usize = 40_000_000;

/// Bags that are alike for every request, and what each request pays for one.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Places of the bags of each kind, in the order of the instance.
    pub kinds: Vec<Vec<u32>>,
    /// Bags wanted by each request.
    pub wanted: Vec<u32>,
    /// What a missing bag weighs on level 1, by request.
    pub missing: Vec<i64>,
    /// By request and kind, a row each, so that one request more moves nothing: costs that add up bag by bag; [`NEVER`] where
    /// the pair must not be.
    linear: Vec<Box<[i64]>>,
    /// By request and kind: the antigens mismatched.
    mask: Vec<Box<[u64]>>,
    /// By request: what each mismatched antigen costs.
    weights: Vec<Vec<(u64, i64)>>,
}

pub(super) fn steps(cost: f64) -> i64 {
    (cost * SCALE).round() as i64
}

pub(super) fn cost_of(steps: i64) -> f64 {
    steps as f64 / SCALE
}

impl Problem {
    /// The numbers of an instance.
    ///
    /// # Errors
    /// The instance is too large to be held.
    pub fn new(instance: &Instance) -> Result<Self, InputError> {
        let kinds = kinds(instance);
        let pairs = kinds.len().saturating_mul(instance.requests.len());
        if pairs > PAIRS_MOST {
            let why = format!("{pairs} pairs, of which at most {PAIRS_MOST} are planned at a time");
            return Err(InputError::new("instance", "requests", why));
        }
        let today = i64::try_from(instance.requests.len()).unwrap_or(i64::MAX - 1) + 1;
        let mut problem = Self {
            wanted: Vec::new(),
            missing: Vec::new(),
            linear: Vec::new(),
            mask: Vec::new(),
            weights: Vec::new(),
            kinds,
        };
        for request in &instance.requests {
            problem.push(instance, request, today);
        }
        Ok(problem)
    }

    /// Adds a request; `today` is what a missing bag weighs that is needed today.
    pub(super) fn push(&mut self, instance: &Instance, request: &Request, today: i64) {
        let pricing = Pricing::new(instance, request);
        let mut costs = Vec::with_capacity(self.kinds.len());
        let mut masks = Vec::with_capacity(self.kinds.len());
        for kind in &self.kinds {
            let unit = kind
                .first()
                .and_then(|place| instance.units.get(*place as usize));
            let barred = kind.iter().any(|place| request.barred.contains(place));
            match unit.filter(|unit| !barred && pricing.possible(unit)) {
                Some(unit) => {
                    let (linear, mask) = pricing.price(unit);
                    costs.push(linear);
                    masks.push(mask);
                }
                None => {
                    costs.push(NEVER);
                    masks.push(0);
                }
            }
        }
        self.linear.push(costs.into());
        self.mask.push(masks.into());
        self.wanted.push(request.wanted);
        self.missing.push(if request.lead == 0 { today } else { 1 });
        self.weights.push(pricing.weights);
    }

    /// How many requests.
    pub fn requests(&self) -> usize {
        self.wanted.len()
    }

    /// Whether a request may get a bag of a kind.
    pub fn possible(&self, request: usize, kind: usize) -> bool {
        self.linear(request, kind) != NEVER
    }

    /// The cost of a pair beside mismatches.
    pub(super) fn linear(&self, request: usize, kind: usize) -> i64 {
        self.linear[request][kind]
    }

    /// The antigens a pair mismatches.
    pub fn mask(&self, request: usize, kind: usize) -> u64 {
        self.mask[request][kind]
    }

    /// The antigens that cost this request something, with their cost.
    pub(super) fn priced(&self, request: usize) -> &[(u64, i64)] {
        &self.weights[request]
    }

    /// What mismatching these antigens costs a request.
    pub(super) fn mismatch(&self, request: usize, mut mask: u64) -> i64 {
        if mask == 0 {
            return 0;
        }
        let mut cost = 0;
        for (bit, weight) in &self.weights[request] {
            if mask & bit != 0 {
                cost += weight;
                mask &= !bit;
                if mask == 0 {
                    break;
                }
            }
        }
        cost
    }

    /// The cost of a pair in model T.
    pub(super) fn pair(&self, request: usize, kind: usize) -> i64 {
        match self.linear(request, kind) {
            NEVER => NEVER,
            linear => linear + self.mismatch(request, self.mask(request, kind)),
        }
    }
}

/// What one request pays.
struct Pricing<'a> {
    instance: &'a Instance,
    request: &'a Request,
    weights: Vec<(u64, i64)>,
    mandatory: u64,
    counted: u64,
    usability: f64,
    substitution: &'a [f64],
}

impl<'a> Pricing<'a> {
    fn new(instance: &'a Instance, request: &'a Request) -> Self {
        let group = instance.groups.get(request.group);
        // Without GATA a patient who lacks Fy(a) makes no anti-Fy(b).
        let silent = if request.phenotype.negative & instance.fya != 0 {
            instance.fyb
        } else {
            0
        };
        let factor = instance.parameters.mismatch_factor;
        let mut counted = 0;
        let mut weights = Vec::new();
        for (place, weight) in instance.weights(request).iter().enumerate() {
            let bit = 1u64 << place;
            if *weight > 0.0 && bit & silent == 0 && request.phenotype.positive & bit == 0 {
                counted |= bit;
                weights.push((bit, steps(factor * weight)));
            }
        }
        Self {
            instance,
            request,
            weights,
            mandatory: group.map_or(u64::MAX, |group| group.mandatory)
                & !request.phenotype.positive,
            counted,
            usability: instance.usability_of(request.phenotype),
            substitution: group
                .filter(|group| group.substitution)
                .map_or(&[], |group| &group.weights),
        }
    }

    /// Mandatory antigens and antibodies need a bag typed negative; the rest is life and properties.
    fn possible(&self, unit: &Unit) -> bool {
        let request = self.request;
        let last = self.instance.parameters.shelf_life_days - 1;
        (self.mandatory | request.antibodies) & !unit.phenotype.negative == 0
            && last >= unit.age
            && last - unit.age >= request.lead
            && request.attributes & !unit.attributes == 0
    }

    fn price(&self, unit: &Unit) -> (i64, u64) {
        let patient = self.request.phenotype;
        let numbers = &self.instance.parameters;
        let remaining = f64::from(numbers.shelf_life_days - 1) - f64::from(unit.age);
        let old = 0.5f64.powf(remaining / numbers.fifo_halving_days);
        let scarce = self.instance.usability_of(unit.phenotype) - self.usability;
        let mut cost = numbers.usability_weight * scarce - old;
        for (place, weight) in self.substitution.iter().enumerate() {
            if unit.phenotype.negative & patient.positive & (1 << place) != 0 {
                cost += weight;
            }
        }
        let sure = unit.phenotype.positive & patient.negative & self.counted;
        cost += self.expected(unit.phenotype, sure);
        (steps(cost), sure)
    }

    /// Mismatches that may or may not be: the weight times how probably the bag has it and the patient lacks it.
    fn expected(&self, unit: Phenotype, sure: u64) -> f64 {
        let mut open = self.counted & !sure & !unit.negative;
        if open == 0 {
            return 0.0;
        }
        let weights = self.instance.weights(self.request);
        let shares = &self.instance.parameters.positive_share;
        let mut cost = 0.0;
        while open != 0 {
            let place = open.trailing_zeros() as usize;
            let bit = 1u64 << place;
            open &= open - 1;
            let share = shares.get(place).copied().unwrap_or(1.0);
            let bag = if unit.positive & bit != 0 { 1.0 } else { share };
            let lacks = if self.request.phenotype.negative & bit != 0 {
                1.0
            } else {
                1.0 - share
            };
            cost += weights.get(place).copied().unwrap_or(0.0) * bag * lacks;
        }
        cost * self.instance.parameters.mismatch_factor
    }
}

/// Bags that no request can tell apart.
fn kinds(instance: &Instance) -> Vec<Vec<u32>> {
    let mut relevant = instance.a | instance.b | instance.d;
    let mut barred = std::collections::BTreeSet::new();
    for group in &instance.groups {
        relevant |= group.mandatory;
        relevant |= bits(&group.weights);
    }
    for request in &instance.requests {
        relevant |= request.antibodies;
        relevant |= request.weights.as_deref().map_or(0, bits);
        barred.extend(request.barred.iter().copied());
    }
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    let mut kinds: Vec<Vec<u32>> = Vec::new();
    for (place, unit) in (0u32..).zip(&instance.units) {
        let own = barred.contains(&place).then_some(place);
        let key = (
            unit.phenotype.within(relevant),
            unit.age,
            unit.attributes,
            own,
        );
        let kind = *places.entry(key).or_insert_with(|| {
            kinds.push(Vec::new());
            kinds.len() - 1
        });
        if let Some(members) = kinds.get_mut(kind) {
            members.push(place);
        }
    }
    kinds
}

fn bits(weights: &[f64]) -> u64 {
    let priced = weights.iter().enumerate();
    priced
        .filter(|(_, weight)| **weight > 0.0)
        .fold(0, |mask, (place, _)| mask | 1 << place)
}
