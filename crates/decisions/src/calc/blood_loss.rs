//! How much blood may be lost, or taken before an operation, before the haematocrit falls to a limit.

use super::{Args, Calculator, Computed, Field, Problem, Variant};

/// Estimated blood volume in millilitres.
const EBV: Field = Field::number("ebv_ml", "mL", 20.0, 20_000.0);
const INITIAL: Field = Field::haematocrit("hct_i");
const FINAL: Field = Field::haematocrit("hct_f");

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "allowable_blood_loss",
        inputs: &[
            Field::WEIGHT.choice(),
            Field::ML_PER_KG.choice(),
            EBV.choice(),
            INITIAL,
            FINAL,
        ],
        variants: &[
            Variant {
                name: "initial",
                formula: "loss = EBV × (Hct₀ − Hct₁) ÷ Hct₀",
                source: "Linear formula",
                verified: false,
                unit: "mL",
                compute: linear,
            },
            Variant {
                name: "gross",
                formula: "loss = EBV × (Hct₀ − Hct₁) ÷ ((Hct₀ + Hct₁) ÷ 2)",
                source: "Gross 1983",
                verified: false,
                unit: "mL",
                compute: gross,
            },
        ],
    },
    Calculator {
        name: "anh_volume",
        inputs: &[EBV, INITIAL, FINAL],
        variants: &[Variant {
            name: "gross",
            formula: "volume = EBV × (Hct₀ − Hct₁) ÷ ((Hct₀ + Hct₁) ÷ 2)",
            source: "Gross 1983, acute normovolaemic haemodilution",
            verified: false,
            unit: "mL",
            compute: gross,
        }],
    },
    Calculator {
        name: "bourke_smith",
        inputs: &[EBV, INITIAL, FINAL],
        variants: &[Variant {
            name: "bourke_smith",
            formula: "loss = EBV × (Hct₀ − Hct₁) × (3 − (Hct₀ + Hct₁) ÷ 2)",
            source: "Bourke and Smith 1974",
            verified: false,
            unit: "mL",
            compute: bourke_smith,
        }],
    },
];

fn volume(args: &Args) -> Result<f64, Problem> {
    if args.has("ebv_ml") {
        args.alone("ebv_ml", &["weight_kg", "ml_per_kg"])?;
        return args.number("ebv_ml");
    }
    Ok(args.number("weight_kg")? * args.number("ml_per_kg")?)
}

fn linear(args: &Args) -> Result<Computed, Problem> {
    let (before, after) = args.falling("hct_i", "hct_f", "hct_f")?;
    Ok(Computed::of(volume(args)? * (before - after) / before))
}

fn gross(args: &Args) -> Result<Computed, Problem> {
    let (before, after) = args.falling("hct_i", "hct_f", "hct_f")?;
    Ok(Computed::of(
        volume(args)? * (before - after) / f64::midpoint(before, after),
    ))
}

fn bourke_smith(args: &Args) -> Result<Computed, Problem> {
    let (before, after) = args.falling("hct_i", "hct_f", "hct_f")?;
    Ok(Computed::of(
        volume(args)? * (before - after) * (3.0 - f64::midpoint(before, after)),
    ))
}
