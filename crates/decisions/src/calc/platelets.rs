//! Platelet increments: what came of a transfusion, and what to expect.

use super::{Args, Calculator, Computed, Field, Need, Problem, Variant};
use super::{Conflict, Kind};

/// Corrected count increment at one hour under which the answer is poor by the lower of the two published limits, per µL.
const CCI_POOR: f64 = 5_000.0;
/// And by the higher one.
const CCI_ADEQUATE: f64 = 7_500.0;
/// Recovery at one hour under which the answer is poor, in percent.
const PPR_POOR: f64 = 20.0;

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "platelet_cci",
        inputs: &[
            Field::number("increment_per_ul", "/µL", -1_000_000.0, 2_000_000.0).choice(),
            Field::number("pre_1e9_l", "10⁹/L", 0.0, 5_000.0).choice(),
            Field::number("post_1e9_l", "10⁹/L", 0.0, 5_000.0).choice(),
            Field::number("bsa_m2", "m²", 0.05, 4.0),
            Field::DOSE,
        ],
        variants: &[Variant {
            name: "standard",
            formula: "CCI = increment (/µL) × BSA (m²) ÷ dose (10¹¹)",
            source: "Corrected count increment; adequate at 1 h from 7 500 (5 000 in other sources)",
            verified: false,
            unit: "m²/(µL·10¹¹)",
            compute: cci,
        }],
    },
    Calculator {
        name: "platelet_ppr",
        inputs: &[
            Field::number("increment_1e9_l", "10⁹/L", -1_000.0, 2_000.0),
            Field::BLOOD_VOLUME,
            Field::DOSE,
        ],
        variants: &[Variant {
            name: "standard",
            formula: "PPR = increment (10⁹/L) × blood volume (L) ÷ (dose (10¹¹) × 100) × 100 %",
            source: "Percentage platelet recovery; adequate at 1 h above 20 to 30 %",
            verified: false,
            unit: "%",
            compute: ppr,
        }],
    },
    Calculator {
        name: "platelet_expected_increment",
        inputs: &[
            Field::DOSE,
            Field::BLOOD_VOLUME,
            Field {
                need: Need::Default(0.67),
                ..Field::new("recovery", "", Kind::Share)
            },
        ],
        variants: &[Variant {
            name: "standard",
            formula: "increment = dose (10¹¹) × 100 × recovery ÷ blood volume (L)",
            source: "Recovery 0.67 in an adult with a normal spleen",
            verified: false,
            unit: "10⁹/L",
            compute: expected,
        }],
    },
];

fn cci(args: &Args) -> Result<Computed, Problem> {
    let increment = if args.has("increment_per_ul") {
        args.alone("increment_per_ul", &["pre_1e9_l", "post_1e9_l"])?;
        args.number("increment_per_ul")?
    } else if args.has("pre_1e9_l") || args.has("post_1e9_l") {
        (args.number("post_1e9_l")? - args.number("pre_1e9_l")?) * 1_000.0
    } else {
        return Err(super::args::missing("increment_per_ul"));
    };
    let value = increment * args.number("bsa_m2")? / args.number("dose_1e11")?;
    Ok(Computed::of(value)
        .warn(value < CCI_POOR, "cci-poor")
        .warn((CCI_POOR..CCI_ADEQUATE).contains(&value), "cci-between"))
}

fn ppr(args: &Args) -> Result<Computed, Problem> {
    let value = args.number("increment_1e9_l")? * args.number("blood_volume_l")?
        / (args.number("dose_1e11")? * 100.0)
        * 100.0;
    if value > 100.0 {
        // More came back than went in: one of the three is wrong.
        return Err(Problem::conflict(
            "increment_1e9_l",
            Conflict::Above,
            "dose_1e11",
        ));
    }
    Ok(Computed::of(value).warn(value < PPR_POOR, "ppr-poor"))
}

fn expected(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(
        args.number("dose_1e11")? * 100.0 * args.number("recovery")?
            / args.number("blood_volume_l")?,
    ))
}
