//! The shelves of now against what is used: days of cover, phases, the near-expiry ladder, substitution, what to order.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use lifeline_core::blood::{Abo, Component, LabelGroup, RhD};
use lifeline_core::hospital::Hospital;
use lifeline_core::policy::Key;
use lifeline_core::unit::{Status, Unit};

use super::forecast::{Forecast, History, Silent, forecast, quantile_of};
use crate::tables::{TableError, lines, numbers};

/// Days of demand looked back at.
const BACK: i64 = 182;
/// Days over which the plain mean is taken.
const MEAN_DAYS: usize = 28;
/// Days of use needed before a mean is stated.
const MEAN_LEAST: usize = 7;
/// Days over which substitution is counted.
const SUBSTITUTION_DAYS: i64 = 30;
/// Steps of the near-expiry ladder, in days; the last step is everything beyond.
pub const LADDER: [u32; 4] = [1, 3, 7, 14];

/// Supply phases; words under `phase-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// At or above the target.
    Green,
    /// Below the target.
    PreAmber,
    /// Short: restrict.
    Amber,
    /// Very short.
    Red,
}

impl Phase {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::PreAmber => "pre_amber",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

/// One step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Bags with up to so many days left; `None` is more than the last step.
    pub days: Option<u32>,
    /// How many.
    pub bags: u32,
    /// How many of them would expire unused at the mean demand, oldest first; `None` without a mean.
    pub lost: Option<f64>,
}

/// What to order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Stock to order up to.
    pub level: u32,
    /// Of the stock, bags that will not last until the next arrival, or not be used before they expire.
    pub expiring: u32,
    /// Bags to order now.
    pub bags: u32,
    /// Mean demand until the next arrival.
    pub mean: f64,
    /// The share of periods without shortage aimed at.
    pub service: f64,
    /// The level was lowered so that bags are used before they expire.
    pub capped: bool,
}

/// One component and group.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Component.
    pub component: Component,
    /// Group on the label.
    pub group: LabelGroup,
    /// Bags that may be chosen now.
    pub usable: u32,
    /// Of them and of other groups, bags people of this group could be given.
    pub compatible: u32,
    /// Mean demand a day; `None` with too few days of use.
    pub demand: Option<f64>,
    /// Own bags over own demand.
    pub cover: Option<f64>,
    /// The phase of the cover.
    pub phase: Option<Phase>,
    /// The near-expiry ladder.
    pub ladder: Vec<Step>,
    /// The forecast, or why there is none.
    pub forecast: Result<Forecast, Silent>,
    /// What to order, where there is a demand.
    pub order: Option<Order>,
}

/// Bags of one group handed over to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Substitution {
    /// Bags of red cells handed over.
    pub issued: u32,
    /// Of them to a patient of another group.
    pub other_group: u32,
    /// Bags of group O RhD negative handed over.
    pub o_negative: u32,
    /// Of them to a patient of another group.
    pub o_negative_other: u32,
}

/// Everything of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Components and groups that are there or were used.
    pub lines: Vec<Line>,
    /// Substitution of the last days.
    pub substitution: Substitution,
    /// Days of use on record, up to the days looked back at.
    pub history_days: usize,
}

/// Whether red cells of one group can go to another: antigens the bag has and the patient lacks. The second channel's own rule.
fn cells_suit(bag: LabelGroup, patient: LabelGroup) -> bool {
    let a = |group: LabelGroup| matches!(group.abo, Abo::A | Abo::Ab);
    let b = |group: LabelGroup| matches!(group.abo, Abo::B | Abo::Ab);
    let d = |group: LabelGroup| group.rhd != Some(RhD::Negative);
    (!a(bag) || a(patient)) && (!b(bag) || b(patient)) && (!d(bag) || d(patient))
}

fn plasma_suits(bag: LabelGroup, patient: LabelGroup) -> bool {
    let lacks_a = |group: LabelGroup| matches!(group.abo, Abo::B | Abo::O);
    let lacks_b = |group: LabelGroup| matches!(group.abo, Abo::A | Abo::O);
    (!lacks_a(bag) || lacks_a(patient)) && (!lacks_b(bag) || lacks_b(patient))
}

