//! The command line, as scripts use it: the built binary, its output and its exit codes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub fn lifeline(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args(arguments)
        .env_remove("LIFELINE_DATABASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn answer(arguments: &[&str]) -> Value {
    let output = lifeline(arguments, b"");
    assert_eq!(code(&output), 0, "{arguments:?}: {output:?}");
    json(&output)
}

#[track_caller]
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The code of the error document, after checking that it is one line with the three fields.
#[track_caller]
fn error(arguments: &[&str], input: &[u8]) -> String {
    let output = lifeline(arguments, input);
    assert_eq!(code(&output), 2, "{output:?}");
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    let error = &value["error"];
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert!(error.get("at").is_some());
    error["code"].as_str().unwrap().into()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/messages")
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lifeline-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    fn database(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Equal, but that a text of 60 characters or more in `expected` may be the beginning of a longer one.
fn same(path: &str, got: &Value, expected: &Value) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            assert_eq!(
                got.keys().collect::<Vec<_>>(),
                expected.keys().collect::<Vec<_>>(),
                "{path}"
            );
            for (key, value) in expected {
                same(&format!("{path}/{key}"), &got[key], value);
            }
        }
        (Value::Array(got), Value::Array(expected)) => {
            assert_eq!(got.len(), expected.len(), "{path}");
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                same(&format!("{path}/{at}"), got, expected);
            }
        }
        (Value::String(got), Value::String(expected)) if expected.chars().count() >= 60 => {
            assert!(got.starts_with(expected.as_str()), "{path}: {got}");
        }
        _ => assert_eq!(got, expected, "{path}"),
    }
}

#[test]
fn every_sample_message_decodes_to_its_expected_value_from_file_and_standard_input() {
    let text = std::fs::read_to_string(samples().join("expected.json")).unwrap();
    let Value::Object(expected) = serde_json::from_str(&text).unwrap() else {
        panic!("not an object")
    };
    assert!(!expected.is_empty());
    for (name, value) in &expected {
        let file = samples().join(name);
        same(
            name,
            &answer(&["wire", "decode", file.to_str().unwrap(), "--json"]),
            value,
        );
        let bytes = std::fs::read(&file).unwrap();
        let piped = lifeline(&["wire", "decode", "-", "--json"], &bytes);
        same(name, &json(&piped), value);
    }
}

#[test]
fn a_profile_gives_the_domain_reading() {
    let file = samples().join("bg-immucor-echo-abod-screen.astm");
    let file = file.to_str().unwrap();
    let unknown = error(
        &["wire", "decode", file, "--profile", "none", "--json"],
        b"",
    );
    assert_eq!(unknown, "profile");
    let reading = answer(&[
        "wire",
        "decode",
        file,
        "--profile",
        "immucor-echo",
        "--json",
    ]);
    assert!(reading["observations"].is_array() && reading["problems"].is_array());
}

#[test]
fn bad_input_is_told_in_one_line_and_exit_two() {
    assert_eq!(error(&["wire", "decode", "-", "--json"], b""), "unreadable");
    assert_eq!(
        error(&["wire", "decode", "-", "--json"], &[0, 159, 146, 150, 255]),
        "unreadable"
    );
    assert_eq!(
        error(&["wire", "decode", "/no/such/file", "--json"], b""),
        "unreadable"
    );
    assert_eq!(error(&["label", "parse", "?!", "--json"], b""), "scan");
    for wrong in [
        &["wire", "decode", "-", "--protocol", "morse"][..],
        &["label", "parse"],
        &["no-such-command"],
        &["compat", "--component", "plasma"],
    ] {
        let output = lifeline(wrong, b"");
        assert_eq!(code(&output), 2, "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
    let plain = lifeline(&["wire", "decode", "-"], b"");
    assert!(String::from_utf8_lossy(&plain.stderr).starts_with("lifeline: "));
}

#[test]
fn labels_say_what_they_are() {
    let parsed = answer(&[
        "label",
        "parse",
        "=W00002612345600",
        "=%5100",
        "=<E0336V00",
        "--json",
    ]);
    let kinds: Vec<&str> = parsed
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["din", "abo_rhd", "product"]);
    assert_eq!(parsed[0]["din"], "W000026123456");
    assert_eq!(
        (&parsed[1]["abo"], &parsed[1]["rhd"]),
        (&"O".into(), &"positive".into())
    );
    for (din, check) in [
        ("G123498654321", "H"),
        ("G123489654321", "Y"),
        ("W000007123456", "D"),
    ] {
        let output = lifeline(&["label", "check-character", din], b"");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), check);
    }
    assert_eq!(
        error(&["label", "check-character", "W1", "--json"], b""),
        "din"
    );
}

/// Red cells, written from the book: recipient, then every unit that may be given whatever the RhD.
const RED_CELLS: [(&str, &[&str]); 4] = [
    ("O", &["O"]),
    ("A", &["O", "A"]),
    ("B", &["O", "B"]),
    ("AB", &["O", "A", "B", "AB"]),
];

