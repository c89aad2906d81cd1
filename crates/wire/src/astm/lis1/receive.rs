//! The receiving side of a link.

use std::time::Duration;

use super::frame::{Fed, Frame};
use super::link::{Link, State};
use super::{
    ACK, Abandon, Action, Check, ENQ, EOT, ETX, Framing, NAK, Notice, STX, StoreId, StorePoint,
};

/// A transfer coming in.
#[derive(Debug)]
pub(super) struct Receiving {
    /// The text accepted so far.
    text: Vec<u8>,
    /// How much of it is confirmed as stored.
    stored: usize,
    /// Number and text of the frame accepted last.
    last: Option<(u8, Vec<u8>)>,
    /// Whether the last accepted frame ended with ETB.
    inside_record: bool,
    /// Whether the last frame was refused: EOT then means that the sender gave up.
    refused: bool,
    storing: Option<Storing>,
    until: Duration,
    /// Text of a frame without number (other framings); `None` outside STX..ETX.
    bare: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Storing {
    id: StoreId,
    number: u8,
    text: Vec<u8>,
    until: Duration,
}

impl Receiving {
    pub(super) fn new(until: Duration) -> Self {
        Self {
            text: Vec::new(),
            stored: 0,
            last: None,
            inside_record: false,
            refused: false,
            storing: None,
            until,
            bare: None,
        }
    }

    pub(super) fn deadline(&self, link: &Link) -> Duration {
        // A frame of 64 kB takes longer than the timer on a slow line: inside a frame every byte counts.
        let inside = link.reader.inside() || self.bare.is_some();
        let until = if inside {
            self.until.max(link.last_byte + link.config.timers.frame)
        } else {
            self.until
        };
        self.storing.as_ref().map_or(until, |s| s.until)
    }

    pub(super) fn abandon(self, reason: Abandon, out: &mut Vec<Action>) {
        if !self.text.is_empty() {
            out.push(Action::Abandoned {
                text: self.text,
                stored: self.stored,
                reason,
            });
        }
    }

    fn expected(&self) -> u8 {
        self.last.as_ref().map_or(1, |(n, _)| (n + 1) % 8)
    }
}

/// Whether the last record of a text is a terminator.
fn ends_message(text: &[u8]) -> bool {
    let last = text
        .rsplit(|&b| b == b'\r' || b == b'\n')
        .map(<[u8]>::trim_ascii)
        .find(|line| !line.is_empty());
    last.is_some_and(|line| {
        line.first().is_some_and(|b| *b == b'L')
            && line.get(1).is_none_or(|b| !b.is_ascii_alphanumeric())
    })
}

impl Link {
    pub(super) fn is_storing(&self) -> bool {
        matches!(&self.state, State::Receiving(r) if r.storing.is_some())
    }

    pub(super) fn receiving_byte(&mut self, b: u8, now: Duration, out: &mut Vec<Action>) {
        if self.config.framing != Framing::Lis1 {
            return self.bare_byte(b, now, out);
        }
        match self.reader.push(b, self.config.max_message) {
            Fed::Nothing => {}
            Fed::Restarted => out.push(Action::Notice(Notice::FrameRestarted)),
            Fed::Outside => self.between_frames(b, now, out),
            Fed::Frame { frame, again } => {
                self.frame(frame, now, out);
                if again {
                    if self.is_storing() {
                        self.backlog.push(b);
                    } else {
                        self.receiving_byte(b, now, out);
                    }
                }
            }
        }
    }

    fn between_frames(&mut self, b: u8, now: Duration, out: &mut Vec<Action>) {
        match b {
            EOT => self.closed(out),
            ENQ => {
                self.drop_transfer(Abandon::Restarted, out);
                self.opened(now, out);
            }
            b'\r' | b'\n' => {}
            _ => self.noise(),
        }
    }

    fn drop_transfer(&mut self, reason: Abandon, out: &mut Vec<Action>) {
        self.reader.reset();
        if let State::Receiving(receiving) = std::mem::replace(&mut self.state, State::Neutral) {
            receiving.abandon(reason, out);
        }
    }

    /// The peer sent EOT.
    fn closed(&mut self, out: &mut Vec<Action>) {
        self.reader.reset();
        self.blocked_until = None;
        let State::Receiving(receiving) = std::mem::replace(&mut self.state, State::Neutral) else {
            return;
        };
        if receiving.inside_record || receiving.refused {
            receiving.abandon(Abandon::SenderAborted, out);
        } else if receiving.text.is_empty() {
            out.push(Action::Notice(Notice::EmptyTransfer));
        } else {
            out.push(Action::Received {
                text: receiving.text,
                stored: receiving.stored,
            });
        }
    }

