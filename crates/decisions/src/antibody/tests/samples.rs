//! The panels of `tests/samples/panels`, each with what it must come to.

use std::collections::BTreeSet;

use lifeline_core::blood::{Antigen, AntigenProfile, Typing};
use serde_json::Value;

use super::*;

macro_rules! samples {
    ($($name:literal),*) => {
        [$((
            $name,
            include_str!(concat!("../../../../../tests/samples/panels/", $name, ".csv")),
            include_str!(concat!("../../../../../tests/samples/panels/", $name, ".expected.json")),
        )),*]
    };
}

fn antigens(value: &Value) -> BTreeSet<Antigen> {
    let list = value.as_array().unwrap().iter();
    list.map(|name| Antigen::parse(name.as_str().unwrap()).unwrap())
        .collect()
}

#[test]
fn every_sample_reaches_its_known_answer() {
    for (name, panel, expected) in samples![
        "s1_constructed_anti_K",
        "s2_constructed_anti_Fya_dosage",
        "s3_constructed_anti_D_plus_C"
    ] {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let panel = parse(panel).unwrap();
        let mut patient = AntigenProfile::default();
        for (antigen, typed) in expected["patient_phenotype"].as_object().unwrap() {
            let typing = if typed == 1 {
                Typing::Positive
            } else {
                Typing::Negative
            };
            patient.set(Antigen::parse(antigen).unwrap(), typing);
        }
        let rule_out = &expected["reference_rule_out"];
        for (policy, suffix) in [
            ("double-dose", "strict"),
            ("k-single-dose", "K_heterozygous_allowed"),
        ] {
            // What the patient is, known or not, and every population come to the same first explanation.
            for patient in [&patient, &AntigenProfile::default()] {
                let answer = answer(&panel, policy, patient);
                let excluded: BTreeSet<Antigen> = answer.excluded.keys().copied().collect();
                assert_eq!(
                    excluded,
                    antigens(&rule_out[format!("excluded_{suffix}")]),
                    "{name} {policy}"
                );
                let left: BTreeSet<Antigen> = answer.not_excluded.iter().copied().collect();
                assert_eq!(
                    left,
                    antigens(&rule_out[format!("not_excluded_{suffix}")]),
                    "{name} {policy}"
                );
                let first = &answer.explanations[0];
                let found: BTreeSet<Antigen> = first.antibodies.iter().copied().collect();
                assert_eq!(found, antigens(&expected["identified"]), "{name} {policy}");
                assert!(first.fits, "{name}");
                for (antigen, table) in expected["statistics"].as_object().unwrap() {
                    let shown = first.sufficiency[&Antigen::parse(antigen).unwrap()];
                    let p = table["p_one_sided"].as_f64().unwrap();
                    assert!(
                        (shown.fisher_p - p).abs() < 1e-6,
                        "{name} {antigen}: {}",
                        shown.fisher_p
                    );
                    assert_eq!(
                        shown.table.pos_reactive,
                        u32::try_from(table["ag_pos_reactive"].as_u64().unwrap()).unwrap()
                    );
                    assert_eq!(
                        shown.table.neg_non,
                        u32::try_from(table["ag_neg_nonreactive"].as_u64().unwrap()).unwrap()
                    );
                }
            }
        }
        for population in ["european", "even"] {
            let knowledge = knowledge();
            let answer = identify(
                knowledge,
                knowledge.policy("").unwrap(),
                knowledge.population(population).unwrap(),
                &panel,
                &patient,
            );
            let found: BTreeSet<Antigen> = first(&answer).into_iter().collect();
            assert_eq!(
                found,
                antigens(&expected["identified"]),
                "{name} {population}"
            );
        }
    }
}
