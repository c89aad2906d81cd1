//! The link of ASTM E1381 / CLSI LIS01-A2 as a state machine without sockets and clock.
//!
//! [`Link`] plays both sides: it answers the peer's transfers and sends queued messages. Bytes and the present time go
//! in, [`Action`]s come out; [`Link::deadline`] says when [`Link::tick`] must be called at the latest. Time is a
//! `Duration` since any fixed origin.
//!
//! **An acknowledged message is a stored message.** LIS01 has no acknowledgement of messages, only of frames, and the
//! sender forgets a message when its last frame is acknowledged. The receiver cannot know which frame is the last
//! before EOT, so it asks for storage ([`Action::Store`]) at the frames chosen by [`StorePoint`] and withholds the ACK
//! until [`Link::stored`]. Each request carries only the bytes that no earlier request of the same transfer carried.
//! While a request is open, further bytes wait inside the link.

mod frame;
mod link;
mod receive;
mod send;

use std::time::Duration;

pub use frame::{
    ACK, ENQ, EOT, ETB, ETX, NAK, STX, build, checksum, checksum_matches, is_forbidden, split,
};
pub use link::Link;

/// Who we are. In contention the instrument wins (LIS01-A2 8.2.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The computer system.
    Host,
    /// The instrument (for simulators).
    Instrument,
}

/// Kinds of framing seen on lines that claim to be ASTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// By the book.
    #[default]
    Lis1,
    /// STX, message, ETX and nothing else: no number, checksum, ENQ or EOT (IH-1000 through some gateways).
    StxEtx {
        /// Whether each message is answered with ACK or NAK.
        acknowledge: bool,
    },
    /// ENQ, STX, text, ETX, EOT, each control answered with one ACK; no number, no checksum (Maglumi).
    Tokens,
}

/// Which frames must be durable before their ACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StorePoint {
    /// The frame that ends a message: its last record is a terminator (L).
    #[default]
    Terminator,
    /// Every frame that ends a record: for instruments that send no terminator.
    EveryRecord,
}

/// How strictly frame numbers and checksums are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Check {
    /// By the book: what does not match is answered with NAK.
    #[default]
    Strict,
    /// Noted, but accepted: only for instruments known to send nonsense there.
    Ignore,
}

/// Waiting times; the defaults are those of LIS01-A2 section 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Sender waits for the answer to ENQ and to each frame.
    pub answer: Duration,
    /// Receiver waits for a frame or EOT.
    pub frame: Duration,
    /// Sender waits after NAK to ENQ.
    pub busy: Duration,
    /// Host waits for the instrument after contention.
    pub contention_host: Duration,
    /// Instrument waits after contention.
    pub contention_instrument: Duration,
    /// Sender keeps the link closed after it honoured an interrupt.
    pub interrupt: Duration,
    /// Sender waits after a failed transfer before it tries again.
    pub retry: Duration,
    /// Receiver waits for the storage of a frame before it answers NAK; must stay below the peer's `answer`.
    pub store: Duration,
    /// Silence after which CR LF is taken as missing, or a control character inside a frame as real.
    pub quiet: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(15),
            frame: Duration::from_secs(30),
            busy: Duration::from_secs(10),
            contention_host: Duration::from_secs(20),
            contention_instrument: Duration::from_secs(1),
            interrupt: Duration::from_secs(15),
            retry: Duration::from_secs(10),
            store: Duration::from_secs(10),
            quiet: Duration::from_millis(500),
        }
    }
}

/// Settings of one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Waiting times.
    pub timers: Timers,
    /// Framing on the line.
    pub framing: Framing,
    /// Frames that must be durable before their ACK.
    pub store_point: StorePoint,
    /// Frame numbers.
    pub numbers: Check,
    /// Checksums.
    pub checksums: Check,
    /// Bytes of text in a frame we send: 240 by E1381-95, up to 63,993 by LIS01-A2 on TCP.
    pub frame_text: usize,
    /// Bytes of one incoming transfer, and of what waits while a frame is stored.
    pub max_message: usize,
    /// Messages waiting to be sent.
    pub max_queue: usize,
    /// Sends of one frame before the transfer is given up (six by the book).
    pub max_sends: u32,
    /// Transfers of one message before it is handed back.
    pub max_transfers: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            timers: Timers::default(),
            framing: Framing::Lis1,
            store_point: StorePoint::Terminator,
            numbers: Check::Strict,
            checksums: Check::Strict,
            frame_text: 240,
            max_message: crate::limits::MAX_MESSAGE_BYTES,
            max_queue: 256,
            max_sends: 6,
            max_transfers: 3,
        }
    }
}

