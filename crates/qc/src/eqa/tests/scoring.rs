use super::*;

/// E.4, mercury in feed: value, U, k, then the printed D%, P_A, z, z′, ζ, Eₙ.
const MERCURY: [[f64; 9]; 21] = [
    [0.013, 0.003, 2., -70.5, -156.6, -4.70, -3.99, -7.10, -3.55],
    [0.013, 0.007, 2., -70.5, -156.6, -4.70, -3.99, -5.75, -2.88],
    [
        0.0135, 0.00108, 1.732, -69.3, -154.0, -4.62, -3.93, -7.35, -3.69,
    ],
    [0.014, 0.004, 2., -68.2, -151.5, -4.55, -3.86, -6.58, -3.29],
    [0.014, 0.0005, 2., -68.2, -151.5, -4.55, -3.86, -7.30, -3.65],
    [0.016, 0.003, 2., -63.6, -141.4, -4.24, -3.60, -6.41, -3.21],
    [0.017, 0.008, 2., -61.4, -136.4, -4.09, -3.47, -4.71, -2.36],
    [0.019, 0.003, 2., -56.8, -126.3, -3.79, -3.22, -5.73, -2.86],
    [
        0.0239, 0.0036, 2., -45.7, -101.5, -3.05, -2.59, -4.49, -2.24,
    ],
    [0.037, 0.013, 2., -15.9, -35.4, -1.06, -0.90, -0.91, -0.46],
    [0.039, 0.007, 2., -11.4, -25.3, -0.76, -0.64, -0.93, -0.46],
    [0.04, 0.008, 2., -9.1, -20.2, -0.61, -0.51, -0.70, -0.35],
    [0.04, 0.03, 2., -9.1, -20.2, -0.61, -0.51, -0.26, -0.13],
    [0.040, 0.010, 2., -9.1, -20.2, -0.61, -0.51, -0.62, -0.31],
    [0.0424, 0.008, 2., -3.6, -8.1, -0.24, -0.21, -0.28, -0.14],
    [0.044, 0.007, 2., 0.0, 0.0, 0.00, 0.00, 0.00, 0.00],
    [0.045, 0.007, 2., 2.3, 5.1, 0.15, 0.13, 0.19, 0.09],
    [0.045, 0.005, 2., 2.3, 5.1, 0.15, 0.13, 0.21, 0.10],
    [0.046, 0.007, 2., 4.5, 10.1, 0.30, 0.26, 0.37, 0.19],
    [0.049, 0.0072, 2., 11.4, 25.3, 0.76, 0.64, 0.92, 0.46],
    [0.053, 0.007, 2., 20.5, 45.5, 1.36, 1.16, 1.67, 0.83],
];

const ASSIGNED: Assigned = Assigned {
    x_pt: 0.044,
    sigma_pt: Some(0.0066),
    u_x_pt: Some(0.0041),
    expanded: Some(0.0082),
    delta_e: Some(0.0198),
};

#[test]
fn every_score_of_annex_e_4() {
    for row in MERCURY {
        let [x, expanded, k, percent, allowed, z, z_prime, zeta, en] = row;
        let scores = Scores::of(x, Some(expanded / k), Some(expanded), &ASSIGNED).unwrap();
        let half = |got: Option<f64>, printed: f64, decimals: i32| {
            close(got.unwrap(), printed, 0.5001 * 10f64.powi(-decimals));
        };
        half(scores.percent, percent, 1);
        half(scores.allowed, allowed, 1);
        half(scores.z, z, 2);
        half(scores.z_prime, z_prime, 2);
        half(scores.zeta, zeta, 2);
        half(scores.en, en, 2);
    }
}

#[test]
fn the_assigned_value_against_the_participants() {
    // E.7.
    let values: Vec<f64> = MERCURY.iter().map(|row| row[0]).collect();
    let found = algorithm_a(&values, Stop::Converged).unwrap();
    let u = u_of_assigned(found.scale, values.len()).unwrap();
    close(found.location, 0.03161, 5e-6);
    close(found.scale, 0.0164, 5e-5);
    let reference = AssignedValue {
        value: 0.044,
        u: 0.0041,
    };
    let consensus = AssignedValue {
        value: found.location,
        u,
    };
    let apart = against_reference(reference, consensus);
    close(apart.u, 0.0061, 5e-5);
    close(apart.difference, 0.012, 5e-4);
    assert!(apart.investigate);
}

#[test]
fn a_value_assigned_beside_a_reference_material() {
    // E.5: Los Angeles value.
    let differences = [
        2.00, 1.05, 0.50, 1.10, 1.75, 2.70, -0.60, -0.35, 2.50, 0.95, 3.10, 1.50, 2.00, 1.05, 2.30,
        2.05, 2.80, 3.00, 2.15, 3.00,
    ];
    let found = beside_reference(21.62, 0.26, &differences).unwrap();
    close(found.value, 23.35, 5e-3);
    close(found.u, 0.35, 5e-3);
}

#[test]
fn standard_deviations_for_assessment() {
    close(horwitz(1.195e-6).unwrap() * 1e6, 0.186, 5e-4);
    close(horwitz(2.565e-6).unwrap() * 1e6, 0.356, 5e-4);
    close(horwitz(1e-7).unwrap(), 0.22e-7, 1e-18);
    close(horwitz(0.25).unwrap(), 0.005, 1e-15);
    close(sigma_from_precision(23.2, 14.3, 2).unwrap(), 20.9, 0.05);
    assert!(sigma_from_precision(1.0, 5.0, 4).is_err());
    assert!(horwitz(0.0).is_err() && horwitz(1.5).is_err());
}

