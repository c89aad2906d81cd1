//! One pass over the bytes of a transfer.

use super::{Delimiters, Kind, Message, RecordSpan, Span};
use crate::Limits;
use crate::note::{DecodeError, Deviation, Notes};

/// Reads the text of one transfer (frames already joined). Every header opens a message.
///
/// # Errors
/// [`DecodeError`] when there is nothing to read, the first record is no ASTM record, or a bound is passed.
pub fn decode<'a>(text: &'a [u8], limits: &Limits) -> Result<Vec<Message<'a>>, DecodeError> {
    // Spans are u32; the bound keeps them in range.
    let limit = limits.bytes.min(u32::MAX as usize - 1);
    if text.len() > limit {
        return Err(DecodeError::TooMuch {
            what: "bytes",
            limit,
            at: limit,
        });
    }
    let mut reader = Reader {
        text,
        limits,
        open: None,
        done: Vec::new(),
        records: 0,
        fields: 0,
    };
    let mut at = if text.starts_with(b"\xEF\xBB\xBF") {
        3
    } else {
        0
    };
    let bom = at > 0;
    let mut odd_line_end = None;
    let mut blank = None;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let len = rest.iter().position(|&b| b == b'\r' || b == b'\n');
        let end = at + len.unwrap_or(rest.len());
        let line = text.get(at..end).unwrap_or_default();
        let skip = line
            .iter()
            .take_while(|b| b.is_ascii_whitespace() || **b == 0)
            .count();
        if skip == line.len() {
            // The LF of CR LF is not a line of its own.
            if !(text.get(end) == Some(&b'\n') && at > 0 && text.get(at - 1) == Some(&b'\r'))
                && len.is_some()
                && blank.is_none()
            {
                blank = Some(at);
            }
        } else {
            reader.record(at + skip, end, skip > 0, len.is_some())?;
        }
        if odd_line_end.is_none() && text.get(end) == Some(&b'\n') {
            odd_line_end = Some(end);
        }
        at = end + 1;
    }
    let mut messages = reader.finish();
    let Some(first) = messages.first_mut() else {
        return Err(DecodeError::Empty);
    };
    let whole_input = [
        bom.then_some((0, Deviation::ByteOrderMark)),
        odd_line_end.map(|at| (at, Deviation::LineEnds)),
        blank.map(|at| (at, Deviation::BlankLine)),
    ];
    first.notes.extend(
        whole_input
            .into_iter()
            .flatten()
            .map(|(at, what)| crate::Note { at, what }),
    );
    Ok(messages)
}

struct Reader<'a, 'l> {
    text: &'a [u8],
    limits: &'l Limits,
    open: Option<Open<'a>>,
    done: Vec<Message<'a>>,
    records: usize,
    fields: usize,
}

struct Open<'a> {
    message: Message<'a>,
    notes: Notes,
    /// Last record of each level, the path records hang on.
    path: [Option<u32>; 4],
    /// Last record that is not a comment or manufacturer record.
    last_structural: Option<u32>,
    /// Last sequence number of each level plus the attached ones.
    sequence: [u32; 5],
}

