use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use lifeline_core::hospital::Hospital;
use lifeline_core::policy::Key;

use crate::frequency::{System, system};
use crate::tables::{TableError, by_name, lines};

/// Two antigens of one gene, of which every chromosome carries one.
const PAIRS: [(Antigen, Antigen); 11] = [
    (Antigen::BigK, Antigen::LittleK),
    (Antigen::Kpa, Antigen::Kpb),
    (Antigen::Fya, Antigen::Fyb),
    (Antigen::Jka, Antigen::Jkb),
    (Antigen::M, Antigen::N),
    (Antigen::BigS, Antigen::LittleS),
    (Antigen::Dia, Antigen::Dib),
    (Antigen::Lua, Antigen::Lub),
    (Antigen::Yta, Antigen::Ytb),
    (Antigen::Coa, Antigen::Cob),
    (Antigen::Doa, Antigen::Dob),
];

/// How a share was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reckoned {
    /// From the share of people who carry the one antigen.
    Single,
    /// From what is inherited together.
    Haplotypes,
    /// How they go together is not on file: at least so many.
    AtLeast,
}

impl Reckoned {
    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Haplotypes => "haplotypes",
            Self::AtLeast => "at-least",
        }
    }
}

/// The share negative for all that is asked of one blood-group system.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which system.
    pub system: System,
    /// What must be absent.
    pub antigens: Vec<Antigen>,
    /// The share, 0 to 1.
    pub share: f64,
    /// How it was come by.
    pub by: Reckoned,
}

/// What a population carries: single shares, and what is inherited together.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    positive: BTreeMap<Antigen, f64>,
    /// What a chromosome carries, with its share; one list a system.
    haplotypes: BTreeMap<System, Vec<(BTreeSet<Antigen>, f64)>>,
    /// Whose numbers they are.
    pub population: String,
}

impl Shares {
    /// The tables of the population in force.
    ///
    /// # Errors
    /// A table is missing or wrong.
    pub fn in_force(hospital: &Hospital, at: Timestamp) -> Result<Self, TableError> {
        let population = lines(hospital, Key::MatchingPopulation, at)?
            .first()
            .ok_or_else(|| TableError::missing(Key::MatchingPopulation))?;
        let whose = Some(population.as_str());
        let named = by_name(hospital, Key::MatchingShares, at, whose, 0.0..=1.0)?;
        let carried = by_name(hospital, Key::MatchingHaplotypes, at, whose, 0.0..=1.0)?;
        Self::of(population, &named, &carried)
    }

    /// From single shares and haplotypes, both by name.
    ///
    /// # Errors
    /// A name is no antigen, or a haplotype reaches over two systems.
    pub fn of(
        population: &str,
        named: &BTreeMap<String, f64>,
        carried: &BTreeMap<String, f64>,
    ) -> Result<Self, TableError> {
        let positive = named
            .iter()
            .filter_map(|(name, share)| Some((Antigen::parse(name)?, *share)))
            .collect();
        let mut haplotypes: BTreeMap<System, Vec<(BTreeSet<Antigen>, f64)>> = BTreeMap::new();
        for (names, share) in carried {
            let wrong = || TableError::wrong(Key::MatchingHaplotypes, names);
            let antigens = names
                .split_whitespace()
                .map(Antigen::parse)
                .collect::<Option<BTreeSet<Antigen>>>()
                .ok_or_else(wrong)?;
            let systems: BTreeSet<System> = antigens.iter().copied().map(system).collect();
            let [only] = systems.into_iter().collect::<Vec<_>>()[..] else {
                return Err(wrong());
            };
            haplotypes.entry(only).or_default().push((antigens, *share));
        }
        Ok(Self {
            positive,
            haplotypes,
            population: population.into(),
        })
    }

    /// The share of people who lack all of these, system by system; an antigen nobody has a number for is given back.
    ///
    /// # Errors
    /// The antigens without a number.
    pub fn negative(&self, wanted: &[Antigen]) -> Result<Vec<Part>, Vec<Antigen>> {
        self.chances(&AntigenProfile::default(), wanted)
    }

    /// How probably somebody typed so far lacks all of these, system by system. What is known to be absent counts as certain, and
    /// what is known to be present as impossible.
    ///
    /// # Errors
    /// The antigens without a number.
    pub fn chances(
        &self,
        known: &AntigenProfile,
        wanted: &[Antigen],
    ) -> Result<Vec<Part>, Vec<Antigen>> {
        let mut by_system: BTreeMap<System, BTreeSet<Antigen>> = BTreeMap::new();
        for antigen in wanted {
            by_system
                .entry(system(*antigen))
                .or_default()
                .insert(*antigen);
        }
        let mut unknown = Vec::new();
        let mut parts = Vec::new();
        for (system, antigens) in by_system {
            match self.part(known, system, &antigens) {
                Ok((share, by)) => parts.push(Part {
                    system,
                    antigens: antigens.into_iter().collect(),
                    share,
                    by,
                }),
                Err(mut missing) => unknown.append(&mut missing),
            }
        }
        if unknown.is_empty() {
            Ok(parts)
        } else {
            Err(unknown)
        }
    }