    fn frame(&mut self, frame: Frame, now: Duration, out: &mut Vec<Action>) {
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        receiving.until = now + self.config.timers.frame;
        let expected = receiving.expected();
        let mut accept = true;
        if !frame.checksum_ok {
            out.push(Action::Notice(Notice::Checksum {
                number: frame.number,
            }));
            accept &= self.config.checksums == Check::Ignore;
        }
        if frame.overflow || receiving.text.len() + frame.text.len() >= self.config.max_message {
            out.push(Action::Notice(Notice::TooLong));
            accept = false;
        }
        let mut number = frame.number.wrapping_sub(b'0');
        if accept && number != expected {
            match &receiving.last {
                Some((last, text)) if *last == number && self.config.numbers == Check::Strict => {
                    let same = *text == frame.text;
                    let notice = if same {
                        Notice::Duplicate { number }
                    } else {
                        Notice::ConflictingDuplicate { number }
                    };
                    receiving.refused = !same;
                    out.push(Action::Notice(notice));
                    out.push(Action::Send(vec![if same { ACK } else { NAK }]));
                    return;
                }
                _ => {
                    out.push(Action::Notice(Notice::FrameNumber {
                        got: frame.number,
                        expected,
                    }));
                    accept = self.config.numbers == Check::Ignore;
                    number = expected;
                }
            }
        }
        if !accept {
            receiving.refused = true;
            out.push(Action::Send(vec![NAK]));
            return;
        }
        self.accept(number, frame.text, frame.last, now, out);
    }

    /// A good frame: acknowledged at once, or after its text is stored.
    fn accept(
        &mut self,
        number: u8,
        mut text: Vec<u8>,
        last: bool,
        now: Duration,
        out: &mut Vec<Action>,
    ) {
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        let sent = text.clone();
        // ETX ends a record even where the instrument leaves its CR out.
        if last && !text.is_empty() && !matches!(text.last(), Some(b'\r' | b'\n')) {
            text.push(b'\r');
        }
        receiving.refused = false;
        let mut pending = receiving
            .text
            .get(receiving.stored..)
            .unwrap_or_default()
            .to_vec();
        pending.extend_from_slice(&text);
        let ends = last && ends_message(&pending);
        let store = last
            && !text.is_empty()
            && (ends || self.config.store_point == StorePoint::EveryRecord);
        receiving.text.extend_from_slice(&text);
        if !store {
            receiving.inside_record = !last;
            receiving.last = Some((number, sent));
            out.push(Action::Send(vec![ACK]));
            return;
        }
        let id = StoreId(self.next_store);
        self.next_store += 1;
        let until = now + self.config.timers.store;
        receiving.storing = Some(Storing {
            id,
            number,
            text: sent,
            until,
        });
        out.push(Action::Store {
            id,
            offset: receiving.stored,
            bytes: pending,
            ends_message: ends,
        });
    }

    /// Ends a storage request with ACK or NAK and takes in what came meanwhile.
    pub(super) fn settle(
        &mut self,
        id: StoreId,
        stored: bool,
        now: Duration,
        out: &mut Vec<Action>,
    ) {
        let framing = self.config.framing;
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        let Some(storing) = receiving.storing.take_if(|s| s.id == id) else {
            return;
        };
        receiving.until = now + self.config.timers.frame;
        let answers = framing != Framing::StxEtx { acknowledge: false };
        if stored {
            receiving.inside_record = false;
            receiving.stored = receiving.text.len();
            receiving.last = Some((storing.number, storing.text));
            if answers {
                out.push(Action::Send(vec![ACK]));
            }
        } else if !answers {
            // Nothing can be refused on such a line: the text goes back to the caller.
            out.push(Action::Notice(Notice::NotStored));
            if let State::Receiving(receiving) = std::mem::replace(&mut self.state, State::Neutral)
            {
                receiving.abandon(Abandon::NotStored, out);
            }
        } else {
            receiving.refused = true;
            // The frame will come again: take its text back.
            let added = storing.text.len()
                + usize::from(!matches!(storing.text.last(), Some(b'\r' | b'\n')));
            receiving
                .text
                .truncate(receiving.text.len().saturating_sub(added));
            out.push(Action::Notice(Notice::NotStored));
            if answers {
                out.push(Action::Send(vec![NAK]));
            }
        }
        if matches!(framing, Framing::StxEtx { .. }) {
            self.closed_bare(out);
        }
        let backlog = std::mem::take(&mut self.backlog);
        self.take_in(&backlog, now, out);
    }

