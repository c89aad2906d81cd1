//! From a message to observations, by a profile.

use super::reading::{DomainReading, Problem, Query};
use super::result::Reader;
use super::source::Source;
use super::{Profile, ProfileProtocol};
use crate::Limits;
use crate::astm::deframe::{deframe, is_framed};
use crate::astm::lis2::{self, Kind};
use crate::charset::Transcoded;
use crate::hl7::{self, law};
use crate::note::{Deviation, Note};

/// Reads one transfer: the text of a link, or a framed capture. Never fails: what cannot be read is a problem.
#[must_use]
pub fn read(profile: &Profile, bytes: &[u8]) -> DomainReading {
    let mut reading = DomainReading::default();
    match profile.link.protocol {
        ProfileProtocol::Astm => read_astm(profile, bytes, &mut reading),
        ProfileProtocol::Hl7 => read_hl7(profile, bytes, &mut reading),
    }
    reading.problems.sort_by_key(|p| p.at);
    reading
}

fn read_astm(profile: &Profile, bytes: &[u8], reading: &mut DomainReading) {
    let framed = is_framed(bytes).then(|| deframe(bytes));
    let text = framed.as_ref().map_or(bytes, |d| d.text.as_slice());
    if let Some(d) = &framed {
        reading.notes.extend_from_slice(&d.notes);
        for note in d.notes.iter().filter(|n| {
            matches!(
                n.what,
                Deviation::Checksum | Deviation::CutFrame | Deviation::Noise
            )
        }) {
            reading.problems.push(Problem {
                at: note.at,
                reason: "the frames are damaged here; what they carried may be wrong or missing"
                    .into(),
            });
        }
    }
    let read = Transcoded::new(text, &profile.link.charset);
    let offset = |at: usize| {
        let at = read.input_offset(at);
        framed.as_ref().map_or(at, |d| d.input_offset(at))
    };
    charset_problem(&read, &offset, reading);
    let messages = match lis2::decode(read.text().as_bytes(), &Limits::default()) {
        Ok(messages) => messages,
        Err(error) => {
            reading.problems.push(Problem {
                at: offset(error.at()),
                reason: error.to_string(),
            });
            return;
        }
    };
    reading.keepalive = messages.iter().all(lis2::Message::is_keepalive);
    for message in &messages {
        reading.notes.extend(message.notes().iter().map(|n| Note {
            at: offset(n.at),
            what: n.what,
        }));
        let mut reader = Reader::new(profile, reading, &offset);
        for note in message
            .notes()
            .iter()
            .filter(|n| n.what == Deviation::AfterTerminator)
        {
            reader.problem(
                note.at,
                "a record after the terminator: a record before it may have been damaged",
            );
        }
        let header = message
            .header()
            .or_else(|| message.record(0))
            .map(Source::Astm);
        if !header.is_some_and(|h| reader.sender_fits(&h)) {
            continue;
        }
        let last = message.len().saturating_sub(1);
        if !message.is_complete() && !profile.link.terminator_optional {
            let at = message.record(last).map_or(0, |r| r.at());
            reader.problem(
                at,
                "the message has no terminator: it may have been cut, and results may be missing",
            );
        }
        for record in message.records() {
            if let Some(n) = record.raw().iter().position(|b| *b < b' ' && *b != b'\t') {
                reader.problem(
                    record.at() + n,
                    "a control character inside a record: two records may have run together",
                );
            }
            match record.kind() {
                Kind::Result
                    if message.is_cut()
                        && record.index() == last
                        && !profile.link.terminator_optional =>
                {
                    reader.problem(
                        record.at(),
                        "the message ends inside this result: its last field may be shortened",
                    );
                }
                Kind::Result => {
                    reader.count(record);
                    reader.result(&Source::Astm(record));
                }
                Kind::Query => reader.astm_query(record),
                Kind::Other(_) => reader.problem(record.at(), "a record of an unknown type"),
                _ => {}
            }
        }
    }
}

fn read_hl7(profile: &Profile, bytes: &[u8], reading: &mut DomainReading) {
    let mut notes = Vec::new();
    let parts = crate::decode::hl7::parts(bytes, &mut notes);
    for note in &notes {
        if note.what != Deviation::NoFinalReturn {
            reading.problems.push(Problem {
                at: note.at,
                reason: "the MLLP frame is damaged here; the message may be cut".into(),
            });
        }
    }
    reading.notes.extend(notes);
    for (part, base) in parts {
        let read = Transcoded::new(&part, &profile.link.charset);
        let offset = |at: usize| base + read.input_offset(at);
        charset_problem(&read, &offset, reading);
        let messages = match hl7::decode(read.text().as_bytes(), &Limits::default()) {
            Ok(messages) => messages,
            Err(error) => {
                reading.problems.push(Problem {
                    at: offset(error.at()),
                    reason: error.to_string(),
                });
                continue;
            }
        };
        for message in &messages {
            reading.notes.extend(message.notes().iter().map(|n| Note {
                at: offset(n.at),
                what: n.what,
            }));
            reading
                .control_id
                .get_or_insert_with(|| message.control_id());
            let mut reader = Reader::new(profile, reading, &offset);
            let Some(msh) = message.first("MSH") else {
                continue;
            };
            if !reader.sender_fits(&Source::Hl7 {
                message,
                segment: msh,
            }) {
                continue;
            }
            if let Some(query) = law::query(message) {
                let query = Query {
                    samples: query.samples,
                    tag: Some(query.tag),
                    cancel: false,
                    at: reader.offset(query.at),
                };
                reader.reading.queries.push(query);
            } else if let Some(tag) = law::cancelled_query(message) {
                let query = Query {
                    samples: Vec::new(),
                    tag: Some(tag),
                    cancel: true,
                    at: reader.offset(msh.at()),
                };
                reader.reading.queries.push(query);
            }
            for segment in message.segments() {
                match segment.name() {
                    "OBX" => reader.result(&Source::Hl7 { message, segment }),
                    "   " => reader.problem(
                        segment.at(),
                        "a line that is no segment: a text before it may have been broken",
                    ),
                    _ => {}
                }
            }
        }
    }
}

fn charset_problem(
    read: &Transcoded<'_>,
    offset: &dyn Fn(usize) -> usize,
    reading: &mut DomainReading,
) {
    if read.first_invalid().is_some() {
        let at = read.text().find('\u{FFFD}').unwrap_or(0);
        reading.problems.push(Problem {
            at: offset(at),
            reason:
                "the text fits none of the profile's character sets; names and comments are damaged"
                    .into(),
        });
    }
    if read.is_ambiguous() {
        let at = read.text().find(|c: char| !c.is_ascii()).unwrap_or(0);
        reading.problems.push(Problem {
            at: offset(at),
            reason: "the text may be Western or Chinese: fields may be cut wrongly; name one character set in the profile".into(),
        });
    }
    if read.fell_back() {
        reading.notes.push(Note {
            at: 0,
            what: Deviation::FallbackCharset,
        });
    }
}
