//! Decisions beside other solvers: what is timed is one call on this processor; ratios are taken in one run.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use lifeline_decisions::matching::registry::{Query, synthetic as registry};
use lifeline_decisions::matching::synthetic::{Population, instance};
use lifeline_decisions::matching::{Day, Effort, Instance, Model, baseline};
use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;
use serde_json::{Value, json};

/// What to compare with.
#[derive(clap::Args)]
pub struct Arguments {
    /// A Python interpreter that has `highspy`; without one the column of the linear programme stays empty.
    #[arg(long, env = "LIFELINE_HIGHS_PYTHON")]
    highs: Option<String>,
    /// Seconds for the long run of model Z.
    #[arg(long, default_value_t = 20)]
    long: u64,
    /// Rows of the registry.
    #[arg(long, default_value_t = 1_000_000)]
    registry: u32,
}

/// Steps of a cost in one unit of the weights.
const STEPS: f64 = 1e7;
/// Runs of a short measurement, of which the middle one counts.
const RUNS: usize = 7;
/// Beyond so many cells the Hungarian algorithm takes minutes and is left out.
const HUNGARIAN_CELLS_MOST: usize = 4_000_000;

/// Two samples with known optima, to score model Z.
const SAMPLES: [(&str, &str, &str); 2] = [
    (
        "s03_regional_eur",
        include_str!("../../../../../tests/samples/matching/s03_regional_eur.json"),
        include_str!("../../../../../tests/samples/matching/s03_regional_eur.expected.json"),
    ),
    (
        "s02_small_han",
        include_str!("../../../../../tests/samples/matching/s02_small_han.json"),
        include_str!("../../../../../tests/samples/matching/s02_small_han.expected.json"),
    ),
];

/// Takes the figures.
///
/// # Errors
/// An instance or a table the program comes with is broken, or HiGHS was asked for and gives no answer.
pub async fn run(arguments: Arguments) -> anyhow::Result<Vec<Value>> {
    let arguments = &arguments;
    let mut rows = Vec::new();
    for (population, units, requests) in [
        (Population::European, 150, 100),
        (Population::Han, 450, 330),
        (Population::European, 450, 330),
        (Population::European, 2000, 1400),
    ] {
        rows.extend(assignment(arguments, population, units, requests)?);
    }
    rows.extend(refinement(arguments)?);
    rows.push(search(arguments)?);
    rows.extend(super::antibody::figures()?);
    Ok(rows)
}

fn line(figure: &str, size: &str, ours: Duration) -> Value {
    json!({
        "figure": figure,
        "size": size,
        "ms": ours.as_secs_f64() * 1e3,
        "beside": Value::Null,
        "beside_ms": Value::Null,
        "ratio": Value::Null,
        "note": "",
    })
}

fn beside(mut row: Value, name: &str, theirs: Duration, ours: Duration, note: &str) -> Value {
    row["beside"] = name.into();
    row["beside_ms"] = (theirs.as_secs_f64() * 1e3).into();
    row["ratio"] = (theirs.as_secs_f64() / ours.as_secs_f64()).into();
    row["note"] = note.into();
    row
}

/// The middle of several runs.
fn timed<T>(mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let begun = Instant::now();
        let value = work()?;
        times.push(begun.elapsed());
        last = Some(value);
    }
    times.sort_unstable();
    let middle = times.get(RUNS / 2).copied().unwrap_or_default();
    Ok((middle, last.context("no run")?))
}

fn assignment(
    arguments: &Arguments,
    population: Population,
    units: u32,
    requests: u32,
) -> anyhow::Result<Vec<Value>> {
    let day = instance(population, units, requests, 7)?;
    let size = format!("{population:?} {units}x{requests}");
    let (ours, solved) = timed(|| Ok(Day::solve(day.clone())?))?;
    let (level1, level2) = solved.score(&solved.plan().assignment, Model::T);
    let total = i128::from(level1) * i128::from(solved.factor()) + i128::from(level2);
    let figure = "model T, costs and plan";
    let mut rows = Vec::new();
    let slots: u32 = day.requests.iter().map(|request| request.wanted).sum();
    let cells = slots as usize * (units + slots) as usize;
    if cells <= HUNGARIAN_CELLS_MOST {
        let (theirs, sum) = hungarian(&solved);
        let note = if sum == total {
            "same optimum"
        } else {
            "OTHER OPTIMUM"
        };
        let row = line(figure, &size, ours);
        rows.push(beside(row, "pathfinding kuhn_munkres", theirs, ours, note));
    } else {
        rows.push(line(figure, &size, ours));
    }
    if let Some(python) = &arguments.highs {
        let (theirs, note) = highs(python, &solved, level1, level2)?;
        rows.push(beside(
            line(figure, &size, ours),
            "HiGHS LP",
            theirs,
            ours,
            &note,
        ));
    }
    let mut urgent = day.requests.first().context("a request")?.clone();
    urgent.id = "urgent".into();
    urgent.lead = 0;
    let (one, _) = {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let mut copy = solved.clone();
            let begun = Instant::now();
            copy.add(urgent.clone())?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        (times.get(RUNS / 2).copied().unwrap_or_default(), ())
    };
    rows.push(beside(
        line("one urgent request more", &size, one),
        "solving the day again",
        ours,
        one,
        "",
    ));
    Ok(rows)
}