/// Names a request to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(pub u64);

/// Names a message to send; chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendId(pub u64);

/// What the caller must do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write these bytes to the line.
    Send(Vec<u8>),
    /// Make these bytes durable, then call [`Link::stored`] or [`Link::not_stored`].
    Store {
        /// Name of the request.
        id: StoreId,
        /// Offset of `bytes` in the text of this transfer.
        offset: usize,
        /// Text that was not in an earlier stored request of this transfer.
        bytes: Vec<u8>,
        /// Whether a message ends here. After a crash such a message must be processed although EOT never came.
        ends_message: bool,
    },
    /// A transfer is complete.
    Received {
        /// Its whole text.
        text: Vec<u8>,
        /// How much of it was confirmed as stored; less than all only when the last message has no terminator.
        stored: usize,
    },
    /// A transfer ended without EOT or inside a record. Messages in its stored part were acknowledged and must be processed.
    Abandoned {
        /// What had come in.
        text: Vec<u8>,
        /// How much of it was confirmed as stored.
        stored: usize,
        /// Why.
        reason: Abandon,
    },
    /// The peer has acknowledged every frame of a message.
    Sent(SendId),
    /// A message is handed back after the last try.
    NotSent {
        /// Its name.
        id: SendId,
        /// Why the last try failed.
        reason: SendFailure,
    },
    /// Something worth a line in the log of this link.
    Notice(Notice),
}

/// Why a transfer ended without being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandon {
    /// No frame and no EOT in time.
    Silence,
    /// The sender began anew without EOT.
    Restarted,
    /// EOT inside a record.
    SenderAborted,
    /// The connection was closed.
    Disconnected,
    /// Storage failed on a line where nothing can be refused.
    NotStored,
}

/// Why a message could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFailure {
    /// No answer to ENQ or to a frame.
    NoAnswer,
    /// A frame was refused too often.
    Refused,
    /// The connection was closed.
    Disconnected,
}

/// Why a message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The queue holds [`Config::max_queue`] messages.
    #[error("{0} messages are waiting already")]
    Full(usize),
    /// The message has no record.
    #[error("the message is empty")]
    Empty,
    /// The message is longer than [`Config::max_message`].
    #[error("the message has more than {0} bytes")]
    TooLong(usize),
    /// A byte that must not stand in a frame.
    #[error("byte {at}: {byte:#04x} must not stand in a frame")]
    Forbidden {
        /// Offset.
        at: usize,
        /// The byte.
        byte: u8,
    },
}

/// What happened on a link, for its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A frame with a wrong checksum was refused (or tolerated).
    Checksum {
        /// Its number character.
        number: u8,
    },
    /// A frame with an unexpected number was refused (or tolerated).
    FrameNumber {
        /// As sent.
        got: u8,
        /// What should have come.
        expected: u8,
    },
    /// A frame repeated the last number and text: acknowledged, thrown away.
    Duplicate {
        /// Its number.
        number: u8,
    },
    /// A frame repeated the last number with another text: refused, since acknowledging would lose the text.
    ConflictingDuplicate {
        /// Its number.
        number: u8,
    },
    /// The transfer passed [`Config::max_message`]; the frame was refused.
    TooLong,
    /// Bytes outside of frames.
    Noise {
        /// How many.
        bytes: usize,
    },
    /// A frame broke off and another began.
    FrameRestarted,
    /// We were busy and refused ENQ.
    Busy,
    /// The peer was busy and refused ENQ.
    PeerBusy,
    /// Both sides sent ENQ.
    Contention,
    /// The peer refused a frame.
    FrameRefused {
        /// How often this frame was sent by now.
        sends: u32,
    },
    /// The peer accepted a frame and asked us to stop.
    Interrupted,
    /// No answer in time.
    NoAnswer,
    /// A transfer without text.
    EmptyTransfer,
    /// The caller did not confirm storage in time; the frame was refused.
    StoreTimeout,
    /// Storage failed; the frame was refused.
    NotStored,
    /// More bytes came while a frame was being stored than the link holds.
    Overflow {
        /// Bytes thrown away.
        bytes: usize,
    },
}
