//! Character sets of instrument texts, and the way back from text offsets to the bytes that came in.

use std::borrow::Cow;

use serde::Deserialize;

/// A character set a device may be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// UTF-8, and so also plain ASCII.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, which also reads ISO 8859-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// GB18030, which also reads GBK and GB2312.
    #[serde(alias = "gbk")]
    Gb18030,
}

impl Charset {
    fn encoding(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
            Self::Gb18030 => encoding_rs::GB18030,
        }
    }

    /// The set HL7 names in MSH-18, if it is one of ours.
    #[must_use]
    pub fn from_msh18(name: &str) -> Option<Self> {
        match name.trim().to_ascii_uppercase().as_str() {
            "UNICODE UTF-8" | "UTF-8" | "UTF8" | "UNICODE" | "ASCII" => Some(Self::Utf8),
            "GB 18030-2000" | "GB18030" | "GBK" | "GB2312" | "GB 2312" => Some(Self::Gb18030),
            "8859/1" | "ISO-8859-1" | "WINDOWS-1252" | "CP1252" => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// Text in this set; nothing when it has a character that the set lacks.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        let (bytes, _, unmappable) = self.encoding().encode(text);
        (!unmappable).then(|| bytes.into_owned())
    }

    /// The set for bytes of unknown origin: UTF-8 when valid; GB18030 when every non-ASCII run is pairs from its
    /// common plane (both bytes high, which Western accents between ASCII letters never are); else Windows-1252,
    /// which reads any byte.
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Self {
        if std::str::from_utf8(bytes).is_ok() {
            return Self::Utf8;
        }
        let mut run = 0usize;
        let mut pairs = true;
        for &b in bytes.iter().chain([b'\r'].iter()) {
            if (0xA1..=0xFE).contains(&b) {
                run += 1;
            } else {
                pairs &= b < 0x80 && run.is_multiple_of(2);
                run = 0;
            }
        }
        if pairs {
            Self::Gb18030
        } else {
            Self::Windows1252
        }
    }
}

/// Text in UTF-8 with the way back to the bytes it was made from.
#[derive(Debug, Clone)]
pub struct Transcoded<'a> {
    text: Cow<'a, str>,
    charset: Charset,
    /// (offset in `text`, offset in the input) at the start of every line; empty when they are equal throughout.
    lines: Vec<(usize, usize)>,
    first_invalid: Option<usize>,
    fell_back: bool,
    ambiguous: bool,
}

impl<'a> Transcoded<'a> {
    /// Reads `bytes` in the first set of `chain` in which every byte is valid; when none fits, in the first one with
    /// U+FFFD where a byte is not valid (and [`Self::first_invalid`] set). An empty chain is UTF-8.
    #[must_use]
    pub fn new(bytes: &'a [u8], chain: &[Charset]) -> Self {
        let first = chain.first().copied().unwrap_or(Charset::Utf8);
        let either = chain.contains(&Charset::Gb18030) && chain.contains(&Charset::Windows1252);
        for (i, mut charset) in chain.iter().copied().enumerate() {
            let mut ambiguous = false;
            if either && charset != Charset::Utf8 {
                // Nearly every Western text is also valid GB18030, but there the character after an accent, perhaps a
                // delimiter, would vanish. Only text that can hardly be Western is read as Chinese.
                charset = Charset::sniff(bytes);
                ambiguous = charset == Charset::Windows1252
                    && Self::strict(bytes, Charset::Gb18030).is_some();
            }
            if let Some(mut read) = Self::strict(bytes, charset) {
                read.fell_back = i > 0;
                read.ambiguous = ambiguous;
                return read;
            }
        }
        Self::lossy(bytes, first)
    }

    fn strict(bytes: &'a [u8], charset: Charset) -> Option<Self> {
        if let (Charset::Utf8, Ok(text)) = (charset, std::str::from_utf8(bytes)) {
            return Some(Self {
                text: Cow::Borrowed(text),
                charset,
                lines: Vec::new(),
                first_invalid: None,
                fell_back: false,
                ambiguous: false,
            });
        }
        let read = Self::lossy(bytes, charset);
        read.first_invalid.is_none().then_some(read)
    }

