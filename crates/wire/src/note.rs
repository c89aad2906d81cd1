//! What a decoder tolerated, and what it could not read.

use serde::Serialize;

/// Why no message could be read at all. Offsets are bytes of the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing but blanks and line ends.
    #[error("the input is empty")]
    Empty,
    /// The bytes are not of this protocol.
    #[error("byte {at}: not {protocol}: {reason}")]
    NotThisProtocol {
        /// The protocol asked for.
        protocol: &'static str,
        /// Where the reader gave up.
        at: usize,
        /// What it missed.
        reason: &'static str,
    },
    /// The input exceeds a bound of [`crate::Limits`].
    #[error("byte {at}: more than {limit} {what}")]
    TooMuch {
        /// What there was too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// Where it was passed.
        at: usize,
    },
}

impl DecodeError {
    /// Byte offset the error points at.
    #[must_use]
    pub fn at(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::NotThisProtocol { at, .. } | Self::TooMuch { at, .. } => *at,
        }
    }
}

/// One departure from the standard that the reader tolerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Byte offset in the input.
    pub at: usize,
    /// What was seen there.
    pub what: Deviation,
}

/// The departures that are known from real instruments, each with its own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deviation {
    /// A byte-order mark before the first character.
    ByteOrderMark,
    /// The repeat delimiter stands twice in the header.
    DoubledDelimiter,
    /// Delimiters other than `|\^&` (ASTM) or `|^~\&` (HL7).
    OtherDelimiters,
    /// The header declares too few, too many or contradicting delimiters; the missing ones are the usual.
    BadDelimiters,
    /// Records end with LF, CR LF or a run of them where the standard has one CR.
    LineEnds,
    /// An empty record.
    BlankLine,
    /// Blanks before the record type.
    LeadingBlanks,
    /// Records before any header: read with the usual delimiters.
    MissingHeader,
    /// No terminator record: the message may be cut.
    Incomplete,
    /// The message ends inside a record: no line end and no terminator.
    CutRecord,
    /// A further header opens a new message before the last one was closed.
    HeaderBeforeTerminator,
    /// A record after the terminator, before the next header.
    AfterTerminator,
    /// Sequence numbers that do not count on.
    SequenceGap,
    /// A terminator without code.
    TerminatorWithoutCode,
    /// A terminator that is only the letter.
    TerminatorBare,
    /// Blanks around a terminator code.
    TerminatorPadded,
    /// A record whose parent level is missing (a result without order, an order without patient).
    Orphan,
    /// A record type letter the standard does not have.
    UnknownRecord,
    /// An escape sequence that is not known: left as it stands.
    UnknownEscape,
    /// Header and terminator only: the instrument says it is alive.
    KeepAlive,
    /// Text that is not valid in the character set; U+FFFD stands in for it.
    InvalidText,
    /// The text was not in the first character set of the list.
    FallbackCharset,
    /// A segment name that is not three capital letters or digits.
    OddSegmentName,
    /// Bytes outside of any frame.
    Noise,
    /// A frame whose checksum does not match.
    Checksum,
    /// Frame numbers that do not count on.
    FrameNumber,
    /// The transmission ends inside a frame.
    CutFrame,
    /// The final CR of an MLLP frame is missing.
    NoFinalReturn,
}

/// Notes with a bound: a hostile message cannot make the list grow without end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
}

impl Notes {
    pub(crate) fn add(&mut self, at: usize, what: Deviation) {
        if self.list.len() < crate::limits::MAX_NOTES {
            self.list.push(Note { at, what });
        }
    }

    /// Adds a note unless one of the same kind is already there (for what repeats on every line).
    pub(crate) fn once(&mut self, at: usize, what: Deviation) {
        if !self.list.iter().any(|n| n.what == what) {
            self.add(at, what);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Note> {
        self.list
    }
}
