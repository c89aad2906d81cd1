//! Re-evaluation of long streams, 64 points a word: the same verdicts as the engine's, as bitmaps.

use crate::engine::Engine;
use crate::profile::Gate;
use crate::rule::{Rule, RuleSet};

/// Broken rules of up to 64 consecutive points: for each rule a word, the earliest point in its lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    words: [u64; Rule::ALL.len()],
}

impl Block {
    /// The points that break a rule.
    pub const fn points(&self, rule: Rule) -> u64 {
        self.words[rule as usize]
    }

    /// The rules that one point, 0 to 63, breaks.
    pub fn rules(&self, point: u32) -> RuleSet {
        let broken = |rule: &Rule| self.points(*rule) >> (point & 63) & 1 == 1;
        Rule::ALL.iter().copied().filter(broken).collect()
    }
}

/// A whole number that distances are stored in: 32 bits where they fit, which most laboratories' do, or 64.
pub trait Distance: Copy + Ord + sealed::Sealed {
    #[doc(hidden)]
    fn times(halves: i64, sd: i64, beyond: i64) -> Option<Self>;
    #[doc(hidden)]
    fn zone(self, limits: &[Self; 6]) -> u8;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i32 {}
    impl Sealed for i64 {}
}

macro_rules! distance {
    ($type:ty) => {
        impl Distance for $type {
            fn times(halves: i64, sd: i64, beyond: i64) -> Option<Self> {
                // The least whole distance beyond a limit of so many half SDs.
                let doubled = halves.checked_mul(sd)?.checked_add(beyond)?;
                let least = <$type>::try_from(doubled.checked_add(1)? / 2).ok()?;
                least.checked_neg().map(|_| least)
            }

            #[inline(always)]
            fn zone(self, limits: &[Self; 6]) -> u8 {
                let mut zone = MIDDLE;
                for limit in limits {
                    zone = zone
                        .wrapping_add(u8::from(self >= *limit))
                        .wrapping_sub(u8::from(self <= -*limit));
                }
                zone
            }
        }
    };
}

distance!(i32);
distance!(i64);

/// The zone of a point on the mean; above it one more for each limit passed: mean, 1, 2, 2.5, 3, 3.5 SD.
const MIDDLE: u8 = 64;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// Moves the lowest bits of eight bytes together in the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A profile made ready for bit-sliced evaluation of single materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sliced {
    rules: u16,
    beyond: i64,
}

/// A history word and the one before it.
#[derive(Clone, Copy, Default)]
struct Row {
    before: u64,
    now: u64,
}

impl Row {
    fn next(&mut self, word: u64) {
        (self.before, self.now) = (self.now, word);
    }

    /// The word as it was so many points earlier.
    const fn back(self, points: u32) -> u64 {
        self.now << points | self.before >> (64 - points)
    }
}

/// Rows of 2, 4 and 8 points on one side; longer ones are put together of them.
#[derive(Clone, Copy, Default)]
struct Rows {
    one: Row,
    two: Row,
    four: Row,
    eight: Row,
}

impl Rows {
    fn next(&mut self, word: u64) {
        self.one.next(word);
        self.two.next(word & self.one.back(1));
        self.four.next(self.two.now & self.two.back(2));
        self.eight.next(self.four.now & self.four.back(4));
    }

    const fn three(&self) -> u64 {
        self.two.now & self.one.back(2)
    }

    const fn six(&self) -> u64 {
        self.four.now & self.two.back(4)
    }
}

impl Sliced {
    /// For the profile of an engine; `None` where it looks at more than a point's own row: the gate, points on the mean that are
    /// passed over, first points only, rejected points that leave. The engine itself serves those.
    pub fn new(engine: &Engine) -> Option<Self> {
        let plain = engine.gate == Gate::None
            && !engine.neutral
            && !engine.first_only
            && !engine.rejected_leave;
        plain.then_some(Self {
            rules: engine.within | engine.run & !Rule::R4s.bit(),
            beyond: engine.beyond,
        })
    }

    /// Evaluates a stream from its first point: distances from the mean and the SD in one unit, [`crate::Deviation`]'s. Each block
    /// goes to `take` with the number of its points. `false`, and nothing is taken, where the SD is not positive or 3.5 SD do not
    /// fit the type.
    pub fn evaluate<T: Distance>(
        &self,
        distances: &[T],
        sd: i64,
        mut take: impl FnMut(&Block, usize),
    ) -> bool {
        let limit = |halves: i64| match sd > 0 {
            true => T::times(halves, sd, self.beyond),
            false => None,
        };
        // On the mean itself strictness is no choice: a point is above it or not.
        let (Some(mean), Some(one), Some(two), Some(two_half), Some(three), Some(three_half)) = (
            T::times(0, sd, 1),
            limit(2),
            limit(4),
            limit(5),
            limit(6),
            limit(7),
        ) else {
            return false;
        };
        let limits = [mean, one, two, two_half, three, three_half];
        let mut state = State::default();
        let mut last = None;
        for points in distances.chunks(64) {
            // A full block has a length that the compiler knows, so that it can go by vectors.
            let planes = match points.first_chunk::<64>() {
                Some(points) => Planes::of(points, last, &limits),
                None => Planes::of_few(points, last, &limits),
            };
            last = points.last().copied();
            let mut block = state.next(&planes);
            // Behind the last point there is none, though two of its neighbours may lie within its window.
            let present = u64::MAX >> (64 - points.len());
            block
                .words
                .iter_mut()
                .zip(Rule::ALL)
                .for_each(|(word, rule)| {
                    *word = match self.rules & rule.bit() {
                        0 => 0,
                        _ => *word & present,
                    };
                });
            take(&block, points.len());
        }
        true
    }
}

