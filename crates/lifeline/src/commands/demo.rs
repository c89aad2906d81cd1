//! `lifeline demo`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use lifeline_server::clock::Clock;
use lifeline_server::serve::{Config, listen, open, run as serve};

use super::block_on;

/// What can be said to `demo`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The port to serve pages on; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where the demonstration keeps its data; a new folder for temporary files by default. Must be new or empty.
    #[arg(long)]
    data: Option<PathBuf>,
    /// So many points more on the chart of one control (TEG maximum amplitude), to see how a long one is drawn.
    #[arg(long, default_value_t = 0)]
    points: u32,
}

/// Makes a fresh hospital and serves it until told to stop.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let data = arguments.data.unwrap_or_else(|| {
        std::env::temp_dir().join(format!("lifeline-demo-{}", std::process::id()))
    });
    std::fs::create_dir_all(&data).with_context(|| format!("making {}", data.display()))?;
    let database = data.join("journal.sqlite");
    anyhow::ensure!(
        !database.exists(),
        "{} holds a hospital already; name another folder",
        data.display()
    );
    let config = Config {
        database: format!("sqlite:{}", database.display()),
        listen: SocketAddr::from(([127, 0, 0, 1], arguments.port)),
        name_zh: "示范医院输血科".into(),
        name_en: "Model Hospital, Transfusion Department".into(),
        ..Config::default()
    };
    block_on(async move {
        let (listener, address) = listen(config.listen).await?;
        let app = lifeline_demo::furnish(open(&config, Clock::shifted()).await?).await?;
        if arguments.points > 0 {
            lifeline_demo::lengthen_chart(&app, arguments.points).await?;
        }
        let _analysers = lifeline_demo::start_analysers(&app).await?;
        println!("http://{address}");
        serve(app, listener).await?;
        Ok(ExitCode::SUCCESS)
    })
}
