//! `lifeline qc`, as scripts use it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn qc(arguments: &[&str], table: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .arg("qc")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(table.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn answer(arguments: &[&str], table: &str) -> Value {
    let output = qc(arguments, table);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], table: &str) -> (String, String) {
    let output = qc(arguments, table);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    let document: Value = serde_json::from_slice(&output.stderr).unwrap();
    let text = |field: &str| document["error"][field].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

const TABLE: &str = "run,material,value,mean,sd
1,L1,2.2,2.0,0.1
1,L2,10.5,10,0.2
2,L1,2.21,2.0,0.1
2,L2,9.5,10,0.2
";

#[test]
fn control_points_are_judged_exactly_and_explained() {
    let evaluate = ["evaluate", "-", "--rules", "1-2s,2-2s,R-4s", "--json"];
    let found = answer(&evaluate, TABLE);
    let points = found["points"].as_array().unwrap();
    assert_eq!(
        points[0],
        json!({"row": 1, "z": 2.0, "violations": [], "status": "accept"})
    );
    assert_eq!(points[1]["status"], "warning");
    assert_eq!(points[3]["status"], "reject");
    let r4s = &points[3]["violations"][1];
    assert_eq!(
        (&r4s["rule"], &r4s["scope"], &r4s["rows"]),
        (&json!("R-4s"), &json!("run"), &json!([3, 4]))
    );
    let inclusive = [&evaluate[..], &["--boundary", "inclusive"]].concat();
    let points = &answer(&inclusive, TABLE)["points"];
    let across = points[1]["violations"].as_array().unwrap().iter();
    let scopes: Vec<_> = across
        .map(|found| (&found["rule"], &found["scope"], &found["rows"]))
        .collect();
    assert!(
        scopes.contains(&(&json!("2-2s"), &json!("across_materials"), &json!([1, 2]))),
        "{scopes:?}"
    );
    assert_eq!(points[2]["violations"][1]["scope"], "within_material");
    let range = [
        "evaluate", "-", "--rules", "R-4s", "--r4s", "range", "--json",
    ];
    let wide = "run,material,value,mean,sd\n14,L1,-2.33,0,1\n14,L2,1.90,0,1\n";
    assert_eq!(
        answer(&range, wide)["points"][1]["violations"][0]["r4s"],
        "range"
    );
    let preset = ["evaluate", "-", "--profile", "modern-n2", "--json"];
    assert_eq!(answer(&preset, TABLE)["points"][3]["status"], "reject");
}

#[test]
fn a_bad_table_is_refused_whole_with_row_and_field() {
    let evaluate = ["evaluate", "-", "--rules", "1-3s", "--json"];
    let cases = [
        (
            "run,material,value,mean,sd\n1,L1,2,2,0\n",
            "value",
            "row 1, sd",
        ),
        (
            "run,material,value,mean,sd\n1,L1,2,2,1\n2,L1,NaN,2,1\n",
            "value",
            "row 2, value",
        ),
        (
            "run,material,value,mean,sd\n1,L1,two,2,1\n",
            "value",
            "row 1, value",
        ),
        (
            "run,material,value,mean,sd\n1,L1,,2,1\n",
            "value",
            "is empty",
        ),
        (
            "run,material,value,mean,sd\n1,,2,2,1\n",
            "value",
            "row 1, material",
        ),
        (
            "run,material,value,mean,sd\n1,L1,1e40,2,1\n",
            "value",
            "more digits",
        ),
        (
            "run,material,value,mean,sd\n1,L1,1e30,1e-30,1\n",
            "series",
            "row 1: value",
        ),
        ("run,material,value,mean,sd\n1,L1,2,2\n", "fields", "row 1"),
        ("run,material,value,mean\n1,L1,2,2\n", "column", "\"sd\""),
        (
            "run,material,value,mean,sd\n1,L1,2,2,1\n2,L1,2,2,1\n1,L1,2,2,1\n",
            "series",
            "row 3",
        ),
        ("run,material,value,mean,sd\n", "empty", "no rows"),
        ("", "empty", "empty"),
    ];
    for (table, code, message) in cases {
        let found = refused(&evaluate, table);
        assert_eq!(found.0, code, "{table}");
        assert!(found.1.contains(message), "{}", found.1);
    }
    assert_eq!(
        refused(&["evaluate", "-", "--rules", "1-9s", "--json"], TABLE).0,
        "rule"
    );
    assert_eq!(
        refused(&["evaluate", "-", "--profile", "none", "--json"], TABLE).0,
        "profile"
    );
}

const FIRST: &str = "value\n2.31\n2.45\n2.38\n2.52\n2.29\n2.41\n2.95\n2.36\n2.44\n3.60\n";

#[test]
fn instant_method_charts_sigma_and_patients() {
    let instant = answer(&["instant", "-", "--json"], FIRST);
    let points = instant["points"].as_array().unwrap();
    assert_eq!(points.len(), 8);
    assert_eq!(points[3]["verdict"], "in_control");
    assert_eq!(
        (&points[4]["n"], &points[4]["verdict"]),
        (&json!(7), &json!("out"))
    );
    assert_eq!(
        refused(&["instant", "-", "--json"], "value\n1\n2\n").0,
        "too-few"
    );

    let cusum = answer(
        &[
            "cusum", "-", "--target", "2.4", "--k", "0.05", "--h", "0.3", "--json",
        ],
        FIRST,
    );
    assert_eq!(cusum["signals"][0], json!({"row": 7, "side": "upper"}));
    assert_eq!(cusum["series"][6]["s_plus"], 0.5);
    let ewma = [
        "ewma", "-", "--target", "2.4", "--lambda", "0.3", "--sigma", "0.1", "--limit", "3",
        "--json",
    ];
    assert_eq!(answer(&ewma, FIRST)["signals"][0]["row"], 7);
    let wrong = [
        "ewma", "-", "--target", "2.4", "--lambda", "3", "--sigma", "0.1", "--limit", "3", "--json",
    ];
    assert_eq!(refused(&wrong, FIRST).0, "parameter");

    let sigma = answer(
        &[
            "sigma", "--tea", "10", "--bias", "-2", "--cv", "2", "--json",
        ],
        "",
    );
    assert_eq!(sigma["sigma"], 4.0);
    assert_eq!(sigma["rules"], json!(["1-3s", "2-2s", "R-4s", "4-1s"]));
    assert_eq!(
        refused(
            &["sigma", "--tea", "10", "--bias", "2", "--cv", "0", "--json"],
            ""
        )
        .0,
        "parameter"
    );

    let moving = [
        "pbrtqc",
        "-",
        "--method",
        "moving-average",
        "--block",
        "3",
        "--truncate",
        "2,3",
        "--upper",
        "2.5",
        "--json",
    ];
    let followed = answer(&moving, FIRST);
    assert_eq!(followed["signals"][0]["row"], 7);
    assert_eq!(followed["series"][9]["counted"], Value::Null);
    let shifted = [&moving[..], &["--bias", "20", "--trials", "50"]].concat();
    assert_eq!(answer(&shifted, FIRST)["simulation"][0]["trials"], 50);
    assert_eq!(
        refused(&["pbrtqc", "-", "--method", "bull", "--json"], FIRST).0,
        "parameter"
    );
    let strict = [&moving[..], &["--false-alarms", "-1"]].concat();
    let strict: Vec<&str> = strict
        .into_iter()
        .filter(|word| !["--upper", "2.5"].contains(word))
        .collect();
    assert_eq!(refused(&strict, FIRST).0, "parameter");
}

#[test]
fn wrong_use_is_one_json_line_that_names_what_lacks() {
    let usage = |arguments: &[&str]| {
        let (code, message) = refused(arguments, FIRST);
        assert_eq!(code, "usage");
        assert!(!message.contains('\n'), "{message}");
        message
    };
    assert!(usage(&["instant", "--json"]).contains("<FILE>"));
    let cusum = usage(&["cusum", "-", "--json", "--k", "1"]);
    assert!(
        cusum.contains("--target") && cusum.contains("--h"),
        "{cusum}"
    );
    let boundary = usage(&[
        "evaluate",
        "-",
        "--rules",
        "1-3s",
        "--boundary",
        "soft",
        "--json",
    ]);
    assert!(
        boundary.contains("strict") && boundary.contains("inclusive"),
        "{boundary}"
    );
    assert!(usage(&["nonsense", "--json"]).contains("nonsense"));
}

/// A value beside two equal ones lies as far out as three values can, whatever the digits: see the guide.
#[test]
fn two_equal_values_of_three_are_out_by_the_table() {
    for table in ["value\n5.0\n5.0\n5.1\n", "value\n5\n9\n5\n"] {
        let found = answer(&["instant", "-", "--json"], table);
        assert_eq!(found["points"][0]["verdict"], "out");
    }
    let same = answer(&["instant", "-", "--json"], "value\n5\n5\n5\n");
    assert_eq!(same["points"][0]["verdict"], "in_control");
}