    /// Line by line: CR and LF are never the second byte of a character in any of the sets.
    fn lossy(bytes: &'a [u8], charset: Charset) -> Self {
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
        let mut lines = Vec::new();
        let mut first_invalid = None;
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let len = rest
                .iter()
                .position(|&b| b == b'\r' || b == b'\n')
                .map_or(rest.len(), |p| p + 1);
            let line = rest.get(..len).unwrap_or_default();
            lines.push((text.len(), at));
            let (decoded, bad) = charset.encoding().decode_without_bom_handling(line);
            if bad && first_invalid.is_none() {
                first_invalid = Some(at + valid_prefix(charset, line));
            }
            text.push_str(&decoded);
            at += len;
        }
        Self {
            text: Cow::Owned(text),
            charset,
            lines,
            first_invalid,
            fell_back: false,
            ambiguous: false,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The set that was used.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Input offset of the first byte that is not valid in the set.
    #[must_use]
    pub fn first_invalid(&self) -> Option<usize> {
        self.first_invalid
    }

    /// Whether the text could as well be of another set of the chain: the device's profile should name one.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// Whether a set other than the first of the chain had to be used.
    #[must_use]
    pub fn fell_back(&self) -> bool {
        self.fell_back
    }

    /// The input offset of a text offset. Exact for valid text; after an invalid byte on the same line, the line's start.
    #[must_use]
    pub fn input_offset(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|&(t, _)| t <= at);
        let Some(&(text_start, input_start)) = line.checked_sub(1).and_then(|i| self.lines.get(i))
        else {
            return at;
        };
        let Some(before) = self.text.get(text_start..at) else {
            return input_start;
        };
        if before.contains('\u{FFFD}') {
            return input_start;
        }
        input_start + self.charset.encoding().encode(before).0.len()
    }
}

fn valid_prefix(charset: Charset, line: &[u8]) -> usize {
    let encoding = charset.encoding();
    // A line is short; halving finds the longest prefix that decodes cleanly but for a cut last character.
    let clean = |n: usize| {
        let mut out = String::with_capacity(n * 3 + 16);
        let (result, _, bad) = encoding
            .new_decoder_without_bom_handling()
            .decode_to_string(line.get(..n).unwrap_or_default(), &mut out, false);
        matches!(result, encoding_rs::CoderResult::InputEmpty) && !bad
    };
    let (mut lo, mut hi) = (0, line.len());
    while lo < hi {
        let mid = (lo + hi).div_ceil(2);
        if clean(mid) { lo = mid } else { hi = mid - 1 }
    }
    lo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gbk_second_bytes_that_look_like_delimiters_do_not_split() {
        // 0x7C ('|') is the second byte of a GBK character here.
        let bytes = b"P|1||\x86\x7C|x\rR|1|\xB9\xFB";
        let read = Transcoded::new(bytes, &[Charset::Utf8, Charset::Gb18030]);
        assert_eq!(read.charset(), Charset::Gb18030);
        assert!(read.fell_back() && read.first_invalid().is_none());
        assert_eq!(read.text().split(['|', '\r']).count(), 8);
        let x = read.text().find('x').unwrap();
        assert_eq!(read.input_offset(x), 8);
        let r = read.text().find('R').unwrap();
        assert_eq!(read.input_offset(r), 10);
        assert_eq!(read.input_offset(read.text().len()), bytes.len());
    }

    #[test]
    fn text_that_could_be_western_or_chinese_is_told() {
        let chain = [Charset::Utf8, Charset::Gb18030, Charset::Windows1252];
        // As GB18030 the field delimiter after the accent would be half of a character.
        let western = Transcoded::new(b"Z\xC4|x", &chain);
        assert_eq!(
            (western.text(), western.charset(), western.is_ambiguous()),
            ("ZÄ|x", Charset::Windows1252, true)
        );
        let chinese = Transcoded::new(b"\xD1\xF4\xD0\xD4|x", &chain);
        assert_eq!((chinese.text(), chinese.is_ambiguous()), ("阳性|x", false));
    }

    #[test]
    fn what_fits_nowhere_is_marked_where_it_stands() {
        let read = Transcoded::new(b"ab\rcd\xFFe", &[Charset::Utf8]);
        assert_eq!(read.text(), "ab\rcd\u{FFFD}e");
        assert_eq!(read.first_invalid(), Some(5));
    }

    #[test]
    fn sniffing_keeps_western_accents_and_chinese_apart() {
        assert_eq!(Charset::sniff("阳性".as_bytes()), Charset::Utf8);
        assert_eq!(Charset::sniff(b"\xD1\xF4\xD0\xD4|x"), Charset::Gb18030);
        assert_eq!(Charset::sniff(b"Best\xE4tigung"), Charset::Windows1252);
    }
}