fn suits(component: Component, bag: LabelGroup, patient: LabelGroup) -> bool {
    match component {
        Component::RedCells | Component::WholeBlood | Component::Granulocytes => {
            cells_suit(bag, patient)
        }
        Component::Plasma | Component::Cryo => plasma_suits(bag, patient),
        Component::Platelets => true,
    }
}

struct Tables {
    levels: BTreeMap<Component, Vec<f64>>,
    service: BTreeMap<Component, Vec<f64>>,
    review_days: f64,
    holidays: Vec<(Date, Date)>,
}

fn tables(hospital: &Hospital, at: Timestamp) -> Result<Tables, TableError> {
    let by_component = |key: Key, count: usize, range: std::ops::RangeInclusive<f64>| {
        let mut table = BTreeMap::new();
        for line in lines(hospital, key, at)? {
            let (name, values) = numbers(key, line, range.clone())?;
            let component = Component::parse(name).filter(|_| values.len() == count);
            let component = component.ok_or_else(|| TableError::wrong(key, line))?;
            table.insert(component, values);
        }
        Ok::<_, TableError>(table)
    };
    let mut holidays = Vec::new();
    for line in lines(hospital, Key::StockHolidays, at)? {
        let dates = line
            .split_once('/')
            .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        holidays.push(dates.ok_or_else(|| TableError::wrong(Key::StockHolidays, line))?);
    }
    let review = hospital.policies.span(Key::StockReview, at);
    let review = review.map_err(|_| TableError::missing(Key::StockReview))?;
    Ok(Tables {
        levels: by_component(Key::StockLevels, 3, 0.0..=1000.0)?,
        service: by_component(Key::StockService, 1, 0.5..=0.999)?,
        review_days: (review.as_secs() as f64 / 86_400.0).max(0.5),
        holidays,
    })
}

/// Looks at the shelves and at what was used.
///
/// # Errors
/// A policy table is missing or wrong.
pub fn outlook(hospital: &Hospital, at: Timestamp) -> Result<Outlook, TableError> {
    let tables = tables(hospital, at)?;
    let offset = hospital.offset(at);
    let today = offset.to_datetime(at).date();
    let used = usage(hospital, at, today);
    let feast = |date: Date| {
        let mut spans = tables.holidays.iter();
        spans.any(|(first, last)| *first <= date && date <= *last)
    };
    let first = today.checked_sub(i64::try_from(used.days).unwrap_or(0).days());
    let first = first.unwrap_or(today);
    let date = |day: usize| first.checked_add((day as i64).days()).unwrap_or(today);
    let holiday: Vec<bool> = (0..used.days).map(|day| feast(date(day))).collect();
    let horizon = tables.review_days.ceil() as usize;
    let coming: Vec<bool> = (0..horizon.max(7))
        .map(|day| feast(date(used.days + day)))
        .collect();
    let mut shelf: BTreeMap<(Component, LabelGroup), Vec<f64>> = BTreeMap::new();
    for unit in hospital.units.shelf().filter(|unit| usable(unit, at)) {
        let left = unit.expires.duration_since(at).as_secs() as f64 / 86_400.0;
        shelf
            .entry((unit.component, unit.group))
            .or_default()
            .push(left);
    }
    let mut keys: Vec<(Component, LabelGroup)> = shelf.keys().copied().collect();
    keys.extend(used.demand.keys().copied());
    keys.sort_unstable();
    keys.dedup();
    let lines = keys.into_iter().map(|(component, group)| {
        let demand = used.demand.get(&(component, group));
        let history = History {
            demand: demand.cloned().unwrap_or_else(|| vec![0; used.days]),
            first_weekday: first.weekday().to_monday_zero_offset() as u8,
            holiday: holiday.clone(),
        };
        let mut left = shelf.get(&(component, group)).cloned().unwrap_or_default();
        left.sort_by(f64::total_cmp);
        let compatible = shelf
            .iter()
            .filter(|((of, bag), _)| *of == component && suits(component, *bag, group))
            .map(|(_, bags)| bags.len())
            .sum::<usize>();
        line(
            component, group, &history, &left, compatible, &coming, &tables,
        )
    });
    Ok(Outlook {
        lines: lines.collect(),
        substitution: used.substitution,
        history_days: used.days,
    })
}

