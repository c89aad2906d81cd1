mod impossible;

use impossible::IMPOSSIBLE;

use super::{Inputs, Kind, Problem, Value, all, find};

/// Name, variant (empty for the first), inputs, expected, tolerance. Worked by hand from the formulas of the research sheet and from
/// its figures; the tolerance is half of the last digit shown.
#[rustfmt::skip]
const VECTORS: &[(&str, &str, &str, f64, f64)] = &[
    ("platelet_cci", "", r#"{"increment_per_ul": 20000, "bsa_m2": 1.8, "dose_1e11": 4}"#, 9000.0, 0.5),
    ("platelet_cci", "", r#"{"pre_1e9_l": 10, "post_1e9_l": 30, "bsa_m2": 1.8, "dose_1e11": 4}"#, 9000.0, 0.5),
    ("platelet_cci", "", r#"{"pre_1e9_l": 12, "post_1e9_l": 8, "bsa_m2": 1.5, "dose_1e11": 3}"#, -2000.0, 0.5),
    ("platelet_ppr", "", r#"{"increment_1e9_l": 20, "blood_volume_l": 5, "dose_1e11": 3}"#, 33.333, 0.001),
    ("platelet_expected_increment", "", r#"{"dose_1e11": 3, "blood_volume_l": 5, "recovery": 0.67}"#, 40.2, 0.01),
    ("platelet_expected_increment", "", r#"{"dose_1e11": 3, "blood_volume_l": 5}"#, 40.2, 0.01),
    ("antigen_negative_screen", "", r#"{"units": 4, "antigen_pos": [0.30, 0.09]}"#, 7.0, 0.0),
    ("antigen_negative_screen", "", r#"{"units": 4, "antigen_pos": [0.30, 0.09], "confidence": 0.95}"#, 10.0, 0.0),
    ("antigen_negative_screen", "", r#"{"units": 4, "antigen_pos": [0.30, 0.09], "screened": 7}"#, 0.78, 0.005),
    ("antigen_negative_screen", "", r#"{"units": 2, "antigen_pos": [{"antigen": "E", "share": 0.5}, {"antigen": "Jka", "share": 0.5}]}"#, 8.0, 0.0),
    ("antigen_negative_frequency", "", r#"{"allele": "E", "allele_freq": 0.22}"#, 0.6084, 1e-6),
    ("iron_deficit_ganzoni", "", r#"{"weight_kg": 70, "hb_actual_g_dl": 9, "hb_target_g_dl": 15, "stores_mg": 500}"#, 1508.0, 0.1),
    ("iron_deficit_ganzoni", "", r#"{"weight_kg": 70, "hb_actual_g_l": 90, "hb_target_g_l": 150}"#, 1508.0, 0.1),
    ("iron_deficit_ganzoni", "", r#"{"weight_kg": 20, "hb_actual_g_dl": 8, "hb_target_g_dl": 13}"#, 540.0, 0.1),
    ("iron_deficit_ganzoni", "stores_only", r#"{"weight_kg": 60, "hb_actual_g_dl": 15, "hb_target_g_dl": 13}"#, 500.0, 0.0),
    ("allowable_blood_loss", "initial", r#"{"ebv_ml": 5000, "hct_i": 40, "hct_f": 28}"#, 1500.0, 0.5),
    ("allowable_blood_loss", "gross", r#"{"ebv_ml": 5000, "hct_i": 0.40, "hct_f": 0.28}"#, 1764.7, 0.05),
    ("allowable_blood_loss", "", r#"{"weight_kg": 70, "ml_per_kg": 70, "hct_i": 45, "hct_f": 30}"#, 1633.3, 0.05),
    // 60 kg × 70 × 0.7 = 2940 mL, one and a half of it 4410 mL; 2730 mL by Kaplan.
    ("tpe_plasma_bags", "", r#"{"weight_kg": 60, "hct": 0.30, "plasma_volumes": 1.5, "ml_per_bag": 200}"#, 23.0, 0.0),
    ("tpe_plasma_bags", "kaplan", r#"{"weight_kg": 60, "hct": 30, "ml_per_bag": 200}"#, 14.0, 0.0),
    // 50 kg × 70 × 0.25 ÷ 0.5 × ln(80 ÷ 30) = 1716 mL.
    ("exchange_red_cell_bags", "", r#"{"weight_kg": 50, "hct": 25, "hct_unit": 50, "hbs_now": 80, "hbs_target": 30, "ml_per_bag": 200}"#, 9.0, 0.0),
    ("anh_volume", "", r#"{"ebv_ml": 5000, "hct_i": 0.40, "hct_f": 0.28}"#, 1764.7, 0.05),
    ("bourke_smith", "", r#"{"ebv_ml": 5000, "hct_i": 0.40, "hct_f": 0.28}"#, 1596.0, 0.5),
    ("rhig_vials", "aabb", r#"{"fetal_pct": 1.3, "maternal_blood_volume_ml": 5000}"#, 3.0, 0.0),
    ("rhig_vials", "aabb", r#"{"fetal_pct": 1.56, "maternal_blood_volume_ml": 5000}"#, 4.0, 0.0),
    ("rhig_vials", "ceiling", r#"{"fetal_pct": 1.56, "maternal_blood_volume_ml": 5000}"#, 3.0, 0.0),
    ("rhig_vials", "ceiling", r#"{"fetal_pct": 1.2, "maternal_blood_volume_ml": 5000}"#, 2.0, 0.0),
    ("rhig_vials", "", r#"{"fetal_cells": 26, "adult_cells": 2000, "maternal_blood_volume_ml": 5000}"#, 3.0, 0.0),
    ("fmh_volume", "", r#"{"fetal_pct": 1.3, "maternal_blood_volume_ml": 5000}"#, 65.0, 1e-9),
    ("fmh_volume", "", r#"{"fetal_cells": 6, "adult_cells": 2000}"#, 15.0, 1e-9),
    ("anti_d_iu", "", r#"{"fmh_ml": 8}"#, 1000.0, 0.0),
    ("rbc_volume_child", "", r#"{"weight_kg": 10, "hb_actual_g_dl": 6, "hb_target_g_dl": 9}"#, 120.0, 1e-9),
    ("rbc_volume_child", "davies", r#"{"weight_kg": 10, "delta_hb_g_dl": 3, "unit_hct": 0.6}"#, 150.0, 1e-9),
    ("rbc_volume_child", "davies", r#"{"weight_kg": 10, "delta_hb_g_dl": 3, "unit_hct": 60}"#, 150.0, 1e-9),
    ("whole_blood_volume_child", "", r#"{"weight_kg": 10, "delta_hb_g_dl": 3}"#, 180.0, 1e-9),
    ("rbc_units_adult", "", r#"{"delta_hb_g_l": 20, "blood_volume_l": 5, "hb_per_unit_g": 50}"#, 2.0, 1e-9),
    ("plasma_volume", "70ml", r#"{"weight_kg": 70, "hct": 0.40}"#, 2940.0, 1e-6),
    ("plasma_volume", "kaplan", r#"{"weight_kg": 70, "hct": 40}"#, 2730.0, 1e-6),
    ("tpe_fraction_removed", "", r#"{"plasma_volumes": 1}"#, 0.632, 0.0005),
    ("tpe_fraction_removed", "", r#"{"plasma_volumes": 1.5}"#, 0.777, 0.0005),
    ("tpe_fraction_removed", "", r#"{"plasma_volumes": 2}"#, 0.865, 0.0005),
    ("cryo_bags", "", r#"{"weight_kg": 70, "hct": 0.40, "fib_now_mg_dl": 100, "fib_target_mg_dl": 200, "mg_per_bag": 250}"#, 11.76, 1e-6),
    ("fibrinogen_concentrate", "", r#"{"fib_now_mg_dl": 100, "fib_target_mg_dl": 270}"#, 100.0, 1e-9),
    ("fibrinogen_concentrate", "", r#"{"fib_now_mg_dl": 100, "fib_target_mg_dl": 270, "weight_kg": 70}"#, 7000.0, 1e-6),
    ("factor8_dose", "", r#"{"weight_kg": 70, "rise_iu_dl": 40}"#, 1400.0, 1e-9),
    ("blood_volume_nadler", "", r#"{"sex": "male", "height_m": 1.75, "weight_kg": 70}"#, 4.824, 0.001),
    ("blood_volume_nadler", "", r#"{"sex": "female", "height_m": 1.60, "weight_kg": 55}"#, 3.461, 0.001),
    ("bsa", "mosteller", r#"{"height_cm": 180, "weight_kg": 80}"#, 2.0, 1e-9),
    ("bsa", "dubois", r#"{"height_cm": 180, "weight_kg": 80}"#, 1.996, 0.001),
    ("exchange_partial_sickle", "", r#"{"weight_kg": 20, "ml_per_kg": 70, "hct_i": 0.21, "hct_d": 0.30, "hct_unit": 0.60}"#, 365.2, 0.05),
    ("exchange_neonatal_polycythaemia", "", r#"{"weight_kg": 3, "ml_per_kg": 85, "hct_obs": 70, "hct_des": 55}"#, 54.64, 0.005),
    ("exchange_neonatal_double", "", r#"{"weight_kg": 3}"#, 510.0, 1e-9),
    ("fraction_remaining_exchange", "", r#"{"volumes": 2}"#, 0.1353, 0.00005),
    ("inventory_index", "", r#"{"inventory": 120, "transfused": 560, "outdated": 20, "wasted": 20, "days": 30}"#, 6.0, 1e-9),
    ("ct_ratio", "", r#"{"crossmatched": 300, "transfused": 150}"#, 2.0, 0.0),
    ("ct_ratio", "", r#"{"units_crossmatched": 300, "units_transfused": 150}"#, 2.0, 0.0),
    ("transfusion_probability", "", r#"{"patients_crossmatched": 50, "patients_transfused": 15}"#, 30.0, 1e-9),
    ("transfusion_index", "", r#"{"transfused": 40, "patients_crossmatched": 50}"#, 0.8, 1e-9),
    ("msbos", "", r#"{"transfusion_index": 0.8}"#, 1.2, 1e-9),
    ("msbos", "", r#"{"units_transfused": 40, "patients_crossmatched": 50}"#, 1.2, 1e-9),
    ("abc_score", "", r#"{"penetrating": true, "fast_positive": false, "sbp": 90, "hr": 120}"#, 3.0, 0.0),
    ("abc_score", "", r#"{"penetrating": 0, "fast_positive": 1, "sbp": 91, "hr": 119}"#, 1.0, 0.0),
    ("shock_index", "", r#"{"hr": 120, "sbp": 80}"#, 1.5, 1e-9),
    ("fisher_panel", "", r#"{"pos_reactive": 3, "pos_non": 0, "neg_reactive": 0, "neg_non": 3}"#, 0.05, 1e-9),
    ("harris_hochman", "", r#"{"pos": 3, "neg": 3}"#, 0.015_625, 1e-9),
];

fn inputs(text: &str) -> Inputs {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn run(name: &str, variant: &str, text: &str) -> Result<super::Answer, Problem> {
    let calculator = find(name).unwrap_or_else(|| panic!("no calculator {name}"));
    calculator.run((!variant.is_empty()).then_some(variant), &inputs(text))
}

fn number(name: &str, variant: &str, text: &str) -> f64 {
    match run(name, variant, text) {
        Ok(answer) => match answer.value {
            Value::Number(number) => number,
            Value::Named(_) => panic!("{name}: several numbers"),
        },
        Err(problem) => panic!("{name} {text}: {problem}"),
    }
}

#[test]
fn every_vector_is_met_within_its_tolerance() {
    for (name, variant, text, expected, tolerance) in VECTORS {
        let value = number(name, variant, text);
        assert!(
            (value - expected).abs() <= tolerance + 1e-12,
            "{name} {variant} {text}: {value} is not {expected} ± {tolerance}"
        );
    }
}

#[test]
fn every_variant_of_every_calculator_has_a_vector() {
    for calculator in all() {
        for (n, variant) in calculator.variants.iter().enumerate() {
            let covered = VECTORS.iter().any(|(name, given, ..)| {
                *name == calculator.name && (*given == variant.name || given.is_empty() && n == 0)
            });
            assert!(
                covered || calculator.name == "abo_from_alleles",
                "{} {}",
                calculator.name,
                variant.name
            );
        }
    }
}

#[test]
fn han_groups_follow_from_the_alleles_of_2005() {
    let answer = run(
        "abo_from_alleles",
        "",
        r#"{"A": 0.192, "B": 0.170, "O": 0.638}"#,
    );
    let Ok(Value::Named(groups)) = answer.map(|answer| answer.value) else {
        panic!("no groups")
    };
    for (group, share) in [("O", 0.407), ("A", 0.282), ("B", 0.246), ("AB", 0.065)] {
        let found = groups.get(group).copied().unwrap_or_default();
        assert!((found - share).abs() < 0.0005, "{group} {found}");
    }
}

#[test]
fn three_published_ways_to_reckon_the_loss_differ_as_published() {
    let asked = r#"{"ebv_ml": 5000, "hct_i": 40, "hct_f": 28}"#;
    let found = [
        number("allowable_blood_loss", "initial", asked),
        number("allowable_blood_loss", "gross", asked),
        number("bourke_smith", "", asked),
    ];
    assert_eq!(found.map(f64::round), [1500.0, 1765.0, 1596.0]);
}

#[test]
fn two_published_ways_to_count_vials_differ_as_published() {
    let asked = r#"{"fetal_pct": 1.56, "maternal_blood_volume_ml": 5000}"#;
    assert_eq!(number("rhig_vials", "aabb", asked), 4.0);
    assert_eq!(number("rhig_vials", "ceiling", asked), 3.0);
}

#[test]
fn an_answer_names_its_variant_formula_unit_and_source() {
    let answer = run("bsa", "", r#"{"height_cm": 180, "weight_kg": 80}"#);
    let Ok(answer) = answer else {
        panic!("no answer")
    };
    assert_eq!((answer.variant, answer.unit), ("mosteller", "m²"));
    assert!(answer.formula.contains("3600") && answer.source.contains("Mosteller"));
    let total = run(
        "fibrinogen_concentrate",
        "",
        r#"{"fib_now_mg_dl": 100, "fib_target_mg_dl": 270, "weight_kg": 70}"#,
    );
    assert_eq!(total.map(|answer| answer.unit), Ok("mg"));
}

#[test]
fn impossible_input_is_laid_to_the_input_that_is_wrong() {
    for (name, variant, text, field, code) in IMPOSSIBLE {
        match run(name, variant, text) {
            Err(problem) => {
                assert_eq!(
                    (problem.field(), problem.code()),
                    (*field, *code),
                    "{name} {text}"
                );
                assert!(problem.to_string().starts_with(field), "{problem}");
            }
            Ok(answer) => panic!("{name} {text} gave {answer:?}"),
        }
    }
}

#[test]
fn an_input_given_twice_is_no_input() {
    let twice = serde_json::from_str::<Inputs>(r#"{"weight_kg": 70, "weight_kg": 7}"#);
    assert!(twice.is_err_and(|error| error.to_string().contains("weight_kg: given twice")));
}

/// No number within the ranges of any calculator, and none outside, gives anything but a finite result or a named problem.
#[test]
fn at_the_edges_every_calculator_gives_a_finite_number_or_names_an_input() {
    for calculator in all() {
        for variant in calculator.variants {
            for edge in 0..4 {
                let given: Inputs = calculator
                    .inputs
                    .iter()
                    .map(|field| (field.name.to_owned(), at_edge(field.kind, edge)))
                    .collect();
                match calculator.run(Some(variant.name), &given) {
                    Ok(answer) => match answer.value {
                        Value::Number(value) => assert!(value.is_finite(), "{}", calculator.name),
                        Value::Named(values) => assert!(values.values().all(|v| v.is_finite())),
                    },
                    Err(problem) => {
                        let known = calculator.inputs.iter().any(|f| f.name == problem.field());
                        assert!(known, "{} {problem}", calculator.name);
                    }
                }
            }
        }
    }
}

fn at_edge(kind: Kind, edge: u8) -> super::Given {
    use super::Given;
    let (least, most) = match kind {
        Kind::Number { least, most } => (least, most),
        Kind::Count { least, most } => (f64::from(least), f64::from(most)),
        Kind::Share => (0.0, 1.0),
        Kind::Haematocrit => (0.05, 95.0),
        Kind::Flag => return Given::Flag(edge > 1),
        Kind::Sex => return Given::Word(if edge > 1 { "male" } else { "female" }.into()),
        Kind::Word => return Given::Word("E".into()),
        Kind::Shares => return Given::List(vec![Given::Number(f64::from(edge) / 3.0)]),
    };
    Given::Number(match edge {
        0 => least,
        1 => most,
        2 => least - 1.0,
        _ => most + 1.0,
    })
}
