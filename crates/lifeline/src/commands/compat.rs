//! `lifeline compat`

use std::process::ExitCode;

use lifeline_core::blood::{Component, LabelGroup};
use lifeline_core::issue::{Verdict, compatibility};
use lifeline_core::policy::{Key, Value};
use lifeline_server::clock::Clock;

use crate::answer::{Failure, finish, print_json, print_line};

/// Whether a bag's group may go to a recipient's, by the policies the program comes with.
#[derive(clap::Args)]
pub struct Arguments {
    /// `red_cells`, `whole_blood`, `plasma`, `platelets`, `cryo`, `granulocytes`.
    #[arg(long)]
    component: String,
    /// A group like `A+`, or `unknown`.
    #[arg(long, allow_hyphen_values = true)]
    recipient: String,
    /// A group like `A+`; without sign where the label states no RhD.
    #[arg(long, allow_hyphen_values = true)]
    unit: String,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, answer(&arguments))
}

fn group(text: &str) -> Result<LabelGroup, Failure> {
    LabelGroup::parse(text).map_err(|error| Failure::new("group", error))
}

fn answer(arguments: &Arguments) -> Result<bool, Failure> {
    let component = Component::parse(&arguments.component).ok_or_else(|| {
        let known: Vec<&str> = Component::ALL.iter().map(|c| c.as_str()).collect();
        Failure::new(
            "component",
            format!(
                "no component {:?}; there are {}",
                arguments.component,
                known.join(", ")
            ),
        )
    })?;
    let recipient = match arguments.recipient.as_str() {
        "unknown" => None,
        text => Some(group(text)?),
    };
    let unit = group(&arguments.unit)?;
    let now = Clock::System.now();
    let mut entries = lifeline_policy::builtin().map_err(|e| Failure::new("policy", e))?;
    entries.retain(|entry| entry.key == Key::Compatibility && entry.effective <= now);
    let entry = entries.into_iter().max_by_key(|entry| entry.effective);
    let table = match entry.as_ref().map(|entry| &entry.value) {
        Some(Value::Compatibility(tables)) => tables.get(&component),
        _ => None,
    };
    let table = table.ok_or_else(|| {
        Failure::new(
            "policy",
            format!("no table for {} is in force", component.as_str()),
        )
    })?;
    let judgement = compatibility(table, component, recipient, unit);
    if arguments.json {
        print_json(&judgement)?;
    } else {
        print_line(match judgement.verdict {
            Verdict::Compatible => "compatible",
            Verdict::Conditional => "conditional",
            Verdict::Incompatible => "incompatible",
        })?;
        for finding in &judgement.findings {
            let source = finding.source.as_deref().unwrap_or_default();
            print_line(&format!("  {}  {source}", finding.rule.code()))?;
        }
    }
    Ok(judgement.verdict != Verdict::Incompatible)
}
