//! Records and segments: the deviations of real instruments, one case each, and any bytes at all.

use std::time::Duration;

use lifeline_wire::astm::lis1::{Action, Config, Framing, Link};
use lifeline_wire::astm::lis2::{self, Delimiters, Kind, Writer};
use lifeline_wire::decode::{Protocol, decode};
use lifeline_wire::field::Delimited;
use lifeline_wire::hl7::reply::{Code, Ours, When, acknowledge, reject_unreadable, wanted};
use lifeline_wire::hl7::{self, mllp};
use lifeline_wire::{DecodeError, Deviation, Limits};
use proptest::prelude::*;

fn astm(text: &str) -> Vec<lis2::Message<'_>> {
    lis2::decode(text.as_bytes(), &Limits::default()).unwrap()
}

fn saw(text: &str, what: Deviation) -> bool {
    astm(text)
        .iter()
        .flat_map(|m| m.notes())
        .any(|n| n.what == what)
}

#[test]
fn every_deviation_has_a_name_and_a_place() {
    for (text, what, at) in [
        ("H|\\\\^&\rL|1|N\r", Deviation::DoubledDelimiter, 2),
        ("H|@^\\\rL|1|N\r", Deviation::OtherDelimiters, 1),
        ("H|\rL|1|N\r", Deviation::BadDelimiters, 2),
        ("H|\\^&\nL|1|N\n", Deviation::LineEnds, 5),
        ("H|\\^&\r\rL|1|N\r", Deviation::BlankLine, 6),
        ("H|\\^&\r  P|1\rL|1|N\r", Deviation::LeadingBlanks, 8),
        ("P|1\rL|1|N\r", Deviation::MissingHeader, 0),
        ("H|\\^&\rP|1\r", Deviation::Incomplete, 9),
        ("H|\\^&\rP|1", Deviation::CutRecord, 9),
        (
            "H|\\^&\rH|\\^&\rL|1|N\r",
            Deviation::HeaderBeforeTerminator,
            6,
        ),
        ("H|\\^&\rL|1|N\rR|1\r", Deviation::AfterTerminator, 12),
        ("H|\\^&\rP|1\rP|1\rL|1|N\r", Deviation::SequenceGap, 10),
        ("H|\\^&\rL|1\r", Deviation::TerminatorWithoutCode, 6),
        ("H|\\^&\rL\r", Deviation::TerminatorBare, 6),
        ("H|\\^&\rL|1|N \r", Deviation::TerminatorPadded, 6),
        ("H|\\^&\rP|1\rR|1\rL|1|N\r", Deviation::Orphan, 10),
        ("H|\\^&\rZ|1\rL|1|N\r", Deviation::UnknownRecord, 6),
        ("H|\\^&\rL|1|N\r", Deviation::KeepAlive, 0),
        ("\u{FEFF}H|\\^&\rL|1|N\r", Deviation::ByteOrderMark, 0),
    ] {
        let notes: Vec<_> = astm(text).iter().flat_map(|m| m.notes().to_vec()).collect();
        assert!(
            notes.iter().any(|n| n.what == what && n.at == at),
            "{text:?}: {what:?} at {at} not in {notes:?}"
        );
    }
    // By the book nothing is noted.
    let good =
        "H|\\^&|||X\rP|1\rO|1|S\rR|1|^^^A|1\rC|1|I|x\rR|2|^^^B|2\rP|2\rO|1|T\rR|1|^^^A|3\rL|1|N\r";
    assert!(
        astm(good)[0].notes().is_empty(),
        "{:?}",
        astm(good)[0].notes()
    );
    assert!(
        !saw("H|\\^&\r\nP|1\r\nL|1|N\r\n", Deviation::BlankLine),
        "CR LF is one line end"
    );
}

