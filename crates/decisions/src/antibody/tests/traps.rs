//! What an engine of this kind falls into.

use lifeline_core::blood::{Antigen, Typing};

use super::*;

#[test]
fn an_antibody_that_shows_on_double_dose_cells_only_is_not_deleted() {
    // Jk(a+b-): 2, 3, 7, 10. Jk(a+b+): 5, 8, which stay quiet.
    let (_, answer) = read(&with("0 1+ 1+ 0 0 0 w+ 0 0 1+ 0", "0"));
    assert!(answer.not_excluded.contains(&Antigen::Jka));
    assert_eq!(first(&answer), named("Jka"));
    assert!(answer.explanations[0].fits);
    assert!(answer.advice.contains(&Advice::Dosage(named("Jka"))));
    // Fisher alone would have shrugged.
    assert!(answer.explanations[0].sufficiency[&Antigen::Jka].fisher_p > 0.01);
}

#[test]
fn what_is_masked_is_said_and_never_excluded() {
    // All E+ cells are c+: after anti-c nothing can be said of anti-E.
    let (_, answer) = read(&with("0 0 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+", "0"));
    assert_eq!(first(&answer), named("c"));
    assert!(answer.not_excluded.contains(&Antigen::BigE));
    let masked = answer.advice.iter().find_map(|advice| match advice {
        Advice::Masked(list) => Some(list.clone()),
        _ => None,
    });
    assert!(masked.unwrap().contains(&Antigen::BigE));
}

#[test]
fn two_antibodies_are_found_by_their_union() {
    // Anti-K (2, 6, 9) and anti-E (3, 5): no single column matches.
    let (_, answer) = read(&with("0 2+ 3+ 0 2+ 2+ 0 0 3+ 0 0", "0"));
    assert_eq!(first(&answer), named("E K"));
    assert!(answer.explanations[0].fits);
    assert!(
        answer
            .explanations
            .iter()
            .skip(1)
            .all(|other| { other.antibodies.len() != 1 || !other.unexplained.is_empty() })
    );
}

#[test]
fn three_antibodies_are_found_by_their_union() {
    // Anti-D (1, 2, 3, 8), anti-K (2, 6, 9) and anti-Lea (5, 10).
    let (_, answer) = read(&with("3+ 3+ 3+ 0 1+ 2+ 0 3+ 2+ 1+ 0", "0"));
    assert_eq!(first(&answer), named("D K Lea"));
}

#[test]
fn an_antibody_nearly_every_cell_reacts_with_is_named_only_where_a_cell_tells() {
    // Anti-k: only the k- cell 9 is quiet.
    let (_, answer) = read(&with("3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 0 3+ 3+", "0"));
    assert_eq!(
        first(&answer),
        named("k"),
        "{:#?}",
        &answer.explanations[..3]
    );
    assert_eq!(answer.conclusion, Conclusion::Tentative);
    assert!(answer.advice.contains(&Advice::MoreCells(named("k"))));
    // All react: Kpb, Lub, Jra … cannot be told apart.
    let (_, answer) = read(&with("3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+", "0"));
    assert_eq!(answer.pattern, Pattern::Panreactive);
    assert_eq!(answer.explanations[0].cause, Cause::HighPrevalence);
    assert_eq!(answer.conclusion, Conclusion::None);
    assert!(answer.excluded.is_empty());
}

#[test]
fn panreactive_with_the_patients_own_cells_names_nothing() {
    for reactions in [
        "3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+ 3+",
        "4+ 2+ 4+ 1+ 3+ 4+ 2+ 3+ 4+ 1+ 2+",
    ] {
        let (_, answer) = read(&with(reactions, "2+"));
        assert_eq!(answer.pattern, Pattern::Auto);
        assert_eq!(answer.conclusion, Conclusion::None);
        assert!(answer.explanations.iter().all(|e| e.antibodies.is_empty()));
        assert_eq!(answer.advice[0], Advice::CannotConclude);
    }
}

#[test]
fn a_reactive_autocontrol_beside_a_pattern_is_said() {
    let (_, answer) = read(&with("0 2+ 0 0 0 2+ 0 0 3+ 0 0", "1+"));
    assert_eq!(first(&answer), named("K"));
    assert_eq!(answer.advice[0], Advice::AutocontrolReactive);
}

#[test]
fn a_single_weak_reaction_stays_undetermined() {
    let (_, answer) = read(&with("0 0 0 0 0 0 0 w+ 0 0 0", "0"));
    assert_eq!(answer.pattern, Pattern::Undetermined);
    assert_eq!(answer.conclusion, Conclusion::None);
}

