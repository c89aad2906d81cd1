//! Search by antigens over many people or bags: one bitmap for each antigen and answer, a word for 64 rows.

/// Antigens a registry distinguishes: the ISBT table, rounded up to whole words.
pub const ANTIGENS_MOST: usize = 384;
/// Most rows of one registry.
pub const ROWS_MOST: usize = 50_000_000;

/// One row of ABO and RhD: bits 0 and 1 are A and B, bit 2 is D.
pub type Abd = u8;

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Antigens that must be known to be absent.
    pub negative: Vec<u16>,
    /// Antigens that must be known to be present.
    pub positive: Vec<u16>,
    /// ABO and RhD types that may be given, as a set of the eight [`Abd`] values; 0 asks for none in particular.
    pub types: u8,
}

/// Rows with what each was typed for.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    rows: usize,
    absent: Vec<Vec<u64>>,
    present: Vec<Vec<u64>>,
    types: [Vec<u64>; 8],
}

/// Why a row cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Present and absent at once.
    #[error("antigen {0} is both present and absent")]
    Contradiction(u16),
    /// No such antigen.
    #[error("antigen {0} is beyond the table")]
    Unknown(u16),
    /// ABO and RhD out of range.
    #[error("type {0} is none of 0 to 7")]
    Type(u8),
    /// No more rows.
    #[error("the registry is full")]
    Full,
}

impl Registry {
    /// An empty registry of so many antigens.
    ///
    /// # Errors
    /// More antigens than the table holds.
    pub fn new(antigens: usize) -> Result<Self, RegistryError> {
        if antigens > ANTIGENS_MOST {
            return Err(RegistryError::Unknown(antigens as u16));
        }
        Ok(Self {
            rows: 0,
            absent: vec![Vec::new(); antigens],
            present: vec![Vec::new(); antigens],
            types: Default::default(),
        })
    }

