//! Escape sequences: `&F& &S& &R& &E& &Xhh&`.

use std::borrow::Cow;

use super::Delimiters;

/// Longest hexadecimal escape that is read as one, in hex digits.
const MAX_HEX: usize = 4096;

/// Resolves the escapes of a field, component or repeat. Unknown and empty sequences stay as they stand.
#[must_use]
pub fn unescape(raw: &[u8], delimiters: Delimiters) -> Cow<'_, [u8]> {
    let esc = delimiters.escape;
    let Some(first) = raw.iter().position(|&b| b == esc) else {
        return Cow::Borrowed(raw);
    };
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(raw.get(..first).unwrap_or_default());
    let mut at = first;
    while at < raw.len() {
        let rest = raw.get(at..).unwrap_or_default();
        if rest.first() != Some(&esc) {
            let len = rest.iter().position(|&b| b == esc).unwrap_or(rest.len());
            out.extend_from_slice(rest.get(..len).unwrap_or_default());
            at += len;
            continue;
        }
        let body = rest.get(1..).unwrap_or_default();
        let close = body.iter().take(MAX_HEX + 2).position(|&b| b == esc);
        let Some(content) = close.and_then(|n| body.get(..n)) else {
            out.push(esc);
            at += 1;
            continue;
        };
        match sequence(content, delimiters) {
            Sequence::Bytes(bytes) => {
                out.extend_from_slice(&bytes);
                at += content.len() + 2;
            }
            Sequence::Keep => {
                out.push(esc);
                out.extend_from_slice(content);
                out.push(esc);
                at += content.len() + 2;
            }
            // The closing character may open a real sequence.
            Sequence::Unknown => {
                out.push(esc);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

enum Sequence {
    Bytes(Vec<u8>),
    Keep,
    Unknown,
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
