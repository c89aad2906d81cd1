//! Plans: the exact optimum of model T, the refinement for model Z, and one urgent request more.

use super::bound;
use super::instance::{InputError, Instance, Request};
use super::problem::{NEVER, Problem, cost_of};
use super::refine;
use super::transport::Transport;

/// Steps of level 2 that rounding may account for: a millionth in the unit of the weights.
const ROUNDING: i64 = 10;

/// What is minimised on level 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Every bag pays for its own mismatches.
    T,
    /// An antigen mismatched by several bags of a request is paid for once.
    Z,
}

/// What is known of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No plan is better.
    Optimal,
    /// No better plan was found; how much better one could be is the distance to the bound.
    Feasible,
}

impl Status {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Feasible => "feasible",
        }
    }
}

/// Which bag for which request.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What was minimised.
    pub model: Model,
    /// What is known of it.
    pub status: Status,
    /// Missing bags, one needed today counting as many as there are requests and one more.
    pub level1: i64,
    /// Costs, in the unit of the weights.
    pub level2: f64,
    /// Proven: no plan with this level 1 costs less on level 2.
    pub bound: f64,
    /// Places of bag and request in the instance, by bag.
    pub assignment: Vec<(u32, u32)>,
    /// Whether the work was cut short by the caller's clock; the plan may then differ between runs.
    pub cut_short: bool,
}

/// How much work model Z may do. The work is counted, not timed, so that the same facts give the same plan; the clock only cuts
/// short what takes too long.
pub struct Effort<'a> {
    /// Exchanges tried.
    pub exchanges: u64,
    /// Steps of the bound.
    pub bound_steps: u32,
    /// Asked now and then; `true` stops the work.
    pub stop: &'a mut dyn FnMut() -> bool,
}

/// A solved day: the plan of model T, its prices, and all that is needed to take one request more.
#[derive(Debug, Clone)]
pub struct Day {
    instance: Instance,
    problem: Problem,
    transport: Transport,
    /// What one step of level 1 weighs in steps of level 2.
    factor: i64,
    today: i64,
}

/// What one urgent request changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Requests whose bags differ now, the new one included, by their place.
    pub requests: Vec<u32>,
    /// Bags that go to another request, or to none: bag, request before, request now.
    pub moved: Vec<(u32, Option<u32>, Option<u32>)>,
}

impl Day {
    /// Solves model T exactly.
    ///
    /// # Errors
    /// The instance is too large, or its costs are too large for exact sums.
    pub fn solve(instance: Instance) -> Result<Self, InputError> {
        let problem = Problem::new(&instance)?;
        let today = i64::try_from(instance.requests.len()).unwrap_or(i64::MAX - 1) + 1;
        let mut highest = 1i64;
        for request in 0..problem.requests() {
            for kind in 0..problem.kinds.len() {
                match problem.pair(request, kind) {
                    NEVER => {}
                    cost => highest = highest.max(cost.abs()),
                }
            }
        }
        let most = instance.units.len() as i64 + 1;
        // Any difference of two plans, and any price, is smaller than this on level 2.
        let too_large = || {
            InputError::new(
                "instance",
                "groups",
                "weights too large for exact sums at this number of bags",
            )
        };
        let factor = highest
            .checked_mul(8)
            .and_then(|cost| cost.checked_mul(most))
            .filter(|factor| {
                factor
                    .checked_mul(today + 2)
                    .is_some_and(|top| top < i64::MAX / 8)
            })
            .ok_or_else(too_large)?;
        let capacity = problem.kinds.iter().map(|kind| kind.len() as u32).collect();
        let mut day = Self {
            transport: Transport::new(capacity),
            instance,
            problem,
            factor,
            today,
        };
        for request in 0..day.problem.requests() {
            day.enter(request);
        }
        Ok(day)
    }

    fn enter(&mut self, request: usize) {
        let Self {
            problem,
            transport,
            factor,
            ..
        } = self;
        let cost = (0..problem.kinds.len()).map(|kind| problem.pair(request, kind));
        let (missing, wanted) = (problem.missing[request], problem.wanted[request]);
        transport.add(cost, missing * *factor, wanted);
    }

