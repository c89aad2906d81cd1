//! Escape sequences: `\F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\`. Highlighting, character sets and site use stay as they stand.

use super::Separators;
use crate::field::{Delimited, Sequence, hex};

impl Delimited for Separators {
    fn repeat(self) -> u8 {
        self.repeat
    }

    fn component(self) -> u8 {
        self.component
    }

    fn escape(self) -> u8 {
        self.escape
    }

    fn sequence(self, content: &[u8]) -> Sequence {
        match content {
            b"F" => Sequence::Bytes(vec![self.field]),
            b"S" => Sequence::Bytes(vec![self.component]),
            b"T" => Sequence::Bytes(vec![self.subcomponent]),
            b"R" => Sequence::Bytes(vec![self.repeat]),
            b"E" => Sequence::Bytes(vec![self.escape]),
            b"P" => Sequence::Bytes(vec![b'#']),
            b".br" => Sequence::Bytes(vec![b'\n']),
            [b'X', digits @ ..] => hex(digits).map_or(Sequence::Unknown, Sequence::Bytes),
            _ => Sequence::Unknown,
        }
    }
}
