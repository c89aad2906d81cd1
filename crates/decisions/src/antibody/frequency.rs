use lifeline_core::blood::Antigen;

use super::knowledge::{Knowledge, Population};
use crate::frequency::{System, negative_share, system};

/// Why a share cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrequencyError {
    /// Nobody counted this antigen in this population.
    #[error("the frequency of {} in this population is not on file", .0.name())]
    Unknown(Antigen),
}

/// The share of donors who lack every one of the antigens. Inside a system it is counted over pairs of haplotypes; only between
/// systems are shares multiplied, because the genes of one system are handed on together.
///
/// # Errors
/// An antigen without a count.
pub fn negative_frequency(
    knowledge: &Knowledge,
    population: &Population,
    antigens: &[Antigen],
) -> Result<f64, FrequencyError> {
    let mut alone: Vec<Antigen> = Vec::new();
    let mut systems: Vec<(&str, Vec<Antigen>)> = Vec::new();
    for antigen in antigens {
        let facts = knowledge
            .facts(*antigen)
            .ok_or(FrequencyError::Unknown(*antigen))?;
        let known = population
            .systems
            .iter()
            .find(|system| system.name == facts.system);
        let counted = known.is_some_and(|system| {
            system.haplotypes.iter().any(|haplotype| {
                haplotype.antigens.contains(antigen)
                    || facts
                        .antithetical
                        .is_some_and(|other| haplotype.antigens.contains(&other))
            })
        });
        match systems.iter_mut().find(|(name, _)| *name == facts.system) {
            Some((_, list)) if counted => list.push(*antigen),
            None if counted => systems.push((&facts.system, vec![*antigen])),
            _ if population.positive.contains_key(antigen) => alone.push(*antigen),
            _ => return Err(FrequencyError::Unknown(*antigen)),
        }
    }
    alone.sort_unstable();
    alone.dedup();
    let mut shares: Vec<(System, f64)> = Vec::new();
    for antigen in alone {
        let share = 1.0 - population.positive.get(&antigen).copied().unwrap_or(1.0);
        shares.push((system(antigen), share));
    }
    for (name, list) in systems {
        let lacking: f64 = population
            .systems
            .iter()
            .filter(|system| system.name == name)
            .flat_map(|system| &system.haplotypes)
            .filter(|haplotype| !haplotype.antigens.iter().any(|a| list.contains(a)))
            .map(|haplotype| haplotype.frequency)
            .sum();
        let system = list.first().map(|antigen| system(*antigen));
        shares.extend(system.map(|system| (system, lacking * lacking)));
    }
    // Lewis antigens stand alone here and are not independent; the more frequent lack of one bounds the lack of both.
    shares.sort_by(|one, other| (one.0.cmp(&other.0)).then(one.1.total_cmp(&other.1)));
    shares.dedup_by_key(|(system, _)| *system);
    Ok(negative_share(&shares).unwrap_or(0.0))
}
