//! The forms that run against each other, over the same points.

use std::hint::black_box;
use std::time::{Duration, Instant};

use lifeline_qc::patients::Seeded;
use lifeline_qc::sliced::Sliced;
use lifeline_qc::{
    AcrossState, Deviation, Engine, Group, MaterialState, Reading, Rule, RuleProfile, RuleSet,
};

/// Rules that count; R-4s needs a second material and is left out everywhere.
pub const RULES: [Rule; 14] = [
    Rule::OneTwoS,
    Rule::OneTwoHalfS,
    Rule::OneThreeS,
    Rule::OneThreeHalfS,
    Rule::TwoTwoS,
    Rule::TwoOfThreeTwoS,
    Rule::ThreeOneS,
    Rule::FourOneS,
    Rule::SixX,
    Rule::EightX,
    Rule::NineX,
    Rule::TenX,
    Rule::TwelveX,
    Rule::SevenT,
];

/// Violations of each rule.
pub type Counts = [u64; RULES.len()];

/// Points of a stream.
const STREAM: usize = 1000;
/// The standard deviation in units of the last place: three digits behind a z score.
pub const SD: i64 = 1000;

/// One control material: distances from the mean.
pub struct Stream {
    /// In time order.
    pub distances: Vec<i64>,
}

/// What a form took and found.
pub struct Taken {
    /// Processor time of this thread.
    pub cpu: Duration,
    /// Time on the wall.
    pub wall: Duration,
    /// What it found.
    pub counts: Counts,
    /// What it keeps of a stream; 0 where the question has no meaning.
    pub state_bytes: usize,
}

/// Normal points with now and then a shifted or drifting stream, the same at every call.
pub fn streams(points: usize) -> Vec<Stream> {
    let mut random = Seeded::new(20_261_122);
    let mut left = points;
    let mut streams = Vec::new();
    while left > 0 {
        let shift = match random.below(8) {
            0 => 700,
            1 => -500,
            _ => 0,
        };
        let length = left.min(STREAM);
        let distances = (0..length)
            .map(|_| {
                // Twelve uniform numbers from four draws: a bell with the deviation of one SD.
                let sum: i64 = (0..4)
                    .map(|_| {
                        let bits = random.next();
                        let third = |shift: u32| (((bits >> shift & 0xf_ffff) * 1000) >> 20) as i64;
                        third(0) + third(20) + third(40)
                    })
                    .sum();
                sum - 6000 + shift
            })
            .collect();
        streams.push(Stream { distances });
        left -= length;
    }
    streams
}

/// The same streams in 32 bits.
pub fn narrow(streams: &[Stream]) -> Vec<Vec<i32>> {
    let fits = |distance: &i64| i32::try_from(*distance).unwrap_or_default();
    streams
        .iter()
        .map(|stream| stream.distances.iter().map(fits).collect())
        .collect()
}

/// The least of several takings: what the form costs without the neighbours' noise.
pub fn least(repeats: u32, form: impl Fn() -> (Counts, usize)) -> Taken {
    let mut best: Option<Taken> = None;
    for _ in 0..repeats.max(1) {
        let (wall, cpu) = (Instant::now(), thread_cpu());
        let (counts, state_bytes) = black_box(form());
        let (wall, cpu) = (wall.elapsed(), thread_cpu().saturating_sub(cpu));
        let cpu = if cpu.is_zero() { wall } else { cpu };
        if best.as_ref().is_none_or(|best| cpu < best.cpu) {
            best = Some(Taken {
                cpu,
                wall,
                counts,
                state_bytes,
            });
        }
    }
    best.unwrap_or(Taken {
        cpu: Duration::ZERO,
        wall: Duration::ZERO,
        counts: [0; RULES.len()],
        state_bytes: 0,
    })
}

