//! CUSUM, EWMA, single values, shares and counts, the instant method and sigma against published and recomputed figures.

use lifeline_qc::charts::{
    ChartError, CusumState, EwmaLimits, Side, cases, counts, cusum, ewma, individuals, share,
};
use lifeline_qc::instant::{InstantVerdict, Outlier, judge, limits, series};
use lifeline_qc::patients::Seeded;
use lifeline_qc::sigma::{Design, Improve, Levels, Performance, rules_for};
use lifeline_qc::statistics::Moments;
use lifeline_qc::{Decimal, Rule};

use crate::statistics::close;
use crate::vectors::number;

fn numbers(text: &str) -> Vec<Decimal> {
    text.split_whitespace().map(number).collect()
}

/// NIST handbook 6.3.2.3: target 325, k .3175, h 4.1959.
#[test]
fn nist_cusum() {
    let values = numbers(
        "324.925 324.675 324.725 324.350 325.350 325.225 324.125 324.525 325.225 324.600
         324.625 325.150 328.325 327.250 327.825 328.500 326.675 327.775 326.875 328.350",
    );
    let points = cusum(&values, number("325"), number(".3175"), number("4.1959")).unwrap();
    let sums: Vec<f64> = points
        .iter()
        .skip(12)
        .map(|point| point.s_plus.to_f64())
        .collect();
    for (found, expected) in sums
        .iter()
        .zip([3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.00, 19.04])
    {
        assert!((found - expected).abs() <= 0.0051, "{found} {expected}");
    }
    let first = points
        .iter()
        .position(|point| point.signal == Some(Side::Upper));
    assert_eq!(first, Some(13));
    assert!(points.iter().all(|point| point.s_minus < number("4.1959")));
}

#[test]
fn cusum_sums_are_exact_and_wrong_parameters_are_named() {
    let tenth = vec![number("0.1"); 10];
    let points = cusum(&tenth, number("0"), number("0"), number("1.0")).unwrap();
    // In binary ten tenths are not one.
    assert_eq!(points[9].s_plus, number("1"));
    assert_eq!(points[9].signal, None);
    let wrong = |k: &str, h: &str| cusum(&tenth, number("0"), number(k), number(h)).unwrap_err();
    assert_eq!(wrong("-1", "1"), ChartError::Parameter("k", "0 or more"));
    assert_eq!(
        wrong("1", "0"),
        ChartError::Parameter("h", "greater than 0")
    );
    let huge = cusum(&[number("1e35")], number("1e-30"), number("0"), number("1"));
    assert_eq!(huge, Err(ChartError::TooWide));
}

