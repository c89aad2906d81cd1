//! Antibody identification of a large panel, beside sorting as many numbers as explanations were weighed.

use std::time::Instant;

use lifeline_core::blood::{Antigen, AntigenProfile, Grade, Typing};
use lifeline_decisions::antibody::{Cell, Knowledge, Panel, Phase, identify};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::measure::Times;

const CELLS: usize = 20;
const ANTIGENS: usize = 30;
const PANELS: usize = 40;

/// A random panel; every third cell reacts, so that much stays open.
fn panel(random: &mut StdRng) -> Panel {
    let antigens: Vec<Antigen> = Antigen::ALL.iter().copied().take(ANTIGENS).collect();
    let cells = (0..CELLS)
        .map(|index| {
            let mut typed = AntigenProfile::default();
            for antigen in &antigens {
                let typing = if random.random_bool(0.5) {
                    Typing::Positive
                } else {
                    Typing::Negative
                };
                typed.set(*antigen, typing);
            }
            let grade = if index % 3 == 0 {
                Grade::Two
            } else {
                Grade::Negative
            };
            Cell {
                id: index.to_string(),
                label: String::new(),
                typed,
                reactions: vec![Some(grade)],
            }
        })
        .collect();
    Panel {
        antigens,
        phases: vec![Phase::named("AHG")],
        cells,
        autocontrol: None,
        doubts: Vec::new(),
    }
}

/// The lines of the benchmark: the panel as it comes, and the worst case in which every cell reacts and nothing is excluded.
///
/// # Errors
/// The tables the program comes with are broken.
pub fn figures() -> anyhow::Result<Vec<Value>> {
    let knowledge = Knowledge::builtin()?;
    let missing = || anyhow::anyhow!("no policy or population");
    let policy = knowledge.policy("").ok_or_else(missing)?;
    let population = knowledge.population("").ok_or_else(missing)?;
    let mut random = StdRng::seed_from_u64(20_261_122);
    let mut lines = Vec::new();
    for (name, all_react) in [
        ("every third cell reacts", false),
        ("every cell reacts", true),
    ] {
        let (mut times, mut sorting) = (Times::default(), Times::default());
        let mut weighed = 0;
        for _ in 0..PANELS {
            let mut panel = panel(&mut random);
            if all_react {
                for cell in &mut panel.cells {
                    cell.reactions = vec![Some(Grade::Two)];
                }
            }
            let begun = Instant::now();
            let answer = identify(
                knowledge,
                policy,
                population,
                &panel,
                &AntigenProfile::default(),
            );
            times.note(begun.elapsed());
            weighed = weighed.max(answer.hypotheses.len());
            let mut numbers: Vec<f64> = (0..answer.hypotheses.len())
                .map(|_| random.random())
                .collect();
            let begun = Instant::now();
            numbers.sort_by(f64::total_cmp);
            sorting.note(begun.elapsed());
            std::hint::black_box(numbers);
        }
        let (median, sort) = (times.percentile(0.5), sorting.percentile(0.5));
        let (ours, theirs) = (median / 1e3, sort / 1e3);
        lines.push(json!({
            "figure": format!("antibody identification, {name}"),
            "size": format!("{CELLS} cells x {ANTIGENS} antigens"),
            "ms": ours,
            "beside": "sorting as many numbers",
            "beside_ms": theirs,
            "ratio": theirs / ours.max(1e-6),
            "note": format!(
                "{weighed} explanations, p95 {:.2} ms, goal 10 ms",
                times.percentile(0.95) / 1e3
            ),
        }));
    }
    Ok(lines)
}