impl<'a> Reader<'a, '_> {
    fn record(
        &mut self,
        start: usize,
        end: usize,
        leading_blanks: bool,
        ended: bool,
    ) -> Result<(), DecodeError> {
        let line = self.text.get(start..end).unwrap_or_default();
        // No instrument is known to send small letters; an `l` is rather a damaged `R` than a terminator.
        let letter = line.first().copied().unwrap_or_default();
        let second = line.get(1).copied();
        if letter == b'H' && second.is_none_or(is_delimiter) {
            self.open_message(start, line);
        } else if self.open.is_none() {
            if self.done.is_empty() {
                let known = !matches!(Kind::of(letter), Kind::Other(_));
                if !known || second.is_some_and(|d| d != Delimiters::default().field) {
                    return Err(DecodeError::NotThisProtocol {
                        protocol: "ASTM",
                        at: start,
                        reason: "no header record",
                    });
                }
                let mut open = Open::new(self.text, Delimiters::default());
                open.notes.add(start, Deviation::MissingHeader);
                self.open = Some(open);
            } else if let Some(last) = self.done.pop() {
                let mut open = Open::resume(last);
                open.notes.once(start, Deviation::AfterTerminator);
                self.open = Some(open);
            }
        }
        self.records += 1;
        if self.records > self.limits.records {
            return Err(DecodeError::TooMuch {
                what: "records",
                limit: self.limits.records,
                at: start,
            });
        }
        let Some(open) = self.open.as_mut() else {
            return Ok(());
        };
        if leading_blanks {
            open.notes.once(start, Deviation::LeadingBlanks);
        }
        let kind = Kind::of(letter);
        let added = open.push(kind, start, end);
        self.fields += added;
        if self.fields > self.limits.fields {
            return Err(DecodeError::TooMuch {
                what: "fields",
                limit: self.limits.fields,
                at: start,
            });
        }
        if !ended && kind != Kind::Terminator {
            open.message.cut = true;
        }
        if kind == Kind::Terminator {
            open.message.complete = true;
            self.close();
        }
        Ok(())
    }

    fn open_message(&mut self, at: usize, line: &[u8]) {
        if let Some(open) = self.open.as_mut() {
            open.notes.add(at, Deviation::HeaderBeforeTerminator);
        }
        self.close();
        let mut notes = Notes::default();
        let delimiters = header_delimiters(at, line, &mut notes);
        let mut open = Open::new(self.text, delimiters);
        open.notes = notes;
        self.open = Some(open);
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let mut message = open.message;
        if !message.complete {
            let end = message.records.last().map_or(0, |r| r.span.end as usize);
            open.notes.add(end, Deviation::Incomplete);
            if message.cut {
                open.notes.add(end, Deviation::CutRecord);
            }
        } else if message.is_keepalive() {
            open.notes.add(
                message.records.first().map_or(0, |r| r.span.start as usize),
                Deviation::KeepAlive,
            );
        }
        message.notes = open.notes.into_vec();
        self.done.push(message);
    }

    fn finish(mut self) -> Vec<Message<'a>> {
        self.close();
        self.done
    }
}

impl<'a> Open<'a> {
    fn new(text: &'a [u8], delimiters: Delimiters) -> Self {
        let message = Message {
            text,
            delimiters,
            records: Vec::new(),
            fields: Vec::new(),
            notes: Vec::new(),
            complete: false,
            cut: false,
        };
        Self {
            message,
            notes: Notes::default(),
            path: [None; 4],
            last_structural: None,
            sequence: [0; 5],
        }
    }

    /// Takes a closed message up again, for records that follow its terminator.
    fn resume(mut message: Message<'a>) -> Self {
        let mut notes = Notes::default();
        for note in std::mem::take(&mut message.notes) {
            notes.add(note.at, note.what);
        }
        let header = (!message.records.is_empty()).then_some(0);
        Self {
            message,
            notes,
            path: [header, None, None, None],
            last_structural: header,
            sequence: [0; 5],
        }
    }

    /// Adds a record and its fields; returns how many fields it has.
    fn push(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        let index = self.message.records.len() as u32;
        let parent = self.parent(kind, index, start);
        let first_field = self.message.fields.len();
        let delimiter = self.message.delimiters.field;
        let line = self.message.text.get(start..end).unwrap_or_default();
        let mut from = start;
        for (i, _) in line.iter().enumerate().filter(|(_, b)| **b == delimiter) {
            self.message.fields.push(Span {
                start: from as u32,
                end: (start + i) as u32,
            });
            from = start + i + 1;
        }
        self.message.fields.push(Span {
            start: from as u32,
            end: end as u32,
        });
        let count = self.message.fields.len() - first_field;
        self.message.records.push(RecordSpan {
            span: Span {
                start: start as u32,
                end: end as u32,
            },
            kind,
            first_field: first_field as u32,
            fields: count as u32,
            parent,
        });
        self.name_deviations(kind, first_field, start);
        count
    }

