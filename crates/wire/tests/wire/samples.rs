//! Every published sample decodes to its expected value, and no damage to one makes a decoder panic or lie silently.

use std::path::PathBuf;

use lifeline_wire::Limits;
use lifeline_wire::decode::{Protocol, decode, detect};
use lifeline_wire::hl7::mllp;
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/messages")
}

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let Value::Object(map) = serde_json::from_str(&text).unwrap() else {
        panic!("not an object")
    };
    map
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// Equal, but that a text of 60 characters or more in `expected` may be the beginning of a longer one.
fn same(path: &str, got: &Value, expected: &Value) {
    match (got, expected) {
        (Value::Object(g), Value::Object(e)) => {
            assert_eq!(
                g.keys().collect::<Vec<_>>(),
                e.keys().collect::<Vec<_>>(),
                "keys at {path}"
            );
            for (key, value) in e {
                same(&format!("{path}/{key}"), &g[key], value);
            }
        }
        (Value::Array(g), Value::Array(e)) => {
            assert_eq!(g.len(), e.len(), "length at {path}");
            for (i, (g, e)) in g.iter().zip(e).enumerate() {
                same(&format!("{path}/{i}"), g, e);
            }
        }
        (Value::String(g), Value::String(e)) if e.chars().count() >= 60 => {
            assert!(
                g.starts_with(e.as_str()),
                "at {path}: {g} does not begin with {e}"
            );
        }
        _ => assert_eq!(got, expected, "at {path}"),
    }
}

#[test]
fn every_sample_decodes_to_its_expected_value() {
    let expected = expected();
    assert_eq!(expected.len(), 13);
    for (name, value) in &expected {
        let got = decode(&sample(name), Protocol::Auto, &Limits::default()).unwrap();
        same(name, &got.value, value);
    }
}

#[test]
fn the_protocol_is_found_framed_or_not() {
    for name in expected().keys() {
        let bytes = sample(name);
        let protocol = if name.ends_with("hl7") {
            Protocol::Hl7
        } else {
            Protocol::Astm
        };
        assert_eq!(detect(&bytes), Some(protocol), "{name}");
        if protocol == Protocol::Hl7 {
            let framed = mllp::frame(&mllp::Config::default(), &bytes);
            assert_eq!(detect(&framed), Some(protocol), "{name} framed");
            let (plain, framed) = (value(&bytes), value(&framed));
            assert_eq!(plain, framed, "{name}");
        } else if !name.ends_with("bin") {
            let text: Vec<u8> = bytes
                .iter()
                .map(|b| if *b == b'\n' { b'\r' } else { *b })
                .collect();
            let framed: Vec<u8> = [
                vec![5],
                lifeline_wire::astm::lis1::split(&text, 240).concat(),
                vec![4],
            ]
            .concat();
            let framed = value(&framed).unwrap();
            assert_eq!(
                framed["messages"],
                value(&bytes).unwrap()["messages"],
                "{name}"
            );
            assert_eq!(framed["checksum_mismatches"], serde_json::json!([]));
            let bare = value(&[&[2], text.as_slice(), &[3]].concat()).unwrap();
            assert_eq!(
                bare["messages"], framed["messages"],
                "{name} between STX and ETX"
            );
        }
    }
    assert_eq!(detect(b"hello world"), None);
    assert_eq!(detect(b""), None);
}

fn value(bytes: &[u8]) -> Option<Value> {
    decode(bytes, Protocol::Auto, &Limits::default())
        .ok()
        .map(|d| d.value)
}

#[test]
fn every_prefix_of_every_sample_decodes_or_is_refused() {
    for name in expected().keys() {
        let bytes = sample(name);
        // Each prefix of the short ones, a thousand of the long ones.
        let step = bytes.len() / 1000 + 1;
        for end in (0..bytes.len()).step_by(step) {
            let cut = &bytes[..end];
            for protocol in [Protocol::Auto, Protocol::Astm, Protocol::Hl7] {
                if let Ok(read) = decode(cut, protocol, &Limits::default()) {
                    assert!(
                        read.notes.iter().all(|n| n.at <= end),
                        "{name} cut at {end}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_flipped_byte_in_a_framed_sample_is_seen() {
    let bytes = sample("nat-abbott-m2000-session-framed.bin");
    let whole = decode(&bytes, Protocol::Auto, &Limits::default()).unwrap();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x02, 0x10, 0x20, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(read) = decode(&damaged, Protocol::Auto, &Limits::default()) {
                let told = read.notes.len() > whole.notes.len()
                    || read.value["checksum_mismatches"] != serde_json::json!([]);
                assert!(
                    read.value == whole.value || told,
                    "byte {at} flipped by {flip:#x} changes the reading silently"
                );
            }
        }
    }
}

#[test]
fn a_flipped_byte_in_any_sample_does_no_harm() {
    for name in expected().keys() {
        let bytes = sample(name);
        let step = bytes.len() / 500 + 1;
        for at in (0..bytes.len()).step_by(step) {
            for flip in [0x01, 0x7F, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                let _ = decode(&damaged, Protocol::Auto, &Limits::default());
            }
        }
    }
}
