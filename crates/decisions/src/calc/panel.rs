//! Statistics of an antibody panel.

use super::{Args, Calculator, Computed, Conflict, Field, Problem, Variant};
use crate::statistics::{fisher, harris_hochman};

/// The most cells of one kind.
const CELLS: u32 = 500;
/// The chance above which a specificity counts as not proven.
const ENOUGH: f64 = 0.05;

pub(super) const TABLE: &[Calculator] = &[
    Calculator {
        name: "fisher_panel",
        inputs: &[
            Field::count("pos_reactive", 0, CELLS),
            Field::count("pos_non", 0, CELLS),
            Field::count("neg_reactive", 0, CELLS),
            Field::count("neg_non", 0, CELLS),
        ],
        variants: &[Variant {
            name: "one_sided",
            formula: "p = Σ over i ≥ a of C(n₁, i) · C(n₂, R − i) ÷ C(N, R)",
            source: "Fisher's exact test, one-sided; perfect 3 + 3 gives 0.05",
            verified: true,
            unit: "probability",
            compute: exact,
        }],
    },
    Calculator {
        name: "harris_hochman",
        inputs: &[Field::count("pos", 0, CELLS), Field::count("neg", 0, CELLS)],
        variants: &[Variant {
            name: "harris_hochman",
            formula: "p = (A ÷ N)^A × (B ÷ N)^B; A antigen-positive reactive cells, B antigen-negative non-reactive cells, N = A + B",
            source: "Harris and Hochman 1986; perfect 3 + 3 gives 0.016",
            verified: false,
            unit: "probability",
            compute: harris,
        }],
    },
];

fn empty(field: &str) -> Problem {
    Problem::Contradiction {
        field: field.into(),
        why: Conflict::Empty,
        other: None,
    }
}

fn exact(args: &Args) -> Result<Computed, Problem> {
    let counts = [
        args.count("pos_reactive")?,
        args.count("pos_non")?,
        args.count("neg_reactive")?,
        args.count("neg_non")?,
    ];
    if counts.iter().sum::<u32>() == 0 {
        return Err(empty("pos_reactive"));
    }
    let [a, b, c, d] = counts;
    let p = fisher(a, b, c, d);
    // A perfect 3 + 3 is exactly at the limit; a float may land a hair above it.
    Ok(Computed::of(p).warn(p > ENOUGH + 1e-9, "not-proven"))
}

fn harris(args: &Args) -> Result<Computed, Problem> {
    let (pos, neg) = (args.count("pos")?, args.count("neg")?);
    if pos + neg == 0 {
        return Err(empty("pos"));
    }
    let p = harris_hochman(pos, neg);
    Ok(Computed::of(p).warn(p > ENOUGH + 1e-9, "not-proven"))
}
