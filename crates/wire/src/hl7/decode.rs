//! One pass over the bytes of a message (MLLP bytes already taken off).

use super::{Message, Segment, SegmentSpan, Separators, Span};
use crate::Limits;
use crate::note::{DecodeError, Deviation, Note, Notes};

/// Reads the messages in `text`; every MSH opens one. Batch headers before the first MSH are skipped.
///
/// # Errors
/// [`DecodeError`] when there is no MSH or a bound is passed.
pub fn decode<'a>(text: &'a [u8], limits: &Limits) -> Result<Vec<Message<'a>>, DecodeError> {
    let limit = limits.bytes.min(u32::MAX as usize - 1);
    if text.len() > limit {
        return Err(DecodeError::TooMuch {
            what: "bytes",
            limit,
            at: limit,
        });
    }
    let mut messages: Vec<Message<'a>> = Vec::new();
    let mut notes: Vec<Notes> = Vec::new();
    let mut at = if text.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    let bom = at > 0;
    let (mut odd_line_end, mut blank, mut skipped) = (None, None, None);
    let (mut segments, mut fields) = (0, 0);
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let len = rest.iter().position(|&b| b == b'\r' || b == b'\n');
        let end = at + len.unwrap_or(rest.len());
        if odd_line_end.is_none() && text.get(end) == Some(&b'\n') {
            odd_line_end = Some(end);
        }
        let line = text.get(at..end).unwrap_or_default();
        let skip = line
            .iter()
            .take_while(|b| b.is_ascii_whitespace() || **b == 0)
            .count();
        let (start, line) = (at + skip, line.get(skip..).unwrap_or_default());
        let next = end + 1;
        if line.is_empty() {
            let second_half =
                text.get(end) == Some(&b'\n') && at > 0 && text.get(at - 1) == Some(&b'\r');
            if !second_half && len.is_some() && blank.is_none() {
                blank = Some(at);
            }
            at = next;
            continue;
        }
        if line.starts_with(b"MSH") && line.get(3).is_some_and(|b| b.is_ascii_punctuation()) {
            let mut message_notes = Notes::default();
            let separators = separators(start, line, &mut message_notes);
            notes.push(message_notes);
            messages.push(Message {
                text,
                separators,
                segments: Vec::new(),
                fields: Vec::new(),
                notes: Vec::new(),
            });
        }
        segments += 1;
        if segments > limits.segments() {
            return Err(DecodeError::TooMuch {
                what: "segments",
                limit: limits.segments(),
                at: start,
            });
        }
        match (messages.last_mut(), notes.last_mut()) {
            (Some(message), Some(notes)) => {
                fields += push(message, notes, start, end);
                if fields > limits.fields {
                    return Err(DecodeError::TooMuch {
                        what: "fields",
                        limit: limits.fields,
                        at: start,
                    });
                }
            }
            _ if line.starts_with(b"FHS") || line.starts_with(b"BHS") => {}
            _ => skipped = skipped.or(Some(start)),
        }
        at = next;
    }
    for (message, notes) in messages.iter_mut().zip(notes) {
        message.notes = notes.into_vec();
    }
    let Some(first) = messages.first_mut() else {
        return Err(match skipped {
            Some(at) => DecodeError::NotThisProtocol {
                protocol: "HL7",
                at,
                reason: "no MSH segment",
            },
            None => DecodeError::Empty,
        });
    };
    let whole_input = [
        bom.then_some((0, Deviation::ByteOrderMark)),
        odd_line_end.map(|at| (at, Deviation::LineEnds)),
        blank.map(|at| (at, Deviation::BlankLine)),
        skipped.map(|at| (at, Deviation::MissingHeader)),
    ];
    first.notes.extend(
        whole_input
            .into_iter()
            .flatten()
            .map(|(at, what)| Note { at, what }),
    );
    Ok(messages)
}

impl crate::Limits {
    fn segments(&self) -> usize {
        self.records
    }
}

fn push(message: &mut Message<'_>, notes: &mut Notes, start: usize, end: usize) -> usize {
    let line = message.text.get(start..end).unwrap_or_default();
    let separator = message.separators.field;
    let name_len = line
        .iter()
        .position(|b| *b == separator)
        .unwrap_or(line.len());
    let mut name = [b' '; 3];
    for (slot, b) in name.iter_mut().zip(line) {
        *slot = *b;
    }
    if name_len != 3
        || !name
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        notes.add(start, Deviation::OddSegmentName);
        // A line that is no segment keeps a name nobody asks for.
        if name_len != 3 {
            name = *b"   ";
        }
    }
    let first_field = message.fields.len();
    let mut span = |from: usize, to: usize| {
        message.fields.push(Span {
            start: from as u32,
            end: to as u32,
        })
    };
    // MSH-1 is the separator itself.
    let mut from = if &name == b"MSH" {
        span(start + 3, start + 4);
        start + 4
    } else {
        start + name_len + 1
    };
    if from <= end {
        let rest = message.text.get(from..end).unwrap_or_default();
        let base = from;
        for (i, _) in rest.iter().enumerate().filter(|(_, b)| **b == separator) {
            span(from, base + i);
            from = base + i + 1;
        }
        span(from, end);
    }
    let count = message.fields.len() - first_field;
    message.segments.push(SegmentSpan {
        span: Span {
            start: start as u32,
            end: end as u32,
        },
        name,
        first_field: first_field as u32,
        fields: count as u32,
    });
    count
}

fn separators(at: usize, line: &[u8], notes: &mut Notes) -> Separators {
    let usual = Separators::default();
    let field = line.get(3).copied().unwrap_or(usual.field);
    let declared = line.get(4..).unwrap_or_default();
    let declared = declared.split(|b| *b == field).next().unwrap_or_default();
    let get = |i: usize, other: u8| {
        declared
            .get(i)
            .copied()
            .filter(u8::is_ascii_punctuation)
            .unwrap_or(other)
    };
    let read = Separators {
        field,
        component: get(0, usual.component),
        repeat: get(1, usual.repeat),
        escape: get(2, usual.escape),
        subcomponent: get(3, usual.subcomponent),
    };
    let all = [
        read.field,
        read.component,
        read.repeat,
        read.escape,
        read.subcomponent,
    ];
    let distinct = all
        .iter()
        .enumerate()
        .all(|(i, a)| all.iter().skip(i + 1).all(|b| a != b));
    // The fifth character is the truncation mark of v2.7.
    if !(4..=5).contains(&declared.len())
        || !distinct
        || !declared.iter().all(u8::is_ascii_punctuation)
    {
        notes.add(at + 4, Deviation::BadDelimiters);
    }
    if !distinct {
        return Separators { field, ..usual };
    }
    if read != usual {
        notes.add(at + 3, Deviation::OtherDelimiters);
    }
    read
}

impl<'m> Segment<'m> {
    /// The segments after this one up to (not including) the next of one of these names, for example the results of an OBR.
    pub fn until(&self, stop: &'m [&'m str]) -> impl Iterator<Item = Segment<'m>> + use<'m> {
        let message = self.message;
        let from = self.index + 1;
        message
            .segments
            .iter()
            .enumerate()
            .skip(from)
            .map(move |(index, span)| Segment {
                message,
                index,
                span: *span,
            })
            .take_while(move |s| !stop.contains(&s.name()))
    }
}
