//! One perishable product, exactly: the best order for every morning, and what the best order-up-to level loses against it.
//!
//! In the morning the stock is known by remaining life; an order is placed that arrives next morning; demand comes and is met as
//! far as there is stock; what had one day left and was not used is thrown away; the rest is carried over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::matching::InputError;

/// Most states that are held.
pub const STATES_MOST: usize = 2_000_000;
/// Most additions in one sweep: states times orders times demands.
const WORK_MOST: usize = 2_000_000_000;
/// Most sweeps; the bounds meet long before.
const SWEEPS_MOST: usize = 20_000;
/// The two bounds of the cost from empty are this close when the work ends.
const CLOSE: f64 = 1e-6;

/// Which bags go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Issue {
    /// The oldest.
    #[serde(rename = "FIFO")]
    Oldest,
    /// The youngest.
    #[serde(rename = "LIFO")]
    Youngest,
}

/// What things cost, per bag.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// To order.
    pub order: f64,
    /// To carry over a night.
    pub holding: f64,
    /// Not to have.
    pub shortage: f64,
    /// To throw away.
    pub wastage: f64,
}

/// The product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Days it may be used after arrival.
    pub shelf_life: u32,
    /// Days from order to arrival: 1.
    pub lead_time: u32,
    /// Mean demand a day; Poisson.
    pub poisson_mean: f64,
    /// Most bags an order may have.
    pub max_order: u32,
    /// All demand above counts as this much.
    pub max_demand: u32,
    /// Which bags go first.
    pub issue: Issue,
    /// What things cost.
    pub cost: Costs,
    /// What a cost of tomorrow counts today; below 1.
    pub discount: f64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Solution {
    /// Discounted cost of the optimal policy from an empty store.
    pub optimal_cost_from_empty: f64,
    /// The best order-up-to level.
    pub best_base_stock: u32,
    /// Its cost from an empty store.
    pub best_base_stock_cost: f64,
    /// The optimal order for each state: stock by remaining life 1 to m, with commas.
    pub policy: BTreeMap<String, u32>,
}

struct Model {
    /// Orders 0 to this many less one; also the levels of stock of one age.
    orders: usize,
    chance: Vec<f64>,
    order_cost: f64,
    discount: f64,
    /// Bags on hand, by state.
    on_hand: Vec<u32>,
    /// Expected cost of the day beside ordering, by state.
    day: Vec<f64>,
    /// By state and demand: the place of the state tomorrow with no order.
    next: Vec<u32>,
    /// What one ordered bag adds to the place of tomorrow's state.
    stride: usize,
}

impl Product {
    /// # Errors
    /// Names the field that is out of range, or says that the product has too many states.
    fn check(&self) -> Result<usize, InputError> {
        let wrong = |field: &str, why: &str| Err(InputError::new("product", field, why));
        if self.shelf_life == 0 {
            return wrong("shelf_life", "0 days");
        }
        if self.lead_time != 1 {
            return wrong(
                "lead_time",
                "only 1 is solved: an order arrives next morning",
            );
        }
        if !(self.poisson_mean > 0.0 && self.poisson_mean <= 500.0) {
            return wrong("poisson_mean", "not above 0 and up to 500");
        }
        if self.max_order == 0 {
            return wrong("max_order", "0 bags");
        }
        if self.max_demand == 0 || self.max_demand > 5000 {
            return wrong("max_demand", "not within 1 to 5000");
        }
        if !(self.discount > 0.0 && self.discount < 1.0) {
            return wrong("discount", "not between 0 and 1");
        }
        for (field, cost) in [
            ("cost.order", self.cost.order),
            ("cost.holding", self.cost.holding),
            ("cost.shortage", self.cost.shortage),
            ("cost.wastage", self.cost.wastage),
        ] {
            if !(0.0..=1e9).contains(&cost) {
                return wrong(field, "not within 0 to 1e9");
            }
        }
        let orders = self.max_order as usize + 1;
        let states = orders
            .checked_pow(self.shelf_life)
            .filter(|states| *states <= STATES_MOST)
            .filter(|states| {
                let work = states.saturating_mul(orders);
                work.saturating_mul(self.max_demand as usize + 1) <= WORK_MOST
            });
        states.map_or_else(
            || {
                wrong(
                    "shelf_life",
                    "too many states for this shelf life and order size",
                )
            },
            Ok,
        )
    }

