//! The `lifeline` command.

mod answer;
mod commands;
mod csv;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs a hospital's transfusion department.
#[derive(Parser)]
#[command(name = "lifeline", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A fresh demonstration hospital with simulated analysers.
    Demo(commands::demo::Arguments),
    /// The server.
    Serve(commands::serve::Arguments),
    /// Sets up a new hospital in a database.
    Init(commands::init::Arguments),
    /// Accounts.
    User(commands::user::Arguments),
    /// Thresholds in force.
    Policy(commands::policy::Arguments),
    /// Bag labels.
    Label(commands::label::Arguments),
    /// Device messages.
    Wire(commands::wire::Arguments),
    /// Whether a bag's group may go to a recipient's.
    Compat(commands::compat::Arguments),
    /// ABO and RhD from reactions.
    Group(commands::group::Arguments),
    /// Calculators: platelets, iron, blood loss, exchange, scores and more.
    Calc(commands::calc::Arguments),
    /// Which bag for which request, for a whole day at once.
    #[command(name = "match")]
    Match(commands::matching::Arguments),
    /// How much to keep and to order.
    Stock(commands::stock::Arguments),
    /// Antibody identification.
    Antibody(commands::antibody::Arguments),
    /// Rare donors by antigens that must be absent.
    Donors(commands::donors::Arguments),
    /// Platelets for a refractory patient.
    Platelets(commands::platelets::Arguments),
    /// Internal quality control: rules, charts, sigma, patients' results.
    Qc(commands::qc::Arguments),
    /// External quality assessment: robust statistics, scores, grading, schemes.
    Eqa(commands::eqa::Arguments),
    /// The year's evidence of quality and the award score.
    Evidence(commands::evidence::Arguments),
    /// Random hospitals against the invariants.
    Simulate(commands::simulate::Arguments),
    /// Proves that the journal is as it was written.
    Verify(commands::verify::Arguments),
    /// Rebuilds the state from the facts alone.
    Replay(commands::replay::Arguments),
    /// Writes a copy of the database.
    Backup(commands::backup::Arguments),
    /// Puts a copy where no database is.
    Restore(commands::backup::Arguments),
    /// Writes records out.
    Export(commands::export::Arguments),
    /// The reporting tables.
    Reports(commands::reports::Arguments),
    /// Checks an installation and says what to do.
    Doctor(commands::doctor::Arguments),
    /// Figures, beside what they are compared to.
    Bench(commands::bench::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("LIFELINE_LOG").unwrap_or_else(|_| {
                tracing_subscriber::EnvFilter::new("warn,lifeline=info,lifeline_server=info")
            }),
        )
        .with_writer(std::io::stderr)
        .init();
    let result = match arguments.command {
        Command::Demo(arguments) => commands::demo::run(arguments),
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Init(arguments) => commands::init::run(arguments),
        Command::User(arguments) => Ok(commands::user::run(arguments)),
        Command::Policy(arguments) => Ok(commands::policy::run(arguments)),
        Command::Label(arguments) => Ok(commands::label::run(arguments)),
        Command::Wire(arguments) => Ok(commands::wire::run(arguments)),
        Command::Compat(arguments) => Ok(commands::compat::run(arguments)),
        Command::Group(arguments) => Ok(commands::group::run(arguments)),
        Command::Calc(arguments) => Ok(commands::calc::run(arguments)),
        Command::Match(arguments) => Ok(commands::matching::run(arguments)),
        Command::Stock(arguments) => Ok(commands::stock::run(arguments)),
        Command::Antibody(arguments) => Ok(commands::antibody::run(arguments)),
        Command::Donors(arguments) => Ok(commands::donors::run(arguments)),
        Command::Platelets(arguments) => Ok(commands::platelets::run(arguments)),
        Command::Qc(arguments) => Ok(commands::qc::run(arguments)),
        Command::Eqa(arguments) => Ok(commands::eqa::run(arguments)),
        Command::Evidence(arguments) => Ok(commands::evidence::run(arguments)),
        Command::Simulate(arguments) => Ok(commands::simulate::run(arguments)),
        Command::Verify(arguments) => Ok(commands::verify::run(arguments)),
        Command::Replay(arguments) => Ok(commands::replay::run(arguments)),
        Command::Backup(arguments) => Ok(commands::backup::backup(arguments)),
        Command::Restore(arguments) => Ok(commands::backup::restore(arguments)),
        Command::Export(arguments) => Ok(commands::export::run(arguments)),
        Command::Reports(arguments) => commands::reports::run(arguments),
        Command::Doctor(arguments) => Ok(commands::doctor::run(arguments)),
        Command::Bench(arguments) => commands::bench::run(arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lifeline: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Help and version as they are; wrong use as text, or as one JSON line for whoever asked for JSON.
fn misused(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if !json || !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    // What is wrong stands before the first empty line, the names of what lacks or may be given on lines of their own.
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let said = said.join(" ");
    let message = said.strip_prefix("error: ").unwrap_or(&said);
    let body = serde_json::json!({"error": {"code": "usage", "message": message, "at": null}});
    eprintln!("{body}");
    ExitCode::from(2)
}
