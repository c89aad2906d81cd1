//! LIS01 conformance with a fake clock: the rules 1.1 to 1.15 of the instrument notes, one case each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lifeline_wire::astm::lis1::{
    ACK, Abandon, Action, Check, Config, ENQ, EOT, ETX, Framing, Link, NAK, Notice, QueueError,
    STX, SendFailure, SendId, StorePoint, Timers, build, checksum, split,
};

/// A link with a clock and a memory of what it sent.
struct Bench {
    link: Link,
    now: Duration,
    events: Vec<Action>,
    auto_store: bool,
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Bench {
    fn new(link: Link) -> Self {
        Self {
            link,
            now: s(1000),
            events: Vec::new(),
            auto_store: true,
        }
    }
    fn host() -> Self {
        Self::new(Link::host(Config::default()))
    }
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::new(Link::host(config))
    }
    fn run(&mut self, actions: Vec<Action>) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut queue: std::collections::VecDeque<Action> = actions.into();
        while let Some(action) = queue.pop_front() {
            match &action {
                Action::Send(bytes) => sent.extend_from_slice(bytes),
                Action::Store { id, .. } if self.auto_store => {
                    queue.extend(self.link.stored(*id, self.now));
                }
                _ => {}
            }
            self.events.push(action);
        }
        sent
    }
    /// Feeds bytes, returns what the link sends.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let actions = self.link.feed(bytes, self.now);
        self.run(actions)
    }
    fn wait(&mut self, d: Duration) -> Vec<u8> {
        self.now += d;
        let actions = self.link.tick(self.now);
        self.run(actions)
    }
    fn send(&mut self, id: u64, message: &[u8]) -> Vec<u8> {
        let actions = self.link.send(SendId(id), message, self.now).unwrap();
        self.run(actions)
    }
    fn received(&self) -> Vec<&[u8]> {
        self.events
            .iter()
            .filter_map(|a| match a {
                Action::Received { text, .. } => Some(text.as_slice()),
                _ => None,
            })
            .collect()
    }
    fn saw(&self, notice: Notice) -> bool {
        self.events.contains(&Action::Notice(notice))
    }
    fn abandoned(&self) -> Option<Abandon> {
        self.events.iter().rev().find_map(|a| match a {
            Action::Abandoned { reason, .. } => Some(*reason),
            _ => None,
        })
    }
    fn stores(&self) -> Vec<(usize, &[u8], bool)> {
        self.events
            .iter()
            .filter_map(|a| match a {
                Action::Store {
                    offset,
                    bytes,
                    ends_message,
                    ..
                } => Some((*offset, bytes.as_slice(), *ends_message)),
                _ => None,
            })
            .collect()
    }
}

const H: &[u8] = b"H|\\^&\r";
const L: &[u8] = b"L|1|N\r";

#[test]
fn checksum_and_frame_layout() {
    let frame = build(1, H, true);
    assert_eq!(frame.first(), Some(&STX));
    assert!(frame.ends_with(b"\r\n"));
    // A frame of the published m2000 session.
    assert_eq!(build(2, b"P|1\r", true), b"\x022P|1\r\x033F\r\n");
    assert_eq!(checksum(b"2P|1\r\x03"), 0x3F);
}

#[test]
fn split_numbers_frames_from_one_modulo_eight_and_cuts_long_records() {
    let message: Vec<u8> = (0..9)
        .flat_map(|i| format!("R|{i}\r").into_bytes())
        .collect();
    let numbers: Vec<u8> = split(&message, 240).iter().map(|f| f[1]).collect();
    assert_eq!(numbers, b"123456701");
    let long = [vec![b'x'; 500], vec![b'\r']].concat();
    let frames = split(&long, 240);
    assert_eq!(frames.len(), 3);
    assert_eq!(
        frames.iter().map(|f| f[f.len() - 5]).collect::<Vec<_>>(),
        [0x17, 0x17, ETX]
    );
    assert!(frames[0].len() == 247);
}