    /// Demand with its tail on the highest.
    fn demand(&self) -> Vec<f64> {
        let mut chance = Vec::with_capacity(self.max_demand as usize + 1);
        let mut log = -self.poisson_mean;
        let mut left = 1.0;
        for demand in 0..self.max_demand {
            let share = log.exp();
            chance.push(share);
            left -= share;
            log += self.poisson_mean.ln() - f64::from(demand + 1).ln();
        }
        chance.push(f64::max(left, 0.0));
        chance
    }

    /// Solves the product.
    ///
    /// # Errors
    /// A field out of range, or too many states.
    pub fn solve(&self) -> Result<Solution, InputError> {
        let states = self.check()?;
        let model = self.model(states);
        let (optimal, policy) = model.optimise();
        let highest = self.max_order * self.shelf_life;
        let mut best = (f64::INFINITY, 0);
        for level in 0..=highest {
            let cost = model.base_stock(level);
            // Levels beyond every state order alike; the first of equals stands.
            if cost < best.0 - CLOSE {
                best = (cost, level);
            }
        }
        let policy = policy
            .into_iter()
            .enumerate()
            .map(|(state, order)| (self.name(state), order))
            .collect();
        Ok(Solution {
            optimal_cost_from_empty: optimal,
            best_base_stock: best.1,
            best_base_stock_cost: best.0,
            policy,
        })
    }

    /// Stock by remaining life 1 to m.
    fn stock(&self, state: usize) -> Vec<u32> {
        let base = self.max_order as usize + 1;
        let mut left = state;
        (0..self.shelf_life)
            .map(|_| {
                let level = (left % base) as u32;
                left /= base;
                level
            })
            .collect()
    }

    fn name(&self, state: usize) -> String {
        let levels: Vec<String> = self.stock(state).iter().map(u32::to_string).collect();
        levels.join(",")
    }

    fn model(&self, states: usize) -> Model {
        let chance = self.demand();
        let orders = self.max_order as usize + 1;
        let mut next = Vec::with_capacity(states * chance.len());
        let mut day = Vec::with_capacity(states);
        let mut on_hand = Vec::with_capacity(states);
        for state in 0..states {
            let stock = self.stock(state);
            on_hand.push(stock.iter().sum());
            let mut cost = 0.0;
            for (demand, share) in (0u32..).zip(&chance) {
                let mut levels = stock.clone();
                let mut wanted = demand;
                let take = |level: &mut u32| {
                    let taken = wanted.min(*level);
                    *level -= taken;
                    wanted -= taken;
                };
                match self.issue {
                    Issue::Oldest => levels.iter_mut().for_each(take),
                    Issue::Youngest => levels.iter_mut().rev().for_each(take),
                }
                let wasted = levels.first().copied().unwrap_or(0);
                let kept: u32 = levels.iter().skip(1).sum();
                cost += share
                    * (self.cost.shortage * f64::from(wanted)
                        + self.cost.wastage * f64::from(wasted)
                        + self.cost.holding * f64::from(kept));
                let mut place = 0;
                for level in levels.iter().skip(1).rev() {
                    place = place * orders + *level as usize;
                }
                next.push(place as u32);
            }
            day.push(cost);
        }
        Model {
            orders,
            chance,
            order_cost: self.cost.order,
            discount: self.discount,
            on_hand,
            day,
            next,
            stride: orders.pow(self.shelf_life - 1),
        }
    }
}

impl Model {
    fn tomorrow(&self, state: usize) -> &[u32] {
        let demands = self.chance.len();
        &self.next[state * demands..(state + 1) * demands]
    }

    /// Cost from a state with an order, and the values of tomorrow.
    fn cost(&self, state: usize, order: usize, value: &[f64]) -> f64 {
        let ahead = order * self.stride;
        let future: f64 = self
            .tomorrow(state)
            .iter()
            .zip(&self.chance)
            .map(|(place, share)| share * value[*place as usize + ahead])
            .sum();
        self.order_cost * order as f64 + self.day[state] + self.discount * future
    }

