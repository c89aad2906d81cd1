use super::*;

/// E.1 with "<" ignored, deleted, and replaced by half the limit.
const IGNORED: [f64; 23] = [
    10., 10., 12., 19., 20., 20., 23., 23., 25., 25., 26., 28., 28., 30., 28., 29., 30., 30., 31.,
    32., 32., 45., 50.,
];
const DELETED: [f64; 18] = [
    12., 19., 20., 23., 23., 25., 25., 26., 28., 28., 28., 29., 30., 30., 31., 32., 32., 45.,
];
const HALF: [f64; 23] = [
    5., 5., 12., 19., 10., 20., 23., 23., 25., 25., 26., 28., 28., 15., 28., 29., 30., 30., 31.,
    32., 32., 45., 25.,
];

/// Converged x* and s*, those of the stop by C.3.1 with its updates, and MADe, nIQR, Qn, Q, Hampel.
type Vector<'a> = (&'a [f64], (f64, f64), (f64, f64, u32), [f64; 5]);

#[test]
fn annex_e_in_both_modes_of_stopping() {
    let vectors: [Vector<'_>; 4] = [
        (
            &ATRAZINE,
            (0.25701104, 0.03951991),
            (0.257013, 0.039504, 6),
            [0.038558, 0.040234, 0.041986, 0.042566, 0.259984],
        ),
        (
            &IGNORED,
            (26.00800551, 7.23726724),
            (26.009113, 7.229583, 13),
            [5.9320, 6.3011, 6.2498, 7.3103, 25.8803],
        ),
        (
            &DELETED,
            (26.8125, 5.29458867),
            (26.812519, 5.291573, 7),
            [4.4490, 4.8185, 5.4986, 5.6528, 26.7306],
        ),
        (
            &HALF,
            (23.95852131, 8.59603168),
            (23.960094, 8.591112, 11),
            [7.4150, 7.4130, 8.3331, 7.8720, 24.0876],
        ),
    ];
    for (values, converged, iso, [made_is, niqr_is, qn_is, q_is, hampel_is]) in vectors {
        let small = 0.6 * 10f64.powi(if converged.0 < 1.0 { -6 } else { -4 });
        let found = algorithm_a(values, Stop::Converged).unwrap();
        close(found.location, converged.0, 1e-8);
        close(found.scale, converged.1, 1e-8);
        let found = algorithm_a(values, Stop::Iso).unwrap();
        close(found.location, iso.0, 0.6e-6);
        close(found.scale, iso.1, 0.6e-6);
        assert_eq!(found.iterations, iso.2);
        close(made(values).unwrap(), made_is, small);
        close(niqr(values).unwrap(), niqr_is, small);
        close(qn(values).unwrap(), qn_is, small);
        let both = q_hampel(values).unwrap();
        close(both.scale, q_is, small);
        close(both.location, hampel_is, small);
    }
}

#[test]
fn uncertainty_of_a_consensus_value() {
    let p = ATRAZINE.len();
    let u = |scale| u_of_assigned(scale, p).unwrap();
    close(median(&ATRAZINE).unwrap(), 0.2620, 5e-5);
    close(u(niqr(&ATRAZINE).unwrap()), 0.0086, 5e-5);
    close(
        u(algorithm_a(&ATRAZINE, Stop::Iso).unwrap().scale),
        0.0085,
        5e-5,
    );
    close(u(q_method(&ATRAZINE).unwrap()), 0.0091, 5e-5);
    close(
        combined_uncertainty([3.0, 4.0, 0.0, 0.0]).unwrap(),
        5.0,
        1e-12,
    );
}

/// E.3 without robust statistics: all results, and the three furthest left out.
#[test]
fn mean_and_standard_deviation_of_annex_e_3() {
    let inner: Vec<f64> = ATRAZINE
        .into_iter()
        .filter(|value| (0.1..0.4).contains(value))
        .collect();
    for (values, mean, sd, u) in [
        (&ATRAZINE[..], 0.2512, 0.0672, 0.0115),
        (&inner, 0.2588, 0.0337, 0.0061),
    ] {
        let moments: crate::statistics::Moments = values.iter().copied().collect();
        close(moments.mean().unwrap(), mean, 5e-5);
        close(moments.sd().unwrap(), sd, 5e-5);
        close(
            moments.sd().unwrap() / (values.len() as f64).sqrt(),
            u,
            5e-5,
        );
    }
    assert_eq!(inner.len(), 31);
}

/// Table C.1: one spread far out of four is held at the limit factor times w*; the pooled value then has a closed form.
#[test]
fn factors_of_algorithm_s() {
    let table = [
        (1.645, 1.097),
        (1.517, 1.054),
        (1.444, 1.039),
        (1.395, 1.032),
        (1.359, 1.027),
        (1.332, 1.024),
        (1.310, 1.021),
        (1.292, 1.019),
        (1.277, 1.018),
        (1.264, 1.017),
    ];
    for (freedom, (limit, adjust)) in (1..).zip(table) {
        // w² = ξ² (3 + η² w²) / 4.
        let (eta, xi): (f64, f64) = (limit * limit, adjust * adjust);
        let expected = (3.0 * xi / (4.0 - xi * eta)).sqrt();
        let found = algorithm_s(&[1.0, 1.0, 1.0, 1e6], freedom, Stop::Converged).unwrap();
        close(found.scale, expected, 1e-9);
    }
}

