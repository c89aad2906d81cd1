//! Opens the hospital at a database and serves it.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use lifeline_core::command::Initialise;
use lifeline_core::finding::{Finding, Refusal, Rule};
use lifeline_core::id::{IdError, UserId, WorkstationId};
use lifeline_core::people::NotePassword;
use lifeline_journal::{Journal, JournalError};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::app::{App, SYSTEM_USER, site};
use crate::clock::Clock;
use crate::desk::{Desk, DeskError, Outcome, ReplayError, Standing, Submission};
use crate::entrance::{Keeper, PasswordError, digest, in_turn};
use crate::jobs;
use crate::links::{
    self, Inbox, InboxError, LineState, Lines, LinkConfig, LinkError, OpenLink, Profiles,
};
use crate::watch;
use crate::web::frame::Site;

/// The server's configuration: the file `lifeline.toml`, overridden by `LIFELINE_…` in the environment and by flags.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Where pages are served.
    pub listen: SocketAddr,
    /// The hospital's name in Chinese.
    pub name_zh: String,
    /// The hospital's name in English.
    pub name_en: String,
    /// Names this server among several on one database; the host name by default.
    pub server_name: String,
    /// The folder of the hospital's own device profiles, `NAME.toml` each.
    pub profiles: Option<PathBuf>,
    /// Device links, by name.
    #[serde(rename = "link")]
    pub links: BTreeMap<String, LinkConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: "sqlite:lifeline.sqlite".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            name_zh: "输血科".into(),
            name_en: "Transfusion Department".into(),
            server_name: "lifeline".into(),
            profiles: None,
            links: BTreeMap::new(),
        }
    }
}

