//! Red-cell and whole-blood exchange.

use super::{Args, Calculator, Computed, Conflict, Field, Problem, Variant};

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "exchange_partial_sickle",
        inputs: &[
            Field::WEIGHT,
            Field::ML_PER_KG,
            Field::haematocrit("hct_i"),
            Field::haematocrit("hct_d"),
            Field::haematocrit("hct_unit"),
        ],
        variants: &[Variant {
            name: "partial",
            formula: "volume = (Hct wanted − Hct now) × blood volume ÷ (Hct unit − (Hct wanted + Hct now) ÷ 2)",
            source: "Partial exchange in sickle-cell disease",
            verified: false,
            unit: "mL",
            compute: partial,
        }],
    },
    Calculator {
        name: "exchange_red_cell_bags",
        inputs: &[
            Field::WEIGHT,
            Field::ML_PER_KG.or(70.0),
            Field::haematocrit("hct"),
            Field::haematocrit("hct_unit"),
            Field::number("hbs_now", "%", 0.1, 100.0),
            Field::number("hbs_target", "%", 0.1, 100.0),
            Field::ML_PER_BAG,
        ],
        variants: &[Variant {
            name: "isovolumetric",
            formula: "bags = blood volume × Hct ÷ Hct unit × ln(HbS now ÷ HbS wanted) ÷ mL per bag, rounded up",
            source: "One compartment, isovolumetric exchange: HbS falls as e^(−volume ÷ blood volume × Hct unit ÷ Hct)",
            verified: false,
            unit: "bags",
            compute: red_cell_bags,
        }],
    },
    Calculator {
        name: "exchange_neonatal_polycythaemia",
        inputs: &[
            Field::WEIGHT,
            Field::ML_PER_KG,
            Field::haematocrit("hct_obs"),
            Field::haematocrit("hct_des"),
        ],
        variants: &[Variant {
            name: "partial",
            formula: "volume = blood volume × (Hct observed − Hct wanted) ÷ Hct observed",
            source: "Partial exchange in polycythaemia of the newborn",
            verified: false,
            unit: "mL",
            compute: polycythaemia,
        }],
    },
    Calculator {
        name: "exchange_neonatal_double",
        inputs: &[Field::WEIGHT, Field::ML_PER_KG.or(85.0)],
        variants: &[Variant {
            name: "double",
            formula: "volume = 2 × weight × blood volume per kg (85 mL/kg where not given)",
            source: "Double-volume exchange of the newborn",
            verified: false,
            unit: "mL",
            compute: double,
        }],
    },
    Calculator {
        name: "fraction_remaining_exchange",
        inputs: &[Field::number("volumes", "", 0.01, 10.0)],
        variants: &[Variant {
            name: "continuous",
            formula: "remaining = e^(−volumes)",
            source: "One compartment, continuous exchange",
            verified: false,
            unit: "fraction",
            compute: remaining,
        }],
    },
];

fn blood(args: &Args) -> Result<f64, Problem> {
    Ok(args.number("weight_kg")? * args.number("ml_per_kg")?)
}

fn partial(args: &Args) -> Result<Computed, Problem> {
    let (wanted, now) = args.falling("hct_d", "hct_i", "hct_i")?;
    let unit = args.number("hct_unit")?;
    let gained = unit - f64::midpoint(wanted, now);
    if gained <= 0.0 || unit <= wanted {
        return Err(Problem::conflict("hct_unit", Conflict::NotAbove, "hct_d"));
    }
    Ok(Computed::of((wanted - now) * blood(args)? / gained))
}

fn red_cell_bags(args: &Args) -> Result<Computed, Problem> {
    let (now, wanted) = args.falling("hbs_now", "hbs_target", "hbs_target")?;
    let volume =
        blood(args)? * args.number("hct")? / args.number("hct_unit")? * (now / wanted).ln();
    Ok(Computed::of((volume / args.number("ml_per_bag")?).ceil()))
}

fn polycythaemia(args: &Args) -> Result<Computed, Problem> {
    let (observed, wanted) = args.falling("hct_obs", "hct_des", "hct_des")?;
    Ok(Computed::of(blood(args)? * (observed - wanted) / observed))
}

fn double(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(2.0 * blood(args)?))
}

fn remaining(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of((-args.number("volumes")?).exp()))
}
