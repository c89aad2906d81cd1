//! The receiving side: rules 1.1 to 1.6, 1.9, 1.13 to 1.15, and the framings that are not LIS01.

use super::*;

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
