//! Fetomaternal haemorrhage and anti-D immunoglobulin.

use super::args::missing;
use super::{Args, Calculator, Computed, Field, Problem, Variant};

/// Whole blood one 300 µg vial covers, in mL.
const VIAL_COVERS: f64 = 30.0;
/// The smallest dose in use where doses are counted in IU.
const SMALLEST_DOSE: f64 = 500.0;

const INPUTS: &[Field] = &[
    Field::number("fetal_pct", "%", 0.0, 100.0).choice(),
    Field::number("fetal_cells", "", 0.0, 1e9).choice(),
    Field::number("adult_cells", "", 1.0, 1e9).choice(),
    Field::number("maternal_blood_volume_ml", "mL", 1_500.0, 12_000.0).or(5_000.0),
];

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "rhig_vials",
        inputs: INPUTS,
        variants: &[
            Variant {
                name: "aabb",
                formula: "vials = round(FMH ÷ 30 mL) + 1; FMH = fetal share × maternal blood volume",
                source: "AABB rule, 300 µg vials; one vial more for the error of the count",
                verified: false,
                unit: "vials of 300 µg",
                compute: aabb,
            },
            Variant {
                name: "ceiling",
                formula: "vials = ⌈FMH ÷ 30 mL⌉; FMH = fetal share × maternal blood volume",
                source: "Plain ceiling, 300 µg vials",
                verified: false,
                unit: "vials of 300 µg",
                compute: ceiling,
            },
        ],
    },
    Calculator {
        name: "fmh_volume",
        inputs: INPUTS,
        variants: &[Variant {
            name: "whole_blood",
            formula: "FMH = fetal share × maternal blood volume; fetal share = fetal cells ÷ adult cells",
            source: "Kleihauer–Betke count, whole blood",
            verified: false,
            unit: "mL",
            compute: fmh,
        }],
    },
    Calculator {
        name: "anti_d_iu",
        inputs: &[Field::number("fmh_ml", "mL", 0.0, 6_000.0)],
        variants: &[Variant {
            name: "iu_125",
            formula: "dose = FMH (mL of fetal red cells) × 125 IU",
            source: "125 IU per mL of fetal red cells, intramuscular (British guidance)",
            verified: false,
            unit: "IU",
            compute: iu,
        }],
    },
];

fn volume(args: &Args) -> Result<f64, Problem> {
    let share = if args.has("fetal_pct") {
        args.alone("fetal_pct", &["fetal_cells", "adult_cells"])?;
        args.number("fetal_pct")? / 100.0
    } else if args.has("fetal_cells") || args.has("adult_cells") {
        // More fetal than maternal cells is no count of a mother's blood.
        let (fetal, adult) = (args.number("fetal_cells")?, args.number("adult_cells")?);
        if fetal > adult {
            return Err(Problem::conflict(
                "fetal_cells",
                super::Conflict::Above,
                "adult_cells",
            ));
        }
        fetal / adult
    } else {
        return Err(missing("fetal_pct"));
    };
    Ok(share * args.number("maternal_blood_volume_ml")?)
}

/// Rounded off at the ninth digit, so that 60 mL written as 1.2 % of 5 000 mL is two vials and not a hair more.
fn vials(args: &Args) -> Result<f64, Problem> {
    Ok((volume(args)? / VIAL_COVERS * 1e9).round() / 1e9)
}

fn aabb(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(vials(args)?.round() + 1.0))
}

fn ceiling(args: &Args) -> Result<Computed, Problem> {
    let vials = vials(args)?.ceil();
    Ok(Computed::of(vials).warn(vials == 0.0, "routine-dose-stands"))
}

fn fmh(args: &Args) -> Result<Computed, Problem> {
    volume(args).map(Computed::of)
}

fn iu(args: &Args) -> Result<Computed, Problem> {
    let dose = args.number("fmh_ml")? * 125.0;
    Ok(Computed::of(dose).warn(dose < SMALLEST_DOSE, "routine-dose-stands"))
}