/// Why the server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration file cannot be read.
    #[error("configuration {file}: {reason}")]
    Config {
        /// Which file.
        file: String,
        /// What is wrong, with its line.
        reason: String,
    },
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal cannot be carried in.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The desk did not take a command.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The address cannot be listened on, or a socket failed.
    #[error("{address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database holds no hospital yet.
    #[error("this database holds no hospital yet; run `lifeline init` first")]
    NotInitialised,
    /// The database holds a hospital already.
    #[error("this database holds a hospital already")]
    AlreadyInitialised,
    /// The first administrator cannot be taken so.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] IdError),
    /// A password that cannot be taken.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A policy file of the program cannot be read: a fault of ours.
    #[error(transparent)]
    Policy(#[from] lifeline_policy::PolicyError),
    /// A device link cannot be opened.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// What devices had sent before the last stop cannot be filed.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// A background task failed.
    #[error("{0}")]
    Task(String),
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ServeError::Config`] with the line that is wrong.
    pub fn read(path: &Path) -> Result<Self, ServeError> {
        let wrong = |reason: String| ServeError::Config {
            file: path.display().to_string(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map_err(|error| wrong(error.to_string()))
    }
}

/// Opens journal and desk, and waits until this server may write (or follows, when another one does).
///
/// # Errors
/// See [`ServeError`].
pub async fn open(config: &Config, clock: Clock) -> Result<App, ServeError> {
    let journal = Journal::open(&config.database).await?;
    let desk = Desk::open(journal, clock, config.server_name.clone()).await?;
    let system = UserId::parse(SYSTEM_USER)?;
    Ok(App {
        keeper: Keeper::new(desk.clone(), system.clone()),
        site: Arc::new(Site {
            name: [config.name_zh.clone(), config.name_en.clone()],
            demo: false,
            zone: zone(&desk),
        }),
        demo_logins: Arc::new([]),
        system,
        profiles: Profiles::new(config.profiles.clone()),
        lines: Lines::default(),
        desk,
    })
}

/// The zone the hospital's clocks show, by the policy in force.
pub fn zone(desk: &Desk) -> TimeZone {
    TimeZone::fixed(desk.state().offset(desk.clock().now()))
}

/// Sets up a new hospital: the program's policies, its own account, and the first administrator, named in the hospital's writing
/// and in Latin letters, with a password.
///
/// # Errors
/// [`ServeError::AlreadyInitialised`] when there is one; see [`ServeError`].
pub async fn initialise(
    desk: &Desk,
    administrator: &str,
    (name, latin): (&str, &str),
    password: &str,
) -> Result<(), ServeError> {
    let administrator = UserId::parse(administrator)?;
    let command = Initialise {
        policies: lifeline_policy::builtin()?,
        system: UserId::parse(SYSTEM_USER)?,
        administrator: administrator.clone(),
        name: name.into(),
        latin: latin.into(),
    };
    let digest = hashed(password).await?;
    let console = WorkstationId::parse("console")?;
    desk.writing().await?;
    match desk
        .submit(Submission::new(
            command,
            administrator.clone(),
            console.clone(),
        ))
        .await?
    {
        Outcome::Accepted { .. } => {}
        Outcome::Refused(refusal) => {
            let known = |finding: &Finding| finding.rule == Rule::AlreadyExists;
            return Err(if refusal.findings.iter().any(known) {
                ServeError::AlreadyInitialised
            } else {
                ServeError::Refused(refusal)
            });
        }
    }
    desk.journal()
        .set_credential(administrator.as_str(), &digest)
        .await?;
    let note = NotePassword {
        user: administrator.clone(),
    };
    desk.submit(Submission::new(note, administrator, console))
        .await?;
    Ok(())
}

/// The digest of a new password, made off the async threads.
///
/// # Errors
/// See [`PasswordError`].
pub async fn hashed(password: &str) -> Result<String, ServeError> {
    let password = password.to_owned();
    in_turn(move || digest(&password))
        .await
        .map_err(|error| ServeError::Task(error.to_string()))?
        .map_err(Into::into)
}

/// Opens every device link of the configuration, after filing what was stored before the last stop.
///
/// # Errors
/// A link cannot be opened, or the desk does not answer.
pub async fn open_links(
    app: &App,
    configured: &BTreeMap<String, LinkConfig>,
) -> Result<Vec<OpenLink>, ServeError> {
    let mut open = Vec::with_capacity(configured.len());
    for (name, config) in configured {
        let profile = config.profile(name, &app.profiles)?;
        let inbox = Inbox::new(
            app.desk.clone(),
            app.system.clone(),
            name,
            config.device.clone(),
            profile,
        )?
        .telling(&app.lines);
        links::pick_up(&app.desk, std::slice::from_ref(&inbox)).await?;
        open.push(links::open(inbox, config).await?);
    }
    Ok(open)
}

/// How long requests under way may take to finish once the server was told to stop.
const GRACE: std::time::Duration = std::time::Duration::from_secs(3);
/// How long links that could not be opened wait before they are tried again.
const LINKS_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Keeps the device links open while this server writes, and closed while it follows.
///
/// # Errors
/// A profile cannot be read. What goes wrong later is logged and tried again.
pub fn keep_links(
    app: &App,
    configured: BTreeMap<String, LinkConfig>,
) -> Result<tokio::task::JoinHandle<()>, ServeError> {
    for (name, config) in &configured {
        config.profile(name, &app.profiles)?;
    }
    let app = app.clone();
    Ok(tokio::spawn(async move {
        while app.desk.writing().await.is_ok() {
            match open_links(&app, &configured).await {
                Ok(_open) => {
                    if app.desk.standing_at(Standing::Following).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "device links");
                    let (at, reason) = (app.desk.clock().now(), error.to_string());
                    for (name, config) in &configured {
                        let down = LineState::Down {
                            reason: reason.clone(),
                        };
                        app.lines.set(name, &config.device, down, at);
                    }
                    tokio::time::sleep(LINKS_AGAIN).await;
                }
            }
        }
    }))
}

/// Listens, so that the address is known before anything is served.
///
/// # Errors
/// The address is in use or not ours.
pub async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    let bound = listener
        .local_addr()
        .map_err(|source| ServeError::Listen { address, source })?;
    Ok((listener, bound))
}

/// Serves pages until the process is told to stop.
///
/// # Errors
/// The listener failed.
pub async fn run(app: App, listener: TcpListener) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(|source| ServeError::Listen {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        source,
    })?;
    let reports = tokio::spawn(jobs::keep_reports(app.desk.clone()));
    let jobs = tokio::spawn(jobs::run(
        app.desk.clone(),
        app.system.clone(),
        WorkstationId::parse("jobs")?,
    ));
    let watch = tokio::spawn(watch::run(
        app.desk.clone(),
        app.system.clone(),
        WorkstationId::parse("jobs")?,
    ));
    let serving = axum::serve(listener, site(app)).with_graceful_shutdown(told_to_stop());
    let served = tokio::select! {
        served = serving.into_future() => served.map_err(|source| ServeError::Listen { address, source }),
        // A board that listens never hangs up by itself.
        () = async { told_to_stop().await; tokio::time::sleep(GRACE).await } => Ok(()),
    };
    jobs.abort();
    watch.abort();
    reports.abort();
    served
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    let mut terminate =
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => {
                tracing::warn!(%error, "cannot listen for SIGTERM");
                let _ = interrupt.await;
                return;
            }
        };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
