//! How rare blood is: shares of antigen-negative donors, and how many to screen.
//!
//! Antigens of one blood-group system are inherited together, so shares are multiplied only between systems; within one system
//! the caller must bring the joint share (from haplotypes or from a typed population).

use lifeline_core::blood::Antigen;
use serde::{Deserialize, Serialize};

/// A blood-group system: antigens of one system are not independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// D, C, c, E, e, Cw, f, V, VS, G.
    Rh,
    /// K, k, Kpa, Kpb, Jsa, Jsb.
    Kell,
    /// Fya, Fyb.
    Duffy,
    /// Jka, Jkb.
    Kidd,
    /// M, N, S, s, Mur, Mia, U.
    Mns,
    /// Lea, Leb.
    Lewis,
    /// P1.
    P1pk,
    /// Lua, Lub.
    Lutheran,
    /// Dia, Dib, Wra.
    Diego,
    /// H.
    H,
    /// I.
    I,
    /// Xga.
    Xg,
    /// Coa, Cob.
    Colton,
    /// Yta, Ytb.
    Yt,
    /// Doa, Dob.
    Dombrock,
    /// Jra.
    Junior,
    /// Lan.
    Lan,
    /// Vel.
    Vel,
}

/// The system an antigen belongs to.
pub fn system(antigen: Antigen) -> System {
    use Antigen::{
        BigC, BigE, BigK, BigS, Coa, Cob, Cw, D, Dia, Dib, Doa, Dob, Fya, Fyb, G, H, I, Jka, Jkb,
        Jra, Jsa, Jsb, Kpa, Kpb, Lan, Lea, Leb, LittleC, LittleE, LittleF, LittleK, LittleS, Lua,
        Lub, M, Mia, Mur, N, P1, U, V, Vel, Vs, Wra, Xga, Yta, Ytb,
    };
    match antigen {
        D | BigC | LittleC | BigE | LittleE | Cw | LittleF | V | Vs | G => System::Rh,
        BigK | LittleK | Kpa | Kpb | Jsa | Jsb => System::Kell,
        Fya | Fyb => System::Duffy,
        Jka | Jkb => System::Kidd,
        M | N | BigS | LittleS | Mur | Mia | U => System::Mns,
        Lea | Leb => System::Lewis,
        P1 => System::P1pk,
        Lua | Lub => System::Lutheran,
        Dia | Dib | Wra => System::Diego,
        H => System::H,
        I => System::I,
        Xga => System::Xg,
        Coa | Cob => System::Colton,
        Yta | Ytb => System::Yt,
        Doa | Dob => System::Dombrock,
        Jra => System::Junior,
        Lan => System::Lan,
        Vel => System::Vel,
    }
}

/// The most donors a screening number is searched for.
pub const DONORS_MOST: u32 = 10_000_000;

/// Two shares of one system were to be multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two shares of one blood-group system cannot be multiplied")]
pub struct SameSystem(
    /// The system that came twice.
    pub System,
);

/// The share of donors negative in every system named, 0 to 1. Each system comes once, with the share negative for all that is
/// asked of that system.
pub fn negative_share(by_system: &[(System, f64)]) -> Result<f64, SameSystem> {
    let mut seen = std::collections::BTreeSet::new();
    for (system, _) in by_system {
        if !seen.insert(*system) {
            return Err(SameSystem(*system));
        }
    }
    Ok(by_system.iter().map(|(_, share)| share).product())
}

/// The share negative for an allele's antigen, from the allele's frequency (Hardy–Weinberg): nobody with the allele on either
/// chromosome.
pub fn negative_by_allele(allele: f64) -> f64 {
    (1.0 - allele) * (1.0 - allele)
}

/// Donors to screen so that the expected number of suitable ones is `units`: `units / share`, rounded up. This succeeds only about
/// 55 to 78 times in a hundred; see [`screen_for`]. `None` where nobody is suitable or more than [`DONORS_MOST`] are needed.
pub fn screen_expected(units: u32, share: f64) -> Option<u32> {
    let donors = (f64::from(units) / share - 1e-9).ceil();
    within(donors)
}

