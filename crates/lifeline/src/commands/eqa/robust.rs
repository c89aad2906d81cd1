use clap::{Args, ValueEnum};
use lifeline_qc::eqa::{self, EqaError, Estimate, Stop};
use serde_json::json;

use super::{limit, number, refused};
use crate::answer::{Failure, print_json, print_line};
use crate::csv::{Column, Table};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    AlgorithmA,
    AlgorithmS,
    Qn,
    QHampel,
    Made,
    Niqr,
}

#[derive(Clone, Copy, ValueEnum)]
enum Stopping {
    /// At the third significant figure, as C.3.1 says and the printed examples do.
    Iso,
    /// At the fixed point.
    Converged,
}

#[derive(Args)]
pub struct Robust {
    /// CSV file, `-` for standard input.
    file: String,
    /// The estimator.
    #[arg(long, value_enum)]
    method: Method,
    /// When Algorithms A and S stop.
    #[arg(long, value_enum, default_value = "converged")]
    stop: Stopping,
    /// One JSON document.
    #[arg(long)]
    pub json: bool,
}

/// `robust`.
pub fn robust(it: &Robust) -> Result<bool, Failure> {
    let table = Table::read(&it.file)?;
    let stop = match it.stop {
        Stopping::Iso => Stop::Iso,
        Stopping::Converged => Stop::Converged,
    };
    let column = table.column(if it.method == Method::AlgorithmS {
        "sd"
    } else {
        "value"
    })?;
    let values = column_of(&table, &column)?;
    let p = values.len();
    let found = match it.method {
        Method::AlgorithmS => eqa::algorithm_s(&values, freedom(&table)?, stop),
        Method::AlgorithmA => eqa::algorithm_a(&values, stop),
        Method::QHampel => eqa::q_hampel(&values),
        Method::Qn => about_median(&values, eqa::qn(&values)),
        Method::Made => about_median(&values, eqa::made(&values)),
        Method::Niqr => about_median(&values, eqa::niqr(&values)),
    }
    .map_err(|error| refused(&table, &column, &error))?;
    // Algorithm S pools spreads: it has no location.
    let located = it.method != Method::AlgorithmS;
    let u = eqa::u_of_assigned(found.scale, p).map_err(|error| Failure::new("value", error))?;
    if it.json {
        print_json(&json!({
            "location": located.then_some(found.location),
            "scale": found.scale,
            "u": located.then_some(u),
            "iterations": found.iterations,
            "p": p,
            "degenerate": found.degenerate,
        }))?;
    } else {
        if located {
            print_line(&format!("location {}", found.location))?;
        }
        print_line(&format!("scale {}", found.scale))?;
        if located {
            print_line(&format!("u {u}"))?;
        }
        print_line(&format!("iterations {}  p {p}", found.iterations))?;
        if found.degenerate {
            print_line(
                "no spread can be derived from these values: nothing may be scored with it",
            )?;
        }
    }
    Ok(true)
}

fn column_of(table: &Table, column: &Column) -> Result<Vec<f64>, Failure> {
    table.rows().iter().map(|row| number(row, column)).collect()
}

fn about_median(values: &[f64], scale: Result<f64, EqaError>) -> Result<Estimate, EqaError> {
    let scale = scale?;
    Ok(Estimate {
        location: eqa::median(values)?,
        scale,
        iterations: 0,
        degenerate: scale == 0.0,
    })
}

/// The one number of degrees of freedom all rows state.
fn freedom(table: &Table) -> Result<u32, Failure> {
    let column = table.column("df")?;
    let mut first = None;
    for row in table.rows() {
        let stated: u32 = row
            .cell(&column)
            .parse()
            .map_err(|_| row.failure(&column, "is not a whole number"))?;
        if *first.get_or_insert(stated) != stated {
            return Err(row.failure(&column, "differs from the first row; Algorithm S takes one"));
        }
    }
    Ok(first.unwrap_or_default())
}

#[derive(Args)]
pub struct Homogeneous {
    /// CSV file, `-` for standard input. A column `item` or `sample` is a name; every other column is a replicate.
    file: String,
    /// Standard deviation for assessment; the criterion is 0.3 of it.
    #[arg(long, allow_negative_numbers = true)]
    sigma_pt: Option<f64>,
    /// Allowed error; the criterion is 0.1 of it.
    #[arg(long, conflicts_with = "sigma_pt", allow_negative_numbers = true)]
    delta_e: Option<f64>,
    /// Results of a later day in the same form: is the material stable as well?
    #[arg(long)]
    later: Option<String>,
    /// One JSON document.
    #[arg(long)]
    pub json: bool,
}

fn items(file: &str) -> Result<(Table, Column, Vec<Vec<f64>>), Failure> {
    let table = Table::read(file)?;
    let columns: Vec<Column> = table
        .columns()
        .filter(|column| !["item", "sample"].contains(&column.name()))
        .collect();
    let Some(first) = columns.first().cloned() else {
        return Err(Failure::new(
            "column",
            format!("{file}: no column with results"),
        ));
    };
    let rows = table
        .rows()
        .iter()
        .map(|row| columns.iter().map(|column| number(row, column)).collect())
        .collect::<Result<Vec<Vec<f64>>, _>>()?;
    Ok((table, first, rows))
}

/// `homogeneity`: the answer is no when neither criterion is met, or the material is not stable.
pub fn homogeneous(it: &Homogeneous) -> Result<bool, Failure> {
    let limit = limit(it.sigma_pt, it.delta_e)?;
    let (table, column, before) = items(&it.file)?;
    let found =
        eqa::homogeneity(&before, limit).map_err(|error| refused(&table, &column, &error))?;
    let stable = match &it.later {
        None => None,
        Some(file) => {
            let (table, column, after) = items(file)?;
            let found = eqa::stability(&before.concat(), &after.concat(), limit, None)
                .map_err(|error| refused(&table, &column, &error))?;
            Some(found)
        }
    };
    if it.json {
        print_json(&json!({
            "g": found.items,
            "m": found.replicates,
            "mean": found.mean,
            "s_x": found.s_x,
            "s_w": found.s_w,
            "s_s": found.s_s,
            "criterion": found.criterion,
            "sufficient": found.sufficient,
            "expanded_criterion": found.expanded_criterion,
            "sufficient_expanded": found.sufficient_expanded,
            "f": found.f,
            "stability": stable.map(|stable| json!({
                "means": [stable.means.0, stable.means.1],
                "difference": stable.difference,
                "criterion": stable.criterion,
                "stable": stable.stable,
            })),
        }))?;
    } else {
        print_line(&format!(
            "s_s {}  criterion {}  expanded {}  {}",
            found.s_s,
            found.criterion,
            found.expanded_criterion,
            match (found.sufficient, found.sufficient_expanded) {
                (true, _) => "homogeneous",
                (false, true) => "homogeneous by the expanded criterion",
                (false, false) => "not homogeneous",
            }
        ))?;
        if let Some(stable) = &stable {
            let word = if stable.stable {
                "stable"
            } else {
                "not stable"
            };
            print_line(&format!("difference {}  {word}", stable.difference))?;
        }
    }
    Ok((found.sufficient || found.sufficient_expanded) && stable.is_none_or(|s| s.stable))
}
