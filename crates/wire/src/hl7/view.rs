//! Lazy views: segment, field, repeat, component, sub-component.

use std::borrow::Cow;

use super::{Message, SegmentSpan, Separators, escape::unescape};

/// One segment of a message.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    pub(super) message: &'m Message<'m>,
    pub(super) index: usize,
    pub(super) span: SegmentSpan,
}

impl<'m> Segment<'m> {
    /// Its name; blanks for a line that is no segment.
    #[must_use]
    pub fn name(&self) -> &'m str {
        let name = self
            .message
            .segments
            .get(self.index)
            .map_or(&[][..], |s| s.name.as_slice());
        std::str::from_utf8(name).unwrap_or("   ")
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

    /// Number of fields, the name not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.span.fields as usize
    }

    /// Whether it is only a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Field `n` in the numbering of the standard (MSH-1 is the separator). An absent field is empty.
    #[must_use]
    pub fn field(&self, n: usize) -> Field<'m> {
        let separators = self.message.separators;
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
                separators,
            },
            None => Field::nothing(self.span.span.end as usize, separators),
        }
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = Field<'m>> + use<'m> {
        let me = *self;
        (1..=me.len()).map(move |n| me.field(n))
    }
}

/// A field or a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Field<'m> {
    bytes: &'m [u8],
    at: usize,
    separators: Separators,
}

impl<'m> Field<'m> {
    pub(super) fn nothing(at: usize, separators: Separators) -> Self {
        Self {
            bytes: &[],
            at,
            separators,
        }
    }

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
        match unescape(self.bytes, self.separators) {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
            ),
        }
    }

    /// Byte offset in the message.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether nothing was sent: the value is unknown, not deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether `""` was sent: the value is to be deleted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.bytes == b"\"\""
    }

    /// Its repeats (at least one).
    #[must_use]
    pub fn repeats(&self) -> Fields<'m> {
        Fields {
            rest: Some(*self),
            by: self.separators.repeat,
        }
    }

    /// Its components (at least one).
    #[must_use]
    pub fn components(&self) -> Fields<'m> {
        Fields {
            rest: Some(*self),
            by: self.separators.component,
        }
    }

    /// Its sub-components (at least one).
    #[must_use]
    pub fn subcomponents(&self) -> Fields<'m> {
        Fields {
            rest: Some(*self),
            by: self.separators.subcomponent,
        }
    }

    /// Repeat `n` from 1; empty when absent.
    #[must_use]
    pub fn repeat(&self, n: usize) -> Field<'m> {
        self.nth(self.repeats(), n)
    }

    /// Component `n` from 1; empty when absent.
    #[must_use]
    pub fn component(&self, n: usize) -> Field<'m> {
        self.nth(self.components(), n)
    }

    /// Sub-component `n` from 1; empty when absent.
    #[must_use]
    pub fn subcomponent(&self, n: usize) -> Field<'m> {
        self.nth(self.subcomponents(), n)
    }

    fn nth(&self, mut parts: Fields<'m>, n: usize) -> Field<'m> {
        let absent = Self::nothing(self.at + self.bytes.len(), self.separators);
        n.checked_sub(1)
            .and_then(|i| parts.nth(i))
            .unwrap_or(absent)
    }
}

/// Parts of a field between one separator.
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
                    separators: whole.separators,
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