#[test]
fn average_and_spread_of_replicates() {
    // E.13: 25 laboratories, four replicates each.
    let averages = [
        2.15, 1.85, 1.80, 1.80, 1.90, 1.90, 1.90, 2.05, 2.35, 2.03, 2.08, 1.25, 1.13, 1.00, 1.08,
        1.20, 1.35, 1.23, 1.23, 0.90, 1.48, 1.20, 1.73, 1.43, 1.28,
    ];
    let spreads = [
        0.13, 0.21, 0.08, 0.24, 0.36, 0.32, 0.14, 0.26, 0.39, 0.53, 0.25, 0.24, 0.72, 0.26, 0.17,
        0.32, 0.4, 0.36, 0.33, 0.43, 0.40, 0.55, 0.39, 0.30, 0.22,
    ];
    close(
        algorithm_a(&averages, Stop::Converged).unwrap().location,
        1.57,
        5e-3,
    );
    close(
        algorithm_s(&spreads, 3, Stop::Converged).unwrap().scale,
        0.34,
        5e-3,
    );
}

#[test]
fn a_round_of_three() {
    let values = [1.5310, 1.4030, 1.6300];
    let centre = median(&values).unwrap();
    let scale = deviation_from_median(&values).unwrap();
    let u = u_of_assigned(made(&values).unwrap(), 3).unwrap();
    close(centre, 1.5310, 1e-12);
    close(scale, 0.0948, 5e-5);
    close(u, 0.1060, 5e-5);
    assert!(!uncertainty_negligible(u, Limit::SigmaPt(scale)));
    for (x, z_is, z_prime_is) in [
        (1.5310, 0.0, 0.0),
        (1.4030, -1.35, -0.90),
        (1.6300, 1.04, 0.70),
    ] {
        close(z(x, centre, scale).unwrap(), z_is, 5e-3);
        close(z_prime(x, centre, scale, u).unwrap(), z_prime_is, 5e-3);
    }
    close(
        standard_deviation_of_two(1.0, 3.0).unwrap(),
        2f64.sqrt(),
        1e-12,
    );
}

#[test]
fn all_equal_is_said_to_have_no_spread() {
    let values = [7.3; 9];
    for estimate in [
        algorithm_a(&values, Stop::Iso).unwrap(),
        algorithm_a(&values, Stop::Converged).unwrap(),
        q_hampel(&values).unwrap(),
    ] {
        assert_eq!((estimate.location, estimate.scale), (7.3, 0.0));
        assert!(estimate.degenerate);
    }
    assert_eq!(qn(&values).unwrap(), 0.0);
    assert_eq!(made(&values).unwrap(), 0.0);
    assert!(algorithm_s(&[0.0; 4], 2, Stop::Iso).unwrap().degenerate);
}

#[test]
fn ties_of_more_than_half_start_from_the_standard_deviation() {
    // MADe is 0, and the spread of the rest survives.
    let values = [5.0, 5.0, 5.0, 5.0, 4.0, 6.5, 7.0];
    assert_eq!(made(&values).unwrap(), 0.0);
    let found = algorithm_a(&values, Stop::Converged).unwrap();
    assert!(found.scale > 0.0 && !found.degenerate);
    // One stray value among many equal ones: s* falls to zero.
    let mut values = vec![5.0; 30];
    values.push(9.0);
    for stop in [Stop::Iso, Stop::Converged] {
        let found = algorithm_a(&values, stop).unwrap();
        assert_eq!((found.location, found.scale), (5.0, 0.0));
        assert!(found.degenerate);
    }
}

#[test]
fn very_few_results() {
    let few = |got, least| EqaError::TooFew { got, least };
    assert_eq!(algorithm_a(&[], Stop::Iso), Err(few(0, 2)));
    assert_eq!(algorithm_a(&[1.0], Stop::Iso), Err(few(1, 2)));
    assert_eq!(qn(&[1.0]), Err(few(1, 2)));
    assert_eq!(median(&[4.0]), Ok(4.0));
    for values in [&[1.0, 2.0][..], &[1.0, 2.0, 4.0]] {
        let found = algorithm_a(values, Stop::Converged).unwrap();
        assert!(found.scale > 0.0);
    }
}

#[test]
fn far_from_zero_and_very_small() {
    let base: Vec<f64> = (0..15).map(|i| f64::from(i * i % 11)).collect();
    let plain = algorithm_a(&base, Stop::Converged).unwrap();
    let far: Vec<f64> = base.iter().map(|value| value + 1e9).collect();
    let found = algorithm_a(&far, Stop::Converged).unwrap();
    close(found.scale / plain.scale, 1.0, 1e-9);
    close(found.location - 1e9, plain.location, 1e-6);
    let tiny: Vec<f64> = base.iter().map(|value| value * 1e-300).collect();
    let found = algorithm_a(&tiny, Stop::Converged).unwrap();
    close(found.scale / 1e-300, plain.scale, 1e-9);
    close(
        q_method(&tiny).unwrap() / 1e-300,
        q_method(&base).unwrap(),
        1e-9,
    );
}

#[test]
fn what_is_no_number_is_named() {
    assert_eq!(
        algorithm_a(&[1.0, f64::NAN, 2.0], Stop::Iso),
        Err(EqaError::NotFinite { at: 1 })
    );
    assert_eq!(median(&[f64::MAX, -f64::MAX]), Err(EqaError::TooWide));
    assert_eq!(
        algorithm_s(&[1.0, -0.1], 1, Stop::Iso),
        Err(EqaError::Negative { at: 1 })
    );
    assert_eq!(
        algorithm_s(&[1.0], 11, Stop::Iso),
        Err(EqaError::DegreesOfFreedom(11))
    );
    let many = vec![1.0; PAIRS_OF_MOST + 1];
    assert!(matches!(qn(&many), Err(EqaError::TooMany { .. })));
}