    pub(super) fn receive_due(&mut self, now: Duration, out: &mut Vec<Action>) {
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        if let Some(storing) = &receiving.storing {
            if now >= storing.until {
                let id = storing.id;
                out.push(Action::Notice(Notice::StoreTimeout));
                self.settle(id, false, now, out);
            }
            return;
        }
        if self.reader.inside() && now >= self.last_byte + self.config.timers.quiet {
            if let Some(frame) = self.reader.complete() {
                self.frame(frame, now, out);
                return;
            }
            if let Some(control) = self.reader.tail().filter(|b| matches!(*b, ENQ | EOT)) {
                self.reader.reset();
                out.push(Action::Notice(Notice::FrameRestarted));
                self.between_frames(control, now, out);
                return;
            }
        }
        if matches!(&self.state, State::Receiving(r) if now >= r.deadline(self)) {
            self.drop_transfer(Abandon::Silence, out);
        }
    }

    /// Framings without frame numbers.
    fn bare_byte(&mut self, b: u8, now: Duration, out: &mut Vec<Action>) {
        let tokens = self.config.framing == Framing::Tokens;
        let max = self.config.max_message;
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        receiving.until = now + self.config.timers.frame;
        match (b, receiving.bare.as_mut()) {
            (STX, open) => {
                if open.is_some() {
                    out.push(Action::Notice(Notice::FrameRestarted));
                }
                receiving.bare = Some(Vec::new());
                if tokens {
                    out.push(Action::Send(vec![ACK]));
                }
            }
            (ETX, Some(_)) => {
                let text = receiving.bare.take().unwrap_or_default();
                if receiving.text.len() + text.len() >= max {
                    out.push(Action::Notice(Notice::TooLong));
                    out.push(Action::Send(vec![NAK]));
                } else {
                    self.accept_bare(text, now, out);
                }
            }
            (_, Some(text)) => {
                // One byte over the bound is enough to know.
                if text.len() < max {
                    text.push(b);
                }
            }
            (EOT, None) if tokens => {
                out.push(Action::Send(vec![ACK]));
                self.closed(out);
            }
            (ENQ, None) if tokens => {
                self.drop_transfer(Abandon::Restarted, out);
                self.opened(now, out);
            }
            (b'\r' | b'\n', None) => {}
            (_, None) => self.noise(),
        }
    }

    /// A whole text between STX and ETX: always stored before any answer.
    fn accept_bare(&mut self, sent: Vec<u8>, now: Duration, out: &mut Vec<Action>) {
        let State::Receiving(receiving) = &mut self.state else {
            return;
        };
        if sent.is_empty() {
            if self.config.framing != (Framing::StxEtx { acknowledge: false }) {
                out.push(Action::Send(vec![ACK]));
            }
            if matches!(self.config.framing, Framing::StxEtx { .. }) {
                self.closed_bare(out);
            }
            return;
        }
        let offset = receiving.stored;
        receiving.text.extend_from_slice(&sent);
        if !matches!(sent.last(), Some(b'\r' | b'\n')) {
            receiving.text.push(b'\r');
        }
        let bytes = receiving.text.get(offset..).unwrap_or_default().to_vec();
        let id = StoreId(self.next_store);
        self.next_store += 1;
        let ends_message = ends_message(&bytes);
        // Where no answer is expected there is no hurry either.
        let in_time = self.config.framing != (Framing::StxEtx { acknowledge: false });
        let until = if in_time {
            now + self.config.timers.store
        } else {
            Duration::MAX
        };
        receiving.storing = Some(Storing {
            id,
            number: 0,
            text: sent,
            until,
        });
        out.push(Action::Store {
            id,
            offset,
            bytes,
            ends_message,
        });
    }

    /// STX..ETX is a transfer of its own.
    fn closed_bare(&mut self, out: &mut Vec<Action>) {
        self.reader.reset();
        if let State::Receiving(receiving) = std::mem::replace(&mut self.state, State::Neutral)
            && receiving.stored > 0
        {
            out.push(Action::Received {
                text: receiving.text,
                stored: receiving.stored,
            });
        }
    }
}
