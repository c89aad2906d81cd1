//! Escape sequences: `&F& &S& &R& &E& &Xhh&`.

use super::Delimiters;
use crate::field::{Delimited, Sequence, hex};

impl Delimited for Delimiters {
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
            b"R" => Sequence::Bytes(vec![self.repeat]),
            b"E" => Sequence::Bytes(vec![self.escape]),
            [] => Sequence::Keep,
            // Site use: its meaning is the site's.
            [b'M', ..] => Sequence::Keep,
            [b'X', digits @ ..] => hex(digits).map_or(Sequence::Unknown, Sequence::Bytes),
            _ => Sequence::Unknown,
        }
    }
}
