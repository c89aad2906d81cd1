//! Frequencies: groups from alleles, antigen-negative donors, and how many to screen.

use std::collections::BTreeMap;

use super::{Args, Calculator, Computed, Conflict, Field, Kind, Problem, Value, Variant};
use crate::frequency::{
    DONORS_MOST, chance, negative_by_allele, screen_expected, screen_for, system,
};

/// How far a sum of rounded shares may miss 1.
const SUM_MISSES: f64 = 0.006;

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "antigen_negative_screen",
        inputs: &[
            Field::count("units", 1, 1_000),
            Field::new("antigen_pos", "", Kind::Shares),
            Field::new("confidence", "", Kind::Share).choice(),
            Field::count("screened", 0, DONORS_MOST).choice(),
        ],
        variants: &[Variant {
            name: "independent",
            formula: "q = Π (1 − positive share) over systems; donors = ⌈units ÷ q⌉; with confidence: the smallest n with P(X ≥ units) ≥ confidence, X ~ Binomial(n, q); with screened: P(X ≥ units)",
            source: "Hardy–Weinberg shares multiplied between blood-group systems only; binomial tail",
            verified: true,
            unit: "donors",
            compute: screen,
        }],
    },
    Calculator {
        name: "antigen_negative_frequency",
        inputs: &[
            Field::new("allele", "", Kind::Word).choice(),
            Field::new("allele_freq", "", Kind::Share),
        ],
        variants: &[Variant {
            name: "hardy_weinberg",
            formula: "negative = (1 − allele frequency)²",
            source: "Hardy–Weinberg equilibrium",
            verified: true,
            unit: "fraction",
            compute: negative,
        }],
    },
    Calculator {
        name: "abo_from_alleles",
        inputs: &[
            Field::new("A", "", Kind::Share),
            Field::new("B", "", Kind::Share),
            Field::new("O", "", Kind::Share),
        ],
        variants: &[Variant {
            name: "hardy_weinberg",
            formula: "O = o²; A = a² + 2ao; B = b² + 2bo; AB = 2ab",
            source: "Hardy–Weinberg equilibrium; Han alleles A .192, B .170, O .638 (Zhu 2005)",
            verified: true,
            unit: "fraction",
            compute: abo,
        }],
    },
];

fn screen(args: &Args) -> Result<Computed, Problem> {
    args.alone("confidence", &["screened"])?;
    let shares = args.shares("antigen_pos")?;
    let mut named = std::collections::BTreeSet::new();
    let one_system = shares
        .iter()
        .filter_map(|(antigen, _)| *antigen)
        .any(|antigen| !named.insert(system(antigen)));
    if one_system {
        return Err(Problem::Contradiction {
            field: "antigen_pos".into(),
            why: Conflict::SameSystem,
            other: None,
        });
    }
    let share: f64 = shares.iter().map(|(_, positive)| 1.0 - positive).product();
    let units = args.count("units")?;
    let unnamed = shares.len() > 1 && shares.iter().any(|(antigen, _)| antigen.is_none());
    let computed = if args.has("screened") {
        Computed::of(chance(units, share, args.count("screened")?)).unit("probability")
    } else {
        let (donors, blamed) = if args.has("confidence") {
            let confidence = args.number("confidence")?;
            (screen_for(units, share, confidence), "confidence")
        } else {
            (screen_expected(units, share), "antigen_pos")
        };
        let donors = donors.ok_or_else(|| Problem::Contradiction {
            field: blamed.into(),
            why: Conflict::Unreachable,
            other: None,
        })?;
        Computed::of(f64::from(donors)).warn(!args.has("confidence"), "expectation-only")
    };
    Ok(computed.warn(unnamed, "different-systems-assumed"))
}

fn negative(args: &Args) -> Result<Computed, Problem> {
    Ok(Computed::of(negative_by_allele(
        args.number("allele_freq")?,
    )))
}

fn abo(args: &Args) -> Result<Computed, Problem> {
    let (a, b, o) = (args.number("A")?, args.number("B")?, args.number("O")?);
    if (a + b + o - 1.0).abs() > SUM_MISSES {
        return Err(Problem::Contradiction {
            field: "O".into(),
            why: Conflict::Sum,
            other: None,
        });
    }
    let groups = BTreeMap::from([
        ("A", a * a + 2.0 * a * o),
        ("AB", 2.0 * a * b),
        ("B", b * b + 2.0 * b * o),
        ("O", o * o),
    ]);
    Ok(Computed {
        value: Value::Named(groups),
        unit: None,
        warnings: Vec::new(),
    })
}
