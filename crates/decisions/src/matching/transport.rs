//! Exact assignment of kinds of bags to requests: successive shortest augmenting paths with dual prices.
//!
//! Every request can always go without, at its price of missing, so each search ends after a finite distance. Costs are whole
//! numbers: level 1 stands above level 2 by a factor larger than all of level 2 together, computed, not guessed.

/// Rows are requests, columns are kinds of bags with a capacity.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    columns: usize,
    /// By row and column, a row each; [`NEVER`](super::problem::NEVER) where the pair must not be.
    cost: Vec<Box<[i64]>>,
    missing: Vec<i64>,
    free: Vec<u32>,
    /// Rows that hold bags of a column, with how many.
    holders: Vec<Vec<(u32, u32)>>,
    row_price: Vec<i64>,
    column_price: Vec<i64>,
    scratch: Scratch,
    /// Rows whose bags or missing bags the last search changed.
    pub touched: Vec<u32>,
    /// Columns whose rows the last row that was added changed, with the rows that held them before.
    pub moved: Vec<(u32, Vec<(u32, u32)>)>,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    distance: Vec<i64>,
    from: Vec<u32>,
    open: Vec<u32>,
    /// Columns taken, in order.
    taken: Vec<u32>,
    /// Rows reached: the row, its distance, and the column it was reached by.
    reached: Vec<(u32, i64, u32)>,
    seen: Vec<bool>,
}

const NONE: u32 = u32::MAX;
/// No distance yet.
const FAR: i64 = i64::MAX;

impl Transport {
    /// No request yet.
    pub fn new(capacity: Vec<u32>) -> Self {
        let columns = capacity.len();
        Self {
            columns,
            cost: Vec::new(),
            missing: Vec::new(),
            holders: vec![Vec::new(); columns],
            row_price: Vec::new(),
            column_price: vec![0; columns],
            free: capacity,
            scratch: Scratch::default(),
            touched: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// Adds a request that wants some bags and pays `missing` for each it does not get; what there is stays an optimum.
    pub fn add(&mut self, cost: impl Iterator<Item = i64>, missing: i64, wanted: u32) {
        let row = self.missing.len() as u32;
        self.cost.push(cost.collect());
        self.missing.push(missing);
        self.row_price.push(0);
        self.touched.clear();
        self.moved.clear();
        let mut left = wanted;
        while left > 0 {
            left -= self.augment(row, left);
        }
    }

    fn line(&self, row: u32) -> &[i64] {
        &self.cost[row as usize]
    }

    /// One shortest path from a row to a free bag or to going without; carries as much as it can.
    fn augment(&mut self, row: u32, most: u32) -> u32 {
        let mut s = std::mem::take(&mut self.scratch);
        s.distance.clear();
        s.distance.resize(self.columns, FAR);
        s.from.resize(self.columns, NONE);
        s.open.clear();
        s.open.extend(0..self.columns as u32);
        s.taken.clear();
        s.reached.clear();
        s.seen.clear();
        s.seen.resize(self.missing.len(), false);
        s.reached.push((row, 0, NONE));
        s.seen[row as usize] = true;
        let mut scanned = 0;
        let mut without = (FAR, NONE);
        let (end, length) = loop {
            while scanned < s.reached.len() {
                let (at, base, _) = s.reached[scanned];
                scanned += 1;
                let offset = base - self.row_price[at as usize];
                let skip = self.missing[at as usize] + offset;
                if skip < without.0 {
                    without = (skip, at);
                }
                let line = self.line(at);
                for column in &s.open {
                    let place = *column as usize;
                    let cost = line[place];
                    if cost == super::problem::NEVER {
                        continue;
                    }
                    let reach = cost + offset - self.column_price[place];
                    if reach < s.distance[place] {
                        s.distance[place] = reach;
                        s.from[place] = at;
                    }
                }
            }
            let mut best = (FAR, 0, NONE);
            for (index, column) in s.open.iter().enumerate() {
                let distance = s.distance[*column as usize];
                // Among equals a free bag ends the search.
                let better = distance < best.0
                    || (distance == best.0
                        && distance != FAR
                        && self.free[*column as usize] > 0
                        && self.free[best.2 as usize] == 0);
                if better {
                    best = (distance, index, *column);
                }
            }
            if best.0 >= without.0 {
                break (NONE, without.0);
            }
            let (distance, index, column) = best;
            if self.free[column as usize] > 0 {
                break (column, distance);
            }
            s.open.swap_remove(index);
            s.taken.push(column);
            for (holder, _) in &self.holders[column as usize] {
                if !s.seen[*holder as usize] {
                    s.seen[*holder as usize] = true;
                    s.reached.push((*holder, distance, column));
                }
            }
        };
        for (at, base, _) in &s.reached {
            self.row_price[*at as usize] += length - base;
        }
        for column in &s.taken {
            self.column_price[*column as usize] -= length - s.distance[*column as usize];
        }
        let moved = self.carry(&s, row, most, end, without.1);
        self.scratch = s;
        moved
    }

    /// Moves as many bags along the path as fit.
    fn carry(&mut self, s: &Scratch, row: u32, most: u32, end: u32, without: u32) -> u32 {
        let by = |at: u32| -> u32 {
            s.reached
                .iter()
                .find(|(reached, _, _)| *reached == at)
                .map_or(NONE, |(_, _, column)| *column)
        };
        // The path from its end: (row, column it gives up).
        let last = if end == NONE {
            without
        } else {
            s.from[end as usize]
        };
        let mut steps = Vec::new();
        let mut at = last;
        let mut amount = most;
        if end != NONE {
            amount = amount.min(self.free[end as usize]);
        }
        while at != row {
            let column = by(at);
            let held = self.holders[column as usize]
                .iter()
                .find(|(holder, _)| *holder == at)
                .map_or(0, |(_, count)| *count);
            amount = amount.min(held);
            steps.push((at, column));
            at = s.from[column as usize];
        }
        self.touched.push(row);
        if end != NONE {
            self.free[end as usize] -= amount;
            self.give(end, last, amount);
        }
        for (loser, column) in steps {
            self.touched.push(loser);
            self.take(column, loser, amount);
            self.give(column, s.from[column as usize], amount);
        }
        amount
    }

    /// Keeps who held a column before the first change; a path is short, so that looking through is quick.
    fn keep(&mut self, column: u32) {
        if self.moved.iter().all(|(kept, _)| *kept != column) {
            let before = self.holders[column as usize].clone();
            self.moved.push((column, before));
        }
    }

    fn give(&mut self, column: u32, row: u32, amount: u32) {
        self.keep(column);
        let holders = &mut self.holders[column as usize];
        match holders.iter_mut().find(|(holder, _)| *holder == row) {
            Some((_, count)) => *count += amount,
            None => holders.push((row, amount)),
        }
    }

    fn take(&mut self, column: u32, row: u32, amount: u32) {
        self.keep(column);
        let holders = &mut self.holders[column as usize];
        for (holder, count) in holders.iter_mut() {
            if *holder == row {
                *count -= amount;
            }
        }
        holders.retain(|(_, count)| *count > 0);
    }

    /// Rows that hold bags of a column, with how many.
    pub fn holders(&self, column: usize) -> &[(u32, u32)] {
        &self.holders[column]
    }

    /// What one more bag wanted by each row would cost.
    pub fn row_prices(&self) -> &[i64] {
        &self.row_price
    }

    /// What one more bag of each column would change; never above 0.
    pub fn column_prices(&self) -> &[i64] {
        &self.column_price
    }
}
