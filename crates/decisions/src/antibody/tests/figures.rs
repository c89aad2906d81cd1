//! Numbers with known answers.

use super::*;

fn near(one: f64, other: f64, within: f64) {
    assert!((one - other).abs() <= within, "{one} is not {other}");
}

#[test]
fn the_tables_are_sound() {
    let knowledge = knowledge();
    for antigen in lifeline_core::blood::Antigen::ALL {
        let facts = knowledge
            .facts(*antigen)
            .unwrap_or_else(|| panic!("nothing on file of {}", antigen.name()));
        if let Some(other) = facts.antithetical {
            assert_eq!(knowledge.antithetical(other), Some(*antigen));
            assert_eq!(knowledge.facts(other).unwrap().system, facts.system);
        }
        for policy in &knowledge.policies {
            assert!(
                policy.of(*antigen).next().is_some(),
                "{} says nothing of {}",
                policy.name,
                antigen.name()
            );
        }
    }
    for population in &knowledge.populations {
        for system in &population.systems {
            let sum: f64 = system.haplotypes.iter().map(|h| h.frequency).sum();
            near(sum, 1.0, 1e-9);
        }
    }
    assert_eq!(knowledge.policy("").unwrap().name, "double-dose");
    assert_eq!(knowledge.population("").unwrap().name, "han");
    assert!(knowledge.policy("none such").is_none());
}

#[test]
fn both_tables_of_systems_agree() {
    use crate::frequency::system;
    let all = lifeline_core::blood::Antigen::ALL;
    let name = |antigen| &knowledge().facts(antigen).unwrap().system;
    for one in all {
        for other in all {
            assert_eq!(
                system(*one) == system(*other),
                name(*one) == name(*other),
                "{} {}",
                one.name(),
                other.name()
            );
        }
    }
}

#[test]
fn frequencies_multiply_only_between_systems() {
    let knowledge = knowledge();
    let share = |population: &str, antigens: &str| {
        let population = knowledge.population(population).unwrap();
        negative_frequency(knowledge, population, &named(antigens))
    };
    // By haplotypes (.655 + .010)^2; the product rule would have given .27.
    near(share("han", "c E").unwrap(), 0.442_225, 1e-9);
    near(share("han", "K").unwrap(), 1.0, 1e-9);
    near(share("han", "Fyb").unwrap(), 0.908, 0.002);
    near(share("han", "Mur").unwrap(), 0.935, 0.002);
    let (e, jka) = (share("han", "E").unwrap(), share("han", "Jka").unwrap());
    near(share("han", "E Jka").unwrap(), e * jka, 1e-12);
    near(share("european", "K").unwrap(), 0.909, 0.001);
    near(share("european", "Fya").unwrap(), 0.33, 0.01);
    near(share("european", "E").unwrap(), 0.70, 0.02);
    assert_eq!(
        share("han", "Cw"),
        Err(FrequencyError::Unknown(named("Cw")[0]))
    );
    // One of two that stand alone in a system: the share of one bounds that of both.
    near(share("han", "Lea Leb").unwrap(), 0.38, 1e-9);
    // Named twice is asked once.
    near(share("european", "P1 P1").unwrap(), 0.252, 1e-9);
    near(share("european", "").unwrap(), 1.0, 0.0);
}
