//! A scheme for many laboratories: codes, collection, closing, scores, and a report for each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use lifeline_qc::eqa::{self, Answered, Assigned, Event, Scores, Stop, Submitted, verdict};
use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::StdRng};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{table, tables};
use crate::answer::{Failure, finish, print_json, print_line, read_input};
use crate::csv::Table;

/// The most laboratories times samples of a scheme: every code has six digits.
const CODES_MOST: usize = 100_000;

/// Organises a scheme for many laboratories.
#[derive(Args)]
pub struct Scheme {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A blind code for every sample of every laboratory, as CSV `lab,sample,code`.
    Codes(Codes),
    /// Scores all laboratories; results that came after the closing are late.
    Score(ScoreAll),
}

#[derive(Args)]
struct Codes {
    /// The scheme.
    scheme: String,
    /// Makes the codes come out the same again.
    #[arg(long)]
    seed: u64,
}

#[derive(Args)]
struct ScoreAll {
    /// The scheme.
    scheme: String,
    /// The codes, as `codes` wrote them.
    #[arg(long)]
    codes: String,
    /// What the laboratories reported: `lab,code,item,reported,received`.
    #[arg(long)]
    results: String,
    /// A folder for one report a laboratory.
    #[arg(long)]
    reports: Option<String>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// A scheme as its organiser writes it down before anything is sent out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// Name of the round.
    round: String,
    /// Results must be in by then.
    closes: Timestamp,
    /// Grading table of the graded items.
    table: String,
    /// Laboratories.
    labs: Vec<String>,
    /// Samples and, for each graded item, the truth established before sending.
    panel: BTreeMap<String, BTreeMap<String, String>>,
    /// Items measured as numbers. Truth of a sample may hold an assigned value for them; else the laboratories' own robust mean
    /// is taken.
    #[serde(default)]
    measured: BTreeMap<String, MeasuredItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasuredItem {
    /// Standard deviation for assessment; the laboratories' robust one where it is not given.
    #[serde(default)]
    sigma_pt: Option<f64>,
}

/// Runs the command.
pub fn run(scheme: Scheme) -> ExitCode {
    match scheme.command {
        Command::Codes(it) => finish(false, codes(&it)),
        Command::Score(it) => finish(it.json, score(&it)),
    }
}

fn plan(file: &str) -> Result<Plan, Failure> {
    let bytes = read_input(file)?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(
            "scheme",
            format!(
                "{file}, line {}, column {}: {error}",
                error.line(),
                error.column()
            ),
        )
    })?;
    let bad = |field: &'static str, problem: String| {
        Err(Failure::new("scheme", format!("{file}, {field}: {problem}")).field(field))
    };
    let once: BTreeSet<&String> = plan.labs.iter().collect();
    if plan.labs.is_empty() || once.len() != plan.labs.len() {
        return bad(
            "labs",
            "must name at least one laboratory, each once".into(),
        );
    }
    if plan.panel.is_empty() {
        return bad("panel", "has no sample".into());
    }
    if plan.labs.len() * plan.panel.len() > CODES_MOST {
        return bad(
            "labs",
            format!("more than {CODES_MOST} codes would be needed"),
        );
    }
    Ok(plan)
}