/// A standard normal number.
fn normal(random: &mut Seeded) -> f64 {
    let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (a, b) = (unit(random.next()), unit(random.next()));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Mean of the run lengths against the expected one, within four standard errors.
#[track_caller]
fn mean_length(lengths: Moments, expected: f64, what: &str) {
    let error = lengths.sd().unwrap() / (lengths.count() as f64).sqrt();
    let off = (lengths.mean().unwrap() - expected).abs();
    assert!(
        off < 4.0 * error,
        "{what}: {expected}, off by {off}, error {error}"
    );
}

/// Average run lengths of the clinical pairs in control and after a shift, R package `spc` (two-sided, zero state).
#[test]
fn cusum_run_lengths() {
    let mut random = Seeded::new(20_260_822);
    for (k, h, shift, expected) in [
        (0.5, 5.0, 0.0, 465.4435),
        (1.0, 2.7, 0.0, 536.5565),
        (1.0, 2.7, 1.0, 14.93989),
        (1.0, 2.7, 2.0, 3.44838),
        (1.0, 2.7, 3.0, 1.960622),
        (1.0, 3.0, 0.0, 981.3973),
        (1.0, 3.0, 1.0, 17.3503),
        (1.0, 3.0, 2.0, 3.749108),
        (1.0, 3.0, 3.0, 2.120814),
        (0.5, 5.1, 0.0, 515.0515),
        (0.5, 5.1, 1.0, 10.57557),
        (0.5, 5.1, 2.0, 4.075648),
        (0.5, 5.1, 3.0, 2.612454),
    ] {
        let trials = if shift == 0.0 { 2_000 } else { 20_000 };
        let lengths = (0..trials).map(|_| {
            let mut sums = CusumState::default();
            let mut length = 1.0;
            while sums.add(normal(&mut random) + shift, k, h).is_none() {
                length += 1.0;
            }
            length
        });
        let what = format!("k {k} h {h} shift {shift}");
        mean_length(lengths.collect(), expected, &what);
    }
}

/// Limits that give an average run length of 370.4 in control, and the run lengths at a shift of one SD (R package `spc`).
#[test]
fn ewma_run_lengths() {
    let mut random = Seeded::new(20_261_123);
    let mut length = |shift: f64, lambda: f64, limit: f64| {
        let mut values = Vec::new();
        loop {
            let more = 64.max(values.len());
            values.extend((0..more).map(|_| normal(&mut random) + shift));
            let points = ewma(&values, 0.0, lambda, 1.0, limit, EwmaLimits::Final).unwrap();
            if let Some(place) = points.iter().position(|point| point.signal.is_some()) {
                return place as f64 + 1.0;
            }
        }
    };
    for (lambda, limit, shifted) in [
        (0.05, 2.490146, 10.736),
        (0.1, 2.701461, 9.738),
        (0.2, 2.859338, 9.797),
        (0.25, 2.898024, 10.250),
        (0.3, 2.925013, 10.896),
    ] {
        let quiet = (0..1_000).map(|_| length(0.0, lambda, limit));
        mean_length(quiet.collect(), 370.4, &format!("lambda {lambda}"));
        let moved = (0..4_000).map(|_| length(1.0, lambda, limit));
        mean_length(moved.collect(), shifted, &format!("lambda {lambda}, moved"));
    }
}

/// NIST handbook 6.3.2.4: centre 50, s 2.0539, λ .3, k 3.
#[test]
fn nist_ewma() {
    let values: Vec<f64> = "52.0 47.0 53.0 49.3 50.1 47.0 51.0 50.1 51.2 50.5 49.6 47.6 49.9 51.3 47.8 51.2 52.6 52.4 53.6 52.1"
        .split(' ')
        .map(|value| value.parse().unwrap())
        .collect();
    let expected = "50.60 49.52 50.56 50.18 50.16 49.21 49.75 49.85 50.26 50.33 50.11 49.36 49.52 50.05 49.38 49.92 50.73 51.23 51.94 51.99";
    let points = ewma(&values, 50.0, 0.3, 2.0539, 3.0, EwmaLimits::Final).unwrap();
    for (point, expected) in points.iter().zip(expected.split(' ')) {
        assert!((point.ewma - expected.parse::<f64>().unwrap()).abs() <= 0.0051);
        close(point.upper, 52.5884, 1e-6);
        close(point.lower, 47.4115, 2e-6);
        assert_eq!(point.signal, None);
    }
    let growing = ewma(&values, 50.0, 0.3, 2.0539, 3.0, EwmaLimits::Growing).unwrap();
    close(growing[0].upper, 50.0 + 3.0 * 2.0539 * 0.3, 1e-12);
    close(growing[19].upper, 52.5884, 1e-5);
    let out = ewma(&[53.0], 50.0, 0.3, 0.2, 3.0, EwmaLimits::Growing).unwrap();
    assert_eq!(out[0].signal, Some(Side::Upper));
    for (lambda, sigma, limit) in [
        (0.0, 1.0, 3.0),
        (1.1, 1.0, 3.0),
        (f64::NAN, 1.0, 3.0),
        (0.2, 0.0, 3.0),
        (0.2, 1.0, -1.0),
    ] {
        assert!(ewma(&values, 50.0, lambda, sigma, limit, EwmaLimits::Final).is_err());
    }
}

/// Validation cases of bertanucar/shewhart.
#[test]
fn shewhart_charts() {
    let x = individuals(&[10.0, 12.0, 11.0, 13.0, 12.0]).unwrap();
    close(x.sigma, 1.32934039, 1e-8);
    close(x.upper, 15.58802116, 1e-9);
    close(x.lower, 7.61197884, 1e-8);
    let p = share(&[2, 3, 1, 4, 2], 50).unwrap();
    close(p.centre, 0.048, 1e-12);
    close(p.upper, 0.13869333, 1e-7);
    assert_eq!(p.lower, 0.0);
    close(cases(&[2, 3, 1, 4, 2], 50).unwrap().upper, 6.93466647, 1e-8);
    close(counts(&[3, 2, 4, 1, 3]).unwrap().upper, 7.43735465, 1e-8);
    assert!(individuals(&[1.0]).is_err());
    assert!(share(&[3], 2).is_err());
    assert!(share(&[], 0).is_err());
    assert!(counts(&[]).is_err());
}

/// The whole table of one-sided Grubbs limits, n 3 to 20.
#[test]
fn instant_limits_are_computed() {
    let table = [
        (1.1531, 1.1546),
        (1.4625, 1.4925),
        (1.6714, 1.7489),
        (1.8221, 1.9442),
        (1.9381, 2.0973),
        (2.0317, 2.2208),
        (2.1096, 2.3231),
        (2.1761, 2.4097),
        (2.2339, 2.4843),
        (2.2850, 2.5494),
        (2.3305, 2.6070),
        (2.3717, 2.6585),
        (2.4090, 2.7049),
        (2.4433, 2.7470),
        (2.4748, 2.7854),
        (2.5040, 2.8208),
        (2.5312, 2.8535),
        (2.5566, 2.8838),
    ];
    for (n, (n2s, n3s)) in (3..).zip(table) {
        let found = limits(n).unwrap();
        assert!((found.0 - n2s).abs() <= 0.000_051, "n {n}: {found:?}");
        assert!((found.1 - n3s).abs() <= 0.000_051, "n {n}: {found:?}");
    }
    assert_eq!(limits(2), None);
    assert_eq!(limits(21), None);
}

#[test]
fn instant_method_on_a_series_with_an_outlier() {
    let values = numbers("2.31 2.45 2.38 2.52 2.29 2.41 2.95 2.36 2.44 3.60");
    let kept = series(&values, Outlier::Keep);
    let verdicts: Vec<_> = kept.iter().map(|(_, instant)| instant.verdict).collect();
    assert_eq!(verdicts[..4], [InstantVerdict::InControl; 4]);
    assert_eq!(verdicts[4..], [InstantVerdict::Out; 4]);
    for (n, si) in [(7, 2.1235), (8, 2.3191), (9, 2.4885), (10, 2.5282)] {
        assert!((kept[n - 3].1.si_upper - si).abs() < 0.000_051, "n {n}");
    }
    // Dropped at once, the first outlier does not hide the second.
    let dropped = series(&values, Outlier::Drop);
    let out: Vec<usize> = dropped
        .iter()
        .filter(|(_, i)| i.verdict == InstantVerdict::Out)
        .map(|(place, _)| *place)
        .collect();
    assert_eq!(out, [6, 9]);
    assert_eq!(dropped.last().unwrap().1.n, 9);
    assert_eq!(dropped[5].1.verdict, InstantVerdict::InControl);
}

#[test]
fn instant_method_at_its_edges() {
    assert_eq!(judge(&numbers("1 2")), None);
    let same = judge(&numbers("2.4 2.40 2.4")).unwrap();
    assert_eq!((same.si_upper, same.si_lower), (0.0, 0.0));
    assert_eq!(same.verdict, InstantVerdict::InControl);
    let low = judge(&numbers("5 5 5 5 5 5 5 5 5 5 4")).unwrap();
    assert_eq!(low.verdict, InstantVerdict::Out);
    assert!(low.si_lower > low.si_upper);
    let many = judge(&vec![number("1"); 21]).unwrap();
    assert_eq!((many.verdict, many.n3s), (InstantVerdict::UseChart, None));
}

#[test]
fn sigma_metrics_and_the_rules_they_call_for() {
    let metrics = Performance {
        tea: 10.0,
        bias: 2.0,
        cv: 2.0,
    }
    .metrics()
    .unwrap();
    close(metrics.sigma, 4.0, 1e-15);
    close(metrics.dse_crit, 2.35, 1e-12);
    assert!((metrics.dre_crit - 2.04).abs() < 0.005);
    close(metrics.qgi, 2.0 / 3.0, 1e-12);
    assert_eq!(metrics.improve, Improve::Imprecision);
    assert_eq!(
        Performance {
            tea: 10.0,
            bias: -2.0,
            cv: 2.0
        }
        .metrics()
        .unwrap()
        .sigma,
        4.0
    );
    // QGI: bias 2.4 to 3.6 at a coefficient of variation of 2 is both.
    for (bias, improve) in [
        (2.39, Improve::Imprecision),
        (2.41, Improve::Both),
        (3.59, Improve::Both),
        (3.61, Improve::Inaccuracy),
    ] {
        let (tea, cv) = (10.0, 2.0);
        let found = Performance { tea, bias, cv }.metrics().unwrap();
        assert_eq!(found.improve, improve, "{bias}");
    }
    for (tea, bias, cv) in [
        (0.0, 0.0, 1.0),
        (10.0, 0.0, 0.0),
        (10.0, f64::NAN, 1.0),
        (f64::NAN, 0.0, 1.0),
        (10.0, 0.0, -1.0),
    ] {
        assert!(Performance { tea, bias, cv }.metrics().is_err());
    }
    use Rule::{EightX, FourOneS, OneThreeS, R4s, SixX, ThreeOneS, TwoOfThreeTwoS, TwoTwoS};
    type Line = (f64, Levels, &'static [Rule], &'static [(u8, u8)]);
    let table: [Line; 9] = [
        (6.0, Levels::Two, &[OneThreeS], &[(2, 1)]),
        (5.999, Levels::Two, &[OneThreeS, TwoTwoS, R4s], &[(2, 1)]),
        (
            4.999,
            Levels::Two,
            &[OneThreeS, TwoTwoS, R4s, FourOneS],
            &[(4, 1), (2, 2)],
        ),
        (
            4.0,
            Levels::Two,
            &[OneThreeS, TwoTwoS, R4s, FourOneS],
            &[(4, 1), (2, 2)],
        ),
        (
            3.999,
            Levels::Two,
            &[OneThreeS, TwoTwoS, R4s, FourOneS, EightX],
            &[(4, 2), (2, 4)],
        ),
        (7.0, Levels::Three, &[OneThreeS], &[(3, 1)]),
        (
            5.0,
            Levels::Three,
            &[OneThreeS, TwoOfThreeTwoS, R4s],
            &[(3, 1)],
        ),
        (
            4.0,
            Levels::Three,
            &[OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS],
            &[(3, 1)],
        ),
        (
            -1.0,
            Levels::Three,
            &[OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS, SixX],
            &[(6, 1), (3, 2)],
        ),
    ];
    for (sigma, levels, rules, designs) in table {
        let found = rules_for(sigma, levels).unwrap();
        assert_eq!(found.rules, rules, "{sigma}");
        let designs: Vec<Design> = designs
            .iter()
            .map(|(n, r)| Design { n: *n, r: *r })
            .collect();
        assert_eq!(found.designs, designs, "{sigma}");
    }
    assert_eq!(rules_for(f64::NAN, Levels::Two), None);
}