/// Every bag wanted is a row; every bag, and going without for every row, a column.
fn hungarian(day: &Day) -> (Duration, i128) {
    let problem = day.problem();
    let mut columns = Vec::new();
    for (kind, members) in problem.kinds.iter().enumerate() {
        columns.extend(std::iter::repeat_n(kind, members.len()));
    }
    let mut slots = Vec::new();
    for (request, wanted) in problem.wanted.iter().enumerate() {
        slots.extend(std::iter::repeat_n(request, *wanted as usize));
    }
    let never = i64::MAX / 1_000_000;
    let begun = Instant::now();
    let matrix = Matrix::from_fn(slots.len(), columns.len() + slots.len(), |(row, column)| {
        let request = slots.get(row).copied().unwrap_or_default();
        match columns.get(column) {
            Some(kind) => day.steps(request, *kind).unwrap_or(never),
            None if column - columns.len() == row => {
                problem.missing.get(request).copied().unwrap_or_default() * day.factor()
            }
            None => never,
        }
    });
    let (sum, _) = kuhn_munkres_min(&matrix);
    (begun.elapsed(), i128::from(sum))
}

fn highs(python: &str, day: &Day, level1: i64, level2: i64) -> anyhow::Result<(Duration, String)> {
    /// What one missing bag stands for in the single objective of the linear programme.
    const MISSING: f64 = 1e4;
    let problem = day.problem();
    let mut pairs = Vec::new();
    for request in 0..problem.requests() {
        for kind in 0..problem.kinds.len() {
            if let Some(cost) = day.steps(request, kind) {
                pairs.push(json!([request, kind, cost as f64 / STEPS]));
            }
        }
    }
    let missing: Vec<f64> = problem
        .missing
        .iter()
        .map(|one| *one as f64 * MISSING)
        .collect();
    let capacity: Vec<usize> = problem.kinds.iter().map(Vec::len).collect();
    let input =
        json!({"capacity": capacity, "wanted": problem.wanted, "missing": missing, "pairs": pairs});
    let mut child = Command::new(python)
        .args(["-c", include_str!("highs.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| python.to_owned())?;
    child
        .stdin
        .take()
        .context("no input")?
        .write_all(input.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    let answer: Value = serde_json::from_slice(&output.stdout).context("HiGHS gave no answer")?;
    let seconds = answer["seconds"].as_f64().context("no seconds")?;
    let objective = answer["objective"].as_f64().unwrap_or(f64::NAN);
    let wanted = level1 as f64 * MISSING + level2 as f64 / STEPS;
    // One objective for both levels leaves seven digits for the second.
    let same = (objective - wanted).abs() <= 1e-7 * wanted.abs().max(1.0) + 1e-3;
    let note = if same {
        "same optimum".to_owned()
    } else {
        format!("OTHER OPTIMUM {objective} for {wanted}")
    };
    Ok((Duration::from_secs_f64(seconds), note))
}

fn refined(day: &Day, seconds: u64) -> (Duration, f64, f64, bool) {
    let begun = Instant::now();
    let limit = Duration::from_millis(seconds * 950);
    let plan = day.refine(&mut Effort {
        exchanges: seconds * 5_000_000,
        bound_steps: (seconds * 150).min(1500) as u32 + 20,
        stop: &mut || begun.elapsed() >= limit,
    });
    (begun.elapsed(), plan.level2, plan.bound, plan.cut_short)
}

/// Model Z: the score of the samples, and the score a day of 450 bags has at least, by its proven bound, after 2 seconds and
/// after longer.
fn refinement(arguments: &Arguments) -> anyhow::Result<Vec<Value>> {
    let mut rows = Vec::new();
    for (name, text, expected) in SAMPLES {
        let expected: Value = serde_json::from_str(expected)?;
        let number = |at: &str, field: &str| expected[at][field].as_f64().context("expected");
        let day = Day::solve(Instance::from_json(text)?)?;
        let (took, level2, bound, cut) = refined(&day, 2);
        let (fifo, best) = (
            number("baseline_fifo", "level2_Z")?,
            number("model_Z", "level2_best_found")?,
        );
        let mut row = line("model Z in 2 s", name, took);
        row["note"] = format!(
            "score {:.4}, bound {bound:.3}, found {level2:.3}, optimum {best:.3}{}",
            (fifo - level2) / (fifo - best),
            if cut { ", cut short by the clock" } else { "" }
        )
        .into();
        rows.push(row);
    }
    for population in [Population::Han, Population::European] {
        let day = Day::solve(instance(population, 450, 330, 7)?)?;
        let (_, as_z) = day.score(&day.plan().assignment, Model::Z);
        let (_, fifo) = day.score(&baseline::oldest_first(&day), Model::Z);
        let (as_z, fifo) = (as_z as f64 / STEPS, fifo as f64 / STEPS);
        for seconds in [2, arguments.long] {
            let (took, level2, bound, cut) = refined(&day, seconds);
            let size = format!("{population:?} 450x330");
            let mut row = line(&format!("model Z in {seconds} s"), &size, took);
            row["note"] = format!(
                "T as Z {as_z:.3}, oldest first {fifo:.3}, found {level2:.3}, bound {bound:.3}, score at least {:.4}{}",
                (fifo - level2) / (fifo - bound),
                if cut { ", cut short by the clock" } else { "" }
            )
            .into();
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Three antigens absent among many donors, beside looking at every row.
fn search(arguments: &Arguments) -> anyhow::Result<Value> {
    let people = registry(arguments.registry, 64, 11)?;
    let query = Query {
        negative: vec![3, 17, 40],
        ..Query::default()
    };
    let (ours, (_, count)) = timed(|| Ok(people.search(&query, 100)))?;
    let begun = Instant::now();
    let rows = 0..people.len() as u32;
    let brute = rows.filter(|row| people.suits(*row, &query)).count();
    let theirs = begun.elapsed();
    let same = if brute == count {
        "same rows"
    } else {
        "OTHER ROWS"
    };
    let size = format!("{} donors", people.len());
    let row = line("registry, three antigens absent", &size, ours);
    Ok(beside(
        row,
        "every row",
        theirs,
        ours,
        &format!("{count} found, {same}"),
    ))
}