fn codes(it: &Codes) -> Result<bool, Failure> {
    let plan = plan(&it.scheme)?;
    let mut rng = StdRng::seed_from_u64(it.seed);
    let mut codes: Vec<u32> = (100_000..1_000_000).collect();
    let wanted = plan.labs.len() * plan.panel.len();
    let (drawn, _) = codes.partial_shuffle(&mut rng, wanted);
    let mut drawn = drawn.iter();
    print_line("lab,sample,code")?;
    for lab in &plan.labs {
        for sample in plan.panel.keys() {
            if let Some(code) = drawn.next() {
                print_line(&format!("{},{},{code}", quoted(lab), quoted(sample)))?;
            }
        }
    }
    Ok(true)
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// What came in: by laboratory, sample and item; and which laboratories were late.
struct Collected {
    answers: BTreeMap<(String, String, String), String>,
    late: BTreeSet<String>,
    present: BTreeSet<String>,
}

fn collect(it: &ScoreAll, plan: &Plan) -> Result<Collected, Failure> {
    let table = Table::read(&it.codes)?;
    let (lab, sample, code) = (
        table.column("lab")?,
        table.column("sample")?,
        table.column("code")?,
    );
    let mut samples: BTreeMap<String, (String, String)> = BTreeMap::new();
    for row in table.rows() {
        if !plan.labs.iter().any(|known| known == row.cell(&lab)) {
            return Err(row.failure(&lab, "is no laboratory of the scheme"));
        }
        if !plan.panel.contains_key(row.cell(&sample)) {
            return Err(row.failure(&sample, "is no sample of the panel"));
        }
        let meaning = (row.cell(&lab).to_owned(), row.cell(&sample).to_owned());
        if samples
            .insert(row.cell(&code).to_owned(), meaning)
            .is_some()
        {
            return Err(row.failure(&code, "comes twice"));
        }
    }
    let table = Table::read(&it.results)?;
    let [lab, code, item, reported, received] =
        ["lab", "code", "item", "reported", "received"].map(|name| table.column(name));
    let (lab, code, item, reported, received) = (lab?, code?, item?, reported?, received?);
    let mut collected = Collected {
        answers: BTreeMap::new(),
        late: BTreeSet::new(),
        present: BTreeSet::new(),
    };
    for row in table.rows() {
        let Some((whose, sample)) = samples.get(row.cell(&code)) else {
            return Err(row.failure(&code, "is no code of the scheme"));
        };
        if whose != row.cell(&lab) {
            return Err(row.failure(&code, "was given to another laboratory"));
        }
        let asked = plan.measured.contains_key(row.cell(&item))
            || plan
                .panel
                .get(sample)
                .is_some_and(|truth| truth.contains_key(row.cell(&item)));
        if !asked {
            return Err(row.failure(&item, "is not asked of this sample"));
        }
        let at: Timestamp = row.cell(&received).parse().map_err(|_| {
            row.failure(&received, "is no moment such as 2026-06-01T09:00:00+08:00")
        })?;
        if at > plan.closes {
            collected.late.insert(whose.clone());
        }
        collected.present.insert(whose.clone());
        let key = (whose.clone(), sample.clone(), row.cell(&item).to_owned());
        let answer = row.cell(&reported).to_owned();
        if collected.answers.insert(key, answer).is_some() {
            return Err(row.failure(&item, "comes twice for this sample"));
        }
    }
    Ok(collected)
}

fn score(it: &ScoreAll) -> Result<bool, Failure> {
    let plan = plan(&it.scheme)?;
    let tables = tables(None)?;
    let by = table(&tables, &plan.table, None)?;
    for truth in plan.panel.values() {
        for item in truth.keys() {
            if !by.items.contains_key(item) && !plan.measured.contains_key(item) {
                let message = format!(
                    "panel: {item:?} is neither graded by {} nor measured",
                    by.name
                );
                return Err(Failure::new("scheme", message).field("panel"));
            }
        }
    }
    let collected = collect(it, &plan)?;
    let assigned = assigned(&plan, &collected)?;
    let mut results = Vec::new();
    for lab in &plan.labs {
        results.push(laboratory(&plan, by, &collected, &assigned, lab)?);
    }
    let values: Vec<Value> = assigned
        .iter()
        .map(|((sample, item), (value, consensus))| {
            json!({
                "sample": sample, "item": item, "x_pt": value.x_pt, "sigma_pt": value.sigma_pt,
                "u_x_pt": value.u_x_pt, "consensus": consensus,
            })
        })
        .collect();
    if let Some(folder) = &it.reports {
        for (number, result) in results.iter().enumerate() {
            write_report(folder, number + 1, &plan, result)?;
        }
    }
    if it.json {
        print_json(&json!({
            "round": plan.round,
            "table": {"name": by.name, "effective": by.effective, "provisional": by.provisional},
            "assigned": values,
            "results": results,
        }))?;
    } else {
        for result in &results {
            let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
            let word = if result["satisfactory"] == true {
                "satisfactory"
            } else {
                "UNSATISFACTORY"
            };
            print_line(&format!("{}\t{}\t{word}", text("lab"), text("submitted")))?;
        }
    }
    Ok(true)
}

type Values = BTreeMap<(String, String), (Assigned, bool)>;

/// The assigned value of every sample of a measured item: the truth where it is given, else Algorithm A over the results that
/// came in time. Without a spread nothing is assigned, and nothing scored.
fn assigned(plan: &Plan, collected: &Collected) -> Result<Values, Failure> {
    let mut values = BTreeMap::new();
    for (item, rule) in &plan.measured {
        for (sample, truth) in &plan.panel {
            let mut reported = Vec::new();
            for ((lab, of, what), answer) in &collected.answers {
                if of == sample
                    && what == item
                    && !collected.late.contains(lab)
                    && !answer.is_empty()
                {
                    reported.push(figure(lab, sample, item, answer)?);
                }
            }
            let robust = eqa::algorithm_a(&reported, Stop::Converged)
                .ok()
                .filter(|found| !found.degenerate);
            let given = truth
                .get(item)
                .map(|text| figure("truth", sample, item, text))
                .transpose()?;
            let sigma_pt = rule.sigma_pt.or(robust.map(|found| found.scale));
            let Some(sigma_pt) = sigma_pt.filter(|sigma| *sigma > 0.0) else {
                continue;
            };
            let u = robust.and_then(|found| eqa::u_of_assigned(found.scale, reported.len()).ok());
            let Some(x_pt) = given.or(robust.map(|found| found.location)) else {
                continue;
            };
            let value = Assigned {
                x_pt,
                sigma_pt: Some(sigma_pt),
                u_x_pt: u.filter(|_| given.is_none()),
                ..Assigned::default()
            };
            values.insert((sample.clone(), item.clone()), (value, given.is_none()));
        }
    }
    Ok(values)
}

fn figure(lab: &str, sample: &str, item: &str, text: &str) -> Result<f64, Failure> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or_else(|| {
            let message = format!("{lab}, sample {sample}, {item}: {text:?} is not a number");
            Failure::new("value", message).field("reported")
        })
}

