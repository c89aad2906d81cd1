//! ASTM E1394 / CLSI LIS02-A2 records.
//!
//! [`decode`] reads the text of one transfer into a flat table of spans over the original bytes; nothing is copied
//! until a field is asked for as text. [`Writer`] writes strictly.

mod decode;
mod escape;
mod view;
mod write;

pub use decode::decode;
pub use view::{Field, Fields, Record};
pub use write::{Writer, escape};

use crate::note::Note;

/// The four delimiters a header declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields, usually `|`.
    pub field: u8,
    /// Between repeats of a field, usually `\`.
    pub repeat: u8,
    /// Between components, usually `^`.
    pub component: u8,
    /// Around escape sequences, usually `&`.
    pub escape: u8,
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            field: b'|',
            repeat: b'\\',
            component: b'^',
            escape: b'&',
        }
    }
}

/// Record types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// H
    Header,
    /// P
    Patient,
    /// O
    Order,
    /// R
    Result,
    /// C: belongs to the record before it.
    Comment,
    /// Q
    Query,
    /// M: belongs to the record before it.
    Manufacturer,
    /// S
    Scientific,
    /// L
    Terminator,
    /// A letter the standard does not have; kept.
    Other(u8),
}

impl Kind {
    fn of(letter: u8) -> Self {
        match letter {
            b'H' => Self::Header,
            b'P' => Self::Patient,
            b'O' => Self::Order,
            b'R' => Self::Result,
            b'C' => Self::Comment,
            b'Q' => Self::Query,
            b'M' => Self::Manufacturer,
            b'S' => Self::Scientific,
            b'L' => Self::Terminator,
            other => Self::Other(other),
        }
    }

    /// The letter that stands for it.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Header => 'H',
            Self::Patient => 'P',
            Self::Order => 'O',
            Self::Result => 'R',
            Self::Comment => 'C',
            Self::Query => 'Q',
            Self::Manufacturer => 'M',
            Self::Scientific => 'S',
            Self::Terminator => 'L',
            Self::Other(b) => char::from(b),
        }
    }

    /// Depth in H > P > O > R; nothing for records that attach to the one before.
    fn level(self) -> Option<usize> {
        match self {
            Self::Header => Some(0),
            Self::Patient | Self::Query | Self::Scientific | Self::Terminator => Some(1),
            Self::Order => Some(2),
            Self::Result => Some(3),
            Self::Comment | Self::Manufacturer | Self::Other(_) => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy)]
struct RecordSpan {
    span: Span,
    kind: Kind,
    first_field: u32,
    fields: u32,
    /// Index of the record it belongs to.
    parent: Option<u32>,
}

/// One message: a header and what follows it up to its terminator.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    text: &'a [u8],
    delimiters: Delimiters,
    records: Vec<RecordSpan>,
    fields: Vec<Span>,
    notes: Vec<Note>,
    complete: bool,
    cut: bool,
}

impl<'a> Message<'a> {
    /// The delimiters its header declares.
    #[must_use]
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// What the reader tolerated.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Whether a terminator closed the message. An incomplete message keeps its records; the caller must say so.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether the last record ends without line end and without terminator: its last field may be shortened.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Header and terminator only: nothing clinical, the instrument says it is alive.
    #[must_use]
    pub fn is_keepalive(&self) -> bool {
        self.complete
            && self
                .records
                .iter()
                .all(|r| matches!(r.kind, Kind::Header | Kind::Terminator))
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record (the decoder never returns such a message).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The record at an index.
    #[must_use]
    pub fn record(&self, index: usize) -> Option<Record<'_>> {
        let span = self.records.get(index)?;
        Some(Record {
            message: self,
            index,
            span: *span,
        })
    }

    /// All records in the order sent.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.records.iter().enumerate().map(|(index, span)| Record {
            message: self,
            index,
            span: *span,
        })
    }

    /// The header, when there is one.
    #[must_use]
    pub fn header(&self) -> Option<Record<'_>> {
        self.records().find(|r| r.kind() == Kind::Header)
    }

    /// The bytes all offsets point into.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        self.text
    }
}
