//! One JSON value for a capture: the answer of `lifeline wire decode FILE --json`.
//!
//! The shape is that of `tests/samples/messages/expected.json`: named fields of each record, empty ones left out.

mod astm;
pub(crate) mod hl7;

use serde_json::{Map, Value};

use crate::charset::{Charset, Transcoded};
use crate::note::{Deviation, Note};
use crate::{DecodeError, Limits};

/// Which protocol to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Find out.
    #[default]
    Auto,
    /// ASTM, framed or not.
    Astm,
    /// HL7 v2, with MLLP or not.
    Hl7,
}

/// A capture, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The protocol it was read as; never `Auto`.
    pub protocol: Protocol,
    /// The JSON value.
    pub value: Value,
    /// Everything tolerated; offsets are those of the input.
    pub notes: Vec<Note>,
}

/// Reads a capture.
///
/// # Errors
/// [`DecodeError`] when the bytes are of neither protocol, or a bound is passed.
pub fn decode(bytes: &[u8], protocol: Protocol, limits: &Limits) -> Result<Decoded, DecodeError> {
    if bytes.len() > limits.bytes {
        return Err(DecodeError::TooMuch {
            what: "bytes",
            limit: limits.bytes,
            at: limits.bytes,
        });
    }
    match protocol {
        Protocol::Astm => astm::decode(bytes, limits),
        Protocol::Hl7 => hl7::decode(bytes, limits),
        Protocol::Auto => match detect(bytes) {
            Some(Protocol::Hl7) => hl7::decode(bytes, limits),
            Some(_) => astm::decode(bytes, limits),
            None if bytes.iter().all(u8::is_ascii_whitespace) => Err(DecodeError::Empty),
            None => Err(DecodeError::NotThisProtocol {
                protocol: "ASTM or HL7",
                at: 0,
                reason: "neither a header record nor an MSH segment at the beginning",
            }),
        },
    }
}

/// The protocol bytes look like, from their beginning.
#[must_use]
pub fn detect(bytes: &[u8]) -> Option<Protocol> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = text.iter().position(|b| *b > b' ')?;
    let text = text.get(start..).unwrap_or_default();
    if [b"MSH", b"FHS", b"BHS"]
        .iter()
        .any(|name| text.starts_with(*name))
    {
        return Some(Protocol::Hl7);
    }
    if bytes.contains(&0x0B) && bytes.windows(3).any(|w| w == b"MSH") {
        return Some(Protocol::Hl7);
    }
    if crate::astm::deframe::is_framed(bytes) {
        return Some(Protocol::Astm);
    }
    let first = *text.first()?;
    let second = text.get(1).copied();
    let astm = b"HPORCQMSL".contains(&first)
        && second.is_none_or(|b| b.is_ascii_punctuation() || b.is_ascii_whitespace());
    astm.then_some(Protocol::Astm)
}

/// Text for reading, with the notes about its character set.
fn transcode<'a>(
    bytes: &'a [u8],
    charset: Option<Charset>,
    notes: &mut Vec<Note>,
) -> Transcoded<'a> {
    let chain = [
        charset.unwrap_or_else(|| Charset::sniff(bytes)),
        Charset::Utf8,
        Charset::Windows1252,
    ];
    let read = Transcoded::new(
        bytes,
        chain
            .get(..if charset.is_some() { 3 } else { 1 })
            .unwrap_or_default(),
    );
    if read.charset() != Charset::Utf8 || read.fell_back() {
        notes.push(Note {
            at: bytes.iter().position(|b| *b >= 0x80).unwrap_or(0),
            what: Deviation::FallbackCharset,
        });
    }
    if let Some(at) = read.first_invalid() {
        notes.push(Note {
            at,
            what: Deviation::InvalidText,
        });
    }
    read
}

/// Adds a text unless it is empty.
fn put(map: &mut Map<String, Value>, key: &str, text: impl Into<String>) {
    let text = text.into();
    if !text.is_empty() {
        map.insert(key.to_owned(), Value::String(text));
    }
}
