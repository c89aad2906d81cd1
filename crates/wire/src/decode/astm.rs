//! ASTM captures as JSON.

use serde_json::{Map, Value, json};

use super::{Decoded, Protocol, put, transcode};
use crate::astm::deframe::{deframe, is_framed};
use crate::astm::lis2::{self, Kind, Message, Record};
use crate::note::Note;
use crate::{DecodeError, Limits};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let mut top = Map::new();
    let mut notes = Vec::new();
    let framed = is_framed(bytes).then(|| deframe(bytes));
    let text = match &framed {
        Some(d) => {
            top.insert("frames".into(), json!(d.frames));
            top.insert("checksum_mismatches".into(), json!(d.checksum_mismatches));
            notes.extend_from_slice(&d.notes);
            d.text.as_slice()
        }
        None => bytes,
    };
    let raw_offset = |at: usize| framed.as_ref().map_or(at, |d| d.input_offset(at));
    let mut text_notes = Vec::new();
    let read = transcode(text, None, &mut text_notes);
    notes.extend(text_notes.iter().map(|n| Note {
        at: raw_offset(n.at),
        what: n.what,
    }));
    let messages = lis2::decode(read.text().as_bytes(), limits)?;
    for message in &messages {
        notes.extend(message.notes().iter().map(|n| Note {
            at: raw_offset(read.input_offset(n.at)),
            what: n.what,
        }));
    }
    top.insert(
        "messages".into(),
        messages.iter().map(message_value).collect(),
    );
    Ok(Decoded {
        protocol: Protocol::Astm,
        value: Value::Object(top),
        notes,
    })
}

fn message_value(message: &Message<'_>) -> Value {
    let d = message.delimiters();
    let text = |b: u8| char::from(b).to_string();
    json!({
        "delims": {
            "field": text(d.field), "repeat": text(d.repeat), "component": text(d.component), "escape": text(d.escape)
        },
        "records": message.records().map(|r| record_value(&r)).collect::<Vec<_>>(),
    })
}

/// Field numbers and names; those of the second list stand as sent, since `^^^A&S&B` is one component, not two.
type Names = (
    &'static [(usize, &'static str)],
    &'static [(usize, &'static str)],
);

fn names(kind: Kind) -> Names {
    match kind {
        Kind::Header => (
            &[
                (5, "sender"),
                (10, "receiver"),
                (13, "version"),
                (14, "time"),
            ],
            &[],
        ),
        Kind::Patient => (
            &[
                (3, "id_practice"),
                (4, "id_lab"),
                (6, "name"),
                (8, "birth"),
                (9, "sex"),
            ],
            &[],
        ),
        Kind::Order => (
            &[
                (3, "specimen"),
                (4, "instrument_specimen"),
                (6, "priority"),
                (12, "action"),
                (16, "specimen_type"),
                (26, "report_type"),
            ],
            &[(5, "tests")],
        ),
        Kind::Result => (
            &[
                (2, "seq"),
                (4, "value"),
                (5, "units"),
                (6, "range"),
                (11, "operator"),
                (12, "started"),
                (13, "completed"),
                (14, "instrument"),
            ],
            &[(3, "test"), (7, "flag"), (9, "status")],
        ),
        Kind::Comment => (&[(3, "source"), (4, "text")], &[]),
        Kind::Query => (
            &[(3, "start_id"), (4, "end_id")],
            &[(5, "tests"), (13, "status")],
        ),
        Kind::Terminator => (&[(3, "code")], &[]),
        Kind::Manufacturer | Kind::Scientific | Kind::Other(_) => (&[(2, "seq")], &[]),
    }
}

fn record_value(record: &Record<'_>) -> Value {
    let mut map = Map::new();
    let kind = record.kind();
    put(&mut map, "type", kind.letter());
    let (texts, as_sent) = names(kind);
    for (n, name) in texts {
        put(&mut map, name, record.field(*n).text());
    }
    for (n, name) in as_sent {
        put(&mut map, name, record.field(*n).raw_text());
    }
    // Records without fixed meaning show their first fields by number; images and histograms further back stay out.
    if matches!(kind, Kind::Manufacturer | Kind::Scientific | Kind::Other(_)) {
        for n in 3..=6 {
            put(&mut map, &format!("f{n}"), record.field(n).text());
        }
    }
    Value::Object(map)
}
