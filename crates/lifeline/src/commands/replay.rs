//! `lifeline replay`

use std::process::ExitCode;
use std::time::Instant;

use lifeline_core::hospital::Hospital;
use lifeline_journal::Check;
use lifeline_server::desk::{self, ReplayError};

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, bar, finish, print_json, print_line};

/// Rebuilds the state from the facts alone and says what is in it.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    database: Database,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, work(replay(&arguments)))
}

async fn replay(arguments: &Arguments) -> Result<bool, Failure> {
    let journal = arguments.database.open().await?;
    let head = journal.head().await.map_err(failed)?.seq;
    let bar = bar(head);
    let began = Instant::now();
    let mut hospital = Hospital::default();
    journal
        .replay(1, Check::Sequence, |entry| {
            let (stamp, event) = desk::decode(&entry)?;
            hospital.apply(&stamp, &event);
            if stamp.seq.is_multiple_of(1024) {
                bar.set_position(stamp.seq);
            }
            Ok::<(), ReplayError>(())
        })
        .await
        .map_err(failed)?;
    bar.finish_and_clear();
    let seconds = began.elapsed().as_secs_f64();
    let counts = [
        ("entries", hospital.seq),
        ("people", hospital.people.len() as u64),
        ("units", hospital.units.len() as u64),
        ("patients", hospital.patients.len() as u64),
        ("samples", hospital.samples.iter().count() as u64),
        ("tests", hospital.tests.iter().count() as u64),
        ("requests", hospital.requests.iter().count() as u64),
        ("crossmatches", hospital.crossmatches.iter().count() as u64),
        ("issues", hospital.issues.iter().count() as u64),
    ];
    if arguments.json {
        let mut map: serde_json::Map<String, serde_json::Value> = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        map.insert("seconds".into(), seconds.into());
        print_json(&map)?;
    } else {
        for (name, count) in counts {
            print_line(&format!("{count:>10}  {name}"))?;
        }
        print_line(&format!("{seconds:.2} s"))?;
    }
    Ok(true)
}
