//! What an installation's doctor sees, and changing policies, accounts and devices from the console.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use lifeline_journal::Journal;
use lifeline_journal::testing::{TestFolder, TestPostgres};
use serde_json::{Value, json};

use crate::cli::{code, json, lifeline};
use crate::server::{PASSWORD, Server, init};

/// A hospital with two people who may change policies: the administrator proposes, a head activates.
fn hospital(database: &str) {
    init(database);
    let head = [
        "--name",
        "刘建国",
        "--roles",
        "head",
        "--database",
        database,
        "--json",
    ];
    let added = lifeline(
        &[&["user", "add", "liu"], &head[..]].concat(),
        b"a head's long password\n",
    );
    assert_eq!(
        (code(&added), json(&added)),
        (0, json!({"done": true})),
        "{added:?}"
    );
}

#[track_caller]
fn check<'a>(report: &'a Value, what: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks
        .iter()
        .find(|check| check["what"] == what)
        .unwrap_or_else(|| panic!("{what}: {report}"))
}

#[test]
fn a_sound_installation_is_sound_and_what_is_wrong_is_named_with_what_to_do() {
    let folder = TestFolder::new().unwrap();
    let database = folder.sqlite_url();
    let doctor = |more: &[&str]| {
        let base = [
            "doctor",
            "--json",
            "--database",
            &database,
            "--listen",
            "127.0.0.1:0",
        ];
        lifeline(&[&base, more].concat(), b"")
    };
    let none = doctor(&[]);
    assert_eq!(code(&none), 1);
    let report = json(&none);
    assert_eq!(
        (&report["sound"], &check(&report, "database")["state"]),
        (&false.into(), &"bad".into())
    );
    assert!(
        check(&report, "database")["todo"]
            .as_str()
            .unwrap()
            .contains("lifeline init")
    );

    hospital(&database);
    let well = doctor(&[]);
    let report = json(&well);
    assert_eq!(
        (code(&well), &report["sound"]),
        (0, &true.into()),
        "{report}"
    );
    for what in [
        "configuration",
        "database",
        "clock",
        "disk",
        "pages",
        "certificates",
    ] {
        assert_ne!(check(&report, what)["state"], "bad");
    }
    assert_eq!(
        check(&report, "device links")["state"],
        "warning",
        "none is configured"
    );
    let plain = lifeline(
        &["doctor", "--database", &database, "--listen", "127.0.0.1:0"],
        b"",
    );
    let text = String::from_utf8(plain.stdout).unwrap();
    assert!(
        text.contains("ok      database") && text.contains("-> "),
        "{text}"
    );

    // A machine nobody registered, a profile that is none, a machine that does not answer, a serial port that is not there.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let config = folder.path().join("lifeline.toml");
    for (link, word) in [
        (
            format!("profile = \"immucor-echo\"\nlisten = \"{free}\""),
            "not registered",
        ),
        (
            format!("profile = \"../secret\"\nlisten = \"{free}\""),
            "letters, digits",
        ),
    ] {
        std::fs::write(
            &config,
            format!("[link.echo]\ndevice = \"echo-1\"\n{link}\n"),
        )
        .unwrap();
        let found = doctor(&["--config", config.to_str().unwrap()]);
        let report = json(&found);
        assert_eq!(code(&found), 1, "{report}");
        assert!(
            check(&report, "device links")["found"]
                .as_str()
                .unwrap()
                .contains(word),
            "{report}"
        );
        assert!(
            !check(&report, "device links")["todo"]
                .as_str()
                .unwrap()
                .is_empty()
        );
    }
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let found = lifeline(
        &[
            "doctor",
            "--json",
            "--database",
            &database,
            "--listen",
            &address,
        ],
        b"",
    );
    assert_eq!(
        (code(&found), &check(&json(&found), "pages")["state"]),
        (1, &"bad".into())
    );

    std::fs::write(&config, "listen = 8080\n").unwrap();
    let report = json(&doctor(&["--config", config.to_str().unwrap()]));
    assert_eq!(check(&report, "configuration")["state"], "bad");

    // While a server runs, its own address in use is no fault, and what is registered is called.
    let server = Server::start(&database, "one");
    let register = json!({"register-device": {
        "device": "echo-1", "name": "Echo", "profile": "immucor-echo", "serial": "M0002",
    }});
    let answer = server
        .caller()
        .send(uuid::Uuid::now_v7(), &register)
        .unwrap();
    assert_eq!(answer.0, 200);
    let found = lifeline(
        &[
            "doctor",
            "--json",
            "--database",
            &database,
            "--listen",
            &address,
        ],
        b"",
    );
    assert_eq!(check(&json(&found), "pages")["state"], "good", "{found:?}");
    for (line, state) in [
        (format!("connect = \"{free}\""), "bad"),
        (format!("connect = \"{address}\""), "good"),
        ("serial = \"/dev/no-such-port\"".to_owned(), "bad"),
        (
            format!("listen = \"{free}\"\nserial = \"/dev/null\""),
            "bad",
        ),
    ] {
        let text =
            format!("[link.echo]\ndevice = \"echo-1\"\nprofile = \"immucor-echo\"\n{line}\n");
        std::fs::write(&config, text).unwrap();
        let report = json(&doctor(&["--config", config.to_str().unwrap()]));
        assert_eq!(
            check(&report, "device links")["state"],
            state,
            "{line}: {report}"
        );
    }
}

