//! Lazy views: record, field, repeat, component.

use std::borrow::Cow;

use super::{Delimiters, Kind, Message, RecordSpan, escape::unescape};

/// One record of a message.
#[derive(Debug, Clone, Copy)]
pub struct Record<'m> {
    pub(super) message: &'m Message<'m>,
    pub(super) index: usize,
    pub(super) span: RecordSpan,
}

impl<'m> Record<'m> {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.span.kind
    }

    /// Its place in the message, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Byte offset of its first character.
    #[must_use]
    pub fn at(&self) -> usize {
        self.span.span.start as usize
    }

    /// Its bytes as sent, without line end.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.message
            .text
            .get(self.span.span.start as usize..self.span.span.end as usize)
            .unwrap_or_default()
    }

    /// Number of fields sent, the type letter included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.span.fields as usize
    }

    /// Whether it has no field (never).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Field `n` in the numbering of the standard: 1 is the type letter. An absent field is empty.
    #[must_use]
    pub fn field(&self, n: usize) -> Field<'m> {
        let delimiters = self.message.delimiters;
        let span = n
            .checked_sub(1)
            .filter(|i| *i < self.len())
            .and_then(|i| self.message.fields.get(self.span.first_field as usize + i));
        match span {
            Some(s) => Field {
                bytes: self
                    .message
                    .text
                    .get(s.start as usize..s.end as usize)
                    .unwrap_or_default(),
                at: s.start as usize,
                delimiters,
            },
            None => Field {
                bytes: &[],
                at: self.span.span.end as usize,
                delimiters,
            },
        }
    }

    /// The record it belongs to: the order of a result, the result of a comment.
    #[must_use]
    pub fn parent(&self) -> Option<Record<'m>> {
        self.message.record(self.span.parent? as usize)
    }

    /// The nearest record of a kind on the way up.
    #[must_use]
    pub fn ancestor(&self, kind: Kind) -> Option<Record<'m>> {
        let mut at = self.parent();
        while let Some(record) = at {
            if record.kind() == kind {
                return Some(record);
            }
            at = record.parent();
        }
        None
    }

    /// The records that belong to it, in the order sent.
    pub fn children(&self) -> impl Iterator<Item = Record<'m>> + use<'m> {
        let me = self.index as u32;
        let message = self.message;
        // Children follow their parent, and none follows the next record of the same level or above.
        let level = self.kind().level().unwrap_or(usize::MAX);
        (self.index + 1..message.len())
            .filter_map(|i| message.record(i))
            .take_while(move |r| r.kind().level().is_none_or(|l| l > level))
            .filter(move |r| r.span.parent == Some(me))
    }
}

/// A field, a repeat of it or a component of it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'m> {
    bytes: &'m [u8],
    at: usize,
    delimiters: Delimiters,
}

impl<'m> Field<'m> {
    /// Bytes as sent.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.bytes
    }

    /// Bytes as sent, as text (U+FFFD where they are not UTF-8).
    #[must_use]
    pub fn raw_text(&self) -> Cow<'m, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// The text with escapes resolved.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        match unescape(self.bytes, self.delimiters) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
            ),
        }
    }

    /// Byte offset in the text of the transfer.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its repeats (at least one).
    #[must_use]
    pub fn repeats(&self) -> Fields<'m> {
        Fields {
            rest: Some(*self),
            by: self.delimiters.repeat,
        }
    }

    /// Its components (at least one).
    #[must_use]
    pub fn components(&self) -> Fields<'m> {
        Fields {
            rest: Some(*self),
            by: self.delimiters.component,
        }
    }

    /// Repeat `n` from 1; empty when absent.
    #[must_use]
    pub fn repeat(&self, n: usize) -> Field<'m> {
        n.checked_sub(1)
            .and_then(|i| self.repeats().nth(i))
            .unwrap_or(self.nothing())
    }

    /// Component `n` from 1; empty when absent.
    #[must_use]
    pub fn component(&self, n: usize) -> Field<'m> {
        n.checked_sub(1)
            .and_then(|i| self.components().nth(i))
            .unwrap_or(self.nothing())
    }

    fn nothing(&self) -> Field<'m> {
        Field {
            bytes: &[],
            at: self.at + self.bytes.len(),
            delimiters: self.delimiters,
        }
    }
}

/// Parts of a field between one delimiter.
#[derive(Debug, Clone)]
pub struct Fields<'m> {
    rest: Option<Field<'m>>,
    by: u8,
}

impl<'m> Iterator for Fields<'m> {
    type Item = Field<'m>;

    fn next(&mut self) -> Option<Field<'m>> {
        let whole = self.rest.take()?;
        match whole.bytes.iter().position(|&b| b == self.by) {
            Some(n) => {
                self.rest = Some(Field {
                    bytes: whole.bytes.get(n + 1..).unwrap_or_default(),
                    at: whole.at + n + 1,
                    delimiters: whole.delimiters,
                });
                Some(Field {
                    bytes: whole.bytes.get(..n).unwrap_or_default(),
                    ..whole
                })
            }
            None => Some(whole),
        }
    }
}
