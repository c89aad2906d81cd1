//! Demand by day: weekday and holiday factors, a damped trend, negative-binomial spread; believed only where it beats the same
//! weekday of last week on days it has not seen.

/// Days of history needed before anything is said: eight weeks, the last four of which are held back as a test.
pub const HISTORY_LEAST: usize = 56;
/// Days held back.
const HELD_BACK: usize = 28;
/// Days looked ahead in the test.
const AHEAD: usize = 7;
/// The trend loses this share of its strength a day.
const DAMPING: f64 = 0.9;
/// Levels and trends that are tried.
const LEVELS: [f64; 4] = [0.03, 0.08, 0.15, 0.3];
const TRENDS: [f64; 3] = [0.0, 0.02, 0.08];
/// Days a factor is drawn towards 1 as if it had been seen on so many.
const SHRINK: f64 = 1.0;

/// Days of demand, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Bags a day.
    pub demand: Vec<u32>,
    /// The weekday of the first day, Monday 0.
    pub first_weekday: u8,
    /// Whether each day was a public holiday; shorter than the demand means none.
    pub holiday: Vec<bool>,
}

impl History {
    fn weekday(&self, day: usize) -> usize {
        (usize::from(self.first_weekday) + day) % 7
    }

    fn is_holiday(&self, day: usize) -> bool {
        self.holiday.get(day).copied().unwrap_or(false)
    }
}

/// Why nothing is forecast; words under `forecast-silent-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    /// Too few days.
    History,
    /// Last week's same weekday was as good on the days held back.
    NotBetter,
}

impl Silent {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::NotBetter => "not-better",
        }
    }
}

/// A forecast that beat the naive one.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Mean demand of the coming days.
    pub mean: Vec<f64>,
    /// Variance over mean of a day; 1 is Poisson.
    pub spread: f64,
    /// Mean absolute error on the days held back, over that of the same weekday a week before; below 1.
    pub scaled_error: f64,
    /// Pinball loss at the asked quantile over that of the naive forecast.
    pub scaled_pinball: f64,
}

#[derive(Clone)]
struct Fitted {
    weekday: [f64; 7],
    holiday: f64,
    level: f64,
    trend: f64,
    spread: f64,
}

impl Fitted {
    fn factor(&self, weekday: usize, holiday: bool) -> f64 {
        let day = self.weekday.get(weekday).copied().unwrap_or(1.0);
        if holiday { day * self.holiday } else { day }
    }

    /// Mean of the day so many days after the last one of the fit, 1 is the next.
    fn mean(&self, ahead: usize, weekday: usize, holiday: bool) -> f64 {
        let mut trend = 0.0;
        let mut strength = 1.0;
        for _ in 0..ahead {
            strength *= DAMPING;
            trend += self.trend * strength;
        }
        ((self.level + trend) * self.factor(weekday, holiday)).max(0.0)
    }
}