#[test]
fn the_journal_is_verified_and_replayed_on_postgres_too() {
    let server = TestPostgres::start().unwrap();
    let database = server.url("postgres");
    hospital(&database);
    let d = ["--database", database.as_str(), "--json"];
    let run = |arguments: &[&str]| lifeline(&[arguments, &d].concat(), b"");
    let verified = run(&["verify"]);
    let report = json(&verified);
    assert_eq!(code(&verified), 0, "{verified:?}");
    assert_eq!(
        (&report["sound"], &report["replay_equals_snapshot"]),
        (&true.into(), &true.into())
    );
    let replayed = json(&run(&["replay"]));
    assert_eq!(
        (&replayed["entries"], &replayed["people"]),
        (&report["entries"], &3.into())
    );
    let exported = run(&["export", "journal"]);
    let lines = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(
        Some(lines.lines().count() as u64),
        report["entries"].as_u64()
    );

    // Somebody with the database's own rights changes one fact behind the journal's back.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let journal = Journal::open(&database).await.unwrap();
        let client = journal.postgres().unwrap().pool().get().await.unwrap();
        let sql = "ALTER TABLE journal DISABLE TRIGGER journal_no_change;
            UPDATE journal SET body = replace(body, '刘建国', '冒充者')";
        client.batch_execute(sql).await.unwrap();
    });
    let found = run(&["verify"]);
    assert_eq!(
        (code(&found), &json(&found)["sound"]),
        (1, &false.into()),
        "{found:?}"
    );
    let refused = run(&["backup", "/dev/null/copy"]);
    assert_eq!(code(&refused), 2, "PostgreSQL has its own tools");
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.starts_with("{\"error\""), "{text}");
}

#[test]
fn a_policy_changes_by_two_people_from_the_console() {
    let folder = TestFolder::new().unwrap();
    let database = folder.sqlite_url();
    hospital(&database);
    let d = ["--database", database.as_str(), "--json"];
    let run =
        |arguments: &[&str], input: &str| lifeline(&[arguments, &d].concat(), input.as_bytes());
    let propose = |value: &str, password: &str| {
        let arguments = [
            "policy",
            "propose",
            "issue.return_within",
            value,
            "--source",
            "科室规定 2026",
            "--reason",
            "夏季缩短",
            "--by",
            "admin",
        ];
        run(&arguments, &format!("{password}\n"))
    };
    let in_force = || {
        let shown = json(&run(&["policy", "show", "issue.return_within"], ""));
        let versions = shown.as_array().unwrap();
        versions.last().unwrap()["value"]["minutes"].clone()
    };
    assert_eq!(
        code(&propose("{\"minutes\": 20}", "not the password")),
        2,
        "nobody acts for another"
    );
    assert_eq!(code(&propose("twenty", PASSWORD)), 2, "unreadable");
    let wrong = propose("{\"flag\": true}", PASSWORD);
    assert_eq!(
        (code(&wrong), &json(&wrong)["done"]),
        (1, &false.into()),
        "of another kind"
    );
    let made = propose("{\"minutes\": 20}", PASSWORD);
    assert_eq!(code(&made), 0, "{made:?}");
    let proposal = json(&made)["proposal"].as_str().unwrap().to_owned();
    assert_eq!(in_force(), 30, "proposed is not in force");

    let activate = |who: &str, password: &str| {
        run(
            &["policy", "activate", &proposal, "--by", who],
            &format!("{password}\n"),
        )
    };
    assert_eq!(code(&activate("admin", PASSWORD)), 1, "not by its proposer");
    assert_eq!(in_force(), 30);
    let done = activate("liu", "a head's long password");
    assert_eq!(
        (code(&done), json(&done)),
        (0, json!({"done": true})),
        "{done:?}"
    );
    assert_eq!(in_force(), 20);
    assert_eq!(
        code(&activate("liu", "a head's long password")),
        1,
        "it is settled"
    );
}

