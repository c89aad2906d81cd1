//! `lifeline platelets`

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use lifeline_core::blood::{Abo, PlateletAntigen};
use lifeline_decisions::matching::platelets::{Bag, Numbers, Patient, Trial, rank, refractory};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// Platelets for a refractory patient.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(clap::Subcommand)]
enum Question {
    /// Bags in the order to try them, by summed fluorescence, ABO and age; and whether platelets worked before.
    Rank {
        /// JSON: `{"patient": {"abo": "A", "antibodies": {"A2": 8000}}, "bags": [{"id", "abo", "antigens": […]|null, "age_days"}],
        /// "trials": [{"cci_1h", "cci_24h", "abo_identical", "age_hours"}]}`; `-` is standard input.
        file: String,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let Question::Rank { file, json } = arguments.question;
    finish(json, ranked(&file, json))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    patient: Person,
    bags: Vec<Given>,
    #[serde(default)]
    trials: Vec<Tried>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    abo: String,
    #[serde(default)]
    antibodies: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    id: String,
    abo: String,
    #[serde(default)]
    antigens: Option<Vec<String>>,
    #[serde(default)]
    age_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    #[serde(default)]
    cci_1h: Option<f64>,
    #[serde(default)]
    cci_24h: Option<f64>,
    abo_identical: bool,
    age_hours: u32,
}

/// The highest fluorescence taken.
const MFI_MOST: f64 = 1e6;
/// A corrected increment beyond this was never measured, in 10⁹/L.
const CCI_MOST: f64 = 1000.0;

fn wrong(at: String, what: impl std::fmt::Display) -> Failure {
    Failure::new("value", format!("{at}: {what}")).field(at)
}

fn abo(at: String, text: &str) -> Result<u8, Failure> {
    match Abo::ALL.into_iter().find(|abo| abo.as_str() == text.trim()) {
        Some(Abo::O) => Ok(0),
        Some(Abo::A) => Ok(1),
        Some(Abo::B) => Ok(2),
        Some(Abo::Ab) => Ok(3),
        None => Err(wrong(at, format!("{text:?} is none of O, A, B, AB"))),
    }
}

fn antigen(at: String, text: &str) -> Result<String, Failure> {
    PlateletAntigen::parse(text)
        .map(|antigen| antigen.to_string())
        .map_err(|error| wrong(at, error))
}

fn read(case: &Case) -> Result<(Patient, Vec<Bag>, Vec<Trial>), Failure> {
    let mut antibodies = BTreeMap::new();
    for (name, mfi) in &case.patient.antibodies {
        let at = format!("patient.antibodies.{name}");
        if !(0.0..=MFI_MOST).contains(mfi) {
            return Err(wrong(at, format!("{mfi} is not from 0 to {MFI_MOST}")));
        }
        if antibodies
            .insert(antigen(at.clone(), name)?, *mfi)
            .is_some()
        {
            return Err(wrong(at, "the antigen stands twice"));
        }
    }
    let patient = Patient {
        abo: abo("patient.abo".into(), &case.patient.abo)?,
        antibodies,
    };
    let mut seen = BTreeSet::new();
    let mut bags = Vec::new();
    for (n, given) in case.bags.iter().enumerate() {
        if !seen.insert(given.id.as_str()) {
            return Err(wrong(
                format!("bags[{n}].id"),
                format!("{:?} stands twice", given.id),
            ));
        }
        let mut antigens = None;
        if let Some(list) = &given.antigens {
            let mut read = Vec::new();
            for (m, name) in list.iter().enumerate() {
                read.push(antigen(format!("bags[{n}].antigens[{m}]"), name)?);
            }
            antigens = Some(read);
        }
        bags.push(Bag {
            id: given.id.clone(),
            abo: abo(format!("bags[{n}].abo"), &given.abo)?,
            antigens,
            age_days: given.age_days,
        });
    }
    let mut trials = Vec::new();
    for (n, tried) in case.trials.iter().enumerate() {
        for (field, value) in [("cci_1h", tried.cci_1h), ("cci_24h", tried.cci_24h)] {
            if let Some(value) = value
                && !(-CCI_MOST..=CCI_MOST).contains(&value)
            {
                let what = format!("{value} is not from -{CCI_MOST} to {CCI_MOST} (10⁹/L)");
                return Err(wrong(format!("trials[{n}].{field}"), what));
            }
        }
        trials.push(Trial {
            cci_1h: tried.cci_1h,
            cci_24h: tried.cci_24h,
            abo_identical: tried.abo_identical,
            age_hours: tried.age_hours,
        });
    }
    Ok((patient, bags, trials))
}

fn ranked(file: &str, json: bool) -> Result<bool, Failure> {
    let case: Case =
        serde_json::from_slice(&read_input(file)?).map_err(|error| Failure::new("case", error))?;
    let (patient, bags, trials) = read(&case)?;
    let numbers = Numbers::default();
    let verdict = refractory(&trials, &numbers);
    let list = rank(&patient, &bags, &numbers);
    if json {
        let bags: Vec<_> = list
            .iter()
            .map(|one| {
                json!({
                    "id": one.id,
                    "suits": one.suits.as_str(),
                    "mfi": one.mfi,
                    "seen": one.seen.iter().map(|(name, _)| name).collect::<Vec<_>>(),
                    "abo_major": one.abo_major,
                    "cost": one.cost,
                })
            })
            .collect();
        print_json(&json!({"refractory": verdict.as_str(), "bags": bags}))?;
        return Ok(true);
    }
    print_line(&format!("refractory: {}", verdict.as_str()))?;
    for one in &list {
        let mfi = one
            .mfi
            .map_or_else(|| "–".into(), |mfi| format!("{mfi:.0}"));
        print_line(&format!(
            "{}\t{}\tMFI {mfi}\tABO {}\tloss {:.1}",
            one.id,
            one.suits.as_str(),
            if one.abo_major {
                "major mismatch"
            } else {
                "suits"
            },
            one.cost
        ))?;
    }
    Ok(true)
}