#[test]
fn receives_a_session_and_stores_before_the_last_ack() {
    let mut b = Bench::host();
    b.auto_store = false;
    assert_eq!(b.feed(&[ENQ]), [ACK]);
    assert_eq!(b.feed(&build(1, H, true)), [ACK]);
    assert_eq!(
        b.feed(&build(2, L, true)),
        b"",
        "no ACK before the text is stored"
    );
    assert!(!b.link.wants_input());
    let [Action::Store { id, .. }] = b
        .events
        .iter()
        .filter(|a| matches!(a, Action::Store { .. }))
        .collect::<Vec<_>>()[..]
    else {
        panic!("one store expected")
    };
    let id = *id;
    assert_eq!(b.stores(), [(0, [H, L].concat().as_slice(), true)]);
    let actions = b.link.stored(id, b.now);
    assert_eq!(b.run(actions), [ACK]);
    assert_eq!(b.feed(&[EOT]), b"");
    assert_eq!(b.received(), [[H, L].concat()]);
    assert!(b.link.is_neutral());
}

#[test]
fn not_stored_is_refused_and_comes_again() {
    let mut b = Bench::host();
    b.auto_store = false;
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    b.feed(&build(2, L, true));
    let id = b
        .events
        .iter()
        .find_map(|a| {
            if let Action::Store { id, .. } = a {
                Some(*id)
            } else {
                None
            }
        })
        .unwrap();
    let actions = b.link.not_stored(id, b.now);
    assert_eq!(b.run(actions), [NAK]);
    assert!(b.saw(Notice::NotStored));
    b.auto_store = true;
    assert_eq!(b.feed(&build(2, L, true)), [ACK]);
    b.feed(&[EOT]);
    assert_eq!(b.received(), [[H, L].concat()]);
}

#[test]
fn storage_that_takes_too_long_is_refused_within_the_peers_patience() {
    let mut b = Bench::host();
    b.auto_store = false;
    b.feed(&[ENQ]);
    b.feed(&build(1, L, true));
    assert_eq!(b.link.deadline(), Some(b.now + s(10)));
    assert_eq!(b.wait(s(10)), [NAK]);
    assert!(b.saw(Notice::StoreTimeout));
    // The late confirmation of a refused frame does nothing.
    let id = b
        .events
        .iter()
        .find_map(|a| {
            if let Action::Store { id, .. } = a {
                Some(*id)
            } else {
                None
            }
        })
        .unwrap();
    assert!(b.link.stored(id, b.now).is_empty());
}

#[test]
fn bytes_that_come_while_storing_are_not_lost() {
    let mut b = Bench::host();
    b.auto_store = false;
    b.feed(&[ENQ]);
    b.feed(&[build(1, L, true), vec![EOT, ENQ]].concat());
    let id = b
        .events
        .iter()
        .find_map(|a| {
            if let Action::Store { id, .. } = a {
                Some(*id)
            } else {
                None
            }
        })
        .unwrap();
    let actions = b.link.stored(id, b.now);
    assert_eq!(b.run(actions), [ACK, ACK], "the frame, then the next ENQ");
    assert_eq!(b.received(), [L]);
}

#[test]
fn every_record_is_stored_when_the_instrument_sends_no_terminator() {
    let mut b = Bench::with(|c| c.store_point = StorePoint::EveryRecord);
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    b.feed(&build(2, b"P|", false));
    b.feed(&build(3, b"1\r", true));
    assert_eq!(
        b.stores(),
        [(0, H, false), (H.len(), b"P|1\r".as_slice(), false)]
    );
    b.feed(&[EOT]);
    assert!(
        b.events
            .iter()
            .any(|a| matches!(a, Action::Received { text, stored } if *stored == text.len()))
    );
}

