//! The link: state, input, time.

use std::collections::VecDeque;
use std::time::Duration;

use super::frame::FrameReader;
use super::receive::Receiving;
use super::send::Outgoing;
use super::{
    ACK, Action, Config, ENQ, EOT, Framing, NAK, Notice, QueueError, Role, STX, SendFailure,
    SendId, StoreId,
};

/// Where the link stands.
#[derive(Debug)]
pub(super) enum State {
    Neutral,
    /// We answer a transfer of the peer.
    Receiving(Receiving),
    /// We sent ENQ.
    Establishing {
        until: Duration,
    },
    /// We sent a frame.
    Transferring {
        /// Index of the frame.
        frame: usize,
        sends: u32,
        until: Duration,
    },
}

/// One LIS01 link, both directions. See the module documentation.
#[derive(Debug)]
pub struct Link {
    pub(super) role: Role,
    pub(super) config: Config,
    pub(super) state: State,
    pub(super) reader: FrameReader,
    pub(super) queue: VecDeque<Outgoing>,
    /// Not before this time may we send ENQ.
    pub(super) blocked_until: Option<Duration>,
    pub(super) next_store: u64,
    /// Bytes that came while a frame was being stored.
    pub(super) backlog: Vec<u8>,
    pub(super) last_byte: Duration,
    busy: bool,
    noise: usize,
}

impl Link {
    /// A link on which we are the computer system.
    #[must_use]
    pub fn host(config: Config) -> Self {
        Self::new(Role::Host, config)
    }

    /// A link on which we are the instrument.
    #[must_use]
    pub fn instrument(config: Config) -> Self {
        Self::new(Role::Instrument, config)
    }

    /// A link in a given role.
    #[must_use]
    pub fn new(role: Role, config: Config) -> Self {
        Self {
            role,
            config,
            state: State::Neutral,
            reader: FrameReader::default(),
            queue: VecDeque::new(),
            blocked_until: None,
            next_store: 1,
            backlog: Vec::new(),
            last_byte: Duration::ZERO,
            busy: false,
            noise: 0,
        }
    }

    /// Takes bytes as they came from the line, in any portions.
    #[must_use]
    pub fn feed(&mut self, bytes: &[u8], now: Duration) -> Vec<Action> {
        let mut out = Vec::new();
        self.due(now, &mut out);
        self.last_byte = now;
        self.take_in(bytes, now, &mut out);
        self.try_open(now, &mut out);
        out
    }

