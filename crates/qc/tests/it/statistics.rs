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

/// NIST StRD Mavro: the transmittance of a filter, 2.00 and these hundred-thousandths.
#[test]
fn nist_mavro() {
    let thousandths = "180 170 180 190 180 170 150 140 150 150 170 180 180 190 190 210 200 160 140 130 130 150 150 160 150 140 130
        140 150 140 150 160 150 160 190 200 200 210 220 230 240 250 270 260 260 260 270 260 250 240";
    let values: Vec<Decimal> = thousandths
        .split_whitespace()
        .map(|word| number(&format!("2.00{word}")))
        .collect();
    check(
        &values,
        2.001856,
        0.000429123454003053,
        0.937989183438248,
        1e-13,
    );
}

/// NIST StRD Lew: the deflection of a beam; 200 values.
#[test]
fn nist_lew() {
    let values = numbers(
        "-213 -564 -35 -15 141 115 -420 -360 203 -338 -431 194 -220 -513 154 -125 -559 92 -21 -579 -52 99 -543 -175 162
        -457 -346 204 -300 -474 164 -107 -572 -8 83 -541 -224 180 -420 -374 201 -236 -531 83 27 -564 -112 131 -507
        -254 199 -311 -495 143 -46 -579 -90 136 -472 -338 202 -287 -477 169 -124 -568 17 48 -568 -135 162 -430 -422
        172 -74 -577 -13 92 -534 -243 194 -355 -465 156 -81 -578 -64 139 -449 -384 193 -198 -538 110 -44 -577 -6 66
        -552 -164 161 -460 -344 205 -281 -504 134 -28 -576 -118 156 -437 -381 200 -220 -540 83 11 -568 -160 172 -414
        -408 188 -125 -572 -32 139 -492 -321 205 -262 -504 142 -83 -574 0 48 -571 -106 137 -501 -266 190 -391 -406 194
        -186 -553 83 -13 -577 -49 103 -515 -280 201 300 -506 131 -45 -578 -80 138 -462 -361 201 -211 -554 32 74 -533
        -235 187 -372 -442 182 -147 -566 25 68 -535 -244 194 -351 -463 174 -125 -570 15 72 -550 -190 172 -424 -385 198
        -218 -536 96",
    );
    assert_eq!(values.len(), 200);
    check(
        &values,
        -177.435,
        277.332168044316,
        -0.307304800605679,
        1e-14,
    );
}

/// NIST StRD Lottery: 218 three-digit numbers.
#[test]
fn nist_lottery() {
    let values = numbers(
        "162 671 933 414 788 730 817 33 536 875 670 236 473 167 877 980 316 950 456 92 517 557 956 954 104 178 794 278
        147 773 437 435 502 610 582 780 689 562 964 791 28 97 848 281 858 538 660 972 671 613 867 448 738 966 139 636
        847 659 754 243 122 455 195 968 793 59 730 361 574 522 97 762 431 158 429 414 22 629 788 999 187 215 810 782
        47 34 108 986 25 644 829 630 315 567 919 331 207 412 242 607 668 944 749 168 864 442 533 805 372 63 458 777
        416 340 436 140 919 350 510 572 905 900 85 389 473 758 444 169 625 692 140 897 672 288 312 860 724 226 884 508
        976 741 476 417 831 15 318 432 241 114 799 955 833 358 935 146 630 830 440 642 356 373 271 715 367 393 190 669
        8 861 108 795 269 590 326 866 64 523 862 840 219 382 998 4 628 305 747 247 34 747 729 645 856 974 24 568 24
        694 608 480 410 729 947 293 53 930 223 203 677 227 62 455 387 318 562 242 428 968",
    );
    assert_eq!(values.len(), 218);
    check(
        &values,
        518.958715596330,
        291.699727470969,
        -0.120948622967393,
        1e-14,
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
