//! Red cells: how much to give for a rise in haemoglobin.

use super::{Args, Calculator, Computed, Conflict, Field, Problem, Variant};

const CHILD: &[Field] = &[
    Field::WEIGHT,
    Field::hb_g_dl("hb_actual_g_dl").choice(),
    Field::hb_g_l("hb_actual_g_l").choice(),
    Field::hb_g_dl("hb_target_g_dl").choice(),
    Field::hb_g_l("hb_target_g_l").choice(),
    Field::number("delta_hb_g_dl", "g/dL", 0.1, 20.0).choice(),
    Field::haematocrit("unit_hct").choice(),
];

/// Over this volume per kilogram a child's transfusion is split, in mL/kg.
const CHILD_MOST: f64 = 20.0;

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "rbc_volume_child",
        inputs: CHILD,
        variants: &[
            Variant {
                name: "x4",
                formula: "volume = weight × ΔHb (g/dL) × 4",
                source: "Traditional factor 4",
                verified: false,
                unit: "mL",
                compute: by_four,
            },
            Variant {
                name: "davies",
                formula: "volume = weight × ΔHb (g/dL) × 3 ÷ unit Hct",
                source: "Davies 2007 (slope 5.02 over 564 transfusions)",
                verified: false,
                unit: "mL",
                compute: davies,
            },
        ],
    },
    Calculator {
        name: "whole_blood_volume_child",
        inputs: CHILD,
        variants: &[Variant {
            name: "x6",
            formula: "volume = weight × ΔHb (g/dL) × 6",
            source: "Traditional factor 6 for whole blood",
            verified: false,
            unit: "mL",
            compute: by_six,
        }],
    },
    Calculator {
        name: "rbc_units_adult",
        inputs: &[
            Field::number("delta_hb_g_l", "g/L", 0.1, 200.0),
            Field::BLOOD_VOLUME,
            Field::number("hb_per_unit_g", "g", 5.0, 120.0),
        ],
        variants: &[Variant {
            name: "haemoglobin_mass",
            formula: "units = ΔHb (g/L) × blood volume (L) ÷ Hb per unit (g)",
            source: "50 to 60 g per 300 mL unit; 25 to 30 g per Chinese unit of 200 mL origin",
            verified: false,
            unit: "units",
            compute: adult,
        }],
    },
];

/// How far the haemoglobin is to rise, in g/dL, however that was said; never 0 or less.
pub(super) fn rise_g_dl(args: &Args) -> Result<f64, Problem> {
    const SAID: [&str; 4] = [
        "hb_actual_g_dl",
        "hb_actual_g_l",
        "hb_target_g_dl",
        "hb_target_g_l",
    ];
    if args.has("delta_hb_g_dl") {
        args.alone("delta_hb_g_dl", &SAID)?;
        return args.number("delta_hb_g_dl");
    }
    let actual = args.either("hb_actual_g_dl", "hb_actual_g_l", 0.1)?;
    let target = args.either("hb_target_g_dl", "hb_target_g_l", 0.1)?;
    if actual < target {
        return Ok(target - actual);
    }
    let said = |g_dl, g_l| if args.has(g_dl) { g_dl } else { g_l };
    Err(Problem::conflict(
        said("hb_actual_g_dl", "hb_actual_g_l"),
        Conflict::Above,
        said("hb_target_g_dl", "hb_target_g_l"),
    ))
}

fn child(args: &Args, factor: f64) -> Result<Computed, Problem> {
    let weight = args.number("weight_kg")?;
    let volume = weight * rise_g_dl(args)? * factor;
    Ok(Computed::of(volume).warn(volume > CHILD_MOST * weight, "above-20-ml-kg"))
}

fn by_four(args: &Args) -> Result<Computed, Problem> {
    child(args, 4.0)
}

fn by_six(args: &Args) -> Result<Computed, Problem> {
    child(args, 6.0)
}

fn davies(args: &Args) -> Result<Computed, Problem> {
    child(args, 3.0 / args.number("unit_hct")?)
}

fn adult(args: &Args) -> Result<Computed, Problem> {
    let units = args.number("delta_hb_g_l")? * args.number("blood_volume_l")?
        / args.number("hb_per_unit_g")?;
    Ok(Computed::of(units).warn(units > 1.0, "one-then-look-again"))
}
