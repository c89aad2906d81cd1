//! Plans of instance files: levels, bound, time. `matching FILE... ` prints one line for each model.
#![allow(clippy::unwrap_used, reason = "an example")]

use std::time::{Duration, Instant};

use lifeline_decisions::matching::{Day, Effort, Instance, Model};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in std::env::args().skip(1) {
        let instance = Instance::from_json(&std::fs::read_to_string(&file)?)?;
        let begun = Instant::now();
        let day = Day::solve(instance)?;
        let plan = day.plan();
        println!(
            "{file}: T {} {:.6} in {:?}",
            plan.level1,
            plan.level2,
            begun.elapsed()
        );
        let (_, as_z) = day.score(&plan.assignment, Model::Z);
        for (exchanges, limit) in [(3_000_000, 2), (30_000_000, 30)] {
            let begun = Instant::now();
            let mut stop = || begun.elapsed() > Duration::from_secs(limit);
            let plan = day.refine(&mut Effort {
                exchanges,
                bound_steps: std::env::var("STEPS").map_or(400, |s| s.parse().unwrap()),
                stop: &mut stop,
            });
            println!(
                "  Z {} {:.6} bound {:.6} {:?} cut {} in {:?} (T as Z {})",
                plan.level1,
                plan.level2,
                plan.bound,
                plan.status,
                plan.cut_short,
                begun.elapsed(),
                as_z as f64 / 1e7
            );
        }
    }
    Ok(())
}
