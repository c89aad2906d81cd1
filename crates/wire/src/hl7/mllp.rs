//! MLLP: VT, message, FS, CR. Some instruments use other bytes or leave the CR out.

/// Bytes around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Before a message, VT by the book.
    pub start: u8,
    /// After a message, FS by the book.
    pub end: u8,
    /// After `end`, CR by the book. Its absence is tolerated on reading; `None` leaves it out on writing.
    pub last: Option<u8>,
    /// Bytes one message may have.
    pub max_message: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            start: 0x0B,
            end: 0x1C,
            last: Some(b'\r'),
            max_message: crate::limits::MAX_MESSAGE_BYTES,
        }
    }
}

/// What the reader found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message. `at` counts from the first byte ever fed.
    Message {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Offset of its first byte.
        at: u64,
    },
    /// A message that broke off because another began.
    Cut {
        /// What had come.
        bytes: Vec<u8>,
        /// Offset of its first byte.
        at: u64,
    },
    /// A message longer than [`Config::max_message`] was thrown away; answer with a rejection.
    TooLong {
        /// Offset of its first byte.
        at: u64,
    },
    /// Bytes outside of any message.
    Noise {
        /// How many.
        bytes: usize,
        /// Offset of the first.
        at: u64,
    },
}

/// Collects messages from a stream in any portions.
#[derive(Debug)]
pub struct Reader {
    config: Config,
    open: Option<Open>,
    at: u64,
    /// The optional last byte may follow.
    closing: bool,
}

#[derive(Debug)]
struct Open {
    bytes: Vec<u8>,
    at: u64,
    too_long: bool,
}

impl Reader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            open: None,
            at: 0,
            closing: false,
        }
    }

    /// Takes bytes as they came.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &b in bytes {
            let at = self.at;
            self.at += 1;
            let closing = std::mem::take(&mut self.closing);
            match self.open.as_mut() {
                _ if b == self.config.start => {
                    if let Some(open) = self.open.take().filter(|o| !o.bytes.is_empty()) {
                        events.push(Event::Cut {
                            bytes: open.bytes,
                            at: open.at,
                        });
                    }
                    self.open = Some(Open {
                        bytes: Vec::new(),
                        at: at + 1,
                        too_long: false,
                    });
                }
                Some(_) if b == self.config.end => {
                    self.closing = true;
                    if let Some(open) = self.open.take() {
                        events.push(match open {
                            Open {
                                too_long: true, at, ..
                            } => Event::TooLong { at },
                            Open { bytes, at, .. } => Event::Message { bytes, at },
                        });
                    }
                }
                Some(open) => {
                    if open.bytes.len() < self.config.max_message {
                        open.bytes.push(b);
                    } else {
                        open.too_long = true;
                    }
                }
                None if closing && Some(b) == self.config.last.or(Some(b'\r')) => {}
                None if matches!(b, b'\r' | b'\n') => {}
                None => match events.last_mut() {
                    Some(Event::Noise { bytes, .. }) => *bytes += 1,
                    _ => events.push(Event::Noise { bytes: 1, at }),
                },
            }
        }
        events
    }

    /// The part of a message that has come so far, when the connection ends.
    #[must_use]
    pub fn rest(self) -> Option<Vec<u8>> {
        self.open.map(|o| o.bytes).filter(|b| !b.is_empty())
    }
}

/// A message with its bytes around it.
#[must_use]
pub fn frame(config: &Config, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(config.start);
    out.extend_from_slice(message);
    out.push(config.end);
    out.extend(config.last);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8], at: u64) -> Event {
        Event::Message {
            bytes: bytes.to_vec(),
            at,
        }
    }

    #[test]
    fn portions_do_not_matter() {
        let stream = [
            frame(&Config::default(), b"MSH|a\r"),
            frame(&Config::default(), b"MSH|b\r"),
        ]
        .concat();
        let mut whole = Reader::new(Config::default());
        let mut single = Reader::new(Config::default());
        let events: Vec<Event> = stream.iter().flat_map(|b| single.feed(&[*b])).collect();
        assert_eq!(whole.feed(&stream), events);
        assert_eq!(events, [message(b"MSH|a\r", 1), message(b"MSH|b\r", 10)]);
    }

    #[test]
    fn missing_final_return_other_bytes_noise_and_cuts() {
        let mut reader = Reader::new(Config::default());
        assert_eq!(
            reader.feed(b"\x0Ba\x1C\x0Bb\x1C\r"),
            [message(b"a", 1), message(b"b", 4)]
        );
        let mut reader = Reader::new(Config {
            start: b'<',
            end: b'>',
            last: None,
            ..Config::default()
        });
        assert_eq!(
            reader.feed(b"xx<a>"),
            [Event::Noise { bytes: 2, at: 0 }, message(b"a", 3)]
        );
        let mut reader = Reader::new(Config::default());
        assert_eq!(
            reader.feed(b"\x0Bhalf\x0Bwhole\x1C\r"),
            [
                Event::Cut {
                    bytes: b"half".to_vec(),
                    at: 1
                },
                message(b"whole", 6)
            ]
        );
        let mut reader = Reader::new(Config {
            max_message: 3,
            ..Config::default()
        });
        assert_eq!(reader.feed(b"\x0Babcd\x1C\r"), [Event::TooLong { at: 1 }]);
        let mut reader = Reader::new(Config::default());
        assert!(reader.feed(b"\x0Bhalf").is_empty());
        assert_eq!(reader.rest().as_deref(), Some(b"half".as_slice()));
    }
}
