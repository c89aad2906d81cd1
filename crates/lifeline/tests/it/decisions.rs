//! `lifeline group interpret` and `lifeline calc`, through the built binary.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn lifeline(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn answer(arguments: &[&str], input: &str) -> Value {
    let output = lifeline(arguments, input);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Code and place of the error document.
#[track_caller]
fn error(arguments: &[&str], input: &str) -> (String, String) {
    let output = lifeline(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    let error = &value["error"];
    assert!(!error["message"].as_str().unwrap().is_empty());
    (
        error["code"].as_str().unwrap().into(),
        error["at"].as_str().unwrap_or_default().into(),
    )
}

const HEADER: &str =
    "id,anti_A,anti_B,anti_D,control,A1_cells,B_cells,O_cells,autocontrol,context\n";

const INTERPRET: [&str; 4] = ["group", "interpret", "-", "--json"];

#[test]
fn every_category_is_reached_from_a_file() {
    let cases = [
        ("4,0,4,0,0,4,0,0,", "A", "positive", true, "none"),
        ("0,0,0,0,4,4,0,0,", "O", "negative", true, "none"),
        (
            "4+,4+,4+,2+,4+,4+,4+,4+,",
            "",
            "",
            false,
            "spontaneous_agglutination",
        ),
        ("4,0,4,0,2,4,0,0,", "", "positive", false, "extra_reverse"),
        (
            "0,0,4,0,0,0,0,0,age=29000",
            "",
            "positive",
            false,
            "missing_reverse",
        ),
        ("4,0,4,0,0,0,0,0,newborn", "A", "positive", true, "newborn"),
        ("4,0,4,0,0,0,0,0,age=3", "A", "positive", true, "newborn"),
        (
            "4,0,4,0,0,0,0,0,age=400",
            "",
            "positive",
            false,
            "missing_reverse",
        ),
        (
            "mf,0,4,0,0,4,0,0,transfused=O+",
            "",
            "positive",
            false,
            "mixed_field",
        ),
        ("4,2,4,0,0,4,0,0,", "", "positive", false, "extra_forward"),
        ("0,0,4,0,4,4,4,0,", "", "positive", false, "rare"),
        ("1,0,4,0,0,4,0,0,", "", "positive", false, "weak_forward"),
        ("4,0,1,0,0,4,0,0,", "A", "weak", true, "weak_d"),
        ("0,0,0,0,4,4,0,0,donor", "O", "", false, "del_screen"),
        (
            "0,0,4,0,0,4,0,0,",
            "",
            "positive",
            false,
            "wrong_blood_or_subgroup",
        ),
        (
            "0,4,4,0,4,0,0,0,history=A+",
            "",
            "",
            false,
            "history_conflict",
        ),
        (
            "mf,0,4,0,0,4,0,0,hsct;history=A+",
            "",
            "positive",
            false,
            "mixed_field",
        ),
        ("4,4,4,,0,0,,,", "", "positive", false, ""),
    ];
    let rows: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(n, (row, ..))| format!("r{n},{row}"))
        .collect();
    let found = answer(&INTERPRET, &format!("{HEADER}{}\n", rows.join("\n")));
    let word = |text: &str| {
        if text.is_empty() {
            Value::Null
        } else {
            json!(text)
        }
    };
    for (n, (row, abo, rhd, reportable, category)) in cases.iter().enumerate() {
        let found = &found[n];
        assert_eq!(found["id"], json!(format!("r{n}")));
        assert_eq!(found["abo"], word(abo), "{row}");
        assert_eq!(found["rhd"], word(rhd), "{row}");
        assert_eq!(found["reportable"], json!(reportable), "{row}");
        assert_eq!(found["discrepancy"], word(category), "{row}");
        if *reportable {
            assert_eq!(found["interim"], Value::Null, "{row}");
        } else {
            assert_eq!(found["interim"]["red_cells"], "O", "{row}");
            assert_eq!(found["interim"]["plasma"], "AB", "{row}");
            assert!(!found["next_steps"].as_array().unwrap().is_empty(), "{row}");
        }
    }
}