#[test]
fn red_cells_are_compatible_exactly_as_the_book_says() {
    for (recipient, givers) in RED_CELLS {
        for unit in ["O", "A", "B", "AB"] {
            let output = lifeline(
                &[
                    "compat",
                    "--component",
                    "red_cells",
                    "--recipient",
                    &format!("{recipient}+"),
                    "--unit",
                    &format!("{unit}+"),
                    "--json",
                ],
                b"",
            );
            let verdict = json(&output)["verdict"].clone();
            let may = givers.contains(&unit);
            assert_eq!(
                verdict == "incompatible",
                !may,
                "{unit} into {recipient}: {verdict}"
            );
            assert_eq!(code(&output), i32::from(!may), "{unit} into {recipient}");
        }
    }
    let unknown = lifeline(
        &[
            "compat",
            "--component",
            "plasma",
            "--recipient",
            "unknown",
            "--unit",
            "O+",
            "--json",
        ],
        b"",
    );
    assert_eq!(
        (code(&unknown), &json(&unknown)["verdict"]),
        (1, &"incompatible".into())
    );
    let bad = [
        "compat",
        "--component",
        "red_cells",
        "--recipient",
        "C+",
        "--unit",
        "O+",
        "--json",
    ];
    assert_eq!(error(&bad, b""), "group");
}

#[test]
fn a_simulation_says_what_it_checked() {
    let report = answer(&[
        "simulate",
        "histories",
        "--seed",
        "3",
        "--commands",
        "500",
        "--json",
    ]);
    assert_eq!(report["commands"], 500);
    assert!(report["violation"].is_null());
    assert!(report["checks"]["replay equals live"].as_u64() > Some(0));
}

#[test]
fn a_hospital_is_set_up_verified_exported_backed_up_and_found_tampered_with() {
    let folder = Folder::new("journal");
    let database = folder.database("h.sqlite");
    let d = ["--database", database.as_str()];
    let run = |arguments: &[&str], input: &str| {
        let all: Vec<&str> = arguments.iter().chain(&d).copied().collect();
        lifeline(&all, input.as_bytes())
    };
    assert_eq!(code(&run(&["verify"], "")), 2, "no database yet");
    let nameless = run(&["init", "--name", " "], "correct horse battery\n");
    let said = String::from_utf8_lossy(&nameless.stderr).into_owned();
    assert_eq!(code(&nameless), 2);
    assert!(said.contains("bad-value (field = field-name"), "{said}");
    let made = run(&["init", "--name", "管理员"], "correct horse battery\n");
    assert_eq!(code(&made), 0, "{made:?}");
    let twice = run(&["init", "--name", "管理员"], "correct horse battery\n");
    let said = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert!(said.contains("holds a hospital already"), "{said}");

    let add = [
        "user",
        "add",
        "wang",
        "--name",
        "王芳",
        "--roles",
        "technologist,senior",
    ];
    let added = run(&add, "another long password\n");
    assert_eq!(code(&added), 0, "{added:?}");
    assert_eq!(
        code(&run(&add, "another long password\n")),
        1,
        "there is one already"
    );
    assert_eq!(code(&run(&["user", "disable", "wang"], "")), 0);
    assert_eq!(code(&run(&["user", "disable", "nobody"], "")), 1);

    let verified = json(&run(&["verify", "--json"], ""));
    assert_eq!(
        (&verified["sound"], &verified["replay_equals_snapshot"]),
        (&true.into(), &true.into())
    );
    let replayed = json(&run(&["replay", "--json"], ""));
    assert_eq!(replayed["entries"], verified["entries"]);
    assert_eq!(replayed["people"], 3);
    let exported = run(&["export", "journal", "--format", "jsonl"], "");
    let lines = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(
        lines.lines().count() as u64,
        verified["entries"].as_u64().unwrap()
    );
    for line in lines.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["event"].is_object());
    }
    let shown = run(&["policy", "show", "issue.return_within", "--json"], "");
    assert_eq!(json(&shown)[0]["value"]["minutes"], 30);

    // Nothing was done yet: every share is of nothing, and nothing is earned by it.
    let evidence = json(&run(&["evidence", "--json"], ""));
    assert_eq!(evidence["controls"]["indicator"]["whole"], 0);
    assert!(evidence["score"]["Ok"]["award"].is_null());
    let told = run(&["evidence"], "");
    assert!(String::from_utf8_lossy(&told.stdout).contains("of 100: no award"));
    for (from, until, says) in [
        ("2026-12-01", "2026-11-01", "before the first"),
        ("2026-01-01", "9999-12-31", "9999-12-31"),
        ("soon", "2026-12-31", "soon"),
    ] {
        let refused = run(
            &["evidence", "--from", from, "--until", until, "--json"],
            "",
        );
        assert_eq!(code(&refused), 2, "{from} {until}");
        let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }

    let copy = folder.path("copy.sqlite");
    assert_eq!(code(&run(&["backup", &copy], "")), 0);
    let elsewhere = folder.database("elsewhere.sqlite");
    let restored = lifeline(&["restore", &copy, "--database", &elsewhere], b"");
    assert_eq!(code(&restored), 0, "{restored:?}");
    assert_eq!(
        code(&run(&["restore", &copy], "")),
        2,
        "never over a database"
    );
    assert_eq!(
        code(&lifeline(&["verify", "--database", &elsewhere], b"")),
        0
    );

    tamper(&folder.path("elsewhere.sqlite"));
    let found = lifeline(&["verify", "--json", "--database", &elsewhere], b"");
    assert_eq!(code(&found), 1, "{found:?}");
    assert_eq!(json(&found)["sound"], false);
}

/// Changes one letter of a fact in the database file itself: a name in the first entries, and every copy of it.
fn tamper(file: &str) {
    let mut bytes = std::fs::read(file).unwrap();
    let name = "管理员".as_bytes();
    let places: Vec<usize> = bytes
        .windows(name.len())
        .enumerate()
        .filter(|(_, window)| *window == name)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + name.len()].copy_from_slice("冒充者".as_bytes());
    }
    std::fs::write(file, bytes).unwrap();
}
