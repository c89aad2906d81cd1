//! A proven bound for model Z: bags get prices, each request picks its cheapest set of bags at those prices.
//!
//! Lagrangian relaxation of "each bag once". Whatever the prices are, the requests' cheapest sets minus the prices of all bags
//! is a bound; the steps only look for good prices. All sums are whole numbers, so the bound is exact.

use super::plan::Face;
use super::problem::{NEVER, Problem};

/// Antigens of a request whose sets are enumerated; the cheapest ones beyond are let off, which keeps the bound valid.
const ANTIGENS_MOST: usize = 10;
/// Steps without improvement before the step length is halved.
const PATIENCE: u32 = 12;
/// The clock is asked every so many steps.
const ASK_EVERY: u32 = 4;

struct Row {
    wanted: usize,
    shortable: bool,
    /// Kind, cost beside mismatches, mismatched antigens as bits of this row; a kind once for each bag the row could take.
    pairs: Vec<(u32, i64, u16)>,
    /// Cost of every set of mismatched antigens.
    mismatch: Vec<i64>,
}

pub(super) struct Bound {
    rows: Vec<Row>,
    counts: Vec<i64>,
    used_up: Vec<bool>,
    prices: Vec<f64>,
    best_prices: Vec<f64>,
    best: i64,
    length: f64,
    idle: u32,
}

impl Bound {
    pub fn new(problem: &Problem, face: &Face, ceiling: i64) -> Self {
        let rows = (0..problem.requests())
            .map(|request| {
                let mut priced = problem.priced(request).to_vec();
                priced.retain(|(bit, _)| {
                    (0..problem.kinds.len()).any(|kind| {
                        problem.possible(request, kind) && problem.mask(request, kind) & bit != 0
                    })
                });
                priced.sort_by_key(|(bit, weight)| (std::cmp::Reverse(*weight), *bit));
                priced.truncate(ANTIGENS_MOST);
                let mismatch = (0u32..1 << priced.len())
                    .map(|set| {
                        let chosen = priced.iter().enumerate();
                        chosen
                            .filter(|(place, _)| set >> place & 1 == 1)
                            .map(|(_, (_, weight))| weight)
                            .sum()
                    })
                    .collect();
                let pairs = (0..problem.kinds.len())
                    .filter(|kind| face.holds(request, *kind))
                    .filter_map(|kind| match problem.linear(request, kind) {
                        NEVER => None,
                        cost => {
                            let mask = problem.mask(request, kind);
                            let own = priced.iter().enumerate();
                            let set = own
                                .filter(|(_, (bit, _))| mask & bit != 0)
                                .fold(0u16, |set, (place, _)| set | 1 << place);
                            let bags = problem.kinds[kind].len();
                            let copies = bags.min(problem.wanted[request] as usize);
                            Some(std::iter::repeat_n((kind as u32, cost, set), copies))
                        }
                    })
                    .flatten()
                    .collect();
                Row {
                    wanted: problem.wanted[request] as usize,
                    shortable: face.shortable[request],
                    pairs,
                    mismatch,
                }
            })
            .collect();
        let prices: Vec<f64> = face.prices.iter().map(|price| *price as f64).collect();
        let mut bound = Self {
            rows,
            counts: problem.kinds.iter().map(|kind| kind.len() as i64).collect(),
            used_up: face.used_up.clone(),
            best_prices: prices.clone(),
            prices,
            best: i64::MIN,
            length: 1.0,
            idle: 0,
        };
        // The prices of model T already prove something.
        let mut never = || false;
        bound.run(1, ceiling, &mut never);
        bound
    }

    /// The best bound so far, in steps of level 2.
    pub fn best(&self) -> i64 {
        self.best
    }

