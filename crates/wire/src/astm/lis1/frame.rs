//! Frames: STX, number, text, ETB or ETX, two checksum digits, CR, LF.

/// Start of a frame.
pub const STX: u8 = 0x02;
/// End of the last frame of a record.
pub const ETX: u8 = 0x03;
/// End of a transfer.
pub const EOT: u8 = 0x04;
/// Request to send.
pub const ENQ: u8 = 0x05;
/// Positive answer.
pub const ACK: u8 = 0x06;
/// Negative answer.
pub const NAK: u8 = 0x15;
/// End of a frame whose record goes on in the next.
pub const ETB: u8 = 0x17;

/// Sum modulo 256 of the bytes from the frame number up to and including ETB or ETX.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, b| sum.wrapping_add(*b))
}

/// Whether two checksum characters stand for the sum (lower case is tolerated).
#[must_use]
pub fn checksum_matches(sum: u8, digits: [u8; 2]) -> bool {
    let value = |b: u8| char::from(b).to_digit(16);
    let [high, low] = digits;
    value(high)
        .zip(value(low))
        .is_some_and(|(h, l)| h * 16 + l == u32::from(sum))
}

/// One frame as bytes.
#[must_use]
pub fn build(number: u8, text: &[u8], last: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 7);
    out.push(STX);
    out.push(b'0' + number % 8);
    out.extend_from_slice(text);
    out.push(if last { ETX } else { ETB });
    let sum = checksum(out.get(1..).unwrap_or_default());
    out.extend(format!("{sum:02X}").bytes());
    out.extend([b'\r', b'\n']);
    out
}

/// Cuts a message into frames: never two records in one frame, `max_text` bytes of text at most, numbers from 1 modulo 8.
#[must_use]
pub fn split(message: &[u8], max_text: usize) -> Vec<Vec<u8>> {
    let max_text = max_text.max(1);
    let mut frames: Vec<Vec<u8>> = Vec::new();
    for record in message
        .split_inclusive(|&b| b == b'\r')
        .filter(|r| r.iter().any(|b| !b.is_ascii_whitespace()))
    {
        let mut chunks = record.chunks(max_text).peekable();
        while let Some(chunk) = chunks.next() {
            let number = ((frames.len() + 1) % 8) as u8;
            frames.push(build(number, chunk, chunks.peek().is_none()));
        }
    }
    frames
}

/// A byte that LIS01-A2 (8.5.4) forbids in the text of a frame.
#[must_use]
pub fn is_forbidden(b: u8) -> bool {
    matches!(b, 0x01..=0x06 | 0x0A | 0x10..=0x17)
}

/// A frame that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The number character as sent.
    pub number: u8,
    pub text: Vec<u8>,
    /// ETX rather than ETB.
    pub last: bool,
    pub checksum_ok: bool,
    pub overflow: bool,
}

#[derive(Debug, Clone, Default)]
enum Stage {
    #[default]
    Outside,
    Inside,
    Check {
        first: Option<u8>,
    },
    Trailer {
        digits: [u8; 2],
    },
}

/// What one byte amounts to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    /// Part of a frame.
    Nothing,
    /// A byte outside of any frame.
    Outside,
    /// A frame is complete; `again` when the byte itself is not part of it and must be fed again.
    Frame { frame: Frame, again: bool },
    /// A new STX inside a frame: what stood before is lost.
    Restarted,
}

/// Collects frames byte by byte.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    stage: Stage,
    /// From the number up to and including ETB or ETX.
    bytes: Vec<u8>,
    overflow: bool,
}

impl FrameReader {
    pub(crate) fn reset(&mut self) {
        self.stage = Stage::Outside;
        self.bytes.clear();
        self.overflow = false;
    }

    /// Whether a frame has begun and is not complete.
    pub(crate) fn inside(&self) -> bool {
        !matches!(self.stage, Stage::Outside)
    }

    /// Whether silence decides something: CR LF is missing, or a control character inside a frame was real.
    pub(crate) fn quiet_decides(&self) -> bool {
        match self.stage {
            Stage::Trailer { .. } => true,
            Stage::Inside => matches!(self.tail(), Some(ENQ | EOT)),
            Stage::Outside | Stage::Check { .. } => false,
        }
    }

    /// The byte that ended the feed, when it stands inside the text of a frame: if silence follows, it may have been a control.
    pub(crate) fn tail(&self) -> Option<u8> {
        match self.stage {
            Stage::Inside => self.bytes.last().copied(),
            _ => None,
        }
    }

    pub(crate) fn push(&mut self, b: u8, max: usize) -> Fed {
        match &mut self.stage {
            Stage::Outside if b == STX => {
                self.reset();
                self.stage = Stage::Inside;
                Fed::Nothing
            }
            Stage::Outside => Fed::Outside,
            Stage::Inside if b == STX => {
                self.reset();
                self.stage = Stage::Inside;
                Fed::Restarted
            }
            Stage::Inside => {
                if self.bytes.len() < max {
                    self.bytes.push(b);
                } else {
                    self.overflow = true;
                }
                if b == ETX || b == ETB {
                    if self.overflow {
                        self.bytes.push(b);
                    }
                    self.stage = Stage::Check { first: None };
                }
                Fed::Nothing
            }
            Stage::Check { first } => {
                if b == STX {
                    self.reset();
                    self.stage = Stage::Inside;
                    return Fed::Restarted;
                }
                match *first {
                    None => *first = Some(b),
                    Some(first) => self.stage = Stage::Trailer { digits: [first, b] },
                }
                Fed::Nothing
            }
            Stage::Trailer { .. } => match b {
                b'\r' => Fed::Nothing,
                b'\n' => self.complete().map_or(Fed::Nothing, |frame| Fed::Frame {
                    frame,
                    again: false,
                }),
                _ => self
                    .complete()
                    .map_or(Fed::Nothing, |frame| Fed::Frame { frame, again: true }),
            },
        }
    }

    /// Ends a frame that waits only for CR LF (some instruments leave them out).
    pub(crate) fn complete(&mut self) -> Option<Frame> {
        let Stage::Trailer { digits } = self.stage else {
            return None;
        };
        self.stage = Stage::Outside;
        let bytes = std::mem::take(&mut self.bytes);
        let checksum_ok = checksum_matches(checksum(&bytes), digits);
        let (end, rest) = bytes.split_last()?;
        let (number, text) = rest
            .split_first()
            .map_or((0, [].as_slice()), |(n, t)| (*n, t));
        Some(Frame {
            number,
            text: text.to_vec(),
            last: *end == ETX,
            checksum_ok,
            overflow: self.overflow,
        })
    }
}
