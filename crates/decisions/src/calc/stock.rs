//! Figures of the stock and of the use of crossmatched blood.

use super::{Args, Calculator, Computed, Conflict, Field, Problem, Variant};

/// The most units or patients one figure is made of.
const MOST: u32 = 100_000_000;
/// Crossmatched for each transfused above which too much is crossmatched.
const CT_MOST: f64 = 2.5;
/// Transfusion probability in percent under which a type and screen suffices.
const PROBABILITY_LEAST: f64 = 30.0;
/// Transfusion index under which a type and screen suffices.
const INDEX_LEAST: f64 = 0.5;

const UNITS_TRANSFUSED: Field = Field::count("transfused", 0, MOST).or_named(&["units_transfused"]);
const PATIENTS: Field = Field::count("patients_crossmatched", 1, MOST)
    .or_named(&["crossmatched", "crossmatched_patients"]);

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "inventory_index",
        inputs: &[
            Field::count("inventory", 0, MOST),
            Field::count("transfused", 0, MOST),
            Field::count("outdated", 0, MOST),
            Field::count("wasted", 0, MOST),
            Field::number("days", "d", 1.0, 36_600.0),
        ],
        variants: &[Variant {
            name: "days_of_stock",
            formula: "index = inventory ÷ ((transfused + outdated + wasted) ÷ days)",
            source: "Canadian rule: average daily red-cell demand and days of stock",
            verified: true,
            unit: "d",
            compute: inventory,
        }],
    },
    Calculator {
        name: "ct_ratio",
        inputs: &[
            Field::count("crossmatched", 0, MOST)
                .or_named(&["units_crossmatched", "crossmatched_units"]),
            Field::count("transfused", 1, MOST).or_named(&["units_transfused", "transfused_units"]),
        ],
        variants: &[Variant {
            name: "units",
            formula: "C:T = units crossmatched ÷ units transfused",
            source: "At most 2.5, better 2",
            verified: false,
            unit: "ratio",
            compute: ct,
        }],
    },
    Calculator {
        name: "transfusion_probability",
        inputs: &[
            PATIENTS,
            Field::count("patients_transfused", 0, MOST)
                .or_named(&["transfused", "transfused_patients"]),
        ],
        variants: &[Variant {
            name: "patients",
            formula: "probability = patients transfused ÷ patients crossmatched × 100 %",
            source: "At least 30 % for crossmatching before the operation",
            verified: false,
            unit: "%",
            compute: probability,
        }],
    },
    Calculator {
        name: "transfusion_index",
        inputs: &[
            UNITS_TRANSFUSED.or_named(&["units_transfused", "transfused_units"]),
            PATIENTS,
        ],
        variants: &[Variant {
            name: "units_per_patient",
            formula: "index = units transfused ÷ patients crossmatched",
            source: "At least 0.5 for crossmatching before the operation",
            verified: false,
            unit: "units per patient",
            compute: index,
        }],
    },
    Calculator {
        name: "msbos",
        inputs: &[
            Field::number("transfusion_index", "", 0.0, 1_000.0)
                .or_named(&["index", "ti"])
                .choice(),
            UNITS_TRANSFUSED
                .or_named(&["units_transfused", "transfused_units"])
                .choice(),
            PATIENTS.choice(),
        ],
        variants: &[Variant {
            name: "x1_5",
            formula: "MSBOS = 1.5 × transfusion index",
            source: "Maximum surgical blood order schedule: 1.5 × transfusion index",
            verified: false,
            unit: "units",
            compute: msbos,
        }],
    },
];

fn inventory(args: &Args) -> Result<Computed, Problem> {
    let demand = args.number("transfused")? + args.number("outdated")? + args.number("wasted")?;
    if demand == 0.0 {
        return Err(Problem::Contradiction {
            field: "transfused".into(),
            why: Conflict::Empty,
            other: None,
        });
    }
    Ok(Computed::of(
        args.number("inventory")? / (demand / args.number("days")?),
    ))
}

fn ct(args: &Args) -> Result<Computed, Problem> {
    let (crossmatched, transfused) = (args.number("crossmatched")?, args.number("transfused")?);
    if transfused > crossmatched {
        return Err(Problem::conflict(
            "transfused",
            Conflict::Above,
            "crossmatched",
        ));
    }
    let ratio = crossmatched / transfused;
    Ok(Computed::of(ratio).warn(ratio > CT_MOST, "ct-above-2-5"))
}

fn probability(args: &Args) -> Result<Computed, Problem> {
    let (crossmatched, transfused) = (
        args.number("patients_crossmatched")?,
        args.number("patients_transfused")?,
    );
    if transfused > crossmatched {
        return Err(Problem::conflict(
            "patients_transfused",
            Conflict::Above,
            "patients_crossmatched",
        ));
    }
    let percent = transfused / crossmatched * 100.0;
    Ok(Computed::of(percent).warn(percent < PROBABILITY_LEAST, "type-and-screen"))
}

fn index_of(args: &Args) -> Result<f64, Problem> {
    Ok(args.number("transfused")? / args.number("patients_crossmatched")?)
}

fn index(args: &Args) -> Result<Computed, Problem> {
    let index = index_of(args)?;
    Ok(Computed::of(index).warn(index < INDEX_LEAST, "type-and-screen"))
}

fn msbos(args: &Args) -> Result<Computed, Problem> {
    let index = if args.has("transfusion_index") {
        args.alone(
            "transfusion_index",
            &["transfused", "patients_crossmatched"],
        )?;
        args.number("transfusion_index")?
    } else if args.has("transfused") || args.has("patients_crossmatched") {
        index_of(args)?
    } else {
        return Err(super::args::missing("transfusion_index"));
    };
    let units = 1.5 * index;
    Ok(Computed::of(units).warn(index < INDEX_LEAST, "type-and-screen"))
}
