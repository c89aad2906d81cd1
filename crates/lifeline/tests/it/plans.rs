//! `lifeline match` and `lifeline stock plan`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn lifeline(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/matching")
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn match_answers_in_both_models_with_the_documented_fields() {
    let file = samples().join("s02_small_han.json");
    for (model, level2) in [("T", 6.432633), ("Z", -1.709067)] {
        let file = file.to_str().unwrap();
        let output = lifeline(&["match", file, "--model", model, "--json"], b"");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let answer = json(&output.stdout);
        assert_eq!(answer["level1"], 11);
        assert!((answer["level2"].as_f64().unwrap() - level2).abs() < 0.05);
        assert!(answer["bound"].as_f64().unwrap() <= level2 + 1e-6);
        assert!(answer["seconds"].is_number());
        let pairs = answer["assignment"].as_array().unwrap();
        assert!(!pairs.is_empty());
        assert!(
            pairs
                .iter()
                .all(|pair| pair["unit"].is_string() && pair["request"].is_string())
        );
    }
}

#[test]
fn match_names_the_row_and_field_that_is_wrong() {
    let text = std::fs::read_to_string(samples().join("s00_tiny_bruteforce.json")).unwrap();
    let bad = text.replacen("\"age\":8", "\"age\":-8", 1);
    let output = lifeline(&["match", "-", "--json"], bad.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let error = json(&output.stderr)["error"].clone();
    assert_eq!(error["at"], "units[0] (U0000), age");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("units[0] (U0000)") && message.contains("age"),
        "{message}"
    );
}

#[test]
fn stock_plan_gives_the_optimum_and_the_best_level() {
    let product = br#"{"shelf_life": 2, "lead_time": 1, "poisson_mean": 4, "max_order": 10, "max_demand": 20,
        "issue": "FIFO", "cost": {"order": 3, "holding": 1, "shortage": 5, "wastage": 7}, "discount": 0.99}"#;
    let output = lifeline(&["stock", "plan", "-", "--json"], product);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer = json(&output.stdout);
    assert!((answer["optimal_cost_from_empty"].as_f64().unwrap() - 1532.593).abs() < 1e-3);
    assert_eq!(answer["best_base_stock"], 7);
    assert!(answer["policy"]["0,0"].is_u64());
    let good = json(product);
    for (path, value, at) in [
        ("/shelf_life", Some(serde_json::json!(-1)), "shelf_life"),
        ("/shelf_life", Some(serde_json::json!(0)), "shelf_life"),
        ("/lead_time", None, "lead_time"),
        ("/max_demand", Some(serde_json::json!(2.5)), "max_demand"),
        ("/issue", Some(serde_json::json!("RANDOM")), "issue"),
        ("/cost", Some(Value::Null), "cost"),
        ("/cost/holding", None, "cost.holding"),
        (
            "/cost/shortage",
            Some(serde_json::json!(-5)),
            "cost.shortage",
        ),
        ("/discount", Some(serde_json::json!("x")), "discount"),
        ("/colour", Some(serde_json::json!(1)), "colour"),
    ] {
        let (parent, name) = path.rsplit_once('/').unwrap();
        let mut bad = good.clone();
        let part = bad.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => part.insert(name.into(), value),
            None => part.remove(name),
        };
        let bad = bad.to_string();
        let output = lifeline(&["stock", "plan", "-", "--json"], bad.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{bad}");
        let error = json(&output.stderr)["error"].clone();
        assert_eq!(error["at"], format!("product, {at}"), "{bad}");
    }
}