fn usable(unit: &Unit, at: Timestamp) -> bool {
    unit.status == Status::Available && unit.expires > at && unit.locked_to.is_none()
}

struct Used {
    /// Whole days before today that are on record.
    days: usize,
    demand: BTreeMap<(Component, LabelGroup), Vec<u32>>,
    substitution: Substitution,
}

/// Bags handed over and not brought back, by day before today.
fn usage(hospital: &Hospital, at: Timestamp, today: Date) -> Used {
    let offset = hospital.offset(at);
    let mut handed: Vec<(i64, Component, LabelGroup)> = Vec::new();
    let mut substitution = Substitution {
        issued: 0,
        other_group: 0,
        o_negative: 0,
        o_negative_other: 0,
    };
    for issue in hospital.issues.iter() {
        let Some(unit) = hospital.units.get(&issue.unit) else {
            continue;
        };
        let date = offset.to_datetime(issue.issued.at).date();
        let ago = (today - date).get_days();
        let ago = i64::from(ago);
        if issue.returned.is_some() || !(0..=BACK).contains(&ago) {
            continue;
        }
        if ago >= 1 {
            handed.push((ago, unit.component, unit.group));
        }
        if ago <= SUBSTITUTION_DAYS && unit.component == Component::RedCells {
            let patient = hospital.record_of(issue.patient);
            let group = patient.and_then(|record| record.group(at).group());
            let same = group.is_some_and(|group| LabelGroup::from(group) == unit.group);
            let o_negative = unit.group.abo == Abo::O && unit.group.rhd == Some(RhD::Negative);
            substitution.issued += 1;
            substitution.other_group += u32::from(!same);
            substitution.o_negative += u32::from(o_negative);
            substitution.o_negative_other += u32::from(o_negative && !same);
        }
    }
    let days = handed.iter().map(|(ago, _, _)| *ago).max().unwrap_or(0);
    let days = usize::try_from(days).unwrap_or(0);
    let mut demand: BTreeMap<(Component, LabelGroup), Vec<u32>> = BTreeMap::new();
    for (ago, component, group) in handed {
        let row = demand
            .entry((component, group))
            .or_insert_with(|| vec![0; days]);
        let place = days.checked_sub(usize::try_from(ago).unwrap_or(0));
        if let Some(count) = place.and_then(|place| row.get_mut(place)) {
            *count += 1;
        }
    }
    Used {
        days,
        demand,
        substitution,
    }
}

fn line(
    component: Component,
    group: LabelGroup,
    history: &History,
    left: &[f64],
    compatible: usize,
    coming: &[bool],
    tables: &Tables,
) -> Line {
    let service = tables.service.get(&component).and_then(|list| list.first());
    let service = service.copied().unwrap_or(0.95);
    let forecast = forecast(history, coming, service);
    let recent = history.demand.iter().rev().take(MEAN_DAYS);
    let counted = history.demand.len().min(MEAN_DAYS);
    let demand = (counted >= MEAN_LEAST)
        .then(|| f64::from(recent.sum::<u32>()) / counted as f64)
        .filter(|mean| *mean > 0.0);
    let usable = left.len() as u32;
    let cover = demand.map(|demand| f64::from(usable) / demand);
    let phase = cover
        .zip(tables.levels.get(&component))
        .map(|(cover, levels)| {
            let below = |at: usize| levels.get(at).is_some_and(|level| cover < *level);
            match (below(0), below(1), below(2)) {
                (_, _, true) => Phase::Red,
                (_, true, false) => Phase::Amber,
                (true, false, false) => Phase::PreAmber,
                (false, false, false) => Phase::Green,
            }
        });
    Line {
        order: order(&forecast, demand, left, service, tables.review_days),
        ladder: ladder(left, demand),
        component,
        group,
        usable,
        compatible: compatible as u32,
        demand,
        cover,
        phase,
        forecast,
    }
}

