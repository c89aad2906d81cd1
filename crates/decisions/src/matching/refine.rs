//! Exchanges from the optimum of model T towards model Z: simulated annealing over swaps, replacements and three-way chains
//! that leave level 1 as it is. The random numbers come from a fixed seed and the work is counted: same facts, same plan.

use super::problem::Problem;
use super::synthetic::Dice;

/// Nobody has the bag.
const NOBODY: u32 = u32::MAX;
/// Times the temperature falls from its highest to its lowest.
const ROUNDS: u64 = 3;
/// Highest temperature, in units of cost: half a strong mismatch of an ordinary patient.
const HOT: f64 = 0.25;
/// Lowest temperature: below the smallest weight in use.
const COLD: f64 = 0.0008;
/// Exchanges of the first cooling, where so many are wanted: what two seconds allow.
pub(super) const FIRST: u64 = 10_000_000;
/// Exchanges between two changes of temperature and looks at the clock.
const STRETCH: u64 = 2048;

/// What the exchanges led to.
pub(super) struct Found {
    pub cost: i64,
    pub given: Vec<Option<u32>>,
    pub cut_short: bool,
}

struct Table<'a> {
    problem: &'a Problem,
    kind_of: &'a [u32],
    /// By bag, requests that may have it.
    takers: Vec<Vec<u32>>,
    /// By request, bags it may have.
    bags: Vec<Vec<u32>>,
    holder: Vec<u32>,
    held: Vec<Vec<u32>>,
    cost: i64,
}

/// One bag leaves a request and another comes, or only one of the two.
#[derive(Clone, Copy)]
struct Turn {
    request: u32,
    out: u32,
    into: u32,
}

impl<'a> Table<'a> {
    fn new(problem: &'a Problem, kind_of: &'a [u32], start: &[Option<u32>]) -> Self {
        let units = kind_of.len();
        let mut takers = vec![Vec::new(); units];
        let mut bags = vec![Vec::new(); problem.requests()];
        for (request, bags) in bags.iter_mut().enumerate() {
            for unit in 0..units {
                if problem.possible(request, kind_of[unit] as usize) {
                    takers[unit].push(request as u32);
                    bags.push(unit as u32);
                }
            }
        }
        let mut table = Self {
            problem,
            kind_of,
            takers,
            bags,
            holder: vec![NOBODY; units],
            held: vec![Vec::new(); problem.requests()],
            cost: 0,
        };
        let start: Vec<u32> = start.iter().map(|to| to.unwrap_or(NOBODY)).collect();
        table.start_from(&start);
        table
    }

    /// Gives every bag to its holder.
    fn start_from(&mut self, holder: &[u32]) {
        self.holder.copy_from_slice(holder);
        self.held.iter_mut().for_each(Vec::clear);
        for (unit, request) in (0u32..).zip(holder) {
            if *request != NOBODY {
                self.held[*request as usize].push(unit);
            }
        }
        self.cost = (0..self.held.len() as u32)
            .map(|request| {
                self.with(Turn {
                    request,
                    out: NOBODY,
                    into: NOBODY,
                })
            })
            .sum();
    }

    fn possible(&self, request: u32, unit: u32) -> bool {
        let kind = self.kind_of[unit as usize] as usize;
        self.problem.possible(request as usize, kind)
    }

    /// What a request would cost after a turn.
    fn with(&self, turn: Turn) -> i64 {
        let request = turn.request as usize;
        let mut cost = 0;
        let mut mask = 0;
        let mut count = |unit: u32| {
            let kind = self.kind_of[unit as usize] as usize;
            cost += self.problem.linear(request, kind);
            mask |= self.problem.mask(request, kind);
        };
        for unit in &self.held[request] {
            if *unit != turn.out {
                count(*unit);
            }
        }
        if turn.into != NOBODY {
            count(turn.into);
        }
        cost + self.problem.mismatch(request, mask)
    }

    fn change(&self, turn: Turn) -> i64 {
        let still = Turn {
            out: NOBODY,
            into: NOBODY,
            ..turn
        };
        self.with(turn) - self.with(still)
    }

    fn carry_out(&mut self, turns: &[Turn], change: i64) {
        for turn in turns {
            let held = &mut self.held[turn.request as usize];
            if turn.out != NOBODY {
                held.retain(|unit| *unit != turn.out);
                if self.holder[turn.out as usize] == turn.request {
                    self.holder[turn.out as usize] = NOBODY;
                }
            }
            if turn.into != NOBODY {
                held.push(turn.into);
                self.holder[turn.into as usize] = turn.request;
            }
        }
        self.cost += change;
    }

    fn short(&self, request: u32) -> bool {
        let request = request as usize;
        self.held[request].len() < self.problem.wanted[request] as usize
    }

