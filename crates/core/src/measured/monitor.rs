//! Patient-based real-time quality control: which statistic of patients' values is followed, and where it stands. It holds nothing
//! by itself: a signal is something to look at.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeline_qc::Decimal;
use lifeline_qc::patients::{Method, Monitor, Seen, Settings, Truncation};
use serde::{Deserialize, Serialize};

use super::{Measurement, Reported};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{AssayCode, MeasurementId};
use crate::policy::{Key, Value};
use crate::quality::Place;

/// The most values a statistic is computed over: older ones have long left every block, and weigh nothing.
pub const VALUES_MOST: usize = 2_000;

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Mean of the last values.
    MovingAverage {
        /// How many.
        block: u16,
    },
    /// Median of the last values.
    MovingMedian {
        /// How many.
        block: u16,
    },
    /// Exponentially weighted average.
    Ewma {
        /// Weight of the newest value, in (0, 1].
        lambda: Decimal,
    },
    /// Bull's algorithm.
    Bull {
        /// Values in a block.
        block: u16,
        /// In (0, 1]; Bull's own is 0.5.
        power: Decimal,
    },
}

impl Statistic {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MovingAverage { .. } => "moving-average",
            Self::MovingMedian { .. } => "moving-median",
            Self::Ewma { .. } => "ewma",
            Self::Bull { .. } => "bull",
        }
    }
}

/// What becomes of values too far out to speak for the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarValues {
    /// They are passed over.
    Skip {
        /// Lowest value that counts.
        low: Decimal,
        /// Highest value that counts.
        high: Decimal,
    },
    /// They count as the limit they passed.
    Winsorise {
        /// Lower limit.
        low: Decimal,
        /// Upper limit.
        high: Decimal,
    },
}

impl FarValues {
    /// The word in message keys, and the limits.
    pub fn parts(self) -> (&'static str, Decimal, Decimal) {
        match self {
            Self::Skip { low, high } => ("skip", low, high),
            Self::Winsorise { low, high } => ("winsorise", low, high),
        }
    }
}

/// How an assay's patient values are followed, each place by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatientMonitor {
    /// Which assay.
    pub assay: AssayCode,
    /// The statistic.
    pub statistic: Statistic,
    /// What becomes of far values; all count where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncation: Option<FarValues>,
    /// What the statistic should be.
    pub target: Decimal,
    /// Signal below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<Decimal>,
    /// Signal above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<Decimal>,
}

impl PatientMonitor {
    /// In the engine's terms.
    pub fn settings(&self) -> Settings {
        let method = match self.statistic {
            Statistic::MovingAverage { block } => Method::MovingAverage {
                block: block.into(),
            },
            Statistic::MovingMedian { block } => Method::MovingMedian {
                block: block.into(),
            },
            Statistic::Ewma { lambda } => Method::Ewma {
                lambda: lambda.to_f64(),
            },
            Statistic::Bull { block, power } => Method::Bull {
                block: block.into(),
                power: power.to_f64(),
            },
        };
        let truncation = match self.truncation {
            None => Truncation::None,
            Some(FarValues::Skip { low, high }) => Truncation::Skip {
                low: low.to_f64(),
                high: high.to_f64(),
            },
            Some(FarValues::Winsorise { low, high }) => Truncation::Winsorise {
                low: low.to_f64(),
                high: high.to_f64(),
            },
        };
        Settings {
            method,
            truncation,
            target: self.target.to_f64(),
            lower: self.lower.map(Decimal::to_f64),
            upper: self.upper.map(Decimal::to_f64),
        }
    }
}

/// One patient's value and what the statistic made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorPoint {
    /// Which result.
    pub measurement: MeasurementId,
    /// When it was read.
    pub read: Timestamp,
    /// The value; a bound is shown and never counts.
    pub value: Reported,
    /// The statistic after it.
    pub seen: Seen,
}

/// The monitors in force.
pub fn monitors(hospital: &Hospital, at: Timestamp) -> Result<&[PatientMonitor], Finding> {
    hospital
        .policies
        .value(Key::PatientMonitors, at, |value| match value {
            Value::PatientMonitors(monitors) => Some(monitors.as_slice()),
            _ => None,
        })
}

/// The newest patients' values of an assay in a place, oldest first, with the statistic after each; void results left out.
pub fn monitored(
    hospital: &Hospital,
    monitor: &PatientMonitor,
    place: &Place,
) -> Vec<MonitorPoint> {
    let Ok(mut statistic) = Monitor::new(monitor.settings()) else {
        return Vec::new();
    };
    let mut values: Vec<&Measurement> = hospital
        .measurements
        .stream(&monitor.assay, place)
        .rev()
        .take(VALUES_MOST)
        .map(|one| &**one)
        .collect();
    values.reverse();
    values
        .into_iter()
        .filter_map(|one| {
            let work = &one.latest()?.work;
            // What is no number is passed over, as the engine passes over what is not finite.
            let number = work.value.exact().map_or(f64::NAN, Decimal::to_f64);
            Some(MonitorPoint {
                measurement: one.id,
                read: work.read,
                value: work.value,
                seen: statistic.add(number),
            })
        })
        .collect()
}

/// Why a table of monitors is not sound, as a key of the message files with the assay it is about.
pub(crate) fn unsound(monitors: &[PatientMonitor]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    if monitors.len() > super::assay::ASSAYS_MOST {
        found.push(("why-too-many", String::new()));
    }
    for monitor in monitors {
        if !seen.insert(&monitor.assay) {
            found.push(("why-listed-twice", monitor.assay.to_string()));
        }
        if monitor.settings().check().is_err() {
            found.push(("why-monitor-unsound", monitor.assay.to_string()));
        }
    }
    found
}
