//! Lazy views: record, field, repeat, component.

use super::{Delimiters, Kind, Message, RecordSpan};

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
        let span = n
            .checked_sub(1)
            .filter(|i| *i < self.len())
            .and_then(|i| self.message.fields.get(self.span.first_field as usize + i));
        Field::of(
            self.message.text,
            span.map(|s| (s.start as usize, s.end as usize)),
            self.span.span.end as usize,
            self.message.delimiters,
        )
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
pub type Field<'m> = crate::field::Field<'m, Delimiters>;
/// Parts of a field between one delimiter.
pub type Fields<'m> = crate::field::Fields<'m, Delimiters>;