fn fit(history: &History, days: usize) -> Fitted {
    let demand = |day: usize| f64::from(history.demand.get(day).copied().unwrap_or(0));
    let ordinary = |day: &usize| !history.is_holiday(*day);
    let mean_of = |days: &[usize]| -> f64 {
        let sum: f64 = days.iter().map(|day| demand(*day)).sum();
        if days.is_empty() {
            0.0
        } else {
            sum / days.len() as f64
        }
    };
    let all: Vec<usize> = (0..days).filter(ordinary).collect();
    let mean = mean_of(&all).max(1e-9);
    let shrunk = |own: f64, count: usize| (own * count as f64 + SHRINK) / (count as f64 + SHRINK);
    let mut weekday = [1.0; 7];
    for (at, factor) in weekday.iter_mut().enumerate() {
        let own: Vec<usize> = all
            .iter()
            .copied()
            .filter(|day| history.weekday(*day) == at)
            .collect();
        *factor = shrunk(mean_of(&own) / mean, own.len());
    }
    let feast: Vec<usize> = (0..days).filter(|day| history.is_holiday(*day)).collect();
    let expected: f64 = feast
        .iter()
        .map(|day| mean * weekday.get(history.weekday(*day)).copied().unwrap_or(1.0))
        .sum();
    let seen: f64 = feast.iter().map(|day| demand(*day)).sum();
    let holiday = if expected > 0.0 {
        shrunk(seen / expected, feast.len())
    } else {
        1.0
    };
    let base = Fitted {
        weekday,
        holiday,
        level: mean,
        trend: 0.0,
        spread: 1.0,
    };
    let mut best: Option<(f64, Fitted)> = None;
    for alpha in LEVELS {
        for beta in TRENDS {
            let mut now = base.clone();
            let (mut error, mut squared, mut expected) = (0.0, 0.0, 0.0);
            for day in 0..days {
                let factor = now
                    .factor(history.weekday(day), history.is_holiday(day))
                    .max(0.05);
                let ahead = now.level + now.trend * DAMPING;
                let miss = demand(day) - ahead * factor;
                if day >= 14 {
                    error += miss.abs();
                    squared += miss * miss;
                    expected += (ahead * factor).max(0.0);
                }
                // A quiet day says less about the level than a busy one.
                let told = alpha * factor.min(1.0);
                let level = ahead + told * (demand(day) / factor - ahead);
                now.trend = (1.0 - beta) * now.trend * DAMPING + beta * (level - now.level);
                now.level = level.max(0.0);
            }
            now.spread = if expected > 0.0 {
                (squared / expected).max(1.0)
            } else {
                1.0
            };
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, now));
            }
        }
    }
    best.map_or(base, |(_, fitted)| fitted)
}

fn pinball(demand: f64, said: f64, quantile: f64) -> f64 {
    if demand >= said {
        quantile * (demand - said)
    } else {
        (1.0 - quantile) * (said - demand)
    }
}

/// Forecasts the coming days, of which `holidays` tells the public holidays; silent where it does not beat the same weekday of
/// the week before on the days held back.
///
/// # Errors
/// Why nothing is said.
pub fn forecast(history: &History, holidays: &[bool], quantile: f64) -> Result<Forecast, Silent> {
    let days = history.demand.len();
    if days < HISTORY_LEAST {
        return Err(Silent::History);
    }
    let demand = |day: usize| f64::from(history.demand.get(day).copied().unwrap_or(0));
    let (mut own, mut naive, mut own_pin, mut naive_pin) = (0.0, 0.0, 0.0, 0.0);
    let mut origin = days - HELD_BACK;
    while origin < days {
        let fitted = fit(history, origin);
        for ahead in 1..=AHEAD.min(days - origin) {
            let day = origin + ahead - 1;
            let mean = fitted.mean(ahead, history.weekday(day), history.is_holiday(day));
            let last = demand(day - 7);
            own += (demand(day) - mean).abs();
            naive += (demand(day) - last).abs();
            let high = quantile_of(mean, mean * fitted.spread, quantile);
            own_pin += pinball(demand(day), f64::from(high), quantile);
            naive_pin += pinball(demand(day), last, quantile);
        }
        origin += AHEAD;
    }
    if own >= naive {
        return Err(Silent::NotBetter);
    }
    let fitted = fit(history, days);
    let mean = holidays
        .iter()
        .enumerate()
        .map(|(at, holiday)| fitted.mean(at + 1, history.weekday(days + at), *holiday))
        .collect();
    Ok(Forecast {
        mean,
        spread: fitted.spread,
        scaled_error: own / naive,
        scaled_pinball: if naive_pin > 0.0 {
            own_pin / naive_pin
        } else {
            1.0
        },
    })
}

