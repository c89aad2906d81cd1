//! Escape sequences: `&F& &S& &R& &E& &Xhh&`.

use std::borrow::Cow;

use super::Delimiters;
use crate::field::{self, Delimited, Sequence, hex};

impl Delimited for Delimiters {
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

/// Resolves the escapes of a field, component or repeat. Unknown and empty sequences stay as they stand.
#[must_use]
pub fn unescape(raw: &[u8], delimiters: Delimiters) -> Cow<'_, [u8]> {
    field::unescape(raw, delimiters.escape, |content| {
        sequence(content, delimiters)
    })
}

fn sequence(content: &[u8], d: Delimiters) -> Sequence {
    match content {
        b"F" => Sequence::Bytes(vec![d.field]),
        b"S" => Sequence::Bytes(vec![d.component]),
        b"R" => Sequence::Bytes(vec![d.repeat]),
        b"E" => Sequence::Bytes(vec![d.escape]),
        [] => Sequence::Keep,
        // Site use: its meaning is the site's.
        [b'M', ..] => Sequence::Keep,
        [b'X', digits @ ..] => hex(digits).map_or(Sequence::Unknown, Sequence::Bytes),
        _ => Sequence::Unknown,
    }
}
