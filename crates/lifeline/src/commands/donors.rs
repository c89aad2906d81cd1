//! `lifeline donors`

use std::process::ExitCode;
use std::time::Instant;

use lifeline_core::blood::{Antigen, BloodGroup};
use lifeline_decisions::matching::registry::ROWS_MOST;
use lifeline_decisions::search::{Catalogue, given_to, parse_donors};
use serde_json::json;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// Rare donors in a registry file.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    /// Donors typed negative for every antigen asked for.
    Search(Search),
}

#[derive(clap::Args)]
struct Search {
    /// CSV: `donor,group,ANTIGEN,…,note` with 1, 0 or nothing below each antigen; `-` is standard input. Millions of rows.
    registry: String,
    /// Antigens that must be absent, as `Jka,Jkb`.
    #[arg(long)]
    negative: String,
    /// For a patient of this group, as `A+`; without one every group.
    #[arg(long)]
    recipient: Option<String>,
    /// Donors printed at most.
    #[arg(long, default_value_t = 50)]
    most: usize,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let Question::Search(question) = &arguments.question;
    finish(question.json, search(question))
}

fn search(question: &Search) -> Result<bool, Failure> {
    let mut wanted = Vec::new();
    for name in question
        .negative
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let antigen = Antigen::parse(name).ok_or_else(|| {
            Failure::new("antigen", format!("--negative: no antigen {name:?}")).field("negative")
        })?;
        wanted.push(antigen);
    }
    if wanted.is_empty() {
        let message = "--negative: name at least one antigen, as --negative Jka,Jkb";
        return Err(Failure::new("antigen", message).field("negative"));
    }
    let types = match &question.recipient {
        None => 0,
        Some(text) => given_to(BloodGroup::parse(text).map_err(|error| {
            Failure::new("group", format!("--recipient: {error}")).field("recipient")
        })?),
    };
    let text = String::from_utf8(read_input(&question.registry)?).map_err(|error| {
        Failure::new("not-text", "the registry is not UTF-8 text")
            .at(error.utf8_error().valid_up_to())
    })?;
    let donors = parse_donors(&text, ROWS_MOST).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let place = faults.first();
        let place = place.map(|fault| format!("row {}, {}", fault.row, fault.column));
        Failure::new("registry", lines.join("; ")).field(place.unwrap_or_default())
    })?;
    let catalogue = Catalogue::of(&donors);
    let begun = Instant::now();
    let (rows, count) = catalogue.certain(&wanted, types, question.most);
    let took = begun.elapsed();
    let found: Vec<_> = rows
        .iter()
        .filter_map(|row| donors.get(*row as usize))
        .collect();
    if question.json {
        let listed: Vec<_> = found
            .iter()
            .map(|one| {
                json!({
                    "donor": one.donor,
                    "group": BloodGroup::new(one.abo, one.rhd).to_string(),
                    "note": one.note,
                })
            })
            .collect();
        print_json(&json!({
            "donors": donors.len(),
            "found": count,
            "listed": listed,
            "search_ms": took.as_secs_f64() * 1e3,
        }))?;
    } else {
        print_line(&format!(
            "{count} of {} donors, searched in {:.3} ms",
            donors.len(),
            took.as_secs_f64() * 1e3
        ))?;
        for one in found {
            let group = BloodGroup::new(one.abo, one.rhd);
            print_line(&format!("{}\t{group}\t{}", one.donor, one.note))?;
        }
    }
    Ok(count > 0)
}
