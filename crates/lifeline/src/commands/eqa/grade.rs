use std::collections::BTreeMap;

use clap::Args;
use jiff::civil::Date;
use lifeline_qc::eqa::{
    self, Answered, Event, Graded, GradingTable, Matching, Performance, Submitted, TableError,
};
use serde_json::{Value, json};

use super::{table, tables};
use crate::answer::{Failure, print_json, print_line};
use crate::csv::{Record, Table};

#[derive(Args)]
pub struct Grade {
    /// CSV file, `-` for standard input. An expected titre `median` is that of all laboratories.
    file: String,
    /// Grading table: `china`, `clia`, `penalties`, or one of `--policy`.
    #[arg(long)]
    table: String,
    /// The table in force on this day; the newest where it is not given.
    #[arg(long)]
    on: Option<Date>,
    /// A policy file with other tables.
    #[arg(long)]
    policy: Option<String>,
    /// One JSON document.
    #[arg(long)]
    pub json: bool,
}

/// The events of one laboratory in the order of their first rows.
type Rounds = Vec<(String, Event)>;

/// `grade`.
pub fn grade(it: &Grade) -> Result<bool, Failure> {
    let tables = tables(it.policy.as_deref())?;
    let by = table(&tables, &it.table, it.on)?;
    let labs = read(&it.file, by)?;
    let mut results = Vec::new();
    let mut performance = Vec::new();
    for (lab, rounds) in &labs {
        let mut graded = Vec::new();
        for (round, event) in rounds {
            let found = eqa::grade(by, event).map_err(|error| {
                Failure::new("value", format!("lab {lab:?}, round {round:?}: {error}"))
            })?;
            results.push(result(lab, round, event.submitted, &found));
            graded.push(found);
        }
        performance.push(standing(by, lab, &graded));
    }
    if it.json {
        print_json(&json!({
            "table": {
                "name": by.name,
                "effective": by.effective,
                "source": by.source,
                "provisional": by.provisional,
            },
            "results": results,
            "performance": performance,
        }))?;
        return Ok(true);
    }
    let provisional = if by.provisional { ", provisional" } else { "" };
    print_line(&format!(
        "table {} from {}{provisional}",
        by.name, by.effective
    ))?;
    for one in &results {
        let word = if one["satisfactory"] == true {
            "satisfactory"
        } else {
            "UNSATISFACTORY"
        };
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        print_line(&format!(
            "{} {}\t{} %\t{word}",
            text("lab"),
            text("round"),
            one["score"]
        ))?;
    }
    for one in &performance {
        let lab = one["lab"].as_str().unwrap_or_default();
        print_line(&format!(
            "{lab}\t{}",
            one["standing"].as_str().unwrap_or_default()
        ))?;
    }
    Ok(true)
}

