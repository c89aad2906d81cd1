//! What must hold for every panel.

use lifeline_core::blood::{Antigen, AntigenProfile, Grade, Typing};
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

/// Columns a random panel has.
const COLUMNS: &str = "D C c E e K k Fya Fyb Jka Jkb M N S s Lea Leb P1 Lua Dia Mur";

/// A cell some donor could have: of an antithetical pair at least one.
fn donor() -> impl Strategy<Value = AntigenProfile> {
    let antigens = named(COLUMNS);
    proptest::collection::vec((any::<bool>(), 0u8..3), antigens.len()).prop_map(move |bits| {
        let mut typed = AntigenProfile::default();
        for (antigen, (present, pair)) in antigens.iter().zip(bits) {
            let Some(other) = knowledge()
                .antithetical(*antigen)
                .filter(|o| antigens.contains(o))
            else {
                typed.set(
                    *antigen,
                    if present {
                        Typing::Positive
                    } else {
                        Typing::Negative
                    },
                );
                continue;
            };
            if typed.typing(other) != Typing::NotTested {
                continue;
            }
            let (one, two) = [
                (Typing::Positive, Typing::Negative),
                (Typing::Negative, Typing::Positive),
                (Typing::Positive, Typing::Positive),
            ][usize::from(pair)];
            typed.set(*antigen, one);
            typed.set(other, two);
        }
        typed
    })
}

fn panel(cells: Vec<AntigenProfile>, reacts: impl Fn(usize, &AntigenProfile) -> Grade) -> Panel {
    Panel {
        antigens: named(COLUMNS),
        phases: vec![Phase::named("AHG")],
        cells: cells
            .into_iter()
            .enumerate()
            .map(|(n, typed)| Cell {
                id: format!("{n}"),
                label: String::new(),
                reactions: vec![Some(reacts(n, &typed))],
                typed,
            })
            .collect(),
        autocontrol: None,
        doubts: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// An antibody that is there reacts with every cell a policy calls decisive; then no policy excludes it, whatever else reacts.
    #[test]
    fn what_is_present_is_never_excluded(
        cells in proptest::collection::vec(donor(), 3..16),
        present in subsequence(named(COLUMNS), 1..4),
        noise in proptest::collection::vec(any::<bool>(), 16),
    ) {
        for policy in &knowledge().policies {
            let decisive = |typed: &AntigenProfile| {
                let cell = Cell { id: String::new(), label: String::new(), typed: *typed, reactions: vec![] };
                present.iter().any(|antigen| {
                    policy.of(*antigen).any(|rule| match rule.dose {
                        Dose::Any => typed.typing(*antigen) == Typing::Positive,
                        Dose::Double => cell.double_dose(knowledge(), *antigen),
                    })
                })
            };
            let panel = panel(cells.clone(), |n, typed| {
                if decisive(typed) || noise[n] { Grade::Two } else { Grade::Negative }
            });
            let excluded = exclude(knowledge(), policy, &panel);
            for antigen in &present {
                prop_assert!(!excluded.contains_key(antigen), "{} by {}", antigen.name(), policy.name);
            }
        }
    }

    /// The order of the cells changes nothing, nor does the order of the columns.
    #[test]
    fn permuting_changes_nothing(
        cells in proptest::collection::vec(donor(), 3..12),
        grades in proptest::collection::vec(0usize..6, 12),
        seed in any::<prop::sample::Index>(),
    ) {
        let one = panel(cells, |n, _| Grade::ALL[grades[n]]);
        let mut other = one.clone();
        let by = seed.index(other.cells.len());
        other.cells.rotate_left(by);
        other.cells.reverse();
        other.antigens.reverse();
        let none = AntigenProfile::default();
        let (a, b) = (answer(&one, "", &none), answer(&other, "", &none));
        prop_assert_eq!(a.pattern, b.pattern);
        let sorted = |list: &[Antigen]| { let mut list = list.to_vec(); list.sort(); list };
        prop_assert_eq!(sorted(&a.not_excluded), sorted(&b.not_excluded));
        let likely = |answer: &Identification| -> Vec<(String, u64)> {
            let mut all: Vec<(String, u64)> = answer.explanations.iter().take(5)
                .map(|e| (format!("{:?} {:?}", e.cause, sorted(&e.antibodies)), (e.posterior * 1e6).round() as u64)).collect();
            all.sort();
            all
        };
        let (x, y) = (likely(&a), likely(&b));
        for ((name, p), (_, q)) in x.iter().zip(&y) {
            prop_assert!(p.abs_diff(*q) <= 1, "{name}: {p} and {q}");
        }
    }

    /// Whatever stands in a file, reading it ends with a panel or an error, and every panel is answered.
    #[test]
    fn no_file_breaks_it(text in "(cell|label|D|C|c|rx_AHG|,|\n|0|1|2\\+|\"|AC|é){0,60}") {
        if let Ok(panel) = parse(&text) {
            answer(&panel, "", &AntigenProfile::default());
        }
    }
}
