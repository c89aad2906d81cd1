//! Statistics against certified and recomputed figures.

use lifeline_qc::Decimal;
use lifeline_qc::Status;
use lifeline_qc::statistics::{Moments, autocorrelation, median, pooled_sd};
use lifeline_qc::targets::{Month, TargetError, new_lot, provisional, uncertainty};

use crate::vectors::number;

pub fn close(found: f64, expected: f64, relative: f64) {
    let off = (found - expected).abs();
    assert!(
        off <= relative * expected.abs().max(1e-300),
        "{found} is not {expected}"
    );
}

fn numbers(text: &str) -> Vec<Decimal> {
    text.split_whitespace().map(number).collect()
}

fn check(values: &[Decimal], mean: f64, sd: f64, r1: f64, relative: f64) {
    let moments = Moments::of(values);
    close(moments.mean().unwrap(), mean, 1e-15);
    close(moments.sd().unwrap(), sd, relative);
    // What all values have in common cancels in a correlation; it is taken off in decimals, as the caller of a chart does.
    let first = values[0];
    let scale = values.iter().map(|value| value.scale()).max().unwrap();
    let whole = |value: &Decimal| value.mantissa() * 10_i128.pow(u32::from(scale - value.scale()));
    let off: Vec<f64> = values
        .iter()
        .map(|value| (whole(value) - whole(&first)) as f64)
        .collect();
    close(autocorrelation(&off).unwrap(), r1, 1e-9);
}

/// NIST Statistical Reference Datasets, univariate: NumAcc1 to 4.
#[test]
fn nist_numerical_accuracy() {
    check(
        &numbers("10000001 10000003 10000002"),
        10_000_002.0,
        1.0,
        -0.5,
        1e-15,
    );
    for (centre, mean) in [
        ("1.2", 1.2),
        ("1000000.2", 1_000_000.2),
        ("10000000.2", 10_000_000.2),
    ] {
        let around = centre.strip_suffix('2').unwrap();
        let mut values = vec![number(centre)];
        for _ in 0..500 {
            values.push(number(&format!("{around}1")));
            values.push(number(&format!("{around}3")));
        }
        check(&values, mean, 0.1, -0.999, 1e-14);
    }
}

/// NIST StRD Michelso: the speed of light as Michelson measured it (R's `morley` plus 299 000, in thousand km/s).
#[test]
fn nist_michelson() {
    let morley =
        "850 740 900 1070 930 850 950 980 980 880 1000 980 930 650 760 810 1000 1000 960 960
        960 940 960 940 880 800 850 880 900 840 830 790 810 880 880 830 800 790 760 800
        880 880 880 860 720 720 620 860 970 950 880 910 850 870 840 840 850 840 840 840
        890 810 810 820 800 770 760 740 750 760 910 920 890 860 880 720 840 850 850 780
        890 840 780 810 760 810 790 810 820 850 870 870 810 740 810 940 950 800 810 870";
    let thousand = |word: &str| {
        let value: u32 = word.parse().unwrap();
        number(&format!("{}.{:03}", 299 + value / 1000, value % 1000))
    };
    let values: Vec<Decimal> = morley.split_whitespace().map(thousand).collect();
    assert_eq!(values.len(), 100);
    check(
        &values,
        299.8524,
        0.0790105478190518,
        0.535199668621283,
        1e-13,
    );
}

#[test]
fn periods_of_a_lot_merge_and_lots_are_pooled() {
    let a: Moments = [5.1, 4.9, 5.0, 5.2, 4.8].into_iter().collect();
    let b: Moments = [5.4, 5.6, 5.5].into_iter().collect();
    let merged = a.merge(b);
    assert_eq!(merged.count(), 8);
    close(merged.mean().unwrap(), 5.1875, 1e-14);
    close(merged.sd().unwrap(), 0.290012, 1e-5);
    close(pooled_sd(&[a, b]).unwrap(), 0.141421, 1e-5);
    assert_eq!(Moments::EMPTY.merge(a), a);
    assert_eq!(a.merge(Moments::EMPTY), a);
    let one: Moments = [1.0].into_iter().collect();
    assert_eq!(pooled_sd(&[one, Moments::EMPTY]), None);
    assert_eq!(one.sd(), None);
    assert_eq!(Moments::EMPTY.mean(), None);
    assert_eq!(median(&[3.0, 1.0, 2.0, 4.0]), Some(2.5));
    assert_eq!(median(&[]), None);
}

#[test]
fn targets_are_set_from_enough_values_that_scatter() {
    let values: Moments = [9.8, 10.2, 10.0, 10.1, 9.9].into_iter().collect();
    let few = TargetError::TooFew { have: 5, need: 20 };
    assert_eq!(provisional(&values, 20), Err(few));
    close(provisional(&values, 5).unwrap().sd, 0.158114, 1e-5);
    let same: Moments = [10.0; 20].into_iter().collect();
    assert_eq!(provisional(&same, 20), Err(TargetError::NoSpread));
    let parallel: Moments = [20.0; 10].into_iter().collect();
    let target = new_lot(&parallel, 10, 3.0).unwrap();
    close(target.mean, 20.0, 1e-15);
    close(target.sd, 0.6, 1e-15);
    assert_eq!(
        new_lot(&values, 10, 3.0),
        Err(TargetError::TooFew { have: 5, need: 10 })
    );
    for cv in [0.0, -1.0, f64::NAN] {
        assert_eq!(new_lot(&parallel, 10, cv), Err(TargetError::NoSpread));
    }
}

#[test]
fn rejected_points_count_as_points_and_nowhere_else() {
    let mut month = Month::default();
    for (value, status) in [
        (10.0, Status::Accept),
        (10.5, Status::Warning),
        (99.0, Status::Reject),
        (9.5, Status::Accept),
    ] {
        month.add(value, status);
    }
    assert_eq!((month.points, month.warnings, month.rejected), (4, 1, 1));
    close(month.accepted.mean().unwrap(), 10.0, 1e-15);
    assert_eq!(month.in_control_percent(), Some(75.0));
    assert_eq!(month.bias_percent(8.0), Some(25.0));
    assert_eq!(month.bias_percent(0.0), None);
    assert_eq!(Month::default().in_control_percent(), None);
    let year = month.merge(month);
    assert_eq!(
        (year.points, year.rejected, year.accepted.count()),
        (8, 2, 6)
    );
}

#[test]
fn uncertainty_adds_its_parts_in_squares() {
    let a: Moments = [5.1, 4.9, 5.0, 5.2, 4.8].into_iter().collect();
    let b: Moments = [5.4, 5.6, 5.5].into_iter().collect();
    let found = uncertainty(&[a, b], 0.1, 0.05).unwrap();
    close(found.standard, (0.02_f64 + 0.01 + 0.0025).sqrt(), 1e-12);
    close(found.expanded, 2.0 * found.standard, 1e-15);
    assert_eq!(uncertainty(&[a], -0.1, 0.0), None);
    assert_eq!(uncertainty(&[], 0.1, 0.0), None);
}
