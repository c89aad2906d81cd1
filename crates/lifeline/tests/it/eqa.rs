//! External assessment on the command line.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn eqa(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .arg("eqa")
        .args(arguments)
        .arg("--json")
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
    let output = eqa(arguments, input);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn message(arguments: &[&str], input: &str) -> String {
    let output = eqa(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    error["error"]["message"].as_str().unwrap().to_owned()
}

#[track_caller]
fn near(value: &Value, expected: f64, within: f64) {
    let got = value.as_f64().unwrap();
    assert!((got - expected).abs() <= within, "{got} is not {expected}");
}

/// ISO 13528:2022 E.1, "<" deleted.
const DELETED: &str =
    "value\n12\n19\n20\n23\n23\n25\n25\n26\n28\n28\n28\n29\n30\n30\n31\n32\n32\n45\n";

#[test]
fn robust_statistics_of_a_printed_example() {
    let found = answer(
        &["robust", "-", "--method", "algorithm-a", "--stop", "iso"],
        DELETED,
    );
    near(&found["location"], 26.81, 0.005);
    near(&found["scale"], 5.29, 0.005);
    assert_eq!(found["iterations"], 7);
    let found = answer(&["robust", "-", "--method", "algorithm-a"], DELETED);
    near(&found["scale"], 5.294_588_67, 1e-8);
    for (method, scale) in [
        ("qn", 5.4986),
        ("made", 4.4490),
        ("niqr", 4.8185),
        ("q-hampel", 5.6528),
    ] {
        near(
            &answer(&["robust", "-", "--method", method], DELETED)["scale"],
            scale,
            1e-4,
        );
    }
    let equal = answer(
        &["robust", "-", "--method", "algorithm-a"],
        "value\n5\n5\n5\n",
    );
    assert_eq!(
        (&equal["scale"], &equal["degenerate"]),
        (&0.0.into(), &true.into())
    );
}

#[test]
fn scores_keep_u_and_capital_u_apart() {
    let options = [
        "score",
        "-",
        "--x-pt",
        "0.044",
        "--sigma-pt",
        "0.0066",
        "--u-x-pt",
        "0.0041",
    ];
    let found = answer(&options, "lab,x,u,U\nL04,0.013,0.0015,0.003\nL08,0.044,,\n");
    let first = &found["results"][0];
    for (name, value) in [("D%", -70.5), ("PA", -156.6)] {
        near(&first[name], value, 0.051);
    }
    for (name, value) in [
        ("z", -4.70),
        ("z_prime", -3.99),
        ("zeta", -7.10),
        ("En", -3.55),
    ] {
        near(&first[name], value, 0.0051);
    }
    assert_eq!(first["verdicts"]["En"], "action");
    assert_eq!(found["score_to_use"], "z_prime");
    assert!(found["results"][1]["zeta"].is_null());
    // Against an allowed error alone there is no z to use.
    let allowed = ["score", "-", "--x-pt", "1", "--delta-e", "0.3"];
    let used = |u: &str| {
        let found = answer(
            &[&allowed[..], &["--u-x-pt", u]].concat(),
            "lab,x\nL1,1.1\n",
        );
        assert_eq!(found["score_to_use"], "PA");
        found["uncertainty_negligible"].as_bool()
    };
    assert_eq!((used("0.029"), used("0.031")), (Some(true), Some(false)));
}

#[test]
fn items_that_differ_are_not_homogeneous() {
    let alike = "item,a,b\n1,0.185,0.194\n2,0.187,0.189\n3,0.182,0.186\n4,0.188,0.196\n5,0.191,0.181\n\
                 6,0.188,0.180\n7,0.187,0.196\n8,0.177,0.186\n9,0.179,0.187\n10,0.188,0.196\n";
    let found = answer(&["homogeneity", "-", "--sigma-pt", "0.02807"], alike);
    near(&found["s_s"], 0.00060, 5e-6);
    assert_eq!(found["sufficient"], true);
    let apart = eqa(
        &["homogeneity", "-", "--sigma-pt", "1"],
        "a,b\n1,1\n9,9.1\n20,20\n",
    );
    assert_eq!(apart.status.code(), Some(1));
}

#[test]
fn grading_follows_the_table_of_the_day() {
    let screens = "lab,round,sample,item,expected,reported,status\n\
        L1,1,a,screen,+,+,\nL1,1,b,screen,-,-,\nL1,1,c,screen,-,-,\nL1,1,d,screen,+,+,\nL1,1,e,screen,+,-,\n\
        L2,1,a,screen,+,+,late\nL2,2,a,screen,+,,absent\n";
    let of = |on: &str| answer(&["grade", "-", "--table", "clia", "--on", on], screens);
    let before = of("2024-06-01");
    assert_eq!(before["results"][0]["satisfactory"], true, "80 % sufficed");
    let after = of("2025-06-01");
    assert_eq!(
        after["results"][0]["satisfactory"], false,
        "100 % is asked for"
    );
    near(&after["results"][0]["score"], 80.0, 0.0);
    assert_eq!(
        after["results"][0]["items"]["screen"]["errors"]["e"],
        "false_negative"
    );
    near(&after["results"][1]["score"], 0.0, 0.0);
    assert_eq!(after["performance"][1]["standing"], "unsuccessful_in_a_row");
}

#[test]
fn a_titre_is_compared_with_the_median_of_all() {
    let titres = "lab,sample,item,expected,reported\nA,1,titre,median,32\nB,1,titre,median,64\nC,1,titre,median,64\nD,1,titre,median,512\n";
    let found = answer(&["grade", "-", "--table", "china"], titres);
    let good: Vec<bool> = (0..4)
        .map(|at| found["results"][at]["satisfactory"].as_bool().unwrap())
        .collect();
    assert_eq!(good, [true, true, true, false]);
}

#[test]
fn bad_input_names_row_and_field() {
    let robust = |input: &str| message(&["robust", "-", "--method", "qn"], input);
    assert!(robust("value\n1\nx\n").contains("row 2, value"));
    assert!(robust("value\n1\n\"\"\n").contains("value") || !robust("value\n1\n").is_empty());
    assert!(robust("other\n1\n").contains("value"));
    let spread = |input: &str| message(&["robust", "-", "--method", "algorithm-s"], input);
    assert!(spread("sd,df\n1,3\n2,4\n").contains("row 2, df"));
    assert!(spread("sd,df\n-1,3\n").contains("row 1, sd"));
    let score = |input: &str| message(&["score", "-", "--x-pt", "1", "--sigma-pt", "1"], input);
    assert!(score("lab,x\nL1,\n").contains("row 1, x"));
    assert!(score("lab,x,u\nL1,1,-2\n").contains("row 1, u"));
    assert!(
        message(
            &["score", "-", "--x-pt", "1", "--sigma-pt", "0"],
            "lab,x\nL,1\n"
        )
        .contains("sigma-pt")
    );
    for name in ["--sigma-pt", "--delta-e", "--u-x-pt", "--U-x-pt"] {
        let told = message(&["score", "-", "--x-pt", "1", name, "-1"], "lab,x\nL,1\n");
        assert!(told.starts_with(&name[2..]), "{told}");
    }
    let grade = |input: &str| message(&["grade", "-", "--table", "clia"], input);
    assert!(grade("item,expected,reported\nglucose,1,1\n").contains("row 1, item"));
    assert!(grade("item,expected,reported\nabo,,A\n").contains("row 1, expected"));
    assert!(grade("item,expected,reported,status\nabo,A,A,soon\n").contains("row 1, status"));
    assert!(message(&["grade", "-", "--table", "nowhere"], "item\n").contains("table"));
}

#[test]
fn a_scheme_from_codes_to_reports() {
    let folder = std::env::temp_dir().join(format!("lifeline-scheme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(
        path("scheme.json"),
        r#"{"round": "2026-1", "closes": "2026-06-30T17:00:00+08:00", "table": "china", "labs": ["L1", "L2", "L3", "L4"],
            "panel": {"1": {"abo": "A"}, "2": {"abo": "O"}}, "measured": {"haemoglobin": {"sigma_pt": 2.0}}}"#,
    )
    .unwrap();
    let codes = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args([
            "eqa",
            "scheme",
            "codes",
            &path("scheme.json"),
            "--seed",
            "7",
        ])
        .output()
        .unwrap();
    let codes = String::from_utf8(codes.stdout).unwrap();
    std::fs::write(path("codes.csv"), &codes).unwrap();
    assert_eq!(codes.lines().count(), 9);
    let mut results = String::from("lab,code,item,reported,received\n");
    for line in codes.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [lab, sample, code] = cells[..] else {
            panic!("{line}");
        };
        let day = match lab {
            "L4" => continue,
            "L3" => "2026-07-01",
            _ => "2026-06-20",
        };
        let group = match (lab, sample) {
            ("L2", "2") => "B",
            (_, "2") => "O",
            _ => "A",
        };
        let haemoglobin = if lab == "L2" { "121" } else { "119" };
        results += &format!("{lab},{code},abo,{group},{day}T09:00:00+08:00\n");
        results += &format!("{lab},{code},haemoglobin,{haemoglobin},{day}T09:00:00+08:00\n");
    }
    std::fs::write(path("in.csv"), &results).unwrap();
    let score = |results: &str| {
        let arguments = [
            "scheme",
            "score",
            &path("scheme.json"),
            "--codes",
            &path("codes.csv"),
            "--results",
            results,
            "--reports",
            &path("reports"),
        ];
        eqa(&arguments, "")
    };
    let output = score(&path("in.csv"));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |at: usize, name: &str| found["results"][at][name].clone();
    let satisfactory: Vec<Value> = (0..4).map(|at| of(at, "satisfactory")).collect();
    assert_eq!(satisfactory, [true, false, false, false]);
    assert_eq!(
        (of(2, "submitted"), of(3, "submitted")),
        ("late".into(), "absent".into())
    );
    near(&found["assigned"][0]["x_pt"], 120.0, 1e-9);
    let report = std::fs::read_to_string(path("reports/0002.md")).unwrap();
    assert!(report.contains("L2") && report.contains("unsatisfactory"));
    // A code of one laboratory in the hands of another.
    let stolen = results.replacen("\nL1,", "\nL2,", 1);
    std::fs::write(path("stolen.csv"), stolen).unwrap();
    let output = score(&path("stolen.csv"));
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("row 1, code")
    );
    std::fs::remove_dir_all(folder).unwrap();
}
