//! Blood volume and body surface.

use super::{Args, Calculator, Computed, Field, Kind, Problem, Variant};

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "blood_volume_nadler",
        inputs: &[
            Field::new("sex", "", Kind::Sex),
            Field::number("height_m", "m", 0.3, 2.6),
            Field::WEIGHT,
        ],
        variants: &[Variant {
            name: "nadler",
            formula: "male: 0.3669 h³ + 0.03219 w + 0.6041; female: 0.3561 h³ + 0.03308 w + 0.1833",
            source: "Nadler 1962",
            verified: true,
            unit: "L",
            compute: nadler,
        }],
    },
    Calculator {
        name: "bsa",
        inputs: &[Field::number("height_cm", "cm", 20.0, 260.0), Field::WEIGHT],
        variants: &[
            Variant {
                name: "mosteller",
                formula: "BSA = √(height (cm) × weight (kg) ÷ 3600)",
                source: "Mosteller 1987",
                verified: false,
                unit: "m²",
                compute: mosteller,
            },
            Variant {
                name: "dubois",
                formula: "BSA = 0.007184 × weight^0.425 × height^0.725",
                source: "DuBois 1916",
                verified: false,
                unit: "m²",
                compute: dubois,
            },
        ],
    },
];

fn nadler(args: &Args) -> Result<Computed, Problem> {
    let (height, weight) = (args.number("height_m")?, args.number("weight_kg")?);
    let (cubic, linear, constant) = if args.male("sex")? {
        (0.3669, 0.03219, 0.6041)
    } else {
        (0.3561, 0.03308, 0.1833)
    };
    Ok(
        Computed::of(cubic * height.powi(3) + linear * weight + constant)
            // The equation was fitted to adults.
            .warn(weight < 25.0 || height < 1.2, "fitted-to-adults"),
    )
}

fn mosteller(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(
        (args.number("height_cm")? * args.number("weight_kg")? / 3600.0).sqrt(),
    ))
}

fn dubois(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(
        0.007184 * args.number("weight_kg")?.powf(0.425) * args.number("height_cm")?.powf(0.725),
    ))
}