#[test]
fn a_bad_file_is_refused_by_row_and_field() {
    let row = "1,4,0,4,0,0,4,0,0,\n";
    let with = |context: &str| format!("{HEADER}1,4,0,4,0,0,4,0,0,{context}\n");
    for (input, code, at) in [
        (String::new(), "empty", ""),
        (
            "id,anti_A,anti_B\n1,4,0\n".into(),
            "missing-column",
            "anti_d",
        ),
        (format!("x{HEADER}{row}"), "unknown-column", "xid"),
        (format!("{HEADER}1,4,0\n"), "row", "line 2"),
        (
            format!("{HEADER}1,5,0,4,0,0,4,0,0,\n"),
            "bad-value",
            "line 2, anti_a",
        ),
        (
            format!("{HEADER},4,0,4,0,0,4,0,0,\n"),
            "bad-value",
            "line 2, id",
        ),
        (format!("{HEADER}{row}{row}"), "bad-value", "line 3, id"),
        (with("age=-3"), "bad-value", "line 2, context"),
        (with("history=C+"), "bad-value", "line 2, context"),
        (with("pregnant"), "bad-value", "line 2, context"),
        (HEADER.into(), "empty", "line 2"),
        (with("newborn;age=9999"), "bad-value", "line 2, context"),
        (
            with("history=A+;history=B+"),
            "bad-value",
            "line 2, context",
        ),
        (with("newborn;newborn"), "bad-value", "line 2, context"),
    ] {
        let (found, place) = error(&INTERPRET, &input);
        assert_eq!((found.as_str(), place.as_str()), (code, at), "{input}");
    }
}

