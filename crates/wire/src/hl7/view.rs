//! Lazy views: segment, field, repeat, component, sub-component.

use super::{Message, SegmentSpan, Separators};

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
        let span = n
            .checked_sub(1)
            .filter(|i| *i < self.len())
            .and_then(|i| self.message.fields.get(self.span.first_field as usize + i));
        Field::of(
            self.message.text,
            span.map(|s| (s.start as usize, s.end as usize)),
            self.span.span.end as usize,
            self.message.separators,
        )
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = Field<'m>> + use<'m> {
        let me = *self;
        (1..=me.len()).map(move |n| me.field(n))
    }
}

/// A field or a part of one.
pub type Field<'m> = crate::field::Field<'m, Separators>;
/// Parts of a field between one separator.
pub type Fields<'m> = crate::field::Fields<'m, Separators>;

impl<'m> Field<'m> {
    /// Whether `""` was sent: the value is to be deleted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw() == b"\"\""
    }

    /// Its sub-components (at least one).
    #[must_use]
    pub fn subcomponents(&self) -> Fields<'m> {
        self.split(self.delimiters.subcomponent)
    }

    /// Sub-component `n` from 1; empty when absent.
    #[must_use]
    pub fn subcomponent(&self, n: usize) -> Self {
        self.nth(self.subcomponents(), n)
    }
}
