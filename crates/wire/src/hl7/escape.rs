//! Escape sequences: `\F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\`.

use std::borrow::Cow;

use super::Separators;
use crate::field::{self, Delimited, Sequence, hex};

impl Delimited for Separators {
    fn repeat(self) -> u8 {
        self.repeat
    }

    fn component(self) -> u8 {
        self.component
    }

    fn unescape(self, raw: &[u8]) -> Cow<'_, [u8]> {
        unescape(raw, self)
    }
}

/// Resolves escapes. Unknown ones (highlighting, character sets, site use) stay as they stand.
#[must_use]
pub fn unescape(raw: &[u8], separators: Separators) -> Cow<'_, [u8]> {
    field::unescape(raw, separators.escape, |content| {
        sequence(content, separators)
    })
}

fn sequence(content: &[u8], s: Separators) -> Sequence {
    match content {
        b"F" => Sequence::Bytes(vec![s.field]),
        b"S" => Sequence::Bytes(vec![s.component]),
        b"T" => Sequence::Bytes(vec![s.subcomponent]),
        b"R" => Sequence::Bytes(vec![s.repeat]),
        b"E" => Sequence::Bytes(vec![s.escape]),
        b"P" => Sequence::Bytes(vec![b'#']),
        b".br" => Sequence::Bytes(vec![b'\n']),
        [b'X', digits @ ..] => hex(digits).map_or(Sequence::Unknown, Sequence::Bytes),
        _ => Sequence::Unknown,
    }
}