#[test]
fn without_terminator_the_unstored_rest_is_told() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    b.feed(&[EOT]);
    assert!(b.events.contains(&Action::Received {
        text: H.to_vec(),
        stored: 0
    }));
}

#[test]
fn several_messages_in_one_transfer_are_each_stored() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    for (n, text) in [(1, H), (2, L), (3, H), (4, L)] {
        assert_eq!(b.feed(&build(n, text, true)), [ACK]);
    }
    b.feed(&[EOT]);
    let one = [H, L].concat();
    assert_eq!(
        b.stores(),
        [(0, one.as_slice(), true), (one.len(), one.as_slice(), true)]
    );
    assert_eq!(b.received(), [[one.clone(), one].concat()]);
}

#[test]
fn whole_message_in_one_frame() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    assert_eq!(b.feed(&build(1, &[H, L].concat(), true)), [ACK]);
    assert_eq!(b.stores().len(), 1);
    b.feed(&[EOT]);
    assert_eq!(b.received(), [[H, L].concat()]);
}

#[test]
fn record_cut_by_etb_is_joined() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, b"R|1|^^^Anti", false));
    b.feed(&build(2, b"-A|0\r", true));
    b.feed(&[EOT]);
    assert_eq!(b.received(), [b"R|1|^^^Anti-A|0\r"]);
}

#[test]
fn frame_numbers_wrap_from_seven_to_zero() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    for n in 1..=9u8 {
        assert_eq!(b.feed(&build(n % 8, b"C|1\r", true)), [ACK], "frame {n}");
    }
}

#[test]
fn frame_number_starts_at_one_in_every_transfer() {
    let mut b = Bench::host();
    for _ in 0..2 {
        b.feed(&[ENQ]);
        assert_eq!(b.feed(&build(1, L, true)), [ACK]);
        b.feed(&[EOT]);
    }
    assert_eq!(b.received().len(), 2);
}

#[test]
fn any_portions_give_the_same() {
    let session = [vec![ENQ], build(1, H, true), build(2, L, true), vec![EOT]].concat();
    let mut whole = Bench::host();
    whole.feed(&session);
    let mut single = Bench::host();
    for byte in &session {
        single.feed(&[*byte]);
    }
    assert_eq!(whole.received(), single.received());
    assert_eq!(whole.received().len(), 1);
}

#[test]
fn wrong_checksum_is_refused_and_the_repeat_accepted() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    let mut bad = build(1, H, true);
    bad[3] ^= 1;
    assert_eq!(b.feed(&bad), [NAK]);
    assert!(b.saw(Notice::Checksum { number: b'1' }));
    assert_eq!(b.feed(&build(1, H, true)), [ACK]);
}

#[test]
fn wrong_checksum_is_tolerated_on_demand() {
    let mut b = Bench::with(|c| c.checksums = Check::Ignore);
    b.feed(&[ENQ]);
    let mut bad = build(1, H, true);
    let n = bad.len();
    bad[n - 3] = b'0';
    bad[n - 4] = b'0';
    assert_eq!(b.feed(&bad), [ACK]);
    assert!(b.saw(Notice::Checksum { number: b'1' }));
}

#[test]
fn duplicate_frame_is_acknowledged_and_thrown_away() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    assert_eq!(b.feed(&build(1, H, true)), [ACK]);
    assert!(b.saw(Notice::Duplicate { number: 1 }));
    b.feed(&build(2, L, true));
    assert_eq!(
        b.feed(&build(2, L, true)),
        [ACK],
        "also after a stored frame"
    );
    b.feed(&[EOT]);
    assert_eq!(b.received(), [[H, L].concat()]);
    assert_eq!(b.stores().len(), 1);
}

#[test]
fn duplicate_number_with_another_text_is_refused() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    assert_eq!(b.feed(&build(1, b"P|1\r", true)), [NAK]);
    assert!(b.saw(Notice::ConflictingDuplicate { number: 1 }));
}

