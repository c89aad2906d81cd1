//! Made-up instances for tests and figures: no clinical claim.

use super::instance::{Group, InputError, Instance, Parameters, Phenotype, Request, Unit};

const ANTIGENS: [&str; 19] = [
    "A", "B", "D", "C", "c", "E", "e", "K", "k", "Fya", "Fyb", "Jka", "Jkb", "M", "N", "S", "s",
    "Dia", "Mur",
];

/// Whose blood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Haplotypes and alleles assumed for Han donors (`algorithms.md` 2.6).
    Han,
    /// Roughly European.
    European,
}

/// Rh haplotypes as antigens D, C, c, E, e, with their share.
type Haplotype = (&'static [usize], f64);

const HAN_RH: [Haplotype; 7] = [
    (&[2, 3, 6], 0.655),
    (&[2, 4, 5], 0.205),
    (&[2, 4, 6], 0.065),
    (&[4, 6], 0.05),
    (&[2, 3, 5], 0.012),
    (&[3, 6], 0.01),
    (&[4, 5], 0.003),
];
const EUROPEAN_RH: [Haplotype; 5] = [
    (&[2, 3, 6], 0.42),
    (&[4, 6], 0.39),
    (&[2, 4, 5], 0.14),
    (&[2, 4, 6], 0.03),
    (&[3, 6], 0.02),
];

/// Share of the first allele of a pair: K, Fya, Jka, M, S.
const HAN_PAIRS: [f64; 5] = [0.0005, 0.95, 0.46, 0.54, 0.06];
const EUROPEAN_PAIRS: [f64; 5] = [0.045, 0.42, 0.51, 0.54, 0.32];
const PAIRS: [(usize, usize); 5] = [(7, 8), (9, 10), (11, 12), (13, 14), (15, 16)];

/// A generator of random numbers with a fixed course (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// 64 random bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below a count.
    pub fn below(&mut self, count: u32) -> u32 {
        ((u128::from(self.roll()) * u128::from(count)) >> 64) as u32
    }

    fn pick<T: Copy>(&mut self, from: &[(T, f64)], otherwise: T) -> T {
        let mut left = self.share() * from.iter().map(|(_, share)| share).sum::<f64>();
        for (value, share) in from {
            if left < *share {
                return *value;
            }
            left -= share;
        }
        otherwise
    }
}

fn phenotype(dice: &mut Dice, population: Population) -> Phenotype {
    let (abo, rh, pairs): (&[(u64, f64)], &[Haplotype], _) = match population {
        Population::Han => (&[(0, 0.638), (1, 0.192), (2, 0.17)], &HAN_RH, HAN_PAIRS),
        Population::European => (
            &[(0, 0.665), (1, 0.27), (2, 0.065)],
            &EUROPEAN_RH,
            EUROPEAN_PAIRS,
        ),
    };
    let mut positive = dice.pick(abo, 0) | dice.pick(abo, 0);
    for _ in 0..2 {
        for place in dice.pick(rh, &[4, 6]) {
            positive |= 1 << place;
        }
        for ((one, other), share) in PAIRS.iter().zip(pairs) {
            positive |= 1 << if dice.share() < share { one } else { other };
        }
    }
    let rare = |dice: &mut Dice, share: f64| u64::from(dice.share() < share);
    let (dia, mur) = match population {
        Population::Han => (0.08, 0.06),
        Population::European => (0.001, 0.001),
    };
    positive |= rare(dice, dia) << 17 | rare(dice, mur) << 18;
    let all = (1u64 << ANTIGENS.len()) - 1;
    Phenotype {
        positive,
        negative: all & !positive,
    }
}

fn groups() -> Vec<Group> {
    let relative = [
        ("C", 0.0265),
        ("c", 0.0543),
        ("E", 0.1843),
        ("e", 0.0644),
        ("K", 0.2954),
        ("Fya", 0.0227),
        ("Fyb", 0.0067),
        ("Jka", 0.0429),
        ("Jkb", 0.0017),
        ("S", 0.0034),
        ("s", 0.0013),
        ("Dia", 0.02),
        ("Mur", 0.02),
    ];
    let place = |name: &str| ANTIGENS.iter().position(|known| *known == name);
    let group = |name: &str, mandatory: &[&str], factor: f64, substitution| {
        let mut mask = 0b111u64;
        let mut weights = vec![0.0; ANTIGENS.len()];
        for place in mandatory.iter().filter_map(|name| place(name)) {
            mask |= 1 << place;
        }
        for (antigen, weight) in relative {
            if let Some(place) = place(antigen)
                && mask >> place & 1 == 0
                && let Some(slot) = weights.get_mut(place)
            {
                *slot = weight * factor;
            }
        }
        Group {
            name: name.into(),
            mandatory: mask,
            weights,
            substitution,
        }
    };
    let rh_k = ["C", "c", "E", "e", "K"];
    vec![
        group("other", &[], 1.0, true),
        group("women_under_45", &["c", "E", "K"], 1.0, true),
        group("immunised", &rh_k, 60.0, false),
        group("thalassaemia", &rh_k, 30.0, false),
    ]
}

/// A day with so many bags and requests; the same seed gives the same day.
///
/// # Errors
/// More than one instance may hold.
pub fn instance(
    population: Population,
    units: u32,
    requests: u32,
    seed: u64,
) -> Result<Instance, InputError> {
    let mut dice = Dice(seed);
    let units = (0..units)
        .map(|number| Unit {
            id: format!("U{number:05}"),
            age: dice.below(35),
            phenotype: phenotype(&mut dice, population),
            attributes: 0,
        })
        .collect();
    let requests = (0..requests)
        .map(|number| {
            let group = dice.pick(&[(0, 0.887), (1, 0.049), (2, 0.045), (3, 0.019)], 0);
            let lead = dice.below(if group == 3 { 8 } else { 7 });
            let wanted = dice.pick(&[(1, 0.404), (2, 0.497), (3, 0.068), (4, 0.03)], 1);
            let phenotype = phenotype(&mut dice, population);
            let mut antibodies = 0;
            if group == 2 {
                // E, c, Jka, K: the first the patient lacks.
                let likely = [5, 4, 11, 7].map(|place| 1u64 << place);
                let lacked = likely.iter().find(|bit| phenotype.negative & **bit != 0);
                antibodies = lacked.copied().unwrap_or(0);
            }
            Request {
                id: format!("R{number:05}"),
                group,
                wanted,
                lead,
                phenotype,
                antibodies,
                weights: None,
                attributes: 0,
                barred: Vec::new(),
            }
        })
        .collect();
    let usability = match population {
        Population::Han => [1.0, 0.996, 0.311, 0.31, 0.347, 0.346, 0.065, 0.065],
        Population::European => [1.0, 0.832, 0.13, 0.108, 0.48, 0.399, 0.04, 0.033],
    };
    Instance::new(
        ANTIGENS.map(str::to_owned).to_vec(),
        units,
        requests,
        groups(),
        usability,
        Parameters {
            mismatch_factor: 5.0,
            usability_weight: 3.0,
            fifo_halving_days: 5.0,
            shelf_life_days: 35,
            positive_share: vec![0.5; ANTIGENS.len()],
        },
    )
}