    /// Adds a row and gives its number, counted from 0.
    ///
    /// # Errors
    /// A contradiction, an antigen beyond the table, or no room.
    pub fn push(
        &mut self,
        abd: Abd,
        positive: &[u16],
        negative: &[u16],
    ) -> Result<u32, RegistryError> {
        if self.rows >= ROWS_MOST {
            return Err(RegistryError::Full);
        }
        if abd > 7 {
            return Err(RegistryError::Type(abd));
        }
        for antigen in positive.iter().chain(negative) {
            if usize::from(*antigen) >= self.absent.len() {
                return Err(RegistryError::Unknown(*antigen));
            }
        }
        if let Some(both) = positive.iter().find(|one| negative.contains(one)) {
            return Err(RegistryError::Contradiction(*both));
        }
        let (word, bit) = (self.rows / 64, self.rows % 64);
        if bit == 0 {
            let all = self.absent.iter_mut().chain(&mut self.present);
            all.chain(&mut self.types).for_each(|map| map.push(0));
        }
        let set = |map: Option<&mut Vec<u64>>| {
            if let Some(slot) = map.and_then(|map| map.get_mut(word)) {
                *slot |= 1 << bit;
            }
        };
        set(self.types.get_mut(usize::from(abd)));
        for antigen in positive {
            set(self.present.get_mut(usize::from(*antigen)));
        }
        for antigen in negative {
            set(self.absent.get_mut(usize::from(*antigen)));
        }
        let row = self.rows as u32;
        self.rows += 1;
        Ok(row)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether one row suits, looked up by itself: what the bitmaps must agree with.
    pub fn suits(&self, row: u32, query: &Query) -> bool {
        let has = |map: Option<&Vec<u64>>| {
            map.and_then(|map| map.get(row as usize / 64))
                .is_some_and(|word| word >> (row % 64) & 1 == 1)
        };
        (row as usize) < self.rows
            && query
                .negative
                .iter()
                .all(|antigen| has(self.absent.get(usize::from(*antigen))))
            && query
                .positive
                .iter()
                .all(|antigen| has(self.present.get(usize::from(*antigen))))
            && (query.types == 0
                || self
                    .types
                    .iter()
                    .enumerate()
                    .any(|(abd, map)| query.types >> abd & 1 == 1 && has(Some(map))))
    }

    /// Rows that suit for certain, in order, at most so many, and how many there are in all.
    pub fn search(&self, query: &Query, most: usize) -> (Vec<u32>, usize) {
        let mut maps: Vec<&[u64]> = Vec::new();
        for (antigens, all) in [
            (&query.negative, &self.absent),
            (&query.positive, &self.present),
        ] {
            for antigen in antigens {
                match all.get(usize::from(*antigen)) {
                    Some(map) => maps.push(map),
                    None => return (Vec::new(), 0),
                }
            }
        }
        let types: Vec<&[u64]> = self
            .types
            .iter()
            .enumerate()
            .filter(|(abd, _)| query.types >> abd & 1 == 1)
            .map(|(_, map)| map.as_slice())
            .collect();
        let (mut found, mut count) = (Vec::new(), 0);
        for word in 0..self.rows.div_ceil(64) {
            let mut bits = match self.rows - word * 64 {
                left if left < 64 => (1u64 << left) - 1,
                _ => u64::MAX,
            };
            for map in &maps {
                bits &= map.get(word).copied().unwrap_or(0);
            }
            if !types.is_empty() {
                let any = |all, map: &&[u64]| all | map.get(word).copied().unwrap_or(0);
                bits &= types.iter().fold(0u64, any);
            }
            count += bits.count_ones() as usize;
            while bits != 0 && found.len() < most {
                found.push((word * 64) as u32 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        (found, count)
    }

    /// Rows that are not certain to suit but may: no asked-for antigen is known to be the wrong way, and at least one is not
    /// known at all. The likelier first, by the share of people who are positive for each antigen; multiplied, so only for
    /// antigens of different systems.
    pub fn possible(&self, query: &Query, positive: &[f64], most: usize) -> Vec<(u32, f64)> {
        let share = |antigen: &u16| positive.get(usize::from(*antigen)).copied().unwrap_or(0.5);
        let has = |map: Option<&Vec<u64>>, row: usize| {
            map.and_then(|map| map.get(row / 64))
                .is_some_and(|word| word >> (row % 64) & 1 == 1)
        };
        let mut found: Vec<(u32, f64)> = Vec::new();
        for row in 0..self.rows {
            let typed = query.types == 0
                || self
                    .types
                    .iter()
                    .enumerate()
                    .any(|(abd, map)| query.types >> abd & 1 == 1 && has(Some(map), row));
            if !typed {
                continue;
            }
            let mut chance = 1.0;
            let mut open = false;
            for antigen in &query.negative {
                if has(self.present.get(usize::from(*antigen)), row) {
                    chance = 0.0;
                } else if !has(self.absent.get(usize::from(*antigen)), row) {
                    chance *= 1.0 - share(antigen);
                    open = true;
                }
            }
            for antigen in &query.positive {
                if has(self.absent.get(usize::from(*antigen)), row) {
                    chance = 0.0;
                } else if !has(self.present.get(usize::from(*antigen)), row) {
                    chance *= share(antigen);
                    open = true;
                }
            }
            if open && chance > 0.0 {
                found.push((row as u32, chance));
            }
        }
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(most);
        found
    }
}

/// The chance of finding at least one suitable row: `1 - (1 - f)^(n c)`.
///
/// `frequency` is the share of people who suit, `rows` how many are registered, `typed` the share of them typed for it.
pub fn chance_of_one(frequency: f64, rows: f64, typed: f64) -> f64 {
    1.0 - (1.0 - frequency.clamp(0.0, 1.0)).powf(rows.max(0.0) * typed.clamp(0.0, 1.0))
}

/// A made-up registry for tests and figures: every row typed for each antigen with a chance of a half.
///
/// # Errors
/// More rows or antigens than fit.
pub fn synthetic(rows: u32, antigens: u16, seed: u64) -> Result<Registry, RegistryError> {
    let mut dice = super::synthetic::Dice(seed);
    let mut registry = Registry::new(usize::from(antigens))?;
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        positive.clear();
        negative.clear();
        for antigen in 0..antigens {
            match dice.below(4) {
                0 => positive.push(antigen),
                1 => negative.push(antigen),
                _ => {}
            }
        }
        registry.push(dice.below(8) as u8, &positive, &negative)?;
    }
    Ok(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bitmaps_agree_with_looking_at_every_row() {
        let registry = synthetic(20_011, 24, 3).unwrap();
        for (negative, positive, types) in [
            (vec![1, 5, 9], vec![], 0),
            (vec![2], vec![7], 0b0000_0101),
            (vec![], vec![], 0b1000_0000),
            (vec![], vec![], 0),
            (vec![23, 0, 11, 4], vec![2], 0xff),
        ] {
            let query = Query {
                negative,
                positive,
                types,
            };
            let brute: Vec<u32> = (0..registry.len() as u32)
                .filter(|row| registry.suits(*row, &query))
                .collect();
            let (found, count) = registry.search(&query, usize::MAX);
            assert_eq!(found, brute);
            assert_eq!(count, brute.len());
            assert_eq!(registry.search(&query, 3).0.len(), brute.len().min(3));
        }
        let beyond = Query {
            negative: vec![99],
            ..Query::default()
        };
        assert_eq!(registry.search(&beyond, 10), (Vec::new(), 0));
    }

    #[test]
    fn untyped_rows_are_possible_and_never_certain() {
        let mut registry = Registry::new(3).unwrap();
        registry.push(0, &[], &[0]).unwrap();
        registry.push(0, &[], &[0, 1]).unwrap();
        registry.push(0, &[1], &[0]).unwrap();
        registry.push(0, &[], &[]).unwrap();
        let query = Query {
            negative: vec![0, 1],
            ..Query::default()
        };
        assert_eq!(registry.search(&query, 9).0, vec![1]);
        let possible = registry.possible(&query, &[0.8, 0.9, 0.5], 9);
        assert_eq!(possible.len(), 2);
        assert_eq!(possible[0].0, 0);
        assert!((possible[0].1 - 0.1).abs() < 1e-9 && (possible[1].1 - 0.02).abs() < 1e-9);
    }

    #[test]
    fn rows_that_contradict_themselves_are_refused() {
        let mut registry = Registry::new(3).unwrap();
        let both = registry.push(0, &[1], &[1]);
        assert_eq!(both, Err(RegistryError::Contradiction(1)));
        assert_eq!(registry.push(0, &[3], &[]), Err(RegistryError::Unknown(3)));
        assert_eq!(registry.push(8, &[], &[]), Err(RegistryError::Type(8)));
        assert!(registry.is_empty());
    }

    #[test]
    fn the_chance_of_finding_one_follows_the_formula() {
        assert!((chance_of_one(0.001, 1000.0, 1.0) - 0.632_304_6).abs() < 1e-6);
        assert_eq!(chance_of_one(0.5, 10.0, 0.0), 0.0);
    }
}