    /// Sweeps until the bounds of MacQueen meet; the value of the empty store.
    fn settle(&self, mut value_of: impl FnMut(usize, &[f64]) -> f64) -> f64 {
        let mut value = self.day.clone();
        let mut fresh = vec![0.0; value.len()];
        let horizon = self.discount / (1.0 - self.discount);
        for _ in 0..SWEEPS_MOST {
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for (state, slot) in fresh.iter_mut().enumerate() {
                *slot = value_of(state, &value);
                let step = *slot - value[state];
                low = low.min(step);
                high = high.max(step);
            }
            std::mem::swap(&mut value, &mut fresh);
            if (high - low) * horizon < CLOSE {
                return value[0] + horizon * (high + low) / 2.0;
            }
        }
        value[0]
    }

    /// The optimal cost from empty and the optimal order of every state.
    fn optimise(&self) -> (f64, Vec<u32>) {
        let mut policy = vec![0u32; self.day.len()];
        let cost = self.settle(|state, value| {
            let mut best = f64::INFINITY;
            for order in 0..self.orders {
                let cost = self.cost(state, order, value);
                if cost < best - 1e-12 {
                    best = cost;
                    policy[state] = order as u32;
                }
            }
            best
        });
        (cost, policy)
    }

    /// The cost from empty when every morning orders up to a level.
    fn base_stock(&self, level: u32) -> f64 {
        self.settle(|state, value| {
            let order = level.saturating_sub(self.on_hand[state]) as usize;
            self.cost(state, order.min(self.orders - 1), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(shelf_life: u32, issue: Issue) -> Product {
        Product {
            shelf_life,
            lead_time: 1,
            poisson_mean: 4.0,
            max_order: 10,
            max_demand: 20,
            issue,
            cost: Costs {
                order: 3.0,
                holding: 1.0,
                shortage: 5.0,
                wastage: 7.0,
            },
            discount: 0.99,
        }
    }

    #[test]
    fn the_published_example_comes_out_exactly() {
        let solution = product(2, Issue::Oldest).solve().unwrap();
        assert!((solution.optimal_cost_from_empty - 1532.593).abs() < 1e-3);
        assert_eq!(solution.best_base_stock, 7);
        assert!((solution.best_base_stock_cost - 1565.331).abs() < 1e-3);
        assert_eq!(solution.policy.len(), 121);
    }

    #[test]
    fn in_five_further_cases_an_order_up_to_level_loses_about_one_percent() {
        for (life, issue) in [
            (2, Issue::Youngest),
            (3, Issue::Oldest),
            (3, Issue::Youngest),
            (4, Issue::Oldest),
            (4, Issue::Youngest),
        ] {
            let solution = product(life, issue).solve().unwrap();
            let loss = solution.best_base_stock_cost / solution.optimal_cost_from_empty - 1.0;
            println!(
                "{life} {issue:?} {solution:?} {loss}",
                solution = solution.optimal_cost_from_empty
            );
            assert!((0.008..0.0125).contains(&loss), "{life} {issue:?}: {loss}");
        }
    }

    #[test]
    fn with_one_day_of_life_the_level_is_the_critical_fractile() {
        // Ordering costs nothing and nothing is kept: order the share shortage / (shortage + wastage) of demand.
        let mut product = product(1, Issue::Oldest);
        product.cost = Costs {
            order: 0.0,
            holding: 0.0,
            shortage: 9.0,
            wastage: 1.0,
        };
        product.max_order = 15;
        let solution = product.solve().unwrap();
        let mut sum = 0.0;
        let fractile = product.demand().iter().position(|share| {
            sum += share;
            sum >= 0.9
        });
        for order in solution.policy.values() {
            assert_eq!(Some(*order as usize), fractile);
        }
    }

    #[test]
    fn youngest_first_never_costs_less() {
        let oldest = product(3, Issue::Oldest).solve().unwrap();
        let youngest = product(3, Issue::Youngest).solve().unwrap();
        assert!(youngest.optimal_cost_from_empty > oldest.optimal_cost_from_empty);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        #[allow(clippy::type_complexity, reason = "a table")]
        let bad: [(&str, fn(&mut Product)); 6] = [
            ("shelf_life", |p| p.shelf_life = 0),
            ("shelf_life", |p| p.shelf_life = 30),
            ("lead_time", |p| p.lead_time = 2),
            ("poisson_mean", |p| p.poisson_mean = -1.0),
            ("discount", |p| p.discount = 1.0),
            ("cost.wastage", |p| p.cost.wastage = f64::NAN),
        ];
        for (field, change) in bad {
            let mut product = product(2, Issue::Oldest);
            change(&mut product);
            assert_eq!(product.solve().unwrap_err().field, field);
        }
    }
}
