//! Patient-based control against recomputed figures, and its simulation against what must hold.

use lifeline_qc::charts::Side;
use lifeline_qc::patients::{
    Method, Monitor, Seeded, Settings, Truncation, empirical_limits, false_alarms, simulate,
};

use crate::statistics::close;

const BATCH: [f64; 20] = [
    88.0, 92.0, 90.0, 95.0, 85.0, 91.0, 89.0, 90.0, 93.0, 87.0, 94.0, 90.0, 91.0, 86.0, 99.0, 89.0,
    92.0, 90.0, 88.0, 104.0,
];

fn settings(method: Method) -> Settings {
    Settings {
        method,
        truncation: Truncation::None,
        target: 90.0,
        lower: None,
        upper: None,
    }
}

fn statistics(settings: Settings, values: &[f64]) -> Vec<Option<f64>> {
    let mut monitor = Monitor::new(settings).unwrap();
    values
        .iter()
        .map(|value| monitor.add(*value).statistic)
        .collect()
}

#[test]
fn bull_and_its_extension() {
    for (power, expected) in [(0.5, 90.11362486), (0.66, 90.34834018)] {
        let found = statistics(settings(Method::Bull { block: 20, power }), &BATCH);
        assert_eq!(found[18], None);
        close(found[19].unwrap(), expected, 1e-9);
    }
    let shifted: Vec<f64> = BATCH
        .iter()
        .map(|value| value + 3.0)
        .cycle()
        .take(60)
        .collect();
    let found = statistics(
        settings(Method::Bull {
            block: 20,
            power: 0.5,
        }),
        &shifted,
    );
    for (place, expected) in [(19, 92.77646041), (39, 93.01691140), (59, 93.11094189)] {
        close(found[place].unwrap(), expected, 1e-9);
    }
    assert_eq!(found[38], found[19]);
}

#[test]
fn moving_statistics_with_both_truncations() {
    let values = [10.0, 12.0, 50.0, 11.0, 13.0, -40.0, 12.0];
    let average = settings(Method::MovingAverage { block: 3 });
    let none = statistics(average, &values);
    assert_eq!(none[..2], [None, None]);
    assert_eq!(none[2], Some(24.0));
    let skip = Settings {
        truncation: Truncation::Skip {
            low: 5.0,
            high: 20.0,
        },
        ..average
    };
    let third = (12.0 + 11.0 + 13.0) / 3.0;
    assert_eq!(
        statistics(skip, &values),
        [
            None,
            None,
            None,
            Some(11.0),
            Some(third),
            Some(third),
            Some(12.0)
        ]
    );
    let winsorise = Settings {
        truncation: Truncation::Winsorise {
            low: 5.0,
            high: 20.0,
        },
        ..average
    };
    let found = statistics(winsorise, &values);
    assert_eq!(found[2], Some(14.0));
    assert_eq!(found[5], Some((11.0 + 13.0 + 5.0) / 3.0));
    let median = settings(Method::MovingMedian { block: 3 });
    assert_eq!(
        statistics(median, &values)[2..],
        [Some(12.0), Some(12.0), Some(13.0), Some(11.0), Some(12.0)]
    );
    let even = settings(Method::MovingMedian { block: 2 });
    assert_eq!(statistics(even, &values)[1], Some(11.0));
    let ewma = settings(Method::Ewma { lambda: 0.5 });
    assert_eq!(statistics(ewma, &[100.0, 100.0]), [Some(95.0), Some(97.5)]);
    let mut monitor = Monitor::new(Settings {
        upper: Some(96.0),
        lower: Some(80.0),
        ..ewma
    })
    .unwrap();
    assert_eq!(monitor.add(100.0).signal, None);
    assert_eq!(monitor.add(f64::NAN).counted, None);
    assert_eq!(monitor.add(100.0).signal, Some(Side::Upper));
    assert_eq!(monitor.add(0.0).signal, Some(Side::Lower));
}

#[test]
fn settings_that_say_nothing_are_refused() {
    let average = settings(Method::MovingAverage { block: 3 });
    let wrong = [
        settings(Method::MovingAverage { block: 0 }),
        settings(Method::MovingMedian { block: 1001 }),
        settings(Method::Ewma { lambda: 0.0 }),
        settings(Method::Ewma { lambda: f64::NAN }),
        settings(Method::Bull {
            block: 20,
            power: 1.5,
        }),
        Settings {
            target: f64::NAN,
            ..average
        },
        Settings {
            truncation: Truncation::Skip {
                low: 2.0,
                high: 1.0,
            },
            ..average
        },
        Settings {
            truncation: Truncation::Winsorise {
                low: f64::NAN,
                high: 1.0,
            },
            ..average
        },
        Settings {
            lower: Some(2.0),
            upper: Some(1.0),
            ..average
        },
        Settings {
            upper: Some(f64::INFINITY),
            ..average
        },
    ];
    for settings in wrong {
        assert!(Monitor::new(settings).is_err(), "{settings:?}");
    }
}

fn results() -> Vec<f64> {
    let mut random = Seeded::new(7);
    (0..5000)
        .map(|_| {
            (0..12)
                .map(|_| random.below(1000) as f64 / 1000.0)
                .sum::<f64>()
                + 84.0
        })
        .collect()
}

#[test]
fn limits_hold_the_false_alarms_asked_for_and_larger_shifts_are_noticed_sooner() {
    let values = results();
    let method = Method::MovingAverage { block: 20 };
    let limited = empirical_limits(&values, settings(method), 2.0)
        .unwrap()
        .unwrap();
    let alarms = false_alarms(&values, limited).unwrap();
    assert!(alarms <= 2.0 && alarms > 0.5, "{alarms}");
    let tight = empirical_limits(&values, settings(method), 10.0)
        .unwrap()
        .unwrap();
    assert!(tight.upper < limited.upper && tight.lower > limited.lower);
    let tried = |bias| simulate(&values, limited, bias, 100, 300, &mut Seeded::new(1)).unwrap();
    let (small, large) = (tried(0.5), tried(2.0));
    assert_eq!(large.detected, 300);
    assert!(large.anped < small.anped && large.mnped <= small.mnped);
    assert!(large.mnped <= large.np95ed);
    assert_eq!(tried(2.0), large);
    let other = simulate(&values, limited, 2.0, 100, 300, &mut Seeded::new(2)).unwrap();
    assert_ne!(other, large);
}

#[test]
fn nothing_to_simulate_with_is_an_answer_too() {
    let method = settings(Method::MovingAverage { block: 20 });
    assert_eq!(empirical_limits(&[1.0; 5], method, 1.0).unwrap(), None);
    assert_eq!(false_alarms(&[], method).unwrap(), 0.0);
    let tried = simulate(&[], method, 5.0, 10, 3, &mut Seeded::new(1)).unwrap();
    assert_eq!((tried.detected, tried.anped), (0, 0.0));
}