fn within(donors: f64) -> Option<u32> {
    // A whole number within the bound fits.
    (donors.is_finite() && donors >= 0.0 && donors <= f64::from(DONORS_MOST))
        .then_some(donors as u32)
}

/// The chance that at least `units` of `screened` donors are suitable, each with chance `share`.
pub fn chance(units: u32, share: f64, screened: u32) -> f64 {
    if units == 0 {
        return 1.0;
    }
    if units > screened || share <= 0.0 {
        return 0.0;
    }
    if share >= 1.0 {
        return 1.0;
    }
    // Sum of the lower tail in logarithms: the first term alone may be too small for a float.
    let odds = share.ln() - (-share).ln_1p();
    let mut term = f64::from(screened) * (-share).ln_1p();
    let mut short = term.exp();
    for found in 1..units {
        term += f64::from(screened - found + 1).ln() - f64::from(found).ln() + odds;
        short += term.exp();
    }
    (1.0 - short).clamp(0.0, 1.0)
}

/// The fewest donors to screen so that at least `units` suitable ones are found with a chance of `confidence`. `None` where
/// nobody is suitable, certainty is asked of chance, or more than [`DONORS_MOST`] are needed.
pub fn screen_for(units: u32, share: f64, confidence: f64) -> Option<u32> {
    if confidence >= 1.0 && share < 1.0 {
        return None;
    }
    let enough = |donors: u32| chance(units, share, donors) >= confidence;
    if !enough(DONORS_MOST) {
        return None;
    }
    let (mut few, mut many) = (0, DONORS_MOST);
    while few < many {
        let middle = few + (many - few) / 2;
        if enough(middle) {
            many = middle;
        } else {
            few = middle + 1;
        }
    }
    Some(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_units_negative_for_two_antigens_take_seven_donors_by_expectation_and_ten_to_be_sure() {
        let share = negative_share(&[(System::Rh, 0.70), (System::Kell, 0.91)]).unwrap_or(0.0);
        assert_eq!(screen_expected(4, share), Some(7));
        assert!((chance(4, share, 7) - 0.78).abs() < 0.005);
        assert_eq!(screen_for(4, share, 0.95), Some(10));
    }

    #[test]
    fn shares_of_one_system_are_never_multiplied() {
        assert_eq!(
            negative_share(&[(System::Rh, 0.2), (System::Rh, 0.7)]),
            Err(SameSystem(System::Rh))
        );
        assert_eq!(system(Antigen::BigE), system(Antigen::LittleC));
    }

    #[test]
    fn the_number_to_screen_is_the_smallest_that_does() {
        for units in 1..6 {
            for share in [0.003, 0.05, 0.3, 0.7, 0.99] {
                for confidence in [0.5, 0.8, 0.95, 0.99] {
                    let donors = screen_for(units, share, confidence).unwrap_or(0);
                    assert!(chance(units, share, donors) >= confidence);
                    assert!(chance(units, share, donors.saturating_sub(1)) < confidence);
                }
            }
        }
        assert_eq!(screen_for(1, 0.0, 0.95), None);
        assert_eq!(screen_expected(1, 0.0), None);
    }

    #[test]
    fn the_chance_equals_a_count_of_every_outcome() {
        let share: f64 = 0.37;
        for screened in 0..9_u32 {
            for units in 0..9 {
                let brute: f64 = (0..1_u32 << screened)
                    .filter(|outcome| outcome.count_ones() >= units)
                    .map(|outcome| {
                        let found = outcome.count_ones() as i32;
                        share.powi(found) * (1.0 - share).powi(screened as i32 - found)
                    })
                    .sum();
                assert!((chance(units, share, screened) - brute).abs() < 1e-12);
            }
        }
    }
}
