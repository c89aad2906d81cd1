//! `lifeline doctor`

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lifeline_core::hospital::Hospital;
use lifeline_journal::Journal;
use lifeline_server::desk;
use lifeline_server::links::{LinkConfig, Profiles};
use lifeline_server::serve::Config;
use serde::Serialize;

use super::journal::{Database, run as work};
use super::serve;
use crate::answer::{Failure, finish, print_json, print_line};

/// Less free space than this, in MiB, and the journal cannot go on for long.
const DISK_STOP: u64 = 200;
/// Less free space than this, in MiB, is worth saying.
const DISK_WARN: u64 = 2_048;
/// How far the clock may lie behind the newest entry: what small corrections of a clock amount to.
const CLOCK_BEHIND: Duration = Duration::from_secs(5);
/// How long a machine has to take a call.
const CALL: Duration = Duration::from_secs(3);

/// Checks an installation and says what to do. Changes nothing.
#[derive(clap::Args)]
#[group(id = "doctor")]
pub struct Arguments {
    #[command(flatten)]
    serve: serve::Arguments,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    Warning,
    Bad,
}

/// One thing that was looked at.
#[derive(Serialize)]
struct Check {
    /// Which part of the installation.
    what: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "str::is_empty")]
    todo: &'static str,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn good(&mut self, what: &'static str, found: impl Into<String>) {
        self.put(what, State::Good, found, "");
    }

    fn warn(&mut self, what: &'static str, found: impl Into<String>, todo: &'static str) {
        self.put(what, State::Warning, found, todo);
    }

    fn bad(&mut self, what: &'static str, found: impl Into<String>, todo: &'static str) {
        self.put(what, State::Bad, found, todo);
    }

    fn put(
        &mut self,
        what: &'static str,
        state: State,
        found: impl Into<String>,
        todo: &'static str,
    ) {
        self.0.push(Check {
            what,
            state,
            found: found.into().replace('\n', " "),
            todo,
        });
    }
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, work(examine(&arguments)))
}

async fn examine(arguments: &Arguments) -> Result<bool, Failure> {
    let mut checks = Checks::default();
    match arguments.serve.config() {
        Ok(config) => {
            checks.good("configuration", arguments.serve.origin());
            let known = database(&config, &mut checks).await;
            disk(&config, &mut checks);
            let serving = known.as_ref().is_some_and(|known| known.serving);
            port(config.listen, serving, &mut checks);
            let hospital = known.as_ref().map(|known| &known.hospital);
            links(&config, hospital, serving, &mut checks).await;
            certificates(&config, &mut checks);
        }
        Err(error) => checks.bad(
            "configuration",
            error.to_string(),
            "Mend the line that is named, or name another file with --config.",
        ),
    }
    let sound = checks.0.iter().all(|check| check.state != State::Bad);
    if arguments.json {
        print_json(&serde_json::json!({"sound": sound, "checks": checks.0}))?;
    } else {
        for check in &checks.0 {
            let mark = match check.state {
                State::Good => "ok     ",
                State::Warning => "warning",
                State::Bad => "BAD    ",
            };
            print_line(&format!("{mark} {:<13} {}", check.what, check.found))?;
            if !check.todo.is_empty() {
                print_line(&format!("{:22}-> {}", "", check.todo))?;
            }
        }
    }
    Ok(sound)
}

struct Known {
    hospital: Hospital,
    /// A server writes to this database now.
    serving: bool,
}

async fn database(config: &Config, checks: &mut Checks) -> Option<Known> {
    let address = Database {
        database: config.database.clone(),
    };
    let journal = match address.open().await {
        Ok(journal) => journal,
        Err(failure) => {
            checks.bad(
                "database",
                failure.message,
                "Start the database and check its address; for a new hospital run `lifeline init`.",
            );
            return None;
        }
    };
    let serving = match journal.lease().await {
        Ok(lease) => !lease.remaining.is_zero(),
        Err(error) => {
            checks.bad("database", error.to_string(), "Call IT with this line.");
            return None;
        }
    };
    match desk::replay_state(&journal).await {
        Ok(hospital) if hospital.people.is_empty() => {
            checks.bad(
                "database",
                "it holds no hospital yet",
                "Run `lifeline init`.",
            );
            None
        }
        Ok(hospital) => {
            let served = if serving {
                ", a server writes to it"
            } else {
                ""
            };
            checks.good("database", format!("{} entries{served}", hospital.seq));
            clock(&journal, hospital.seq, checks).await;
            Some(Known { hospital, serving })
        }
        Err(error) => {
            checks.bad(
                "database",
                error.to_string(),
                "Run `lifeline verify`; restore a copy if the chain is broken.",
            );
            None
        }
    }
}

/// The clock of this machine against the newest entry: time must not have run backwards.
async fn clock(journal: &Journal, last: u64, checks: &mut Checks) {
    let now = lifeline_server::clock::Clock::System.now();
    let entry = match journal.entry(last).await {
        Ok(Some(entry)) => entry,
        Ok(None) => return checks.good("clock", now.to_string()),
        Err(error) => return checks.bad("clock", error.to_string(), "Call IT with this line."),
    };
    let behind = u64::try_from(entry.at_ms.saturating_sub(now.as_millisecond())).unwrap_or(0);
    if u128::from(behind) > CLOCK_BEHIND.as_millis() {
        checks.bad(
            "clock",
            format!("{now}: {} s before the newest entry", behind / 1000),
            "Set this machine's clock by a time server (NTP) before anybody works.",
        );
    } else {
        checks.good("clock", now.to_string());
    }
}

