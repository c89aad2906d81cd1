//! `bench gate`: how long the issue gate takes to say everything it finds, in small and large hospitals.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use lifeline_core::issue::{Purpose, gate};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::history::{Histories, demonstration};
use super::measure::{Folder, Times, resident};

/// How large.
#[derive(clap::Args)]
pub struct Arguments {
    /// Bags in the hospital.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    units: Vec<u64>,
    /// Decisions taken at each size.
    #[arg(long, default_value_t = 100_000)]
    decisions: u32,
}

/// The same bags and requests are judged at every size, so that only the size differs: every bag of the demonstration that can
/// still be chosen with every request it has, in random order, between decisions on random bags that keep caches honest.
pub async fn run(arguments: Arguments) -> anyhow::Result<Vec<Value>> {
    let folder = Folder::new(None)?;
    let app = demonstration(&folder.database()).await?;
    let before = resident();
    let mut hospital = (*app.state()).clone();
    let at = app.desk.clock().now();
    let bags: Vec<_> = hospital.units.shelf().map(|unit| unit.id).collect();
    let requests: Vec<_> = hospital.requests.iter().map(|request| request.id).collect();
    anyhow::ensure!(
        !bags.is_empty() && !requests.is_empty(),
        "the demonstration has bags and requests"
    );
    let mut histories = Histories::after(&hospital)?;
    let mut random = SmallRng::seed_from_u64(1);
    let (mut rows, mut smallest, mut grown) = (Vec::new(), None, 0);
    for size in arguments.units {
        while grown < size {
            histories.grow(&mut hospital)?;
            grown += 1;
        }
        let (mut times, mut found) = (Times::default(), 0);
        for _ in 0..arguments.decisions {
            let stranger = histories.name(random.random_range(0..grown))?;
            let request = requests.get(random.random_range(0..requests.len()));
            let request = *request.context("a request")?;
            black_box(gate(&hospital, &stranger, request, Purpose::Issue, at));
            let bag = bags.get(random.random_range(0..bags.len()));
            let bag = bag.context("a bag")?;
            let start = Instant::now();
            let findings = gate(&hospital, bag, request, Purpose::Issue, at);
            times.note(start.elapsed());
            found += findings.len();
        }
        let median = times.percentile(0.5);
        let first = *smallest.get_or_insert(median);
        rows.push(json!({
            "units": size,
            "decisions": times.len(),
            "findings_each": found as f64 / f64::from(arguments.decisions),
            "median_us": median,
            "p99_us": times.percentile(0.99),
            "p999_us": times.percentile(0.999),
            "to_smallest": median / first,
            "state_mib": resident().saturating_sub(before) as f64 / f64::from(1 << 20),
        }));
    }
    Ok(rows)
}
