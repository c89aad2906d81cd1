//! Escape sequences: `\F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\`.

use std::borrow::Cow;

use super::Separators;
use crate::astm::lis2_hex;

/// Longest sequence that is read as one, in bytes.
const MAX_SEQUENCE: usize = 4096;

/// Resolves escapes. Unknown ones (highlighting, character sets, site use) stay as they stand.
#[must_use]
pub fn unescape(raw: &[u8], separators: Separators) -> Cow<'_, [u8]> {
    let esc = separators.escape;
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
        let content = body
            .iter()
            .take(MAX_SEQUENCE)
            .position(|&b| b == esc)
            .and_then(|n| body.get(..n));
        match content.and_then(|c| sequence(c, separators).map(|bytes| (c.len(), bytes))) {
            Some((len, bytes)) => {
                out.extend_from_slice(&bytes);
                at += len + 2;
            }
            None => {
                out.push(esc);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

fn sequence(content: &[u8], s: Separators) -> Option<Cow<'static, [u8]>> {
    let one = |b: u8| Some(Cow::Owned(vec![b]));
    match content {
        b"F" => one(s.field),
        b"S" => one(s.component),
        b"T" => one(s.subcomponent),
        b"R" => one(s.repeat),
        b"E" => one(s.escape),
        b"P" => one(b'#'),
        b".br" => one(b'\n'),
        [b'X', digits @ ..] => lis2_hex(digits).map(Cow::Owned),
        _ => None,
    }
}
