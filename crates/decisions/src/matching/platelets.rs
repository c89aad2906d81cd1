//! Platelets for a patient who may be refractory: what the antibodies see, ABO, age; and whether transfusions worked.

use std::collections::BTreeMap;

/// Numbers of the ranking; a policy table, provisional.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Mean fluorescence below this counts as no antibody.
    pub mfi_least: f64,
    /// Summed fluorescence up to this is permissive: to be given where nothing better is there.
    pub mfi_permissive: f64,
    /// What summed fluorescence of the permissive height costs, in units of corrected increment.
    pub mfi_cost: f64,
    /// What a major ABO mismatch costs, in the same units.
    pub abo_major: f64,
    /// What a minor ABO mismatch costs.
    pub abo_minor: f64,
    /// What each day of age costs.
    pub day: f64,
    /// Corrected increment at about one hour that counts as success (10^9/L).
    pub success_1h: f64,
    /// The same at about a day.
    pub success_24h: f64,
    /// Failures in a row, each with ABO-identical fresh platelets, that make a patient refractory.
    pub failures: usize,
    /// Platelets up to this age in hours are fresh.
    pub fresh_hours: u32,
    /// A count up to so many minutes after the end is the one at one hour.
    pub early_minutes: u32,
    /// A later count up to so many hours after the end is the one at a day.
    pub late_hours: u32,
}

impl Default for Numbers {
    /// The values of `algorithms.md` 1.8: 10 000 summed fluorescence, a loss of 3.7 for a major ABO mismatch, 7.5 and 4.5.
    fn default() -> Self {
        Self {
            mfi_least: 1000.0,
            mfi_permissive: 10_000.0,
            mfi_cost: 7.5,
            abo_major: 3.7,
            abo_minor: 0.5,
            day: 0.3,
            success_1h: 7.5,
            success_24h: 4.5,
            failures: 2,
            fresh_hours: 72,
            early_minutes: 120,
            late_hours: 30,
        }
    }
}

/// ABO antigens: A is bit 0, B bit 1.
pub type Abo = u8;

/// A patient's antibodies: fluorescence by antigen (`A2`, `B57`, `HPA-1a`…).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patient {
    /// ABO antigens.
    pub abo: Abo,
    /// Mean fluorescence by HLA or HPA antigen.
    pub antibodies: BTreeMap<String, f64>,
}

/// A bag.
#[derive(Debug, Clone, PartialEq)]
pub struct Bag {
    /// Its number.
    pub id: String,
    /// ABO antigens.
    pub abo: Abo,
    /// HLA class I (A and B) and HPA antigens; `None` where the donor was not typed.
    pub antigens: Option<Vec<String>>,
    /// Whole days since collection.
    pub age_days: u32,
}

/// How well a bag suits; words under `platelet-suits-…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suits {
    /// No antibody sees it.
    Compatible,
    /// Seen, within the permissive height.
    Permissive,
    /// The donor was not typed and the patient has antibodies.
    NotTyped,
    /// Seen beyond the permissive height.
    Seen,
}

impl Suits {
    /// The word in answers and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Permissive => "permissive",
            Self::NotTyped => "not-typed",
            Self::Seen => "seen",
        }
    }
}

/// A bag in the ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its number.
    pub id: String,
    /// How well it suits.
    pub suits: Suits,
    /// Fluorescence summed over the antigens seen; `None` where the donor was not typed.
    pub mfi: Option<f64>,
    /// Antigens seen, with their fluorescence.
    pub seen: Vec<(String, f64)>,
    /// The donor carries an ABO antigen the patient lacks.
    pub abo_major: bool,
    /// Expected loss of corrected increment (10^9/L); bags that are not typed count as if at the permissive height.
    pub cost: f64,
}

/// Bags in the order they should be tried; never a reason to delay bleeding care.
pub fn rank(patient: &Patient, bags: &[Bag], numbers: &Numbers) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = bags.iter().map(|bag| one(patient, bag, numbers)).collect();
    ranked.sort_by(|a, b| {
        a.suits
            .cmp(&b.suits)
            .then(a.cost.total_cmp(&b.cost))
            .then_with(|| a.id.cmp(&b.id))
    });
    ranked
}

fn one(patient: &Patient, bag: &Bag, numbers: &Numbers) -> Ranked {
    let strong = |mfi: f64| mfi >= numbers.mfi_least;
    let seen: Vec<(String, f64)> = bag
        .antigens
        .iter()
        .flatten()
        .filter_map(|antigen| {
            let mfi = *patient.antibodies.get(antigen)?;
            strong(mfi).then(|| (antigen.clone(), mfi))
        })
        .collect();
    let immunised = patient.antibodies.values().any(|mfi| strong(*mfi));
    let mfi = bag
        .antigens
        .is_some()
        .then(|| seen.iter().map(|(_, mfi)| mfi).sum::<f64>());
    let suits = match mfi {
        None if immunised => Suits::NotTyped,
        None => Suits::Compatible,
        Some(0.0) => Suits::Compatible,
        Some(sum) if sum <= numbers.mfi_permissive => Suits::Permissive,
        Some(_) => Suits::Seen,
    };
    let abo_major = bag.abo & !patient.abo != 0;
    let abo_minor = patient.abo & !bag.abo != 0;
    let counted = mfi.unwrap_or(if immunised {
        numbers.mfi_permissive
    } else {
        0.0
    });
    let mut cost = numbers.mfi_cost * counted / numbers.mfi_permissive.max(1.0);
    cost += if abo_major { numbers.abo_major } else { 0.0 };
    cost += if abo_minor { numbers.abo_minor } else { 0.0 };
    cost += numbers.day * f64::from(bag.age_days);
    Ranked {
        id: bag.id.clone(),
        suits,
        mfi,
        seen,
        abo_major,
        cost,
    }
}

