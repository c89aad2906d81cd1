//! `lifeline init`

use std::io::{BufRead, Write};
use std::process::ExitCode;

use lifeline_server::clock::Clock;
use lifeline_server::serve::{Config, initialise, open};

use super::block_on;

/// What `init` needs to know.
#[derive(clap::Args)]
pub struct Arguments {
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(
        long,
        env = "LIFELINE_DATABASE",
        default_value = "sqlite:lifeline.sqlite"
    )]
    database: String,
    /// The login of the first administrator.
    #[arg(long, default_value = "admin")]
    administrator: String,
    /// The administrator's name.
    #[arg(long)]
    name: String,
    /// The name in Latin letters, for English pages; the login where left out.
    #[arg(long)]
    latin: Option<String>,
}

/// Sets up a hospital; the administrator's password is the first line of standard input.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    eprint!("password of {}: ", arguments.administrator);
    std::io::stderr().flush()?;
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    block_on(async move {
        let config = Config {
            database: arguments.database.clone(),
            ..Config::default()
        };
        let latin = arguments.latin.as_deref();
        let latin = latin.unwrap_or(&arguments.administrator);
        let app = open(&config, Clock::System).await?;
        initialise(
            &app.desk,
            &arguments.administrator,
            (&arguments.name, latin),
            &password,
        )
        .await?;
        super::leave(app.desk.journal()).await;
        println!("a new hospital at {}", arguments.database);
        Ok(ExitCode::SUCCESS)
    })
}