/// Processor time of this thread, as Linux counts it; zero elsewhere.
fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// The measure: a plain loop with a counter for each condition and a verdict word a point, as one would write it at once.
pub fn scalar(streams: &[Stream]) -> (Counts, usize) {
    let mut counts = [0; RULES.len()];
    let mut verdicts = Vec::with_capacity(STREAM);
    for stream in streams {
        verdicts.clear();
        let (mut above, mut below, mut above1, mut below1, mut above2, mut below2) =
            (0_u32, 0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
        let (mut rising, mut falling) = (0_u32, 0_u32);
        let (mut pairs_up, mut pairs_down) = (0_u8, 0_u8);
        let mut last = None;
        for (place, distance) in stream.distances.iter().copied().enumerate() {
            let next = |row: u32, holds: bool| if holds { row + 1 } else { 0 };
            above = next(above, distance > 0);
            below = next(below, distance < 0);
            above1 = next(above1, distance > SD);
            below1 = next(below1, distance < -SD);
            above2 = next(above2, distance > 2 * SD);
            below2 = next(below2, distance < -2 * SD);
            rising = next(rising, last.is_some_and(|last| distance > last));
            falling = next(falling, last.is_some_and(|last| distance < last));
            pairs_up = (pairs_up << 1 | u8::from(distance > 2 * SD)) & 7;
            pairs_down = (pairs_down << 1 | u8::from(distance < -2 * SD)) & 7;
            last = Some(distance);
            let far = distance.abs();
            let side = above.max(below);
            let one = above1.max(below1);
            let mut verdict = 0_u16;
            let mut set = |place: u16, holds: bool| verdict |= u16::from(holds) << place;
            set(0, far > 2 * SD);
            set(1, 2 * far > 5 * SD);
            set(2, far > 3 * SD);
            set(3, 2 * far > 7 * SD);
            set(4, above2.max(below2) >= 2);
            set(
                5,
                place >= 2 && (pairs_up.count_ones() >= 2 || pairs_down.count_ones() >= 2),
            );
            set(6, one >= 3);
            set(7, one >= 4);
            set(8, side >= 6);
            set(9, side >= 8);
            set(10, side >= 9);
            set(11, side >= 10);
            set(12, side >= 12);
            set(13, rising.max(falling) >= 6);
            verdicts.push(verdict);
        }
        add(&mut counts, &verdicts);
    }
    (counts, 0)
}

/// Counts verdict words; what every form that gives one a point pays alike.
fn add(counts: &mut Counts, verdicts: &[u16]) {
    for verdict in verdicts {
        let mut left = *verdict;
        while left != 0 {
            if let Some(count) = counts.get_mut(left.trailing_zeros() as usize) {
                *count += 1;
            }
            left &= left - 1;
        }
    }
}

fn all() -> Engine {
    Engine::new(&RuleProfile::usual("bench", RULES))
}

/// The engine's word without the place of R-4s.
const fn word(broken: RuleSet) -> u16 {
    const BELOW: u16 = (1 << Rule::R4s as u16) - 1;
    broken.bits() & BELOW | broken.bits() >> 1 & !BELOW
}

/// The engine, point by point on its constant state.
pub fn engine(streams: &[Stream]) -> (Counts, usize) {
    let engine = all();
    let mut counts = [0; RULES.len()];
    let mut verdicts = Vec::with_capacity(STREAM);
    for stream in streams {
        verdicts.clear();
        let mut state = MaterialState::default();
        for distance in &stream.distances {
            if let Ok(at) = Deviation::new(i128::from(*distance), i128::from(SD)) {
                verdicts.push(word(engine.push(&mut state, at)));
            }
        }
        add(&mut counts, &verdicts);
    }
    (counts, size_of::<MaterialState>())
}

/// The engine as the hospital calls it: runs, groups, and every violation with its window.
pub fn step(streams: &[Stream]) -> (Counts, usize) {
    let engine = all();
    let mut counts = [0; RULES.len()];
    let mut verdicts = Vec::with_capacity(STREAM);
    for stream in streams {
        verdicts.clear();
        let mut group = Group::new();
        for (run, distance) in (1..).zip(&stream.distances) {
            if let Ok(at) = Deviation::new(i128::from(*distance), i128::from(SD)) {
                for verdict in engine.step(&mut group, run, &[Reading { level: 0, at }]) {
                    let broken = verdict.violations.iter().map(|violation| violation.rule);
                    verdicts.push(word(broken.collect()));
                }
            }
        }
        add(&mut counts, &verdicts);
    }
    (
        counts,
        size_of::<MaterialState>() + size_of::<AcrossState>(),
    )
}

/// 64 points a word.
pub fn sliced(streams: &[Stream]) -> (Counts, usize) {
    blocks(streams.iter().map(|stream| stream.distances.as_slice()))
}

/// 64 points a word, from 32-bit columns.
pub fn sliced_narrow(streams: &[Vec<i32>]) -> (Counts, usize) {
    blocks(streams.iter().map(Vec::as_slice))
}

fn blocks<'a, T: lifeline_qc::sliced::Distance + 'a>(
    streams: impl Iterator<Item = &'a [T]>,
) -> (Counts, usize) {
    let mut counts = [0; RULES.len()];
    if let Some(sliced) = Sliced::new(&all()) {
        for distances in streams {
            sliced.evaluate(distances, SD, |block, _| {
                for (count, rule) in counts.iter_mut().zip(RULES) {
                    *count += u64::from(block.points(rule).count_ones());
                }
            });
        }
    }
    (counts, 0)
}