#[test]
fn skipped_frame_number_is_refused() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    assert_eq!(b.feed(&build(3, L, true)), [NAK]);
    assert!(b.saw(Notice::FrameNumber {
        got: b'3',
        expected: 2
    }));
}

#[test]
fn first_frame_must_be_number_one() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    assert_eq!(b.feed(&build(0, H, true)), [NAK]);
}

#[test]
fn frame_numbers_are_tolerated_on_demand() {
    let mut b = Bench::with(|c| c.numbers = Check::Ignore);
    b.feed(&[ENQ]);
    assert_eq!(b.feed(&build(5, H, true)), [ACK]);
    assert_eq!(b.feed(&build(5, L, true)), [ACK]);
    b.feed(&[EOT]);
    assert_eq!(b.received(), [[H, L].concat()]);
}

#[test]
fn noise_between_frames_is_ignored() {
    let mut b = Bench::host();
    assert_eq!(b.feed(b"xyz\x05"), [ACK]);
    assert!(b.saw(Notice::Noise { bytes: 3 }));
    assert_eq!(
        b.feed(&[b"??".to_vec(), build(1, L, true), b"!!".to_vec()].concat()),
        [ACK]
    );
    b.feed(&[EOT]);
    assert_eq!(b.received(), [L]);
}

#[test]
fn frame_without_cr_lf_is_read_after_a_short_silence() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    let frame = build(1, L, true);
    assert_eq!(b.feed(&frame[..frame.len() - 2]), b"");
    assert_eq!(b.link.deadline(), Some(b.now + Timers::default().quiet));
    assert_eq!(b.wait(Timers::default().quiet), [ACK]);
}

#[test]
fn frame_without_cr_lf_is_read_when_the_next_control_comes() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    let frame = build(1, L, true);
    b.feed(&[&frame[..frame.len() - 2], &[EOT]].concat());
    assert_eq!(b.received(), [L]);
}

#[test]
fn new_frame_inside_a_frame_begins_anew() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    assert_eq!(
        b.feed(&[b"\x021H|broken".to_vec(), build(1, L, true)].concat()),
        [ACK]
    );
    assert!(b.saw(Notice::FrameRestarted));
}

#[test]
fn a_control_character_inside_a_frame_is_data_for_the_checksum() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    let mut bad = build(1, H, true);
    bad[4] = EOT;
    assert_eq!(
        b.feed(&bad),
        [NAK],
        "one flipped byte must not end the transfer"
    );
    assert_eq!(b.feed(&build(1, H, true)), [ACK]);
}

#[test]
fn eot_that_breaks_a_frame_off_is_believed_after_silence() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    b.feed(b"\x022P|1\x04");
    assert!(!b.link.is_neutral());
    b.wait(Timers::default().quiet);
    assert!(b.link.is_neutral());
}

#[test]
fn receiver_gives_up_after_thirty_seconds() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    assert_eq!(b.link.deadline(), Some(b.now + s(30)));
    b.wait(s(29));
    assert!(!b.link.is_neutral());
    b.wait(s(1));
    assert!(b.link.is_neutral());
    assert_eq!(b.abandoned(), Some(Abandon::Silence));
    assert!(b.received().is_empty(), "nothing is delivered");
}

#[test]
fn a_slow_long_frame_is_not_silence() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    let frame = build(1, &[vec![b'C'; 90], vec![b'\r']].concat(), true);
    for part in frame.chunks(10) {
        b.now += s(20);
        b.feed(part);
    }
    b.feed(&[EOT]);
    assert_eq!(b.received().len(), 1);
}

#[test]
fn enq_in_a_transfer_begins_anew() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    assert_eq!(b.feed(&[ENQ]), [ACK]);
    assert_eq!(b.abandoned(), Some(Abandon::Restarted));
    assert_eq!(b.feed(&build(1, L, true)), [ACK]);
    b.feed(&[EOT]);
    assert_eq!(b.received(), [L]);
}