/// The free space where a SQLite journal grows. What a database server has, it says itself.
fn disk(config: &Config, checks: &mut Checks) {
    let Some(path) = config.database.strip_prefix("sqlite:") else {
        return checks.good("disk", "the database server keeps its own");
    };
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let Some(free) = free_mib(&folder) else {
        return checks.warn(
            "disk",
            format!("the free space of {} cannot be read", folder.display()),
            "Check that the folder exists; look at it with df.",
        );
    };
    let found = format!("{free} MiB free in {}", folder.display());
    if free < DISK_STOP {
        checks.bad(
            "disk",
            found,
            "Make room now: a full disk stops every entry.",
        );
    } else if free < DISK_WARN {
        checks.warn("disk", found, "Make room soon.");
    } else {
        checks.good("disk", found);
    }
}

/// Free MiB for ordinary users, by the system's own `df` (POSIX form).
fn free_mib(folder: &Path) -> Option<u64> {
    let output = std::process::Command::new("df")
        .arg("-Pk")
        .arg(folder)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let kib: u64 = text
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()?;
    Some(kib / 1024)
}

fn port(address: SocketAddr, serving: bool, checks: &mut Checks) {
    match TcpListener::bind(address) {
        Ok(_) => checks.good("pages", format!("{address} is free")),
        Err(error) if serving => {
            checks.good(
                "pages",
                format!("{address} is in use; a server runs ({error})"),
            );
        }
        Err(error) => checks.bad(
            "pages",
            format!("{address}: {error}"),
            "Stop the program that listens there, or configure another address.",
        ),
    }
}

async fn links(config: &Config, hospital: Option<&Hospital>, serving: bool, checks: &mut Checks) {
    if config.links.is_empty() {
        return checks.warn(
            "device links",
            "none configured",
            "Add a [link.NAME] section for every analyser.",
        );
    }
    let profiles = Profiles::new(config.profiles.clone());
    for (name, link) in &config.links {
        if let Err(error) = link.profile(name, &profiles) {
            checks.bad(
                "device links",
                error.to_string(),
                "Name a profile that comes with the program, or a file of the folder `profiles`.",
            );
            continue;
        }
        match hospital.map(|hospital| hospital.devices.all.get(&link.device)) {
            Some(None) => {
                checks.bad(
                    "device links",
                    format!("{name}: {} is not registered", link.device),
                    "Register the machine in the equipment room: until then its results are refused.",
                );
                continue;
            }
            Some(Some(device)) if device.out_of_service.is_some() => {
                checks.warn(
                    "device links",
                    format!("{name}: {} is out of service", link.device),
                    "Its results are refused until it is put back in service.",
                );
                continue;
            }
            _ => {}
        }
        line(name, link, serving, checks).await;
    }
}

async fn line(name: &str, link: &LinkConfig, serving: bool, checks: &mut Checks) {
    match (link.listen, link.connect, link.serial.as_deref()) {
        (Some(address), None, None) => match TcpListener::bind(address) {
            Ok(_) => checks.good("device links", format!("{name}: {address} is free")),
            Err(_) if serving => {
                checks.good(
                    "device links",
                    format!("{name}: {address} is in use; a server runs"),
                );
            }
            Err(error) => checks.bad(
                "device links",
                format!("{name}: {address}: {error}"),
                "Stop the program that listens there, or configure another address.",
            ),
        },
        (None, Some(peer), None) => {
            match tokio::time::timeout(CALL, tokio::net::TcpStream::connect(peer)).await {
                Ok(Ok(_)) => checks.good("device links", format!("{name}: {peer} answers")),
                Ok(Err(error)) => checks.bad(
                    "device links",
                    format!("{name}: {peer}: {error}"),
                    "Switch the machine or its gateway on; check the cable and the address.",
                ),
                Err(_) => checks.bad(
                    "device links",
                    format!("{name}: {peer}: no answer"),
                    "Switch the machine or its gateway on; check the cable and the address.",
                ),
            }
        }
        (None, None, Some(port)) if Path::new(port).exists() => {
            checks.good("device links", format!("{name}: {port} is there"));
        }
        (None, None, Some(port)) => checks.bad(
            "device links",
            format!("{name}: {port}: no such port"),
            "Plug the serial adapter in; check the name of the port.",
        ),
        _ => checks.bad(
            "device links",
            format!("{name}: name exactly one of listen, connect, serial"),
            "Mend this section of the configuration.",
        ),
    }
}

/// The program itself speaks plain HTTP and leaves certificates to what stands in front of it and to the database's address.
fn certificates(config: &Config, checks: &mut Checks) {
    if config.listen.ip().is_loopback() {
        checks.good("certificates", "pages are served on this machine only");
    } else {
        checks.warn(
            "certificates",
            format!("pages are served unencrypted on {}", config.listen),
            "Listen on 127.0.0.1 and put a web server with a certificate in front.",
        );
    }
    let address = &config.database;
    let local = [
        "@localhost",
        "@127.0.0.1",
        "@[::1]",
        "host=/",
        "host=localhost",
    ];
    if address.starts_with("postgres")
        && !local.iter().any(|here| address.contains(here))
        && !["sslmode=require", "sslmode=verify"]
            .iter()
            .any(|tls| address.contains(tls))
    {
        checks.warn(
            "certificates",
            "the way to the database server is not encrypted for certain",
            "Add sslmode=require to the database's address, or keep both on one machine.",
        );
    }
}
