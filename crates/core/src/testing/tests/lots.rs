//! Acceptance, packs and open life of lots.

use super::*;

fn row(sample: &str, expected: &str, found: &str) -> AcceptanceRow {
    let grade = |text| crate::blood::Grade::parse(text).unwrap();
    AcceptanceRow {
        sample: sample.into(),
        expected: grade(expected),
        found: grade(found),
    }
}

/// A lot of antiserum, opened, three packs on hand.
fn opened(trial: &mut Trial, id: &str, kind: LotKind) -> LotId {
    let lot = LotId::parse(id).unwrap();
    let receive = ReceiveLot {
        lot: lot.clone(),
        kind,
        name: "anti-A".into(),
        expires: trial.minutes(90 * 1440),
        packs: 3,
    };
    trial.run(by("technologist"), receive);
    let open = OpenLot {
        lot: lot.clone(),
        until: None,
    };
    trial.run(by("technologist"), open);
    lot
}

#[test]
fn a_lot_is_used_for_patients_only_after_two_people_found_it_as_good_as_known() {
    let mut trial = Trial::with_card();
    let lot = opened(&mut trial, "AS-2", LotKind::Antiserum);
    let why = |trial: &Trial| trial.hospital.lots.get(&lot).unwrap().unusable(trial.at);
    assert_eq!(why(&trial), Some("lot-state-not-accepted"));
    assert_eq!(trial.hospital.lots.get(&lot).unwrap().unfit(trial.at), None);
    let test = |rows: Vec<AcceptanceRow>, against: Option<&str>| AcceptLot {
        lot: lot.clone(),
        against: against.map(|id| LotId::parse(id).unwrap()),
        rows,
        note: String::new(),
    };
    let both = || by("technologist").with("technologist2");
    let good = || vec![row("P", "3", "2"), row("N", "0", "0")];
    assert_eq!(
        trial.refused(by("technologist"), test(good(), None)),
        ["second-person-needed"]
    );
    for rows in [
        vec![],
        vec![row("P", "3", "3")],
        vec![row("P", "3", "3"), row("Q", "2", "2")],
        vec![row("P", "3", "3"), row("P", "0", "0")],
        vec![row("", "3", "3"), row("N", "0", "0")],
    ] {
        assert_eq!(trial.refused(both(), test(rows, None)), ["bad-value"]);
    }
    assert_eq!(
        trial.refused(both(), test(good(), Some("AS-2"))),
        ["bad-value"]
    );
    assert_eq!(
        trial.refused(both(), test(good(), Some("CARD-1"))),
        ["bad-value"]
    );
    assert_eq!(
        trial.refused(both(), test(good(), Some("AS-9"))),
        ["not-found"]
    );
    // Two steps apart, or a change of sign, and it stays out of use; it may be tried again.
    for found in ["1", "0", "mf"] {
        trial.run(
            both(),
            test(vec![row("P", "3", found), row("N", "0", "0")], None),
        );
        assert_eq!(why(&trial), Some("lot-state-acceptance-failed"), "{found}");
    }
    trial.run(both(), test(good(), None));
    assert_eq!(why(&trial), None);
    assert_eq!(trial.refused(both(), test(good(), None)), ["wrong-state"]);
    let next = opened(&mut trial, "AS-3", LotKind::Antiserum);
    let beside = AcceptLot {
        lot: next.clone(),
        ..test(good(), Some("AS-2"))
    };
    trial.run(both(), beside);
    assert!(trial.hospital.lots.get(&next).unwrap().accepted());
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn control_material_needs_no_acceptance_test() {
    let mut trial = Trial::with_card();
    let lot = opened(&mut trial, "QC-7", LotKind::Control);
    assert_eq!(
        trial.hospital.lots.get(&lot).unwrap().unusable(trial.at),
        None
    );
}

#[test]
fn packs_are_counted_and_never_fall_below_none() {
    let mut trial = Trial::with_card();
    let lot = opened(&mut trial, "AS-2", LotKind::Antiserum);
    let change = |change, packs, note: &str| ChangePacks {
        lot: lot.clone(),
        change,
        packs,
        note: note.into(),
    };
    let on_hand = |trial: &Trial| trial.hospital.lots.get(&lot).unwrap().packs;
    let due = |trial: &Trial| -> Vec<(u32, u32)> {
        let list = reorders(&trial.hospital, trial.at).into_iter();
        list.filter(|one| one.name == "anti-A")
            .map(|one| (one.on_hand, one.level))
            .collect()
    };
    assert_eq!(due(&trial), []);
    trial.run(by("technologist"), change(PackChange::Used, 2, ""));
    assert_eq!((on_hand(&trial), due(&trial)), (1, vec![(1, 1)]));
    for wrong in [
        change(PackChange::Used, 2, ""),
        change(PackChange::Used, 0, ""),
        change(PackChange::Discarded, 1, ""),
        change(PackChange::Counted, 9, ""),
        change(PackChange::Delivered, PACKS_MOST + 1, ""),
    ] {
        assert_eq!(trial.refused(by("technologist"), wrong), ["bad-value"]);
    }
    trial.run(by("technologist"), change(PackChange::Delivered, 5, ""));
    trial.run(
        by("technologist"),
        change(PackChange::Discarded, 1, "瓶身破裂"),
    );
    trial.run(
        by("technologist"),
        change(PackChange::Counted, 4, "盘点少一盒"),
    );
    assert_eq!((on_hand(&trial), due(&trial)), (4, vec![]));
    // What is blocked or past its date is not on hand.
    trial.wait(SignedDuration::from_hours(91 * 24));
    assert_eq!(due(&trial), [(0, 1)]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn an_open_vial_ends_at_the_earliest_of_three_limits_and_is_shown_before() {
    use crate::policy::{ActivatePolicy, Entry, Key, ProposePolicy, Standing, Value};
    let mut trial = Trial::with_card();
    let entry = Entry {
        key: Key::LotOpenLife,
        value: Value::Words(vec!["antiserum=14400".into()]),
        effective: trial.at,
        source: "说明书".into(),
        standing: Standing::Verified,
    };
    let wrong = Entry {
        value: Value::Words(vec!["antiserum ten days".into()]),
        ..entry.clone()
    };
    let propose = |entry| ProposePolicy {
        entry,
        reason: "按说明书".into(),
    };
    assert_eq!(trial.refused(by("quality"), propose(wrong)), ["bad-value"]);
    let proposal = trial.hospital.next.proposal;
    trial.run(by("quality"), propose(entry));
    trial.run(by("head"), ActivatePolicy { proposal });
    let lot = opened(&mut trial, "AS-2", LotKind::Antiserum);
    let (_, until) = trial.hospital.lots.get(&lot).unwrap().opened.unwrap();
    assert_eq!(until, trial.minutes(14_400));
    trial.accept_lot("AS-2");
    let ends = |trial: &Trial| -> Vec<LotId> {
        let list = ending(&trial.hospital, trial.at).into_iter();
        list.map(|(_, lot)| lot).collect()
    };
    assert_eq!(ends(&trial), []);
    trial.wait(SignedDuration::from_hours(8 * 24));
    assert_eq!(ends(&trial), [lot]);
    trial.wait(SignedDuration::from_hours(2 * 24));
    assert_eq!(ends(&trial), [], "it has ended");
}