#[test]
fn eot_inside_a_record_delivers_nothing() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, b"R|1|^^^HIV|5", false));
    b.feed(&[EOT]);
    assert!(b.received().is_empty());
    assert_eq!(b.abandoned(), Some(Abandon::SenderAborted));
}

#[test]
fn eot_after_a_refused_frame_delivers_nothing() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    let mut bad = build(2, b"R|1\r", true);
    bad[2] ^= 1;
    for _ in 0..6 {
        assert_eq!(b.feed(&bad), [NAK]);
    }
    b.feed(&[EOT]);
    assert!(b.received().is_empty());
    assert_eq!(b.abandoned(), Some(Abandon::SenderAborted));
}

#[test]
fn busy_receiver_answers_nak() {
    let mut b = Bench::host();
    b.link.set_busy(true);
    assert_eq!(b.feed(&[ENQ]), [NAK]);
    assert!(b.link.is_neutral());
    b.link.set_busy(false);
    assert_eq!(b.feed(&[ENQ]), [ACK]);
}

#[test]
fn too_long_a_transfer_is_refused() {
    let mut b = Bench::with(|c| c.max_message = 64);
    b.feed(&[ENQ]);
    b.feed(&build(1, &[b'C'; 40], true));
    assert_eq!(b.feed(&build(2, &[b'C'; 40], true)), [NAK]);
    assert_eq!(b.feed(&build(2, &[b'C'; 4000], true)), [NAK]);
    assert!(b.saw(Notice::TooLong));
}

#[test]
fn empty_transfer_delivers_nothing() {
    let mut b = Bench::host();
    assert_eq!(b.feed(&[ENQ, EOT]), [ACK]);
    assert!(b.received().is_empty() && b.saw(Notice::EmptyTransfer));
}

#[test]
fn disconnect_in_a_transfer_tells_what_was_there() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    b.feed(&build(1, H, true));
    let actions = b.link.disconnected(b.now);
    b.run(actions);
    assert_eq!(b.abandoned(), Some(Abandon::Disconnected));
}

// The sender.

#[test]
fn sends_a_message() {
    let mut b = Bench::host();
    assert_eq!(b.send(1, &[H, L].concat()), [ENQ]);
    assert_eq!(b.feed(&[ACK]), build(1, H, true));
    assert_eq!(b.feed(&[ACK]), build(2, L, true));
    assert_eq!(b.feed(&[ACK]), [EOT]);
    assert!(b.events.contains(&Action::Sent(SendId(1))));
    assert!(b.link.is_neutral() && b.link.queued() == 0);
}

#[test]
fn queued_messages_follow_each_other() {
    let mut b = Bench::host();
    b.send(1, L);
    b.send(2, L);
    b.feed(&[ACK]);
    assert_eq!(b.feed(&[ACK]), [EOT, ENQ]);
}

#[test]
fn nak_to_enq_waits_ten_seconds() {
    let mut b = Bench::host();
    b.send(1, L);
    assert_eq!(b.feed(&[NAK]), b"");
    assert_eq!(b.link.deadline(), Some(b.now + s(10)));
    assert_eq!(b.wait(s(9)), b"");
    assert_eq!(b.wait(s(1)), [ENQ]);
}

#[test]
fn no_answer_to_enq_ends_after_fifteen_seconds_and_is_tried_again() {
    let mut b = Bench::host();
    b.send(1, L);
    assert_eq!(b.wait(s(14)), b"");
    assert_eq!(b.wait(s(1)), [EOT]);
    assert!(b.saw(Notice::NoAnswer));
    assert_eq!(b.wait(s(10)), [ENQ]);
}

#[test]
fn no_answer_to_a_frame_ends_after_fifteen_seconds() {
    let mut b = Bench::host();
    b.send(1, L);
    b.feed(&[ACK]);
    assert_eq!(b.wait(s(15)), [EOT]);
    assert_eq!(b.link.queued(), 1, "the message stays for another try");
}