    /// Looks for better prices; whether the clock cut it short.
    pub fn run(&mut self, steps: u32, ceiling: i64, stop: &mut dyn FnMut() -> bool) -> bool {
        let mut used = vec![0i64; self.counts.len()];
        let mut lists = Lists::default();
        for step in 0..steps {
            if step % ASK_EVERY == ASK_EVERY - 1 && stop() {
                return true;
            }
            let whole: Vec<i64> = self
                .prices
                .iter()
                .map(|price| price.round() as i64)
                .collect();
            used.fill(0);
            let mut value = 0i64;
            for row in &self.rows {
                value += lists.cheapest(row, &whole, &mut used);
            }
            for (price, count) in whole.iter().zip(&self.counts) {
                value -= price * count;
            }
            if value > self.best {
                self.best = value;
                self.best_prices.clone_from(&self.prices);
                self.idle = 0;
            } else {
                self.idle += 1;
            }
            if self.best >= ceiling {
                return false;
            }
            if self.idle >= PATIENCE {
                self.idle = 0;
                self.length *= 0.6;
                self.prices.clone_from(&self.best_prices);
                if self.length < 1e-4 {
                    return false;
                }
                continue;
            }
            let mut norm = 0.0;
            for (place, (used, count)) in used.iter().zip(&self.counts).enumerate() {
                let slope = (used - count) as f64;
                if slope > 0.0 || self.prices[place] > 0.0 || self.used_up[place] {
                    norm += slope * slope;
                }
            }
            if norm == 0.0 {
                return false;
            }
            let gap = (ceiling - value).max(1) as f64;
            let scale = self.length * gap / norm;
            for (place, (used, count)) in used.iter().zip(&self.counts).enumerate() {
                let moved = self.prices[place] + scale * (used - count) as f64;
                self.prices[place] = if self.used_up[place] {
                    moved
                } else {
                    moved.max(0.0)
                };
            }
        }
        false
    }
}

/// For each set of antigens, the cheapest bags that mismatch nothing outside it.
#[derive(Default)]
struct Lists {
    entries: Vec<(i64, u32)>,
    lengths: Vec<u16>,
    merged: Vec<(i64, u32)>,
}

impl Lists {
    fn insert(list: &mut [(i64, u32)], length: &mut u16, entry: (i64, u32)) {
        let full = *length as usize == list.len();
        if full && list.last().is_none_or(|last| *last <= entry) {
            return;
        }
        if !full {
            *length += 1;
        }
        let mut place = *length as usize - 1;
        while place > 0 && list[place - 1] > entry {
            list[place] = list[place - 1];
            place -= 1;
        }
        list[place] = entry;
    }

    /// The cheapest set of bags for a row; counts what it uses.
    fn cheapest(&mut self, row: &Row, prices: &[i64], used: &mut [i64]) -> i64 {
        let (wanted, sets) = (row.wanted, row.mismatch.len());
        self.entries.clear();
        self.entries.resize(sets * wanted, (0, 0));
        self.lengths.clear();
        self.lengths.resize(sets, 0);
        for (kind, cost, set) in &row.pairs {
            let from = *set as usize * wanted;
            let list = &mut self.entries[from..from + wanted];
            let cost = cost + prices[*kind as usize];
            Self::insert(list, &mut self.lengths[*set as usize], (cost, *kind));
        }
        let mut bit = 1;
        while bit < sets {
            for set in (0..sets).filter(|set| set & bit != 0) {
                let from = (set ^ bit) * wanted;
                let length = self.lengths[set ^ bit] as usize;
                self.merged.clear();
                self.merged
                    .extend_from_slice(&self.entries[from..from + length]);
                let at = set * wanted;
                let list = &mut self.entries[at..at + wanted];
                for entry in &self.merged {
                    Self::insert(list, &mut self.lengths[set], *entry);
                }
            }
            bit <<= 1;
        }
        let mut best: Option<(i64, usize, usize)> = row.shortable.then_some((0, 0, 0));
        for set in 0..sets {
            let list = &self.entries[set * wanted..set * wanted + self.lengths[set] as usize];
            let taken = if row.shortable {
                list.iter().take_while(|(cost, _)| *cost < 0).count()
            } else if list.len() == wanted {
                wanted
            } else {
                continue;
            };
            let sum: i64 = list.iter().take(taken).map(|(cost, _)| cost).sum();
            let cost = sum + row.mismatch[set];
            if best.is_none_or(|(least, _, _)| cost < least) {
                best = Some((cost, set, taken));
            }
        }
        // A row that cannot be filled proves nothing; on the face it always can.
        let Some((cost, set, taken)) = best else {
            return i64::MIN / 1_000_000;
        };
        for (_, kind) in &self.entries[set * wanted..set * wanted + taken] {
            used[*kind as usize] += 1;
        }
        cost
    }
}
