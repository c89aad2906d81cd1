//! Joining the frames of a capture: what an instrument put on the line, without the answers.

use super::lis1::{ACK, ENQ, EOT, ETB, ETX, NAK, STX, checksum, checksum_matches};
use crate::note::{Deviation, Note, Notes};

/// The text of a capture with the way back to its bytes.
#[derive(Debug, Clone)]
pub struct Deframed {
    /// Texts of all frames, joined.
    pub text: Vec<u8>,
    /// Number of frames, repeated ones included.
    pub frames: usize,
    /// Which frames (from 1) carry a wrong checksum.
    pub checksum_mismatches: Vec<usize>,
    /// What was tolerated; offsets are those of the capture.
    pub notes: Vec<Note>,
    /// (offset in `text`, offset in the capture) at the start of each frame's text.
    starts: Vec<(usize, usize)>,
}

impl Deframed {
    /// The capture offset of a text offset.
    #[must_use]
    pub fn input_offset(&self, at: usize) -> usize {
        let n = self.starts.partition_point(|&(t, _)| t <= at);
        n.checked_sub(1)
            .and_then(|i| self.starts.get(i))
            .map_or(at, |&(t, raw)| raw + (at - t))
    }
}

/// Whether bytes are framed: STX stands in no text.
#[must_use]
pub fn is_framed(bytes: &[u8]) -> bool {
    bytes.contains(&STX)
}

struct Frame<'a> {
    number: Option<u8>,
    text: &'a [u8],
    text_at: usize,
    last: bool,
    good: bool,
}

/// Joins frames. Frames that repeat the number before with the same text are thrown away; a damaged frame is kept
/// unless it comes again. Bare STX..ETX frames (no number, no checksum) are read too.
#[must_use]
pub fn deframe(bytes: &[u8]) -> Deframed {
    let mut notes = Notes::default();
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut count = 0;
    let mut mismatches = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes.get(at).copied().unwrap_or_default() {
            STX => {
                let (frame, next) = read_frame(bytes, at, &mut notes);
                count += 1;
                if !frame.good {
                    mismatches.push(count);
                    notes.add(at, Deviation::Checksum);
                }
                join(&mut frames, frame, at, &mut notes);
                at = next;
            }
            ENQ | EOT => {
                // A transfer counts its frames anew.
                if let Some(last) = frames.last_mut() {
                    last.number = None;
                }
                at += 1;
            }
            ACK | NAK | b'\r' | b'\n' => at += 1,
            _ => {
                notes.once(at, Deviation::Noise);
                at += 1;
            }
        }
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut starts = Vec::with_capacity(frames.len());
    for frame in &frames {
        starts.push((text.len(), frame.text_at));
        text.extend_from_slice(frame.text);
        if frame.last && !frame.text.is_empty() && !matches!(frame.text.last(), Some(b'\r' | b'\n'))
        {
            text.push(b'\r');
        }
    }
    Deframed {
        text,
        frames: count,
        checksum_mismatches: mismatches,
        notes: notes.into_vec(),
        starts,
    }
}

fn join<'a>(frames: &mut Vec<Frame<'a>>, frame: Frame<'a>, at: usize, notes: &mut Notes) {
    if let (Some(number), Some(last)) = (frame.number, frames.last_mut()) {
        if let Some(before) = last.number {
            if number == before && (!last.good || last.text == frame.text) {
                notes.add(at, Deviation::FrameNumber);
                if frame.good || !last.good {
                    *last = frame;
                }
                return;
            }
            if number != (before + 1) % 8 {
                notes.add(at, Deviation::FrameNumber);
            }
        } else if number != 1 {
            notes.add(at, Deviation::FrameNumber);
        }
    } else if frame.number.is_some_and(|n| n != 1) {
        notes.add(at, Deviation::FrameNumber);
    }
    frames.push(frame);
}

/// Reads the frame at an STX; returns it and the offset after it.
fn read_frame<'a>(bytes: &'a [u8], at: usize, notes: &mut Notes) -> (Frame<'a>, usize) {
    let body_at = at + 1;
    let body = bytes.get(body_at..).unwrap_or_default();
    let end = body.iter().position(|b| matches!(*b, ETX | ETB | STX));
    let number = body
        .first()
        .filter(|b| b.is_ascii_digit())
        .map(|b| b - b'0');
    let text_at = body_at + usize::from(number.is_some());
    let stop = body_at + end.unwrap_or(body.len());
    let text = bytes.get(text_at..stop).unwrap_or_default();
    let terminator = end.and_then(|e| body.get(e)).copied().filter(|b| *b != STX);
    let Some(terminator) = terminator else {
        notes.add(stop, Deviation::CutFrame);
        return (
            Frame {
                number,
                text,
                text_at,
                last: false,
                good: true,
            },
            stop,
        );
    };
    let last = terminator == ETX;
    let after = stop + 1;
    if number.is_none() {
        return (
            Frame {
                number,
                text,
                text_at,
                last,
                good: true,
            },
            after,
        );
    }
    let digits = bytes
        .get(after..after + 2)
        .and_then(|d| <[u8; 2]>::try_from(d).ok());
    let Some(digits) = digits else {
        notes.add(after, Deviation::CutFrame);
        return (
            Frame {
                number,
                text,
                text_at,
                last,
                good: false,
            },
            bytes.len(),
        );
    };
    let good = checksum_matches(
        checksum(bytes.get(body_at..after).unwrap_or_default()),
        digits,
    );
    // A damaged terminator is followed by text, not by a checksum: read on from there.
    let next = if digits.iter().all(u8::is_ascii_hexdigit) {
        after + 2
    } else {
        after
    };
    (
        Frame {
            number,
            text,
            text_at,
            last,
            good,
        },
        next,
    )
}