#[test]
fn a_message_that_never_arrives_is_handed_back() {
    let mut b = Bench::host();
    b.send(7, L);
    for _ in 0..3 {
        b.wait(s(15));
        b.wait(s(10));
    }
    assert!(b.events.contains(&Action::NotSent {
        id: SendId(7),
        reason: SendFailure::NoAnswer
    }));
    assert_eq!(b.link.queued(), 0);
}

#[test]
fn refused_frame_is_sent_six_times_with_the_same_number() {
    let mut b = Bench::host();
    b.send(1, L);
    let frame = build(1, L, true);
    assert_eq!(b.feed(&[ACK]), frame);
    for _ in 0..5 {
        assert_eq!(b.feed(&[NAK]), frame);
    }
    assert_eq!(
        b.feed(&[NAK]),
        [EOT],
        "after the sixth send the sender gives up"
    );
    assert_eq!(b.link.queued(), 1);
    assert_eq!(b.wait(s(10)), [ENQ], "and tries the message again later");
}

#[test]
fn any_other_answer_to_a_frame_counts_as_nak() {
    let mut b = Bench::host();
    b.send(1, L);
    let frame = build(1, L, true);
    b.feed(&[ACK]);
    assert_eq!(b.feed(b"?"), frame);
}

#[test]
fn bytes_that_came_before_the_frame_are_no_answer_to_it() {
    let mut b = Bench::host();
    b.send(1, &[H, L].concat());
    assert_eq!(b.feed(&[ACK, ACK, ACK]), build(1, H, true));
    assert!(b.events.iter().all(|a| !matches!(a, Action::Sent(_))));
}

#[test]
fn eot_as_answer_to_the_last_frame_is_acceptance() {
    let mut b = Bench::host();
    b.send(1, L);
    b.feed(&[ACK]);
    assert_eq!(b.feed(&[EOT]), [EOT]);
    assert!(b.events.contains(&Action::Sent(SendId(1))));
}

#[test]
fn eot_as_answer_before_the_last_frame_stops_for_fifteen_seconds() {
    let mut b = Bench::host();
    b.send(1, &[H, L].concat());
    b.feed(&[ACK]);
    assert_eq!(b.feed(&[EOT]), [EOT]);
    assert!(b.saw(Notice::Interrupted));
    assert_eq!(b.wait(s(14)), b"");
    assert_eq!(b.wait(s(1)), [ENQ]);
    assert_eq!(b.feed(&[ACK]), build(1, H, true), "the message begins anew");
}

#[test]
fn in_contention_the_host_waits_twenty_seconds_for_the_instrument() {
    let mut b = Bench::host();
    b.send(1, L);
    assert_eq!(
        b.feed(&[ENQ]),
        b"",
        "the host does not answer the colliding ENQ"
    );
    assert!(b.saw(Notice::Contention));
    assert_eq!(b.wait(s(1)), b"");
    assert_eq!(b.feed(&[ENQ]), [ACK], "the instrument's next ENQ is served");
    b.feed(&build(1, L, true));
    assert_eq!(b.feed(&[EOT]), [ENQ], "then the host may send");
}

#[test]
fn in_contention_a_silent_instrument_frees_the_host_after_twenty_seconds() {
    let mut b = Bench::host();
    b.send(1, L);
    b.feed(&[ENQ]);
    assert_eq!(b.wait(s(19)), b"");
    assert_eq!(b.wait(s(1)), [ENQ]);
}

#[test]
fn in_contention_the_instrument_tries_again_after_a_second() {
    let mut b = Bench::new(Link::instrument(Config::default()));
    b.send(1, L);
    b.feed(&[ENQ]);
    assert_eq!(b.wait(Duration::from_millis(999)), b"");
    assert_eq!(b.wait(Duration::from_millis(1)), [ENQ]);
}

