//! Simulated rejections are those of the theory, within four standard errors.

use lifeline_qc::patients::Seeded;
use lifeline_qc::{
    Deviation, Engine, Group, MaterialState, R4s, Reading, Rule, RuleProfile, Status,
};

use crate::vectors::profile;

/// Independent normal points.
struct Normal(Seeded);

impl Normal {
    fn draw(&mut self) -> f64 {
        let mut unit = || ((self.0.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let (a, b) = (unit(), unit());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    fn at(&mut self, shift: f64, spread: f64) -> Deviation {
        let millionths = ((self.draw() * spread + shift) * 1e6).round();
        Deviation::new(millionths as i128, 1_000_000).unwrap()
    }
}

/// Share of runs of `levels` independent points that any of the rules rejects or warns of, against the exact probability.
fn share_of_runs(
    profile: &RuleProfile,
    levels: u8,
    shift: f64,
    spread: f64,
    exact: f64,
    seed: u64,
) {
    const RUNS: u32 = 60_000;
    let engine = Engine::new(profile);
    let mut normal = Normal(Seeded::new(seed));
    let mut hit = 0;
    for run in 0..RUNS {
        let mut group = Group::new();
        let readings: Vec<Reading> = (0..levels)
            .map(|level| Reading {
                level,
                at: normal.at(shift, spread),
            })
            .collect();
        let verdicts = engine.step(&mut group, run, &readings);
        hit += u32::from(
            verdicts
                .iter()
                .any(|verdict| verdict.status != Status::Accept),
        );
    }
    let error = (exact * (1.0 - exact) / f64::from(RUNS)).sqrt();
    let off = (f64::from(hit) / f64::from(RUNS) - exact).abs();
    assert!(
        off < 4.0 * error,
        "{levels} levels, shift {shift}: off by {off}, error {error}"
    );
}

#[test]
fn simulated_rejection_of_one_run_is_that_of_the_theory() {
    for (levels, exact) in [(1, 0.0455), (2, 0.08893), (3, 0.130384), (4, 0.169952)] {
        share_of_runs(&profile(&[Rule::OneTwoS]), levels, 0.0, 1.0, exact, 11);
    }
    for (levels, exact) in [(1, 0.0027), (2, 0.005392), (3, 0.008078), (4, 0.010756)] {
        share_of_runs(&profile(&[Rule::OneThreeS]), levels, 0.0, 1.0, exact, 12);
    }
    for (shift, exact) in [
        (1.0, 0.045045),
        (2.0, 0.29214),
        (3.0, 0.75),
        (4.0, 0.974829),
    ] {
        share_of_runs(&profile(&[Rule::OneThreeS]), 2, shift, 1.0, exact, 13);
    }
    for (shift, exact) in [
        (0.0, 0.001035),
        (1.0, 0.025173),
        (2.0, 0.25),
        (3.0, 0.707861),
        (4.0, 0.955017),
    ] {
        share_of_runs(&profile(&[Rule::TwoTwoS]), 2, shift, 1.0, exact, 14);
    }
    let three = profile(&[Rule::OneThreeS, Rule::TwoTwoS, Rule::R4s]);
    for (shift, exact) in [
        (0.0, 0.007224),
        (1.0, 0.063875),
        (2.0, 0.408677),
        (3.0, 0.866516),
        (4.0, 0.993299),
    ] {
        share_of_runs(&three, 2, shift, 1.0, exact, 15);
    }
    share_of_runs(&profile(&[Rule::R4s]), 2, 0.0, 1.0, 0.001035, 16);
    let mut range = profile(&[Rule::R4s]);
    range.r4s = R4s::Range;
    for shift in [0.0, 3.0] {
        share_of_runs(&range, 2, shift, 1.0, 0.004678, 17);
    }
    // The scatter doubled and tripled.
    let mut wide = three.clone();
    wide.r4s = R4s::Range;
    for (spread, single, strict, range) in
        [(2.0, 0.2496, 0.2834, 0.3065), (3.0, 0.5338, 0.5690, 0.5894)]
    {
        share_of_runs(&profile(&[Rule::OneThreeS]), 2, 0.0, spread, single, 18);
        share_of_runs(&three, 2, 0.0, spread, strict, 19);
        share_of_runs(&wide, 2, 0.0, spread, range, 20);
    }
}

/// With 2-2s across runs too: a live stream of two levels, each run judged beside the one before.
#[test]
fn simulated_rejection_of_a_stream_is_that_of_the_theory() {
    const RUNS: u32 = 200_000;
    const EXACT: f64 = 0.0091;
    // The figure is given with two digits.
    const ROUNDED: f64 = 0.00005;
    let engine = Engine::new(&profile(&[Rule::OneThreeS, Rule::TwoTwoS, Rule::R4s]));
    let mut normal = Normal(Seeded::new(22));
    let mut group = Group::new();
    let mut hit = 0;
    for run in 0..RUNS {
        let readings: Vec<Reading> = (0..2)
            .map(|level| Reading {
                level,
                at: normal.at(0.0, 1.0),
            })
            .collect();
        let verdicts = engine.step(&mut group, run, &readings);
        hit += u32::from(
            verdicts
                .iter()
                .any(|verdict| verdict.status == Status::Reject),
        );
    }
    let error = (EXACT * (1.0 - EXACT) / f64::from(RUNS)).sqrt();
    let off = (f64::from(hit) / f64::from(RUNS) - EXACT).abs();
    assert!(off < 4.0 * error + ROUNDED, "off by {off}, error {error}");
}

#[test]
fn simulated_full_windows_are_those_of_the_theory() {
    // Windows of fresh points, so that the trials are independent.
    let table = [
        (Rule::TwoTwoS, 0.00103514),
        (Rule::ThreeOneS, 0.00798718),
        (Rule::FourOneS, 0.00126721),
        (Rule::SixX, 0.03125),
        (Rule::EightX, 0.0078125),
        (Rule::NineX, 0.00390625),
        (Rule::TenX, 0.001953125),
        (Rule::TwelveX, 0.00048828125),
        (Rule::TwoOfThreeTwoS, 0.00305831),
        (Rule::SevenT, 0.000396825),
    ];
    const TRIALS: u32 = 100_000;
    let engine = Engine::new(&profile(Rule::ALL));
    let mut normal = Normal(Seeded::new(21));
    let mut hits = [0_u32; 10];
    for _ in 0..TRIALS {
        let mut state = MaterialState::default();
        for points in 1..=12 {
            let found = engine.push(&mut state, normal.at(0.0, 1.0));
            for ((rule, _), hit) in table.iter().zip(&mut hits) {
                *hit += u32::from(points == rule.window() && found.contains(*rule));
            }
        }
    }
    for ((rule, exact), hit) in table.iter().zip(hits) {
        let error = (exact * (1.0 - exact) / f64::from(TRIALS)).sqrt();
        let off = (f64::from(hit) / f64::from(TRIALS) - exact).abs();
        assert!(off < 4.0 * error, "{rule}: off by {off}, error {error}");
    }
}
