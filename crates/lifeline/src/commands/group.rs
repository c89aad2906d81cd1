//! `lifeline group`

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use lifeline_core::blood::{BloodGroup, Grade};
use lifeline_core::policy::{Key, Value};
use lifeline_core::testing::group::{
    Category, Circumstances, Interim, Reach, Resolution, Step, Strengths, Typed, resolve,
};
use lifeline_core::testing::{Reading, Well};
use lifeline_server::clock::Clock;
use serde::Serialize;

use crate::answer::{Failure, finish, print_json, print_line, read_input};

/// ABO and RhD from reactions.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// One group a row, or what is wrong and what to do next.
    Interpret(Interpret),
}

/// `lifeline group interpret`
#[derive(clap::Args)]
struct Interpret {
    /// CSV `id,anti_A,anti_B,anti_D,control,A1_cells,B_cells,O_cells,autocontrol,context`, also with `anti_AB`, `anti_D2`, `weak_D`,
    /// `A2_cells`; grades 0, w, 1 to 4, mf, H, blank for not read; `-` is standard input.
    file: String,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> ExitCode {
    let Command::Interpret(arguments) = arguments.command;
    let result = read_input(&arguments.file)
        .and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| Failure::new("unreadable", error).at(0))
        })
        .and_then(|text| interpret(&text))
        .and_then(|rows| print(&rows, arguments.json));
    finish(arguments.json, result.map(|()| true))
}

/// The columns, the wells they hold, and whether they must be there.
const COLUMNS: &[(&str, Well, bool)] = &[
    ("anti_a", Well::AntiA, true),
    ("anti_b", Well::AntiB, true),
    ("anti_d", Well::AntiD, true),
    ("control", Well::Control, true),
    ("a1_cells", Well::A1Cells, true),
    ("b_cells", Well::BCells, true),
    ("o_cells", Well::OCells, false),
    ("autocontrol", Well::Autocontrol, false),
    ("anti_ab", Well::AntiAB, false),
    ("anti_d2", Well::AntiD2, false),
    ("weak_d", Well::WeakD, false),
    ("a2_cells", Well::A2Cells, false),
];

/// The most rows of one file.
const ROWS_MOST: usize = 1_000_000;
/// The oldest age that is believed, in days.
const AGE_MOST: u32 = 130 * 366;

#[derive(Serialize)]
struct Row {
    id: String,
    abo: Option<&'static str>,
    rhd: Option<&'static str>,
    reportable: bool,
    discrepancy: Option<Category>,
    next_steps: Vec<Step>,
    /// What may be given until the group is settled.
    interim: Option<Interim>,
}

impl Row {
    fn of(id: &str, found: Resolution) -> Self {
        use lifeline_core::blood::RhD;
        Self {
            id: id.into(),
            abo: found.abo.map(|abo| abo.as_str()),
            rhd: found.rhd.map(|rhd| match rhd {
                RhD::Positive => "positive",
                RhD::Negative => "negative",
                RhD::Weak => "weak",
            }),
            reportable: found.reportable,
            discrepancy: found.category,
            next_steps: found.next,
            interim: found.interim,
        }
    }
}

/// What the built-in policies say of strengths and of newborns.
struct Limits {
    strengths: Strengths,
    newborn_days: i64,
}

impl Limits {
    fn builtin() -> Result<Self, Failure> {
        let now = Clock::System.now();
        let entries = lifeline_policy::builtin().map_err(|e| Failure::new("policy", e))?;
        let number = |key: Key| {
            let entry = entries
                .iter()
                .filter(|entry| entry.key == key && entry.effective <= now)
                .max_by_key(|entry| entry.effective);
            match entry.map(|entry| &entry.value) {
                Some(Value::Count(number) | Value::Minutes(number)) => Ok(*number),
                _ => Err(Failure::new(
                    "policy",
                    format!("{} is not in force", key.name()),
                )),
            }
        };
        let strength = |key| number(key).map(|count| u8::try_from(count).unwrap_or(u8::MAX));
        Ok(Self {
            strengths: Strengths {
                forward: strength(Key::ForwardLeast)?,
                anti_d: strength(Key::AntiDLeast)?,
            },
            newborn_days: number(Key::NewbornAge)? / (24 * 60),
        })
    }
}

