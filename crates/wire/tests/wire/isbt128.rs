//! Label symbols.

use lifeline_core::blood::{Abo, LabelGroup, RhD};
use lifeline_wire::isbt128::{ScanError, Symbol, code_of, group_of, parse_scan};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parsed(scan: &str) -> Value {
    serde_json::to_value(parse_scan(scan).unwrap_or_else(|e| panic!("{scan}: {e}"))).unwrap()
}

#[test]
fn each_structure_reads_to_its_kind() {
    let cases = [
        (
            "=W00000712345600",
            json!({"kind": "din", "din": "W000007123456", "flags": "00", "check_character": "D"}),
        ),
        (
            "=G12349865432100",
            json!({"kind": "din", "din": "G123498654321", "flags": "00", "check_character": "H"}),
        ),
        // A real Chinese label: numeric facility, flags that are no check value.
        (
            "=410301602203855",
            json!({"kind": "din", "din": "4103016022038", "flags": "55", "check_character": "O"}),
        ),
        (
            "=%5100",
            json!({"kind": "abo_rhd", "abo": "O", "rhd": "positive", "code": "51", "phenotype": "00"}),
        ),
        (
            "=%6200",
            json!({"kind": "abo_rhd", "abo": "A", "rhd": "positive", "code": "62", "phenotype": "00"}),
        ),
        (
            "=%2800",
            json!({"kind": "abo_rhd", "abo": "AB", "rhd": "negative", "code": "28", "phenotype": "00"}),
        ),
        (
            "=%8800",
            json!({"kind": "abo_rhd", "abo": "AB", "rhd": null, "code": "88", "phenotype": "00"}),
        ),
        (
            "=<E5445000",
            json!({"kind": "product", "product": "E5445000", "description": "E5445", "donation_type": "0", "division": "00"}),
        ),
        ("=>026366", json!(null)),
        (
            "=>024366",
            json!({"kind": "expiry", "date": "2024-12-31", "time": null}),
        ),
        (
            "&>0260011359",
            json!({"kind": "expiry", "date": "2026-01-01", "time": "13:59"}),
        ),
        (
            "=*998365",
            json!({"kind": "collection", "date": "1998-12-31", "time": null}),
        ),
        (
            "&*0250601000",
            json!({"kind": "collection", "date": "2025-03-01", "time": "10:00"}),
        ),
        (
            "&(N0008",
            json!({"kind": "special_testing", "code": "N0008"}),
        ),
        (
            "=\\000000000000000000",
            json!({"kind": "antigens", "identifier": "=\\", "code": "000000000000000000"}),
        ),
    ];
    for (scan, expected) in cases {
        if expected.is_null() {
            assert!(parse_scan(scan).is_err(), "{scan}");
        } else {
            assert_eq!(parsed(scan), expected, "{scan}");
        }
    }
}

#[test]
fn chinese_content_comes_through_the_same_door() {
    let cases = [
        ("4103016022038", "din"),
        ("410301602203855", "din"),
        ("W000007123456D", "din"),
        ("P0065H00", "product"),
        ("E0336V00", "product"),
        ("P0147VA0", "product"),
        ("5100", "abo_rhd"),
        ("62", "abo_rhd"),
        ("202612312359", "expiry"),
    ];
    for (scan, kind) in cases {
        assert_eq!(parsed(scan)["kind"], kind, "{scan}");
    }
    assert_eq!(parsed("202612312359")["time"], "23:59");
}

#[test]
fn codes_and_groups_correspond_exactly() {
    let table = [
        ("51", Abo::O, Some(RhD::Positive)),
        ("62", Abo::A, Some(RhD::Positive)),
        ("73", Abo::B, Some(RhD::Positive)),
        ("84", Abo::Ab, Some(RhD::Positive)),
        ("95", Abo::O, Some(RhD::Negative)),
        ("06", Abo::A, Some(RhD::Negative)),
        ("17", Abo::B, Some(RhD::Negative)),
        ("28", Abo::Ab, Some(RhD::Negative)),
        ("55", Abo::O, None),
        ("66", Abo::A, None),
        ("77", Abo::B, None),
        ("88", Abo::Ab, None),
    ];
    let known: Vec<(String, LabelGroup)> = (0..100)
        .map(|n| format!("{n:02}"))
        .filter_map(|c| group_of(&c).map(|g| (c, g)))
        .collect();
    assert_eq!(known.len(), table.len(), "no code but these is read");
    for (code, abo, rhd) in table {
        assert_eq!(group_of(code), Some(LabelGroup { abo, rhd }), "{code}");
        assert_eq!(code_of(LabelGroup { abo, rhd }), Some(code));
    }
    assert!(matches!(
        parse_scan("=%5200"),
        Err(ScanError::UnsupportedGroup { .. })
    ));
}

#[test]
fn pairs_and_compounds() {
    let Symbol::Compound { parts } = parse_scan("=W00000712345600=%5100").unwrap() else {
        panic!("not a pair")
    };
    assert_eq!(parts.len(), 2);
    let Symbol::Compound { parts } = parse_scan("=<E0336V00&>0260012359").unwrap() else {
        panic!("not a pair")
    };
    assert!(matches!(parts[1], Symbol::Expiry(_)));
    let all = "=+04000=W00000712345600=%5100=<E0336V00&>0260012359";
    assert_eq!(parse_scan(all).unwrap().parts().len(), 4);
    assert_eq!(
        parse_scan("]d1=W00000712345600\r\n").unwrap().parts().len(),
        1
    );
    assert_eq!(
        parse_scan("=+03000=W00000712345600=%5100"),
        Err(ScanError::Count {
            expected: 3,
            found: 2
        })
    );
    assert!(matches!(
        parse_scan("=W00000712345600=W00000712345700"),
        Err(ScanError::Repeated { at: 17, .. })
    ));
    assert!(
        parse_scan("=W00000712345600=+02000=%5100").is_err(),
        "a compound header stands first"
    );
}

#[test]
fn nothing_is_read_in_part_or_by_guess() {
    for bad in [
        "",
        "=",
        "&",
        "==",
        "=%",
        "=%51",
        "=%51000",
        "=W000007123456",
        "=W0000071234560",
        "=O00000712345600",
        "=<E0336V0",
        "=<10336V00",
        "=>026000",
        "=>025366",
        "&>0250012460",
        "&>0250012500",
        "&>025001126",
        "202613010000",
        "202602300000",
        "51000",
        "E033",
        "W000007123456Z",
        "hello",
        "献血码",
        "=献血码",
        "=%五一00",
        "52",
        "=?123",
        "=+0",
        "=+xx000=%5100",
    ] {
        assert!(parse_scan(bad).is_err(), "{bad:?} was read");
    }
    assert_eq!(parse_scan(&"=".repeat(5000)), Err(ScanError::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = parse_scan(&text);
    }

    #[test]
    fn any_label_like_text_is_read_or_refused(text in "[=&][=%<>*&({\\\\+A-Z0-9]{0,40}") {
        let _ = parse_scan(&text);
    }

    #[test]
    fn a_group_never_lands_in_a_donation_number(code in "[0-9]{2}", rest in "[0-9]{2}") {
        if let Ok(symbol) = parse_scan(&format!("=%{code}{rest}")) {
            let is_group = matches!(symbol, Symbol::AboRhd { .. });
            prop_assert!(is_group);
        }
    }
}
