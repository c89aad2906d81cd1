//! Scores for massive bleeding.

use super::{Args, Calculator, Computed, Field, Kind, Problem, Variant};

const SBP: Field = Field::number("sbp", "mmHg", 0.0, 350.0);
const HR: Field = Field::number("hr", "/min", 0.0, 350.0);

/// Score from which massive transfusion is likely.
const ABC_LIKELY: f64 = 2.0;
/// Shock index from which massive transfusion is likely.
const SHOCK_LIKELY: f64 = 0.8;

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "abc_score",
        inputs: &[
            Field::new("penetrating", "", Kind::Flag),
            Field::new("fast_positive", "", Kind::Flag),
            SBP,
            HR,
        ],
        variants: &[Variant {
            name: "abc",
            formula: "one point each: penetrating injury, positive FAST, systolic pressure ≤ 90 mmHg, heart rate ≥ 120/min",
            source: "Assessment of Blood Consumption: from 2 points sensitivity 75 %, specificity 86 %",
            verified: true,
            unit: "points",
            compute: abc,
        }],
    },
    Calculator {
        name: "shock_index",
        inputs: &[HR, Field::number("sbp", "mmHg", 20.0, 350.0)],
        variants: &[Variant {
            name: "shock_index",
            formula: "index = heart rate ÷ systolic pressure",
            source: "From 0.8 to 1 more sensitive than the ABC score, needs no ultrasound",
            verified: true,
            unit: "ratio",
            compute: shock,
        }],
    },
];

fn abc(args: &Args) -> Result<Computed, Problem> {
    let points = [
        args.flag("penetrating")?,
        args.flag("fast_positive")?,
        args.number("sbp")? <= 90.0,
        args.number("hr")? >= 120.0,
    ];
    let score: f64 = points
        .into_iter()
        .map(|point| f64::from(u8::from(point)))
        .sum();
    Ok(Computed::of(score).warn(score >= ABC_LIKELY, "massive-transfusion-likely"))
}

fn shock(args: &Args) -> Result<Computed, Problem> {
    let index = args.number("hr")? / args.number("sbp")?;
    Ok(Computed::of(index).warn(index >= SHOCK_LIKELY, "massive-transfusion-likely"))
}
