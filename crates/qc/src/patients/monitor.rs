//! The statistics themselves, value by value.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::charts::Side;
use crate::statistics::median;

/// Largest block.
pub const BLOCK_MOST: usize = 1000;

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Mean of the last `block` values.
    MovingAverage {
        /// Values in it.
        block: usize,
    },
    /// Median of the last `block` values.
    MovingMedian {
        /// Values in it.
        block: usize,
    },
    /// Exponentially weighted average, begun at the target.
    Ewma {
        /// Weight of the newest value, in (0, 1].
        lambda: f64,
    },
    /// Bull's algorithm over blocks that do not overlap, each begun at the one before: distances count by their `power`, so that
    /// far values weigh less. Power 0.5 is Bull's, others (0.66) the extended form.
    Bull {
        /// Values in a block.
        block: usize,
        /// In (0, 1].
        power: f64,
    },
}

/// What becomes of values too far out to speak for the method.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncation {
    /// All values count.
    #[default]
    None,
    /// Values outside do not count; the statistic stays as it was.
    Skip {
        /// Lowest value that counts.
        low: f64,
        /// Highest value that counts.
        high: f64,
    },
    /// Values outside count as the limit that they passed.
    Winsorise {
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
}

/// How an analyte is followed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The statistic.
    pub method: Method,
    /// What becomes of far values.
    #[serde(default)]
    pub truncation: Truncation,
    /// What the statistic should be; where EWMA and Bull begin.
    pub target: f64,
    /// Alarm below; `None`: no alarm.
    pub lower: Option<f64>,
    /// Alarm above; `None`: no alarm.
    pub upper: Option<f64>,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A field is not what it must be.
    #[error("{0} must be {1}")]
    Field(&'static str, &'static str),
}

impl Settings {
    /// Whether they can be used.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |field, rule| Err(SettingsError::Field(field, rule));
        let share = |number: f64| number > 0.0 && number <= 1.0;
        match self.method {
            Method::MovingAverage { block }
            | Method::MovingMedian { block }
            | Method::Bull { block, .. }
                if !(1..=BLOCK_MOST).contains(&block) =>
            {
                return wrong("block", "from 1 to 1000");
            }
            Method::Ewma { lambda } if !share(lambda) => {
                return wrong("lambda", "greater than 0 and at most 1");
            }
            Method::Bull { power, .. } if !share(power) => {
                return wrong("power", "greater than 0 and at most 1");
            }
            _ => {}
        }
        if let Truncation::Skip { low, high } | Truncation::Winsorise { low, high } =
            self.truncation
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            return wrong("truncation", "a lower number and a higher one");
        }
        if !self.target.is_finite() {
            return wrong("target", "a number");
        }
        if [self.lower, self.upper]
            .into_iter()
            .flatten()
            .any(|limit| !limit.is_finite())
        {
            return wrong("a limit", "a number");
        }
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) if lower >= upper => wrong("lower", "below upper"),
            _ => Ok(()),
        }
    }
}

/// What a value did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Seen {
    /// The value as it counted; `None` where it was passed over.
    pub counted: Option<f64>,
    /// The statistic after it; `None` until the first block is full.
    pub statistic: Option<f64>,
    /// Where the statistic lies outside its limits.
    pub signal: Option<Side>,
}

/// A statistic under way. What it keeps is bounded by the block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    settings: Settings,
    block: VecDeque<f64>,
    statistic: Option<f64>,
}

impl Monitor {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// See [`Settings::check`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            settings,
            block: VecDeque::new(),
            statistic: None,
        })
    }

    /// One more patient's result. A number that is not finite is passed over.
    pub fn add(&mut self, value: f64) -> Seen {
        let counted = match self.settings.truncation {
            _ if !value.is_finite() => None,
            Truncation::None => Some(value),
            Truncation::Skip { low, high } => (low..=high).contains(&value).then_some(value),
            Truncation::Winsorise { low, high } => Some(value.clamp(low, high)),
        };
        if let Some(value) = counted {
            self.count(value);
        }
        let Settings { lower, upper, .. } = self.settings;
        let statistic = self.statistic;
        let below = statistic.zip(lower).is_some_and(|(now, limit)| now < limit);
        let above = statistic.zip(upper).is_some_and(|(now, limit)| now > limit);
        Seen {
            counted,
            statistic,
            signal: if above {
                Some(Side::Upper)
            } else if below {
                Some(Side::Lower)
            } else {
                None
            },
        }
    }

    fn count(&mut self, value: f64) {
        let target = self.settings.target;
        match self.settings.method {
            Method::Ewma { lambda } => {
                let earlier = self.statistic.unwrap_or(target);
                self.statistic = Some(lambda * value + (1.0 - lambda) * earlier);
            }
            Method::MovingAverage { block } => {
                if self.slide(value, block) {
                    // Summed anew, so that rounding never adds up over a day.
                    self.statistic = Some(self.block.iter().sum::<f64>() / block as f64);
                }
            }
            Method::MovingMedian { block } => {
                if self.slide(value, block) {
                    self.statistic = median(self.block.make_contiguous());
                }
            }
            Method::Bull { block, power } => {
                self.block.push_back(value);
                if self.block.len() >= block {
                    let from = self.statistic.unwrap_or(target);
                    let signed = |far: f64, power: f64| far.abs().powf(power).copysign(far);
                    let sum: f64 = self
                        .block
                        .iter()
                        .map(|value| signed(value - from, power))
                        .sum();
                    self.statistic = Some(from + signed(sum / block as f64, 1.0 / power));
                    self.block.clear();
                }
            }
        }
    }

    /// Whether the block is full.
    fn slide(&mut self, value: f64, block: usize) -> bool {
        self.block.push_back(value);
        while self.block.len() > block {
            self.block.pop_front();
        }
        self.block.len() == block
    }
}