    fn part(
        &self,
        known: &AntigenProfile,
        system: System,
        wanted: &BTreeSet<Antigen>,
    ) -> Result<(f64, Reckoned), Vec<Antigen>> {
        if wanted
            .iter()
            .any(|antigen| known.typing(*antigen) == Typing::Positive)
        {
            return Ok((0.0, Reckoned::Single));
        }
        let open: BTreeSet<Antigen> = wanted
            .iter()
            .copied()
            .filter(|antigen| known.typing(*antigen) == Typing::NotTested)
            .collect();
        if open.is_empty() {
            return Ok((1.0, Reckoned::Single));
        }
        let table = self.haplotypes.get(&system);
        let covered = table.is_some_and(|table| {
            open.iter()
                .all(|antigen| table.iter().any(|(carries, _)| carries.contains(antigen)))
        });
        if let Some(table) = table.filter(|_| covered)
            && let Some(share) = of_pairs(table, known, wanted)
        {
            return Ok((share, Reckoned::Haplotypes));
        }
        // Antigens of one gene go together; how the genes of one system go together is not on file.
        let mut blocks: BTreeMap<Antigen, BTreeSet<Antigen>> = BTreeMap::new();
        for antigen in &open {
            let first = pair(*antigen).map_or(*antigen, |(one, _)| one);
            blocks.entry(first).or_default().insert(*antigen);
        }
        let mut shares = Vec::new();
        let mut unknown = Vec::new();
        for antigens in blocks.values() {
            match self.block(known, antigens) {
                Some(share) => shares.push(share),
                None => unknown.extend(antigens.iter().copied()),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown);
        }
        Ok(match shares.as_slice() {
            [only] => (*only, Reckoned::Single),
            several => {
                let lacking: f64 = several.iter().map(|share| 1.0 - share).sum();
                ((1.0 - lacking).max(0.0), Reckoned::AtLeast)
            }
        })
    }

    /// One gene: a pair of antithetical antigens, or an antigen by itself.
    fn block(&self, known: &AntigenProfile, open: &BTreeSet<Antigen>) -> Option<f64> {
        let first = *open.first()?;
        let single = |antigen: Antigen| Some(1.0 - *self.positive.get(&antigen)?);
        let Some((one, other)) = pair(first) else {
            return single(first);
        };
        // The allele's frequency from the share without its antigen: both chromosomes lack it.
        let frequency = match (self.positive.get(&one), self.positive.get(&other)) {
            (Some(share), _) => 1.0 - (1.0 - share).max(0.0).sqrt(),
            (None, Some(share)) => (1.0 - share).max(0.0).sqrt(),
            (None, None) => return None,
        };
        let table = [
            (BTreeSet::from([one]), frequency),
            (BTreeSet::from([other]), 1.0 - frequency),
        ];
        of_pairs(&table, known, open).or_else(|| single(first))
    }
}

fn pair(antigen: Antigen) -> Option<(Antigen, Antigen)> {
    PAIRS
        .into_iter()
        .find(|(one, other)| *one == antigen || *other == antigen)
}

/// Of all pairs of chromosomes that agree with what is known, the share without any antigen wanted absent. `None` where no pair
/// agrees.
fn of_pairs(
    table: &[(BTreeSet<Antigen>, f64)],
    known: &AntigenProfile,
    wanted: &BTreeSet<Antigen>,
) -> Option<f64> {
    let vocabulary: BTreeSet<Antigen> = table
        .iter()
        .flat_map(|(carries, _)| carries.iter().copied())
        .collect();
    let (mut agree, mut lack) = (0.0, 0.0);
    for (one, share) in table {
        for (other, its) in table {
            let carries = |antigen: &Antigen| one.contains(antigen) || other.contains(antigen);
            let fits = vocabulary
                .iter()
                .all(|antigen| match known.typing(*antigen) {
                    Typing::Positive => carries(antigen),
                    Typing::Negative => !carries(antigen),
                    Typing::NotTested => true,
                });
            if fits {
                agree += share * its;
                if !wanted.iter().any(carries) {
                    lack += share * its;
                }
            }
        }
    }
    (agree > 0.0).then(|| lack / agree)
}