#[test]
fn records_hang_on_the_record_they_belong_to() {
    let messages =
        astm("H|\\^&\rM|1\rP|1\rC|1\rO|1\rR|1\rC|1\rM|1\rR|2\rO|2\rR|1\rP|2\rO|1\rL|1|N\r");
    let message = &messages[0];
    let parents: Vec<Option<usize>> = message
        .records()
        .map(|r| r.parent().map(|p| p.index()))
        .collect();
    let expected = [
        None,
        Some(0),
        Some(0),
        Some(2),
        Some(2),
        Some(4),
        Some(5),
        Some(5),
        Some(4),
        Some(2),
        Some(9),
        Some(0),
        Some(11),
        Some(0),
    ];
    assert_eq!(parents, expected);
    let order = message.record(4).unwrap();
    assert_eq!(
        order.children().map(|r| r.index()).collect::<Vec<_>>(),
        [5, 8]
    );
    assert_eq!(
        message
            .record(10)
            .unwrap()
            .ancestor(Kind::Patient)
            .unwrap()
            .index(),
        2
    );
}

#[test]
fn several_messages_split_on_headers_with_their_own_delimiters() {
    let messages = astm("H|\\^&|||A\rL|1|N\rH!@#$!!!B!\rP!1!x#y\rL!1!N\r");
    assert_eq!(messages.len(), 2);
    assert_eq!(
        messages[1].delimiters(),
        Delimiters {
            field: b'!',
            repeat: b'@',
            component: b'#',
            escape: b'$'
        }
    );
    assert_eq!(
        messages[1].record(1).unwrap().field(3).component(2).text(),
        "y"
    );
}

#[test]
fn escapes() {
    let d = Delimiters::default();
    for (raw, text) in [
        ("a&F&b", "a|b"),
        ("&S&&R&&E&", "^\\&"),
        ("D:&R&pics&R&x", "D:\\pics\\x"),
        ("&X41&&X4243&", "ABC"),
        ("A && B", "A && B"),
        ("R&D", "R&D"),
        ("R&D &F& x", "R&D | x"),
        ("&X4&", "&X4&"),
        ("&Xzz&", "&Xzz&"),
        ("&M12&", "&M12&"),
        ("&", "&"),
        ("&H&bold&N&", "&H&bold&N&"),
    ] {
        assert_eq!(
            String::from_utf8(d.unescape(raw.as_bytes()).into_owned()).unwrap(),
            text,
            "{raw}"
        );
    }
}

#[test]
fn what_is_no_astm_is_refused_with_its_place() {
    let error = |text: &str| lis2::decode(text.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error(" \r\n"), DecodeError::Empty);
    assert!(matches!(
        error("\rhello"),
        DecodeError::NotThisProtocol { at: 1, .. }
    ));
    let small = Limits {
        records: 2,
        ..Limits::default()
    };
    assert!(matches!(
        lis2::decode(b"H|\\^&\rP|1\rL|1\r", &small),
        Err(DecodeError::TooMuch {
            limit: 2,
            at: 10,
            ..
        })
    ));
    let small = Limits {
        fields: 4,
        ..Limits::default()
    };
    assert!(lis2::decode(b"H|\\^&\rP|1|2|3\r", &small).is_err());
    let small = Limits {
        bytes: 4,
        ..Limits::default()
    };
    assert!(lis2::decode(b"H|\\^&\r", &small).is_err());
}

const ORU: &str = "MSH|^~\\&|DEV|D|LIS|L|20260101||ORU^R01^ORU_R01|77|P|2.5.1|||AL|NE||UNICODE UTF-8\rPID|1||\"\"|\rOBX|1|ST|A^B&C~D||x\\S\\y\\.br\\z\\T\\\\F\\\\R\\\\E\\\\X41\\\\H\\k\\N\\||||||F\r";

fn one(text: &str) -> hl7::Message<'_> {
    hl7::decode(text.as_bytes(), &Limits::default())
        .unwrap()
        .remove(0)
}