/// One bit a point for each condition.
#[derive(Default)]
struct Planes {
    above: [u64; 3],
    below: [u64; 3],
    far: [u64; 3],
    rising: u64,
    falling: u64,
}

impl Planes {
    #[inline(always)]
    fn of<T: Distance>(points: &[T; 64], last: Option<T>, limits: &[T; 6]) -> Self {
        let mut zones = [MIDDLE; 64];
        for (zone, point) in zones.iter_mut().zip(points) {
            *zone = point.zone(limits);
        }
        let mut steps = [MIDDLE; 64];
        for (step, pair) in steps.iter_mut().skip(1).zip(points.windows(2)) {
            if let [earlier, later] = pair {
                *step = MIDDLE + u8::from(later > earlier) - u8::from(later < earlier);
            }
        }
        if let (Some(last), [first, ..], [step, ..]) = (last, points, &mut steps) {
            *step = MIDDLE + u8::from(*first > last) - u8::from(*first < last);
        }
        Self::packed(&zones, &steps)
    }

    fn of_few<T: Distance>(points: &[T], last: Option<T>, limits: &[T; 6]) -> Self {
        let mut zones = [MIDDLE; 64];
        let mut steps = [MIDDLE; 64];
        let mut earlier = last;
        for ((zone, step), point) in zones.iter_mut().zip(&mut steps).zip(points) {
            *zone = point.zone(limits);
            if let Some(earlier) = earlier {
                *step = MIDDLE + u8::from(*point > earlier) - u8::from(*point < earlier);
            }
            earlier = Some(*point);
        }
        Self::packed(&zones, &steps)
    }

    #[inline(always)]
    fn packed(zones: &[u8; 64], steps: &[u8; 64]) -> Self {
        let mut planes = Self::default();
        let (zones, steps) = (zones.as_chunks::<8>().0, steps.as_chunks::<8>().0);
        for (place, (zones, steps)) in (0..).zip(zones.iter().zip(steps)) {
            let (zones, steps) = (u64::from_le_bytes(*zones), u64::from_le_bytes(*steps));
            let shift = 8 * place;
            // Adding this to a byte sets its highest bit from the zone `least` above the middle on.
            let reach = |bytes: u64, least: i16| {
                let add = (128 - i16::from(MIDDLE) - least) as u64;
                ((((bytes + add * LOW_BITS) & HIGH_BITS) >> 7).wrapping_mul(GATHER) >> 56) << shift
            };
            for (far, word) in (1..).zip(&mut planes.above) {
                *word |= reach(zones, far);
            }
            for (far, word) in (0..).zip(&mut planes.below) {
                *word |= reach(zones, -far) ^ 0xff << shift;
            }
            for (far, word) in (4..).zip(&mut planes.far) {
                *word |= reach(zones, far) | reach(zones, 1 - far) ^ 0xff << shift;
            }
            planes.rising |= reach(steps, 1);
            planes.falling |= reach(steps, 0) ^ 0xff << shift;
        }
        planes
    }
}

/// Histories carried from block to block.
#[derive(Default)]
struct State {
    above: [Rows; 2],
    below: [Rows; 2],
    above2: Rows,
    below2: Rows,
    rising: Rows,
    falling: Rows,
    begun: bool,
}

impl State {
    #[inline(always)]
    fn next(&mut self, planes: &Planes) -> Block {
        let [above, above1, above2] = planes.above;
        let [below, below1, below2] = planes.below;
        let [mean_up, one_up] = &mut self.above;
        let [mean_down, one_down] = &mut self.below;
        mean_up.next(above);
        mean_down.next(below);
        one_up.next(above1);
        one_down.next(below1);
        self.above2.next(above2);
        self.below2.next(below2);
        self.rising.next(planes.rising);
        self.falling.next(planes.falling);
        let [two_half, three, three_half] = planes.far;
        let pair = |rows: &Rows| rows.two.now | rows.one.now & rows.one.back(2) | rows.two.back(1);
        let full = if self.begun { u64::MAX } else { !0b11 };
        self.begun = true;
        let either = |of: fn(&Rows) -> u64| of(mean_up) | of(mean_down);
        let mut words = [0; Rule::ALL.len()];
        let mut set = |rule: Rule, word: u64| words[rule as usize] = word;
        set(Rule::OneTwoS, above2 | below2);
        set(Rule::OneTwoHalfS, two_half);
        set(Rule::OneThreeS, three);
        set(Rule::OneThreeHalfS, three_half);
        set(Rule::TwoTwoS, self.above2.two.now | self.below2.two.now);
        set(
            Rule::TwoOfThreeTwoS,
            (pair(&self.above2) | pair(&self.below2)) & full,
        );
        set(Rule::ThreeOneS, one_up.three() | one_down.three());
        set(Rule::FourOneS, one_up.four.now | one_down.four.now);
        set(Rule::SixX, either(Rows::six));
        set(Rule::EightX, either(|rows| rows.eight.now));
        set(
            Rule::NineX,
            either(|rows| rows.eight.now & rows.one.back(8)),
        );
        set(Rule::TenX, either(|rows| rows.eight.now & rows.two.back(8)));
        set(
            Rule::TwelveX,
            either(|rows| rows.eight.now & rows.four.back(8)),
        );
        set(Rule::SevenT, self.rising.six() | self.falling.six());
        Block { words }
    }
}