#[test]
fn nothing_reactive_is_no_antibody_and_excludes() {
    let (_, answer) = read(&with("0 0 0 0 0 0 0 0 0 0 0", "0"));
    assert_eq!(answer.pattern, Pattern::Negative);
    assert_eq!(first(&answer), []);
    assert!(answer.not_excluded.is_empty(), "{:?}", answer.not_excluded);
}

#[test]
fn a_misprinted_cell_neither_excludes_nor_convinces() {
    // The maker's sheet prints E+ e- on an r'r cell; it is the only cell that would exclude E.
    let text =
        with("0 2+ NT 0 NT 2+ 0 0 3+ 0 0", "0").replace("4,r'r,0,1,0,1,1,1", "4,r'r,0,1,1,1,0,0");
    let (panel, answer) = read(&text);
    let doubted: Vec<Antigen> = panel.doubts.iter().map(|doubt| doubt.antigen).collect();
    assert_eq!(doubted, named("E e f"));
    assert!(answer.not_excluded.contains(&Antigen::BigE));
    assert_eq!(
        panel.cells[3].typed.typing(Antigen::BigE),
        Typing::NotTested
    );
    assert!(matches!(answer.advice.last(), Some(Advice::Doubtful(cells)) if cells.len() == 3));
}

#[test]
fn a_destroyed_antigen_is_not_excluded_on_treated_cells() {
    let text = with("0 0 0 0 0 0 0 0 0 0 0", "0").replace("rx_AHG", "rx_enzyme");
    let (_, answer) = read(&text);
    for antigen in named("Fya Fyb M N S s") {
        assert!(answer.not_excluded.contains(&antigen), "{}", antigen.name());
    }
    for antigen in named("D C c E e Jka Jkb K") {
        assert!(answer.excluded.contains_key(&antigen), "{}", antigen.name());
    }
}

#[test]
fn immediate_spin_alone_excludes_no_igg_antibody() {
    let text = with("0 0 0 0 0 0 0 0 0 0 0", "0").replace("rx_AHG", "rx_IS");
    let (_, answer) = read(&text);
    let excluded: Vec<Antigen> = answer.excluded.keys().copied().collect();
    assert_eq!(excluded, named("M N Lea Leb P1 Lua"));
}

#[test]
fn a_patient_typed_positive_makes_the_antibody_unlikely_but_never_excluded() {
    let panel = parse(&with("0 2+ 0 0 0 2+ 0 0 3+ 0 0", "0")).unwrap();
    let mut patient = lifeline_core::blood::AntigenProfile::default();
    patient.set(Antigen::BigK, Typing::Positive);
    let answer = answer(&panel, "", &patient);
    assert!(answer.not_excluded.contains(&Antigen::BigK));
    assert!(
        answer
            .explanations
            .iter()
            .take(3)
            .any(|e| e.antibodies == named("K") && e.fits)
    );
    assert!(answer.advice.contains(&Advice::PatientPositive(named("K"))));
}

#[test]
fn policies_differ_where_they_say_they_do() {
    // K+k+ cells 2 and 6 quiet, the K+k- cell 9 not tested.
    let panel = parse(&with("0 0 0 0 0 0 0 0 NT 0 0", "0")).unwrap();
    let none = lifeline_core::blood::AntigenProfile::default();
    let excludes = |policy: &str| {
        answer(&panel, policy, &none)
            .excluded
            .contains_key(&Antigen::BigK)
    };
    assert!(!excludes("double-dose"));
    assert!(excludes("k-single-dose"));
    assert!(excludes("single-dose-exceptions"));
    assert!(!excludes("three-single-dose"));
    // A reactive double-dose cell takes the exception away.
    let panel = parse(&with("0 0 0 0 0 0 0 0 3+ 0 0", "0")).unwrap();
    let excludes = |policy: &str| {
        answer(&panel, policy, &none)
            .excluded
            .contains_key(&Antigen::BigK)
    };
    assert!(!excludes("single-dose-exceptions"));
    // Anti-D: every D+ cell reacts, the single-dose cells 4 (C) and 5 (E) are quiet.
    let panel = parse(&with("3+ 3+ 3+ 0 0 0 0 3+ 0 0 0", "0")).unwrap();
    let left = |policy: &str| answer(&panel, policy, &none).not_excluded;
    assert!(left("double-dose").contains(&Antigen::BigC));
    assert!(!left("single-dose-exceptions").contains(&Antigen::BigC));
    assert!(!left("single-dose-exceptions").contains(&Antigen::BigE));
    assert!(left("three-single-dose").contains(&Antigen::BigC));
}
