//! Iron.

use super::{Args, Calculator, Computed, Field, Problem, Variant};

const INPUTS: &[Field] = &[
    Field::WEIGHT,
    Field::hb_g_dl("hb_actual_g_dl").choice(),
    Field::hb_g_l("hb_actual_g_l").choice(),
    Field::hb_g_dl("hb_target_g_dl").choice(),
    Field::hb_g_l("hb_target_g_l").choice(),
    Field::number("stores_mg", "mg", 0.0, 2_000.0).choice(),
];

/// Under this weight the stores are reckoned by weight, in kg.
const SMALL: f64 = 35.0;

const FORMULA: &str = "iron = weight × (target Hb − actual Hb, g/dL) × 2.4 + stores; stores 500 mg, or 15 mg/kg under 35 kg";

pub(super) const TABLE: &[Calculator] = &[Calculator {
    name: "iron_deficit_ganzoni",
    inputs: INPUTS,
    variants: &[
        Variant {
            name: "ganzoni",
            formula: FORMULA,
            source: "Ganzoni 1970",
            verified: false,
            unit: "mg",
            compute: ganzoni,
        },
        Variant {
            name: "stores_only",
            formula: "as ganzoni, with the Hb term never under 0: at or above the target only the stores are filled",
            source: "Ganzoni 1970, held at the stores",
            verified: false,
            unit: "mg",
            compute: stores_only,
        },
    ],
}];

fn stores(args: &Args) -> Result<f64, Problem> {
    if args.has("stores_mg") {
        return args.number("stores_mg");
    }
    let weight = args.number("weight_kg")?;
    Ok(if weight < SMALL { 15.0 * weight } else { 500.0 })
}

fn ganzoni(args: &Args) -> Result<Computed, Problem> {
    let rise = super::red_cells::rise_g_dl(args)?;
    Ok(Computed::of(
        args.number("weight_kg")? * rise * 2.4 + stores(args)?,
    ))
}

fn stores_only(args: &Args) -> Result<Computed, Problem> {
    let actual = args.either("hb_actual_g_dl", "hb_actual_g_l", 0.1)?;
    let target = args.either("hb_target_g_dl", "hb_target_g_l", 0.1)?;
    let rise = (target - actual).max(0.0);
    Ok(
        Computed::of(args.number("weight_kg")? * rise * 2.4 + stores(args)?)
            .warn(actual >= target, "hb-at-target"),
    )
}