    /// Lets time pass. Call it at [`Self::deadline`] at the latest.
    #[must_use]
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        let mut out = Vec::new();
        self.due(now, &mut out);
        self.try_open(now, &mut out);
        out
    }

    /// The bytes of a [`Action::Store`] are durable: the frame is acknowledged. A late or unknown id does nothing.
    #[must_use]
    pub fn stored(&mut self, id: StoreId, now: Duration) -> Vec<Action> {
        let mut out = Vec::new();
        self.settle(id, true, now, &mut out);
        self.try_open(now, &mut out);
        out
    }

    /// The bytes of a [`Action::Store`] could not be made durable: the frame is refused and will come again.
    #[must_use]
    pub fn not_stored(&mut self, id: StoreId, now: Duration) -> Vec<Action> {
        let mut out = Vec::new();
        self.settle(id, false, now, &mut out);
        self.try_open(now, &mut out);
        out
    }

    /// Queues a message (records ended by CR, as [`crate::astm::lis2::Writer`] writes them).
    ///
    /// # Errors
    /// [`QueueError`] when the queue is full or the message cannot be framed.
    pub fn send(
        &mut self,
        id: SendId,
        message: &[u8],
        now: Duration,
    ) -> Result<Vec<Action>, QueueError> {
        if self.queue.len() >= self.config.max_queue {
            return Err(QueueError::Full(self.queue.len()));
        }
        self.queue
            .push_back(Outgoing::new(id, message, &self.config)?);
        Ok(self.tick(now))
    }

    /// While busy, ENQ is answered with NAK: the peer waits and tries again.
    pub fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// Messages that wait or are being sent.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether no transfer is going on.
    #[must_use]
    pub fn is_neutral(&self) -> bool {
        matches!(self.state, State::Neutral)
    }

    /// Whether bytes should be read from the line. While a frame is being stored the caller does well to read no further.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        !self.is_storing()
    }

    /// The connection is gone: the transfer is over; queued messages stay for the next connection.
    #[must_use]
    pub fn disconnected(&mut self, now: Duration) -> Vec<Action> {
        let mut out = Vec::new();
        match std::mem::replace(&mut self.state, State::Neutral) {
            State::Receiving(receiving) => {
                receiving.abandon(super::Abandon::Disconnected, &mut out)
            }
            State::Establishing { .. } | State::Transferring { .. } => {
                self.transfer_failed(SendFailure::Disconnected, now, &mut out)
            }
            State::Neutral => {}
        }
        self.reader.reset();
        self.backlog.clear();
        self.blocked_until = None;
        out
    }

    /// When [`Self::tick`] has something to do at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let state = match &self.state {
            State::Neutral if self.queue.is_empty() => None,
            State::Neutral => Some(self.blocked_until.unwrap_or_default()),
            State::Receiving(receiving) => Some(receiving.deadline(self)),
            State::Establishing { until } | State::Transferring { until, .. } => Some(*until),
        };
        let quiet = (self.reader.quiet_decides() && !self.is_storing())
            .then(|| self.last_byte + self.config.timers.quiet);
        match (state, quiet) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    pub(super) fn take_in(&mut self, bytes: &[u8], now: Duration, out: &mut Vec<Action>) {
        let mut frame_sent = false;
        for (i, &b) in bytes.iter().enumerate() {
            if self.is_storing() {
                let rest = bytes.get(i..).unwrap_or_default();
                let room = self.config.max_message.saturating_sub(self.backlog.len());
                self.backlog
                    .extend_from_slice(rest.get(..rest.len().min(room)).unwrap_or_default());
                if rest.len() > room {
                    out.push(Action::Notice(Notice::Overflow {
                        bytes: rest.len() - room,
                    }));
                }
                break;
            }
            // A byte that came before a frame was sent cannot be the answer to it.
            if frame_sent && matches!(self.state, State::Transferring { .. }) {
                self.noise += 1;
                continue;
            }
            frame_sent = self.byte(b, now, out);
        }
        if self.noise > 0 {
            out.push(Action::Notice(Notice::Noise {
                bytes: std::mem::take(&mut self.noise),
            }));
        }
    }

    /// One byte; true when a frame was sent because of it.
    fn byte(&mut self, b: u8, now: Duration, out: &mut Vec<Action>) -> bool {
        match (&self.state, self.config.framing) {
            // The peer began to send instead of answering; our message stays first in the queue.
            (State::Transferring { .. }, Framing::StxEtx { .. }) if b == STX => {
                out.push(Action::Notice(Notice::Contention));
                self.state = State::Receiving(Receiving::new(now + self.config.timers.frame));
                self.receiving_byte(b, now, out);
            }
            (State::Establishing { .. } | State::Transferring { .. }, _) => {
                return self.answer(b, now, out);
            }
            (State::Neutral, Framing::StxEtx { .. }) if b == STX => {
                self.state = State::Receiving(Receiving::new(now + self.config.timers.frame));
                self.receiving_byte(b, now, out);
            }
            (State::Neutral, Framing::Lis1 | Framing::Tokens) if b == ENQ => self.opened(now, out),
            (State::Neutral, _) => {
                // An instrument that closes a link we hold closed already is no noise.
                if !matches!(b, EOT | ACK | NAK | b'\r' | b'\n') {
                    self.noise += 1;
                }
            }
            (State::Receiving(_), _) => self.receiving_byte(b, now, out),
        }
        false
    }

    /// The peer sent ENQ.
    pub(super) fn opened(&mut self, now: Duration, out: &mut Vec<Action>) {
        self.reader.reset();
        if self.busy {
            self.state = State::Neutral;
            out.push(Action::Notice(Notice::Busy));
            out.push(Action::Send(vec![NAK]));
        } else {
            self.state = State::Receiving(Receiving::new(now + self.config.timers.frame));
            out.push(Action::Send(vec![ACK]));
        }
    }

    pub(super) fn noise(&mut self) {
        self.noise += 1;
    }

    fn due(&mut self, now: Duration, out: &mut Vec<Action>) {
        match &self.state {
            State::Receiving(_) => self.receive_due(now, out),
            State::Establishing { until } | State::Transferring { until, .. } if now >= *until => {
                self.answer_missing(now, out)
            }
            _ => {}
        }
    }
}
