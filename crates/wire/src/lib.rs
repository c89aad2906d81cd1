//! Codecs as sans-IO state machines: bytes in, messages out. No socket, no clock: time is an argument.
//!
//! The receiver is tolerant and names every tolerance it used ([`note::Note`]); the sender is strict. Everything that
//! grows has a bound ([`limits`]). Offsets always point into the bytes the caller handed in.
//!
//! * [`astm::lis1`]: the link (CLSI LIS01-A2 / ASTM E1381), both roles; the ACK that promises durability waits for it.
//! * [`astm::lis2`]: the records (CLSI LIS02-A2 / ASTM E1394).
//! * [`hl7`]: HL7 v2 messages, MLLP framing, acknowledgements, IHE LAW helpers.
//! * [`isbt128`]: bag labels, with and without data identifiers.
//! * [`profile`]: device dialects as data, from messages to observations, and from work to orders.
//! * [`decode`]: one JSON value for a capture, the shape of `lifeline wire decode`.

pub mod astm;
pub mod charset;
pub mod decode;
pub mod field;
pub mod hl7;
pub mod isbt128;
pub mod limits;
pub mod note;
pub mod profile;
pub mod value;

pub use limits::Limits;
pub use note::{DecodeError, Deviation, Note};
