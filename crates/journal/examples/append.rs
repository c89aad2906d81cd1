//! How fast the journal takes durable batches, beside the same bytes appended to a file with fdatasync in the same run.
//!
//! `append [URL] [SECONDS]`: an SQLite file in the current folder unless an address is given.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use lifeline_journal::{Draft, Journal, LeaseAnswer};
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const SIZES: [u64; 4] = [1, 16, 64, 256];

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let own = format!("append-{}.sqlite", std::process::id());
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:{own}"));
    let seconds: f64 = arguments
        .next()
        .map_or(Ok(2.0), |seconds| seconds.parse())?;
    let span = Duration::from_secs_f64(seconds);
    println!(
        "load {}",
        std::fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim()
    );
    println!(
        "{:>5} {:>12} {:>12} {:>7} {:>10} {:>10}",
        "batch", "raw/s", "journal/s", "ratio", "p50 ms", "p99 ms"
    );
    let journal = Journal::open(&url).await?;
    let LeaseAnswer::Granted(lease) = journal
        .acquire_lease("append", Duration::from_secs(3600))
        .await?
    else {
        return Err("another writer holds the journal".into());
    };
    let mut next = journal.head().await?.seq;
    for size in SIZES {
        // Alternating turns, so that a change of the machine's load meets both.
        let (mut raw, mut kept) = (Tally::default(), Tally::default());
        for _ in 0..4 {
            raw.add(raw_appends(size, span / 4)?);
            let mut turn = Tally::default();
            while turn.spent < span / 4 {
                let batch: Vec<Draft> = (next..next + size).map(draft).collect();
                let start = Instant::now();
                let receipts = journal.append(lease.epoch, next, batch).await?;
                turn.note(start.elapsed(), size);
                next = receipts.last().map_or(next, |receipt| receipt.seq);
            }
            kept.add(turn);
        }
        println!(
            "{size:>5} {:>12.0} {:>12.0} {:>7.2} {:>10.3} {:>10.3}",
            raw.rate(),
            kept.rate(),
            kept.rate() / raw.rate(),
            kept.percentile(0.50),
            kept.percentile(0.99),
        );
    }
    drop(journal);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{own}{suffix}"));
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    entries: u64,
    spent: Duration,
    each: Vec<Duration>,
}

impl Tally {
    fn note(&mut self, took: Duration, entries: u64) {
        self.entries += entries;
        self.spent += took;
        self.each.push(took);
    }

    fn add(&mut self, turn: Self) {
        self.entries += turn.entries;
        self.spent += turn.spent;
        self.each.extend(turn.each);
        self.each.sort_unstable();
    }

    fn rate(&self) -> f64 {
        self.entries as f64 / self.spent.as_secs_f64()
    }

    fn percentile(&self, share: f64) -> f64 {
        let place = (self.each.len() as f64 * share) as usize;
        self.each
            .get(place)
            .map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    }
}

fn raw_appends(size: u64, span: Duration) -> Result<Tally> {
    let path = format!("append-{}.raw", std::process::id());
    let mut file = File::create(&path)?;
    let mut tally = Tally::default();
    let mut next = 0;
    while tally.spent < span {
        let mut bytes = Vec::new();
        for number in next..next + size {
            serde_json::to_writer(&mut bytes, &draft(number))?;
            // What a sealed entry has more than its draft: two hashes and its number.
            bytes.extend_from_slice(&[b'x'; 72]);
        }
        next += size;
        let start = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        tally.note(start.elapsed(), size);
    }
    std::fs::remove_file(path)?;
    Ok(tally)
}

/// Of the shape and size the desk writes: a fact of some 300 bytes about a bag and a patient.
fn draft(number: u64) -> Draft {
    Draft {
        at_ms: 1_760_000_000_000 + i64::try_from(number).unwrap_or(i64::MAX),
        actor: format!("user-{}", number % 40),
        workstation: "web:bench".to_owned(),
        command: Uuid::now_v7(),
        kind: "unit.relocated".to_owned(),
        version: 1,
        body: format!(
            r#"{{"unit":{number},"from":"fridge-{}","to":"fridge-{}","note":"{}"}}"#,
            number % 7,
            number % 11,
            "血".repeat(80)
        ),
        subjects: vec![
            format!("unit:{}", number.wrapping_mul(7919) % 20_000),
            format!("patient:{}", number.wrapping_mul(104_729) % 5_000),
        ],
    }
}
