//! `lifeline calc`

use std::process::ExitCode;

use lifeline_decisions::calc::{self, Calculator, Field, Inputs, Kind, Need, Value};
use serde::Serialize;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// Computes one figure by a named formula, or lists the formulas.
#[derive(clap::Args)]
pub struct Arguments {
    /// The calculator, for example `bsa`.
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// Every calculator with its variants and inputs.
    #[arg(long, conflicts_with_all = ["name", "variant", "input"])]
    list: bool,
    /// The way to compute it; the first of the list where none is named.
    #[arg(long)]
    variant: Option<String>,
    /// The inputs by name as one JSON object, or `@FILE` (`@-` for standard input).
    #[arg(long, default_value = "{}")]
    input: String,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let result = if arguments.list {
        list(arguments.json)
    } else {
        answer(&arguments)
    };
    finish(arguments.json, result.map(|()| true))
}

/// One calculator as the list shows it.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    variants: Vec<&'static str>,
    inputs: Vec<&'static str>,
    fields: Vec<ListedField>,
    formulas: Vec<ListedVariant>,
}

/// One input of it.
#[derive(Serialize)]
struct ListedField {
    name: &'static str,
    unit: &'static str,
    required: bool,
    default: Option<f64>,
    least: Option<f64>,
    most: Option<f64>,
    also: &'static [&'static str],
}

/// One way to compute it.
#[derive(Serialize)]
struct ListedVariant {
    variant: &'static str,
    formula: &'static str,
    unit: &'static str,
    source: &'static str,
    provisional: bool,
}

fn listed(calculator: &'static Calculator) -> Listed {
    Listed {
        name: calculator.name,
        variants: calculator.variants.iter().map(|v| v.name).collect(),
        inputs: calculator.inputs.iter().map(|field| field.name).collect(),
        fields: calculator.inputs.iter().map(listed_field).collect(),
        formulas: calculator
            .variants
            .iter()
            .map(|variant| ListedVariant {
                variant: variant.name,
                formula: variant.formula,
                unit: variant.unit,
                source: variant.source,
                provisional: !variant.verified,
            })
            .collect(),
    }
}

fn listed_field(field: &'static Field) -> ListedField {
    let (least, most) = match field.kind {
        Kind::Number { least, most } => (Some(least), Some(most)),
        Kind::Count { least, most } => (Some(f64::from(least)), Some(f64::from(most))),
        Kind::Share => (Some(0.0), Some(1.0)),
        _ => (None, None),
    };
    ListedField {
        name: field.name,
        unit: field.unit,
        required: field.need == Need::Always,
        default: match field.need {
            Need::Default(value) => Some(value),
            _ => None,
        },
        least,
        most,
        also: field.also,
    }
}

fn list(json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&calc::all().map(listed).collect::<Vec<_>>());
    }
    for calculator in calc::all() {
        let inputs: Vec<&str> = calculator.inputs.iter().map(|field| field.name).collect();
        let variants: Vec<&str> = calculator.variants.iter().map(|v| v.name).collect();
        print_line(&format!(
            "{}  [{}]  {}",
            calculator.name,
            variants.join(", "),
            inputs.join(", ")
        ))?;
    }
    Ok(())
}

fn answer(arguments: &Arguments) -> Result<(), Failure> {
    let name = arguments.name.as_deref().unwrap_or_default();
    let calculator = calc::find(name).ok_or_else(|| {
        Failure::new(
            "unknown-calculator",
            format!("no calculator {name:?}; `lifeline calc --list` shows them"),
        )
        .field("name")
    })?;
    let text = match arguments.input.strip_prefix('@') {
        Some(file) => String::from_utf8(read_input(file)?)
            .map_err(|error| Failure::new("unreadable", error).field("input"))?,
        None => arguments.input.clone(),
    };
    let inputs: Inputs = serde_json::from_str(&text)
        .map_err(|error| Failure::new("unreadable", format!("input: {error}")).field("input"))?;
    let answer = calculator
        .run(arguments.variant.as_deref(), &inputs)
        .map_err(|problem| Failure::new(problem.code(), &problem).field(problem.field()))?;
    if arguments.json {
        return print_json(&answer);
    }
    match &answer.value {
        Value::Number(value) => print_line(&format!("{value} {}", answer.unit))?,
        Value::Named(values) => {
            for (name, value) in values {
                print_line(&format!("{name}  {value} {}", answer.unit))?;
            }
        }
    }
    print_line(&format!("{} ({})", answer.formula, answer.variant))?;
    let standing = if answer.provisional {
        "; not confirmed yet"
    } else {
        ""
    };
    print_line(&format!("{}{standing}", answer.source))?;
    for warning in answer.warnings {
        print_line(&format!("note: {warning}"))?;
    }
    Ok(())
}