/// One transfusion with what was counted after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Corrected increment about one hour after, 10^9/L; `None` was not counted.
    pub cci_1h: Option<f64>,
    /// The same about a day after.
    pub cci_24h: Option<f64>,
    /// The bag was of the patient's own ABO type.
    pub abo_identical: bool,
    /// Age of the bag in hours.
    pub age_hours: u32,
}

/// Whether transfusions work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refractory {
    /// The last failures say so: poor at one hour, which points to antibodies.
    Immune,
    /// Good at one hour and poor after a day: consumption is likelier than antibodies.
    Consumption,
    /// The last trial that counts worked.
    No,
    /// Too few trials with ABO-identical fresh platelets and counts.
    NotShown,
}

impl Refractory {
    /// The word in answers and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immune => "immune",
            Self::Consumption => "consumption",
            Self::No => "no",
            Self::NotShown => "not-shown",
        }
    }
}

/// Judges the transfusions, oldest first. Only those with ABO-identical fresh platelets and a count prove anything.
pub fn refractory(trials: &[Trial], numbers: &Numbers) -> Refractory {
    #[derive(PartialEq, Clone, Copy)]
    enum Came {
        Well,
        PoorAtOnce,
        PoorLater,
    }
    let judged: Vec<Came> = trials
        .iter()
        .filter(|trial| trial.abo_identical && trial.age_hours < numbers.fresh_hours)
        .filter_map(|trial| match (trial.cci_1h, trial.cci_24h) {
            (Some(early), _) if early < numbers.success_1h => Some(Came::PoorAtOnce),
            (_, Some(late)) if late < numbers.success_24h => Some(Came::PoorLater),
            (Some(_), _) | (None, Some(_)) => Some(Came::Well),
            (None, None) => None,
        })
        .collect();
    let last: Vec<Came> = judged
        .iter()
        .rev()
        .take(numbers.failures)
        .copied()
        .collect();
    match last.first() {
        Some(Came::Well) => Refractory::No,
        Some(_) if last.len() == numbers.failures && !last.contains(&Came::Well) => {
            if last.contains(&Came::PoorAtOnce) {
                Refractory::Immune
            } else {
                Refractory::Consumption
            }
        }
        _ => Refractory::NotShown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(id: &str, abo: Abo, antigens: Option<&[&str]>, age_days: u32) -> Bag {
        Bag {
            id: id.into(),
            abo,
            antigens: antigens.map(|list| list.iter().map(|name| (*name).to_owned()).collect()),
            age_days,
        }
    }

    #[test]
    fn what_the_antibodies_see_counts_first_then_abo_then_age() {
        let patient = Patient {
            abo: 1,
            antibodies: [("A2", 8000.0), ("B57", 6000.0), ("B7", 400.0)]
                .map(|(name, mfi)| (name.to_owned(), mfi))
                .into(),
        };
        let bags = [
            bag("both", 1, Some(&["A2", "B57"]), 1),
            bag("untyped", 1, None, 1),
            bag("one", 1, Some(&["A2", "B8"]), 1),
            bag("weak-old", 1, Some(&["B7"]), 4),
            bag("free-b", 2, Some(&["A1"]), 1),
            bag("free", 1, Some(&["A1", "B7"]), 1),
        ];
        let ranked = rank(&patient, &bags, &Numbers::default());
        let names: Vec<&str> = ranked.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            names,
            ["free", "weak-old", "free-b", "one", "untyped", "both"]
        );
        assert_eq!(ranked[3].mfi, Some(8000.0));
        assert_eq!(ranked[5].suits, Suits::Seen);
        assert!(ranked[2].abo_major);
    }

    #[test]
    fn two_failures_in_a_row_with_good_platelets_show_refractoriness() {
        let numbers = Numbers::default();
        let trial = |early: Option<f64>, late: Option<f64>, identical| Trial {
            cci_1h: early,
            cci_24h: late,
            abo_identical: identical,
            age_hours: 48,
        };
        let poor = trial(Some(2.0), Some(1.0), true);
        let consumed = trial(Some(12.0), Some(1.0), true);
        let good = trial(Some(12.0), Some(8.0), true);
        let mismatched = trial(Some(1.0), None, false);
        let of = |trials: &[Trial]| refractory(trials, &numbers);
        assert_eq!(of(&[good, poor, poor]), Refractory::Immune);
        assert_eq!(of(&[consumed, consumed]), Refractory::Consumption);
        assert_eq!(of(&[poor, good]), Refractory::No);
        assert_eq!(of(&[poor]), Refractory::NotShown);
        assert_eq!(of(&[poor, mismatched, mismatched]), Refractory::NotShown);
        assert_eq!(of(&[trial(None, None, true)]), Refractory::NotShown);
    }
}