    fn parent(&mut self, kind: Kind, index: u32, at: usize) -> Option<u32> {
        let Some(level) = kind.level() else {
            if matches!(kind, Kind::Other(_)) {
                self.notes.add(at, Deviation::UnknownRecord);
            }
            return self.last_structural;
        };
        let above = self.path.get(..level).unwrap_or_default();
        let parent = above.iter().rev().copied().find_map(|p| p);
        if level > 1 && above.last().copied().flatten().is_none() {
            self.notes.add(at, Deviation::Orphan);
        }
        for (l, slot) in self.path.iter_mut().enumerate() {
            if l == level {
                *slot = Some(index);
            } else if l > level {
                *slot = None;
            }
        }
        // Numbering restarts under each parent.
        for s in self.sequence.iter_mut().skip(level + 1) {
            *s = 0;
        }
        self.last_structural = Some(index);
        parent
    }

    fn name_deviations(&mut self, kind: Kind, first_field: usize, at: usize) {
        let field = |n: usize| {
            let span = self.message.fields.get(first_field + n - 1).copied()?;
            self.message
                .text
                .get(span.start as usize..span.end as usize)
        };
        let count = self.message.fields.len() - first_field;
        if kind == Kind::Terminator {
            let what = match field(3) {
                _ if count == 1 => Some(Deviation::TerminatorBare),
                None => Some(Deviation::TerminatorWithoutCode),
                Some(code) if code.trim_ascii().is_empty() => {
                    Some(Deviation::TerminatorWithoutCode)
                }
                Some(code) if code.trim_ascii().len() != code.len() => {
                    Some(Deviation::TerminatorPadded)
                }
                Some(_) => None,
            };
            if let Some(what) = what {
                self.notes.add(at, what);
            }
            return;
        }
        let slot = match kind {
            Kind::Header | Kind::Other(_) => return,
            Kind::Comment | Kind::Manufacturer => 4,
            other => other.level().unwrap_or(4),
        };
        let number = field(2)
            .and_then(|f| std::str::from_utf8(f).ok())
            .and_then(|f| f.trim().parse::<u32>().ok());
        let Some(last) = self.sequence.get_mut(slot) else {
            return;
        };
        let expected = last.saturating_add(1);
        *last = number.unwrap_or(expected);
        // Comments and manufacturer records share a parent and count apart; their numbers say nothing.
        if slot != 4 && number != Some(expected) {
            self.notes.once(at, Deviation::SequenceGap);
        }
    }
}

/// Any printable character that is neither letter, digit nor blank can be a delimiter.
fn is_delimiter(b: u8) -> bool {
    b.is_ascii_punctuation()
}

fn header_delimiters(at: usize, line: &[u8], notes: &mut Notes) -> Delimiters {
    let usual = Delimiters::default();
    let Some(field) = line.get(1).copied() else {
        notes.add(at, Deviation::BadDelimiters);
        return usual;
    };
    let declared = line.get(2..).unwrap_or_default();
    let mut declared: Vec<u8> = declared
        .iter()
        .copied()
        .take_while(|b| *b != field)
        .take(16)
        .collect();
    if declared.len() > 3 && declared.first() == declared.get(1) {
        declared.remove(0);
        notes.add(at + 2, Deviation::DoubledDelimiter);
    }
    let get = |i: usize, other: u8| {
        declared
            .get(i)
            .copied()
            .filter(|b| is_delimiter(*b))
            .unwrap_or(other)
    };
    let read = Delimiters {
        field,
        repeat: get(0, usual.repeat),
        component: get(1, usual.component),
        escape: get(2, usual.escape),
    };
    let Delimiters {
        repeat,
        component,
        escape,
        ..
    } = read;
    let distinct = field != repeat
        && field != component
        && field != escape
        && repeat != component
        && repeat != escape
        && component != escape;
    if declared.len() != 3 || !distinct || !declared.iter().all(|b| is_delimiter(*b)) {
        notes.add(at + 2, Deviation::BadDelimiters);
    }
    if !distinct {
        return Delimiters { field, ..usual };
    }
    if read != usual {
        notes.add(at + 1, Deviation::OtherDelimiters);
    }
    read
}
