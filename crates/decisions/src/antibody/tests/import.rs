//! Bad panels are refused with row and column.

use lifeline_core::identification::haplotypes;

use super::*;

#[track_caller]
fn refused(text: &str, said: &[&str]) {
    let error = parse(text).unwrap_err().to_string();
    for part in said {
        assert!(error.contains(part), "{error:?} does not say {part:?}");
    }
}

#[test]
fn errors_name_row_and_column() {
    refused("", &["empty"]);
    refused("label,D,rx_IS\nrr,0,0", &["\"cell\"", "missing"]);
    refused("cell,label,rx_IS\n1,rr,0", &["antigen", "missing"]);
    refused("cell,label,Fyx,rx_IS\n1,rr,1,0", &["\"Fyx\""]);
    refused("cell,label,D,D,rx_IS\n1,rr,1,0,0", &["\"D\"", "twice"]);
    refused(
        "cell,label,Fya,Fy(a),rx_IS\n1,rr,1,0,0",
        &["\"Fy(a)\"", "twice"],
    );
    refused("cell,D,rx_IS\n1,0,0\n1,1,0", &["row 3", "\"1\"", "twice"]);
    refused("cell,D,rx_IS\n,0,0", &["row 2", "cell"]);
    refused("cell,D,rx_IS\n1,0", &["row 2", "2 fields", "3"]);
    refused(
        "cell,D,K,rx_IS\n1,0,0,0\n2,0,7,0",
        &["row 3", "\"2\"", "\"K\"", "\"7\""],
    );
    refused("cell,D,rx_IS\n1,0,5+", &["row 2", "\"rx_IS\"", "\"5+\""]);
    refused(
        "cell,label,C,c,rx_IS\n1,rr,0,0,0",
        &["row 2", "\"C\"", "\"c\""],
    );
    refused(
        "cell,label,E,e,rx_IS\n1,x,0,0,0",
        &["row 2", "\"E\"", "\"e\""],
    );
    refused(
        "cell,label,K,k,rx_IS\n1,x,1,0,0\n9,x,0,0,0",
        &["row 3", "\"9\"", "\"K\"", "\"k\""],
    );
    refused("cell,D,rx_IS\nAC,,0", &["no cell"]);
    let many: String = (0..=200).map(|n| format!("{n},0,0\n")).collect();
    refused(&format!("cell,D,rx_IS\n{many}"), &["more than 200"]);
}

#[test]
fn null_cells_may_lack_both() {
    assert!(parse("cell,label,D,C,c,E,e,rx_IS\n1,Rhnull,0,0,0,0,0,0\n2,D--,1,0,0,0,0,0").is_ok());
    assert!(parse("cell,label,K,k,rx_IS\n1,K0,0,0,0").is_ok());
}

#[test]
fn files_as_spreadsheets_write_them_are_read() {
    let panel =
        parse("\u{feff}cell,label,\"Fy(a)\",Fy^b,rx_AHG\r\n\"A,1\",r\"r,1,,2+\r\n\r\nAC,,,,0\r\n")
            .unwrap();
    assert_eq!(panel.cells[0].id, "A,1");
    assert_eq!(panel.cells[0].label, "r\"r");
    assert_eq!(panel.antigens, named("Fya Fyb"));
    assert_eq!(panel.autocontrol_reactive(), Some(false));
}

#[test]
fn labels_are_read_in_their_usual_spellings() {
    let pairs = [
        ("R1R1", "R1", "R1"),
        ("R1wR1", "R1w", "R1"),
        ("r'r", "r'", "r"),
        ("r''r", "r''", "r"),
        ("r\"r", "r''", "r"),
        ("R1/R2", "R1", "R2"),
        ("R₁r", "R1", "r"),
        ("R0 r", "R0", "r"),
        ("ryr", "ry", "r"),
        ("rr", "r", "r"),
    ];
    for (label, one, other) in pairs {
        assert_eq!(
            haplotypes(label),
            Some((one.into(), other.into())),
            "{label}"
        );
    }
    for label in ["", "r", "autocontrol", "123", "Rhnull", "'", "é"] {
        assert_eq!(haplotypes(label), None, "{label}");
    }
}

#[test]
fn every_cell_of_the_sample_agrees_with_its_label() {
    assert_eq!(parse(ANTIGRAM).unwrap().doubts, []);
}