fn interpret(text: &str) -> Result<Vec<Row>, Failure> {
    let limits = Limits::builtin()?;
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return Err(Failure::new("empty", "the input is empty").at(0));
    };
    let names: Vec<String> = split(header)
        .into_iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    let mut seen = BTreeSet::new();
    for name in &names {
        let known =
            name == "id" || name == "context" || COLUMNS.iter().any(|(column, ..)| column == name);
        if !known {
            return Err(
                Failure::new("unknown-column", format!("no column {name:?} is known"))
                    .field(name.as_str()),
            );
        }
        if !seen.insert(name) {
            return Err(
                Failure::new("column-twice", format!("column {name:?} comes twice"))
                    .field(name.as_str()),
            );
        }
    }
    let needed = COLUMNS
        .iter()
        .filter(|(_, _, needed)| *needed)
        .map(|(column, ..)| *column);
    for column in ["id"].into_iter().chain(needed) {
        if !names.iter().any(|name| name == column) {
            return Err(
                Failure::new("missing-column", format!("column {column} is missing")).field(column),
            );
        }
    }
    let mut ids = BTreeSet::new();
    let mut rows = Vec::new();
    for (number, line) in lines {
        let line_number = number + 1;
        if rows.len() >= ROWS_MOST {
            return Err(Failure::new(
                "too-large",
                format!("more than {ROWS_MOST} rows"),
            ));
        }
        let cells = split(line);
        if cells.len() != names.len() {
            return Err(Failure::new(
                "row",
                format!(
                    "line {line_number}: {} cells where the header has {}",
                    cells.len(),
                    names.len()
                ),
            )
            .field(format!("line {line_number}")));
        }
        let cells: BTreeMap<&str, &str> = names
            .iter()
            .map(String::as_str)
            .zip(cells.iter().map(|cell| cell.trim()))
            .collect();
        let id = cells.get("id").copied().unwrap_or_default();
        let wrong = |field: &str, why: String| {
            Failure::new("bad-value", format!("line {line_number}, {field}: {why}"))
                .field(format!("line {line_number}, {field}"))
        };
        if id.is_empty() {
            return Err(wrong("id", "missing".into()));
        }
        if !ids.insert(id.to_owned()) {
            return Err(wrong("id", format!("{id:?} comes twice")));
        }
        let mut readings = Vec::new();
        for (column, well, _) in COLUMNS {
            match cells.get(column).copied().unwrap_or_default() {
                "" => {}
                grade => readings.push(Reading {
                    well: *well,
                    grade: grade_of(grade).ok_or_else(|| {
                        wrong(
                            column,
                            format!("{grade:?} is no grade; write 0, w, 1 to 4, mf or H"),
                        )
                    })?,
                }),
            }
        }
        let context = cells.get("context").copied().unwrap_or_default();
        let known =
            circumstances(context, limits.newborn_days).map_err(|why| wrong("context", why))?;
        let found = resolve(Reach::CellsAndPlasma, &readings, limits.strengths, &known);
        rows.push(Row::of(id, found));
    }
    if rows.is_empty() {
        let why = "no row stands under the header";
        return Err(Failure::new("empty", why).field("line 2"));
    }
    Ok(rows)
}

/// The grades as the program writes them, and as people do: `4+`, `neg`.
fn grade_of(text: &str) -> Option<Grade> {
    let text = text.to_lowercase();
    match text.as_str() {
        "neg" | "negative" | "-" => Some(Grade::Negative),
        "w+" | "+w" | "weak" | "±" | "+/-" => Some(Grade::Weak),
        "h" => Some(Grade::Haemolysis),
        text => Grade::parse(text.strip_suffix('+').unwrap_or(text)),
    }
}

/// Words between blanks or semicolons.
fn circumstances(text: &str, newborn_days: i64) -> Result<Circumstances, String> {
    let mut known = Circumstances::default();
    let mut said = BTreeSet::new();
    let group = |text: &str| BloodGroup::parse(text).map_err(|error| error.to_string());
    for word in text
        .split([' ', ';', ',', '|'])
        .filter(|word| !word.is_empty())
    {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match (name, value) {
            _ if !said.insert(name) => return Err(format!("{name:?} is said twice")),
            ("newborn", "") => known.newborn = true,
            ("hsct", "") => known.transplanted = true,
            ("donor", "") => known.typed = Typed::Donor,
            ("disease", _) => known.disease = true,
            ("age", days) => {
                let days: u32 = days
                    .parse()
                    .ok()
                    .filter(|days| *days <= AGE_MOST)
                    .ok_or_else(|| format!("age={days} is no age in days from 0 to {AGE_MOST}"))?;
                known.age_days = Some(days);
                known.newborn |= i64::from(days) < newborn_days;
            }
            ("history", value) => known.history = Some(group(value)?),
            ("transfused", value) => known.transfused = Some(group(value)?),
            _ => {
                return Err(format!(
                    "{word:?} is none of newborn, age=DAYS, history=GROUP, transfused=GROUP, hsct, disease, donor"
                ));
            }
        }
    }
    if let Some(days) = known.age_days
        && known.newborn
        && i64::from(days) >= newborn_days
    {
        return Err(format!(
            "contradictory: newborn, and age={days} where newborn ends at {newborn_days} days"
        ));
    }
    Ok(known)
}

/// The cells of a line; a cell in double quotes may hold commas.
fn split(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells
}

fn print(rows: &[Row], json: bool) -> Result<(), Failure> {
    if json {
        return print_json(&rows);
    }
    for row in rows {
        let group = format!(
            "{}{}",
            row.abo.unwrap_or("?"),
            match row.rhd {
                Some("positive") => " RhD positive",
                Some("negative") => " RhD negative",
                Some(_) => " RhD weak",
                None => " RhD ?",
            }
        );
        let steps: Vec<&str> = row.next_steps.iter().map(|step| step.as_str()).collect();
        print_line(&format!(
            "{}  {}  {}  {}  {}",
            row.id,
            group,
            if row.reportable {
                "report"
            } else {
                "do not report"
            },
            row.discrepancy.map_or("incomplete", Category::as_str),
            steps.join(", ")
        ))?;
        if let Some(interim) = row.interim {
            print_line(&format!(
                "    until settled: red cells {} RhD {}, plasma {}",
                interim.red_cells.as_str(),
                interim.rhd.sign(),
                interim.plasma.as_str()
            ))?;
        }
    }
    Ok(())
}
