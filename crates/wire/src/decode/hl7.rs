//! HL7 captures as JSON.

use serde_json::{Map, Value, json};

use super::{Decoded, Protocol, put, transcode};
use crate::charset::Charset;
use crate::hl7::mllp::{self, Event};
use crate::hl7::{self, Message, Segment};
use crate::note::{Deviation, Note};
use crate::{DecodeError, Limits};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let mut notes = Vec::new();
    let mut messages = Vec::new();
    let mut first_error = None;
    for (part, at) in parts(bytes, &mut notes) {
        match read(&part, at, limits, &mut notes) {
            Ok(read) => messages.extend(read),
            Err(error) if first_error.is_none() => first_error = Some(error),
            Err(_) => {}
        }
    }
    match first_error {
        Some(error) if messages.is_empty() => return Err(error),
        Some(error) => notes.push(Note {
            at: error.at(),
            what: Deviation::Noise,
        }),
        None if messages.is_empty() => return Err(DecodeError::Empty),
        None => {}
    }
    Ok(Decoded {
        protocol: Protocol::Hl7,
        value: json!({ "messages": messages }),
        notes,
    })
}

/// The messages of an MLLP stream with their offsets, or the whole input when it is not framed.
pub(crate) fn parts(bytes: &[u8], notes: &mut Vec<Note>) -> Vec<(Vec<u8>, usize)> {
    let config = mllp::Config::default();
    if !bytes.contains(&config.start) {
        // A start byte that was lost leaves its end byte behind.
        let end = bytes.iter().position(|b| *b == config.end);
        notes.extend(end.map(|at| Note {
            at,
            what: Deviation::Noise,
        }));
        let text: Vec<u8> = bytes
            .iter()
            .map(|b| if *b == config.end { b'\r' } else { *b })
            .collect();
        return vec![(text, 0)];
    }
    let mut reader = mllp::Reader::new(mllp::Config {
        max_message: bytes.len(),
        ..config
    });
    let mut parts = Vec::new();
    let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    for event in reader.feed(bytes) {
        match event {
            Event::Message { bytes, at } => parts.push((bytes, offset(at))),
            Event::Cut { bytes, at } => {
                notes.push(Note {
                    at: offset(at),
                    what: Deviation::CutFrame,
                });
                parts.push((bytes, offset(at)));
            }
            Event::Noise { at, .. } | Event::TooLong { at } => notes.push(Note {
                at: offset(at),
                what: Deviation::Noise,
            }),
        }
    }
    if let Some(rest) = reader.rest() {
        let at = bytes.len() - rest.len();
        notes.push(Note {
            at,
            what: Deviation::CutFrame,
        });
        parts.push((rest, at));
    } else if bytes.last() == Some(&config.end) {
        notes.push(Note {
            at: bytes.len(),
            what: Deviation::NoFinalReturn,
        });
    }
    parts
}

fn read(
    part: &[u8],
    base: usize,
    limits: &Limits,
    notes: &mut Vec<Note>,
) -> Result<Vec<Value>, DecodeError> {
    // MSH-18 is ASCII whatever the rest is.
    let declared = hl7::decode(part, limits)?
        .first()
        .and_then(|m| Charset::from_msh18(&m.field("MSH", 18).text()));
    let mut text_notes = Vec::new();
    let text = transcode(part, declared, &mut text_notes);
    notes.extend(text_notes.iter().map(|n| Note {
        at: base + n.at,
        what: n.what,
    }));
    let messages = hl7::decode(text.text().as_bytes(), limits)?;
    for message in &messages {
        notes.extend(message.notes().iter().map(|n| Note {
            at: base + text.input_offset(n.at),
            what: n.what,
        }));
    }
    Ok(messages.iter().map(message_value).collect())
}

fn message_value(message: &Message<'_>) -> Value {
    let mut map = Map::new();
    let msh = |n: usize| message.field("MSH", n);
    put(&mut map, "msh2", msh(2).raw_text());
    for (n, name) in [
        (3, "sender"),
        (9, "message"),
        (10, "control_id"),
        (12, "version"),
        (7, "time"),
    ] {
        put(&mut map, name, msh(n).text());
    }
    map.insert("segments".into(), json!(message.len()));
    map.insert(
        "obx".into(),
        message.all("OBX").map(|obx| observation(&obx)).collect(),
    );
    map.insert("ids".into(), ids(message));
    Value::Object(map)
}

fn observation(obx: &Segment<'_>) -> Value {
    let mut map = Map::new();
    let names = [
        (1, "set"),
        (2, "type"),
        (3, "code"),
        (4, "sub"),
        (5, "value"),
        (6, "units"),
        (7, "range"),
        (8, "flag"),
        (11, "status"),
        (18, "equipment"),
    ];
    for (n, name) in names {
        put(&mut map, name, obx.field(n).text());
    }
    // LAW leaves the time of observation empty and sends the time of analysis.
    let time = [14, 19]
        .map(|n| obx.field(n).text())
        .into_iter()
        .find(|t| !t.is_empty());
    put(&mut map, "time", time.unwrap_or_default());
    Value::Object(map)
}

/// What a message says about whose it is: fields of the segments that are there, empty ones included.
fn ids(message: &Message<'_>) -> Value {
    let mut map = Map::new();
    if let Some(pid) = message.first("PID") {
        for n in [3, 5, 7, 8] {
            map.insert(format!("PID-{n}"), json!(pid.field(n).text()));
        }
    }
    let mut each = |name: &str, key: &str, value: &dyn Fn(&Segment<'_>) -> Value| {
        let values: Vec<Value> = message
            .segments()
            .filter(|s| s.name() == name)
            .map(|s| value(&s))
            .collect();
        if !values.is_empty() {
            map.insert(key.to_owned(), Value::Array(values));
        }
    };
    each("OBR", "OBR-2/3/4", &|s| {
        json!([2, 3, 4].map(|n| s.field(n).text()))
    });
    each("SPM", "SPM-2", &|s| json!(s.field(2).text()));
    each("SPM", "SPM-11", &|s| json!(s.field(11).text()));
    each("SAC", "SAC-3", &|s| json!(s.field(3).text()));
    for name in ["QPD", "QID"] {
        if let Some(segment) = message.first(name) {
            map.insert(
                name.to_owned(),
                segment.fields().map(|f| json!(f.text())).collect(),
            );
        }
    }
    Value::Object(map)
}
