//! HL7 v2: messages ([`decode`]), MLLP framing ([`mllp`]), answers ([`reply`]), IHE LAW ([`law`]).
//!
//! A message is a flat table of spans over the original bytes; nothing is copied until a field is asked for as text.

mod decode;
mod escape;
pub mod law;
pub mod mllp;
pub mod reply;
mod view;
mod write;

pub use decode::decode;
pub use view::{Field, Fields, Segment};
pub use write::Writer;

use crate::note::Note;

/// The separators a message declares in MSH-1 and MSH-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// Between fields, usually `|`.
    pub field: u8,
    /// Between components, usually `^`.
    pub component: u8,
    /// Between repeats, usually `~`.
    pub repeat: u8,
    /// Around escape sequences, usually `\`.
    pub escape: u8,
    /// Between sub-components, usually `&`.
    pub subcomponent: u8,
}

impl Default for Separators {
    fn default() -> Self {
        Self {
            field: b'|',
            component: b'^',
            repeat: b'~',
            escape: b'\\',
            subcomponent: b'&',
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct SegmentSpan {
    span: Span,
    name: [u8; 3],
    first_field: u32,
    /// Fields, the name not counted.
    fields: u32,
}

/// One message, from its MSH up to the next.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    text: &'a [u8],
    separators: Separators,
    segments: Vec<SegmentSpan>,
    fields: Vec<Span>,
    notes: Vec<Note>,
}

impl<'a> Message<'a> {
    /// Its separators.
    #[must_use]
    pub fn separators(&self) -> Separators {
        self.separators
    }

    /// What the reader tolerated.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Number of segments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segments.len()
    }

    /// Whether there is no segment (the decoder never returns such a message).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// All segments in the order sent.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments
            .iter()
            .enumerate()
            .map(|(index, span)| Segment {
                message: self,
                index,
                span: *span,
            })
    }

    /// All segments of a name.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Segment<'m>> {
        self.segments()
            .filter(move |s| s.name().as_bytes() == name.as_bytes())
    }

    /// The first segment of a name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<Segment<'_>> {
        self.segments()
            .find(|s| s.name().as_bytes() == name.as_bytes())
    }

    /// A field of the first segment of a name; empty when absent.
    #[must_use]
    pub fn field(&self, name: &str, n: usize) -> Field<'_> {
        self.first(name).map_or(
            Field::of(self.text, None, self.text.len(), self.separators),
            |s| s.field(n),
        )
    }

    /// Message code and trigger event, the first two components of MSH-9. Structures sent in the third are unreliable.
    #[must_use]
    pub fn kind(&self) -> (String, String) {
        let field = self.field("MSH", 9);
        (
            field.component(1).text().trim().to_owned(),
            field.component(2).text().trim().to_owned(),
        )
    }

    /// MSH-10.
    #[must_use]
    pub fn control_id(&self) -> String {
        self.field("MSH", 10).text().into_owned()
    }

    /// The bytes all offsets point into.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.text
    }
}
