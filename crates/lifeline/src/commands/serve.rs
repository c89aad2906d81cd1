//! `lifeline serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use lifeline_server::clock::Clock;
use lifeline_server::serve::{Config, ServeError, keep_links, listen, open, run as serve};

use super::block_on;

/// What can be said to `serve`; what isn't said comes from the configuration file.
#[derive(clap::Args)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, env = "LIFELINE_CONFIG")]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long, env = "LIFELINE_DATABASE")]
    database: Option<String>,
    /// The address to serve pages on.
    #[arg(long, env = "LIFELINE_LISTEN")]
    listen: Option<SocketAddr>,
    /// Names this server among several on one database.
    #[arg(long, env = "LIFELINE_SERVER_NAME")]
    server_name: Option<String>,
}

impl Arguments {
    /// Where the configuration comes from, in words.
    pub fn origin(&self) -> String {
        match &self.config {
            Some(path) => path.display().to_string(),
            None => "no file: defaults, environment and flags".into(),
        }
    }

    /// The configuration after file, environment and flags.
    pub fn config(&self) -> Result<Config, ServeError> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        if let Some(database) = &self.database {
            config.database.clone_from(database);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(name) = &self.server_name {
            config.server_name.clone_from(name);
        }
        Ok(config)
    }
}

/// Serves until told to stop.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config()?;
    block_on(async move {
        let app = open(&config, Clock::System).await?;
        if app.state().people.is_empty() {
            return Err(ServeError::NotInitialised.into());
        }
        let (listener, address) = listen(config.listen).await?;
        keep_links(&app, config.links.clone())?;
        println!("http://{address}");
        serve(app, listener).await?;
        Ok(ExitCode::SUCCESS)
    })
}