/// The smallest number that demand of a mean and variance does not exceed with a chance: negative binomial, or Poisson where the
/// variance is no larger than the mean.
pub fn quantile_of(mean: f64, variance: f64, chance: f64) -> u32 {
    // Beyond this the sum below would be slow and the normal curve is as good.
    const EXACT_MOST: f64 = 5000.0;
    if mean <= 0.0 || !mean.is_finite() {
        return 0;
    }
    let chance = chance.clamp(0.0, 0.9999);
    let variance = variance.max(mean);
    if mean > EXACT_MOST {
        return (mean + 3.0 * (chance - 0.5) * variance.sqrt()).max(0.0) as u32;
    }
    let over = variance - mean;
    let mut log = if over > 1e-9 * mean {
        let size = mean * mean / over;
        -size * (1.0 + mean / size).ln()
    } else {
        -mean
    };
    let mut sum = 0.0;
    let most = mean + 40.0 * variance.sqrt() + 40.0;
    let mut count = 0u32;
    loop {
        sum += log.exp();
        if sum >= chance || f64::from(count) > most {
            return count;
        }
        let next = f64::from(count) + 1.0;
        log += if over > 1e-9 * mean {
            let size = mean * mean / over;
            ((size + f64::from(count)) / next * mean / (size + mean)).ln()
        } else {
            (mean / next).ln()
        };
        count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::synthetic::Dice;

    /// Bags a day with a week, drawn from a Poisson distribution.
    fn drawn(days: usize, week: [f64; 7], dice: &mut Dice) -> Vec<u32> {
        (0..days)
            .map(|day| {
                let limit = (-week[day % 7]).exp();
                let (mut count, mut left) = (0, dice.share());
                while left > limit {
                    count += 1;
                    left *= dice.share();
                }
                count
            })
            .collect()
    }

    #[test]
    fn a_week_that_repeats_is_learnt_and_beats_last_week() {
        let week = [12.0, 10.0, 10.0, 10.0, 14.0, 3.0, 2.0];
        let mut spoke = Vec::new();
        for seed in 0..12 {
            let history = History {
                demand: drawn(180, week, &mut Dice(seed)),
                ..History::default()
            };
            // Four weeks are few: by chance last week is as good now and then.
            let Ok(ahead) = forecast(&history, &[false; 14], 0.95) else {
                continue;
            };
            for (at, mean) in ahead.mean.iter().enumerate() {
                let wanted = week[(180 + at) % 7];
                assert!((mean - wanted).abs() < 3.0, "{at}: {mean} for {wanted}");
            }
            assert!((1.0..1.8).contains(&ahead.spread), "{}", ahead.spread);
            spoke.push(ahead.scaled_error);
        }
        assert!(spoke.len() >= 10, "{spoke:?}");
        assert!(
            spoke.iter().sum::<f64>() / (spoke.len() as f64) < 0.9,
            "{spoke:?}"
        );
    }

    #[test]
    fn holidays_have_their_own_factor() {
        let mut dice = Dice(2);
        let mut demand = drawn(200, [20.0; 7], &mut dice);
        let holiday: Vec<bool> = (0..200).map(|day| day % 50 < 6).collect();
        for (count, feast) in demand.iter_mut().zip(&holiday) {
            if *feast {
                *count /= 4;
            }
        }
        let history = History {
            demand,
            first_weekday: 0,
            holiday,
        };
        let mut coming = [false; 10];
        coming[4] = true;
        let ahead = forecast(&history, &coming, 0.95).unwrap();
        assert!(ahead.mean[4] < 0.5 * ahead.mean[3]);
    }

    #[test]
    fn without_history_or_merit_it_is_silent() {
        let short = History {
            demand: vec![4; 30],
            ..History::default()
        };
        assert_eq!(forecast(&short, &[false], 0.9), Err(Silent::History));
        // The same every week to the bag: last week cannot be beaten.
        let same = History {
            demand: (0..120)
                .map(|day| [3, 9, 1, 7, 0, 12, 5][day % 7])
                .collect(),
            ..History::default()
        };
        assert_eq!(forecast(&same, &[false], 0.9), Err(Silent::NotBetter));
    }

    #[test]
    fn quantiles_are_those_of_the_distributions() {
        // Poisson 4: P(X <= 6) = .8893, P(X <= 7) = .9489.
        assert_eq!(quantile_of(4.0, 4.0, 0.88), 6);
        assert_eq!(quantile_of(4.0, 4.0, 0.89), 7);
        // Negative binomial, size 2, mean 2 (p = 1/2): P(0) = .25, P(1) = .25, P(2) = .1875.
        assert_eq!(quantile_of(2.0, 4.0, 0.24), 0);
        assert_eq!(quantile_of(2.0, 4.0, 0.49), 1);
        assert_eq!(quantile_of(2.0, 4.0, 0.68), 2);
        assert_eq!(quantile_of(0.0, 0.0, 0.9), 0);
    }
}