    /// A random exchange that leaves level 1 as it is: none, or up to three turns.
    fn propose(&self, dice: &mut Dice, turns: &mut Vec<Turn>) {
        turns.clear();
        let unit = dice.below(self.holder.len() as u32);
        let takers = &self.takers[unit as usize];
        if takers.is_empty() {
            return;
        }
        let to = takers[dice.below(takers.len() as u32) as usize];
        let from = self.holder[unit as usize];
        if from == to {
            return;
        }
        let there = &self.held[to as usize];
        let missing = &self.problem.missing;
        if from != NOBODY
            && self.short(to)
            && missing[from as usize] == missing[to as usize]
            && (there.is_empty() || dice.below(2) == 0)
        {
            turns.push(turn(from, unit, NOBODY));
            turns.push(turn(to, NOBODY, unit));
            return;
        }
        if there.is_empty() {
            return;
        }
        let other = there[dice.below(there.len() as u32) as usize];
        turns.push(turn(to, other, unit));
        if from == NOBODY {
            return;
        }
        if self.possible(from, other) && dice.below(4) != 0 {
            turns.push(turn(from, unit, other));
            return;
        }
        let bags = &self.bags[from as usize];
        let third = bags[dice.below(bags.len() as u32) as usize];
        let owner = self.holder[third as usize];
        if third == unit || third == other || owner == from || owner == to {
            turns.clear();
            return;
        }
        if owner == NOBODY {
            turns.push(turn(from, unit, third));
        } else if self.possible(owner, other) {
            turns.push(turn(from, unit, third));
            turns.push(turn(owner, third, other));
        } else {
            turns.clear();
        }
    }
}

fn turn(request: u32, out: u32, into: u32) -> Turn {
    Turn { request, out, into }
}

/// One cooling after the other, each twice as long as the one before.
struct Search<'a> {
    table: Table<'a>,
    best: (i64, Vec<u32>),
    bound: i64,
    dice: Dice,
    turns: Vec<Turn>,
    cut_short: bool,
}

impl Search<'_> {
    fn done(&self) -> bool {
        self.cut_short || self.best.0 <= self.bound
    }

    /// Cools down over `whole` exchanges, of which only the first `exchanges` are tried.
    fn cool(&mut self, whole: u64, exchanges: u64, stop: &mut dyn FnMut() -> bool) {
        let stretches = whole / ROUNDS / STRETCH;
        let mut left = exchanges / STRETCH;
        for round in 0..ROUNDS {
            // Later rounds only shake what the first one found.
            let hot = HOT / f64::powi(3.0, round as i32);
            if self.table.cost > self.best.0 {
                self.table.start_from(&self.best.1);
            }
            for stretch in 0..stretches {
                if left == 0 || self.done() {
                    return;
                }
                left -= 1;
                let done = stretch as f64 / stretches.max(1) as f64;
                let heat = super::problem::steps(hot * (COLD / hot).powf(done)) as f64;
                self.stretch(heat);
                self.cut_short = stop();
            }
        }
    }

    fn stretch(&mut self, heat: f64) {
        for _ in 0..STRETCH {
            self.table.propose(&mut self.dice, &mut self.turns);
            if self.turns.is_empty() {
                continue;
            }
            let change: i64 = self.turns.iter().map(|turn| self.table.change(*turn)).sum();
            if change <= 0 || (1.0 - self.dice.share()).ln() * heat < -(change as f64) {
                self.table.carry_out(&self.turns, change);
                if self.table.cost < self.best.0 {
                    self.best.0 = self.table.cost;
                    self.best.1.clone_from(&self.table.holder);
                }
            }
        }
    }
}

/// Looks for a cheaper plan with the same level 1. More exchanges than those of the `first` cooling begin with the very course
/// of fewer, and the best of all is kept: more work never finds less.
pub(super) fn refine(
    problem: &Problem,
    kind_of: &[u32],
    start: &[Option<u32>],
    bound: i64,
    (first, exchanges): (u64, u64),
    stop: &mut dyn FnMut() -> bool,
) -> Found {
    let table = Table::new(problem, kind_of, start);
    let mut search = Search {
        best: (table.cost, table.holder.clone()),
        table,
        bound,
        dice: Dice(0x6c69_6665_6c69_6e65),
        turns: Vec::with_capacity(3),
        cut_short: kind_of.is_empty(),
    };
    let mut whole = exchanges.min(first);
    let mut left = exchanges;
    while left > 0 && !search.done() {
        let part = left.min(whole);
        search.cool(whole, part, stop);
        left -= part;
        whole = whole.saturating_mul(2);
    }
    Found {
        cost: search.best.0,
        given: owners(&search.best.1),
        cut_short: search.cut_short,
    }
}

fn owners(holder: &[u32]) -> Vec<Option<u32>> {
    holder
        .iter()
        .map(|request| (*request != NOBODY).then_some(*request))
        .collect()
}
