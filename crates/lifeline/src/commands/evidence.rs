//! `lifeline evidence`

use std::process::ExitCode;

use jiff::Unit;
use jiff::civil::Date;
use lifeline_core::evidence::{Evidence, Period, Share, evidence};
use lifeline_server::clock::Clock;
use lifeline_server::desk::replay_state;

use super::journal::{Database, failed, run as work};
use crate::answer::{Failure, finish, print_json, print_line};

/// What a department can show of its quality for a period, and the award score that follows.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    database: Database,
    /// First day; the first of this year when left out.
    #[arg(long)]
    from: Option<Date>,
    /// Last day, included; the last of this year when left out.
    #[arg(long)]
    until: Option<Date>,
    /// One JSON document with everything that is counted.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    finish(arguments.json, work(show(&arguments)))
}

fn share(name: &str, share: Share) -> String {
    let percent = share.hundredths().map_or_else(
        || "-".to_owned(),
        |hundredths| format!("{}.{:02} %", hundredths / 100, hundredths % 100),
    );
    format!("{name:<34} {percent:>9}  {} / {}", share.part, share.whole)
}

async fn show(arguments: &Arguments) -> Result<bool, Failure> {
    let journal = arguments.database.open().await?;
    let hospital = replay_state(&journal).await.map_err(failed)?;
    let now = Clock::System.now().round(Unit::Second).map_err(failed)?;
    let today = hospital.today(now);
    let from = arguments.from.unwrap_or_else(|| today.first_of_year());
    let until = arguments.until.unwrap_or_else(|| today.last_of_year());
    if from > until {
        return Err(Failure::new("period", "the last day is before the first"));
    }
    let offset = hospital.offset(now);
    let outside = |date: Date| {
        move |_| Failure::new("period", format!("{date} lies outside the years there are"))
    };
    let start = |date: Date| {
        offset
            .to_timestamp(date.at(0, 0, 0, 0))
            .map_err(outside(date))
    };
    let period = Period {
        from: start(from)?,
        until: start(until.tomorrow().map_err(outside(until))?)?,
    };
    let found = evidence(&hospital, period, now);
    if arguments.json {
        print_json(&found)?;
    } else {
        for line in lines(&found) {
            print_line(&line)?;
        }
    }
    Ok(true)
}

fn lines(found: &Evidence) -> Vec<String> {
    let (controls, rounds, own) = (&found.controls, &found.rounds, &found.governance);
    let mut lines = vec![
        share("indicator 4", controls.indicator),
        share("released results covered", controls.results),
        share("levels in control", controls.in_control),
        share("out-of-control cases closed", controls.closed),
        share("indicator 5", rounds.indicator),
        share("rounds sent in time", rounds.in_time),
        share("rounds satisfactory", rounds.passed),
        share("items satisfactory", rounds.items_passed),
        share("programmes in good standing", rounds.standing),
        share("competence in order", own.competence),
        share("comparisons acceptable", own.comparisons_acceptable),
        share("nonconformities closed", own.nonconformities_closed),
        share("documents read", own.documents_read),
    ];
    match &found.score {
        Ok(scored) => {
            for line in scored.lines.iter().filter(|line| line.lost > 0) {
                let criterion = &line.criterion;
                lines.push(format!("-{} {}", line.lost, criterion.en));
            }
            let award = scored.award.as_ref();
            let award = award.map_or("no award", |award| award.en.as_str());
            lines.push(format!("{} of {}: {award}", scored.points, scored.most));
        }
        Err(finding) => lines.push(format!("no score: {}", finding.rule.code())),
    }
    lines
}
