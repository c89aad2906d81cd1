//! `lifeline label`

use std::process::ExitCode;

use lifeline_core::blood::Din;
use lifeline_wire::isbt128::parse_scan;

use crate::answer::{Failure, finish, print_json, print_line};

/// Bag labels.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// What each scan says.
    Parse {
        /// As the scanner gives it; after `--` where one begins with a dash.
        #[arg(required = true)]
        scans: Vec<String>,
        /// One JSON document: a list with one entry a scan.
        #[arg(long)]
        json: bool,
    },
    /// The check character of a donation number, for keyboard entry.
    CheckCharacter {
        /// Thirteen characters.
        din: String,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Parse { scans, json } => finish(json, parse(&scans, json)),
        Command::CheckCharacter { din, json } => finish(json, check_character(&din, json)),
    }
}

fn parse(scans: &[String], json: bool) -> Result<bool, Failure> {
    let mut symbols = Vec::with_capacity(scans.len());
    for scan in scans {
        let shown: String = scan.chars().take(60).collect();
        let symbol = parse_scan(scan)
            .map_err(|error| Failure::new("scan", format!("{shown:?}: {error}")))?;
        symbols.push(symbol);
    }
    if json {
        print_json(&symbols)?;
    } else {
        for symbol in &symbols {
            let text = serde_json::to_string(symbol).map_err(|e| Failure::new("output", e))?;
            print_line(&text)?;
        }
    }
    Ok(true)
}

fn check_character(text: &str, json: bool) -> Result<bool, Failure> {
    let din = Din::parse(text).map_err(|error| Failure::new("din", error))?;
    let check = din.check_character();
    if json {
        print_json(&serde_json::json!({"din": din.as_str(), "check_character": check}))?;
    } else {
        print_line(&check.to_string())?;
    }
    Ok(true)
}
