//! `lifeline qc sigma`

use lifeline_qc::sigma::{Levels, Performance, rules_for};
use serde_json::{Value, json};

use super::parameter;
use crate::answer::{Failure, print_json, print_line};

/// Sigma metrics and the rules they call for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Total allowable error in per cent.
    #[arg(long, allow_hyphen_values = true)]
    tea: String,
    /// Bias in per cent, with its sign.
    #[arg(long, allow_hyphen_values = true)]
    bias: String,
    /// Coefficient of variation in per cent.
    #[arg(long, allow_hyphen_values = true)]
    cv: String,
    /// Control levels that the rules are chosen for.
    #[arg(long, value_parser = ["2", "3"], default_value = "2")]
    levels: String,
}

/// Computes and prints.
pub fn answer(arguments: &Arguments, json: bool) -> Result<(), Failure> {
    let number = |name: &str, text: &str| parameter(name, text).map(lifeline_qc::Decimal::to_f64);
    let performance = Performance {
        tea: number("tea", &arguments.tea)?,
        bias: number("bias", &arguments.bias)?,
        cv: number("cv", &arguments.cv)?,
    };
    let metrics = performance
        .metrics()
        .map_err(|error| Failure::new("parameter", format!("--{error}")))?;
    let levels = if arguments.levels == "3" {
        Levels::Three
    } else {
        Levels::Two
    };
    let rules = rules_for(metrics.sigma, levels);
    if json {
        let mut document =
            serde_json::to_value(metrics).map_err(|error| Failure::new("output", error))?;
        if let (Some(fields), Some(rules)) = (document.as_object_mut(), &rules) {
            fields.insert("profile".into(), json!(rules.profile));
            fields.insert("rules".into(), json!(rules.rules));
            fields.insert(
                "designs".into(),
                Value::Array(rules.designs.iter().map(|design| json!(design)).collect()),
            );
        }
        return print_json(&document);
    }
    print_line(&format!(
        "sigma {:.2}   critical systematic error {:.2} SD   critical random error {:.2} ×   QGI {:.2}",
        metrics.sigma, metrics.dse_crit, metrics.dre_crit, metrics.qgi
    ))?;
    if let Some(rules) = rules {
        let names: Vec<&str> = rules.rules.iter().map(|rule| rule.code()).collect();
        let designs: Vec<String> = rules
            .designs
            .iter()
            .map(|design| format!("N {} R {}", design.n, design.r))
            .collect();
        print_line(&format!(
            "rules {} ({}), {}",
            names.join(" "),
            rules.profile,
            designs.join(" or ")
        ))?;
    }
    Ok(())
}