/// Hundredths of a per cent as a number people know.
pub(super) fn percent(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

/// One graded event as JSON.
pub(super) fn result(lab: &str, round: &str, submitted: Submitted, graded: &Graded) -> Value {
    let items: BTreeMap<&String, Value> = graded
        .items
        .iter()
        .map(|(item, grade)| {
            let value = json!({
                "score": percent(grade.score()),
                "acceptable": grade.acceptable,
                "challenges": grade.challenges,
                "pass": grade.pass,
                "satisfactory": grade.satisfactory,
                "provisional": grade.provisional,
                "points": grade.points,
                "errors": grade.errors,
            });
            (item, value)
        })
        .collect();
    json!({
        "lab": lab,
        "round": round,
        "submitted": submitted,
        "score": percent(graded.score),
        "points": graded.points,
        "satisfactory": graded.satisfactory,
        "items": items,
    })
}

fn standing(by: &GradingTable, lab: &str, graded: &[Graded]) -> Value {
    let whole: Vec<(bool, u32)> = graded
        .iter()
        .map(|found| (found.satisfactory, found.points))
        .collect();
    let items: BTreeMap<&String, Performance> = by
        .items
        .keys()
        .filter_map(|item| {
            let history: Vec<(bool, u32)> = graded
                .iter()
                .filter_map(|found| Some((found.items.get(item)?.satisfactory, 0)))
                .collect();
            (!history.is_empty()).then(|| (item, eqa::performance(by, &history)))
        })
        .collect();
    json!({"lab": lab, "standing": eqa::performance(by, &whole), "items": items})
}

fn read(file: &str, by: &GradingTable) -> Result<BTreeMap<String, Rounds>, Failure> {
    let table = Table::read(file)?;
    let item = table.column("item")?;
    let expected = table.column("expected")?;
    let reported = table.column("reported")?;
    let [lab, round, sample, status] =
        ["lab", "round", "sample", "status"].map(|name| table.optional(name));
    let text = |row: &Record, column: &Option<crate::csv::Column>| {
        column
            .as_ref()
            .map(|column| row.cell(column).to_owned())
            .unwrap_or_default()
    };
    let mut medians: BTreeMap<(String, String, String), Vec<&str>> = BTreeMap::new();
    for row in table.rows() {
        if !row.cell(&reported).is_empty() {
            let key = (
                row.cell(&item).to_owned(),
                text(row, &round),
                text(row, &sample),
            );
            medians.entry(key).or_default().push(row.cell(&reported));
        }
    }
    let mut labs: BTreeMap<String, Rounds> = BTreeMap::new();
    for row in table.rows() {
        let rule = by
            .items
            .get(row.cell(&item))
            .ok_or_else(|| row.failure(&item, format!("is not graded by table {}", by.name)))?;
        let named = text(row, &sample);
        let key = (row.cell(&item).to_owned(), text(row, &round), named.clone());
        let target = match (rule.matching, row.cell(&expected)) {
            (_, "") => return Err(row.failure(&expected, "is empty")),
            (Matching::Dilutions(_), "median") => {
                let titres = medians.get(&key).cloned().unwrap_or_default();
                eqa::titre_median(&titres)
                    .map_err(|error| row.failure(&expected, format!("has no value: {error}")))?
                    .to_string()
            }
            (_, given) => given.to_owned(),
        };
        let answer = row.cell(&reported);
        if !answer.is_empty()
            && let Err(error @ TableError::Titre { .. }) =
                eqa::same_answer(rule.matching, &target, answer)
        {
            return Err(row.failure(&reported, error));
        }
        let submitted = match text(row, &status).as_str() {
            "" | "on_time" => Submitted::OnTime,
            "late" => Submitted::Late,
            "absent" => Submitted::Absent,
            _ => {
                let problem = "is none of on_time, late, absent";
                return Err(match &status {
                    Some(column) => row.failure(column, problem),
                    None => Failure::new("value", problem),
                });
            }
        };
        let rounds = labs.entry(text(row, &lab)).or_default();
        let name = text(row, &round);
        let at = match rounds.iter().position(|(known, _)| *known == name) {
            Some(at) => at,
            None => {
                rounds.push((
                    name,
                    Event {
                        submitted,
                        answers: Vec::new(),
                    },
                ));
                rounds.len() - 1
            }
        };
        let Some((_, event)) = rounds.get_mut(at) else {
            continue;
        };
        if let Some(column) = status.as_ref().filter(|_| event.submitted != submitted) {
            return Err(row.failure(column, "differs from another row of the same round"));
        }
        let number = event
            .answers
            .iter()
            .filter(|known| known.item == row.cell(&item))
            .count()
            + 1;
        let named = if named.is_empty() {
            number.to_string()
        } else {
            named
        };
        let twice = event
            .answers
            .iter()
            .any(|known| known.item == row.cell(&item) && known.sample == named);
        if let Some(column) = sample.as_ref().filter(|_| twice) {
            return Err(row.failure(column, "comes twice for this item"));
        }
        event.answers.push(Answered {
            item: row.cell(&item).to_owned(),
            sample: named,
            expected: target,
            reported: (!answer.is_empty()).then(|| answer.to_owned()),
        });
    }
    Ok(labs)
}