    /// What was solved.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Its pairs and costs.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Takes one more request without solving the day again: one augmenting path a bag. The weight of a bag missing today
    /// stays what it was when the day was solved.
    ///
    /// # Errors
    /// The request does not fit the instance.
    pub fn add(&mut self, request: Request) -> Result<Change, InputError> {
        self.instance.accept(&request)?;
        self.problem.push(&self.instance, &request, self.today);
        self.instance.requests.push(request);
        self.enter(self.problem.requests() - 1);
        let mut requests: Vec<u32> = self.transport.touched.clone();
        requests.sort_unstable();
        requests.dedup();
        // Only the kinds along the paths can have changed hands: the rest of the day is not looked at.
        let mut moved = Vec::new();
        for (kind, holders) in &self.transport.moved {
            let kind = *kind as usize;
            let before = self.share_out(kind, holders);
            let after = self.share_out(kind, self.transport.holders(kind));
            let changed = before.zip(after);
            moved.extend(
                changed
                    .filter(|((_, before), (_, after))| before != after)
                    .map(|((unit, before), (_, after))| (unit, before, after)),
            );
        }
        moved.sort_unstable();
        Ok(Change { requests, moved })
    }

    /// By bag, the request it goes to.
    pub fn by_unit(&self) -> Vec<Option<u32>> {
        let mut given = vec![None; self.instance.units.len()];
        for kind in 0..self.problem.kinds.len() {
            for (unit, request) in self.share_out(kind, self.transport.holders(kind)) {
                given[unit as usize] = request;
            }
        }
        given
    }

