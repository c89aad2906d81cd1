//! Plasma: its volume, exchange, fibrinogen and factor VIII.

use super::{Args, Calculator, Computed, Field, Problem, Variant};

const HCT: Field = Field::haematocrit("hct");
const NOW: Field = Field::number("fib_now_mg_dl", "mg/dL", 0.0, 1_500.0);
const TARGET: Field = Field::number("fib_target_mg_dl", "mg/dL", 1.0, 1_500.0);

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "plasma_volume",
        inputs: &[Field::WEIGHT, HCT],
        variants: &[
            Variant {
                name: "70ml",
                formula: "plasma volume = weight × 70 mL/kg × (1 − Hct)",
                source: "70 mL of blood per kg in an adult",
                verified: false,
                unit: "mL",
                compute: seventy,
            },
            Variant {
                name: "kaplan",
                formula: "plasma volume = 65 mL/kg × weight × (1 − Hct)",
                source: "Kaplan 1990: 0.065 × weight × (1 − Hct) in litres",
                verified: false,
                unit: "mL",
                compute: kaplan,
            },
        ],
    },
    Calculator {
        name: "tpe_fraction_removed",
        inputs: &[Field::number("plasma_volumes", "", 0.01, 10.0)],
        variants: &[Variant {
            name: "one_compartment",
            formula: "removed = 1 − e^(−plasma volumes)",
            source: "One compartment, continuous exchange, no refilling",
            verified: false,
            unit: "fraction",
            compute: removed,
        }],
    },
    Calculator {
        name: "tpe_plasma_bags",
        inputs: &[
            Field::WEIGHT,
            HCT,
            Field::number("plasma_volumes", "", 0.01, 10.0).or(1.0),
            Field::ML_PER_BAG,
        ],
        variants: &[
            Variant {
                name: "70ml",
                formula: "bags = plasma volumes × weight × 70 mL/kg × (1 − Hct) ÷ mL per bag, rounded up",
                source: "One plasma volume a session where nothing is said; 70 mL of blood per kg in an adult",
                verified: false,
                unit: "bags",
                compute: bags_by_seventy,
            },
            Variant {
                name: "kaplan",
                formula: "bags = plasma volumes × 65 mL/kg × weight × (1 − Hct) ÷ mL per bag, rounded up",
                source: "Kaplan 1990: plasma volume 0.065 × weight × (1 − Hct) in litres",
                verified: false,
                unit: "bags",
                compute: bags_by_kaplan,
            },
        ],
    },
    Calculator {
        name: "cryo_bags",
        inputs: &[
            Field::WEIGHT,
            HCT,
            NOW,
            TARGET,
            Field::number("mg_per_bag", "mg", 20.0, 4_000.0),
        ],
        variants: &[Variant {
            name: "plasma_volume",
            formula: "bags = (target − now, mg/dL) × plasma volume (dL) ÷ mg per bag; plasma volume = weight × 70 mL/kg × (1 − Hct)",
            source: "Mass balance over the plasma volume; a Chinese unit from 100 mL plasma holds at least 75 mg",
            verified: false,
            unit: "bags",
            compute: cryo,
        }],
    },
    Calculator {
        name: "fibrinogen_concentrate",
        inputs: &[NOW, TARGET, Field::WEIGHT.choice()],
        variants: &[Variant {
            name: "per_1_7",
            formula: "dose = (target − now, mg/dL) ÷ 1.7 mg/kg; times the weight where it is given",
            source: "1.7 mg/dL rise per mg/kg",
            verified: false,
            unit: "mg/kg",
            compute: concentrate,
        }],
    },
    Calculator {
        name: "factor8_dose",
        inputs: &[
            Field::WEIGHT,
            Field::number("rise_iu_dl", "IU/dL", 0.1, 300.0),
        ],
        variants: &[Variant {
            name: "half",
            formula: "dose = weight × rise (IU/dL) × 0.5",
            source: "1 IU/kg raises factor VIII by 2 IU/dL",
            verified: false,
            unit: "IU",
            compute: factor_eight,
        }],
    },
];

fn seventy(args: &Args) -> Result<Computed, Problem> {
    seventy_ml(args).map(Computed::of)
}

fn seventy_ml(args: &Args) -> Result<f64, Problem> {
    Ok(args.number("weight_kg")? * 70.0 * (1.0 - args.number("hct")?))
}

fn kaplan(args: &Args) -> Result<Computed, Problem> {
    kaplan_ml(args).map(Computed::of)
}

fn kaplan_ml(args: &Args) -> Result<f64, Problem> {
    Ok(65.0 * args.number("weight_kg")? * (1.0 - args.number("hct")?))
}

fn bags_by_seventy(args: &Args) -> Result<Computed, Problem> {
    exchanged(args, seventy_ml(args)?)
}

fn bags_by_kaplan(args: &Args) -> Result<Computed, Problem> {
    exchanged(args, kaplan_ml(args)?)
}

fn exchanged(args: &Args, plasma_ml: f64) -> Result<Computed, Problem> {
    let volume = args.number("plasma_volumes")? * plasma_ml;
    Ok(Computed::of((volume / args.number("ml_per_bag")?).ceil()))
}

fn removed(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(-(-args.number("plasma_volumes")?).exp_m1()))
}

/// The fibrinogen that is lacking, in mg/dL.
fn lacking(args: &Args) -> Result<f64, Problem> {
    args.falling("fib_target_mg_dl", "fib_now_mg_dl", "fib_now_mg_dl")
        .map(|(target, now)| target - now)
}

fn cryo(args: &Args) -> Result<Computed, Problem> {
    let decilitres = seventy_ml(args)? / 100.0;
    let bags = lacking(args)? * decilitres / args.number("mg_per_bag")?;
    Ok(Computed::of(bags).warn(bags.fract() > 1e-9, "round-up"))
}

fn concentrate(args: &Args) -> Result<Computed, Problem> {
    let per_kg = lacking(args)? / 1.7;
    if args.has("weight_kg") {
        return Ok(Computed::of(per_kg * args.number("weight_kg")?).unit("mg"));
    }
    Ok(Computed::of(per_kg))
}

fn factor_eight(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(
        args.number("weight_kg")? * args.number("rise_iu_dl")? * 0.5,
    ))
}
