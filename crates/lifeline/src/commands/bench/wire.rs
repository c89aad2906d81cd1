//! `bench wire`: messages per second of our codecs beside two published HL7 crates.
//!
//! Each contender takes an MLLP frame from its stream, parses it, walks to every sub-component and resolves its escapes; the
//! bytes of text it found are printed so that nobody can skip work. Contenders take turns and the best round of each counts,
//! so that a busy machine slows all alike.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use lifeline_wire::astm::deframe::deframe;
use lifeline_wire::astm::{lis1, lis2};
use lifeline_wire::hl7::{self, mllp};
use lifeline_wire::{Limits, decode};
use serde_json::{Value, json};

/// What to decode.
#[derive(clap::Args)]
pub struct Arguments {
    /// HL7 messages, each in a file of its own.
    #[arg(long = "hl7", default_values = ["tests/samples/messages/hl7-oru-cbc-hospital.hl7", "tests/samples/messages/hl7-lri-cbc.hl7"])]
    hl7: Vec<PathBuf>,
    /// An ASTM message.
    #[arg(
        long,
        default_value = "tests/samples/messages/bg-immucor-echo-abod-screen.astm"
    )]
    astm: PathBuf,
    /// Seconds for each contender.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
}

/// Rounds in which the contenders take turns.
const ROUNDS: u32 = 15;

/// Decodes every file with everybody.
///
/// # Errors
/// A file cannot be read or decoded.
pub fn run(arguments: &Arguments) -> anyhow::Result<Vec<Value>> {
    let turn = Duration::try_from_secs_f64(arguments.seconds / f64::from(ROUNDS))?;
    let mut rows = Vec::new();
    for path in &arguments.hl7 {
        rows.extend(hl7_rows(path, turn)?);
    }
    rows.extend(astm_rows(&arguments.astm, turn)?);
    Ok(rows)
}

/// A name and one message's work; gives the bytes of text it found.
type Contender<'a> = (&'a str, Box<dyn FnMut() -> anyhow::Result<usize> + 'a>);

/// Messages between two looks at the clock.
const STRIDE: u32 = 16;

/// Messages per second of each contender, the best of all rounds, and its bytes of text; a row each, compared to the first.
fn race(
    file: &Path,
    bytes: usize,
    contenders: &mut [Contender<'_>],
    turn: Duration,
) -> anyhow::Result<Vec<Value>> {
    let mut best = vec![(0.0f64, 0usize); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, work), (best, text)) in contenders.iter_mut().zip(&mut best) {
            let begin = Instant::now();
            let mut messages = 0u32;
            while begin.elapsed() < turn {
                for _ in 0..STRIDE {
                    *text = black_box(work()?);
                }
                messages += STRIDE;
            }
            *best = best.max(f64::from(messages) / begin.elapsed().as_secs_f64());
        }
    }
    let first = best.first().map_or(f64::NAN, |(rate, _)| *rate);
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let rows = contenders
        .iter()
        .zip(best)
        .map(|((name, _), (rate, text))| {
            json!({
                "file": file,
                "bytes": bytes,
                "contender": name,
                "messages_per_s": rate.round(),
                "text_bytes": text,
                "first_to_it": first / rate,
            })
        });
    Ok(rows.collect())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn hl7_rows(path: &Path, turn: Duration) -> anyhow::Result<Vec<Value>> {
    // The rivals take neither a byte-order mark nor LF.
    let text = String::from_utf8(read(path)?)?;
    let text = text.trim_start_matches('\u{FEFF}');
    let text = text.replace("\r\n", "\r").replace('\n', "\r");
    let message = text.trim_end_matches('\r');
    let frame = mllp::frame(&mllp::Config::default(), message.as_bytes());
    let limits = Limits::default();
    let mut contenders: Vec<Contender<'_>> = vec![
        ("lifeline", Box::new(|| ours(&unframe(&frame)?, &limits))),
        (
            "hl7-parser",
            Box::new(|| hl7_parser_walk(std::str::from_utf8(&unframe(&frame)?)?)),
        ),
        (
            "rust-hl7",
            Box::new(|| rust_hl7_walk(std::str::from_utf8(&unframe(&frame)?)?)),
        ),
        // Deframed, decoded and turned into the JSON of `lifeline wire decode`.
        (
            "lifeline to JSON",
            Box::new(|| {
                let decoded = decode::decode(&frame, decode::Protocol::Hl7, &limits)?;
                Ok(decoded.value.to_string().len())
            }),
        ),
    ];
    race(path, message.len(), &mut contenders, turn)
}

fn unframe(frame: &[u8]) -> anyhow::Result<Vec<u8>> {
    match mllp::Reader::new(mllp::Config::default())
        .feed(frame)
        .into_iter()
        .next()
    {
        Some(mllp::Event::Message { bytes, .. }) => Ok(bytes),
        other => bail!("no message in the frame: {other:?}"),
    }
}

fn ours(bytes: &[u8], limits: &Limits) -> anyhow::Result<usize> {
    let messages = hl7::decode(bytes, limits)?;
    let fields = messages
        .iter()
        .flat_map(|m| m.segments())
        .flat_map(|s| s.fields().collect::<Vec<_>>());
    Ok(fields
        .flat_map(|f| f.repeats())
        .flat_map(|r| r.components())
        .flat_map(|c| c.subcomponents())
        .map(|s| black_box(s.text()).len())
        .sum())
}

fn hl7_parser_walk(text: &str) -> anyhow::Result<usize> {
    let message = hl7_parser::Message::parse(text).map_err(|error| anyhow!("{error}"))?;
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
                write!(buffer, "{}", message.separators.decode(part.raw_value()))?;
                bytes += black_box(&buffer).len();
            }
        }
    }
    Ok(bytes)
}

fn rust_hl7_walk(text: &str) -> anyhow::Result<usize> {
    let message =
        rusthl7::message::Message::try_from(text).map_err(|error| anyhow!("{error:?}"))?;
    // Its decoder is costly to build; its manual says to keep it.
    thread_local! {
        static DECODER: rusthl7::escape_sequence::EscapeSequence =
            rusthl7::escape_sequence::EscapeSequence::new(rusthl7::separators::Separators::default());
    }
    Ok(DECODER.with(|decoder| {
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
    }))
}

fn astm_rows(path: &Path, turn: Duration) -> anyhow::Result<Vec<Value>> {
    let mut text = read(path)?;
    for byte in text.iter_mut().filter(|byte| **byte == b'\n') {
        *byte = b'\r';
    }
    let frames = lis1::split(&text, 240).concat();
    let session = [&[lis1::ENQ], frames.as_slice(), &[lis1::EOT]].concat();
    let limits = Limits::default();
    let walk = |text: &[u8]| -> anyhow::Result<usize> {
        let messages = lis2::decode(text, &limits)?;
        let records = messages.iter().flat_map(|m| m.records());
        let fields = records.flat_map(|r| (1..=r.len()).map(move |n| r.field(n)));
        Ok(fields
            .flat_map(|f| f.repeats())
            .flat_map(|r| r.components())
            .map(|c| black_box(c.text()).len())
            .sum())
    };
    let mut contenders: Vec<Contender<'_>> = vec![
        (
            "deframe, decode",
            Box::new(|| walk(&deframe(&session).text)),
        ),
        ("decode", Box::new(|| walk(&text))),
        (
            "link machine, decode",
            Box::new(|| walk(&through_link(&session))),
        ),
    ];
    race(path, session.len(), &mut contenders, turn)
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