    /// The bags of a kind with their requests, where these hold so many of them: in the order of both, so that the same facts
    /// give the same bags.
    fn share_out(
        &self,
        kind: usize,
        holders: &[(u32, u32)],
    ) -> impl Iterator<Item = (u32, Option<u32>)> + '_ {
        let mut holders = holders.to_vec();
        holders.sort_unstable();
        let requests = holders
            .into_iter()
            .flat_map(|(request, count)| std::iter::repeat_n(Some(request), count as usize))
            .chain(std::iter::repeat(None));
        self.problem.kinds[kind].iter().copied().zip(requests)
    }

    /// The optimum of model T.
    pub fn plan(&self) -> Plan {
        let assignment = self.assignment();
        let (level1, level2) = self.score(&assignment, Model::T);
        Plan {
            model: Model::T,
            status: Status::Optimal,
            level1,
            level2: cost_of(level2),
            bound: cost_of(level2),
            assignment,
            cut_short: false,
        }
    }

    fn assignment(&self) -> Vec<(u32, u32)> {
        let given = (0u32..).zip(self.by_unit());
        given
            .filter_map(|(unit, request)| Some((unit, request?)))
            .collect()
    }

    /// Model Z: the plan of model T refined by exchanges, with a proven bound.
    pub fn refine(&self, effort: &mut Effort<'_>) -> Plan {
        self.refined(effort, refine::FIRST)
    }

    /// The same with another length of the first cooling.
    pub(super) fn refined(&self, effort: &mut Effort<'_>, first_cooling: u64) -> Plan {
        let face = self.face();
        let mut kind_of = vec![0u32; self.instance.units.len()];
        for (kind, members) in (0u32..).zip(&self.problem.kinds) {
            for unit in members {
                kind_of[*unit as usize] = kind;
            }
        }
        let start = self.by_unit();
        let (level1, first) = self.score(&self.assignment(), Model::Z);
        let early = effort.bound_steps / 4;
        let mut lower = bound::Bound::new(&self.problem, &face, first);
        let mut cut = lower.run(early, first, effort.stop);
        let mut best = (first, start);
        if lower.best() < first {
            let found = refine::refine(
                &self.problem,
                &kind_of,
                &best.1,
                lower.best(),
                (first_cooling, effort.exchanges),
                effort.stop,
            );
            cut |= found.cut_short;
            if found.cost < best.0 {
                best = (found.cost, found.given);
            }
            if lower.best() < best.0 {
                let left = effort.bound_steps - early;
                cut |= lower.run(left, best.0, effort.stop);
            }
        }
        let assignment: Vec<(u32, u32)> = (0u32..)
            .zip(&best.1)
            .filter_map(|(unit, request)| Some((unit, (*request)?)))
            .collect();
        let (level1_now, level2) = self.score(&assignment, Model::Z);
        debug_assert_eq!((level1, best.0), (level1_now, level2));
        // Costs are rounded to whole steps, so a gap of a few steps is none.
        let proven = lower.best() >= level2 - ROUNDING;
        Plan {
            model: Model::Z,
            status: if proven {
                Status::Optimal
            } else {
                Status::Feasible
            },
            level1: level1_now,
            level2: cost_of(level2),
            bound: cost_of(lower.best().min(level2)),
            assignment,
            cut_short: cut,
        }
    }

    /// Both levels of an assignment, level 2 in steps.
    pub fn score(&self, assignment: &[(u32, u32)], model: Model) -> (i64, i64) {
        let mut left: Vec<i64> = self.problem.wanted.iter().map(|n| i64::from(*n)).collect();
        let mut mismatched = vec![0u64; left.len()];
        let mut kind_of = vec![0usize; self.instance.units.len()];
        for (kind, members) in self.problem.kinds.iter().enumerate() {
            for unit in members {
                kind_of[*unit as usize] = kind;
            }
        }
        let mut level2 = 0;
        for (unit, request) in assignment {
            let (request, kind) = (*request as usize, kind_of[*unit as usize]);
            left[request] -= 1;
            mismatched[request] |= self.problem.mask(request, kind);
            level2 += match model {
                Model::T => self.problem.pair(request, kind),
                Model::Z => self.problem.linear(request, kind),
            };
        }
        if model == Model::Z {
            for (request, mask) in mismatched.iter().enumerate() {
                level2 += self.problem.mismatch(request, *mask);
            }
        }
        let missing = left.iter().zip(&self.problem.missing);
        (missing.map(|(left, weight)| left * weight).sum(), level2)
    }

    /// The dual price of each bag: how much level 1 and level 2 would fall with one more like it. The first of both counts first.
    pub fn worth(&self, unit: u32) -> Option<(i64, f64)> {
        let kind = self.kind_of(unit)?;
        let (level1, level2) = self.split(self.transport.column_prices()[kind]);
        Some((-level1, -cost_of(level2)))
    }

    fn kind_of(&self, unit: u32) -> Option<usize> {
        let kinds = &self.problem.kinds;
        kinds.iter().position(|members| members.contains(&unit))
    }

    /// What a pair costs in model T; `None` where it must not be.
    pub fn cost(&self, request: usize, unit: u32) -> Option<f64> {
        match self.problem.pair(request, self.kind_of(unit)?) {
            NEVER => None,
            cost => Some(cost_of(cost)),
        }
    }

    /// The cost of a pair in whole steps, for another solver to work on; `None` where it must not be.
    pub fn steps(&self, request: usize, kind: usize) -> Option<i64> {
        match self.problem.pair(request, kind) {
            NEVER => None,
            cost => Some(cost),
        }
    }

    /// How many steps of level 2 one step of level 1 stands for: more than all of level 2.
    pub fn factor(&self) -> i64 {
        self.factor
    }

    /// How much the whole day worsens at least when a bag is given to a request, both levels in one number that only orders;
    /// `None` where the pair must not be.
    pub fn reduced(&self, request: usize, unit: u32) -> Option<i64> {
        let kind = self.kind_of(unit)?;
        match self.problem.pair(request, kind) {
            NEVER => None,
            cost => Some(
                cost - self.transport.row_prices()[request] - self.transport.column_prices()[kind],
            ),
        }
    }

    fn split(&self, price: i64) -> (i64, i64) {
        let half = self.factor / 2;
        let level1 = (price + half).div_euclid(self.factor);
        (level1, price - level1 * self.factor)
    }

    /// All assignments that are best on level 1, by its dual prices.
    fn face(&self) -> Face {
        let rows: Vec<(i64, i64)> = self
            .transport
            .row_prices()
            .iter()
            .map(|price| self.split(*price))
            .collect();
        let columns: Vec<(i64, i64)> = self
            .transport
            .column_prices()
            .iter()
            .map(|price| self.split(*price))
            .collect();
        let shortable = rows
            .iter()
            .zip(&self.problem.missing)
            .map(|((price, _), missing)| price >= missing)
            .collect();
        Face {
            shortable,
            used_up: columns.iter().map(|(price, _)| *price < 0).collect(),
            prices: columns.iter().map(|(_, price)| -price).collect(),
            rows: rows.into_iter().map(|(price, _)| price).collect(),
            columns: columns.into_iter().map(|(price, _)| price).collect(),
        }
    }
}

/// Which assignments are best on level 1, and the level 2 prices to begin with.
pub(super) struct Face {
    /// Requests that may lack bags.
    pub shortable: Vec<bool>,
    /// Kinds of which every bag must be used.
    pub used_up: Vec<bool>,
    /// Level 2 prices of the kinds, not below 0 unless the kind must be used up.
    pub prices: Vec<i64>,
    rows: Vec<i64>,
    columns: Vec<i64>,
}

impl Face {
    /// Whether an assignment that is best on level 1 may hold this pair.
    pub fn holds(&self, request: usize, kind: usize) -> bool {
        self.rows[request] + self.columns[kind] == 0
    }
}