#[test]
fn the_list_names_every_calculator_and_each_can_be_asked() {
    let list = answer(&["calc", "--list", "--json"], "");
    let names: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    for name in [
        "platelet_cci",
        "platelet_ppr",
        "platelet_expected_increment",
        "antigen_negative_screen",
        "antigen_negative_frequency",
        "abo_from_alleles",
        "iron_deficit_ganzoni",
        "allowable_blood_loss",
        "anh_volume",
        "bourke_smith",
        "rhig_vials",
        "fmh_volume",
        "anti_d_iu",
        "rbc_volume_child",
        "whole_blood_volume_child",
        "rbc_units_adult",
        "plasma_volume",
        "tpe_fraction_removed",
        "blood_volume_nadler",
        "bsa",
        "exchange_partial_sickle",
        "exchange_neonatal_polycythaemia",
        "exchange_neonatal_double",
        "fraction_remaining_exchange",
        "cryo_bags",
        "fibrinogen_concentrate",
        "inventory_index",
        "ct_ratio",
        "transfusion_probability",
        "transfusion_index",
        "msbos",
        "abc_score",
        "shock_index",
        "fisher_panel",
        "harris_hochman",
        "factor8_dose",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    for one in list.as_array().unwrap() {
        assert!(!one["variants"].as_array().unwrap().is_empty());
        assert!(!one["inputs"].as_array().unwrap().is_empty());
    }
}

#[test]
fn an_answer_carries_variant_unit_formula_and_source() {
    let loss = |variant: &str| {
        answer(
            &[
                "calc",
                "allowable_blood_loss",
                "--variant",
                variant,
                "--json",
                "--input",
                r#"{"weight_kg": 71.428571428571, "ml_per_kg": 70, "hct_i": 0.40, "hct_f": 0.28}"#,
            ],
            "",
        )
    };
    for (variant, expected) in [("initial", 1500.0), ("gross", 1764.7)] {
        let found = loss(variant);
        assert!((found["value"].as_f64().unwrap() - expected).abs() < 0.1);
        assert_eq!(found["variant"], variant);
        assert_eq!(found["unit"], "mL");
        assert!(found["formula"].is_string() && found["source"].is_string());
        assert!(found["warnings"].is_array());
    }
    let groups = answer(
        &[
            "calc",
            "abo_from_alleles",
            "--json",
            "--input",
            r#"{"A":0.192,"B":0.170,"O":0.638}"#,
        ],
        "",
    );
    assert!((groups["value"]["O"].as_f64().unwrap() - 0.407).abs() < 0.001);
    let from_file = answer(
        &["calc", "tpe_fraction_removed", "--json", "--input", "@-"],
        r#"{"plasma_volumes": 1}"#,
    );
    assert!((from_file["value"].as_f64().unwrap() - 0.632).abs() < 0.001);
}

#[test]
fn impossible_input_names_the_field() {
    for (name, input, code, at) in [
        (
            "bsa",
            r#"{"height_cm": 170, "weight_kg": 0}"#,
            "out-of-range",
            "weight_kg",
        ),
        (
            "rhig_vials",
            r#"{"fetal_pct": 120}"#,
            "out-of-range",
            "fetal_pct",
        ),
        (
            "iron_deficit_ganzoni",
            r#"{"weight_kg": 60, "hb_actual_g_dl": 16, "hb_target_g_dl": 15}"#,
            "above",
            "hb_actual_g_dl",
        ),
        ("bsa", r#"{"height_cm": 170}"#, "missing-input", "weight_kg"),
        ("bsa", "{", "unreadable", "input"),
        (
            "bsa",
            r#"{"weight_kg": 60, "weight_kg": 6, "height_cm": 170}"#,
            "unreadable",
            "input",
        ),
        ("no_such", "{}", "unknown-calculator", "name"),
    ] {
        let (found, place) = error(&["calc", name, "--json", "--input", input], "");
        assert_eq!(
            (found.as_str(), place.as_str()),
            (code, at),
            "{name} {input}"
        );
    }
    let (code, at) = error(
        &[
            "calc",
            "bsa",
            "--variant",
            "haycock",
            "--json",
            "--input",
            "{}",
        ],
        "",
    );
    assert_eq!((code.as_str(), at.as_str()), ("unknown-variant", "variant"));
}

const PANEL: &str =
    "cell,label,D,C,E,c,e,K,k,rx_AHG\n1,R1R1,1,1,0,0,1,1,1,3+\n2,rr,0,0,0,1,1,0,1,0\n";

#[test]
fn a_bad_panel_is_refused_by_row_and_column() {
    let identify = ["antibody", "identify", "-", "--json"];
    let with = |from: &str, to: &str| PANEL.replacen(from, to, 1);
    let header = PANEL.lines().next().unwrap();
    for (input, at) in [
        (with("cell,", "bag,"), "bag"),
        (
            with("cell,", "")
                .replace("\n1,", "\n")
                .replace("\n2,", "\n"),
            "cell",
        ),
        (with(",K,k,", ",K,K,"), "K"),
        (with(",K,", ",Qq,"), "Qq"),
        (with("2,rr", "1,rr"), "row 3, cell"),
        (with("2,rr", ",rr"), "row 3, cell"),
        (with("2,rr,0,0,0,1", "2,rr,0,0,0,0"), "row 3, C"),
        (with("1,1,3+", "0,0,3+"), "row 2, K"),
        (with("R1R1,1,", "R1R1,x,"), "row 2, D"),
        (with("3+", "5+"), "row 2, rx_AHG"),
        (with(",0\n", "\n"), "row 3"),
        (header.to_owned(), ""),
        (String::new(), ""),
    ] {
        let (code, place) = error(&identify, &input);
        assert_eq!((code.as_str(), place.as_str()), ("panel", at), "{input}");
    }
    for (option, value, code, at) in [
        ("--phenotype", "K=2", "phenotype", "K=2"),
        ("--phenotype", "K=0,K=1", "phenotype", "K"),
        ("--population", "martian", "population", "population"),
    ] {
        let arguments = [identify.as_slice(), &[option, value]].concat();
        assert_eq!(
            error(&arguments, PANEL),
            (code.into(), at.into()),
            "{value}"
        );
    }
}

#[test]
fn rare_donors_are_found_and_a_wrong_row_is_named() {
    let list = "donor,group,Jka,Jkb,C,c\nR1,O+,0,0,1,\nR2,A-,0,1,,\nR3,O-,0,,,\n";
    let search = |extra: &[&str]| {
        let mut arguments = vec!["donors", "search", "-", "--json"];
        arguments.extend(extra);
        arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let ask = |extra: &[&str], input: &str| {
        let arguments = search(extra);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        lifeline(&arguments, input)
    };
    let output = ask(&["--negative", "Jka", "--recipient", "A-"], list);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["found"], 2);
    assert_eq!(found["listed"][0]["donor"], "R2");
    assert_eq!(found["listed"][1]["group"], "O-");
    assert_eq!(
        ask(&["--negative", "Jka,Jkb", "--recipient", "A-"], list)
            .status
            .code(),
        Some(1)
    );
    for (extra, input, code, place) in [
        (
            ["--negative", "Jka"],
            "donor,Jka\nR1,0",
            "registry",
            "row 1, group",
        ),
        (
            ["--negative", "Jka"],
            "donor,group,Jka\nR1,O+,0\nR1,O+,0",
            "registry",
            "row 3, donor",
        ),
        (
            ["--negative", "Jka"],
            "donor,group,C,c\nR1,O+,0,0",
            "registry",
            "row 2, C",
        ),
        (
            ["--negative", "Jka"],
            "donor,group,Jka\nR1,O+,x",
            "registry",
            "row 2, Jka",
        ),
        (["--negative", "jka"], list, "antigen", "negative"),
    ] {
        let arguments = search(&extra);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_eq!(
            error(&arguments, input),
            (code.into(), place.into()),
            "{input}"
        );
    }
}

#[test]
fn platelets_are_ranked_and_a_wrong_value_is_named() {
    let case = json!({
        "patient": {"abo": "A", "antibodies": {"HLA-A2": 8000, "B57": 6000}},
        "bags": [
            {"id": "both", "abo": "A", "antigens": ["A2", "B57"], "age_days": 1},
            {"id": "free", "abo": "A", "antigens": ["A1"], "age_days": 1},
            {"id": "untyped", "abo": "A"},
        ],
        "trials": [
            {"cci_1h": 2.0, "cci_24h": 1.0, "abo_identical": true, "age_hours": 48},
            {"cci_1h": 3.0, "abo_identical": true, "age_hours": 30},
        ],
    });
    let ranked = answer(&["platelets", "rank", "-", "--json"], &case.to_string());
    assert_eq!(ranked["refractory"], "immune");
    let order: Vec<&str> = ranked["bags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["free", "untyped", "both"]);
    for (path, value, place) in [
        ("/patient/abo", json!("Q"), "patient.abo"),
        (
            "/patient/antibodies",
            json!({"A2": -1}),
            "patient.antibodies.A2",
        ),
        (
            "/patient/antibodies",
            json!({"A2": 1, "HLA-A2": 2}),
            "patient.antibodies.HLA-A2",
        ),
        ("/bags/1/id", json!("both"), "bags[1].id"),
        (
            "/bags/0/antigens",
            json!(["A2", "DR4"]),
            "bags[0].antigens[1]",
        ),
        ("/trials/0/cci_1h", json!(1e9), "trials[0].cci_1h"),
    ] {
        let mut wrong = case.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        let found = error(&["platelets", "rank", "-", "--json"], &wrong.to_string());
        assert_eq!(found, ("value".into(), place.into()));
    }
}
