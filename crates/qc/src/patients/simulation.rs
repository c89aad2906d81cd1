//! How fast a statistic would notice a shift, tried on the laboratory's own results: the way to choose its parameters.

use serde::Serialize;

use super::monitor::{Monitor, Settings, SettingsError};
use crate::statistics::{Moments, median};

/// Random numbers from a seed that the caller gives: the same seed, the same answer (SplitMix64).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeded(u64);

impl Seeded {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        (wide >> 64) as usize
    }
}

/// How a shift was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Detection {
    /// The shift, in per cent of each value.
    pub bias_percent: f64,
    /// Trials.
    pub trials: usize,
    /// Trials in which the shift was noticed before the results ran out. Those where it was not count with all their results.
    pub detected: usize,
    /// Average number of patients affected before error detection.
    pub anped: f64,
    /// Median number.
    pub mnped: f64,
    /// The number that 95 % of trials do not exceed.
    pub np95ed: f64,
}

/// Adds a shift from a random place on and counts the patients affected until the alarm, once for each trial. Before the shift the
/// statistic runs over up to `warm_up` unchanged results, whose alarms do not count; after the last result the series goes on with
/// the first one.
///
/// # Errors
/// Settings that cannot be used.
pub fn simulate(
    values: &[f64],
    settings: Settings,
    bias_percent: f64,
    warm_up: usize,
    trials: usize,
    random: &mut Seeded,
) -> Result<Detection, SettingsError> {
    settings.check()?;
    let mut affected: Vec<f64> = Vec::with_capacity(trials);
    let mut detected = 0;
    for _ in 0..trials {
        let mut monitor = Monitor::new(settings)?;
        let start = random.below(values.len());
        let mut from = values.iter().cycle().skip(start);
        for value in from.by_ref().take(warm_up.min(values.len())) {
            monitor.add(*value);
        }
        let mut shifted = from
            .take(values.len())
            .map(|value| value * (1.0 + bias_percent / 100.0));
        let alarm = shifted.position(|value| monitor.add(value).signal.is_some());
        detected += usize::from(alarm.is_some());
        affected.push(alarm.map_or(values.len(), |place| place + 1) as f64);
    }
    let anped = affected
        .iter()
        .copied()
        .collect::<Moments>()
        .mean()
        .unwrap_or(0.0);
    let mnped = median(&affected).unwrap_or(0.0);
    affected.sort_by(f64::total_cmp);
    let rank = (affected.len() * 95).div_ceil(100).saturating_sub(1);
    Ok(Detection {
        bias_percent,
        trials,
        detected,
        anped,
        mnped,
        np95ed: affected.get(rank).copied().unwrap_or(0.0),
    })
}

/// Alarm episodes (alarms in a row count once) for each thousand results that nothing is wrong with.
///
/// # Errors
/// Settings that cannot be used.
pub fn false_alarms(values: &[f64], settings: Settings) -> Result<f64, SettingsError> {
    let mut monitor = Monitor::new(settings)?;
    let (mut episodes, mut alarmed) = (0_u64, false);
    for value in values {
        let alarm = monitor.add(*value).signal.is_some();
        episodes += u64::from(alarm && !alarmed);
        alarmed = alarm;
    }
    Ok(1000.0 * episodes as f64 / values.len().max(1) as f64)
}

/// Settings with the narrowest limits, symmetrical in rank, at which unchanged results raise no more alarm episodes for each thousand
/// than allowed. `None` where there are too few results for any statistic.
///
/// # Errors
/// Settings that cannot be used.
pub fn empirical_limits(
    values: &[f64],
    settings: Settings,
    episodes_per_1000: f64,
) -> Result<Option<Settings>, SettingsError> {
    let mut monitor = Monitor::new(Settings {
        lower: None,
        upper: None,
        ..settings
    })?;
    let seen = values
        .iter()
        .filter_map(|value| monitor.add(*value).statistic);
    let mut sorted: Vec<f64> = seen.collect();
    sorted.sort_by(f64::total_cmp);
    let with_cut = |cut: usize| {
        let (lower, upper) = (
            sorted.get(cut)?,
            sorted.get(sorted.len().checked_sub(cut + 1)?)?,
        );
        (lower < upper).then_some(Settings {
            lower: Some(*lower),
            upper: Some(*upper),
            ..settings
        })
    };
    // More cut off, narrower limits; episodes hardly ever fall again, so halving finds the edge.
    let (mut good, mut bad) = (0, sorted.len().div_ceil(2));
    let Some(mut best) = with_cut(0) else {
        return Ok(None);
    };
    while bad - good > 1 {
        let cut = good + (bad - good) / 2;
        match with_cut(cut) {
            Some(tried) if false_alarms(values, tried)? <= episodes_per_1000 => {
                (best, good) = (tried, cut)
            }
            _ => bad = cut,
        }
    }
    Ok(Some(best))
}
