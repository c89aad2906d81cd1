//! The `lifeline` command.

mod commands;

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
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lifeline: {error:#}");
            ExitCode::from(2)
        }
    }
}