#[test]
fn hl7_fields_components_nulls_and_escapes() {
    let message = one(ORU);
    assert_eq!(message.field("MSH", 1).raw(), b"|");
    assert_eq!(message.field("MSH", 2).raw(), b"^~\\&");
    assert_eq!(message.kind(), ("ORU".into(), "R01".into()));
    assert!(message.field("PID", 3).is_null() && !message.field("PID", 3).is_empty());
    assert!(message.field("PID", 4).is_empty() && !message.field("PID", 4).is_null());
    let code = message.field("OBX", 3);
    assert_eq!(code.repeat(1).component(2).subcomponent(2).text(), "C");
    assert_eq!(code.repeat(2).text(), "D");
    assert_eq!(message.field("OBX", 5).text(), "x^y\nz&|~\\A\\H\\k\\N\\");
    assert!(message.field("OBX", 99).is_empty() && message.field("ZZZ", 1).is_empty());
    assert!(message.notes().is_empty(), "{:?}", message.notes());
}

#[test]
fn hl7_separators_line_ends_and_truncation_character() {
    let message = one("MSH|^~\\&#|A\n\nPID|1\n");
    assert_eq!(message.len(), 2);
    assert!(
        message
            .notes()
            .iter()
            .all(|n| n.what != Deviation::BadDelimiters)
    );
    let message = one("MSH$%*!?$A%B\rPID$1$$x*y\r");
    assert_eq!(message.field("MSH", 3).component(2).text(), "B");
    assert_eq!(message.field("PID", 3).repeat(2).text(), "y");
    let two = hl7::decode(b"FHS|^~\\&\rMSH|^~\\&|A\rMSH|^~\\&|B\r", &Limits::default()).unwrap();
    assert_eq!(two.len(), 2);
    assert!(matches!(
        hl7::decode(b"PID|1\r", &Limits::default()),
        Err(DecodeError::NotThisProtocol { at: 0, .. })
    ));
    let broken = one("MSH|^~\\&|A\rOBX|1|TX|||first\nsecond line|x\r");
    assert!(
        broken
            .notes()
            .iter()
            .any(|n| n.what == Deviation::OddSegmentName)
    );
}

#[test]
fn acknowledgements_follow_the_mode_the_sender_asks_for() {
    let ours = Ours {
        control_id: "9",
        time: "20260102",
    };
    let enhanced = one(ORU);
    let want = wanted(&enhanced);
    assert_eq!((want.accept, want.application), (When::Always, When::Never));
    assert!(!When::OnError.wants(true) && When::OnError.wants(false));
    let plain = ORU.replace("|AL|NE|", "|||");
    assert_eq!(wanted(&one(&plain)).application, When::Always);
    let ack = acknowledge(&enhanced, Code::CA, ours, None);
    let text = String::from_utf8(ack).unwrap();
    assert_eq!(
        text,
        "MSH|^~\\&|LIS|L|DEV|D|20260102||ACK^R01^ACK|9|P|2.5.1||||||UNICODE UTF-8\rMSA|CA|77\r"
    );
    let order = ORU.replace("ORU^R01^ORU_R01", "OML^O33^OML_O33");
    let text = String::from_utf8(acknowledge(&one(&order), Code::AE, ours, Some("a|b"))).unwrap();
    assert!(
        text.contains("ORL^O34^ORL_O34") && text.contains("MSA|AE|77|a\\F\\b\rERR|||207"),
        "{text}"
    );
    let old = ORU.replace("|2.5.1|", "|2.3.1|");
    assert!(
        String::from_utf8(acknowledge(&one(&old), Code::AA, ours, None))
            .unwrap()
            .contains("|ACK^R01|9|P|2.3.1")
    );
    assert!(reject_unreadable(ours, "no MSH").ends_with(b"MSA|AR||no MSH\r"));
}