#[test]
fn a_password_set_at_the_console_opens_the_door_and_the_old_one_does_not() {
    let folder = TestFolder::new().unwrap();
    let database = folder.sqlite_url();
    hospital(&database);
    let d = ["--database", database.as_str(), "--json"];
    let set = |who: &str, password: &str| {
        lifeline(
            &[&["user", "passwd", who], &d[..]].concat(),
            format!("{password}\n").as_bytes(),
        )
    };
    assert_eq!(
        code(&set("nobody", "a long enough password")),
        1,
        "there is no such account"
    );
    assert_eq!(code(&set("liu", "short")), 2, "too short");
    let done = set("liu", "quite another long password");
    assert_eq!(
        (code(&done), json(&done)),
        (0, json!({"done": true})),
        "{done:?}"
    );
    let propose = |password: &str| {
        let arguments = [
            "policy",
            "propose",
            "issue.return_within",
            "{\"minutes\": 25}",
            "--source",
            "科室规定",
            "--reason",
            "试行",
            "--by",
            "liu",
        ];
        code(&lifeline(
            &[&arguments[..], &d].concat(),
            format!("{password}\n").as_bytes(),
        ))
    };
    assert_eq!(propose("a head's long password"), 2);
    assert_eq!(propose("quite another long password"), 0);
}

/// Takes one transfer at the other end of an ASTM line and gives back its frames.
fn taken(listener: &TcpListener, mut meet: impl FnMut(&mut TcpStream)) -> Vec<u8> {
    let (mut line, _) = listener.accept().unwrap();
    let mut frames = Vec::new();
    let mut byte = [0];
    loop {
        if line.read(&mut byte).unwrap() == 0 {
            return frames;
        }
        match byte[0] {
            5 => {
                meet(&mut line);
                line.write_all(&[6]).unwrap();
            }
            4 => return frames,
            b'\n' => {
                frames.push(b'\n');
                // A sender that was told to fall silent may be gone already.
                if line.write_all(&[6]).is_err() {
                    return frames;
                }
            }
            other => frames.push(other),
        }
    }
}

#[test]
fn a_message_is_sent_from_either_end_of_the_line_and_damaged_on_purpose() {
    let text = b"H|\\^&|||LIS|||||Echo|||LIS2-A2|20261122140243\rP|1\rO|1|S1||^^^Screen|R\rL|1|N\r";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let send = |more: &[&str]| {
        let all = [&["wire", "send", "-", "--to", &to, "--json"], more].concat();
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| lifeline(&all, text));
            let frames = taken(&listener, |_| {});
            (sending.join().unwrap(), frames)
        })
    };
    for role in ["host", "instrument"] {
        let (output, frames) = send(&["--role", role]);
        assert_eq!(
            (code(&output), json(&output)),
            (0, json!({"sent": 1, "taken": true})),
            "{role}"
        );
        let read = lifeline_wire::astm::deframe::deframe(&frames);
        assert_eq!(read.text, text, "{role}");
    }
    let (_, frames) = send(&["--faults", "flip-bit"]);
    let damaged = lifeline_wire::astm::deframe::deframe(&frames);
    assert!(
        damaged.text != text || !damaged.notes.is_empty(),
        "one bit is wrong"
    );
    let (output, frames) = send(&["--faults", "truncate"]);
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(frames.len() < text.len(), "it broke off");

    let nobody = lifeline(
        &["wire", "send", "-", "--to", "127.0.0.1:1", "--json"],
        text,
    );
    assert_eq!(code(&nobody), 2);
    let garbage = lifeline(&["wire", "send", "-", "--to", &to, "--json"], b"hello");
    assert_eq!(code(&garbage), 2);
}

/// Where both want to send, the instrument goes first (LIS01-A2 8.2.7.1): a host that hears ENQ to its own ENQ lets it speak.
#[test]
fn a_host_yields_to_an_instrument_that_wants_to_send() {
    let text = b"H|\\^&|||LIS\rL|1|N\r";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            lifeline(
                &["wire", "send", "-", "--to", &to, "--role", "host", "--json"],
                text,
            )
        });
        let mut contended = false;
        let frames = taken(&listener, |line| {
            if std::mem::replace(&mut contended, true) {
                return;
            }
            line.write_all(&[5]).unwrap();
            // The instrument waits a second before it asks again; the host must now listen.
            std::thread::sleep(std::time::Duration::from_millis(1200));
            line.write_all(&[5]).unwrap();
            let mut answer = [0];
            loop {
                line.read_exact(&mut answer).unwrap();
                if answer == [6] {
                    break;
                }
                assert_ne!(answer, [21], "it must not refuse");
            }
            line.write_all(&[4]).unwrap();
            // Then it is the host's turn again.
            line.read_exact(&mut answer).unwrap();
            assert_eq!(answer, [5]);
        });
        let output = sending.join().unwrap();
        assert_eq!(code(&output), 0, "{output:?}");
        assert_eq!(lifeline_wire::astm::deframe::deframe(&frames).text, text);
    });
}
