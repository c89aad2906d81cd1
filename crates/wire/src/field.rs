//! What LIS2 and HL7 share beneath their records: fields, their parts, and escapes. The delimiters say what is which.

use std::borrow::Cow;

/// Longest escape sequence that is read as one, in bytes.
const SEQUENCE_MOST: usize = 4096;

/// What stands between two escape characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing we know; it stays, both escape characters with it.
    Keep,
    /// No sequence: the closing character may open a real one.
    Unknown,
}

/// The delimiters of a message.
pub trait Delimited: Copy {
    /// Between repeats.
    fn repeat(self) -> u8;
    /// Between components.
    fn component(self) -> u8;
    /// Around an escape sequence.
    fn escape(self) -> u8;
    /// What `content`, as it stands between two escape characters, means.
    fn sequence(self, content: &[u8]) -> Sequence;

    /// The text of these bytes with escapes resolved. Those without a meaning here stay as they stand.
    fn unescape(self, raw: &[u8]) -> Cow<'_, [u8]> {
        unescape(raw, self.escape(), |content| self.sequence(content))
    }
}

fn unescape(raw: &[u8], escape: u8, sequence: impl Fn(&[u8]) -> Sequence) -> Cow<'_, [u8]> {
    let Some(first) = raw.iter().position(|&b| b == escape) else {
        return Cow::Borrowed(raw);
    };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(raw.get(..first).unwrap_or_default());
    let mut at = first;
    while at < raw.len() {
        let rest = raw.get(at..).unwrap_or_default();
        if rest.first() != Some(&escape) {
            let len = rest.iter().position(|&b| b == escape).unwrap_or(rest.len());
            out.extend_from_slice(rest.get(..len).unwrap_or_default());
            at += len;
            continue;
        }
        let body = rest.get(1..).unwrap_or_default();
        let close = body
            .iter()
            .take(SEQUENCE_MOST + 2)
            .position(|&b| b == escape);
        let Some(content) = close.and_then(|n| body.get(..n)) else {
            out.push(escape);
            at += 1;
            continue;
        };
        match sequence(content) {
            Sequence::Bytes(bytes) => {
                out.extend_from_slice(&bytes);
                at += content.len() + 2;
            }
            Sequence::Keep => {
                out.push(escape);
                out.extend_from_slice(content);
                out.push(escape);
                at += content.len() + 2;
            }
            Sequence::Unknown => {
                out.push(escape);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

/// Pairs of hexadecimal digits.
pub(crate) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let high = char::from(*pair.first()?).to_digit(16)?;
            let low = char::from(*pair.get(1)?).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        })
        .collect()
}

/// A field, or a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Field<'m, D> {
    pub(crate) bytes: &'m [u8],
    pub(crate) at: usize,
    pub(crate) delimiters: D,
}

impl<'m, D: Delimited> Field<'m, D> {
    /// The field of these bounds in a text; without bounds, nothing at `end`.
    pub(crate) fn of(
        text: &'m [u8],
        bounds: Option<(usize, usize)>,
        end: usize,
        delimiters: D,
    ) -> Self {
        let (bytes, at) = match bounds {
            Some((start, end)) => (text.get(start..end).unwrap_or_default(), start),
            None => (&[][..], end),
        };
        Self {
            bytes,
            at,
            delimiters,
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
        match self.delimiters.unescape(self.bytes) {
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

    /// Its repeats (at least one).
    #[must_use]
    pub fn repeats(&self) -> Fields<'m, D> {
        self.split(self.delimiters.repeat())
    }

    /// Its components (at least one).
    #[must_use]
    pub fn components(&self) -> Fields<'m, D> {
        self.split(self.delimiters.component())
    }

    /// Repeat `n` from 1; empty when absent.
    #[must_use]
    pub fn repeat(&self, n: usize) -> Self {
        self.nth(self.repeats(), n)
    }

    /// Component `n` from 1; empty when absent.
    #[must_use]
    pub fn component(&self, n: usize) -> Self {
        self.nth(self.components(), n)
    }

    pub(crate) fn split(&self, by: u8) -> Fields<'m, D> {
        Fields {
            rest: Some(*self),
            by,
        }
    }

    pub(crate) fn nth(&self, mut parts: Fields<'m, D>, n: usize) -> Self {
        n.checked_sub(1).and_then(|i| parts.nth(i)).unwrap_or(Self {
            bytes: &[],
            at: self.at + self.bytes.len(),
            delimiters: self.delimiters,
        })
    }
}

/// Parts of a field between one delimiter.
#[derive(Debug, Clone)]
pub struct Fields<'m, D> {
    rest: Option<Field<'m, D>>,
    by: u8,
}

impl<'m, D: Copy> Iterator for Fields<'m, D> {
    type Item = Field<'m, D>;

    fn next(&mut self) -> Option<Self::Item> {
        let whole = self.rest.take()?;
        match whole.bytes.iter().position(|&b| b == self.by) {
            Some(n) => {
                self.rest = Some(Field {
                    bytes: whole.bytes.get(n + 1..).unwrap_or_default(),
                    at: whole.at + n + 1,
                    delimiters: whole.delimiters,
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