/// Field texts without the bytes that end records.
fn text() -> impl Strategy<Value = String> {
    "[ -~äß血\\t]{0,20}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for protocol in [Protocol::Auto, Protocol::Astm, Protocol::Hl7] {
            let _ = decode(&bytes, protocol, &Limits::default());
        }
    }

    #[test]
    fn any_record_like_bytes_decode_or_are_refused(s in "(H|MSH)[|^~&\\\\\\\\][|^~&\\\\\\\\]{0,5}[A-Z0-9|^~&\\\\\\\\\r\n \u{2}\u{3}\u{17}\u{b}\u{1c}]{0,200}") {
        for protocol in [Protocol::Auto, Protocol::Astm, Protocol::Hl7] {
            if let Ok(read) = decode(s.as_bytes(), protocol, &Limits::default()) {
                prop_assert!(read.notes.iter().all(|n| n.at <= s.len()));
            }
        }
    }

    #[test]
    fn what_the_astm_writer_writes_reads_back(a in text(), b in text(), c in text()) {
        let mut w = Writer::default();
        w.header().skip(2).field("X");
        w.record('P').field("1").fields(&[&[&a, &b, "."], &[&c, "."]]).field(".");
        w.record('L').field("1").field("N");
        let bytes = w.finish();
        prop_assert!(bytes.iter().all(|b| *b == b'\r' || !b.is_ascii_control()));
        let messages = lis2::decode(&bytes, &Limits::default()).unwrap();
        let field = messages[0].record(1).unwrap().field(3);
        prop_assert_eq!(field.repeat(1).component(1).text(), a);
        prop_assert_eq!(field.repeat(1).component(2).text(), b);
        prop_assert_eq!(field.repeat(2).component(1).text(), c);
    }

    #[test]
    fn what_the_hl7_writer_writes_reads_back(a in text(), b in text()) {
        let mut w = hl7::Writer::new(hl7::Separators::default());
        w.segment("MSH").field("X");
        w.segment("OBX").components(&[&a, &b, "."]).field(".");
        let bytes = w.finish();
        let messages = hl7::decode(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(messages[0].field("OBX", 1).component(1).text(), a);
        prop_assert_eq!(messages[0].field("OBX", 1).component(2).text(), b);
    }

    #[test]
    fn a_link_survives_any_bytes_and_any_clock(parts in proptest::collection::vec((proptest::collection::vec(
        prop_oneof![Just(2u8), Just(3), Just(4), Just(5), Just(6), Just(0x15), Just(0x17), Just(b'1'), Just(b'L'), any::<u8>()], 0..20), 0u64..40), 0..30)) {
        for framing in [Framing::Lis1, Framing::StxEtx { acknowledge: true }, Framing::StxEtx { acknowledge: false }, Framing::Tokens] {
            let mut link = Link::host(Config { framing, max_message: 64, ..Config::default() });
            let mut now = Duration::ZERO;
            let _ = link.send(lifeline_wire::astm::lis1::SendId(1), b"L|1|N\r", now);
            for (bytes, seconds) in &parts {
                now += Duration::from_secs(*seconds);
                let mut actions = link.tick(now);
                actions.extend(link.feed(bytes, now));
                for action in actions {
                    if let Action::Store { id, .. } = action {
                        let _ = if seconds % 2 == 0 { link.stored(id, now) } else { link.not_stored(id, now) };
                    }
                }
                // A timer that is due must be served by one tick, or the caller would spin.
                let _ = link.tick(now);
                prop_assert!(link.deadline().is_none_or(|d| d > now), "{:?} at {now:?} {framing:?}", link.deadline());
            }
        }
    }

    #[test]
    fn mllp_survives_any_bytes(bytes in proptest::collection::vec(prop_oneof![Just(0x0Bu8), Just(0x1C), Just(13), any::<u8>()], 0..200)) {
        let mut reader = mllp::Reader::new(mllp::Config { max_message: 16, ..mllp::Config::default() });
        let all = reader.feed(&bytes);
        let mut single = mllp::Reader::new(mllp::Config { max_message: 16, ..mllp::Config::default() });
        let messages = |events: Vec<mllp::Event>| events.into_iter().filter(|e| !matches!(e, mllp::Event::Noise { .. })).collect::<Vec<_>>();
        prop_assert_eq!(messages(all), messages(bytes.iter().flat_map(|b| single.feed(&[*b])).collect()));
    }
}