/// Bags by days left, and how many would expire unused when the oldest go first at the mean demand.
fn ladder(left: &[f64], demand: Option<f64>) -> Vec<Step> {
    let mut from = 0.0;
    let mut lost_before = 0.0;
    let mut steps = Vec::new();
    for days in LADDER.map(Some).into_iter().chain([None]) {
        let to = days.map_or(f64::INFINITY, f64::from);
        let within = |life: &&f64| **life > from && **life <= to;
        let bags = left.iter().filter(within).count() as u32;
        // All that expires by then, less what is used until then.
        let lost = demand.zip(days).map(|(demand, days)| {
            let due = left.iter().filter(|life| **life <= to).count() as f64;
            let lost = (due - demand * f64::from(days)).max(lost_before);
            let fresh = lost - lost_before;
            lost_before = lost;
            fresh
        });
        steps.push(Step { days, bags, lost });
        from = to;
    }
    steps
}

/// Shelf life on arrival is read from the freshest bag there is; with none on the shelf nothing is capped.
fn order(
    forecast: &Result<Forecast, Silent>,
    demand: Option<f64>,
    left: &[f64],
    service: f64,
    review_days: f64,
) -> Option<Order> {
    let daily = demand?;
    let (mean, spread) = match forecast {
        Ok(forecast) => {
            let whole = review_days.floor() as usize;
            let rest = review_days - review_days.floor();
            let mut mean: f64 = forecast.mean.iter().take(whole).sum();
            mean += forecast.mean.get(whole).copied().unwrap_or(0.0) * rest;
            (mean, forecast.spread)
        }
        Err(_) => (daily * review_days, 1.0),
    };
    let wanted = quantile_of(mean, mean * spread, service);
    // More than is used within the life of a fresh bag can only expire.
    let life = left.last().copied().filter(|life| *life >= 1.0);
    let most = life.map_or(u32::MAX, |life| {
        quantile_of(daily * life, daily * life * spread, 0.5)
    });
    let level = wanted.min(most);
    let gone = left.iter().filter(|life| **life < review_days).count() as f64;
    let expiring = (gone - daily * review_days).max(0.0).round() as u32;
    let stock = (left.len() as u32).saturating_sub(expiring);
    Some(Order {
        level,
        expiring,
        bags: level.saturating_sub(stock),
        mean,
        service,
        capped: level < wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_counts_each_bag_once_and_what_demand_cannot_use() {
        let left = [0.5, 0.9, 2.0, 6.0, 6.5, 20.0];
        let steps = ladder(&left, Some(0.5));
        let bags: Vec<u32> = steps.iter().map(|step| step.bags).collect();
        assert_eq!(bags, [2, 1, 2, 0, 1]);
        // Two expire within a day in which half a bag is used; three within three days in which one and a half are.
        let lost: Vec<Option<f64>> = steps.iter().map(|step| step.lost).collect();
        assert_eq!(lost, [Some(1.5), Some(0.0), Some(0.0), Some(0.0), None]);
        assert!(ladder(&left, None).iter().all(|step| step.lost.is_none()));
    }

    #[test]
    fn an_order_fills_up_to_the_quantile_and_never_beyond_the_shelf_life() {
        let silent = Err(Silent::History);
        let plenty = vec![30.0; 20];
        let none = order(&silent, Some(2.0), &plenty, 0.95, 2.0).unwrap();
        assert_eq!((none.bags, none.capped), (0, false));
        let few = order(&silent, Some(2.0), &[30.0], 0.95, 2.0).unwrap();
        // Poisson 4 at .95.
        assert_eq!((few.level, few.bags), (8, 7));
        let short = order(&silent, Some(2.0), &[1.5], 0.95, 2.0).unwrap();
        assert!(short.capped && short.level == 3);
        assert_eq!(order(&silent, None, &plenty, 0.95, 2.0), None);
        // Five bags that will be gone before the next arrival, of which four are used: one is not counted.
        let old = order(
            &silent,
            Some(2.0),
            &[1.0, 1.0, 1.0, 1.0, 1.0, 30.0],
            0.95,
            2.0,
        )
        .unwrap();
        assert_eq!((old.expiring, old.bags), (1, 3));
    }

    #[test]
    fn cells_and_plasma_suit_the_other_way_round() {
        let group = |text: &str| LabelGroup::parse(text).unwrap();
        assert!(cells_suit(group("O-"), group("AB+")));
        assert!(!cells_suit(group("A+"), group("O+")));
        assert!(!cells_suit(group("O+"), group("O-")));
        assert!(plasma_suits(group("AB+"), group("O-")));
        assert!(!plasma_suits(group("O+"), group("A+")));
    }
}