#[test]
fn message_queued_while_receiving_waits_for_the_end() {
    let mut b = Bench::host();
    b.feed(&[ENQ]);
    assert_eq!(b.send(1, L), b"");
    b.feed(&build(1, L, true));
    assert_eq!(b.feed(&[EOT]), [ENQ]);
}

#[test]
fn the_queue_has_a_bound_and_refuses_what_cannot_be_framed() {
    let mut b = Bench::with(|c| c.max_queue = 1);
    b.send(1, L);
    assert_eq!(b.link.send(SendId(2), L, b.now), Err(QueueError::Full(1)));
    let mut b = Bench::host();
    assert_eq!(
        b.link.send(SendId(1), b" \r", b.now),
        Err(QueueError::Empty)
    );
    assert_eq!(
        b.link.send(SendId(1), b"L|\x03", b.now),
        Err(QueueError::Forbidden { at: 2, byte: 3 })
    );
}

#[test]
fn host_and_instrument_understand_each_other() {
    let mut host = Bench::host();
    let mut instrument = Bench::new(Link::instrument(Config::default()));
    let message: Vec<u8> = [
        H.to_vec(),
        [vec![b'C'; 700], vec![b'\r']].concat(),
        L.to_vec(),
    ]
    .concat();
    let mut to_host = instrument.send(1, &message);
    for _ in 0..100 {
        let to_instrument = host.feed(&to_host);
        to_host = instrument.feed(&to_instrument);
    }
    assert_eq!(host.received(), [message]);
    assert!(instrument.events.contains(&Action::Sent(SendId(1))));
}

// Framings that are not LIS01.

#[test]
fn bare_stx_etx_is_stored_then_delivered() {
    let mut b = Bench::with(|c| c.framing = Framing::StxEtx { acknowledge: false });
    assert_eq!(b.feed(&[&[STX], H, L, &[ETX]].concat()), b"");
    assert_eq!(b.stores().len(), 1);
    assert_eq!(b.received(), [[H, L].concat()]);
    assert_eq!(b.send(1, L), [&[STX], L, &[ETX]].concat());
    assert!(b.events.contains(&Action::Sent(SendId(1))));
}

#[test]
fn bare_messages_that_follow_each_other_wait_for_storage() {
    let mut b = Bench::with(|c| c.framing = Framing::StxEtx { acknowledge: true });
    let one = [&[STX], L, &[ETX]].concat();
    assert_eq!(b.feed(&[one.clone(), one].concat()), [ACK, ACK]);
    assert_eq!(b.received().len(), 2);
}

#[test]
fn bare_text_that_could_not_be_stored_goes_back_to_the_caller() {
    let mut b = Bench::with(|c| c.framing = Framing::StxEtx { acknowledge: false });
    b.auto_store = false;
    b.feed(&[&[STX], L, &[ETX]].concat());
    let id = b
        .events
        .iter()
        .find_map(|a| {
            if let Action::Store { id, .. } = a {
                Some(*id)
            } else {
                None
            }
        })
        .unwrap();
    let actions = b.link.not_stored(id, b.now);
    b.run(actions);
    assert_eq!(b.abandoned(), Some(Abandon::NotStored));
}

#[test]
fn one_ack_per_control_token() {
    let mut b = Bench::with(|c| c.framing = Framing::Tokens);
    assert_eq!(b.feed(&[ENQ]), [ACK]);
    assert_eq!(b.feed(&[STX]), [ACK]);
    assert_eq!(b.feed(&[H, L].concat()), b"");
    assert_eq!(b.feed(&[ETX]), [ACK]);
    assert_eq!(b.feed(&[EOT]), [ACK]);
    assert_eq!(b.received(), [[H, L].concat()]);
    assert_eq!(b.send(1, L), [ENQ]);
    assert_eq!(b.feed(&[ACK]), [STX]);
    assert_eq!(b.feed(&[ACK]), [L, &[ETX]].concat());
    assert_eq!(b.feed(&[ACK]), [EOT]);
}
