//! Handing over: what waits is listed by the rules, and nobody takes over what they were not shown.

use super::*;
use crate::blood::Component;
use crate::due::AlarmKind;
use crate::event::Event;
use crate::id::ShiftId;
use crate::testkit::{Trial, by, user};

fn shown(trial: &Trial) -> HandOverShift {
    HandOverShift {
        notes: "冰箱2门封松动，已报修".into(),
        shown: counts(&matters(&trial.hospital, trial.at)),
    }
}

#[test]
fn both_sign_for_everything_that_waits() {
    let mut trial = Trial::new();
    let unit = trial.bag(1, Component::RedCells, "A+");
    let command = shown(&trial);
    let events = trial.run(by("technologist").with("senior"), command.clone());
    let [Event::Shift(ShiftEvent::HandedOver { taker, items, .. })] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(*taker, user("senior"));
    let held = Matter::Alarm(AlarmKind::Quarantined);
    assert!(
        items
            .iter()
            .any(|item| item.matter == held && item.subject == unit.into())
    );
    let kept = trial.hospital.shifts.get(ShiftId(1)).unwrap();
    assert_eq!((kept.signed.by.as_str(), kept.beyond), ("technologist", 0));
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn nobody_signs_with_themselves_or_without_the_right_or_for_more_than_was_shown() {
    let mut trial = Trial::new();
    let command = shown(&trial);
    for (second, rule) in [
        ("technologist", "second-person-same"),
        ("nurse", "second-person-not-permitted"),
    ] {
        let giver = by("technologist").with(second);
        assert_eq!(trial.refused(giver, command.clone()), [rule]);
    }
    let alone = trial.refused(by("technologist"), command.clone());
    assert_eq!(alone, ["second-person-needed"]);
    trial.bag(1, Component::RedCells, "A+");
    let two = || by("technologist").with("senior");
    assert_eq!(trial.refused(two(), command), ["shift-changed"]);
    // What was done meanwhile stands in nobody's way.
    let mut more = shown(&trial);
    more.shown.insert(Matter::Request, 7);
    trial.run(two(), more);
}

#[test]
fn every_matter_reads_its_own_word() {
    for kind in AlarmKind::ALL {
        assert_eq!(Matter::parse(kind.as_str()), Some(Matter::Alarm(kind)));
    }
    assert_eq!(Matter::parse("open_case"), Some(Matter::Case));
    assert_eq!(Matter::parse("nothing"), None);
}
