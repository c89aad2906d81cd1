//! Messages per second of our codecs beside two published HL7 crates, in one run, as JSON.
//!
//! `cargo run --release -p lifeline-wire --example wire_bench [FILE.hl7]`
//!
//! Each contender takes an MLLP frame from its stream, parses it, walks to every sub-component and resolves its
//! escapes; the number of bytes of text it found is printed so that nobody can skip work. Contenders take turns and the
//! best round of each counts, so that a busy machine slows all alike.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lifeline_wire::astm::deframe::deframe;
use lifeline_wire::astm::{lis1, lis2};
use lifeline_wire::hl7::{self, mllp};
use lifeline_wire::{Limits, decode};
use serde_json::{Value, json};

const ROUNDS: u32 = 15;
const ROUND: Duration = Duration::from_millis(100);

fn main() {
    let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/messages");
    let named = std::env::args().nth(1).map(PathBuf::from);
    let hl7_files = match named {
        Some(path) => vec![path],
        None => ["hl7-oru-cbc-hospital.hl7", "hl7-lri-cbc.hl7"]
            .map(|n| samples.join(n))
            .to_vec(),
    };
    let hl7: Vec<Value> = hl7_files.iter().map(|path| bench_hl7(path)).collect();
    let astm = bench_astm(&samples.join("bg-immucor-echo-abod-screen.astm"));
    println!(
        "{}",
        serde_json::to_string_pretty(&json!({ "hl7": hl7, "astm": astm })).unwrap()
    );
}

/// A name and one message's work; returns the bytes of text it found.
type Contender<'a> = (&'a str, Box<dyn FnMut() -> usize + 'a>);

/// Messages per second of each contender: the best of all rounds, in turns.
fn race(contenders: &mut [Contender<'_>]) -> Vec<(String, f64, usize)> {
    let mut best = vec![0.0f64; contenders.len()];
    let mut text = vec![0usize; contenders.len()];
    for _ in 0..ROUNDS {
        for (n, (_, run)) in contenders.iter_mut().enumerate() {
            let begin = Instant::now();
            let mut messages = 0u32;
            while begin.elapsed() < ROUND {
                for _ in 0..16 {
                    text[n] = black_box(run());
                }
                messages += 16;
            }
            best[n] = best[n].max(f64::from(messages) / begin.elapsed().as_secs_f64());
        }
    }
    contenders
        .iter()
        .zip(best)
        .zip(text)
        .map(|(((name, _), best), text)| ((*name).to_owned(), best, text))
        .collect()
}

fn bench_hl7(path: &std::path::Path) -> Value {
    // The rivals take neither a byte-order mark nor LF.
    let text = std::fs::read_to_string(path).unwrap();
    let text = text
        .trim_start_matches('\u{FEFF}')
        .replace("\r\n", "\r")
        .replace('\n', "\r");
    let message = text.trim_end_matches('\r').to_owned();
    let frame = mllp::frame(&mllp::Config::default(), message.as_bytes());
    let limits = Limits::default();
    let mut contenders: Vec<Contender<'_>> = vec![
        ("lifeline", Box::new(|| ours(&unframe(&frame), &limits))),
        (
            "hl7-parser",
            Box::new(|| hl7_parser_walk(std::str::from_utf8(&unframe(&frame)).unwrap())),
        ),
        (
            "rust-hl7",
            Box::new(|| rust_hl7_walk(std::str::from_utf8(&unframe(&frame)).unwrap())),
        ),
        // Deframed, decoded and turned into the JSON of `lifeline wire decode`.
        (
            "lifeline to JSON",
            Box::new(|| {
                decode::decode(&frame, decode::Protocol::Hl7, &limits)
                    .unwrap()
                    .value
                    .to_string()
                    .len()
            }),
        ),
    ];
    let results = race(&mut contenders);
    let rate = |name: &str| {
        results
            .iter()
            .find(|(n, ..)| n == name)
            .map_or(f64::NAN, |r| r.1)
    };
    let rival = rate("hl7-parser").max(rate("rust-hl7"));
    json!({
        "file": path.file_name().unwrap().to_string_lossy(),
        "bytes": message.len(),
        "messages_per_second": results.iter().map(|(n, rate, _)| (n.clone(), json!(rate.round()))).collect::<serde_json::Map<_, _>>(),
        "text_bytes": results.iter().map(|(n, _, text)| (n.clone(), json!(text))).collect::<serde_json::Map<_, _>>(),
        "ratio_to_faster_rival": (rate("lifeline") / rival * 100.0).round() / 100.0,
    })
}

