//! The sending side of a link.

use std::time::Duration;

use super::frame::{is_forbidden, split};
use super::link::{Link, State};
use super::{
    ACK, Action, Config, ENQ, EOT, ETX, Framing, NAK, Notice, QueueError, Role, STX, SendFailure,
    SendId,
};

/// A message waiting to be sent, already framed.
#[derive(Debug)]
pub(super) struct Outgoing {
    id: SendId,
    frames: Vec<Vec<u8>>,
    /// Transfers that failed.
    failed: u32,
}

impl Outgoing {
    pub(super) fn new(id: SendId, message: &[u8], config: &Config) -> Result<Self, QueueError> {
        if message.iter().all(u8::is_ascii_whitespace) {
            return Err(QueueError::Empty);
        }
        if message.len() > config.max_message {
            return Err(QueueError::TooLong(config.max_message));
        }
        if let Some((at, byte)) = message.iter().enumerate().find(|(_, b)| is_forbidden(**b)) {
            return Err(QueueError::Forbidden { at, byte: *byte });
        }
        let bare = |frame: &mut Vec<u8>| {
            frame.extend_from_slice(message);
            frame.push(ETX);
        };
        let frames = match config.framing {
            Framing::Lis1 => split(message, config.frame_text),
            Framing::StxEtx { .. } => {
                let mut frame = vec![STX];
                bare(&mut frame);
                vec![frame]
            }
            Framing::Tokens => {
                let mut frame = Vec::new();
                bare(&mut frame);
                vec![vec![STX], frame]
            }
        };
        Ok(Self {
            id,
            frames,
            failed: 0,
        })
    }
}

impl Link {
    /// Opens a transfer if the line is free and something waits.
    pub(super) fn try_open(&mut self, now: Duration, out: &mut Vec<Action>) {
        loop {
            if !matches!(self.state, State::Neutral)
                || self.queue.is_empty()
                || self.blocked_until.is_some_and(|t| now < t)
            {
                return;
            }
            self.blocked_until = None;
            let until = now + self.config.timers.answer;
            match self.config.framing {
                Framing::Lis1 | Framing::Tokens => {
                    out.push(Action::Send(vec![ENQ]));
                    self.state = State::Establishing { until };
                    return;
                }
                Framing::StxEtx { acknowledge } => {
                    self.send_frame(0, 1, now, out);
                    if acknowledge {
                        return;
                    }
                    self.finish_message(now, out);
                }
            }
        }
    }

    /// A byte while we wait for an answer; true when it made us send a frame.
    pub(super) fn answer(&mut self, b: u8, now: Duration, out: &mut Vec<Action>) -> bool {
        let timers = self.config.timers;
        match self.state {
            State::Establishing { .. } => match b {
                ACK => {
                    self.send_frame(0, 1, now, out);
                    return true;
                }
                NAK => {
                    out.push(Action::Notice(Notice::PeerBusy));
                    self.close_for(timers.busy, now);
                }
                ENQ => {
                    out.push(Action::Notice(Notice::Contention));
                    self.close_for(
                        match self.role {
                            Role::Host => timers.contention_host,
                            Role::Instrument => timers.contention_instrument,
                        },
                        now,
                    );
                }
                _ => self.noise(),
            },
            State::Transferring { frame, sends, .. } => {
                let last = self
                    .queue
                    .front()
                    .is_none_or(|m| frame + 1 >= m.frames.len());
                match b {
                    ACK | EOT if last => self.finish_message(now, out),
                    ACK => {
                        self.send_frame(frame + 1, 1, now, out);
                        return true;
                    }
                    EOT => {
                        // We honour the request: the message begins anew later.
                        out.push(Action::Notice(Notice::Interrupted));
                        self.end_transfer(out);
                        self.close_for(timers.interrupt, now);
                    }
                    _ if sends >= self.config.max_sends => {
                        out.push(Action::Notice(Notice::FrameRefused { sends }));
                        self.end_transfer(out);
                        self.transfer_failed(SendFailure::Refused, now, out);
                    }
                    _ => {
                        out.push(Action::Notice(Notice::FrameRefused { sends }));
                        self.send_frame(frame, sends + 1, now, out);
                        return true;
                    }
                }
            }
            State::Neutral | State::Receiving(_) => {}
        }
        false
    }

    /// No answer to ENQ or to a frame: the sender ends the transfer (LIS01-A2 8.2.7.3, 8.3.5).
    pub(super) fn answer_missing(&mut self, now: Duration, out: &mut Vec<Action>) {
        out.push(Action::Notice(Notice::NoAnswer));
        self.end_transfer(out);
        self.transfer_failed(SendFailure::NoAnswer, now, out);
    }

    fn send_frame(&mut self, frame: usize, sends: u32, now: Duration, out: &mut Vec<Action>) {
        if let Some(bytes) = self.queue.front().and_then(|m| m.frames.get(frame)) {
            out.push(Action::Send(bytes.clone()));
        }
        self.state = State::Transferring {
            frame,
            sends,
            until: now + self.config.timers.answer,
        };
    }

    fn finish_message(&mut self, _now: Duration, out: &mut Vec<Action>) {
        self.end_transfer(out);
        self.state = State::Neutral;
        if let Some(message) = self.queue.pop_front() {
            out.push(Action::Sent(message.id));
        }
    }

    fn end_transfer(&self, out: &mut Vec<Action>) {
        if !matches!(self.config.framing, Framing::StxEtx { .. }) {
            out.push(Action::Send(vec![EOT]));
        }
    }

    fn close_for(&mut self, wait: Duration, now: Duration) {
        self.state = State::Neutral;
        self.blocked_until = Some(now + wait);
    }

    /// Keeps the message for another try, or hands it back after the last one.
    pub(super) fn transfer_failed(
        &mut self,
        reason: SendFailure,
        now: Duration,
        out: &mut Vec<Action>,
    ) {
        self.close_for(self.config.timers.retry, now);
        let Some(message) = self.queue.front_mut() else {
            return;
        };
        message.failed += 1;
        if message.failed >= self.config.max_transfers {
            out.push(Action::NotSent {
                id: message.id,
                reason,
            });
            self.queue.pop_front();
        }
    }
}
