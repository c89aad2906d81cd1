//! `lifeline wire`

use std::process::ExitCode;
use std::time::Duration;

use lifeline_server::links::Instrument;
use lifeline_wire::Limits;
use lifeline_wire::astm::lis1;
use lifeline_wire::decode::{self, decode};
use lifeline_wire::hl7::mllp;
use lifeline_wire::profile::{self, Profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::block_on;
use crate::answer::{Failure, finish, print_json, read_input};

/// Device messages.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Protocol {
    Auto,
    Astm,
    Hl7,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Fault {
    /// The message is cut in the middle, and the line is closed.
    Truncate,
    /// One bit in the middle is flipped.
    FlipBit,
    /// The message is sent twice.
    Repeat,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// The computer system, sending orders to an instrument: it yields where both want to send.
    Host,
    /// The instrument, sending results.
    Instrument,
}

impl From<Role> for lis1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Host => Self::Host,
            Role::Instrument => Self::Instrument,
        }
    }
}

#[derive(clap::Subcommand)]
enum Command {
    /// Bytes as a device sends them, framed or not, to records.
    Decode {
        /// A capture; `-` for standard input.
        file: String,
        /// What it is.
        #[arg(long, value_enum, default_value = "auto")]
        protocol: Protocol,
        /// The domain reading by this profile instead.
        #[arg(long)]
        profile: Option<String>,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Plays a capture as a device would.
    Send {
        /// A capture; `-` for standard input.
        file: String,
        /// HOST:PORT.
        #[arg(long)]
        to: String,
        /// Which end of an ASTM line we are; HL7 has no ends.
        #[arg(long, value_enum, default_value = "instrument")]
        role: Role,
        /// Something goes wrong on the way.
        #[arg(long, value_enum, value_delimiter = ',')]
        faults: Vec<Fault>,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Decode {
            file,
            protocol,
            profile,
            json,
        } => finish(json, read(&file, protocol, profile.as_deref())),
        Command::Send {
            file,
            to,
            role,
            faults,
            json,
        } => finish(json, send(&file, &to, role, &faults, json)),
    }
}

fn read(file: &str, protocol: Protocol, profile: Option<&str>) -> Result<bool, Failure> {
    let bytes = read_input(file)?;
    if let Some(name) = profile {
        let profile = Profile::builtin(name).ok_or_else(|| {
            let known: Vec<&str> = Profile::builtin_names().collect();
            Failure::new(
                "profile",
                format!("no profile {name}; there are {}", known.join(", ")),
            )
        })?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::new("empty", format!("{file}: the input is empty")).at(0));
        }
        print_json(&profile::read(&profile, &bytes))?;
        return Ok(true);
    }
    let protocol = match protocol {
        Protocol::Auto => decode::Protocol::Auto,
        Protocol::Astm => decode::Protocol::Astm,
        Protocol::Hl7 => decode::Protocol::Hl7,
    };
    let decoded = decode(&bytes, protocol, &Limits::default())
        .map_err(|error| Failure::new("unreadable", format!("{file}: {error}")).at(error.at()))?;
    print_json(&decoded.value)?;
    Ok(true)
}

/// How long an answer to an HL7 message is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

fn send(file: &str, to: &str, role: Role, faults: &[Fault], json: bool) -> Result<bool, Failure> {
    let bytes = read_input(file)?;
    let protocol = decode::detect(&bytes)
        .ok_or_else(|| Failure::new("unreadable", format!("{file}: neither ASTM nor HL7")))?;
    let times = if faults.contains(&Fault::Repeat) {
        2
    } else {
        1
    };
    let damaged = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        if faults.contains(&Fault::FlipBit)
            && let Some(byte) = bytes.get_mut(middle)
        {
            *byte ^= 1;
        }
        if faults.contains(&Fault::Truncate) {
            bytes.truncate(middle);
        }
        bytes
    };
    let sent = block_on(async {
        let mut sent = 0;
        for _ in 0..times {
            if protocol == decode::Protocol::Hl7 {
                let frame = damaged(mllp::frame(&mllp::Config::default(), &bytes));
                if !hl7(to, &frame, faults.contains(&Fault::Truncate)).await? {
                    break;
                }
            } else if faults.contains(&Fault::Truncate) || faults.contains(&Fault::FlipBit) {
                raw_astm(to, &damaged(framed(&bytes))).await?;
            } else {
                let text = if lifeline_wire::astm::deframe::is_framed(&bytes) {
                    lifeline_wire::astm::deframe::deframe(&bytes).text
                } else {
                    bytes.clone()
                };
                let mut instrument =
                    Instrument::connect_as(role.into(), to, lis1::Config::default()).await?;
                instrument.send(&text).await?;
            }
            sent += 1;
        }
        Ok(sent)
    })
    .map_err(|error| Failure::new("not-sent", format!("{to}: {error:#}")))?;
    let taken = sent == times;
    if json {
        print_json(&serde_json::json!({"sent": sent, "taken": taken}))?;
    } else {
        eprintln!("{sent} sent");
    }
    Ok(taken)
}

/// A capture as it goes over a LIS01 line, without waiting for answers.
fn framed(bytes: &[u8]) -> Vec<u8> {
    if lifeline_wire::astm::deframe::is_framed(bytes) {
        return bytes.to_vec();
    }
    let text: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'\n' { b'\r' } else { *byte })
        .collect();
    [vec![5], lis1::split(&text, 240).concat(), vec![4]].concat()
}

async fn raw_astm(to: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let mut line = tokio::net::TcpStream::connect(to).await?;
    line.write_all(bytes).await?;
    line.shutdown().await?;
    Ok(())
}

/// Sends one frame and waits for an answer; whether it was taken (`MSA|AA` or `CA`).
async fn hl7(to: &str, frame: &[u8], cut: bool) -> anyhow::Result<bool> {
    let mut line = tokio::net::TcpStream::connect(to).await?;
    line.write_all(frame).await?;
    if cut {
        line.shutdown().await?;
        return Ok(true);
    }
    let mut answer = Vec::new();
    let mut buffer = [0u8; 4096];
    while !answer.ends_with(b"\x1c\r") {
        let read = tokio::time::timeout(PATIENCE, line.read(&mut buffer)).await??;
        if read == 0 {
            break;
        }
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if answer.len() > Limits::default().bytes {
            anyhow::bail!("the answer is too long");
        }
    }
    let text = String::from_utf8_lossy(&answer);
    Ok(text.contains("MSA|AA") || text.contains("MSA|CA"))
}
