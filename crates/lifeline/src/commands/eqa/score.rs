use clap::Args;
use lifeline_qc::eqa::{
    Assigned, Limit, Scores, expanded_verdict, uncertainty_negligible, verdict,
};
use serde_json::{Value, json};

use super::{number, optional, positive};
use crate::answer::{Failure, print_json, print_line};
use crate::csv::Table;

#[derive(Args)]
pub struct Score {
    /// CSV file, `-` for standard input: `lab,x[,u,U]`.
    file: String,
    /// Assigned value.
    #[arg(long, allow_negative_numbers = true)]
    x_pt: f64,
    /// Standard deviation for assessment.
    #[arg(long, allow_negative_numbers = true)]
    sigma_pt: Option<f64>,
    /// Standard uncertainty of the assigned value.
    #[arg(long, allow_negative_numbers = true)]
    u_x_pt: Option<f64>,
    /// Expanded uncertainty of the assigned value; twice the standard one where it is not given.
    #[arg(long = "U-x-pt", allow_negative_numbers = true)]
    expanded_x_pt: Option<f64>,
    /// Allowed error; three standard deviations for assessment where it is not given.
    #[arg(long, allow_negative_numbers = true)]
    delta_e: Option<f64>,
    /// One JSON document.
    #[arg(long)]
    pub json: bool,
}

/// `score`.
pub fn score(it: &Score) -> Result<bool, Failure> {
    if !it.x_pt.is_finite() {
        return Err(Failure::new("value", "x-pt: not a finite number").field("x-pt"));
    }
    for (name, value) in [("u-x-pt", it.u_x_pt), ("U-x-pt", it.expanded_x_pt)] {
        if value.is_some_and(|u| !(u.is_finite() && u >= 0.0)) {
            return Err(Failure::new("value", format!("{name}: must not be negative")).field(name));
        }
    }
    let sigma_pt = positive("sigma-pt", it.sigma_pt)?;
    let assigned = Assigned {
        x_pt: it.x_pt,
        sigma_pt,
        u_x_pt: it.u_x_pt,
        expanded: it.expanded_x_pt,
        delta_e: positive("delta-e", it.delta_e)?.or(sigma_pt.map(|sigma| 3.0 * sigma)),
    };
    let table = Table::read(&it.file)?;
    let (lab, x) = (table.column("lab")?, table.column("x")?);
    let (u, expanded) = (table.optional("u"), table.optional("U"));
    let mut results = Vec::new();
    for row in table.rows() {
        let u_x = optional(row, u.as_ref())?;
        let expanded_x = optional(row, expanded.as_ref())?;
        for (column, value) in [(&u, u_x), (&expanded, expanded_x)] {
            if let (Some(column), Some(value)) = (column, value)
                && value < 0.0
            {
                return Err(row.failure(column, "is negative"));
            }
        }
        let scores = Scores::of(number(row, &x)?, u_x, expanded_x, &assigned)
            .map_err(|error| row.failure(&x, format!("cannot be scored: {error}")))?;
        results.push(json!({
            "row": row.number,
            "lab": row.cell(&lab),
            "x": number(row, &x)?,
            "D": scores.difference,
            "D%": scores.percent,
            "PA": scores.allowed,
            "z": scores.z,
            "z_prime": scores.z_prime,
            "zeta": scores.zeta,
            "En": scores.en,
            "verdicts": {
                "z": scores.z.map(verdict),
                "z_prime": scores.z_prime.map(verdict),
                "zeta": scores.zeta.map(verdict),
                "En": scores.en.map(expanded_verdict),
            },
        }));
    }
    let limit = sigma_pt
        .map(Limit::SigmaPt)
        .or(assigned.delta_e.map(Limit::DeltaE));
    let negligible = limit
        .zip(it.u_x_pt)
        .map(|(limit, u)| uncertainty_negligible(u, limit));
    let by = match (sigma_pt, assigned.delta_e, negligible) {
        (Some(_), _, Some(false)) => "z_prime",
        (Some(_), ..) => "z",
        (None, Some(_), _) => "PA",
        (None, None, _) => "D%",
    };
    if it.json {
        print_json(&json!({
            "uncertainty_negligible": negligible,
            "score_to_use": by,
            "results": results,
        }))?;
    } else {
        print_line(&format!("score to use: {by}"))?;
        for result in &results {
            let show = |name: &str| match &result[name] {
                Value::Null => "-".to_owned(),
                value => value
                    .as_f64()
                    .map_or("-".to_owned(), |value| format!("{value:.2}")),
            };
            let lab = result["lab"].as_str().unwrap_or_default();
            print_line(&format!(
                "{lab}\tD% {}\tPA {}\tz {}\tz' {}\tzeta {}\tEn {}\t{}",
                show("D%"),
                show("PA"),
                show("z"),
                show("z_prime"),
                show("zeta"),
                show("En"),
                result["verdicts"][by].as_str().unwrap_or("-"),
            ))?;
        }
    }
    Ok(true)
}
