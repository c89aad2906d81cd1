//! Against the outputs of PyPI `pt13528`: the committed sample, or the file that `LIFELINE_PT13528` names (see
//! `tests/oracles/pt13528`).

use super::*;

const SAMPLE: &str = include_str!("../../../tests/data/pt13528.tsv");

fn numbers(text: &str) -> Vec<f64> {
    text.split(',').map(|part| part.parse().unwrap()).collect()
}

/// Relative to the value itself, or to `size` where the value may be near zero by cancellation.
#[track_caller]
fn agrees(what: &str, got: f64, expected: f64, size: f64, line: usize) {
    let scale = expected.abs().max(size);
    assert!(
        (got - expected).abs() <= 1e-9 * scale,
        "line {line}, {what}: {got:e} against {expected:e}"
    );
}

#[test]
fn agrees_with_pt13528() {
    let named = std::env::var("LIFELINE_PT13528").ok();
    let text = named.map_or(SAMPLE.to_owned(), |path| {
        std::fs::read_to_string(path).unwrap()
    });
    let (mut compared, mut undefined) = (0, 0);
    for (at, line) in text.lines().enumerate() {
        let line_number = at + 1;
        if line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            values,
            basic,
            converged,
            iso,
            freedom,
            s_converged,
            s_iso,
            items,
        ] = fields[..]
        else {
            panic!("line {line_number} has {} fields", fields.len());
        };
        let values = numbers(values);
        let basic = numbers(basic);
        let both = q_hampel(&values).unwrap();
        let got = [
            median(&values).unwrap(),
            made(&values).unwrap(),
            niqr(&values).unwrap(),
            qn(&values).unwrap(),
            both.scale,
            both.location,
            deviation_from_median(&values).unwrap(),
        ];
        let names = ["median", "made", "niqr", "qn", "q", "hampel", "small"];
        for ((name, got), expected) in names.iter().zip(got).zip(&basic) {
            let size = if *name == "hampel" { both.scale } else { 0.0 };
            agrees(name, got, *expected, size, line_number);
        }
        for (name, stop, expected) in [
            ("A converged", Stop::Converged, converged),
            ("A iso", Stop::Iso, iso),
        ] {
            if expected == "open" {
                continue;
            }
            let expected = numbers(expected);
            let got = algorithm_a(&values, stop).unwrap();
            // Where x* goes to exactly zero its figures are those of the rounding: C.3.1 then says nothing about when to stop.
            let apart = (got.scale - expected[1]).abs() > 1e-9 * expected[1];
            if apart && stop == Stop::Iso && expected[0].abs() < 1e-12 * expected[1] {
                close(got.scale / expected[1], 1.0, 1e-3);
                undefined += 1;
                continue;
            }
            agrees(name, got.scale, expected[1], 0.0, line_number);
            agrees(name, got.location, expected[0], got.scale, line_number);
            assert_eq!(got.degenerate, expected[1] == 0.0, "line {line_number}");
        }
        let spreads: Vec<f64> = values.iter().map(|value| value.abs()).collect();
        let freedom = freedom.parse().unwrap();
        for (stop, expected) in [(Stop::Converged, s_converged), (Stop::Iso, s_iso)] {
            if expected == "open" {
                continue;
            }
            let got = algorithm_s(&spreads, freedom, stop).unwrap();
            agrees("S", got.scale, numbers(expected)[0], 0.0, line_number);
        }
        let (items, expected) = items.split_once('|').unwrap();
        let items: Vec<Vec<f64>> = items.split(';').map(numbers).collect();
        let expected = numbers(expected);
        let got = homogeneity(&items, Limit::SigmaPt(expected[0])).unwrap();
        agrees("s_x", got.s_x, expected[1], 0.0, line_number);
        agrees("s_w", got.s_w, expected[2], 0.0, line_number);
        // A difference of two nearly equal squares.
        agrees("s_s", got.s_s, expected[3], got.s_x * 1e-3, line_number);
        agrees(
            "criterion",
            got.expanded_criterion,
            expected[4],
            0.0,
            line_number,
        );
        compared += 1;
    }
    assert!(compared >= 250, "{compared} sets compared");
    assert!(
        undefined * 1000 <= compared,
        "{undefined} of {compared} without a defined stop"
    );
    println!("{compared} sets compared, {undefined} of them without a defined stop of C.3.1");
}