#[test]
fn a_score_on_the_limit_in_decimals_is_on_it() {
    let on_two = z(2.2, 2.0, 0.1).unwrap();
    assert!(on_two > 2.0, "binary rounding puts it above");
    assert_eq!(verdict(on_two), Verdict::Acceptable);
    assert_eq!(verdict(2.000001), Verdict::Warning);
    assert_eq!(verdict(z(2.3, 2.0, 0.1).unwrap()), Verdict::Action);
    assert_eq!(verdict(-2.999999), Verdict::Warning);
    assert_eq!(expanded_verdict(0.999999), Verdict::Acceptable);
    assert_eq!(expanded_verdict(-1.0), Verdict::Action);
}

#[test]
fn the_uncertainty_counts_from_three_tenths_of_sigma_or_a_tenth_of_the_allowed_error() {
    for (limit, below, on) in [
        (Limit::SigmaPt(2.0), 0.599, 0.6),
        (Limit::DeltaE(2.0), 0.199, 0.2),
    ] {
        assert!(uncertainty_negligible(below, limit));
        assert!(!uncertainty_negligible(on, limit));
    }
    assert!(!uncertainty_negligible(0.0, Limit::SigmaPt(0.0)));
}

#[test]
fn impossible_scores_are_refused() {
    assert_eq!(z(1.0, 1.0, 0.0), Err(ScoringError::NotPositive("sigma_pt")));
    assert_eq!(
        z_prime(1.0, 1.0, 1.0, -1.0),
        Err(ScoringError::Negative("u(x_pt)"))
    );
    assert_eq!(
        zeta(1.0, 1.0, 0.0, 0.0),
        Err(ScoringError::BothZero("u(x)", "u(x_pt)"))
    );
    assert_eq!(percent_difference(1.0, 0.0), Err(ScoringError::OfZero));
    assert_eq!(z(f64::NAN, 1.0, 1.0), Err(ScoringError::NotFinite("x")));
    let zero = Assigned {
        x_pt: 0.0,
        ..ASSIGNED
    };
    assert_eq!(Scores::of(1.0, None, None, &zero).unwrap().percent, None);
}

#[test]
fn table_b_1() {
    let printed = [
        (20, 1.59, 0.57),
        (19, 1.60, 0.59),
        (18, 1.62, 0.62),
        (17, 1.64, 0.64),
        (16, 1.67, 0.68),
        (15, 1.69, 0.71),
        (14, 1.72, 0.75),
        (13, 1.75, 0.80),
        (12, 1.79, 0.86),
        (11, 1.83, 0.93),
        (10, 1.88, 1.01),
        (9, 1.94, 1.11),
        (8, 2.01, 1.25),
        (7, 2.10, 1.43),
    ];
    for (items, f1, f2) in printed {
        let factors = Factors::of(items, 2).unwrap();
        close(factors.f1, f1, 0.5001e-2);
        close(factors.f2, f2, 0.5001e-2);
    }
}

#[test]
fn homogeneity_and_stability_of_annex_e_2() {
    let items: Vec<Vec<f64>> = [
        [0.185, 0.194],
        [0.187, 0.189],
        [0.182, 0.186],
        [0.188, 0.196],
        [0.191, 0.181],
        [0.188, 0.180],
        [0.187, 0.196],
        [0.177, 0.186],
        [0.179, 0.187],
        [0.188, 0.196],
    ]
    .iter()
    .map(|item| item.to_vec())
    .collect();
    let sigma = 0.15 * 0.18715;
    let found = homogeneity(&items, Limit::SigmaPt(sigma)).unwrap();
    close(found.mean, 0.18715, 5e-6);
    close(found.s_x, 0.00398, 5e-6);
    close(found.s_w, 0.00556, 5e-6);
    close(found.s_s, 0.00060, 5e-6);
    close(found.criterion, 0.00842, 5e-6);
    assert!(found.sufficient && found.sufficient_expanded);
    let flat = items.concat();
    let later = [0.191, 0.198, 0.190, 0.196];
    let found = stability(&flat, &later, Limit::SigmaPt(sigma), Some((0.001, 0.001))).unwrap();
    close(found.means.1, 0.19375, 5e-6);
    close(found.difference, 0.00660, 5e-6);
    assert!(found.stable && found.stable_expanded == Some(true));
}

#[test]
fn a_check_that_cannot_be_done_says_which_item() {
    let limit = Limit::SigmaPt(1.0);
    let uneven = vec![vec![1.0, 2.0], vec![1.0]];
    assert_eq!(
        homogeneity(&uneven, limit),
        Err(EqaError::Unbalanced {
            at: 1,
            got: 1,
            first: 2
        })
    );
    assert!(homogeneity(&[vec![1.0, 2.0]], limit).is_err());
    assert!(homogeneity(&[vec![1.0], vec![2.0]], limit).is_err());
    let same = vec![vec![1.0, 1.0]; 5];
    let found = homogeneity(&same, limit).unwrap();
    assert_eq!((found.s_s, found.f), (0.0, None));
    assert!(homogeneity(&same, Limit::DeltaE(0.0)).is_err());
    assert!(stability(&[], &[1.0], limit, None).is_err());
}
