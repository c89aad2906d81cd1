//! The sending side: rules 1.7 to 1.12.

use super::*;

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
