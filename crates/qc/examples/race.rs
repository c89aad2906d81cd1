//! The forms of `lifeline bench qc` without the rest of the program, so that a change to the engine is measured in seconds:
//! `cargo run --release -p lifeline-qc --example race [POINTS [PYTHON]]`, the Python with `duckdb`.

#[allow(dead_code)]
#[path = "../../lifeline/src/commands/bench/rules/race.rs"]
mod race;

#[path = "../../lifeline/src/commands/bench/rules/database.rs"]
mod database;

fn main() -> anyhow::Result<()> {
    let points = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let streams = race::streams(points.unwrap_or(10_000_000));
    let points: usize = streams.iter().map(|stream| stream.distances.len()).sum();
    let narrow = race::narrow(&streams);
    let scalar = race::least(5, || race::scalar(&streams));
    let tell = |form: &str, taken: &race::Taken| {
        let each = taken.cpu.as_secs_f64() * 1e9 / points as f64;
        let ratio = taken.cpu.as_secs_f64() / scalar.cpu.as_secs_f64();
        let same = taken.counts == scalar.counts;
        println!(
            "{form:<26} {each:7.2} ns  {ratio:6.2}  same counts: {same}  state {}",
            taken.state_bytes
        );
    };
    tell("scalar", &scalar);
    tell(
        "incremental engine",
        &race::least(5, || race::engine(&streams)),
    );
    tell("bit-sliced", &race::least(5, || race::sliced(&streams)));
    tell(
        "bit-sliced, 32 bits",
        &race::least(5, || race::sliced_narrow(&narrow)),
    );
    tell(
        "engine with explanations",
        &race::least(2, || race::step(&streams)),
    );
    if let Some(python) = std::env::args().nth(2) {
        let folder = std::env::temp_dir();
        tell(
            "DuckDB, streak form",
            &database::duckdb(&python, &folder, &streams, 2)?,
        );
    }
    Ok(())
}
