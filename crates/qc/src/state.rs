//! What is remembered of a stream of control points: the last few as bits, nothing more.

use serde::{Deserialize, Serialize};

use crate::limits::Deviation;
use crate::profile::Reset;

/// Bit histories, newest point in the lowest bit: which of the last sixteen points lay above and below what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Sides {
    pub above: u16,
    pub below: u16,
    pub above1: u16,
    pub below1: u16,
    pub above2: u16,
    pub below2: u16,
}

/// Where one point lies: one bit for each history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lies {
    pub above: u16,
    pub below: u16,
    pub above1: u16,
    pub below1: u16,
    pub above2: u16,
    pub below2: u16,
}

impl Lies {
    pub const fn on_mean(self) -> bool {
        self.above | self.below == 0
    }
}

impl Sides {
    #[inline]
    pub fn note(&mut self, lies: Lies, neutral_on_mean: bool) {
        if !(neutral_on_mean && lies.on_mean()) {
            self.above = self.above << 1 | lies.above;
            self.below = self.below << 1 | lies.below;
        }
        self.above1 = self.above1 << 1 | lies.above1;
        self.below1 = self.below1 << 1 | lies.below1;
        self.above2 = self.above2 << 1 | lies.above2;
        self.below2 = self.below2 << 1 | lies.below2;
    }

    fn reset(&mut self, reset: Reset) {
        match reset {
            Reset::Keep => {}
            Reset::Systematic => {
                *self = Self {
                    above2: self.above2,
                    below2: self.below2,
                    ..Self::default()
                };
            }
            Reset::All => *self = Self::default(),
        }
    }
}

/// A deviation where there may be none yet: an SD of zero says so, which no deviation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    distance: i64,
    sd: i64,
}

impl Kept {
    #[inline]
    pub const fn get(self) -> Option<Deviation> {
        if self.sd > 0 {
            Some(Deviation {
                distance: self.distance,
                sd: self.sd,
            })
        } else {
            None
        }
    }
}

impl From<Deviation> for Kept {
    fn from(deviation: Deviation) -> Self {
        Self {
            distance: deviation.distance,
            sd: deviation.sd,
        }
    }
}

/// What is remembered of one control material: 48 bytes, however long the stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaterialState {
    pub(crate) sides: Sides,
    pub(crate) rising: u16,
    pub(crate) falling: u16,
    /// Points since the last reset, up to 255.
    pub(crate) length: u8,
    pub(crate) last: Kept,
    /// Points ever, modulo 2³².
    pub(crate) placed: u32,
    /// Which of the last points lay exactly on the mean; only to name a window's points where those are passed over.
    pub(crate) on_mean: u32,
}

impl MaterialState {
    /// Points that this stream has taken up, from the very first; the number of its newest point.
    pub const fn placed(&self) -> u32 {
        self.placed
    }

    pub(crate) fn reset(&mut self, reset: Reset) {
        self.sides.reset(reset);
        if reset != Reset::Keep {
            (self.rising, self.falling, self.on_mean) = (0, 0, 0);
            self.last = Kept::default();
        }
        if reset == Reset::All {
            self.length = 0;
        }
    }
}

/// What is remembered of all materials of one group in the order of their points: 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AcrossState {
    pub(crate) sides: Sides,
    /// Points of the run that is open, up to 65 535; 0 before the first.
    pub(crate) run_points: u16,
    /// Places in the run of its highest and lowest point, from 0.
    pub(crate) high_at: u16,
    pub(crate) low_at: u16,
    pub(crate) run: u32,
    pub(crate) placed: u32,
    pub(crate) high: Kept,
    pub(crate) low: Kept,
    pub(crate) on_mean: u16,
    /// Points in a row of one material, the newest included, up to 255.
    pub(crate) same: u8,
    pub(crate) last_level: u8,
    pub(crate) gate_open: bool,
}

impl AcrossState {
    pub(crate) fn reset(&mut self, reset: Reset) {
        self.sides.reset(reset);
        if reset != Reset::Keep {
            self.on_mean = 0;
        }
        if reset == Reset::All {
            // The run that is open begins anew: none of its earlier points may meet a later one.
            (self.run_points, self.same) = (0, 0);
            (self.high, self.low) = (Kept::default(), Kept::default());
        }
    }
}

/// The streams judged together: the control materials of one test on one instrument, by level, and their common stream.
///
/// Plain data for the core to keep. One group costs 64 bytes and 48 for each level.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    pub(crate) across: AcrossState,
    pub(crate) materials: Vec<MaterialState>,
}

impl Group {
    /// Nothing remembered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The stream of one level, where it has had a point.
    pub fn material(&self, level: u8) -> Option<&MaterialState> {
        self.materials.get(usize::from(level))
    }

    /// The common stream.
    pub const fn across(&self) -> &AcrossState {
        &self.across
    }

    pub(crate) fn level(&mut self, level: u8) -> &mut MaterialState {
        let place = usize::from(level);
        if self.materials.len() <= place {
            self.materials
                .resize_with(place + 1, MaterialState::default);
        }
        &mut self.materials[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_small() {
        assert!(
            size_of::<MaterialState>() <= 64,
            "{}",
            size_of::<MaterialState>()
        );
        assert!(
            size_of::<AcrossState>() <= 64,
            "{}",
            size_of::<AcrossState>()
        );
    }
}
