//! `lifeline qc evaluate`

use lifeline_qc::series::{Judged, Row, evaluate};
use lifeline_qc::{Boundary, Limits, R4s, Rule, RuleProfile, RuleUse, Scope, Status};
use serde_json::{Value, json};

use super::decimal;
use crate::answer::{Failure, print_json, print_line};
use crate::csv::Table;

/// Control points against the rules.
#[derive(clap::Args)]
pub struct Arguments {
    /// Table with the columns run, material, value, mean, sd; rows in time order. `-` for standard input.
    file: String,
    /// Rules by name, `1-3s,2-2s,R-4s,4-1s,10x`; 1-2s only warns.
    #[arg(long, value_delimiter = ',', required_unless_present = "profile")]
    rules: Vec<String>,
    /// A preset: `modern-n2`, `classic-n2`, … With `--rules` its other choices hold for those rules.
    #[arg(long)]
    profile: Option<String>,
    /// Whether a point exactly on a limit has passed it.
    #[arg(long, value_enum)]
    boundary: Option<BoundaryName>,
    /// Opposite points beyond 2 SD, or any two points more than 4 SD apart.
    #[arg(long, value_enum)]
    r4s: Option<R4sName>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum BoundaryName {
    Strict,
    Inclusive,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum R4sName {
    Strict,
    Range,
}

fn profile(arguments: &Arguments) -> Result<RuleProfile, Failure> {
    let mut rules = Vec::new();
    for name in arguments
        .rules
        .iter()
        .filter(|name| !name.trim().is_empty())
    {
        let rule: Rule = name.parse().map_err(|error| Failure::new("rule", error))?;
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let mut profile = match &arguments.profile {
        None => RuleProfile::usual("command line", rules.iter().copied()),
        Some(name) => RuleProfile::preset(&name.to_lowercase()).ok_or_else(|| {
            let presets = RuleProfile::presets();
            let known: Vec<&str> = presets.iter().map(|preset| preset.name.as_str()).collect();
            Failure::new(
                "profile",
                format!("no profile {name:?}; there are {}", known.join(", ")),
            )
        })?,
    };
    if !rules.is_empty() {
        profile.rules = rules.into_iter().map(RuleUse::usual).collect();
    }
    if profile.rules.is_empty() {
        return Err(Failure::new("rule", "--rules names no rule"));
    }
    match arguments.boundary {
        Some(BoundaryName::Strict) => profile.boundary = Boundary::Strict,
        Some(BoundaryName::Inclusive) => profile.boundary = Boundary::Inclusive,
        None => {}
    }
    match arguments.r4s {
        Some(R4sName::Strict) => profile.r4s = R4s::Strict,
        Some(R4sName::Range) => profile.r4s = R4s::Range,
        None => {}
    }
    Ok(profile)
}

/// Judges the table and prints every row.
pub fn answer(arguments: &Arguments, json: bool) -> Result<(), Failure> {
    let profile = profile(arguments)?;
    let table = Table::read(&arguments.file)?;
    let (run, material) = (table.column("run")?, table.column("material")?);
    let (value, mean, sd) = (
        table.column("value")?,
        table.column("mean")?,
        table.column("sd")?,
    );
    let mut rows = Vec::with_capacity(table.rows().len());
    for row in table.rows() {
        for column in [&run, &material] {
            if row.cell(column).is_empty() {
                return Err(row.failure(column, "is empty"));
            }
        }
        let limits = Limits::new(decimal(row, &mean)?, decimal(row, &sd)?);
        rows.push(Row {
            run: row.cell(&run),
            material: row.cell(&material),
            value: decimal(row, &value)?,
            limits: limits.map_err(|_| row.failure(&sd, "must be greater than 0"))?,
        });
    }
    let judged = evaluate(&profile, &rows).map_err(|error| {
        let at = table.rows().get(error.row).map(|row| row.at);
        let failure = Failure::new("series", error);
        match at {
            Some(at) => failure.at(at),
            None => failure,
        }
    })?;
    if json {
        let points: Vec<Value> = (1..)
            .zip(&judged)
            .map(|(row, judged)| document(row, judged))
            .collect();
        print_json(&json!({
            "profile": {"name": profile.name, "version": profile.version, "boundary": profile.boundary, "r4s": profile.r4s},
            "points": points,
        }))
    } else {
        people(&rows, &judged)
    }
}

fn document(row: usize, judged: &Judged) -> Value {
    let violations: Vec<Value> = judged
        .violations
        .iter()
        .map(|found| {
            let rows: Vec<usize> = found.rows.iter().map(|row| row + 1).collect();
            let mut violation = json!({
                "rule": found.rule,
                "scope": found.scope,
                "rows": rows,
                "severity": found.severity,
            });
            if let (Some(r4s), Some(fields)) = (found.r4s, violation.as_object_mut()) {
                fields.insert("r4s".into(), json!(r4s));
            }
            violation
        })
        .collect();
    let mut point =
        json!({"row": row, "z": judged.z, "violations": violations, "status": judged.status});
    if let (true, Some(fields)) = (judged.new_limits, point.as_object_mut()) {
        fields.insert("reset".into(), json!("limits"));
    }
    point
}

fn people(rows: &[Row<'_>], judged: &[Judged]) -> Result<(), Failure> {
    let (mut warned, mut rejected) = (0, 0);
    for ((number, row), judged) in (1..).zip(rows).zip(judged) {
        let word = match judged.status {
            Status::Accept => "accept",
            Status::Warning => "warning",
            Status::Reject => "REJECT",
        };
        warned += usize::from(judged.status == Status::Warning);
        rejected += usize::from(judged.status == Status::Reject);
        let mut line = format!(
            "{number:>5}  run {}  {}  {}  z {:+.2}  {word}",
            row.run, row.material, row.value, judged.z
        );
        for found in &judged.violations {
            let rows: Vec<String> = found.rows.iter().map(|row| (row + 1).to_string()).collect();
            let scope = match found.scope {
                Scope::WithinMaterial => "within material, rows",
                Scope::AcrossMaterials => "across materials, rows",
                Scope::Run => "in the run, rows",
            };
            line += &format!("  [{}: {scope} {}]", found.rule, rows.join(" "));
        }
        if judged.new_limits {
            line += "  (new limits: look-back begins anew)";
        }
        print_line(&line)?;
    }
    print_line(&format!(
        "{} points: {warned} with a warning, {rejected} rejected",
        judged.len()
    ))
}