fn unframe(frame: &[u8]) -> Vec<u8> {
    match mllp::Reader::new(mllp::Config::default())
        .feed(frame)
        .into_iter()
        .next()
    {
        Some(mllp::Event::Message { bytes, .. }) => bytes,
        other => panic!("{other:?}"),
    }
}

fn ours(bytes: &[u8], limits: &Limits) -> usize {
    let messages = hl7::decode(bytes, limits).unwrap();
    let fields = messages
        .iter()
        .flat_map(|m| m.segments())
        .flat_map(|s| s.fields().collect::<Vec<_>>());
    fields
        .flat_map(|f| f.repeats())
        .flat_map(|r| r.components())
        .flat_map(|c| c.subcomponents())
        .map(|s| black_box(s.text()).len())
        .sum()
}

fn hl7_parser_walk(text: &str) -> usize {
    let message = hl7_parser::Message::parse(text).unwrap();
    let mut buffer = String::new();
    let mut bytes = 0;
    for segment in message.segments() {
        for component in segment
            .fields()
            .flat_map(|f| f.repeats())
            .flat_map(|r| r.components())
        {
            for part in component.subcomponents() {
                buffer.clear();
                write!(buffer, "{}", message.separators.decode(part.raw_value())).unwrap();
                bytes += black_box(&buffer).len();
            }
        }
    }
    bytes
}

fn rust_hl7_walk(text: &str) -> usize {
    let message = rusthl7::message::Message::try_from(text).unwrap();
    // Its decoder is costly to build; its manual says to keep it.
    thread_local! {
        static DECODER: rusthl7::escape_sequence::EscapeSequence =
            rusthl7::escape_sequence::EscapeSequence::new(rusthl7::separators::Separators::default());
    }
    DECODER.with(|decoder| {
        let parts = message
            .segments
            .iter()
            .flat_map(|s| &s.fields)
            .flat_map(|f| &f.subcomponents)
            .flatten()
            .flatten();
        // Its decoder fixes the lifetime of what it is given, hence the copy.
        parts
            .map(|p| {
                if p.contains('\\') {
                    black_box(decoder.decode((*p).to_owned())).len()
                } else {
                    black_box(p).len()
                }
            })
            .sum()
    })
}

fn bench_astm(path: &std::path::Path) -> Value {
    let text: Vec<u8> = std::fs::read(path)
        .unwrap()
        .iter()
        .map(|b| if *b == b'\n' { b'\r' } else { *b })
        .collect();
    let frames = lis1::split(&text, 240).concat();
    let session = [&[lis1::ENQ], frames.as_slice(), &[lis1::EOT]].concat();
    let limits = Limits::default();
    let walk = |text: &[u8]| -> usize {
        let messages = lis2::decode(text, &limits).unwrap();
        let records = messages.iter().flat_map(|m| m.records());
        let fields = records.flat_map(|r| (1..=r.len()).map(move |n| r.field(n)));
        fields
            .flat_map(|f| f.repeats())
            .flat_map(|r| r.components())
            .map(|c| black_box(c.text()).len())
            .sum()
    };
    let mut contenders: Vec<Contender<'_>> = vec![
        ("decode", Box::new(|| walk(&text))),
        (
            "deframe and decode",
            Box::new(|| walk(&deframe(&session).text)),
        ),
        (
            "through the link machine and decode",
            Box::new(|| walk(&through_link(&session))),
        ),
    ];
    let results = race(&mut contenders);
    json!({
        "file": path.file_name().unwrap().to_string_lossy(),
        "bytes": text.len(),
        "framed_bytes": session.len(),
        "messages_per_second": results.iter().map(|(n, rate, _)| (n.clone(), json!(rate.round()))).collect::<serde_json::Map<_, _>>(),
    })
}

fn through_link(session: &[u8]) -> Vec<u8> {
    let mut link = lis1::Link::host(lis1::Config::default());
    let now = Duration::ZERO;
    let mut actions: std::collections::VecDeque<_> = link.feed(session, now).into();
    while let Some(action) = actions.pop_front() {
        match action {
            lis1::Action::Store { id, .. } => actions.extend(link.stored(id, now)),
            lis1::Action::Received { text, .. } => return text,
            _ => {}
        }
    }
    Vec::new()
}