fn laboratory(
    plan: &Plan,
    by: &eqa::GradingTable,
    collected: &Collected,
    assigned: &Values,
    lab: &str,
) -> Result<Value, Failure> {
    let submitted = if collected.late.contains(lab) {
        Submitted::Late
    } else if collected.present.contains(lab) {
        Submitted::OnTime
    } else {
        Submitted::Absent
    };
    let reported = |sample: &str, item: &str| {
        let key = (lab.to_owned(), sample.to_owned(), item.to_owned());
        collected
            .answers
            .get(&key)
            .filter(|answer| !answer.is_empty())
            .cloned()
    };
    let answers: Vec<Answered> = plan
        .panel
        .iter()
        .flat_map(|(sample, truth)| {
            truth
                .iter()
                .filter(|(item, _)| !plan.measured.contains_key(*item))
                .map(|(item, expected)| Answered {
                    item: item.clone(),
                    sample: sample.clone(),
                    expected: expected.clone(),
                    reported: reported(sample, item),
                })
        })
        .collect();
    let mut result = if answers.is_empty() {
        json!({"lab": lab, "round": plan.round, "submitted": submitted, "items": {},
               "satisfactory": submitted == Submitted::OnTime})
    } else {
        let graded = eqa::grade(by, &Event { submitted, answers })
            .map_err(|error| Failure::new("value", format!("{lab}: {error}")))?;
        super::grade::result(lab, &plan.round, submitted, &graded)
    };
    let mut scores = Vec::new();
    for ((sample, item), (value, _)) in assigned {
        let scored = reported(sample, item)
            .map(|text| figure(lab, sample, item, &text))
            .transpose()?
            .map(|x| Scores::of(x, None, None, value).map(|scores| (x, scores)))
            .transpose()
            .map_err(|error| {
                Failure::new("value", format!("{lab}, sample {sample}, {item}: {error}"))
            })?;
        let negligible = value
            .u_x_pt
            .zip(value.sigma_pt)
            .is_none_or(|(u, sigma)| eqa::uncertainty_negligible(u, eqa::Limit::SigmaPt(sigma)));
        let score = scored
            .as_ref()
            .and_then(|(_, scores)| if negligible { scores.z } else { scores.z_prime });
        let verdict = score.map(verdict);
        if verdict.is_none_or(|verdict| verdict == eqa::Verdict::Action) {
            result["satisfactory"] = json!(false);
        }
        scores.push(json!({
            "sample": sample, "item": item, "x": scored.map(|(x, _)| x), "score": score,
            "by": if negligible { "z" } else { "z_prime" }, "verdict": verdict,
        }));
    }
    result["measured"] = json!(scores);
    Ok(result)
}

/// One laboratory's report, in both languages, as text that prints.
fn write_report(folder: &str, number: usize, plan: &Plan, result: &Value) -> Result<(), Failure> {
    let text = |value: &Value| match value {
        Value::Null => "—".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let word = if result["satisfactory"] == true {
        "合格 satisfactory"
    } else {
        "不合格 unsatisfactory"
    };
    let mut lines = vec![
        format!("# {} · {}", plan.round, text(&result["lab"])),
        String::new(),
        format!("结论 Result: **{word}** ({})", text(&result["submitted"])),
        String::new(),
        "| 项目 item | 可接受 acceptable | 得分 score % | 合格线 pass % | 错误 errors |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (item, grade) in result["items"].as_object().into_iter().flatten() {
        lines.push(format!(
            "| {item} | {}/{} | {} | {} | {} |",
            grade["acceptable"],
            grade["challenges"],
            grade["score"],
            grade["pass"],
            grade["errors"]
        ));
    }
    lines.extend([
        String::new(),
        "| 样本 sample | 项目 item | 结果 result | 分数 score | 判定 verdict |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ]);
    for score in result["measured"].as_array().into_iter().flatten() {
        lines.push(format!(
            "| {} | {} | {} | {} | {} |",
            text(&score["sample"]),
            text(&score["item"]),
            text(&score["x"]),
            text(&score["score"]),
            text(&score["verdict"])
        ));
    }
    // Laboratory names may hold anything; the file's name does not.
    let path = Path::new(folder).join(format!("{number:04}.md"));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, lines.join("\n") + "\n"))
        .map_err(|error| Failure::new("output", format!("{}: {error}", path.display())))
}
